"""A melody as it is sung: tones with overtones, an attack and a little vibrato, without any library of sounds."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from livegen.sound.pitches import Samples


def sung(notes: Sequence[tuple[float, float, int]], seconds: float, rate: int = 16_000) -> Samples:
    """Give a melody of (onset, end, pitch), seconds, as samples."""
    out = np.zeros(int(seconds * rate))
    for onset, end, pitch in notes:
        times = np.arange(int((end - onset) * rate)) / rate
        hertz = 440 * 2 ** ((pitch - 69) / 12) * (1 + 0.003 * np.sin(2 * np.pi * 5 * times))
        phase = 2 * np.pi * np.cumsum(hertz) / rate
        tone = sum(np.sin(number * phase) / number for number in range(1, 6))
        shape = np.minimum(1, np.minimum(times / 0.01, (end - onset - times) / 0.03))
        first = int(onset * rate)
        out[first : first + len(times)] += 0.15 * tone * shape
    return out.astype(np.float32)


def write_wav(path: Path, samples: Samples, rate: int = 16_000) -> None:
    """Write samples as a WAV file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32_000).astype("<i2").tobytes())
