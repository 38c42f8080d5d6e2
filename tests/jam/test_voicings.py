"""Chords are answered by chords: those of the call, each moved as a whole."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest

from livegen.jam.band.harmonies import Welcome
from livegen.jam.band.theme import Point, theme_of
from livegen.jam.band.voicings import (
    InChords,
    StruckTogether,
    Voicing,
    Voicings,
    are_chords,
    in_chords,
    struck_together,
)
from livegen.jam.controls.controls import settings
from livegen.jam.harmony.outline import ChordFrom
from livegen.jam.planning.brief import brief_for
from livegen.jam.struck import Struck
from livegen.music.chords.chord import Chord
from livegen.music.melody.phrase import Phrase
from livegen.music.parts import COMP, LEAD
from livegen.music.time.metre import COMMON_TIME
from livegen.music.time.timeline import Timeline
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, notes, rehearsal
from tests.jam.test_like_a_bandmate import playing

C_MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})
ANY, FREE = frozenset(range(12)), np.ones(128, np.bool_)
FIFTHS = [(40, 47), (40, 47), (43, 50), (45, 52), (45, 52), (43, 50), (40, 47), (40, 47)]
COMPED = [(50, 53, 60, 64), (50, 53, 60, 64), (55, 59, 65, 69), (55, 59, 65, 69)]


def chorded(jam: Rehearsal, chords: Sequence[tuple[int, ...]], each: float) -> None:
    """Play chords, each so many beats after the one before; and wait for the answer."""
    playing(jam, [(at * each, each, key) for at, keys in enumerate(chords) for key in keys])
    jam.until(jam.now + 6 * BAR)


def struck(jam: Rehearsal) -> list[tuple[int, ...]]:
    """What the model struck together, in order."""
    found = defaultdict(list)
    for began, _, pitch in notes(jam, range(16)):
        found[began].append(pitch)
    return [tuple(sorted(found[at])) for at in sorted(found)]


@pytest.mark.parametrize("seed", range(3))
def test_power_chords_are_answered_in_fifths_as_one_guitar(seed: int) -> None:
    jam = rehearsal(UniformModel(10), seed=seed, length=4)
    chorded(jam, FIFTHS, 0.5)
    answer = struck(jam)
    assert len(answer) > 2
    assert {tuple(pitch - keys[0] for pitch in keys) for keys in answer} == {(0, 7)}
    ends = defaultdict(set)
    for began, ended, _ in notes(jam, range(16)):
        ends[began].add(ended)
    assert all(len(ended) == 1 for ended in ends.values()), "a chord ends as one"


@pytest.mark.parametrize("seed", range(3))
def test_a_comp_is_answered_by_chords_of_the_call_that_stay_in_its_key(seed: int) -> None:
    jam = rehearsal(UniformModel(10), seed=seed, length=4)
    chorded(jam, COMPED, 1)
    answer = struck(jam)
    assert len(answer) > 2 and {len(keys) for keys in answer} == {4}
    assert {pitch % 12 for keys in answer for pitch in keys} <= C_MAJOR
    assert not any(b - a in (1, 13) for keys in answer for a in keys for b in keys)


def test_chords_that_close_a_call_left_open_come_to_rest_on_the_tonic() -> None:
    closed = []
    for seed in range(8):
        jam = rehearsal(UniformModel(10), seed=seed, length=2)
        chorded(jam, [(48, 52, 55), (53, 57, 60), (48, 52, 55), (55, 59, 62)] * 2, 1)
        began = max(at for at, _, _ in notes(jam, range(16)))
        if began % (2 * BEAT) == 0:
            closed.append(min(pitch for at, _, pitch in notes(jam, range(16)) if at == began) % 12)
    assert len(closed) > 4 and closed.count(0) > len(closed) / 2


def test_a_chord_is_one_onset_of_the_pace_that_an_answer_keeps() -> None:
    phrase = Phrase()
    for beat in range(8):
        for pitch in (48, 52, 55, 60):
            phrase.strike(beat * BEAT, COMP, pitch, 80)
        for pitch in (48, 52, 55, 60):
            phrase.release(beat * BEAT + BEAT // 2, COMP, pitch)
    in_c = InChords((Voicing(48, (4, 7, 12)),), 24)
    plain, chorded = (
        brief_for(phrase, settings({}), Timeline(BEAT), 192, chords=chords).pace
        for chords in ({}, {COMP: in_c})
    )
    assert plain and chorded and plain == 4 * chorded


def test_arpeggios_and_melodies_with_a_chord_now_and_then_are_not_answered_in_chords() -> None:
    def are(*rows: tuple[int, ...]) -> bool:
        return are_chords([StruckTogether(at * BEAT, keys) for at, keys in enumerate(rows)])

    assert not are((48,), (52,), (55,), (60,), (55,), (52,))
    assert not are((48, 64), (65,), (55, 67), (65,), (64,))
    assert not are((48, 52, 55))
    assert are((48, 52, 55), (72,), (48, 52, 55), (47, 50, 55))


def test_keys_of_the_first_chord_that_were_heard_as_a_melody_are_of_the_chord() -> None:
    keys = ((50, COMP), (53, COMP), (60, LEAD), (64, LEAD))
    first = [Struck(1_000 * at, part, pitch, 80) for at, (pitch, part) in enumerate(keys)]
    second = [Struck(BEAT + 1_000 * at, COMP, pitch, 80) for at, (pitch, _) in enumerate(keys)]
    found = struck_together([*first, *second], (COMP,))
    assert [it.pitches for it in found[COMP]] == 2 * [(50, 53, 60, 64)]
    apart = struck_together([*first, *second], (LEAD, COMP))
    assert [it.pitches for it in apart[LEAD]] == [(60, 64)]


def test_a_third_that_leaves_the_scale_becomes_the_other_third_and_a_fifth_stays_one() -> None:
    major = Voicings((Voicing(60, (4, 7, 12)),), C_MAJOR, 24)
    assert major.above(65, FREE, None, 0) == (69, 72, 77)
    assert major.above(62, FREE, None, 0) == (65, 69, 74)
    assert major.above(59, FREE, None, 0) == ()  # its fifth is none
    mask, nats = major.lowest(FREE, None, 0)
    assert {int(pitch) % 12 for pitch in np.flatnonzero(mask)} == {0, 2, 4, 5, 7, 9}
    assert nats[60] == max(nats[mask]) > nats[62]


def test_what_would_rub_is_not_struck_unless_the_call_did() -> None:
    ninth = Voicings((Voicing(50, (3, 10, 14)),), C_MAJOR, 24)
    assert ninth.above(52, FREE, None, 0) == ()  # E with F an octave above
    cluster = Voicings((Voicing(52, (1, 7)),), C_MAJOR, 24)
    assert cluster.above(59, FREE, None, 0) == () and cluster.above(52, FREE, None, 0) == (53, 59)


def test_over_a_chord_of_the_chart_its_tones_are_struck() -> None:
    voicings = Voicings((Voicing(60, (4, 7)),), ANY, 24)
    f_minor = Welcome(COMP, np.zeros(128), COMMON_TIME, (ChordFrom(0, Chord(5, "min")),)).at(0)
    assert voicings.above(65, FREE, f_minor, 0) == (68, 72)
    _, nats = voicings.lowest(FREE, f_minor, 0)
    assert int(np.argmax(nats + f_minor)) % 12 == 5


def test_the_chord_that_the_call_struck_at_a_place_of_the_bar_comes_there_again() -> None:
    octaves = Voicings((Voicing(40, (7, 12), (0,)), Voicing(40, (7,), (12, 24))), ANY, 24)
    assert [len(octaves.above(40, FREE, None, place)) for place in (0, 1, 12, 23, 24)] == [
        2,
        2,
        1,
        1,
        1,
    ]
    assert octaves.is_of(95 % 24) and not octaves.is_of(18)


def test_chords_are_told_by_where_they_were_struck_and_how_long_none_was() -> None:
    rows = [
        StruckTogether(at * BEAT, keys)
        for at, keys in ((0, (40, 47)), (1, (40, 47)), (5, (43, 50, 55)))
    ]
    found = in_chords(rows, Timeline(BEAT), 2)
    assert found == InChords((Voicing(43, (7,), (24,)), Voicing(40, (7,), (24, 0))), 96)


def test_the_theme_of_chords_is_the_line_of_their_lowest_notes() -> None:
    theme = theme_of([Point(12 * at, 40 + at % 5) for at in range(9)], 1.0, is_lowest=True)
    assert theme is not None and theme.is_lowest
    assert theme_of([Point(0, 40), Point(12, 43)], 1.0, is_lowest=True) is None
    _, coming = theme.follows([Point(0, 52), Point(12, 53)])
    assert {point.tick for point in coming} == {24} and 54 in {point.pitch for point in coming}
