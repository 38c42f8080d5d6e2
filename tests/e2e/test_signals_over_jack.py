"""What a terminal and the system tell the daemon by signals: it falls silent first, and then does as told."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from livegen.daemon.processes.signals import Deed, deeds
from tests.e2e.harness import Daemon, Partner, wait_for

Starts = Callable[..., Daemon]
Connects = Callable[..., Partner]
DEADLY = ("SIGQUIT", "SIGABRT", "SIGRTMIN")
MORE = ("SIGUSR2", "SIGALRM", "SIGXCPU", "SIGVTALRM", "SIGIO")


def is_stopped(served: Daemon) -> bool:
    stat = Path(f"/proc/{served.process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("name", DEADLY)
def test_whatever_ends_it_every_note_is_released_first_and_the_shell_sees_the_signal(
    daemon: Starts, partner: Connects, name: str
) -> None:
    served, player = daemon(), partner()
    player.is_answered()
    player.holds_a_chord()

    status, _ = served.end(number := getattr(signal, name))

    assert status == -number
    player.hears_silence()


def test_all_that_end_a_process_are_dealt_with_alike() -> None:
    """So that a few of them show what happens over real ports."""
    assert {deeds()[getattr(signal, name)] for name in (*DEADLY, *MORE)} == {Deed.DIE}


def test_a_pipe_that_broke_ends_nothing(daemon: Starts, partner: Connects) -> None:
    served, player = daemon(), partner()
    served.process.send_signal(signal.SIGPIPE)

    player.is_answered()
    assert served.process.poll() is None


@pytest.mark.parametrize("name", ["SIGTSTP", "SIGTTOU"])
def test_a_stop_releases_every_note_and_afterwards_it_plays_on(
    daemon: Starts, partner: Connects, name: str
) -> None:
    served, player = daemon(), partner()
    player.is_answered()
    player.holds_a_chord()

    served.process.send_signal(getattr(signal, name))
    player.hears_silence()
    wait_for(lambda: is_stopped(served))
    player.listen()
    served.process.send_signal(signal.SIGCONT)

    player.is_answered()
    player.holds_a_chord()
    served.process.send_signal(
        getattr(signal, name)
    )  # and once more, now told to go on before it has stopped
    player.hears_silence()
    served.process.send_signal(signal.SIGCONT)
    player.is_answered()


def test_after_a_stop_nothing_is_caught_up_with(daemon: Starts, partner: Connects) -> None:
    served, player = daemon("engines:sequencer"), partner()
    player.starts_the_sequencer()
    served.process.send_signal(signal.SIGTSTP)
    wait_for(lambda: is_stopped(served))
    player.hears_silence()
    time.sleep(1.0)  # a dozen notes are due meanwhile
    assert player.listen() == []
    player.heard.clear()

    served.process.send_signal(signal.SIGCONT)
    wait_for(lambda: bool(player.listen()) and len(player.heard) > 10)

    marks = [
        data for _, data in player.heard if data[0] == 0x80 and data[2] != 64
    ]  # by which a loop is found
    came = [data[0] for _, data in player.heard if data not in marks]
    assert came == [0x90 if number % 2 == 0 else 0x80 for number in range(len(came))]
    assert player.heard[-1][0] - player.heard[0][0] > 0.2  # four notes take a third of a second
    served.end()
    player.hears_silence()
