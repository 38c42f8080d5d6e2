"""A memory that is kept from one evening to the next: as a MIDI file, and as a line of text.

The file is music that anybody can open: a track for each part, phrase after phrase, on the grid of the memory.  What
lies further apart than a phrase's longest silence (`FAR`) comes back at that distance.  Knows memories and MIDI files;
where a file lies is somebody else's business.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable

import numpy as np

from livegen.codec.encoder import Encoder, Stroke, grid_tick
from livegen.codec.layout import velocity_of
from livegen.errors import LivegenError
from livegen.inference.memory import MOST, Ints, Memory, memory_of
from livegen.music.files.smf import Score, Track
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import DRUM_CHANNEL, PARTS, part_named
from livegen.music.time.metre import TICKS_PER_BEAT

FIGURES = 5  # of a note, see `Memory.notes`
_TYPE = "<i2"
_MOST_BYTES = MOST * FIGURES * 2
_UNKNOWN_LENGTH = TICKS_PER_BEAT // 4  # of drums, and of notes that sounded when they were kept
_CHANNELS = (0, 1, 2, DRUM_CHANNEL)  # by part


def text_of(memory: Memory) -> str:
    """A memory as a line of at most 55,000 characters."""
    packed = zlib.compress(memory.notes.astype(_TYPE).tobytes(), level=1)
    return base64.b64encode(packed).decode("ascii")


def memory_from(text: str) -> Memory:
    """The memory of such a line.  Raises LivegenError for any other."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
        if not unpacker.eof:
            raise ValueError
        notes = np.frombuffer(data, _TYPE).reshape(-1, FIGURES)
    except (binascii.Error, zlib.error, ValueError):
        raise LivegenError("expected a memory, got another text") from None
    return _learned(_strokes(notes))


def score_of(memory: Memory) -> Score:
    """A memory as a file: a track for each part that has notes."""
    tracks: dict[int, list[tuple[int, NoteOn | NoteOff]]] = {}
    for tick, part, pitch, velocity in _strokes(memory.notes):
        channel = _CHANNELS[part]
        message = NoteOn(pitch, velocity, channel) if velocity else NoteOff(pitch, channel=channel)
        tracks.setdefault(part, []).append((tick, message))
    named = (Track(PARTS[part], tuple(found)) for part, found in sorted(tracks.items()))
    return Score(TICKS_PER_BEAT, tuple(named))


def memory_in(score: Score) -> Memory:
    """The memory that a file holds: its last notes, by tracks that are called as parts are; the lead of all others."""
    found: list[Stroke] = []
    for track in score.tracks:
        named = part_named(track.name)
        for tick, message in track.messages:
            if isinstance(message, NoteOn | NoteOff):
                part = "drums" if message.channel == DRUM_CHANNEL else named or "lead"
                velocity = message.velocity if isinstance(message, NoteOn) else 0
                place = grid_tick(tick, score.ppqn)
                found.append(Stroke(place, PARTS.index(part), message.pitch, velocity))
    return _learned(sorted(found, key=_when))


def _learned(strokes: Iterable[Stroke]) -> Memory:
    encoder = Encoder()
    return memory_of(event for stroke in strokes for event in encoder.feed(stroke))


def _strokes(notes: Ints) -> list[Stroke]:
    """Notes (N, 5) one after the other, each ended at the latest where it is struck again."""
    found, sounding, at = list[Stroke](), dict[tuple[int, int], int](), 0
    for part, pitch, velocity, gap, length in notes.tolist():
        at += gap if found else 0
        end = sounding.get((part, pitch))
        if end is not None:
            found.append(Stroke(min(end, at), part, pitch, 0))
        found.append(Stroke(at, part, pitch, velocity_of(velocity)))
        sounding[part, pitch] = at + (length or _UNKNOWN_LENGTH)
    found += [Stroke(end, part, pitch, 0) for (part, pitch), end in sounding.items()]
    return sorted(found, key=_when)


def _when(stroke: Stroke) -> tuple[int, bool]:
    """Ends come before what begins at the same time."""
    return stroke.tick, stroke.velocity > 0
