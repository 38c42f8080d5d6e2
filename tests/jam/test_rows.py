"""Lines of a journal: what is written is read, and nonsense is named."""

import json
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.jam.reports.rows import (
    Did,
    Grid,
    Header,
    JournalError,
    Lost,
    Out,
    Received,
    Row,
    Sent,
    Step,
    Told,
    Took,
    Woke,
    body,
    clock_line,
    line,
    parse,
    row_of,
)

TIMES = st.integers(0, 2**53)
DATA = st.binary(min_size=1, max_size=80)
KEYS = st.tuples(st.integers(0, 15), st.integers(0, 127))
VALUES = st.none() | st.text(max_size=9) | st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def accounts(draw: st.DrawFn) -> Did:
    """What an engine did, at times that do not decrease."""
    at = draw(TIMES)
    times = accumulate(draw(st.lists(st.integers(0, 10**6), max_size=9)), initial=at)
    fed: list[Step] = []
    for time in times:
        told = st.builds(Told, st.just(time), st.text(max_size=9), VALUES)
        fed.append(draw(st.just(Woke(time)) | st.builds(Took, st.integers(1, 99)) | told))
    cut = st.builds(Out, TIMES, st.just(b""), st.lists(KEYS, max_size=3).map(tuple))
    out = draw(st.lists(st.builds(Out, TIMES, DATA, st.just(())) | cut, max_size=9))
    return Did(at, tuple(fed), tuple(out))


SETTINGS = st.dictionaries(st.text(max_size=5), VALUES, max_size=3)
ROWS: st.SearchStrategy[Row] = st.one_of(
    st.builds(Received, TIMES, DATA),
    st.builds(Sent, TIMES, DATA),
    accounts(),
    st.builds(Header, TIMES, TIMES, SETTINGS, st.text(), st.text(), st.text()),
    st.builds(Grid, TIMES, st.integers(60_000, 2**24 - 1), TIMES, st.integers(24, 384), TIMES),
    st.builds(Lost, TIMES, st.integers(1, 10**6)),
)


@given(ROWS)
def test_a_row_is_read_as_it_was_written(row: Row) -> None:
    written = line(row)

    assert "\n" not in written
    assert parse(written) == [row]


@given(ROWS)
def test_a_row_travels_with_its_time_beside_it(row: Row) -> None:
    assert row_of(row.at, json.loads(json.dumps(body(row)))) == [row]


@given(TIMES, st.lists(st.integers(0, 10**6), max_size=99))
def test_a_run_of_clocks_is_one_line(start: int, apart: list[int]) -> None:
    times = [*accumulate(apart, initial=start)]

    assert parse(clock_line(times)) == [Received(at, b"\xf8") for at in times]


def test_a_second_of_clock_takes_seven_bytes_a_clock() -> None:
    times = [18_942_972_838 + number * 20_833 for number in range(48)]

    assert len(clock_line(times)) <= 7 * 48


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "7",
        '{"at":1}',
        '{"at":1,"in":""}',
        '{"at":1,"in":"9"}',
        '{"at":1,"in":7}',
        '{"at":1e999,"in":"f8"}',
        '{"at":"x","in":"f8"}',
        '{"at":1,"fed":[[1]]}',
        '{"at":1,"fed":[null]}',
        '{"at":1,"fed":[],"out":[[1]]}',
        '{"at":1,"clock":["x"]}',
        '{"at":1,"engine":7,"since":0}',
        '{"at":1,"tempo_us":1,"origin_us":0,"bar_ticks":1}',
        '{"at":1,"tempo_us":99999999,"origin_us":0,"bar_ticks":96}',
        '{"at":1,"lost":"many"}',
        "[" * 100_000,
    ],
)
def test_nonsense_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(JournalError, match="line 7") as raised:
        parse(text, "line 7")
    assert "\n" not in str(raised.value)


@given(st.text() | st.recursive(VALUES, lambda inner: st.lists(inner) | SETTINGS).map(json.dumps))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except JournalError as error:
        assert "\n" not in str(error)
