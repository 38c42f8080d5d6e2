"""Harmony: the key and the chords of the moment, those of the call, and companions for single notes.

Puts the trackers of `music` to work for the engine.  Knows notes, micros and ticks; knows no model.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from livegen.jam.agenda import Agenda, Timed
from livegen.jam.struck import Struck
from livegen.jam.turns import Chords
from livegen.music.chord import Chord
from livegen.music.chords_heard import ChordTracker
from livegen.music.chords_implied import SPAN, Sung, implied
from livegen.music.key import Key, KeyTracker
from livegen.music.metre import TICKS_PER_BEAT
from livegen.music.parts import COMP, DRUMS, LEAD, SPLIT_PITCH
from livegen.music.phrase import CHORD_US
from livegen.music.timeline import Timeline
from livegen.music.voicing import companions

SETTLE_US = 85_000  # so long after it began a note of a chord is none of a melody
IN_THE_EAR_US = 1_000_000  # so long may the chord before still be heard in it
STALE_US = 8_000_000  # after so long without a left hand the melody says the chord
VOICES = 2  # companions of one note
_REMEMBERED = 64  # chords
_MELODY = 64  # notes
_LOWEST = 36
_CHORD = 3  # notes at once that are a chord, wherever they lie
_SOFTER = 0.8  # how loud a companion is beside its note
_LINE = TICKS_PER_BEAT // 2  # chords are taken to change on eighths

_BASS_BELOW, _APART = (
    48,
    7,
)  # a note below this pitch, and so far below the next, is meant as the bass

Voice = tuple[int, int]  # part, pitch


class Harmonist:
    """Key and chords as they are heard.  Threads: loop only."""

    def __init__(self) -> None:
        self._keys = KeyTracker()
        self._chords = ChordTracker()
        self._heard: deque[tuple[int, Chord]] = deque(maxlen=_REMEMBERED)  # since when, micros
        self._joined: dict[Voice, list[Voice]] = {}  # a note of the player's -> its companions
        # The melody's note that has companions, and how much louder than it they are to be.
        self._top: tuple[Struck, float] | None = None
        self._together: list[tuple[int, int]] = []  # strokes at one time, as when and pitch
        self._voicing: tuple[int, ...] = ()
        self._told: Chord | None = None  # to whoever goes along with it, since `_told_us`
        self._told_us = -STALE_US
        self._key_was_heard = False  # before that no chord is named
        # When to look again what chord the notes struck last make.
        self.settles_us: int | None = None
        self._struck_us = 0
        self._left: set[Voice] = set()  # keys that the left hand holds
        self._left_us = -STALE_US  # when it last did something
        self._melody: deque[tuple[int, int]] = deque(
            maxlen=_MELODY
        )  # since when, micros, and pitch
        self._ended: dict[tuple[int, int], int] = {}  # until when those sounded that have ended

    def hear(self, struck: Struck) -> None:
        """A note of the player's begins or ends."""
        at, part, pitch, velocity = struck
        if part == DRUMS:
            return
        # Three notes of a melody would be heard as a broken chord: chords are the left hand's, or struck at once.
        is_below = part != LEAD or pitch < SPLIT_PITCH
        if velocity:
            self._struck_us, self.settles_us = at, at + SETTLE_US
            self._keys.strike(at, pitch, velocity)
            for chordal in self._chordal(at, pitch, is_below):
                self._chords.strike(at, chordal, velocity)
        else:
            self._keys.release(at, pitch)
            self._chords.release(at, pitch)
        if is_below:
            self._left_us = at
            (self._left.add if velocity else self._left.discard)((part, pitch))
        else:
            self._sing(at, pitch, velocity)
        chord = self._chords.look(at)
        if chord is not None and (not self._heard or self._heard[-1][1] != chord):
            self._heard.append((at, chord))

    def _chordal(self, at: int, pitch: int, is_below: bool) -> list[int]:
        """The pitches that this stroke makes notes of a chord: its own, or all that were struck with it."""
        since = at - CHORD_US
        self._together = [row for row in self._together if row[0] >= since] + [(at, pitch)]
        if len(self._together) >= _CHORD:
            return [other for _, other in self._together]
        return [pitch] if is_below else []

    def _sing(self, at: int, pitch: int, velocity: int) -> None:
        """A note of the melody begins or ends."""
        if velocity:
            if len(self._melody) == _MELODY:
                self._ended.pop(self._melody[0], None)
            self._melody.append((at, pitch))
            return
        begun = next((note for note in reversed(self._melody) if note[1] == pitch), None)
        if begun is not None:
            self._ended.setdefault(begun, at)

    def settle(self, now: int) -> bool:
        """True if the chord that is played has turned out to be another than the one that was gone by."""
        is_fresh = now - self._struck_us < IN_THE_EAR_US
        self.settles_us = now + 2 * SETTLE_US if is_fresh else None
        chord = self._played(now)
        return chord is not None and chord != self._told

    def is_accompanied(self, since: int) -> bool:
        """True if the left hand has played after `since`, micros: a response goes by what it plays now."""
        return self._left_us > since and self._told is not None

    def begin(self) -> None:
        """A call begins: the chords before it are not its own."""
        self._heard.clear()
        self._told = None

    def tell(self, start: int, timeline: Timeline, now: int) -> Chord | None:
        """Choose the chord that who goes along keeps to from tick `start` on.

        That is what the player's left hand plays, or else what the melody implies.  Given is one that is new, for as
        long as keys that go with it may still come.
        """
        before = self._told
        self._key_was_heard = self._key_was_heard or self._keys.look(now) is not None
        played = self._played(now)
        if played is None and self._key_was_heard and self._melody:
            self._told = self._implied(start, timeline, now, before)
        elif played is None or self._is_whole(now):
            self._told = played
        if self._told != before:
            self._told_us = now
        return self._told if now - self._told_us < SETTLE_US else None

    def _is_whole(self, now: int) -> bool:
        """True if the chord that is struck can be named: three of its keys are down at once, or time has passed."""
        return len(self._together) >= _CHORD or now - self._left_us >= SETTLE_US

    def for_brief(
        self, which: Chords, start: int, ended_us: int, timeline: Timeline, now: int
    ) -> dict[str, Any]:
        """Give a brief the pitch classes of the key, and chords with their ticks and period.

        The chords of the call, which ended at `ended_us`, come again in so many whole bars as they took; the chord of
        the moment is what `tell` chose.
        """
        key = self._keys.look(now)
        classes = key.pitch_classes if key else None
        if which is Chords.CALL and self._heard:
            chords = self._on_lines(timeline)
            first, bar = chords[0][0], timeline.metre.place(start).bar
            bars = max(1, round((timeline.tick(ended_us) - first) / bar))
            return {"classes": classes, "chords": chords, "period": bars * bar}
        if which is not Chords.NOW or self._told is None:
            return {"classes": classes}
        return {"classes": classes, "chords": ((start, self._told),)}

    def _played(self, now: int) -> Chord | None:
        """The chord of the left hand, as long as there is one.

        Chords are played as they lie under the hand: the lowest note is meant as the bass only where it stands apart.
        """
        is_there = bool(self._left) or now - self._left_us < STALE_US
        chord = self._chords.look(now) if is_there else None
        if chord is None or chord.bass is None:
            return chord
        low, *others = sorted(pitch for _, pitch in self._left) or (_BASS_BELOW,)
        is_apart = low < _BASS_BELOW and all(pitch - low >= _APART for pitch in others)
        return chord if is_apart else replace(chord, bass=None)

    def _implied(self, start: int, timeline: Timeline, now: int, held: Chord | None) -> Chord:
        """The chord that the melody implies in this half of a bar, or in a bar that has no halves of two beats."""
        place = timeline.metre.place(start)
        length = 2 * TICKS_PER_BEAT if place.bar % (2 * TICKS_PER_BEAT) == 0 else place.bar
        bar_line = start - place.position

        def beat(at: int) -> float:
            return (timeline.tick(at) - bar_line) / length * SPAN

        sung = [
            Sung(beat(at), beat(self._ended.get((at, pitch), now + timeline.tempo_us)), pitch)
            for at, pitch in self._melody
        ]
        return implied(sung, (start - bar_line) // length, held)

    def _on_lines(self, timeline: Timeline) -> tuple[tuple[int, Chord], ...]:
        """The chords of the call, each since the line it was played on, the later of two on one line."""
        lines = {round(timeline.tick(at) / _LINE) * _LINE: chord for at, chord in self._heard}
        return tuple(lines.items())

    def rest(self, of_call: Key | None, now: int) -> tuple[frozenset[int], frozenset[int]]:
        """Pitch classes of the key of the call, else of that heard before, and of its tonic triad; none without."""
        key = of_call or self._keys.look(now)
        if key is None:
            return frozenset(), frozenset()
        third = 4 if key.mode == "major" else 3
        tonic = frozenset((key.tonic + step) % 12 for step in (0, third, 7))
        return key.pitch_classes, tonic

    def snapshot(self, now: int) -> dict[str, object]:
        """Names of key and chord, for people: the chord that is played, or gone by, or was played last."""
        key = self._keys.look(now)
        chord = self._played(now) or self._told or self._chords.look(now)
        return {"key": key.name if key else "", "chord": chord.name if chord else ""}

    # --- harmonising ------------------------------------------------------------------------------------------------

    def join(self, struck: Struck, louder: float, agenda: Agenda, now: int) -> Iterator[Timed]:
        """Companions for a note of the melody that begins, at once; those of the note before it in a chord end.

        The left hand has none, and of notes struck at once only the highest; nor has any note while neither key nor
        chord is known.
        """
        if struck.part != LEAD:
            return
        if self._top is not None:
            before = self._top[0]
            if struck.at - before.at <= CHORD_US:
                if struck.pitch < before.pitch:
                    return
                yield from self.leave(before, agenda, now)
        yield from self.leave(struck, agenda, now)
        self._top = struck, louder
        # Of notes struck at once it is not known yet what chord they make.
        if len(self._together) == 1:
            yield from self._voice(struck, louder, agenda, now)

    def revoice(self, agenda: Agenda, now: int) -> Iterator[Timed]:
        """Give the note of the melody that sounds the companions of the chord as it is now."""
        if self._top is None:
            return
        struck, louder = self._top
        has_some = (struck.part, struck.pitch) in self._joined
        if not has_some or self._found(struck.pitch, now) != self._voicing:
            yield from self.leave(struck, agenda, now)
            self._top = struck, louder
            yield from self._voice(struck, louder, agenda, now)

    def _voice(self, struck: Struck, louder: float, agenda: Agenda, now: int) -> Iterator[Timed]:
        found = self._found(struck.pitch, now)
        self._voicing = found
        loudness = max(1, min(127, round(struck.velocity * _SOFTER + louder)))
        shared = self._companions()
        voices = [(COMP, companion) for companion in found]
        # What sounds there already and is nobody's companion is left to who began it.
        mine = [voice for voice in voices if voice in shared or not agenda.is_open(*voice)]
        self._joined[struck.part, struck.pitch] = mine
        for voice in mine:
            yield from agenda.hand_out_now(*voice, loudness, now)

    def _found(self, pitch: int, now: int) -> tuple[int, ...]:
        """The pitches that go under a note; none while neither key nor chord is known."""
        chord, key = self._played(now), self._keys.look(now)
        if chord is None and key is None:
            return ()
        low = max(_LOWEST, pitch - 24)
        found = companions(pitch, chord, key, self._voicing, VOICES, low, pitch - 1)
        return tuple(other for other in found if (COMP, other) not in self._left)

    def leave(self, struck: Struck, agenda: Agenda, now: int) -> Iterator[Timed]:
        """A note of the player's ends, and its companions with it, unless another note still has them."""
        voices = self._joined.pop((struck.part, struck.pitch), [])
        if self._top is not None and self._top[0][1:3] == struck[1:3]:
            self._top = None
        still = self._companions()
        for part, pitch in voices:
            if (part, pitch) not in still:
                yield from agenda.hand_out_now(part, pitch, 0, now)

    def alone(self) -> None:
        """All companions were silenced."""
        self._joined.clear()
        self._top = None

    def _companions(self) -> set[Voice]:
        return {voice for voices in self._joined.values() for voice in voices}
