"""The harmony: the key, the chord that sounds, and the chords that are to come, each from the source that knows best.

What the player's left hand plays comes first, then what this song did before at the same place, then what the melody
implies.  Puts the trackers of `music` to work for the engine.  Knows notes, micros and ticks; knows no model.
"""

from collections import deque
from dataclasses import replace
from enum import Enum
from typing import Any, NamedTuple

from livegen.jam.harmonies import Changes, foot
from livegen.jam.struck import Struck
from livegen.jam.turns import Chords
from livegen.music.chord import KINDS, Chord
from livegen.music.chords_heard import ChordTracker
from livegen.music.chords_implied import SPAN, Sung, implied
from livegen.music.foresight import Foresight, Form, Grid
from livegen.music.key import Key, KeyTracker
from livegen.music.metre import TICKS_PER_BEAT
from livegen.music.parts import DRUMS, LEAD, SPLIT_PITCH
from livegen.music.phrase import CHORD_US
from livegen.music.timeline import Timeline

SETTLE_US = 85_000  # so long after it began a note of a chord is none of a melody
IN_THE_EAR_US = 1_000_000  # so long may the chord before still be heard in it
STALE_US = 8_000_000  # after so long without a left hand the melody says the chord
AHEAD = 8 * TICKS_PER_BEAT  # so far ahead chords are foreseen
SURE = 0.6  # chords that are foreseen are gone by from this probability on
_REMEMBERED = 64  # chords of a call
_HEARD = 1024  # chords, of which a song that is heard on another beat is remembered anew
_MELODY = 64  # notes
_CHORD = 3  # notes at once that are a chord, wherever they lie
_LINE = TICKS_PER_BEAT // 2  # chords are taken to change on eighths
_BASS_BELOW, _APART = (
    48,
    7,
)  # a note below this pitch, and so far below the next, is meant as the bass
_INTO = 0.75  # where in a beat its chord is asked for: a hand may be late

Voice = tuple[int, int]  # part, pitch


class Source(Enum):
    """Where the chord that is gone by comes from."""

    NONE = ""
    HAND = "hand"
    MEMORY = "memory"
    MELODY = "melody"


class Ahead(NamedTuple):
    """The chords to go by: `chords` from a tick on; `strikes` are those that begin there or later.

    `is_new` says that the first of them begins now, and was not foreseen.
    """

    chords: Changes = ()
    strikes: Changes = ()
    is_new: bool = False


