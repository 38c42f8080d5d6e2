"""Schedule, ledger and rate limit of one output.

Sans-IO: bytes of single messages with their due times in, bytes to send now out.  They are the model's, or the
player's on their way through (`thru`).  Laws (each a property test):

* every note-on sent gets exactly one note-off, at the latest `MAX_NOTE_US` after it;
* no second note-on for a sounding (channel, pitch): an off goes first; no off for a silent one;
* the rate limit delays (all but values that pass through), and never drops a note-off; a note-on that is more than
  `LATE_US` late is dropped, and its off with it, because it will find the note silent;
* messages leave in the order of their due times, equal ones in the order they were put;
* what the player holds (a note, a pedal, a bend) the model does not touch: neither its messages nor a cut.
  A note of the model's that the player strikes ends first and is the player's from then on.

The rate limit is there because virtual cables (loopMIDI, LoopBe) mute a port that floods.
"""

import heapq
from collections.abc import Collection

from livegen.daemon.bucket import Bucket
from livegen.music.messages import (
    ALL_NOTES_OFF,
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    SUSTAIN,
    begins_note,
    channel_of,
    kind_of,
)
from livegen.music.sync.transport import CLOCK, STOP, is_transport

Key = tuple[int, int]  # channel, pitch
Hold = tuple[int, int]  # channel, and what is held: a pitch, or one of the two below
_PEDAL, _BENT = 128, 129

MAX_NOTE_US = 30_000_000
LATE_US = 30_000
BURST = 64
RATE_PER_S = 500
MAX_PENDING = 4096  # a horizon of 30 ms holds a dozen; more comes only from an engine gone wild

_BEND = 0xE0
_BEND_CENTRE = (0, 64)


class Outbox:
    """Schedule, ledger and rate limit of one output.  Threads: loop only.

    `sounding` maps (channel, pitch) to the micros of its note-on; `dropped` counts note-ons and others that
    were late or beyond the limit; `is_running`: whoever follows the clocks sent was told to start.
    """

    def __init__(self, burst: int = BURST, rate_per_s: int = RATE_PER_S) -> None:
        self._heap: list[tuple[int, int, bytes, bool]] = []
        self._sequence = 0
        self._bucket = Bucket(burst, rate_per_s)
        self._values: set[Hold] = set()  # pedals that are down, bends off their centre
        self._players: set[Hold] = set()  # of these and of what sounds, what the player holds
        self._used: set[int] = set()
        self.is_running = False
        self.sounding: dict[Key, int] = {}
        self.dropped = 0

    def put(self, due: int, data: bytes, thru: bool = False) -> None:
        """Take the bytes of one message, to be sent at `due` micros; `thru`: it is the player's, not the model's."""
        limit = 2 * MAX_PENDING if _ends_note(data) else MAX_PENDING
        if len(self._heap) >= limit:
            self.dropped += 1
        else:
            self._push(due, data, thru)

    def cut(self, now: int, keys: Collection[Key] = ()) -> None:
        """Withdraw what is pending of the model's and release what it holds, pedals and bends first, from now on.

        `keys`, where there are any, narrow it to their notes.  Clocks go on: silence is no reason for whoever follows
        them to stop.
        """

        def stays(data: bytes) -> bool:
            return _is_clock(data) or bool(keys and _hold_of(data) not in keys)

        self._heap = [entry for entry in self._heap if entry[3] or stays(entry[2])]
        heapq.heapify(self._heap)
        held = [hold for hold in self._held() if not keys or hold in keys]
        self._release(held, now, False)  # the player's will not heed it

    def release_all(self, now: int, stops_clock: bool = False) -> None:
        """Cut, the player's too; then all-notes-off on every channel used so far: for exit, panic, or a dead engine.

        `stops_clock`: no more clocks will come, so whoever follows them is told to stop.
        """
        players = [hold for hold in self._held() if hold in self._players]
        self._heap = [entry for entry in self._heap if _is_clock(entry[2]) and not stops_clock]
        self.cut(now)
        if stops_clock and self.is_running:
            self._push(now, bytes((STOP,)), False)
        self._release(players, now, True)
        for channel in sorted(self._used):
            self._push(now, bytes((CONTROL_CHANGE | channel, ALL_NOTES_OFF, 0)), False)

    def due(self, now: int) -> list[bytes]:
        """Give what must be sent now, in order, and enter it in the ledger.  `now` must never decrease."""
        return [data for _, data in self.take(now)]

    def take(self, now: int, paced: bool = True) -> list[tuple[int, bytes]]:
        """Do as `due`, with the due time of each message.  `paced=False` ignores the limit: the last resort at exit."""
        self._expire(now)
        sent: list[tuple[int, bytes]] = []
        while self._heap and self._heap[0][0] <= now:
            due, _, data, thru = self._heap[0]
            messages = self._becomes(data, thru)
            if now - due > LATE_US and begins_note(data):
                messages = []
                self.dropped += 1
            if paced and not self._bucket.take(now, _cost(messages, thru)):
                break
            heapq.heappop(self._heap)
            for message in messages:
                self._enter(message, now, thru)
                sent.append((due, message))
        return sent

    def deadline(self) -> int | None:
        """The time at which `due` has something to give again, micros; None when nothing is pending or sounding."""
        # The oldest comes first.
        times = [since + MAX_NOTE_US for since in self.sounding.values()][:1]
        if self._heap:
            due, _, data, thru = self._heap[0]
            tokens = _cost(self._becomes(data, thru), thru)
            times.append(max(due, self._bucket.has_from(tokens)) if tokens else due)
        return min(times, default=None)

    @property
    def is_silent(self) -> bool:
        """Nothing is pending and nothing sounds."""
        return not self._heap and not self.sounding

    def _push(self, due: int, data: bytes, thru: bool) -> None:
        heapq.heappush(self._heap, (due, self._sequence, data, thru))
        self._sequence += 1

    def _held(self) -> list[Hold]:
        """All that is held: pedals, then bends, then notes in the order they began."""
        return [*sorted(self._values, key=lambda hold: hold[::-1]), *self.sounding]

    def _release(self, holds: list[Hold], now: int, thru: bool) -> None:
        for hold in holds:
            self._push(now, _release_of(hold), thru)

    def _expire(self, now: int) -> None:
        """Schedule the off of every note that has sounded for too long; its own off will find it silent."""
        for key, since in list(self.sounding.items()):
            if since + MAX_NOTE_US > now:
                break
            # Re-entered as sounding since now, so that one off is scheduled and not one per call.
            del self.sounding[key]
            self.sounding[key] = now
            self._push(since + MAX_NOTE_US, _release_of(key), key in self._players)

    def _becomes(self, data: bytes, thru: bool) -> list[bytes]:
        """Give the messages to send for this one as things sound now: none, itself, or an off before it."""
        hold, is_off = _hold_of(data), _ends_note(data)
        if hold in self._players and not thru:
            return []
        if hold is None or hold not in self.sounding:
            return [] if is_off else [data]
        if not is_off:
            return [_release_of(hold), data]
        # The player's off for a note of the model's: their own note-on was dropped, for it came too late.
        return [data] if hold in self._players or not thru else []

    def _enter(self, data: bytes, now: int, thru: bool) -> None:
        if _is_clock(data) and data[0] != CLOCK:
            self.is_running = data[0] != STOP
        hold = _hold_of(data)
        if hold is None:
            return
        is_held = _is_held(data)
        if hold[1] >= _PEDAL:
            _mark(self._values, hold, is_held)
        elif is_held:
            self.sounding[hold] = now
        else:
            self.sounding.pop(hold, None)
        _mark(self._players, hold, is_held and thru)
        if hold[1] != _BENT:
            self._used.add(hold[0])


