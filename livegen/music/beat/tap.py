"""Tempo from taps.  Knows when somebody tapped; no downbeat, no music."""

from itertools import combinations, pairwise
from statistics import median

from livegen.music.time.timeline import MAX_TEMPO_US, MIN_TEMPO_US

FORGET_US = 2_000_000  # a tap so long after the last begins anew
FEWEST_TAPS = 3
_MOST = 8  # taps


class Tap:
    """Taps on the beat.  One that is off, left out or struck twice does not spoil the tempo of the others."""

    def __init__(self) -> None:
        self._taps: list[int] = []

    @property
    def count(self) -> int:
        """The number of taps that the tempo stands on by now."""
        return len(self._taps)

    def feed(self, now: int) -> int | None:
        """Take a tap; the tempo in micros per beat, from the third tap on, if a timeline can have it.

        It is the median of what each pair of taps says (Theil 1950, Sen 1968), so that it stands on all taps and
        falls for none.
        """
        if self._taps and not 0 <= now - self._taps[-1] <= FORGET_US:
            self._taps.clear()
        self._taps = [*self._taps, now][-_MOST:]
        if len(self._taps) < FEWEST_TAPS:
            return None
        tempo = round(self._slope())
        return tempo if MIN_TEMPO_US <= tempo <= MAX_TEMPO_US else None

    def _slope(self) -> float:
        usual = median(after - before for before, after in pairwise(self._taps)) or 1
        beats = [0]
        for before, after in pairwise(self._taps):
            beats.append(beats[-1] + round((after - before) / usual))
        placed = combinations(zip(beats, self._taps, strict=True), 2)
        return median(
            [
                (after - before) / (later - earlier)
                for (earlier, before), (later, after) in placed
                if later > earlier
            ]
            or [0]
        )
