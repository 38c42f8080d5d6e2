"""The worth of a memory that is kept until the next evening: nats of what is played then, and whose figures come.

    python -m bench.evenings DATA [--pieces N] [--calls N] [--only nats|answers]

Three players, of held-out pieces.  What they played yesterday and what they play today:

* `tunes`: 24 tunes of trad_abc, and today one of them again.  People do not play the same twice: of yesterday's notes
  one in ten is left out and one in twenty is another;
* `songs`: the first half of a song of POP909 and five other songs, and today its second half;
* `solos`: other solos of a soloist of the Weimar Jazz Database, and today another tune.

Nats a note of today, by the shipped model: without memory; with `memory` at .5 and today alone; with yesterday as well;
and with the yesterday of somebody else, who played as much.  What yesterday saves has its interval from resampled
pieces (bootstrap, 95 %).

Answers: somebody plays four bars as he played them yesterday, and is answered (`respond`), or livegen goes on for four
bars (`continue`, with `theme` at 0, so that nothing holds it to the call).  `his own` is the share of the figures of
these bars (three notes with their rhythm) that stand in the four that he played next yesterday, and not in the call;
chance is what is played without memory, and the most is what he played himself.
"""

import json
import random
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import numpy.typing as npt

from bench.memory import Judged, judged, shipped_shares
from bench.tables import HERE, keep, kept, table, told
from livegen import shipped
from livegen.codec.layout import ADVANCE, Event
from livegen.inference.contract import Model
from livegen.inference.memory import MOST, Memory, memory_of
from livegen.inference.model_files import load
from livegen.jam.engine import Engine
from livegen.music.note import Note
from livegen.scorecard.estimates import Estimate, mean, ratio
from livegen.scorecard.held_out_calls import Pair, drawn, followed, held_out
from livegen.scorecard.musicianship import shapes
from livegen.scorecard.playing import played
from livegen.testing import Rehearsal
from livegen.training import corpora
from livegen.training.corpora import Corpus, Piece

PLAYERS = {"tunes": "trad_abc", "songs": "pop909_aligned", "solos": "wjd_jazz"}
TUNES, SONGS = 24, 6  # of an evening
LONGEST = 400  # events of today
LEFT_OUT, OTHER = 0.1, 0.05
STRENGTHS = (0.0, 0.5, 1.0)
MODES = {"respond": {}, "continue": {"theme": 0.0}}  # and their other controls
WHOSE = ("today alone", "yesterday too", "somebody else's yesterday")

Rows = npt.NDArray[Any]


class Evenings(NamedTuple):
    """The evenings of a player: yesterday's of his and of somebody else, and today's of his: rows (N, 8)."""

    yesterday: Rows
    elsewhere: Rows
    today: Rows


def again(rows: Rows, dice: random.Random) -> Rows:
    """A piece as it is played another time: notes are left out, and some are others."""
    found, late, moved = [], 0, dict[tuple[int, int], int | None]()
    for event in (Event(*row) for row in rows.tolist()):
        voice = event.part, event.pitch
        if event.time == ADVANCE:
            found.append(event)
            continue
        if event.on:
            step = dice.choice((-2, -1, 1, 2)) if dice.random() < OTHER else 0
            moved[voice] = None if dice.random() < LEFT_OUT else step
        shift = moved.get(voice, 0)
        if shift is None:
            late += event.time
            continue
        time, late = min(event.time + late, ADVANCE - 1), 0
        pitch = min(127, max(0, event.pitch + shift))
        found.append(event._replace(time=time, pitch=pitch))
    return np.array(found, rows.dtype)


def rows_of(corpus: Corpus, piece: Piece) -> Rows:
    """The events of a piece."""
    return np.array(corpus.events[piece.start : piece.end])


def soloist(piece: Piece) -> str:
    """Name the soloist of a solo."""
    return Path(piece.file).stem.split("_")[0]


