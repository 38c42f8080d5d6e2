"""The key that is being played: heard by a profile of the last seconds, and by a network that has heard all of it.

The network is the tone (`livegen/music/keys/tone.py`).  Knows pitches, micros and beats that it is told; knows no
chords.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, inf, log

import numpy as np

from livegen.music.keys.key import CLASSES, KEYS, LEAST_SHARE, SCALES, Key, logits, share_in
from livegen.music.keys.tone import LASTING, LONGEST, LOW, ROWS, STRUCK, Floats, Tone
from livegen.music.parts import SPLIT_PITCH

_LOST_SHARE = 0.6  # a key in force is given up below this
_LEAST_CONFIDENCE, _LOST_CONFIDENCE = 0.2, 0.05  # and the same of its probability

HALF_LIFE_US = 6_000_000
_GAP_US = 2_000_000  # a longer rest makes nobody forget more
_FORGOTTEN_US = 60_000_000  # but after this one something else begins
_LONGEST_US = 2_000_000  # a note counts for one, and one more for each second up to two

_FEWEST_NOTES, _FEWEST_CLASSES = 4, 3
_LEAD = log(2.0)  # how much likelier another key must be than the one in force,
_LEAD_US = 1_500_000  # and for how long; both less in the first seconds
_SETTLED_US = 8_000_000
# Of so many onsets so many are none of the key in force, and all, of so many pitch classes, are of one major scale: the
# player has gone elsewhere, and what was before counts for little.
_LATEST, _STRANGERS, _VARIED, _LEFT = 8, 4, 4, 0.1

_TOLD_LEAD = log(5.0)  # how much likelier another key must be where a tone says so too
_USUAL_BEAT_US = 500_000
_MOST_EMPTY = 4  # so many beats of a rest are heard


@dataclass(slots=True)
class _Beat:
    """The beat that is played: how long each pitch class sounded in it, micros, and what was struck."""

    began_us: int
    rows: Floats = field(default_factory=lambda: np.zeros((ROWS, 12), np.float32))

    def struck(self, pitch: int, is_bass: bool) -> None:
        """A note began."""
        for row in (STRUCK, LOW) if is_bass else (STRUCK,):
            self.rows[row, pitch % 12] += 1.0

    def sounded(self, since: int, until: int, pitch: int, is_bass: bool, beat_us: int) -> None:
        """A note sounded between two times, of which those in this beat count; one that is held for long, no more."""
        lasted = min(until, since + round(LONGEST * beat_us)) - max(since, self.began_us)
        for row in (LASTING, LOW) if is_bass else (LASTING,):
            self.rows[row, pitch % 12] += max(0, lasted) / beat_us


@dataclass(slots=True)
class KeyTracker:
    """Follows the key of the pitched notes it is given.  Times are micros and do not decrease.

    Two are heard: a profile of the last seconds, which loses half its weight every 6 s, and nearly all of it when the
    player has clearly modulated; and the tone of all beats so far, where it is told when beats are over.  The key
    in force gives way when another is five times as likely (by the profile alone: has been twice as likely for 1.5 s);
    there is none while too few of the notes belong to any.  About 15 us a strike, and 100 us a beat.
    """

    tone: Tone | None = field(default_factory=Tone)  # None: by the profile alone
    # By the tone: of each of KEYS, nats; empty before it says any.
    told: list[float] = field(default_factory=list)
    confidence: float = 0.0  # 0 to 1: how likely the key in force is, of all keys; 0 without one
    _weights: list[float] = field(default_factory=lambda: [0.0] * 12)
    _bass: list[float] = field(default_factory=lambda: [0.0] * 12)
    _sounding: dict[int, tuple[int, bool]] = field(default_factory=dict)
    _began: int = 0
    _last: int | None = None
    _notes: int = 0
    _latest: deque[int] = field(default_factory=lambda: deque(maxlen=_LATEST))  # pitch classes
    _scores: list[float] = field(default_factory=list)
    _key: int | None = None
    _rival: int = -1
    _since: int = 0
    _beat: _Beat | None = None
    _beat_us: int = _USUAL_BEAT_US
    _empty: int = 0  # beats without a sound

    def strike(self, at_us: int, pitch: int, velocity: int) -> None:
        """A note begins; its velocity does not matter (no set with keys has meaningful ones)."""
        self._pass(at_us)
        if not self._notes:
            self._began = at_us
        self._notes += 1
        is_bass = pitch < SPLIT_PITCH and pitch <= min(self._sounding, default=128)
        self._sounding[pitch] = at_us, is_bass
        self._add(pitch, 1.0, is_bass)
        if self._beat is None:
            self._beat = _Beat(at_us)
        self._beat.struck(pitch, is_bass)
        self._latest.append(pitch % 12)
        if self._key is not None and self._has_gone(CLASSES[self._key]):
            self._leave(at_us)
        if not self.told or self._key is None:  # a key that is in force is judged once a beat
            self._judge(at_us)

    def beat(self, at_us: int, beat_us: int) -> None:
        """A beat of `beat_us` is over; the next begins."""
        beat, self._beat = self._beat, _Beat(at_us)
        self._beat_us = beat_us
        if beat is None or self.tone is None or self._is_forgotten(at_us):
            return
        for pitch, (since, is_bass) in self._sounding.items():
            beat.sounded(since, at_us, pitch, is_bass, beat_us)
        self._empty = 0 if beat.rows.any() else self._empty + 1
        if self._empty <= _MOST_EMPTY and self._notes:
            self.told = self.tone.hear(beat.rows)
            self._judge(at_us)

    def _has_gone(self, classes: frozenset[int]) -> bool:
        """True if the latest notes are clearly of another key than one of these pitch classes."""
        strangers = sum(pitch_class not in classes for pitch_class in self._latest)
        latest = set(self._latest)
        is_clear = strangers >= _STRANGERS and len(latest) >= _VARIED
        return is_clear and any(scale.issuperset(latest) for scale in SCALES)

    def _leave(self, now: int) -> None:
        """Go by the latest notes, as at the beginning."""
        self._weights = [weight * _LEFT for weight in self._weights]
        self._bass = [weight * _LEFT for weight in self._bass]
        for pitch_class in self._latest:
            self._weights[pitch_class] += 1.0
        self._latest.clear()
        self._began = now
        if self.tone:
            self.tone.forget(_LEFT)
            self.told = []

    def release(self, at_us: int, pitch: int) -> None:
        """A note ends."""
        struck, is_bass = self._sounding.pop(pitch, (None, False))
        if struck is not None:
            self._pass(at_us)
            self._add(pitch, min(at_us - struck, _LONGEST_US) / 1e6, is_bass)
            if self._beat:
                self._beat.sounded(struck, at_us, pitch, is_bass, self._beat_us)

    def clear(self) -> None:
        """Forget everything but which keys are down."""
        self._weights, self._bass = [0.0] * 12, [0.0] * 12
        self._latest.clear()
        self._notes, self._key, self._rival, self.confidence = 0, None, -1, 0.0
        self._scores, self.told, self._beat, self._empty = [], [], None, 0
        if self.tone:
            self.tone = Tone(self.tone.weights)

    def look(self, now: int) -> Key | None:
        """The key in force at `now`; None before there is one, and after a minute of silence."""
        if self._is_forgotten(now):
            return None
        return None if self._key is None else KEYS[self._key]

    def runner_up(self, now: int) -> tuple[Key, float] | None:
        """The likeliest key but the one in force, and how likely it is; None without a key."""
        if self.look(now) is None:
            return None
        others = [score if at != self._key else -inf for at, score in enumerate(self._scores)]
        second = others.index(max(others))
        return KEYS[second], _probability(self._scores, second)

    def _is_forgotten(self, now: int) -> bool:
        return self._last is not None and not self._sounding and now - self._last > _FORGOTTEN_US

    def _pass(self, now: int) -> None:
        """Let the time since the last event fade what was heard before it."""
        if self._is_forgotten(now):
            self.clear()
        if self._last is not None and now > self._last:
            kept = 0.5 ** (min(now - self._last, _GAP_US) / HALF_LIFE_US)
            self._weights = [weight * kept for weight in self._weights]
            self._bass = [weight * kept for weight in self._bass]
        self._last = now

    def _add(self, pitch: int, weight: float, is_bass: bool) -> None:
        self._weights[pitch % 12] += weight
        if is_bass:
            self._bass[pitch % 12] += weight

    def _judge(self, now: int) -> None:
        """Keep the key in force, or put its rival in its place."""
        scores = logits(self._weights, self._bass)
        if self.told:
            scores = [one + other for one, other in zip(scores, self.told, strict=True)]
        self._scores = scores
        top = max(scores)
        best = scores.index(top)
        if best != self._rival:
            self._rival, self._since = best, now
        if self._key is None:
            self._key = best if self._has_a_key(best, scores) else None
        elif best != self._key and self._is_beaten(top - scores[self._key], now):
            self._key = best
        self.confidence = 0.0 if self._key is None else _probability(scores, self._key)
        if self._key is not None and self._is_lost(self._key):
            self._key, self.confidence = None, 0.0

    def _has_a_key(self, best: int, scores: Sequence[float]) -> bool:
        classes = sum(weight > 0.0 for weight in self._weights)
        return (
            self._notes >= _FEWEST_NOTES
            and classes >= _FEWEST_CLASSES
            and share_in(self._weights, best) >= LEAST_SHARE
            and _probability(scores, best) >= _LEAST_CONFIDENCE
        )

    def _is_lost(self, key: int) -> bool:
        return self.confidence < _LOST_CONFIDENCE or share_in(self._weights, key) < _LOST_SHARE

    def _is_beaten(self, lead: float, now: int) -> bool:
        """True if a rival with this lead takes over: at once at first, later only for good reason."""
        settled = min(1.0, (now - self._began) / _SETTLED_US)
        if self.told:  # which waits by itself
            return lead >= _TOLD_LEAD * settled
        return lead >= _LEAD * settled and now - self._since >= _LEAD_US * settled


def _probability(scores: Sequence[float], of: int) -> float:
    return 1 / sum([exp(min(score - scores[of], 700.0)) for score in scores])
