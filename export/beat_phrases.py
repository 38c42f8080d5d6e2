"""Phrases made by rule, as somebody might play them to a partner, for what the sets have little of.

A phrase has a few bars that come back, a long note at its end, perhaps a pick-up before, and is played once or over and
over: a melody, chords, a bass line, two hands or drums.  Its rhythms are drawn: beats and groups of beats are divided
again and again, and divided where they are tied over; or onsets are drawn about the strokes of a pattern such as the
clave.  Nothing here is taken from music that is measured on.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.beat.beat_network import Bars

Floats = NDArray[np.float64]
Rhythm = list[tuple[float, float]]  # onsets and lengths, quarters from a bar line on


class Style(NamedTuple):
    """A kind of phrases: `groups` are the quarters of each part of a bar, one of these is drawn.

    `finest` is the shortest part that is divided no more, `divides` how likely one is divided, by its length in beats
    from one down; `ties` how often an onset that is not on a beat takes the place of the next, `rests` how often one is
    left out.  `patterns` are strokes in quarters over `over` bars.  `bpm` is the usual tempo of the beat, `swings` how
    often it swings.  `off_beat` is how often the first note is left out where it lies on the bar line, and how
    often a pick-up is.  `share` is the weight with which the style is drawn among the others.
    """

    bars: Bars
    share: float
    bpm: float
    groups: tuple[tuple[float, ...], ...]
    finest: float = 0.5
    divides: float = 0.5
    ties: float = 0.0
    rests: float = 0.05
    swings: float = 0.0
    patterns: tuple[tuple[float, ...], ...] = ()
    over: int = 1
    off_beat: float = 0.0


_QUARTERS = {2: (1.0,) * 2, 3: (1.0,) * 3, 4: (1.0,) * 4}
_FOURS = (_QUARTERS[4], (2.0, 2.0), (1.0, 1.0, 2.0), (2.0, 1.0, 1.0))
_DOTTED = (1.5, 1.5)
# Claves and their kin: strokes over two bars, or one.
_CLAVES = (
    (0, 1.5, 3, 5, 6), (1, 2, 4, 5.5, 7), (0, 1.5, 3.5, 5, 6), (1, 2, 4, 5.5, 7.5),  # son and rumba, both ways
    (0, 1.5, 3, 5, 6.5), (0, 1.5, 3, 4.5, 6), (1, 2.5, 4, 5.5, 7),  # bossa
    (0, 1.5, 2.5, 3, 4.5, 5.5, 7), (0, 0.5, 1.5, 2.5, 3.5, 4.5, 5, 6, 7), (0.5, 1.5, 2, 3, 4.5, 5.5, 6.5),
)  # fmt: skip
_TRESILLOS = (
    (0, 1.5, 3),
    (0, 1.5, 2, 3),
    (0, 1.5, 2.5, 3),
    (0, 0.5, 1.5, 2.5, 3.5),
    (0, 1.5, 2.5),
    (0.5, 1, 2.5, 3.5),
)
_FUNK = (
    (0, 0.75, 1.5, 2, 2.75, 3.5), (0, 0.5, 0.75, 1.25, 1.75, 2.5, 3.25), (0, 0.25, 0.75, 1.5, 2.25, 2.5, 3),
    (0, 1.75, 2.5, 2.75, 3.5), (0, 0.75, 1.25, 2, 2.75, 3.25),
)  # fmt: skip
STYLES = (
    Style(Bars(4, 24), 3.0, 108, _FOURS, divides=0.55, swings=0.25),
    Style(Bars(4, 24), 1.5, 100, _FOURS, divides=0.6, ties=0.35, rests=0.08, swings=0.1),
    Style(Bars(4, 24), 1.0, 76, _FOURS, finest=0.25, divides=0.55, ties=0.15),
    Style(Bars(4, 24), 1.0, 190, (_QUARTERS[4],), divides=0.92, ties=0.1, rests=0.08, swings=0.6, off_beat=0.35),
    Style(Bars(4, 24), 1.0, 80, (_QUARTERS[4],), divides=0.6, ties=0.3, rests=0.2, off_beat=0.7),
    Style(Bars(4, 24), 1.6, 130, _FOURS, patterns=_CLAVES, over=2, divides=0.3),
    Style(Bars(4, 24), 1.6, 128, _FOURS, patterns=_TRESILLOS, divides=0.3, ties=0.2, rests=0.1),
    Style(Bars(4, 24), 0.8, 126, _FOURS, divides=0.55, ties=0.7, rests=0.2, off_beat=0.3),
    Style(Bars(4, 24), 1.0, 100, (_QUARTERS[4],), patterns=_FUNK, finest=0.25, divides=0.6, ties=0.4, rests=0.25),
    Style(Bars(2, 24), 1.6, 114, (_QUARTERS[2], (2.0,)), divides=0.6, finest=0.25, rests=0.03),
    Style(Bars(2, 24), 0.8, 112, (_QUARTERS[2],), divides=0.7, ties=0.15, rests=0.03),
    Style(Bars(3, 24), 1.4, 112, (_QUARTERS[3], (2.0, 1.0), (1.0, 2.0)), divides=0.4, swings=0.15),
    Style(Bars(3, 24), 1.2, 160, (_QUARTERS[3], (2.0, 1.0), (3.0,)), divides=0.15, swings=0.2),
    Style(Bars(3, 24), 0.6, 145, (_QUARTERS[3], (1.5, 1.5)), divides=0.5, ties=0.2, swings=0.6),
    Style(Bars(2, 36), 1.2, 108, (_DOTTED,), divides=0.85),
    Style(Bars(2, 36), 1.0, 50, (_DOTTED, (3.0,)), divides=0.7, finest=0.25),
    Style(Bars(3, 36), 0.3, 108, ((1.5,) * 3,), divides=0.85),
    Style(Bars(4, 36), 1.8, 66, ((1.5,) * 4, (3.0, 3.0)), divides=0.85, ties=0.1, rests=0.1, off_beat=0.1),
    Style(Bars(7, 12), 1.6, 240, ((1.0, 1.0, 1.5), (1.5, 1.0, 1.0), (1.0, 1.5, 1.0)), divides=0.65),
    Style(Bars(7, 12), 0.5, 250, ((2.0, 1.5), (1.5, 2.0)), divides=0.8, ties=0.1),
    Style(Bars(5, 24), 0.7, 130, ((1.0,) * 5, (3.0, 2.0), (2.0, 3.0), (1.5, 1.5, 1.0, 1.0)), divides=0.5, swings=0.3),
)  # fmt: skip
# Drums over a bar of so many quarters: kicks, snares; hats lie on a grid.
_DRUMS: dict[Bars, tuple[tuple[tuple[float, ...], tuple[float, ...], float], ...]] = {
    Bars(4, 24): (
        ((0, 2), (1, 3), 0.5), ((0, 1.5, 2), (1, 3), 0.5), ((0, 2.5), (1, 3), 0.5), ((0, 0.75, 2.5), (1, 3), 0.25),
        ((0, 1.5, 2, 3.5), (0, 1.5, 3), 0.5), ((0, 1.5, 2, 3.5), (1, 2.5), 0.5), ((0, 1, 2, 3), (1, 3), 0.5),
        ((0, 1.75, 2.5), (1, 3, 3.75), 0.25), ((2,), (2,), 0.5), ((0, 1.5, 3), (1, 3), 0.25), ((0,), (2,), 0.5),
    ),
    Bars(3, 24): (((0,), (1, 2), 0.5), ((0,), (2,), 1.0), ((0, 1.5), (2,), 0.5), ((0,), (1, 2), 1.0)),
    Bars(2, 24): (((0,), (1,), 0.5), ((0, 1.5), (1,), 0.25), ((0, 0.75, 1), (0.5, 1.5), 0.25)),
    Bars(2, 36): (((0,), (1.5,), 0.5), ((0, 1), (1.5,), 0.5)),
    Bars(4, 36): (((0, 3), (1.5, 4.5), 0.5), ((0, 2.5, 3), (1.5, 4.5), 0.5)),
    Bars(7, 12): (((0, 2), (1, 3), 0.5), ((0, 1.5), (2.5,), 0.5)),
    Bars(5, 24): (((0, 3), (2, 4), 0.5), ((0, 1.5), (3,), 0.5)),
}  # fmt: skip
_SCALES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 3, 5, 7, 10),
    (0, 2, 4, 7, 9),
)
_FORMS = ("A", "AB", "AA", "AB", "AAB", "ABC", "ABAC", "AABC", "ABCD", "AAAB", "ABAB", "ABACABAD")
_PICK_UPS = ((1.0,), (0.5,), (0.5, 0.5), (1.0, 0.5), (0.5, 0.5, 0.5), (2.0,), (0.25, 0.25))


class Phrase(NamedTuple):
    """A phrase that is played: rows of onset, end, pitch, velocity and drum, quarters from a bar line on (N, 5)."""

    style: Style
    rows: Floats


def phrase(chance: random.Random) -> Phrase:
    """Draw a phrase of any style."""
    style = chance.choices(STYLES, [style.share for style in STYLES])[0]
    bar = style.bars.beats * style.bars.ticks / 24
    texture = chance.random()
    has_drums = texture < 0.1 and style.bars in _DRUMS
    rows = _drums(style, bar, chance) if has_drums else _tune(style, bar, texture, chance)
    return Phrase(style, rows[np.argsort(rows[:, 0], kind="stable")])


def _tune(style: Style, bar: float, texture: float, chance: random.Random) -> Floats:
    """A melody, a bass line, chords, or a melody and what goes with it."""
    scale, tonic = chance.choice(_SCALES), chance.randrange(12)
    form = chance.choice(_FORMS)
    turns = chance.choice((1, 1, 1, 2, 2, 3, 4))
    harmony = [0, *(chance.choice((0, 3, 4, 5, 1)) for _ in form[1:])]
    bars = _bars(style, bar, form, chance)
    length = len(form) * bar
    pick_up = _pick_up(style, chance)
    low = 36 if 0.1 <= texture < 0.2 else 57
    shapes: dict[str, list[int]] = {}
    step, rows = chance.choice((0, 2, 4, 7)), []
    size = len(scale)
    for number, name in enumerate(form):
        rhythm = bars[number]
        chord = [(harmony[number] + third) for third in (0, 2, 4)]
        moves = shapes.setdefault(
            name, [chance.choice((-2, -1, -1, 0, 1, 1, 2, 3)) for _ in range(64)]
        )
        for at, (onset, held) in enumerate(rhythm):
            step += moves[at % 64]
            step = step - size if step > 2 * size else step + size if step < -3 else step
            if onset == 0 and chance.random() < 0.6:
                step = min(
                    (s + size * o for s in chord for o in (-1, 0, 1, 2)),
                    key=lambda s: abs(s - step),
                )
            is_last = number == len(form) - 1 and at == len(rhythm) - 1
            if is_last and chance.random() < 0.7:
                step = round(step / size) * size
            rows.append([number * bar + onset, held, _pitch(step, scale, tonic, low), 80.0, 0.0])
    rows += [
        [-since, held, _pitch(step, scale, tonic, low), 78.0, 0.0]
        for since, held, step in _places(pick_up, chance)
    ]
    if 0.2 <= texture < 0.32:
        rows = _thickened(rows, chance)
    elif texture >= 0.78 and size == 7:
        rows += _accompanied(style, bar, harmony, scale, tonic, chance)
    once = np.array(rows, np.float64)
    return _over_and_over(once, length, turns, pick_up, chance)


def _places(lengths: Sequence[float], chance: random.Random) -> list[tuple[float, float, int]]:
    found, since = [], sum(lengths)
    step = chance.choice((-3, -2, -1, 1, 2, 4))
    for held in lengths:
        found.append((since, held, step))
        since -= held
        step += chance.choice((-1, 1))
    return found


def _pitch(step: int, scale: Sequence[int], tonic: int, low: int) -> float:
    octave, degree = divmod(step, len(scale))
    return float(min(100, max(28, low + tonic + 12 * octave + scale[degree])))


def _pick_up(style: Style, chance: random.Random) -> tuple[float, ...]:
    if chance.random() > 0.22 or style.off_beat > chance.random():
        return ()
    lengths = chance.choice(_PICK_UPS)
    return (
        tuple(held / 2 for held in lengths)
        if style.finest < 0.5 and chance.random() < 0.3
        else lengths
    )


def _over_and_over(
    once: Floats, length: float, turns: int, pick_up: Sequence[float], chance: random.Random
) -> Floats:
    """The phrase so many times; the pick-up comes again where there is room for it."""
    is_room = length - once[:, 0].max() > sum(pick_up) + 0.2
    every, rows = length, []
    for turn in range(turns):
        again = once if turn == 0 or is_room else once[once[:, 0] >= 0]
        moved = again.copy()
        moved[:, 0] += turn * every
        rows.append(moved)
    found = np.concatenate(rows)
    found[:, 1] += found[:, 0]
    if turns > 1 and chance.random() < 0.5:  # one stops at any place
        found = found[found[:, 0] < length * turns * chance.uniform(0.5, 1)]
    return found


def _bars(style: Style, bar: float, form: str, chance: random.Random) -> list[Rhythm]:
    """The rhythm of each bar: bars of a name are alike, and the last ends on a long note."""
    named: dict[str, Rhythm] = {}
    pattern = chance.choice(style.patterns) if style.patterns else ()
    is_one_rhythm = chance.random() < 0.35
    found = []
    for number, name in enumerate(form):
        key = "A" if is_one_rhythm and number < len(form) - 1 else name
        half = number % style.over
        key += str(half) if pattern else ""
        if key not in named:
            named[key] = _bar(style, bar, _part_of(pattern, half, bar), chance)
        found.append(named[key])
    if chance.random() < 0.7:
        found[-1] = _ending(found[-1], style, bar, chance)
    if style.off_beat and found[0] and found[0][0][0] == 0 and chance.random() < style.off_beat:
        found[0] = found[0][1:] or found[0]
    return found


def _part_of(pattern: Sequence[float], half: int, bar: float) -> list[float]:
    return [at - half * bar for at in pattern if half * bar <= at < (half + 1) * bar]


def _bar(style: Style, bar: float, pattern: Sequence[float], chance: random.Random) -> Rhythm:
    """Draw a bar: strokes of a pattern and some between, or divided groups."""
    if pattern and chance.random() < 0.8:
        onsets = {at for at in pattern if chance.random() > style.rests}
        grid = np.arange(0, bar, style.finest)
        onsets |= {float(at) for at in grid if chance.random() < 0.12}
        return _held(sorted(onsets) or [0.0], bar, chance)
    onsets, at = set(), 0.0
    for group in chance.choice(style.groups):
        onsets |= set(_divided(at, group, style, chance))
        at += group
    kept = sorted(onsets)
    for number in range(len(kept) - 1, 0, -1):
        is_off = (kept[number - 1] * 24) % style.bars.ticks > 1
        if is_off and chance.random() < style.ties:
            del kept[number]
    kept = [at for at in kept if at == 0 or chance.random() > style.rests]
    return _held(kept or [0.0], bar, chance)


def _divided(at: float, length: float, style: Style, chance: random.Random) -> list[float]:
    """Onsets of a part of a bar that is divided or not."""
    beat = style.bars.ticks / 24
    likely = style.divides if length <= max(beat, 1) else 0.45 + style.divides / 2
    if length in (0.75, style.finest) or chance.random() > likely * (0.6 if length <= 0.5 else 1):
        return [at]
    parts: tuple[float, ...]
    if length == 1.5:
        parts = chance.choice(
            ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), (1.0, 0.5), (1.0, 0.5), (0.5, 1.0))
        )
    elif length == 3:
        parts = chance.choice(((1.5, 1.5), (2.0, 1.0) if beat == 1 else (1.5, 1.5)))
    elif chance.random() < 0.15 and length >= 1 and length / 4 >= style.finest:
        parts = (length * 3 / 4, length / 4)
    else:
        parts = (length / 2, length / 2)
    found = []
    for part in parts:
        is_whole = beat != 1 and part == 1  # two of a beat's three eighths
        found += [at] if is_whole else _divided(at, part, style, chance)
        at += part
    return found


def _held(onsets: list[float], bar: float, chance: random.Random) -> Rhythm:
    """Notes that last until the next, or for less."""
    until = [*onsets[1:], bar]
    return [
        (at, (end - at) if chance.random() < 0.85 else min(end - at, 0.5))
        for at, end in zip(onsets, until, strict=True)
    ]


def _ending(rhythm: Rhythm, style: Style, bar: float, chance: random.Random) -> Rhythm:
    """The bar with a long note from one of its strong beats on."""
    beat = style.bars.ticks / 24
    count = style.bars.beats
    strong = [0.0, beat * (count // 2)] if count % 2 == 0 else [0.0]
    if style.bars.ticks == 24 and count == 3:
        strong = [0.0, 0.0, 1.0]
    at = chance.choice([*strong, strong[-1]])
    if style.patterns and chance.random() < 0.4:
        at = max(0.0, chance.choice((1.5, 2.5, 3.0)))
    kept = [(onset, min(held, at - onset)) for onset, held in rhythm if onset < at - 0.1]
    return [*kept, (at, (bar - at) * chance.choice((1.0, 1.0, 0.75)))]


def _thickened(rows: list[list[float]], chance: random.Random) -> list[list[float]]:
    """Chords or octaves instead of single notes, on all or on those that begin beats."""
    kind = chance.choice(((-12,), (-5,), (-7, -12), (-3, -8), (4, 7), (3, 7)))
    only_beats = chance.random() < 0.4
    added = [
        [on, held, max(28.0, pitch + off), loud, drum]
        for on, held, pitch, loud, drum in rows
        for off in kind
        if not only_beats or on % 1 == 0
    ]
    return rows + added


def _accompanied(
    style: Style,
    bar: float,
    harmony: Sequence[int],
    scale: Sequence[int],
    tonic: int,
    chance: random.Random,
) -> list[list[float]]:
    """A left hand: long chords, a bass, a bass and chords in turn, or broken chords."""
    beat, count = style.bars.ticks / 24, style.bars.beats
    if style.bars.ticks == 12:
        beats = np.cumsum([0.0, *style.groups[0][:-1]]).tolist()
    else:
        beats = [beat * number for number in range(count)]
    kind = chance.choice(("long", "bass", "turns", "broken", "pattern"))
    pattern = chance.choice(_TRESILLOS) if style.bars == Bars(4, 24) else ()
    rows = []
    for number, root in enumerate(harmony):
        since = number * bar
        low = _pitch(root, scale, tonic, 33)
        triad = [_pitch(root + third, scale, tonic, 45) for third in (0, 2, 4)]
        if kind == "long":
            rows += [[since, bar, pitch, 70.0, 0.0] for pitch in (low, *triad)]
        elif kind == "bass":
            rows += [
                [since + at, beat, low if at == 0 else low + chance.choice((0, 7)), 72.0, 0.0]
                for at in beats
            ]
        elif kind == "turns":
            rows.append([since, beat, low, 74.0, 0.0])
            rows += [
                [since + at, beat / 2, pitch, 66.0, 0.0] for at in beats[1:] for pitch in triad
            ]
        elif kind == "broken":
            order = (low, triad[1], triad[2], triad[1])
            parts = np.arange(0, bar - 0.01, 0.5)
            rows += [
                [since + at, 0.5, order[at_ % 4] if at else low, 66.0, 0.0]
                for at_, at in enumerate(parts)
            ]
        else:
            rows.append([since, 1.0, low, 74.0, 0.0])
            if pattern:
                rows += [[since + at, 0.5, pitch, 66.0, 0.0] for at in pattern for pitch in triad]
    return rows


def _drums(style: Style, bar: float, chance: random.Random) -> Floats:
    """A pattern of kick, snare and hats, with some left out and some between."""
    kicks, snares, grid = chance.choice(_DRUMS[style.bars])
    hats = np.arange(0, bar - 0.01, grid if chance.random() < 0.8 else 1.0)
    hat, snare = chance.choice((42, 51, 44)), chance.choice((38, 37))
    rows = []
    for number in range(chance.choice((1, 2, 2, 3, 4, 6))):
        since = number * bar
        rows += [[since + at, 0.1, 36.0, 95.0, 1.0] for at in kicks if chance.random() < 0.93]
        rows += [
            [since + at, 0.1, float(snare), 90.0, 1.0] for at in snares if chance.random() < 0.93
        ]
        rows += [
            [since + at, 0.1, float(hat), 65.0 + 10 * (at % 1 == 0), 1.0]
            for at in hats
            if chance.random() < 0.95
        ]
        extra = [at for at in np.arange(0, bar, 0.25) if chance.random() < 0.05]
        rows += [[since + at, 0.1, 38.0, 50.0, 1.0] for at in extra]
    if not rows:
        rows = [[0.0, 0.1, 36.0, 90.0, 1.0]]
    found = np.array(rows, np.float64)
    found[:, 1] += found[:, 0]
    return found
