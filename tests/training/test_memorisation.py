"""Memorisation: what is copied is found in whatever key and tempo, and nothing else is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from livegen.training.corpora import Rows
from livegen.training.memorisation import Copy, JoinedLines, copies, joined, lines_of_rows, steps_of
from tests.training.synthetic import corpus


def lines(*some: Sequence[int] | npt.NDArray[np.int64]) -> JoinedLines:
    """A note on each tick."""
    found = [steps_of(np.array(pitches, np.int64), np.arange(len(pitches))) for pitches in some]
    return joined(found, range(len(found)))


def copied(line: Sequence[int], *known: Sequence[int] | npt.NDArray[np.int64]) -> Copy:
    (found,) = copies(lines(line), 1, lines(*known))
    return found


TUNE = [60, 62, 64, 65, 67, 60, 71, 72, 55, 58]


def test_a_transposed_phrase_is_a_copy_with_its_source() -> None:
    assert copied([p + 7 for p in TUNE[2:8]], [40, 41, 40, 41], TUNE) == Copy(5, 1)


def test_a_run_inside_other_music_is_found() -> None:
    assert copied([30, 90, *[p - 5 for p in TUNE[1:6]], 100], TUNE).notes == 5


def test_what_shares_no_interval_copies_nothing() -> None:
    assert copied([10, 40, 70], TUNE) == Copy(0, -1)
    assert copied(TUNE) == Copy(0, -1)


pitches = st.lists(st.integers(60, 62), max_size=20)


@given(pitches, pitches)
def test_the_longest_run_is_that_of_trying_all(one: list[int], other: list[int]) -> None:
    def runs(line: list[int], length: int) -> set[tuple[int, ...]]:
        steps = lines(line).steps.tolist()
        return {tuple(steps[i : i + length]) for i in range(len(steps) - length + 1)}

    longest = max((n for n in range(1, 21) if runs(one, n) & runs(other, n)), default=0)

    assert copied(one, other).notes == (longest + 1 if longest else 0)


def test_parts_are_lines_of_their_own_and_drums_are_none() -> None:
    some = corpus("made", (1, 2), "tt")
    known = lines_of_rows(some.events, np.array([piece.start for piece in some.pieces]))

    assert set(known.owner.tolist()) == {0, 1}
    # 32 notes of melody, 8 chords and 8 notes of bass; a line of n notes has n - 2 steps.
    assert [int((known.owner == piece).sum()) for piece in (0, 1)] == [30 + 6 + 6] * 2
    assert owner_of(known, some.events[some.pieces[1].start :]) == 1


def owner_of(known: JoinedLines, rows: Rows) -> int:
    """The piece that the melody of a piece's rows is found in."""
    melody = lines_of_rows(rows[(rows[:, 1] == 0) | (rows[:, 0] > 0)], np.array([0]))
    (found,) = copies(melody, 1, known)
    return found.owner


def test_music_without_notes_copies_nothing_and_shifts_nobody_else() -> None:
    some = corpus("made", (1,), "t").events
    known = lines_of_rows(some, np.array([0]))

    found = copies(lines_of_rows(some, np.array([0, len(some), len(some)])), 3, known)

    assert [copy.notes for copy in found] == [31, 0, 0]


def test_a_million_notes_are_searched_in_seconds() -> None:
    known = np.random.default_rng(0).integers(55, 75, 1_000_000)

    assert copied(known[5000:5040].tolist(), known).notes == 39
