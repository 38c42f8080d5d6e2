"""The song so far, as a band remembers it: the chords that were played at each beat, and those that will be.

Feeds what the left hand plays to `music.songs.foresight`, beat by beat, and goes on where the bars are others.  Knows
chords, micros and ticks; knows no notes.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from livegen.jam.harmony.outline import ChordFrom, foot
from livegen.jam.harmony.sections import of_round
from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.chords.progressions import class_of
from livegen.music.melody.phrase import CHORD_US
from livegen.music.songs.foresight import CellGrid, Foresight
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import Timeline

SURE = 0.6  # chords that are foreseen are gone by from this probability on
# While a left hand plays, from this one: in the first eight bars of POP909's songs (valid) .45 of the chords came that
# were foreseen at .6 to .7.  Who does not strike them lets the player come first, and follows at once.
SURE_BESIDE = 0.7
LATE = 0.75  # of a beat: so late the hand may be with the chord of that beat
# Ticks after a beat at which a chord that is struck there is meant for the eighth behind it, straight or swung: what is
# nearer to the beat, or to the next, is the hand's doing.
_ON_OFF_BEAT = range(10, 18)
_EARLY = TICKS_PER_BEAT // 4  # ticks before a beat from which on a stroke is that beat's
_AT_ONCE = 8  # cells that are remembered at once: while nobody goes along, nobody asks
_CHORDS = 64  # that are looked through for the one of a beat
_WHOLE = 3  # tones that are a chord
_KEPT = 96  # ticks for which it is kept what was expected


# From a chord to a chord, by class, and where in its bar the cell begins, ticks.
Change = tuple[int, int, int]


class Strokes(NamedTuple):
    """Keys of the left hand that went down together: when the first did, micros, and how many tones they are."""

    at: int
    tones: int


class Followed(NamedTuple):
    """The way a song went on: whether ticks are those of before, and the chord of each beat that is over by now."""

    is_same: bool
    beats: Sequence[ChordFrom]


class SongMemory:
    """The chords of a song by its beats.  Threads: loop only."""

    def __init__(self) -> None:
        self._sounded: deque[tuple[int, Chord | None]] = deque(maxlen=_CHORDS)  # since when, micros
        self._strokes: deque[Strokes] = deque(maxlen=_CHORDS)
        # The number of ticks after its beat at which a change was struck last.
        self._pushed: dict[Change, int] = {}
        self._song: Foresight | None = None
        self._grid: CellGrid | None = None
        self._timeline: Timeline | None = None
        self._reached = 0  # the cell that is heard next
        self._loop: tuple[int, int] | None = None  # its cells; of its last bar some may be to come
        self._is_loop_whole = False
        # By the tick of a cell: the chord that was expected for it last, and from which tick on.
        self._said: dict[int, ChordFrom] = {}

    def sounds(self, chord: Chord | None, at: int) -> None:
        """A chord is heard since `at`, micros, or none any more."""
        if not self._sounded or self._sounded[-1][1] != chord:
            self._sounded.append((at, chord))

    def strikes(self, at: int, tones: int) -> None:
        """Keys of the left hand went down together, the first at `at`, micros: so many tones by now."""
        if self._strokes and self._strokes[-1].at == at:
            self._strokes.pop()
        self._strokes.append(Strokes(at, tones))

    def follow(self, timeline: Timeline, now: int, is_supposed: Callable[[int], bool]) -> Followed:
        """Let the song go on to `now`: what was heard in each beat that is over is remembered.

        `is_supposed` says of a tick that its chord was foreseen and nobody has played it.
        """
        tick, is_same = timeline.tick(now), self._is_same(timeline, now)
        if self._song is None or self._grid is None:
            self._song, self._grid = Foresight(timeline.metre), CellGrid.of(timeline.metre)
            since = self._sounded[0][0] if self._sounded else now
            self._reached = self._grid.cell(timeline.tick(since))
        elif not is_same:
            self._grid = self._lay_anew(self._song, self._grid, timeline, tick)
        self._timeline = timeline
        self._reached = max(self._reached, self._grid.cell(tick) - _AT_ONCE)
        into = round(LATE * self._grid.ticks)
        beats = []
        while (begin := self._grid.tick(self._reached)) + into <= tick:
            at = timeline.micros(begin + into)
            since = self._said[begin].tick if begin in self._said else begin
            beats.append(ChordFrom(begin, None if is_supposed(since) else self._chord_at(at)))
            self._note_push(begin, at, timeline)
            self._song.hear(*beats[-1])
            self._reached += 1
        if self._loop and not self._is_loop_whole and self._loop[1] <= self._reached:
            self._take_loop(self._loop)
        return Followed(is_same, beats)

    def _note_push(self, begin: int, at: int, timeline: Timeline) -> None:
        """Remember whether the chord of a cell, which sounds at `at`, micros, was struck on the eighth behind its beat.

        It is not where a single key was struck before it in that beat: that is the bass, and the chord is its.
        """
        first = timeline.micros(begin - _EARLY)
        before, chord = self._chord_at(first), self._chord_at(at)
        if chord is None or before is None or not is_other(chord, before):
            return
        strokes = [row for row in self._strokes if first <= row.at <= at]
        late = 0
        if all(row.tones >= _WHOLE for row in strokes):
            heard = ((row.at, self._chord_at(row.at + CHORD_US)) for row in strokes)
            came = (since for since, other in heard if other and not is_other(chord, other))
            late = timeline.tick(next(came, first)) - begin
        is_pushed = late in _ON_OFF_BEAT
        self._pushed[self._change(before, chord, begin, timeline)] = late if is_pushed else 0

    def _change(self, before: Chord, chord: Chord, begin: int, timeline: Timeline) -> Change:
        return class_of(before), class_of(chord), timeline.metre.place(begin).position

    def _lay_anew(
        self, song: Foresight, before: CellGrid, timeline: Timeline, tick: int
    ) -> CellGrid:
        """The song goes on in the cells of a timeline with other ticks, from the cell of `tick` on; gives the cells.

        A loop goes on beat by beat, from the cell that was to be heard next.
        """
        grid = CellGrid.of(timeline.metre)
        if self._loop and self._timeline:
            next_us = self._timeline.micros(before.tick(self._reached))
            tick = timeline.tick(next_us) + grid.ticks // 2
        reached = grid.cell(tick)
        if self._loop:
            by = reached - self._reached
            self._loop = self._loop[0] + by, self._loop[1] + by
        self._reached = reached
        self._said.clear()
        song.retime(timeline.metre, grid.tick(reached))
        return grid

    def _is_same(self, timeline: Timeline, now: int) -> bool:
        """True if ticks are counted as before: tempi may have changed a little."""
        before = self._timeline
        if before is None or before.metre != timeline.metre:
            return False
        return abs(before.tick(now) - timeline.tick(now)) <= timeline.metre.beat // 2

    def _chord_at(self, at: int) -> Chord | None:
        return next((chord for since, chord in reversed(self._sounded) if since <= at), None)

    def coming(
        self, since: int, until: int, before: Chord, has_hand: bool
    ) -> tuple[tuple[ChordFrom, ...], int]:
        """The changes after tick `since` that are sure enough, and up to which tick that is so.

        `before` is the chord that holds; `has_hand` says that a left hand plays on, and would play what is not sure.
        A chord that was expected and that the player has overruled is no change where it goes on.
        """
        found: list[ChordFrom] = []
        if self._song is None or self._grid is None or self._timeline is None:
            return (), since
        rows = self._song.expected(since + 1, until)
        said = self._said.get(rows[0].tick - self._grid.ticks) if rows else None
        self._said = {tick: it for tick, it in self._said.items() if tick >= since - _KEPT}
        self._said |= {row.tick: ChordFrom(row.tick, row.chord) for row in rows}
        if said is not None and said.tick > since and said.chord and is_other(said.chord, before):
            found.append(said)  # it is struck on the eighth behind a beat that has begun
            before = said.chord
        for tick, chord, sure in rows:
            if chord is None or sure < (SURE_BESIDE if has_hand else SURE):
                return tuple(found), tick
            goes_on = said is not None and said.chord and not is_other(chord, said.chord)
            if is_other(chord, before) and not goes_on:
                late = self._pushed.get(self._change(before, chord, tick, self._timeline), 0)
                self._said[tick] = ChordFrom(tick + late, chord)
                found.append(self._said[tick])
                before = chord
            said = self._said[tick]
        return tuple(found), until

    # --- cues -----------------------------------------------------------------------------------------------------

    @property
    def loops(self) -> bool:
        """True if bars that were played go round."""
        return self._loop is not None

    def loop(self, now: int, most: int) -> int:
        """Let the last `most` bars, a power of two, up to the nearest bar line go round, or fewer if fewer were played.

        Gives how many do; 0 if no chord was played in the last.  Ask after `follow`.
        """
        if self._timeline is None or self._grid is None:
            return 0
        tick = self._timeline.tick(now)
        line, bar = self._timeline.metre.bar_near(tick), self._timeline.metre.place(tick).bar
        while most and not self._is_played(line - most * bar, min(line, tick)):
            most //= 2
        if most:
            self._take_loop((self._grid.cell(line - most * bar), self._grid.cell(line)))
        return most

    def _take_loop(self, cells: tuple[int, int]) -> None:
        if self._song and self._grid:
            self._song.loop(*(self._grid.tick(cell) for cell in cells))
            self._said.clear()
        self._loop, self._is_loop_whole = cells, cells[1] <= self._reached

    def _is_played(self, since: int, until: int) -> bool:
        """True if chords were played from tick `since` to tick `until` without a gap."""
        if self._timeline is None or self._grid is None or until <= since:
            return False
        begin = self._timeline.micros(since + round(LATE * self._grid.ticks))
        end = self._timeline.micros(until)
        is_gap = any(begin < at < end for at, chord in self._sounded if chord is None)
        return self._chord_at(begin) is not None and not is_gap

    def unloop(self) -> None:
        """End the loop."""
        self._loop = None
        if self._song:
            self._song.unloop()

    def looped(self, tick: int) -> Chord | None:
        """The chord of the loop at a tick; None while it is still played for the first time, and without one."""
        if self._song is None or self._grid is None or self._loop is None:
            return None
        cell = self._grid.cell(tick)
        if cell < self._loop[1]:
            return None
        begin, end = self._grid.tick(cell), self._grid.tick(cell + 1)
        return next((it.chord for it in self._song.expected(begin, end)), None)

    def restart(self, line: int) -> bool:
        """The song begins anew at a bar line, as it began before; False if nothing of it is known."""
        is_known = self._song is not None and any(chord for _, chord in self._sounded)
        if self._song and is_known:
            self._song.restart(line)
            self._said.clear()
        return is_known

    def sections(self, since: int, until: int, timeline: Timeline) -> frozenset[int] | None:
        """The bar lines from tick `since` to before `until` on which the form, or a part of it, begins.

        None where no form was found.
        """
        form = self._song.form() if self._song else None
        if form is None or form.sure < SURE:
            return None
        bar = timeline.metre.place(since).bar
        return frozenset(of_round(form.start, form.length_bars * bar, bar, since, until))

    # --- for people -----------------------------------------------------------------------------------------------

    def snapshot(self, timeline: Timeline, tick: int) -> dict[str, object]:
        """The form that was found: how many bars, and in which one, from 1, a tick lies."""
        form = self._song.form() if self._song else None
        if form is None or form.sure < SURE:
            return {}
        into = (tick - form.start) // timeline.metre.place(tick).bar
        return {"bars": form.length_bars, "bar": into % form.length_bars + 1}


def is_other(one: Chord, other: Chord) -> bool:
    """True if a band plays something else over one chord than over the other: another bass or another third."""
    return foot(one) != foot(other) or _third(one) != _third(other)


def _third(chord: Chord) -> int | None:
    """The pitch class of its third; None where it has none, or has both."""
    thirds = [step for step in INTERVALS[chord.kind] if step in (3, 4)]
    return (chord.root + thirds[0]) % 12 if thirds else None
