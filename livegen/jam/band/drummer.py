"""The pattern of our drums: a bar or two that come again and again, fills, and what follows a fill.

People's drums come back to their bars: one is as like the fourth bar before as the last one, and least like it after
the fourth and the eighth, which many end with a fill (docs/log/music.md).  So the network's drums are mixed with bars
that people play (music/drums/drum_bars.py), as an answer is with its theme (jam/band/theme.py): what it adds are ghost
notes, small changes and how loud each hit is.  Who wants drums that fit to the player (control `feel`) has other bars,
whose hits are kept the more closely, and are as loud and as late as a hand would have them (jam/band/feel.py).

Knows ticks; knows no model and no time.  Chance is a seed.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import NamedTuple

from livegen.jam.band.variations import PLAIN_KIT, Kit
from livegen.music.charts import Stretch
from livegen.music.drums.drum_bars import (
    ANY,
    COMMON,
    CRASH,
    FILL,
    HAT,
    KICK,
    SIDE_STICK,
    SNARE,
    DrumBar,
    DrumHit,
    Pattern,
    brushed_bars,
    drums_of,
    patterns,
    plain_bar,
)
from livegen.music.drums.drum_bars import fills as fills_of
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.time.swing import STRAIGHT, usual_swing

# The share that kicks, snares and fills of the kept bars have in what comes next, and others.
KEPT, COLOUR = 0.85, 0.55
BRUSHED, TAPPED = 0.93, 0.75  # that of what brushes play, and of their softest taps
COLOURED, OPENS = 0.5, 0.6  # share of bars with another hi-hat, and of these with an open one
GHOST = 30  # velocity
TAP = 30  # velocity of these, at most
LOOSE = 5  # velocities by which hits of brushes differ
MORE_TAPS = 0.9  # share of bars of brushes with a tap more, where its place is free
LEFT_OUT = 0.3  # share of taps off the beat that are not played
ASKED = 0.98  # that of a fill that was asked for, and of kick and crash after it
LOOSER = 0.7  # times as much in the last beat of every fourth bar without a fill
LOUD = 60  # velocity of a snare that is no ghost note
# Velocity below which ghost notes and feathered kicks are, and that share of these.
SOFT, SOFTLY = 45, 0.95
LOUDNESS = 0.5  # the share that how loud it was has in how loud a kept hit is
PERIOD = 8  # bars, of which the last ends with a fill
HALF_FILLS = 1 / 3  # share of their middles that have a short one
CRASHES = 0.5  # share of periods that begin with a crash; after a fill that was asked for there always is one
BOLD = 105  # velocity of crash and kick after a fill
MOST_KNOWN = 64  # bars
OPEN_HAT = 46
CRASHES_OF_KIT = (CRASH, 52, 55, 57)
TOMS = (41, 43, 45, 47, 48, 50)
_TIME = (42, 44, 46, 51, 53)  # hats and rides: the crash takes their place
_BACKBONE = (KICK, SNARE, SIDE_STICK)  # thinned out last
_WEIGHS = 40  # velocities
FITTED = 0.98  # the share of the hits of bars that wholly fit to the player


class FittedBars(NamedTuple):
    """Two bars that fit to what the player plays, from the bar of a number on: the first of them is the even one's."""

    number: int
    bars: tuple[DrumBar, ...]


