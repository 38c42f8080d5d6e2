"""The worth of the memory of a session: nats a note of held-out music, licks that are taken up, and micros.

    python -m bench.memory DATA [--events N] [--every N] [--fit] [--only nats|licks]

Nats: each piece of the validation split is heard event by event by the shipped model, from a memory of nothing on, at
each setting of the control `memory`; by field, and by quarter of the piece.  What a setting saves has its interval from
resampled pieces (bootstrap, 95 %).  `learner` is the model that knows only
the piece so far.  The shares of the memory are those of livegen/inference/memory.py; `--fit` finds them anew on the
training split, by expectation maximisation, and prints them.

Licks: three calls of thirty feels in a row, each answered.  *earlier*: figures of three notes, with their rhythm, in
the third answer that stand in the first two calls and not in the third; *call*: those of the third call.  How much the
memory quotes was chosen on every fifth of these sessions; others are measured.
"""

import json
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import click
import numpy as np
import numpy.typing as npt

from bench.sets import SETS
from bench.tables import HERE, keep, kept, table, told
from livegen import shipped
from livegen.codec.layout import ADVANCE, FIELDS, SOUNDING, Event
from livegen.inference.contract import Model, Query, sound
from livegen.inference.memory import LONGEST, Memory, MemoryLevel, shares
from livegen.inference.model_files import load
from livegen.inference.sampling import probabilities
from livegen.scorecard.estimates import Estimate, mean, ratio
from livegen.scorecard.feels import all_calls
from livegen.scorecard.musicianship import shapes
from livegen.scorecard.playing import played
from livegen.training import corpora
from livegen.training.evaluate import judge

STRENGTHS = (0.0, 0.35, 0.5, 0.75, 1.0)
TRIED = (0.0, 0.5, 0.75, 1.0)  # with licks
PHRASES = 3
QUARTERS = 4
ROUNDS = 60
WHAT = ("earlier", "call")
CHOSEN_ON = 5  # one call of so many

Floats = npt.NDArray[np.float64]
Shares = npt.NDArray[np.float64]  # (levels, LONGEST + 1), [:, 0] is 0: nothing was alike


class Judged(NamedTuple):
    """A field of events: how likely each was to the network (N,), and to each level, with how many notes were alike.

    `votes` and `alike` are (N, levels); `quarter` (N,) is that of the piece, `piece` (N,) its number.
    """

    likely: Floats
    votes: Floats
    alike: npt.NDArray[np.int64]
    quarter: npt.NDArray[np.int64]
    piece: npt.NDArray[np.int64]

    def mixed(self, shares: Shares) -> Floats:
        """Give how likely each event is, with these shares of the memory."""
        likely = self.likely
        for level in MemoryLevel:
            share = shares[level, self.alike[:, level]]
            likely = likely * (1 - share) + self.votes[:, level] * share
        return likely


def judged(
    model: Model,
    pieces: Sequence[tuple[npt.NDArray[Any], str]],
    begin: Sequence[Memory] | None = None,
) -> dict[str, Judged]:
    """Hear pieces, events (N, 8) and style, event by event: what was expected of each field of the next.

    `begin` are the memories with which they begin, of nothing otherwise.
    """
    rows: dict[str, list[tuple[float, list[float], list[int], int, int]]] = {
        name: [] for name in FIELDS
    }
    for number, (events, style_name) in enumerate(pieces):
        memory, state = begin[number] if begin else Memory(), model.initial_state()
        styles, sounding = model.facts.styles, np.zeros(SOUNDING, np.float32)
        style = styles.index(style_name) if style_name in styles else 0
        listed = [Event(*row) for row in events.tolist()]
        for at, (event, following) in enumerate(pairwise(listed), start=1):
            sound(sounding, event)
            state, summary = model.advance(event, style, sounding, state)
            memory = memory.after(event, learns=True)
            for name, target in asked(following):
                query = Query.of(following)
                votes, alike = [0.0] * len(MemoryLevel), [0] * len(MemoryLevel)
                for vote in memory.votes(name, query):
                    votes[vote.level], alike[vote.level] = float(vote.votes[target]), vote.matched
                likely = probabilities(model.logits(name, summary, query))[target]
                place = at * QUARTERS // len(listed), number
                rows[name].append((float(likely), votes, alike, *place))
    return {
        name: Judged(*(np.array(column) for column in zip(*found, strict=True)))
        for name, found in rows.items()
    }


def asked(event: Event) -> Iterator[tuple[str, int]]:
    """The fields of an event that are foretold, with their classes."""
    for name, target in zip(FIELDS, event, strict=False):
        is_told = name == "time" or event.time != ADVANCE
        if is_told and (name != "velocity" or event.on):
            yield name, target


def shipped_shares(name: str, strength: float) -> Shares:
    """The shares of a field at a setting of the control."""
    return np.pad(shares(name, strength), ((0, 0), (1, 0)))


