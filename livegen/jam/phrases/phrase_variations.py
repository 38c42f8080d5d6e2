"""Variations of a phrase, near or far, and what lies between two phrases: by the code of a phrase encoder.

A variation is looked for along a few ways that lead away from the phrase's code into where people's codes lie; of all
that is met there that is taken whose distance to the phrase is nearest to what was asked for.  So `distance` is what is
heard, and not a number of the network's.  Knows steps and pitches; knows no turns, no ticks and no dice of its own.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from livegen.codec.phrases import decode, encode, firsts_of, reference_of
from livegen.inference.phrase_model import Codes, PhraseModel
from livegen.music.melody.phrase_steps import LINES_PER_BEAT, MOST_BEATS, REST, Steps, distances

WAYS = 3  # that lead away from a phrase
SHARES = (0.2, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 1.0)  # of the way: at 1 only chance is left
NEAR = 0.03  # distances that are taken for the same: of these the one that the network is surest of is chosen
FEWEST = 0.5  # of a phrase's notes that a variation has: silence, too, would be far from the phrase
LATEST = LINES_PER_BEAT  # lines after the phrase's first note on which a variation begins

Fit = Callable[[Steps], Steps]  # puts pitches where they may be


class FoundPhrase(NamedTuple):
    """A phrase made of another, its distance to it (0 to 1), and how sure the network is of it, in nats a line."""

    steps: Steps
    distance: float
    sureness: float


def code_of(model: PhraseModel, steps: Steps, bar: int, tonic: int) -> Codes:
    """The code of a phrase of at most MOST_BEATS beats."""
    return model.encode(encode(steps, reference_of(steps, tonic)), firsts_of(bar))


def varied(
    model: PhraseModel,
    steps: Steps,
    bar: int,
    tonic: int,
    asked: float,
    rng: np.random.Generator,
    fit: Fit = lambda steps: steps,
) -> FoundPhrase:
    """A variation of a phrase at about the distance that is asked for, 0 to 1; at 0 the phrase itself."""
    if asked <= 0:
        return FoundPhrase(steps, 0.0, 0.0)
    return chosen(around(model, steps, bar, tonic, strangers(model, rng), fit), asked)


def restyled(
    model: PhraseModel,
    steps: Steps,
    bar: int,
    tonic: int,
    asked: float,
    goals: Codes,
    fit: Fit = lambda steps: steps,
) -> FoundPhrase:
    """A phrase on the ways to codes of a style (N, MOST_BEATS, code), at about the distance that is asked for.

    At 0 the phrase itself; at 1 nothing is left of it, and of the goals that is played of which the network is surest.
    """
    if asked <= 0:
        return FoundPhrase(steps, 0.0, 0.0)
    if asked < 1:
        return chosen(around(model, steps, bar, tonic, goals, fit), asked)
    new = _read(model, goals, steps, bar, reference_of(steps, tonic), fit)
    return max(_played(new, steps), key=lambda one: one.sureness)


def strangers(model: PhraseModel, rng: np.random.Generator) -> Codes:
    """Codes (WAYS, MOST_BEATS, code) as people's phrases have them, of no style."""
    size = model.middle.size
    return model.scattered(rng.standard_normal((WAYS, size)).astype(np.float32))


def chosen(found: list[FoundPhrase], asked: float) -> FoundPhrase:
    """The one nearest to the distance that is asked for; of several as near the one that the network is surest of."""
    nearest = min(abs(one.distance - asked) for one in found)
    near = [one for one in found if abs(one.distance - asked) <= nearest + NEAR]
    return max(near, key=lambda one: one.sureness)


def around(
    model: PhraseModel,
    steps: Steps,
    bar: int,
    tonic: int,
    goals: Codes,
    fit: Fit = lambda steps: steps,
) -> list[FoundPhrase]:
    """The phrases on the ways that lead from a phrase to codes (N, MOST_BEATS, code).

    Those of silence only if there is no other.
    """
    code, reference = code_of(model, steps, bar, tonic), reference_of(steps, tonic)
    shares = np.array(SHARES, np.float32)[:, None, None, None]
    # The rest of the phrase and what chance brings are to scatter together as people's codes do.
    left = np.sqrt(1 - shares**2)
    codes = model.middle + left * (code - model.middle) + shares * (goals - model.middle)
    found = _read(model, codes.reshape(-1, *code.shape), steps, bar, reference, fit)
    return _played(found, steps)


def _played(found: list[FoundPhrase], phrase: Steps) -> list[FoundPhrase]:
    """Give the phrases that are no silence, or all where there is no other."""
    return [one for one in found if _is_played(one.steps, phrase)] or found


def _is_played(made: Steps, phrase: Steps) -> bool:
    """True if a variation begins about where its phrase does, and has about as much in it."""
    notes, own = np.flatnonzero(made >= 0), np.flatnonzero(phrase >= 0)
    if len(notes) < max(1, FEWEST * len(own)):
        return False
    return not len(own) or bool(notes[0] <= own[0] + LATEST)


def between(
    model: PhraseModel,
    first: Steps,
    second: Steps,
    bar: int,
    tonic: int,
    place: float,
    fit: Fit = lambda steps: steps,
) -> Steps:
    """The phrase between two phrases by their codes: at 0 the first, at 1 the second, each itself."""
    if place <= 0 or place >= 1:
        return first if place <= 0 else second
    codes = [code_of(model, steps, bar, tonic) for steps in (first, second)]
    references = [reference_of(steps, tonic) for steps in (first, second)]
    reference = references[0] + 12 * round(place * (references[1] - references[0]) / 12)
    beats = max(len(first), len(second)) // LINES_PER_BEAT
    code = (1 - place) * codes[0] + place * codes[1]
    told = model.decode(code[None], firsts_of(bar))[0]
    return fit(decode(told, reference, beats))


def spliced(first: Steps, second: Steps, bar: int, place: float) -> Steps:
    """The beginning of one phrase and the end of another: at 0 all the first, at 1 all the second.

    They change places on a beat, of a longer phrase on the half bar that is nearest.
    """
    if place <= 0 or place >= 1:
        return first if place <= 0 else second
    lines = max(len(first), len(second))
    whole = [
        np.concatenate([steps, np.full(lines - len(steps), REST, np.int16)])
        for steps in (first, second)
    ]
    unit = LINES_PER_BEAT * (bar // 2 if bar % 2 == 0 and lines > bar * LINES_PER_BEAT else 1)
    units = lines // unit
    at = unit * min(units - 1, max(1, round((1 - place) * lines / unit))) if units > 1 else lines
    result: Steps = np.concatenate([whole[0][:at], whole[1][at:]])
    return result


def _read(
    model: PhraseModel, codes: Codes, steps: Steps, bar: int, reference: int, fit: Fit
) -> list[FoundPhrase]:
    """The phrases that codes (N, MOST_BEATS, code) mean, in as many beats as a phrase has."""
    logits = model.logits(codes, firsts_of(bar))
    classes = logits.argmax(-1)
    best = logits.max(-1)
    sureness = -np.log(np.exp(logits - best[..., None]).sum(-1)).mean(-1)
    beats = min(MOST_BEATS, len(steps) // LINES_PER_BEAT)
    made = [fit(decode(told, reference, beats)) for told in classes]
    return [
        FoundPhrase(*one)
        for one in zip(made, distances(steps, made).tolist(), sureness.tolist(), strict=True)
    ]
