"""What was played can be read: bars, values, hands, keys, swing and chords, without any library."""

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import NATURALS
from livegen.music.files.smf import Score, Track
from livegen.music.keys.key import KEYS, Key
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.note import Note
from livegen.notation.bars import bars_of
from livegen.notation.chord_symbols import chords_heard
from livegen.notation.grid import NotationGrid, quantised, swing_of
from livegen.notation.layers import hands, two_layers
from livegen.notation.notate import notate
from livegen.notation.spelling import ChordAt, tones_of
from livegen.notation.symbols import Group, Measure
from livegen.notation.values import notes_in, rests_in

FOUR = Measure(0, 96, 4, 4)
SIX_EIGHT = Measure(0, 72, 6, 8)
UNHURRIED = random.Random(5)


def played(*notes: tuple[float, float, int]) -> list[Note]:
    """Notes of (beat, beats, pitch)."""
    return [Note(beat * 24, (beat + beats) * 24, pitch) for beat, beats, pitch in notes]


def track(name: str, notes: Iterable[Note], channel: int = 0) -> Track:
    rows: list[tuple[int, Message]] = []
    for note in notes:
        rows.append((round(note.onset * 20), NoteOn(note.pitch, note.velocity, channel)))
        rows.append((round(note.end * 20), NoteOff(note.pitch, 64, channel)))
    return Track(name, tuple(sorted(rows, key=lambda row: (row[0], isinstance(row[1], NoteOn)))))


def score(*tracks: Track, metre: tuple[int, int] = (4, 4)) -> Score:
    return Score(480, tracks, ((0, 500_000),), ((0, *metre),))


def plain(tick: int) -> None:
    return None


# --- the grid -----------------------------------------------------------------------------------------------------


def onsets(
    notes: Sequence[Note], bars: Sequence[Measure] = (FOUR,), swing: float = 0.0
) -> list[float]:
    return [note.onset for note in quantised(notes, NotationGrid(bars, notes, swing))]


def test_an_uneven_hand_is_written_on_the_sixteenths_that_it_meant() -> None:
    for _ in range(20):
        meant = [0, 12, 24, 30, 36, 48, 54, 60, 66, 72]
        notes = [
            Note(max(0.0, at + UNHURRIED.gauss(0, 0.8)), at + 5.5, 60 + index)
            for index, at in enumerate(meant)
        ]
        assert onsets(notes) == meant


def test_three_in_a_beat_are_a_triplet_and_two_late_ones_are_not() -> None:
    assert onsets([Note(0, 8, 60), Note(8.4, 16, 62), Note(15.7, 24, 64)]) == [
        0,
        8,
        16,
    ]
    assert onsets([Note(0, 11, 60), Note(13.2, 24, 62)]) == [0, 12]


def test_half_a_beat_may_be_a_triplet() -> None:
    assert onsets([Note(at, at + 4, 60 + at) for at in (0, 6, 12, 16, 20)]) == [
        0,
        6,
        12,
        16,
        20,
    ]


def test_a_note_just_before_the_bar_line_begins_on_it() -> None:
    bars = [FOUR, Measure(96, 96, 4, 4)]
    assert onsets([Note(0, 90, 60), Note(95.4, 120, 62)], bars) == [0, 96]


def swung(late: float) -> list[Note]:
    return [
        Note(24 * beat + place, 24 * beat + end, 60 + beat)
        for beat in range(8)
        for place, end in ((0, late - 1), (late, 23))
    ]


def test_swung_eighths_are_written_even_and_marked() -> None:
    bars = bars_of([(0, 4, 4)], 24, 192)
    for late in (14.5, 16, 17):
        notes = swung(late)
        swing = swing_of(bars, notes)
        assert swing == late
        assert onsets(notes, bars, swing) == [12 * half for half in range(16)]
    assert swing_of(bars, swung(12.4)) == 0
    assert notate(score(track("Lead", swung(16)))).swings


def test_a_triplet_stays_one_in_swing() -> None:
    notes = [*swung(16), *(Note(192 + 8 * at, 199 + 8 * at, 70) for at in range(3))]
    bars = bars_of([(0, 4, 4)], 24, 216)
    assert onsets(notes, bars, 16)[-3:] == [192, 200, 208]


