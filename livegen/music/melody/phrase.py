"""A phrase as it is being played: its pace, its range, its loudness, its key.

Knows notes and micros; knows no ticks and no tempo.  Its memory is bounded however long it lasts.
"""

from bisect import insort
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from livegen.music.keys.key import Key, likeliest
from livegen.music.parts import BASS, DRUMS, LEAD, PARTS

SHORTEST_REST_US, LONGEST_REST_US = 250_000, 1_200_000
_LONE_IOI_US = 500_000  # one note tells no pace
_PATIENCE = 2.25  # in inter-onset intervals
CHORD_US = 35_000  # onsets closer than this are one
_OVERLAP_US = 80_000  # a legato hand overlaps by less than this, voices by more
_CHORDAL = 1.25  # notes a stroke
_RECENT = 256
NOTES = 96  # that are kept as they were played
_SOUNDS = -1  # where the end of a note is not known yet
_FADES = 0.8  # with each note, what was played before counts for so much of what it did
_FEW = 8  # notes that say how loud it is
_SEVERAL = 8  # as many voices at once as are ever told apart


class Played(NamedTuple):
    """A note from `onset_us` to `end_us`: MIDI pitch and velocity, and its part."""

    onset_us: int
    end_us: int
    pitch: int
    velocity: int
    part: int = LEAD

    @property
    def is_drum(self) -> bool:
        """True of drums."""
        return self.part == DRUMS


@dataclass(slots=True)
class Extent:
    """The extent of one part in the phrase: lowest and highest pitch, voices at once, notes, and strokes of them.

    What is struck together is one stroke.
    """

    low: int = 127
    high: int = 0
    voices: int = 1
    notes: int = 0
    strokes: int = 0
    struck_us: int = field(default=0, compare=False)

    @property
    def has_chords(self) -> bool:
        """True where more than a few of its strokes can be of several notes."""
        return self.notes > _CHORDAL * self.strokes


