"""The pitches that a part may begin at a tick, by the brief and by what sounds.  Pure functions of masks (128,).

Knows ticks, parts and pitches; knows no model and no chance.
"""

import numpy as np

from livegen.inference.sampling import Mask
from livegen.jam.harmony.outline import WAIT
from livegen.jam.hearing.hearing import Hearing
from livegen.jam.planning.brief import Brief
from livegen.jam.planning.own_notes import SHORTEST, STRUCK, OwnNotes
from livegen.music.parts import BASS, COMP, DRUMS

PITCHES = np.arange(128)
BASS_LEAP = 12  # semitones: a bass leaps no farther


def beginnable(
    part: int,
    tick: int,
    brief: Brief,
    notes: OwnNotes,
    before: int | None,
    strikes_at: int | None,
    closed: int | None,
) -> Mask:
    """The pitches (128,) that a part may begin at a tick, where its pitch before was `before`.

    None behind tick `closed`, on which the line has come to rest, nor where the chart is silent; for parts that strike
    chords none where the next chord is struck soon, at tick `strikes_at`, or the player is waited for.
    """
    has_closed = closed is not None and tick > closed
    harmony = brief.harmony[part]
    is_tacet = harmony is not None and harmony.is_silent(tick)
    is_held_back = part in STRUCK and (_is_soon(strikes_at, tick, notes) or _waits(brief, tick))
    if has_closed or is_tacet or is_held_back:
        return np.zeros(128, np.bool_)
    allowed = brief.pitches[part].copy()
    if part == BASS and before is not None:
        allowed = _within_reach(allowed, before)
    channel = brief.channels[part]
    for (_, pitch), (sounds_on, _) in notes.notes.items():
        if sounds_on == channel:
            allowed[pitch] = False
    if channel == brief.channels[DRUMS]:
        for pitch in notes.drums_down(tick):
            allowed[pitch] = False
    return allowed


def _is_soon(strikes_at: int | None, tick: int, notes: OwnNotes) -> bool:
    """True if a note that begins at a tick could not end before the next chord is struck."""
    return strikes_at is not None and 0 < strikes_at - tick < notes.least(COMP)


def _waits(brief: Brief, tick: int) -> bool:
    """True where the parts that strike chords wait for the player to say which."""
    return any(wait - SHORTEST < tick < wait + WAIT for wait in brief.waits)


def _within_reach(allowed: Mask, before: int) -> Mask:
    """Of the pitches of a bass those that its player reaches from the one before, if there are any."""
    near = allowed & (np.abs(PITCHES - before) <= BASS_LEAP)
    return near if near.any() else allowed


def without(pitches: set[int], allowed: Mask) -> Mask:
    """A mask (128,) without some pitches, if that leaves any."""
    fewer = allowed.copy()
    fewer[list(pitches)] = False
    return fewer if fewer.any() else allowed


def sounding(hearing: Hearing, part: int) -> Mask:
    """The pitches (128,) of a part that sound, whoever plays it, as far as this branch knows."""
    mask = np.zeros(128, np.bool_)
    for other, pitch in hearing.encoder.sounding:
        if other == part:
            mask[pitch] = True
    return mask
