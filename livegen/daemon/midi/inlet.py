"""The way from the input to the engine: a guard against floods, garbage and keys that never come up.

Sans-IO: bytes of single messages as they came with their time in, the messages to pass on out.

* Note-ons beyond `NOTE_BURST` at once and `NOTES_PER_S` are dropped and counted, and their offs with them; the
  off of a note that was passed on is always passed on.  Offs for silent notes are dropped.
* Controllers, bend, pressure: the latest value per 5 ms, and always before the next note of their channel.
* Active sensing (MIDI 1.0, page 37): once FE was seen, 420 ms without any byte release all that is held.
* All-notes-off and its kin (120, 123 to 127) release the channel by note-offs, then are passed on; 121 raises
  the pedal.
* A key held for 30 s is taken for a lost note-off and released.

Knows nothing of ports and engines.
"""

from collections import Counter

from livegen.daemon.bucket import Bucket
from livegen.music.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    NOTE_OFF,
    RESET_CONTROLLERS,
    SUSTAIN,
    ControlChange,
    Message,
    NoteOff,
    NoteOn,
    channel_of,
    decode,
    encode,
    kind_of,
)

NOTE_BURST, NOTES_PER_S = 200, 500
OTHER_BURST, OTHERS_PER_S = 400, 1000  # clock at 300 bpm is 120 messages a second
COALESCE_US = 5_000
# The sender promises a byte every 300 ms; instruments in the field judge at 420 ms.
SENSING_US = 420_000
HELD_US = 30_000_000
MAX_SYSEX = 0xFFFF  # what one frame of a link carries

MAX_NESTED = 16  # note-ons of one key without an off; more is a fault, not music

_ACTIVE_SENSING = 0xFE
_ENDS_NOTES = frozenset((ALL_SOUND_OFF, *range(ALL_NOTES_OFF, 128)))
_COALESCED = {
    0xA0: 2,
    0xB0: 2,
    0xD0: 1,
    0xE0: 1,
}  # kind: leading bytes that tell one value from another