class Harmony:
    """Key and chords as they are heard and foreseen.  `left_hand` are the keys that it holds.  Threads: loop only."""

    def __init__(self) -> None:
        self._keys = KeyTracker()
        self._chords = ChordTracker()
        self._call: deque[tuple[int, Chord]] = deque(
            maxlen=_REMEMBERED
        )  # its chords, since when, micros
        self._together: list[tuple[int, int]] = []  # strokes at one time, as when and pitch
        self._told: Chord | None = (
            None  # to whoever goes along with it, since `_told_us`, from `_source`
        )
        self._told_us = -STALE_US
        self._source = Source.NONE
        self._key_was_heard = False  # before that no chord is named
        # When to look again what chord the notes struck last make.
        self.settles_us: int | None = None
        self._struck_us = 0
        self.left_hand: set[Voice] = set()
        self._left_us = -STALE_US  # when it last did something, and when it last struck a key
        self._left_struck_us = -STALE_US
        # Since when, micros, and pitch; and until when those sounded that have ended.
        self._melody: deque[tuple[int, int]] = deque(maxlen=_MELODY)
        self._ended: dict[tuple[int, int], int] = {}
        # The song so far, by beats of `_timeline`, up to the cell `_reached`.
        self._song: Foresight | None = None
        self._grid: Grid | None = None
        self._timeline: Timeline | None = None
        self._reached = 0
        self._sounded: deque[tuple[int, Chord | None]] = deque(maxlen=_HEARD)
        self._foreseen: Changes = ()  # that were told, and may have come by now

    # --- what is heard --------------------------------------------------------------------------------------------

    def hear(self, struck: Struck) -> None:
        """A note of the player's begins or ends."""
        at, part, pitch, velocity = struck
        if part == DRUMS:
            return
        # Three notes of a melody would be heard as a broken chord: chords are the left hand's, or struck at once.
        is_below = part != LEAD or pitch < SPLIT_PITCH
        chordal = self._chordal(at, pitch, is_below) if velocity else []
        if velocity:
            self._struck_us, self.settles_us = at, at + SETTLE_US
            self._keys.strike(at, pitch, velocity)
            for other in chordal:
                self._chords.strike(at, other, velocity)
        else:
            self._keys.release(at, pitch)
            self._chords.release(at, pitch)
        if is_below:
            self._left_us = at
            (self.left_hand.add if velocity else self.left_hand.discard)((part, pitch))
        else:
            self._sing(at, pitch, velocity)
        if chordal:
            self._left_struck_us = at
        self._note(at)

    def _note(self, at: int) -> None:
        """Remember the chord that sounds."""
        chord = self._chords.look(at)
        if chord is not None and (not self._call or self._call[-1][1] != chord):
            self._call.append((at, chord))
        played = self.played(at)
        if not self._sounded or self._sounded[-1][1] != played:
            self._sounded.append((at, played))

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

    def begin(self) -> None:
        """A call begins: the chords before it are not its own."""
        self._call.clear()
        self._told, self._source, self._foreseen = None, Source.NONE, ()

    # --- what sounds ----------------------------------------------------------------------------------------------

    def key(self, now: int) -> Key | None:
        """The key that is heard."""
        return self._keys.look(now)

    def played(self, now: int) -> Chord | None:
        """The chord of the left hand, as long as there is one.

        Chords are played as they lie under the hand: the lowest note is meant as the bass only where it stands apart.
        """
        is_there = bool(self.left_hand) or now - self._left_us < STALE_US
        chord = self._chords.look(now) if is_there else None
        if chord is None or chord.bass is None:
            return chord
        low, *others = sorted(pitch for _, pitch in self.left_hand) or (_BASS_BELOW,)
        is_apart = low < _BASS_BELOW and all(pitch - low >= _APART for pitch in others)
        return chord if is_apart else replace(chord, bass=None)

    @property
    def is_struck_together(self) -> bool:
        """True if the note that was struck last is one of several at once: it is not known yet what chord they make."""
        return len(self._together) > 1

    def is_accompanied(self, since: int) -> bool:
        """True if the left hand has played after `since`, micros: a response goes by what it plays now."""
        return self._left_us > since and self._told is not None

    def settle(self, timeline: Timeline, now: int) -> bool:
        """True if the chord that is played has turned out to be another than the one that was gone by."""
        is_fresh = now - self._struck_us < IN_THE_EAR_US
        self.settles_us = now + 2 * SETTLE_US if is_fresh else None
        self._note(now)
        chord = self.played(now)
        if chord is None or self._holds(timeline.tick(now), timeline):
            return False
        return chord != self._told

    def _is_whole(self, now: int) -> bool:
        """True if the chord that is struck can be named: three of its tones are there at once, or time has passed."""
        tones = {pitch % 12 for _, pitch in self._together}
        return len(tones) >= _CHORD or now - self._left_us >= SETTLE_US

    # --- what is to come ------------------------------------------------------------------------------------------

    def ahead(self, start: int, timeline: Timeline, now: int) -> Ahead:
        """Choose the chords that who goes along keeps to from tick `start` on.

        Now it is what the player's left hand plays, or else what the melody implies; then what this song did before.
        One that was not foreseen is new for as long as keys that go with it may still come.
        """
        self._follow(timeline, now)
        self._key_was_heard = self._key_was_heard or self._keys.look(now) is not None
        for _, chord in self._past(start):
            self._told, self._source = chord, Source.MEMORY
        before, played = self._told, self.played(now)
        if self._holds(start, timeline):
            pass
        elif played is None and self._key_was_heard and self._melody:
            self._told, self._source = self._implied(start, timeline, now, before), Source.MELODY
        elif played is None or self._is_whole(now):
            self._told, self._source = played, Source.HAND if played else Source.NONE
        if self._told != before:
            self._told_us = now
        self._foreseen = (*self._past(start), *self._coming(start))
        if self._told is None:
            return Ahead()
        coming = tuple(change for change in self._foreseen if change[0] > start)
        first = (start, self._told)
        is_new = now - self._told_us < SETTLE_US
        return Ahead((first, *coming), (first, *coming) if is_new else coming, is_new)

    def _follow(self, timeline: Timeline, now: int) -> None:
        """Let the song go on: tell it the chord of each beat that is over, or all of them where bars are others."""
        tick, song = timeline.tick(now), self._song
        is_other = (
            self._timeline is None
            or self._timeline.metre != timeline.metre
            or (abs(self._timeline.tick(now) - tick) > _LINE)
        )
        self._timeline = timeline
        if song is None or self._grid is None or is_other:
            song = self._song = Foresight(timeline.metre)
            self._grid = Grid.of(timeline.metre)
            since = self._sounded[0][0] if self._sounded and now - self._left_us < STALE_US else now
            self._reached, self._foreseen = self._grid.cell(timeline.tick(since)), ()
        into = round(_INTO * self._grid.ticks)
        while (begin := self._grid.tick(self._reached)) + into <= tick:
            is_supposed = self._holds(begin, timeline)
            song.hear(begin, None if is_supposed else self._chord_at(timeline.micros(begin + into)))
            self._reached += 1

    def _chord_at(self, at: int) -> Chord | None:
        """The chord that the left hand played at a time, micros; None where it played none."""
        return next((chord for since, chord in reversed(self._sounded) if since <= at), None)

    def _coming(self, start: int) -> Changes:
        """The changes after tick `start` that are sure enough."""
        found: list[tuple[int, Chord]] = []
        before = self._told
        if self._song is None or before is None:
            return ()
        for tick, chord, sure, _ in self._song.expected(start + 1, start + AHEAD):
            if chord is None or sure < SURE:
                break
            if _is_other(chord, before):
                found.append((tick, chord))
                before = chord
        return tuple(found)

    def _past(self, start: int) -> Changes:
        """The last change that was foreseen and has come by tick `start`."""
        return tuple(change for change in self._foreseen if change[0] <= start)[-1:]

    def _holds(self, start: int, timeline: Timeline) -> bool:
        """True if a chord that was foreseen has come, and the left hand has said nothing since.

        What it struck before says nothing, unless it still holds that when most of a beat is over.
        """
        for tick, _ in self._past(start):
            has_struck = timeline.tick(self._left_struck_us) >= tick - _LINE
            is_held = bool(self.left_hand) and start - tick >= _INTO * TICKS_PER_BEAT
            return not has_struck and not is_held
        return False

    def for_brief(
        self, which: Chords, start: int, ended_us: int, timeline: Timeline, now: int
    ) -> dict[str, Any]:
        """Give a brief the pitch classes of the key, and chords with their ticks and period.

        The chords of the call, which ended at `ended_us`, come again in so many whole bars as they took; the chord of
        the moment, and those to come, are what `ahead` chose.
        """
        key = self._keys.look(now)
        classes = key.pitch_classes if key else None
        if which is Chords.CALL and self._call:
            chords = self._on_lines(timeline)
            first, bar = chords[0][0], timeline.metre.place(start).bar
            bars = max(1, round((timeline.tick(ended_us) - first) / bar))
            return {"classes": classes, "chords": chords, "period": bars * bar}
        if which is not Chords.NOW or self._told is None:
            return {"classes": classes}
        coming = (change for change in self._foreseen if change[0] > start)
        return {"classes": classes, "chords": ((start, self._told), *coming)}

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
        lines = {round(timeline.tick(at) / _LINE) * _LINE: chord for at, chord in self._call}
        return tuple(lines.items())

    def rest(self, of_call: Key | None, now: int) -> tuple[frozenset[int], frozenset[int]]:
        """Pitch classes of the key of the call, else of that heard before, and of its tonic triad; none without."""
        key = of_call or self._keys.look(now)
        if key is None:
            return frozenset(), frozenset()
        third = 4 if key.mode == "major" else 3
        tonic = frozenset((key.tonic + step) % 12 for step in (0, third, 7))
        return key.pitch_classes, tonic

    def form(self) -> Form | None:
        """The form that was found in the song so far."""
        return self._song.form() if self._song else None

    def snapshot(self, now: int) -> dict[str, object]:
        """Names of key and chord, for people: the chord that is played, or gone by, or was played last."""
        key = self._keys.look(now)
        chord = self.played(now) or self._told or self._chords.look(now)
        return {"key": key.name if key else "", "chord": chord.name if chord else ""}


def _is_other(one: Chord, other: Chord) -> bool:
    """True if a band plays something else over one chord than over the other: another bass or another third."""
    return foot(one) != foot(other) or _third(one) != _third(other)


def _third(chord: Chord) -> int | None:
    return next((step for step in KINDS.get(chord.kind, ()) if step in (3, 4)), None)
