"""Takes: what both sides played in some time, laid out in bars, as a MIDI file.

The bars follow the engine's timeline (`Grid`s): every bar line of the timeline is a bar line of the file, and
between two of them the tempo is what makes them that far apart.  So a beat that moves costs one bar of an odd
tempo, and no note its time.  Knows no files and no processes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from livegen.jam.reports.journal import Session
from livegen.jam.reports.rows import Did, Grid, Header, JournalError, Row, Told
from livegen.music.files.by_parts import by_parts
from livegen.music.files.smf import Score, Track
from livegen.music.messages import (
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    SUSTAIN,
    ControlChange,
    Message,
    NoteOff,
    NoteOn,
    begins_note,
    decode,
    kind_of,
)
from livegen.music.parts import MODEL, PARTS, PLAYER, SIDES
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.sound.programs import programs as programs_of

PPQN = 480
USUAL_BAR = 4 * TICKS_PER_BEAT
_SCALE = PPQN // TICKS_PER_BEAT
_EARLY = 8  # an onset this part of a quarter before a bar line was meant for it
_MOST_BARS = 130_000  # of 4/4; a file counts no more than 2**28 ticks from one event to the next
_SLOWEST = 0xFFFFFF  # micros per quarter: three bytes hold a tempo (RP-001, page 10)
_CHASED = {0xB0: 2, 0xC0: 1, 0xE0: 1}  # kind: leading bytes that tell one value from another


class SideMessage(NamedTuple):
    """A message of a side, at `at` micros."""

    at: int
    side: str
    data: bytes


class Bar(NamedTuple):
    """A bar line at `at` micros, and the length in ticks of the bar that it begins."""

    at: int
    ticks: int


def free_grid(at: int, tempo_bpm: float) -> Grid:
    """Bars of 4/4 from `at` on, where nobody gave any."""
    return Grid(at, round(60_000_000 / tempo_bpm), at, USUAL_BAR, at)


def in_force(grids: Iterable[Grid]) -> list[Grid]:
    """The grids by when each began to hold; one that was found later and reaches further back replaces others."""
    found: list[Grid] = []
    for grid in grids:
        while found and found[-1].since >= grid.since:
            found.pop()
        found.append(grid)
    return found


# --- bar lines ----------------------------------------------------------------------------------------------------


def bar_lines(grids: Sequence[Grid], start: int, end: int) -> list[Bar]:
    """Bar lines by grids in force: from the last one not after `start` to the first after `end`, two at least.

    Raises JournalError where these are too many for a MIDI file.
    """
    first = max(0, bisect_right(grids, start, key=lambda grid: grid.since) - 1)
    lines = [_line(grids[first], _index(grids[first], start))]
    for grid, following in zip(grids[first:], [*grids[first + 1 :], None], strict=True):
        until = end if following is None else min(end, following.since - 1)
        for line in _lines_between(grid, max(start, grid.since, lines[-1].at + 1), until):
            _append(lines, line, grid)
        if until == end:
            _close(lines, grid, end)
            break
    return lines


def bars_of(
    grids: Iterable[Grid], played: Sequence[SideMessage], tempo_bpm: float = 120.0
) -> list[Bar]:
    """The bar lines around the notes of a take, or around all of it where it has none.

    A note that begins just before a bar line was meant for it, and one that ends just after it needs no bar more.
    `tempo_bpm` counts where there are no grids.  Raises JournalError as `bar_lines` does.
    """
    notes = [one for one in played if is_note(one.data)] or played
    start, end = min(one.at for one in notes), max(one.at for one in notes)
    last_onset = max((one.at for one in notes if _begins(one.data)), default=start)
    lines = bar_lines(in_force(grids) or [free_grid(start, tempo_bpm)], start, end)
    if len(lines) > 2 and start >= lines[1].at - _slack(lines[1], lines[2]):
        del lines[0]
    if len(lines) > 2 and last_onset < lines[-2].at > end - _slack(*lines[-2:]):
        del lines[-1]
    return lines


def _begins(data: bytes) -> bool:
    return begins_note(data)


def _slack(bar: Bar, following: Bar) -> int:
    """The distance from a bar line at which playing still means it."""
    return (following.at - bar.at) * TICKS_PER_BEAT // (_EARLY * bar.ticks)


def _lines_between(grid: Grid, start: int, end: int) -> Iterator[Bar]:
    index = _index(grid, start - 1) + 1
    while (line := _line(grid, index)).at <= end:
        yield line
        index += 1


def _close(lines: list[Bar], grid: Grid, end: int) -> None:
    """Append the first bar line after `end`."""
    while lines[-1].at <= end:
        _append(lines, _line(grid, _index(grid, max(end, lines[-1].at)) + 1), grid)


def _append(lines: list[Bar], line: Bar, grid: Grid) -> None:
    """Append a line; where the beat has moved, leave out one that it comes too close to, and fill a gap.

    After this every bar is at least half and at most one and a half times as long as its beats say.
    """
    bar_us = max(1, _micros(grid.tempo_us, lines[-1].ticks))
    if 2 * (line.at - lines[-1].at) < bar_us:
        before = lines.pop()
        if not lines:
            lines.append(Bar(line.at - bar_us, before.ticks))
    last = lines[-1]
    count = max(1, round((line.at - last.at) / bar_us))
    gap = line.at - last.at
    if len(lines) + count > _MOST_BARS:
        raise JournalError(
            f"the music is longer than {_MOST_BARS:,} bars, the most that a file holds"
        )
    lines += [Bar(last.at + gap * number // count, last.ticks) for number in range(1, count)]
    lines.append(line)


def _line(grid: Grid, index: int) -> Bar:
    return Bar(grid.origin_us + _micros(grid.tempo_us, index * grid.bar_ticks), grid.bar_ticks)


def _index(grid: Grid, at: int) -> int:
    """The bar in which `at` lies."""
    index = (at - grid.origin_us) * TICKS_PER_BEAT // (grid.tempo_us * grid.bar_ticks) + 1
    while _line(grid, index).at > at:
        index -= 1
    return index


def _micros(tempo_us: int, ticks: int) -> int:
    return (2 * tempo_us * ticks + TICKS_PER_BEAT) // (2 * TICKS_PER_BEAT)


# --- the file -----------------------------------------------------------------------------------------------------


def score_of(
    played: Iterable[SideMessage], bars: Sequence[Bar], sides: Sequence[str] = SIDES
) -> Score:
    """Make a score of the music between the first and the last bar line, a track for each side, 480 ticks a quarter.

    A note that began before does not sound; programs, controllers and bends of before hold.  What is still down
    at the end is let go there.
    """
    ordered = sorted(played, key=lambda message: message.at)
    ticks = BarTicks(bars)
    tracks = (
        Track(side, tuple(_track([one for one in ordered if one.side == side], bars, ticks)))
        for side in sides
    )
    return Score(PPQN, tuple(tracks), ticks.tempos(), tuple(_metres(bars)))


def session_score(session: Session, tempo_bpm: float = 120.0) -> Score | None:
    """A whole session; None where nothing was played.  Raises JournalError for one that no file can hold.

    `tempo_bpm` counts where no engine gave a timeline.
    """
    played = session_played(session)
    return score_of(played, bars_of(session.grids, played, tempo_bpm)) if played else None


def session_played(session: Session) -> list[SideMessage]:
    """The music of a session: first what was heard, then what was sent."""
    sides = ((PLAYER, session.heard), (MODEL, session.sent))
    return [
        SideMessage(at, side, data) for side, rows in sides for at, data in rows if is_music(data)
    ]


# --- a track for each part ----------------------------------------------------------------------------------------


class Band(NamedTuple):
    """The parts of the model in a session: `parts` by channel, 0 to 15, the style, and programs that settings say."""

    parts: Mapping[int, str] = MappingProxyType({0: "lead", 1: "comp", 2: "bass", 9: "drums"})
    style: str = ""
    programs: Mapping[str, int] = MappingProxyType({})

    def after(self, row: Row) -> "Band":
        """The band after a row of the journal: an engine that begins, or the style that it is told."""
        if isinstance(row, Header):
            return self._of(row.settings)
        told = row.fed if isinstance(row, Did) else ()
        styles = [step.value for step in told if isinstance(step, Told) and step.name == "style"]
        return self._replace(style=str(styles[-1])) if styles else self

    def _of(self, settings: Mapping[str, Any]) -> "Band":
        """The band of an engine's settings; as it is where they, of another version or damaged, do not say it."""
        with suppress(LookupError, TypeError, ValueError, AttributeError):
            routes = {str(part): dict(route) for part, route in settings["routes"].items()}
            parts = {int(route["channel"]): part for part, route in routes.items()}
            said = {part: route["program"] for part, route in routes.items()}
            programs = {part: int(program) for part, program in said.items() if program is not None}
            return Band(parts, str(settings["controls"]["style"]), programs)
        return self

    def tracks(self, score: Score) -> Score:
        """A score of the two sides with a track for each part, named, and with its program."""
        of_style = {PARTS[part]: program for part, program in programs_of(self.style).items()}
        return by_parts(score, self.parts, of_style | dict(self.programs))


