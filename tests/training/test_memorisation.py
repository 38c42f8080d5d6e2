"""Memorisation: what is copied is found in whatever key, and nothing else is."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livegen.codec.layout import ADVANCE, Event
from livegen.training.corpora import Rows
from livegen.training.memorisation import Copied, copied, known, lines


def rows(pitches: list[int], part: int = 0) -> Rows:
    """Onsets, each with its end, and a long rest now and then."""
    events: list[Event] = []
    for index, pitch in enumerate(pitches):
        events += [Event(12, part, 1, pitch, 20, 0, 8), Event(12, part, 0, pitch, 0, 0, 8)]
        if index % 3 == 0:
            events.append(Event(ADVANCE, 0, 0, 0, 0, 0, 8))
    return np.array(events, np.uint8).reshape(-1, len(Event._fields))


TUNE = [60, 62, 64, 65, 67, 60, 71, 72, 55, 58]


def test_a_transposed_phrase_is_a_copy_with_its_source() -> None:
    music = known([("a.mid", rows([40, 41, 40, 41])), ("b.mid", rows(TUNE))])

    assert copied(music, rows([p + 7 for p in TUNE[2:8]])) == Copied(6, "b.mid")


def test_a_run_inside_other_music_is_found() -> None:
    music = known([("b.mid", rows(TUNE))])

    assert copied(music, rows([30, 90, *[p - 5 for p in TUNE[1:6]], 100])).notes == 5


def test_what_shares_no_interval_copies_nothing() -> None:
    assert copied(known([("b.mid", rows(TUNE))]), rows([10, 40, 70])) == Copied(0, "")
    assert copied(known([]), rows(TUNE)) == Copied(0, "")


def test_parts_are_lines_of_their_own_and_drums_are_none() -> None:
    both = np.concatenate([rows([60, 64], 0), rows([40, 41], 2), rows([36, 38], 3)])

    assert [line.intervals for line in lines("x", both)] == [bytes([4]), bytes([1])]


pitches = st.lists(st.integers(60, 66), max_size=30)


@given(pitches, pitches)
def test_the_longest_run_is_that_of_trying_all(one: list[int], other: list[int]) -> None:
    def runs(line: list[int], length: int) -> set[tuple[int, ...]]:
        steps = [b - a for a, b in pairwise(line)]
        return {tuple(steps[i : i + length]) for i in range(len(steps) - length + 1)}

    longest = max((n for n in range(1, 31) if runs(one, n) & runs(other, n)), default=0)

    assert copied(known([("a", rows(one))]), rows(other)).notes == (longest + 1 if longest else 0)
