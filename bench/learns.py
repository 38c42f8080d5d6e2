"""Whether the network should learn from a player in the set: nats of what he plays next, as it is and tuned to him.

    python -m bench.learns DATA [--events N] [--sessions N]

A session is neighbouring pieces of a validation split, end to end: neighbours by name, most often by one composer or
player.  The network hears it as one stream.  It is tuned on the first half (1,500 events, minutes of playing) and
judged on the second, without legality masks.  Ways, from what could run on stage to what could not:

* `bias`: one number for each class of each field, added to its logits;
* `online`: the same, and a step after every 32 events of the second half too (dynamic evaluation: Krause et al. 2018,
  "Dynamic evaluation of neural sequence models");
* `heads`: the last layer of each field's head;
* `style`: the vector that is added to each event, of no style, from which all styles differ;
* `state`: the state from which a phrase begins (state tuning), judged on stretches of 256 events that begin anew;
* `full`: all weights, an upper bound.

How fast and how long is chosen for each way on the first session of every other set; figures are of the others.
*Forgetting* is the gain on a session of the next set, and *with memory* that with the control `memory` at .5, before
and after.
"""

import copy
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor

from bench.memory import Judged, judged, shipped_shares
from bench.sets import SETS
from bench.tables import keep, table
from livegen import shipped
from livegen.codec.layout import FIELDS
from livegen.inference.onnx_file import read_bytes
from livegen.inference.opening import load
from livegen.training import corpora
from livegen.training.corpora import Rows
from livegen.training.model_weights import read_network
from livegen.training.network import Network
from livegen.training.objective import Objective, scored
from livegen.training.streams import given, sounding_steps

CHUNK = 128  # events through which gradients go back
STRETCH = 256  # events that begin anew, for the state
ONLINE = 32  # events from one step of dynamic evaluation to the next
ROUNDS = (1, 4, 12)  # over the first half
WORTH = 0.01  # of the nats: what is less is not worth its code

Nats = dict[str, Tensor]  # by field, (T, B); 0 where a field is not asked


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events of one stream: rows and targets (T, 8), what sounds (T, 384); summaries (T, 5K), where they are known."""

    rows: Tensor
    targets: Tensor
    sounding: Tensor
    summaries: Tensor | None = None

    def __getitem__(self, part: slice) -> "Stretch":
        """Some of its events."""
        summaries = None if self.summaries is None else self.summaries[part]
        return Stretch(self.rows[part], self.targets[part], self.sounding[part], summaries)

    def __len__(self) -> int:
        """Events."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Session:
    """What one player played: the events (2N + 1, 8), and the halves as a network is given them."""

    events: Rows
    first: Stretch
    second: Stretch

    @classmethod
    def of(cls, events: Rows) -> "Session":
        """Cut in two."""
        rows, targets = (
            torch.from_numpy(some).long() for some in (given(events[:-1]), events[1:].copy())
        )
        whole = Stretch(rows, targets, torch.from_numpy(sounding_steps(events[:-1])))
        half = len(whole) // 2
        return cls(events, whole[:half], whole[half : 2 * half])

    def summarised(self, network: Network) -> "Session":
        """The same with a network's summaries: whoever tunes heads alone need not hear it again."""
        _, _, state, first = heard(network, self.first, network.initial_state(1))
        second = heard(network, self.second, state)[3]
        return replace(
            self,
            first=replace(self.first, summaries=first),
            second=replace(self.second, summaries=second),
        )


@dataclass(frozen=True, slots=True)
class Way:
    """A way of tuning: how fast (rates are tried), and which numbers of a network it changes."""

    rates: tuple[float, ...]
    tuned: Callable[[Network], list[Tensor]]
    heads_only: bool = False
    is_online: bool = False
    begins_anew: bool = False


def _heads(network: Network, names: Sequence[str]) -> list[Tensor]:
    layers = [*network.out.values(), network.interval]
    return [getattr(layer, name) for layer in layers for name in names]


WAYS = {
    "bias": Way((0.01, 0.03), partial(_heads, names=("bias",)), heads_only=True),
    "online": Way((0.01, 0.03), partial(_heads, names=("bias",)), heads_only=True, is_online=True),
    "heads": Way((3e-4, 1e-3), partial(_heads, names=("weight", "bias")), heads_only=True),
    "full": Way((1e-4, 3e-4), lambda network: list(network.parameters())),
    "style": Way((0.003, 0.01), lambda network: [network.style.weight]),
    "state": Way((0.01, 0.03), lambda network: [], begins_anew=True),
}


