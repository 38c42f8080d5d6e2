"""A recording of a room: what each player and each part of the model played, and the bars, until it becomes a score.

Sans-IO: times in micros are arguments.  What the model handed out and took back is not in it (`Outbox` knows).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from livegen.daemon.midi.outbox import Outbox
from livegen.daemon.recording.takes import SideMessage, bars_of, is_music, score_of
from livegen.jam.reports.rows import Grid
from livegen.music.files.smf import Score
from livegen.music.parts import MODEL

MOST = 400_000  # messages: five hours of four who play much
_NO_LIMIT = 1 << 20


class RoomRecording:
    """A recording that goes on.  `parts` says which part of the model each channel carries.

    `note` is given each row of it as it comes, fit for JSON: of rows `again` makes the same recording.
    `is_full`: no more is taken; `ends` is the latest time, micros, of anything in it.  Threads: any, one at a time.
    """

    def __init__(
        self,
        room: str,
        parts: Mapping[int, str],
        note: Callable[[Sequence[Any]], object] = lambda row: None,
    ) -> None:
        self.room, self.ends = room, 0
        self._write = note
        self._parts = parts
        self._names: dict[int, str] = {}  # of players, by number
        self._played: list[SideMessage] = []
        self._grids: list[Grid] = []
        self._outbox = Outbox(_NO_LIMIT, _NO_LIMIT)
        self._now = 0

    @classmethod
    def again(cls, room: str, parts: Mapping[int, str], rows: Iterable[Any]) -> "RoomRecording":
        """Make a recording of its rows, up to the first that none has written."""
        made = cls(room, parts)
        for row in rows:
            match row:
                case ["hear", int(number), str(name), int(at), str(data)]:
                    made.hear(number, name, at, bytes.fromhex(data))
                case ["give", int(due), str(data)]:
                    made.give(due, bytes.fromhex(data))
                case ["cut", int(now), list(keys)]:
                    made.cut(now, [(int(channel), int(pitch)) for channel, pitch in keys])
                case ["follow", list(grid)]:
                    made.follow(Grid(*grid))
                case _:
                    break
        return made

    @property
    def is_full(self) -> bool:
        """True if no more is taken."""
        return len(self._played) >= MOST

    def hear(self, number: int, name: str, at: int, data: bytes) -> None:
        """A player of this number plays a message; the name is the one he has by now."""
        self._note(at, ["hear", number, name, at, data.hex()])
        self._names[number] = name
        self._put(at, str(number), data)

    def give(self, due: int, data: bytes) -> None:
        """The model hands out a message that is due then."""
        self._note(due, ["give", due, data.hex()])
        self._outbox.put(due, data)

    def cut(self, now: int, keys: Collection[tuple[int, int]]) -> None:
        """The model takes back what is not due yet, and ends what sounds: of these keys, or of all."""
        self._note(now, ["cut", now, [[*key] for key in keys]])
        self._until(now)
        self._outbox.cut(self._now, keys)

    def follow(self, grid: Grid) -> None:
        """The engine plays by these bars from now on."""
        self._note(self.ends, ["follow", [*astuple(grid)]])
        self._grids.append(grid)

    def score(self, now: int) -> Score | None:
        """All of it as a score, a track a player and one a part, in the order in which they began; None for nothing.

        Raises JournalError for bars that no file can hold.
        """
        self._until(now)
        self._outbox.cut(self._now)
        self._until(now)
        if not self._played:
            return None
        names = self._tracks()
        played = [SideMessage(one.at, names[one.side], one.data) for one in self._played]
        return score_of(played, bars_of(self._grids, played), list(names.values()))

    def _note(self, at: int, row: Sequence[Any]) -> None:
        self.ends = max(self.ends, at)
        if not self.is_full:
            self._write(row)

    def _until(self, now: int) -> None:
        """Take what the model's notes have come to by now, each at its time."""
        while (at := self._outbox.deadline()) is not None and at <= now:
            self._now = max(self._now, at)
            for due, data in self._outbox.take(self._now):
                self._put(due, f"{MODEL} {self._parts.get(data[0] & 15, 'lead')}", data)
        self._now = max(self._now, now)

    def _put(self, at: int, side: str, data: bytes) -> None:
        if is_music(data) and not self.is_full:
            self._played.append(SideMessage(at, side, data))

    def _tracks(self) -> dict[str, str]:
        """The name of each side's track: two players of one name are told apart."""
        found, counted = dict[str, str](), Counter[str]()
        for side in dict.fromkeys(one.side for one in self._played):
            name = self._names[int(side)] if side.isdecimal() else side
            counted[name] += 1
            found[side] = name if counted[name] == 1 else f"{name} {counted[name]}"
        return found
