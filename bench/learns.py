"""The question whether the network should learn from a player in the set: nats of what he plays next, tuned or not.

    python -m bench.learns DATA [--events N] [--sessions N]

A session is neighbouring pieces of a validation split, end to end: neighbours by name, most often by one composer or
player.  The network hears it as one stream.  It is tuned on the first half (1,500 events, minutes of playing) and
judged on the second, without legality masks.  Ways, from what could run on stage to what could not:

* `bias`: one number for each class of each field, added to its logits;
* `online`: the same, and a step after every 32 events of the second half too (dynamic evaluation: Krause et al. 2018,
  "Dynamic evaluation of neural sequence models");
* `heads`: the last layer of each field's head;
* `adapter`: a product of rank 4 that is added to each matrix of the recurrent layer (Hu et al. 2021, "LoRA: low-rank
  adaptation of large language models");
* `style`: the vector that is added to each event, of no style, from which all styles differ;
* `state`: the state from which a phrase begins (state tuning), judged on stretches of 256 events that begin anew;
* `full`: all weights, an upper bound;
* `served`: the last layers as livegen fits them with the control `adapt` (`livegen/inference/heads.py`), of the model
  as it is shipped, in int8.

How fast and how long is chosen for each way on the first session of every other set; figures are of the others, with
95 % intervals of sessions drawn again.  *Forgetting* is the gain on a session of the next set, after each of the first
three, and *with memory* that with the control `memory` at .5, before and after.  *Gate*: for each field that strength
of the memory by which the first half is likeliest, in place of .5.
"""

import copy
import json
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
from torch import Tensor, nn
from torch.nn.utils.parametrize import register_parametrization

from bench.memory import Judged, judged, shipped_shares
from bench.sets import SETS
from bench.tables import HERE, keep, kept, table, told
from livegen import shipped
from livegen.codec.layout import FIELDS
from livegen.inference import heads, onnx_file
from livegen.inference.lesson import PLAYED
from livegen.inference.lesson import Rows as LessonRows
from livegen.inference.model_files import load
from livegen.inference.onnx_file import ModelFile, read_bytes
from livegen.scorecard.estimates import Estimate, ratio
from livegen.training import corpora
from livegen.training.corpora import Rows
from livegen.training.model_weights import read_network
from livegen.training.network import Network, Recurrent
from livegen.training.objective import Objective, scored
from livegen.training.streams import given, sounding_steps

CHUNK = 128  # events through which gradients go back
STRETCH = 256  # events that begin anew, for the state
SERVED = "served"
ONLINE = 32  # events from one step of dynamic evaluation to the next
ROUNDS = (4, 12)  # over the first half
RANK = 4  # of the adapter
FORGETS = 3  # sessions of a set after which forgetting is measured
STRENGTHS = (0.0, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8)  # of the memory, between which the gate chooses
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
    """The session of one player: the events (2N + 1, 8), and the halves as a network is given them."""

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


class _Adapted(nn.Module):
    """A matrix (O, I) to which a product of rank `RANK` is added, which is nothing at first."""

    def __init__(self, outputs: int, inputs: int) -> None:
        super().__init__()
        self.into = nn.Parameter(torch.randn(RANK, inputs) / inputs**0.5)
        self.out = nn.Parameter(torch.zeros(outputs, RANK))

    def forward(self, weight: Tensor) -> Tensor:
        """The matrix with what was learned."""
        return weight + self.out @ self.into


def _adapter(network: Network) -> list[Tensor]:
    torch.manual_seed(0)
    adapters = []
    for layer in network.layers:
        assert isinstance(layer, Recurrent)
        for matrix in (layer.enter, layer.across):
            adapters.append(_Adapted(*matrix.weight.shape))
            register_parametrization(matrix, "weight", adapters[-1])
    return [parameter for adapter in adapters for parameter in adapter.parameters()]


WAYS = {
    "heads": Way((1e-3,), partial(_heads, names=("weight", "bias")), heads_only=True),
    "adapter": Way((1e-3, 3e-3), _adapter),
    "full": Way((3e-4,), lambda network: list(network.parameters())),
    "bias": Way((0.01, 0.03), partial(_heads, names=("bias",)), heads_only=True),
    "online": Way((0.01, 0.03), partial(_heads, names=("bias",)), heads_only=True, is_online=True),
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
    """Hear a stream, by chunks: nats (T, 1), the state before each whole chunk (chunks, N), the last, summaries."""
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
    """Cut a stretch to as much as fills stretches of a length."""
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
    """The choice of how fast and for how many rounds a way learns."""

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


@dataclass(slots=True)
class Moved:
    """The effect of tuning on each session of a set: nats a note before and after, of all sessions (S,)."""

    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)

    def add(self, before: float, after: float) -> None:
        """One session more."""
        self.before.append(before)
        self.after.append(after)

    def gain(self) -> Estimate | None:
        """The share of the nats that is saved, in percent, with its interval of sessions."""
        saved = [100 * (one - other) for one, other in zip(self.before, self.after, strict=True)]
        return ratio(saved, self.before)

    def facts(self) -> dict[str, Any]:
        """Give the figures as they are kept."""
        return {
            "before": round(statistics.fmean(self.before), 3),
            "after": round(statistics.fmean(self.after), 3),
            "gain": kept(self.gain()),
        }