class _Listener(torch.nn.Module):
    """A network that notes down its summaries, or whose summaries are known."""

    def __init__(self, network: Network, summaries: Tensor | None) -> None:
        super().__init__()
        self.network, self.summaries = network, summaries

    def forward(self, *heard: Tensor) -> tuple[Tensor, Tensor]:
        """Summaries and state."""
        if self.summaries is None:
            self.summaries, state = self.network(*heard)
            return self.summaries, state
        return self.summaries, heard[-1]

    def head(self, field: str, summary: Tensor, query: Mapping[str, Tensor]) -> Tensor:
        """The network's."""
        return self.network.head(field, summary, query)


def nats(network: Network, some: Stretch, state: Tensor) -> tuple[Nats, Tensor, Tensor]:
    """Nats by field of a stream, or of as many streams as there are states, end to end.

    And the states after it, and the summaries (T, B, 5K).
    """
    streams = len(state)
    rows, targets, sounding = (
        _side_by_side(it, streams) for it in (some.rows, some.targets, some.sounding)
    )
    summaries = None if some.summaries is None else _side_by_side(some.summaries, streams)
    listener = _Listener(network, summaries)
    style = rows.new_zeros(rows.shape[:2])
    every = torch.ones(*rows.shape[:2], 1)
    free = torch.zeros(streams, dtype=torch.bool)
    objective = Objective(listener)  # type: ignore[arg-type]
    found, _, state = objective(rows, targets, style, sounding, every, state, free)
    assert listener.summaries is not None
    return found, state, listener.summaries


def _side_by_side(some: Tensor, streams: int) -> Tensor:
    return some.reshape(streams, -1, *some.shape[1:]).transpose(0, 1)


def total(found: Nats) -> Tensor:
    """All nats."""
    return sum((it.sum() for it in found.values()), torch.zeros(()))


