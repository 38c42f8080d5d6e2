"""What is played in: the key and the chords of the moment, those of the call, and companions for single notes.

Puts the trackers of `music` to work for the engine.  Knows notes, micros and ticks; knows no model.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from livegen.jam.agenda import Agenda, Timed
from livegen.jam.ears import Struck
from livegen.jam.turns import Mode, Plays
from livegen.music.chord import Chord
from livegen.music.chords_heard import ChordTracker
from livegen.music.key import KeyTracker
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import COMP, DRUMS, LEAD, SPLIT_PITCH
from livegen.music.voicing import companions

VOICES = 2  # companions of one note
_REMEMBERED = 64  # chords
_LOWEST = 36

Voice = tuple[int, int]  # part, pitch


class Harmonist:
    """Key and chords as they are heard.  Threads: loop only."""

    def __init__(self) -> None:
        self._keys = KeyTracker()
        self._chords = ChordTracker()
        self._heard: deque[tuple[int, Chord]] = deque(maxlen=_REMEMBERED)
        self._joined: dict[tuple[int, int], list[Voice]] = {}  # (channel, pitch) -> its companions
        self._voicing: tuple[int, ...] = ()

    def hear(self, at: int, struck: Struck, tick: int) -> None:
        """A note of the player's begins or ends."""
        part, pitch, velocity = struck
        if part == DRUMS:
            return
        # Three notes of a melody would be heard as a broken chord: chords are the left hand's.
        is_below = part != LEAD or pitch < SPLIT_PITCH
        for tracker in (self._keys, self._chords) if is_below else (self._keys,):
            if velocity:
                tracker.strike(at, pitch, velocity)
            else:
                tracker.release(at, pitch)
        chord = self._chords.look(at)
        if chord is not None and (not self._heard or self._heard[-1][1] != chord):
            self._heard.append((tick, chord))

    def begin(self) -> None:
        """A call begins: the chords before it are not its own."""
        self._heard.clear()

    def for_brief(self, mode: Mode, start: int, bar: int, now: int) -> dict[str, Any]:
        """What a brief is told: the key's pitch classes, and chords with their ticks and period."""
        key = self._keys.look(now)
        classes = key.pitch_classes if key else None
        if mode.soloist and self._heard:
            first = self._heard[0][0]
            return {
                "classes": classes,
                "chords": tuple(self._heard),
                "period": max(1, -((first - start) // bar)) * bar,
            }
        chord = self._chords.look(now)
        is_beside = mode.plays is Plays.BESIDE and chord is not None
        return {"classes": classes, "chords": ((start, chord),) if is_beside else ()}

    def rest(self, now: int) -> tuple[frozenset[int], frozenset[int]]:
        """Pitch classes of the key and of its tonic triad; none while no key is known."""
        key = self._keys.look(now)
        if key is None:
            return frozenset(), frozenset()
        third = 4 if key.mode == "major" else 3
        tonic = frozenset((key.tonic + step) % 12 for step in (0, third, 7))
        return key.pitch_classes, tonic

    def snapshot(self, now: int) -> dict[str, object]:
        """Names of key and chord, for people."""
        key, chord = self._keys.look(now), self._chords.look(now)
        return {"key": key.name if key else "", "chord": chord.name if chord else ""}

    # --- harmonising ------------------------------------------------------------------------------------------------

    def join(
        self, struck: Struck, note: NoteOn, louder: float, agenda: Agenda, now: int
    ) -> Iterator[Timed]:
        """Companions for a note of the player's, at once."""
        part, pitch, velocity = struck
        if part == DRUMS:
            return
        chord, key = self._chords.look(now), self._keys.look(now)
        low = max(_LOWEST, pitch - 24)
        found = companions(pitch, chord, key, self._voicing, VOICES, low, pitch - 1)
        self._voicing = found
        loudness = max(1, min(127, round(velocity * 0.8 + louder)))
        voices = [(COMP, companion) for companion in found]
        self._joined[note.channel, note.pitch] = voices
        for _, companion in voices:
            yield from agenda.hand_out_now(COMP, companion, loudness, now)

    def leave(self, note: NoteOff, agenda: Agenda, now: int) -> Iterator[Timed]:
        """A key comes up, and its companions with it, unless another key still has them."""
        voices = self._joined.pop((note.channel, note.pitch), [])
        still = {voice for others in self._joined.values() for voice in others}
        for part, pitch in voices:
            if (part, pitch) not in still:
                yield from agenda.hand_out_now(part, pitch, 0, now)

    def alone(self) -> None:
        """All companions were silenced."""
        self._joined.clear()
