"""The critic: which of several replies to a phrase people would rather have played.

A small network that was shown what people play after a phrase beside what livegen replies to the same phrase, and was
to tell which is people's: the discriminator of a generative adversarial network (Goodfellow et al. 2014), here of a
generator that stays as it is, as in "discriminator rejection sampling" (Azadi et al. 2019).  It is asked for the better
of the replies to one phrase, and so it was taught: all of them at once, not one by one.

It sees the melody alone: on which line of the beat each note begins (sixteenths and triplets), its degree of the key
that the phrase suggests, how high it lies, where in the bar and in the reply it stands, and how much of what led to it
was heard before, in the phrase or in the reply.  How long notes are held, how loud they are, how far beside a line
they are struck, and all after the last strong beat it does not see: by those a machine gives itself away, not a melody.

Trained by `python -m export.critic DATA`.  Knows ticks and pitches; knows no micros and no parts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.files.weights import Shape, read_weights
from livegen.music.keys.key import KEYS, logits
from livegen.music.melody import phrase_steps
from livegen.music.time.metre import TICKS_PER_BEAT

WEIGHTS = Path(__file__).with_name("critic.npz")
MOST_BYTES = 150_000  # of that file
MOST_NOTES = 96  # of a phrase and of a reply that are looked at
# Ticks of the beat: the lines of phrases, and the first of the next beat.
LINES = (*(round(at * TICKS_PER_BEAT) for at in phrase_steps.LINES), TICKS_PER_BEAT)
_NEAREST = [
    min(range(len(LINES)), key=[abs(at - tick) for at in LINES].__getitem__)
    for tick in range(TICKS_PER_BEAT)
]
REACH = 3  # notes that a layer looks at together
APART = 2  # notes between those that the second layer looks at
_LONGEST = 4  # notes of a figure that is known again
_LEAP = 12  # semitones beyond which leaps are one kind
_TIMES = (4, 6, 8, 12, 16, 18, 24, 36, 48, 72, 96)  # ticks between onsets, kinds

Floats = NDArray[np.float32]
Line = Sequence[tuple[int, int]]  # a melody: tick and pitch of each onset, in order


class ReplyBars(NamedTuple):
    """The bars of a reply, in ticks from its first bar line: how long they are, and how far strong beats lie apart."""

    bar: int
    strong: int


class CriticWeights(NamedTuple):
    """Of K networks, whose scores are added: two layers over notes, one over what they found, and the score."""

    first: Floats  # (K, REACH * FACTS, H)
    first_bias: Floats  # (K, H)
    second: Floats  # (K, REACH * H, H)
    second_bias: Floats  # (K, H)
    third: Floats  # (K, 3 * H + WHOLE, H)
    third_bias: Floats  # (K, H)
    last: Floats  # (K, H, 1)


def on_lines(line: Iterable[tuple[int, int]], until: int) -> list[tuple[int, int]]:
    """A melody on the nearest lines of the beat, from tick 0 to tick `until`, with it; of two on a line the higher."""
    found: dict[int, int] = {}
    for tick, pitch in line:
        within = tick % TICKS_PER_BEAT
        nearest = tick - within + LINES[_NEAREST[within]]
        if nearest <= until:
            found[nearest] = max(pitch, found.get(nearest, 0))
    return sorted(found.items())


@dataclass(frozen=True, slots=True)
class HeardPhrase:
    """A phrase as replies to it are seen: its notes, its key, and how much of it each pitch class is."""

    ticks: NDArray[np.int64]  # (m,)
    pitches: NDArray[np.int64]  # (m,)
    shares: Floats  # (12,)
    tonic: int
    is_minor: bool
    middle: float  # mean pitch
    pace: float  # onsets a beat


def heard(line: Line) -> HeardPhrase:
    """A phrase, one note at least, by onset: of long ones the end."""
    ticks, pitches = np.array(list(line)[-MOST_NOTES:], np.int64).T
    counts = np.bincount(pitches % 12, minlength=12).astype(np.float32)
    likely = logits(counts.tolist())
    key = KEYS[likely.index(max(likely))]
    beats = max(1.0, float(ticks[-1] - ticks[0]) / TICKS_PER_BEAT)
    return HeardPhrase(
        ticks=ticks,
        pitches=pitches,
        shares=counts / np.float32(len(ticks)),
        tonic=key.tonic,
        is_minor=key.mode == "minor",
        middle=float(pitches.mean()),
        pace=len(ticks) / beats,
    )


def _one_hot(kinds: NDArray[np.int64], count: int) -> Floats:
    found = np.zeros((len(kinds), count), np.float32)
    found[np.arange(len(kinds)), kinds] = 1.0
    return found


def _known(own: NDArray[np.int64], theirs: NDArray[np.int64], is_same: bool = False) -> Floats:
    """Give how many steps up to each one stand together among other steps (n,), as a share of the most asked for.

    Steps are rows, (n, ...) and (m, ...); `is_same` of a line's own steps, of which only earlier ones count.
    """
    runs = (own[:, None] == theirs).all(2)
    if is_same:
        runs = np.tril(runs, -1)
    equal = runs
    found = runs.any(1).astype(np.float32)
    for _ in range(_LONGEST - 1):
        longer = np.zeros_like(runs)
        longer[1:, 1:] = equal[1:, 1:] & runs[:-1, :-1]
        runs = longer
        found += runs.any(1)
    result: Floats = found / np.float32(_LONGEST)
    return result


def _steps(ticks: NDArray[np.int64], pitches: NDArray[np.int64]) -> NDArray[np.int64]:
    """Semitones and ticks from each note to the next (n - 1, 2)."""
    return np.stack([np.diff(pitches), np.diff(ticks)], 1)


def facts(phrase: HeardPhrase, reply: Line, until: int, bars: ReplyBars) -> tuple[Floats, Floats]:
    """The facts that the critic sees of a reply's notes (n, FACTS), and of the whole (WHOLE,).

    The reply begins at a bar line, tick 0, and has one note at least; `until` is its last strong beat.
    """
    ticks, pitches = np.array(list(reply)[:MOST_NOTES], np.int64).T
    count = len(ticks)
    leaps, waits = np.diff(pitches, prepend=pitches[0]), np.diff(ticks, prepend=ticks[0])
    degrees = (pitches - phrase.tonic) % 12
    kinds = np.searchsorted(_TIMES, waits, "right")
    kinds[0] = len(_TIMES) + 1
    own, theirs = _steps(ticks, pitches), _steps(phrase.ticks, phrase.pitches)
    known = np.zeros((count, 4), np.float32)
    if count > 1 and len(theirs):
        known[1:, 0] = _known(own, theirs)
        known[1:, 1] = _known(own[:, :1], theirs[:, :1])
        known[1:, 2] = _known(own[:, 1:], theirs[:, 1:])
    if count > 1:
        known[1:, 3] = _known(own, own, is_same=True)
    high = (pitches - phrase.middle) / 12
    lines = np.searchsorted(LINES, ticks % TICKS_PER_BEAT)
    turned = np.sign(leaps)
    back = (turned * np.roll(turned, 1) < 0) & (np.arange(count) > 1)
    columns = [
        _one_hot(degrees + 12 * phrase.is_minor, 24),
        _one_hot(np.clip(leaps, -_LEAP, _LEAP) + _LEAP, 2 * _LEAP + 1),
        _one_hot(kinds, len(_TIMES) + 2),
        _one_hot(lines, len(LINES) - 1),
        _column(ticks % bars.bar == 0, ticks % bars.strong == 0, ticks == until, ticks / max(1, until)),
        _column(np.arange(count) == 0, np.arange(count) == count - 1, high, np.abs(high)),
        _column(phrase.shares[pitches % 12], back),
        known,
    ]  # fmt: skip
    beats = max(1.0, until / TICKS_PER_BEAT)
    denser = np.log2(count / beats / phrase.pace)
    whole = [
        denser,
        abs(denser),
        np.log2(beats) - 3,
        (until - ticks[-1]) / TICKS_PER_BEAT,
        float(phrase.is_minor),
    ]
    whole += [float(high.mean()), float(np.ptp(pitches) - np.ptp(phrase.pitches)) / 12]
    return np.concatenate(columns, axis=1), np.array(whole, np.float32)


def _column(*values: NDArray[np.generic]) -> Floats:
    found: Floats = np.stack(values, 1).astype(np.float32)
    return found


FACTS = 24 + (2 * _LEAP + 1) + (len(_TIMES) + 2) + (len(LINES) - 1) + 4 + 4 + 2 + 4
WHOLE = 7


def read(path: Path) -> CriticWeights:
    """The weights that a file holds.  Raises ModelError for one that is not of this network."""
    return CriticWeights(
        *read_weights(path, CriticWeights._fields, _shapes, "the critic", "critic")
    )


def _shapes(found: Sequence[Shape]) -> list[Shape]:
    k, h = found[1] if len(found[1]) == 2 else (0, 0)
    return [
        *((k, REACH * FACTS, h), (k, h), (k, REACH * h, h), (k, h)),
        *((k, 3 * h + WHOLE, h), (k, h), (k, h, 1)),
    ]


@cache
def shipped() -> CriticWeights:
    """The weights that come with livegen.  Raises ModelError where they are damaged."""
    return read(WEIGHTS)


def _beside(rows: Floats, apart: int) -> Floats:
    """Rows (..., n, F) with those so many before and after each (..., n, REACH * F); there is nothing beyond."""
    nothing, count = np.zeros((*rows.shape[:-2], apart, rows.shape[-1]), np.float32), rows.shape[-2]
    padded = np.concatenate([nothing, rows, nothing], axis=-2)
    found: Floats = np.concatenate(
        [padded[..., at : at + count, :] for at in (0, apart, 2 * apart)], axis=-1
    )
    return found


def score(notes: Floats, whole: Floats, weights: CriticWeights) -> float:
    """Give how much a reply sounds like people's, in nats; only its difference to another reply counts."""
    hidden = np.maximum(_beside(notes, 1) @ weights.first + weights.first_bias[:, None], 0)
    # (K, n, H)
    hidden = np.maximum(_beside(hidden, APART) @ weights.second + weights.second_bias[:, None], 0)
    wholes = np.broadcast_to(whole, (len(hidden), WHOLE))
    seen = np.concatenate([hidden.mean(1), hidden.max(1), hidden[:, -1], wholes], axis=1)
    found = np.maximum((seen[:, None] @ weights.third)[:, 0] + weights.third_bias, 0)
    return float((found[:, None] @ weights.last).mean())


def tastes(
    phrase: Line,
    replies: Sequence[Line],
    until: int,
    bars: ReplyBars,
    weights: CriticWeights | None = None,
) -> list[float]:
    """Give how much each reply to a phrase sounds like people's, in nats, up to what is common to all.

    The phrase has one onset at least, and comes before tick 0, the bar line on which replies begin; they are looked at
    up to their last strong beat, `until`.  A reply without a note there is the worst.  About 1.7 ms for four.
    """
    weights, told = weights or shipped(), heard(on_lines(phrase, 0))
    kept = [on_lines(reply, until) for reply in replies]
    found = [score(*facts(told, reply, until, bars), weights) if reply else None for reply in kept]
    worst = min((one for one in found if one is not None), default=0.0) - 10.0
    return [worst if one is None else one for one in found]
