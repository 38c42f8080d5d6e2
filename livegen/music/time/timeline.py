"""The map between music and time: ticks of the beat grid and microseconds.

Knows a tempo, an origin and bar lines; does not know where they come from.  Integers throughout.
"""

from dataclasses import dataclass, replace

from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT, Metre

MINUTE_US = 60_000_000
MIN_TEMPO_US, MAX_TEMPO_US = MINUTE_US // 400, MINUTE_US // 15


def tempo_us(bpm: float) -> int:
    """Micros per quarter note."""
    return round(MINUTE_US / bpm)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Ticks lie `tempo_us / 24` micros apart, tick 0 at `origin_us`; the bars of `metre` are counted in ticks.

    Every tick has its micros, and the nearest tick of those micros is that tick again.
    """

    tempo_us: int
    origin_us: int = 0
    metre: Metre = COMMON_TIME

    def micros(self, tick: int) -> int:
        """Give the time of `tick`, to the nearest microsecond."""
        return self.origin_us + (tick * self.tempo_us * 2 + TICKS_PER_BEAT) // (2 * TICKS_PER_BEAT)

    def tick(self, micros: int) -> int:
        """The tick nearest to `micros`."""
        return ((micros - self.origin_us) * 2 * TICKS_PER_BEAT + self.tempo_us) // (
            2 * self.tempo_us
        )

    def tick_from(self, micros: int) -> int:
        """The first tick that is not before `micros`."""
        tick = self.tick(micros)
        return tick if self.micros(tick) >= micros else tick + 1

    def beat_from(self, tick: int) -> int:
        """The tick of the first beat that is not before `tick`, counted from its bar line."""
        position = self.metre.place(tick).position
        return tick + -position % self.metre.beat

    def bar_from(self, tick: int) -> int:
        """The tick of the first bar line that is not before `tick`."""
        return self.metre.bar_from(tick)

    def beats_over(self, since: int, until: int) -> range:
        """The ticks of the quarters after `since` and up to `until`, micros; none within half a beat of `since`."""
        first, last = self.tick_from(since + self.tempo_us // 2), self.tick_from(until + 1) - 1
        return range(first + -first % TICKS_PER_BEAT, last + 1, TICKS_PER_BEAT)

    def at_tempo(self, tempo_us: int, at: int) -> "Timeline":
        """The same beats at another tempo from the time `at` on, micros: there the beat is where it was."""
        origin_us = at - (at - self.origin_us) * tempo_us // self.tempo_us
        return replace(self, tempo_us=tempo_us, origin_us=origin_us)

    @property
    def bpm(self) -> float:
        """Quarter notes per minute, for people."""
        return MINUTE_US / self.tempo_us
