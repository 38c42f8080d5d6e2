"""The foresight of the end of a phrase, on phrases of singers that somebody else answers.

    python -m bench.phrases DATA

`call_response.csv.zst` in DATA says where phrases of lieder and pop songs begin and end.  Every bar line in and right
after a phrase of at most twelve bars, at which the singer has rested for half a beat, is a case; is the phrase over?
Beside the weights of `livegen.music.melody.phrase_end` stand those that a logistic regression finds on the train split,
and the silence alone.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import numpy.typing as npt
import zstandard

from livegen.codec.encoder import metre_of
from livegen.errors import MidiFileError
from livegen.music.files.smf import Score, read
from livegen.music.keys.key import likeliest
from livegen.music.melody.phrase import usual_ioi_us
from livegen.music.melody.phrase_end import LONGEST, Ending, counted
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.scorecard.distributions import auc
from livegen.scorecard.notes import notes_of
from livegen.training.corpora import discover

SETS = {"pop909_aligned": ("melody",), "openscore_lieder": ("voice", "sopr", "ten", "bar", "alt")}
MOST_BARS, FEWEST_NOTES = 12, 3
SOON = 6  # ticks before a bar line by which its last note has begun
_TEMPO_US = 500_000  # a beat, that bars are counted by: scores say theirs or do not
REST = TICKS_PER_BEAT // 2  # ticks without a note that make a bar line a case
Floats = npt.NDArray[np.float64]


class Case(NamedTuple):
    """A bar line: the phrase as it stands there, and whether it is over."""

    corpus: str
    split: str
    ending: Ending
    is_over: bool


def cases(data: Path) -> Iterator[Case]:
    """All bar lines of all phrases."""
    text = zstandard.open(data / "call_response.csv.zst", "rt").read()
    rows: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text)):
        rows[row["set"], row["file"]].append(row)
    for source in discover(data):
        for file, content in source.files() if source.name in SETS else ():
            if phrases := rows.get((source.name, file)):
                yield from _of_file(source.name, content, phrases)


def _of_file(corpus: str, data: bytes, phrases: Sequence[dict[str, str]]) -> Iterator[Case]:
    try:
        score = read(data)
    except MidiFileError:
        return
    metre, sung = metre_of(score), _sung(score, SETS[corpus])
    for phrase in phrases if metre else ():
        since, until = float(phrase["call_from_q"]), float(phrase["call_to_q"])
        notes = [note for note in sung if since - 0.05 <= note.onset < until - 0.01]
        if metre and len(notes) >= FEWEST_NOTES:
            for ending, is_over in _bar_lines(notes, metre):
                yield Case(corpus, phrase["split"], ending, is_over)


def _sung(score: Score, names: Sequence[str]) -> list[Note]:
    named = [track for track in score.tracks if track.name.lower().startswith(tuple(names))]
    return notes_of(score, (named or score.tracks)[0])


def _bar_lines(notes: Sequence[Note], metre: Metre) -> Iterator[tuple[Ending, bool]]:
    onsets = sorted({round(note.onset * TICKS_PER_BEAT) for note in notes})
    place = metre.place(onsets[0] + REST)
    line = onsets[0] + REST - place.position
    for bars in range(1, MOST_BARS + 1):
        bar = metre.place(line).bar
        line += bar
        heard = [onset for onset in onsets if onset < line - SOON]
        is_over = len(heard) == len(onsets)
        if heard and (is_over or line - heard[-1] >= REST):
            yield _ending(notes, heard, line, bar, bars, metre), is_over
        if is_over:
            return


def _ending(
    notes: Sequence[Note], heard: Sequence[int], line: int, bar: int, bars: int, metre: Metre
) -> Ending:
    last = heard[-1]
    so_far = [note for note in notes if round(note.onset * TICKS_PER_BEAT) <= last]
    top = max(so_far, key=lambda note: (round(note.onset * TICKS_PER_BEAT), note.pitch))
    weights = [0.0] * 12
    for note in so_far:
        weights[note.pitch % 12] += min(2.0, note.end - note.onset) + 0.25
    key, apart = likeliest(weights), metre.strong(bar)
    off = metre.place(last).position % apart
    gaps = [after - before for before, after in pairwise(heard)]
    usual = usual_ioi_us([onset * 100_000 for onset in heard]) / 100_000
    return Ending(
        gap=(line - last) / TICKS_PER_BEAT,
        held=min(top.end, line / TICKS_PER_BEAT) - top.onset,
        usual=usual / TICKS_PER_BEAT,
        longest=max([*gaps, usual]) / TICKS_PER_BEAT,
        bar=bar / TICKS_PER_BEAT,
        bars=counted(bars, bar * _TEMPO_US // TICKS_PER_BEAT),
        is_tonic=key is not None and top.pitch % 12 == key.tonic,
        is_strong=min(off, apart - off) <= 2,
    )


def columns(ending: Ending) -> list[float]:
    """The figures of the regression."""
    return [
        1.0,
        np.log(ending.gap / ending.usual),
        min(0.0, np.log(ending.gap / ending.longest)),
        min(ending.gap, LONGEST) / LONGEST,
        min(ending.gap / ending.bar, 1.5),
        min(ending.held, LONGEST) / LONGEST,
        ending.bars == 1,
        ending.bars > 1 and ending.bars % 2 == 1,
        ending.bars in (2, 4, 8),
        ending.is_tonic,
        ending.is_strong,
    ]


def fitted(figures: Floats, is_over: Floats) -> Floats:
    """Weights of a logistic regression, by Newton's method with a little shrinkage."""
    weights = np.zeros(figures.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-figures @ weights))
        slope = figures.T @ (likely - is_over) / len(is_over) + 1e-4 * weights
        bend = (figures * (likely * (1 - likely))[:, None]).T @ figures / len(is_over)
        weights -= np.linalg.solve(bend + 1e-4 * np.eye(len(weights)), slope)
    return weights


def _row(name: str, scores: Floats, is_over: Floats) -> str:
    over, not_over = scores[is_over == 1], scores[is_over == 0]
    found = f"{(over > 0).mean():.2f} | {(not_over > 0).mean():.2f}"
    return f"| {name} | {len(scores)} | {auc(over, not_over):.3f} | {found} |"


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(data: Path) -> None:
    """Print the table, Markdown, of the validation split."""
    found = list(cases(data))
    figures = np.array([columns(case.ending) for case in found], dtype=np.float64)
    is_over = np.array([case.is_over for case in found], dtype=np.float64)
    is_train = np.array([case.split == "train" for case in found])
    weights = fitted(figures[is_train], is_over[is_train])
    ours = np.array([case.ending.odds for case in found])
    click.echo("| valid | bar lines | AUC | of ends, taken for one | of others, taken for one |")
    click.echo("|---|---|---|---|---|")
    rows: list[tuple[str, Any]] = [
        ("as shipped", ours),
        ("as fitted", figures @ weights),
        ("silence alone", figures[:, 3] - 0.5),
    ]
    for corpus in SETS:
        chosen = np.array([case.corpus == corpus for case in found]) & ~is_train
        for name, scores in rows:
            click.echo(_row(f"{corpus}, {name}", scores[chosen], is_over[chosen]))
    click.echo(f"fitted weights: {' '.join(f'{weight:.2f}' for weight in weights)}")


if __name__ == "__main__":
    main()
