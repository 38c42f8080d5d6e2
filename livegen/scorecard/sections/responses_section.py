"""Answers beside their calls; what else is judged alike: random notes, the answer to another call, and people."""

import random
from collections.abc import Sequence

from livegen.music.note import Note
from livegen.scorecard import estimates, responses
from livegen.scorecard.band import Band
from livegen.scorecard.card import MODEL, OTHER, PEOPLE, RANDOM, Card
from livegen.scorecard.held_out_calls import Pair
from livegen.scorecard.playing import PlayedCall

OTHERS = 20  # answers to other calls, for specificity
MEDIANS = ("density_ratio",)
HELD = 0.7  # of each note, where a call is played detached: scores hold notes until the next, hands do not
Notes = Sequence[Note]

# The meaning of each figure, and when it is better.
RESPONSES = {
    "answered": ("calls that are answered", "more"),
    "reuse": ("the call's four-note figures in the answer, at any pitch", "people"),
    "exact_reuse": ("the same, at the same pitch", "people"),
    "specificity": ("more like its own call than answers to other calls are", "people"),
    "novelty": ("novelty: 1 - the longest run copied from the call", "people"),
    "key_match": ("correlation with the call's key", "people"),
    "in_scale": ("notes in the call's scale", "people"),
    "density_ratio": ("onsets per beat by the call's, median", "people"),
    "density_apart": ("octaves between both densities", "less"),
    "off_lines": ("onsets off the lines of the beat that the call is played on", "people"),
    "off_lines_detached": (
        f"the same, of calls with notes held for {HELD} of their length",
        "people",
    ),
    "length": ("as long as asked, to a beat", "more"),
    "strong_end": ("last onset on a strong beat", "people"),
    "triad_end": ("last note in the tonic triad", "people"),
}


def measure(
    card: Card,
    band: Band,
    pairs: Sequence[Pair],
    answers: dict[str, list[PlayedCall]],
    detached: dict[str, list[PlayedCall]],
) -> None:
    """All of RESPONSES, whoever answers; `detached` are the answers to the calls with notes held for HELD of them."""
    played_by: dict[str, list[tuple[Notes, float]]] = {
        RANDOM: [
            (notes, pair.call.beats)
            for notes, pair in zip(band.random_answers(pairs), pairs, strict=True)
        ],
        **{
            name: [(heard.answer, _begin(heard)) for heard in some]
            for name, some in reversed(answers.items())
        },
        PEOPLE: [(pair.people, pair.call.beats) for pair in pairs],
    }
    rows = {
        name: [
            {"answered": float(bool(notes)), **responses.measures(pair.call, notes, begin)}
            for pair, (notes, begin) in zip(pairs, some, strict=True)
        ]
        for name, some in played_by.items()
    }
    order = [*range(1, len(pairs)), 0]
    rows[OTHER] = [
        responses.measures(pair.call, *played_by[MODEL][other])
        for pair, other in zip(pairs, order, strict=True)
    ]
    for name, some in played_by.items():
        for row, figure in zip(
            rows[name], _specificities(band, pairs, [n for n, _ in some]), strict=True
        ):
            row["specificity"] = figure
    for who, measures in rows.items():
        # To random notes it is nothing how long the call's are held, and nobody else heard such a call.
        own = [row["off_lines"] for row in measures]
        if who in answers:
            own = [responses.off_lines(heard.answer, heard.call.notes) for heard in detached[who]]
        for row, figure in zip(measures, own, strict=True):
            row["off_lines_detached"] = figure
    for what, (says, better) in RESPONSES.items():
        columns = {}
        for name in (RANDOM, OTHER, *reversed(answers), PEOPLE):
            values = [row.get(what) for row in rows[name]]
            if what in MEDIANS:
                columns[name] = estimates.quantile(values, 0.5, band.seed)
            else:
                columns[name] = estimates.mean(values, band.seed)
        card.add("answers", what, says, better, columns)


def _begin(heard: PlayedCall) -> float:
    return heard.call.beats if heard.line is None else heard.line


def _specificities(band: Band, pairs: Sequence[Pair], some: Sequence[Notes]) -> list[float | None]:
    chance = random.Random(band.seed)
    calls = [responses.Features(pair.call.notes, pair.call.bar) for pair in pairs]
    own = [
        responses.Features(notes, pair.call.bar) for notes, pair in zip(some, pairs, strict=True)
    ]
    found = []
    for at, (call, notes) in enumerate(zip(calls, some, strict=True)):
        rest = [
            k for k in range(len(pairs)) if pairs[k].call.name != pairs[at].call.name and some[k]
        ]
        others = [own[k] for k in chance.sample(rest, min(OTHERS, len(rest)))]
        found.append(responses.specificity(own[at], call, others) if notes else None)
    return found
