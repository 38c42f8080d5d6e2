"""Notes of a score and of an answer, in beats, and what all metrics read off them.  Knows no engine and no files."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from livegen.music.files.smf import Score, Track
from livegen.music.keys.key import Key, likeliest
from livegen.music.messages import NoteOn
from livegen.music.note import Note

TICK = 1 / 24  # of a beat
SIXTEENTHS = 4  # in a beat


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


def line(notes: Sequence[Note]) -> list[Note]:
    """The onset line: of notes that begin within a tick of the first of them only the highest, at the first's onset."""
    found: list[Note] = []
    for note in sorted(notes):
        if found and note.onset - found[-1].onset <= TICK:
            if note.pitch > found[-1].pitch:
                found[-1] = note._replace(onset=found[-1].onset)
        else:
            found.append(note)
    return found


def intervals(points: Sequence[Note]) -> list[int]:
    """Semitones from each place of a line to the next."""
    return [after.pitch - before.pitch for before, after in pairwise(points)]


def iois(points: Sequence[Note]) -> list[float]:
    """Beats from each place of a line to the next."""
    return [after.onset - before.onset for before, after in pairwise(points)]


def weights(notes: Iterable[Note]) -> list[float]:
    """Give how many beats each pitch class sounds, (12,) from C on."""
    found = [0.0] * 12
    for note in notes:
        found[note.pitch % 12] += note.end - note.onset
    return found


def key_of(notes: Iterable[Note]) -> Key:
    """The key that notes suggest by how long each pitch class sounds in them; C major when they suggest none."""
    return likeliest(weights(notes)) or Key(0, "major")
