"""The watchdog: a process that outlives the port process, and ends its notes when that is killed.

    python -I -S watchdog_process.py API OUT_NAME LIBJACK SENDER…      messages of three bytes on standard input

Each message that leaves is told to it.  At the end of its input it starts SENDER, with one more argument, JSON: what
ends all that still sounds, and who heard the port OUT_NAME a moment before.  An orderly end leaves nothing to be ended.

Small, because it imports next to nothing, not even livegen.  On JACK it is a client without ports, which takes no part
in the graph, for nobody can ask afterwards who was connected to a port that is gone.
"""

import os
import select
import signal
import sys
import time

LOOK_S = 0.5  # how old what it knows of who hears may be while something sounds
# And in silence.  On a busy machine it may get no processor between the first note and the kill; then nobody can be
# asked any more.
IDLE_LOOK_S = 5.0
CLOSING_S = 2  # a frozen server never lets a client go
SIZE = 3
STAND_DOWN = b"\0\0\0"  # all is well: nothing is to be ended any more
ALSA_CLIENTS = "/proc/asound/seq/clients"
CLIENT_OUT = "livegen-out"  # as `livegen.daemon.midi.ports` names it
JACK_NO_START_SERVER = 1
JACK_PORT_IS_OUTPUT = 2

_PEDAL, _BENT = 128, 129


class Ledger:
    """A ledger of all that left, by channel and key, and the messages that end it."""

    def __init__(self) -> None:
        self.holds: dict[tuple[int, int], bytes] = {}
        self._used: set[int] = set()

    def enter(self, data: bytes) -> None:
        """Take the three bytes of a message."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if data == STAND_DOWN:
            self.holds.clear()
            return
        if kind in (0x80, 0x90):
            hold, end = data[1], bytes((0x80 | channel, data[1], 64))
            is_held = kind == 0x90 and data[2] > 0
        elif kind == 0xB0 and data[1] == 64:
            hold, end, is_held = _PEDAL, bytes((data[0], 64, 0)), data[2] >= 64
        elif kind == 0xE0:
            hold, end, is_held = _BENT, bytes((data[0], 0, 64)), data[1:] != b"\x00\x40"
        else:
            return
        self._used.add(channel)
        if is_held:
            self.holds[channel, hold] = end
        else:
            self.holds.pop((channel, hold), None)

    def ends(self) -> list[bytes]:
        """Give the messages that end all that holds: pedals, bends, notes, then all notes off; or none."""
        keys = sorted(self.holds, key=lambda key: (key[1] < _PEDAL, key))
        offs = [bytes((0xB0 | channel, 123, 0)) for channel in sorted(self._used)]
        return [self.holds[key] for key in keys] + (offs if keys else [])


class JackWires:
    """Give the ports that hear a port on JACK."""

    def __init__(self, library: str, out_name: str) -> None:
        import ctypes

        names = ctypes.POINTER(ctypes.c_char_p)
        self._jack = jack = ctypes.CDLL(library)
        jack.jack_client_open.restype = jack.jack_port_by_name.restype = ctypes.c_void_p
        jack.jack_get_ports.restype = jack.jack_port_get_all_connections.restype = names
        client = jack.jack_client_open(b"livegen-watchdog", JACK_NO_START_SERVER, None)
        self._client, self._pointer = ctypes.c_void_p(client), ctypes.c_void_p
        self._end = f":{out_name}".encode()

    def hearers(self) -> list[str]:
        """Ports that are connected to it, by their full names."""
        if not self._client:
            return []
        ports = self._names(
            self._jack.jack_get_ports(self._client, None, None, JACK_PORT_IS_OUTPUT)
        )
        own = CLIENT_OUT.encode()
        found: list[bytes] = []
        for name in ports:
            if name.startswith(own) and name.endswith(self._end):
                port = self._pointer(self._jack.jack_port_by_name(self._client, name))
                found += self._names(self._jack.jack_port_get_all_connections(self._client, port))
        return [name.decode(errors="replace") for name in found]

    def close(self) -> None:
        """Leave the server."""
        if self._client:
            self._jack.jack_client_close(self._client)

    def _names(self, listed: object) -> list[bytes]:
        """The texts of a list that ends with a null; the list is given back."""
        found: list[bytes] = []
        while listed and listed[len(found)] is not None:  # type: ignore[index]
            found.append(listed[len(found)])  # type: ignore[index]
        if listed:
            self._jack.jack_free(listed)
        return found


class AlsaWires:
    """Give the ports that hear a port of the ALSA sequencer, from the kernel's list (seq_clientmgr.c)."""

    def __init__(self, out_name: str) -> None:
        self._out_name = out_name

    def hearers(self) -> list[str]:
        """Ports that are connected to it, as python-rtmidi names them."""
        try:
            with open(ALSA_CLIENTS, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (pathlib is large)
                return hearers_in(file.read(), self._out_name)
        except OSError:
            return []

    def close(self) -> None:
        """Do nothing: there is nothing to leave."""


def hearers_in(listed: str, out_name: str) -> list[str]:
    """Give the ports that hear our port of this name, in the kernel's list of the sequencer."""
    names: dict[str, str] = {}
    found: list[str] = []
    client = title = port = address = ""
    for line in listed.splitlines():
        if line.startswith("Client ") and '"' in line:
            client, title = line.split()[1], _quoted(line)
        elif line.startswith("  Port ") and '"' in line:
            port, address = _quoted(line), f"{client}:{line.split()[1]}"
            names[address] = f"{title}:{port} {address}"
        elif line.strip().startswith("Connecting To:") and (title, port) == (CLIENT_OUT, out_name):
            found += [to.strip().partition("[")[0] for to in line.partition(":")[2].split(",")]
    return [names.get(sink, sink) for sink in found]


def _quoted(line: str) -> str:
    return line.partition('"')[2].rpartition('"')[0]


def watch(wires: JackWires | AlsaWires, source: int = 0) -> tuple[Ledger, list[str]]:
    """Read from a descriptor until its input ends: what holds then, and who heard it."""
    ledger, hearers, rest, looked_at = Ledger(), list[str](), b"", 0.0
    while True:
        is_unheard = bool(ledger.holds) and not hearers
        if is_unheard or time.monotonic() - looked_at > LOOK_S:
            hearers, looked_at = wires.hearers() or hearers, time.monotonic()
        if not select.select([source], [], [], LOOK_S if ledger.holds else IDLE_LOOK_S)[0]:
            continue
        data = os.read(source, 1 << 16)
        if not data:
            return ledger, hearers
        rest += data
        whole = len(rest) // SIZE * SIZE
        for at in range(0, whole, SIZE):
            ledger.enter(rest[at : at + SIZE])
        rest = rest[whole:]


def main(api: str, out_name: str, library: str, *sender: str) -> None:
    """Watch, and start the sender if something sounds at the end."""
    wires = JackWires(library, out_name) if api == "jack" else AlsaWires(out_name)
    ledger, hearers = watch(wires)
    if (ends := ledger.ends()) and hearers:
        import json

        told = json.dumps({"to": hearers, "messages": [end.hex() for end in ends]})
        os.posix_spawn(sender[0], [*sender, told], os.environ)
    signal.alarm(CLOSING_S)
    wires.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
