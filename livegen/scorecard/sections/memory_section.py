"""The length of runs of its answers that are copied from the training pieces, beside people who never saw them."""

from collections.abc import Sequence

from livegen.music.note import Note
from livegen.scorecard import copying, estimates
from livegen.scorecard.band import Band
from livegen.scorecard.card import MODEL, PEOPLE, RANDOM, Card
from livegen.scorecard.estimates import Estimate
from livegen.scorecard.held_out_calls import Pair
from livegen.scorecard.playing import PlayedCall
from livegen.training.corpora import Corpus, Piece
from livegen.training.evaluate import Evidence, stacked
from livegen.training.memorisation import LONG, Copy, copies, lines_of_rows

Notes = Sequence[Note]
SAYS = {
    "p95": "longest run copied from training, notes: 95th percentile",
    "mean": "the same, mean",
    "long": f"answers with a copy of {LONG} notes or more",
}


def measure(
    card: Card,
    band: Band,
    evidence: Evidence,
    pairs: Sequence[Pair],
    answers: dict[str, list[PlayedCall]],
) -> None:
    """The longest copies; who is compared has as many onsets as people have there, or fewer."""
    train = _training(evidence)
    if not train:
        card.remarks.append("No train split is there: memorisation was not measured.")
        return
    band.progress("memory", 0, 1)
    known = lines_of_rows(*stacked(train))
    card.facts["training_steps_searched"] = len(known.steps)
    people = [pair.people for pair in pairs]
    first = [heard.answer for heard in answers[MODEL]]
    some: dict[str, list[Notes]] = {
        RANDOM: _as_long(band.random_answers(pairs), people),
        **{
            name: _as_long([heard.answer for heard in rows], people)
            for name, rows in reversed(answers.items())
        },
        PEOPLE: _as_long(people, first),
    }
    found = {
        name: copies(copying.lines_of_notes(rows), len(rows), known) for name, rows in some.items()
    }
    lengths = {name: [float(copy.notes) for copy in rows] for name, rows in found.items()}
    card.curves["copied"] = lengths
    for what, says in SAYS.items():
        columns = {name: _estimate(what, values, band.seed) for name, values in lengths.items()}
        card.add("memory", what, says, "less", columns)
    for copy, pair in zip(found[MODEL], pairs, strict=True):
        if copy.notes >= LONG:
            card.remarks.append(_told(copy, pair, *train[copy.owner]))
    band.progress("memory", 1, 1)


def _estimate(what: str, lengths: Sequence[float], seed: int) -> Estimate | None:
    if what == "p95":
        return estimates.quantile(lengths, 0.95, seed)
    if what == "long":
        return estimates.mean([float(notes >= LONG) for notes in lengths], seed)
    return estimates.mean(lengths, seed)


def _training(evidence: Evidence) -> list[tuple[Corpus, Piece]]:
    """Pieces of the train split, but none that is judged."""
    judged = {(corpus.name, piece.file) for corpus, piece in evidence.chosen}
    return [
        (corpus, piece)
        for corpus in evidence.corpora.values()
        for piece in corpus.pieces
        if piece.split == "train" and (corpus.name, piece.file) not in judged
    ]


def _as_long(some: Sequence[Notes], others: Sequence[Notes]) -> list[Notes]:
    return [copying.no_longer(one, other) for one, other in zip(some, others, strict=True)]


def _told(copy: Copy, pair: Pair, corpus: Corpus, piece: Piece) -> str:
    call = pair.call
    where = f"{call.corpus}/{call.name}, bar {call.first_beat / call.bar + 1:.0f}"
    return f"The answer to {where}, has {copy.notes} notes of {corpus.name}/{piece.file}."
