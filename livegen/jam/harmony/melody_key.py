"""Since when a melody is in its key: what was sung before another key came counts for little.

Knows notes, micros and beats; knows no chords.
"""

from collections import deque
from collections.abc import Sequence
from math import inf

from livegen.music.keys.key_runs import KeyRun, KeyRuns
from livegen.music.time.timeline import Timeline

# The readiness to take it to be in another key, and what notes on a beat and others count for: chosen on
# train splits, where a melody modulates, where it does not, and where it comes back.
_READILY, _ON_BEAT, _BESIDE = 0.3, 1.5, 1.0
_NEAR = 3  # ticks from a beat within which a note is on it
_MOST = 128  # notes that nobody asked about


class MelodyKey:
    """Follows the notes of a melody, which are heard where it is asked for.  Threads: loop only."""

    def __init__(self) -> None:
        self._new: deque[tuple[int, int]] = deque(maxlen=_MOST)  # since when, micros, and pitch
        self._keys = KeyRuns(_READILY)
        self._runs: Sequence[KeyRun] = ()
        self._last_us: int | None = None  # when the last note that was heard began

    def hear(self, at: int, pitch: int) -> None:
        """A note begins."""
        self._new.append((at, pitch))

    def tell(self, timeline: Timeline) -> None:
        """Hear the new notes in order, each where it lies on a timeline.

        A note that is told late, for it was taken for a left hand's, counts as long as none after it was heard.
        """
        beat = timeline.metre.beat
        for at, pitch in sorted(self._new):
            if self._last_us is not None and at < self._last_us:
                continue
            tick = timeline.tick(at)
            last = tick if self._last_us is None else timeline.tick(self._last_us)
            is_on_beat = min(tick % beat, -tick % beat) <= _NEAR
            self._keys.strike(at, pitch, (tick - last) / beat, _ON_BEAT if is_on_beat else _BESIDE)
            self._last_us = at
        self._new.clear()
        self._runs = self._keys.runs()

    def share_since(self, at: int) -> float:
        """Give how likely it is, 0 to 1, that the melody has been in its key since a time, micros, or for longer."""
        return sum(run.share for run in self._runs if run.since <= at) if self._runs else 1.0

    def parts(self, line: int, timeline: Timeline) -> Sequence[tuple[float, float]]:
        """From which beat on, counted from tick `line`, the melody may be in its key, and how likely each is."""
        beat = timeline.metre.beat
        rows = [((timeline.tick(run.since) - line) / beat, run.share) for run in self._runs]
        return rows or [(-inf, 1.0)]
