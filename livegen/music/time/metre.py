"""Bars: where in its bar a tick lies.  Knows ticks, not time; 24 ticks make a quarter beat."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from livegen.errors import ConfigError

TICKS_PER_BEAT = 24
DOTTED = 36  # ticks of a dotted quarter
AUTO = "auto"  # where a metre is asked for: whatever is heard


class BarPlace(NamedTuple):
    """Position of a tick in its bar and that bar's length, both in ticks."""

    position: int
    bar: int


def bar_ticks(numerator: int, denominator: int) -> int:
    """Length of a bar of `numerator`/`denominator` in ticks, at least one tick."""
    return max(1, numerator * 4 * TICKS_PER_BEAT // denominator)


@dataclass(frozen=True, slots=True)
class Metre:
    """Bar lines: `changes` are pairs (tick of a bar line, bar length in ticks), ascending.

    `beat` is how many ticks lie between what is counted: a quarter, or in 6/8, 9/8 and 12/8 a dotted one.
    """

    changes: tuple[tuple[int, int], ...]
    beat: int = TICKS_PER_BEAT

    def strong(self, bar: int) -> int:
        """Ticks from one strong beat to the next in bars of `bar` ticks: half a bar where that is two beats or more."""
        is_divided = bar % (2 * self.beat) == 0 and bar >= 4 * self.beat
        return bar // 2 if is_divided else bar

    def place(self, tick: int) -> BarPlace:
        """Place of `tick`; the first bar length also holds before the first change."""
        at = max(0, bisect_right(self.changes, (tick, 1 << 60)) - 1)
        origin, bar = self.changes[at]
        return BarPlace((tick - origin) % bar, bar)

    def bar_from(self, tick: int) -> int:
        """The tick of the first bar line that is not before `tick`."""
        position, bar = self.place(tick)
        return tick + -position % bar

    def bar_near(self, tick: int) -> int:
        """The tick of the bar line nearest to `tick`, of two as near the earlier."""
        position, bar = self.place(tick)
        return tick - position + bar * (2 * position > bar)


COMMON_TIME = Metre(((0, 4 * TICKS_PER_BEAT),))


def written(metre: Metre) -> str:
    """Write the metre of its first bars, such as "3/4", "6/8" or "13/16"."""
    bar = metre.changes[0][1]
    finest = 2 if metre.beat == DOTTED else 1
    parts = next(
        parts for parts in (1, 2, 4) if parts >= finest and not bar * parts % TICKS_PER_BEAT
    )
    return f"{bar * parts // TICKS_PER_BEAT}/{4 * parts}"


def told_metre(text: str) -> Metre | None:
    """The metre that is written, as `parse_metre` reads it; None for "auto".  Raises ConfigError."""
    return None if text.strip() == AUTO else parse_metre(text)


def parse_metre(text: str) -> Metre:
    """Bars as they are written: "3/4".  Raises ConfigError."""
    match = re.fullmatch(r"(\d{1,2})\s*/\s*(1|2|4|8|16)", text.strip())
    ticks = bar_ticks(int(match[1]), int(match[2])) if match else 0
    if match is None or not TICKS_PER_BEAT <= ticks <= 8 * TICKS_PER_BEAT:
        raise ConfigError(f"metre: expected bars of 1 to 8 beats such as 4/4 or 6/8, got {text!r}")
    eighths = int(match[1]) if match[2] == "8" else 0
    is_compound = eighths > 3 and eighths % 3 == 0
    return Metre(((0, ticks),), DOTTED if is_compound else TICKS_PER_BEAT)
