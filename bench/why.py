"""The test of what a note is said to have taken up: pitches of people, with the places taken away.

    python -m bench.why DATA [--pieces 12]

Pieces of the validation split are heard by the shipped model.  Before a share of their notes the network is asked how
likely the pitch is, in nats among those that do not sound, and then again with events taken out of what it looks back
at, as if nothing had been heard there:

* looked: the three places at which its attention looked most.
* taken up: the three notes of the explanation, each with beginning and end; those cost most of the four that it looked
  at most, so they are chosen by what they cost.
* random: three events, or three notes, drawn at random from all that it could look at.
* all: everything.

`habit` is the share of notes for which doing without what was taken up costs less than HABIT nats.
"""

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from time import thread_time
from typing import Any, NamedTuple

import click
import numpy as np
import numpy.typing as npt

from bench.tables import keep, kept, table, told
from livegen import shipped
from livegen.codec.encoder import Stroke
from livegen.codec.layout import ADVANCE, SOUNDING, UNKNOWN_STYLE, Event
from livegen.inference.contract import Query, sound
from livegen.inference.model import OnnxModel, load
from livegen.jam.hearing.hearing import GuardedModel, Heard, Step
from livegen.jam.reports.looking import ARCS, HABIT, Looked, looked_at, looking, nats
from livegen.scorecard.estimates import ratio
from livegen.training.corpora import load as load_corpora
from livegen.training.evaluate import legal_classes

SETS = (
    "trad_abc", "pop909_aligned", "openscore_lieder", "wjd_jazz", "openewld_leadsheets",
    "band_arrangements", "groove_drums",
)  # fmt: skip
LONGEST = 500  # events of a piece
SINCE = 48  # events that were heard before the first note that is asked about
SHARE = 0.25  # of the notes that are asked about
SEED = 7


class Case(NamedTuple):
    """A note: nats of its pitch, what each way of taking away costs; seconds to explain it, longest slice; piece."""

    plain: float
    looked: float
    random_events: float
    taken_up: float
    random_notes: float
    everything: float
    seconds: float
    slice: float
    piece: int = 0


class Question(NamedTuple):
    """A pitch of a person's, and what the network knew before it."""

    step: Step
    query: Query
    pitch: int
    legal: npt.NDArray[np.bool_]
    logits: npt.NDArray[np.float32]

    def cost(self, places: Sequence[int]) -> float:
        """Nats that it costs to do without some places."""
        without = self.step.guard.logits("pitch", self.step.without(places), self.query)
        return nats(without, self.legal, self.pitch) - nats(self.logits, self.legal, self.pitch)


def questions(
    model: OnnxModel, events: Sequence[Event], style: int, chance: np.random.Generator
) -> Iterator[Question]:
    """The notes of a piece that are asked about."""
    guard, looks = GuardedModel(model), model.facts.looks
    assert looks is not None, "a model that tells what it looks at"
    state, sounding = model.initial_state(), np.zeros(SOUNDING, np.float32)
    past: list[Heard | None] = []
    began: dict[tuple[int, int], int] = {}  # by part and pitch: the number of the event
    for at, (event, note) in enumerate(pairwise(events)):
        sound(sounding, event)
        key = event.part, event.pitch
        if event.on:
            began[key] = at
        # A note bears the number of the event at which it began, at its beginning and at its end.
        stroke = Stroke(began.get(key, at), *key, event.velocity)
        past.append(None if event.time == ADVANCE else Heard(stroke, bool(event.on)))
        past = past[-looks.places :]
        step = Step(guard, event, style, sounding.copy(), state, tuple(past))
        state, summary = model.advance(event, style, sounding, state)
        legal = legal_classes("pitch", note, sounding)
        is_note = note.time != ADVANCE and note.on and legal is not None and legal[note.pitch]
        if is_note and legal is not None and at >= SINCE and chance.random() < SHARE:
            query = Query.of(note)
            logits = model.logits("pitch", summary, query)
            yield Question(step, query, note.pitch, legal, logits)


def named(heard: Heard) -> Hashable:
    """Name the note that an event is of."""
    return heard.stroke[:3]


def explained(asked: Question) -> tuple[Looked, float, float]:
    """The notes that were taken up, the seconds that it took to find that, and those of the longest slice."""
    slices, found = [], None
    work = looking(asked.step, asked.query, asked.logits, asked.legal, asked.pitch, named)
    while found is None:
        before = thread_time()
        try:
            next(work)
        except StopIteration as done:
            found = done.value
        slices.append(thread_time() - before)
    return found, sum(slices), max(slices)


