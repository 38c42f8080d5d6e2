"""Silence for every instrument that can be reached: short-lived connections to the ports of others.

Knows no engine and no running daemon, so that it works when those do not.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from livegen.daemon.midi.outbox import BURST, RATE_PER_S
from livegen.daemon.midi.ports import (
    candidates,
    close_clients,
    leave,
    loaded,
    opened,
    probe_succeeds,
    silenced,
    start_probe,
)
from livegen.errors import PortError
from livegen.music.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    SUSTAIN,
    ControlChange,
    Message,
    NoteOff,
    encode,
)

CLIENT = "livegen-panic"
# A new connection counts from the next period on: on a busy machine all that was sent at once was lost in 2 of 25.
SETTLED_S = 0.1
DELIVERY_S = 0.1  # a few periods of a slow JACK server, before the connection goes away


def panic_messages() -> list[bytes]:
    """Silence by every means, on all channels: pedal up, all sound off, all notes off, then each key by itself.

    The first three fit into the burst that a virtual cable bears, so nearly all instruments are silent at once;
    the keys are for those that know no channel mode messages.
    """
    controls = [(SUSTAIN, 0), (ALL_SOUND_OFF, 0), (ALL_NOTES_OFF, 0)]
    modes: list[Message] = [
        ControlChange(*control, channel) for control in controls for channel in range(16)
    ]
    keys: list[Message] = [
        NoteOff(pitch, channel=channel) for channel in range(16) for pitch in range(128)
    ]
    return [encode(message) for message in modes + keys]


def listing(api: str = "auto") -> tuple[str, list[str], list[str]]:
    """The MIDI system in use, the ports that send to us, and the ports that we can send to.  Raises PortError."""
    name, midi_in, midi_out = _open(api)
    try:
        return name, list(midi_in.get_ports()), list(midi_out.get_ports())
    finally:
        close_clients(midi_in, midi_out)


def silence(ports: Sequence[str] = (), api: str = "auto") -> list[str]:
    """Send panic messages to the ports that carry one of these names, or to all, and give the names found.

    Takes 4 s however many ports there are; nearly all instruments are silent after the first two tenths.
    Raises PortError when a name fits no port.
    """
    name, midi_in, midi_out = _open(api)
    existing = list(midi_out.get_ports())
    close_clients(midi_in, midi_out)
    wanted = list(dict.fromkeys(port for given in ports for port in _fitting(given, existing)))
    targets = [_connected(name, port) for port in (wanted if ports else existing)]
    try:
        time.sleep(SETTLED_S)
        for batch in _paced(panic_messages()):
            for target in targets:
                for data in batch:
                    target.send_message(data)
        time.sleep(DELIVERY_S)
    finally:
        leave(*targets)
    return wanted if ports else existing


def _fitting(given: str, existing: Sequence[str]) -> list[str]:
    """Ports of that very name, else those that hold it; systems put the client's name before and numbers after."""
    found = [port for port in existing if port == given] or [
        port for port in existing if given.casefold() in port.casefold()
    ]
    if not found:
        raise PortError(f"no port is called {given!r}; there are: {', '.join(existing) or 'none'}")
    return found


def _paced(messages: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The burst at once, the rest a tenth of a second's worth at a time."""
    yield messages[:BURST]
    step = RATE_PER_S // 10
    for start in range(BURST, len(messages), step):
        time.sleep(0.1)
        yield messages[start : start + step]


def _open(api: str) -> tuple[str, Any, Any]:
    """The first MIDI system of the candidates that answers, with an input and an output of it."""
    rtmidi = loaded()
    names = {rtmidi.get_api_name(number): number for number in rtmidi.get_compiled_api()}
    tried = [name for name in candidates(api) if name != "none"]
    for name in tried:
        if name == "jack" and not probe_succeeds(start_probe()):
            continue  # a frozen server would keep us for ever
        number = names.get("core" if name == "coremidi" else name)
        try:
            with silenced():
                return name, rtmidi.MidiIn(number, name=CLIENT), rtmidi.MidiOut(number, name=CLIENT)
        except (rtmidi.RtMidiError, OSError, TypeError):
            continue
    raise PortError(
        f"no MIDI system answers (tried {', '.join(tried) or 'none'}); start it and try again"
    )


def _connected(api: str, port: str) -> Any:
    _, midi_in, midi_out = _open(api)
    close_clients(midi_in)
    with silenced():
        opened(midi_out, port, CLIENT)
    return midi_out
