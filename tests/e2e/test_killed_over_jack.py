"""The port process is killed while notes sound: whoever heard them hears their end."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.engines import CHORD
from tests.e2e.harness import Daemon, Jack, Partner, wait_for

Starts = Callable[..., Daemon]
Connects = Callable[..., Partner]
PERIOD = 1024  # frames; of so long a one a busy machine loses none


@pytest.fixture
def usual(jack: Jack) -> Jack:
    """A server as people run it; a synchronous one stands still for seconds after a client that was killed."""
    jack.stop()
    jack.is_synchronous, jack.period = False, PERIOD
    jack.start()
    return jack


def watchdogs() -> list[int]:
    """The watchdogs of this machine, by their process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"watchdog_process.py" in command:
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
def test_after_it_was_killed_every_note_is_ended_where_it_was_heard(
    usual: Jack, daemon: Starts, partner: Connects, name: str
) -> None:
    served, player = daemon(), partner()
    player.is_answered()
    player.holds_a_chord()
    player.heard.clear()

    served.process.send_signal(getattr(signal, name))

    player.hears_silence()
    wait_for(lambda: bytes((0xB0, 123, 0)) in [*player.listen(), *(d for _, d in player.heard)])


def test_whoever_does_not_hear_the_model_is_told_nothing(
    usual: Jack, daemon: Starts, partner: Connects
) -> None:
    served, player = daemon(), partner()
    player.is_answered()
    with Daemon(
        {
            "api": "jack",
            "port": "Other",
            "in_name": "Other In",
            "settings": {"engine": "engines:echo"},
        },
        usual.environment,
    ) as other:
        other.ready()
        stranger = partner("Other In", "Other")
        stranger.is_answered()
        stranger.heard.clear()
        player.holds_a_chord()

        served.process.kill()

        player.hears_silence()
        stranger.listen()
        assert not any(data[0] == 0xB0 or data[1] in CHORD for _, data in stranger.heard)


def test_an_orderly_end_leaves_no_watchdog(usual: Jack, daemon: Starts) -> None:
    before = watchdogs()
    served = daemon()
    ours = [pid for pid in watchdogs() if pid not in before]
    assert ours

    assert served.end()[0] == 0
    wait_for(lambda: not any(pid in watchdogs() for pid in ours))
