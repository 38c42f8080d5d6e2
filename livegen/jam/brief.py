"""What a response keeps to: from the controls and the call to masks, lengths and shares.

Knows no model, no turns and no chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegen.inference.sampling import Mask
from livegen.jam.controls import Settings
from livegen.jam.turns import MODES
from livegen.music.metre import TICKS_PER_BEAT
from livegen.music.parts import DRUMS, LEAD, PARTS, PITCHED
from livegen.music.phrase import Phrase
from livegen.music.scale import key_of, parse_register, parse_scale
from livegen.music.timeline import Timeline

LONGEST_RESPONSE = 32 * TICKS_PER_BEAT  # of a response that is as long as its call
REACH = 7  # semitones: the register of a response about that of its call
_LEAST_PITCHES = 5  # fewer in a register are not cut down to what a piano has
_HABIT = 0.08  # a pitch class with this share of the call belongs to its scale, whatever the key
_LINGER = 2  # ticks: a key that comes up this late does not make another beat

# Lines of the beat, in ticks, and how welcome (in nats) those are on which the call did not play.
_LINES = {0: 0.0, 12: 0.0, 6: -1.0, 18: -1.0, 8: -1.5, 16: -1.5}
_LINE_OF = {(line + by) % TICKS_PER_BEAT: line for line in _LINES for by in (-1, 0, 1)}
_STRAY = 0.01  # share of onsets off all lines that is always granted

Groove = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Brief:
    """What a response must keep to.  Ticks are on the timeline of the hearing; tuples are by part.

    `end` None goes on for ever.  The first onset comes within `patience` ticks of `start`.  `pitches` are
    masks (128,) of what may be begun; `voices` how many notes a part may hold at once; `channels` where it
    is sent.  `groove` (24,) is added to the logits of time, by tick of the beat.
    """

    start: int
    end: int | None
    parts: tuple[bool, ...]
    pitches: tuple[Mask, ...]
    voices: tuple[int, ...]
    channels: tuple[int, ...]
    patience: int = TICKS_PER_BEAT
    temperature: float = 1.0
    nucleus: float = 1.0
    density: float = 1.0
    velocity: float = 64.0
    velocity_follow: float = 0.0
    groove: Groove | None = None


def brief_for(
    phrase: Phrase,
    settings: Settings,
    timeline: Timeline,
    start: int,
    channels: tuple[int, ...],
    remembered: Sequence[float] = (0.0,) * 12,
) -> Brief:
    """The brief for an answer to `phrase` that starts at tick `start`.

    `remembered` are the weights of pitch classes from before the phrase.
    """
    heard = phrase.parts or (LEAD,)
    extents = [phrase.extents.get(part) for part in range(len(PARTS))]
    ends = MODES[settings.mode].ends_by_itself
    return Brief(
        start=start,
        end=start + length(phrase, settings, timeline, start) if ends else None,
        parts=tuple(part in heard for part in range(len(PARTS))),
        pitches=pitches(phrase, settings, remembered),
        voices=tuple(extent.voices if extent else 1 for extent in extents),
        channels=channels,
        patience=0 if settings.start == "now" else TICKS_PER_BEAT,
        temperature=settings.temperature,
        nucleus=settings.nucleus,
        density=settings.density,
        velocity=phrase.velocity,
        velocity_follow=settings.velocity_follow,
        groove=settings.groove * groove(phrase, timeline) if settings.groove else None,
    )


def length(phrase: Phrase, settings: Settings, timeline: Timeline, start: int) -> int:
    """Ticks of the response: bars, or the call from its first beat to its end, in whole beats."""
    if isinstance(settings.length, int):
        return settings.length * timeline.metre.place(start).bar
    first = timeline.beat_from(timeline.tick(phrase.began_us) - TICKS_PER_BEAT // 2)
    last = timeline.tick(phrase.active_us) - _LINGER
    beats = -((first - last) // TICKS_PER_BEAT)
    return min(max(beats * TICKS_PER_BEAT, TICKS_PER_BEAT), LONGEST_RESPONSE)


def groove(phrase: Phrase, timeline: Timeline) -> Groove:
    """How welcome each tick of the beat is, in nats: as on the lines on which the call was played.

    A tick early or late is the hand's doing; an onset farther from all lines is meant to be there.
    """
    ticks = [timeline.tick(at) % TICKS_PER_BEAT for at in phrase.onsets_us]
    lines = [_LINE_OF.get(tick) for tick in ticks]
    stray = float(np.log(lines.count(None) / max(1, len(lines)) + _STRAY))
    welcome = np.full(TICKS_PER_BEAT, stray)
    for line, unused in _LINES.items():
        welcome[line] = 0.0 if line in lines else max(unused, stray)
    return welcome


def pitches(phrase: Phrase, settings: Settings, remembered: Sequence[float]) -> tuple[Mask, ...]:
    """What may be begun, by part: in the register and in the scale, if there is anything."""
    classes = _scale(phrase, settings.scale, remembered)
    masks = list(everything())
    for part in PITCHED:
        register = _register(phrase, settings.register, part)
        in_register = masks[part] & register
        if in_register.sum() < _LEAST_PITCHES:
            in_register = register
        in_scale = in_register & classes
        masks[part] = in_scale if in_scale.any() else in_register
    return tuple(masks)


def _register(phrase: Phrase, register: str, part: int) -> Mask:
    mask = np.zeros(128, np.bool_)
    if register == "call":
        extent = phrase.extents.get(part)
        low, high = (extent.low - REACH, extent.high + REACH) if extent else (48, 84)
    else:
        low, high = (0, 127) if register == "all" else parse_register(register)
    mask[max(0, low) : high + 1] = True
    return mask


def _scale(phrase: Phrase, scale: str, remembered: Sequence[float]) -> Mask:
    if scale == "played":
        allowed = _scale_played(phrase, remembered)
    else:
        allowed = frozenset(range(12)) if scale == "off" else parse_scale(scale)
    return np.array([pitch % 12 in allowed for pitch in range(128)])


def _scale_played(phrase: Phrase, remembered: Sequence[float]) -> frozenset[int]:
    played = phrase.pitch_classes
    classes = key_of([old + new for old, new in zip(remembered, played, strict=True)])
    if classes is None:
        return frozenset(range(12))
    return classes | {pc for pc in range(12) if played[pc] > _HABIT * sum(played)}


def everything() -> tuple[Mask, ...]:
    """Masks of all a part can play: a piano's 21 to 108, of drums General MIDI's 27 to 87."""
    return tuple(
        _between(27, 87) if part == DRUMS else _between(21, 108) for part in range(len(PARTS))
    )


def _between(low: int, high: int) -> Mask:
    mask = np.zeros(128, np.bool_)
    mask[low : high + 1] = True
    return mask
