"""The transport of a host as MIDI clock: start, stop, song position and clocks, each at the time that the host means.

A host says where it is and how fast it goes; between two such words it goes on.  So clocks come without jitter, and who
follows MIDI clock follows a host.  Sans-IO: times in micros are arguments.
"""

import math
from typing import NamedTuple

from livegen.music.sync.song_position import SIXTEENTH
from livegen.music.sync.transport import CLOCK, CONTINUE, SONG_POSITION, STOP
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import MINUTE_US

GONE_US = 2_000_000  # a host that says nothing for so long is taken to have gone
_JUMP = 2.0  # clocks: what is nearer is the drift between two clocks
_POSITIONS = 1 << 14  # of a song position, in sixteenths
_HARDLY = 1e-3  # of a clock


class HostTransport(NamedTuple):
    """The transport at a time, micros: whether it runs, beats a minute, and quarters since the start of the song."""

    at: int
    is_playing: bool
    bpm: float
    beat: float


class HostClock:
    """The messages of one host.  Threads: one."""

    def __init__(self) -> None:
        self._told: HostTransport | None = None  # None: it does not run
        self._next = 0  # the clock that comes next, counted from the start of the song
        self._waiting: list[tuple[int, bytes]] = []

    def hear(self, told: HostTransport) -> None:
        """Take what the host says."""
        if not told.is_playing:
            self._end(told.at)
        elif self._told is None or abs(self._clock_at(told.at) - _clocks(told)) > _JUMP:
            self._end(told.at)
            self._begin(told)
        else:
            self._told = told

    def due(self, now: int) -> list[tuple[int, bytes]]:
        """Give the messages that are due by now, each with its time, once; times do not decrease."""
        while self._told is not None and (at := self._next_at()) <= now:
            if at > self._told.at + GONE_US:
                self._end(self._told.at + GONE_US)
            else:
                self._waiting.append((at, bytes((CLOCK,))))
                self._next += 1
        came = [one for one in self._waiting if one[0] <= now]
        self._waiting = [one for one in self._waiting if one[0] > now]
        return came

    def deadline(self) -> int | None:
        """Give the time, micros, of the next message; None where none will come."""
        times = [at for at, _ in self._waiting[:1]]
        if self._told is not None:
            times.append(self._next_at())
        return min(times, default=None)

    def _begin(self, told: HostTransport) -> None:
        """Go on from the next sixteenth: a song position can name no other place."""
        sixteenth = max(0, math.ceil(_clocks(told) / SIXTEENTH - _HARDLY))
        position = sixteenth % _POSITIONS
        self._waiting.append((told.at, bytes((SONG_POSITION, position & 0x7F, position >> 7))))
        self._waiting.append((told.at, bytes((CONTINUE,))))
        self._told, self._next = told, sixteenth * SIXTEENTH

    def _end(self, at: int) -> None:
        if self._told is not None:
            self._told = None
            self._waiting.append((at, bytes((STOP,))))

    def _clock_at(self, at: int) -> float:
        """The clock at which the host is at a time, as far as is known."""
        assert self._told is not None
        return _clocks(self._told) + (at - self._told.at) / _clock_us(self._told)

    def _next_at(self) -> int:
        assert self._told is not None
        return self._told.at + round((self._next - _clocks(self._told)) * _clock_us(self._told))


def _clocks(told: HostTransport) -> float:
    return told.beat * TICKS_PER_BEAT


def _clock_us(told: HostTransport) -> float:
    return MINUTE_US / told.bpm / TICKS_PER_BEAT
