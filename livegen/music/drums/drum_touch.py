"""The groove of a drummer beside somebody who has played a rhythm, and how hard and how late each hit is.

A small network looks at the two bars that the other has played last, at the place in the bar, the tempo and the style,
and says how likely each drum is struck on each sixteenth; told the hits, it says how hard and how late each is: a few
layers of convolutions over sixteenths, round which the two bars close.  After the tapped drums and the "humanisation"
of J. Gillick et al., "Learning to Groove with Inverse Sequence Transformations" (2019), without their recurrence.
What it finds likely is not struck as it stands: played is the groove of people's (`grooves.py`) that is expected to
have most of its hits, which is like the rhythm besides.

Trained by `python -m export.drummer DATA`.  Knows sixteenths; knows no micros and no chance.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.drums.drum_bars import drums_of
from livegen.music.drums.grooves import (
    BAR,
    KIT,
    LOUDEST,
    STEPS,
    SWINGS,
    Bank,
    Grid,
    Groove,
    Rhythm,
    groove,
    likeness,
)
from livegen.music.drums.grooves import shipped as shipped_grooves
from livegen.music.files.weights import Shape, read_weights, width

WEIGHTS = Path(__file__).with_name("drum_touch.npz")
STYLES = (
    "drums_afrobeat", "drums_afrocuban", "drums_blues", "drums_country", "drums_dance", "drums_funk", "drums_gospel",
    "drums_hiphop", "drums_jazz", "drums_latin", "drums_neworleans", "drums_pop", "drums_punk", "drums_reggae",
    "drums_rock", "drums_soul",
)  # fmt: skip
# Hits and whether they are told; the rhythm; the place in the bar; tempo and swing; the style.
FACTS = len(KIT) + 1 + 3 + BAR + 2 + len(STYLES)
DILATIONS = (1, 2, 4, 8, 1)  # of the layers, in sixteenths
KERNEL = 5  # sixteenths that a layer sees
USUAL_BPM = 110.0
ALIKE = 0.5  # what a likeness to the rhythm is worth beside the F1 that is expected of the hits
HELD = 0.1  # by how much another groove has to be better than the one that is played
_HEADS = 3

Floats = NDArray[np.float32]


class DrumTouch(NamedTuple):
    """Of each sixteenth and drum (STEPS, drums): velocity (1 to 127), how late (of a sixteenth), how likely a hit."""

    velocities: Floats
    lates: Floats
    likely: Floats


class TouchWeights(NamedTuple):
    """Of the network, H wide."""

    first: Floats  # (FACTS, H)
    first_bias: Floats  # (H,)
    layers: Floats  # (layers, KERNEL, H, H)
    layers_bias: Floats  # (layers, H)
    last: Floats  # (H, heads * drums)
    last_bias: Floats  # (heads * drums,)


@cache
def shipped() -> TouchWeights:
    """The weights that come with livegen.  Raises ModelError where they are damaged."""
    return TouchWeights(
        *read_weights(WEIGHTS, TouchWeights._fields, _shapes, "the drummer's touch", "drummer")
    )


def _shapes(found: Sequence[Shape]) -> list[Shape]:
    h, layers, said = width(found[1]), len(DILATIONS), _HEADS * len(KIT)
    return [
        *((FACTS, h), (h,), (layers, KERNEL, h, h), (layers, h)),
        *((h, said), (said,)),
    ]


def facts(hits: Grid | None, rhythm: Rhythm | None, style: str, bpm: float, swing: float) -> Floats:
    """The facts (STEPS, FACTS) for the network: hits, None where it is to say them, and a rhythm, if one was heard."""
    found = np.zeros((STEPS, FACTS), np.float32)
    drums = len(KIT)
    if hits is not None:
        found[:, :drums] = hits > 0
        found[:, drums] = 1.0
    if rhythm is not None:
        struck = rhythm.accents > 0
        found[:, drums + 1] = struck
        found[:, drums + 2] = rhythm.accents
        found[:, drums + 3] = np.where(struck, rhythm.lates - centre(rhythm.lates, struck), 0.0)
    found[np.arange(STEPS), drums + 4 + np.arange(STEPS) % BAR] = 1.0
    found[:, drums + 4 + BAR] = np.log2(bpm / USUAL_BPM)
    found[:, drums + 5 + BAR] = swing >= SWINGS
    named = drums_of(style) if style not in STYLES else style
    if named in STYLES:
        found[:, drums + 6 + BAR + STYLES.index(named)] = 1.0
    return found


def centre(lates: Floats, struck: NDArray[np.bool_]) -> float:
    """The mean lateness of what is struck: a latency of who plays, and not how the hits lie among themselves."""
    return float(lates[struck].mean()) if struck.any() else 0.0


def touch(seen: Floats, weights: TouchWeights) -> DrumTouch:
    """The touch that the network says to the facts that it sees (STEPS, FACTS)."""
    hidden = seen @ weights.first + weights.first_bias
    for layer, dilation in enumerate(DILATIONS):
        given = np.maximum(hidden, 0)
        moved = weights.layers_bias[layer]
        for tap in range(KERNEL):
            by = (KERNEL // 2 - tap) * dilation
            moved = moved + np.roll(given, by, axis=0) @ weights.layers[layer, tap]
        hidden = hidden + moved
    said = (np.maximum(hidden, 0) @ weights.last + weights.last_bias).reshape(STEPS, _HEADS, -1)
    velocities = np.clip(said[:, 0] * LOUDEST, 1, LOUDEST)
    return DrumTouch(velocities, np.clip(said[:, 1], -0.5, 0.5), 1 / (1 + np.exp(-said[:, 2])))


def expected(likely: Floats, bank: Bank) -> Floats:
    """The F1 that is expected of the hits of each groove (N,), where each hit is so likely (STEPS, drums)."""
    found: Floats = 2 * (bank.struck @ likely.reshape(-1)) / (bank.struck.sum(1) + likely.sum())
    return found


def fitting(
    rhythm: Rhythm, style: str, bpm: float, swing: float, held: int | None = None
) -> Groove:
    """The groove that fits best to a rhythm; the one of number `held` where that fits nearly as well."""
    bank = shipped_grooves()
    said = touch(facts(None, rhythm, style, bpm, swing), shipped())
    found = expected(said.likely, bank) + ALIKE * likeness(rhythm, bank, style, bpm, swing)
    number = int(found.argmax())
    if held is not None and found[held] >= found[number] - HELD:
        number = held
    return groove(number)
