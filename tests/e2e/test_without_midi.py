"""The daemon where there is no MIDI system: the embedded port, the player and the recorder."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from livegen.jam.reports.journal import read as read_journal
from livegen.music.files.smf import Score, Track, read, write
from livegen.music.messages import NoteOff, NoteOn
from livegen.replay import reproduce
from tests.e2e.engines import HOLDER, SLEEPER, Sequencer
from tests.e2e.harness import PATIENCE_S, Daemon, wait_for

CALL = Score(
    480,
    (
        Track(
            "call",
            ((0, NoteOn(60, 80)), (240, NoteOff(60)), (480, NoteOn(64, 90)), (720, NoteOff(64))),
        ),
    ),
)


@pytest.fixture
def call(tmp_path: Path) -> Path:
    path = tmp_path / "call.mid"
    write(path, CALL)
    return path


class Livegen(Daemon):
    """`livegen serve` itself, with standard output and standard error as one, as in a terminal."""

    is_warm = False

    def __init__(self, folder: Path, *arguments: str) -> None:
        homes = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        nowhere = {"JACK_DEFAULT_SERVER": "livegen-e2e-nowhere", "JACK_NO_START_SERVER": "1"}
        super().__init__({}, homes | nowhere)
        command = [sys.executable, "-m", "livegen", "serve", "--set", "osc.enabled=false"]
        shell = 'exec "$@" 2>&1'
        self._command = ["sh", "-c", shell, "sh", *command, *arguments]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def serve(stack: ExitStack, engine: str = "engines:echo", **options: Any) -> Daemon:
    given = {"api": "none", "settings": {"engine": engine}, **options}
    return stack.enter_context(Daemon(given, {}))


def notes(path: Path) -> dict[str, list[int]]:
    return {
        track.name: [message.pitch for _, message in track.messages if isinstance(message, NoteOn)]
        for track in read(path).tracks
    }


def journal_lines(path: Path) -> list[dict[str, Any]]:
    journal = path.with_name(path.name + ".journal")
    lines = journal.read_text().splitlines() if journal.exists() else []
    rows = [json.loads(line) for line in lines]
    return [row for row in rows if "in" in row or "sent" in row]


def test_a_file_is_played_answered_recorded_and_then_the_daemon_ends(
    stack: ExitStack, call: Path, tmp_path: Path
) -> None:
    record = tmp_path / "jam.mid"
    served = serve(
        stack, player=str(call), record=str(record), until_player_ends=True, answer_s=0.5
    )

    assert served.ready() == "ready api=none model=echo mode=echo"
    assert served.process.wait(PATIENCE_S) == 0
    assert notes(record) == {"Player": [60, 64], "Model": [72, 76]}
    assert not record.with_name("jam.mid.journal").exists()


def test_a_file_is_played_at_its_own_pace(stack: ExitStack, call: Path, tmp_path: Path) -> None:
    record = tmp_path / "jam.mid"
    served = serve(
        stack, player=str(call), record=str(record), until_player_ends=True, answer_s=0.5
    )
    served.process.wait(PATIENCE_S)

    played = [(tick, type(message)) for tick, message in read(record).tracks[0].messages]
    expected = [(tick, type(message)) for tick, message in CALL.tracks[0].messages]
    assert [kind for _, kind in played] == [kind for _, kind in expected]
    assert all(
        abs(tick - other) < 96 for (tick, _), (other, _) in zip(played, expected, strict=True)
    )


def test_with_a_recording_sigterm_still_writes_the_file(
    stack: ExitStack, call: Path, tmp_path: Path
) -> None:
    record = tmp_path / "jam.mid"
    served = serve(stack, player=str(call), record=str(record))
    served.ready()
    wait_for(lambda: len(journal_lines(record)) == 8)

    status, seconds = served.end()

    assert status == 0 and seconds < 2
    wait_for(record.exists)
    assert notes(record)["Model"] == [72, 76]


def test_a_killed_daemon_does_not_take_the_recording_with_it(
    stack: ExitStack, call: Path, tmp_path: Path
) -> None:
    record = tmp_path / "jam.mid"
    served = serve(stack, player=str(call), record=str(record))
    served.ready()
    wait_for(lambda: len(journal_lines(record)) == 8)

    served.process.kill()

    wait_for(record.exists)
    assert notes(record) == {"Player": [60, 64], "Model": [72, 76]}


def test_a_journal_left_by_a_crash_is_recovered_at_the_next_start(
    stack: ExitStack, tmp_path: Path
) -> None:
    record = tmp_path / "jam.mid"
    journal = tmp_path / "jam.mid.journal"
    journal.write_text(
        '{"livegen_journal":2,"started":"","at":0}\n{"at":5,"in":"903c50"}\n{"at":10,"se'
    )
    served = serve(stack, record=str(record))
    served.ready()

    wait_for(lambda: "saved as" in served.errors())
    assert notes(tmp_path / "jam-recovered.mid")["Player"] == [60]


def test_every_session_is_kept_and_can_be_played_again_also_when_an_engine_died(
    stack: ExitStack, call: Path, tmp_path: Path
) -> None:
    served = serve(stack, "engines:sequencer", player=str(call), recordings=str(tmp_path / "kept"))
    served.ready()
    [journal] = wait_for_journal(tmp_path / "kept")

    def sent() -> int:
        return journal.read_text().count('"sent"')

    wait_for(lambda: sent() > 20)
    os.kill(served.engine_pid(), signal.SIGKILL)
    wait_for(lambda: journal.read_text().count('"sha256"') == 2)
    status, _ = served.end()

    session = read_journal(journal.read_text().splitlines())
    outcome = reproduce(session, lambda header: Sequencer(header.settings, 0))  # type: ignore[arg-type,return-value]
    assert status == 0 and len(session.runs) == 2
    assert outcome.is_same and outcome.notes > 8


def wait_for_journal(folder: Path) -> list[Path]:
    wait_for(lambda: any(folder.glob("*.jsonl")))
    return [*folder.glob("*.jsonl")]


def test_a_folder_of_recordings_that_is_none_costs_a_warning(
    stack: ExitStack, call: Path, tmp_path: Path
) -> None:
    served = serve(
        stack, player=str(call), recordings=str(call / "kept"), until_player_ends=True, answer_s=0.5
    )
    served.ready()

    assert served.process.wait(PATIENCE_S) == 0
    assert served.errors().count("cannot be written (Not a directory)") == 1


def test_a_recording_that_cannot_be_written_is_refused_at_the_start(
    stack: ExitStack, tmp_path: Path
) -> None:
    served = serve(stack, record=str(tmp_path / "missing" / "jam.mid"))

    assert served.process.wait(PATIENCE_S) == 2
    assert "cannot be written" in served.errors()


def test_a_player_file_that_is_none_is_refused_at_the_start(
    stack: ExitStack, tmp_path: Path
) -> None:
    path = tmp_path / "not.mid"
    path.write_bytes(b"not a MIDI file")
    served = serve(stack, player=str(path))

    assert served.process.wait(PATIENCE_S) == 2
    assert "not a MIDI file" in served.errors()


def test_a_model_that_is_refused_ends_serve_with_2_and_its_line(stack: ExitStack) -> None:
    served = serve(stack, "engines:refused")

    assert served.process.wait(PATIENCE_S) == 2
    assert "is not what our exporter writes" in served.errors()
    assert "Traceback" not in served.errors()


def test_an_engine_that_ends_before_it_is_ready_again_and_again_ends_serve(
    stack: ExitStack,
) -> None:
    served = serve(stack, "engines:stillborn")

    assert served.process.wait(PATIENCE_S) == 1
    # On a busy machine the link closes some time before the process is gone.
    how = r"\((ended with status 7|closed its link)\)"
    assert re.search(rf"ended 3 times before it was ready {how}", served.errors())


def test_an_engine_that_dies_at_once_each_time_is_started_less_and_less_often(
    stack: ExitStack, tmp_path: Path
) -> None:
    served = serve(stack)
    served.ready()
    for _ in range(3):
        pid = served.engine_pid()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda killed=pid: served.stats()["engine_pid"] not in (None, killed))  # type: ignore[misc]

    errors = served.errors()
    assert errors.count("starting it again in") == 3, (
        errors
    )  # of signal 9, if it was reaped by then
    assert "starting it again in 0.0 s" in errors and "starting it again in 0.5 s" in errors


def test_a_frozen_engine_does_not_delay_the_end(stack: ExitStack, tmp_path: Path) -> None:
    served = serve(stack, player=str(pressed(tmp_path / "sleeper.mid", HOLDER, SLEEPER)))
    served.ready()
    # Who watches it on a busy machine may look so late that it is not silent but hangs.
    wait_for(lambda: "did not answer" in served.errors() or "hangs" in served.errors())

    status, seconds = served.end()

    assert status == 0 and seconds < 2


def pressed(path: Path, *pitches: int) -> Path:
    """A file in which these keys are pressed one after the other, half a second apart, and held."""
    presses = tuple((480 * at, NoteOn(pitch, 80)) for at, pitch in enumerate(pitches))
    releases = tuple((9600, NoteOff(pitch)) for pitch in pitches)
    write(path, Score(480, (Track("one", presses + releases),)))
    return path


def test_what_was_released_is_told_only_where_something_sounded(
    stack: ExitStack, tmp_path: Path
) -> None:
    quiet = serve(stack, player=str(pressed(tmp_path / "quiet.mid", SLEEPER)))
    loud = serve(stack, player=str(pressed(tmp_path / "loud.mid", HOLDER, SLEEPER)))
    for served in (quiet, loud):
        served.ready()
        wait_for(lambda served=served: "hangs" in served.errors())  # type: ignore[misc]

    assert "did not answer" not in quiet.errors() and "released" not in quiet.errors()
    assert "the engine process did not answer for" in loud.errors()
    assert loud.errors().count("notes were released") == 1  # then nothing sounded any more


def test_without_a_midi_system_auto_says_so_and_serves_the_embedded_port(stack: ExitStack) -> None:
    given = {"settings": {"engine": "engines:echo"}}
    nowhere = {"JACK_DEFAULT_SERVER": "livegen-e2e-nowhere", "JACK_NO_START_SERVER": "1"}
    served = stack.enter_context(Daemon(given, nowhere))
    line = served.ready()
    if "api=alsa" in line:
        pytest.skip("this machine has an ALSA sequencer")

    assert "api=none" in line
    wait_for(lambda: "no MIDI system" in served.errors())
    assert served.errors().count("\n") == 1 and "modprobe snd-seq" in served.errors()


@pytest.mark.parametrize("api", ["none", "auto"])
def test_the_page_is_told_first_and_without_ports_none_are_named(
    stack: ExitStack, tmp_path: Path, api: str
) -> None:
    served = stack.enter_context(Livegen(tmp_path, "--api", api))
    lines = iter(served.line, "")
    # Another test may serve a page just now.
    plain = (line for line in lines if "is in use by another program" not in line)
    said = [next(plain), next(plain)]
    if "api=alsa" in said[1]:
        pytest.skip("this machine has an ALSA sequencer")

    assert said[0].startswith("livegen: page http://127.0.0.1:")
    assert said[1].startswith("ready api=none model=jam-gru mode=respond seed=")
    assert re.match("livegen: play on the page; (there are )?no MIDI ", next(plain))
    assert "in=" not in said[1] and "Model In" not in said[1]


def test_a_midi_system_asked_for_by_name_must_be_there(stack: ExitStack) -> None:
    given = {"api": "jack", "settings": {"engine": "engines:echo"}}
    nowhere = {"JACK_DEFAULT_SERVER": "livegen-e2e-nowhere", "PIPEWIRE_REMOTE": "nowhere"}
    served = stack.enter_context(Daemon(given, nowhere))

    assert served.process.wait(PATIENCE_S) == 2
    assert "no JACK server runs" in served.errors()


def test_no_process_is_left_behind(stack: ExitStack) -> None:
    served = serve(stack)
    served.ready()
    pid = served.engine_pid()
    served.process.kill()
    served.process.wait()

    def is_gone() -> bool:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):  # the latter where it ends meanwhile
            return True
        return stat.rpartition(")")[2].split()[0] == "Z"

    wait_for(is_gone)


def test_caches_are_kept_warm_after_a_note_and_then_may_rest(stack: ExitStack, call: Path) -> None:
    settings = {"engine": "engines:warm", "keep_warm_us": 1_000, "awake_us": 300_000}
    given = {"api": "none", "settings": settings, "player": str(call)}
    served = stack.enter_context(Daemon(given, {}))
    served.ready()

    def warmed() -> int:
        while "snapshot" not in (engine := served.stats()["engine"]):
            pass  # it was too busy to answer in time
        count = engine["snapshot"]["warmed"]
        assert isinstance(count, int)
        return count

    wait_for(lambda: warmed() > 100)
    wait_for(lambda: warmed() == warmed(), every_s=0.1)