def fitted(found: Judged) -> Shares:
    """The shares by which these events are likeliest; expectation maximisation from .1 on."""
    found_shares = np.full((len(MemoryLevel), LONGEST + 1), 0.1)
    found_shares[:, 0] = 0
    for _ in range(ROUNDS):
        below, parts = found.likely, []
        for level in MemoryLevel:
            share = found_shares[level, found.alike[:, level]]
            mixed = below * (1 - share) + found.votes[:, level] * share
            parts.append(share * found.votes[:, level] / np.maximum(mixed, 1e-12))
            below = mixed
        reached = np.ones(len(found.likely))
        for level in reversed(MemoryLevel):
            for alike in range(1, LONGEST + 1):
                here = found.alike[:, level] == alike
                if (weight := reached[here].sum()) > 1:
                    found_shares[level, alike] = (reached * parts[level])[here].sum() / weight
            reached = reached * (1 - parts[level])
    return found_shares


def sample(data: Path, name: str, split: str, events: int) -> list[tuple[npt.NDArray[Any], str]]:
    """Whole pieces of a split in an order by chance, until there are so many events."""
    corpus = corpora.load(data, [name])[name]
    pieces = [piece for piece in corpus.split(split) if piece.end - piece.start >= 100]
    random.Random(0).shuffle(pieces)
    found, count = [], 0
    for piece in pieces:
        if count < events:
            found.append((np.array(corpus.events[piece.start : piece.end]), piece.style))
            count += piece.end - piece.start
    return found


def nats(found: dict[str, Judged], strength: float, quarter: int | None = None) -> dict[str, float]:
    """Nats a note by field, and of all."""
    by_field = {}
    notes = sum((quarter is None) | (found["velocity"].quarter == quarter)) or 1
    for name, judgement in found.items():
        likely = judgement.mixed(shipped_shares(name, strength))
        here = likely if quarter is None else likely[judgement.quarter == quarter]
        by_field[name] = float(-np.log(np.maximum(here, 1e-9)).sum() / notes)
    return by_field | {"all": sum(by_field.values())}


def saved(found: dict[str, Judged], strength: float) -> Estimate | None:
    """Nats a note that a setting of the memory saves, of pieces that are drawn again."""
    notes = np.bincount(found["velocity"].piece).astype(np.float64)
    gained = np.zeros(len(notes))
    for name, one in found.items():
        with_it, without = (one.mixed(shipped_shares(name, it)) for it in (strength, 0.0))
        more = np.log(np.maximum(with_it, 1e-9)) - np.log(np.maximum(without, 1e-9))
        gained += np.bincount(one.piece, more, len(notes))
    return ratio(gained, notes)


def alone(model: Model, pieces: Sequence[tuple[npt.NDArray[Any], str]]) -> float:
    """Nats a note of the model that knows only the piece so far."""
    scored = [judge(model, events, 0) for events, _ in pieces]
    notes = sum(
        int(((events[1:, 0] != ADVANCE) & (events[1:, 2] == 1)).sum()) for events, _ in pieces
    )
    return float(sum(it.unmasked.sum() for it in scored) / notes)


def licks(model: Model, strength: float, number: int) -> dict[str, float] | None:
    """The shares of the third answer's figures that stand in earlier calls and in its own; None where it has none."""
    chance = random.Random(number)
    _, last = all_calls()[number]
    alike = [call for _, call in all_calls() if call.metre == last.metre and call.bars == last.bars]
    before = chance.sample(alike, PHRASES - 1)
    apart = (2 * last.bars + 2) * last.bar
    notes = tuple(
        note._replace(onset=note.onset + place * apart, end=note.end + place * apart)
        for place, call in enumerate([*before, last])
        for note in call.notes
    )
    bars = round((PHRASES - 1) * apart / last.bar) + last.bars
    session = replace(last, notes=notes, bars=bars)
    values: dict[str, object] = {"memory": strength, "length": last.bars}
    own = shapes(played(model, session, values, seed=number).answer)
    theirs = set(shapes(last.notes))
    earlier = {shape for call in before for shape in shapes(call.notes)} - theirs
    if not own:
        return None
    return {
        "earlier": sum(shape in earlier for shape in own) / len(own),
        "call": sum(shape in theirs for shape in own) / len(own),
    }


def cost(pieces: Sequence[tuple[npt.NDArray[Any], str]]) -> dict[str, float]:
    """Micros an event: to learn it with a full memory, and to ask for all fields of the next."""
    events = [Event(*row) for rows, _ in pieces for row in rows.tolist()]
    memory, learned, told = Memory(), list[float](), list[float]()
    for event, following in pairwise(events):
        begin = perf_counter()
        memory = memory.after(event, learns=True)
        learned.append(perf_counter() - begin)
        if len(told) < 4000 and len(learned) > len(events) // 2:
            begin = perf_counter()
            for name, _ in asked(following):
                list(memory.votes(name, Query.of(following)))
            told.append(perf_counter() - begin)
    return {
        "notes": len(memory),
        "learn_p50": 1e6 * statistics.median(learned),
        "learn_p99": 1e6 * float(np.quantile(learned, 0.99)),
        "ask_p50": 1e6 * statistics.median(told),
        "ask_p99": 1e6 * float(np.quantile(told, 0.99)),
    }


