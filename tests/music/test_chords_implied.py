"""The chords that a melody implies."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.chord import Chord
from livegen.music.chords_implied import SPANS, Sung, implied
from livegen.music.key import Key


def sung(*pitches: int, since: float = 0.0) -> list[Sung]:
    """Half a beat each."""
    return [Sung(since + at / 2, since + at / 2 + 0.5, pitch) for at, pitch in enumerate(pitches)]


@pytest.mark.parametrize(
    ("pitches", "chord"),
    [
        ((60, 64, 67, 64), Chord(0, "maj")),
        ((65, 69, 72, 69), Chord(5, "maj")),
        ((67, 71, 74, 71), Chord(7, "maj")),
        ((69, 72, 76, 69), Chord(9, "min")),
        ((62, 65, 69, 65), Chord(2, "min")),
    ],
)
def test_a_broken_triad_implies_itself(pitches: Sequence[int], chord: Chord) -> None:
    assert implied(sung(*pitches), 0) == chord


SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def test_what_was_sung_says_which_key_a_note_is_of() -> None:
    """E after a scale of C major has a chord of that key, and after one of B major one of that."""
    for tonic in (0, 11):
        before = sung(*(pitch + tonic for pitch in SCALE), since=0.0)
        chord = implied([*before, Sung(4, 5, 64)], 2)

        assert chord.pitch_classes <= {(pitch + tonic) % 12 for pitch in SCALE}


def test_three_notes_of_another_key_are_followed_there() -> None:
    """Two bars of C major, and then a bar of F sharp major, which has five pitch classes of its own."""
    here = sung(60, 64, 67, 64, 62, 65, 67, 71, 72, 67, 64, 60, 62, 67, 65, 64)
    there = sung(66, 70, 73, since=8.0)

    assert implied(here, 3).pitch_classes <= Key(0, "major").pitch_classes
    assert implied([*here, *there], 4).pitch_classes <= Key(6, "major").pitch_classes


@pytest.mark.parametrize(
    ("held", "stays"),
    [(Chord(0, "maj"), True), (Chord(9, "min"), True), (Chord(7, "maj"), False)],
)
def test_a_chord_that_sounds_stays_until_another_is_clearly_better(
    held: Chord, stays: bool
) -> None:
    """C and E are of C major and of A minor, and not of G major."""
    assert (implied(sung(72, 76), 0, held) == held) is stays


def test_what_is_sung_now_counts_for_more_than_what_was() -> None:
    now = implied([*sung(60, 64, 67), Sung(1.5, 3.5, 65)], 0)

    assert 5 in now.pitch_classes


def test_what_lies_far_back_is_forgotten() -> None:
    now = sung(60, 64, 67, since=2.0 * SPANS)
    before = sung(61, 66, 68)

    assert implied(before + now, SPANS) == implied(now, SPANS)


@given(st.integers(0, 2**32), st.integers(0, 11))
def test_a_melody_that_lies_higher_implies_the_same_chords_higher(seed: int, by: int) -> None:
    """Lengths are drawn at random: of those that a person would write two chords may fit as well."""
    chance = Random(seed)
    onsets = [chance.uniform(0, 16) for _ in range(chance.randint(1, 12))]
    melody = [Sung(at, at + chance.uniform(0.1, 4), chance.randint(30, 90)) for at in onsets]
    moved = [note._replace(pitch=note.pitch + by) for note in melody]

    chord = implied(melody, 7)
    assert implied(moved, 7) == Chord((chord.root + by) % 12, chord.kind)


@given(
    st.lists(
        st.builds(Sung, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 127)),
        max_size=20,
    )
)
def test_nothing_that_is_sung_is_too_much(melody: list[Sung]) -> None:
    assert implied(melody, 3).kind in ("maj", "min")
