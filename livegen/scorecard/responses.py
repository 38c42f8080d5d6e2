"""An answer beside its call: whether it takes up the call's figures, fits its key, its pace and its bars.

Pure functions on notes in beats, 0 being the call's first bar line.  Where a function gives None there is nothing to
judge.  The lines that are compared are onset lines (`notes.line`): the highest note of each onset.

Checked once against MusPy 0.5.0 on 200 calls: `in_scale` of a major key is its pitch_in_scale_rate.  Its
scale_consistency was not taken over: it knows natural minor only, whose scales are those of the relative majors.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from math import log2, sqrt
from typing import TypeVar

import numpy as np

from livegen.music.keys.key import Key
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.scorecard.held_out_calls import LeadCall
from livegen.scorecard.notes import SIXTEENTHS, TICK, intervals, iois, key_of, line, weights

FIGURE = 4  # notes
# Lines of the beat, in ticks: thirty-seconds and triplets.  Played on are those that so many of its onsets are next to.
LINES = (0, 3, 6, 8, 9, 12, 15, 16, 18, 21)
OFTEN = 0.1
STRONG = 1.5 * TICK  # beats by which an onset may miss a strong beat and be on it

# The stability of each degree in a key (Krumhansl & Kessler 1982, the probe tones of figure 2).
_PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}

Notes = Sequence[Note]
T = TypeVar("T", bound=Hashable)


# --- figures ------------------------------------------------------------------------------------------------------


def moving_figures(notes: Notes) -> list[tuple[int, ...]]:
    """Three intervals in a row of the onset line, wherever it moves: a note repeated four times is no figure."""
    steps = intervals(line(notes))
    return [figure for figure in _runs(steps, FIGURE - 1) if any(figure)]


def exact_figures(notes: Notes) -> list[tuple[int, ...]]:
    """Four pitches in a row of the onset line, wherever it moves."""
    pitches = [point.pitch for point in line(notes)]
    return [figure for figure in _runs(pitches, FIGURE) if len(set(figure)) > 1]


def _runs(values: Sequence[int], length: int) -> list[tuple[int, ...]]:
    return [tuple(values[at : at + length]) for at in range(len(values) - length + 1)]


def reuse(answer: Notes, call: Notes) -> float | None:
    """Share of the answer's figures that stand in the call, at any pitch, 0 to 1; None where it has none."""
    return _found_in(moving_figures(answer), moving_figures(call))


def exact_reuse(answer: Notes, call: Notes) -> float | None:
    """Share of the answer's figures that stand in the call, at the same pitch, 0 to 1; None where it has none."""
    return _found_in(exact_figures(answer), exact_figures(call))


def _found_in(some: Sequence[tuple[int, ...]], others: Sequence[tuple[int, ...]]) -> float | None:
    known = set(others)
    return sum(figure in known for figure in some) / len(some) if some else None


# --- likeness -----------------------------------------------------------------------------------------------------


class Features:
    """The features by which an answer and a call are compared, computed once; `bar` is in beats."""

    def __init__(self, notes: Notes, bar: float) -> None:
        points = line(notes)
        self.classes = np.array(weights(notes))
        self.bigrams = Counter(pairwise(intervals(points)))
        self.slots = np.bincount(
            [round(point.onset * SIXTEENTHS) % round(bar * SIXTEENTHS) for point in points],
            minlength=round(bar * SIXTEENTHS),
        ).astype(np.float64)
        self.ratios = Counter(ratio_bins([ioi for ioi in iois(points)]))
        self.density = density(notes)


def alike(one: Features, other: Features) -> dict[str, float]:
    """Give how alike two phrases are, 0 to 1, in five ways, and `all`, their mean.

    Cosine of pitch classes by how long they sound, of onsets by the sixteenth of the bar they lie on; one less the
    Jensen-Shannon divergence (Lin 1991, base 2) of pairs of intervals and of ratios of inter-onset intervals; the
    lower density by the higher.
    """
    size = min(len(one.slots), len(other.slots))
    found = {
        "pitch classes": cosine(one.classes, other.classes),
        "intervals": 1 - divergence(one.bigrams, other.bigrams),
        "places in the bar": cosine(one.slots[:size], other.slots[:size]),
        "rhythm": 1 - divergence(one.ratios, other.ratios),
        "density": _lower_by_higher(one.density, other.density),
    }
    return found | {"all": sum(found.values()) / len(found)}


