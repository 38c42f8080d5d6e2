"""Trains the critic (`livegen/music/melody/critic.py`), which says which of several replies people would have played.

    python -m export.critic DATA [--material FILE]

DATA holds the sets of SETS as archives or folders.  To calls of their train splits, of four and of two bars, the
shipped model's candidates are planned by the engine on virtual time; what people played next is the reply that is to be
told from them.  A call counts only if what people play begins on its bar line and has a note on its last strong beat,
as nearly all candidates do: else the critic would tell the two apart by where a phrase is cut, and not by how it
sounds.  The material is kept in FILE, as far as it is made, and is not made again; that takes about an hour, the
training minutes.  Seven in eight pieces teach the critic; the others are left for the judges of `bench/critic.py`.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
from torch import Tensor, nn

from export.command import guarded, put_weights
from livegen import shipped
from livegen.errors import ConfigError
from livegen.inference.contract import Model
from livegen.inference.model_files import load
from livegen.jam.engine import Engine
from livegen.jam.engine import Event as Heard
from livegen.jam.interplay.choice import Question
from livegen.music.melody.critic import (
    APART,
    FACTS,
    REACH,
    WEIGHTS,
    WHOLE,
    Floats,
    ReplyBars,
    facts,
    heard,
    on_lines,
)
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT, parse_metre
from livegen.scorecard.held_out_calls import HeldOut, Pair, drawn, followed
from livegen.scorecard.playing import beginning, played
from livegen.testing import Rehearsal
from livegen.training.corpora import sets_of
from livegen.training.phrase_corpus import SETS

BARS = (4, 2)  # of a call and of its replies, in turn
CALLS = 2400
LEAST = 2 * TICKS_PER_BEAT  # that a reply plays before its last strong beat
SEED = 1
HIDDEN, DROPPED = 32, 0.25
BATCH, EPOCHS, RATE, DECAY = 32, 14, 3e-3, 3e-2
NETWORKS = 3
SPOILED = 0.2, 1.0  # share of notes that are spoiled
OFF = (-7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7)  # semitones
BESIDE = (-18, -12, -8, -6, -4, 4, 6, 8, 12, 18)  # ticks
PARTS, JUDGES = 8, 0  # of the pieces, and which part of them the judges learn from


class Case(NamedTuple):
    """A call and its replies on lines, in ticks from the replies' bar line on; people's is the first.

    `worths` are those of the others by the rules of the engine.
    """

    piece: str
    phrase: list[tuple[int, int]]
    replies: list[list[tuple[int, int]]]
    worths: list[float]
    until: int
    bars: ReplyBars

    @property
    def part(self) -> int:
        """The part of the pieces to which the case belongs, 0 to PARTS - 1."""
        return int(sha1(self.piece.encode()).hexdigest(), 16) % PARTS


# --- material -----------------------------------------------------------------------------------------------------


def closing(metre: str, bars: int) -> tuple[ReplyBars, int]:
    """The bars of a metre, and the last strong beat of so many of them, in ticks."""
    told = parse_metre(metre)
    bar = told.changes[0][1]
    strong = told.strong(bar)
    return ReplyBars(bar, strong), bars * bar - strong


def next_phrase(pair: Pair) -> list[tuple[int, int]]:
    """Give what people play next up to the last strong beat, on lines."""
    _, until = closing(pair.call.metre, pair.call.bars)
    return on_lines(ticks(pair.people, pair.call.beats), until)


def ticks(notes: Sequence[Note], since: float) -> Iterator[tuple[int, int]]:
    """Give the ticks, from a beat on, where notes begin, and their pitches."""
    return ((round((note.onset - since) * TICKS_PER_BEAT), note.pitch) for note in notes)


def comparable(held: HeldOut, bars: int) -> list[Pair]:
    """All calls of so many bars after which people begin on the bar line and play on the last strong beat."""
    found = []
    for pair in followed(held, bars):
        _, until = closing(pair.call.metre, bars)
        reply = next_phrase(pair) if until >= LEAST else []
        if reply and reply[0][0] == 0 and reply[-1][0] == until:
            found.append(pair)
    return found


class _ChosenError(Exception):
    """The answer is chosen: nobody need play it."""


class UntilChosen(Rehearsal):
    """A rehearsal that is over once the answer to a call that ends at `ends`, micros, is chosen."""

    def __init__(self, engine: Engine, ends: int) -> None:
        super().__init__(engine)
        self._ends = ends

    def _feed(self, event: Heard, now: int) -> None:
        super()._feed(event, now)
        if now >= self._ends and self.engine.decided:
            raise _ChosenError


def candidates(model: Model, pair: Pair, seed: int) -> tuple[Question, list[float]] | None:
    """Give the critic's question about the candidates of an answer, and their worths; None without such."""
    engines: list[Engine] = []

    def rehearse(engine: Engine) -> Rehearsal:
        engines.append(engine)
        call = pair.call
        return UntilChosen(engine, beginning(call) + round(call.ends * call.tempo_us))

    with suppress(_ChosenError):
        played(model, pair.call, {"length": pair.call.bars}, seed=seed, rehearse=rehearse)
    engine = engines[0]
    some, decided, question = engine.auditions, engine.decided, engine.question()
    if not question or not decided or some[0].brief.start != decided[0]:
        return None
    return question, [one.worth for one in some]


