"""Charts in livegen's own text: read and written.  docs/CHARTS.md explains it to musicians.

    title: Two five one        a line for each: title, metre, tempo (quarters a minute), style, key, pickup (beats)
    [A]                        a section begins
    |: Dm7 | G7 | Cmaj7 | % :| bars; % is the bar before, %% the one before that; |: :| repeat, :|x3 three times
    |: C |1. F :|2. G |        endings
    | C . F G | C! . . . |     a dot (or /) holds the chord for a beat; ! is a hit, then silence
    | N.C. | (3/4) C/E |       no chord; another metre from here on
    | segno C | F to coda | G D.S. al coda |     signs, in words

What follows # at the beginning of a line, or between spaces, is for people.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from livegen.errors import ChartError
from livegen.music.charts.cells import HOLD, Cell, spread
from livegen.music.charts.chart import MOST_BARS, Chart, Jump, WrittenBar
from livegen.music.charts.source import LONGEST, ChartFile, shown
from livegen.music.charts.unrolling import repeats_from
from livegen.music.chords.chord_names import key_named
from livegen.music.time.metre import COMMON_TIME, Metre, written

_COMMENT = re.compile(r"(^|\s)#(\s.*)?$")
_SETTING = re.compile(r"([A-Za-z][A-Za-z -]{0,20}?)\s*:(?!\s*\|)\s*(.*)")
_SECTION = re.compile(r"\[([^\[\]|]*)\]\s*(.*)")
# "Verse:" and "A: | C | F |" begin a section too.  Of "C :| F" the colon belongs to the bar line.
_HEADING = re.compile(r"([^\W_][\w .'-]{0,40})(?<!\s):(?:\s+(\|.*))?")
_BAR_LINE = re.compile(
    r"(?P<closes>:)?\|+\]?(?P<opens>:)?(?:(?<=[|\]])\s*(?:x\s?(?P<x>\d+)\b|(?P<times>\d+)\s?x\b))?"
)
_TOKEN = re.compile(
    # "D C" are two chords; a da capo has a point or no space, or says where it ends.
    r"(?P<jump>D(?:\.\s?|(?=[CS])|\s(?=S|C\.|C\s+al\s))(?P<to>[CS])\.?(?:\s+al\s+(?:(?P<until>coda|fine|end)|(?P<number>\d)(?:\.|st|nd|rd|th)?"
    r"(?:\s*end(?:ing|\.)?)?))?)(?=\s|$)"
    r"|(?P<to_coda>to\s?coda)(?=\s|$)|(?P<coda>coda|𝄌)(?=\s|$)|(?P<segno>segno|§|𝄋)(?=\s|$)|(?P<fine>fine)(?=\s|$)"
    r"|\(?(?P<metre>\d+/\d+)\)?(?=\s|$)"
    r"|(?P<ending>\d(?:[.,-]+\d)*)\.(?=\s|$)"
    r"|(?P<again>%%?)(?=\s|$)|(?P<hold>[./-])(?=\s|$)|(?P<hit>!)(?=\s|$)"
    r"|(?P<chord>(?:[^\s()]|\([^()]*\))+|\S+)",
    re.IGNORECASE,
)
# Beside those that say something to livegen, what people note down.
_SETTINGS = ("title", "metre", "tempo", "style", "key", "pickup")
_ALIASES = {
    "meter": "metre",
    "time": "metre",
    "time signature": "metre",
    "bpm": "tempo",
    "pick-up": "pickup",
    "name": "title",
}
_NOTES = ("composer", "artist", "by", "source", "note", "notes", "copyright", "licence", "license")
_MOST_TIMES = 64
_ROW = 4  # bars of a line that is written


@dataclass(slots=True)
class TextReader:
    """Takes a chart line by line; other readers give it the rows of bars that they find."""

    source: ChartFile
    settings: dict[str, str] = field(default_factory=dict)
    metre: Metre = COMMON_TIME  # in force
    first: Metre | None = None  # of the chart
    tempo: float | None = None
    bars: list[WrittenBar] = field(default_factory=list)
    section: str | None = None  # begins with the next bar
    opens: bool = False  # so does a repeat
    pickup: Fraction | None = None

    # --- lines --------------------------------------------------------------------------------------------------

    def line(self, number: int, text: str) -> None:
        """Take a line."""
        text = _COMMENT.sub("", text).strip()
        if not text:
            return
        if (match := _SECTION.fullmatch(text)) and not match[2]:
            self.begin(number, match[1].strip())
        elif (match := _HEADING.fullmatch(text)) and not _is_setting(match[1]):
            self.begin(number, match[1])
            self.row(number, match[2] or "")
        elif "|" in text:
            self.row(number, text)
        elif match := _SETTING.fullmatch(text):
            self._set(number, match[1].lower(), match[2].strip())
        else:
            raise self.source.mistake(
                number,
                f"expected bars such as | C | F |, a section such as [A], or title: …, got {shown(text)}",
            )

    def begin(self, number: int, name: str) -> None:
        """Begin a section with the next bar."""
        if not name or len(name) > LONGEST:
            raise self.source.mistake(number, "expected the name of a section, such as [A]")
        if self.section is not None:
            raise self.source.mistake(number, f"the section before, [{self.section}], has no bars")
        self.section = name

    def _set(self, number: int, name: str, value: str) -> None:
        name = _ALIASES.get(name, name)
        if name in _NOTES:
            return
        if name not in _SETTINGS:
            raise self.source.mistake(
                number,
                f"expected one of {', '.join(_SETTINGS)} before the colon, got {shown(name)}",
            )
        if not value or len(value) > LONGEST:
            raise self.source.mistake(
                number, f"{name}: expected a value of at most {LONGEST} characters"
            )
        if name == "metre":
            self.set_metre(number, value)
        elif self.bars:
            raise self.source.mistake(number, f"{name}: stands before the first bar")
        elif name in self.settings:
            raise self.source.mistake(number, f"{name}: stands here twice")
        else:
            self.settings[name] = value
            self._check(number, name, value)

    def set_metre(self, number: int, value: str) -> None:
        """Put another metre into force, from the next bar on."""
        self.metre = self.source.metre(number, value)
        if not self.bars:
            self.first = self.metre

    def _check(self, number: int, name: str, value: str) -> None:
        match name:
            case "tempo":
                self.tempo = self.source.tempo(number, value)
            case "key":
                self.source.key(number, value)
            case "pickup":
                self.pickup = _pickup(value)
                if self.pickup is None:
                    raise self.source.mistake(
                        number, f"pickup: expected beats such as 1 or 1/2, got {shown(value)}"
                    )

    # --- bars ---------------------------------------------------------------------------------------------------

    def row(self, number: int, text: str) -> None:
        """Take bars between bar lines."""
        at, may_be_empty = 0, True
        for match in _BAR_LINE.finditer(text):
            self._between(number, text[at : match.start()], may_be_empty or bool(match["opens"]))
            may_be_empty = bool(match["closes"])
            self._bar_line(number, match)
            at = match.end()
        self._between(number, text[at:], may_be_empty=True)

    def _bar_line(self, number: int, match: re.Match[str]) -> None:
        if match["closes"]:
            if not self.bars:
                raise self.source.mistake(number, ":| stands before the first bar")
            times = int(match["x"] or match["times"] or 2)
            if not 2 <= times <= _MOST_TIMES:
                raise self.source.mistake(
                    number, f":| expected 2 to {_MOST_TIMES} times, got x{times}"
                )
            self.bars[-1] = replace(self.bars[-1], times=times)
        elif match["x"] or match["times"]:
            raise self.source.mistake(
                number, "how often stands behind a repeat that closes, such as :|x3"
            )
        self.opens = self.opens or bool(match["opens"])

    def _between(self, number: int, text: str, may_be_empty: bool) -> None:
        """Take what stands between two bar lines, or before the first and behind the last of a line."""
        if match := _SECTION.fullmatch(text.strip()):
            self.begin(number, match[1].strip())
            text, may_be_empty = match[2], True
        tokens = list(_TOKEN.finditer(text))
        if not tokens:
            if text and not may_be_empty:
                raise self.source.mistake(
                    number, "an empty bar; expected a chord, % for the bar before, or N.C."
                )
            return
        bar, cells, back = WrittenBar(line=number), list[Cell](), 0
        for token in tokens:
            if token["again"]:
                back = len(token["again"])
            elif token["metre"]:
                self.set_metre(number, token["metre"])
            elif (cell := self._cell(number, token)) is not None:
                cells.append(cell)
            else:
                bar = self._signed(number, bar, token)
        if not cells and not back:
            self._behind(number, bar, text)
            return
        if back and cells:
            raise self.source.mistake(
                number, f"% is a whole bar; expected nothing beside it, got {shown(text.strip())}"
            )
        self.add(number, self._filled(number, bar, cells, back))

    def _cell(self, number: int, token: re.Match[str]) -> Cell | None:
        if token["hold"]:
            return HOLD
        if token["hit"]:
            return Cell(holds=True, hit=True)
        if not token["chord"]:
            return None
        name = token["chord"]
        return Cell(self.source.chord(number, name.rstrip("!")), hit=name.endswith("!"))

    def _signed(self, number: int, bar: WrittenBar, token: re.Match[str]) -> WrittenBar:
        if token["jump"]:
            until = (token["until"] or "end").lower()
            number_ = int(token["number"]) if token["number"] else None
            to_segno = token["to"].upper() == "S"
            jump = Jump(
                to_segno,
                "coda" if until == "coda" else "fine" if until == "fine" else "end",
                number_,
            )
            return replace(bar, jump=jump)
        if token["ending"]:
            return replace(bar, ending=self._numbers(number, token["ending"]))
        name = next(name for name in ("to_coda", "coda", "segno", "fine") if token[name])
        sign: dict[str, Any] = {name: True}
        return replace(bar, **sign)

    def _numbers(self, number: int, text: str) -> tuple[int, ...]:
        numbers = [int(digit) for digit in re.findall(r"\d", text)]
        if "-" in text and len(numbers) == 2:
            numbers = list(range(numbers[0], numbers[1] + 1))
        if not numbers or 0 in numbers:
            raise self.source.mistake(
                number, f"expected the number of an ending, such as 1., got {shown(text)}"
            )
        return tuple(sorted(set(numbers)))

    def _behind(self, number: int, bar: WrittenBar, text: str) -> None:
        """Signs alone, as behind the last bar line, belong to the bar before."""
        is_behind = bar.jump or bar.fine or bar.to_coda
        if not is_behind or not self.bars or bar.ending or bar.segno or bar.coda:
            raise self.source.mistake(number, f"expected a chord beside {shown(text.strip())}")
        last = self.bars[-1]
        self.bars[-1] = replace(
            last,
            jump=bar.jump or last.jump,
            fine=bar.fine or last.fine,
            to_coda=bar.to_coda or last.to_coda,
        )

    def _filled(self, number: int, bar: WrittenBar, cells: list[Cell], back: int) -> WrittenBar:
        ticks, beat = self.metre.changes[0][1], self.metre.beat
        if not self.bars and self.pickup is not None:
            ticks = int(self.pickup * beat)
            if not 0 < ticks < self.metre.changes[0][1]:
                raise self.source.mistake(
                    number, "pickup: expected less than a bar, at least 1/24 of a beat"
                )
        bar = replace(bar, ticks=ticks, beat=beat)
        if back:
            if len(self.bars) < back:
                raise self.source.mistake(
                    number, f"{'%' * back} is a bar before this one, and there is none"
                )
            last = self.bars[-back]
            return replace(bar, chords=last.chords, hits=last.hits) if last.ticks == ticks else bar
        try:
            chords, hits = spread(cells, ticks, beat)
        except ChartError as error:
            raise self.source.told(number, error) from None
        return replace(bar, chords=chords, hits=hits)

    def add(self, number: int, bar: WrittenBar) -> None:
        """Add a bar; a section and a repeat that were begun begin with it."""
        if len(self.bars) == MOST_BARS:
            raise self.source.mistake(
                number, f"more than {MOST_BARS:,} bars; expected a tune's chart"
            )
        is_coda = bar.coda or (self.section or "").strip().lower() == "coda"
        self.bars.append(replace(bar, section=self.section, opens=self.opens, coda=is_coda))
        self.section, self.opens = None, False

    def end(self, number: int) -> Chart:
        """The chart, when all lines were taken."""
        if not self.bars:
            raise self.source.mistake(0, "holds no bars; expected such as | C | F | G7 | C |")
        if self.section is not None:
            raise self.source.mistake(number, f"the section [{self.section}] has no bars")
        key = self.settings.get("key")
        return Chart(
            tuple(_opened(self.bars)),
            self.settings.get("title", ""),
            self.first or COMMON_TIME,
            self.tempo,
            self.settings.get("style"),
            key_named(key) if key else None,
            self.pickup is not None,
        )


def read_text(text: str, source: ChartFile) -> Chart:
    """The chart of a text.  Raises ChartError, which names file and line."""
    reader, number = TextReader(source), 0
    for number, line in enumerate(source.lines(text), start=1):
        reader.line(number, line)
    return reader.end(number)


def _opened(bars: list[WrittenBar]) -> list[WrittenBar]:
    """The bars with a |: at the beginning of each section that a :| without one closes.

    A coda ends a repeat that was open, as it does where the chart is played.
    """
    opened, begin, is_open = list(bars), 0, False
    for at, bar in enumerate(bars):
        goes_on = is_open or _is_next_ending(bars, at)
        if bar.opens or bar.coda or (bar.section is not None and not goes_on):
            begin, is_open = at, bar.opens
        if bar.times > 1:
            is_open = False
            if opened[begin].section is not None and begin > 0:
                opened[begin] = replace(opened[begin], opens=True)
            following = bars[at + 1 : at + 2]
            begin = begin if following and following[0].ending else at + 1
    return opened


def _is_next_ending(bars: Sequence[WrittenBar], at: int) -> bool:
    """True of a bar that begins an ending behind a :|, with which the repeat goes on."""
    return bool(bars[at].ending) and at > 0 and bars[at - 1].times > 1


def _is_setting(name: str) -> bool:
    name = name.lower()
    return _ALIASES.get(name, name) in _SETTINGS + _NOTES


def _pickup(value: str) -> Fraction | None:
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?|\d{1,3}/[1-9]\d?)(?:\s*beats?)?", value)
    return Fraction(match[1]) if match else None


# --- writing ------------------------------------------------------------------------------------------------------


def write_text(chart: Chart) -> str:
    """A chart in livegen's own text; read again it is the same chart."""
    lines = [f"title: {_plain(chart.title)}"] if _plain(chart.title) else []
    lines.append(f"metre: {written(chart.metre)}")
    lines += [f"tempo: {chart.tempo:g}"] if chart.tempo is not None else []
    lines += [f"style: {_plain(chart.style)}"] if chart.style else []
    lines += [f"key: {chart.key.name}"] if chart.key else []
    if chart.pickup:
        lines.append(f"pickup: {Fraction(chart.bars[0].ticks, chart.bars[0].beat)}")
    row: list[str] = []
    for index, bar in enumerate(_across(chart.bars)):
        if row and (bar.section is not None or bar.opens or len(row) == _ROW):
            lines.append(_row(row))
            row = []
        if bar.section is not None:
            lines += ["", f"[{_plain(bar.section)}]"]
        metre = chart.new_metre(index)
        row.append(_bar(chart, bar, f"({metre}) " if metre else ""))
    return "\n".join([*lines, _row(row), ""])


