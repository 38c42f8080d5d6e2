"""The strokes played last, for an engine whose process ended: the next one is told, and goes on.

Of a studio's room they are counted back, for another machine's clock says another time (`page/src/rejoin.ts`).  Knows
no socket; times are micros.
"""

from collections import deque
from collections.abc import Collection, Mapping
from typing import Any

from livegen.music.messages import NOTE_OFF, NOTE_ON, begins_note, channel_of, kind_of
from livegen.music.time.metre import TICKS_PER_BEAT

MOST = 256  # strokes
LONGEST_US = 120_000_000  # ago; older strokes are another piece
PLAYER, MODEL = 0, 1


class LastStrokes:
    """The last strokes, each with its time and who played it."""

    def __init__(self) -> None:
        self._strokes: deque[tuple[int, int, bytes]] = deque(maxlen=2 * MOST)

    def put(self, at: int, who: int, data: bytes) -> None:
        """A message is played then; only strokes are kept."""
        if kind_of(data) in (NOTE_ON, NOTE_OFF):
            self._strokes.append((at, who, data))

    def cut(self, now: int, keys: Collection[tuple[int, int]] = ()) -> None:
        """Take back what the model was to play from now on, and end what it holds: of these keys, or of all."""
        sounding = set[tuple[int, int]]()
        kept = deque[tuple[int, int, bytes]](maxlen=2 * MOST)
        for at, who, data in self._strokes:
            key = channel_of(data), data[1]
            is_meant = who == MODEL and (not keys or key in keys)
            if is_meant and at <= now:
                (sounding.add if begins_note(data) else sounding.discard)(key)
            if not is_meant or at <= now:
                kept.append((at, who, data))
        kept.extend(
            (now, MODEL, bytes((NOTE_OFF | channel, pitch, 64)))
            for channel, pitch in sorted(sounding)
        )
        self._strokes = kept

    def told(self, at: int) -> list[list[int]]:
        """The strokes up to a time, oldest first: when each was, who played it, and its bytes."""
        told = sorted(
            (
                [when, who, *data]
                for when, who, data in self._strokes
                if 0 <= at - when < LONGEST_US
            ),
            key=lambda stroke: stroke[0],
        )
        return told[-MOST:]

    def take_up(self, at: int, state: Mapping[str, Any]) -> dict[str, Any] | None:
        """The command that tells it to an engine beside the last one, whose state it was; None before that had bars."""
        if "timeline" not in state:
            return None
        return {
            "strokes": self.told(at),
            "timeline": state["timeline"],
            **(state.get("memo") or {}),
        }

    def rejoin(self, at: int, state: Mapping[str, Any]) -> dict[str, Any]:
        """The message that tells it, counted back from `at`, with bars, controls and memo of the state of then."""
        tempo, origin, ticks = state["timeline"]
        bar = tempo * ticks // TICKS_PER_BEAT
        back = [tempo, (at - origin) % bar, ticks]
        return {
            "t": "rejoin",
            "at": at,
            "strokes": [[at - when, *rest] for when, *rest in self.told(at)],
            "timeline": back,
            "controls": state.get("controls") or {},
            "memo": state.get("memo") or {},
        }
