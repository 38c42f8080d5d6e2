"""Any file is a chart or a mistake in one line: its format is known by what stands in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.errors import ChartError
from livegen.music.charts import chart_of, read_chart

TUNE = "title: Fünf\n| C | F |\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_text_is_read_in_every_usual_encoding(encoding: str) -> None:
    assert chart_of(TUNE.encode(encoding), "tune.txt").title == "Fünf"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\u2028"])
def test_lines_may_end_as_on_any_machine(end: str) -> None:
    assert len(chart_of(TUNE.replace("\n", end).encode(), "tune.txt").bars) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n\n ", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60", "is not text"),
        (bytes(1000), "is not text"),
        (b"\xff\xfe\0", "is not text"),
        (b"| C " * 2_000_000, "more than 4 MB"),
        (b"\n" * 100_000 + b"| C |", "more than 50,000 lines"),
        (b"| C |\n|" + b"C" * 20_001, "tune.txt:2: more than 20,000 characters"),
        (b"title: x\n", "holds no bars"),
        (b"%PDF-1.7", "expected bars"),
        (b"{\\rtf1\\ansi Am}", "expected bars"),
    ],
)
def test_rubbish_is_refused_in_a_line(data: bytes, said: str) -> None:
    with pytest.raises(ChartError, match=said) as error:
        chart_of(data, "tune.txt")
    assert str(error.value).startswith("tune.txt:")
    assert "\n" not in str(error.value)


def test_a_hundred_megabytes_are_refused_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(ChartError, match="more than 4 MB"):
        read_chart(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ChartError, match="cannot be read"):
        read_chart(tmp_path / "none.txt")
    with pytest.raises(ChartError, match="cannot be read"):
        read_chart(tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_chart_or_a_mistake_in_a_line(data: bytes) -> None:
    try:
        chart_of(data, "tune")
    except ChartError as error:
        assert "\n" not in str(error)
