"""XML of strangers as a small tree, with the line of each element.

What a file could do harm with is refused: entities of its own (which grow without bound), and more elements, depth or
bytes than a lead sheet has.  Nothing outside the file is ever read.  Elements that nobody asks for are passed over.
"""

import io
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from livegen.errors import ChartError
from livegen.music.charts.source import ChartFile

MAX_BYTES = 16_000_000  # of XML, also inside an archive
MAX_ELEMENTS = 300_000  # of those that are kept
MAX_DEPTH = 50
# Bytes of a tag or a comment, through which the parser goes again with each piece of it.
MAX_TAG = 1 << 18
MAX_ATTRIBUTES = 100  # of an element
_MAX_TEXT = 1_000  # characters of an element
_MAX_FILES = 1_000  # in an archive
_CHUNK = 1 << 16
_MANIFEST = "META-INF/container.xml"


@dataclass(slots=True)
class Element:
    """An element: its text without that of its children, and the line on which it begins."""

    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, tag: str) -> Iterator["Element"]:
        """Give the children of a name."""
        return (child for child in self.children if child.tag == tag)

    def first(self, *path: str) -> "Element | None":
        """The first element at the end of a path of names; None where there is none."""
        found: Element | None = self
        for tag in path:
            found = next(found.all(tag), None) if found else None
        return found

    def said(self, *path: str) -> str:
        """The text there, without spaces around it; "" where there is none."""
        found = self.first(*path)
        return found.text.strip() if found else ""


def parsed(data: bytes, source: ChartFile, kept: Collection[str]) -> Element:
    """The tree of the elements named in `kept`, under the root.  Raises ChartError, which names file and line."""
    if len(data) > MAX_BYTES:
        raise source.mistake(
            0, f"more than {MAX_BYTES // 1_000_000} MB of XML; expected a lead sheet"
        )
    builder = _Builder(source, frozenset(kept))
    try:
        for at in range(0, len(data), _CHUNK):
            builder.parser.Parse(data[at : at + _CHUNK], at + _CHUNK >= len(data))
            if at + _CHUNK - builder.parser.CurrentByteIndex > MAX_TAG + _CHUNK:
                line = builder.parser.CurrentLineNumber
                raise source.mistake(line, f"a tag or a comment of more than {MAX_TAG:,} bytes")
    except expat.ExpatError as error:
        raise source.mistake(
            error.lineno, f"is not XML ({expat.ErrorString(error.code)})"
        ) from None
    except (LookupError, ValueError):  # an encoding that nobody knows
        raise source.mistake(1, "is in an encoding that is not known; expected UTF-8") from None
    if builder.root is None:
        raise source.mistake(0, "is empty; expected MusicXML")
    return builder.root


class _Builder:
    def __init__(self, source: ChartFile, kept: frozenset[str]) -> None:
        self.source, self.kept = source, kept
        self.root: Element | None = None
        self.open: list[Element] = []
        self.passed = 0  # depth inside an element that is passed over
        self.count = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.EntityDeclHandler = self.entity

    def entity(self, *_: object) -> None:
        raise self.source.mistake(
            self.parser.CurrentLineNumber,
            "declares entities, which MusicXML needs none of; refused",
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        if len(self.open) + self.passed >= MAX_DEPTH:
            raise self.source.mistake(line, f"nested deeper than {MAX_DEPTH} elements")
        if len(attributes) > MAX_ATTRIBUTES:
            raise self.source.mistake(line, f"more than {MAX_ATTRIBUTES} attributes of an element")
        if self.passed or (self.open and tag not in self.kept):
            self.passed += 1
            return
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise self.source.mistake(line, f"more than {MAX_ELEMENTS:,} notes and signs")
        element = Element(tag, attributes, line)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, tag: str) -> None:
        if self.passed:
            self.passed -= 1
        else:
            self.open.pop()

    def data(self, text: str) -> None:
        if self.open and not self.passed and len(self.open[-1].text) < _MAX_TEXT:
            self.open[-1].text += text[:_MAX_TEXT]


# --- archives -----------------------------------------------------------------------------------------------------


def unpacked(data: bytes, source: ChartFile) -> bytes:
    """The score inside a compressed MusicXML file (.mxl), at most MAX_BYTES of it.  Raises ChartError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [info.filename for info in archive.infolist()[: _MAX_FILES + 1]]
            if len(names) > _MAX_FILES:
                raise source.mistake(0, f"holds more than {_MAX_FILES:,} files; expected a score")
            return _inflated(archive, _score_name(archive, names, source), source)
    except ChartError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        RuntimeError,  # a password, or a method that zipfile lacks
        ValueError,
        KeyError,
    ):
        raise source.mistake(0, "is a damaged archive; expected compressed MusicXML") from None


def _score_name(archive: zipfile.ZipFile, names: list[str], source: ChartFile) -> str:
    """The file that the archive's manifest names, else the first that looks like a score."""
    if _MANIFEST in names:
        manifest = parsed(
            _inflated(archive, _MANIFEST, source), source, ("container", "rootfiles", "rootfile")
        )
        rootfile = manifest.first("rootfiles", "rootfile")
        if rootfile and rootfile.attributes.get("full-path") in names:
            return rootfile.attributes["full-path"]
    for name in names:
        if name.lower().endswith((".xml", ".musicxml")) and not name.startswith("META-INF"):
            return name
    raise source.mistake(0, "is an archive without a score; expected compressed MusicXML")


def _inflated(archive: zipfile.ZipFile, name: str, source: ChartFile) -> bytes:
    """A file of the archive, read no further than it may be long: what it says of its size may be wrong."""
    with archive.open(name) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise source.mistake(
            0, f"unpacks to more than {MAX_BYTES // 1_000_000} MB; expected a lead sheet"
        )
    return data
