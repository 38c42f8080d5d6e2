"""Chords that are struck on time: the comp its tones, the bass its foot, the drums with the last one.

A bass begins anew, unless it has done so for the chord, and where a rest follows all do.  Where there is no chord, all
notes end.  Knows ticks, chords and what sounds; knows no model and no chance.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.codec.encoder import Stroke
from livegen.inference.sampling import Mask
from livegen.jam.band.drummer import BOLD
from livegen.jam.band.figures import Figure, Role
from livegen.jam.band.walking import walking
from livegen.jam.harmony.outline import WAIT, foot
from livegen.jam.planning.brief import Brief
from livegen.jam.planning.legal_pitches import PITCHES
from livegen.jam.planning.own_notes import SHORTEST, STRUCK, OwnNotes
from livegen.jam.reports.reasons import Cause, Reason
from livegen.music.chords.chord import Chord
from livegen.music.drums.drum_bars import CRASH, KICK
from livegen.music.messages import velocity_near
from livegen.music.parts import BASS, COMP, DRUMS
from livegen.music.time.metre import Metre
from livegen.music.time.quantise import line_or_tick

LAST_HITS = (KICK, CRASH)  # drums that are struck with the last chord
TOGETHER = 2  # ticks that notes struck together may lie apart
OCTAVE = 12
_MOVED = 0.8  # nats for each semitone that a voice of a comp moves from one chord to the next
# From where on close voices are clear, and nats for each semitone that one lies below.
_CLEAR, _MUDDY = 55, 0.8
_LOOKED_AT = 96  # strokes of our own in which the comp's last chord is looked for


class StruckNote(NamedTuple):
    """A note of a chord that is struck: one of `allowed` (128,), by how welcome each is, and why."""

    part: int
    allowed: Mask
    favour: NDArray[np.float64] | None
    because: Reason


class Strikes:
    """The chords that a response still strikes, the drums that go with the last one, and the comp's chord before."""

    def __init__(self, brief: Brief, own: Sequence[Stroke]) -> None:
        """`own` are the strokes of the response so far."""
        self.chords = deque(brief.strikes)
        self.last_hits = deque(LAST_HITS if brief.last and brief.drummer else ())
        self._voicing = voicing_of(own)

    def at(self, brief: Brief, metre: Metre) -> int | None:
        """The tick at which the next chord is struck; None where none is."""
        if not self.chords:
            return None
        return line_or_tick(max(self.chords[0].tick, brief.start), brief.grid, metre)

    def next_at(self, brief: Brief, metre: Metre) -> int | None:
        """The tick at which a chord is struck next, or the drums that go with the last one; None where neither is."""
        if self.chords:
            return self.at(brief, metre)
        return brief.last.tick if self.last_hits and brief.last else None

    def leave_out(self, tick: int) -> None:
        """Strike no chord that begins before a tick."""
        while self.chords and self.chords[0].tick < tick:
            self.chords.popleft()

    def outside(self, tick: int, brief: Brief, notes: OwnNotes) -> Stroke | None:
        """The next note-off as the first chord is struck: the note lies outside it, or begins anew.  None of a click.

        It is on the tick, or later where the note has just begun.
        """
        since, chord = self.chords[0]
        all_anew = _is_last(brief, tick) or _is_hit(brief, since)
        for (part, pitch), (_, onset) in notes.notes.items():
            figure = brief.figures[part]
            is_anew = onset < since and (all_anew or (figure is not None and figure.holds))
            is_begun = part != BASS or _is_of(since, onset, notes, figure)
            stays = pitch % 12 in tones(chord, part) and is_begun
            if is_anew or (part in STRUCK and not stays):
                if notes.is_leaving(part, pitch) or notes.leaves(part, pitch, onset, tick):
                    continue
                return Stroke(max(tick, onset + SHORTEST), part, pitch, 0)
        return None

    def missing(
        self,
        tick: int,
        brief: Brief,
        notes: OwnNotes,
        free: Mapping[int, Mask],
        bass: tuple[int, ...],
    ) -> StruckNote | None:
        """The next note that is struck of the first chord; `free` are the pitches (128,) that each part may begin.

        `bass` are the pitches that the bass began last.
        """
        since, chord = self.chords[0]
        for part in STRUCK:
            wanted = tones(chord, part) - {pitch % 12 for pitch in notes.held(part)}
            allowed = free[part] & np.array([pitch % 12 in wanted for pitch in range(128)])
            has_room = brief.parts[part] and notes.count(part) < brief.voices[part]
            if has_room and allowed.any():
                favour = self.near if part == COMP else _on_its_way(bass, brief.figures[BASS])
                is_asked = _is_last(brief, tick) or _is_hit(brief, since)
                by = Cause.CUE if is_asked else Cause.CHORD
                because = Reason(
                    tick, free[part], struck_by=by, chord=chord, favoured_by=Cause.VOICES
                )
                return StruckNote(part, allowed, favour, because)
        return None

    def leave(self, notes: OwnNotes) -> None:
        """Take the first chord as struck, with the voices that the comp holds."""
        self.take_voices(notes)
        self.chords.popleft()

    def take_voices(self, notes: OwnNotes) -> None:
        """Take what a comp holds for its chord."""
        self._voicing = tuple(sorted(notes.held(COMP))) or self._voicing

    @property
    def near(self) -> NDArray[np.float64]:
        """The welcome of each pitch (128,) to the comp, by how far its voices would have to move, in nats."""
        return _near(self._voicing)

    def hit_last(self, tick: int, brief: Brief, notes: OwnNotes) -> Stroke | None:
        """The next drum that is struck with the last chord; None where it was, or the chord is over."""
        drum, last = self.last_hits.popleft(), brief.last
        if last is None or tick > last.tick or tick < notes.drums.get(drum, tick):
            return None
        loud = velocity_near(min(BOLD, brief.kit.loudest) + brief.louder)
        return Stroke(tick, DRUMS, brief.kit.filled(drum), loud)


