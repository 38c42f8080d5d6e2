"""A line that goes round in circles: a figure over and over, one pitch over and over.

A network that hears itself falls into them now and then, and the more often the longer it plays alone (docs/LOG.md).
People who repeat themselves soon do something else.  Knows ticks and pitches.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise

from livegen.jam.band.theme import Point

TIMES = 4  # that a figure may be played in a row
SIZES = range(2, 9)  # notes of a figure
# Times that one pitch is played in a row in an answer to who does so no more often, and at most.  Four bars of people's
# after four bars without (validation split) have it five times in .04 of pop, .07 of lieder and rock, .03 of jazz.
SAME, MOST = 4, 8
SAME_CHORD = 2  # times of a chord, to who plays none more often in a row
TIRED = 3.0  # nats that it loses from then on


def same_of(line: Sequence[Point], fewest: int = SAME) -> int:
    """Give how often an answer to a line plays one pitch in a row before it tires: once more than the line does.

    It is `fewest` at least.
    """
    longest = max((len(list(run)) for _, run in groupby(point.pitch for point in line)), default=0)
    return min(MOST, max(fewest, longest + 1))


def tiring(line: Sequence[Point], same: int) -> int | None:
    """The pitch that a line has played `same` times in a row and more, None where there is none."""
    last = {point.pitch for point in line[-same:]}
    return last.pop() if len(line) >= same and len(last) == 1 else None


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
    tired = tiring(line, MOST)
    return found if tired is None else found | {tired}
