"""Whether a JACK server is still trusted."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import pytest

from livegen.daemon import clock
from livegen.daemon.midi.server_watch import ServerWatch, hang_up


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_a_server_that_gives_no_sign_of_life_in_time_is_not_trusted_and_one_that_does_is() -> None:
    stop, watch, still = threading.Event(), ServerWatch(), ServerWatch()
    sleeper = threading.Thread(target=stop.wait)
    woken = threading.Thread(target=lambda: [stop.wait(0.002) for _ in range(500)])
    for thread, one in ((sleeper, still), (woken, watch)):
        thread.start()
        one._tasks = {str(thread.native_id)}
    time.sleep(0.05)  # the sleeper falls asleep

    assert watch.runs(clock.now() + 20 * clock.SECOND)
    assert not still.runs(clock.now() + 50_000)
    stop.set()


SERVER = """
import socket, sys
requests, name, is_frozen = socket.socket(socket.AF_UNIX), sys.argv[1], len(sys.argv) > 2
requests.bind(f"{name}_default_0_0")
requests.listen()
print(flush=True)
asks = requests.accept()[0]
tells = socket.socket(socket.AF_UNIX)
tells.connect(f"{name}_livegen-in_0_0")
assert is_frozen or asks.recv(1) == b""  # as a server hears that a client is gone
if not is_frozen:
    tells.close()
sys.stdin.read()
"""


@contextlib.contextmanager
def client(*options: str) -> Iterator[socket.socket]:
    """The two lines between this process and a jack2 server; gives the one on which the server speaks.

    libjack's thread closes that at its end.
    """
    with contextlib.ExitStack() as stack:
        name = f"{stack.enter_context(tempfile.TemporaryDirectory())}/jack"
        ours = stack.enter_context(socket.socket(socket.AF_UNIX))
        ours.bind(f"{name}_livegen-in_0_0")
        ours.listen()
        command = [sys.executable, "-c", SERVER, name, *options]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        server = stack.enter_context(subprocess.Popen(command, **pipes))  # type: ignore[call-overload]
        assert server.stdout.readline()
        asks = stack.enter_context(socket.socket(socket.AF_UNIX))
        asks.connect(f"{name}_default_0_0")
        hears = ours.accept()[0]
        ours.close()

        def listen() -> None:
            hears.recv(1)
            hears.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield hears
        server.communicate()
        thread.join()


def test_a_client_leaves_a_jack_server_by_a_line_that_is_cut_and_waits_until_it_was_let_go() -> (
    None
):
    with client() as hears:
        assert hang_up(clock.now() + 40 * clock.SECOND)

        assert hears.fileno() == -1  # the server has let it go, and libjack's thread knows


def test_a_frozen_jack_server_is_waited_for_until_the_time_and_no_longer() -> None:
    with client("frozen") as hears:
        assert hang_up(by := clock.now() + 20_000)

        assert clock.now() >= by and hears.fileno() >= 0


def test_without_a_jack_server_there_is_no_line_to_cut() -> None:
    assert not hang_up(clock.now() + 40 * clock.SECOND)
