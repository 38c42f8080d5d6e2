"""A program that echoes keys over JACK, as simple as one writes it: `bench.busy` measures it beside livegen.

What comes in on any channel goes out on channel 15, from JACK's own thread.  Ends when its standard input does.
"""

import sys
from typing import Any

import rtmidi

from livegen.daemon.midi.ports import leave

CHANNEL = 14
IN_NAME, OUT_NAME = "Echo In", "Echo Out"


def main() -> None:
    """Echo until standard input ends."""
    out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="echo-out")
    into = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="echo-in")

    def echo(came: tuple[list[int], float], _: Any) -> None:
        (status, *data), _ = came
        out.send_message([status & 0xF0 | CHANNEL, *data])

    into.set_callback(echo)
    out.open_virtual_port(OUT_NAME)
    into.open_virtual_port(IN_NAME)
    print("ready", flush=True)
    sys.stdin.read()
    into.cancel_callback()
    leave(into, out)