# --- ticks --------------------------------------------------------------------------------------------------------


class BarTicks:
    """The ticks of a file at micros, by its bar lines."""

    def __init__(self, bars: Sequence[Bar]) -> None:
        self._bars = bars
        self._at = [0]
        for bar in bars[:-1]:
            self._at.append(self._at[-1] + bar.ticks * _SCALE)

    @property
    def end(self) -> int:
        return self._at[-1]

    def tick(self, at: int) -> int:
        """The tick nearest to `at`, from 0 to the end."""
        index = bisect_right(self._bars, at, key=lambda bar: bar.at) - 1
        if index < 0 or index + 1 >= len(self._bars):
            return 0 if index < 0 else self.end
        bar, length = self._bars[index], self._bars[index + 1].at - self._bars[index].at
        return self._at[index] + (2 * (at - bar.at) * bar.ticks * _SCALE + length) // (2 * length)

    def tempos(self) -> tuple[tuple[int, int], ...]:
        """The tempo map: where it changes, and the micros of a quarter from there."""
        changes: list[tuple[int, int]] = []
        for tick, bar, following in zip(self._at, self._bars, self._bars[1:], strict=False):
            tempo = round((following.at - bar.at) * TICKS_PER_BEAT / bar.ticks)
            tempo = min(max(1, tempo), _SLOWEST)
            if not changes or changes[-1][1] != tempo:
                changes.append((tick, tempo))
        return tuple(changes)


