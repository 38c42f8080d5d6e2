"""Fixtures for end-to-end tests over real ports; what they are made of is in `harness`."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e import warm
from tests.e2e.harness import Daemon, Jack, Partner, private_server

Daemon.is_warm = warm.HAS_COPIES


@pytest.fixture
def jack() -> Iterator[Jack]:
    """A running JACK server; skips, saying why, where jackd is not installed."""
    if shutil.which("jackd") is None or shutil.which("jack_lsp") is None:
        pytest.skip("jackd is not installed (apt-get install jackd2)")
    with private_server() as server:
        yield server


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
