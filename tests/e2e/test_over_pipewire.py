"""The daemon over the ports of a PipeWire server, which is found without a variable, and found again.

python -m tests.e2e.test_over_pipewire      what the test does, in a process that has PipeWire's library only
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

from livegen.daemon.midi import libjack
from tests.e2e.harness import ROOT, Daemon, Partner, wait_for

NEEDED = ("dbus-run-session", "jack_lsp", "pipewire", "wireplumber")
PORTS = {"livegen-in:Model In", "livegen-out:Model Out"}


class PipeWire:
    """A PipeWire server without devices, with its session manager, as this process and its children find it."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        os.environ["XDG_RUNTIME_DIR"] = str(self._folder)
        return self

    def start(self) -> None:
        """Start it; the socket is there when this returns."""
        begun = "pipewire & echo $! >$XDG_RUNTIME_DIR/number; sleep 0.2; wireplumber & wait"
        self._process = subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", begun],
            env=os.environ | {"LD_PRELOAD": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(lambda: bool(ports()), every_s=0.05)

    def kill(self) -> None:
        """Kill the server itself, whose session manager then ends."""
        os.kill(int((self._folder / "number").read_text()), signal.SIGKILL)
        self.__exit__()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def ports() -> set[str]:
    """All ports with MIDI of the server; none when there is no server."""
    ran = subprocess.run(["pw-cli", "info", "0"], capture_output=True, text=True, check=False)
    if ran.returncode or "error" in ran.stderr.casefold():
        return set()
    ran = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False)
    return {"there", *ran.stdout.splitlines()}


def main() -> None:
    """Serve before there is a server, and play while servers come and go; ask the doctor meanwhile."""
    by_themselves = {"LD_PRELOAD": ""}  # the daemon finds the library itself
    with (
        tempfile.TemporaryDirectory() as folder,
        PipeWire(folder) as server,
        Daemon({"settings": {"engine": "engines:echo"}}, by_themselves) as served,
    ):
        if "api=alsa" in served.ready():
            sys.exit("this machine has an ALSA sequencer")
        wait_for(lambda: "the ports will open when one starts" in served.errors())
        assert "pw-jack" not in served.errors()

        server.start()

        wait_for(lambda: "a MIDI system has come" in served.errors())
        player = Partner()
        player.is_answered()
        print(doctor(by_themselves))
        player.close()
        began = time.monotonic()
        server.kill()
        wait_for(lambda: "jack: MIDI server lost" in served.errors())
        server.start()
        wait_for(lambda: "MIDI server is back" in served.errors())
        print(f"found again {time.monotonic() - began:.1f} s after the kill", file=sys.stderr)
        assert ports() >= PORTS
        player = Partner()
        player.is_answered()
        player.close()
        assert served.end()[0] == 0
        assert "was not found" not in served.errors()


def doctor(environment: dict[str, str]) -> str:
    """Give the words of the doctor about the MIDI system and its wires."""
    command = [sys.executable, "-m", "livegen", "doctor", "--api", "jack"]
    ran = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    return ran.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="PipeWire is Linux's")
def test_pipewire_is_found_without_a_variable_and_again_when_it_was_killed() -> None:
    if not all(map(shutil.which, NEEDED)) or not libjack.of_pipewire():
        pytest.skip("apt-get install pipewire-jack wireplumber dbus jackd2: one of them is missing")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.e2e.test_over_pipewire"],
        cwd=ROOT,
        env=os.environ | {"LD_PRELOAD": libjack.of_pipewire()[0]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert "MIDI system: jack, as PipeWire serves it" in ran.stdout
    assert "clock.force-quantum 256" in ran.stdout
    assert '"livegen-in:Model In" gets notes from partner-out' in ran.stdout


if __name__ == "__main__":
    main()