@torch.no_grad()
def heard(network: Network, some: Stretch, state: Tensor) -> tuple[Nats, Tensor, Tensor, Tensor]:
    """One stream, chunk by chunk: nats (T, 1), the state before each whole chunk (chunks, N), the last; summaries."""
    rows: list[Nats] = []
    before, summaries = [], []
    for begin in range(0, len(some), CHUNK):
        before.append(state)
        found, state, summary = nats(network, some[begin : begin + CHUNK], state)
        rows.append(found)
        summaries.append(summary[:, 0])
    joined = {name: torch.cat([row[name] for row in rows]) for name in FIELDS}
    return joined, torch.cat(before[: len(some) // CHUNK]), state, torch.cat(summaries)


def whole(some: Stretch, length: int) -> Stretch:
    """As much as fills stretches of a length."""
    return some[: len(some) // length * length]


@dataclass(slots=True)
class Tuned:
    """A network after so many rounds, the state from which its phrases begin (1, N), and seconds of a core so far."""

    network: Network
    state: Tensor
    seconds: float


def tunings(base: Network, way: Way, rate: float, session: Session) -> Iterator[tuple[int, Tuned]]:
    """Tune a copy of a network on the first half of a session: after each of `ROUNDS`, how it is by then."""
    network = copy.deepcopy(base)
    started = network.initial_state(1)
    some = whole(session.first, STRETCH if way.begins_anew else CHUNK)
    before = heard(network, some, started)[1]
    tuned = way.tuned(network)
    for parameter in network.parameters():
        parameter.requires_grad_(any(parameter is it for it in tuned))
    if way.begins_anew:
        started.requires_grad_(True)
        tuned = [started]
    optimiser = torch.optim.Adam(tuned, rate)
    notes = float(scored(some.targets)["velocity"].sum())
    seconds = -process_time()
    for number in range(1, max(ROUNDS) + 1):
        states = started.expand(len(some) // STRETCH, -1) if way.begins_anew else before
        loss = total(nats(network, some, states)[0]) / notes
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if number in ROUNDS:
            own = Tuned(copy.deepcopy(network), started.detach().clone(), seconds + process_time())
            yield number, own


def judge(tuned: Tuned, way: Way, rate: float, session: Session) -> Nats:
    """Nats of the second half (T, 1): of what began anew for a way of beginning, else heard on from the first half."""
    network = tuned.network
    if way.begins_anew:
        some = whole(session.second, STRETCH)
        with torch.no_grad():
            states = tuned.state.expand(len(some) // STRETCH, -1)
            found = nats(network, some, states)[0]
        return {name: it.transpose(0, 1).reshape(-1, 1) for name, it in found.items()}
    state = heard(network, session.first, network.initial_state(1))[2]
    if not way.is_online:
        return heard(network, session.second, state)[0]
    network = copy.deepcopy(network)
    optimiser = torch.optim.SGD(way.tuned(network), rate)
    rows = []
    for begin in range(0, len(session.second), ONLINE):
        found, after, _ = nats(network, session.second[begin : begin + ONLINE], state)
        optimiser.zero_grad()
        (total(found) / ONLINE).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        state = after.detach()
        rows.append({name: it.detach() for name, it in found.items()})
    return {name: torch.cat([row[name] for row in rows]) for name in FIELDS}


def a_note(found: Nats, session: Session) -> float:
    """Nats a note."""
    notes = scored(session.second.targets[: len(found["velocity"])])["velocity"].sum()
    return float(total(found) / notes)


def with_memory(found: Nats, session: Session, votes: dict[str, Judged]) -> float:
    """Nats a note, with what the memory of the session says mixed in as the control has it at .5."""
    where = scored(session.second.targets)
    lost = 0.0
    for name in FIELDS:
        asked = where[name].numpy()
        likely = np.exp(-found[name][:, 0].numpy()[asked].astype(np.float64))
        heard, last = votes[name], slice(-len(likely), None)
        own = Judged(
            likely, heard.votes[last], heard.alike[last], heard.quarter[last], heard.piece[last]
        )
        lost -= float(np.log(np.maximum(own.mixed(shipped_shares(name, 0.5)), 1e-9)).sum())
    return lost / float(where["velocity"].sum())


def sessions(data: Path, name: str, events: int, count: int) -> list[Session]:
    """Sessions of a set's validation split, of twice so many events, from all over it; each begins with a piece."""
    corpus = corpora.load(data, [name])[name]
    pieces = sorted(corpus.split("valid"), key=lambda piece: piece.file)
    found = []
    for first in np.linspace(0, len(pieces), count, endpoint=False).astype(int):
        row = [*pieces[first:], *pieces[:first]]
        ends = np.cumsum([piece.end - piece.start for piece in row])
        enough = row[: int(np.searchsorted(ends, 2 * events + 1)) + 1]
        rows = np.concatenate([corpus.events[it.start : it.end] for it in enough])
        found.append(Session.of(rows[: 2 * events + 1]))
    return found


@dataclass(slots=True)
class Chosen:
    """How fast and for how many rounds a way learns."""

    rate: float
    rounds: int
    gains: dict[str, float] = field(default_factory=dict)


def unmoved(base: Network) -> Tuned:
    """A network as it is."""
    return Tuned(base, base.initial_state(1), 0.0)


def choose(base: Network, way: Way, first: Sequence[Session]) -> Chosen:
    """The rate and the rounds with the greatest mean gain on some sessions."""
    gains: dict[tuple[float, int], list[float]] = {}
    for session in first:
        before = a_note(
            judge(unmoved(base), WAYS["state" if way.begins_anew else "full"], 0, session), session
        )
        for rate in way.rates:
            for rounds, tuned in tunings(base, way, rate, session):
                after = a_note(judge(tuned, way, rate, session), session)
                gains.setdefault((rate, rounds), []).append(1 - after / before)
    rate, rounds = max(gains, key=lambda key: statistics.fmean(gains[key]))
    shown = {f"{r} × {n}": statistics.fmean(it) for (r, n), it in gains.items()}
    return Chosen(rate, rounds, shown)


def measure(
    base: Network,
    way: Way,
    chosen: Chosen,
    own: Sequence[tuple[Session, Session, dict[str, Judged]]],
    other: Session,
) -> dict[str, float]:
    """The means over the sessions of a set: nats before and after, forgetting, seconds.

    Each session comes with its summaries, and with what its memory votes for.
    """
    still = WAYS["state" if way.begins_anew else "full"]
    elsewhere = a_note(judge(unmoved(base), still, 0, other), other)
    rows = []
    for session, known, votes in own:
        before = judge(unmoved(base), still, 0, session if way.begins_anew else known)
        rounds = tunings(base, way, chosen.rate, session)
        tuned = next(it for number, it in rounds if number == chosen.rounds)
        after = judge(tuned, way, chosen.rate, session)
        row = {"before": a_note(before, session), "after": a_note(after, session)}
        row["seconds"] = tuned.seconds
        row["elsewhere"] = 1 - a_note(judge(tuned, way, chosen.rate, other), other) / elsewhere
        if not way.begins_anew:
            row["memory"] = with_memory(before, session, votes)
            row["memory_after"] = with_memory(after, session, votes)
        rows.append(row)
    return {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}


def gain(row: dict[str, float], name: str = "") -> float:
    """The share of the nats that tuning saves."""
    before, after = ("memory", "memory_after") if name else ("before", "after")
    return 1 - row[after] / row[before]


def page(facts: dict[str, Any]) -> str:
    """The figures with what they are."""
    found: dict[str, dict[str, dict[str, float]]] = facts["sets"]
    names = list(found)

    def rows(cell: Callable[[dict[str, float]], str], ways: Sequence[str]) -> str:
        some = [[name, *(cell(found[way][name]) for way in ways)] for name in SETS]
        return table(["set", *ways], some)

    alive = [way for way in names if not WAYS[way].begins_anew]
    chosen = [
        [
            way,
            str(it["rate"]),
            str(it["rounds"]),
            f"{statistics.fmean(row['seconds'] for row in found[way].values()):.1f}",
            f"{sum(gain(row) > WORTH for row in found[way].values())} of {len(SETS)}",
            f"{sum(gain(row, 'memory') > WORTH for row in found[way].values())} of {len(SETS)}"
            if way in alive
            else "",
        ]
        for way, it in facts["chosen"].items()
    ]
    head = [
        "way",
        "rate",
        "rounds",
        "seconds of a core",
        "sets that gain over 1 %",
        "the same with memory",
    ]
    return f"""Nats a note of the second half of a session, as it is → tuned on the first half, and the gain.
{facts["sessions"]} sessions a set, {facts["events"]} events a half:

{rows(lambda it: f"{it['before']:.3f} → {it['after']:.3f} ({gain(it):+.1%})", names)}

With `memory` at .5, before and after:

{rows(lambda it: f"{it['memory']:.3f} → {it['memory_after']:.3f} ({gain(it, 'memory'):+.1%})", alive)}

The gain on a session of the next set, which is lost where it is below zero:

{rows(lambda it: f"{it['elsewhere']:+.1%}", names)}

{table(head, chosen)}"""


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--events", default=1_500, show_default=True, help="Events of half a session.")
@click.option("--sessions", "count", default=3, show_default=True, help="Sessions of a set.")
@click.option(
    "--way",
    "ways",
    multiple=True,
    type=click.Choice(list(WAYS)),
    help="Try these alone, and keep nothing.",
)
def main(data: Path, events: int, count: int, ways: Sequence[str]) -> None:
    """Tune the network in every way, into learns.json and learns.md."""
    torch.set_num_threads(1)
    path = shipped.model("default")
    base, model = read_network(read_bytes(path))[0].eval(), load(path)
    played = {name: sessions(data, name, events, count) for name in SETS}
    known = {name: [one.summarised(base) for one in some] for name, some in played.items()}
    votes = {
        name: [judged(model, [(one.events, "any")]) for one in some[1:]]
        for name, some in played.items()
    }
    click.echo("heard")
    facts: dict[str, Any] = {"events": events, "sessions": count - 1, "chosen": {}, "sets": {}}
    for way in ways or WAYS:
        own = known if WAYS[way].heads_only else played
        chosen = choose(base, WAYS[way], [own[name][0] for name in SETS[::2]])
        click.echo(f"{way} {chosen}")
        facts["chosen"][way] = {"rate": chosen.rate, "rounds": chosen.rounds, "gains": chosen.gains}
        facts["sets"][way] = {}
        for name, following in zip(SETS, [*SETS[1:], SETS[0]], strict=True):
            some = list(zip(own[name][1:], known[name][1:], votes[name], strict=True))
            row = measure(base, WAYS[way], chosen, some, own[following][1])
            facts["sets"][way][name] = row
            click.echo(f"{way} {name} {row}")
        if not ways:
            keep("learns", facts, page(facts))


if __name__ == "__main__":
    main()
