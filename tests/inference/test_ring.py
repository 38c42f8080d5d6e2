"""A state that only grows: however states are forked and returned to, the array is what it would be if copied whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.inference.ring import BLOCK, Ring, RingMemory

LENGTH = 3 * BLOCK


def whole(entries: list[float]) -> np.ndarray:
    """The ring of some entries, written one after the other."""
    array = np.zeros((LENGTH, 2), np.float32)
    for number, entry in enumerate(entries):
        array[number % LENGTH] = entry
    return array


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 80)), max_size=8))
def test_the_array_is_that_of_the_state_whichever_state_was_held_before(
    forks: list[tuple[int, int]],
) -> None:
    """Each fork goes back to a state that was, and on by so many entries."""
    memory = RingMemory((LENGTH, 2))
    states: list[tuple[Ring, list[float]]] = [(Ring(), [])]
    value = 0.0
    for back, entries in forks:
        ring, written = states[max(0, len(states) - 1 - back)]
        for _ in range(entries):
            value += 1.0
            memory.hold(ring)
            ring = memory.next(ring, np.full(2, value, np.float32))
            written = [*written, value]
            states.append((ring, written))
        memory.hold(ring)
        assert np.array_equal(memory.array, whole(written))
    for ring, written in states[:: max(1, len(states) // 20)]:
        memory.hold(ring)
        assert ring.count == len(written)
        assert np.array_equal(memory.array, whole(written))


def test_a_state_keeps_no_more_than_the_ring_holds_however_long_it_grows() -> None:
    memory, ring = RingMemory((LENGTH, 2)), Ring()
    for value in range(50 * BLOCK + 5):
        ring = memory.next(ring, np.full(2, value, np.float32))
    assert (len(ring.blocks), len(ring.latest)) == (3, 5)


def test_an_entry_that_is_written_later_does_not_change_the_state() -> None:
    memory, entry = RingMemory((LENGTH, 2)), np.ones(2, np.float32)
    ring = memory.next(Ring(), entry)
    entry[:] = 7
    memory.hold(ring)
    assert memory.array[0, 0] == 1


@pytest.mark.parametrize("entries", [1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_a_state_whose_newest_entry_is_no_number_is_not_finite(entries: int) -> None:
    memory, ring = RingMemory((LENGTH, 2)), Ring()
    for number in range(entries):
        ring = memory.next(ring, np.full(2, 1.0 if number < entries - 1 else np.nan, np.float32))
    assert not ring.is_finite()
    assert Ring().is_finite()
