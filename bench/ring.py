"""The state of a network that only grows, at each step: copied whole, or as a ring in which an entry is written.

    python -m bench.ring [--entries 512] [--width 2048]

Both ways do what a step does beside the network: the state is given to the runtime, the new one is taken and looked at
for numbers that are not finite.  `forked` goes back before each eight steps to a state of sixteen steps ago, as
planning does.  Microseconds, both ways in one run, with the load.
"""

import os
import time
from collections.abc import Callable, Iterator

import click
import numpy as np

from livegen.inference.contract import State, is_finite
from livegen.inference.ring import Ring, RingMemory

STEPS, AHEAD, BACK = 2_000, 8, 16
PERCENTILES = {"p50": 50, "p99": 99, "max": 100}
Step = Callable[[State], State]


def copied(entries: int, width: int) -> tuple[State, Step]:
    """The first state, and a step, in which the state is copied in and out."""
    given, taken = np.zeros((entries, width), np.float32), np.ones((entries, width), np.float32)

    def step(state: State) -> State:
        given[...] = state
        return taken.copy()

    return given.copy(), step


def ring(entries: int, width: int) -> tuple[State, Step]:
    """The first state, and a step, in which an entry is written."""
    memory, entry = RingMemory((entries, width)), np.ones(width, np.float32)

    def step(state: State) -> State:
        memory.hold(state)
        return memory.next(state, entry)

    return Ring(), step


def micros(first: State, step: Step, forked: bool) -> Iterator[float]:
    """The micros that each of so many steps took."""
    states = [first]
    for number in range(STEPS):
        if forked and number % AHEAD == 0:
            states = states[-BACK:][:1]
        before = time.perf_counter_ns()
        state = step(states[-1])
        assert is_finite(state)
        yield (time.perf_counter_ns() - before) / 1000
        states = [*states[-BACK:], state]


@click.command()
@click.option("--entries", default=512)
@click.option("--width", default=2048)
def main(entries: int, width: int) -> None:
    """Print a table, Markdown."""
    size = entries * width * 4 / 1e6
    print(f"A state of {size:.1f} MB, load {os.getloadavg()[0]:.1f}\n")
    print("| | " + " | ".join(PERCENTILES) + " |\n|---|" + "---:|" * len(PERCENTILES))
    for name, way in (("copied whole", copied), ("ring", ring)):
        for forked in (False, True):
            took = list(micros(*way(entries, width), forked))
            figures = (f"{np.percentile(took, at):.1f}" for at in PERCENTILES.values())
            print(f"| {name}{', forked' * forked} | " + " | ".join(figures) + " |")


if __name__ == "__main__":
    main()
