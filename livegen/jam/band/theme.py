"""The theme of a call, and how a response takes it up.

People who answer take up what they heard: of the figures of four notes in what follows four bars of music 2 to 3 in 10
stand in those bars.  Our network does so with half as many, and one that does not look back with 1 in 25 (docs/LOG.md).
So what it expects is mixed with a cache of the call (Grave et al. 2017, arXiv 1612.04426), by figure and not by pitch:
wherever the last intervals of the response stand in the call, the interval and the time that came next there become
likelier, the more of them stand there; and less so again the longer the response has been going along, for an echo is
no answer.

Knows ticks and pitches; knows no model, no chance and no turns.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from livegen.codec.encoder import Stroke
from livegen.inference.sampling import Mask, Probabilities
from livegen.jam.band.sentences import BACK, Sentences
from livegen.music.parts import DRUMS
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.quantise import on_line

# The share of the cache by how many intervals stand in the call, and how many times over it is taken at the top of the
# control; with its square, so that the middle is about what people take up.
MOST = 1.5
SHARES = (0.0, 0.35, 0.6, 0.7, 0.6, 0.5, 0.35, 0.2)
FEWEST = 4  # notes of a theme
LATEST = 128  # notes of a call that are taken up
SAME = 0.97  # share that a bar has which comes again, taken as many times over as that of a figure
REST = 0.9  # the same of the tones on which a line comes to rest
# Ticks by which a figure comes back to the lines of the beat that the call plays on.
_BACK_BY = TICKS_PER_BEAT // 2
REACH = 7  # semitones from the note before within which they lie


class Point(NamedTuple):
    """A note of a line."""

    tick: int
    pitch: int


def line_of(strokes: Iterable[Stroke], *, is_lowest: bool = False) -> list[Point]:
    """The highest pitched note of each onset, in order, or the lowest."""
    outer = min if is_lowest else max
    line: dict[int, int] = {}
    for tick, part, pitch, velocity in strokes:
        if velocity and part != DRUMS:
            line[tick] = outer(pitch, line.get(tick, pitch))
    return [Point(tick, line[tick]) for tick in sorted(line)]


class Theme:
    """The line of a call, and the control `theme` (0 to 1).

    The call's first note is at tick `began`.  Of chords that a solo is played over there is no line: they say where
    sentences begin.  With `is_lowest` the line is of the lowest notes of chords.
    """

    def __init__(
        self,
        line: Sequence[Point],
        strength: float,
        began: int | None = None,
        *,
        is_lowest: bool = False,
    ) -> None:
        self._line = tuple(line)
        self.is_lowest = is_lowest
        self.began = line[0].tick if began is None else began
        self._steps = _steps(line)
        self._strength = strength
        self._lines = {
            on_line(tick) % TICKS_PER_BEAT for tick, _ in line
        }  # of the beat, that it plays on
        # After which notes of the line an interval has been gone, but for the last note.
        self._places: dict[int, list[int]] = {}
        for at, step in enumerate(self._steps[:-1]):
            self._places.setdefault(step, []).append(at + 1)

    def follows(self, past: Sequence[Point]) -> tuple[float, list[Point]]:
        """The share, 0 to 1, that the cache has, and what may come next after the last points of a response.

        Nothing, with a share of 0, where the response's last interval does not stand in the call.
        """
        matched, found = self._found(past)
        share = self._share(SHARES[min(matched, len(SHARES) - 1)])
        return share, [self._after(past[-1], place) for place in found]

    def originals(self, past: Sequence[Point]) -> list[Point]:
        """The notes of the call that came where `follows` has the response go on, in the same order."""
        return [self._line[place + 1] for place in self._found(past)[1]]

    def _found(self, past: Sequence[Point]) -> tuple[int, list[int]]:
        """Give how many of the last intervals stand in the call, and after which of its notes they have been gone."""
        own = _steps(past[-len(SHARES) :])
        found: list[int] = []
        matched = 0
        for place in self._places.get(own[-1], ()) if own else ():
            same = self._agree(place, own)
            if same > matched:
                matched, found = same, []
            if same == matched:
                found.append(place)
        return matched, found

    def recalls(
        self, line: Sequence[Point], sentences: Sentences
    ) -> tuple[float, Point | None, int]:
        """The note that comes next in a line that goes on after the call, where its sentences have it come again.

        With its share, 0 to 1, and how many ticks before it was played.
        """
        bar = sentences.metre.place(line[-1].tick).bar if line else 0
        for back in [bars * bar for bars in BACK] if line else ():
            since = line[-1].tick - back
            came = self._first_after(since, line)
            is_near = came is not None and came.tick - since <= bar
            if came and is_near and sentences.before(came.tick + back) * bar == back:
                return self._share(SAME), Point(came.tick + back, came.pitch), back
        return 0.0, None, 0

    def _first_after(self, tick: int, line: Sequence[Point]) -> Point | None:
        """The first note after a tick, of the call or of the line that goes on."""
        part = self._line if self._line and tick < self._line[-1].tick else line
        at = bisect_right(part, tick, key=lambda point: point.tick)
        return part[at] if at < len(part) else None

    def rests_on(self, before: Point, tonic: frozenset[int]) -> tuple[float, tuple[int, ...]]:
        """The pitches of a triad on which a line comes to rest from the note before, and their share, 0 to 1."""
        near = range(before.pitch - REACH, before.pitch + REACH + 1)
        return self._share(REST), tuple(pitch for pitch in near if pitch % 12 in tonic)

    def _share(self, plain: float) -> float:
        return float(1 - (1 - plain) ** (MOST * self._strength**2))

    def taken_up(self, strokes: Iterable[Stroke]) -> float:
        """The share, 0 to 1, of figures of three notes of a line that stand in the call, with their rhythm."""
        line = line_of(strokes, is_lowest=self.is_lowest)
        own, theirs = _figures(line), set(_figures(self._line))
        return sum(figure in theirs for figure in own) / len(own) if own else 0.0

    def _agree(self, place: int, own: Sequence[int]) -> int:
        """Give how many intervals up to a note of the line are those of the response."""
        most = min(place, len(own))
        return next((n for n in range(most) if self._steps[place - 1 - n] != own[-1 - n]), most)

    def _after(self, last: Point, place: int) -> Point:
        """Give the note of a line that goes on from `last` as the call does from its note `place`, on its lines."""
        one, other = self._line[place], self._line[place + 1]
        tick = on_line(last.tick + other.tick - one.tick)
        # A figure that the response began beside the call's lines would stay there to its end.
        reached = (by for by in range(_BACK_BY + 1) if (tick + by) % TICKS_PER_BEAT in self._lines)
        return Point(tick + next(reached, 0), last.pitch + other.pitch - one.pitch)


def theme_of(
    line: Sequence[Point], strength: float, *, is_line: bool = True, is_lowest: bool = False
) -> Theme | None:
    """The theme of a call's line; None where there is too little of it, or nothing is to be taken up.

    `strength` is the control, 0 to 1.  Chords under a solo are no line: their rhythm is not the soloist's.  With
    `is_lowest` the line is of the lowest notes of chords.
    """
    latest = line[-LATEST:]
    if not strength or len(latest) < FEWEST:
        return None
    return Theme(latest if is_line else (), strength, latest[0].tick, is_lowest=is_lowest)


def mixed(
    likely: Probabilities, share: float, places: Iterable[int], allowed: Mask
) -> Probabilities:
    """Probabilities (classes,) of which the cache has a share, evenly over `places` that are allowed, if any.

    A place is a class, and has its part as often as it is named; one out of range has none.
    """
    cache = np.zeros_like(likely)
    for place in places:
        if 0 <= place < len(cache) and allowed[place]:
            cache[place] += 1
    total = cache.sum()
    return likely if not total or not share else likely * (1 - share) + cache * (share / total)


def _figures(line: Sequence[Point]) -> list[tuple[tuple[int, int], ...]]:
    """Each two steps in a row: semitones, and ticks on the nearest line."""
    steps = [(b.pitch - a.pitch, on_line(b.tick - a.tick)) for a, b in pairwise(line)]
    return list(pairwise(steps))


def _steps(line: Sequence[Point]) -> list[int]:
    return [after.pitch - before.pitch for before, after in pairwise(line)]