def case(asked: Question, chance: np.random.Generator) -> Case:
    """All ways of taking away from one note."""
    weights = asked.step.looked()
    assert weights is not None
    places, past = weights.shape[1], asked.step.past
    offset = places - len(past)
    events = [at for at in range(offset, places - 1) if past[at - offset] is not None]
    of_place = weights.sum(0)
    looked = sorted(events, key=lambda at: -of_place[at])[:ARCS]
    notes = [its for _, its in looked_at(weights, past, named)]
    few = min(ARCS, len(notes))
    drawn = [at for note in chance.choice(len(notes), few, replace=False) for at in notes[note]]
    found, seconds, longest = explained(asked)
    return Case(
        nats(asked.logits, asked.legal, asked.pitch),
        asked.cost(looked),
        asked.cost(chance.choice(events, min(ARCS, len(events)), replace=False).tolist()),
        found.nats,
        asked.cost(drawn),
        asked.cost(events),
        seconds,
        longest,
    )


def measure(model: OnnxModel, data: Path, name: str, pieces: int) -> list[Case]:
    """The cases of a corpus."""
    corpus, chance = load_corpora(data, names=[name])[name], np.random.default_rng(SEED)
    held, styles = corpus.split("valid"), model.facts.styles
    found = []
    for at in chance.permutation(len(held))[:pieces]:
        piece = held[at]
        rows = corpus.events[piece.start : piece.end][:LONGEST].tolist()
        style = styles.index(piece.style) if piece.style in styles else UNKNOWN_STYLE
        for asked in questions(model, [Event(*row) for row in rows], style, chance):
            found.append(case(asked, chance)._replace(piece=int(at)))
    return found


HEAD = (
    "corpus", "notes", "nats", "looked", "random events", "taken up", "random notes", "all",
    "taken up : random", "habit",
)  # fmt: skip


def row(name: str, found: Sequence[Case]) -> tuple[dict[str, Any], list[str]]:
    """The figures of a corpus, and its line."""
    means = dict(zip(Case._fields, np.mean(found, 0).tolist(), strict=True))
    habit = float(np.mean([one.taken_up < HABIT for one in found]))
    error = float(np.std([one.random_notes for one in found]) / len(found) ** 0.5)
    at_least = means["taken_up"] / (abs(means["random_notes"]) + 2 * error)
    facts: dict[str, Any] = means | {
        "notes": len(found),
        "habit": habit,
        "random_error": error,
        "times_at_least": at_least,
    }
    pieces = np.unique([one.piece for one in found], return_inverse=True)[1]
    counts = np.bincount(pieces).astype(np.float64)
    shown = {
        key: ratio(
            np.bincount(pieces, [float(getattr(one, key)) for one in found]).astype(np.float64),
            counts,
        )
        for key in Case._fields[:6]
    }
    facts["intervals"] = {key: kept(estimate) for key, estimate in shown.items()}
    return facts, [
        name, str(len(found)), *(told(estimate, 3) for estimate in shown.values()), f"≥ {at_least:.0f}",
        f"{habit:.2f}",
    ]  # fmt: skip


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--pieces", default=12, show_default=True, type=click.IntRange(1), help="Of each set."
)
@click.option("--dry", is_flag=True, help="Print only.")
def main(data: Path, pieces: int, dry: bool) -> None:
    """Take away what was looked at, from pieces of DATA."""
    model = load(shipped.model("default"))
    facts, lines, spent = {}, [], list[Case]()
    for name in SETS:
        if not (found := measure(model, data, name, pieces)):
            continue  # so short are its pieces
        facts[name], line = row(name, found)
        lines.append(line)
        spent += found
        click.echo(" ".join(line), err=True)
    times = np.percentile([one.seconds * 1e3 for one in spent], (50, 99))
    slices = np.percentile([one.slice * 1e3 for one in spent], (50, 99))
    text = "\n\n".join(
        [
            "# Why",
            "What doing without costs, in nats a pitch: `python -m bench.why DATA` says what the columns are.  "
            "Brackets: 95 % of resampled pieces.  *taken up : random* is how many times as much as random notes cost, "
            "with twice the standard error of these added.",
            table(HEAD, lines),
            f"An explanation of one note takes {times[0]:.2f} ms of a core (p99 {times[1]:.2f}), in slices; the "
            f"longest takes {slices[0]:.2f} ms (p99 {slices[1]:.2f}).",
        ]
    )
    keep("why", {"pieces": pieces, "sets": facts, "ms": [*times, *slices]}, text, dry)


if __name__ == "__main__":
    main()
