"""Notes of a score and of an answer, in beats, and what all metrics read off them.  Knows no engine and no files."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from livegen.music.files.smf import Score, Track
from livegen.music.keys.key import Key, likeliest
from livegen.music.messages import NoteOn

TICK = 1 / 24  # of a beat
SIXTEENTHS = 4  # in a beat


class Note(NamedTuple):
    """From beat `onset` to beat `end`: MIDI pitch and velocity (1..127); of a response also its channel, 0..15."""

    onset: float
    end: float
    pitch: int
    velocity: int
    channel: int = 0


class Onset(NamedTuple):
    """A place of an onset line: its beat, and the highest pitch that begins there."""

    onset: float
    pitch: int


def notes_of(score: Score, track: Track) -> list[Note]:
    """Notes of a track, in beats of the score, by onset; one that never ends is left out."""
    sounding: dict[int, tuple[float, int]] = {}
    found = []
    for tick, message in track.messages:
        beat, pitch = tick / score.ppqn, getattr(message, "pitch", None)
        if pitch is None:
            continue
        if pitch in sounding:
            since, velocity = sounding.pop(pitch)
            found.append(Note(since, beat, pitch, velocity))
        if isinstance(message, NoteOn):
            sounding[pitch] = (beat, message.velocity)
    return sorted(found)


def moved(notes: Iterable[Note], beats: float) -> tuple[Note, ...]:
    """The same notes so many beats later."""
    return tuple(note._replace(onset=note.onset + beats, end=note.end + beats) for note in notes)


def line(notes: Sequence[Note]) -> list[Onset]:
    """The onset line: of notes that begin within a tick of the first of them only the highest."""
    found: list[Onset] = []
    for note in sorted(notes):
        if found and note.onset - found[-1].onset <= TICK:
            found[-1] = found[-1]._replace(pitch=max(found[-1].pitch, note.pitch))
        else:
            found.append(Onset(note.onset, note.pitch))
    return found


def intervals(points: Sequence[Onset]) -> list[int]:
    """Semitones from each place of a line to the next."""
    return [after.pitch - before.pitch for before, after in pairwise(points)]


def iois(points: Sequence[Onset]) -> list[float]:
    """Beats from each place of a line to the next."""
    return [after.onset - before.onset for before, after in pairwise(points)]


def weights(notes: Iterable[Note]) -> list[float]:
    """How many beats each pitch class sounds, (12,) from C on."""
    found = [0.0] * 12
    for note in notes:
        found[note.pitch % 12] += note.end - note.onset
    return found


def key_of(notes: Iterable[Note]) -> Key:
    """The key that notes suggest by how long each pitch class sounds in them; C major when they suggest none."""
    return likeliest(weights(notes)) or Key(0, "major")
