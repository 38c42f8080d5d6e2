"""The chords that a melody implies: what would be played under it, now and next.

A hidden Markov model (Rabiner 1989) over spans of two beats: hidden are the 24 major and minor triads seen from the
tonic, observed is how long each pitch class of the melody sounds.  Its table was counted on POP909 (export/habits.py).
Of the chord tones it names in a span whose melody it has heard .60 are in the annotated chord, of those it names
before it .49; who knows only the key has .42 (docs/LOG.md).

Knows pitches and beats; knows no micros and no parts.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.chord import Chord
from livegen.music.key import Key

HABITS = Path(__file__).with_name("chord_habits.json")
SPAN = 2.0  # beats for which a chord is taken to hold
SPANS = 8  # that are looked at
TRIADS = tuple((root, third) for root in range(12) for third in (4, 3))
_FLOOR = 1e-4  # shares are rounded to so much

Floats = NDArray[np.float64]


class Sung(NamedTuple):
    """A note of a melody, from beat `onset` to beat `end`."""

    onset: float
    end: float
    pitch: int


@cache
def _habits(mode: str) -> tuple[Floats, Floats, Floats]:
    """Shares of first chords (24,), of what follows each (24, 24), and logarithms of those sung over each (24, 12)."""
    table = json.loads(HABITS.read_text())[mode]
    first, follows, sung = (np.array(table[kind]) + _FLOOR for kind in ("first", "follows", "sung"))
    return first[0], follows, np.log(sung)


def implied(melody: Iterable[Sung], key: Key, span: int, ahead: int = 2) -> list[Chord]:
    """The likeliest chord of a span by what was sung until now, and those of the `ahead` next: 1 + `ahead` triads.

    Spans are numbered from beat 0 on.  Of the melody, in any order, only the last SPANS up to this one matter.
    """
    since = span - SPANS + 1
    weights = np.zeros((SPANS, 12))
    for note in melody:
        begins, ends = max(since, int(note.onset // SPAN)), min(span, int(note.end // SPAN))
        for at in range(begins, ends + 1):
            lasted = min(note.end, (at + 1) * SPAN) - max(note.onset, at * SPAN)
            weights[at - since, (note.pitch - key.tonic) % 12] += max(0.0, lasted)
    first, follows, sung = _habits(key.mode)
    likely = first
    for heard in weights:
        likely = np.exp(sung @ heard) * (likely @ follows)
        likely /= likely.sum()
    found = [_triad(likely, key)]
    for _ in range(ahead):
        likely = likely @ follows
        found.append(_triad(likely, key))
    return found


def _triad(likely: Floats, key: Key) -> Chord:
    root, third = TRIADS[int(likely.argmax())]
    return Chord((key.tonic + root) % 12, "maj" if third == 4 else "min")
