"""Two seconds of listening where livegen listens, and a harmless word sent out of where it plays.

Where no livegen runs, its two ports are made for this time, under its names, so that whoever remembers them connects.
Where one runs, who is connected to its input is listened to directly, and nothing is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.ports import Health, Ports, open_ports
from livegen.doctor.system import MidiSystem, closed, opened
from livegen.music.messages import ControlChange, encode

LISTEN_US = 2 * SECOND
ECHO_US = SECOND // 2  # what comes back later than this is not looked for
ENOUGH_CLOCKS = 49  # two beats
POLL_US = 500
HEALTH_US = SECOND // 10
MOST_TAPPED = 8
MOST_HEARD = 10_000
# The first message over a new connection may be lost: several, and each of its own.  Controller 119 of channel 16 is
# undefined and ends at 0; system exclusive 7D is for what is never sold (MIDI 1.0, table VII), which many tracks drop.
_LAST = 15
PROBES = tuple(
    (micros, encode(ControlChange(119, value, _LAST)), bytes((0xF0, 0x7D, 0x6C, 0x67, value, 0xF7)))
    for micros, value in ((100_000, 85), (200_000, 42), (300_000, 0))
)
_WORDS = {word for _, *words in PROBES for word in words}


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard: micros and bytes; of our own words, how many micros after it the first one came back.

    `probed`: whether words were sent at all.  `listened_us`: for how long.
    """

    messages: tuple[tuple[int, bytes], ...]
    probed: bool
    listened_us: int
    back_us: int | None = None


def listen(
    system: MidiSystem, running: Sequence[tuple[str, str]], in_name: str, out_name: str
) -> Hearing | None:
    """Listen for two seconds, or for two beats of a clock.  None where a livegen runs and nobody can be tapped.

    Raises PortError where the ports cannot be opened.
    """
    if running:
        return _tap(system, running)
    ports = open_ports(system.api, in_name, out_name)
    try:
        return heard(ports)
    finally:
        ports.close()


def heard(
    ports: Ports,
    now: Callable[[], int] = clock.now,
    wait_until: Callable[[int], object] = lambda due: clock.wait_until(due, 0),
) -> Hearing:
    """Send the words and listen, on ports that are open."""
    began, looked_at, waiting = now(), 0, list(PROBES)
    sent: dict[bytes, int] = {}
    messages: list[tuple[int, bytes]] = []
    back_us: int | None = None
    while not _is_enough(messages, (at := now()) - began):
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
            if ports.health(at) is Health.LOST:
                break
        wait_until(now() + POLL_US)
    return Hearing(tuple(messages), True, now() - began, back_us)


def _is_enough(messages: Sequence[tuple[int, bytes]], elapsed_us: int) -> bool:
    if elapsed_us < PROBES[-1][0] + ECHO_US:
        return False
    if elapsed_us >= LISTEN_US or len(messages) > MOST_HEARD:
        return True
    return sum(data == b"\xf8" for _, data in messages) >= ENOUGH_CLOCKS


def _tap(system: MidiSystem, running: Sequence[tuple[str, str]]) -> Hearing | None:
    """Listen to who sends to the livegen that runs."""
    senders = [source for sink, _ in running for source in system.sent_to(sink)]
    own = {source for _, source in running}
    others = [source for source in dict.fromkeys(senders) if source not in own][:MOST_TAPPED]
    if not others:
        return None
    taps: list[Any] = []
    try:
        for source in others:
            taps.append(opened("MidiIn", system.api))
            taps[-1].ignore_types(sysex=False, timing=False, active_sense=False)
            taps[-1].open_port(taps[-1].get_ports().index(source))
        return _tapped(taps)
    finally:
        closed(*taps)


def _tapped(taps: Sequence[Any]) -> Hearing:
    began = clock.now()
    messages: list[tuple[int, bytes]] = []
    while not _is_enough(messages, (at := clock.now()) - began):
        for tap in taps:
            while (item := tap.get_message()) is not None:
                messages.append((at, bytes(item[0])))
        clock.wait_until(clock.now() + POLL_US, 0)
    return Hearing(tuple(messages), False, clock.now() - began)
