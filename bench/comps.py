"""The comping of people: what the comps of styles are taken from (livegen/jam/band/figures.py).

    python -m bench.comps DATA

DATA holds the sets of the comps of `bench.styles`; pieces in 4/4 of the train split are counted, and weigh the same.
Of the first comp of a piece: how many strikes a bar has, which sixteenths are struck most often, and how many notes a
strike has.  Of all its comps: the commonest bars of at least four strikes, the intervals of two notes that are struck
together, and how many pitches a bar has in which one note follows another.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path

import click

from bench.styles import COARSE, SCENES
from bench.tables import keep
from livegen.music.files.smf import Score
from livegen.music.note import Note
from livegen.scorecard.held_out_calls import accompaniment_of, held_out, is_in_four, score_of
from livegen.scorecard.notes import notes_of
from livegen.training.corpora import load

SIXTEENTHS = 16
MANY, LINE = 4, 6  # strikes of a bar: that moves, and that may be a line
IN_LINE = 1.3  # notes of a strike of a line, fewer than
TOLD = {"places": SIXTEENTHS, "voices": 4, "bars": 3, "apart": 3, "pitches": 3}

Bar = dict[int, list[int]]  # pitches by the sixteenth on which they are struck
Shares = dict[Hashable, float]


def bars_of(notes: Sequence[Note]) -> list[Bar]:
    """The bars of 4/4 in which a comp strikes."""
    bars: dict[int, Bar] = {}
    for note in notes:
        bar, place = divmod(round(note.onset * COARSE), SIXTEENTHS)
        bars.setdefault(bar, {}).setdefault(place, []).append(note.pitch)
    return list(bars.values())


def is_line(bar: Bar) -> bool:
    """True of a bar in which one note follows another."""
    return len(bar) >= LINE and sum(map(len, bar.values())) < IN_LINE * len(bar)


def counted(comps: Sequence[Sequence[Bar]]) -> dict[str, Shares]:
    """Count what the comps of a piece strike: the shares of all values of each of TOLD; of places, those of bars."""
    first, bars = comps[0], [bar for comp in comps for bar in comp]
    pairs = [it for bar in bars for it in bar.values() if len(it) == 2]
    return {
        "places": shares((place for bar in first for place in bar), len(first)),
        "voices": shares(min(len(it), TOLD["voices"]) for bar in first for it in bar.values()),
        "bars": shares((tuple(sorted(bar)) for bar in bars if len(bar) >= MANY), len(bars)),
        "apart": shares(max(it) - min(it) for it in pairs),
        "pitches": shares(len({max(it) for it in bar.values()}) for bar in bars if is_line(bar)),
    }


def shares(values: Iterable[Hashable], count: int | None = None) -> Shares:
    """Give how often each value comes, of so many."""
    times = Counter(values)
    return {value: number / (count or times.total()) for value, number in times.items()}


def mean(pieces: Sequence[dict[str, Shares]], name: str) -> Shares:
    """The mean of a count over the pieces that have it, the greatest first."""
    known = [piece[name] for piece in pieces if piece[name]]
    total: Counter[Hashable] = Counter()
    for piece in known:
        total.update(piece)
    return {value: round(share / len(known), 3) for value, share in total.most_common()}


def comps_of(score: Score) -> list[list[Bar]]:
    """The bars of each comp of a piece."""
    return [bars_of(notes_of(score, track)) for track in accompaniment_of(score, ("comp",))]


def table(facts: dict[str, dict[str, list[tuple[str, float]]]], strikes: dict[str, float]) -> str:
    """The figures as Markdown."""
    lines = ["| style | strikes a bar | " + " | ".join(TOLD) + " |", "|" + "---|" * (len(TOLD) + 2)]
    for style, row in facts.items():
        cells = (", ".join(f"{value} {share:.2f}" for value, share in row[name]) for name in TOLD)
        lines.append(f"| {style} | {strikes[style]:.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(data: Path) -> None:
    """Count how people comp in the styles of a comp, into comps.json and comps.md."""
    scene = SCENES["comp"]
    corpora = load(data, scene.sets)
    styles = {(n, it.file): it.style for n, corpus in corpora.items() for it in corpus.pieces}
    found: dict[str, list[dict[str, Shares]]] = {style: [] for style in scene.styles}
    for held in held_out(data, corpora, "train", scene.sets):
        style, score = styles[held.corpus, held.file], score_of(held)
        if style in found and score and is_in_four(score) and (comps := comps_of(score)):
            found[style].append(counted(comps))
    facts, strikes = {}, {}
    for style, pieces in found.items():
        means = {name: mean(pieces, name) for name in TOLD}
        strikes[style] = round(sum(means["places"].values()), 2)
        facts[style] = {
            name: [(said(value), share) for value, share in means[name].items()][:count]
            for name, count in TOLD.items()
        }
    keep("comps", {"strikes": strikes, **facts}, table(facts, strikes))


def said(value: Hashable) -> str:
    """A value as the table says it: the sixteenths of a bar in a row."""
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    main()