def case_of(pair: Pair, question: Question, worths: Sequence[float]) -> Case | None:
    """A call with people's reply and others; None with less than two others."""
    some = [
        (reply, worth)
        for asked, worth in zip(question.replies, worths, strict=True)
        if (reply := on_lines(asked, question.until))
    ]
    if len(some) < 2:
        return None
    return Case(
        f"{pair.call.corpus}/{pair.call.name}",
        on_lines(ticks(pair.call.notes, pair.call.beats), 0),
        [next_phrase(pair), *(reply for reply, _ in some)],
        [worth for _, worth in some],
        question.until,
        question.bars,
    )


def pieces(data: Path, split: str) -> list[HeldOut]:
    """The pieces of a split of SETS, in order.  Raises ConfigError where a set is missing."""
    return [
        HeldOut(source.name, row["file"], content)
        for source in sets_of(data, SETS)
        for row, content in source.described(split)
    ]


def made(data: Path, split: str, count: int, seed: int, model: Model) -> Iterator[Case | None]:
    """Cases of so many calls, sets alike, in order; None of a call to which there are no candidates."""
    for number, pair in enumerate(drawn(pieces(data, split), count, seed, comparable, BARS)):
        found = candidates(model, pair, number)
        yield case_of(pair, *found) if found else None


def material(file: Path, make: Callable[[], Iterator[Case | None]], count: int) -> list[Case]:
    """The cases that a file holds, one a line; those that are missing are made and written.

    Raises ConfigError for a file of something else.
    """
    lines = file.read_text().splitlines() if file.exists() else []
    try:
        cases = [_read(text) for text in lines[:count]]
    except (ValueError, TypeError, KeyError):
        raise ConfigError(
            f"{file} holds no material of the critic; name another file, or remove it"
        ) from None
    if len(cases) < count:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as out:
            for number, case in enumerate(make()):
                if number >= len(lines):
                    out.write(json.dumps(case._asdict() if case else None) + "\n")
                    out.flush()
                    cases.append(case)
                    if number % 100 == 99:
                        click.echo(f"{number + 1} of {count} calls", err=True)
    return [case for case in cases if case]


def _read(text: str) -> Case | None:
    row = json.loads(text)
    if row is None:
        return None
    row |= {
        "phrase": [tuple(one) for one in row["phrase"]],
        "replies": [[tuple(one) for one in reply] for reply in row["replies"]],
        "bars": ReplyBars(*row["bars"]),
    }
    return Case(**row)


# --- learning -----------------------------------------------------------------------------------------------------

Seen = list[tuple[Floats, Floats]]  # of each reply to a call: its notes, and the whole


def seen(case: Case, more: Sequence[list[tuple[int, int]]] = ()) -> Seen:
    """Give what the critic sees of the replies to a call, and of some more."""
    phrase = heard(case.phrase)
    return [facts(phrase, reply, case.until, case.bars) for reply in (*case.replies, *more)]


def spoiled(case: Case) -> list[list[tuple[int, int]]]:
    """Replies that nobody plays: people's and a candidate, with other pitches, and with other times.

    Without them the critic would take anything for people's that is unlike what the model plays.
    """
    chance = random.Random(case.piece + str(case.phrase))
    found = []
    for reply in (case.replies[0], chance.choice(case.replies[1:])):
        share = chance.uniform(*SPOILED)
        found.append(
            [
                (tick, pitch + chance.choice(OFF) * (chance.random() < share))
                for tick, pitch in reply
            ]
        )
        share = chance.uniform(*SPOILED)
        moved = [
            (tick + chance.choice(BESIDE) * (chance.random() < share), pitch)
            for tick, pitch in reply[1:-1]
        ]
        found.append(
            on_lines(
                [reply[0], *((max(0, tick), pitch) for tick, pitch in moved), reply[-1]], case.until
            )
        )
    return found


