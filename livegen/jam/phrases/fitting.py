"""Puts the pitches of a made phrase where a brief lets them be: in the scale, in the register, on the chord's tones.

What a phrase has of the player's own notes stays as it was played.  Knows steps and briefs; knows no model.
"""

import numpy as np

from livegen.jam.phrases.phrase_variations import Fit
from livegen.jam.planning.brief import Brief
from livegen.music.melody.phrase_steps import Steps, beat_of
from livegen.music.time.metre import TICKS_PER_BEAT

REACH = 6  # semitones that a pitch is moved at most
_NEARER = 1.0  # nats that a semitone nearer to what was meant is worth


def fit_for(brief: Brief, part: int, start: int, own: Steps) -> Fit:
    """A function that puts pitches of steps that begin at tick `start` into place; `own` are the player's steps."""
    welcome, allowed = brief.harmony[part], brief.pitches[part]
    lines = range(len(own))
    favour = np.zeros((len(own), 128)) if welcome is None else np.stack(
        [welcome.at(start + round(beat_of(line) * TICKS_PER_BEAT)) for line in lines]
    )  # fmt: skip
    favour = np.where(allowed, favour, -np.inf)
    edge = np.full((len(own), REACH), -np.inf)
    wide = np.concatenate([edge, favour, edge], axis=1)
    shifts = sorted(range(-REACH, REACH + 1), key=abs)
    scores = np.stack(
        [wide[:, REACH + by : REACH + by + 128] - _NEARER * abs(by) for by in shifts], axis=-1
    )
    best = np.where(np.isfinite(scores.max(-1)), np.array(shifts)[scores.argmax(-1)], 0)

    def fit(steps: Steps) -> Steps:
        count = min(len(steps), len(own))
        moved = steps.copy()
        some = steps[:count]
        is_new = (some >= 0) & (some != own[:count])
        by = best[np.arange(count), np.maximum(some, 0)]
        moved[:count] = np.where(is_new, some + by, some)
        return moved

    return fit