class Inlet:
    """The guard of one input; a value is passed on `values_every_us` after the one before at the earliest.

    `counts` tells by reason what was not passed on as it came.  Threads: loop only.
    """

    def __init__(self, values_every_us: int = COALESCE_US) -> None:
        self._values_every_us = values_every_us
        self._notes = Bucket(NOTE_BURST, NOTES_PER_S)
        self._others = Bucket(OTHER_BURST, OTHERS_PER_S)
        # (channel, pitch): times of its note-ons, oldest first.
        self._held: dict[tuple[int, int], list[int]] = {}
        self._refused: set[tuple[int, int]] = set()
        self._pedals: set[int] = set()
        self._passed_at: dict[bytes, int] = {}
        self._waiting: dict[bytes, bytes] = {}
        self._last_byte: int | None = None  # set once active sensing was seen
        self.counts: Counter[str] = Counter()

    def feed(self, data: bytes, now: int) -> list[bytes]:
        """Take one message as it came at `now` micros; give what to pass on.  Any bytes will do, none raise."""
        if self._last_byte is not None:
            self._last_byte = now
        if not data:
            return []
        if data[0] == _ACTIVE_SENSING:
            self._last_byte = now
            return []
        if len(data) > MAX_SYSEX:
            self.counts["sysex too long"] += 1
            return []
        message = decode(data)
        if message is None:
            self.counts["undecodable"] += 1
            return []
        return self._admit(message, data, now)

    def due(self, now: int) -> list[bytes]:
        """Give what time itself brings: values that waited, keys held too long, all keys when sensing stops."""
        ready = [
            key for key in self._waiting if self._passed_at[key] + self._values_every_us <= now
        ]
        out = [self._pass_on(key, self._waiting.pop(key), now) for key in ready]
        self._forget(now)
        for key, times in list(self._held.items()):
            if times[0] + HELD_US <= now:
                self.counts["held too long"] += 1
                out += self._release(key)
        if self._last_byte is not None and self._last_byte + SENSING_US <= now:
            self.counts["active sensing stopped"] += 1
            out += self.release()
        return out

    def deadline(self) -> int | None:
        """The time at which `due` has something to give, micros."""
        times = [self._passed_at[key] + self._values_every_us for key in self._waiting]
        times += [held[0] + HELD_US for held in self._held.values()]
        if self._last_byte is not None:
            times.append(self._last_byte + SENSING_US)
        return min(times, default=None)

    @property
    def refused(self) -> int:
        """The number of messages that did not reach the engine because too many came at once."""
        return self.counts["notes beyond the limit"] + self.counts["others beyond the limit"]

    def release(self) -> list[bytes]:
        """Release all that is held and forget what waits: the sender is gone."""
        self._last_byte = None
        self._waiting.clear()
        self._refused.clear()
        offs = [off for key in list(self._held) for off in self._release(key)]
        pedals = [bytes((CONTROL_CHANGE | channel, SUSTAIN, 0)) for channel in sorted(self._pedals)]
        self._pedals.clear()
        return pedals + offs

    def _admit(self, message: Message, data: bytes, now: int) -> list[bytes]:
        match message:
            case NoteOn():
                return self._note_on(message, data, now)
            case NoteOff():
                return self._note_off(message)
            case ControlChange(control, _, channel) if control in _ENDS_NOTES:
                keys = [key for key in self._held if key[0] == channel]
                return [off for key in keys for off in self._release(key)] + self._value(data, now)
            case ControlChange(control, _, channel) if (
                control == RESET_CONTROLLERS and channel in self._pedals
            ):
                self._pedals.discard(channel)
                return [bytes((CONTROL_CHANGE | channel, SUSTAIN, 0)), *self._value(data, now)]
            case _ if kind_of(data) in _COALESCED:
                return self._value(data, now)
            case _ if self._others.take(now):
                return [data]
            case _:
                self.counts["others beyond the limit"] += 1
                return []

    def _note_on(self, note: NoteOn, data: bytes, now: int) -> list[bytes]:
        key = note.channel, note.pitch
        if len(self._held.get(key, ())) >= MAX_NESTED or not self._notes.take(now):
            self.counts["notes beyond the limit"] += 1
            self._refused.add(key)
            return []
        self._held.setdefault(key, []).append(now)
        return [*self._flush(note.channel, now), data]

    def _note_off(self, note: NoteOff) -> list[bytes]:
        key = note.channel, note.pitch
        if key not in self._held:
            self.counts[
                "offs of refused notes" if key in self._refused else "offs of silent notes"
            ] += 1
            self._refused.discard(key)
            return []
        self._held[key].pop(0)
        if not self._held[key]:
            del self._held[key]
        return [encode(note)]

    def _release(self, key: tuple[int, int]) -> list[bytes]:
        return [bytes((NOTE_OFF | key[0], key[1], 64))] * len(self._held.pop(key))

    def _value(self, data: bytes, now: int) -> list[bytes]:
        """Pass on a value, or let it wait (taking the place of an older one) until it is time."""
        key = data[: _COALESCED[kind_of(data)]]
        if (
            key in self._waiting
            or self._passed_at.get(key, -self._values_every_us) + self._values_every_us > now
        ):
            self.counts["values coalesced"] += key in self._waiting
            self._waiting[key] = data
            return []
        return [self._pass_on(key, data, now)]

    def _flush(self, channel: int, now: int) -> list[bytes]:
        """Pass on what waits on a channel: a note must find bend and pedal as they were when it was struck."""
        keys = [key for key in self._waiting if channel_of(key) == channel]
        return [self._pass_on(key, self._waiting.pop(key), now) for key in keys]

    def _pass_on(self, key: bytes, data: bytes, now: int) -> bytes:
        self._passed_at[key] = now
        if kind_of(data) == CONTROL_CHANGE and data[1] == SUSTAIN:
            (self._pedals.add if data[2] >= 64 else self._pedals.discard)(channel_of(data))
        return data

    def _forget(self, now: int) -> None:
        """Drop old times, so that `_passed_at` holds the latest and not every value ever sent."""
        if len(self._passed_at) > 64:
            self._passed_at = {
                key: at
                for key, at in self._passed_at.items()
                if key in self._waiting or at + self._values_every_us > now
            }
