"""What the port process does about its engine process, on virtual time: silence, hanging, death and new starts.

The processes are told what to do; the links to them are real.  Real processes are killed in
`tests/e2e/test_over_jack.py`.
"""

import logging
import socket
import subprocess
from collections.abc import Iterator, Sequence

import pytest

from livegen.daemon.clock import SECOND
from livegen.daemon.processes import child
from livegen.daemon.processes.back_off import BackOff
from livegen.daemon.processes.frames import (
    BeatFrame,
    CommandFrame,
    FailedFrame,
    Frame,
    HeardFrame,
    LogFrame,
    ReadyFrame,
    SettingsFrame,
    SnapshotFrame,
)
from livegen.daemon.processes.link import Link
from livegen.daemon.processes.supervisor import BEAT_US, State, Supervisor

MS = 1_000
TURN = 10 * MS  # of the port process's loop
BEGAN = 1_000 * SECOND
SETTINGS = {"mode": "respond"}


class Process:
    """An engine process as its parent sees it, with the other end of its link."""

    def __init__(self, pid: int, end: Link) -> None:
        self.pid, self.end = pid, end
        self.returncode: int | None = None
        self.is_stubborn = False  # heeds no signal but kill
        self.was_killed = False
        self.told: list[Frame] = []
        self.waits: list[float | None] = []  # how long somebody waited for its end, seconds

    def ends(self, status: int) -> None:
        """Die by itself."""
        self.returncode = status
        self.told += self.end.receive()
        self.end.close()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self.waits.append(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("engine", timeout or 0)
        return self.returncode

    def terminate(self) -> None:
        if not self.is_stubborn:
            self.ends(-15)

    def kill(self) -> None:
        self.was_killed = True
        if self.returncode is None:
            self.ends(-9)


class Watched:
    """A supervisor and the processes that it started, turn by turn."""

    def __init__(self) -> None:
        self.processes: list[Process] = []
        self.now = BEGAN
        self.supervisor = Supervisor(SETTINGS)
        self.released: list[int] = []  # when what sounds had to be

    def spawn(
        self, module: str, arguments: Sequence[str], passed: Sequence[int]
    ) -> tuple[Process, Link]:
        assert module == "livegen.daemon.engine.engine_process"
        ours, theirs = socket.socketpair()
        self.processes.append(Process(1000 + len(self.processes), Link(theirs)))
        return self.processes[-1], Link(ours)

    @property
    def process(self) -> Process:
        """The one that was started last."""
        return self.processes[-1]

    def says(self, *frames: Frame) -> None:
        """Let the process say something, and the port process read it."""
        for frame in frames:
            self.process.end.send(frame)
        self.supervisor.receive(self.now)

    def is_ready(self) -> None:
        self.says(ReadyFrame.of(self.now, {"model": "jam-gru"}))

    def turns(self, micros: int, sounds: bool = True) -> None:
        """Let the loop turn for so long."""
        until = self.now + micros
        while self.now < until:
            self.now = min(until, self.now + TURN)
            self.supervisor.receive(self.now)
            if self.supervisor.watch(self.now, sounds):
                self.released.append(self.now)

    def plays(self, micros: int) -> None:
        """Let it live for so long, with a beat each tenth of a second."""
        for _ in range(micros // BEAT_US):
            self.turns(BEAT_US)
            self.says(BeatFrame(self.now))

    def starts_after(self) -> int:
        """Micros until another process is started, at most a minute."""
        since, there = self.now, len(self.processes)
        while len(self.processes) == there and self.now < since + 60 * SECOND:
            self.turns(TURN)
        return self.now - since


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """An engine process that was started, and has not said that it is ready."""
    watched = Watched()
    monkeypatch.setattr(child, "spawn", watched.spawn)
    watched.supervisor.start(watched.now)
    yield watched
    watched.supervisor.link.close()
    watched.process.ends(0)


@pytest.fixture
def ready(engine: Watched) -> Watched:
    """An engine process that is ready."""
    engine.is_ready()
    return engine


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


# --- silence ----------------------------------------------------------------------------------------------------------


def test_without_a_beat_for_a_quarter_of_a_second_what_sounds_is_released_once(
    ready: Watched,
) -> None:
    ready.plays(SECOND)
    last_beat = ready.now

    ready.turns(500 * MS)

    assert ready.released == [last_beat + 250 * MS]
    assert ready.supervisor.state is State.SILENT
    assert not ready.process.was_killed


def test_a_beat_each_tenth_of_a_second_is_enough_whatever_else_is_silent(ready: Watched) -> None:
    ready.plays(60 * SECOND)

    assert ready.released == [] and len(ready.processes) == 1
    assert ready.supervisor.state is State.READY


@pytest.mark.parametrize(("quiet", "is_released"), [(240 * MS, False), (240 * MS + 1, True)])
def test_the_limit_leaves_ten_milliseconds_of_the_promised_250_for_the_sending(
    ready: Watched, quiet: int, is_released: bool
) -> None:
    ready.turns(200 * MS)

    assert ready.supervisor.watch(BEGAN + quiet, True) is is_released


def test_the_time_of_a_silence_is_told_beforehand_and_only_of_an_engine_that_answers(
    engine: Watched,
) -> None:
    told = [engine.supervisor.silent_at]
    engine.is_ready()
    engine.plays(SECOND)
    last_beat = engine.now
    engine.turns(200 * MS)
    told.append(engine.supervisor.silent_at)
    engine.turns(50 * MS)
    told.append(engine.supervisor.silent_at)

    assert told == [None, last_beat + 240 * MS + 1, None]


def test_an_engine_that_answers_again_within_its_hiccup_goes_on(
    ready: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    ready.turns(500 * MS)
    ready.says(BeatFrame(ready.now))

    assert ready.supervisor.state is State.READY
    assert lines(caplog) == [
        "the engine process did not answer for 250 ms: its notes were released",
        "the engine process answers again",
    ]
    ready.turns(300 * MS)
    assert len(ready.released) == 2  # each silence anew


def test_a_silence_that_nobody_hears_is_told_nobody(
    ready: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ready.turns(500 * MS, sounds=False)
        ready.says(BeatFrame(ready.now))

    assert {record.levelname for record in caplog.records} == {"DEBUG"}
    assert len(caplog.records) == 2


def test_who_was_stopped_himself_blames_nobody_for_the_beats_he_did_not_read(
    ready: Watched,
) -> None:
    ready.plays(SECOND)

    ready.now += 10 * SECOND
    assert not ready.supervisor.watch(ready.now, True)

    ready.turns(240 * MS)
    assert ready.released == []  # but from now on it has to answer
    ready.turns(TURN)
    assert len(ready.released) == 1


@pytest.mark.parametrize(("turn", "released"), [(100 * MS, [BEGAN + 300 * MS]), (150 * MS, [])])
def test_a_turn_of_more_than_a_tenth_of_a_second_is_an_excuse_and_a_shorter_one_is_none(
    ready: Watched, turn: int, released: list[int]
) -> None:
    for _ in range(3):
        ready.now += turn
        ready.released += [ready.now] * ready.supervisor.watch(ready.now, True)

    assert ready.released == released


def test_of_the_beats_that_an_engine_sends_one_may_be_lost(ready: Watched) -> None:
    for _ in range(10):
        ready.turns(2 * BEAT_US)
        ready.says(BeatFrame(ready.now))

    assert ready.released == []


# --- hanging and death ------------------------------------------------------------------------------------------------


def test_an_engine_that_hangs_for_600_ms_is_killed_and_replaced_at_once(
    ready: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    ready.plays(SECOND)
    last_beat = ready.now

    ready.turns(600 * MS)
    assert not ready.process.was_killed
    ready.turns(TURN)

    assert ready.processes[0].was_killed
    assert ready.released[-1] == last_beat + 610 * MS
    assert ready.supervisor.pid is None
    ready.turns(TURN)
    assert len(ready.processes) == 2 and ready.supervisor.state is State.STARTING
    assert lines(caplog)[-1] == "engine process hangs: notes released, starting it again in 0.0 s"


@pytest.mark.parametrize(
    ("status", "how"),
    [(-9, "was ended by signal 9"), (3, "ended with status 3"), (0, "ended with status 0")],
)
def test_a_dead_engine_is_noticed_at_the_next_turn_and_its_end_is_told(
    ready: Watched, caplog: pytest.LogCaptureFixture, status: int, how: str
) -> None:
    ready.turns(50 * MS)
    died_at = ready.now
    ready.process.ends(status)

    ready.turns(TURN)

    assert ready.released == [died_at + TURN]
    assert lines(caplog) == [f"engine process {how}: notes released, starting it again in 0.0 s"]
    ready.turns(TURN)
    assert len(ready.processes) == 2 and ready.supervisor.restarts == 1
    assert ready.supervisor.pid == 1001


def test_an_engine_whose_link_has_closed_is_ended_though_it_lives(
    ready: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    ready.process.end.close()

    ready.turns(2 * TURN, sounds=False)

    assert ready.processes[0].was_killed and len(ready.processes) == 2
    assert lines(caplog) == ["engine process closed its link: starting it again in 0.0 s"]
    assert ready.processes[0].waits == [0.01]  # the port process has no time


def test_the_last_words_of_an_engine_are_heard_though_a_send_found_it_gone_first(
    engine: Watched,
) -> None:
    engine.process.end.send(FailedFrame.of(engine.now, "no such model"))
    engine.process.ends(2)
    engine.supervisor.heard(engine.now, b"\x90\x3c\x50")
    engine.supervisor.heard(engine.now, b"\x80\x3c\x40")
    assert engine.supervisor.link.closed

    engine.supervisor.watch(engine.now, False)

    assert engine.supervisor.failure == "no such model"


def test_who_dies_again_and_again_is_started_ever_later_and_who_lived_well_at_once(
    ready: Watched,
) -> None:
    waits = []
    for _ in range(9):
        ready.process.ends(1)
        ready.turns(TURN)
        waits.append(ready.starts_after())
        ready.is_ready()
    assert waits == [
        wait * MS or TURN for wait in (0, 0, 500, 1000, 2000, 5000, 10000, 10000, 10000)
    ]

    ready.plays(10_500 * MS)
    ready.process.ends(1)
    ready.turns(TURN)

    assert ready.starts_after() == TURN
    assert ready.supervisor.restarts == 10
    assert len(ready.released) == 10  # each death once


def test_a_row_of_deaths_ends_with_one_that_had_lived_for_longer_than_ten_seconds() -> None:
    back_off = BackOff((0, 1, 2), 10 * SECOND)

    pauses = [back_off.pause_us(lived) for lived in (0, 0, 10 * SECOND, 10 * SECOND + 1, 0)]

    assert pauses == [0, 1, 2, 0, 1]
    assert back_off.deaths == 2


# --- starting ---------------------------------------------------------------------------------------------------------


def test_while_it_starts_nothing_is_expected_for_a_minute_then_it_is_stuck(engine: Watched) -> None:
    assert engine.supervisor.pid == 1000
    engine.turns(60 * SECOND)
    assert engine.released == [] and not engine.process.was_killed

    engine.turns(TURN)

    assert engine.processes[0].was_killed and engine.released == [BEGAN + 60 * SECOND + TURN]


def test_who_takes_long_to_start_has_not_been_silent(engine: Watched) -> None:
    engine.turns(20 * SECOND)

    engine.is_ready()
    engine.turns(240 * MS)

    assert engine.released == []
    assert engine.supervisor.served == {"model": "jam-gru"}


def test_the_first_knows_that_it_is_the_first_and_the_next_who_plays(
    ready: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    ready.supervisor.remembers = "Ada"
    ready.process.ends(1)
    ready.turns(2 * TURN)
    ready.is_ready()
    ready.process.ends(0)

    told = [frame for each in ready.processes for frame in each.told]
    given = [frame.values for frame in told if isinstance(frame, SettingsFrame)]
    assert given == [SETTINGS, {**SETTINGS, "again": True, "remembers": "Ada"}]
    assert lines(caplog)[-1] == (
        "the engine started again: phrases A and B and the last call are forgotten"
    )
    assert caplog.records[-1].levelname == "WARNING"


MEMO = {"chart": [BEGAN, 0, 0], "phrases": {}}
SHOWN = {"timeline": [500_000, BEGAN, 96], "memo": MEMO}


def test_another_engine_is_told_what_was_played_and_where_in_the_chart_that_was(
    ready: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    ready.says(SnapshotFrame.of(ready.now, SHOWN))
    ready.supervisor.heard(ready.now, b"\x90\x3c\x50")
    ready.turns(TURN)
    ready.supervisor.sent(ready.now, ready.now, b"\x91\x30\x40")
    ready.process.ends(-11)
    ready.turns(2 * TURN)
    ready.is_ready()
    ready.process.ends(0)

    _, told, *_ = ready.process.told
    assert isinstance(told, CommandFrame) and told.name == "take_up"
    assert told.value == {
        "strokes": [[BEGAN, 0, 0x90, 60, 80], [BEGAN + TURN, 1, 0x91, 48, 64]],
        "timeline": SHOWN["timeline"],
        **MEMO,
    }
    assert lines(caplog)[-1] == "the engine started again and goes on; the last call is forgotten"


@pytest.mark.parametrize("is_thru", [True, False])
def test_with_thru_what_leaves_is_the_players_too_and_is_not_told_as_the_models(
    is_thru: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched()
    watched.supervisor = Supervisor(SETTINGS, is_thru=is_thru)
    monkeypatch.setattr(child, "spawn", watched.spawn)
    watched.supervisor.start(BEGAN)
    watched.is_ready()
    watched.says(SnapshotFrame.of(BEGAN, SHOWN))
    watched.supervisor.sent(BEGAN, BEGAN, b"\x90\x3c\x50")
    watched.process.ends(-11)
    watched.turns(2 * TURN)
    watched.process.ends(0)

    (told,) = (frame for frame in watched.process.told if isinstance(frame, CommandFrame))
    assert isinstance(told.value, dict)
    assert told.value["strokes"] == ([] if is_thru else [[BEGAN, 1, 0x90, 60, 80]])
    watched.supervisor.link.close()


def test_an_engine_that_dies_again_at_once_may_have_died_of_what_it_was_told_and_is_told_no_more(
    ready: Watched,
) -> None:
    ready.says(SnapshotFrame.of(ready.now, SHOWN))
    for _ in range(2):
        ready.process.ends(-11)
        ready.turns(2 * TURN)
        ready.is_ready()
    ready.process.ends(0)

    commands = [
        sum(isinstance(frame, CommandFrame) for frame in each.told) for each in ready.processes
    ]
    assert commands == [0, 1, 0]


def test_three_ends_before_it_was_ready_are_a_failure_of_ours_and_nothing_more_is_started(
    engine: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        engine.process.ends(1)
        engine.turns(TURN)
        assert engine.supervisor.failure is None
        engine.starts_after()
    engine.process.ends(-11)
    engine.turns(30 * SECOND)

    assert engine.supervisor.failure == (
        "the engine process ended 3 times before it was ready (was ended by signal 11)"
    )
    assert engine.supervisor.is_our_fault
    assert len(engine.processes) == 3
    assert lines(caplog)[-1] == engine.supervisor.failure


def test_once_it_was_ready_no_number_of_ends_is_the_last(ready: Watched) -> None:
    for _ in range(6):
        ready.process.ends(1)
        ready.turns(TURN)
        ready.starts_after()

    assert ready.supervisor.failure is None
    assert len(ready.processes) == 7
    assert not ready.supervisor.is_our_fault


def test_an_engine_that_says_why_it_cannot_start_is_not_started_again(
    engine: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    engine.says(FailedFrame.of(engine.now, "model.onnx is empty"))
    engine.process.ends(2)
    engine.turns(30 * SECOND)

    assert engine.supervisor.failure == "model.onnx is empty"
    assert not engine.supervisor.is_our_fault
    assert len(engine.processes) == 1
    assert lines(caplog) == ["model.onnx is empty"]


def test_a_failure_of_one_that_was_ready_is_told_and_another_is_started(
    ready: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    ready.says(FailedFrame.of(ready.now, "out of memory"))
    ready.process.ends(1)
    ready.turns(2 * TURN)

    assert ready.supervisor.failure is None and len(ready.processes) == 2
    assert lines(caplog)[0] == "out of memory"


# --- messages and the end ---------------------------------------------------------------------------------------------


def test_what_is_played_reaches_the_engine_with_its_time_and_what_it_says_is_passed_on(
    ready: Watched,
) -> None:
    ready.process.end.receive()

    ready.supervisor.heard(ready.now + 5, b"\x90\x3c\x50")

    (heard,) = ready.process.end.receive()
    assert isinstance(heard, HeardFrame)
    assert (heard.micros, heard.payload) == (ready.now + 5, b"\x90\x3c\x50")
    ready.process.end.send(BeatFrame(ready.now))
    ready.process.end.send(SnapshotFrame.of(ready.now, SHOWN))
    ready.process.end.send(LogFrame.of(ready.now, "a line"))
    shown, line = ready.supervisor.receive(ready.now)
    assert isinstance(shown, SnapshotFrame) and shown.values == SHOWN
    assert isinstance(line, LogFrame)


@pytest.mark.parametrize("is_stubborn", [False, True])
def test_at_the_end_it_is_asked_to_go_and_made_to_where_it_does_not(
    ready: Watched, is_stubborn: bool
) -> None:
    ready.process.is_stubborn = is_stubborn

    ready.supervisor.stop()
    assert ready.supervisor.link.closed
    ready.supervisor.reap(0.1)

    assert ready.process.was_killed is is_stubborn
    assert ready.process.returncode == (-9 if is_stubborn else -15)
    assert ready.process.waits == [0.1, None][: 1 + is_stubborn]  # it leaves no zombie


def test_one_that_was_never_started_has_nothing_to_end() -> None:
    supervisor = Supervisor(SETTINGS)

    supervisor.stop()
    supervisor.reap(0.1)

    assert supervisor.pid is None
