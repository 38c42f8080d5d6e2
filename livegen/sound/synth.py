"""The synthesiser: two sides of a jam on 32 channels of FluidSynth, rendered or heard.  Knows bytes and programs.

FluidSynth is a library of the system, to which pyfluidsynth speaks.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from livegen.errors import ConfigError, PortError
from livegen.extras import missing
from livegen.music.messages import (
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    PROGRAM_CHANGE,
    kind_of,
)
from livegen.music.parts import DRUM_CHANNEL

EXTRA = "sound"
RATE = 44_100
SIDES = PLAYER, MODEL = 0, 1
CHANNELS = 16  # of each side
_PAN = 10  # controller
# The call a little to the left, the answer to the right: both are heard on either side.
_PLACES = {PLAYER: 40, MODEL: 88}
_DRUM_BANK = 128
_CENTRE = 8192

Samples = npt.NDArray[np.int16]  # (frames, 2)
Programs = Mapping[int, Mapping[int, int]]  # side -> channel -> program


def check() -> None:
    """Raises ConfigError, in one line that says what to type, where FluidSynth or what speaks to it is missing."""
    if line := missing(EXTRA, "fluidsynth"):
        raise ConfigError(line)
    try:
        import fluidsynth  # noqa: F401
    except ImportError:
        raise ConfigError(
            "FluidSynth's library is not installed: sudo apt-get install libfluidsynth3 "
            "(macOS: brew install fluid-synth)"
        ) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let what audio libraries say of devices that are not there go nowhere: one line of ours says it."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class Synth:
    """A synthesiser with a sound font.  `gain` is FluidSynth's; other settings are by its names.

    Raises ConfigError for a font that it cannot read.  Threads: one at a time.
    """

    def __init__(
        self, font: Path, programs: Programs, gain: float = 0.5, **settings: str | int | float
    ) -> None:
        import fluidsynth

        self._library = fluidsynth
        self._settings = {"synth.dynamic-sample-loading": 1, **settings}
        self._synth: Any = fluidsynth.Synth(
            gain=gain, samplerate=RATE, channels=len(SIDES) * CHANNELS, **self._settings
        )
        with _quiet():
            self._font = self._synth.sfload(str(font))
        if self._font < 0:
            self._synth.delete()
            raise ConfigError(f"{font} is no sound font that FluidSynth can read")
        for side in SIDES:
            for channel in range(CHANNELS):
                self._choose(side, channel, programs.get(side, {}).get(channel, 0))
                self._synth.cc(side * CHANNELS + channel, _PAN, _PLACES[side])

    def _choose(self, side: int, channel: int, program: int) -> None:
        bank = _DRUM_BANK if channel == DRUM_CHANNEL else 0
        self._synth.program_select(side * CHANNELS + channel, self._font, bank, program)

    def play(self, side: int, data: bytes) -> None:
        """Play one message of a side; what is no music is passed over."""
        kind, channel = kind_of(data), side * CHANNELS + (data[0] & 0x0F)
        if kind == NOTE_ON and data[2]:
            self._synth.noteon(channel, data[1], data[2])
        elif kind in (NOTE_ON, NOTE_OFF):
            self._synth.noteoff(channel, data[1])
        elif kind == CONTROL_CHANGE and data[1] != 0 and data[1] != 32:  # banks: the font has one
            self._synth.cc(channel, data[1], data[2])
        elif kind == PROGRAM_CHANGE:
            self._choose(side, data[0] & 0x0F, data[1])
        elif kind == PITCH_BEND:
            self._synth.pitch_bend(channel, data[1] + (data[2] << 7) - _CENTRE)

    def samples(self, frames: int) -> Samples:
        """Render so many frames."""
        found: Samples = np.asarray(self._synth.get_samples(frames), dtype=np.int16).reshape(-1, 2)
        return found

    def listen(self, drivers: Sequence[str]) -> str:
        """Be heard over the first audio driver that starts, and give its name.  Raises PortError."""
        with _quiet():
            for driver in drivers:
                self._synth.setting("audio.driver", driver)
                made = self._library.new_fluid_audio_driver(self._synth.settings, self._synth.synth)
                if made:
                    self._synth.audio_driver = made
                    return driver
        raise PortError(f"no audio output was found (tried {', '.join(drivers)})")

    def close(self) -> None:
        """Release the device and the font."""
        with _quiet():
            self._synth.delete()
