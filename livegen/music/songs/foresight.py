"""The chords that are to come in a song, and its form, learned while it is played.

    foresight = Foresight(metre)
    foresight.hear(tick, chord)          # what sounds, once a beat or oftener
    foresight.expected(tick, tick + 192)  # what will, beat by beat, and how sure that is
    foresight.form()                     # how long a chorus is, and where this one began

Time is cut into cells: beats, or what divides all bars where beats do not.  All lags into the song's own past are
compared with what is heard at once (`song_past.py`), those that are right vote for what comes (`recall.py`), beside a
table of what other songs do (`progressions.py`).  A bar too many or too few, a wrong chord, another first chorus
thereby cost a few beats.  Where nothing comes back, what is expected is little sure.

Knows ticks; knows no micros, notes or parts.
"""

from dataclasses import dataclass, field
from math import gcd
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.chords.chord import Chord
from livegen.music.songs.recall import CellPlace, facts_of, trust, voted
from livegen.music.songs.song_form import Returns, length_of, start_of
from livegen.music.songs.song_past import CELLS, LAGS, SPARE, UNKNOWN, Past
from livegen.music.time.metre import COMMON_TIME, Metre

AHEAD = 64  # cells after the last heard, of which something is expected
CUED = 0.9  # how sure it is after a cue to the top
GAIN = 8.0  # chords, and bars, that a cue is worth
STEADY = 4  # bars over which it is watched whether the form holds
GOES_ON = 0.3  # votes for the next place of the form, where the past has 1 in all

Places = NDArray[np.int64]


class Expected(NamedTuple):
    """A chord that is expected to sound from `tick` to the next cell.

    `sure` is 0 to 1: of those with 0.9 nine of ten come.  `chord` is None, with 0, where no chord was ever heard.
    """

    tick: int
    chord: Chord | None
    sure: float


