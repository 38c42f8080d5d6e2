"""The chords that a melody implies: what would be played under it, now and next.

A hidden Markov model (Rabiner 1989) over spans of two beats: hidden are the 24 keys, and in each the
24 major and minor triads seen from its tonic; observed is how long each pitch class of the melody
sounds.  Chords follow each other within a key as was counted on POP909 (export/habits.py), and keys
one another by chance.  On POP909 .79 of a melody are tones of the chord that is named while it
sounds, .64 of the tones named are in the annotated chord, and the chord changes .50 times a beat, the
annotated one .39 times (docs/LOG.md).

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
from livegen.music.key import MODES

HABITS = Path(__file__).with_name("chord_habits.json")
SPAN = 2.0  # beats for which a chord is taken to hold
SPANS = 8  # that are looked at
TRIADS = tuple((root, third) for root in range(12) for third in (4, 3))
_FLOOR = 1e-4  # shares are rounded to so much
_NOW = 0.5  # share of what is sung now in what is sung now and next
_KEEP = 0.3  # how much better another chord must be than the one that sounds
# Share of spans before which the key may be any other: far more than there are modulations, for who plays beside
# somebody has to follow before it can be sure.
_MODULATES = 0.2
_THIRDS = {"maj": 4, "min": 3}
_TONES = np.array(
    [[(pc - root) % 12 in (0, third, 7) for pc in range(12)] for root, third in TRIADS], np.float64
)
_FROM_TONIC = (np.arange(12)[:, None] + np.arange(12)) % 12  # (tonic, step): the pitch class
# (tonic, mode and triad seen from it): the triad.
_CHORDS = (np.arange(12)[:, None] * 2 + np.tile(np.arange(24), 2)) % 24

Floats = NDArray[np.float64]


class Sung(NamedTuple):
    """A note of a melody, from beat `onset` to beat `end`."""

    onset: float
    end: float
    pitch: int


@cache
def _habits() -> tuple[Floats, Floats, Floats]:
    """Shares of first chords (48,), a twelfth in all, of what follows each (48, 48), and logarithms of what is sung
    over each (48, 12), all seen from a tonic: the 24 triads of major, then those of minor.
    """
    table = json.loads(HABITS.read_text())

    def counted(kind: str) -> list[Floats]:
        return [np.array(table[mode][kind]) + _FLOOR for mode in MODES]

    first, (major, minor) = np.concatenate(counted("first"), axis=1)[0], counted("follows")
    follows = np.block([[major, np.zeros((24, 24))], [np.zeros((24, 24)), minor]])
    first, follows = first / (12 * first.sum()), follows / follows.sum(1, keepdims=True)
    return first, follows, np.log(np.concatenate(counted("sung")))


def implied(melody: Iterable[Sung], span: int, held: Chord | None = None) -> Chord:
    """The chord to play in a span under what was sung until now; `held` is the one that sounds.

    `span` counts spans of SPAN beats from beat 0; notes are in beats of the same origin, those that still sound with an
    end to come.  Only those of the last SPANS spans up to this one matter.  Of the chords that are likely it is the one
    that also has most of what is sung now and next; `held` stays while no other is better by _KEEP.  Of no melody all
    chords are as likely.
    """
    since = span - SPANS + 1
    weights = np.zeros((SPANS, 12))
    latest: Sung | None = None
    for note in melody:
        begins, ends = max(since, int(note.onset // SPAN)), min(span, int(note.end // SPAN))
        for at in range(begins, ends + 1):
            lasted = min(note.end, (at + 1) * SPAN) - max(note.onset, at * SPAN)
            weights[at - since, note.pitch % 12] += max(0.0, lasted)
        if latest is None or note.onset >= latest.onset:
            latest = note
    first, follows, sung = _habits()
    evidence = weights[:, _FROM_TONIC] @ sung.T  # (span, tonic, triad seen from it)
    evidence = np.exp(evidence - evidence.max((1, 2), keepdims=True))
    likely: Floats = np.tile(first, (12, 1))
    for heard in evidence:
        likely = (1 - _MODULATES) * (likely @ follows) + _MODULATES * first
        likely *= heard
        likely /= likely.sum()
    coming = np.bincount(_FROM_TONIC.ravel(), (likely @ np.exp(sung)).ravel())
    if latest is not None:
        coming = (1 - _NOW) * coming + _NOW * (np.arange(12) == latest.pitch % 12)
    worth = (np.bincount(_CHORDS.ravel(), likely.ravel()) + _TONES @ coming) / 2
    if held is not None and held.kind in _THIRDS:
        worth[TRIADS.index((held.root, _THIRDS[held.kind]))] += _KEEP
    root, third = TRIADS[int(worth.argmax())]
    return Chord(root, "maj" if third == 4 else "min")
