"""Evaluation of a model on held-out music, beside the unigram and an order-5 Markov model on the same events.

The model is run as it is served: the shipped ONNX file, one event at a time, with the legality masks of the
sampler (an end only of what sounds, an onset only of what does not).  `nats_per_note_unmasked` says what it
costs without them, which is how the baselines are scored.  The first event of a piece is not scored.
Knows no torch.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from livegen.codec.layout import ADVANCE, FIELDS, SOUNDING, UNKNOWN_STYLE, Event
from livegen.errors import ConfigError
from livegen.inference.contract import Model, Query, sound
from livegen.inference.memory import Memory, recalled
from livegen.inference.model_files import load as load_model
from livegen.music.parts import DRUMS, PARTS
from livegen.training.corpora import Corpus, Piece, Rows, load
from livegen.training.markov import markov, scored, unigram
from livegen.training.process_pool import processes

FOLDS = 5
ORDER = 5
ALL = "all"
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one model on some events: nats (N, 5), hits and guesses (N, 5) by field, 0 where not scored.

    A guess is the likeliest class under the legality masks, given the fields of its event that come before.
    """

    nats: Floats
    hits: Bools
    guesses: Rows
    unmasked: Floats  # nats (N,) of the whole event without legality masks
    sure: Floats  # probability (N,) of the likeliest pitch, 0 where pitch is not scored


def evaluate(
    model: Path,
    data: Path,
    split: str = "valid",
    events: int | None = None,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
) -> dict[str, Any]:
    """Score a model file on the pieces of a split; pieces of a set without splits are all taken.

    `split` is train, valid, test or all; `events` limits each piece to its first so many.  The result has the
    same table (counts, model, unigram, markov5) for `all` and for each of `sets`, `styles` and `parts`; the
    model's own figures for all stand at the top as well.  Raises ConfigError when there is nothing to score.
    """
    evidence = gather([model], data, split, events, workers, progress)
    judged = evidence.judged[0]
    table = _tables(
        evidence.rows,
        evidence.counted,
        evidence.labels(),
        {"model": judged, "unigram": evidence.unigram, f"markov{ORDER}": evidence.markov},
    )
    best = table[ALL]["model"]
    return {
        "model": evidence.names[0],
        "split": split,
        "pieces": len(evidence.chosen),
        "baselines_fitted_on": evidence.fitted,
        **{key: table[ALL][key] for key in ("events", "notes")},
        **best,
        **table,
    }


@dataclass(frozen=True, slots=True)
class Evidence:
    """Scores of several models and the baselines on the same pieces: rows end to end, and where each piece begins."""

    names: tuple[str, ...]
    corpora: dict[str, Corpus]
    chosen: Sequence[tuple[Corpus, Piece]]
    rows: Rows
    starts: npt.NDArray[np.int64]
    judged: tuple[Scored, ...]
    unigram: dict[str, Floats]
    markov: dict[str, Floats]
    fitted: str

    @property
    def counted(self) -> Bools:
        """The events that are scored: all but the first of each piece."""
        counted = np.ones(len(self.rows), np.bool_)
        counted[self.starts] = False
        return counted

    def labels(self) -> dict[str, npt.NDArray[np.str_]]:
        """Set, style and part of each event."""
        return _labels(self.chosen, self.rows, self.starts)


def gather(
    models: Sequence[Path],
    data: Path,
    split: str = "valid",
    events: int | None = None,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
) -> Evidence:
    """Score model files and the baselines on the pieces of a split.  Raises ConfigError when there are none."""
    facts = [load_model(model).facts for model in models]
    corpora = load(data, workers=workers, progress=progress)
    chosen = [(corpus, piece) for corpus in corpora.values() for piece in pieces_of(corpus, split)]
    chosen = [(corpus, piece) for corpus, piece in chosen if piece.end - piece.start > 1]
    if not chosen:
        raise ConfigError(f"{data} holds no pieces of the split {split}")
    rows, starts = stacked(chosen, events)
    judged = []
    for path, own in zip(models, facts, strict=True):
        styles = [
            own.styles.index(p.style) if p.style in own.styles else UNKNOWN_STYLE for _, p in chosen
        ]
        judged.append(_judge_all(path, rows, starts, styles, workers, progress))
    fitted, (plain, order5) = _baselines(corpora, chosen, rows, starts)
    names = tuple(own.name for own in facts)
    return Evidence(names, corpora, chosen, rows, starts, tuple(judged), plain, order5, fitted)


def pieces_of(corpus: Corpus, split: str) -> Sequence[Piece]:
    """Pieces of a split; all of them for `all` and for a set that was never split."""
    if split == ALL or not any(piece.split for piece in corpus.pieces):
        return corpus.pieces
    return [piece for piece in corpus.pieces if piece.split == split]


