"""A score as a WAV file: 44.1 kHz, stereo, 16 bits, as loud as it can be without clipping.  Knows no device."""

import io
import wave
from operator import itemgetter
from pathlib import Path

import numpy as np

from livegen.music.files.smf import Score
from livegen.music.instant import ranked
from livegen.music.messages import NoteOn, ProgramChange, encode
from livegen.sound.synth import MODEL, PLAYER, RATE, Programs, Samples, Synth

MODEL_TRACK = "Model"
_PEAK = 0.89  # of full scale: 1 dB below it
_FULL = 32_767
_GAIN = 0.4  # at first; a quarter where that clips
_LAST_S = 4.0  # that the last notes may ring
_SILENT = 8  # below it nothing is heard
_MOST_MINUTES = 60


def wav(score: Score, font: Path, programs: Programs) -> bytes:
    """The sound of a score, track Model on the right and all others on the left.

    Raises ConfigError for a font that cannot be read.
    """
    gain, rendered = _GAIN, _rendered(score, font, programs, _GAIN)
    while _peak(rendered) >= _FULL and gain > 0.01:  # clipped
        gain /= 4
        rendered = _rendered(score, font, programs, gain)
    loud = rendered * (_PEAK * _FULL / max(1, _peak(rendered)))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(loud).astype("<i2").tobytes())
    return out.getvalue()


def _rendered(score: Score, font: Path, programs: Programs, gain: float) -> Samples:
    rows = [
        (tick, rank, MODEL if track.name == MODEL_TRACK else PLAYER, message)
        for track in score.tracks
        for tick, rank, message in ranked(track.messages)
    ]
    rows.sort(key=itemgetter(0, 1))
    micros = score.tempo_map.micros
    synth = Synth(font, programs, gain)
    pieces: list[Samples] = []
    at = 0
    try:
        for tick, _, side, message in rows:
            frame = min(micros(tick) * RATE // 1_000_000, _MOST_MINUTES * 60 * RATE)
            if frame > at:
                pieces.append(synth.samples(frame - at))
                at = frame
            synth.play(side, encode(message))
        pieces.append(synth.samples(round(_LAST_S * RATE)))
    finally:
        synth.close()
    rendered = np.concatenate(pieces)
    heard = np.flatnonzero(np.abs(rendered.astype(np.int32)).max(axis=1) > _SILENT)
    return rendered[: int(heard[-1]) + 1] if len(heard) else rendered[:RATE]


def _peak(samples: Samples) -> int:
    return int(np.abs(samples.astype(np.int32)).max())


def programs_of(score: Score) -> dict[int, int]:
    """The program of each channel of a file, as its tracks say."""
    found: dict[int, int] = {}
    for track in score.tracks:
        programs = [m.program for _, m in track.messages if isinstance(m, ProgramChange)]
        channels = {m.channel for _, m in track.messages if isinstance(m, NoteOn)}
        found |= dict.fromkeys(channels, programs[0] if programs else track.program)
    return found
