"""The memory of a session: all that was played, and what came next wherever it was like now.

An index of suffixes, as a Continuator has it (Pachet 2003, "The Continuator: musical interaction with style"; the
reductions are his): where the last notes were played before, the notes that came next there are likely to come again,
the more of them were the same, and the more exactly.  A place is found by what a `MemoryLevel` keeps of a note.  With a
network's expectations what is found is mixed as a continuous cache (Grave et al. 2017, arXiv 1612.04426); without one
it is a Markov chain of variable order.

A value: `after` gives the memory after one more event and leaves the old one as it was, but for the length of a note,
which is known to all who know the note.  Knows events; knows no network, no turns and no chance.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.codec.layout import ADVANCE, FIELDS, NO_GRID, NO_PITCH, Event
from livegen.inference.contract import Logits, Query
from livegen.inference.sampling import probabilities
from livegen.music.parts import DRUMS
from livegen.music.time.quantise import on_line

MOST = 4096  # notes that are kept
_LET_GO = MOST // 4  # the oldest, when there is no room for more
LONGEST = 8  # notes of a suffix
PLACES = 16  # the latest of those that are alike
FAR = ADVANCE  # ticks between two onsets, or more: another phrase
_NO_STEP = 128
_TIMES = FAR + 1  # by which the times of codes are told apart
ORDER = 4  # notes of a suffix of a model that knows nothing else: longer ones are a copy
ALL = 0.98  # the share that it gives to what was played
_NEAR = 1  # ticks by which an event may be off the one that is remembered

# The share of what came next, by field, and then by level and by how many notes were alike: those by which music of the
# train splits is likeliest (`python -m bench.memory DATA --fit`), in order and rounded.
SHARES: dict[str, tuple[tuple[float, ...], ...]] = {
    "time": (
        (0.0, 0.0, 0.0, 0.005, 0.01, 0.025, 0.05, 0.28),
        (0.0, 0.005, 0.02, 0.05, 0.07, 0.15, 0.2, 0.5),
        (0.005, 0.015, 0.03, 0.045, 0.1, 0.3, 0.3, 0.44),
    ),
    "part": (
        (0.0, 0.0, 0.0, 0.005, 0.005, 0.01, 0.1, 0.15),
        (0.0, 0.01, 0.01, 0.015, 0.06, 0.09, 0.15, 0.16),
        (0.0, 0.005, 0.01, 0.015, 0.04, 0.04, 0.08, 0.15),
    ),
    "on": (
        (0.0, 0.0, 0.0, 0.005, 0.02, 0.04, 0.15, 0.15),
        (0.0, 0.005, 0.005, 0.005, 0.06, 0.06, 0.1, 0.14),
        (0.0, 0.005, 0.005, 0.005, 0.09, 0.12, 0.12, 0.14),
    ),
    "pitch": (
        (0.005, 0.03, 0.035, 0.05, 0.065, 0.12, 0.12, 0.33),
        (0.01, 0.015, 0.02, 0.03, 0.11, 0.12, 0.12, 0.24),
        (0.015, 0.055, 0.055, 0.06, 0.26, 0.28, 0.28, 0.29),
    ),
    "velocity": (
        (0.005, 0.005, 0.015, 0.04, 0.05, 0.05, 0.1, 0.1),
        (0.005, 0.005, 0.015, 0.015, 0.02, 0.02, 0.02, 0.04),
        (0.01, 0.01, 0.05, 0.15, 0.24, 0.25, 0.3, 0.3),
    ),
}

HALF = 0.5  # the strength at which music is likeliest
# At the most, by how many notes are alike: who begins a lick goes on with it, and leaves it again, for an echo is no
# answer (as of the theme, livegen/jam/band/theme.py).
QUOTED = (0.2, 0.45, 0.65, 0.7, 0.7, 0.6, 0.5, 0.35)

Ints = NDArray[np.int32]
Votes = NDArray[np.float64]


class MemoryLevel(IntEnum):
    """The facts that are kept of a note, from few to many; its time is since the onset before, as a hand means it."""

    STEPS = 0  # part and interval
    FIGURE = 1  # part, interval and time
    LINE = 2  # part, pitch and time


class _Column(IntEnum):
    """The columns of a note, and then its code at each level."""

    PART = 0
    PITCH = 1
    VELOCITY = 2
    GAP = 3  # ticks since the onset before
    STEP = 4  # semitones from the onset before of its part, or _NO_STEP
    BEGINS = 5  # 1 where a phrase begins
    LENGTH = 6  # ticks; 0 while it sounds, and of drums
    CODES = 7


@dataclass(slots=True)
class _Log:
    """Notes in the order in which they began; memories share it and know how many of its rows are theirs."""

    rows: Ints = field(
        default_factory=lambda: np.zeros((_Column.CODES + len(MemoryLevel), MOST), np.int32)
    )
    count: int = 0
    gone: int = 0  # notes that were let go

    def from_here(self, count: int) -> "_Log":
        """The log in which row `count` is free: this one, or a copy if others have gone on in it or it is full."""
        if count == self.count < MOST:
            return self
        gone = _LET_GO if count == MOST else 0
        other = _Log(count=count - gone, gone=self.gone + gone)
        other.rows[:, : other.count] = self.rows[:, gone:count]
        return other


class _Sounding(NamedTuple):
    """A note that sounds: when it began, how many onsets there were by then, and its number in the log, or -1."""

    since: int
    nth: int
    number: int


class Continuations(NamedTuple):
    """The events that came next where the last `matched` notes were as now, at a level; each array is (places,).

    `time` is in ticks from the event heard last, -1 where that is over; `on`, `part` and `pitch` are that event's.
    `row` is the note that began next.
    """

    level: MemoryLevel
    matched: int
    time: Ints
    on: Ints
    part: Ints
    pitch: Ints
    row: Ints


class _Like(NamedTuple):
    """The places where the last `matched` notes were as now, at a level (places,): rows of the log."""

    level: MemoryLevel
    matched: int
    places: NDArray[np.intp]


class Vote(NamedTuple):
    """The counts of each class of a field that came next (classes,), where `matched` notes were alike at a level."""

    level: MemoryLevel
    matched: int
    votes: Votes


@dataclass(frozen=True, eq=False)
class Memory:
    """See the module's first lines.  Threads: loop only."""

    _log: _Log = field(default_factory=_Log)
    _count: int = 0
    _clock: int = 0  # ticks of all events
    _struck: int | None = None  # of the last onset
    _played: int | None = None  # of the last that was learned
    # By part: the last pitch that was learned.
    _learned: dict[int, int] = field(default_factory=dict)
    _recent: tuple[tuple[int, ...], ...] = ()  # codes of the last onsets
    _nth: int = 0  # onsets so far
    _is_strange: bool = True  # the last onset was not learned
    _sounding: dict[tuple[int, int], _Sounding] = field(default_factory=dict)
    # What was found, by the longest suffix: of all memories since an onset, and of this one.
    _alike: dict[int, list[_Like]] = field(default_factory=dict)
    _events: dict[int, list[Continuations]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Notes that are remembered."""
        return self._count

    @property
    def learned(self) -> int:
        """Notes that were ever learned, also those that were let go."""
        return self._log.gone + self._count

    @property
    def notes(self) -> Ints:
        """All notes remembered, (notes, 5): part, pitch, velocity class, ticks since the onset before, length in ticks.

        At most `FAR` ticks, where a phrase begins; no length (0) of drums, nor of what still sounds.
        """
        columns = [_Column.PART, _Column.PITCH, _Column.VELOCITY, _Column.GAP, _Column.LENGTH]
        return self._log.rows[columns, : self._count].T

    def after(self, event: Event, learns: bool) -> "Memory":
        """The memory after an event; a note that begins is remembered if it `learns`, else it is only heard.

        What is only heard counts in parts that were learned: a band beside the player leads his line nowhere.
        """
        clock = self._clock + event.time
        if event.time == ADVANCE:
            return replace(self, _clock=clock, _events={})
        voice = event.part, event.pitch
        if not event.on:
            return self._ended(voice, clock)
        if not learns and event.part not in self._learned:
            return replace(self, _clock=clock, _events={})
        log, count, number, learned = self._log, self._count, -1, self._learned
        before = learned.get(event.part, NO_PITCH) if learns else event.before
        gap = self._gap(clock, learns)
        has_step = before != NO_PITCH and event.part != DRUMS and not (learns and gap == FAR)
        step = event.pitch - before if has_step else _NO_STEP
        codes = _codes(event.part, event.pitch, step, gap)
        if learns:
            log = log.from_here(count)
            row = (event.part, event.pitch, event.velocity, gap, step, int(gap == FAR), 0, *codes)
            log.rows[:, log.count] = row
            log.count += 1
            count, number = log.count, log.gone + log.count - 1
            learned = {**learned, event.part: event.pitch}
        sounding = self._sounding
        if event.part != DRUMS:
            sounding = {**sounding, voice: _Sounding(clock, self._nth + 1, number)}
        return Memory(
            log, count, clock, clock, clock if learns else self._played, learned,
            (*self._recent, codes)[-LONGEST:], self._nth + 1, not learns, sounding,
        )  # fmt: skip

    def _gap(self, clock: int, learns: bool) -> int:
        """Ticks since the onset before, at most FAR, which also stands where the turn has changed.

        What is learned follows what was learned, whatever was heard between.
        """
        since = self._played if learns else self._struck
        has_turned = learns == self._is_strange
        return FAR if has_turned or since is None else min(FAR, clock - since)

    def _ended(self, voice: tuple[int, int], clock: int) -> "Memory":
        note = self._sounding.get(voice)
        if note is None:
            return replace(self, _clock=clock, _events={})
        row = note.number - self._log.gone
        if note.number >= 0 and row >= 0 and not self._log.rows[_Column.LENGTH, row]:
            self._log.rows[_Column.LENGTH, row] = max(1, clock - note.since)
        others = {other: it for other, it in self._sounding.items() if other != voice}
        return replace(self, _clock=clock, _sounding=others, _events={})

    def votes(self, name: str, query: Query, longest: int = LONGEST) -> Iterator[Vote]:
        """The votes of the memory for a field of the next event, by level, from little to much.

        Of `query` the fields that come before this one are looked at, and `before`.  Suffixes are of `longest` notes
        at most.  An answer is not reminded of the call that it answers, which is its theme, but by shorter suffixes.
        """
        for found in self._found(longest):
            votes = self._cast(name, query, found)
            if votes is not None and (total := votes.sum()):
                yield Vote(found.level, found.matched, votes / total)

    def _found(self, longest: int) -> list[Continuations]:
        """The events that came next where the music was like now; looked for once an event."""
        if (found := self._events.get(longest)) is None:
            if (alike := self._alike.get(longest)) is None:
                alike = self._alike[longest] = list(self._find(longest))
            found = self._events[longest] = [self._next(like) for like in alike]
        return found

    @property
    def _call(self) -> int:
        """The row with which the phrase began that was learned last: it is answered by its theme, and not from here."""
        begins = np.flatnonzero(self._log.rows[_Column.BEGINS, : self._count])
        return int(begins[-1]) if len(begins) else 0

    def _find(self, longest: int) -> Iterator[_Like]:
        if self._recent and self._count > 1:
            for level in MemoryLevel:
                if (like := self._at(level, longest)) is not None:
                    yield like

    def _at(self, level: MemoryLevel, longest: int) -> _Like | None:
        """Find where the longest suffix at a level was followed by a note of its phrase; None where it never was."""
        rows, wanted = self._log.rows[:, : self._count], [codes[level] for codes in self._recent]
        codes = rows[_Column.CODES + level]
        places = np.flatnonzero(_same(codes[:-1], wanted[-1]))
        places = places[rows[_Column.BEGINS, places + 1] == 0]
        if longest == LONGEST and self._is_strange:
            places = places[places < self._call]
        if not len(places):
            return None
        matched = 1
        while matched < min(longest, len(wanted)):
            fewer = places[places >= matched]
            fewer = fewer[_same(codes[fewer - matched], wanted[-1 - matched])]
            if not len(fewer):
                break
            places, matched = fewer, matched + 1
        return _Like(level, matched, places[-PLACES:])

    def _next(self, like: _Like) -> Continuations:
        """The next event at each place: the onset of its next note, or the end of one that sounds now, if sooner."""
        level, matched, places = like
        rows, after = self._log.rows, places + 1
        time = rows[_Column.GAP, after] - (self._clock - (self._struck or 0))
        time[time < 0] = -1
        on, part, pitch = np.ones_like(time), rows[_Column.PART, after], rows[_Column.PITCH, after]
        for (its_part, its_pitch), note in self._sounding.items():
            back = self._nth - note.nth
            if back >= matched:
                continue
            length = rows[_Column.LENGTH, places - back]
            due = note.since + length - self._clock
            sooner = (length > 0) & (due >= 0) & ((due <= time) | (time < 0))
            sooner &= rows[_Column.PART, places - back] == its_part
            time[sooner], on[sooner] = due[sooner], 0
            part[sooner], pitch[sooner] = its_part, its_pitch
        return Continuations(level, matched, time, on, part, pitch, after.astype(np.int32))

    def _cast(self, name: str, query: Query, found: Continuations) -> Votes | None:
        classes = FIELDS[name]
        if name == "time":
            times = found.time[found.time >= 0]
            return np.bincount(np.minimum(times, ADVANCE), minlength=classes).astype(np.float64)
        agrees = np.abs(np.minimum(found.time, ADVANCE) - query.time) <= _NEAR
        if name == "part":
            return np.bincount(found.part[agrees], minlength=classes).astype(np.float64)
        agrees &= found.part == query.part
        if name == "on":
            return np.bincount(found.on[agrees], minlength=classes).astype(np.float64)
        if not query.on:
            its = found.pitch[agrees & (found.on == 0)]
            return (
                np.bincount(its, minlength=classes).astype(np.float64) if name == "pitch" else None
            )
        rows = self._log.rows[:, found.row]
        same_part = rows[_Column.PART] == query.part
        agrees &= (found.on == 1) & same_part
        rows = rows[:, agrees if agrees.any() else same_part]
        if name == "velocity":
            return np.bincount(rows[_Column.VELOCITY], minlength=classes).astype(np.float64)
        steps = rows[_Column.STEP]
        is_step = (steps != _NO_STEP) & (query.before != NO_PITCH)
        pitches = np.where(is_step, query.before + steps, rows[_Column.PITCH])
        pitches = pitches[(is_step | (query.part == DRUMS) | (found.level == MemoryLevel.LINE))]
        pitches = pitches[(pitches >= 0) & (pitches < classes)]
        return np.bincount(pitches, minlength=classes).astype(np.float64)


def memory_of(events: Iterable[Event]) -> Memory:
    """The memory of one who has learned events; what comes next is another phrase."""
    memory = Memory()
    for event in events:
        memory = memory.after(event, learns=True)
    return memory.after(Event(ADVANCE, 0, 0, 0, 0, NO_GRID, 0), learns=False)


def shares(name: str, strength: float) -> Votes:
    """The shares (levels, LONGEST) of what came next, for a field, at a strength from 0 to 1.

    Up to the middle they grow to those of `SHARES`, and from there on to those of `QUOTED` where these are more.
    """
    plain = np.array(SHARES[name])
    if strength <= HALF:
        return np.asarray(1 - (1 - plain) ** ((strength / HALF) ** 2))
    more = np.maximum(np.array(QUOTED) - plain, 0.0)
    more[MemoryLevel.STEPS] = 0
    return np.asarray(plain + (strength - HALF) / (1 - HALF) * more)


_shares = lru_cache(shares)


def _codes(part: int, pitch: int, step: int, gap: int) -> tuple[int, ...]:
    """A note's code at each level: what it is, and when."""
    line = FAR if gap >= FAR else on_line(gap)
    move = part * 512 + (pitch if part == DRUMS else step + 128)
    return move * _TIMES, move * _TIMES + line, (part * 512 + pitch) * _TIMES + line


def _same(codes: Ints, wanted: int) -> NDArray[np.bool_]:
    """Mark the notes that are as the wanted one; of one that begins a phrase or an answer the time does not matter."""
    if wanted % _TIMES == FAR:
        codes, wanted = codes // _TIMES, wanted // _TIMES
    return np.asarray(codes == wanted)


def recalled(
    memory: Memory, name: str, query: Query, logits: Logits, strength: float | None
) -> Logits:
    """Logits of a field of the next event, mixed with what a memory knows of it.

    At a `strength` of .5 the shares of the memory are those by which music is likeliest, and 1 is the most; None is
    for a model that knows nothing else.
    """
    if strength == 0:
        return logits
    likely: Votes | None = None
    for vote in memory.votes(name, query, LONGEST if strength is not None else ORDER):
        if likely is None:
            likely = probabilities(logits)
        share = ALL if strength is None else _shares(name, strength)[vote.level, vote.matched - 1]
        likely = likely * (1 - share) + vote.votes * share
    return logits if likely is None else np.log(likely + 1e-12).astype(np.float32)
