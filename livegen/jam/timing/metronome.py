"""The click: notes of the drums on each beat of a count-in, and of the music where the control `click` is on.

They go through the agenda with the times at which they are due, as the music does; but nobody hears them as music, and
no state of a model knows of them.  Knows ticks and micros; knows no turns.
"""

from typing import NamedTuple

from livegen.jam.timing.agenda import LATE_US, Agenda, Timed
from livegen.music.time.timeline import Timeline

ACCENT, BEAT = (76, 110), (77, 85)  # General MIDI: high and low wood block, with their velocities
LASTS_US = 50_000
_LONG_AGO = -(1 << 60)


class _CountIn(NamedTuple):
    """Clicks from the tick `first` on; the music begins at the tick `one`."""

    first: int
    one: int


class Metronome:
    """Clicks by the timeline that the engine plays by.  Threads: loop only."""

    def __init__(self, agenda: Agenda, timeline: Timeline) -> None:
        self._agenda, self._timeline = agenda, timeline
        self._count: _CountIn | None = None
        self._goes_on = False  # while the music plays
        self._now = 0
        self._since_us = 0  # when it was told to begin
        self._last_us = _LONG_AGO  # when the last click is due
        self._ends: list[tuple[int, int]] = []  # of clicks that sound: when, and their pitch

    @property
    def counts(self) -> bool:
        """True while it counts in."""
        return self._count is not None

    def count_in(self, first: int, one: int, now: int) -> None:
        """Click on each beat from the tick `first` on, until the music begins at the tick `one`."""
        self._count, self._since_us, self._last_us = _CountIn(first, one), now, _LONG_AGO

    def stop(self) -> None:
        """Count no more."""
        self._count = None

    def follow(self, timeline: Timeline, now: int, goes_on: bool) -> None:
        """Go by this timeline from `now` on; `goes_on` says that the music has its clicks."""
        if goes_on and not self._goes_on:
            self._since_us = now
        self._timeline, self._now, self._goes_on = timeline, now, goes_on
        if self._count and timeline.micros(self._count.one) <= now:
            self._count = None

    def cut(self, now: int) -> None:
        """All is silent, and what was not sent yet was taken back: a click among it is handed out again."""
        self._ends.clear()
        if self._last_us > now:
            self._last_us = _LONG_AGO

    def hand_out(self, now: int) -> list[Timed]:
        """Clicks, and their ends, that are due within the horizon."""
        out = list[Timed]()
        while (due := self._due_us()) is not None and due <= now + self._agenda.horizon_us:
            if self._ends and self._ends[0][0] == due:
                _, pitch = self._ends.pop(0)
                out += self._agenda.hand_out_click(pitch, 0, due, now)
                continue
            is_first = self._timeline.metre.place(self._next() or 0).position == 0
            pitch, velocity = ACCENT if is_first else BEAT
            self._last_us = due
            self._ends.append((max(due, now) + LASTS_US, pitch))
            out += self._agenda.hand_out_click(pitch, velocity, due, now)
        return out

    def deadline(self) -> int | None:
        """Give the time, micros, to hand out the next click, or the end of one; None while there is none."""
        due = self._due_us()
        return None if due is None else due - self._agenda.horizon_us

    def _due_us(self) -> int | None:
        """Give the time, micros, at which the next click is to begin or to end."""
        click = self._next()
        times = [at for at, _ in self._ends[:1]]
        if click is not None:
            times.append(self._timeline.micros(click) + self._agenda.offset_us)
        return min(times, default=None)

    def _next(self) -> int | None:
        """The tick of the next click: half a beat after the last or later, wherever the beat has gone meanwhile."""
        timeline, count = self._timeline, self._count
        if count is None and not self._goes_on:
            return None
        half_us = (timeline.micros(timeline.metre.beat) - timeline.origin_us) // 2
        after_us = max(self._last_us + half_us, self._now - LATE_US, self._since_us)
        tick = timeline.tick_from(after_us - self._agenda.offset_us)
        if not self._goes_on and count:
            tick = max(tick, count.first)
        tick = min(timeline.beat_from(tick), timeline.bar_from(tick))
        return None if count and not self._goes_on and tick >= count.one else tick