@dataclass(slots=True)
class Effects:
    """The effects of tuning on the sessions of a set: alone, beside the memory, and on a session of another set."""

    alone: Moved = field(default_factory=Moved)
    beside: Moved = field(default_factory=Moved)
    elsewhere: Moved = field(default_factory=Moved)
    seconds: list[float] = field(default_factory=list)  # of a core, for each

    def facts(self) -> dict[str, Any]:
        """Give the figures as they are kept; those beside the memory where there are some."""
        row: dict[str, Any] = {"alone": self.alone.facts(), "elsewhere": self.elsewhere.facts()}
        row["seconds"] = round(statistics.fmean(self.seconds), 2)
        return row | ({"memory": self.beside.facts()} if self.beside.before else {})


@dataclass(frozen=True, slots=True)
class Asked:
    """A session, the same with its summaries, and what its memory votes for."""

    session: Session
    known: Session
    votes: dict[str, Judged]


def measure(
    base: Network, way: Way, chosen: Chosen, own: Sequence[Asked], other: Session
) -> dict[str, Any]:
    """Figures of a way on a set."""
    still = WAYS["state" if way.begins_anew else "full"]
    elsewhere_before = a_note(judge(unmoved(base), still, 0, other), other)
    found = Effects()
    for number, it in enumerate(own):
        session = it.known if way.heads_only else it.session
        before = judge(unmoved(base), still, 0, it.session if way.begins_anew else it.known)
        rounds = tunings(base, way, chosen.rate, session)
        tuned = next(then for count, then in rounds if count == chosen.rounds)
        after = judge(tuned, way, chosen.rate, session)
        found.alone.add(a_note(before, session), a_note(after, session))
        found.seconds.append(tuned.seconds)
        if number < FORGETS:
            elsewhere_after = a_note(judge(tuned, way, chosen.rate, other), other)
            found.elsewhere.add(elsewhere_before, elsewhere_after)
        if not way.begins_anew:
            found.beside.add(*(with_memory(some, session, it.votes) for some in (before, after)))
    return found.facts()


def served(file: ModelFile, own: Sequence[Asked], other: Session) -> dict[str, Any]:
    """The same of what is served."""
    still, asked_elsewhere = heads.heads(heads.shipped(file)), _judged_by(file, other)
    elsewhere_before = a_note(_nats(still, asked_elsewhere, other), other)
    found = Effects()
    for number, it in enumerate(own):
        session, asked = it.session, _judged_by(file, it.session)
        began = process_time()
        tuned = heads.heads(heads.fitted(file, _rows(session)[: len(session.first) + 1]))
        found.seconds.append(process_time() - began)
        nats = [_nats(said, asked, session) for said in (still, tuned)]
        found.alone.add(*(a_note(some, session) for some in nats))
        found.beside.add(*(with_memory(some, session, it.votes) for some in nats))
        if number < FORGETS:
            found.elsewhere.add(
                elsewhere_before, a_note(_nats(tuned, asked_elsewhere, other), other)
            )
    return found.facts()


def _rows(session: Session, is_played: bool = True) -> LessonRows:
    """A session as a lesson: in no style, and all of it the player's, or none."""
    more = np.tile(np.array([[0, is_played]], np.uint8), (len(session.events), 1))
    return np.concatenate([session.events, more], 1)


def _judged_by(file: ModelFile, session: Session) -> dict[str, heads.HeadQuestions]:
    """The questions of the second half to each head."""
    rows = _rows(session, is_played=False)
    rows[-len(session.second) :, PLAYED] = 1
    return heads.asked(file, rows)


def _nats(
    said: dict[str, heads.Head], asked: dict[str, heads.HeadQuestions], session: Session
) -> Nats:
    where, found = scored(session.second.targets), Nats()
    for name, head in said.items():
        logits = torch.from_numpy(heads.logits(head, asked[name])).log_softmax(-1)
        lost = -logits.gather(1, torch.from_numpy(asked[name].came)[:, None])
        found[name] = torch.zeros(len(where[name]), 1)
        found[name][where[name]] = lost
    return found


def gated(votes: dict[str, Judged], session: Session) -> tuple[float, float]:
    """Nats a note of the second half with the memory at .5, and with what the first half chooses for each field."""
    plain, chosen = 0.0, 0.0
    for name, found in votes.items():
        # Both halves lie end to end; each field has its own count of events.
        count = int(scored(session.second.targets)[name].sum())
        lost = {
            strength: -np.log(np.maximum(found.mixed(shipped_shares(name, strength)), 1e-9))
            for strength in STRENGTHS
        }
        best = min(STRENGTHS, key=lambda strength: lost[strength][:-count].sum())
        plain += float(lost[0.5][-count:].sum())
        chosen += float(lost[best][-count:].sum())
    notes = float(scored(session.second.targets)["velocity"].sum())
    return plain / notes, chosen / notes


