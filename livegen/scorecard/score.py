"""The runner: plays all calls, in as many processes as there are processors, and gathers a card, section by section.

What a figure means stands where it is measured (likelihood, responses, accompaniment, distributions, degeneracy,
copying); who stands beside the model, in its section.
"""

import os
from collections import Counter
from itertools import repeat
from pathlib import Path

from livegen.scorecard import estimates
from livegen.scorecard.band import BARS, Band, Music, find, open_models
from livegen.scorecard.card import MODEL, PREVIOUS, Card
from livegen.scorecard.held_out_calls import held_out
from livegen.scorecard.sections import (
    accompaniment_section,
    backing_section,
    degeneracy_section,
    distributions_section,
    guesses_section,
    likelihood_section,
    memory_section,
    playing_section,
    responses_section,
)
from livegen.training.corpora import Progress
from livegen.training.evaluate import gather
from livegen.training.process_pool import processes

SEED = 20261121
CALLS, TURNS, EVENTS = 200, 1000, 256  # by default: minutes on two processors


def score(
    model: Path,
    data: Path,
    split: str = "valid",
    *,
    previous: Path | None = None,
    calls: int = CALLS,
    turns: int = TURNS,
    events: int | None = EVENTS,
    seed: int = SEED,
    workers: int | None = None,
    progress: Progress = lambda name, done, total: None,
) -> Card:
    """Measure a model, and the previous one beside it.  Raises ConfigError when there is no music to measure on.

    `events` limits each piece for the likelihood, None does not.  A section for which the data holds nothing is left
    out, and a remark says so.
    """
    paths = [model, *([previous] if previous else [])]
    evidence = gather(paths, data, split, events, workers, progress)
    pieces = held_out(data, evidence.corpora, split)
    who = [MODEL, PREVIOUS][: len(paths)]
    card = Card(
        {
            "model": evidence.names[0],
            **({"previous": evidence.names[1]} if previous else {}),
            "split": split,
            "sets": dict(Counter(held.corpus for held in pieces)),
            "pieces": len(pieces),
            "events": int(evidence.counted.sum()),
            "baselines_fitted_on": evidence.fitted,
            "seed": seed,
            "resampled": estimates.RESAMPLED,
        }
    )
    with processes(workers or os.cpu_count(), open_models, paths) as pool:
        band = Band(pool, progress, seed, who)
        found = band.map("looking for calls", find, pieces, repeat(seed))
        music = Music.of(pieces, found, calls, turns, seed)
        card.facts.update(
            calls=len(music.pairs), melodies=len(music.leads), turns=turns if music.turns else 0
        )
        likelihood_section.measure(card, band, evidence, pieces, music)
        guesses_section.measure(card, band, evidence)
        if music.pairs:
            some = [pair.call for pair in music.pairs]
            short = [call.detached(responses_section.HELD) for call in some]
            answers = {name: band.answers(which, some) for which, name in enumerate(who)}
            detached = {
                name: band.answers(which, short, "the same, detached")
                for which, name in enumerate(who)
            }
            responses_section.measure(card, band, music.pairs, answers, detached)
            distributions_section.measure(card, band, music.pairs, answers)
            memory_section.measure(card, band, evidence, music.pairs, answers)
        else:
            card.remarks.append(
                f"No piece has two calls of {BARS} bars in a row: no answers were judged."
            )
        playing_section.measure(card, band, calls)
        if music.leads:
            accompaniment_section.measure(card, band, music.leads)
            backing_section.measure(card, band, music.leads, pieces)
        else:
            card.remarks.append(
                "No piece has a lead, an accompaniment and a track of chords: none was judged."
            )
        if music.turns:
            degeneracy_section.measure(card, band, music.turns, music.pairs, turns)
    return card
