"""The subject of an examination: this machine, the configuration, and a livegen that may be running.

Whatever several checks look at is looked at once, when the first of them asks.  Knows what can be asked, and how long
one may wait for it; what it means is the checks' affair.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from livegen import config as configuration
from livegen import shipped
from livegen.config import Config
from livegen.control.osc.addresses import STATE
from livegen.control.osc.packets import RefusedPacket, encode, messages
from livegen.control.osc.peers import LOCALHOST
from livegen.doctor.port_traffic import Overheard, Unheard, listen
from livegen.doctor.system import MidiSystem, Refusal, midi_system
from livegen.errors import ConfigError

ANSWER_S = 0.4  # a running livegen tells its state within 30 ms; it may be busy
ASK = "/livegen/get"
# The facts that every livegen tells: another program may echo what it is sent, or use addresses like ours.
OURS = {"model", "turn", "leader", "ports/in", "ports/out"}


class Patient:
    """A machine on one day.  Threads: one."""

    def __init__(
        self,
        load: Callable[[], Config],
        path: Path | None = None,
        environment: Mapping[str, str] = os.environ,
        api: str | None = None,
    ) -> None:
        """`load` reads the configuration; `path` and `api`: the file and MIDI system it was told, if any."""
        self._load, self._api = load, api
        self.path = path or configuration.own_file(environment)
        self.environment = environment

    @cached_property
    def _read(self) -> tuple[Config, list[str], list[str]]:
        with _warnings() as warned:
            try:
                return self._load(), [], warned
            except ConfigError as error:
                shipped_but = {"ports": {"api": self._api}} if self._api else {}
                return Config.model_validate(shipped_but), str(error).splitlines(), warned

    @property
    def config(self) -> Config:
        """The configuration; as shipped when the person's own is refused."""
        return self._read[0]

    @property
    def mistakes(self) -> list[str]:
        """Give the mistakes in it, a line each."""
        return self._read[1]

    @property
    def oversights(self) -> list[str]:
        """Give the parts that livegen leaves out, a line each."""
        return self._read[2]

    @cached_property
    def model(self) -> Any:
        """The model, loaded.  Raises ModelError."""
        from livegen.inference.model_files import load

        return load(shipped.model(self.config.model))

    @cached_property
    def midi(self) -> tuple[MidiSystem | None, list[Refusal]]:
        """The MIDI system that livegen would take, or takes; and those that were tried before."""
        return midi_system(self.config.ports.api)

    @cached_property
    def served(self) -> dict[str, Any] | None:
        """The state that a running livegen tells by OSC; None when none answers."""
        osc = self.config.osc
        if not osc.enabled:
            return None
        host = LOCALHOST if osc.host in ("0.0.0.0", "localhost") else osc.host
        state = asked(host, osc.port)
        return state if state.keys() >= OURS else None

    @cached_property
    def running(self) -> list[tuple[str, str]]:
        """Names of "Model In" and "Model Out" of each livegen that is running, as the system shows them."""
        system, _ = self.midi
        ports = self.config.ports
        return [] if system is None else system.pairs(ports.input, ports.output)

    @cached_property
    def hearing(self) -> Overheard | Unheard | None:
        """Listen for two seconds where livegen listens; None without a MIDI system."""
        system, _ = self.midi
        if system is None:
            return None
        ports = self.config.ports
        return listen(system, self.running, ports.input, ports.output)


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect the lines of the configuration's log instead of printing them."""
    said: list[str] = []
    log, handler = logging.getLogger(configuration.__name__), _SaidLines(said)
    was_passed_on, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        yield said
    finally:
        log.removeHandler(handler)
        log.propagate = was_passed_on


class _SaidLines(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


def asked(host: str, port: int, timeout_s: float = ANSWER_S) -> dict[str, Any]:
    """The state of whatever answers at this address as a livegen does, name to value; empty when nothing does."""
    state: dict[str, Any] = {}
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        until = time.monotonic() + timeout_s
        try:
            sock.connect((host, port))  # so that we hear at once that nobody is there
            sock.send(encode(ASK, ()))
            while (left := until - time.monotonic()) > 0:
                sock.settimeout(left)
                state |= _told(sock.recv(1 << 13))
        except (OSError, ValueError):
            pass
    return state


def _told(data: bytes) -> dict[str, Any]:
    try:
        return {
            message.address.removeprefix(f"{STATE}/"): message.arguments[0]
            for message in messages(data, 0)
            if message.address.startswith(f"{STATE}/") and message.arguments
        }
    except RefusedPacket:
        return {}
