"""MIDI clock for others: 24 to a beat, by the timeline that the engine plays by.

Hands clocks out ahead with the times at which they are due, as notes are, so that their jitter is that of the port
process and of nothing else.  Knows ticks and micros; knows no notes.

Each tick has its clock, once: neither a change of tempo nor a jump doubles or loses one.  Start goes before the clock
of a bar line, whenever it is not known to whoever follows where the bar is: at first, and after a jump.
"""

from livegen.jam.timing.agenda import Timed
from livegen.music.messages import Other
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import Timeline

CLOCK, START, STOP = (Other(bytes((status,))) for status in (0xF8, 0xFA, 0xFC))
BEHIND_US = 150_000  # clocks so late are not caught up with: it begins anew, and with Start


class ClockSender:
    """The clocks of one output.  Threads: loop only."""

    def __init__(self, horizon_us: int) -> None:
        self.horizon_us = horizon_us
        self._timeline: Timeline | None = None
        self._tick = 0  # of the clock that is next
        self._last_us = 0  # when the last was due
        self._is_started = False

    def follow(self, timeline: Timeline | None, now: int, jumped: bool) -> list[Timed]:
        """Go by this timeline from `now` on, None to send nothing; a stop if clocks were running."""
        before, self._timeline = self._timeline, timeline
        if timeline is None:
            was_started, self._is_started = self._is_started, False
            return [Timed(max(now, self._last_us), STOP)] if was_started else []
        if before is None or jumped:
            self._begin(timeline, now)
        return []

    def hand_out(self, now: int) -> list[Timed]:
        """Clocks, and starts before them, that are due within the horizon."""
        timeline, out = self._timeline, list[Timed]()
        if timeline is None:
            return out
        if now - timeline.micros(self._tick) > BEHIND_US:
            self._begin(timeline, now)
        while (at := timeline.micros(self._tick)) <= now + self.horizon_us:
            self._last_us = due = max(at, now, self._last_us)
            if not self._is_started and timeline.metre.place(self._tick).position == 0:
                self._is_started = True
                out.append(Timed(due, START))
            out.append(Timed(due, CLOCK))
            self._tick += 1
        return out

    def deadline(self) -> int | None:
        """Give the time, micros, at which the next clock is to be handed out; None while none is sent."""
        if self._timeline is None:
            return None
        return self._timeline.micros(self._tick) - self.horizon_us

    def _begin(self, timeline: Timeline, now: int) -> None:
        """Find the next clock; it comes at least half a clock after the last."""
        pause = timeline.tempo_us // TICKS_PER_BEAT // 2
        self._tick = timeline.tick_from(max(now, self._last_us + pause))
        self._is_started = False
