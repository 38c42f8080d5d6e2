"""A score as a WAV file: 44.1 kHz, stereo, 16 bits, as loud as it can be without clipping.  Knows no device."""

import io
import wave
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from livegen.music import parts
from livegen.music.files.smf import Score, Track
from livegen.music.instant import ranked
from livegen.music.messages import NoteOn, ProgramChange, encode
from livegen.music.parts import side_of
from livegen.sound.synth import MODEL, PLAYER, RATE, Programs, Samples, Synth

Loud = npt.NDArray[np.floating[Any]]  # (frames, 2)

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
    return _file(_loud([_unclipped([score], font, programs)[0]])[0])


def stems(score: Score, font: Path, programs: Programs) -> list[bytes]:
    """The sound of each track of a score by itself, all equally long; played together they are as loud as `wav`.

    Raises ConfigError for a font that cannot be read.
    """
    alone = [replace(score, tracks=(track,)) for track in score.tracks]
    rendered = _unclipped(alone, font, programs)
    longest = max(map(len, rendered), default=0)
    padded = [np.pad(one, ((0, longest - len(one)), (0, 0))) for one in rendered]
    return [_file(one) for one in _loud(padded)]


def _unclipped(scores: Sequence[Score], font: Path, programs: Programs) -> list[Samples]:
    """Scores as sound, with the gain at which none of them clips."""
    gain, rendered = _GAIN, [_rendered(one, font, programs, _GAIN) for one in scores]
    while any(_peak(one) >= _FULL for one in rendered) and gain > 0.01:
        gain /= 4
        rendered = [_rendered(one, font, programs, gain) for one in scores]
    return rendered


def _loud(rendered: Sequence[Samples]) -> list[Loud]:
    """Sounds of one length, as loud as all together can be without clipping."""
    together = sum((one.astype(np.int32) for one in rendered), np.zeros((1, 2), np.int32))
    factor = _PEAK * _FULL / max(1, int(np.abs(together).max()))
    return [one * factor for one in rendered]


def _file(samples: Loud) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(samples.clip(-_FULL, _FULL)).astype("<i2").tobytes())
    return out.getvalue()


def _rendered(score: Score, font: Path, programs: Programs, gain: float) -> Samples:
    rows = [
        (tick, rank, _side(track), message)
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


def _side(track: Track) -> int:
    return MODEL if side_of(track.name) == parts.MODEL else PLAYER


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
