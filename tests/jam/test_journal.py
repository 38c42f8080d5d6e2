"""A journal is enough to play a jam again, to the note."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.jam.controls import Settings, settings
from livegen.jam.engine import Command, Timed, Wake
from livegen.jam.journal import Entry, Header, JournalError, entry_line, header_line, read, replay
from livegen.music.messages import ControlChange, Cut, NoteOff, NoteOn, Other
from livegen.testing import SECOND, UniformModel

HEADER = Header(
    seed=11,
    model="fake",
    settings=settings({"tempo": 120, "density": 2}),
    channels={"lead": 0, "comp": 1, "bass": 2, "drums": 9},
    rules={0: "keys", 9: "drums"},
)
PLAYED = [
    Entry(0, NoteOn(60, 80)),
    Entry(400_000, NoteOff(60)),
    Entry(500_000, NoteOn(64, 90)),
    Entry(900_000, NoteOff(64)),
    Entry(2_600_000, Command("temperature", 0.5)),
    Entry(3_000_000, NoteOn(67, 90)),
    Entry(3_400_000, NoteOff(67)),
    Entry(9_000_000, Command("stop")),
]
ENTRIES = [
    *PLAYED,
    Entry(9_100_000, ControlChange(64, 127, 3)),
    Entry(9_100_000, Other(b"\xf0\x01\x02\xf7")),
    Entry(9_200_000, Timed(9_230_000, NoteOn(50, 1, 9))),
    Entry(9_300_000, Timed(9_300_000, Cut())),
]


def lines() -> list[str]:
    return [header_line(HEADER), *(entry_line(entry) for entry in ENTRIES)]


def test_what_is_written_is_read() -> None:
    assert read(lines()) == (HEADER, ENTRIES)


def test_a_journal_replays_to_the_note() -> None:
    header, entries = read(lines())
    first, again = (replay(entries, header.engine(UniformModel(12)), 12 * SECOND) for _ in range(2))
    assert first == again
    assert sum(isinstance(timed.message, NoteOn) for timed in first) > 2


def test_another_seed_plays_other_notes() -> None:
    other = Header(12, HEADER.model, HEADER.settings, HEADER.channels, HEADER.rules)
    engines = (header.engine(UniformModel(12)) for header in (HEADER, other))
    first, second = (replay(PLAYED, engine) for engine in engines)
    assert first != second


def test_a_line_cut_short_by_a_crash_is_left_out() -> None:
    whole = lines()
    assert read([*whole[:-1], whole[-1][:9]]) == (HEADER, ENTRIES[:-1])


def test_nonsense_in_the_middle_is_named_by_its_line() -> None:
    whole = lines()
    whole[3] = '{"at": 5, "in": "ff00"}'
    with pytest.raises(JournalError, match="line 4"):
        read(whole)


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"livegen_journal": 2}', '{"livegen_journal":1}']
)
def test_another_header_is_refused(line: str) -> None:
    with pytest.raises(JournalError, match="journal"):
        read([line])
    with pytest.raises(JournalError, match="empty"):
        read([])


def test_waking_is_not_written_down() -> None:
    with pytest.raises(ValueError, match="waking"):
        entry_line(Entry(0, Wake()))


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_text_is_read_or_refused(rows: list[str]) -> None:
    try:
        read([header_line(HEADER), *rows])
    except JournalError as error:
        assert str(error).count("\n") == 0


def test_default_settings_can_be_written_down() -> None:
    header = Header(0, "fake", Settings(), {}, {})
    assert read([header_line(header)]) == (header, [])
