"""The critic, who chooses among candidates, against no choice, the rules, and a logistic on the scorecard's looks.

    python -m bench.critic DATA [--train FILE] [--valid FILE] [--played N]

Calls of the validation split with people's next phrase and the candidates of the shipped model, as `export/critic.py`
makes them.  The logistic learned from the same calls as the critic.  Two judges learned from calls of other pieces of
the train split, and see other things: one counts degrees, leaps, times and places, the other reads call and reply note
after note (`bench/critic_judges.py`).

* Right: how often people's reply is put before a candidate to the same call.
* By a judge: how often the chosen candidate is put before another one, .5 without a choice.
* Over the logistic: the same less the logistic's, call by call.
* Triad: share of chosen candidates that end on the tonic triad of the call's key; in key: of their notes in its scale.
* Halves: Spearman's rho, within a call, of two critics that learned from disjoint halves of the calls.
* Played: the same calls played to the engine to the end, with `taste`; figures of livegen/scorecard/responses.py.

Intervals are of resampled calls (bootstrap, 95 %).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import numpy as np
import torch

from bench.critic_judges import Judge, counted, lead_call, looks, notes, of_rows, reader
from bench.tables import keep, table, told
from bench.varied import rho
from export.critic import (
    BARS,
    CALLS,
    JUDGES,
    SEED,
    Batch,
    Case,
    comparable,
    made,
    material,
    pieces,
    seen,
    spoiled,
    trained,
)
from livegen import shipped
from livegen.inference.contract import Model
from livegen.inference.model_files import load
from livegen.jam.interplay.choice import CRITIC
from livegen.music.melody.critic import tastes
from livegen.scorecard.estimates import mean
from livegen.scorecard.held_out_calls import Pair, drawn
from livegen.scorecard.notes import key_of
from livegen.scorecard.playing import played
from livegen.scorecard.responses import ends_on_the_triad, in_scale, measures

VALID = 300  # calls
PLAYED = 60
PEOPLE = 0  # which of the replies of a case is people's
LOOKED, BOTH, ALONE = "logistic on looks", "taste 0.5", "critic, taste 1"
TASTES = (0.0, 0.5, 1.0)
TIMES = 200
SHOWN = ("reuse", "novelty", "in_scale", "density_apart", "strong_end", "triad_end")
Chooser = Callable[[Case], list[float]]  # what each candidate is worth


def critic(case: Case) -> list[float]:
    """The shipped critic, of all replies."""
    return tastes(case.phrase, case.replies, case.until, case.bars)


def before_others(told: Sequence[float], at: int) -> float:
    """Give how often a reply is put before another, 0 to 1, by what a judge says of each; a draw counts half."""
    others = [one for number, one in enumerate(told) if number != at]
    return float(np.mean([(told[at] > one) + 0.5 * (told[at] == one) for one in others]))


def choosers(logistic: Judge) -> dict[str, Chooser]:
    """Give those who choose, by name."""

    def mixed(taste: float) -> Chooser:
        return lambda case: [
            (1 - taste) * worth + taste * CRITIC * nats
            for worth, nats in zip(case.worths, critic(case)[1:], strict=True)
        ]

    return {
        "rules, taste 0": mixed(0.0),
        LOOKED: lambda case: logistic(case)[1:],
        BOTH: mixed(0.5),
        ALONE: mixed(1.0),
    }


def ends(case: Case, which: int) -> tuple[float, float]:
    """Tell whether a reply ends on the triad of the call's key, and its share of notes in that key."""
    call = lead_call(case)
    own, key = notes(case.replies[which], case.until, call.beats), key_of(call.notes)
    return float(bool(ends_on_the_triad(own, key))), in_scale(own, key) or 0.0


def chosen(
    cases: Sequence[Case], judges: Mapping[str, Judge], some: Mapping[str, Chooser]
) -> dict[str, dict[str, list[float]]]:
    """Figures of the candidates that each chooses, a value a call."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        told = {name: judge(case) for name, judge in judges.items()}
        looked = [ends(case, which) for which in range(len(case.replies))]
        picks = {name: int(np.argmax(chooser(case))) for name, chooser in some.items()}
        for name, at in picks.items():
            for judge, scores in told.items():
                found[name][judge].append(before_others(scores[1:], at))
        for judge, scores in told.items():
            found["no choice"][judge].append(0.5)
            found["people"][judge].append(before_others(scores, PEOPLE))
        whose = {name: [looked[at + 1]] for name, at in picks.items()}
        for name, rows in (whose | {"no choice": looked[1:], "people": looked[:1]}).items():
            triad, scale = np.mean(rows, axis=0)
            found[name]["triad"].append(float(triad))
            found[name]["in key"].append(float(scale))
    for name in (BOTH, ALONE):
        found[f"{name}, over the logistic"] = {
            judge: [a - b for a, b in zip(found[name][judge], found[LOOKED][judge], strict=True)]
            for judge in judges
        }
    return found


def halves(cases: Sequence[Case], valid: Sequence[Case]) -> tuple[list[float], int]:
    """Spearman's rho of two critics within each call, and from how many calls the lesser learned."""
    some = [
        [
            seen(case, spoiled(case))
            for case in cases
            if case.part % 2 == half and case.part != JUDGES
        ]
        for half in (0, 1)
    ]
    networks = [trained(calls, SEED + half) for half, calls in enumerate(some)]
    values = []
    with torch.no_grad():
        for case in valid:
            batch = Batch.of([seen(case)])
            told = [network(batch)[1:].tolist() for network in networks]
            values.append(rho(*told))
    return values, min(map(len, some))


