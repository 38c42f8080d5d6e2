"""Whether a JACK server is still trusted."""

import sys
import threading
import time

import pytest

from livegen.daemon import clock
from livegen.daemon.server_watch import ServerWatch


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
