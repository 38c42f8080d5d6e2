"""The daemon over real JACK ports, with engines that can be foretold.

Limits are promises with room for a busy machine: what must take 250 ms may take two seconds here.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.engines import KILLER, RUNNER, SLEEPER
from tests.e2e.harness import PATIENCE_S, ROOT, Daemon, Jack, Partner, wait_for

Starts = Callable[..., Daemon]
Connects = Callable[..., Partner]


def test_a_key_is_answered_by_processes_that_start_as_a_person_starts_them(
    daemon: Starts, partner: Connects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Daemon, "is_warm", False)
    daemon()
    player = partner()

    player.is_answered(60)
    player.send(0x90, 64, 100)
    player.hears(0x90, 76, 100)
    player.send(0x90, 64, 0)
    player.hears(0x80, 76, 64)


def test_the_first_note_that_a_track_sends_back_late_and_transposed_is_not_listened_to(
    daemon: Starts, partner: Connects
) -> None:
    served, player = daemon(), partner()
    player.is_answered(60)
    player.listen()
    time.sleep(1.0)  # a second after the last mark there is another
    player.heard.clear()
    player.send(0x90, 62, 80)
    player.send(0x80, 62, 64)
    wait_for(lambda: bool(player.listen()) and _has(player, 0x80, 74, 64))

    time.sleep(0.3)
    for _, data in list(player.heard):
        player.send(data[0] | 1, data[1] + 7, data[2])

    wait_for(lambda: "livegen ignores it" in served.errors())
    assert "7 semitones higher" in served.errors()
    player.send(0x90, 64, 80)
    player.hears(0x90, 76, 80)
    assert not any(data[0] & 0xF0 == 0x90 and data[1] == 74 + 7 + 12 for _, data in player.heard)


def _has(player: Partner, *data: int) -> bool:
    return any(each == bytes(data) for _, each in player.heard)


def test_the_ready_line_names_both_ports(daemon: Starts, jack: Jack) -> None:
    options = {
        "api": "auto",
        "settings": {"engine": "engines:echo"},
        "in_name": "Ein",
        "port": "Aus",
    }
    with Daemon(options, jack.environment) as served:
        assert served.ready() == 'ready in="Ein" out="Aus" api=jack model=echo mode=echo'
        assert {"livegen-in:Ein", "livegen-out:Aus"} <= set(jack.ports())


def test_sigterm_releases_every_note_and_exits_with_0(daemon: Starts, partner: Connects) -> None:
    served, player = daemon(), partner()
    player.is_answered()
    player.holds_a_chord()

    status, seconds = served.end(signal.SIGTERM)

    assert status == 0 and seconds < 2
    player.hears_silence()


def test_ctrl_c_does_the_same(daemon: Starts, partner: Connects) -> None:
    served, player = daemon(), partner()
    player.is_answered()
    player.holds_a_chord()

    status, seconds = served.end(signal.SIGINT)

    assert status == 0 and seconds < 2
    player.hears_silence()


def test_after_kill_9_of_the_engine_notes_are_released_and_it_plays_again(
    daemon: Starts, partner: Connects, jack: Jack
) -> None:
    served, player = daemon(), partner()
    player.is_answered()
    player.holds_a_chord()

    os.kill(served.engine_pid(), signal.SIGKILL)

    assert player.hears_silence() < 2
    assert player.is_answered() < 5
    assert "livegen-out:Model Out" in jack.ports()


def test_a_frozen_engine_is_silenced_and_replaced(daemon: Starts, partner: Connects) -> None:
    served, player = daemon(), partner()
    player.is_answered()
    player.holds_a_chord()
    frozen = served.engine_pid()

    os.kill(frozen, signal.SIGSTOP)

    assert player.hears_silence() < 2
    assert player.is_answered() < 5
    assert served.engine_pid() != frozen


def test_an_engine_that_hangs_runs_away_or_ends_by_itself_is_replaced(
    daemon: Starts, partner: Connects
) -> None:
    served, player = daemon(), partner()
    player.is_answered()

    def has_ended(times: int) -> bool:
        return served.errors().count("starting it again") == times

    for times, fault in enumerate((SLEEPER, RUNNER, KILLER), 1):
        player.send(0x90, fault, 80)
        wait_for(partial(has_ended, times))
        player.is_answered()

    assert served.stats()["restarts"] == 3


def test_an_engine_that_raises_now_and_then_goes_on(daemon: Starts, partner: Connects) -> None:
    served, player = daemon("engines:stumbling"), partner()

    for _ in range(5):
        player.is_answered()

    assert served.stats()["restarts"] == 0
    assert "every third event" in served.errors()


def test_a_flood_and_garbage_are_survived(daemon: Starts, partner: Connects) -> None:
    served, player = daemon(), partner()
    player.is_answered()

    for count in range(2000):
        player.send(0x90, 30 + count % 60, 100)
        if count % 100 == 99:  # a hundred per period; more would not fit into the sender's ring
            wait_for(lambda: not player.listen(), every_s=0.01)
    for garbage in (
        (60, 100),
        (0x90,),
        (0xF8, 0xF8),
        (0xFD,),
        (0x90, 200, 200),
        (0xF0, 1, 2, 0xF7),
    ):
        player.send(*garbage)
    for count in range(30, 90):
        player.send(0x80, count, 64)

    player.hears_silence()
    player.is_answered(20)
    counts = served.stats()["inlet"]
    assert counts["notes beyond the limit"] > 0 and counts["undecodable"] >= 3


def test_without_its_jack_server_the_daemon_lives_and_answers_sigterm(
    daemon: Starts, jack: Jack
) -> None:
    served = daemon()

    jack.stop(signal.SIGKILL)
    wait_for(lambda: "server lost" in served.errors())

    status, seconds = served.end()
    assert status == 0 and seconds < 2


def test_while_its_jack_server_is_frozen_the_daemon_answers_sigterm(
    daemon: Starts, jack: Jack
) -> None:
    served = daemon()

    jack.send_signal(signal.SIGSTOP)
    wait_for(lambda: "server stalled" in served.errors())

    status, seconds = served.end()
    assert status == 0 and seconds < 2


@pytest.mark.parametrize("sounding", [False, True])
def test_a_jack_server_that_froze_this_very_moment_does_not_keep_the_daemon(
    daemon: Starts, partner: Connects, jack: Jack, tmp_path: Path, sounding: bool
) -> None:
    record = tmp_path / "jam.mid"
    served, player = daemon(record=str(record)), partner()
    player.is_answered()
    if sounding:
        player.holds_a_chord()

    jack.send_signal(signal.SIGSTOP)
    try:
        status, seconds = served.end()
    finally:
        jack.stop(signal.SIGKILL)  # or the partner, too, would wait for it

    assert status == 0 and seconds < 2
    wait_for(record.exists)


@pytest.mark.parametrize("delay_ms", [30, 40, 50])  # the last releases take 30 ms, then ports close
def test_a_jack_server_that_freezes_during_the_end_does_not_keep_the_daemon(
    daemon: Starts, jack: Jack, delay_ms: int
) -> None:
    served = daemon()

    served.process.send_signal(signal.SIGTERM)
    time.sleep(delay_ms / 1000)
    jack.send_signal(signal.SIGSTOP)

    assert served.process.wait(PATIENCE_S) == 0


def test_playing_on_without_a_server_hangs_nothing(
    daemon: Starts, partner: Connects, jack: Jack
) -> None:
    served, player = daemon("engines:sequencer"), partner()
    player.starts_the_sequencer()

    jack.send_signal(signal.SIGSTOP)
    wait_for(lambda: "server stalled" in served.errors())
    jack.send_signal(signal.SIGCONT)

    wait_for(lambda: "answers again" in served.errors())
    player.listen()
    wait_for(lambda: bool(player.listen()))
    served.end()
    player.hears_silence()


def test_when_the_server_is_back_so_are_the_ports_and_the_notes(
    daemon: Starts, partner: Connects, jack: Jack
) -> None:
    served = daemon()

    jack.stop()
    wait_for(lambda: "server lost" in served.errors())
    jack.start()

    wait_for(
        lambda: {"livegen-in:Model In", "livegen-out:Model Out"} <= set(jack.ports()), every_s=0.1
    )
    partner().is_answered()
    assert served.process.poll() is None


def test_a_second_daemon_takes_names_of_its_own(
    daemon: Starts, partner: Connects, jack: Jack
) -> None:
    daemon()
    options = {"api": "jack", "settings": {"engine": "engines:echo"}}
    with Daemon(options, jack.environment) as second:
        line = second.ready()

        assert 'in="Model In (2)" out="Model Out (2)"' in line
        assert "another livegen" in second.errors()
        partner("Model In (2)", "Model Out (2)").is_answered()


def test_a_daemon_that_was_there_before_the_jack_server_takes_its_ports_when_that_comes(
    partner: Connects, jack: Jack
) -> None:
    jack.stop()
    with Daemon({"settings": {"engine": "engines:echo"}}, jack.environment) as served:
        if "api=alsa" in served.ready():
            pytest.skip("this machine has an ALSA sequencer")
        wait_for(lambda: "the ports will open when one starts" in served.errors())

        jack.start()

        wait_for(lambda: "a MIDI system has come" in served.errors())
        partner().is_answered()
        jack.stop()  # and from then on as with any other
        wait_for(lambda: "server lost" in served.errors())
        jack.start()
        wait_for(lambda: "MIDI server is back" in served.errors())
        assert served.end()[0] == 0


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_without_standard_streams_the_ports_are_there_and_it_ends_as_told(
    jack: Jack, closed: str, tmp_path: Path
) -> None:
    command = f"exec {sys.executable} -m livegen serve --api jack --no-page {closed}"
    environment = os.environ | jack.environment | {"PYTHONPATH": str(ROOT)}
    served = subprocess.Popen(["sh", "-c", command], env=environment, cwd=tmp_path)
    try:
        wait_for(lambda: "livegen-out:Model Out" in jack.ports(), every_s=0.1)
        assert served.poll() is None
        served.terminate()
        assert served.wait(PATIENCE_S) == 0
    finally:
        served.kill()
        served.wait()
