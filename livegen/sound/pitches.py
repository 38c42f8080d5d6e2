"""The pitch of one voice in audio, frame by frame, by the network SwiftF0 (MIT licence).

Source: Nieradzik, "SwiftF0: Fast and Accurate Monophonic Pitch Detection", 2025, https://arxiv.org/abs/2508.18440.  Its
whole view ahead is 176 ms; with LOOKAHEAD frames of it melodies are found as well (docs/log/sound.md).
"""

import numpy as np
import numpy.typing as npt

from livegen.errors import ConfigError
from livegen.extras import missing
from livegen.sound.notes_heard import HOP_US, LOOKAHEAD, PitchFrame

EXTRA = "listen"
RATE = 16_000  # that the network hears
HOP = RATE * HOP_US // 1_000_000  # samples
_SEEN = 16  # frames that the network sees at once

Samples = npt.NDArray[np.float32]  # (samples,), -1 to 1


def check() -> None:
    """Raises ConfigError, in one line that says what to type, where a package that listens is missing."""
    if line := missing(EXTRA, "swift_f0", "soxr", "sounddevice"):
        raise ConfigError(line)


class PitchTracker:
    """Audio at `rate` in pieces of any size, pitches out.  Threads: one at a time."""

    def __init__(self, rate: int) -> None:
        import soxr
        from swift_f0 import SwiftF0

        self._network = SwiftF0(threads=1, spin=False)
        self._resampler = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, "float32")
        self._window: Samples = np.zeros(_SEEN * HOP, np.float32)
        self._waiting: Samples = np.zeros(0, np.float32)
        self._frames = 0
        self._look()  # the first look takes longest

    def feed(self, samples: Samples) -> list[PitchFrame]:
        """Take samples of one channel; give the frames that are certain by now, without gap since the last call."""
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        self._waiting = np.concatenate((self._waiting, samples))
        found = []
        while len(self._waiting) >= HOP:
            self._window = np.concatenate((self._window[HOP:], self._waiting[:HOP]))
            self._waiting = self._waiting[HOP:]
            self._frames += 1
            if self._frames > LOOKAHEAD:
                found.append(self._look())
        return found

    def _look(self) -> PitchFrame:
        """Give the frame that lies LOOKAHEAD frames before the last."""
        seen = self._network.detect(self._window, RATE)
        at = _SEEN - 1 - LOOKAHEAD
        pitch = 69 + 12 * float(np.log2(max(seen.pitch_hz[at], 1.0) / 440))
        return PitchFrame(pitch, float(seen.confidence[at]), float(seen.loudness_db[at]))
