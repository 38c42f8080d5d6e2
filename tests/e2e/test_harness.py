"""What the end-to-end tests stand on, where it has a promise of its own."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.e2e.harness import ROOT, Daemon, private_server, wait_for

KILLED = """
import os
from tests.e2e.harness import private_server
with private_server() as server:
    print(server.name, flush=True)
    os._exit(1)
"""


@pytest.mark.skipif(shutil.which("jackd") is None, reason="jackd is not installed")
def test_a_server_that_a_killed_run_left_behind_is_ended_and_its_name_is_free_again() -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True, check=False
    )

    with private_server() as server:
        assert server.name == killed.stdout.strip(), killed.stderr


def test_a_daemon_of_copies_serves_and_ends_as_one_of_processes_does() -> None:
    given = {"api": "none", "settings": {"engine": "engines:echo"}}
    with Daemon(given, {}) as served:
        assert served.ready() == "ready api=none model=echo mode=echo"
        engine = served.engine_pid()
        os.kill(engine, signal.SIGKILL)  # another copy takes its place
        wait_for(lambda: served.engine_pid() != engine)
        assert served.end(signal.SIGTERM)[0] == 0
    with Daemon(given | {"api": "no such"}, {}) as wrong:
        assert wrong.process.wait() == 2
        assert "no such" in wrong.errors()
    with Daemon(given, {}) as killed:
        assert killed.end(signal.SIGKILL)[0] == -signal.SIGKILL