def stacked(
    chosen: Sequence[tuple[Corpus, Piece]], events: int | None = None
) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Rows of pieces end to end, and where each begins."""
    rows = [corpus.events[p.start : p.end][:events] for corpus, p in chosen]
    lengths = [0, *(len(r) for r in rows)]
    return np.concatenate(rows), np.cumsum(lengths[:-1])


# --- the model ------------------------------------------------------------------------------------------------


def _judge_all(
    model: Path,
    rows: Rows,
    starts: npt.NDArray[np.int64],
    styles: Sequence[int],
    workers: int | None,
    progress: Callable[[str, int, int], None],
) -> Scored:
    pieces = np.split(rows, starts[1:])
    done, parts = 0, []
    with processes(workers, _open, model) as pool:
        for piece, result in zip(pieces, pool.map(_judge_piece, pieces, styles), strict=True):
            parts.append(result)
            done += len(piece)
            progress("scoring", done, len(rows))
    return Scored(
        np.concatenate([p.nats for p in parts]),
        np.concatenate([p.hits for p in parts]),
        np.concatenate([p.guesses for p in parts]),
        np.concatenate([p.unmasked for p in parts]),
        np.concatenate([p.sure for p in parts]),
    )


_model: Model  # one per worker process


def _open(path: Path) -> None:
    global _model
    _model = load_model(path)


def _judge_piece(rows: Rows, style: int) -> Scored:
    return judge(_model, rows, style)


def judge(model: Model, rows: Rows, style: int, strength: float = 0.0) -> Scored:
    """Run a model over one piece (N, 8) from the initial state and score every event but the first.

    `strength` is that of the memory (0..1), which begins with the piece too.
    """
    learns, memory = model.facts.learns, Memory()
    nats, hits = np.zeros((len(rows), len(FIELDS))), np.zeros((len(rows), len(FIELDS)), np.bool_)
    guesses = np.zeros((len(rows), len(FIELDS)), np.uint8)
    unmasked, sure = np.zeros(len(rows)), np.zeros(len(rows))
    state, sounding = model.initial_state(), np.zeros(SOUNDING, np.float32)
    events = [Event(*row) for row in rows.tolist()]
    for at, (event, following) in enumerate(pairwise(events), start=1):
        sound(sounding, event)
        state, summary = model.advance(event, style, sounding, state)
        if learns or strength:
            memory = memory.after(event, learns=True)
        note = following.time != ADVANCE
        query = Query.of(following)
        for column, field in enumerate(FIELDS):
            if (column and not note) or (field == "velocity" and not following.on):
                continue
            expected = recalled(
                memory,
                field,
                query,
                model.logits(field, summary, query),
                None if learns else strength,
            )
            logits = expected.astype(np.float64)
            target = following[column]
            free = _nats(logits, target)
            legal = legal_classes(field, following, sounding)
            if legal is not None and legal[target]:
                logits = np.where(legal, logits, -np.inf)
            nats[at, column] = _nats(logits, target)
            guesses[at, column] = logits.argmax()
            hits[at, column] = guesses[at, column] == target
            unmasked[at] += free
            if field == "pitch":
                sure[at] = np.exp(-_nats(logits, int(logits.argmax())))
    return Scored(nats, hits, guesses, unmasked, sure)


def legal_classes(field: str, event: Event, sounding: npt.NDArray[np.float32]) -> Bools | None:
    """Classes of `on` or `pitch` that an event of that part (and on/off) may have; None where all are."""
    if field not in ("on", "pitch"):
        return None
    own = np.zeros(128, np.bool_)
    if event.part != DRUMS:
        own = sounding[event.part * 128 : event.part * 128 + 128] > 0
    if field == "on":
        return np.array([own.any(), not own.all()])
    return ~own if event.on else own


def _nats(logits: Floats, target: int) -> float:
    highest = logits.max()
    return float(highest + np.log(np.exp(logits - highest).sum()) - logits[target])


# --- the baselines --------------------------------------------------------------------------------------------


def _baselines(
    corpora: dict[str, Corpus],
    chosen: Sequence[tuple[Corpus, Piece]],
    rows: Rows,
    starts: npt.NDArray[np.int64],
) -> tuple[str, tuple[dict[str, Floats], dict[str, Floats]]]:
    """Give the place where the baselines were fitted, and nats of unigram and Markov.

    They are fitted on the training pieces of the same data that are not scored themselves; where there are
    none, each fifth of the scored pieces on the other four.
    """
    scored_pieces = {(corpus.name, piece.file) for corpus, piece in chosen}
    train = [
        (corpus, piece)
        for corpus in corpora.values()
        for piece in corpus.pieces
        if piece.split == "train" and (corpus.name, piece.file) not in scored_pieces
    ]
    if train:
        fit, fit_starts = stacked(train)
        both = unigram(fit, rows), markov(fit, fit_starts, rows, starts, ORDER)
        return f"the train split, {len(train)} pieces, {len(fit)} events", both
    pieces = np.split(rows, starts[1:])
    folds = [range(k, len(pieces), FOLDS) for k in range(min(FOLDS, len(pieces)))]
    nats = tuple({name: np.zeros(len(rows)) for name in FIELDS} for _ in range(2))
    for fold in folds:
        rest = [piece for k, piece in enumerate(pieces) if k not in fold] or [rows[:0]]
        fit, fit_starts = np.concatenate(rest), np.cumsum([0, *map(len, rest[:-1])])
        own = np.concatenate([pieces[k] for k in fold])
        own_starts = np.cumsum([0, *(len(pieces[k]) for k in fold[:-1])])
        where = np.concatenate([np.arange(starts[k], starts[k] + len(pieces[k])) for k in fold])
        results = unigram(fit, own), markov(fit, fit_starts, own, own_starts, ORDER)
        for target, result in zip(nats, results, strict=True):
            for name in FIELDS:
                target[name][where] = result[name]
    return f"the other pieces of the same data ({len(folds)} folds): no train split is there", (
        nats[0],
        nats[1],
    )


# --- the tables -----------------------------------------------------------------------------------------------


def _labels(
    chosen: Sequence[tuple[Corpus, Piece]], rows: Rows, starts: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.str_]]:
    lengths = np.diff(np.append(starts, len(rows)))
    parts = np.array([*PARTS, ""])[np.where(rows[:, 0] == ADVANCE, len(PARTS), rows[:, 1])]
    return {
        "sets": np.repeat([corpus.name for corpus, _ in chosen], lengths),
        "styles": np.repeat([piece.style for _, piece in chosen], lengths),
        "parts": parts,
    }


def _tables(
    rows: Rows,
    counted: Bools,
    labels: dict[str, npt.NDArray[np.str_]],
    results: dict[str, Scored | dict[str, Floats]],
) -> dict[str, Any]:
    table: dict[str, Any] = {ALL: _table(rows, counted, results)}
    for kind, names in labels.items():
        table[kind] = {
            str(name): _table(rows, counted & (names == name), results)
            for name in np.unique(names)
            if name
        }
    return table


def _table(
    rows: Rows, where: Bools, results: dict[str, Scored | dict[str, Floats]]
) -> dict[str, Any]:
    scores = {name: which & where for name, which in scored(rows).items()}
    events, notes = int(where.sum()), int(scores["velocity"].sum())
    table: dict[str, Any] = {"events": events, "notes": notes}
    for name, result in results.items():
        if isinstance(result, Scored):
            nats = dict(zip(FIELDS, result.nats[where].sum(0).tolist(), strict=True))
        else:
            nats = {field: float(values[where].sum()) for field, values in result.items()}
        total = sum(nats.values())
        table[name] = {
            "nats_per_event": total / max(1, events),
            "nats_per_note": total / max(1, notes),
            "nats": {field: value / max(1, events) for field, value in nats.items()},
        }
        if isinstance(result, Scored):
            table[name]["nats_per_note_unmasked"] = float(result.unmasked[where].sum()) / max(
                1, notes
            )
            table[name]["accuracy"] = {
                field: float(result.hits[:, column][scores[field]].mean())
                if scores[field].any()
                else None
                for column, field in enumerate(FIELDS)
            }
    return table


def _less(nats: float, than: float) -> str:
    """By how much fewer nats, for a table; a dash where next to nothing is compared with."""
    share = 1 - nats / than if than else -math.inf
    return f"{share:.0%}" if share > -10 else "–"


def table_lines(result: dict[str, Any]) -> Iterator[str]:
    """The result as a table for people, one line after the other."""
    what = f"{result['model']} on the split {result['split']}: {result['pieces']} pieces"
    yield f"{what}; nats per note, fewer is better"
    yield f"baselines fitted on {result['baselines_fitted_on']}"
    head = f"{'':24}{'events':>9}{'notes':>9}{'unigram':>9}{'markov5':>9}{'model':>9}{'less':>7}  pitch, time hit"
    for kind in (ALL, "sets", "styles", "parts"):
        yield ""
        yield kind.ljust(24) + head[24:]
        for name, row in {ALL: result[ALL]}.items() if kind == ALL else result[kind].items():
            nats = [row[m]["nats_per_note"] for m in ("unigram", "markov5", "model")]
            hits = [row["model"]["accuracy"][field] for field in ("pitch", "time")]
            shares = ", ".join("-" if hit is None else f"{hit:.0%}" for hit in hits)
            figures = "".join(f"{value:9.2f}" for value in nats)
            yield f"{name[:23]:24}{row['events']:9}{row['notes']:9}{figures}{_less(nats[2], nats[1]):>7}  {shares}"
    fields = result["nats"]
    yield ""
    yield "nats per event by field: " + ", ".join(
        f"{name} {value:.3f}" for name, value in fields.items()
    )
    yield f"without legality masks: {result['nats_per_note_unmasked']:.3f} nats per note"
