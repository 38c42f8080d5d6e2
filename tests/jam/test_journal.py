"""Whole journals: engines one after the other, and what is left of one after a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.jam.reports.journal import FULL, Account, EngineRun, Session, read, salvage
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
    Told,
    Took,
    Woke,
    clock_line,
    first_line,
    line,
    parse,
)

FIRST = first_line("2026-11-21T06:30:12+01:00", 1000)
HEADER = Header(1500, 1010, {"seed": 7, "engine": "x:y"}, "fake", "ab12", "0.1.0")
KEY = Received(2000, b"\x90\x3c\x50")
DID = Did(2000, (Took(1), Woke(2500)), (Out(3000, b"\x90\x48\x50"), Out(3100)))
ROWS: list[Row] = [
    HEADER,
    KEY,
    DID,
    Sent(3001, b"\x90\x48\x50"),
    Grid(3050, 500_000, 2000, 96, 2000),
]
LINES = [FIRST, *map(line, ROWS)]


def lines_of(*rows: Row) -> list[str]:
    return [line(row) for row in rows]


def test_a_journal_tells_what_came_what_left_and_what_the_engine_did() -> None:
    assert read(LINES) == Session(
        started="2026-11-21T06:30:12+01:00",
        began=1000,
        heard=(KEY,),
        sent=(Sent(3001, b"\x90\x48\x50"),),
        grids=(Grid(3050, 500_000, 2000, 96, 2000),),
        runs=(EngineRun(HEADER, (KEY,), (DID,)),),
        lost=0,
    )


def test_an_engine_that_began_again_gets_what_came_since_its_process_did() -> None:
    early, loading, late = (Received(at, b"\x90\x3c\x50") for at in (1600, 1900, 2100))
    again = Header(2050, 1800, HEADER.settings)
    did = Did(2060, (Took(2),))

    session = read([FIRST, *lines_of(HEADER, early, loading, again, did, late)])

    assert session.runs == (
        EngineRun(HEADER, (early,), ()),
        EngineRun(again, (loading, late), (did,)),
    )


def test_clock_bytes_keep_their_place_among_the_messages() -> None:
    session = read([FIRST, line(HEADER), clock_line([1600, 1700]), line(KEY), clock_line([2100])])

    assert [row.at for row in session.runs[0].heard] == [1600, 1700, 2000, 2100]


@given(st.data())
def test_a_journal_cut_short_anywhere_is_read_up_to_its_last_whole_line(
    data: st.DataObject,
) -> None:
    text = "\n".join(LINES)
    size = data.draw(st.integers(len(FIRST), len(text)))
    whole = sum(1 for number in range(len(LINES)) if len("\n".join(LINES[: number + 1])) <= size)

    assert read(text[:size].splitlines()) == read(LINES[:whole])


def test_nonsense_in_the_middle_is_named_by_its_line_or_left_out() -> None:
    broken = [*LINES[:3], '{"at": 5, "in": "zz"}', *LINES[3:]]

    with pytest.raises(JournalError, match="line 4"):
        read(broken)
    assert salvage(broken) == read(LINES)


def test_lines_that_a_full_disk_cost_are_counted() -> None:
    assert read([*LINES, line(Lost(9000, 12)), line(Lost(9900, 3))]).lost == 15


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"livegen_journal": 1}', '{"livegen_journal":2}']
)
def test_another_file_is_refused(text: str) -> None:
    for reader in (read, salvage):
        with pytest.raises(JournalError, match="journal"):
            reader([text, *LINES[1:]])
        with pytest.raises(JournalError, match="empty"):
            reader([])


def test_an_account_tells_in_order_and_once() -> None:
    account = Account()
    account.woke(100)
    account.took(150)
    account.took(150)
    account.gave(180, b"\x90\x3c\x50")
    account.told(200, "density", 2.0)
    account.gave(200)

    fed = (Woke(100), Took(2), Told(200, "density", 2.0))
    assert account.settle() == Did(100, fed, (Out(180, b"\x90\x3c\x50"), Out(200)))
    assert account.settle() is None


def test_an_account_says_when_a_line_is_full() -> None:
    account = Account()
    for now in range(FULL - 1):
        account.woke(now)
    assert not account.is_full
    account.woke(FULL)
    assert account.is_full


def test_what_a_command_brings_is_told_at_the_time_of_the_command_however_late_it_is_due() -> None:
    account = Account()
    account.told(1_000, "tap", None)
    assert account.settle() is not None
    account.gave(40_000, b"\xf8")
    account.woke(20_000)
    did = account.settle()
    assert did == Did(1_000, (Woke(20_000),), (Out(40_000, b"\xf8"),))
    assert parse(line(did), "") == [did]