# --- values -------------------------------------------------------------------------------------------------------

READABLE = {3, 6, 9, 12, 18, 24, 36, 48, 72, 96, 144}


@given(
    some.integers(0, 95),
    some.integers(1, 96),
    some.sampled_from([FOUR, SIX_EIGHT, Measure(0, 72, 3, 4)]),
)
def test_values_fill_their_span_and_each_can_be_written(
    start: int, ticks: int, bar: Measure
) -> None:
    start, end = start // 3 * 3 % bar.ticks, 0
    end = min(bar.ticks, start + max(1, ticks // 3) * 3)
    for values in (notes_in(start, end, bar, plain), rests_in(start, end, bar, plain)):
        assert values[0].start == start
        assert sum(value.ticks for value in values) == end - start
        for value, after in pairwise(values):
            assert value.start + value.ticks == after.start
        if (start, end) != (0, bar.ticks):
            assert {value.ticks for value in values} <= READABLE


def test_the_middle_of_a_bar_can_be_seen() -> None:
    def ticks(start: int, end: int) -> list[int]:
        return [value.ticks for value in notes_in(start, end, FOUR, plain)]

    assert ticks(0, 36) == [36]  # a dotted quarter
    assert ticks(12, 36) == [24]  # a quarter off the beat
    assert ticks(36, 60) == [12, 12]  # tied over the middle
    assert ticks(24, 72) == [48]  # a half note on the second beat
    assert ticks(0, 60) == [48, 12]
    assert ticks(66, 96) == [6, 24]


def test_in_six_eight_two_groups_of_three_can_be_seen() -> None:
    def ticks(start: int, end: int) -> list[int]:
        return [value.ticks for value in notes_in(start, end, SIX_EIGHT, plain)]

    assert ticks(0, 72) == [72]
    assert ticks(24, 48) == [12, 12]
    assert ticks(12, 36) == [24]


def test_a_note_out_of_a_triplet_is_tied_at_its_end() -> None:
    values = notes_in(16, 48, FOUR, lambda tick: (0, 24) if tick < 24 else None)
    assert [(value.ticks, value.is_triplet) for value in values] == [(8, True), (24, False)]


# --- hands and layers ---------------------------------------------------------------------------------------------


def test_hands_are_told_apart_also_beside_middle_c() -> None:
    left = played((0, 1, 48), (1, 1, 52), (1, 1, 55), (2, 1, 45), (3, 1, 57), (3, 1, 60))
    right = played((0, 2, 72), (2, 0.5, 67), (2.5, 0.5, 69), (3, 1, 72))
    assert hands([*left, *right]) == (sorted(right), sorted(left))


def test_a_held_note_below_a_moving_line_is_a_layer_of_its_own() -> None:
    upper, lower = two_layers(played((0, 4, 48), (0, 1, 60), (1, 1, 62), (2, 1, 64), (3, 1, 65)))
    assert [group.pitches for group in lower] == [(48,)]
    assert [group.pitches for group in upper] == [(60,), (62,), (64,), (65,)]


def test_a_line_played_legato_is_one_layer() -> None:
    upper, lower = two_layers(played((0, 1.1, 60), (1, 1.15, 62), (2, 1, 64)))
    assert not lower
    assert [(group.start, group.end) for group in upper] == [(0, 24), (24, 48), (48, 72)]


# --- spelling -----------------------------------------------------------------------------------------------------

C, D, E_FLAT, A_MINOR = Key(0, "major"), Key(2, "major"), Key(3, "major"), Key(9, "minor")


def spelled(pitches: Sequence[int], key: Key, chord: Chord | None = None) -> str:
    groups = [Group(24 * index, 24 * index + 24, (pitch,)) for index, pitch in enumerate(pitches)]
    chords = ChordAt([(0, chord)] if chord else [])
    tones = [tones[0] for tones in tones_of(groups, key, chords)]
    return " ".join(f"{tone.step}{'#' * tone.alter}{'b' * -tone.alter}" for tone in tones)


def test_a_pitch_is_spelled_as_its_key_has_it() -> None:
    assert spelled([62, 64, 66, 67, 69, 71, 73, 74], D) == "D E F# G A B C# D"
    assert spelled([63, 65, 67, 68, 70, 72, 74], E_FLAT) == "Eb F G Ab Bb C D"
    assert spelled([69, 68, 69, 66, 68], A_MINOR) == "A G# A F# G#"


def test_a_chromatic_step_is_raised_upwards_and_lowered_downwards() -> None:
    assert spelled([60, 61, 62], C) == "C C# D"
    assert spelled([64, 63, 62], C) == "E Eb D"


@given(some.sampled_from(KEYS), some.integers(21, 108))
def test_nobody_has_to_read_a_double_sharp(key: Key, pitch: int) -> None:
    groups = [Group(0, 24, (pitch,)), Group(24, 48, (pitch + 1,))]
    ((tone,), _) = tones_of(groups, key, ChordAt([]))
    assert abs(tone.alter) < 2
    assert 12 * (tone.octave + 1) + NATURALS[tone.step] + tone.alter == pitch


def test_a_drum_is_never_tied() -> None:
    strokes = [Note(at, at + 5, 36) for at in (3, 51, 64)]
    (staff,) = notate(score(track("Drums", strokes, channel=9))).instruments[0].staves
    symbols = [symbol for layer in staff.bars[0] for symbol in layer]
    assert sum(bool(symbol.tones) for symbol in symbols) == 3
    assert not any(symbol.is_tied or symbol.is_held for symbol in symbols)
    assert sum(symbol.ticks for symbol in staff.bars[0][0]) == 96


def test_a_tone_of_the_chord_is_spelled_as_that() -> None:
    assert spelled([68, 65], C, Chord(5, "min")) == "Ab F"
    assert spelled([68, 71], C, Chord(4, "7")) == "G# B"


# --- chords and all together --------------------------------------------------------------------------------------


def test_a_bass_and_the_chord_after_it_are_one_chord() -> None:
    stride = played((0, 1, 43), (1, 1, 59), (1, 1, 62), (2, 1, 38), (3, 1, 59), (3, 1, 65))
    found = chords_heard(stride, [], [FOUR])
    assert [(at, chord and chord.name) for at, chord in found] == [(0, "G7")]


def test_chords_change_where_they_do() -> None:
    first = played(*((0, 2, pitch) for pitch in (48, 52, 55)))
    then = played(*((2, 2, pitch) for pitch in (53, 57, 60)))
    found = chords_heard([*first, *then], [], [FOUR])
    assert [(at, chord and chord.name) for at, chord in found] == [(0, "C"), (48, "F")]


def test_both_sides_of_a_jam_are_named_and_drums_stand_on_their_staff() -> None:
    jam = score(
        track("Player", played((0, 1, 62), (1, 1, 66))),
        track("Model", played((4, 1, 69))),
        track("Model", played((4, 1, 36), (4, 1, 42)), channel=9),
    )
    written = notate(jam)
    assert [one.name for one in written.instruments] == ["You", "livegen, lead", "livegen, drums"]
    assert [one.is_drums for one in written.instruments] == [False, False, True]
    hands_, feet = written.instruments[2].staves[0].bars[1]
    assert [tone.step for tone in hands_[0].tones] == ["G"]
    assert [tone.step for tone in feet[0].tones] == ["F"]


def test_no_note_gets_lost_and_every_bar_is_full() -> None:
    chance = random.Random(2)
    notes = [
        Note(at := chance.uniform(0, 380), at + chance.uniform(2, 90), chance.randint(40, 84))
        for _ in range(160)
    ]
    written = notate(score(track("Piano", notes), metre=(3, 4)))
    heads = 0
    for staff in written.instruments[0].staves:
        for bar, layers in zip(written.bars, staff.bars, strict=True):
            for layer in layers:
                assert sum(symbol.ticks for symbol in layer) == bar.ticks
                heads += sum(len(symbol.tones) for symbol in layer if not symbol.is_held)
    assert heads >= 0.95 * len(notes)  # of two on one key and one line only one can be written


def test_a_chart_says_key_and_chords() -> None:
    jam = score(track("Player", played((0, 1, 62))))
    written = notate(
        jam, "", Key(10, "major"), [(0, Chord(10, "maj7")), (48, None), (500, Chord(0, "maj"))]
    )
    assert written.key == Key(10, "major")
    assert written.chords == ((0, Chord(10, "maj7")), (48, None))
