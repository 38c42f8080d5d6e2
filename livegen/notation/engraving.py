"""MusicXML as pages to look at: SVG by Verovio, PDF by svglib and ReportLab.  Knows no notes."""

import io
import re
from collections.abc import Sequence
from typing import Any

import verovio

_A4 = {"pageWidth": 2100, "pageHeight": 2970}  # tenths of a millimetre
_OPTIONS = {
    "lyricSize": 5.0,  # of all words, which are written `_SMALLER`
    "lyricWordSpace": 3.0,
    "scale": 40,
    "header": "auto",
    "footer": "none",
    "font": "Leland",
    "smuflTextFont": "none",
    "xmlIdSeed": 1,  # the same names each time
}
# Signs that Verovio takes from the font of its notes, which other programs lack; a PDF's own fonts have none of them.
_SIGNS = str.maketrans({"\uea64": "♭", "\uea65": None, "\uea66": "♯", "\ueca5": "♩"})
_PLAIN = str.maketrans({"♭": "b", "♯": "#", "♩": "BPM"})
_TEXT = re.compile(r"<text ([^>]*)>(.*?)</text>", re.DOTALL)
_FONT_SIZE = re.compile(r'font-size="([1-9]\d*)px"')
_SMALLER = 0.8  # Verovio leaves room for its own letters, which are narrower than a browser's: words would touch
_INNER = re.compile(r'<svg (class="definition-scale"[^>]*?) viewBox="0 0 (\d+) \d+">')
_SHEET = re.compile(r"<style.*?</style>", re.DOTALL)
_SHAPE = re.compile(r"<(ellipse|path|polygon|polyline|rect)\b")
_LOOKS = {
    "tempo": 'font-weight="bold"',
    "dir": 'font-style="italic"',
    "mNum": 'font-style="italic"',
    "placeholder": 'visibility="hidden"',
}
_CLASS = re.compile(rf'class="[^"]*\b({"|".join(_LOOKS)})\b[^"]*"')
_TITLE = re.compile(r"<title.*?</title>")
_PLACE = re.compile(r'x="(\d+)" y="(\d+)"( text-anchor="[a-z]+")?')
_STYLES = (("font-weight", "bold"), ("font-style", "italic"))
_WORDS = re.compile(r">([^<>]*[^<>\s][^<>]*)<")


def pages(musicxml: bytes, is_one: bool = False) -> list[str]:
    """The pages of a MusicXML file as SVG: of A4, or all on one page as long as need be."""
    verovio.enableLog(verovio.LOG_OFF)
    toolkit: Any = verovio.toolkit()
    whole = {"pageHeight": 60000, "adjustPageHeight": True} if is_one else {}
    toolkit.setOptions({**_OPTIONS, **_A4, **whole})
    toolkit.loadData(musicxml.decode())
    return [
        _TEXT.sub(_plain_text, _styled(toolkit.renderToSVG(number)))
        for number in range(1, toolkit.getPageCount() + 1)
    ]


def _styled(svg: str) -> str:
    """The same page with attributes in place of its style sheet, which a page's policy would not let count."""
    svg = _SHEET.sub("", svg)
    svg = _SHAPE.sub(r'<\1 stroke="currentColor"', svg)
    return _CLASS.sub(lambda group: f"{group[0]} {_LOOKS[group[1]]}", svg)


def _plain_text(text: re.Match[str]) -> str:
    """A text as one run of letters: few programs place several, or those with a place of their own, as they should."""
    words = "".join(_WORDS.findall(_TITLE.sub("", text[0]))).translate(_SIGNS)
    sizes, places = [int(size) for size in _FONT_SIZE.findall(text[0])], _PLACE.findall(text[0])
    if not words or not sizes or not places:
        return text[0]
    x, y, anchor = places[-1]
    size = f"{min(sizes) * _SMALLER:.0f}px"
    style = "".join(f' {name}="{value}"' for name, value in _STYLES if f'"{value}"' in text[0])
    return f'<text x="{x}" y="{y}"{anchor} font-size="{size}"{style}>{words}</text>'


def pdf(svgs: Sequence[str]) -> bytes:
    """Pages of SVG, as `pages` gives them, as one PDF of A4."""
    from reportlab.graphics import renderPDF
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas
    from svglib.svglib import svg2rlg

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    for svg in svgs:
        drawing: Any = svg2rlg(io.BytesIO(_flat(svg).translate(_PLAIN).encode()))
        scale = A4[0] / drawing.width
        drawing.scale(scale, scale)
        renderPDF.draw(drawing, canvas, 0, A4[1] - drawing.height * scale)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _flat(svg: str) -> str:
    """The same page without a drawing in a drawing, which svglib scales twice."""
    width = float(svg.partition('width="')[2].partition("px")[0])
    opening = _INNER.search(svg)
    assert opening is not None  # every page of Verovio's has one
    scale = width / float(opening[2])
    flat = svg.replace(opening[0], f'<g {opening[1]} transform="scale({scale})">')
    return "</g>".join(flat.rsplit("</svg>", 2)[:2]) + "</svg>"
