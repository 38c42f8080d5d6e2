"""Registers: the pitches that each part may begin, and how many notes it holds at once.

Knows the call, the controls and the scale; knows no chords and no beats.
"""

import numpy as np

from livegen.inference.sampling import Mask
from livegen.jam.controls.controls import Settings
from livegen.jam.controls.mixer import strip_of
from livegen.jam.timing.agenda import Route
from livegen.jam.turns import MODES, Parts
from livegen.music.keys.scale import PitchClasses, parse_register
from livegen.music.melody.phrase import Extent, Phrase
from livegen.music.parts import COMP, DRUMS, LEAD, PARTS, PITCHED

_REACH = 7  # semitones: the register of a response about that of its call
_LEAST_PITCHES = 5  # fewer in a register are not cut down to what a piano has

# Of a part that the player does not play: where it lies, and how many notes it holds at once.
_USUAL = {"lead": (60, 84, 1), "comp": (50, 74, 4), "bass": (28, 50, 1), "drums": (27, 87, 8)}

# The middle of a solo over chords, and how far above the highest key it is at least.
_SOLO, _ABOVE_HANDS = 74, 5
_COMP_HIGH = 67  # a comp beside a lead reaches so high, and higher where it stays below the lead
_OVER_HAND = 7  # or so far above a left hand that plays too
# Above a lead alone that has no note above E4 it has so many semitones: below is the bass, and there is no room.
_LOW_LEAD, _OVER_LOW = 64, 16


def pitches(
    phrase: Phrase, settings: Settings, allowed: PitchClasses, routes: tuple[Route, ...]
) -> tuple[Mask, ...]:
    """Give the pitches that may be begun, by part: in the register and, where that is strict, in the scale."""
    classes = np.array([pitch % 12 in allowed for pitch in range(128)])
    masks = list(everything())
    for part in PITCHED:
        register = _register(phrase, settings, part)
        if routes[part].register:
            register = register & _range(*parse_register(routes[part].register))
        in_register = masks[part] & register
        if in_register.sum() < _LEAST_PITCHES:
            in_register = register if register.any() else masks[part]
        in_scale = in_register & classes
        strict = settings.adherence >= 1 and in_scale.any()
        masks[part] = in_scale if strict else in_register
    return tuple(masks)


def _register(phrase: Phrase, settings: Settings, part: int) -> Mask:
    register, octave = settings.register, 12 * strip_of(settings, part).octave
    if register == "all":
        return _range(0, 127)
    if register != "call" and not register.lstrip("+-").replace(".", "", 1).isdigit():
        low, high = parse_register(register)
        return _range(low + octave, high + octave)
    shift = octave + (0 if register == "call" else round(float(register)))
    extent = _extent(phrase, settings, part)
    low, high, _ = _USUAL[PARTS[part]]
    mode = MODES[settings.mode]
    if part == COMP and mode.is_beside:
        low, high = _beside_soloist(phrase, low, high)
        return _range(low + shift, high + shift)
    # Over chords alone the lead lies where leads lie, not among the chords.
    if extent and (extent.high >= low or mode.parts is not Parts.LEAD):
        # Moved up it does not reach down, where the model would go on from the call; nor moved down, up.
        low = extent.low - (_REACH if shift <= 0 else 0)
        high = extent.high + (_REACH if shift >= 0 else 0)
    elif part == LEAD and is_over_chords(phrase, settings):
        shift += solo_middle(phrase) - _SOLO
    shift -= 12 * (high + shift - 115 > 0) - 12 * (low + shift - 12 < 0)
    return _range(low + shift, high + shift)


def _beside_soloist(phrase: Phrase, low: int, high: int) -> tuple[int, int]:
    """Give the lowest and the highest pitch of a comp beside a lead, by those without one.

    It goes up to the lead's lowest note, but for an octave and a half in any case, and beside chords of a left hand
    above that.  A lead that lies low by itself it leaves below.
    """
    lead, hand = phrase.extents.get(LEAD), phrase.extents.get(COMP)
    if lead is None:
        return low, high
    if is_low(phrase):
        return max(low, lead.high + 1), max(low + _OVER_LOW, lead.high + _OVER_LOW)
    above = hand.high + _OVER_HAND if hand and hand.has_chords else 0
    return low, min(high, max(_COMP_HIGH, lead.low - 1, above))


def is_low(phrase: Phrase) -> bool:
    """True of a lead by itself that lies where a comp does."""
    lead = phrase.extents.get(LEAD)
    hand = phrase.extents.get(COMP)
    has_hand = hand is not None and hand.has_chords
    return lead is not None and lead.high <= _LOW_LEAD and not has_hand


def everything() -> tuple[Mask, ...]:
    """Masks of all a part can play: a piano's 21 to 108, of drums General MIDI's 27 to 87."""
    return tuple(_range(27, 87) if part == DRUMS else _range(21, 108) for part in range(len(PARTS)))


def voices(phrase: Phrase, settings: Settings, part: int) -> int:
    """Give how many notes sound at once: as many as were heard of the part; beside a player a comp has chords."""
    extent, usual = _extent(phrase, settings, part), _USUAL[PARTS[part]][2]
    most = extent.voices if extent else usual
    if part == COMP and MODES[settings.mode].is_beside:
        most = max(most, usual)
    is_limited = part != DRUMS and not isinstance(settings.voices, str)
    return min(most, int(settings.voices)) if is_limited else most


def _extent(phrase: Phrase, settings: Settings, part: int) -> Extent | None:
    """The notes that were heard of a part, by which its answer is measured."""
    is_none = part == LEAD and is_over_chords(phrase, settings)
    return None if is_none else phrase.extents.get(part)


def is_over_chords(phrase: Phrase, settings: Settings) -> bool:
    """True for a solo over chords alone: the first of them, not known for one yet, may have been heard as a melody."""
    lead, comp = phrase.extents.get(LEAD), phrase.extents.get(COMP)
    is_solo = MODES[settings.mode].parts is Parts.LEAD and comp is not None
    return is_solo and (lead is None or lead.notes < phrase.notes // 2)


def solo_middle(phrase: Phrase) -> int:
    """The middle of a solo over chords: above the hands that play them."""
    return max(_SOLO, phrase.extents[COMP].high + _ABOVE_HANDS)


def _range(low: int, high: int) -> Mask:
    mask = np.zeros(128, np.bool_)
    mask[max(0, low) : max(0, high + 1)] = True
    return mask
