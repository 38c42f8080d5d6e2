"""Notes heard in a melody that is sung or blown: frames of pitch and level in, onsets and ends out, as they come.

A note begins where so many frames in a row agree on a pitch, and is told at the first of them; so a slide, a breath and
the chiff of a flute are none.  Knows no audio and no clock: frames are counted.
"""

from collections import deque
from statistics import median
from typing import NamedTuple

PAGE = "page"  # the source whose audio comes from an open page
HOP_US = 16_000  # from one frame to the next
LOOKAHEAD = 3  # frames that are waited for after a frame before its pitch is asked
LATE_US = 29_000  # by so much later than struck a note is found, measured over eight instruments
AGREE = 3  # frames in a row that agree make a note
SILENT = 3  # frames in a row without a pitch end one
APART = 0.45  # semitones within which frames agree
LEFT = 0.6  # semitones from which on a note is left
CERTAIN = 0.5  # a frame with less has no pitch
GATE_DB = -50.0  # a frame below that neither
FALL_DB, RISE_DB = 5.0, 6.0  # a note that falls and rises by so much is struck again,
STRUCK = 5  # frames after its onset at the earliest
SOFT_DB, LOUD_DB = -48.0, -12.0  # the levels of velocities
SOFTEST, LOUDEST = 24, 120
# From the time at which a note is struck to that at which it is known: the frames above, and 35 ms for the device, the
# resampler and the network.  So far behind the clock an engine plays that hears a microphone.
DELAY_US = (AGREE + LOOKAHEAD) * HOP_US + LATE_US + 35_000
PAGE_US = 30_000  # more for a page: its browser and its socket


def delay_us(source: str) -> int:
    """Give by how much later than struck a note of a source is known."""
    return DELAY_US + (PAGE_US if source == PAGE else 0)


class PitchFrame(NamedTuple):
    """A frame: pitch in semitones (69: the A of 440 Hz), confidence 0 to 1, level in dB of full scale."""

    pitch: float
    confidence: float
    level_db: float


class Found(NamedTuple):
    """An onset, or with pitch None the end of the note before, at a frame; velocity 1 to 127."""

    frame: int
    pitch: int | None
    velocity: int = 0


class NoteFinder:
    """One voice, frame by frame."""

    def __init__(self) -> None:
        self._frame = -1
        self._pitch: int | None = None  # of the note that sounds
        self._since = 0
        self._peak = self._low = 0.0  # of its level; the lowest since the peak
        self._silent = 0
        self._run: deque[tuple[int, PitchFrame]] = deque(maxlen=AGREE)

    def feed(self, frame: PitchFrame) -> list[Found]:
        """Take the next frame; give what it makes certain, in order."""
        self._frame += 1
        if frame.confidence < CERTAIN or frame.level_db < GATE_DB:
            return self._rest()
        self._silent = 0
        if self._pitch is not None and abs(frame.pitch - self._pitch) <= LEFT:
            self._run.clear()
            return self._again(frame)
        self._run.append((self._frame, frame))
        return self._begin()

    def end(self) -> list[Found]:
        """Give the end of the note that sounds, if one does."""
        pitch, self._pitch = self._pitch, None
        return [] if pitch is None else [Found(self._frame, None)]

    def _rest(self) -> list[Found]:
        self._silent += 1
        self._run.clear()
        if self._pitch is None or self._silent < SILENT:
            return []
        self._pitch = None
        return [Found(self._frame - SILENT + 1, None)]

    def _again(self, frame: PitchFrame) -> list[Found]:
        """Look whether the note was struck again: its level fell, and rose."""
        level = frame.level_db
        if level > self._peak:
            self._peak = self._low = level
        self._low = min(self._low, level)
        fell, rose = self._peak - self._low, level - self._low
        if fell < FALL_DB or rose < RISE_DB or self._frame - self._since < STRUCK:
            return []
        at = self._frame - 1
        self._sounds(self._pitch, level)
        return [Found(at, None), Found(at, self._pitch, velocity(level))]

    def _begin(self) -> list[Found]:
        """Begin a note where the last frames agree, and end the one before."""
        pitches = [frame.pitch for _, frame in self._run]
        if len(pitches) < AGREE or max(pitches) - min(pitches) > APART:
            return []
        pitch, at = round(median(pitches)), self._run[0][0]
        level = max(frame.level_db for _, frame in self._run)
        self._run.clear()
        if pitch == self._pitch:
            return []
        ended = [] if self._pitch is None else [Found(at, None)]
        self._sounds(pitch, level)
        return [*ended, Found(at, pitch, velocity(level))]

    def _sounds(self, pitch: int | None, level: float) -> None:
        self._pitch, self._since = pitch, self._frame
        self._peak = self._low = level


def velocity(level_db: float) -> int:
    """Give the velocity of a level."""
    share = (level_db - SOFT_DB) / (LOUD_DB - SOFT_DB)
    return round(SOFTEST + min(1.0, max(0.0, share)) * (LOUDEST - SOFTEST))
