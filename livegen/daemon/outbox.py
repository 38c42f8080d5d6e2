"""What will be sent, what sounds, and how fast it may go: schedule, ledger and rate limit of one output.

Sans-IO: bytes of single messages with their due times in, bytes to send now out.  Laws (each a property test):

* every note-on sent gets exactly one note-off, at the latest `MAX_NOTE_US` after it;
* no second note-on for a sounding (channel, pitch): an off goes first; no off for a silent one;
* the rate limit delays, and never drops a note-off; a note-on that is more than `LATE_US` late is dropped,
  and its off with it, because it will find the note silent;
* messages leave in the order of their due times, equal ones in the order they were put.

The rate limit is there because virtual cables (loopMIDI, LoopBe) mute a port that floods.
"""

import heapq

from livegen.music.messages import ALL_NOTES_OFF, CONTROL_CHANGE, NOTE_OFF, NOTE_ON, SUSTAIN

Key = tuple[int, int]  # channel, pitch

MAX_NOTE_US = 30_000_000
LATE_US = 30_000
BURST = 64
RATE_PER_S = 500
MAX_PENDING = 4096  # a horizon of 30 ms holds a dozen; more comes only from an engine gone wild

_BEND = 0xE0
_BEND_CENTRE = (0, 64)


class Outbox:
    """Schedule, ledger and token bucket of one output.  Threads: loop only.

    `sounding` maps (channel, pitch) to the micros of its note-on; `dropped` counts note-ons and others that
    were late or beyond the limit.
    """

    def __init__(self, burst: int = BURST, rate_per_s: int = RATE_PER_S) -> None:
        self._heap: list[tuple[int, int, bytes]] = []
        self._sequence = 0
        self._burst_us = burst * 1_000_000 // rate_per_s
        self._message_us = 1_000_000 // rate_per_s
        self._paid_until = -(
            1 << 62
        )  # the bucket as a time: it is full when this lies `_burst_us` in the past
        self._pedals: set[int] = set()
        self._bent: set[int] = set()
        self._used: set[int] = set()
        self.sounding: dict[Key, int] = {}
        self.dropped = 0

    def put(self, due: int, data: bytes) -> None:
        """Take the bytes of one message, to be sent at `due` micros."""
        limit = MAX_PENDING if _off_key(data) is None else 2 * MAX_PENDING
        if len(self._heap) >= limit:
            self.dropped += 1
        else:
            self._push(due, data)

    def cut(self, now: int) -> None:
        """Withdraw all that is pending and release all that sounds, pedals and bends first, from now on."""
        self._heap.clear()
        for channel in sorted(self._pedals):
            self._push(now, bytes((CONTROL_CHANGE | channel, SUSTAIN, 0)))
        for channel in sorted(self._bent):
            self._push(now, bytes((_BEND | channel, *_BEND_CENTRE)))
        for channel, pitch in self.sounding:
            self._push(now, bytes((NOTE_OFF | channel, pitch, 64)))

    def release_all(self, now: int) -> None:
        """Cut, then all-notes-off on every channel used so far: for exit, panic, or a dead engine."""
        self.cut(now)
        for channel in sorted(self._used):
            self._push(now, bytes((CONTROL_CHANGE | channel, ALL_NOTES_OFF, 0)))

    def due(self, now: int) -> list[bytes]:
        """Give what must be sent now, in order, and enter it in the ledger.  `now` must never decrease."""
        return [data for _, data in self.take(now)]

    def take(self, now: int, paced: bool = True) -> list[tuple[int, bytes]]:
        """Do as `due`, with the due time of each message.  `paced=False` ignores the limit: the last resort at exit."""
        self._expire(now)
        sent: list[tuple[int, bytes]] = []
        while self._heap and self._heap[0][0] <= now:
            due, _, data = self._heap[0]
            messages = self._becomes(data)
            if now - due > LATE_US and _on_key(data) is not None:
                messages = []
                self.dropped += 1
            if paced and not self._pay(len(messages), now):
                break
            heapq.heappop(self._heap)
            for message in messages:
                self._enter(message, now)
                sent.append((due, message))
        return sent

    def deadline(self) -> int | None:
        """When `due` has something to give again, in micros; None when nothing is pending or sounding."""
        times = [since + MAX_NOTE_US for since in self.sounding.values()][
            :1
        ]  # the oldest comes first
        if self._heap:
            due, _, data = self._heap[0]
            tokens = len(self._becomes(data))
            times.append(max(due, self._paid_until + tokens * self._message_us) if tokens else due)
        return min(times, default=None)

    @property
    def is_silent(self) -> bool:
        """Nothing is pending and nothing sounds."""
        return not self._heap and not self.sounding

    def _push(self, due: int, data: bytes) -> None:
        heapq.heappush(self._heap, (due, self._sequence, data))
        self._sequence += 1

    def _expire(self, now: int) -> None:
        """Schedule the off of every note that has sounded for too long; its own off will find it silent."""
        for key, since in list(self.sounding.items()):
            if since + MAX_NOTE_US > now:
                break
            # Re-entered as sounding since now, so that one off is scheduled and not one per call.
            del self.sounding[key]
            self.sounding[key] = now
            self._push(since + MAX_NOTE_US, bytes((NOTE_OFF | key[0], key[1], 64)))

    def _becomes(self, data: bytes) -> list[bytes]:
        """What sending this takes as things sound now: nothing, the message itself, or an off before it."""
        on, off = _on_key(data), _off_key(data)
        if off is not None:
            return [data] if off in self.sounding else []
        if on is not None and on in self.sounding:
            return [bytes((NOTE_OFF | on[0], on[1], 64)), data]
        return [data]

    def _pay(self, messages: int, now: int) -> bool:
        """Take tokens for `messages` from the bucket; False if there are too few."""
        paid_until = max(self._paid_until, now - self._burst_us) + messages * self._message_us
        if messages and paid_until > now:
            return False
        self._paid_until = paid_until
        return True

    def _enter(self, data: bytes, now: int) -> None:
        status, channel = data[0] & 0xF0, data[0] & 0x0F
        if (on := _on_key(data)) is not None:
            self.sounding[on] = now
            self._used.add(channel)
        elif (off := _off_key(data)) is not None:
            self.sounding.pop(off, None)
        elif status == CONTROL_CHANGE and len(data) == 3 and data[1] == SUSTAIN:
            _mark(self._pedals, channel, data[2] >= 64)
            self._used.add(channel)
        elif status == _BEND and len(data) == 3:
            _mark(self._bent, channel, (data[1], data[2]) != _BEND_CENTRE)


def _mark(channels: set[int], channel: int, is_set: bool) -> None:
    (channels.add if is_set else channels.discard)(channel)


def _on_key(data: bytes) -> Key | None:
    is_on = len(data) == 3 and data[0] & 0xF0 == NOTE_ON and data[2] > 0
    return (data[0] & 0x0F, data[1]) if is_on else None


def _off_key(data: bytes) -> Key | None:
    if len(data) != 3 or (data[0] & 0xF0 != NOTE_OFF and (data[0] & 0xF0 != NOTE_ON or data[2])):
        return None
    return (data[0] & 0x0F, data[1])
