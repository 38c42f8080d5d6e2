"""The device process: `python -m livegen.daemon.midi.device_process FD`, the MIDI ports of one control surface.

A process of its own, because a MIDI server that hangs may hang nobody else.  Its settings: {"api", "ports": parts of
names, "begin", "end": messages in hexadecimal}.  Looks for the device once a second; when it has come, sends `begin`
and says `ready`, and does both again soon after, because a connection may count late.  Passes on what the device sends;
sends what it is told, and `end` when the link closes.
"""

import contextlib
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.midi.ports import (
    API_CONSTANTS,
    candidates,
    leave,
    loaded,
    opened,
    probe_succeeds,
    silenced,
    start_probe,
)
from livegen.daemon.processes.frames import DueFrame, HeardFrame, LogFrame, ReadyFrame
from livegen.daemon.processes.link import Link, begun
from livegen.errors import PortError

CLIENT = "livegen-surface"
POLL_US = 2_000
LOOK_US = SECOND
# After the device has come: a busy JACK server connects late, and what was sent before that is lost.
GREETINGS_US = (0, SECOND // 4, SECOND, 5 * SECOND)
OUT_US = 50_000  # for the last messages to reach the device


class Device:
    """The device's own ports, while it is there.  Threads: loop only."""

    def __init__(self, api: str, names: Sequence[str]) -> None:
        self._api, self._names = api, names
        self._in, self._out = _clients(api)
        self._there = ("", "")  # the device's source and sink that are open
        self.name = ""  # of the device, while it is there

    def look(self) -> bool:
        """See whether the device is there; True if it, or its other port, has just come."""
        try:
            return self._look()
        except loaded().RtMidiError:  # a JACK server that is gone, or not done with our last ports
            return False

    def _look(self) -> bool:
        if self._in is None:
            self._in, self._out = _clients(self._api)
        with silenced():
            there = (
                found(self._names, self._in.get_ports()),
                found(self._names, self._out.get_ports()),
            )
        if there == self._there:
            return False
        if self._api == "jack" and any(self._there):
            # Nothing is closed while the graph changes (`leave`); the next look is through new clients.
            self.close()
            self._in = self._out = None
            self._there, self.name = ("", ""), ""
            return False
        with silenced():
            self._in.close_port()
            self._out.close_port()
            are_open = [
                opened(port, name, CLIENT)
                for port, name in zip((self._in, self._out), there, strict=True)
                if name
            ]
        self._there = there if all(are_open) else ("", "")  # else it is tried again
        self.name = self._there[0] or self._there[1]
        return bool(self.name)

    def receive(self) -> list[bytes]:
        """Take in what has come."""
        messages = []
        while self.name and (item := self._in.get_message()) is not None:
            messages.append(bytes(item[0]))
        return messages

    def send(self, data: bytes) -> None:
        """Send one message, if the device is there."""
        if self.name and self._out.is_port_open():
            with contextlib.suppress(Exception):  # it may have been unplugged this moment
                self._out.send_message(data)

    def close(self) -> None:
        """Let go of the ports."""
        if self._in is not None:
            leave(self._in, self._out)


def _clients(api: str) -> tuple[Any, Any]:
    """An input and an output without ports."""
    library = loaded()
    constant = getattr(library, API_CONSTANTS[api])
    with silenced():
        return (
            library.MidiIn(constant, name=f"{CLIENT}-in"),
            library.MidiOut(constant, name=f"{CLIENT}-out"),
        )


def found(names: Sequence[str], ports: Sequence[str]) -> str:
    """The first port that contains the first of these names that any does, upper or lower case; "" without one.

    Those of livegen itself are none.
    """
    others = [port for port in ports if not port.startswith("livegen")]
    for name in names:
        for port in others:
            if name.casefold() in port.casefold():
                return port
    return ""


def messages_of(data: bytes) -> list[bytes]:
    """Messages that are written one after the other, each with its status."""
    return [bytes(part) for part in re.findall(rb"[\x80-\xf6\xf8-\xff][\x00-\x7f]*\xf7?", data)]


def serve(link: Link, settings: Mapping[str, Any]) -> None:
    """Pass messages on in both directions until the link closes."""
    names = [str(name) for name in settings["ports"]]
    api = str(settings.get("api", "auto"))
    begin, end = (messages_of(bytes.fromhex(settings.get(key, ""))) for key in ("begin", "end"))
    try:
        device = _opened(api, names)
    except PortError as error:
        link.send(LogFrame.of(clock.now(), str(error)))
        link.drain(SECOND)
        while not link.closed:
            link.wait(SECOND)
        return
    look_at = 0
    greet_at: list[int] = []
    while not link.closed:
        now = clock.now()
        if now >= look_at:
            look_at = now + LOOK_US
            if device.look():
                greet_at = [now + later for later in GREETINGS_US]
        if greet_at and now >= greet_at[0]:
            is_first = len(greet_at) == len(GREETINGS_US)
            del greet_at[0]
            for data in begin:
                device.send(data)
            link.send(ReadyFrame.of(now, {"port": device.name, "is_first": is_first}))
        for data in device.receive():
            link.send(HeardFrame(clock.now(), data))
        for frame in link.wait(POLL_US):
            if isinstance(frame, DueFrame):
                device.send(frame.payload)
    for data in end:
        device.send(data)
    clock.wait_until(clock.now() + OUT_US, 0)
    device.close()


def _opened(api: str, names: Sequence[str]) -> Device:
    """The device on the first MIDI system that is there.  Raises PortError."""
    for system in candidates(api):
        if system == "jack" and not probe_succeeds(start_probe()):
            continue
        try:
            return Device(system, names)
        except loaded().RtMidiError:
            continue
    raise PortError("no MIDI system was found for the surface")


def main() -> int:
    """Serve the device that the settings describe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link, settings, _ = begun(sys.argv[1])
    serve(link, settings.values)
    return 0


if __name__ == "__main__":
    sys.exit(main())