def _across(bars: Sequence[WrittenBar]) -> list[WrittenBar]:
    """The bars with a |: where a repeat begins that would be read to begin elsewhere.

    Other formats have repeats that nothing opens and that go on where a section begins; in a text they go back to it.
    """
    opened, begins = list(bars), repeats_from(bars)
    closes = [at for at, bar in enumerate(bars) if bar.times > 1]
    while True:
        read = repeats_from(_opened(opened))
        elsewhere = {begins[at] for at in closes if read[at] != begins[at]}
        if not (still := {at for at in elsewhere if not opened[at].opens}):
            return opened
        for at in still:
            opened[at] = replace(opened[at], opens=True)


def _plain(text: str) -> str:
    """A name as it may stand in a line: no bars, and no link, for which the whole text would be taken."""
    return re.sub(r"(?:[\[\]|\s]|://)+", " ", text).strip()[:LONGEST]


def _row(bars: list[str]) -> str:
    return ("|" + "".join(bars)).replace("||:", "|:")


def _bar(chart: Chart, bar: WrittenBar, metre: str) -> str:
    before = metre + "".join(
        word + " "
        for word, is_there in (
            (",".join(map(str, bar.ending)) + ".", bar.ending),
            ("segno", bar.segno),
            ("coda", bar.coda and (bar.section or "").strip().lower() != "coda"),
        )
        if is_there
    )
    behind = "".join(
        f" {word}"
        for word, is_there in (
            ("to coda", bar.to_coda),
            ("fine", bar.fine),
            (bar.jump and bar.jump.words, bar.jump),
        )
        if is_there
    )
    closes = {1: " |", 2: " :|"}.get(bar.times, f" :|x{bar.times}")
    return f"{'|: ' if bar.opens else ' '}{before}{chart.text_of(bar)}{behind}{closes}"
