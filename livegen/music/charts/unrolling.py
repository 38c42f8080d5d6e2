"""The order in which a chart is played: repeats, endings, D.C., D.S., coda and fine are followed.  Knows no file.

No chart can make it long or endless: each jump is made once, and bars beyond `MOST_PLAYED` are refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from livegen.errors import ChartError
from livegen.music.charts.form import Form, Placed, PlayedBar

if TYPE_CHECKING:
    from livegen.music.charts.chart import Chart, Jump, WrittenBar

MOST_PLAYED = 10_000  # bars of a form
# Sections that are played once before the rounds, and once after them.
_INTRODUCTION = re.compile(r"(intro|introduction|count.?in)\b", re.IGNORECASE)
_OUTRO = re.compile(r"(outro|ending|end)\b", re.IGNORECASE)


def unrolled(chart: "Chart") -> Form:
    """The chart as it is played.  Raises ChartError where that is longer than 10,000 bars."""
    played = _played(chart.bars, _Walk(chart.bars).all())
    pickup = played[0] if chart.pickup else None
    if pickup:  # it is heard once, also where a repeat comes back to it
        played = [bar for bar in played if bar.written != 0]
    if not played:
        raise ChartError("the chart has no bar but its pick-up; expected a bar with chords")
    first, last, coda = 0, len(played), _last_coda(chart.bars)
    while first < last and _INTRODUCTION.match(played[first].section):
        first += 1
    while last > first and _is_outro(played[last - 1], coda):
        last -= 1
    if first == last:  # nothing comes back but what is called an introduction or an ending
        first, last = 0, len(played)
    round_ = (replace(played[first], begins=True), *played[first + 1 : last])
    return Form(round_, tuple(played[:first]), tuple(played[last:]), pickup)


def _last_coda(bars: Sequence["WrittenBar"]) -> int | None:
    """Give the first bar of a coda to which no D.C. or D.S. leads: that one is for the last round; None without one."""
    leads = any(bar.jump is not None for bar in bars)
    leaves = any(bar.to_coda for bar in bars)
    if leads or not leaves:
        return None
    return next((at for at, bar in enumerate(bars) if bar.coda), None)


def _is_outro(bar: PlayedBar, coda: int | None) -> bool:
    """True in an ending, and from the coda on that is for the last round."""
    return bool(_OUTRO.match(bar.section)) or (coda is not None and bar.written >= coda)


def _held(bar: "WrittenBar", before: Placed | None) -> tuple[Placed, ...]:
    """The chords of a bar, beginning at its first tick with the one that holds."""
    if bar.chords and bar.chords[0].tick == 0:
        return bar.chords
    return (Placed(0, before.chord if before else None), *bar.chords)


def _played(bars: Sequence["WrittenBar"], walk: "_Walk") -> list[PlayedBar]:
    names = _sections(bars)
    firsts = {at for at, bar in enumerate(bars) if bar.section is not None}
    if not firsts:
        firsts = {repeat.begin for repeat in walk.repeats}
    played: list[PlayedBar] = []
    before: Placed | None = None
    for place, at in enumerate(walk.order):
        bar = bars[at]
        is_other = not played or played[-1].section != names[at]
        begins = is_other or at in firsts or place in walk.landed
        chords = _held(bar, before)
        before = chords[-1]
        played.append(PlayedBar(at, bar.ticks, bar.beat, chords, bar.hits, names[at], begins))
    return played


def _sections(bars: Sequence["WrittenBar"]) -> list[str]:
    """The name of the section of each bar."""
    names, name = [], ""
    for bar in bars:
        name = name if bar.section is None else bar.section
        names.append(name)
    return names


# --- the order of play --------------------------------------------------------------------------------------------


class _Walk:
    """Somebody who reads the chart bar by bar with a finger."""

    def __init__(self, bars: Sequence["WrittenBar"]) -> None:
        self.bars = bars
        self.repeats = _repeats(bars)
        self.order: list[int] = []
        self.landed: set[int] = set()  # places in `order` to which a D.C., a D.S. or a coda led
        self.at = 0
        self.begin = 0  # where the repeat in force comes back to
        self.turn = 1  # which time it is played
        self.jump: Jump | None = None  # the D.C. or D.S. that was made
        self.is_back = False  # after that jump, and not yet in the coda

    def all(self) -> "_Walk":
        """Read to the end.  Raises ChartError for what has too many bars."""
        while self.at < len(self.bars):
            self._step()
        return self

    def _step(self) -> None:
        bar = self.bars[self.at]
        if self.repeats[self.at].begin != self.begin:
            self.begin, self.turn = self.repeats[self.at].begin, 1
        if bar.ending and self.repeats[self.at].closes and self._ending() not in bar.ending:
            self._pass_over()
            return
        self.order.append(self.at)
        if len(self.order) > MOST_PLAYED:
            raise ChartError(
                f"with its repeats the chart has more than {MOST_PLAYED:,} bars; expected a form"
            )
        self._go_on(bar)

    def _go_on(self, bar: "WrittenBar") -> None:
        coda = self._coda()
        if self.is_back and self.jump and self._stops(bar, self.jump):
            self.at = len(self.bars)
        elif self.is_back and self.jump and self.jump.until == "coda" and bar.to_coda and coda:
            self._land(coda)
            self.is_back = False
        elif (
            _is_closed(self.bars, self.at, self.repeats[self.at].ending)
            and not self.is_back
            and self.turn < self.repeats[self.at].total
        ):
            self.turn += 1
            self.at = self.begin
        elif bar.jump and not self.jump:
            self.jump, self.is_back = bar.jump, True
            self._land(self._segno() if bar.jump.to_segno else 0)
        else:
            self.at += 1

    def _stops(self, bar: "WrittenBar", jump: "Jump") -> bool:
        """True behind the bar at which a D.C. or D.S. ends: fine, or the end of the ending that it names."""
        if jump.until == "fine" and bar.fine:
            return True
        inside = self.repeats[self.at].ending
        following = self.repeats[self.at + 1].ending if self.at + 1 < len(self.bars) else ()
        return jump.ending is not None and jump.ending in inside and inside != following

    def _land(self, at: int) -> None:
        self.landed.add(len(self.order))
        self.at, self.begin, self.turn = at, self.repeats[at].begin, 1

    def _ending(self) -> int:
        """The number of the ending for this time."""
        here = self.repeats[self.at]
        if self.is_back and self.jump:
            return self.jump.ending or max(here.endings)
        if self.turn < min(here.endings):
            return min(here.endings)
        if self.turn == here.total and len(here.endings) > 1:
            return max(here.endings)
        if self.turn >= max(here.endings) and len(here.endings) > 1:
            return max(here.endings) - 1  # played more often than there are endings
        return self.turn

    def _pass_over(self) -> None:
        """On to the next ending, or behind the last."""
        passed = self.repeats[self.at].ending
        while self.at < len(self.bars) and self.repeats[self.at].ending == passed:
            self.at += 1

    def _segno(self) -> int:
        return next((at for at, bar in enumerate(self.bars) if bar.segno), 0)

    def _coda(self) -> int:
        """Give the bar at which the coda begins; 0 where there is none behind this bar."""
        return next((at for at in range(self.at + 1, len(self.bars)) if self.bars[at].coda), 0)


@dataclass(frozen=True, slots=True)
class _Repeat:
    """The facts of a bar that follow from the repeat in which it lies."""

    begin: int  # the bar to which the repeat goes back
    total: int  # how often that part is played
    closes: bool  # false where nothing leads back, and an ending is a bar as any other
    endings: frozenset[int]  # the numbers of all its endings
    ending: tuple[int, ...]  # the numbers of the ending in which the bar lies; () outside


def repeats_from(bars: Sequence["WrittenBar"]) -> list[int]:
    """The bar to which the repeat goes back in which each bar lies."""
    return _begins(bars, _endings(bars))


def _repeats(bars: Sequence["WrittenBar"]) -> list[_Repeat]:
    """The repeat of each bar.

    One that nothing opens begins at the top or behind the repeat before.  The last ending reaches to the next section,
    the next |:, or as many bars as the ending before it has.
    """
    endings = _endings(bars)
    begins = _begins(bars, endings)
    totals: dict[int, int] = {}
    numbers: dict[int, set[int]] = {}
    closed: set[int] = set()
    for at, (bar, begin) in enumerate(zip(bars, begins, strict=True)):
        closed |= {begin} if _is_closed(bars, at, endings[at]) else set()
        totals[begin] = max(totals.get(begin, 1), bar.times, *bar.ending)
        numbers.setdefault(begin, set()).update(bar.ending)
    return [
        _Repeat(begin, totals[begin], begin in closed, frozenset(numbers[begin]), ending)
        for begin, ending in zip(begins, endings, strict=True)
    ]


def _is_closed(bars: Sequence["WrittenBar"], at: int, ending: tuple[int, ...]) -> bool:
    """True behind a bar with a :|, and between two endings, where people leave it out."""
    following = bars[at + 1 : at + 2]
    return bars[at].times > 1 or bool(ending and following and following[0].ending)


def _begins(bars: Sequence["WrittenBar"], endings: Sequence[tuple[int, ...]]) -> list[int]:
    """The bar to which the repeat goes back in which each bar lies."""
    found, begin, is_closed = [], 0, False
    for at, bar in enumerate(bars):
        behind = is_closed and not endings[at]
        if bar.opens or bar.coda or behind:
            begin, is_closed = at, False
        is_closed = is_closed or bar.times > 1
        found.append(begin)
    return found


def _endings(bars: Sequence["WrittenBar"]) -> list[tuple[int, ...]]:
    """The numbers of the ending in which each bar lies."""
    found: list[tuple[int, ...]] = []
    inside: tuple[int, ...] = ()
    length, before = 0, 0  # bars of this ending so far, and of the one before it
    for at, bar in enumerate(bars):
        if bar.ending:
            inside, length, before = bar.ending, 0, length if inside else 0
        elif inside and (
            bar.opens
            or bar.section is not None
            or bar.coda
            or bars[at - 1].times > 1
            or (before and length >= before and not _closes(bars, at))
        ):
            inside, length, before = (), 0, 0
        length += 1
        found.append(inside)
    return found


def _closes(bars: Sequence["WrittenBar"], at: int) -> bool:
    """True if the ending that is open at a bar still closes with a :| or is followed by another ending."""
    for bar in bars[at:]:
        if bar.opens or bar.section is not None or bar.coda:
            return False
        if bar.ending or bar.times > 1:
            return True
    return False
