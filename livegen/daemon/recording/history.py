"""The last half hour: what both sides played, and the bars that it was played in.

Where nobody played for half a minute one jam has ended, and the next note begins another.  Bounded in time and in
number.  Sans-IO; knows no files.
"""

from collections import deque
from collections.abc import Iterable

from livegen.daemon.recording.takes import Bar, SideMessage, bars_of, is_music, is_note
from livegen.jam.reports.rows import Grid
from livegen.music.messages import begins_note, channel_of

RING_US = 1_800_000_000
PAUSE_US = 30_000_000  # between two jams: longer than people wait for each other, shorter than a talk or a coffee
# The same while a key is down: no sound lasts longer, so that key was never let go.
HELD_US = 120_000_000
MOST = 1 << 17  # messages, some 25 MB: 72 a second for half an hour
MOST_GRIDS = 1 << 15


class History:
    """Messages and timelines, oldest first.  `tempo_bpm` counts until an engine tells of a timeline."""

    def __init__(self, tempo_bpm: float = 120.0, most: int = MOST) -> None:
        self._tempo_bpm = tempo_bpm
        self.played: deque[SideMessage] = deque(maxlen=most)
        self._grids: deque[Grid] = deque(maxlen=MOST_GRIDS)

    def add(self, played: SideMessage) -> None:
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
        """The bar lines of the last so many bars of the last jam, or of all of it.

        From the bar of its first note to the end of the bar of its last one; none at all when nothing was played.
        """
        jam = last_jam(self.played)
        lines = self.bars_of(jam) if jam else []
        return lines if bars is None else lines[-bars - 1 :]

    def all(self) -> list[Bar]:
        """The bar lines of all that is remembered, pauses among them; none at all when nothing was played."""
        return self.bars_of(self.played) if self.played else []

    def bars_of(self, played: Iterable[SideMessage]) -> list[Bar]:
        """The bar lines around these messages, of which there must be some."""
        return bars_of(self._grids, list(played), self._tempo_bpm)


def last_jam(played: Iterable[SideMessage]) -> list[SideMessage]:
    """Give all that was played since the last pause of `PAUSE_US`, oldest first.  A held key is no pause."""
    jam: list[SideMessage] = []
    down: set[tuple[str, int, int]] = set()
    last: int | None = None  # when the last note began or ended
    for one in played:
        if is_note(one.data) and len(one.data) == 3:
            if last is not None and one.at - last > (HELD_US if down else PAUSE_US):
                jam.clear()
                down.clear()
            last = one.at
            key = one.side, channel_of(one.data), one.data[1]
            begins = begins_note(one.data)
            (down.add if begins else down.discard)(key)
        jam.append(one)
    return jam
