"""Processes that need not load livegen first: one that has loaded it once makes a copy of itself for each.

A daemon is four processes, of which each spends most of its first second on starting Python and on importing.  Tests
of what daemons and their pages do take copies instead (on Linux).  That the processes start as `python -m …`, as
livegen starts them, is shown by those who serve as a person does: three tests of `test_page.py`, two of
`test_without_midi.py`, the package and the documented commands.  Those that train are copies of another, which has
loaded torch and its compiler; that they start as `livegen train` is shown by the documented commands and
`tests/training/test_crew.py`.

Two sides: who asks (`Copy`, in the tests and in the copies, which start others), and the process that is copied
(`main`), which has one thread, ends with who started it, and waits for no copy itself: a keeper, another copy, does.
"""

import atexit
import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).parents[2]
HAS_COPIES = sys.platform == "linux"
NUMBER = 4  # bytes of a length, a process's id or an exit status
OWN_FILES = 3  # standard input, output and error come before those that a process is given besides
HIGH = 512  # no file that a process is given has such a number
# What daemons run, and what they load later.
PROGRAMS = (
    "livegen.__main__",
    "livegen.control.process",
    "livegen.daemon.engine.engine_process",
    "livegen.daemon.recording.recorder",
)
LOADED_LATER = (
    "livegen.app.engines",
    "livegen.cli.serving",
    "livegen.control.ableton_link.link_session",
    "livegen.control.osc.udp",
    "livegen.control.set_up",
    "livegen.control.web.surface",
    "livegen.daemon.port_process",
    "livegen.inference.model_files",
    "onnxruntime",
    "uvicorn",
)


LEARNS = ("livegen.__main__", "livegen.cli.learning", "livegen.training.loop", "torch._dynamo")
# By what is copied: what is loaded before.
LOADED = {"daemon": (*PROGRAMS, *LOADED_LATER), "learner": LEARNS}


class Order(TypedDict):
    """The command of a process, its variables, the numbers of its files and whether it has a session of its own."""

    command: list[str]
    environment: dict[str, str]
    files: list[int]
    is_session: bool


class Copy:
    """A process that was asked for, as `subprocess.Popen` shows one; its command is `python -m MODULE …` or a script.

    `files` says which of our files it finds under which number; standard input is empty.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        files: Mapping[int, int],
        address: str,
        is_session: bool = False,
    ) -> None:
        order: Order = {
            "command": list(command),
            "environment": dict(environment),
            "files": list(files),
            "is_session": is_session,
        }
        self._command = command
        self._keeper = socket.socket(socket.AF_UNIX)
        self._keeper.connect(address)
        body = json.dumps(order).encode()
        socket.send_fds(self._keeper, [len(body).to_bytes(NUMBER)], list(files.values()))
        self._keeper.sendall(body)
        self.pid = int.from_bytes(self._keeper.recv(NUMBER))
        assert self.pid, "the process that is copied has ended"
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, minus the number of the signal that ended it; raises `TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._keeper], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self._command, timeout or 0)
            self.returncode = int.from_bytes(self._keeper.recv(NUMBER), signed=True)
            self._keeper.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal while it runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def start(
    kind: str, command: Sequence[str], environment: Mapping[str, str], out: int
) -> "Copy | subprocess.Popen[bytes]":
    """Start a process, on Linux as a copy of that `kind`; all that it says goes to the file `out`."""
    if HAS_COPIES:
        return Copy(command, environment, {1: out, 2: out}, address(kind))
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=out)


@cache
def address(kind: str = "daemon") -> str:
    """Where the process that is copied is asked; it is started when this is asked first, and ends with us."""
    where = f"\0livegen-tests-{os.getpid()}-{kind}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(where)
        listening.listen(64)
        copied = subprocess.Popen(
            [sys.executable, "-u", __file__, str(listening.fileno()), kind],
            env=os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,  # it ends when this does
            pass_fds=[listening.fileno()],
            process_group=0,
        )
    atexit.register(copied.communicate)
    return where


# --- the process that is copied ---------------------------------------------------------------------------------


def main() -> None:
    """Load livegen, make copies, and be one: this returns in copies whose program has ended, and at the end."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    where = listening.getsockname().decode()
    for module in LOADED[sys.argv[2]]:
        importlib.import_module(module)
    for module in PROGRAMS:
        sys.modules.pop(module, None)  # as it is where `python -m` runs one
    _start_copies(where)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are nobody's to wait for
    while listening in select.select([listening, sys.stdin], [], [])[0]:
        asking, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _run(*_kept(asking))
            return
        asking.close()


def _start_copies(where: str) -> None:
    """Let livegen's processes start others as copies too."""
    from livegen.daemon.processes import child
    from livegen.daemon.processes.link import Link

    def spawn(
        module: str, arguments: Sequence[str] = (), passed: Sequence[int] = ()
    ) -> tuple[Copy, Link]:
        ours, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", module, str(number), *arguments]
            files = {1: 2, 2: 2} | {file: file for file in (number, *passed)}
            return Copy(command, os.environ, files, where, True), Link(ours)

    vars(child)["spawn"] = spawn


def _kept(asking: socket.socket) -> tuple[Order, list[int]]:
    """Fork the process that is asked for, where this returns; wait for it, and tell who asked."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, files, _, _ = socket.recv_fds(asking, NUMBER, 16)
    with asking.makefile("rb") as stream:
        order: Order = json.loads(stream.read(int.from_bytes(length)))
    process = os.fork()
    if process:
        for file in files:
            os.close(file)
        asking.sendall(process.to_bytes(NUMBER))
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        with suppress(OSError):
            asking.sendall(status.to_bytes(NUMBER, signed=True))
        os._exit(0)
    return order, files


def _run(order: Order, files: list[int]) -> None:
    """Be the process that was ordered."""
    (os.setsid if order["is_session"] else os.setpgrp)()
    given = [fcntl.fcntl(file, fcntl.F_DUPFD, HIGH) for file in files]
    os.closerange(OWN_FILES, HIGH)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, file in zip(order["files"], given, strict=True):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(ROOT)
    _, *sys.argv = order["command"]
    if sys.argv[0] == "-m":
        sys.argv.pop(0)
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
