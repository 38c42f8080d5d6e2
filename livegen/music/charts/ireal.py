"""Charts from iReal Pro: links irealb:// and irealbook://, alone or in an HTML page.

The form of a link is that of https://www.irealpro.com/ireal-pro-file-format; how irealb:// is scrambled is shown by
the open readers (pianosnake/ireal-reader, infojunkie/ireal-musicxml).  A tune is a row of cells; a chord, N.C., a slash
or a blank is one of them, and the cells of a bar share its beats.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import unquote

from livegen.errors import ChartError, ConfigError
from livegen.music.charts.chart import MOST_BARS, Chart, Jump, Until, WrittenBar
from livegen.music.charts.form import Placed
from livegen.music.charts.source import FASTEST, LONGEST, SLOWEST, ChartFile, shown
from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import chord_named, key_named, note_named
from livegen.music.keys.key import Key
from livegen.music.time.metre import COMMON_TIME, DOTTED, Metre, parse_metre

LINK = re.compile(r"irealb(?:ook)?://", re.IGNORECASE)
_SCRAMBLED = "1r34LbKcu7"  # what scrambled music begins with
_BLOCK = 50  # characters that are scrambled together
_MOST_TUNES = 5_000
_LONGEST_MUSIC = 20_000  # characters; iReal itself has 12 lines of 16 cells
_MOST_LISTED = 5  # titles in a mistake

# Places in a block of 50 that change with their mirror image.
_MIRRORED = (*range(5), *range(10, 24))
_SHORT = (("XyQ", "   "), ("LZ", " |"), ("Kcl", "| x"))  # what the links abbreviate

_METRES = {"12": "12/8"}  # T12; all others are two digits, such as T34
_BAR_CELLS = 4  # that a bar has mostly
# What is longer than anybody writes between brackets is passed over: it would be looked through again and again.
_TOKEN = re.compile(
    r"\*(?P<section>[A-Za-z])|<(?P<words>[^>]{0,200})>|T(?P<metre>\d\d)|N(?P<ending>\d)|(?P<bar>[|\[\]{}Z])"
    r"|(?P<segno>S)|(?P<coda>Q)|\((?P<other>[^)]{0,200})\)|(?P<again>[xr])|(?P<none>n)|(?P<slash>p)|(?P<blank> )"
)
_CHORD = re.compile(
    r"(?P<root>[A-G][b#]?|W)(?P<kind>\*[^*]{0,200}\*|(?:sus|alt|add|[\^\-+oh#b0-9ø])*)(?P<bass>/[A-G][b#]?)?"
)
_JUMP = re.compile(
    r"D\.?\s?([CS])\.?(?:\s*al\s*(?:(coda)|(fine)|(\d)(?:st|nd|rd|th)?\s*end))?", re.IGNORECASE
)
_TIMES = re.compile(r"\b(\d)\s?x\b", re.IGNORECASE)
_FINE = re.compile(r"\s*fine\s*", re.IGNORECASE)
_NAMES = {"i": "Intro", "v": "Verse", "V": "Verse"}


class Tune(NamedTuple):
    """A tune of a link; `music` is no longer scrambled."""

    title: str
    style: str
    key: str
    tempo: str
    music: str


def read_ireal(text: str, source: ChartFile, title: str | None = None) -> Chart:
    """The first tune of a text that holds links, or the one of a title.  Raises ChartError with file and line."""
    found: list[str] = []
    for line, link in _links(text):
        for tune in _tunes(link):
            if len(tune.music) > _LONGEST_MUSIC:
                raise source.mistake(
                    line,
                    f"a tune of more than {_LONGEST_MUSIC:,} characters; expected a tune as iReal exports it",
                )
            if title is None or tune.title.strip().lower() == title.strip().lower():
                return _chart(tune, source, line)
            found.append(tune.title)
            if len(found) > _MOST_TUNES:
                raise source.mistake(line, f"more than {_MOST_TUNES:,} tunes")
    if found:
        listed = ", ".join(shown(name) for name in found[:_MOST_LISTED])
        more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
        raise source.mistake(0, f"has no tune {shown(title or '')}; it has {listed}{more}")
    raise source.mistake(
        0, "holds an iReal link without a tune; expected title, style, key and music"
    )


# --- links --------------------------------------------------------------------------------------------------------


def _links(text: str) -> Iterator[tuple[int, str]]:
    """Each link with the line on which it begins: in a page up to its quote, else up to the end of its line."""
    at, line = 0, 1
    while match := LINK.search(text, at):
        line += text.count("\n", at, match.start())
        quote = text[match.start() - 1 : match.start()]
        end = text.find(quote if quote in ('"', "'") else "\n", match.end())
        at = len(text) if end < 0 else end
        yield line, html.unescape(text[match.start() : at])


def _tunes(link: str) -> Iterator[Tune]:
    """The tunes of a link, in its order."""
    scheme, _, body = link.partition("://")
    plain = unquote(body, errors="replace")
    if scheme.lower() == "irealb":
        fields = plain.split("=")
        # Empty fields make the signs between tunes ambiguous; the music is known by how it begins.
        for at, music in enumerate(fields):
            if music.startswith(_SCRAMBLED):
                yield _scrambled(fields, at)
    else:
        for chunk in plain.split("==="):
            fields = chunk.split("=")
            for at in range(0, len(fields) - 5, 6):
                name, _, style, key, _, music = fields[at : at + 6]
                yield Tune(name, style, key, "", music)


def _scrambled(fields: Sequence[str], at: int) -> Tune:
    """A tune from where its music stands: title, composer, (empty), style, key, (transposed), music, groove, tempo."""
    title, _, _, style, key, _ = [*[""] * 6, *fields[:at]][-6:]
    tempo = fields[at + 2] if at + 2 < len(fields) else ""
    return Tune(title, style, key, tempo, unscrambled(fields[at]))


def unscrambled(music: str) -> str:
    """The music of an irealb:// link as people read it."""
    music = music.removeprefix(_SCRAMBLED)[: _LONGEST_MUSIC + 1]
    blocks = []
    # A rest of one character is not counted, nor is the block before it turned.
    while len(music) > _BLOCK + 1:
        blocks.append(_mirrored(music[:_BLOCK]))
        music = music[_BLOCK:]
    plain = "".join(blocks) + music
    for short, long in _SHORT:
        plain = plain.replace(short, long)
    return plain


