"""Notation as the bytes of a file, by the ending of its name: loads the libraries of the extra `score` when it runs."""

from collections.abc import Callable

from livegen.errors import ConfigError
from livegen.extras import missing
from livegen.notation.symbols import Notation

EXTRA = "score"
# The modules that each ending needs.
_MUSICXML = ("music21",)
_SVG = (*_MUSICXML, "verovio")
NEEDS = {
    ".musicxml": _MUSICXML,
    ".xml": _MUSICXML,
    ".svg": _SVG,
    ".pdf": (*_SVG, "svglib", "reportlab"),
}
ENDINGS = ", ".join(NEEDS)


def check(suffix: str) -> None:
    """Raises ConfigError for an ending that is none of these, or whose libraries are not installed."""
    if suffix not in NEEDS:
        raise ConfigError(f"expected a file that ends in {ENDINGS}, got {suffix or 'no ending'}")
    if line := missing(EXTRA, *NEEDS[suffix]):
        raise ConfigError(line)


def rendered(notation: Notation, suffix: str) -> bytes:
    """The bytes of a file of an ending for which `check` raises nothing; an SVG is one long page."""
    return _WRITERS[suffix](notation)


def _musicxml(notation: Notation) -> bytes:
    from livegen.notation.musicxml import musicxml

    return musicxml(notation)


def _svg(notation: Notation) -> bytes:
    from livegen.notation.engraving import pages

    return pages(_musicxml(notation), is_one=True)[0].encode()


def _pdf(notation: Notation) -> bytes:
    from livegen.notation.engraving import pages, pdf

    return pdf(pages(_musicxml(notation)))


_WRITERS: dict[str, Callable[[Notation], bytes]] = {
    ".musicxml": _musicxml,
    ".xml": _musicxml,
    ".svg": _svg,
    ".pdf": _pdf,
}
