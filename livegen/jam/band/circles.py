"""A line that goes round in circles: a figure over and over, one pitch over and over.

A network that hears itself falls into them now and then, and the more often the longer it plays alone (docs/LOG.md).
People who repeat themselves soon do something else.  Knows ticks and pitches.
"""

from collections.abc import Sequence
from itertools import pairwise

from livegen.jam.band.theme import Point

TIMES = 4  # that a figure may be played in a row
SIZES = range(2, 9)  # notes of a figure
SAME = 8  # times that one pitch may be


def worn_out(line: Sequence[Point], tick: int) -> set[int]:
    """Pitches, 0 to 127, with which a line that goes on at `tick` would go round once too often.

    Alike are pitch and the ticks to the next onset.
    """
    latest = [*line[-TIMES * SIZES[-1] :], Point(tick, 0)]
    steps = [(one.pitch, other.tick - one.tick) for one, other in pairwise(latest)]
    found = set()
    for size in SIZES:
        round_about = steps[-TIMES * size :]
        if len(round_about) == TIMES * size and round_about[size:] == round_about[:-size]:
            found.add(round_about[0][0])
    last = {pitch for pitch, _ in steps[-SAME:]}
    return found | last if len(steps) >= SAME and len(last) == 1 else found
