"""Measures of an answer as a bandmate hears it: when it comes in, where it ends, what of the call it takes up.

Beats are those of the call's own tempo and metre, whatever the engine made of them.  Beside the model stand two simple
partners: an echo, which plays the call again on the next bar line and ends it on the tonic, and a chain, which draws
each note by the one before from the call itself.  Knows no engine.
"""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

from livegen.music.drums.drum_bars import KICKS
from livegen.music.keys.key import Key
from livegen.music.note import Note
from livegen.scorecard.card import CHAIN, ECHO
from livegen.scorecard.held_out_calls import LeadCall
from livegen.scorecard.notes import key_of, line
from livegen.scorecard.responses import ends_on_a_strong_beat, ends_on_the_triad

EIGHTH = 0.5  # of a quarter: who begins within one of a bar line is heard to begin on it
EXACT = 1 / 12  # beats
FIGURE = 3  # notes
GRID = 6  # of a beat: how finely two rhythms are told apart
LATE_BARS = 2  # of the call: its key is that of its end

Figures = dict[str, float]


def next_bar(call: LeadCall) -> float:
    """The first bar line after the last onset of a call: where a partner comes in."""
    last = call.onsets[-1]
    return (math.floor((last + EXACT) / call.bar) + 1) * call.bar


def off_bar(beat: float, bar: float) -> float:
    """Beats from the nearest bar line."""
    return abs(beat - round(beat / bar) * bar)


def last_key(call: LeadCall) -> Key:
    """The key in which a call ends."""
    since = call.ends - LATE_BARS * call.bar
    return key_of([note for note in call.notes if note.end > since])


def shapes(notes: Sequence[Note]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Figures of three notes: their intervals, semitones, and their rhythm, sixths of a beat."""
    points = line(notes)
    steps = [(b.pitch - a.pitch, round((b.onset - a.onset) * GRID)) for a, b in pairwise(points)]
    runs = zip(*(steps[at:] for at in range(FIGURE - 1)), strict=False)
    return [(tuple(i for i, _ in run), tuple(r for _, r in run)) for run in runs]


def figures(call: LeadCall, notes: Sequence[Note]) -> Figures:
    """All figures of one answer; only whether there was one where there was none.

    `notes` are all of the partner's, by onset; those that began before the call was over are talked over.
    """
    answer = [note for note in notes if note.onset >= call.ends - EXACT]
    early = any(note.onset < call.onsets[-1] - EXACT for note in notes)
    found: Figures = {"answered": float(bool(answer)), "cut": float(early)}
    if not answer or early:
        return found
    first, key = answer[0].onset, last_key(call)
    ends = off_bar(max(note.end for note in answer), call.bar)
    own, theirs = shapes(answer), shapes(call.notes)
    joint, rhythms = set(theirs), {rhythm for _, rhythm in theirs}
    due = next_bar(call)
    return found | {
        "on_next_bar": float(abs(first - due) <= EIGHTH),
        "on_a_bar": float(off_bar(first, call.bar) <= EIGHTH),
        "exactly": float(off_bar(first, call.bar) <= EXACT),
        "wait": first - call.onsets[-1],
        "ends_off": ends,
        "ends_near": float(ends <= EIGHTH),
        "ends_strong": float(bool(ends_on_a_strong_beat(answer, call.metre))),
        "ends_home": float(bool(ends_on_the_triad(answer, key))),
        "in_key": sum(note.pitch % 12 in key.pitch_classes for note in answer) / len(answer),
        "joint": sum(shape in joint for shape in own) / len(own) if own else 0.0,
        "rhythm": sum(rhythm in rhythms for _, rhythm in own) / len(own) if own else 0.0,
    }


# --- drums ----------------------------------------------------------------------------------------------------------

SNARES = (37, 38, 39, 40)  # General MIDI
SLOTS = 4  # of a beat


def beat(notes: Sequence[Note], bars: int) -> Figures:
    """Measure how drums keep a beat of 4/4 from the second bar to the last: shares of bars, how like neighbours are.

    `kick_on_one`, `backbeat` (a snare on two and on four), `bar_identity` (Jaccard index of neighbouring bars' hits on
    sixteenths), `hits` a bar.
    """
    hits: dict[int, set[tuple[int, int]]] = {bar: set() for bar in range(1, bars)}
    for note in notes:
        bar, slot = divmod(round(note.onset * SLOTS), 4 * SLOTS)
        if bar in hits:
            hits[bar].add((slot, note.pitch))
    played = list(hits.values())
    likeness = [len(a & b) / len(a | b) for a, b in pairwise(played) if a | b]

    def share(slots: Sequence[int], drums: Sequence[int]) -> float:
        has = [all(any((at, drum) in bar for drum in drums) for at in slots) for bar in played]
        return sum(has) / len(has)

    return {
        "kick_on_one": share((0,), KICKS),
        "backbeat": share((SLOTS, 3 * SLOTS), SNARES),
        "bar_identity": sum(likeness) / len(likeness) if likeness else 0.0,
        "hits": sum(map(len, played)) / len(played),
    }


# --- simple partners ------------------------------------------------------------------------------------------------


def echo(call: LeadCall, chance: random.Random) -> list[Note]:
    """The call again from the next bar line on, one note in eight a step beside, and the last one on the tonic."""
    start, key = next_bar(call), last_key(call)
    first = min(0.0, math.floor(call.notes[0].onset / call.bar) * call.bar)
    found = []
    for note in call.notes:
        by = chance.choice((-2, 2)) if chance.random() < 1 / 8 else 0
        found.append(
            note._replace(
                onset=note.onset - first + start,
                end=note.end - first + start,
                pitch=note.pitch + by,
            )
        )
    last = found[-1]
    near = min(
        range(last.pitch - 6, last.pitch + 6),
        key=lambda p: (p % 12 != key.tonic, abs(p - last.pitch)),
    )
    return [*found[:-1], last._replace(pitch=near)]


def chain(call: LeadCall, chance: random.Random) -> list[Note]:
    """Intervals and rhythm drawn by the one before from the call, from the next bar line on, as long as the call."""
    points = line(call.notes)
    steps = [(b.pitch - a.pitch, b.onset - a.onset) for a, b in pairwise(points)] or [(0, 1.0)]
    follows: dict[tuple[int, float], list[tuple[int, float]]] = defaultdict(list)
    for before, after in pairwise(steps):
        follows[before].append(after)
    at, pitch, step, found = next_bar(call), points[0].pitch, steps[0], []
    until = at + call.beats
    while at < until - EXACT:
        found.append(Note(at, min(until, at + step[1] * 0.9), pitch, 80))
        at, pitch = at + step[1], max(36, min(96, pitch + step[0]))
        step = chance.choice(follows[step] or steps)
    return found


PARTNERS: dict[str, Callable[[LeadCall, random.Random], list[Note]]] = {
    ECHO: echo,
    CHAIN: chain,
}
