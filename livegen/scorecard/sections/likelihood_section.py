"""The likelihood of held-out music, beside the baselines on the same events, and what a call tells the model."""

from collections.abc import Sequence
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from livegen.codec.layout import FIELDS
from livegen.scorecard import estimates
from livegen.scorecard.band import Band, Music, lifted
from livegen.scorecard.card import MARKOV, OTHER, UNIGRAM, Card
from livegen.scorecard.estimates import Estimate
from livegen.scorecard.held_out_calls import HeldOut, LeadCall, Pair
from livegen.scorecard.likelihood import CONTEXTS, calibration, reliability, seconds
from livegen.training.evaluate import Evidence
from livegen.training.markov import scored

Floats = npt.NDArray[np.float64]


def measure(
    card: Card, band: Band, evidence: Evidence, pieces: Sequence[HeldOut], music: Music
) -> None:
    """Nats in all, by field, set, style and part; calibration; condition lift."""
    lengths: npt.NDArray[np.int64] = np.diff(np.append(evidence.starts, len(evidence.rows)))
    piece = np.repeat(np.arange(len(lengths)), lengths)
    counted = evidence.counted
    onsets = scored(evidence.rows)["velocity"] & counted
    by_column: dict[str, dict[str, Floats]] = {
        UNIGRAM: evidence.unigram,
        MARKOV: evidence.markov,
        **{
            name: {f: judged.nats[:, at] for at, f in enumerate(FIELDS)}
            for name, judged in reversed(list(zip(band.who, evidence.judged, strict=True)))
        },
    }
    totals = {
        name: np.sum(list(fields.values()), 0) * counted for name, fields in by_column.items()
    }

    def by_piece(values: npt.NDArray[Any]) -> Floats:
        return np.bincount(piece, values, len(lengths)).astype(np.float64)

    def row(name: str, says: str, nats: dict[str, Floats], of: Floats) -> None:
        columns = {
            who: estimates.ratio(by_piece(values), of, band.seed) for who, values in nats.items()
        }
        card.add("likelihood", name, says, "less", columns)

    row("per_note", "nats per note", totals, by_piece(onsets))
    row("per_event", "nats per event", totals, by_piece(counted))
    lasting = _seconds(band, evidence, pieces)
    row("per_second", "nats per second of music", totals, lasting)
    for name in FIELDS:
        row(
            f"field_{name}",
            f"nats per event: {name}",
            {who: f[name] * counted for who, f in by_column.items()},
            by_piece(counted),
        )
    for kind, names in evidence.labels().items():
        for name in np.unique(names[names != ""]):
            here = names == name
            nats = {who: values * here for who, values in totals.items()}
            row(
                f"{kind}_{name}",
                f"nats per note: {kind[:-1]} {name}",
                nats,
                by_piece(onsets & here),
            )
    _calibration(card, band, evidence)
    if len(music.pairs) > 1:
        _lifts(card, band, music.pairs)


def _seconds(band: Band, evidence: Evidence, pieces: Sequence[HeldOut]) -> Floats:
    """Give the time in seconds that each scored piece lasts."""
    files = {(held.corpus, held.file): held.data for held in pieces}
    ends = np.append(evidence.starts, len(evidence.rows))
    ticks = [
        int(evidence.rows[begin:end, 0].astype(np.int64).sum())
        for begin, end in pairwise(ends.tolist())
    ]
    some = [files[corpus.name, piece.file] for corpus, piece in evidence.chosen]
    return np.array(band.map("tempos", seconds, some, ticks))


def _calibration(card: Card, band: Band, evidence: Evidence) -> None:
    where = scored(evidence.rows)["pitch"] & evidence.counted
    pitch = tuple(FIELDS).index("pitch")
    starts, columns = evidence.starts, {}
    for name, judged in reversed(list(zip(band.who, evidence.judged, strict=True))):
        hits = judged.hits[:, pitch]
        pieces = [one[where[one]] for one in np.split(np.arange(len(where)), starts[1:])]
        groups = [(judged.sure[one], hits[one]) for one in pieces]

        def error(rows: npt.NDArray[np.int64], groups: Any = groups) -> float:
            return calibration(
                *(np.concatenate([groups[row][at] for row in rows]) for at in (0, 1))
            )

        columns[name] = estimates.resampled(len(groups), error, band.seed, times=200)
        card.curves.setdefault("reliability", {})[name] = reliability(
            judged.sure[where], hits[where]
        )
    says = "calibration error of pitch (ECE)"
    card.add("likelihood", "calibration", says, "less", columns)


def _lifts(card: Card, band: Band, pairs: Sequence[Pair]) -> None:
    others = _another(pairs)
    columns: dict[str, dict[str, Estimate | None]] = {"own": {}, "over": {}}
    for which, name in reversed(list(enumerate(band.who))):
        nats = band.map(f"lift, {name}", lifted, repeat(which), pairs, others)
        call, nothing, another = ([row[context] for row in nats] for context in CONTEXTS)
        deaf = [n - a for n, a in zip(nothing, another, strict=True)]
        columns["own"] |= {
            OTHER: estimates.mean(deaf, band.seed),
            name: estimates.mean([n - c for n, c in zip(nothing, call, strict=True)], band.seed),
        }
        columns["over"][name] = estimates.mean(
            [a - c for a, c in zip(another, call, strict=True)], band.seed
        )
    says = "condition lift: nats per note that hearing the call saves of what people played next"
    card.add("likelihood", "lift", says, "more", columns["own"])
    says = "the same, against another piece's call"
    card.add("likelihood", "lift_over_another", says, "more", columns["over"])


def _another(pairs: Sequence[Pair]) -> list[LeadCall]:
    """For each call that of another piece, of the same metre where there is one."""
    found = []
    for at, pair in enumerate(pairs):
        rest = [
            other.call
            for other in [*pairs[at + 1 :], *pairs[:at]]
            if other.call.name != pair.call.name
        ]
        same = [call for call in rest if call.metre == pair.call.metre]
        found.append((same or rest or [pair.call])[0])
    return found
