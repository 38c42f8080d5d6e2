"""Melody and chords, worked out by hand."""

from math import sqrt

import numpy as np
import pytest

from livegen.music.chords.chord import Chord
from livegen.music.keys.key import Key
from livegen.music.note import Note
from livegen.scorecard import accompaniment
from livegen.scorecard.accompaniment import Frame
from tests.scorecard.phrases import call, phrase

C, F_SHARP = Chord(0, "maj"), Chord(6, "maj")
C_MAJOR = Key(0, "major")


def block(root: int, at: float, beats: float) -> list[Note]:
    return [Note(at, at + beats, 48 + (root + step) % 12, 64, 1) for step in (0, 4, 7)]


def test_an_e_over_c_major_is_in_the_chord_and_without_a_chord_it_is_not() -> None:
    some: list[Frame] = [(64, C), (65, C), (64, None), (67, C)]

    assert accompaniment.note_in_chord(some) == 0.5
    assert accompaniment.note_in_chord([]) is None


def test_consonance_of_an_e_over_c_major_is_that_of_third_unison_and_sixth() -> None:
    assert accompaniment.consonance([(64, C)]) == 1.0  # E over C, E, G: +1 +1 +1
    assert accompaniment.consonance([(60, C)]) == pytest.approx(2 / 3)  # C over C, E, G: +1 +1 0
    assert accompaniment.consonance([(66, C)]) == -1.0  # F sharp: tritone, second, seventh
    assert accompaniment.consonance([(64, None)]) is None


def test_the_centroid_of_one_pitch_class_is_on_all_three_circles() -> None:
    assert accompaniment.centroid({0}) == pytest.approx([0, 1, 0, 1, 0, 0.5])
    assert accompaniment.centroid({7}) == pytest.approx(
        [0.5, sqrt(3) / 2, 1, 0, sqrt(3) / 4, -0.25], abs=1e-9
    )


def test_all_pitch_classes_have_their_centroid_in_the_middle() -> None:
    assert accompaniment.centroid(frozenset(range(12))) == pytest.approx([0] * 6, abs=1e-12)


def test_a_tone_of_the_chord_is_nearer_than_a_tritone() -> None:
    near, far = (accompaniment.tonal_distance([(64, chord)]) for chord in (C, F_SHARP))

    assert near is not None and far is not None and near < 1.2 < far
    # C and F sharp lie on opposite sides of the circles of fifths and minor thirds, together on the major thirds.
    c, f_sharp = accompaniment.centroid({0}), accompaniment.centroid({6})
    assert float(np.linalg.norm(c - f_sharp)) == pytest.approx(sqrt(8))


def test_frames_are_sixteenths_in_which_the_melody_sounds() -> None:
    some = call([Note(0, 0.5, 64, 80), Note(1, 1.25, 66, 80)], bars=1)
    by_beat = accompaniment.frames(some.notes, block(0, 0.0, 4.0), some)

    assert [[pitch for pitch, _ in frames] for frames in by_beat] == [[64, 64], [66], [], []]
    assert {chord for frames in by_beat for _, chord in frames if chord} == {C}


def test_a_broken_chord_is_a_chord() -> None:
    notes = [Note(at / 2, 2.0, pitch, 64) for at, pitch in enumerate((48, 52, 55))]

    assert accompaniment.heard_chords(notes, 500_000, 8)[-1] == C


def test_written_chords_hold_until_the_next_and_an_early_onset_belongs_to_what_comes() -> None:
    chords = [(0.0, C), (4.0, F_SHARP)]

    assert [accompaniment.chord_at(chords, beat) for beat in (-1.0, 0.0, 3.9, 3.95, 5.0)] == [
        None, C, C, F_SHARP, F_SHARP,
    ]  # fmt: skip
    assert accompaniment.notes_in_chord(phrase((60, 62), step=1.0), chords) == 0.5


def test_a_push_may_be_a_tone_of_the_chord_into_which_it_is_held() -> None:
    chords = [(0.0, C), (4.0, F_SHARP)]
    held, let_go, early = Note(3.5, 5.0, 66, 64), Note(3.5, 3.9, 66, 64), Note(3.0, 5.0, 66, 64)
    some = (held, let_go, early)

    assert accompaniment.in_chord(some, chords) == [False, False, False]
    assert accompaniment.in_chord(some, chords, push=0.55) == [True, False, False]
    assert accompaniment.in_chord([Note(3.5, 5.0, 64, 64)], chords, push=0.55) == [True]


