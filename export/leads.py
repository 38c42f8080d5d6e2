"""Counts how lines of each style go: places in the beat, intervals, onsets a beat.

    python -m export.leads DATA

DATA holds the sets of SETS, as archives or folders; the first voice of each training piece in 4/4 is counted, and all
pieces count alike.  The table is that of `livegen/music/melody/leads.py`.  Of styles that swing, late off-beats are
counted as off-beats: the engine swings them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from export.beat_material import Piece, first_line, pieces
from export.command import guarded, put
from livegen.music.melody.leads import LINES, TABLE, WIDEST
from livegen.music.note import Note
from livegen.music.time.swing import STRAIGHT, usual_swing
from livegen.scorecard.notes import line

FROM = (
    "Weimar Jazz Database (ODbL), The Session and other tunes in ABC, POP909 (MIT), OpenEWLD, OpenScore Lieder (CC0),"
    " train splits"
)
SETS = ("wjd_jazz", "trad_abc", "pop909_aligned", "openewld_leadsheets", "openscore_lieder")
STYLES = {"pop909_aligned": "pop", "openscore_lieder": "lied"}  # of sets of one style
FEWEST = 20  # pieces of a style
TWELFTHS = 12
LATE = range(7, 10)  # twelfths of a beat at which a swung off-beat lies
DIGITS = 4

Floats = NDArray[np.float64]


def counted(voice: Sequence[Note], swings: bool) -> tuple[Floats, Floats, float]:
    """Shares of the places (len(LINES),) and of the intervals (27,) of a line, and its onsets a beat of music."""
    points = line(voice)
    twelfths = [round(point.onset * TWELFTHS) % TWELFTHS for point in points]
    places = [6 if swings and at in LATE else at for at in twelfths]
    of_places = np.array([places.count(at) for at in LINES], np.float64)
    steps = [min(WIDEST, max(-WIDEST, b.pitch - a.pitch)) for a, b in pairwise(points)]
    of_steps = np.bincount([step + WIDEST for step in steps], minlength=2 * WIDEST + 1)
    # Beats of bars in which something begins: an interlude is no line.
    bars = {int(point.onset // 4) for point in points}
    total = max(1.0, of_places.sum())
    return of_places / total, of_steps / max(1, len(steps)), len(points) / (4 * len(bars))


def table_of(material: Iterable[Piece]) -> dict[str, object]:
    """The table of all styles of which there are enough pieces."""
    by_style: dict[str, list[tuple[Floats, Floats, float]]] = defaultdict(list)
    for piece in material:
        style = STYLES.get(piece.corpus, piece.style)
        if notes := first_line(piece):
            by_style[style].append(counted(notes, usual_swing(style) != STRAIGHT))
    styles = {style: _mean(rows) for style, rows in by_style.items() if len(rows) >= FEWEST}
    usual = {
        name: np.mean([row[name] for row in styles.values()], axis=0).round(DIGITS).tolist()
        for name in ("places", "steps", "onsets")
    }
    return {"from": FROM, "all": usual, "styles": dict(sorted(styles.items()))}


def _mean(rows: Sequence[tuple[Floats, Floats, float]]) -> Mapping[str, list[float]]:
    places, steps, onsets = (
        np.mean(column, axis=0).round(DIGITS).tolist() for column in zip(*rows, strict=True)
    )
    return {"places": places, "steps": steps, "onsets": onsets}


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@guarded
def main(data: Path) -> None:
    """Count the lines of the sets in DATA into the package."""
    material = pieces(data, "train")
    put(TABLE, table_of(piece for name in SETS for piece in material.get(name, ())))


if __name__ == "__main__":
    main()