def page(sets: dict[str, Any], taken: dict[str, Any], spent: dict[str, float]) -> str:
    """The figures with what they are."""
    saved_by = ("0.35", "0.5")
    head = [
        "set",
        "notes",
        *(f"memory {it}" for it in STRENGTHS),
        "learner",
        *(f"saved by {it}" for it in saved_by),
    ]
    whole = [
        [
            name,
            str(it["notes"]),
            *(f"{it['nats'][str(s)]['all']:.3f}" for s in STRENGTHS),
            f"{it['learner']:.2f}",
            *(told(Estimate(**it["saved"][s])) for s in saved_by),
        ]
        for name, it in sets.items()
    ]
    fields = [
        [name, *(f"{it['nats']['0.0'][f]:.3f} → {it['nats']['0.5'][f]:.3f}" for f in FIELDS)]
        for name, it in sets.items()
    ]
    quarters = [
        [name, *(f"{a:.3f} → {b:.3f}" for a, b in it["quarters"])] for name, it in sets.items()
    ]
    reuse = [
        [
            who,
            *(told(Estimate(**it[what]), 3) for what in WHAT),
            str(it["call"]["n"]),
        ]
        for who, it in taken.items()
    ]
    return f"""Nats a note, validation pieces heard from a memory of nothing on:

{table(head, whole)}

By field, memory 0 → .5:

{table(["set", *FIELDS], fields)}

By quarter of the piece, memory 0 → .5:

{table(["set", "first", "second", "third", "last"], quarters)}

Figures of the third answer that stand in the two calls before the last, and in the last call:

{table(["who answers", "earlier (95 %)", "call (95 %)", "answers"], reuse)}

An event with {spent["notes"]:.0f} notes in memory: learned in {spent["learn_p50"]:.0f} µs (p99
{spent["learn_p99"]:.0f}); all fields of the next asked in {spent["ask_p50"]:.0f} µs (p99
{spent["ask_p99"]:.0f}), and with `memory` at 0 not at all."""


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--events", default=8_000, show_default=True, help="Events of each set.")
@click.option("--every", default=2, show_default=True, help="Take one call of so many.")
@click.option("--fit", "fits", is_flag=True, help="Find the shares anew, and print them.")
@click.option("--only", multiple=True, help="Measure `nats` or `licks` alone; the others stay.")
def main(data: Path, events: int, every: int, fits: bool, only: Sequence[str]) -> None:
    """Measure the memory, into memory.json and memory.md."""
    model, learner = load(shipped.model("default")), load(shipped.model("learner"))
    if fits:
        some = [piece for name in SETS for piece in sample(data, name, "train", events)]
        for field, judgement in judged(model, some).items():
            click.echo(f"{field}\n{fitted(judgement)[:, 1:].round(3)}")
        return
    facts = json.loads((HERE / "memory.json").read_text()) if only else {}
    if not only or "nats" in only:
        facts |= expected(model, learner, data, events)
    if not only or "licks" in only:
        facts["licks"] = taken_up(model, learner, every)
    keep("memory", facts, page(facts["sets"], facts["licks"], facts["cost"]))


def expected(model: Model, learner: Model, data: Path, events: int) -> dict[str, Any]:
    """Nats of each set, and what the memory costs."""
    sets, pieces = dict[str, Any](), []
    for name in SETS:
        pieces = sample(data, name, "valid", events)
        found = judged(model, pieces)
        sets[name] = {
            "notes": len(found["velocity"].likely),
            "nats": {str(strength): nats(found, strength) for strength in STRENGTHS},
            "quarters": [
                [nats(found, strength, quarter)["all"] for strength in (0.0, 0.5)]
                for quarter in range(QUARTERS)
            ],
            "learner": alone(learner, pieces),
            "saved": {str(strength): kept(saved(found, strength)) for strength in (0.35, 0.5)},
        }
        click.echo(f"{name} {sets[name]}")
    return {"sets": sets, "cost": cost(pieces)}


def taken_up(model: Model, learner: Model, every: int) -> dict[str, Any]:
    """Shares of figures with their 95 % intervals, by who answers."""
    unseen = [number for number in range(len(all_calls())) if number % CHOSEN_ON]
    trials = [("learner", learner, 0.0)]
    trials += [(f"jam-gru, memory {it}", model, it) for it in TRIED]
    taken = {}
    for who, plays, strength in trials:
        rows = [licks(plays, strength, number) for number in unseen[::every]]
        has_some = [row for row in rows if row is not None]
        taken[who] = {what: kept(mean([row[what] for row in has_some])) for what in WHAT}
        click.echo(f"{who} {taken[who]}")
    return taken


if __name__ == "__main__":
    main()
