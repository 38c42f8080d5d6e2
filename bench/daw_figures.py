"""Reading a take: Ardour's recording beside livegen's journal.

Knows both and how they belong together; runs nothing.  Positions are beats, differences milliseconds.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from bench.ardour import Note
from livegen.jam.reports.journal import Session
from livegen.jam.reports.rows import Grid, Received
from livegen.music.sync.clock_follower import ClockFollower
from livegen.music.sync.transport import CLOCK, CONTINUE, SONG_POSITION, START, STOP
from livegen.music.time.metre import TICKS_PER_BEAT

TUNE = (60, 62, 64, 67, 69, 67, 64, 62, 60, 64, 67, 72, 71, 67, 65, 64)  # two bars of eighths
BAR, CYCLE, FIRST = 4, 24, 4  # beats: a bar; between two calls; before the first
TRADE = ("jam.mode=trade", "jam.trade=2", "jam.start=bar")
NEAR = 0.2  # beats between a note sent and the same note recorded
NAMES = {CLOCK: "F8", START: "FA", CONTINUE: "FB", STOP: "FC", SONG_POSITION: "F2"}


def calls(bars: int) -> list[Note]:
    """The call, every six bars, as long as there is time for an answer."""
    starts = range(FIRST, (bars - 4) * BAR + 1, CYCLE)
    return [Note(at + i / 2, 0.4, pitch) for at in starts for i, pitch in enumerate(TUNE)]


def wire(heard: Sequence[Received]) -> list[str]:
    """The messages besides notes, runs of the same in one: "112 x CC 64, 120, 121, 123", "FA", "1440 x F8"."""

    def name(message: Received) -> str:
        status = message.data[0]
        if status == SONG_POSITION:
            return f"F2 {message.data[1] | message.data[2] << 7}"
        return "CC" if status & 0xF0 == 0xB0 else NAMES.get(status, f"{status:02X}")

    others = [m for m in heard if m.data[0] & 0xE0 != 0x80]
    told = []
    for what, run in groupby(others, name):
        messages = list(run)
        count = f"{len(messages)} x " if len(messages) > 1 else ""
        kinds = sorted({m.data[1] for m in messages}) if what == "CC" else ()
        told.append(f"{count}{what}" + "".join(f" {kind}" for kind in kinds))
    return told


def followed(heard: Sequence[Received]) -> dict[str, Any]:
    """The clocks as they arrived, and what a follower of them says: from the third bar on, until they end."""
    follower, tempos = ClockFollower(), list[float]()
    stamps: list[int] = []
    for at, data in heard:
        follower.feed(data, at)
        if data[0] == START:
            stamps.clear()
        if data[0] == CLOCK:
            stamps.append(at)
            if len(stamps) > 2 * BAR * TICKS_PER_BEAT and follower.bpm:
                tempos.append(follower.bpm)
    gaps = sorted(after - before for before, after in pairwise(stamps))
    return {
        "clocks": len(stamps),
        "interval_ms": [round(gaps[i] / 1000, 1) for i in (0, len(gaps) // 2, -1)],
        "jitter_rms_ms": round(follower.jitter_us / 1000, 2),
        "bpm": [round(min(tempos), 2), round(max(tempos), 2)] if tempos else [],
    }


def grid_at(grids: Sequence[Grid], at: int) -> Grid:
    """The timeline that held at `at`."""
    return [grid for grid in grids if grid.at <= at][-1]


def pairs(journal: Session, notes: Sequence[Note]) -> tuple[int, list[tuple[int, Note]]]:
    """Give how many notes livegen sent while Ardour rolled, and the (micros sent, note) that were recorded.

    Where Ardour was when a note was sent is told by the clocks that had come: a busy server's time is not ours.
    """
    clocks = [m.at for m in journal.heard if m.data[0] == CLOCK]
    left, found, count = list(notes), [], 0
    for at, data in journal.sent:
        if data[0] & 0xF0 != 0x90 or not data[2] or not clocks[0] <= at < clocks[-1]:
            continue
        count += 1
        beat = (bisect_right(clocks, at) - 0.5) / TICKS_PER_BEAT
        near = [n for n in left if (n.channel, n.pitch) == (data[0] & 15, data[1])]
        near = [n for n in near if abs(n.onset - beat) < NEAR]
        if near:
            found.append((at, min(near, key=lambda n: abs(n.onset - beat))))
            left.remove(found[-1][1])
    return count, found


def offsets(
    journal: Session, found: Sequence[tuple[int, Note]], bpm: float
) -> Iterator[tuple[int, float]]:
    """For each note the tick of the bar that livegen meant, and by how many ms Ardour has recorded it later."""
    for at, note in found:
        grid = grid_at(journal.grids, at)
        tick = round((at - grid.origin_us) / grid.tempo_us * TICKS_PER_BEAT)
        bar = BAR * TICKS_PER_BEAT
        late = (note.onset * TICKS_PER_BEAT - tick + bar / 2) % bar - bar / 2
        yield tick % bar, late / TICKS_PER_BEAT * 60_000 / bpm


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, median, greatest, and the 99th percentile of the distance from the median."""
    if not values:
        return {}
    ranked = sorted(values)
    middle = ranked[(len(ranked) - 1) // 2]
    away = sorted(abs(value - middle) for value in ranked)
    figures = {
        "min": ranked[0],
        "p50": middle,
        "p99": ranked[(len(ranked) - 1) * 99 // 100],
        "max": ranked[-1],
        "p99_from_median": away[(len(away) - 1) * 99 // 100],
    }
    return {"n": len(ranked)} | {name: round(value, 2) for name, value in figures.items()}


def answers(notes: Sequence[Note], bars: int) -> list[float]:
    """Beats from the bar line at which each answer was due to its first recorded note."""
    starts = [n.onset for n in calls(bars)[:: len(TUNE)]]
    due = [start + 2 * BAR for start in starts]
    firsts = [next((n.onset - at for n in notes if n.onset > at - 0.5), None) for at in due]
    return [round(first, 3) for first in firsts if first is not None and first < 2 * BAR]


def hanging(sent: Sequence[tuple[int, bytes]]) -> int:
    """Count the notes that were never released."""
    sounding: set[tuple[int, int]] = set()
    for _, data in sent:
        if data[0] & 0xF0 == 0x90 and data[2]:
            sounding.add((data[0] & 15, data[1]))
        elif data[0] & 0xE0 == 0x80:
            sounding.discard((data[0] & 15, data[1]))
    return len(sounding)
