"""Charts by name, for those who ask from a page or by OSC: the ones that came with livegen, and a person's own.

Whatever is asked for is a name in one of two folders, never a path.  What is saved is NAME.txt among one's own; nothing
is written over unasked.  Blocking; what was read is kept until its file changes.  Knows no HTTP and no OSC, and not
what the engine does with a chart.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from livegen.control.library import own_files
from livegen.control.library.presets import LONGEST
from livegen.daemon.processes.children import ControlProcess
from livegen.daemon.recording import names
from livegen.errors import ChartError, ConfigError, LivegenError
from livegen.jam.controls.controls import OFF
from livegen.music.charts import Chart, WrittenBar, chart_of, read_chart, write_text
from livegen.music.charts.source import ChartFile
from livegen.music.charts.text import read_text
from livegen.music.time.metre import written

CONTROL = "chart"  # the control that takes the text of one
SUFFIX = ".txt"
MOST_LISTED = 500
MOST_BYTES = 4 << 20  # of a file that a page hands over


class NoChart(LivegenError):
    """No chart has that name."""


class ChartThere(LivegenError):
    """A chart has that name already."""


class ChartMistake(ChartError):
    """A text is no chart; `line` is where, from 1, or 0 where no line is to blame."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Sheet:
    """A chart's file as it was read: what a person edits, and `text`, what the engine plays; or why not."""

    title: str = ""
    edited: str = ""
    text: str = ""
    error: str = ""


def by_name(shipped: Path, own: Path) -> dict[str, Path]:
    """Charts by name, which is that of the file without its ending: those that came with livegen, then one's own."""
    found = {path.stem: path for path in sorted(shipped.glob(f"*{SUFFIX}"))}
    more = sorted(path for path in own.glob("*") if path.is_file() and path.name[0] != ".")
    return found | {path.stem: path for path in more if path.stem not in found}


def read(data: bytes | str) -> Chart:
    """The chart that a person wrote or handed over, in any format that is read.  Raises ChartMistake."""
    try:
        return chart_of(data.encode() if isinstance(data, str) else data, "chart")
    except ChartError as error:
        raise ChartMistake((error.said or str(error))[:300], error.line) from None
    except UnicodeEncodeError:  # half of a character
        raise ChartMistake("is not text; expected bars such as | C | F | G7 | C |") from None


@lru_cache(8)  # a surface that sends its state sends the same chart again and again
def plain_text(text: str) -> str:
    """The chart of a text in any format that is read, in livegen's own text.  Raises ChartMistake."""
    return write_text(read(text))


def laid_out(chart: Chart) -> dict[str, Any]:
    """A chart for a page: its facts, and each bar with the words and signs that stand in it."""
    return {
        "title": chart.title,
        "metre": written(chart.metre),
        "tempo": chart.tempo,
        "style": chart.style or "",
        "key": chart.key.name if chart.key else "",
        "bars": [_bar(chart, index) for index in range(len(chart.bars))],
    }


def _bar(chart: Chart, index: int) -> dict[str, Any]:
    """Give the contents of a bar; what it lacks is left out."""
    bar = chart.bars[index]
    told = {
        "section": bar.section,
        "ending": ",".join(map(str, bar.ending)),
        "opens": bar.opens,
        "times": bar.times if bar.times > 1 else 0,
        "signs": _signs(bar),
        "metre": chart.new_metre(index),
        "pickup": chart.pickup and index == 0,
    }
    return {"text": chart.text_of(bar)} | {name: value for name, value in told.items() if value}


def _signs(bar: WrittenBar) -> list[str]:
    words = {"segno": bar.segno, "coda": bar.coda, "to coda": bar.to_coda, "fine": bar.fine}
    return [word for word, is_there in words.items() if is_there] + (
        [bar.jump.words] if bar.jump else []
    )