def cosine(
    one: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    other: "np.ndarray[tuple[int], np.dtype[np.float64]]",
) -> float:
    """The cosine of two vectors, -1 to 1; 0 with one that is nothing."""
    lengths = sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / lengths if lengths else 0.0


def divergence(one: Mapping[T, int], other: Mapping[T, int]) -> float:
    """Jensen-Shannon divergence of two counts, 0 to 1 bit; 1 where one of them is empty."""
    if not one or not other:
        return 1.0
    p_all, q_all, bits = sum(one.values()), sum(other.values()), 0.0
    for key in one.keys() | other.keys():
        p, q = one.get(key, 0) / p_all, other.get(key, 0) / q_all
        middle = (p + q) / 2
        bits += sum(share * log2(share / middle) / 2 for share in (p, q) if share)
    return bits


def ratio_bins(times: Sequence[float]) -> list[int]:
    """Each inter-onset interval by the one before it, in half octaves, at most three octaves either way."""
    return [max(-6, min(6, round(2 * log2(after / before)))) for before, after in pairwise(times)]


def specificity(own: Features, call: Features, others: Sequence[Features]) -> float | None:
    """Give how much more like its call an answer is than answers to other calls, -1 to 1: what is above 0 was heard.

    None where there are no others.
    """
    if not others:
        return None
    elsewhere = [alike(other, call)["all"] for other in others]
    return alike(own, call)["all"] - sum(elsewhere) / len(elsewhere)


def novelty(answer: Notes, call: Notes) -> float | None:
    """Share of the answer, 0 to 1, outside the longest run of it that stands in the call, pitch and rhythm alike.

    0 is a copy, None an answer of one note or none.
    Rhythm is inter-onset intervals in sixteenths; a run of one note is none.
    """
    mine, theirs = _pairs(answer), _pairs(call)
    if not mine:
        return None
    longest = longest_common(mine, theirs)
    return 1 - longest / len(mine)


def _pairs(notes: Notes) -> list[tuple[int, int, int]]:
    """Steps of the onset line: pitch, pitch after it, sixteenths between."""
    points = line(notes)
    return [
        (before.pitch, after.pitch, round((after.onset - before.onset) * SIXTEENTHS))
        for before, after in pairwise(points)
    ]


def longest_common(some: Sequence[Hashable], others: Sequence[Hashable]) -> int:
    """The length of the longest run that stands in both."""
    best, before = 0, [0] * (len(others) + 1)
    for one in some:
        now = [0] * (len(others) + 1)
        for at, other in enumerate(others):
            if one == other:
                now[at + 1] = before[at] + 1
                best = max(best, now[at + 1])
        before = now
    return best


# --- key, pace, bars ----------------------------------------------------------------------------------------------


def key_match(answer: Notes, key: Key) -> float | None:
    """Correlation of how long the answer's pitch classes sound with the key's profile (Krumhansl 1990), -1 to 1.

    None where there is none, as of an answer in which all twelve sound alike.
    """
    sounded = np.array(weights(answer))
    if not answer or not sounded.std():
        return None
    profile = np.roll(np.array(_PROFILES[key.mode]), key.tonic)
    return float(np.corrcoef(sounded, profile)[0, 1])


def in_scale(answer: Notes, key: Key) -> float | None:
    """Share of notes in the key's scale, in minor with both sevenths, 0 to 1."""
    classes = key.pitch_classes
    return sum(note.pitch % 12 in classes for note in answer) / len(answer) if answer else None


def density(notes: Notes) -> float:
    """Onsets per beat from the first to the last release, chords counted once; 0 of nothing."""
    if not notes:
        return 0.0
    lasting = max(note.end for note in notes) - min(note.onset for note in notes)
    return len(line(notes)) / max(lasting, TICK)


def density_apart(answer: Notes, call: Notes) -> float | None:
    """Octaves between the densities, 0 or more: 1 is twice as dense, or half; None where nothing is played."""
    one, other = density(answer), density(call)
    return abs(log2(one / other)) if one and other else None