def milliseconds(cases: Sequence[Case]) -> list[float]:
    """Milliseconds of a processor for four candidates, median and 99 in a hundred."""
    some = [case for case in cases if len(case.replies) == 5]
    critic(some[0])
    values = []
    for number in range(TIMES):
        case = some[number % len(some)]
        begin = time.process_time_ns()
        tastes(case.phrase, case.replies[1:], case.until, case.bars)
        values.append((time.process_time_ns() - begin) / 1e6)
    return [round(float(np.quantile(values, share)), 2) for share in (0.5, 0.99)]


def played_out(model: Model, pairs: Sequence[Pair]) -> dict[str, dict[str, list[float]]]:
    """Figures of answers that are played to the end, by taste, and of people's."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number, pair in enumerate(pairs):
        answers = {"people": (pair.people, pair.call.beats)}
        for taste in TASTES:
            values: dict[str, object] = {"length": pair.call.bars, "taste": taste}
            heard = played(model, pair.call, values, seed=number)
            if heard.line is not None:
                answers[f"taste {taste:g}"] = heard.answer, heard.line
        for name, (own, begin) in answers.items():
            for what, value in measures(pair.call, own, begin).items():
                if value is not None and what in SHOWN:
                    found[name][what].append(value)
    return found


Figures = Mapping[str, Mapping[str, Sequence[float]]]


def rows(found: Figures, columns: Sequence[str]) -> list[list[str]]:
    """A table's rows, one for each who chooses."""
    return [
        [name, *(told(mean(figures.get(column, ())), 3) for column in columns)]
        for name, figures in found.items()
    ]


def facts_of(found: Figures) -> dict[str, dict[str, list[float]]]:
    """Means and intervals as they are kept in a file."""
    facts: dict[str, dict[str, list[float]]] = {}
    for name, figures in found.items():
        for what, values in figures.items():
            if (estimate := mean(values)) is not None:
                some = [round(v, 4) for v in (estimate.value, estimate.low, estimate.high)]
                facts.setdefault(name, {})[what] = some
    return facts


FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--train", default="runs/critic/train.jsonl", show_default=True, type=FILE)
@click.option("--valid", default="runs/critic/valid.jsonl", show_default=True, type=FILE)
@click.option("--calls", default=CALLS, show_default=True, help="Of the train split.")
@click.option("--held", default=VALID, show_default=True, help="Of the validation split.")
@click.option("--played", "most", default=PLAYED, show_default=True, help="Played to the end.")
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, train: Path, valid: Path, calls: int, held: int, most: int, dry: bool) -> None:
    """Let the critic and others choose among candidates of calls of DATA, and write critic.json and critic.md."""
    torch.set_num_threads(1)
    model = load(shipped.model("default"))
    cases = material(train, lambda: made(data, "train", calls, SEED, model), calls)
    tried = material(valid, lambda: made(data, "valid", held, SEED + 1, model), held)
    own = [case for case in cases if case.part != JUDGES]
    theirs = [case for case in cases if case.part == JUDGES]
    logistic = of_rows(own, looks, 0, SEED)
    judges: dict[str, Judge] = {
        "the one that counts": of_rows(theirs, counted, 32, SEED),
        "the one that reads": reader(theirs, SEED),
    }
    everyone = {"critic": critic, LOOKED: logistic, **judges}
    rights = {
        name: {"right": [before_others(judge(case), PEOPLE) for case in tried]}
        for name, judge in everyone.items()
    }
    figures = chosen(tried, judges, choosers(logistic))
    agreed, least = halves(cases, tried)
    taken = milliseconds(tried)
    text = [
        f"{len(tried)} calls of the validation split; the critic learned from {len(own)} calls of the train split, the "
        f"judges from {len(theirs)} of other pieces.  What the words mean stands in bench/critic.py.",
        table(["who", "right"], rows(rights, ["right"])),
        table(
            ["who chooses", *judges, "triad", "in key"], rows(figures, [*judges, "triad", "in key"])
        ),
        f"Halves: rho {told(mean(agreed), 3)}, of critics that learned from {least} calls and more.",
        f"Four candidates take {taken[0]} ms of a processor (99 in 100: {taken[1]}).",
    ]
    facts: dict[str, object] = {
        "right": facts_of(rights),
        "chosen": facts_of(figures),
        "halves": facts_of({"halves": {"rho": agreed}}),
        "milliseconds": taken,
        "calls": {"critic": len(own), "judges": len(theirs), "tried": len(tried)},
    }
    if most:
        pairs = drawn(pieces(data, "valid"), most, SEED + 2, comparable, BARS[:1])
        heard = played_out(model, pairs)
        text.append(table(["played", *SHOWN], rows(heard, SHOWN)))
        facts["played"] = facts_of(heard)
    keep("critic", facts, "\n\n".join(text), dry)


if __name__ == "__main__":
    main()
