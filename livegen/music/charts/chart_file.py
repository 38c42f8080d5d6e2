"""A chart's file: which format it is by what stands in it, and its reader."""

from pathlib import Path

from livegen.errors import ChartError
from livegen.music.charts.chart import Chart
from livegen.music.charts.source import ChartFile
from livegen.music.charts.xml_tree import MAX_BYTES, unpacked

_HEAD = 4_000  # bytes by which a format is known
_CHORDPRO = (".cho", ".crd", ".chopro", ".chord", ".chordpro", ".pro")


def read_chart(path: Path, title: str | None = None) -> Chart:
    """The chart of a file; of several tunes in it the first, or the one of a title.

    Blocking.  Raises ChartError, which names the file and, where it can, the line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ChartError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:  # a zero in its name
        raise ChartError(f"{str(path)!r}: is no name of a file") from None
    return chart_of(data, path.name, title)


def chart_of(data: bytes, name: str, title: str | None = None) -> Chart:
    """The chart that bytes hold; `name` is what mistakes call them, and its ending helps.  Raises ChartError."""
    source = ChartFile(name)
    chart = _read(data, source, Path(name).suffix.lower(), title)
    try:
        _ = chart.form  # whatever cannot be played is told now
    except ChartError as error:
        raise source.told(0, error) from None
    return chart


def _read(data: bytes, source: ChartFile, suffix: str, title: str | None) -> Chart:
    # Every process that knows a chart imports this; few ever read one.
    from livegen.music.charts.above_words import as_chordpro
    from livegen.music.charts.chordpro import DIRECTIVE, read_chordpro
    from livegen.music.charts.ireal import LINK, read_ireal
    from livegen.music.charts.musicxml import read_musicxml
    from livegen.music.charts.text import read_text

    if data.startswith(b"PK\3\4"):
        return read_musicxml(unpacked(data, source), source)
    head = data[:_HEAD].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    is_xml = head.startswith((b"<?xml", b"<score-", b"<!DOCTYPE score"))
    if is_xml and (b"<html" not in head.lower()):
        return read_musicxml(data, source)
    text = source.text(data)
    if LINK.search(text):
        return read_ireal(text, source, title)
    if head.lower().startswith((b"<!doctype html", b"<html")):
        raise source.mistake(0, "is a page without an iReal link (irealb://); expected one")
    is_chordpro = suffix in _CHORDPRO or any(
        DIRECTIVE.fullmatch(line) for line in text.split("\n", 200)[:200]
    )
    if is_chordpro:
        return read_chordpro(text, source, title)
    if song := as_chordpro(text):
        return read_chordpro(song, source, title)
    return read_text(text, source)