def test_the_share_of_notes_in_a_key_counts_onsets() -> None:
    assert accompaniment.share_in(phrase((60, 61, 62, 64)), C_MAJOR) == 0.75
    assert accompaniment.share_in((), C_MAJOR) is None


def test_the_harmoniser_finds_the_chords_of_a_plain_tune() -> None:
    bars = ((60, 64, 67, 64), (65, 69, 72, 69), (67, 71, 74, 71), (60, 64, 67, 60))
    some = call(phrase([pitch for bar in bars for pitch in bar * 2]), bars=4)
    played = accompaniment.harmonised(some)
    by_beat = accompaniment.frames(some.notes, played, some)
    frames = [frame for beat in by_beat[4:] for frame in beat]

    found = accompaniment.note_in_chord(frames)
    assert found is not None and found > 0.5  # .43 by chance
    assert accompaniment.share_in(played, C_MAJOR) == 1.0


def test_the_harmoniser_knows_nothing_of_what_comes() -> None:
    tune = phrase((60, 64, 67, 64) * 4)
    before = [n for n in accompaniment.harmonised(call(tune)) if n.onset < 4]
    changed = [n if n.onset < 4.2 else n._replace(pitch=n.pitch + 6) for n in tune]

    assert [n for n in accompaniment.harmonised(call(changed)) if n.onset < 4] == before


def test_random_triads_are_of_the_key_of_the_whole_melody() -> None:
    some = call(phrase((60, 62, 64, 65, 67, 69, 71, 72) * 2))
    played = accompaniment.random_triads(some, np.random.default_rng(0))

    assert accompaniment.share_in(played, C_MAJOR) == 1.0
    assert {note.onset for note in played} == {0.0, 2.0, 4.0, 6.0}


def test_a_key_has_six_triads() -> None:
    assert set(accompaniment.triads(C_MAJOR)) == {
        (0, 4, 7), (2, 5, 9), (4, 7, 11), (5, 9, 0), (7, 11, 2), (9, 0, 4),
    }  # fmt: skip
    assert [t for t, usual in accompaniment.triads(C_MAJOR).items() if usual] == [
        (0, 4, 7),
        (5, 9, 0),
        (7, 11, 2),
    ]


def test_a_modulation_transposes_what_comes_after_it() -> None:
    changed = accompaniment.modulated(call(phrase((60, 60, 60), step=1.0)), 1.0, 5)

    assert [note.pitch for note in changed.notes] == [60, 65, 65]


def test_recovery_is_counted_in_beats_from_the_change() -> None:
    level = [1.0] * 8 + [0.0, 0.2, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0]
    hits = np.array([[(10 * share, 10) for share in level]])

    assert accompaniment.recovery(hits, 8) == 3.0
    assert accompaniment.level(hits, 8, 10) == pytest.approx(0.1)


def test_who_never_recovers_has_as_many_beats_as_were_left() -> None:
    hits = np.array([[(10, 10)] * 8 + [(1, 10)] * 8])

    assert accompaniment.recovery(hits, 8) == 8.0


def test_notes_are_judged_by_the_key_of_their_beat() -> None:
    notes = [Note(0, 1, 65, 64), Note(1, 2, 65, 64), Note(1, 2, 66, 64)]
    hits = accompaniment.key_hits(notes, 2, 1.0, C_MAJOR, Key(7, "major"))

    assert hits.tolist() == [[1, 1], [1, 2]]


def test_spans_lie_between_changes_of_root_or_third() -> None:
    c, c7, c_minor, f = Chord(0, "maj"), Chord(0, "7"), Chord(0, "min"), Chord(5, "maj")

    assert accompaniment.spans([None, c, c7, None, c_minor, f, f]) == [3, 1, 2]
    assert accompaniment.spans([None, None]) == []


def test_spans_are_alike_as_far_as_their_shares_are_and_long_ones_are_one_kind() -> None:
    assert accompaniment.alike([4, 4, 4, 4], [4, 4]) == 1.0
    assert accompaniment.alike([4, 4], [4, 2]) == 0.5
    assert accompaniment.alike([8], [16]) == 1.0
    assert accompaniment.alike([4], [2]) == 0.0 and accompaniment.alike([], [2]) == 0.0