def evenings(who: str, corpus: Corpus, count: int, dice: random.Random) -> Iterator[Evenings]:
    """Draw so many pairs of evenings of a player."""
    pieces = [it for it in corpus.split("valid") if it.end - it.start >= 100]
    dice.shuffle(pieces)
    every = [*pieces, *corpus.split("train")] if who == "solos" else pieces
    for piece in pieces[:count]:
        today = rows_of(corpus, piece)
        others = [it for it in every if it is not piece]
        if who == "solos":
            own = [it for it in others if soloist(it) == soloist(piece)]
            theirs = [it for it in others if soloist(it) != soloist(piece)]
            own, theirs = (dice.sample(some, min(len(some), 8)) for some in (own, theirs))
            if own:
                yield Evenings(_joined(corpus, own), _joined(corpus, theirs), today[:LONGEST])
            continue
        some = dice.sample(others, (TUNES if who == "tunes" else SONGS) - 1)
        elsewhere = _joined(corpus, some)
        if who == "tunes":
            known, today = again(today, dice), today[:LONGEST]
        else:
            half = len(today) // 2
            known, today = today[:half], today[half : half + LONGEST]
        place = dice.randint(0, 1)
        parts = [elsewhere, known] if place else [known, elsewhere]
        yield Evenings(np.concatenate(parts), elsewhere, today)


def _joined(corpus: Corpus, pieces: Sequence[Piece]) -> Rows:
    return np.concatenate([rows_of(corpus, it) for it in pieces])


def remembered(rows: Rows) -> Memory:
    """The memory of an evening."""
    return memory_of(Event(*row) for row in rows[-4 * MOST :].tolist())


def expected(model: Model, some: Sequence[Evenings]) -> dict[str, Any]:
    """Nats a note of today without memory, and with the memory of each."""
    memories = {
        "today alone": [Memory() for _ in some],
        "yesterday too": [remembered(it.yesterday) for it in some],
        "somebody else's yesterday": [remembered(it.elsewhere) for it in some],
    }
    pieces = [(it.today, "any") for it in some]
    found = {whose: judged(model, pieces, begin) for whose, begin in memories.items()}
    lost = {whose: _lost(it, 0.5) for whose, it in found.items()}
    plain = _lost(found["today alone"], 0.0)
    notes = np.bincount(found["today alone"]["velocity"].piece).astype(np.float64)
    row: dict[str, Any] = {"pieces": len(some), "notes": int(notes.sum())}
    row["nats"] = {"without": plain.sum() / notes.sum()} | {
        whose: it.sum() / notes.sum() for whose, it in lost.items()
    }
    row["saved"] = {
        "by today": kept(ratio(plain - lost["today alone"], notes)),
        "more by yesterday": kept(ratio(lost["today alone"] - lost["yesterday too"], notes)),
        "more by somebody else's": kept(
            ratio(lost["today alone"] - lost["somebody else's yesterday"], notes)
        ),
    }
    return row


def _lost(found: dict[str, Judged], strength: float) -> npt.NDArray[np.float64]:
    """Nats of each piece."""
    count = int(found["time"].piece.max()) + 1
    lost = np.zeros(count)
    for name, one in found.items():
        likely = np.maximum(one.mixed(shipped_shares(name, strength)), 1e-9)
        lost -= np.bincount(one.piece, np.log(likely), count)
    return lost


def _rehearsal(memory: Memory, engine: Engine) -> Rehearsal:
    engine.remember(memory)
    return Rehearsal(engine)


def shared(played_: Sequence[Note], pair: Pair) -> dict[str, float] | None:
    """The shares of figures that stand in his own next bars and not in the call, and in the call; None without any."""
    own = shapes(played_)
    known, next_bars = set(shapes(pair.call.notes)), set(shapes(pair.people))
    if not own:
        return None
    return {
        "his own": sum(shape in next_bars - known for shape in own) / len(own),
        "call": sum(shape in known for shape in own) / len(own),
    }


