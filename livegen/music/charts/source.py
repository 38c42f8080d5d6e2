"""The bytes of a chart's file as text, and mistakes in it as lines for a person.  Knows no format."""

import re
from dataclasses import dataclass

from livegen.errors import ChartError, ConfigError
from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import chord_named, key_named
from livegen.music.keys.key import Key
from livegen.music.time.metre import Metre, parse_metre

MAX_BYTES = 4_000_000  # of text; the longest iReal playlists have 700,000
SLOWEST, FASTEST = 20, 400  # quarters a minute
MAX_LINES = 50_000
MAX_LINE = 20_000  # characters
LONGEST = 120  # characters of a title, a section's name or a style
_SHOWN = 40  # characters of what was found
# No text has these.  A tab, line ends, and the form feed of old editors are text.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ChartFile:
    """A file by its name, and how a mistake in it is told."""

    name: str

    def mistake(self, line: int, message: str) -> ChartError:
        """An error that names the file and, unless it is 0, the line."""
        error = ChartError(f"{self.name}:{line}: {message}" if line else f"{self.name}: {message}")
        error.line, error.said = line, message
        return error

    def told(self, line: int, error: ChartError) -> ChartError:
        """An error that knew neither file nor line, with both."""
        return self.mistake(line, str(error))

    def text(self, data: bytes) -> str:
        """The text of a file in UTF-8, UTF-16 or Latin-1, its line ends made equal.  Raises ChartError."""
        if len(data) > MAX_BYTES:
            raise self.mistake(
                0, f"more than {MAX_BYTES // 1_000_000} MB; expected the text of a chart"
            )
        text = _decoded(data)
        if text is None or _CONTROLS.search(text):
            raise self.mistake(0, "is not text; expected a chart such as docs/CHARTS.md shows")
        if not text.strip():
            raise self.mistake(0, "is empty; expected bars such as | C | F | G7 | C |")
        return re.sub(r"\r\n?|\f|\x85|\u2028|\u2029", "\n", text)

    def lines(self, text: str) -> list[str]:
        """The lines of a text.  Raises ChartError where there are more, or longer ones, than anybody writes."""
        if text.count("\n") > MAX_LINES:
            raise self.mistake(0, f"more than {MAX_LINES:,} lines; expected the text of a chart")
        lines = text.split("\n")
        for number, line in enumerate(lines, start=1):
            if len(line) > MAX_LINE:
                raise self.mistake(
                    number, f"more than {MAX_LINE:,} characters in a line; expected bars"
                )
        return lines

    def chord(self, line: int, name: str) -> Chord | None:
        """The chord of a name, None for N.C.  Raises ChartError."""
        try:
            return chord_named(name)
        except ChartError as error:
            raise self.told(line, error) from None

    def key(self, line: int, text: str) -> Key:
        """The key that is written.  Raises ChartError."""
        try:
            return key_named(text)
        except ChartError as error:
            raise self.told(line, error) from None

    def metre(self, line: int, text: str) -> Metre:
        """The metre that is written.  Raises ChartError."""
        word = {"c": "4/4", "common": "4/4", "c|": "2/2", "cut": "2/2"}.get(text.lower(), text)
        try:
            return parse_metre(word)
        except ConfigError as error:
            raise self.mistake(line, str(error)) from None

    def tempo(self, line: int, text: str) -> float:
        """Quarters a minute.  Raises ChartError."""
        match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)\s*(?:bpm)?", text, re.IGNORECASE)
        if match is None or not SLOWEST <= float(match[1]) <= FASTEST:
            raise self.mistake(
                line,
                f"tempo: expected quarters a minute, {SLOWEST} to {FASTEST}, got {shown(text)}",
            )
        return float(match[1])


def shown(text: str) -> str:
    """The text that was found, short and on one line."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _decoded(data: bytes) -> str | None:
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return _tried(data, encoding)
    # Text in UTF-16 without a mark has a zero in every other byte.
    head = data[:400]
    for encoding, odd, even in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        zeros, others = head[odd::2], head[even::2]
        if len(head) >= 4 and zeros.count(0) > 0.7 * len(zeros) and not others.count(0):
            return _tried(data, encoding)
    for encoding in ("utf-8", "cp1252", "latin-1"):
        if (text := _tried(data, encoding)) is not None:
            return text
    return None


def _tried(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
