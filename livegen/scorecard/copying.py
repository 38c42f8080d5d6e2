"""Copies in answers from the training pieces, beside the quotations of people who never saw them.

What a copy is, and how it is found, is said in `livegen.training.memorisation`.
"""

from collections.abc import Sequence

import numpy as np

from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.scorecard.notes import line
from livegen.training.memorisation import JoinedLines, joined, steps_of


def lines_of_notes(some: Sequence[Sequence[Note]]) -> JoinedLines:
    """Lines of answers, in beats, each owned by its place among them."""
    found = []
    for notes in some:
        points = line(notes)
        pitches = np.array([point.pitch for point in points], np.int64)
        ticks = np.round(np.array([p.onset for p in points]) * TICKS_PER_BEAT).astype(np.int64)
        found.append(steps_of(pitches, ticks))
    return joined(found, range(len(found)))


def no_longer(notes: Sequence[Note], than: Sequence[Note]) -> tuple[Note, ...]:
    """The beginning that has at most as many onsets as another line: the longer has more chances to quote."""
    count, points = len(line(than)), line(notes)
    if len(points) <= count:
        return tuple(notes)
    return tuple(note for note in notes if note.onset < points[count].onset)
