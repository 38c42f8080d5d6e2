"""A journal is enough to play a session again, to the note, however late its engine was woken."""

from collections.abc import Iterable
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegen.daemon.engine.engine_loop import EngineLoop
from livegen.daemon.processes.frames import CommandFrame, Frame, HeardFrame, JournalFrame
from livegen.jam.controls.controls import settings as controls
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine, Event, Wake
from livegen.jam.reports.journal import Account, Session, read
from livegen.jam.reports.rows import (
    Fault,
    Header,
    JournalError,
    Lost,
    Received,
    Row,
    Told,
    first_line,
    line,
    row_of,
)
from livegen.jam.timing.agenda import Timed
from livegen.music.messages import Cut, Message, NoteOff, NoteOn, decode, encode
from livegen.replay import Outcome, command, explained, handed_out, reproduce
from livegen.testing import SECOND, UniformModel

Playing = list[tuple[int, Message | Command]]
HEADER = Header(1, 0, {"seed": 3})


def engine(header: Header = HEADER) -> Engine:
    made = controls({"tempo": 120, "density": 4, "length": 2})
    return Engine(UniformModel(12), seed=header.settings["seed"], settings=made)


def lived(playing: Playing, lateness: Iterable[int] = (), begin: int = 0) -> list[Row]:
    """The rows of a session in which the engine was woken so much too late, each time by the next of these."""
    jam, account, late = engine(), Account(), iter(lateness)
    rows: list[Row] = [Header(begin + 1, begin, HEADER.settings)]
    now = begin

    def feed(event: Message | Command | Wake) -> None:
        match event:
            case Wake():
                account.woke(now)
            case Command(name, value):
                account.told(now, name, value)
            case _:
                account.took(now)
        for due, message in jam.feed(event, now):
            if not isinstance(message, Command):
                if isinstance(message, Cut):
                    account.gave(due, keys=message.keys)
                else:
                    account.gave(due, encode(message))
        if len(rows) % 3 == 0 and (did := account.settle()) is not None:
            rows.append(did)

    for at, event in [*playing, (playing[-1][0] + 4 * SECOND, Command("stop"))]:
        while (deadline := jam.deadline()) is not None and deadline < begin + at:
            now = max(now, deadline) + next(late, 0)
            feed(Wake())
        if not isinstance(event, Command):
            rows.append(Received(begin + at, encode(event)))
        now = max(now, begin + at)
        feed(event)
    did = account.settle()
    return rows if did is None else [*rows, did]


def session(*rows: Row) -> Session:
    return read([first_line("2026-11-21T06:30:12+01:00", 0), *map(line, rows)])


CALL: Playing = [
    (100_000, NoteOn(60, 80)),
    (500_000, NoteOff(60)),
    (600_000, NoteOn(64, 90)),
    (900_000, NoteOff(64)),
    (2_400_000, Command("temperature", 0.5)),
    (3_000_000, NoteOn(67, 90)),
    (3_400_000, NoteOff(67)),
]


def test_a_session_is_reproduced_to_the_note() -> None:
    outcome = reproduce(session(*lived(CALL)), engine)

    assert outcome == Outcome(outcome.notes, outcome.notes)
    assert outcome.notes >= 3
    assert str(outcome) == f"reproduced {outcome.notes} of {outcome.notes} notes"


KEYS = st.tuples(
    st.sampled_from([125_000, 250_000, 500_000, 2_500_000]),
    st.integers(50, 70),
    st.sampled_from([1_000, 100_000, 124_000]),
)
LATE = [st.sampled_from([0, 300, 900]), st.sampled_from([0, 5_000, 40_000, 90_000])]


@settings(max_examples=40)  # each is a session, played twice
@given(
    st.lists(KEYS, min_size=1, max_size=9),
    st.sampled_from(LATE).flatmap(lambda late: st.lists(late, min_size=1, max_size=9)),
)
def test_an_engine_that_was_woken_too_late_is_reproduced_too(
    keys: list[tuple[int, int, int]], lateness: list[int]
) -> None:
    outcome = reproduce(session(*lived(pressed(keys), cycle(lateness))), engine)

    assert outcome.is_same and outcome.reproduced == outcome.notes


def test_being_late_is_heard_in_what_was_played() -> None:
    playing = pressed([(250_000, 60 + n, 124_000) for n in range(8)])
    late, soon = (handed_out(session(*lived(playing, cycle(by))).runs[0]) for by in ([90_000], [0]))

    assert late != soon


def pressed(keys: list[tuple[int, int, int]]) -> Playing:
    """Keys with the pause before each and how long it is held, shorter than the next pause."""
    playing: Playing = []
    at = 0
    for pause, pitch, length in keys:
        at += pause
        playing += [(at, NoteOn(pitch, 80)), (at + length, NoteOff(pitch))]
    return playing


def test_every_engine_of_a_session_is_reproduced() -> None:
    once = reproduce(session(*lived(CALL)), engine)

    twice = reproduce(session(*lived(CALL), *lived(CALL, begin=60 * SECOND)), engine)

    assert twice.is_same and twice.notes >= 2 * once.notes - 2


