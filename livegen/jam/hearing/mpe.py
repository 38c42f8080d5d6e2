"""A keyboard that plays every note on a channel of its own, found by how it plays: its set-up message was missed.

Such a keyboard says, before each note, how that is bent, pressed and coloured, on the note's channel (MPE 1.0, section
2.2.6), and takes another channel for the next.  A channel is one of its members for as long as each of its notes comes
so, alone.  A drum track, a keyboard and a track of a song do not play so; what a DAW sends once when it starts is one
moment.  Knows no pitches and no parts.
"""

from collections import deque

TIMBRE = 74  # controller
MANAGER = 0  # of the lower zone: its notes and bends are everybody's
_BEFORE_US = 10_000  # a note, in which at least two of bend, pressure and timbre are told
_KINDS = 2
_NOTES, _CHANNELS, _SPAN_US = 5, 3, 50_000  # in a row, on so many channels, over so long


class Expression:
    """The channels that play so.  `is_found` says that there are some.  Threads: loop only."""

    def __init__(self) -> None:
        self.is_found = False
        self._told: dict[int, dict[str, int]] = {}  # channel -> what was told, and when
        self._expressive: set[int] = set()  # channels of which every note came so
        # (micros, channel), all expressive.
        self._notes: deque[tuple[int, int]] = deque(maxlen=_NOTES)

    def tell(self, what: str, channel: int, now: int) -> None:
        """A bend, pressure or timbre of a channel."""
        self._told.setdefault(channel, {})[what] = now

    def strike(self, channel: int, is_alone: bool, now: int) -> bool:
        """A note begins, on a channel where no other is down or one is; whether that makes somebody found."""
        if channel == MANAGER:
            return False
        told = self._told.pop(channel, {})
        recent = sum(now - at <= _BEFORE_US for at in told.values())
        if recent < _KINDS or not is_alone:
            self._expressive.discard(channel)
            self._notes.clear()
            return False
        self._expressive.add(channel)
        self._notes.append((now, channel))
        was_found, self.is_found = self.is_found, self.is_found or self._is_rotating()
        return self.is_found and not was_found

    @property
    def members(self) -> frozenset[int]:
        """The channels that are one keyboard; none before it is found."""
        return frozenset(self._expressive) if self.is_found else frozenset()

    def _is_rotating(self) -> bool:
        channels = {channel for _, channel in self._notes}
        is_full = len(self._notes) == _NOTES and len(channels) >= _CHANNELS
        return is_full and self._notes[-1][0] - self._notes[0][0] >= _SPAN_US