def _on_its_way(bass: tuple[int, ...], figure: Figure | None) -> NDArray[np.float64] | None:
    """Give how welcome each pitch is to a bass that walks: the nearer foot rather than the one an octave off."""
    walks = figure is not None and figure.beats[0].role is Role.WALKS
    return walking(bass, None, 0) if walks and bass else None


def _is_last(brief: Brief, tick: int) -> bool:
    return brief.last is not None and tick >= brief.last.tick


def _is_hit(brief: Brief, since: int) -> bool:
    """True of a chord, from tick `since` on, with which a rest begins."""
    return any(rest.start <= since <= rest.start + WAIT for rest in brief.rests)


def _is_of(since: int, onset: int, notes: OwnNotes, figure: Figure | None) -> bool:
    """True of a note of the bass that begins the chord of tick `since`: with it, tied to it, or just before it."""
    is_tied = figure is not None and figure.ties(onset, since)
    return onset > since - notes.least(BASS) or is_tied


def tones(chord: Chord | None, part: int) -> frozenset[int]:
    """The tones of a chord that a part strikes: a bass its foot, a comp all of it."""
    if chord is None:
        return frozenset()
    return frozenset({foot(chord)}) if part == BASS else chord.pitch_classes


def voicing_of(own: Sequence[Stroke]) -> tuple[int, ...]:
    """The pitches of the chord that a comp struck last, ascending; none where it has struck none."""
    struck = [it for it in own[-_LOOKED_AT:] if it.part == COMP and it.velocity]
    last = next((it.tick for it in reversed(struck) if _are_together(struck, it.tick)), None)
    if last is None:
        return ()
    return tuple(sorted(it.pitch for it in struck if abs(it.tick - last) <= TOGETHER))


def _are_together(struck: Sequence[Stroke], tick: int) -> bool:
    return sum(abs(it.tick - tick) <= TOGETHER for it in struck) > 1


@lru_cache(64)
def _near(voicing: tuple[int, ...]) -> NDArray[np.float64]:
    """Give how welcome each pitch is to a comp whose voices were there: the less, the farther one has to move.

    Voices that move as little as they can sink, and lie close in the bass's octave in the end: so low ones are less so.
    """
    nats: NDArray[np.float64] = -_MUDDY * np.maximum(0.0, _CLEAR - PITCHES.astype(np.float64))
    if voicing:
        apart = np.abs(PITCHES[:, None] - np.array(voicing)).min(1)
        nats -= _MOVED * np.minimum(apart, OCTAVE).astype(np.float64)
    return nats
