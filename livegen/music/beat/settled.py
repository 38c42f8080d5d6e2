"""A beat that has been right for long, and how a band keeps to it: as people do, who give way a little.

What a look says for the beat that goes on counts by the share of onsets that were new to it; some nats settle the beat.
Then a late chord moves it by little, and one look alone does not move it elsewhere.  Onsets that lie between its lines
one after the other have left it.  Knows onsets and a timeline; knows no pitches.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from livegen.music.time.timeline import Timeline

SETTLED, MOST = 2.0, 3.0  # nats from which a beat is settled, and at most
# Nats that a look in which all onsets are new says for it or against it, at most, and where it was no candidate.
_AT_ONCE, _NOT_FOUND = 5.0, 3.0
# The share that a beat makes up for of what onsets are off by, and of how other their tempo is (Repp, "Sensorimotor
# synchronization", 2005: people make up for about half of one onset; these are several).
_PLACE, _TEMPO = 0.7, 0.7
# Beats after which an onset counts 1/e for the place, and for the tempo; onsets that are looked at, and beats that they
# are apart at least where they tell a tempo.
_FADES, _TEMPO_FADES, _LATEST, _SPREAD = 3.0, 8.0, 10, 4.0
# An onset counts as off by so many micros more than the one before it at most: one alone that is late is a hand's.
_ALONE_US = 25_000
# Onsets that have left it: how many are off by how many beats and micros.
_LAST, _OFF, _OFF_US = 3, 0.11, 50_000
_LEFT = 0.8  # what they leave of the nats
_APART = 0.6  # beats: an onset so far from both its neighbours is no sixteenth
_FEW, _ALL = np.array([0, 1 / 2, 2 / 3, 1]), np.array([0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1])

Floats = NDArray[np.float64]


def lead_after(lead: float, margin: float | None, new: float) -> float:
    """Nats for the beat that goes on, after a look with a share of `new` onsets, 0 to 1.

    `margin` are those by which it is likelier than all others; None where it was not among the candidates.
    """
    by = -_NOT_FOUND if margin is None else min(_AT_ONCE, max(-_AT_ONCE, margin))
    return min(MOST, max(0.0, lead + new * by))


def left(lead: float, onsets_us: Sequence[int], running: Timeline) -> float:
    """The nats for a beat where its last onsets, ascending, may have left it."""
    return lead * _LEFT if _has_left(onsets_us, running) else lead


def holds(lead: float, onsets_us: Sequence[int], running: Timeline) -> bool:
    """True of a beat that is settled and that its last onsets, ascending, have not left."""
    return lead >= SETTLED and not _has_left(onsets_us, running)


def kept(onsets_us: Sequence[int], running: Timeline) -> Timeline:
    """The beat that goes on, a little faster or slower and earlier or later by its last onsets, ascending.

    The later an onset is the more it counts, so that a beat with a chord a bar does not trail by bars.
    """
    beats, off = _placed(onsets_us, running)
    off = _as_hands(off, _ALONE_US / running.tempo_us)
    ago = beats[-1] - beats
    tempo = 0.0
    if ago[0] >= _SPREAD:
        weights = np.exp(-ago / _TEMPO_FADES)
        about = beats - np.average(beats, weights=weights)
        tempo = _TEMPO * float((weights * about * off).sum() / (weights * about**2).sum())
    tempo_us = round(running.tempo_us * (1 + tempo))
    weights = np.exp(-ago / _FADES)
    middle = float(np.average(beats, weights=weights))
    by = _PLACE * float(np.average(off, weights=weights))
    at_us = running.origin_us + (middle + by) * running.tempo_us
    return replace(running, tempo_us=tempo_us, origin_us=round(at_us - middle * tempo_us))


def _as_hands(off: Floats, most: float) -> Floats:
    """What onsets are off by, beats, each at most by so much more than the one before it."""
    before = np.concatenate([[0.0], off[:-1]])
    return np.clip(off, np.minimum(0, before) - most, np.maximum(0, before) + most)


def _has_left(onsets_us: Sequence[int], running: Timeline) -> bool:
    _, off = _placed(onsets_us, running)
    return bool(np.abs(off[-_LAST:]).mean() > max(_OFF, _OFF_US / running.tempo_us))


def _placed(onsets_us: Sequence[int], running: Timeline) -> tuple[Floats, Floats]:
    """The beats at which the last onsets are, and by how many beats each is later than the line that was meant."""
    beats = (np.array(onsets_us[-_LATEST:]) - running.origin_us) / running.tempo_us
    gaps = np.concatenate([[np.inf], np.diff(beats), [np.inf]])
    is_apart = np.minimum(gaps[:-1], gaps[1:]) >= _APART
    parts = beats - np.floor(beats)
    few, of_all = (lines[np.abs(parts - lines[:, None]).argmin(axis=0)] for lines in (_FEW, _ALL))
    return beats, parts - np.where(is_apart, few, of_all)
