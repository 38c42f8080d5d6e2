"""Two seconds of listening where livegen listens, and a harmless word sent where it plays.

Where no livegen runs, its two ports are made for this time, under its names, so that whoever remembers them connects.
Where one runs, ports of ours are wired beside its own: to who sends to it, and to who hears it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.midi.ports import Ports, open_ports
from livegen.daemon.midi.server_watch import Health
from livegen.doctor.system import MidiSystem, connect, listed
from livegen.errors import PortError
from livegen.music.messages import ControlChange, encode

LISTEN_US = 2 * SECOND
ECHO_US = SECOND // 2  # what comes back later than this is not looked for
POLL_US = 500
HEALTH_US = SECOND // 10
MOST_WIRED = 8
MOST_HEARD = 10_000
DOCTOR_IN, DOCTOR_OUT = "Doctor In", "Doctor Out"
# The first message over a new connection may be lost: several, and each of its own.  Controller 119 of channel 16 is
# undefined and ends at 0; system exclusive 7D is for what is never sold (MIDI 1.0, table VII), which many tracks drop.
_LAST = 15
PROBES = tuple(
    (micros, encode(ControlChange(119, value, _LAST)), bytes((0xF0, 0x7D, 0x6C, 0x67, value, 0xF7)))
    for micros, value in ((100_000, 85), (200_000, 42), (300_000, 0))
)
_WORDS = {word for _, *words in PROBES for word in words}


@dataclass(frozen=True, slots=True)
class Overheard:
    """The messages that were heard, with micros; and the micros after which our own first message came back.

    `listened_us`: for how long.  `senders`, `hearers`: who was connected meanwhile; None where that is not seen.
    """

    messages: tuple[tuple[int, bytes], ...]
    listened_us: int
    back_us: int | None = None
    senders: tuple[str, ...] | None = None
    hearers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unheard:
    """The reason why nothing could be listened to."""

    why: str


def listen(
    system: MidiSystem, running: Sequence[tuple[str, str]], in_name: str, out_name: str
) -> Overheard | Unheard:
    """Listen for two seconds: four beats at 120 bpm, which tells a clock's tempo."""
    try:
        if running:
            return _listen_beside(system, running)
        with opened(system.api, in_name, out_name) as ports:
            return _with_company(heard(ports), listed(system.api), in_name, out_name)
    except PortError as error:
        return Unheard(str(error).partition("; ")[0])


def _with_company(
    found: Overheard, system: MidiSystem | None, in_name: str, out_name: str
) -> Overheard:
    if system is None or system.wires is None:
        return found
    senders, hearers = system.company(system.pairs(in_name, out_name))
    return replace(found, senders=senders, hearers=hearers)


def _listen_beside(system: MidiSystem, running: Sequence[tuple[str, str]]) -> Overheard | Unheard:
    if system.wires is None:
        return Unheard("the input belongs to the livegen that runs")
    senders, hearers = system.company(running)
    if not senders:
        return Unheard("nothing is connected to its input")
    with opened(system.api, DOCTOR_IN, DOCTOR_OUT) as ports:
        there = listed(system.api) or system
        wires: list[tuple[str, str]] = []
        for sink, source in there.pairs(ports.in_name, ports.out_name):
            wires += [(sender, sink) for sender in senders[:MOST_WIRED]]
            wires += [(source, hearer) for hearer in hearers[:MOST_WIRED]]
        if not wires or not all([connect(system.api, *wire) for wire in wires]):
            return Unheard("the ports that send to it could not be connected to the doctor too")
        return replace(heard(ports), senders=senders, hearers=hearers)


@contextmanager
def opened(api: str, in_name: str, out_name: str) -> Iterator[Ports]:
    """Ports of ours, open for a while.  Raises PortError."""
    ports = open_ports(api, in_name, out_name)
    try:
        yield ports
    finally:
        ports.close()


def heard(
    ports: Ports,
    now: Callable[[], int] = clock.now,
    wait_until: Callable[[int], object] = lambda due: clock.wait_until(due, 0),
) -> Overheard:
    """Send the words and listen, on ports that are open.  Raises PortError when the MIDI server goes or freezes.

    What came before, while others were connected, is left out: nobody knows when it came.
    """
    ports.receive()
    began, looked_at, waiting = now(), 0, list(PROBES)
    sent: dict[bytes, int] = {}
    messages: list[tuple[int, bytes]] = []
    back_us: int | None = None
    while (at := now()) - began < LISTEN_US and len(messages) < MOST_HEARD:
        if waiting and at - began >= waiting[0][0]:
            for word in waiting.pop(0)[1:]:
                ports.send(word)
                sent[word] = now()
        for data in ports.receive():
            if data in _WORDS and data in sent:
                back_us = at - sent[data] if back_us is None else back_us
            else:
                messages.append((at, data))
        if at - looked_at >= HEALTH_US:
            looked_at = at
            if ports.health(at) is not Health.WELL:
                raise PortError(f"{ports.api}: the MIDI server stopped meanwhile")
        wait_until(now() + POLL_US)
    return Overheard(tuple(messages), now() - began, back_us)