class Batch(NamedTuple):
    """Replies to some calls, one after the other: notes (N, n, FACTS), which there are (N, n), wholes (N, WHOLE)."""

    notes: Tensor
    there: Tensor
    wholes: Tensor
    counts: list[int]  # replies to each call

    @classmethod
    def of(cls, some: Sequence[Seen]) -> "Batch":
        """The replies to some calls, as long as the longest."""
        replies = [reply for one in some for reply in one]
        most = max(len(notes) for notes, _ in replies)
        notes = np.zeros((len(replies), most, FACTS), np.float32)
        there = np.zeros((len(replies), most), bool)
        for number, (found, _) in enumerate(replies):
            notes[number, : len(found)], there[number, : len(found)] = found, True
        wholes = np.stack([whole for _, whole in replies])
        counts = [len(one) for one in some]
        return cls(
            torch.from_numpy(notes), torch.from_numpy(there), torch.from_numpy(wholes), counts
        )


def _together(layer: nn.Linear, rows: Tensor, apart: int) -> Tensor:
    """A layer over each row (N, n, F) and those so many before and after it: there is nothing beyond (N, n, H)."""
    weights = layer.weight.view(layer.out_features, REACH, -1)
    # Less is moved than if rows were laid side by side.
    by_place = rows @ weights.permute(2, 1, 0).flatten(1)
    count = rows.shape[1]
    padded = nn.functional.pad(by_place, (0, 0, apart, apart))
    padded = padded.view(len(rows), -1, REACH, layer.out_features)
    found: Tensor = layer.bias + sum(
        padded[:, place * apart : place * apart + count, place] for place in range(REACH)
    )
    return found


class Network(nn.Module):
    """A network of those that `livegen.music.melody.critic.score` asks, of many replies at once."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(REACH * FACTS, HIDDEN)
        self.second = nn.Linear(REACH * HIDDEN, HIDDEN)
        self.third = nn.Linear(3 * HIDDEN + WHOLE, HIDDEN)
        self.last = nn.Linear(HIDDEN, 1, bias=False)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, batch: Batch) -> Tensor:
        """Scores of replies (N,)."""
        there = batch.there[:, :, None].float()
        hidden = torch.relu(_together(self.first, self.drop(batch.notes), 1)) * there
        hidden = torch.relu(_together(self.second, self.drop(hidden), APART)) * there
        counts = batch.there.sum(1)
        ends = hidden[torch.arange(len(hidden)), counts - 1]
        means, most = hidden.sum(1) / counts[:, None], hidden.max(1).values
        found = self.third(self.drop(torch.cat([means, most, ends, batch.wholes], 1)))
        scores: Tensor = self.last(self.drop(torch.relu(found)))[:, 0]
        return scores


def surprise(scores: Tensor, counts: Sequence[int]) -> Tensor:
    """Nats at which people's reply, the first to each call, is taken for people's."""
    people = torch.zeros(1, dtype=torch.long)
    each = [
        nn.functional.cross_entropy(some[None], people)
        for some in torch.split(scores, list(counts))
    ]
    return torch.stack(each).mean()


def trained(some: Sequence[Seen], seed: int, epochs: int = EPOCHS) -> Network:
    """A network that has learned from calls, after all epochs."""
    torch.manual_seed(seed)
    chance, network = random.Random(seed), Network()
    steps = max(1, len(some) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=epochs * steps, pct_start=0.15
    )
    for epoch in range(epochs):
        order, total = chance.sample(range(len(some)), len(some)), 0.0
        for step in range(steps):
            batch = Batch.of([some[at] for at in order[step * BATCH : (step + 1) * BATCH]])
            loss = surprise(network(batch), batch.counts)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item()
        click.echo(
            f"network {seed}, epoch {epoch + 1} of {epochs}: {total / steps:.3f} nats", err=True
        )
    return network.eval()


def packed(networks: Sequence[Network]) -> dict[str, Floats]:
    """The weights of networks by name, as `livegen.music.melody.critic.CriticWeights` has them."""
    parts = dict[str, Floats]()
    for name in ("first", "second", "third", "last"):
        layers = [getattr(network, name) for network in networks]
        parts[name] = np.stack([layer.weight.detach().numpy().T for layer in layers])
        if name != "last":
            parts[f"{name}_bias"] = np.stack([layer.bias.detach().numpy() for layer in layers])
    return parts


def keep(networks: Sequence[Network]) -> None:
    """Write the weights into the package, as half floats."""
    put_weights(WEIGHTS, packed(networks))


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--material",
    "file",
    default="runs/critic/train.jsonl",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the material is kept.",
)
@click.option("--calls", default=CALLS, show_default=True)
@guarded
def main(data: Path, file: Path, calls: int) -> None:
    """Learn from what people play after calls of the sets in DATA, and write the weights into the package."""
    torch.set_num_threads(1)
    model = load(shipped.model("default"))
    cases = material(file, lambda: made(data, "train", calls, SEED, model), calls)
    some = [seen(case, spoiled(case)) for case in cases if case.part != JUDGES]
    click.echo(f"{len(some)} calls")
    keep([trained(some, SEED + number) for number in range(NETWORKS)])


if __name__ == "__main__":
    main()
