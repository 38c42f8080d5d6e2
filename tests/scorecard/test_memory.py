"""Copies are found whatever their key and tempo, and only copies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.scorecard import memory
from livegen.scorecard.notes import Note
from tests.scorecard.phrases import phrase
from tests.training.synthetic import corpus

KNOWN = (60, 62, 64, 65, 67, 64, 60, 67, 69, 71, 72, 69)


def copied(answer: tuple[Note, ...], *known: tuple[Note, ...]) -> memory.Copy:
    (found,) = memory.copies(memory.lines_of_notes([answer]), 1, memory.lines_of_notes(known))
    return found


def test_a_transposed_copy_at_half_the_tempo_is_found_whole() -> None:
    # The first interval has no ratio to an earlier one, so a copy of 12 notes has a run of 11.
    answer = phrase([pitch + 5 for pitch in KNOWN], step=1.0)

    assert copied(answer, phrase((40, 50, 40)), phrase(KNOWN)) == memory.Copy(11, 1)


def test_the_same_pitches_in_another_rhythm_are_no_copy() -> None:
    onsets = [0, 0.5, 2, 2.25, 4, 4.5, 6, 6.25, 8, 8.5, 10, 10.25]
    answer = tuple(Note(at, at + 0.2, pitch, 80) for at, pitch in zip(onsets, KNOWN, strict=True))

    assert copied(answer, phrase(KNOWN)).notes <= 2


def test_a_run_does_not_reach_from_one_line_into_the_next() -> None:
    assert copied(phrase(KNOWN), phrase(KNOWN[:6]), phrase(KNOWN[6:])).notes == 5


def test_of_two_notes_nothing_can_be_copied() -> None:
    assert copied(phrase((60, 62)), phrase(KNOWN)) == memory.Copy(0, -1)
    assert copied(phrase(KNOWN)) == memory.Copy(0, -1)


@given(
    st.lists(st.sampled_from((60, 61)), max_size=14),
    st.lists(st.sampled_from((60, 61)), max_size=14),
)
def test_the_longest_copy_is_what_a_plain_search_finds(mine: list[int], theirs: list[int]) -> None:
    def steps(pitches: list[int]) -> list[int]:
        found: list[int] = memory.steps_of(
            np.array(pitches, np.int64), np.arange(len(pitches))
        ).tolist()
        return found

    one, other = steps(mine), steps(theirs)
    longest = max(
        (
            length
            for at in range(len(one))
            for length in range(1, len(one) - at + 1)
            if any(one[at : at + length] == other[k : k + length] for k in range(len(other)))
        ),
        default=0,
    )
    found = copied(phrase(mine), phrase(theirs)).notes
    assert found == (longest + 1 if longest else 0)


def test_the_lines_of_a_corpus_are_those_of_its_notes() -> None:
    some = corpus("made", (1, 2), "tt")
    known = memory.lines_of_rows(some.events, np.array([piece.start for piece in some.pieces]))

    assert set(known.owner.tolist()) == {0, 1}
    # 32 notes of melody, 8 chords and 8 notes of bass; a line of n notes has n - 2 steps.
    assert [int((known.owner == piece).sum()) for piece in (0, 1)] == [30 + 6 + 6] * 2
    assert copies_of(known, some.events[some.pieces[1].start :]) == 1


def copies_of(known: memory.Lines, rows: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]") -> int:
    """The piece that the melody of a piece's rows is found in."""
    melody = memory.lines_of_rows(rows[(rows[:, 1] == 0) | (rows[:, 0] > 0)], np.array([0]))
    (found,) = memory.copies(melody, 1, known)
    return found.owner


def test_who_is_compared_is_no_longer_than_people() -> None:
    assert memory.no_longer(phrase(KNOWN), phrase((60, 62, 64))) == phrase(KNOWN[:3])
    assert memory.no_longer(phrase((60,)), phrase(KNOWN)) == phrase((60,))


def test_a_million_notes_are_searched_in_seconds() -> None:
    rng = np.random.default_rng(0)
    pitches = rng.integers(55, 75, 1_000_000)
    known = memory._joined([memory.steps_of(pitches, np.arange(len(pitches)))], [0])
    answer = phrase([int(pitch) for pitch in pitches[5000:5040]])

    assert memory.copies(memory.lines_of_notes([answer]), 1, known)[0].notes == pytest.approx(
        39, abs=0
    )