def _cost(messages: list[bytes], thru: bool) -> int:
    """Tokens for these messages: values of the player's are free, for the inlet has thinned them out already."""
    is_value = bool(messages) and kind_of(messages[-1]) not in (NOTE_OFF, NOTE_ON)
    return 0 if thru and is_value else len(messages)


def _is_clock(data: bytes) -> bool:
    return len(data) == 1 and is_transport(data)


def _mark(holds: set[Hold], hold: Hold, is_set: bool) -> None:
    (holds.add if is_set else holds.discard)(hold)


def _ends_note(data: bytes) -> bool:
    """True for a note-off of three bytes, and for a note-on that is one in disguise."""
    return len(data) == 3 and kind_of(data) in (NOTE_OFF, NOTE_ON) and not begins_note(data)


def _hold_of(data: bytes) -> Hold | None:
    """Give the key, pedal or bend that a message begins to hold or lets go; None for one that does neither."""
    if len(data) != 3:
        return None
    match kind_of(data):
        case 0x80 | 0x90:
            return (channel_of(data), data[1])
        case 0xB0 if data[1] == SUSTAIN:
            return (channel_of(data), _PEDAL)
        case 0xE0:
            return (channel_of(data), _BENT)
        case _:
            return None


def _is_held(data: bytes) -> bool:
    """True if this message begins to hold, of those that `_hold_of` knows."""
    match kind_of(data):
        case 0xB0:
            return data[2] >= 64
        case 0xE0:
            return (data[1], data[2]) != _BEND_CENTRE
        case _:
            return begins_note(data)


def _release_of(hold: Hold) -> bytes:
    """The message that lets go of it."""
    channel, what = hold
    if what == _PEDAL:
        return bytes((CONTROL_CHANGE | channel, SUSTAIN, 0))
    if what == _BENT:
        return bytes((_BEND | channel, *_BEND_CENTRE))
    return bytes((NOTE_OFF | channel, what, 64))
