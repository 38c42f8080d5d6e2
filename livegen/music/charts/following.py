"""The place on a chart of a player who leaves out a bar, plays one twice, or goes to another section.

    follower = Follower(form)
    follower.hear(tick, chord)   # once a beat: the place as it is believed, in ticks of the form, and what sounds there
    follower.shift()             # by how many ticks the believed place is wrong: 0, until another is clearly better

A listener with the chart before him keeps several places in mind: all of them go on, cell by cell, and at each bar line
a little of their weight goes where players slip to (`SLIPS`).  What is heard makes those heavier in whose chart such a
chord stands (a forward filter of a hidden Markov model; Rabiner 1989).  One wrong chord costs the right place little, a
chord that is held counts less from beat to beat, and where all bars are alike no place gains.

Follows whole bars: who is a beat off stays a beat off.  Knows ticks and chords; knows no clock.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import exp, gcd

import numpy as np
from numpy.typing import NDArray

from livegen.music.charts.form import Form, PlayedBar
from livegen.music.chords.chord import Chord
from livegen.music.songs.song_past import alike

# How likely, at a bar line, a player goes elsewhere than on: by how many bars further or back ...
BARS_OFF = {1: 3e-3, 2: 1e-3, 3: 2e-4, 4: 1e-3, 5: 1e-4, 6: 1e-4, 7: 1e-4, 8: 1e-3}
REPEATED = LEFT_OUT = 5e-3  # at the end of a section: it comes again, or the next one is left out
TO_SECTION = 2e-4  # to the beginning of each section
TO_TOP = 1e-3  # to where the round begins
ANYWHERE = 1e-5  # to any bar
# The logarithm by which a chord is heard likelier in its place than by chance.
ALIKE, RELATED, FOREIGN = 2.3, -0.5, -2.0
SHARED = 0.4  # of all tones, by which a chord is related: Am to C7
# Shares of what is heard that is the chart's chord of this cell, of the one before (late), of the next (pushed).
NOW, LATE, PUSHED = 0.7, 0.23, 0.07
FADES = 0.7  # how fast a chord that is held says less: cell n of it counts n ** -FADES
CLEAR, LOST, STEADY = 0.9, 0.05, 3  # weights of another and of the believed place, for so long
MOST_CELLS = 4096  # of a chart; a longer one is not followed
MOST_HEARD = 512  # different chords of which it is remembered how likely they are
SAME = 16  # cells to come: places that have the same chords for so long are right or wrong together
WORTH = 0.01  # the least weight of those
WITNESSES, GAIN = 48, 12.0  # the last cells, in which another place fits better by so many nats
MOST_PASSED = 16  # cells that nobody heard; after more the believed place is taken for right
FAINT = 1e-6  # weight of a place from which nobody slips

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


def likeness(heard: Chord, written: Chord | None) -> float:
    """Give how much likelier a chord is heard where another is written than by chance, as a logarithm; 0 for N.C."""
    if written is None:
        return 0.0
    if alike(heard, written):
        return ALIKE
    tones, others = heard.pitch_classes, written.pitch_classes
    guides = {
        (written.root + 4) % 12,
        (written.root + 10) % 12,
    }  # which the tritone substitute has too
    is_related = (
        len(tones & others) >= SHARED * len(tones | others)
        or heard.root == written.root
        or heard.bass == written.root
        or guides <= tones & others
    )
    return RELATED if is_related else FOREIGN


@dataclass(frozen=True, slots=True)
class _Map:
    """A form's introduction and round as cells of `ticks` ticks, and where one goes from each bar.

    Arrays are over cells (N,), over bars (B,), or over bars and slips (B, S).  `chords` are different ones, the last
    is None; `now`, `before` and `after` are their numbers in a cell and in those beside it.
    """

    ticks: int
    begin: int  # the first cell of the round
    chords: tuple[Chord | None, ...]
    now: Places
    before: Places
    after: Places
    age: Floats  # for how many cells the chord has held, from 1
    starts: Places  # first cells of bars
    ends: Places  # last cells of bars
    next: Places  # the bar after
    slips: Places  # the bar that one slips to
    shares: Floats  # and how likely
    anywhere: Floats  # (B,): how likely one comes to a bar from any other

    @property
    def cells(self) -> int:
        """The number of cells, of introduction and round."""
        return len(self.now)

    @classmethod
    def of(cls, form: Form) -> "_Map | None":
        """The map of a form, None of one that is too long."""
        bars = form.intro + form.round
        ticks = gcd(*(length for bar in bars for length in (bar.ticks, bar.beat)))
        counts = [bar.ticks // ticks for bar in bars]
        if sum(counts) > MOST_CELLS:
            return None
        lines = np.array([0, *accumulate(counts)])
        written = [form.chord_at(cell * ticks) for cell in range(int(lines[-1]))]
        different = dict.fromkeys(written)
        different.pop(None, None)
        chords = (*different, None)
        number = {chord: at for at, chord in enumerate(chords)}
        now = np.array([number[chord] for chord in written])
        first = len(form.intro)
        begin, cells = int(lines[first]), np.arange(len(now))
        # In the round what comes before its first cell is its last: the introduction is played once.
        back, on = cells - 1, cells + 1
        back[begin], on[-1] = len(now) - 1, begin
        back[0] = max(back[0], 0)
        slips, shares = _slips(bars, first)
        return cls(
            ticks, begin, chords, now, now[back], now[on], _ages(now, back), lines[:-1], lines[1:] - 1,
            _bar_after(np.arange(len(bars)), 1, len(bars), first), slips, shares, _arrivals(bars, first),
        )  # fmt: skip

    def cell(self, tick: int) -> int:
        """The cell of a tick of the form, introduction or first round."""
        cell = tick // self.ticks
        if 0 <= cell < self.cells:
            return cell
        return self.begin + (cell - self.begin) % (self.cells - self.begin)

    def way(self, tick: int, cell: int) -> int:
        """Ticks from a tick of the form to the nearest at which that cell is."""
        place, length = cell * self.ticks, (self.cells - self.begin) * self.ticks
        by = place - tick // self.ticks * self.ticks
        if cell >= self.begin:
            by -= round(by / length) * length
            by += length if tick + by < self.begin * self.ticks else 0
        return by

    def same(self, cell: int, others: Places) -> Flags:
        """Tell which of other cells have the same chords for the next SAME cells; none where that is one chord."""
        ahead = np.append(cell, others)[:, None] + np.arange(SAME)
        ahead = np.where(
            ahead < self.cells, ahead, self.begin + (ahead - self.begin) % (self.cells - self.begin)
        )
        chords = self.now[ahead]
        changes = (chords[0] != chords[0, 0]).any()
        found: Flags = (chords[1:] == chords[0]).all(axis=1) & changes
        return found

    def back(self, cell: int, cells: int) -> Places:
        """A cell and those before it, so many in all; what was played before the introduction is its first cell."""
        back = cell - np.arange(cells)
        if cell < self.begin:
            return np.maximum(back, 0)
        return self.begin + (back - self.begin) % (self.cells - self.begin)

    def fits(
        self, cells: Places, likely: Floats, held: Places | int, rows: Places | int = 0
    ) -> Floats:
        """Give how much likelier than by chance a chord is heard in cells, held for so many.

        `likely` (D,) is so of each of `chords`; of several that were heard one after the other, from `rows` on.
        """
        fits = NOW * likely[rows + self.now[cells]]
        fits += LATE * likely[rows + self.before[cells]] + PUSHED * likely[rows + self.after[cells]]
        found: Floats = fits ** np.minimum(self.age[cells], held) ** -FADES
        return found

    def step(self, weights: Floats) -> Floats:
        """The weights a cell later."""
        moved = np.empty_like(weights)
        moved[1:] = weights[:-1]
        ends = weights[self.ends]
        moved[self.starts] = self._over_bar_line(ends) if ends.any() else 0.0
        return moved

    def _over_bar_line(self, ends: Floats) -> Floats:
        """Weights (B,) of first cells, from those of last cells."""
        bars = len(ends)
        heavy = np.flatnonzero(ends > FAINT)
        slips = self.shares[heavy] * ends[heavy, None]
        stay = ends.copy()
        stay[heavy] -= slips.sum(axis=1)
        arrived: Floats = self.anywhere * ends.sum()
        arrived += np.bincount(self.next, stay, bars)
        arrived += np.bincount(self.slips[heavy].ravel(), slips.ravel(), bars)
        return arrived


def _bar_after(bar: Places, by: int, bars: int, first: int) -> Places:
    """The bar so many further or back; round and round, never back into the introduction."""
    other = bar + by
    inside = (other >= 0) & (other < bars) & ((bar < first) | (other >= first))
    return np.where(inside, other, first + (other - first) % (bars - first))


def _sections(bars: tuple[PlayedBar, ...], first: int) -> list[int]:
    """The bars with which sections begin."""
    return [at for at, bar in enumerate(bars) if bar.begins or at in (0, first)]


def _slips(bars: tuple[PlayedBar, ...], first: int) -> tuple[Places, Floats]:
    """Give the bars to which one slips from each bar (B, S), and how likely (B, S)."""
    count = len(bars)
    every = np.arange(count)
    columns = [
        (_bar_after(every, 1 + off, count, first), np.full(count, share))
        for by, share in BARS_OFF.items()
        for off in (by, -by)
    ]
    begins = _sections(bars, first)
    again, further, shares = every.copy(), every.copy(), np.zeros(count)
    for begin, end in pairwise((*begins, count)):
        again[end - 1] = begin
        shares[end - 1] = REPEATED
        later = [at for at in begins if at > (end if end < count else first)]
        further[end - 1] = later[0] if later else first
    columns += [(again, shares), (further, shares * LEFT_OUT / REPEATED)]
    return np.stack([to for to, _ in columns], axis=1), np.stack(
        [one for _, one in columns], axis=1
    )


def _arrivals(bars: tuple[PlayedBar, ...], first: int) -> Floats:
    """Give how likely one comes to each bar (B,) from wherever one was; never to the introduction."""
    shares = np.full(len(bars), ANYWHERE / len(bars))
    shares[_sections(bars, first)] += TO_SECTION
    shares[first] += TO_TOP
    shares[:first] = 0.0
    return shares


def _ages(now: Places, back: Places) -> Floats:
    """For how many cells the chord of each cell has held there."""
    ages = np.ones(len(now))
    for _ in range(2):  # the second time the round's end is known, which comes before its beginning
        for cell, before in enumerate(back.tolist()):
            is_held = now[cell] == now[before] and cell != before
            ages[cell] = min(ages[before] + 1, len(now)) if is_held else 1.0
    return ages


@dataclass(slots=True)
class Follower:
    """Finds the place on a form again.  A beat costs well under a millisecond, and nothing grows.

    It follows whoever plays the form: of a form with more than MOST_CELLS cells it says nothing.
    """

    form: Form
    _map: _Map | None = field(init=False)
    _weights: Floats = field(init=False)  # (N,) of all cells, in sum 1; none where no map is
    _coming: Floats = field(init=False)  # the same, before the last cell was heard
    _tick: int | None = None  # the believed place that was heard last
    _heard: Chord | None = None
    _held: int = 0  # cells for which it has
    _held_before: tuple[Chord | None, int] = (None, 0)
    _clear: tuple[int, int] = (0, 0)  # a shift in ticks, and for how many cells it was better
    _clear_before: tuple[int, int] = (0, 0)
    _told: deque[tuple[Floats, int] | None] = field(default_factory=lambda: deque(maxlen=WITNESSES))
    _likely: dict[Chord, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._map = _Map.of(self.form)
        self._weights = self._coming = np.zeros(self._map.cells if self._map else 0)

    def hear(self, tick: int, chord: Chord | None) -> None:
        """Hear the chord that sounds at a place of the form, any tick from 0 on; None says nothing.

        Once for each beat, or oftener: the last word counts.  Beats that are passed over were not heard.  If the place
        goes on by `shift`, that was taken; if it goes elsewhere, somebody who knows has moved it.
        """
        if self._map is None:
            return
        ticks = self._map.ticks
        gone = self._gone(tick)
        if gone is None:
            self._seat(self._map.cell(tick))
        elif gone:
            self._held_before, self._clear_before = (self._heard, self._held), self._clear
            for _ in range(gone):
                self._weights = self._map.step(self._weights)
                self._told.append(None)
            self._coming = self._weights
        self._tick = tick // ticks * ticks
        self._heard, self._held = self._held_before
        self._weights, self._told[-1] = self._coming, None
        if chord is not None:
            self._held = self._held + 1 if chord == self._heard else 1
            self._heard = chord
            likely = self._likely_of(self._map, chord)
            self._weigh(self._map, likely)
            self._told[-1] = likely, self._held
        self._compare(self._map)

    def shift(self) -> int:
        """Ticks by which the believed place is to be moved, as long as it was not; 0 where it is well."""
        by, cells = self._clear
        return by if cells >= STEADY else 0

    def _gone(self, tick: int) -> int | None:
        """Cells that have passed since the last, whether the shift was taken or not; None where neither can be."""
        if self._map is None or self._tick is None:
            return None
        on = (tick // self._map.ticks) - self._tick // self._map.ticks
        taken = on - self.shift() // self._map.ticks
        if abs(taken - 1) < abs(on - 1):
            on, self._clear = taken, (0, 0)
        return on if 0 <= on <= MOST_PASSED else None

    def _seat(self, cell: int) -> None:
        """Somebody has said where the player is."""
        self._coming = np.zeros_like(self._weights)
        self._coming[cell] = 1.0
        self._weights = self._coming
        self._held_before, self._clear_before = (None, 0), (0, 0)
        self._told.clear()
        self._told.append(None)

    def _likely_of(self, chart: _Map, chord: Chord) -> Floats:
        """Give how much likelier than by chance a chord is heard where each chord of the chart is written."""
        likely = self._likely.get(chord)
        if likely is None:
            if len(self._likely) >= MOST_HEARD:
                self._likely.clear()
            likely = np.array([exp(likeness(chord, written)) for written in chart.chords])
            self._likely[chord] = likely
        return likely

    def _weigh(self, chart: _Map, likely: Floats) -> None:
        """Give each place weight by what is heard."""
        some = np.flatnonzero(self._coming)
        fits = chart.fits(some, likely, self._held) * self._coming[some]
        self._weights = np.zeros_like(self._coming)
        self._weights[some] = fits / fits.sum()

    def _is_clear(self, chart: _Map, best: int, believed: int) -> bool:
        """True if the best place and those that are the same for a while are clear together, without the believed one.

        A song comes back to its verse: nobody can tell the first from the second, and either is right for now.
        """
        heavy = np.flatnonzero(self._weights > WORTH)
        same = chart.same(best, np.append(heavy, believed))
        return bool(not same[-1] and self._weights[heavy[same[:-1]]].sum() > CLEAR)

    def _gain(self, chart: _Map, best: int, believed: int) -> float:
        """By how much the way to the best place fits better than the way to the believed, at most, over the last cells.

        Where a vamp has made all places likely, one bar with another chord is not enough to go elsewhere.
        """
        cells = len(self._told)
        some = [(cells - 1 - at, *told) for at, told in enumerate(self._told) if told is not None]
        ago, likely, held = zip(*reversed(some), strict=True)
        ways = np.stack([chart.back(place, cells) for place in (best, believed)])[:, list(ago)]
        rows = len(chart.chords) * np.arange(len(ago))
        fits = chart.fits(ways, np.concatenate(likely), np.array(held), rows)
        return float(np.log(fits[0] / fits[1]).cumsum().max())

    def _compare(self, chart: _Map) -> None:
        """Say whether another place is clearly better than the believed one, and for how long it has been."""
        best = int(self._weights.argmax())
        believed = chart.cell(self._tick or 0)
        is_clear = self._weights[believed] < LOST and (
            self._weights[best] > CLEAR or self._is_clear(chart, best, believed)
        )
        is_clear = is_clear and any(self._told) and self._gain(chart, best, believed) >= GAIN
        by = chart.way(self._tick or 0, best) if is_clear else 0
        before, cells = self._clear_before
        self._clear = (by, cells + 1 if by == before else 1) if by else (0, 0)
