"""The chord of the moment, heard from notes as they are struck and released.

Knows notes and micros; knows no beats, no key and no parts: whoever feeds it chooses the notes (a
left hand, a comp part).  Four tones that are struck at once are named by `laid`.  What has just
ended still counts for a while, so a broken chord is one.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from livegen.music.chords.chord import KINDS, Chord
from livegen.music.chords.laid import LEAST, Laid

# Chosen on 20 train pieces of POP909, piano against annotated chords (`python -m bench.harmony`).
_HALF_LIFE_US = 400_000  # in which a released note loses half its weight
_BASS_US = 1_000_000  # a low note is the bass for so long after its release
_LEAVING_US = 250_000  # keys that come up say nothing about the chord before so long after the last
_OVERLAP_US = 80_000  # a legato melody overlaps by less than this, voices by more
_TOGETHER_US = 150_000  # within which the keys of one chord go down, rolled too
_STOOD_US = 120_000  # a chord that was heard for less is one of keys that were still on their way
_SILENT = 0.02  # a weight that is none
_IN_THE_EAR = 0.2  # three pitch classes with this weight may be a chord, one after the other too
# Costs of a stray and a missing tone, gain of the root below.
_OUTSIDE, _MISSING, _ON_BASS = 0.3, 0.5, 0.5
_LEAST = 1.8  # a reading that scores less is no chord
_KEEP = 0.2  # by so much another reading must be better than the chord that holds

# The commonness of a kind: added to its score.
_USUAL = {
    "maj": 0.15, "min": 0.15, "7": -0.1, "maj7": -0.1, "m7": 0.0, "m7b5": -0.3, "dim7": -0.5, "6": -0.3,
    "m6": -0.5, "dim": -0.3, "aug": -0.5, "sus4": -0.2, "sus2": -0.2, "7sus4": -0.3,
}  # fmt: skip
_NOWHERE = 12  # index of a weight that is always 0, where a chord has three tones


def _tones(root: int, kind: str) -> tuple[int, ...]:
    """The indices of the four weights of a reading."""
    return (*((root + step) % 12 for step in KINDS[kind]), _NOWHERE)[:4]


# All that may be heard as a chord, by root and kind; of each its four tones, and its score before any is heard.
_READINGS = tuple((root, kind) for root in range(12) for kind in _USUAL)
_TONES = np.array([_tones(root, kind) for root, kind in _READINGS]).T
_BEFORE = np.array([_USUAL[kind] - _MISSING * len(KINDS[kind]) for _, kind in _READINGS])
_KIND_AT = {kind: index for index, kind in enumerate(_USUAL)}
_GAIN = 1 + _OUTSIDE + _MISSING


@dataclass(slots=True)
class _Heard:
    """A key: when it went down, and when it came up (None while it is held)."""

    struck: int
    released: int | None = None


class _Standing(NamedTuple):
    """A chord since when it stands, micros, and the keys by which it was heard first."""

    since: int
    chord: Chord
    keys: tuple[int, ...]


@dataclass(slots=True)
class ChordTracker:
    """Follows the chords of the notes it is given.  Times are micros and do not decrease.

    A chord stays until another explains what sounds clearly better, also through silence, and while
    its keys come up one by one.  Notes one after the other are a chord only when three of them are
    still in the ear.
    """

    _keys: dict[int, _Heard] = field(default_factory=dict)
    _chord: Chord | None = None
    _left_us: int | None = None  # when a key came up last, if none went down since
    _laid: Laid = field(default_factory=Laid)
    _standing: _Standing | None = None

    def strike(self, at_us: int, pitch: int, velocity: int) -> None:
        """A note begins; its velocity does not matter so far."""
        self._keys[pitch] = _Heard(at_us)
        self._left_us = None

    def release(self, at_us: int, pitch: int) -> None:
        """A note ends."""
        key = self._keys.get(pitch)
        if key is not None and key.released is None:
            self.look(at_us)  # so that a chord nobody asked about is known afterwards
            key.released = self._left_us = at_us

    def clear(self) -> None:
        """Forget all notes and the chord."""
        self._keys.clear()
        self._chord = self._standing = None
        self._laid = Laid()

    def holds_several(self, now: int) -> bool:
        """True if several pitch classes are held."""
        return len(self._held_classes(now)) > 1

    def is_broken(self, now: int) -> bool:
        """True if enough pitch classes are in the ear to be a chord, one after the other too."""
        return _in_the_ear(self._weights(now)[0]) > 2

    def look(self, now: int) -> Chord | None:
        """The chord at `now`, by which those to come are judged; None before the first.  About 40 us."""
        if (chord := self._read(now)) is not None:
            self._chord = chord
            self._stands(now, chord)
        return self._chord

    def peek(self, now: int) -> Chord | None:
        """Give the chord at `now` to who only shows it: nothing that is found later depends on it."""
        return self._read(now) or self._chord

    def _read(self, now: int) -> Chord | None:
        """The chord that is read in what sounds or is in the ear; None where nothing tells one."""
        is_leaving = self._left_us is not None and now - self._left_us < _LEAVING_US
        if self._chord and is_leaving:
            return None  # what is left of it is no chord of its own
        weights, bass = self._weights(now)
        held = self._held_classes(now)
        in_the_ear = _in_the_ear(weights)
        if len(held) <= 1 and in_the_ear <= 2:
            return None
        if fifth := self._new_fifth(now):
            return Chord(*fifth)
        reading = _fifth(held, self._chord) if len(held) == in_the_ear == 2 else None
        reading = reading or self._struck_at_once(now) or self._best(weights, bass)
        if reading is None:
            return None
        root, kind = reading
        return Chord(root, kind, None if bass == root else bass)

    def _new_fifth(self, now: int) -> tuple[int, str] | None:
        """Root and kind of two keys a fifth apart, struck at once, where the chord that stood lacks one of them.

        A hand that plays such chords has left the one before, however near that is.
        """
        held = {pitch: key.struck for pitch, key in self._keys.items() if key.released is None}
        classes = sorted({pitch % 12 for pitch in held})
        if len(classes) != 2 or max(held.values()) - min(held.values()) > _TOGETHER_US:
            return None
        before = self._standing
        if before is None or now - before.since < _STOOD_US:
            return _fifth(classes, None)
        is_old = before.chord.pitch_classes.issuperset(classes)
        return None if is_old else _fifth(classes, before.chord)

    def _struck_at_once(self, now: int) -> tuple[int, str] | None:
        """Root and kind of the keys that are held, if they were struck at once and have a name by themselves."""
        held = {pitch: key.struck for pitch, key in self._keys.items() if key.released is None}
        if len(held) < LEAST or max(held.values()) - min(held.values()) > _TOGETHER_US:
            return None
        before = self._standing
        return self._laid.read(
            held, before.chord if before and now - before.since >= _STOOD_US else None
        )

    def _stands(self, now: int, chord: Chord) -> None:
        """Remember since when a chord stands, and the one before it."""
        before = self._standing
        if before and (before.chord.root, before.chord.kind) == (chord.root, chord.kind):
            return
        if before and now - before.since >= _STOOD_US:
            self._laid.stood(before.chord, before.keys)
        keys = (pitch for pitch, key in self._keys.items() if key.released is None)
        self._standing = _Standing(now, Chord(chord.root, chord.kind), tuple(keys))

    def _held_classes(self, now: int) -> list[int]:
        """Pitch classes that sound and have sounded longer than notes of a melody overlap, ascending."""
        return sorted(
            {
                pitch % 12
                for pitch, key in self._keys.items()
                if key.released is None and now - key.struck >= _OVERLAP_US
            }
        )

    def _weights(self, now: int) -> tuple[list[float], int | None]:
        """Weight of each pitch class (and of nowhere), and the pitch class of the bass.

        Where three pitch classes sound, what has ended does not count any more.
        """
        held = [pitch for pitch, key in self._keys.items() if key.released is None]
        if len({pitch % 12 for pitch in held}) > 2:
            weights = [0.0] * 13
            for pitch in held:
                weights[pitch % 12] = 1.0
            return weights, min(held) % 12
        return self._in_the_ear(now)

    def _in_the_ear(self, now: int) -> tuple[list[float], int | None]:
        """The same, from what sounds and what has just ended."""
        weights = [0.0] * 13
        lowest = 128
        for pitch, key in list(self._keys.items()):
            since = 0 if key.released is None else max(0, now - key.released)
            weight = 0.5 ** (since / _HALF_LIFE_US)
            if weight < _SILENT:
                del self._keys[pitch]
                continue
            weights[pitch % 12] = max(weights[pitch % 12], weight)
            if since < _BASS_US:
                lowest = min(lowest, pitch)
        return weights, lowest % 12 if lowest < 128 else None

    def _best(self, weights: list[float], bass: int | None) -> tuple[int, str] | None:
        """The reading to go by from now on; None when nothing is heard as a chord."""
        stray = _OUTSIDE * sum(weights)
        heard = np.array(weights)
        a, b, c, d = _TONES
        scores = _GAIN * (heard[a] + heard[b] + heard[c] + heard[d]) + _BEFORE
        if bass is not None:
            scores[bass * len(_USUAL) : (bass + 1) * len(_USUAL)] += _ON_BASS
        best = scores.max()
        if best - stray < _LEAST:
            return None
        held = self._chord
        if held is not None and held.kind in _USUAL:
            at = held.root * len(_USUAL) + _KIND_AT[held.kind]
            if best < scores[at] + _KEEP:
                return held.root, held.kind
        # Of those that score the same the one whose root is the bass, or next above it: in every key alike.
        alike = [_READINGS[at] for at in np.flatnonzero(scores == best)]
        return min(alike, key=lambda reading: (reading[0] - (bass or 0)) % 12)


def _in_the_ear(weights: list[float]) -> int:
    """Give the number of pitch classes of these weights that are still in the ear."""
    return sum(weight >= _IN_THE_EAR for weight in weights)


def _fifth(classes: list[int], chord: Chord | None) -> tuple[int, str] | None:
    """Name two pitch classes a fifth apart: the chord that holds, if it has them; else a bare fifth."""
    below, above = classes
    if above - below not in (5, 7):
        return None
    root = below if above - below == 7 else above
    if chord is not None and chord.root == root and 7 in KINDS[chord.kind]:
        return root, chord.kind  # nothing says that its third is gone
    return root, "5"