class SongForm(NamedTuple):
    """A form of so many bars; `start` is the tick at which it began this time, `sure` 0 to 1."""

    length_bars: int
    start: int
    sure: float


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Cells of `ticks` ticks from the first bar line of a metre on; cell numbers may be negative."""

    metre: Metre
    ticks: int

    @classmethod
    def of(cls, metre: Metre) -> "CellGrid":
        """The longest cells, a beat at most, of which all bars consist."""
        first = metre.changes[0][0]
        whole = [length for _, length in metre.changes]
        whole += [tick - first for tick, _ in metre.changes]
        return cls(metre, gcd(metre.beat, *whole))

    def cell(self, tick: int) -> int:
        """The cell in which a tick lies."""
        return (tick - self.metre.changes[0][0]) // self.ticks

    def tick(self, cell: int) -> int:
        """The tick at which a cell begins."""
        return self.metre.changes[0][0] + cell * self.ticks

    def place(self, cell: int) -> CellPlace:
        """Give the place of a cell in its bar."""
        position, bar = self.metre.place(self.tick(cell))
        return CellPlace(position // self.ticks, bar // self.ticks)


@dataclass(slots=True)
class Foresight:
    """The song so far, as a bandmate knows it.  Ticks are those of one timeline with one metre.

    A beat of hearing and two bars of expecting cost well under a millisecond at any length of the song, and at most
    CELLS cells are remembered.
    """

    metre: Metre = COMMON_TIME
    _grid: CellGrid = field(init=False)
    _past: Past = field(default_factory=Past)
    _first: int | None = None  # the cell that was heard first of all
    _places: Places = field(default_factory=lambda: np.full(CELLS, UNKNOWN, np.int64))
    _returns: Returns = field(default_factory=Returns)
    _bars: int | None = None  # of the form
    _sure: float = 0.0
    _steady: float = 0.0  # share of the last cells that were as the form has them
    # The first cell of the loop, and the chord of each of its cells.
    _loop: tuple[int, list[Chord | None]] | None = None
    _cue: int | None = None  # the cell to come at which the form begins anew

    def __post_init__(self) -> None:
        self._grid = CellGrid.of(self.metre)

    # --- hearing --------------------------------------------------------------------------------------------------

    def hear(self, tick: int, chord: Chord | None) -> None:
        """Hear the chord that sounds at `tick`; None where nobody knows.

        Of a cell the last word counts, so it may be said as often as it is known better; cells that are passed over
        are unknown.  A chord that is heard late may be said again with the tick at which it should have been heard.
        """
        cell = self._grid.cell(tick)
        if self._first is None:
            self._first = cell
        back = self._last - cell
        if back >= 0:
            if back < self._past.count:
                self._past.revise(chord, back)
            return
        if self._past.count:
            self._returns.take(self._past, self._grid.place(self._last).cells)
        if -back > CELLS:
            loop = self._loop
            self.forget()
            self._first, self._loop, back = cell, loop, -1
        for passed in range(0, -back - 1, SPARE):
            self._pass_over(min(SPARE, -back - 1 - passed))
        self._hear(chord)

    def retime(self, metre: Metre, tick: int) -> None:
        """From now on ticks are those of another timeline, on which the cell after the last one begins at `tick`.

        The song goes on, beat by beat; its form has to be found anew only if bars have more or fewer cells than before.
        """
        grid = CellGrid.of(metre)
        after = grid.cell(tick + grid.ticks // 2)
        shift = after - self._last - 1
        if grid.place(after).cells != self._grid.place(self._last + 1).cells:
            self._lose_form()
        self.metre, self._grid = metre, grid
        if self._first is not None:
            self._first += shift
        if self._loop is not None:
            self._loop = self._loop[0] + shift, self._loop[1]
        if self._cue is not None:
            self._cue += shift

    def forget(self) -> None:
        """Another song begins."""
        self._past, self._first, self._loop, self._cue = Past(), None, None, None
        self._lose_form()

    def _lose_form(self) -> None:
        """The form has to be found anew."""
        self._returns = Returns()
        self._bars, self._sure, self._steady = None, 0.0, 0.0
        self._places[:] = UNKNOWN

    @property
    def _last(self) -> int:
        """The last cell of which something was heard, one before the first where nothing was."""
        return (self._first or 0) + self._past.dropped + self._past.count - 1

    def _at(self, cell: int) -> int:
        """Give the place of a cell in the past."""
        return cell - (self._first or 0) - self._past.dropped

    def _hear(self, chord: Chord | None) -> None:
        before = self._past.dropped
        self._past.hear(chord)
        self._drop_places(before)
        bar = self._grid.place(self._last)
        if bar.phase == 0:
            self._find_form(bar.cells)
        if self._bars is not None:
            self._follow_form(self._bars * bar.cells, bar.cells)
        if self._cue == self._last:
            self._take_cue()

    def _pass_over(self, cells: int) -> None:
        """Nobody knows so many cells; the form goes on through them."""
        before = self._past.dropped
        self._past.pass_over(cells)
        self._drop_places(before)
        begin, end = self._past.count - cells, self._past.count
        place = int(self._places[begin - 1]) if begin and self._bars is not None else UNKNOWN
        self._places[begin:end] = UNKNOWN
        if place != UNKNOWN:
            length = self._form_cells()
            self._places[begin:end] = (place + 1 + np.arange(cells)) % length

    def _drop_places(self, before: int) -> None:
        """Forget as many places as the past forgot cells."""
        gone = self._past.dropped - before
        self._places[: CELLS - gone] = self._places[gone:]

    def _form_cells(self) -> int:
        """Give the number of cells of the form, 0 where none is known."""
        return (self._bars or 0) * self._grid.place(self._last).cells

    def _find_form(self, bar: int) -> None:
        found = length_of(self._past, self._returns, bar, self._bars, self._steady)
        self._sure = 0.0 if found is None else found.sure
        bars = None if found is None else found.bars
        if bars is not None and bars != self._bars:
            count = self._past.count
            phase = self._grid.place(self._last - count + 1).phase
            start = start_of(self._past, bar, bars, phase)
            places = np.arange(-start, count - start)
            self._places[:count] = np.where(places < 0, UNKNOWN, places % (bars * bar))
        self._bars = bars

    def _follow_form(self, length: int, bar: int) -> None:
        """Find the place of the last cell in a form of so many cells, and say whether that cell is as it was there."""
        now = self._past.count - 1
        place = self._places[now] = self._place(now, length, bar)
        earlier = np.flatnonzero(self._places[:now] == place)
        if place != UNKNOWN and len(earlier):
            one, other = self._past.heard[[now, earlier[-1]]].tolist()
            is_same = one != UNKNOWN and self._past.classes[one] == self._past.classes[other]
            self._steady += (float(is_same) - self._steady) / (STEADY * bar)

    def _place(self, now: int, length: int, bar: int) -> int:
        """Give the place that most of the past has for cell `now`, or one after the last's; UNKNOWN if none knows."""
        before = int(self._places[now - 1]) if now else UNKNOWN
        votes = np.zeros(length + 1)  # the last is that of UNKNOWN
        if before != UNKNOWN:
            votes[(before + 1) % length] = GOES_ON
        lags, about = facts_of(self._past, bar)
        if len(lags):
            worth = about @ trust().lags
            weights = np.exp(worth - worth.max())
            places = self._places[now - lags]
            places = np.where((places == UNKNOWN) | (places >= length), length, places)
            votes += np.bincount(places, weights / weights.sum(), length + 1)
        best = int(votes[:length].argmax())
        return best if votes[best] else UNKNOWN

    # --- telling --------------------------------------------------------------------------------------------------

    def form(self) -> SongForm | None:
        """The form, as soon as it came back or was told; None until then, and where nothing comes back."""
        if self._loop is not None:
            start, chords = self._loop
            round_began = self._last - self._in_loop(self._last)
            bar = self._grid.place(start).cells
            return SongForm(max(1, round(len(chords) / bar)), self._grid.tick(round_began), 1.0)
        if self._bars is None or not self._past.count:
            return None
        place = int(self._places[self._past.count - 1])
        if place == UNKNOWN:
            return None
        return SongForm(self._bars, self._grid.tick(self._last - place), self._sure)

    def expected(self, since: int, until: int) -> tuple[Expected, ...]:
        """The chord of each cell that begins at a tick from `since` to before `until` and was not heard yet.

        Of at most AHEAD cells after the last that was heard; so far ahead little is sure.
        """
        begin = self._grid.cell(since + self._grid.ticks - 1)
        end = self._grid.cell(until + self._grid.ticks - 1)
        if self._loop is not None:
            return tuple(self._of_loop(cell) for cell in range(begin, min(end, begin + AHEAD)))
        if self._first is None:
            cells = range(begin, min(end, begin + AHEAD))
            return tuple(Expected(self._grid.tick(cell), None, 0.0) for cell in cells)
        begin, end = max(begin, self._last + 1), min(end, self._last + 1 + AHEAD)
        return self._voted(begin, end) if begin < end else ()

    def _voted(self, begin: int, end: int) -> tuple[Expected, ...]:
        cue = end if self._cue is None or self._cue <= self._last else min(self._cue, end)
        coming = [self._grid.place(cell) for cell in range(self._last + 1, cue)]
        bar = self._grid.place(self._last).cells
        knows_chords = bool(self._past.changes(1))
        found = []
        skipped = begin - self._last - 1
        for cell, vote in enumerate(voted(self._past, coming, bar)[skipped:], begin):
            chord = self._past.chords[vote.number] if knows_chords else None
            share = min(1.0, vote.share) if chord else 0.0
            found.append(Expected(self._grid.tick(cell), chord, share))
        if cue < end:
            top, length = self._top(), self._form_cells()
            for cell in range(max(begin, cue), end):
                after = (cell - cue) % length if length else cell - cue
                chord = self._chord(top + after)
                found.append(Expected(self._grid.tick(cell), chord, CUED if chord else 0.0))
        return tuple(found)

    def _chord(self, at: int) -> Chord | None:
        """The chord at a place of the past."""
        number = int(self._past.heard[at]) if 0 <= at < self._past.count else UNKNOWN
        return None if number == UNKNOWN else self._past.chords[number]

    # --- being told -----------------------------------------------------------------------------------------------

    def restart(self, tick: int) -> None:
        """The form, or the loop, begins anew at `tick`, which may be to come: the player gave a cue for the top."""
        cell = self._grid.cell(tick + self._grid.ticks // 2)
        if self._loop is not None and self._cue is not None:
            self._loop = self._cue, self._loop[1]
        self._cue = cell
        if self._first is not None and cell <= self._last:
            self._take_cue()

    def loop(self, start: int, end: int) -> None:
        """Let the chords from tick `start` to `end` go round from now on, whatever is heard, until `unloop`.

        Cells of which nothing was heard have the chord before.  Raises ValueError if it is shorter than a cell or
        longer than the memory.
        """
        half = self._grid.ticks // 2
        begin, after = self._grid.cell(start + half), self._grid.cell(end + half)
        if not 0 < after - begin <= LAGS:
            raise ValueError(
                f"a loop from tick {start} to {end} has {after - begin} cells of 1 to {LAGS}"
            )
        chords = [self._chord(self._at(cell)) for cell in range(begin, after)]
        held = next((chord for chord in reversed(chords) if chord), None)
        for at, chord in enumerate(chords):
            chords[at] = held = chord or held
        self._loop, self._cue = (begin, chords), None

    def unloop(self) -> None:
        """The loop goes round no longer; the song is remembered as it was heard."""
        self._loop = None

    def _in_loop(self, cell: int) -> int:
        """Give the place of a cell in the loop."""
        start, chords = self._loop or (0, [])
        if self._cue is not None and cell >= self._cue:
            start = self._cue
        return (cell - start) % len(chords)

    def _of_loop(self, cell: int) -> Expected:
        chord = self._loop[1][self._in_loop(cell)] if self._loop else None
        return Expected(self._grid.tick(cell), chord, 1.0 if chord else 0.0)

    def _top(self) -> int:
        """The place in the past at which the form began when it was last heard whole, or the first chord of all."""
        tops = np.flatnonzero(self._places[: self._past.count] == 0)
        whole = tops[tops + self._form_cells() <= self._past.count]
        known = np.flatnonzero(self._past.heard[: self._past.count] != UNKNOWN)
        return int(whole[-1]) if len(whole) else int(known[0]) if len(known) else 0

    def _take_cue(self) -> None:
        """From the cue on the song is as it was from its tops on."""
        at = self._at(self._cue or 0)
        if not 0 < at < self._past.count:
            return
        tops = np.flatnonzero(self._places[:at] == 0)
        tops = tops if len(tops) else np.array([self._top()])
        self._past.favour(at - tops[tops < at], GAIN, GAIN * self._grid.place(self._last).cells)
        if length := self._form_cells():
            self._places[at : self._past.count] = np.arange(self._past.count - at) % length
