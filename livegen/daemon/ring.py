"""The last half hour: what both sides played, and the bars that it was played in.

Bounded in time and in number.  Sans-IO; knows no files.
"""

from collections import deque
from collections.abc import Iterable

from livegen.daemon.takes import Bar, Played, bars_of, is_music
from livegen.jam.rows import Grid

RING_US = 1_800_000_000
MOST = 1 << 17  # messages, some 25 MB: 72 a second for half an hour
MOST_GRIDS = 1 << 15


class Ring:
    """Messages and timelines, oldest first.  `tempo_bpm` counts until an engine tells of a timeline."""

    def __init__(self, tempo_bpm: float = 120.0, most: int = MOST) -> None:
        self._tempo_bpm = tempo_bpm
        self.played: deque[Played] = deque(maxlen=most)
        self._grids: deque[Grid] = deque(maxlen=MOST_GRIDS)

    def add(self, played: Played) -> None:
        """Take a message; those that came half an hour before it are forgotten."""
        if not is_music(played.data):
            return
        self.played.append(played)
        oldest = played.at - RING_US
        while self.played[0].at < oldest:
            self.played.popleft()
        while len(self._grids) > 1 and self._grids[1].at < oldest:
            self._grids.popleft()

    def follow(self, grid: Grid) -> None:
        """From now on these are the bars."""
        self._grids.append(grid)

    def last(self, bars: int | None) -> list[Bar]:
        """The bar lines of the last so many bars, or of all there are, up to the end of the last note's bar.

        None at all when nothing was played.
        """
        if not self.played:
            return []
        lines = self.bars_of(self.played)
        return lines if bars is None else lines[-bars - 1 :]

    def bars_of(self, played: Iterable[Played]) -> list[Bar]:
        """The bar lines around these messages, of which there must be some."""
        return bars_of(self._grids, list(played), self._tempo_bpm)
