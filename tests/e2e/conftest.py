"""Fixtures for end-to-end tests over real ports; what they are made of is in `harness`."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import SERVER_NAMES, Daemon, Jack, Partner


@pytest.fixture
def jack() -> Iterator[Jack]:
    """A running JACK server; skips, saying why, where jackd is not installed."""
    if shutil.which("jackd") is None or shutil.which("jack_lsp") is None:
        pytest.skip("jackd is not installed (apt-get install jackd2)")
    with contextlib.ExitStack() as stack:
        names = (name for name in SERVER_NAMES if _is_ours(name, stack))
        server = next((Jack(name) for name in names if not Jack(name).ports()), None)
        assert server is not None, "all names of JACK servers for tests are in use"
        yield from _served(server)


def _is_ours(name: str, stack: contextlib.ExitStack) -> bool:
    """Take the name of a server for ourselves, if nobody else who tests here has it."""
    file = stack.enter_context((Path(tempfile.gettempdir()) / f"{name}.lock").open("w"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _served(server: Jack) -> Iterator[Jack]:
    before = {key: os.environ.get(key) for key in server.environment}
    os.environ.update(server.environment)  # rtmidi in this process must find it too
    server.start()
    try:
        yield server
    finally:
        server.stop()
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


@pytest.fixture
def daemon(jack: Jack) -> Iterator[Callable[..., Daemon]]:
    """Start daemons on the JACK server: `daemon(engine="engines:echo", **options)`; they are ready when given."""
    with contextlib.ExitStack() as stack:

        def start(engine: str = "engines:echo", **options: Any) -> Daemon:
            given = {"api": "jack", "settings": {"engine": engine}, **options}
            started = stack.enter_context(Daemon(given, jack.environment))
            started.ready()
            return started

        yield start


@pytest.fixture
def partner(jack: Jack) -> Iterator[Callable[..., Partner]]:
    """Connect partners to daemons that are ready: `partner()`."""
    partners: list[Partner] = []

    def connect(in_name: str = "Model In", out_name: str = "Model Out") -> Partner:
        partners.append(Partner(in_name, out_name))
        return partners[-1]

    yield connect
    for one in partners:
        one.close()
