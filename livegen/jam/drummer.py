"""The pattern of our drums: a bar or two that come again and again, fills, and what follows a fill.

People's drums come back to their bars: one is as like the fourth bar before as the last one, and least like it after
the fourth and the eighth, which many end with a fill (docs/log/music.md).  So the network's drums are mixed with bars
that people play (music/drum_bars.py), as an answer is with its theme (jam/theme.py): what it adds are ghost notes,
small changes and how loud each hit is.

Knows ticks; knows no model and no time.  Chance is a seed.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from livegen.jam.variations import PLAIN_KIT, Kit
from livegen.music.charts import Stretch
from livegen.music.drum_bars import (
    ANY,
    COMMON,
    CRASH,
    FILL,
    KICK,
    SIDE_STICK,
    SNARE,
    DrumBar,
    DrumHit,
    Pattern,
    drums_of,
    patterns,
    plain_bar,
)
from livegen.music.drum_bars import fills as fills_of
from livegen.music.metre import TICKS_PER_BEAT, Metre

# The share that kicks, snares and fills of the kept bars have in what comes next, and others.
KEPT, COLOUR = 0.85, 0.55
ASKED = 0.98  # that of a fill that was asked for, and of kick and crash after it
LOOSER = 0.7  # times as much in the last beat of every fourth bar without a fill
LOUD = 60  # velocity of a snare that is no ghost note
LOUDNESS = 0.5  # the share that how loud it was has in how loud a kept hit is
PERIOD = 8  # bars, of which the last ends with a fill
HALF_FILLS = 1 / 3  # share of their middles that have a short one
CRASHES = 0.5  # share of periods that begin with a crash; after a fill that was asked for there always is one
BOLD = 105  # velocity of crash and kick after a fill
MOST_KNOWN = 64  # bars
_TIME = (42, 44, 46, 51, 53)  # hats and rides: the crash takes their place
_BACKBONE = (KICK, SNARE, SIDE_STICK)  # thinned out last
_WEIGHS = 40  # velocities


@dataclass(frozen=True, slots=True)
class Drummer:
    """The bars of a drummer, from tick `origin`, a bar line, on; each has `bar` ticks.

    `bars` come again and again.  Of every `period` bars the last ends with a fill, the one in the middle sometimes with
    a short one; none does where `period` is 0.  `fill_from` is a tick from which a fill is asked for, to the end of its
    bar.  After it, and at the beginning of some periods, kick and crash come on the one.  `fills` are hits of two
    beats.  `style` is the style of drums as a model may know it.  `accents` are hits of the timeline that all strike
    with the drums; `kit` is what is played on.
    """

    origin: int
    bar: int
    bars: tuple[DrumBar, ...]
    fills: tuple[DrumBar, ...]
    seed: str = ""
    period: int = PERIOD
    fill_from: int | None = None
    style: str = ANY
    accents: DrumBar = ()
    kit: Kit = PLAIN_KIT
    # Bars that were looked at, with where their fills begin: they are asked for at every draw.
    _known: dict[int, tuple[int | None, DrumBar]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def coming(self, tick: int, struck: Collection[int] = ()) -> tuple[DrumHit, ...]:
        """Give the hits of the first tick from `tick` on that has any; there those on the drums `struck` are over."""
        number = (tick - self.origin) // self.bar
        for bar in range(number, number + len(self.bars) + 1):
            hits = self.hits(bar)
            ahead = hits[bisect_left(hits, (tick,)) :]
            due = [hit for hit in ahead if hit.tick > tick or hit.pitch not in struck]
            if due:
                return tuple(hit for hit in due if hit.tick == due[0].tick)
        return ()

    def share(self, hit: DrumHit) -> float:
        """The share, 0 to 1, that a kept hit has in what comes next."""
        if self.is_accent(hit):
            return 1.0
        number, into = divmod(hit.tick - self.origin, self.bar)
        filled = self.fill_at(number)
        in_fill = filled is not None and into >= filled
        if self.is_asked_for(hit):
            return ASKED
        is_firm = in_fill or (hit.pitch in _BACKBONE and hit.velocity >= LOUD)
        is_end = self.period and (number + 1) % (self.period // 2) == 0
        is_loose = is_end and filled is None and into >= self.bar - TICKS_PER_BEAT
        return (KEPT if is_firm else COLOUR) * (LOOSER if is_loose else 1.0)

    def loudness(self, hit: DrumHit) -> float:
        """The share that how loud it was has in how loud it is played."""
        return 1.0 if self.is_accent(hit) else LOUDNESS

    def is_asked_for(self, hit: DrumHit) -> bool:
        """True of what is of a fill that was asked for, or comes on the one after it."""
        number, into = divmod(hit.tick - self.origin, self.bar)
        filled = self.fill_at(number)
        in_fill = filled is not None and into >= filled
        return (self._is_asked_in(number) and in_fill) or (
            self._is_asked_in(number - 1) and into == 0
        )

    def is_accent(self, hit: DrumHit) -> bool:
        """True of what all others strike with the drums."""
        return any(hit.tick == accent.tick for accent in self.accents)

    def fill_at(self, number: int) -> int | None:
        """Where in a bar its fill begins, ticks; None in one without."""
        return self._bar(number)[0]

    def hits(self, number: int) -> DrumBar:
        """The hits of a bar, by ticks of the timeline, in order."""
        return self._bar(number)[1]

    def kept(self, number: int) -> DrumBar:
        """The hits of a bar if no fill comes in, by ticks of the timeline, in order."""
        begin = self.origin + number * self.bar
        return tuple(
            hit._replace(tick=begin + hit.tick) for hit in self.bars[number % len(self.bars)]
        )

    def _bar(self, number: int) -> tuple[int | None, DrumBar]:
        if number not in self._known:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            filled = self._filled(number)
            self._known[number] = filled, tuple(sorted(self._varied(number, filled)))
        return self._known[number]

    def _filled(self, number: int) -> int | None:
        if self.fill_from is not None and self._is_asked_in(number):
            return (self.fill_from - self.origin) % self.bar
        if not self.period or number < 0:
            return None
        place, chance = number % self.period, self._chance(number)
        if place == self.period - 1:
            return max(0, self.bar - chance.choice((FILL, FILL, TICKS_PER_BEAT)))
        if place == self.period // 2 - 1 and chance.random() < HALF_FILLS:
            return max(0, self.bar - TICKS_PER_BEAT)
        return None

    def _varied(self, number: int, filled: int | None) -> list[DrumHit]:
        """The hits of a bar with its fill, and with kick and crash on the one if it begins with them."""
        hits, begin = list(self.kept(number)), self.origin + number * self.bar
        if filled is not None:
            hits = [hit for hit in hits if hit.tick < begin + filled]
            hits += self._fill(number, begin + filled)
        accents = [hit for hit in self.accents if begin <= hit.tick < begin + self.bar]
        struck = {hit.tick for hit in accents}
        hits = [*accents, *(hit for hit in hits if hit.tick not in struck)]
        if not self._begins_with_crash(number):
            return hits
        gone = (*_TIME, KICK, CRASH, *(hit.pitch for hit in accents))
        left = [hit for hit in hits if hit.tick > begin or hit.pitch not in gone]
        return [DrumHit(begin, KICK, BOLD), DrumHit(begin, CRASH, BOLD), *left]

    def _begins_with_crash(self, number: int) -> bool:
        begins_period = bool(self.period) and number > 0 and number % self.period == 0
        chance = Random(f"{self.seed} crash {number}")
        return self._is_asked_in(number - 1) or (begins_period and chance.random() < CRASHES)

    def _is_asked_in(self, number: int) -> bool:
        return self.fill_from is not None and (self.fill_from - self.origin) // self.bar == number

    def _fill(self, number: int, since: int) -> Iterator[DrumHit]:
        """A fill from a tick to the end of its bar, the same two beats over again where it is longer."""
        chosen = self._chance(number).choice(self.fills)
        end = self.origin + (number + 1) * self.bar
        for begin in range(end - FILL, since - FILL, -FILL):
            for hit in chosen:
                if begin + hit.tick >= since:
                    yield hit._replace(tick=begin + hit.tick)

    def _chance(self, number: int) -> Random:
        return Random(f"{self.seed} {number}")


@lru_cache(maxsize=8)  # who plays beside somebody asks at every note
def drummer_for(
    style: str,
    metre: Metre,
    origin: int,
    seed: str,
    density: float = 1.0,
    fill_from: int | None = None,
    accents: DrumBar = (),
    kit: Kit = PLAIN_KIT,
) -> Drummer:
    """The drummer of a style; in other bars than 4/4 a plain beat is kept.

    `origin` is a tick of the first bar, or of what leads up to it; `density` below 1 leaves out hits; a fill is asked
    for from the tick `fill_from` on.
    """
    first, bar = metre.bar_near(origin), metre.place(origin).bar
    known = patterns(style)
    if bar == COMMON and metre.beat == TICKS_PER_BEAT:
        pattern = Random(seed).choices(known, [each.share for each in known])[0]
    else:
        pattern = Pattern((plain_bar(metre, bar),))
    bars = tuple(kit.bar(thinned(each, density), bar) for each in pattern.bars)
    return Drummer(
        first,
        bar,
        bars,
        fills_of(style),
        seed,
        fill_from=fill_from,
        style=drums_of(style),
        accents=accents,
        kit=kit,
    )


def accents_of(rests: Sequence[Stretch], bar: int) -> DrumBar:
    """Kick and snare where a rest begins, and where all come in again; after a bar of `bar` ticks with a crash."""
    hits = {rest.start: SNARE for rest in rests}
    for rest in rests:
        hits.setdefault(rest.end, CRASH if rest.end - rest.start >= bar else SNARE)
    return tuple(
        DrumHit(tick, drum, BOLD) for tick in sorted(hits) for drum in sorted((KICK, hits[tick]))
    )


def thinned(bar: DrumBar, density: float) -> DrumBar:
    """The hits of a bar that are left at a density below 1: the loudest, kicks and snares before others."""

    def weight(hit: DrumHit) -> float:
        return hit.velocity + _WEIGHS * (hit.pitch in _BACKBONE)

    left = round(len(bar) * min(1.0, density))
    return tuple(sorted(sorted(bar, key=weight, reverse=True)[: max(1, left)]))