@dataclass(frozen=True, slots=True)
class Drummer:
    """The bars of a drummer, from tick `origin`, a bar line, on; each has `bar` ticks.

    `bars` come again and again.  The bar before each of `sections`, the bar lines on which a section of the song
    begins, ends with a fill, and no other.  Where they are None nobody knows the form: of every `period` bars the last
    ends with a fill, the one in the middle sometimes with a short one; none does where `period` is 0.  `fill_from` is a
    tick from which a fill is asked for, to the end of its bar.  After it, and at the beginning of some sections or
    periods, kick and crash come on the one.  `fills` are hits of two beats.  `style` is the style of drums as a model
    may know it.  `accents` are hits of the timeline that all strike with the drums; `kit` is what is played on.
    `fits` are bars that take the place of the others, the later the number; they are kept to the more closely, 0 to 1,
    the more `feel` the drums have.
    """

    origin: int
    bar: int
    bars: tuple[DrumBar, ...]
    fills: tuple[DrumBar, ...]
    seed: str = ""
    period: int = PERIOD
    sections: frozenset[int] | None = None
    fill_from: int | None = None
    style: str = ANY
    accents: DrumBar = ()
    kit: Kit = PLAIN_KIT
    fits: tuple[FittedBars, ...] = ()
    feel: float = 0.0
    # Bars that were looked at, with where their fills begin: they are asked for at every draw.
    _known: dict[int, tuple[int | None, DrumBar]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def is_stray(self, tick: int, pitch: int) -> bool:
        """True of a crash that no bar has, anywhere but on a one: there a drummer marks nothing."""
        return pitch in CRASHES_OF_KIT and (tick - self.origin) % self.bar != 0

    def coming(self, tick: int, struck: Collection[int] = ()) -> tuple[DrumHit, ...]:
        """Give the hits of the first tick from `tick` on that has any; there those on the drums `struck` are over."""
        number = (tick - self.origin) // self.bar
        for bar in range(number, number + max(2, len(self.bars)) + 1):
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
        if self.is_asked_for(hit):
            return ASKED
        plain, feel = self._plain_share(hit), self._feel_at(hit.tick)
        return plain + max(0.0, FITTED - plain) * feel

    def _plain_share(self, hit: DrumHit) -> float:
        """The share of a hit of bars that do not fit to anybody."""
        number, into = divmod(hit.tick - self.origin, self.bar)
        filled = self.fill_at(number)
        in_fill = filled is not None and into >= filled
        if self.kit.is_brushed:
            return BRUSHED if hit.velocity > TAP else TAPPED
        is_firm = in_fill or (hit.pitch in _BACKBONE and hit.velocity >= LOUD)
        is_end = self.period and (number + 1) % (self.period // 2) == 0
        is_loose = is_end and filled is None and into >= self.bar - TICKS_PER_BEAT
        return (KEPT if is_firm else COLOUR) * (LOOSER if is_loose else 1.0)

    def loudness(self, hit: DrumHit) -> float:
        """The share that how loud it was has in how loud it is played."""
        if self.is_accent(hit) or self.kit.is_brushed:
            return 1.0
        if hit.velocity < SOFT:
            return SOFTLY
        return LOUDNESS + (1 - LOUDNESS) * self._feel_at(hit.tick)

    @property
    def usual_velocity(self) -> float:
        """The mean velocity of the bars that come again and again."""
        velocities = [hit.velocity for bar in self.latest for hit in bar]
        return sum(velocities) / max(1, len(velocities))

    def late(self, tick: int, pitch: int) -> float:
        """Give how many ticks late the drum `pitch` is struck at a tick of the timeline; early below 0."""
        hits = self.hits((tick - self.origin) // self.bar) if self.fits else ()
        return next((hit.late for hit in hits if hit[:2] == (tick, pitch)), 0.0)

    def fit_at(self, number: int) -> FittedBars | None:
        """The fit of a bar; None of a bar that fits to nobody."""
        return next((fit for fit in reversed(self.fits) if fit.number <= number), None)

    def fits_at(self, tick: int) -> bool:
        """True in a bar that fits to the player."""
        return self.fit_at((tick - self.origin) // self.bar) is not None

    def _feel_at(self, tick: int) -> float:
        """The feel of the bar of a tick, 0 to 1."""
        return self.feel if self.fits_at(tick) else 0.0

    def is_asked_for(self, hit: DrumHit) -> bool:
        """True of what is of a fill that was asked for, or comes on the one after it."""
        number, into = divmod(hit.tick - self.origin, self.bar)
        filled = self.fill_at(number)
        in_fill = filled is not None and into >= filled
        return (self._is_asked_in(number) and in_fill) or (
            self._is_asked_in(number - 1) and into == 0
        )

    def is_cued(self, hit: DrumHit) -> bool:
        """True of what somebody waits for: what all others strike, and what was asked for."""
        return self.is_accent(hit) or self.is_asked_for(hit)

    def is_accent(self, hit: DrumHit) -> bool:
        """True of what all others strike with the drums."""
        return any(hit.tick == accent.tick for accent in self.accents)

    def fill_at(self, number: int) -> int | None:
        """Give the tick of a bar at which its fill begins; None in one without."""
        return self._bar(number)[0]

    def hits(self, number: int) -> DrumBar:
        """The hits of a bar, by ticks of the timeline, in order."""
        return self._bar(number)[1]

    def kept(self, number: int) -> DrumBar:
        """The hits of a bar if no fill comes in, by ticks of the timeline, in order."""
        begin, fit = self.origin + number * self.bar, self.fit_at(number)
        bars = fit.bars if fit else self.bars
        return tuple(hit._replace(tick=begin + hit.tick) for hit in bars[number % len(bars)])

    @property
    def latest(self) -> tuple[DrumBar, ...]:
        """The bars that come again and again from the last fit on, the even one first."""
        return self.fits[-1].bars if self.fits else self.bars

    def _bar(self, number: int) -> tuple[int | None, DrumBar]:
        if number not in self._known:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            filled = self._filled(number)
            hits = self._varied(number, filled)
            if self.kit.is_brushed:
                hits = self._by_hand(number, hits)
            elif filled is None:
                hits = self._coloured(number, hits)
            self._known[number] = filled, tuple(sorted(hits))
        return self._known[number]

    def _filled(self, number: int) -> int | None:
        if self.fill_from is not None and self._is_asked_in(number):
            return (self.fill_from - self.origin) % self.bar
        if not self.period or number < 0:
            return None
        chance = self._chance(number)
        if self._begins_section(number + 1):
            return max(0, self.bar - chance.choice((FILL, FILL, TICKS_PER_BEAT)))
        is_middle = self.sections is None and number % self.period == self.period // 2 - 1
        if is_middle and chance.random() < HALF_FILLS:
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
        bold = min(BOLD, self.kit.loudest)
        return [
            DrumHit(begin, KICK, bold),
            DrumHit(begin, self.kit.drum(CRASH), bold),
            *left,
        ]

    def _by_hand(self, number: int, hits: list[DrumHit]) -> list[DrumHit]:
        """The hits of a bar of brushes, none as loud as the one before, now and then with a tap more or less.

        The network has few brushes to learn that from.
        """
        chance, begin = Random(f"{self.seed} brushes {number}"), self.origin + number * self.bar
        loosely = [
            hit._replace(velocity=max(1, hit.velocity + chance.randint(-LOOSE, LOOSE)))
            for hit in hits
            if hit.tick % TICKS_PER_BEAT == 0 or hit.velocity > TAP or chance.random() >= LEFT_OUT
        ]
        eighth = chance.randrange(begin, begin + self.bar, TICKS_PER_BEAT // 2)
        is_free = all(hit.tick != eighth or hit.pitch != SNARE for hit in hits)
        if is_free and chance.random() < MORE_TAPS and not any(hit.pitch in TOMS for hit in hits):
            loosely.append(DrumHit(eighth, SNARE, TAP - chance.randint(0, LOOSE)))
        return loosely

    def _coloured(self, number: int, hits: list[DrumHit]) -> list[DrumHit]:
        """The hits of a bar, in which now and then a hi-hat opens off the beat, or a ghost note takes its place.

        Kick and snare stay: the bass is with them.
        """
        chance = Random(f"{self.seed} colour {number}")
        off = [hit for hit in hits if hit.pitch == HAT and hit.tick % TICKS_PER_BEAT]
        struck = {hit.tick for hit in hits if hit.pitch in _BACKBONE}
        off = [hit for hit in off if hit.tick not in struck]
        coloured = COLOURED * (1 - self._feel_at(self.origin + number * self.bar))
        if not off or chance.random() >= coloured:
            return hits
        chosen = chance.choice(off)
        opens = chosen.tick % TICKS_PER_BEAT == TICKS_PER_BEAT // 2 and chance.random() < OPENS
        other = (
            chosen._replace(pitch=OPEN_HAT)
            if opens
            else chosen._replace(pitch=SNARE, velocity=GHOST)
        )
        return [other if hit == chosen else hit for hit in hits]

    def _begins_with_crash(self, number: int) -> bool:
        chance = Random(f"{self.seed} crash {number}")
        return self._is_asked_in(number - 1) or (
            self._begins_section(number) and chance.random() < CRASHES
        )

    def _begins_section(self, number: int) -> bool:
        """True of a bar with which a section begins, or, where nobody knows the form, a period."""
        if not self.period or number <= 0:
            return False
        if self.sections is None:
            return number % self.period == 0
        return self.origin + number * self.bar in self.sections

    def _is_asked_in(self, number: int) -> bool:
        return self.fill_from is not None and (self.fill_from - self.origin) // self.bar == number

    def _fill(self, number: int, since: int) -> Iterator[DrumHit]:
        """A fill from a tick to the end of its bar, the same two beats over again where it is longer."""
        chosen = self._chance(number).choice(self.fills)
        end = self.origin + (number + 1) * self.bar
        for begin in range(end - FILL, since - FILL, -FILL):
            for hit in chosen:
                if begin + hit.tick >= since:
                    velocity = hit.velocity * self.kit.loudest // 127
                    yield DrumHit(begin + hit.tick, self.kit.filled(hit.pitch), velocity)

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
    sections: frozenset[int] | None = None,
    fits: tuple[FittedBars, ...] = (),
    feel: float = 0.0,
) -> Drummer:
    """The drummer of a style; in other bars than 4/4 a plain beat is kept.

    `origin` is a tick of the first bar, or of what leads up to it; `density` below 1 leaves out hits; a fill is asked
    for from the tick `fill_from` on; `sections` are bar lines on which sections begin, None where nobody knows.  With
    `feel`, 0 to 1, the bars are so far on their way to those of the `fits`.
    """
    first, bar = metre.bar_near(origin), metre.place(origin).bar
    known = patterns(style)
    if kit.is_brushed:
        pattern = Pattern(brushed_bars(metre, bar, usual_swing(style) != STRAIGHT))
    elif bar == COMMON and metre.beat == TICKS_PER_BEAT:
        pattern = Random(seed).choices(known, [each.share for each in known])[0]
    else:
        pattern = Pattern((plain_bar(metre, bar),))
    bars = tuple(kit.bar(thinned(each, density), bar) for each in pattern.bars)
    fitted = [
        FittedBars(
            fit.number,
            tuple(
                between(
                    bars[number % len(bars)],
                    kit.bar(thinned(softened(theirs, kit), density), bar),
                    feel,
                )
                for number, theirs in enumerate(fit.bars)
            ),
        )
        for fit in (fits if feel and bar == COMMON else ())
    ]
    return Drummer(
        first,
        bar,
        bars,
        fills_of(style),
        seed,
        sections=sections,
        fill_from=fill_from,
        style=drums_of(style),
        accents=accents,
        kit=kit,
        fits=tuple(fitted),
        feel=feel,
    )


def accents_of(rests: Sequence[Stretch], bar: int) -> DrumBar:
    """Kick and snare where a rest begins, and where all come in again; after a bar of `bar` ticks with a crash."""
    hits = {rest.start: SNARE for rest in rests}
    for rest in rests:
        hits.setdefault(rest.end, CRASH if rest.end - rest.start >= bar else SNARE)
    return tuple(
        DrumHit(tick, drum, BOLD) for tick in sorted(hits) for drum in sorted((KICK, hits[tick]))
    )


def between(own: DrumBar, theirs: DrumBar, feel: float) -> DrumBar:
    """A bar that is on its way from its own hits to others, so far as `feel` says, 0 to 1.

    Of the hits by which they differ the first so many are those of the others: the kick goes first, which the bass goes
    with, then snares, then what keeps time; the loudest first.
    """
    at = [{hit[:2]: hit for hit in bar} for bar in (own, theirs)]
    differ = sorted(at[0].keys() ^ at[1].keys(), key=lambda place: _turn((at[0] | at[1])[place]))
    gone = set(differ[: round(feel * len(differ))])
    kept = [hit for place, hit in at[0].items() if place not in gone and place not in at[1]]
    for place, hit in at[1].items():
        before = at[0].get(place)
        if before or place in gone:
            since = before.velocity if before else hit.velocity
            velocity = round(since + (hit.velocity - since) * feel)
            kept.append(hit._replace(velocity=velocity, late=hit.late * feel))
    return tuple(sorted(kept))


def _turn(hit: DrumHit) -> tuple[int, int, DrumHit]:
    """Give the place of a hit in the order in which some are changed for others."""
    kind = 0 if hit.pitch == KICK else 1 if hit.pitch in _BACKBONE else 2
    return kind, -hit.velocity, hit


def softened(bar: DrumBar, kit: Kit) -> DrumBar:
    """The same hits as soft as a kit is played."""
    return tuple(hit._replace(velocity=max(1, hit.velocity * kit.loudest // 127)) for hit in bar)


def thinned(bar: DrumBar, density: float) -> DrumBar:
    """The hits of a bar that are left at a density below 1: the loudest, kicks and snares before others."""

    def weight(hit: DrumHit) -> float:
        return hit.velocity + _WEIGHS * (hit.pitch in _BACKBONE)

    left = round(len(bar) * min(1.0, density))
    return tuple(sorted(sorted(bar, key=weight, reverse=True)[: max(1, left)]))