def page(facts: dict[str, Any]) -> str:
    """The figures with what they are."""
    found: dict[str, dict[str, Any]] = facts["sets"]
    alive = [way for way in found if way == SERVED or not WAYS[way].begins_anew]

    def rows(ways: Sequence[str], what: str) -> str:
        return table(
            ["set", *ways],
            [[name, *(_cell(found[way][name][what]) for way in ways)] for name in SETS],
        )

    def wins(way: str, what: str) -> str:
        gains = [found[way][name][what]["gain"] for name in SETS]
        return f"{sum(it['low'] > 100 * WORTH for it in gains)}, {sum(it['value'] > 100 * WORTH for it in gains)}"

    chosen = [
        [
            way,
            str(it["rate"] or "by curvature"),
            str(it["rounds"]),
            f"{statistics.fmean(row['seconds'] for row in found[way].values()):.1f}",
            wins(way, "alone"),
            wins(way, "memory") if way in alive else "",
        ]
        for way, it in facts["chosen"].items()
    ]
    head = [
        "way",
        "rate",
        "rounds",
        "seconds of a core",
        f"of {len(SETS)} sets gain over 1 % for certain, at all",
        "the same with memory",
    ]
    gate = table(
        ["set", "nats, gain in percent"],
        [[name, _cell(facts["gate"][name])] for name in SETS],
    )
    elsewhere = table(
        ["set", *found],
        [
            [name, *(f"{found[way][name]['elsewhere']['gain']['value']:+.1f}" for way in found)]
            for name in SETS
        ],
    )
    return f"""Nats a note of the second half of a session, as it is → tuned on the first half, and the gain in percent.
{facts["sessions"]} sessions a set, {facts["events"]} events a half:

{rows(list(found), "alone")}

With `memory` at .5, before and after:

{rows(alive, "memory")}

The memory at .5 → with a strength for each field, chosen by the first half:

{gate}

The gain on a session of the next set, in percent, which is lost where it is below zero ({FORGETS} sessions a set):

{elsewhere}

{table(head, chosen)}"""


def _cell(it: dict[str, Any]) -> str:
    return f"{it['before']:.3f} → {it['after']:.3f}, {told(Estimate(**it['gain']), 1)}"


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--events", default=1_500, show_default=True, help="Events of half a session.")
@click.option("--sessions", "count", default=9, show_default=True, help="Sessions of a set.")
@click.option(
    "--way",
    "ways",
    multiple=True,
    type=click.Choice([*WAYS, SERVED]),
    help="Try these alone; kept beside the figures of others where those are of as many events and sessions.",
)
def main(data: Path, events: int, count: int, ways: Sequence[str]) -> None:
    """Tune the network in every way, into learns.json and learns.md."""
    torch.set_num_threads(1)
    path = shipped.model("default")
    base, model = read_network(read_bytes(path))[0].eval(), load(path)
    file = onnx_file.read(path)
    size = {"events": events, "sessions": count - 1}
    facts: dict[str, Any] = size | {"gate": {}, "chosen": {}, "sets": {}}
    before = json.loads((HERE / "learns.json").read_text())
    is_alike = size.items() <= before.items()
    if ways and is_alike:
        facts = before
    first, asked = dict[str, Session](), dict[str, list[Asked]]()
    for name in SETS:
        first[name], *others = sessions(data, name, events, count)
        asked[name] = [
            Asked(one, one.summarised(base), judged(model, [(one.events, "any")])) for one in others
        ]
        gate = Moved(
            *map(list, zip(*(gated(it.votes, it.session) for it in asked[name]), strict=True))
        )
        facts["gate"][name] = gate.facts()
        click.echo(f"{name} heard; gate {facts['gate'][name]}")
    for way in ways or (*WAYS, SERVED):
        is_served = way == SERVED  # with a pace of its own
        chosen = (
            Chosen(0, heads.STEPS)
            if is_served
            else choose(base, WAYS[way], [first[name] for name in SETS[::2]])
        )
        click.echo(f"{way} {chosen}")
        facts["chosen"][way] = {"rate": chosen.rate, "rounds": chosen.rounds, "gains": chosen.gains}
        facts["sets"][way] = {}
        for name, following in zip(SETS, [*SETS[1:], SETS[0]], strict=True):
            other = asked[following][0].session
            row = (
                served(file, asked[name], other)
                if is_served
                else measure(base, WAYS[way], chosen, asked[name], other)
            )
            facts["sets"][way][name] = row
            click.echo(f"{way} {name} {row}")
        keep("learns", facts, page(facts), dry=bool(ways) and not is_alike)


if __name__ == "__main__":
    main()
