"""What the end-to-end tests stand on, where it has a promise of its own."""

import shutil
import subprocess
import sys

import pytest

from tests.e2e.harness import ROOT, private_server

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
