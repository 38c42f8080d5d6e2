"""Keys that are held: the end of the call waits for them, unless they are its last note or a drone."""

from collections.abc import Set

from livegen.jam.controls.desk import Desk
from livegen.jam.controls.mapping import LABELS
from livegen.jam.hearing.ears import Ears, Key
from livegen.jam.interplay import starts
from livegen.jam.interplay.calls import Call
from livegen.jam.interplay.listener import Listener
from livegen.jam.interplay.performer import Performer
from livegen.jam.interplay.turn_taking import TurnTaking
from livegen.jam.reports.notices import Notices
from livegen.jam.turns import Start, Turn
from livegen.music.keys.scale import name_of
from livegen.music.melody.phrase import CHORD_US
from livegen.music.time.timeline import Timeline

HANGS_US = 3_000_000  # after a rest, in which a key has kept the model waiting


class HeldKeys:
    """The player's keys that are down, as the end of his call depends on them.  Threads: loop only."""

    def __init__(
        self,
        ears: Ears,
        listener: Listener,
        performer: Performer,
        turns: TurnTaking,
        desk: Desk,
        notices: Notices,
    ) -> None:
        self._ears, self._listener, self._performer = ears, listener, performer
        self._turns, self._desk, self._notices = turns, desk, notices
        self._told: set[Key] = set()  # keys of which it was said that they are waited for

    @property
    def awaited(self) -> Set[Key]:
        """The held keys that keep the call from its answer."""
        waits = self._turns.turn is Turn.LISTENING and self._performer.mode.start is Start.REST
        return self._ears.held.keys() if waits else frozenset()

    def strike(self, key: Key) -> None:
        """A key goes down: it may be told of anew."""
        self._told.discard(key)

    def hangs_at(self) -> int | None:
        """Give the time, micros, at which held keys have kept a call from its answer for long; None if it was said."""
        call = self._listener.call
        if call is None or self.awaited <= self._told or self._is_drone(call):
            return None
        return starts.rest_over(call, self._desk.settings) + HANGS_US

    def tell(self) -> None:
        """Say once of each key that the model waits for it."""
        held = self.awaited
        names = " ".join(name_of(pitch) for _, pitch in sorted(held - self._told))
        self._told = set(held)
        self._notices.say(
            f"the model waits for {names} to come up; if no key is down, its note-off was lost: "
            f"press *{LABELS['your_turn']}* or *{LABELS['panic']}*"
        )

    def call_ends(self, call: Call) -> int | None:
        """Give the time, micros, at which the call ends if nothing more is played; None while its last note is held."""
        over = starts.call_over(call, self._desk.settings, self._timeline)
        if not self._ears.held or self._is_last_note_held(call):
            return over
        if self._is_drone(call):
            return max(over, starts.patience_over(self._timeline, call.phrase.active_us))
        return None

    def _is_last_note_held(self, call: Call) -> bool:
        """The phrase ends with a long note, which may be held till the next bar line, where the answer comes in."""
        if not starts.is_next_bar(call, self._desk.settings, self._timeline):
            return False
        last = call.phrase.onsets_us[-1] - CHORD_US
        return all(key.since >= last for key in self._ears.held.values())

    def _is_drone(self, call: Call) -> bool:
        """All keys that are held lie under notes that came and went: a pedal point, or a lost note-off."""
        struck = max((key.since for key in self._ears.held.values()), default=None)
        return struck is not None and struck + CHORD_US < call.phrase.onsets_us[-1]

    @property
    def _timeline(self) -> Timeline:
        return self._listener.live.timeline