class Charts:
    """The charts there are.  Neither folder need exist.  Threads: any."""

    def __init__(self, shipped: Path, own: Path) -> None:
        self._shipped, self._own = shipped, own
        self._kept: dict[tuple[str, int, int], Sheet] = {}

    def listed(self) -> list[dict[str, Any]]:
        """Name, title, and whether it is one's own, of each; `error` where a file cannot be read."""
        paths = list(self._paths().items())[:MOST_LISTED]
        sheets = {name: self._sheet(path) for name, path in paths}
        current = {key for _, path in paths if (key := _key(path))}
        kept = list(self._kept.items())  # another thread may add to it meanwhile
        self._kept = {key: sheet for key, sheet in kept if key in current}
        return [
            {"name": name, "title": sheet.title, "own": self._is_own(path)}
            | ({"error": sheet.error} if sheet.error else {})
            for (name, path), sheet in zip(paths, sheets.values(), strict=True)
        ]

    def names(self) -> Sequence[str]:
        """The names there are."""
        return list(self._paths())[:MOST_LISTED]

    def given(self, name: str) -> dict[str, Any]:
        """Name, title and text of one, as a person edits it.  Raises NoChart or ChartError."""
        path = self._paths().get(name)
        if path is None:
            raise NoChart(f"there is no chart {name!r:.60}")
        sheet = self._readable(path)
        return {
            "name": name,
            "title": sheet.title,
            "text": sheet.edited,
            "own": self._is_own(path),
        }

    def named(self, text: str) -> str | None:
        """The name of the chart that the engine plays when it plays this text; None where it is another."""
        paths = self._paths().items()
        return next((name for name, path in paths if self._sheet(path).text == text), None)

    def meant(self, control: str, value: Any) -> Any:
        """Give what a control takes for a value that a person gave: for a chart's name its text, else the value.

        A chart is a name, or its text in any format that is read, or "off".  Raises ConfigError.
        """
        if control != CONTROL or not isinstance(value, str) or (word := value.strip()) == OFF:
            return value
        try:
            text = self._text(word)
        except LivegenError as error:
            raise ConfigError(f"{CONTROL}: {error}") from None
        if len(json.dumps(text)) > ControlProcess.MAX_COMMAND - 64:
            raise ConfigError(
                f"{CONTROL}: the chart is too long; expected at most "
                f"{ControlProcess.MAX_COMMAND - 64} bytes"
            )
        return text

    def _text(self, word: str) -> str:
        if "\n" in word or "|" in word:
            return plain_text(word)
        path = self._paths().get(word)
        if path is not None:
            return self._readable(path).text
        if ":" not in word:
            raise NoChart(f"there is no chart of the name {word!r:.40}")
        return plain_text(word)

    def save(self, name: str, text: str, replace: bool = False) -> str:
        """Save a text as a chart of one's own, as it is written; its name, the accents composed.

        Raises ChartThere where there is one and it is not to be replaced, ChartError, or OSError.
        """
        read(text)
        plain = checked_name(name)
        there = self._paths().get(plain)
        if there is not None and not self._is_own(there):
            raise ChartError(f"{plain} came with livegen; choose another name")
        if there is not None and there.suffix != SUFFIX:
            raise ChartError(
                f"{plain} is too like the name of the file {there.name}; choose another name"
            )
        try:
            own_files.write(self._own / f"{plain}{SUFFIX}", text.rstrip() + "\n", replace)
        except FileExistsError:
            raise ChartThere(f"there is a chart {plain} already") from None
        return plain

    def _paths(self) -> dict[str, Path]:
        return by_name(self._shipped, self._own)

    def _is_own(self, path: Path) -> bool:
        return path.parent != self._shipped

    def _readable(self, path: Path) -> Sheet:
        """The sheet of a file that is a chart.  Raises ChartError."""
        sheet = self._sheet(path)
        if sheet.error:
            raise ChartError(sheet.error)
        return sheet

    def _sheet(self, path: Path) -> Sheet:
        key = _key(path)
        sheet = self._kept.get(key) if key else None
        if sheet is None:
            sheet = _sheet(path)
            if key:
                self._kept[key] = sheet
        return sheet


def checked_name(name: str) -> str:
    """The name of a chart, its accents composed.  Raises ChartError."""
    plain = names.composed(name.strip())
    if len(plain) > LONGEST or not names.is_safe(f"{plain}{SUFFIX}") or not names.is_safe(plain):
        rule = names.RULE.replace("200 bytes", f"{LONGEST} characters")
        raise ChartError(f"{name!r:.60} is no name for a chart: {rule}")
    if plain == OFF:
        raise ChartError(f"{OFF} means no chart; choose another name")
    return plain


def _sheet(path: Path) -> Sheet:
    try:
        chart = read_chart(path)
        text = write_text(chart)
        return Sheet(chart.title, _edited(path, chart) or text, text)
    except ChartError as error:
        return Sheet(error=str(error).replace(str(path.parent), "").lstrip("/\\")[:300])


def _edited(path: Path, chart: Chart) -> str:
    """The file as it is, with its notes and comments, if it is in livegen's own text; else nothing."""
    source = ChartFile(path.name)
    try:
        text = source.text(path.read_bytes())
        return text if read_text(text, source) == chart else ""
    except (ChartError, OSError):
        return ""


def _key(path: Path) -> tuple[str, int, int] | None:
    """Give a key that is another when the file has changed; None if it is gone."""
    try:
        about = path.stat()
    except OSError:
        return None
    return str(path), about.st_mtime_ns, about.st_size