def _mirrored(block: str) -> str:
    """A block with its scrambled places changed back; the same again scrambles it."""
    letters = list(block)
    for at in _MIRRORED:
        letters[at], letters[-1 - at] = block[-1 - at], block[at]
    return "".join(letters)


# --- music --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cells:
    """The contents of a bar: chords at their cells, how many cells there are, and signs."""

    chords: list[tuple[int, Chord | None]] = field(default_factory=list)
    count: int = 0
    again: str = ""  # x: the bar before; r: the two bars before
    begun: bool = False  # something but blanks stands here
    # The signs of the bar, without what it holds.
    bar: WrittenBar = field(default_factory=WrittenBar)


@dataclass(slots=True)
class _IRealReader:
    source: ChartFile
    line: int
    metre: Metre = COMMON_TIME
    first: Metre | None = None
    bars: list[WrittenBar] = field(default_factory=list)
    cells: _Cells = field(default_factory=_Cells)
    # Signs that stand behind a chord and belong to the next bar.
    following: WrittenBar = field(default_factory=WrittenBar)
    chord: Chord | None = None  # the one before
    times: int = 2  # of the next } that closes
    # Coda signs: bar, and if it had begun.
    codas: list[tuple[int, bool]] = field(default_factory=list)

    def mistake(self, message: str) -> ChartError:
        """An error that names the bar, for a link is one line."""
        return self.source.mistake(self.line, f"bar {len(self.bars) + 1}: {message}")

    def read(self, music: str) -> None:
        """Take the music of a tune.  Raises ChartError."""
        at = 0
        while at < len(music):
            if chord := _CHORD.match(music, at):
                self._put(self._chord(chord))
                at = chord.end()
            elif token := _TOKEN.match(music, at):
                self._token(str(token.lastgroup), token[str(token.lastgroup)])
                at = token.end()
            else:  # whatever iReal itself passes over
                at += 1
        self._bar_line("|")

    def _token(self, kind: str, value: str) -> None:
        match kind:
            case "bar":
                self._bar_line(value)
            case "section":
                self._sign(section=_NAMES.get(value, value.upper()))
            case "metre":
                self._set_metre(value)
            case "ending":
                self._sign(ending=(int(value),))
            case "segno":
                self._sign(segno=True)
            case "coda":
                self.codas.append((len(self.bars), self.cells.begun))
            case "words":
                self._words(re.sub(r"^\*\d\d", "", value))  # without how high they stand
            case "again":
                self.cells.again, self.cells.begun = value, True
            case "none":
                self._put(None)
            case "slash":
                self.cells.count += 1
                self.cells.begun = True
            case "blank":
                self.cells.count += 1

    def _sign(self, **signs: Any) -> None:
        if self.cells.begun:
            self.following = replace(self.following, **signs)
        else:
            self.cells.bar = replace(self.cells.bar, **signs)

    def _set_metre(self, digits: str) -> None:
        try:
            self.metre = parse_metre(_METRES.get(digits, f"{digits[0]}/{digits[1]}"))
        except ConfigError as error:
            raise self.mistake(str(error)) from None
        self.first = self.first or self.metre

    def _words(self, words: str) -> None:
        bar = self.cells.bar
        if jump := _JUMP.search(words):
            until: Until = "coda" if jump[2] else "fine" if jump[3] else "end"
            number = int(jump[4]) if jump[4] else None
            self.cells.bar = replace(bar, jump=Jump(jump[1].upper() == "S", until, number))
        elif _FINE.fullmatch(words):
            self.cells.bar = replace(bar, fine=True)
        elif times := _TIMES.search(words):
            self.times = max(2, int(times[1]))

    def _chord(self, match: re.Match[str]) -> Chord | None:
        try:
            if match["root"] != "W":
                return chord_named(
                    f"{match['root']}{match['kind'].strip('*')}{match['bass'] or ''}"
                )
            if self.chord is None or not match["bass"]:
                return self.chord
            bass = note_named(match["bass"][1:])  # the chord before, over another bass
            return replace(self.chord, bass=None if bass == self.chord.root else bass)
        except ChartError as error:
            raise self.mistake(str(error)) from None

    def _put(self, chord: Chord | None) -> None:
        self.cells.chords.append((self.cells.count, chord))
        self.cells.count += 1
        self.cells.begun = True
        self.chord = chord

    # --- bars ---------------------------------------------------------------------------------------------------

    def _bar_line(self, sign: str) -> None:
        cells, self.cells = self.cells, _Cells()
        if cells.begun:
            self._add(cells)
            self.cells.bar, self.following = self.following, WrittenBar()
        else:
            self._hand_on(cells.bar)
        if sign == "}" and self.bars:
            self.bars[-1] = replace(self.bars[-1], times=self.times)
            self.times = 2
        elif sign == "{":
            self.cells.bar = replace(self.cells.bar, opens=True)

    def _hand_on(self, blank: WrittenBar) -> None:
        """Blanks between bar lines only lay out a page: what is behind a bar goes to the last, all else to the next."""
        if self.bars and (blank.jump or blank.fine):
            last = self.bars[-1]
            self.bars[-1] = replace(
                last, jump=blank.jump or last.jump, fine=blank.fine or last.fine
            )
            blank = replace(blank, jump=None, fine=False)
        self.cells.bar = blank

    def _add(self, cells: _Cells) -> None:
        ticks, beat = self.metre.changes[0][1], self.metre.beat
        bar = replace(cells.bar, ticks=ticks, beat=beat)
        if cells.again and not cells.chords:
            self._repeat(bar, 1 if cells.again == "x" else 2)
        else:
            self._append(replace(bar, chords=self._placed(cells, ticks)))

    def _repeat(self, bar: WrittenBar, back: int) -> None:
        """The bar before, or both bars before; their signs are not repeated."""
        if len(self.bars) < back:
            raise self.mistake("the sign that repeats the bar before, and there is none")
        for number, before in enumerate(self.bars[-back:]):
            own = bar if number == 0 else WrittenBar(bar.ticks, bar.beat)
            chords = before.chords if before.ticks == bar.ticks else ()
            self._append(replace(own, chords=chords))

    def _append(self, bar: WrittenBar) -> None:
        if len(self.bars) == MOST_BARS:
            raise self.mistake(f"more than {MOST_BARS:,} bars; expected a tune's chart")
        self.bars.append(bar)

    def _placed(self, cells: _Cells, ticks: int) -> tuple[Placed, ...]:
        """Chords at the beats that their cells stand for.

        Four cells are four beats, in 3/4 the third and the fourth both the third; in longer bars the third is the beat
        behind the middle (5/4 is 3 and 2).  Any other number shares the bar.  Of two chords that come to the same beat
        the later has the next.
        """
        unit = 12 if ticks % 24 or self.metre.beat == DOTTED else 24
        beats = ticks // unit
        placed: dict[int, Chord | None] = {}
        last = -1
        for cell, chord in cells.chords:
            if cells.count != _BAR_CELLS:
                at = cell * beats // cells.count
            elif beats <= _BAR_CELLS:
                at = min(cell, beats - 1)
            else:
                at = -(-cell * beats // _BAR_CELLS)
            last = min(max(at, last + 1), beats - 1)
            placed[last * unit] = chord
        return tuple(Placed(tick, chord) for tick, chord in placed.items())


def _chart(tune: Tune, source: ChartFile, line: int) -> Chart:
    reader = _IRealReader(source, line)
    reader.read(tune.music)
    if not reader.bars:
        raise source.mistake(line, f"the tune {shown(tune.title)} has no chords")
    return Chart(
        tuple(_with_codas(reader.bars, reader.codas)),
        tune.title.strip()[:LONGEST],
        reader.first or COMMON_TIME,
        _tempo(tune.tempo),
        tune.style.strip()[:LONGEST] or None,
        _key(tune.key),
    )


def _with_codas(bars: list[WrittenBar], codas: list[tuple[int, bool]]) -> list[WrittenBar]:
    """Of two coda signs the first says where one leaves, the last where the coda begins.  One alone says nothing."""
    codas = [(at, begun) for at, begun in codas if at < len(bars) or not begun]
    if len(codas) < 2:
        return bars
    marked = list(bars)
    for at, begun in codas[:-1]:
        leaves = at if begun else at - 1
        if leaves >= 0:
            marked[leaves] = replace(marked[leaves], to_coda=True)
    begins = min(codas[-1][0], len(bars) - 1)
    marked[begins] = replace(marked[begins], coda=True)
    return marked


def _tempo(text: str) -> float | None:
    """Quarters a minute; None for 0, which leaves it to iReal."""
    return float(text) if text.isdecimal() and SLOWEST <= int(text) <= FASTEST else None


def _key(text: str) -> Key | None:
    try:
        return key_named(text)
    except ChartError:
        return None
