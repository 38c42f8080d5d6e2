"""A rhythm for lyrics: stressed syllables on strong beats, and a long note at the end of each line.

Of all rhythms of a line in eighths the cheapest by a table of costs, found by dynamic programming.  The same words come
in the same rhythm: chance is left to the tune.  Knows syllables and ticks; knows no pitches.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from livegen.errors import ConfigError
from livegen.music.time.metre import TICKS_PER_BEAT, Metre, parse_metre
from livegen.music.words.syllables import LONGEST_TEXT, MOST_SYLLABLES, Line, Stress, Syllable

EIGHTH = TICKS_PER_BEAT // 2
LAST = 2 * TICKS_PER_BEAT  # ticks of the last note of a line at least
METRES = ("4/4", "3/4")  # in the order in which they are tried where none is given
_MOST_BARS = 8  # of a line
_DURATIONS = (1, 2, 3, 4, 5, 6)  # eighths of a syllable
# The cost of a syllable by the place on which it begins: off the beat, on a beat, on a strong one, on the bar line.
_PLACE = {
    Stress.WEAK: (0.2, 0.2, 2.5, 3.5),
    Stress.EITHER: (0.4, 0.1, 0.2, 0.5),
    Stress.STRONG: (5.0, 3.0, 0.1, 0.0),
}
# And by how long it is, in eighths from one to six.
_LONG = {
    Stress.WEAK: (0.5, 0.0, 1.2, 1.8, 3.5, 4.0),
    Stress.EITHER: (0.6, 0.0, 0.7, 1.0, 3.0, 3.0),
    Stress.STRONG: (1.0, 0.1, 0.3, 0.3, 2.0, 1.5),
}
_UNEVEN = 0.8  # lines of an odd number of bars
_BAR = 0.6  # each bar of a line
_LATE = 0.25  # each eighth of silence before it
_IDLE = 0.15  # each eighth that its last note is longer than it must be
_NEVER = 1e9
_FAR = 1 << 20  # ticks: no tune is so long


class SungNote(NamedTuple):
    """A syllable on its note, from tick `start` to tick `end`; `is_last` of a line."""

    start: int
    end: int
    syllable: Syllable
    is_last: bool = False


class WordRhythm(NamedTuple):
    """The notes of all lines.  Tick 0 is the bar line of the first full bar; what comes before it is an upbeat."""

    notes: tuple[SungNote, ...]


def as_rows(rhythm: WordRhythm) -> list[list[str | int]]:
    """A rhythm as rows that go through JSON; `of_rows` reads them."""
    return [
        [
            note.syllable.text,
            int(note.syllable.stress),
            int(note.syllable.goes_on),
            note.start,
            note.end,
            int(note.is_last),
        ]
        for note in rhythm.notes
    ]


def of_rows(rows: object) -> WordRhythm:
    """The rhythm of some rows.  Raises ConfigError for what `as_rows` does not write."""
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_SYLLABLES:
        raise ConfigError(f"sing: expected 1 to {MOST_SYLLABLES} syllables")
    notes = tuple(map(_of_row, rows))
    if any(before.end > after.start for before, after in pairwise(notes)):
        raise ConfigError("sing: expected syllables one after the other")
    return WordRhythm(notes)


def _of_row(row: object) -> SungNote:
    match row:
        case [str(text), int(stress), int(goes_on), int(start), int(end), int(is_last)] if (
            stress in (0, 1, 2) and -_FAR < start < end < _FAR
        ):
            syllable = Syllable(text[:LONGEST_TEXT], Stress(stress), bool(goes_on))
            return SungNote(start, end, syllable, bool(is_last))
    raise ConfigError("sing: expected syllables with stress, ticks, and whether they end a line")


class _Laid(NamedTuple):
    """A line in eighths from its own first bar line: where its syllables begin; how many bars; what it costs."""

    starts: tuple[int, ...]
    bars: int
    cost: float


def rhythm_for(lines: Sequence[Line], metre: Metre | None = None) -> tuple[WordRhythm, Metre]:
    """The rhythm of some lines, in a metre that is given, or in that of `METRES` in which it costs least."""
    metres = [metre] if metre else [parse_metre(text) for text in METRES]
    found = [(_laid_out(lines, one), one) for one in metres]
    (_, laid), chosen = min(found, key=lambda row: row[0][0])
    return _rhythm(lines, laid, chosen), chosen


def _laid_out(lines: Sequence[Line], metre: Metre) -> tuple[float, list[_Laid]]:
    """All lines, with the longest upbeat for which room is left before each by which they cost least."""
    bar = metre.place(0).bar // EIGHTH
    tries = []
    for upbeat in range(0, bar // 2 + 1):
        laid = [_line(line, metre, upbeat) for line in lines]
        tries.append((sum(one.cost for one in laid), laid))
    return min(tries, key=lambda row: row[0])


def _line(line: Line, metre: Metre, upbeat: int) -> _Laid:
    """A line, with at most so many eighths before its first bar line, in as many bars as are cheapest."""
    bar = metre.place(0).bar // EIGHTH
    most = _MOST_BARS * -(-len(line) // 8)
    strengths = [strength(eighth * EIGHTH, metre) for eighth in range(bar)]
    found = _places(line, strengths, upbeat, most * bar - upbeat - LAST // EIGHTH)
    laid = []
    for bars in range(1, most + 1):
        latest = bars * bar - upbeat - LAST // EIGHTH
        fits = [
            (cost + _IDLE * (latest - places[-1]), places)
            for cost, places in found
            if places[-1] <= latest
        ]
        cost, places = min(fits, default=(_NEVER, ()))
        laid.append(_Laid(places, bars, cost + _BAR * bars + _UNEVEN * (bars % 2)))
    return min(laid, key=lambda one: one.cost)


def _places(
    line: Line, strengths: Sequence[int], upbeat: int, latest: int
) -> Collection[tuple[float, tuple[int, ...]]]:
    """The cheapest ways to begin the syllables of a line, by where the last one begins: cost and eighths."""
    bar = len(strengths)
    # By where the last syllable so far begins.
    open_: dict[int, tuple[float, tuple[int, ...]]] = {
        start: (_PLACE[line[0].stress][strengths[start % bar]] + _LATE * max(0, start), (start,))
        for start in range(-upbeat, min(bar, latest + 1))
    }
    for before, syllable in pairwise(line):
        costs = _PLACE[syllable.stress]
        lasting = list(zip(_DURATIONS, _LONG[before.stress], strict=True))
        reached: dict[int, tuple[float, tuple[int, ...]]] = {}
        for start, (cost, places) in open_.items():
            for lasts, dear in lasting:
                at = start + lasts
                if at > latest:
                    break
                total = cost + dear + costs[strengths[at % bar]]
                if at not in reached or total < reached[at][0]:
                    reached[at] = total, (*places, at)
        open_ = reached
    return open_.values()


def strength(tick: int, metre: Metre) -> int:
    """Give how strong a place of the bar is: 3 the bar line, 2 a strong beat, 1 another beat, 0 off the beat."""
    position, bar = metre.place(tick)
    if not position:
        return 3
    if position % metre.strong(bar) == 0:
        return 2
    return int(position % metre.beat == 0)


def _rhythm(lines: Sequence[Line], laid: Sequence[_Laid], metre: Metre) -> WordRhythm:
    bar = metre.place(0).bar
    notes: list[SungNote] = []
    at = 0
    for number, (line, one) in enumerate(zip(lines, laid, strict=True)):
        until = at + one.bars * bar
        following = laid[number + 1] if number + 1 < len(laid) else None
        breath = until + min(0, following.starts[0] * EIGHTH) if following else until
        starts = [at + eighth * EIGHTH for eighth in one.starts]
        end = breath - EIGHTH if breath - starts[-1] > LAST else breath
        for place, (start, stop) in enumerate(pairwise([*starts, end])):
            notes.append(SungNote(start, stop, line[place], place == len(line) - 1))
        at = until
    return WordRhythm(tuple(notes))
