"""The sentences of a line that goes on and on: figures that come back, and bars that close, beside people's.

    python -m bench.sentences DATA [--minutes N] [--calls N] [--set NAME]...

DATA holds the sets of SETS, as archives or folders; people's are melodies in 4/4 of the validation split, 32 bars of
each.  Beside them the shipped model continues after calls of ours for so many minutes each, on virtual time, and what
both play together is judged by 32 bars too.  A figure is five notes in a row: their intervals, and their rhythm to a
twelfth of a beat.  It `returns` if the same figure stood at the same place of the bar two, four or eight bars
before, and stands `anywhere` if it began in the sixteen bars before; the last sixteen bars are asked.  A bar `rests` if
one of its notes is followed by none for two beats, `at home` if that note is of the triad of the key.  The
`fourth` bars are those of the place in four that rests most often.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, repeat
from pathlib import Path

import click

from bench.tables import keep, means, table
from export.beat_material import Piece, first_line, pieces
from livegen import shipped
from livegen.music.note import Note
from livegen.scorecard import band
from livegen.scorecard.feels import all_calls
from livegen.scorecard.notes import TICK, key_of, line, moved
from livegen.scorecard.playing import played
from livegen.scorecard.responses import ends_on_the_triad
from livegen.training.phrase_corpus import SETS

FEELS = (
    "pop",
    "rock, ends on a half",
    "country",
    "swing",
    "hip-hop",
    "folk, pick-up",
    "bossa",
    "rock",
)
BAR, BARS, GROUP = 4.0, 32, 4  # beats, bars of a window, bars of a group
NOTES, GRID = 5, 12  # of a figure, of a beat
BACK, ANYWHERE = (2, 4, 8), 16  # bars before
RESTS = 2.0  # beats without a note that begins
FEWEST = 64  # onsets of a window
SHOWN = ("returns", "anywhere", "fourth rests", "others rest", "fourth at home")

Figures = Mapping[str, float]


def figures(notes: Sequence[Note]) -> Figures:
    """The figures of 32 bars of a line in 4/4 whose first bar line is at beat 0, of those that it has."""
    points = line(notes)
    found = _returns(points) | _closes(points, notes)
    return {name: statistics.fmean(some) for name, some in found.items() if some}


def _returns(points: Sequence[Note]) -> dict[str, list[bool]]:
    places, bar = [round(point.onset * GRID) for point in points], round(BAR * GRID)
    steps = [
        (two.pitch - one.pitch, later - at)
        for (one, at), (two, later) in pairwise(zip(points, places, strict=True))
    ]
    stood: dict[object, list[int]] = defaultdict(list)
    returns, anywhere = [], []
    for place, figure in zip(
        places, zip(*(steps[at:] for at in range(NOTES - 1)), strict=False), strict=False
    ):
        if place >= ANYWHERE * bar:
            since = {place - before for before in stood[figure]}
            returns.append(any(bars * bar in since for bars in BACK))
            anywhere.append(any(apart <= ANYWHERE * bar for apart in since))
        stood[figure].append(place)
    return {"returns": returns, "anywhere": anywhere}


def _closes(points: Sequence[Note], notes: Sequence[Note]) -> dict[str, list[bool]]:
    last = {
        int((one.onset + TICK) // BAR): one
        for one, two in pairwise([*points, Note(BARS * BAR, BARS * BAR, 0)])
        if two.onset - one.onset >= RESTS - TICK
    }
    by_place = {place: range(place, BARS, GROUP) for place in range(GROUP)}
    fourth = max(by_place, key=lambda place: sum(bar in last for bar in by_place[place]))
    key = key_of(notes)
    return {
        "fourth rests": [bar in last for bar in by_place[fourth]],
        "others rest": [bar in last for bar in range(BARS) if bar not in by_place[fourth]],
        "fourth at home": [
            bool(ends_on_the_triad([Note(0, 1, last[bar].pitch, 1)], key))
            for bar in by_place[fourth]
            if bar in last
        ],
    }


def cut(notes: Sequence[Note], until: float) -> Iterator[Sequence[Note]]:
    """All windows of notes that end before a beat, one behind the other."""
    for at in range(int(until // (BARS * BAR))):
        begin, end = at * BARS * BAR - TICK, (at + 1) * BARS * BAR - TICK
        yield moved([note for note in notes if begin <= note.onset < end], -at * BARS * BAR)


def of_people(piece: Piece) -> list[Figures]:
    """The figures of the first 32 bars of the first voice of a piece in 4/4, none where there are none."""
    notes = first_line(piece)
    if not notes:
        return []
    begun = moved(notes, -(notes[0].onset // BAR) * BAR)
    first = next(cut(begun, BARS * BAR * (begun[-1].onset >= (BARS - 1) * BAR)), ())
    return [figures(first)] if len(line(first)) >= FEWEST else []


def of_ours(number: int, minutes: float, values: Mapping[str, object]) -> list[Figures]:
    """The figures of a call and of what is continued after it, from its first bar line on."""
    call = [call for feel, call in all_calls() if feel.name == FEELS[number % len(FEELS)]][
        number // len(FEELS) % 4
    ]
    bars = round(minutes * call.bpm / BAR)
    wanted = {"mode": "continue", **values}
    heard = played(band._models[0], call, wanted, seed=number, after_bars=bars)
    return [figures(some) for some in cut([*call.notes, *heard.answer], bars * BAR)]


def page(facts: Mapping[str, tuple[int, Figures]]) -> str:
    """The figures with what they are."""
    rows = [
        [name, str(count), *(f"{row.get(what, float('nan')):.2f}" for what in SHOWN)]
        for name, (count, row) in facts.items()
    ]
    return f"""Windows of {BARS} bars of 4/4. What the words mean stands in bench/sentences.py.

{table(["", "windows", *SHOWN], rows)}"""


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--minutes", default=5.0, show_default=True, help="Of each continuation.")
@click.option("--calls", default=8, show_default=True)
@click.option("--set", "controls", multiple=True, help="A control, NAME=VALUE.")
@click.option("--people/--no-people", default=True, show_default=True)
def main(data: Path, minutes: float, calls: int, controls: Sequence[str], people: bool) -> None:
    """Ask people's melodies and livegen's, into sentences.json and sentences.md."""
    values = dict(control.split("=", 1) for control in controls)
    facts: dict[str, tuple[int, Figures]] = {}
    with ProcessPoolExecutor(
        2, initializer=band.open_models, initargs=([shipped.model("default")],)
    ) as pool:
        jobs = range(calls)
        rows = [
            row for some in pool.map(of_ours, jobs, repeat(minutes), repeat(values)) for row in some
        ]
        for name, some in (pieces(data, "valid") if people else {}).items():
            found = [row for piece in some for row in of_people(piece)]
            if name in SETS and found:
                facts[name] = len(found), means(found)
        facts["livegen"] = len(rows), means(rows)
    keep("sentences", facts, page(facts), dry=bool(values) or not people)


if __name__ == "__main__":
    main()
