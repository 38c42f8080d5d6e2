"""The companions of a melody: pitches that go under each of its notes at once, and change with the chord.

Under the notes of a trill or a grace they sound on for as long as it takes that they are heard as notes.

Knows notes, micros and the harmony; knows no beats and no model.
"""

from collections.abc import Iterator

from livegen.jam.harmony.harmony import Harmony, Voice
from livegen.jam.planning.own_notes import CLICK_US
from livegen.jam.struck import Struck
from livegen.jam.timing.agenda import Agenda, Timed
from livegen.music.chords.voicing import companions
from livegen.music.melody.phrase import CHORD_US
from livegen.music.messages import velocity_near
from livegen.music.parts import COMP, LEAD

VOICES = 2  # companions of one note
_LOWEST = 48  # of a companion: two notes a third or a fourth apart below it are mud
_SOFTER = 0.8  # how loud a companion is beside its note


class Harmonist:
    """The companions of the player's notes.  Threads: loop only."""

    def __init__(self, harmony: Harmony) -> None:
        self._harmony = harmony
        self._held: set[Voice] = set()  # notes of the player's, of whatever hand
        self._joined: dict[Voice, list[Voice]] = {}  # a note of the player's -> its companions
        # The melody's note that has companions, and how much louder than it they are to be.
        self._top: tuple[Struck, float] | None = None
        self._voicing: tuple[int, ...] = ()
        self._began: dict[Voice, int] = {}  # companions that sound, and since when, micros
        self._leaving: dict[Voice, int] = {}  # nobody's any more, and when they end
        self._changes_us: int | None = None  # of the note of the melody, if it has been voiced

    @property
    def revoices_us(self) -> int | None:
        """The time, micros, at which the chart has another chord under the note that sounds; None where it has none."""
        return None if self._top is None else self._changes_us

    @property
    def ends_us(self) -> int | None:
        """The time, micros, at which a companion ends that would have been a click; None where none is to."""
        return min(self._leaving.values(), default=None)

    def end_late(self, agenda: Agenda, now: int) -> Iterator[Timed]:
        """End the companions that are no clicks any more."""
        for voice, until in list(self._leaving.items()):
            if until <= now:
                yield from self._end(voice, agenda, now)

    def join(self, struck: Struck, louder: float, agenda: Agenda, now: int) -> Iterator[Timed]:
        """Companions for a note of the melody that begins, at once; those of the note before it in a chord become its.

        The left hand has none, and of notes struck at once only the highest; nor has any note while neither key nor
        chord is known.
        """
        self._held.add((struck.part, struck.pitch))
        if struck.part != LEAD:
            return
        inherited: list[Voice] = []
        if self._top is not None:
            before = self._top[0]
            if struck.at - before.at <= CHORD_US:
                if struck.pitch < before.pitch:
                    return
                # To end now, a few milliseconds old, they would be clicks: they stay until the chord is known.
                inherited = self._joined.pop((before.part, before.pitch), [])
        yield from self._leave(struck, agenda, now)
        self._top = struck, louder
        if inherited:
            self._joined[struck.part, struck.pitch] = inherited
        # Of notes struck at once it is not known yet what chord they make.
        if not self._harmony.is_struck_together:
            yield from self._voice(struck, louder, agenda, now)

    def revoice(self, agenda: Agenda, now: int) -> Iterator[Timed]:
        """Give the note of the melody that sounds the companions of the chord as it is now."""
        if self._top is None:
            return
        struck, louder = self._top
        self._changes_us = self._harmony.changes_at(now)
        has_some = (struck.part, struck.pitch) in self._joined
        if not has_some or self._found(struck.pitch, now) != self._voicing:
            yield from self._voice(struck, louder, agenda, now)

    def _voice(self, struck: Struck, louder: float, agenda: Agenda, now: int) -> Iterator[Timed]:
        """Begin the companions of a note, and end those that it had and has no more."""
        found = self._found(struck.pitch, now)
        self._voicing, self._changes_us = found, self._harmony.changes_at(now)
        loudness = velocity_near(struck.velocity * _SOFTER + louder)
        shared = self._companions()
        voices = [(COMP, companion) for companion in found]
        # What sounds there already and is nobody's companion is left to who began it.
        held = shared | self._leaving.keys()
        mine = [voice for voice in voices if voice in held or not agenda.is_open(*voice)]
        before = self._joined.pop((struck.part, struck.pitch), [])
        self._joined[struck.part, struck.pitch] = mine
        still = self._companions()
        for voice in before:
            if voice not in still:
                yield from self._end(voice, agenda, now)
        for voice in mine:
            if self._leaving.pop(voice, None) is None and voice not in before:
                self._began[voice] = now
                yield from agenda.hand_out_now(*voice, loudness, now)

    def _found(self, pitch: int, now: int) -> tuple[int, ...]:
        """The pitches that go under a note; none while neither key nor chord is known."""
        chord, key = self._harmony.chord(now), self._harmony.key(now)
        if chord is None and key is None:
            return ()
        low = max(_LOWEST, pitch - 24)
        taken = {held for _, held in self._held}
        return companions(pitch, chord, key, self._voicing, VOICES, low, pitch - 1, taken)

    def leave(self, struck: Struck, agenda: Agenda, now: int) -> Iterator[Timed]:
        """A note of the player's ends, and its companions with it, unless another note still has them."""
        self._held.discard((struck.part, struck.pitch))
        yield from self._leave(struck, agenda, now)

    def _leave(self, struck: Struck, agenda: Agenda, now: int) -> Iterator[Timed]:
        voices = self._joined.pop((struck.part, struck.pitch), [])
        if self._top is not None and self._top[0][1:3] == struck[1:3]:
            self._top = None
        still = self._companions()
        for voice in voices:
            if voice not in still:
                yield from self._end(voice, agenda, now)

    def _end(self, voice: Voice, agenda: Agenda, now: int) -> Iterator[Timed]:
        """End a companion, once it is no click."""
        until = self._began.get(voice, now - CLICK_US) + CLICK_US
        if until > now:
            self._leaving[voice] = until
            return
        self._began.pop(voice, None)
        self._leaving.pop(voice, None)
        yield from agenda.hand_out_now(*voice, 0, now)

    def alone(self) -> None:
        """All companions were silenced."""
        for kept in (self._joined, self._began, self._leaving):
            kept.clear()
        self._top = None

    def _companions(self) -> set[Voice]:
        return {voice for voices in self._joined.values() for voice in voices}
