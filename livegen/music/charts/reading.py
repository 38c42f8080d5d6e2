"""A chart's file: which format it is, and its reader."""

from pathlib import Path

from livegen.errors import ChartError
from livegen.music.charts.chart import Chart
from livegen.music.charts.source import MAX_BYTES, Source
from livegen.music.charts.text import read_text


def read_chart(path: Path) -> Chart:
    """The chart of a file.  Blocking.  Raises ChartError, which names the file and, where it can, the line."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ChartError(f"{path}: cannot be read ({error.strerror})") from None
    return chart_of(data, path.name)


def chart_of(data: bytes, name: str) -> Chart:
    """The chart that bytes hold; `name` is what mistakes call them.  Raises ChartError."""
    source = Source(name)
    try:
        chart = read_text(source.text(data), source)
        _ = chart.form  # whatever cannot be played is told now
    except ChartError as error:
        if str(error).startswith(f"{name}:"):
            raise
        raise source.told(0, error) from None
    return chart
