"""A phrase as steps: one voice on six lines of each beat, and aside what a hand adds to them.

The lines are those of sixteenths and of triplets: 0, 1/4, 1/3, 1/2, 2/3 and 3/4 of a beat.  On each line a note begins
(its pitch), goes on (HOLD), or there is none (REST).  How early or late a note was struck, how loud it is and how much
of its lines it fills, is its touch: that is kept aside, and put back on whatever is made of the phrase.  Knows beats
and pitches; knows no micros, no keys and no networks.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.note import Note

LINES = (0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4)  # of a beat
LINES_PER_BEAT = len(LINES)
MOST_BEATS = 16  # of a phrase: four bars of four
HOLD, REST = -1, -2
_BESIDE = 2  # lines up to which a note is the same, struck beside
_CHORD = 1 / 24  # beats within which notes begin together: the highest is the melody

Steps = NDArray[np.int16]  # (6 * beats,): a pitch 0..127, HOLD or REST


class Touch(NamedTuple):
    """The timing and loudness that a hand added to the note that begins on `line`.

    It was struck `late` beats after the line, held for `held` of what its lines give it, with a velocity of 1..127.
    """

    line: int
    late: float
    held: float
    velocity: int


class PhraseSteps(NamedTuple):
    """A phrase from a bar line on: its steps, the touch of each of its notes in order, and the beats of a bar."""

    steps: Steps
    touches: tuple[Touch, ...]
    bar: int

    @property
    def beats(self) -> int:
        """The number of beats that the steps have."""
        return len(self.steps) // LINES_PER_BEAT


def beat_of(line: int) -> float:
    """The beat on which a line lies."""
    return line // LINES_PER_BEAT + LINES[line % LINES_PER_BEAT]


def line_near(beat: float) -> int:
    """The line nearest to a beat, of two as near the earlier."""
    whole = int(beat // 1)
    within = min(range(LINES_PER_BEAT + 1), key=lambda at: abs(beat - whole - (*LINES, 1.0)[at]))
    return LINES_PER_BEAT * whole + within


def steps_of(tones: Iterable[Note], beats: int, bar: int) -> PhraseSteps:
    """The steps of notes that begin in the first `beats` beats; of those on one line the highest or the last stays."""
    melody = _one_voice(tones, beats)
    steps, touches = np.full(LINES_PER_BEAT * beats, REST, np.int16), list[Touch]()
    begins = [line for line, _ in melody] + [len(steps)]
    for (line, tone), following in zip(melody, begins[1:], strict=True):
        until = min(following, max(line + 1, line_near(tone.end)))
        steps[line], steps[line + 1 : until] = tone.pitch, HOLD
        given = beat_of(until) - beat_of(line)
        held = min(1.5, max(0.1, (tone.end - tone.onset) / given))
        touches.append(Touch(line, tone.onset - beat_of(line), held, tone.velocity))
    return PhraseSteps(steps, tuple(touches), bar)


def _one_voice(tones: Iterable[Note], beats: int) -> list[tuple[int, Note]]:
    """Lines with the tone that begins on each, in order."""
    found: dict[int, Note] = {}
    for tone in sorted(tones):
        line = max(0, line_near(tone.onset))
        if line >= LINES_PER_BEAT * beats:
            continue
        before = found.get(line)
        if before is None or tone.onset - before.onset > _CHORD or tone.pitch >= before.pitch:
            found[line] = tone
    return sorted(found.items())


def onsets(steps: Steps) -> list[tuple[int, int, int]]:
    """Each note of steps: the line on which it begins, the line before which it ends, its pitch."""
    begins = np.flatnonzero(steps >= 0)
    over = np.append(np.flatnonzero(steps != HOLD), len(steps))
    ends = over[np.searchsorted(over, begins, "right")]
    return [(int(line), int(end), int(steps[line])) for line, end in zip(begins, ends, strict=True)]


def tones_of(steps: Steps, touches: Sequence[Touch]) -> list[Note]:
    """The notes of steps with a touch put back: that of the nearest note on such a line of a beat, else of all."""
    return [_touched(note, touches) for note in onsets(steps)]


def _touched(note: tuple[int, int, int], touches: Sequence[Touch]) -> Note:
    line, until, pitch = note
    late, held, velocity = _touch_at(line, touches)
    onset = beat_of(line) + late
    return Note(
        onset, onset + max(1 / 24, held * (beat_of(until) - beat_of(line))), pitch, velocity
    )


def _touch_at(line: int, touches: Sequence[Touch]) -> tuple[float, float, int]:
    """Give how late, how long and how loud a note on a line is."""
    if not touches:
        return 0.0, 0.9, 80
    alike = [touch for touch in touches if touch.line % LINES_PER_BEAT == line % LINES_PER_BEAT]
    nearest = min(alike or touches, key=lambda touch: abs(touch.line - line))
    if not alike:  # how late it is says nothing of another line of the beat
        lates = sum(touch.late for touch in touches) / len(touches)
        return lates, nearest.held, nearest.velocity
    return nearest.late, nearest.held, nearest.velocity


def distance(some: Steps, others: Steps) -> float:
    """Give how different two phrases are: 0 where they are the same, 1 where no note is."""
    return float(distances(some, [others])[0])


def distances(some: Steps, others: Sequence[Steps]) -> NDArray[np.float64]:
    """Give how different each of some phrases is from one (N,), 0 to 1.

    Edit distance (Levenshtein 1966) of their notes by line and pitch, as a share of the notes of the longer.  A note up
    to two lines beside is half another, and so is one of another pitch; another length is a tenth.
    """
    own = np.array(onsets(some), np.float64).reshape(-1, 3)
    theirs = [np.array(onsets(steps), np.float64).reshape(-1, 3) for steps in others]
    counts = np.array([len(notes) for notes in theirs])
    most = int(counts.max(initial=0))
    notes = np.full((len(theirs), most, 3), -1e3)
    for at, found in enumerate(theirs):
        notes[at, : len(found)] = found
    across = np.arange(most + 1.0)
    row = np.tile(across, (len(theirs), 1))
    for line, until, pitch in own:
        apart = np.abs(notes[:, :, 0] - line)
        costs = 0.5 * (notes[:, :, 2] != pitch) + 0.5 * (apart > 0)
        costs += 0.1 * (notes[:, :, 1] - notes[:, :, 0] != until - line)
        costs = np.where(apart > _BESIDE, 1.0, np.minimum(costs, 1.0))
        below = row + 1
        below[:, 1:] = np.minimum(below[:, 1:], row[:, :-1] + costs)
        row = np.minimum.accumulate(below - across, axis=1) + across
    changes = row[np.arange(len(theirs)), counts]
    result: NDArray[np.float64] = changes / np.maximum(1, np.maximum(counts, len(own)))
    return result