def answered(
    model: Model, pair: Pair, memory: Memory, values: dict[str, object]
) -> dict[str, float] | None:
    """The same of what is played to a call, with a memory and these controls: as many bars as the call has."""
    call = pair.call
    goes_on = values["mode"] == "continue"
    told = values if goes_on else values | {"length": call.bars}
    bars = call.bars + 2 if goes_on else None
    heard = played(model, call, told, rehearse=partial(_rehearsal, memory), after_bars=bars).answer
    until = (heard[0].onset if heard else 0.0) + call.beats
    return shared([note for note in heard if note.onset < until], pair)


def answers(
    model: Model, data: Path, name: str, corpus: Corpus, count: int
) -> dict[str, dict[str, Any]]:
    """Measure what is taken up of yesterday, by the mode and the strength of the memory."""
    dice = random.Random(1)
    pairs = drawn(held_out(data, {name: corpus}, names=[name]), count, 0, followed, (4,))
    pieces = {Path(it.file).stem: it for it in corpus.split("valid")}
    found = dict[str, list[dict[str, float]]]()
    for pair in pairs:
        own = pieces[pair.call.name]
        others = [it for it in pieces.values() if it is not own]
        yesterday = [*dice.sample(others, SONGS), own]
        dice.shuffle(yesterday)
        memory = remembered(_joined(corpus, yesterday))
        if (himself := shared(pair.people, pair)) is not None:
            found.setdefault("himself", []).append(himself)
        for mode, more in MODES.items():
            for strength in STRENGTHS:
                values: dict[str, object] = {"mode": mode, "memory": strength, **more}
                if (one := answered(model, pair, memory, values)) is not None:
                    found.setdefault(f"{mode}, {strength}", []).append(one)
    return {
        way: {what: kept(mean([row[what] for row in rows])) for what in ("his own", "call")}
        for way, rows in found.items()
    }


def page(facts: dict[str, Any]) -> str:
    """The figures with what they are."""
    whole = [
        [
            who,
            f"{it['pieces']}, {it['notes']}",
            *(f"{it['nats'][whose]:.3f}" for whose in ("without", *WHOSE)),
            *(told(Estimate(**one)) for one in it["saved"].values()),
        ]
        for who, it in facts["nats"].items()
    ]
    saved = next(iter(facts["nats"].values()))["saved"]
    rows = [
        [who, way, *(told(Estimate(**one[what]), 3) for what in ("his own", "call"))]
        for who, it in facts["answers"].items()
        for way, one in it.items()
    ]
    return f"""Nats a note of today, with `memory` at .5:

{table(["player", "pieces, notes", "without memory", *WHOSE, *(f"saved {it}" for it in saved)], whole)}

Figures of the answer to four bars that were played yesterday:

{table(["player", "mode, memory", "his own next bars", "the call"], rows)}"""


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--pieces", default=12, show_default=True, help="Pieces of today, of each player.")
@click.option("--calls", "count", default=12, show_default=True, help="Calls of each player.")
@click.option("--only", multiple=True, help="Measure `nats` or `answers` alone; the others stay.")
def main(data: Path, pieces: int, count: int, only: Sequence[str]) -> None:
    """Measure a memory that is kept, into evenings.json and evenings.md."""
    model = load(shipped.model("default"))
    facts: dict[str, Any] = {"nats": {}, "answers": {}}
    facts |= json.loads((HERE / "evenings.json").read_text()) if only else {}
    for who, name in PLAYERS.items():
        corpus = corpora.load(data, [name])[name]
        if not only or "nats" in only:
            some = list(evenings(who, corpus, pieces, random.Random(0)))
            facts["nats"][who] = expected(model, some)
            click.echo(f"{who} {facts['nats'][who]}")
        if not only or "answers" in only:
            facts["answers"][who] = answers(model, data, name, corpus, count)
            click.echo(f"{who} {facts['answers'][who]}")
    keep("evenings", facts, page(facts))


if __name__ == "__main__":
    main()
