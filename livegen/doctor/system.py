"""The MIDI system of this machine: which answers, who has ports on it, and which of them are connected.

Rules of this file.  Nothing may hang: a frozen JACK server never answers and keeps the GIL of who asks, so a child
asks first, and every tool of JACK's has a second.  Makes no ports.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from livegen import panic
from livegen.daemon.midi import libjack
from livegen.daemon.midi.ports import NONE, answered, candidates, free_name, start_probe
from livegen.doctor.patchbay import Connection, alsa_wires, jack_wires
from livegen.errors import PortError

PROBE_S = 1.5
TOOL_S = 1.0
ALSA_CLIENTS = Path("/proc/asound/seq/clients")
MOST_LIVEGENS = 9


class Refusal(NamedTuple):
    """A MIDI system that is not to be had, why, and what to do about it; `is_there`: it is, and does not answer."""

    api: str
    why: str
    remedy: str
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class MidiSystem:
    """A MIDI system that answers.

    `sources` send to us, `sinks` receive.  `wires` is None where connections cannot be listed, and `unseen` says why.
    """

    api: str
    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    wires: tuple[Connection, ...] | None = None
    unseen: str = ""

    def pairs(self, in_name: str, out_name: str) -> list[tuple[str, str]]:
        """The ports of each livegen that runs: where it listens and where it plays, "" for one that is missing.

        On Windows its ports are there without it, so none is found.
        """
        if self.api == "winmm":
            return []
        numbers = ["", *(f" ({number})" for number in range(2, MOST_LIVEGENS + 1))]
        found = [
            (_owned(in_name + number, self.sinks), _owned(out_name + number, self.sources))
            for number in numbers
        ]
        return [pair for pair in found if any(pair)]

    def sent_to(self, sink: str) -> list[str]:
        """Give the ports that are connected to this one; none where connections are not seen."""
        return [wire.source for wire in self.wires or () if wire.sink == sink]

    def heard_from(self, source: str) -> list[str]:
        """Whom this port is connected to; nobody where wires are not seen."""
        return [wire.sink for wire in self.wires or () if wire.source == source]

    def company(
        self, running: Sequence[tuple[str, str]]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the ports that send to these livegens, and those that hear them, but for their own."""
        sinks, sources = [sink for sink, _ in running], [source for _, source in running]
        senders = [one for sink in sinks for one in self.sent_to(sink) if one not in sources]
        hearers = [one for source in sources for one in self.heard_from(source) if one not in sinks]
        return tuple(dict.fromkeys(senders)), tuple(dict.fromkeys(hearers))


def midi_system(api: str) -> tuple[MidiSystem | None, list[Refusal]]:
    """The first MIDI system that answers, in the order in which livegen tries them, and those that did not."""
    if api == NONE:
        return None, []
    try:
        names = candidates(api)
    except PortError as error:
        return None, [Refusal(api, str(error), "install it, or choose another MIDI system")]
    refusals: list[Refusal] = []
    for name in names:
        refusal = _jack_refuses() if name == "jack" else None
        found = None if refusal else listed(name)
        if found is not None:
            return found, refusals
        refusals.append(refusal or _refusal(name))
    return None, refusals


def answer(*command: str) -> str | None:
    """Run a tool and give its output; None when it is missing, takes more than a second, or fails."""
    environment = os.environ | {"JACK_NO_START_SERVER": "1"} | libjack.environment()
    try:
        ran = subprocess.run(
            command, env=environment, capture_output=True, timeout=TOOL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.decode(errors="replace") if ran.returncode == 0 else None


def connect(api: str, source: str, sink: str) -> bool:
    """Wire these two, as long as both are there; whether it was done."""
    return answer(*wiring(api, source, sink)) is not None


def wiring(api: str, source: str, sink: str, is_off: bool = False) -> tuple[str, ...]:
    """The command that wires these two, or takes the wire off."""
    if api == "alsa":
        addresses = source.rpartition(" ")[2], sink.rpartition(" ")[2]
        return "aconnect", *(("-d",) * is_off), *addresses
    return "jack_disconnect" if is_off else "jack_connect", source, sink


def _owned(name: str, displayed: Sequence[str]) -> str:
    """The port that a livegen has under this name, as the system shows it."""
    return next((shown for shown in displayed if free_name(name, [shown]) != name), "")


def listed(api: str) -> MidiSystem | None:
    """The ports and the wires there are; None where the system cannot be had.  Ask JACK only when it answers."""
    try:
        _, sources, sinks = panic.listing(api)
    except PortError:
        return None
    return MidiSystem(api, tuple(sources), tuple(sinks), *_wires(api))


def _wires(api: str) -> tuple[tuple[Connection, ...] | None, str]:
    if api == "jack":
        told = answer("jack_lsp", "-c", "-p")
        missing = "jack_lsp is not installed (apt-get install jackd2 or jack-example-tools)"
        return (None, missing) if told is None else (tuple(jack_wires(told)), "")
    if api == "alsa":
        try:
            text = ALSA_CLIENTS.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None, f"{ALSA_CLIENTS} cannot be read"
        return tuple(alsa_wires(text)), ""
    return None, "this system does not tell who is connected to whom"


# --- why one is not to be had ---------------------------------------------------------------------------------


def _jack_refuses() -> Refusal | None:
    """Let a child ask for a server, and see whether it gets an answer in time."""
    probe = start_probe()
    try:
        if answered(probe.wait(PROBE_S)):
            return None
    except subprocess.TimeoutExpired:
        probe.kill()
        probe.wait()
        return Refusal("jack", "a JACK server is there and does not answer", _ANEW, is_there=True)
    return Refusal("jack", *libjack.refusal())


_ANEW = "end it and start it anew: Stop and Start in qjackctl, or `killall -9 jackd` and start your DAW again"
_SEQUENCER = Path("/dev/snd/seq")


def _refusal(api: str) -> Refusal:
    match api:
        case "alsa" if not _SEQUENCER.exists():
            why = f"{_SEQUENCER} is not there: the kernel's sequencer is not loaded"
            remedy = "sudo modprobe snd-seq; for every start: echo snd-seq | sudo tee /etc/modules-load.d/midi.conf"
        case "alsa":
            why = f"{_SEQUENCER} is closed to you"
            remedy = "sudo usermod -a -G audio $USER, then log out and in"
        case "coremidi":
            why, remedy = (
                "CoreMIDI does not answer",
                "killall -9 MIDIServer, or restart the machine",
            )
        case _:
            why, remedy = f"{api} does not answer", "restart the Windows MIDI service"
    return Refusal(api, why, remedy)
