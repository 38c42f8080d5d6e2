"""The player's keys and pedals: from messages to strokes, each with its part.

Knows channels, pedals and MPE zones; knows no time but the micros it is told, and no turns.

* A key that comes up while the sustain pedal is down rings on: its stroke ends when the pedal comes up or the
  key is struck again.  It no longer counts as held, so a pedal keeps no call open.
* A note-off for a key that is not down ends the key whole octaves away that is, if neither has moved since that one
  went down: somebody pressed an octave button meanwhile.  A second note-off of a key ends nothing, so what is held
  under a melody stays held.
* Channels of an MPE zone (MPE 1.0, section 2.1: RPN 6 on channel 1 or 16) are heard by the rule of its manager
  channel, and its pedal holds them all; so are channels of the rule `mpe`, and those that are found to play so.  Bend,
  pressure and timbre are nobody's business but `mpe`'s.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from livegen.jam.hearing.hands import Hands
from livegen.jam.hearing.mpe import TIMBRE, Expression
from livegen.jam.hearing.strings import Strings
from livegen.jam.struck import Struck
from livegen.music.keys.scale import name_of
from livegen.music.messages import (
    DATA_ENTRY,
    NRPN,
    RESET_CONTROLLERS,
    RPN_COARSE,
    RPN_FINE,
    SUSTAIN,
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
)
from livegen.music.parts import DRUMS, KEYS, MPE, PartSource

OCTAVE = 12
LONGEST_KEY_US = 30_000_000  # a key or a pedal held longer has lost its release
MPE_RPN = 6
LOWER, UPPER = 0, 15  # manager channels

Key = tuple[int, int]  # channel, pitch


class HeldKey(NamedTuple):
    """A key that is down: its part, since when, micros, and what gave it that part (zones may change meanwhile)."""

    part: int
    since: int
    source: PartSource


class Ears:
    """The keys and pedals that the player holds: the one ledger of them in the engine.

    `held` maps (channel, pitch) to the key that is down, oldest first.

    `rules` maps channels 0..15 to a rule of `music.parts`, or to `mpe`: as channel 0, of which it is a member; a
    channel without one is not heard.  `heard_as` says of each channel on which notes came how it is heard.  `say` takes
    one line for the person.
    """

    def __init__(
        self, rules: Mapping[int, str], say: Callable[[str], object] = lambda line: None
    ) -> None:
        self._say = say
        self._moves = 0  # of keys, up or down
        self._moved: dict[Key, int] = {}  # by which move a key moved last
        self.heard_as: dict[int, str] = {}
        self._rules = rules
        self._apart: set[int] = (
            set()
        )  # channels with a player of their own: of no instrument with others
        self._sources = {channel: _source(rule) for channel, rule in rules.items() if rule != MPE}
        self._told = {channel: LOWER for channel, rule in rules.items() if rule == MPE}
        self._managers = dict(self._told)  # member channel -> manager of its zone
        self._expression = Expression()
        self._strings = Strings()
        self._rpn: dict[int, list[int]] = {}  # channel -> coarse and fine number last selected
        self._ringing: dict[Key, int] = {}  # keys that came up while the pedal was down -> part
        self._pedals: dict[int, int] = {}  # channel -> since
        self.held: dict[Key, HeldKey] = {}

    def hear_by(self, channel: int, rule: str) -> None:
        """Hear a channel by another rule from now on, by "" as at first; keys that are down keep their part."""
        (self._apart.add if rule else self._apart.discard)(channel)
        rule = rule or self._rules.get(channel, MPE)
        self._sources.pop(channel, None)
        self._managers.pop(channel, None)
        if rule != MPE:
            self._sources[channel] = _source(rule)
        elif channel in self._told:
            self._managers[channel] = self._told[channel]

    def down(self, note: NoteOn, now: int) -> Struck | None:
        """A key goes down; None on a channel that is not heard."""
        key = note.channel, note.pitch
        self._look_for_members(key, now)
        manager = self._manager(note.channel)
        source = self._sources.get(manager)
        is_member = manager != note.channel
        self.heard_as[note.channel] = MPE if is_member else source.rule if source else "off"
        if source is None:
            return None
        self._move(key)
        self._ringing.pop(key, None)
        if (again := self.held.pop(key, None)) is not None:
            again.source.part(False, note.pitch)
        part = source.part(True, note.pitch, now)
        if part is None:
            return None
        if part == DRUMS:
            source.part(False, note.pitch)  # a pad is struck, not held
        else:
            self.held[key] = HeldKey(part, now, source)
        return Struck(now, part, note.pitch, note.velocity)

    def up(self, note: NoteOff, now: int) -> Struck | None:
        """A key comes up; None when it was not down, rings on, or another key sounds the same."""
        key = note.channel, note.pitch
        self._strings.release(*key)
        if key not in self.held and (shifted := self._shifted(key)) is not None:
            self._say(
                f"key {name_of(shifted[1])} is up: its note-off came as {name_of(note.pitch)}, "
                "for an octave button was pressed while it was held"
            )
            key = shifted
        self._move(key)
        found = self.held.pop(key, None)
        if found is None:
            return None
        found.source.part(False, key[1])
        if self._is_pedalled(key):
            self._ringing[key] = found.part
            return None
        return self._end(key, found.part, now)

    def control(self, change: ControlChange, now: int) -> list[Struck]:
        """A controller moves; the strokes that this ends."""
        match change:
            case ControlChange(control, value, channel) if control == SUSTAIN and value >= 64:
                self._pedals.setdefault(channel, now)
            case ControlChange(control, _, channel) if control in (SUSTAIN, RESET_CONTROLLERS):
                return self._pedal_up(channel, now)
            case ControlChange(control, _, channel) if control == TIMBRE:
                self._expression.tell("timbre", channel, now)
            case ControlChange(control, value, channel) if control in (RPN_COARSE, RPN_FINE):
                self._rpn.setdefault(channel, [127, 127])[control == RPN_FINE] = value
            case ControlChange(control, _, channel) if control in NRPN:
                self._rpn.pop(channel, None)  # data is for that parameter from now on
            case ControlChange(control, value, channel) if control == DATA_ENTRY:
                if (
                    self._rpn.get(channel) == [0, MPE_RPN]
                    and channel in {LOWER, UPPER} - self._apart
                ):
                    self._zone(channel, value)
            case _:
                pass
        return []

    def express(self, message: PitchBend | ChannelPressure, now: int) -> None:
        """A bend or a pressure of a channel: it may show that the channel is one of several of an instrument."""
        match message:
            case PitchBend(value, channel):
                self._expression.tell("bend", channel, now)
                self._strings.bend(channel, value, now)
            case ChannelPressure(_, channel):
                self._expression.tell("pressure", channel, now)

    def release(self, now: int) -> list[Struck]:
        """All keys and pedals come up; the strokes that this ends."""
        self._pedals.clear()
        ended = []
        for channel, pitch in list(self.held):
            ended.append(self.up(NoteOff(pitch, channel=channel), now))
        for key in list(self._ringing):
            ended.append(self._end(key, self._ringing.pop(key), now))
        return [stroke for stroke in ended if stroke]

    def overdue(self, now: int) -> list[Struck]:
        """Take keys and pedals for released that were held for too long; the strokes that this ends."""
        ended: list[Struck] = []
        while self.held:
            (channel, pitch), oldest = next(iter(self.held.items()))
            since = oldest.since
            if since + LONGEST_KEY_US > now:
                break
            self._say(f"key {name_of(pitch)} was down for 30 s: livegen takes it for released")
            stroke = self.up(NoteOff(pitch, channel=channel), since + LONGEST_KEY_US)
            ended += [stroke] if stroke else []
        for channel, since in list(self._pedals.items()):
            if since + LONGEST_KEY_US <= now:
                ended += self._pedal_up(channel, since + LONGEST_KEY_US)
        return ended

    def deadline(self) -> int | None:
        """Give the time, micros, at which something will have been held for too long."""
        since = [key.since for key in list(self.held.values())[:1]] + list(self._pedals.values())
        return min(since) + LONGEST_KEY_US if since else None

    @property
    def sounding(self) -> list[tuple[int, int]]:
        """(part, pitch) of all that is held or rings on."""
        held = [(key.part, pitch) for (_, pitch), key in self.held.items()]
        return held + [(part, pitch) for (_, pitch), part in self._ringing.items()]

    def _move(self, key: Key) -> None:
        self._moves += 1
        self._moved[key] = self._moves

    def _shifted(self, key: Key) -> Key | None:
        """The key that is down and comes up whole octaves away from where it was struck, nearest first."""
        channel, pitch = key
        down = [
            other
            for other in self.held
            if other[0] == channel
            and (other[1] - pitch) % OCTAVE == 0
            and self._moved.get(key, 0) < self._moved[other]
        ]
        return min(down, key=lambda other: abs(other[1] - pitch), default=None)

    def _is_pedalled(self, key: Key) -> bool:
        return key[0] in self._pedals or self._manager(key[0]) in self._pedals

    def _manager(self, channel: int) -> int:
        """Of a zone that was set up or told; else of one that was found, if that is heard."""
        if channel in self._managers or channel in self._apart:
            return self._managers.get(channel, channel)
        is_found = channel in self._expression.members | self._strings.members
        return LOWER if is_found and LOWER in self._sources else channel

    def _look_for_members(self, key: Key, now: int) -> None:
        """Look whether this note shows that several channels are one instrument, and say so."""
        channel, pitch = key
        if channel in self._apart:
            return
        is_alone = not any(other[0] == channel and other != key for other in self.held)
        is_told = channel in self._managers
        if self._expression.strike(channel, is_alone, now) and not is_told:
            self._say_found("an MPE keyboard plays", self._expression.members)
        if self._strings.strike(channel, pitch) and not is_told:
            self._say_found("a guitar with a channel for each string plays", self._strings.members)

    def _say_found(self, what: str, members: frozenset[int]) -> None:
        channels = " ".join(str(member + 1) for member in sorted(members))
        self._say(
            f"{what} on channels {channels}: heard as channel 1 from now on "
            "(with the setting channels: mpe, from the first note on)"
        )

    def _zone(self, manager: int, members: int) -> None:
        """A zone is set up, or with no members given up."""
        others = {m: zone for m, zone in self._managers.items() if zone != manager}
        self._managers = self._told | others
        members = min(members, 15)
        first = 1 if manager == LOWER else UPPER - members
        self._managers |= dict.fromkeys(set(range(first, first + members)) - self._apart, manager)

    def _pedal_up(self, channel: int, now: int) -> list[Struck]:
        self._pedals.pop(channel, None)
        ended = []
        for key, part in list(self._ringing.items()):
            if not self._is_pedalled(key):
                del self._ringing[key]
                ended.append(self._end(key, part, now))
        return [stroke for stroke in ended if stroke]

    def _end(self, key: Key, part: int, now: int) -> Struck | None:
        if (part, key[1]) in self.sounding:
            return None
        return Struck(now, part, key[1], 0)


def _source(rule: str) -> PartSource:
    """A source that is heard by a rule; of a keyboard that both hands play, so many hands."""
    return Hands() if rule == KEYS else PartSource(rule)
