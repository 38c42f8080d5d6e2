"""Phrases as a network sees them: a class a line, pitches told from the tonic nearest to the middle of the phrase.

So a figure is the same in every key and register.  `REST_CLASS`, `HOLD_CLASS`, then a class for each pitch up to two
octaves below and above the reference; what lies further is an octave nearer.  Beside them each beat says whether it is
the first of a bar.  Knows steps; knows no network.
"""

import numpy as np
from numpy.typing import NDArray

from livegen.music.melody.phrase_steps import HOLD, LINES_PER_BEAT, MOST_BEATS, REST, Steps

REST_CLASS, HOLD_CLASS, FIRST_PITCH = 0, 1, 2
REACH = 24  # semitones from the reference
CLASSES = FIRST_PITCH + 2 * REACH + 1
LINES = LINES_PER_BEAT * MOST_BEATS

Classes = NDArray[np.int64]  # (LINES,)
Firsts = NDArray[np.float32]  # (MOST_BEATS,): 1 on the first beat of a bar


def reference_of(steps: Steps, tonic: int) -> int:
    """The pitch of a tonic (0..11) nearest to the middle of the pitches, of two as near the lower; about 60 if none."""
    pitches = steps[steps >= 0]
    middle = (int(pitches.min()) + int(pitches.max())) / 2 if len(pitches) else 60 + tonic
    return min(range(tonic, 128, 12), key=lambda pitch: abs(pitch - middle))


def encode(steps: Steps, reference: int) -> Classes:
    """Steps of at most MOST_BEATS beats as classes; behind them lie rests.  A hold without a note is a rest."""
    found = np.full(LINES, REST_CLASS, np.int64)
    relative = steps.astype(np.int64) - reference
    relative -= 12 * np.sign(relative) * np.maximum(0, -(-(abs(relative) - REACH) // 12))
    found[: len(steps)] = np.where(
        steps >= 0, relative + REACH + FIRST_PITCH, np.where(steps == HOLD, HOLD_CLASS, REST_CLASS)
    )
    return _held_by_a_note(found)


def _held_by_a_note(classes: Classes) -> Classes:
    """The same with a rest wherever a hold has no note, or another hold of one, before it."""
    at = np.arange(len(classes))
    last_note = np.maximum.accumulate(np.where(classes >= FIRST_PITCH, at, -1))
    last_rest = np.maximum.accumulate(np.where(classes == REST_CLASS, at, -1))
    result: Classes = np.where(
        (classes == HOLD_CLASS) & (last_note <= last_rest), REST_CLASS, classes
    )
    return result


def decode(classes: Classes, reference: int, beats: int) -> Steps:
    """Steps of the first so many beats; pitches outside of 0..127 are an octave nearer."""
    some = _held_by_a_note(classes)[: LINES_PER_BEAT * beats]
    pitches = some - FIRST_PITCH - REACH + reference
    pitches = np.where(pitches < 0, pitches + 12 * (-(pitches // 12)), pitches)
    pitches = np.where(pitches > 127, pitches - 12 * -(-(pitches - 127) // 12), pitches)
    found = np.where(some >= FIRST_PITCH, pitches, np.where(some == HOLD_CLASS, HOLD, REST))
    result: Steps = found.astype(np.int16)
    return result


def firsts_of(bar: int) -> Firsts:
    """Mark the beats that are the first of bars of so many beats."""
    result: Firsts = (np.arange(MOST_BEATS) % bar == 0).astype(np.float32)
    return result