def test_an_engine_that_went_on_with_the_music_of_one_that_died_is_reproduced() -> None:
    strokes = [
        [at, who, *data]
        for beat in range(16)
        for at, who, data in (
            (500_000 * beat, 0, b"\x90\x40\x50"),
            (500_000 * beat + 200_000, 0, b"\x80\x40\x40"),
        )
    ]
    music = {"strokes": strokes, "timeline": [500_000, 0, 96], "chart": None, "phrases": {}}
    now = 8_000_000
    rows: list[Row] = [Header(now, now, HEADER.settings)]

    def keep(frame: Frame) -> None:
        if isinstance(frame, JournalFrame):
            rows.extend(row_of(frame.micros, frame.values))

    one = engine()
    loop = EngineLoop(keep, one, {}, now=lambda: now)
    loop.turn([CommandFrame.named(now, "take_up", music)])
    for at, message in ((9_000_000, NoteOn(60, 80)), (9_400_000, NoteOff(60))):
        rows.append(Received(at, encode(message)))
        while now < at:
            now += max(1, min(loop.time_left(), at - now))
            loop.turn()
        loop.turn([HeardFrame(at, encode(message))])
    while now < 16 * SECOND:
        now += max(1, loop.time_left())
        loop.turn()

    assert one.snapshot()["remembered"] == 17  # strokes of the player, those of before among them
    outcome = reproduce(session(*rows), engine)
    assert outcome.is_same and outcome.notes >= 3, outcome


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"strokes": [[0]], "timeline": [1, 0, 96]},
        {"strokes": [[0, 0, 999]], "timeline": [1, 0, 96]},
        {"strokes": [], "timeline": 3},
    ],
)
def test_music_that_was_taken_up_and_is_damaged_is_refused_with_a_line(value: object) -> None:
    with pytest.raises(JournalError, match="took up is damaged"):
        command(Told(0, "take_up", value))


def test_what_is_played_while_an_engine_loads_is_reproduced() -> None:
    now = 100_000
    rows: list[Row] = [Header(now, 0, HEADER.settings)]

    def keep(frame: Frame) -> None:
        if isinstance(frame, JournalFrame):
            rows.extend(row_of(frame.micros, frame.values))

    now += 20_000  # on a busy machine the loop begins long after the row was written
    loop = EngineLoop(keep, engine(), {}, now=lambda: now)
    played = (50_000, NoteOn(60, 80)), (90_000, NoteOff(60)), (1_000_000, NoteOn(64, 80))
    for at, message in (*played, (1_400_000, NoteOff(64))):
        rows.append(Received(at, encode(message)))
        while now < at:
            now += min(loop.time_left(), at - now)
            loop.turn()
        loop.turn([HeardFrame(at, encode(message))])
    while now < 10 * SECOND:
        now += max(1, loop.time_left())
        loop.turn()
    outcome = reproduce(session(*rows), engine)

    assert outcome.is_same, outcome
    assert outcome.notes >= 3


class Failing(Engine):
    """An engine that raises at its third key."""

    keys = 0

    def feed(self, event: Event, now: int) -> list[Timed]:
        """As any engine, twice."""
        self.keys += isinstance(event, NoteOn)
        if self.keys == 3 and isinstance(event, NoteOn):
            raise ValueError("a fault of ours")
        return super().feed(event, now)


def test_a_session_with_a_fault_is_played_to_its_end_and_says_where_the_fault_was() -> None:
    """A fault was the end of the replay once, with its traceback for all there was to see."""
    rows = [*lived(CALL), Fault(3_000_000, "AssertionError: nothing is allowed")]
    made = controls({"tempo": 120, "density": 4, "length": 2})

    def failing(header: Header) -> Engine:
        return Failing(UniformModel(12), seed=header.settings["seed"], settings=made)

    outcome = reproduce(session(*rows), failing)

    assert outcome.faults == (
        "the engine failed then 3.000 s after the beginning: AssertionError: nothing is allowed",
        "the engine failed now 3.000 s after the beginning: ValueError: a fault of ours",
    )
    assert reproduce(session(*rows), engine).reproduced == outcome.notes


def test_another_seed_is_told_by_its_first_difference() -> None:
    def other(header: Header) -> Engine:
        return engine(Header(0, 0, {"seed": header.settings["seed"] + 1}))

    outcome = reproduce(session(*lived(CALL)), other)

    assert not outcome.is_same and outcome.reproduced < outcome.notes
    assert outcome.difference is not None and " s after the beginning: " in outcome.difference
    assert str(outcome).count("\n") == 0


def test_a_message_that_the_disk_lost_is_named_as_the_reason() -> None:
    whole = lived(CALL)
    without = [row for row in whole if not isinstance(row, Received) or row.at != 600_000]

    outcome = reproduce(session(*without, Lost(9 * SECOND, 1)), engine)

    assert not outcome.is_same and "disk was full" in str(outcome)


def test_a_session_without_an_engine_has_nothing_to_differ() -> None:
    assert reproduce(session(Received(5, b"\x90\x3c\x50")), engine) == Outcome(0, 0)


def test_an_engine_that_began_late_is_fed_what_came_before_when_it_began() -> None:
    began, jam, account = 5 * SECOND, engine(), Account()
    rows: list[Row] = [Header(began, 0, HEADER.settings)]
    for at, message in ((SECOND, NoteOn(60, 80)), (2 * SECOND, NoteOff(60))):
        rows.append(Received(at, encode(message)))
        account.took(began)
        assert jam.feed(message, began) == []
    while (deadline := jam.deadline()) is not None and deadline < 9 * SECOND:
        account.woke(max(began, deadline))
        for due, played in jam.feed(Wake(), max(began, deadline)):
            assert not isinstance(played, Command | Cut)
            account.gave(due, encode(played))
    did = account.settle()
    assert did is not None

    outcome = reproduce(session(*rows, did), engine)

    assert outcome.is_same, outcome
    assert outcome.notes > 0


def test_a_session_that_is_played_again_says_of_each_note_why_it_was_played() -> None:
    played = session(*lived(CALL))
    notes = [out for out in handed_out(played.runs[0]) if isinstance(decode(out.data), NoteOn)]

    said = list(explained(played, engine))

    assert len(said) == len(notes) > 1
    assert [line.split()[0] for line in said] == [f"{out.due / 1e6:.3f}" for out in notes]
    assert reproduce(played, engine).is_same