def _metres(bars: Sequence[Bar]) -> Iterator[tuple[int, int, int]]:
    tick, before = 0, 0
    for bar in bars[:-1]:
        if bar.ticks != before:
            yield tick, *_signature(bar.ticks)
        tick, before = tick + bar.ticks * _SCALE, bar.ticks


def _signature(ticks: int) -> tuple[int, int]:
    """Numerator and denominator of a bar, in quarters where it has whole ones."""
    for denominator in (4, 8, 16, 32):
        numerator, rest = divmod(ticks * denominator, USUAL_BAR)
        if not rest and numerator <= 0xFF:
            return numerator, denominator
    return max(1, min(0xFF, ticks // TICKS_PER_BEAT)), 4


def _track(
    side: Sequence[SideMessage], bars: Sequence[Bar], ticks: BarTicks
) -> Iterator[tuple[int, Message]]:
    """The messages of one side with their ticks: what held before, what was played, what must be ended."""
    start, end = bars[0].at, bars[-1].at
    early = start - _slack(*bars[:2])
    down = _Down()
    timed = [(0, message) for message in _chased(one for one in side if one.at < early)]
    timed += [
        (ticks.tick(one.at), message)
        for one in side
        if early <= one.at < end and (message := _music(one.data)) is not None
    ]
    yield from (one for one in timed if down.takes(one[1]))
    for message in down.ends():
        yield ticks.end, message


def is_music(data: bytes) -> bool:
    """True if a message belongs in a file: clock, system exclusive and channel mode messages are not music."""
    if not data or not 0x80 <= data[0] < 0xF0:
        return False
    return kind_of(data) != CONTROL_CHANGE or len(data) != 3 or data[1] < ALL_SOUND_OFF


def is_note(data: bytes) -> bool:
    """True if a message begins or ends a note."""
    return data[:1] < b"\xa0"


def _music(data: bytes) -> Message | None:
    return decode(data) if is_music(data) else None


def _chased(before: Iterable[SideMessage]) -> list[Message]:
    """Give the messages that still hold from before: the latest program, bend and value of every controller."""
    latest: dict[bytes, Message] = {}
    for one in before:
        message = _music(one.data)
        size = None if message is None else _CHASED.get(kind_of(one.data))
        if message is None or size is None:
            continue
        latest.pop(one.data[:size], None)
        latest[one.data[:size]] = message
    return list(latest.values())


class _Down:
    """The keys and pedals of one side that are down."""

    def __init__(self) -> None:
        self._keys: dict[tuple[int, int], None] = {}
        self._pedals: dict[int, None] = {}

    def takes(self, message: Message) -> bool:
        """Enter a message; False for the end of a note that began before."""
        match message:
            case NoteOn(pitch, _, channel):
                self._keys[channel, pitch] = None
            case NoteOff(pitch, _, channel):
                return self._keys.pop((channel, pitch), 0) is None
            case ControlChange(control, value, channel) if control == SUSTAIN:
                self._pedals.pop(channel, None)
                self._pedals.update({channel: None} if value >= 64 else {})
            case _:
                pass
        return True

    def ends(self) -> list[Message]:
        """Give the messages that let go of them."""
        offs: list[Message] = [NoteOff(pitch, 64, channel) for channel, pitch in self._keys]
        return [*offs, *(ControlChange(SUSTAIN, 0, channel) for channel in self._pedals)]
