"""Charts from ChordPro: chords above words, and grids of bars.  As https://www.chordpro.org/chordpro/ describes it.

ChordPro says nothing of time above words, so:

* where a file has a grid, its bars are the grids' bars and the chords above words are passed over;
* where a line of words has bar lines, the chords between two of them share a bar;
* everywhere else each chord is a bar.

A section of words without chords has those of the last section of its kind; {chorus} plays the last chorus again.
"""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from livegen.music.charts.chart import Chart, WrittenBar
from livegen.music.charts.form import Placed
from livegen.music.charts.source import LONGEST, ChartFile, shown
from livegen.music.charts.text import TextReader
from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import key_named

DIRECTIVE = re.compile(r"\s*\{\s*([A-Za-z_]+)(?:-[\w-]+!?)?\s*(?::\s*|\s+|(?=\}))(.*?)\s*\}\s*")
_CHORD = re.compile(r"\[([^\[\]]*)\]")
_LABEL = re.compile(r"""label\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
_SHORT = {
    "t": "title", "st": "subtitle", "c": "comment", "ci": "comment", "cb": "comment", "ns": "new_song",
    "sov": "start_of_verse", "eov": "end_of_verse", "soc": "start_of_chorus", "eoc": "end_of_chorus",
    "sob": "start_of_bridge", "eob": "end_of_bridge", "sog": "start_of_grid", "eog": "end_of_grid",
    "sot": "start_of_tab", "eot": "end_of_tab", "comment_italic": "comment", "comment_box": "comment",
    "highlight": "comment",
}  # fmt: skip
# Environments that hold neither words nor bars.
_FOREIGN = ("tab", "abc", "ly", "svg", "textblock", "musicxml", "code")
# A comment that is the name of a section.
_SECTION = re.compile(
    r"(verse|chorus|refrain|bridge|intro|outro|ending|solo|interlude|instrumental|pre-?chorus|coda|tag|vamp|part)\b.*",
    re.IGNORECASE,
)
_GRID_LINE = re.compile(r"^[^|]*?(:?\|.*\|[.:]?)[^|]*$")
_MOST_SEMITONES = 24


class _Line(NamedTuple):
    """A line of a file with its number; name and value of the directive on it, "" for any other line."""

    number: int
    text: str
    name: str
    value: str


@dataclass(slots=True)
class _Song:
    """A song as its lines are taken."""

    source: ChartFile
    has_grid: bool
    title: str = ""
    key: str | None = None
    tempo: float | None = None
    up: int = 0  # semitones: capo, transpose
    reader: TextReader = field(init=False)
    inside: str = ""  # the environment: verse, chorus, grid …
    begun: int = 0  # bars before this section
    has_words: bool = False
    kept: dict[str, list[WrittenBar]] = field(default_factory=dict)  # the last section of each kind
    has_time: bool = False
    after_double: bool = False  # the bar before was %%

    def __post_init__(self) -> None:
        self.reader = TextReader(self.source)

    # --- directives ---------------------------------------------------------------------------------------------

    def directive(self, number: int, name: str, value: str) -> None:
        """Take {name: value}."""
        if name == "meta":
            name, _, value = value.partition(" ")
            value = value.strip()
        if name.startswith("start_of_"):
            self._end()
            self._begin(number, name.removeprefix("start_of_"), value)
        elif name.startswith("end_of_"):
            self._end()
        elif name == "chorus":
            self._recall(number, "chorus", _label(value) or "Chorus")
        elif name == "comment" and _SECTION.fullmatch(value):
            self._end()
            self._begin(number, value.split()[0].lower(), value)
        elif value:
            self._set(number, name, value)

    def _set(self, number: int, name: str, value: str) -> None:
        match name:
            case "title":
                self.title = value[:LONGEST]
            case "key":
                self._check_key(number, value)
            case "tempo":
                self.tempo = self.source.tempo(number, value)
            case "time":
                self.reader.set_metre(number, value)
                self.has_time = True
            case "capo" | "transpose":
                if not re.fullmatch(r"[+-]?\d{1,2}", value) or abs(int(value)) > _MOST_SEMITONES:
                    raise self.source.mistake(
                        number, f"{name}: expected semitones, got {shown(value)}"
                    )
                self.up += int(value)

    def _check_key(self, number: int, value: str) -> None:
        self.source.key(number, value)
        self.key = self.key or value

    # --- sections -----------------------------------------------------------------------------------------------

    def _begin(self, number: int, kind: str, value: str) -> None:
        self.inside, self.begun, self.has_words = kind, len(self.reader.bars), False
        if kind in _FOREIGN or (self.has_grid and kind != "grid"):
            return
        name = _label(value) or ("" if kind == "grid" else kind.replace("_", " ").capitalize())
        if name:
            self.reader.section = None  # of two that begin before a bar the later counts
            self.reader.begin(number, name)

    def _end(self) -> None:
        kind, bars = self.inside, self.reader.bars[self.begun :]
        if kind and bars:
            self.kept[kind] = bars
        elif kind and self.has_words and kind in self.kept and not self.has_grid:
            self._recall(0, kind, self.reader.section or kind.capitalize())
        self.inside, self.begun = "", len(self.reader.bars)

    def _recall(self, number: int, kind: str, name: str) -> None:
        if self.has_grid:
            return
        for index, bar in enumerate(self.kept.get(kind, ())):
            if index == 0:
                self.reader.section = name
            self.reader.add(number, replace(bar, line=number))

    # --- lines --------------------------------------------------------------------------------------------------

    def line(self, number: int, text: str) -> None:
        """Take a line that is no directive."""
        if self.inside in _FOREIGN or not text.strip():
            return
        if self.inside == "grid":
            self._grid(number, text)
        elif not self.has_grid:
            self._words(number, text)

    def _words(self, number: int, text: str) -> None:
        self.has_words = True
        chords = [(match.start(), match[1].strip()) for match in _CHORD.finditer(text)]
        plain = _CHORD.sub(lambda match: " " * len(match[0]), text)
        lines = [at for at, letter in enumerate(plain) if letter == "|"]
        lines += [at for at, name in chords if name.strip("|: ") == "" and "|" in name]
        named = [
            (at, self._chord(number, name))
            for at, name in chords
            if name and not name.startswith("*") and name.strip("|: ")
        ]
        if not lines:
            for _, chord in named:
                self._bar(number, [chord])
            return
        edges = [-1, *sorted(lines), len(text)]
        for index, (begin, end) in enumerate(pairwise(edges)):
            inside = [chord for at, chord in named if begin < at < end]
            is_outside = index in (0, len(edges) - 2)
            if inside or not is_outside:
                self._bar(number, inside)

    def _chord(self, number: int, name: str) -> Chord | None:
        plain = name.removeprefix("(").removesuffix(")") if name[:1] == "(" else name
        return self.source.chord(number, plain)

    def _bar(self, number: int, chords: list[Chord | None]) -> None:
        """Add a bar whose chords lie as evenly on its beats as they can."""
        metre = self.reader.metre
        ticks, beat = metre.changes[0][1], metre.beat
        step = beat if ticks % beat == 0 else 12
        while ticks // step < len(chords) and step > 1:
            step //= 2
        beats = ticks // step
        placed = {at * beats // len(chords) * step: chord for at, chord in enumerate(chords)}
        bar = WrittenBar(
            ticks, beat, tuple(Placed(tick, chord) for tick, chord in placed.items()), line=number
        )
        self.reader.add(number, bar)

    # --- grids --------------------------------------------------------------------------------------------------

    def _grid(self, number: int, text: str) -> None:
        row = _GRID_LINE.match(text)
        if row is None:
            raise self.source.mistake(
                number,
                f"a grid: expected bars such as | C . . . | F . . . |, got {shown(text.strip())}",
            )
        if re.match(r"\|[sS]\b", row[1]):
            return  # how to strum
        bars = re.sub(r"\|\.", "|", row[1])
        bars = re.sub(r"\|([1-9])>?(?=\s)", r"| \1. ", bars)
        parts = re.split(r"(:?\|+:?)", bars)
        for at in range(2, len(parts) - 1, 2):
            parts[at] = self._grid_bar(number, parts[at])
        self.reader.row(number, "".join(parts))

    def _grid_bar(self, number: int, text: str) -> str:
        """The contents of a bar in livegen's own text."""
        words = text.split()
        ending = words.pop(0) + " " if words and re.fullmatch(r"[1-9]\.", words[0]) else ""
        is_blank = all(word in (".", "/") for word in words)
        if "%%" in words or (self.after_double and is_blank):
            self.after_double = "%%" in words
            return f" {ending}%% "
        self.after_double = False
        if not words:
            return text
        if "%" in words:
            return f" {ending}% "
        parts = max(word.count("~") + 1 for word in words)
        cells = [
            cell
            for word in words
            for cell in _share(["N.C." if name == "n" else name for name in word.split("~")], parts)
        ]
        if not self.has_time and not self.reader.bars and len(words) in (3, 6):
            self.reader.set_metre(number, "3/4" if len(words) == 3 else "6/8")
            self.has_time = True
        return f" {ending}{' '.join(cells)} "

    def end(self, number: int) -> Chart:
        """The chart, when all lines were taken."""
        self._end()
        self.reader.section = None
        if not self.reader.bars:
            raise self.source.mistake(
                0, "holds no chords; expected such as [C]words above words, or a grid"
            )
        chart = self.reader.end(number)
        key = key_named(self.key) if self.key else None
        return replace(chart, title=self.title, tempo=self.tempo, key=key).transposed(self.up)


def read_chordpro(text: str, source: ChartFile, title: str | None = None) -> Chart:
    """The first song of a text, or the one of a title.  Raises ChartError, which names file and line."""
    songs: list[list[_Line]] = [[]]
    for number, words in enumerate(source.lines(text), start=1):
        line = _Line(number, words, *_directive(words))
        if line.name == "new_song":
            songs.append([])
        else:
            songs[-1].append(line)
    titles = []
    for song in songs:
        named = next((line.value for line in song if line.name == "title"), "")
        if title is None or named.strip().lower() == title.strip().lower():
            if title is None and len(songs) > 1 and not any(line.text.strip() for line in song):
                continue  # {new_song} may stand before the first
            return _song(song, source)
        titles.append(shown(named))
    listed = ", ".join(titles[:5])
    raise source.mistake(0, f"has no song {shown(title or '')}; it has {listed}")


def _song(lines: list[_Line], source: ChartFile) -> Chart:
    song = _Song(source, has_grid=any(line.name == "start_of_grid" for line in lines))
    for line in lines:
        if line.name:
            song.directive(line.number, line.name, line.value)
        elif not line.text.lstrip().startswith("#"):
            song.line(line.number, line.text)
    return song.end(lines[-1].number if lines else 0)


def _directive(line: str) -> tuple[str, str]:
    """Name and value of a directive; the name "" for any other line."""
    match = DIRECTIVE.fullmatch(line)
    if match is None:
        return "", ""
    name = match[1].lower()
    return _SHORT.get(name, name), match[2]


def _label(value: str) -> str:
    """The name that a section is given, such as label="Verse 2" or the plain words; "" for a grid's shape."""
    match = _LABEL.search(value)
    if match:
        return (match[1] or match[2] or match[3] or "")[:LONGEST]
    is_shape = re.fullmatch(r"(shape=)?[\"']?\d[\dx+]*[\"']?", value)
    return "" if is_shape else re.sub(r"[\[\]|]", " ", value).strip()[:LONGEST]


def _share(names: list[str], parts: int) -> list[str]:
    """A cell of a grid as so many: its chords, each held by dots; 2 in 3 come early."""
    cells = ["."] * parts
    for at, name in enumerate(names):
        cells[at * parts // len(names)] = name
    return cells
