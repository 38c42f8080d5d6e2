"""The command chart: how a chart is read, printed as it is played, or as livegen's own text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from livegen.music.charts import Chart, PlayedBar

_ROW = 4  # bars of a line


@click.command("chart")
@click.argument("file", required=False, metavar="[CHART]")
@click.option("--title", metavar="TEXT", help="Title of the tune, if the file holds several.")
@click.option(
    "--transpose",
    type=click.IntRange(-12, 12),
    default=0,
    metavar="N",
    help="Transpose by this many semitones; negative is down.",
)
@click.option(
    "--text",
    "as_text",
    is_flag=True,
    help="Print the chart in livegen's own text, which you can save and edit.",
)
def chart(file: str | None, title: str | None, transpose: int, as_text: bool) -> int:
    """Show how a chart is read, bar by bar.

    Prints its bars as they are played, four a line.  CHART is a file (livegen's own text, ChordPro, iReal, MusicXML) or
    the name of a chart that came with livegen.  Without one, the names are listed.

    \b
    Exit status: 0  shown    2  the chart cannot be read; the line says where

    \b
    Examples:
      livegen chart 12-bar-blues
      livegen chart tune.musicxml --text > tune.txt
    """
    from livegen import shipped
    from livegen.music.charts import read_chart, write_text

    if file is None:
        for name, path in shipped.charts().items():
            click.echo(f"{name:<20} {path}")
        return 0
    read = read_chart(shipped.chart(file), title).transposed(transpose)
    click.echo(write_text(read) if as_text else "\n".join(chart_lines(read)), nl=not as_text)
    return 0


def chart_lines(chart: "Chart") -> Iterator[str]:
    """The chart for people: what it is, how long, and its bars."""
    from livegen.music.time.metre import written

    form = chart.form
    tempo = None if chart.tempo is None else f"{chart.tempo:g} BPM"
    facts = (written(chart.metre), tempo, chart.key and chart.key.name, chart.style)
    yield " · ".join(fact for fact in (chart.title, *facts) if fact)
    beats = form.ticks / form.round[0].beat
    yield f"chorus: {len(form.round)} bars, {beats:g} beats"
    if form.pickup:
        pickup = form.pickup.ticks / form.pickup.beat
        yield f"pick-up: {pickup:.3g} beat{'s' * (pickup != 1)}"
    for name, bars in (
        ("introduction", form.intro),
        ("chorus", form.round),
        ("ending", form.outro),
    ):
        if bars and (form.intro or form.outro):
            yield f"\n{name}"
        yield from _bars(chart, bars)


def _bars(chart: "Chart", bars: "tuple[PlayedBar, ...]") -> Iterator[str]:
    texts = [chart.text_of(bar) for bar in bars]
    width = max(map(len, texts), default=0)
    row: list[str] = []
    for bar, text in zip(bars, texts, strict=True):
        if row and (bar.begins or len(row) == _ROW):
            yield f"| {' | '.join(row)} |"
            row = []
        if bar.begins and bar.section:
            yield f"[{bar.section}]"
        row.append(text.ljust(width))
    if row:
        yield f"| {' | '.join(row)} |"