@dataclass(slots=True)
class Phrase:
    """The notes of one turn of the player.  Times are micros and do not decrease.

    `beat_us` is the length of a beat where somebody else leads the time, 0 where nobody does.
    """

    onsets_us: deque[int] = field(default_factory=lambda: deque(maxlen=_RECENT))
    extents: dict[int, Extent] = field(default_factory=dict)
    pitch_classes: list[float] = field(default_factory=lambda: [0.0] * 12)
    lately: list[float] = field(default_factory=lambda: [0.0] * 12)  # the same, of the last notes
    notes: int = 0
    began_us: int = 0
    active_us: int = 0
    beat_us: int = 0
    first_pitch: int | None = None  # the highest of the first onset that was not a drum
    last_pitch: int | None = None  # the highest of the last onset that was not a drum
    last_low: int | None = None  # the lowest of it
    _loudness: int = 0
    _latest: deque[Played] = field(default_factory=lambda: deque(maxlen=NOTES))
    # Of the onsets so far: these are asked for several times an event.
    _usual_ioi_us: int | None = None
    _longest_ioi_us: int = 0
    _key: tuple[Key | None] | None = None
    _sounding: dict[tuple[int, int], int] = field(default_factory=dict)

    def strike(self, at: int, part: int, pitch: int, velocity: int) -> None:
        """A note begins."""
        if not self.notes:
            self.began_us = at
        gap = at - self.onsets_us[-1] if self.onsets_us else 0
        is_new = not self.onsets_us or gap > CHORD_US
        self._longest_ioi_us = max(self._longest_ioi_us, gap)
        self.active_us = at
        self.onsets_us.append(at)
        self._usual_ioi_us = self._key = None
        self._latest.append(Played(at, _SOUNDS, pitch, velocity, part))
        self.notes += 1
        self._loudness += velocity
        extent = self.extents.setdefault(part, Extent())
        extent.low, extent.high = min(extent.low, pitch), max(extent.high, pitch)
        extent.notes += 1
        if extent.notes == 1 or at - extent.struck_us > CHORD_US:
            extent.strokes += 1
        extent.struck_us = at
        if part != DRUMS:
            self.pitch_classes[pitch % 12] += 1.0
            self.lately = [_FADES * weight for weight in self.lately]
            self.lately[pitch % 12] += 1.0
            self._sounding[part, pitch] = at
            if self.first_pitch is None or at - self.began_us <= CHORD_US:
                self.first_pitch = max(pitch, self.first_pitch or 0)
            self.last_pitch = pitch if is_new else max(pitch, self.last_pitch or 0)
            self.last_low = pitch if is_new or self.last_low is None else min(pitch, self.last_low)

    def release(self, at: int, part: int, pitch: int) -> None:
        """A note ends; one that did not begin in this phrase only marks the time."""
        self.active_us = at
        self._end(at, pitch, part == DRUMS)
        since = self._sounding.pop((part, pitch), None)
        if since is None:
            return
        self.pitch_classes[pitch % 12] += min(at - since, 2_000_000) / 1e6
        beside = sum(
            1
            for (other, _), began in self._sounding.items()
            if other == part and at - began > _OVERLAP_US
        )
        extent = self.extents[part]
        extent.voices = min(max(extent.voices, 1 + beside), _SEVERAL)

    def _end(self, now: int, pitch: int, is_drum: bool) -> None:
        for place in range(len(self._latest) - 1, -1, -1):
            note = self._latest[place]
            if note.end_us == _SOUNDS and (note.pitch, note.is_drum) == (pitch, is_drum):
                self._latest[place] = note._replace(end_us=now)
                return

    def played(self, now: int) -> list[Played]:
        """Give the last notes of the phrase; those that sound end now."""
        return [
            note._replace(end_us=now) if note.end_us == _SOUNDS else note for note in self._latest
        ]

    @property
    def parts(self) -> tuple[int, ...]:
        """Parts that were heard, in the order of PARTS.

        One stroke among others is none: keys of the first chord may be heard before it is known for one.  Of a bass two
        are none: so are the first low key of a hand that plays basses and chords by turns, and the first of its chord.
        """
        return tuple(part for part in range(len(PARTS)) if self._is_heard(part))

    def _is_heard(self, part: int) -> bool:
        extent = self.extents.get(part)
        few = 2 if part == BASS else 1
        return extent is not None and (extent.strokes > few or 3 * extent.notes > self.notes)

    @property
    def velocity(self) -> float:
        """Mean velocity; 64 before the first note."""
        return self._loudness / self.notes if self.notes else 64.0

    def velocity_since(self, since: int) -> float:
        """Mean velocity of its last notes, from a time on or `_FEW` at least; 64 before the first note."""
        few = len(self._latest) - _FEW
        lately = [
            note.velocity
            for place, note in enumerate(self._latest)
            if place >= few or note.onset_us >= since
        ]
        return sum(lately) / len(lately) if lately else 64.0

    @property
    def usual_ioi_us(self) -> int:
        """The upper quartile of its inter-onset intervals; see `usual_ioi_us`."""
        if self._usual_ioi_us is None:
            self._usual_ioi_us = usual_ioi_us(self.onsets_us)
        return self._usual_ioi_us

    @property
    def longest_ioi_us(self) -> int:
        """The longest of its inter-onset intervals; the usual one where there is none."""
        return max(self._longest_ioi_us, self.usual_ioi_us)

    @property
    def is_on_tonic(self) -> bool:
        """True if its last note is the tonic of its key; of a chord its highest one or its lowest."""
        key, outer = self.key, (self.last_pitch, self.last_low)
        return key is not None and any(it is not None and it % 12 == key.tonic for it in outer)

    @property
    def is_open(self) -> bool:
        """True if its last note is no tone of the tonic chord of its key; False where no key is known."""
        key, last = self.key, self.last_pitch
        return key is not None and last is not None and not key.is_at_rest(last)

    @property
    def framed_by(self) -> int | None:
        """The pitch class with which it begins and ends; None where these are two, or it is one note."""
        first, last = self.first_pitch, self.last_pitch
        if self.notes < 2 or first is None or last is None or (first - last) % 12:
            return None
        return last % 12

    @property
    def key(self) -> Key | None:
        """The key that its last notes suggest, else all of them; None where neither do."""
        if self._key is None:
            self._key = (likeliest(self.lately) or likeliest(self.pitch_classes),)
        return self._key[0]

    @property
    def sounds(self) -> bool:
        """True while a note of it is held."""
        return bool(self._sounding)

    def held_us(self, until: int) -> int:
        """Give how long the last note will have sounded by `until`, micros, if nothing more happens."""
        ends = until if self._sounding else self.active_us
        return max(0, ends - self.onsets_us[-1])

    @property
    def rest_us(self) -> int:
        """The silence after the last note that ends this phrase, from its own pace.

        A note twice as long as most is still part of it, played a little late; counted from the
        onset, so that it does not matter how short the notes are played.  250 ms to 1.2 s, and where the beat is
        given no less than one: who plays to a clock rests by it.
        """
        since_onset = self.active_us - self.onsets_us[-1] if self.onsets_us else 0
        patience = round(_PATIENCE * self.usual_ioi_us)
        rest = max(SHORTEST_REST_US, patience - since_onset, self.beat_us)
        return min(LONGEST_REST_US, rest)


def usual_ioi_us(onsets_us: Iterable[int]) -> int:
    """The upper quartile of inter-onset intervals, chords counted once; 700 ms where there is none."""
    iois: list[int] = []
    last = None
    for onset in onsets_us:
        if last is None or onset - last > CHORD_US:
            if last is not None:
                insort(iois, onset - last)
            last = onset
    return iois[min(len(iois) - 1, len(iois) * 3 // 4)] if iois else _LONE_IOI_US
