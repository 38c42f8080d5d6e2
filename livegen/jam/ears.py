"""The player's keys and pedals: from messages to strokes, each with its part.

Knows channels, pedals and MPE zones; knows no time but the micros it is told, and no turns.

* A key that comes up while the sustain pedal is down rings on: its stroke ends when the pedal comes up or the
  key is struck again.  It no longer counts as held, so a pedal keeps no call open.
* Channels of an MPE zone (MPE 1.0, section 2.1: RPN 6 on channel 1 or 16) are heard by the rule of its manager
  channel, and its pedal holds them all.  Bend, pressure and timbre are nobody's business here.
"""

from collections.abc import Mapping
from typing import NamedTuple

from livegen.music.messages import (
    DATA_ENTRY,
    RESET_CONTROLLERS,
    RPN_COARSE,
    RPN_FINE,
    SUSTAIN,
    ControlChange,
    NoteOff,
    NoteOn,
)
from livegen.music.parts import DRUMS, Source

LONGEST_KEY_US = 30_000_000  # a key or a pedal held longer has lost its release
MPE_RPN = 6
LOWER, UPPER = 0, 15  # manager channels

Key = tuple[int, int]  # channel, pitch


class Struck(NamedTuple):
    """A key's stroke: `velocity` 0 ends it."""

    part: int
    pitch: int
    velocity: int


class Ears:
    """What the player holds.  `held` maps (channel, pitch) to (part, since), oldest first.

    `rules` maps channels 0..15 to a rule of `music.parts`; a channel without one is not heard.
    """

    def __init__(self, rules: Mapping[int, str]) -> None:
        self._sources = {channel: Source(rule) for channel, rule in rules.items()}
        self._managers: dict[int, int] = {}  # member channel -> manager of its zone
        self._rpn: dict[int, list[int]] = {}  # channel -> coarse and fine number last selected
        self._struck: dict[Key, Source] = {}  # what gave a held key its part: zones may change
        self._ringing: dict[Key, tuple[int, int]] = {}
        self._pedals: dict[int, int] = {}  # channel -> since
        self.held: dict[Key, tuple[int, int]] = {}

    def down(self, note: NoteOn, now: int) -> Struck | None:
        """A key goes down; None on a channel that is not heard."""
        source = self._sources.get(self._manager(note.channel))
        if source is None:
            return None
        key = note.channel, note.pitch
        self._ringing.pop(key, None)
        if self.held.pop(key, None):
            self._struck.pop(key).part(False, note.pitch)
        part = source.part(True, note.pitch)
        if part is None:
            return None
        if part == DRUMS:
            source.part(False, note.pitch)  # a pad is struck, not held
        else:
            self.held[key], self._struck[key] = (part, now), source
        return Struck(part, note.pitch, note.velocity)

    def up(self, note: NoteOff) -> Struck | None:
        """A key comes up; None when it was not down, rings on, or another key sounds the same."""
        key = note.channel, note.pitch
        found = self.held.pop(key, None)
        if found is None:
            return None
        self._struck.pop(key).part(False, note.pitch)
        if self._is_pedalled(key):
            self._ringing[key] = found
            return None
        return self._end(key, found[0])

    def control(self, change: ControlChange, now: int) -> list[Struck]:
        """A controller moves; the strokes that this ends."""
        match change:
            case ControlChange(control, value, channel) if control == SUSTAIN and value >= 64:
                self._pedals.setdefault(channel, now)
            case ControlChange(control, _, channel) if control in (SUSTAIN, RESET_CONTROLLERS):
                return self._pedal_up(channel)
            case ControlChange(control, value, channel) if control in (RPN_COARSE, RPN_FINE):
                self._rpn.setdefault(channel, [127, 127])[control == RPN_FINE] = value
            case ControlChange(control, value, channel) if control == DATA_ENTRY:
                if self._rpn.get(channel) == [0, MPE_RPN] and channel in (LOWER, UPPER):
                    self._zone(channel, value)
            case _:
                pass
        return []

    def release(self) -> list[Struck]:
        """All keys and pedals come up; the strokes that this ends."""
        self._pedals.clear()
        ended = []
        for channel, pitch in list(self.held):
            ended.append(self.up(NoteOff(pitch, channel=channel)))
        for key in list(self._ringing):
            ended.append(self._end(key, self._ringing.pop(key)[0]))
        return [stroke for stroke in ended if stroke]

    def overdue(self, now: int) -> list[tuple[int, Struck]]:
        """What has been held for too long comes up: (micros at which it should have, stroke)."""
        ended: list[tuple[int, Struck]] = []
        while self.held:
            (channel, pitch), (_, since) = next(iter(self.held.items()))
            if since + LONGEST_KEY_US > now:
                break
            stroke = self.up(NoteOff(pitch, channel=channel))
            ended += [(since + LONGEST_KEY_US, stroke)] if stroke else []
        for channel, since in list(self._pedals.items()):
            if since + LONGEST_KEY_US <= now:
                ended += [(since + LONGEST_KEY_US, stroke) for stroke in self._pedal_up(channel)]
        return ended

    def deadline(self) -> int | None:
        """When something will have been held for too long, micros."""
        since = [at for _, at in list(self.held.values())[:1]] + list(self._pedals.values())
        return min(since) + LONGEST_KEY_US if since else None

    @property
    def sounding(self) -> list[tuple[int, int]]:
        """(part, pitch) of all that is held or rings on."""
        both = [*self.held.items(), *self._ringing.items()]
        return [(part, pitch) for (_, pitch), (part, _) in both]

    def _is_pedalled(self, key: Key) -> bool:
        return key[0] in self._pedals or self._manager(key[0]) in self._pedals

    def _manager(self, channel: int) -> int:
        return self._managers.get(channel, channel)

    def _zone(self, manager: int, members: int) -> None:
        """A zone is set up, or with no members given up."""
        self._managers = {m: zone for m, zone in self._managers.items() if zone != manager}
        members = min(members, 15)
        first = 1 if manager == LOWER else UPPER - members
        self._managers |= dict.fromkeys(range(first, first + members), manager)

    def _pedal_up(self, channel: int) -> list[Struck]:
        self._pedals.pop(channel, None)
        ended = []
        for key, (part, _) in list(self._ringing.items()):
            if not self._is_pedalled(key):
                del self._ringing[key]
                ended.append(self._end(key, part))
        return [stroke for stroke in ended if stroke]

    def _end(self, key: Key, part: int) -> Struck | None:
        both = [*self.held.items(), *self._ringing.items()]
        if any(part == other and key[1] == pitch for (_, pitch), (other, _) in both):
            return None
        return Struck(part, key[1], 0)
