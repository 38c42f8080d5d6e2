"""The chords that a melody implies."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.chords.chord import Chord
from livegen.music.chords.chords_implied import (
    AHEAD,
    CLASSES,
    by_beats,
    facts,
    implied,
    implied_since,
)
from livegen.music.chords.progressions import TRIADS
from livegen.music.note import Note

BAR = 4


def sung(*pitches: int, since: float = 0.0) -> list[Note]:
    """Half a beat each."""
    return [Note(since + at / 2, since + at / 2 + 0.5, pitch) for at, pitch in enumerate(pitches)]


def likeliest(melody: Sequence[Note], beat: int, bar: int = BAR) -> Chord:
    return TRIADS[int(implied(melody, beat, bar)[0].argmax())]


SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


@pytest.mark.parametrize(
    ("struck", "chords"),
    [(60, {"C", "Am", "F"}), (67, {"C", "G", "Em"}), (65, {"F", "Dm", "G"})],
)
def test_after_a_scale_a_note_on_the_bar_line_has_a_chord_of_that_key(
    struck: int, chords: set[str]
) -> None:
    for tonic in range(12):
        before = sung(*(pitch + tonic for pitch in (*SCALE, *SCALE[::-1])))
        chord = likeliest([*before, Note(8, 9, struck + tonic)], 8)
        assert Chord((chord.root - tonic) % 12, chord.kind).name in chords


def test_the_same_melody_elsewhere_has_the_same_chord_there() -> None:
    chance = Random(3)
    melody = sung(*(chance.choice(SCALE) for _ in range(16)))
    here = implied(melody, 7, BAR)
    for by in range(1, 12):
        there = implied([note._replace(pitch=note.pitch + by) for note in melody], 7, BAR)
        assert np.allclose(np.roll(here, 2 * by, axis=1), there, atol=1e-4)


def test_what_was_sung_long_ago_says_nothing_any_more() -> None:
    now = sung(*SCALE, since=40.0)
    assert np.array_equal(implied([*sung(61, 66, 68), *now], 44, BAR), implied(now, 44, BAR))


def test_what_is_to_come_is_not_heard() -> None:
    melody = sung(*SCALE)
    assert np.array_equal(implied([*melody, Note(4.5, 5, 66)], 4, BAR), implied(melody, 4, BAR))


@given(
    st.lists(st.builds(Note, st.floats(0, 16), st.floats(0, 40), st.integers(0, 127)), max_size=24),
    st.integers(0, 40),
    st.integers(1, 9),
)
def test_whatever_is_sung_chances_are_shares(melody: list[Note], beat: int, bar: int) -> None:
    found = implied(melody, beat, bar)
    assert found.shape == (len(AHEAD) + 1, CLASSES)
    assert np.allclose(found.sum(1), 1, atol=1e-4) and (found >= 0).all()


def test_one_beat_and_all_beats_are_seen_alike() -> None:
    """What is learned from is what is heard in a jam."""
    melody = sung(*SCALE, *SCALE[::-1], *SCALE)
    seen, others = facts(by_beats(melody, 0, 12), 0, 0, BAR)
    for beat in range(12):
        one, beside = facts(by_beats(melody, beat - 32, beat + 1), 32, beat % BAR, BAR)
        assert np.array_equal(one[0], seen[beat]) and np.array_equal(beside[0], others[beat])


def test_beats_that_are_looked_at_together_say_what_each_says_alone() -> None:
    melody = sung(*SCALE, *SCALE[::-1], *SCALE)
    found = implied_since(melody, 3, 9, BAR)
    for at, beat in enumerate(range(3, 10)):
        heard = [note for note in melody if note.onset <= beat]
        assert np.allclose(found.likely[at], implied(heard, beat, BAR), atol=1e-5)
        assert found.lasting[at].sum() == pytest.approx(1.0)
