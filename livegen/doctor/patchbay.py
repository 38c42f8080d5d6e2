"""The connections of JACK and of the ALSA sequencer, read from what these systems print.

Ports are named as python-rtmidi shows them: `client:port` on JACK, `client:port 128:0` on ALSA.  Text in, names out;
asks nobody.  Sources: jack_lsp(1); sound/core/seq/seq_clientmgr.c in Linux, which writes /proc/asound/seq/clients.
"""

import re
from dataclasses import dataclass

_CLIENT = re.compile(r'Client\s+(\d+) : "(.*)" \[')
_PORT = re.compile(r'  Port\s+(\d+) : "(.*)" \(')
_TARGETS = "Connecting To:"


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection, from who sends to who receives."""

    source: str
    sink: str


def jack_wires(listed: str) -> list[Connection]:
    """The wires in the output of `jack_lsp -c -p`."""
    wires: list[Connection] = []
    port, others = "", list[str]()
    for line in listed.splitlines():
        if line.startswith("   "):
            others.append(line[3:])
        elif not line.startswith("\t"):
            port, others = line, []
        elif "output" in re.findall(r"\w+", line):
            wires += [Connection(port, other) for other in others]
    return wires


def alsa_wires(listed: str) -> list[Connection]:
    """The wires in /proc/asound/seq/clients."""
    names: dict[str, str] = {}
    ends: list[tuple[str, str]] = []
    client = title = address = ""
    for line in listed.splitlines():
        if heading := _CLIENT.match(line):
            client, title, address = heading[1], heading[2], ""
        elif port := _PORT.match(line):
            address = f"{client}:{port[1]}"
            names[address] = f"{title}:{port[2]} {address}"
        elif address and line.strip().startswith(_TARGETS):
            ends += [(address, sink) for sink in re.findall(r"\d+:\d+", line)]
    return [Connection(names.get(source, source), names.get(sink, sink)) for source, sink in ends]
