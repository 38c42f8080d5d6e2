"""A control surface with ports of its own: its pads play the engine, and its lights follow; over real JACK ports."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rtmidi

from tests.e2e.harness import Jack, close, wait_for
from tests.e2e.test_control_over_jack import Serve

PROGRAMMER = bytes.fromhex("F0002029020D0E01F7")
LIVE = bytes.fromhex("F0002029020D0E00F7")
DRUMS_MUTE, VARIATION_B, VARIATION_C = 21, 83, 84  # pads of launchpad.yaml


class Launchpad:
    """A device as JACK shows it: a port that sends, and one that takes lights once it was told the mode for them."""

    def __init__(self) -> None:
        self.pads = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Launchpad Mini MK3 MIDI")
        self.pads.open_virtual_port("out")
        self.leds = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="Launchpad Mini MK3 MIDI in")
        self.leds.ignore_types(sysex=False)
        self.leds.open_virtual_port("in")
        self.heard: list[bytes] = []
        self.lights: dict[int, int] = {}

    def look(self) -> None:
        while (item := self.leds.get_message()) is not None:
            data = bytes(item[0])
            self.heard.append(data)
            if data[0] == 0x90 and PROGRAMMER in self.heard:
                self.lights[data[1]] = data[2]

    def press(self, pad: int) -> None:
        self.pads.send_message((0x90, pad, 127))
        time.sleep(0.05)
        self.pads.send_message((0x90, pad, 0))

    def shows(self, pad: int, colour: int) -> bool:
        self.look()
        return self.lights.get(pad) == colour


@pytest.fixture
def launchpad(jack: Jack) -> Iterator[Launchpad]:
    device = Launchpad()
    yield device
    close(device.pads, device.leds)


def test_pads_of_a_launchpad_play_the_engine_and_their_lights_follow(
    jack: Jack, launchpad: Launchpad, tmp_path: Path
) -> None:
    options = ("--api", "jack", "--no-page", "--mode", "accompany", "--surface", "launchpad")
    with Serve(tmp_path, *options, **jack.environment) as serve:
        wait_for(lambda: launchpad.shows(DRUMS_MUTE, 19))
        assert launchpad.shows(VARIATION_B, 21)

        launchpad.press(DRUMS_MUTE)
        serve.until("drums_mute", "on")
        wait_for(lambda: launchpad.shows(DRUMS_MUTE, 5))
        launchpad.press(VARIATION_C)
        wait_for(lambda: launchpad.shows(VARIATION_C, 21) and launchpad.shows(VARIATION_B, 1))

        serve.tablet.send("drums_mute", "off")
        wait_for(lambda: launchpad.shows(DRUMS_MUTE, 19))
        serve.end()
        wait_for(lambda: launchpad.shows(DRUMS_MUTE, 0) and LIVE in launchpad.heard)