def off_lines(answer: Notes, call: Notes) -> float | None:
    """Share of the answer's onsets off the lines of the beat that the call is played on, 0 to 1; None of none."""
    lines, played_on = [_line_of(p.onset) for p in line(answer)], _lines_of(call)
    return sum(at not in played_on for at in lines) / len(lines) if lines else None


def _lines_of(notes: Notes) -> set[int]:
    """Lines of the beat next to which at least OFTEN of the onsets are."""
    counts = Counter(_line_of(point.onset) for point in line(notes))
    return {at for at, count in counts.items() if count >= OFTEN * counts.total()}


def _line_of(beat: float) -> int:
    """The nearest of LINES."""
    tick = round(beat / TICK)
    return min(
        LINES, key=lambda at: min((tick - at) % TICKS_PER_BEAT, (at - tick) % TICKS_PER_BEAT)
    )


def length_apart(answer: Notes, asked: float, begin: float) -> float | None:
    """Beats by which it ends too early or too late, were it as long as `asked` from beat `begin` on."""
    if not answer:
        return None
    return abs(max(note.end for note in answer) - begin - asked)


def ends_on_a_strong_beat(answer: Notes, metre: str) -> bool | None:
    """True if the last onset is on the first beat of a bar, or on the middle of one of an even number of beats."""
    if not answer:
        return None
    numerator, denominator = (int(word) for word in metre.split("/"))
    bar = numerator * 4 / denominator
    is_even = (numerator // 3 if numerator % 3 == 0 and numerator > 3 else numerator) % 2 == 0
    strong = bar / 2 if is_even and numerator > 2 else bar
    place = line(answer)[-1].onset % strong
    return min(place, strong - place) <= STRONG


def ends_on_the_triad(answer: Notes, key: Key) -> bool | None:
    """True if the last note, the highest of several, is of the tonic triad."""
    if not answer:
        return None
    return (line(answer)[-1].pitch - key.tonic) % 12 in (0, key.third, 7)


# --- all of them --------------------------------------------------------------------------------------------------

Measured = dict[str, float | None]


def measures(call: LeadCall, answer: Notes, begin: float) -> Measured:
    """All figures of one answer but specificity, which needs the others; `begin` is the beat where it might begin."""
    key = key_of(call.notes)
    strong = ends_on_a_strong_beat(answer, call.metre)
    triad = ends_on_the_triad(answer, key)
    apart = length_apart(answer, call.beats, begin)
    return {
        "reuse": reuse(answer, call.notes),
        "exact_reuse": exact_reuse(answer, call.notes),
        "novelty": novelty(answer, call.notes),
        "key_match": key_match(answer, key),
        "in_scale": in_scale(answer, key),
        "density_ratio": density(answer) / density(call.notes) if answer else None,
        "density_apart": density_apart(answer, call.notes),
        "off_lines": off_lines(answer, call.notes),
        "length": None if apart is None else float(apart <= 1 + STRONG),
        "strong_end": None if strong is None else float(strong),
        "triad_end": None if triad is None else float(triad),
    }


def random_answer(call: LeadCall, rng: np.random.Generator) -> tuple[Note, ...]:
    """Chance: as many onsets as the call has, on any sixteenths of as many bars, at any pitches of its range."""
    slots = round(call.beats * SIXTEENTHS)
    count = min(len(line(call.notes)), slots)
    places = np.sort(rng.choice(slots, count, replace=False))
    low, high = (limit(note.pitch for note in call.notes) for limit in (min, max))
    velocity = round(sum(note.velocity for note in call.notes) / len(call.notes))
    found = []
    for at, place in enumerate(places):
        until = places[at + 1] if at + 1 < count else min(place + SIXTEENTHS, slots)
        onset, end = (call.beats + p / SIXTEENTHS for p in (place, until))
        found.append(Note(float(onset), float(end), int(rng.integers(low, high + 1)), velocity))
    return tuple(found)


def _lower_by_higher(one: float, other: float) -> float:
    return min(one, other) / max(one, other) if max(one, other) else 0.0
