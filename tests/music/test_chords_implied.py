"""The chords that a melody implies."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.chord import Chord
from livegen.music.chords_implied import SPANS, Sung, implied
from livegen.music.key import Key

C_MAJOR, A_MINOR = Key(0, "major"), Key(9, "minor")


def sung(*pitches: int, since: float = 0.0) -> list[Sung]:
    """Half a beat each."""
    return [Sung(since + at / 2, since + at / 2 + 0.5, pitch) for at, pitch in enumerate(pitches)]


@pytest.mark.parametrize(
    ("pitches", "key", "chord"),
    [
        ((60, 64, 67, 64), C_MAJOR, Chord(0, "maj")),
        ((65, 69, 72, 69), C_MAJOR, Chord(5, "maj")),
        ((67, 71, 74, 71), C_MAJOR, Chord(7, "maj")),
        ((69, 72, 76, 69), A_MINOR, Chord(9, "min")),
        ((62, 65, 69, 65), A_MINOR, Chord(2, "min")),
    ],
)
def test_a_broken_triad_implies_itself(pitches: Sequence[int], key: Key, chord: Chord) -> None:
    assert implied(sung(*pitches), key, 0) == chord


def test_before_anything_was_sung_it_is_a_chord_of_the_key() -> None:
    for key in (C_MAJOR, A_MINOR):
        assert implied([], key, 0).pitch_classes <= key.pitch_classes


@pytest.mark.parametrize(
    ("held", "stays"),
    [(Chord(0, "maj"), True), (Chord(9, "min"), True), (Chord(7, "maj"), False)],
)
def test_a_chord_that_sounds_stays_until_another_is_clearly_better(
    held: Chord, stays: bool
) -> None:
    """C and E are of C major and of A minor, and not of G major."""
    assert (implied(sung(72, 76), C_MAJOR, 0, held) == held) is stays


def test_what_is_sung_now_counts_for_more_than_what_was() -> None:
    now = implied([*sung(60, 64, 67), Sung(1.5, 3.5, 65)], C_MAJOR, 0)

    assert 5 in now.pitch_classes


def test_what_lies_far_back_is_forgotten() -> None:
    now = sung(60, 64, 67, since=2.0 * SPANS)
    before = sung(61, 66, 68)

    assert implied(before + now, C_MAJOR, SPANS) == implied(now, C_MAJOR, SPANS)


NOTES = st.lists(
    st.builds(
        lambda onset, lasts, pitch: Sung(onset, onset + lasts, pitch),
        st.floats(0, 16),
        st.floats(0, 4),
        st.integers(30, 90),
    ),
    max_size=12,
)


@given(NOTES, st.integers(0, 11), st.sampled_from(["major", "minor"]))
def test_a_melody_that_lies_higher_implies_the_same_chords_higher(
    melody: list[Sung], by: int, mode: str
) -> None:
    key, higher = Key(0, mode), Key(by, mode)  # type: ignore[arg-type]
    moved = [note._replace(pitch=note.pitch + by) for note in melody]

    chord = implied(melody, key, 7)
    assert implied(moved, higher, 7) == Chord((chord.root + by) % 12, chord.kind)


@given(
    st.lists(
        st.builds(Sung, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 127)),
        max_size=20,
    )
)
def test_nothing_that_is_sung_is_too_much(melody: list[Sung]) -> None:
    assert implied(melody, C_MAJOR, 3).kind in ("maj", "min")
