"""Parts keep to the beats of their figures, on each of which they begin a note, and drums to the hits of their bars.

Knows ticks, figures and what sounds; knows no model and no chance.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.codec.encoder import Stroke
from livegen.inference.sampling import Mask
from livegen.jam.band.figures import Role
from livegen.jam.band.walking import approaches
from livegen.jam.planning.brief import Brief
from livegen.jam.planning.legal_pitches import PITCHES
from livegen.jam.planning.own_notes import OwnNotes
from livegen.music.drums.drum_bars import DrumHit
from livegen.music.parts import COMP
from livegen.music.time.metre import TICKS_PER_BEAT

_LINE = 2  # pitches by which a line goes on
_LOOKED_AT = 48  # strokes in which they are looked for


class PartBeat(NamedTuple):
    """A beat of the figure of a part."""

    tick: int
    part: int
    role: Role

    def __lt__(self, other: tuple[object, ...]) -> bool:
        """By tick, then in the order of parts: roles have none."""
        return self[:2] < other[:2]


class KeptBeats:
    """The beats of all figures, one after another.

    `now` is a beat that has come and is not dealt with yet, on which a note has begun or not (`has_begun`).
    """

    def __init__(self, own: Sequence[Stroke]) -> None:
        """`own` are the strokes of the response so far."""
        self.now: PartBeat | None = None
        self.has_begun = False
        self._before: dict[int, tuple[int, ...]] = {}  # by part: the pitches that it began last
        for stroke in own[-_LOOKED_AT:]:
            if stroke.velocity:
                self.begin(stroke.part, stroke.pitch)
        self._over: dict[int, int] = {}  # by part: the last beat of its figure that is dealt with

    def coming(self, tick: int, brief: Brief) -> PartBeat | None:
        """The next beat of any part's figure from a tick on, those left out that are dealt with; None without one."""
        due = []
        for part, figure in enumerate(brief.figures):
            if figure is not None and brief.parts[part]:
                beat = figure.coming(max(tick, self._over.get(part, -1 << 60) + 1))
                due.append(PartBeat(beat.tick, part, beat.role))
        return min(due, default=None)

    def begin(self, part: int, pitch: int) -> None:
        """Take a note of a part as begun, whether on a beat or not."""
        self._before[part] = (*self._before.get(part, ()), pitch)[-_LINE:]

    def before(self, part: int) -> tuple[int, ...]:
        """The pitches that a part began last, the latest last; none of a part that has begun none."""
        return self._before.get(part, ())

    def come_to(self, beat: PartBeat) -> None:
        """Begin to deal with a beat."""
        self.now, self.has_begun = beat, False

    def leave(self, beat: PartBeat) -> None:
        """Take a beat as dealt with."""
        self.now, self._over[beat.part] = None, beat.tick


def missing_on_beat(
    beat: PartBeat, allowed: Mask, own: Collection[int], tick: int, brief: Brief
) -> tuple[Mask, int]:
    """The pitches that a part may still begin on a beat beside those of `own`, and how many notes it holds then.

    Of a comp these are the tones of its chord that it does not hold.
    """
    part = beat.part
    harmony = brief.harmony[part]
    chord = harmony.chord_on(beat.role, tick) if harmony and part == COMP else None
    if chord is None:
        is_none = harmony is not None and beat.role is Role.PUSH
        return allowed & (not is_none), min(brief.voices[part], 1)
    rings = beat.role is Role.RIPPLES  # whatever the comp holds, it strikes one tone more
    missing = chord.pitch_classes - {pitch % 12 for pitch in own if not rings}
    mask = allowed & np.array([pitch % 12 in missing for pitch in range(128)])
    return mask, brief.voices[part]


def with_approaches(
    beat: PartBeat, allowed: Mask, tick: int, brief: Brief, notes: OwnNotes
) -> Mask:
    """The same pitches, and where a bass that walks is about to reach a root those a semitone from it, in any key."""
    harmony = brief.harmony[beat.part]
    if beat.role is not Role.WALKS or harmony is None or not allowed.any():
        return allowed
    until, root = harmony.goal(tick)
    if root is None or until - tick > TICKS_PER_BEAT:
        return allowed
    low, high = np.flatnonzero(allowed)[[0, -1]]
    reached = approaches(root) & (low <= PITCHES) & (high >= PITCHES)
    channel = brief.channels[beat.part]
    for (_, pitch), (sounds_on, _) in notes.notes.items():
        if sounds_on == channel:
            reached[pitch] = False
    widened: Mask = allowed | reached
    return widened


def is_chord(beat: PartBeat) -> bool:
    """True of a beat on which a comp strikes all of its chord, where its voices have to move least."""
    return beat.part == COMP and beat.role in (Role.ANY, Role.PUSH)


def asked_on_beat(
    beat: PartBeat, tick: int, brief: Brief, before: tuple[int, ...]
) -> NDArray[np.float64] | None:
    """Give how welcome (nats) each pitch is to a part on a beat of its figure, after the pitches before."""
    harmony = brief.harmony[beat.part]
    if harmony is None:
        return None
    return harmony.at(tick) + harmony.in_figure(beat.role, tick, before)


def hits_from(tick: int, brief: Brief, notes: OwnNotes) -> tuple[DrumHit, ...]:
    """The next hits, from a tick on, of what the drums keep to, those that were struck left out."""
    if brief.drummer is None:
        return ()
    return brief.drummer.coming(tick, notes.drums_down(tick))


def hits_at(tick: int, brief: Brief, notes: OwnNotes) -> tuple[DrumHit, ...]:
    """The hits at a tick of what the drums keep to."""
    return tuple(hit for hit in hits_from(tick, brief, notes) if hit.tick == tick)


def share_of(hit: DrumHit, brief: Brief, rate: float = 1.0) -> float:
    """The share (0..1) that a hit has which the drums keep to.

    Who plays `rate` times as densely has more added to those that are kept, but none instead of those of a cue.
    """
    drummer = brief.drummer
    if drummer is None:
        return 0.0
    return drummer.share(hit) / (1.0 if drummer.is_cued(hit) else max(1.0, rate))
