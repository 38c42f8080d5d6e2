"""The chords that a melody implies: what would be played under it, now and next.

A hidden Markov model (Rabiner 1989) over spans of two beats: hidden are the 24 major and minor triads seen from the
tonic, observed is how long each pitch class of the melody sounds.  Its table was counted on POP909 (export/habits.py).
On POP909 .76 of a melody are tones of the chord that is named while it sounds, .63 of the tones named are in the
annotated chord, and the chord changes .46 times a beat, the annotated one .39 times (docs/LOG.md).

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
_NOW = 0.5  # share of what is sung now in what is sung now and next
_KEEP = 0.3  # how much better another chord must be than the one that sounds
_THIRDS = {"maj": 4, "min": 3}
_TONES = np.array(
    [[(pc - root) % 12 in (0, third, 7) for pc in range(12)] for root, third in TRIADS], np.float64
)

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


def implied(melody: Iterable[Sung], key: Key, span: int, held: Chord | None = None) -> Chord:
    """The chord to play in a span under what was sung until now; `held` is the one that sounds.

    `span` counts spans of SPAN beats from beat 0; notes are in beats of the same origin, those that still sound with an
    end to come.  Only those of the last SPANS spans up to this one matter.  Of the chords that are likely it is the one
    that also has most of what is sung now and next; `held` stays while no other is better by _KEEP.
    """
    since = span - SPANS + 1
    weights = np.zeros((SPANS, 12))
    latest: Sung | None = None
    for note in melody:
        begins, ends = max(since, int(note.onset // SPAN)), min(span, int(note.end // SPAN))
        for at in range(begins, ends + 1):
            lasted = min(note.end, (at + 1) * SPAN) - max(note.onset, at * SPAN)
            weights[at - since, (note.pitch - key.tonic) % 12] += max(0.0, lasted)
        if latest is None or note.onset >= latest.onset:
            latest = note
    first, follows, sung = _habits(key.mode)
    likely = first
    for heard in weights:
        likely = np.exp(sung @ heard) * (likely @ follows)
        likely /= likely.sum()
    coming = likely @ np.exp(sung)
    if latest is not None:
        coming = (1 - _NOW) * coming
        coming[(latest.pitch - key.tonic) % 12] += _NOW
    worth = (likely + _TONES @ coming) / 2
    if held is not None and held.kind in _THIRDS:
        worth[TRIADS.index(((held.root - key.tonic) % 12, _THIRDS[held.kind]))] += _KEEP
    root, third = TRIADS[int(worth.argmax())]
    return Chord((key.tonic + root) % 12, "maj" if third == 4 else "min")
