"""The key of pieces as it is followed while they play: by the tracker alone, by the network alone, and by both.

    python -m bench.tone DATA [--most N] [--only SET] [--dry]

Pieces of the validation split, heard beat by beat in their own tempo.  At a place in a piece (one every PLACES bars)
the question is which key is shown so many bars on: by who heard sixteen bars before it too ("history"), and by who
began to listen there ("anew").

* exact: tonic and mode are those that are written (dorian and phrygian count as minor, lydian and mixolydian as major;
  where labels say the signature alone, its major and its relative minor are both right).
* MIREX: the weighted score of MIREX: a fifth off counts 0.5, relative 0.3, parallel 0.2.
* changes: changes of the shown key a minute in pieces that are written in one key: all of them false.
* heard: modulations, a transposition of what follows a bar line in the middle of a piece, after which the transposed
  key is shown within so many bars.

Intervals are 95 %, by drawing pieces (bootstrap).
"""

import random
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click

from bench.harmony import mirex
from bench.tables import keep, table
from export.tone import SETS, SIGNATURES, Piece, pieces
from livegen.music.keys.key import KEYS, Key
from livegen.music.keys.key_tracker import KeyTracker
from livegen.music.time.timeline import MINUTE_US

HISTORY = 16  # bars before a place
BARS = (2, 4, 8)  # after it
PLACES = 8  # bars from one place to the next
MOST_PLACES = 3  # of a piece
MOST = 44  # pieces of a set
SHIFTS = (1, 2, 3, 5, 7, 9)  # of modulations, by turns
WITHIN = (2, 4, 8)  # bars
SETTLED = 8  # beats that are not counted in the share of the time
DRAWS = 2000
WAYS = ("tracker", "network", "both")
MODES = ("maj", "min", "dor", "mix", "blues")  # as they are written
Shown = list[tuple[float, Key | None]]  # beat, and the key shown from there on


class Stroke(NamedTuple):
    """A key goes down, or up: beat, whether down, pitch."""

    beat: float
    is_down: bool
    pitch: int


def strokes(piece: Piece, since: float, until: float, turn: float, shift: int) -> list[Stroke]:
    """The keys of a piece that go down and up from a beat to another, `shift` semitones up from beat `turn` on."""
    found = list[Stroke]()
    for onset, end, pitch, *_ in piece.notes:
        if since <= onset < until:
            moved = pitch + (shift if onset >= turn else 0)
            found += [Stroke(onset, True, moved), Stroke(end, False, moved)]
    return sorted(found)


def shown(
    piece: Piece, since: float, until: float, turn: float = 0.0, shift: int = 0
) -> dict[str, Shown]:
    """The key that is shown after each beat from `since` to `until`, by way."""
    tempo, played, at = piece.score.tempo_map, strokes(piece, since, until, turn, shift), 0
    alone, both = KeyTracker(tone=None), KeyTracker()
    found: dict[str, Shown] = {way: [] for way in WAYS}
    for beat in range(int(since) + 1, int(until) + 1):
        while at < len(played) and played[at].beat < beat:
            now = tempo.micros(round(played[at].beat * piece.score.ppqn))
            for tracker in (alone, both):
                if played[at].is_down:
                    tracker.strike(now, played[at].pitch, 80)
                else:
                    tracker.release(now, played[at].pitch)
            at += 1
        over, before = (tempo.micros(round(one * piece.score.ppqn)) for one in (beat, beat - 1))
        alone.beat(over, over - before)
        both.beat(over, over - before)
        told = both.told
        network = KEYS[told.index(max(told))] if told else None
        for way, key in zip(WAYS, (alone.look(over), network, both.look(over)), strict=True):
            found[way].append((float(beat), key))
    return found


def scored(key: Key | None, right: Key, is_signature: bool) -> tuple[float, float]:
    """Exact, and MIREX."""
    if is_signature and key == right.relative:
        return 1.0, 1.0
    return float(key == right), mirex(key, right)


def judged(name: str, piece: Piece) -> dict[str, dict[str, float]]:
    """Figures of a piece by way, each the mean over its places."""
    bar, is_signature = piece.metre, SETS[name][0] in SIGNATURES
    first, last = piece.notes[0].onset, piece.notes[-1].onset
    first -= first % bar
    rows: dict[str, dict[str, list[float]]] = {way: defaultdict(list) for way in WAYS}

    def take(what: str, way: str, key: Key | None, beat: float) -> None:
        exact, weighed = scored(key, piece.key_at(beat - 0.5), is_signature)
        rows[way][what].append(exact)
        rows[way][f"{what} mirex"].append(weighed)

    for way, told in shown(piece, first, last + 1).items():
        for beat, key in told[SETTLED:]:
            take("time", way, key, beat)
        if len(piece.keys) == 1:
            minutes = piece.score.tempo_map.micros(round(last * piece.score.ppqn)) / MINUTE_US
            changes = sum(one != other for one, other in pairwise(key for _, key in told if key))
            rows[way]["changes"].append(changes / max(minutes, 0.1))
    for place in places(piece, first, last):
        begins = {"anew": place, "history": place - HISTORY * bar}
        for what, begin in begins.items():
            if begin >= first:
                for way, told in shown(piece, begin, place + max(BARS) * bar).items():
                    keys = dict(told)
                    for bars in BARS:
                        beat = float(int(place + bars * bar))
                        take(f"{what} {bars}", way, keys[beat], beat)
    middle = first + bar * round((last - first) / bar / 2)
    if len(piece.keys) == 1 and min(middle - first, last - middle) >= max(WITHIN) * bar:
        shift = SHIFTS[len(piece.notes) % len(SHIFTS)]
        shift -= 12 * (max(note.pitch for note in piece.notes) + shift > 127)
        right = piece.keys[0][1]
        moved = Key((right.tonic + shift) % 12, right.mode)
        until = middle + max(WITHIN) * bar
        for way, told in shown(piece, first, until, middle, shift).items():
            heard = [beat - middle for beat, key in told if scored(key, moved, is_signature)[0]]
            for bars in WITHIN:
                is_heard = any(0 < beats <= bars * bar for beats in heard)
                rows[way][f"heard {bars}"].append(float(is_heard))
    return {
        way: {what: statistics.fmean(some) for what, some in found.items()}
        for way, found in rows.items()
    }


def places(piece: Piece, first: float, last: float) -> list[float]:
    """Draw the places in a piece at which it is asked, beats."""
    bars = int((last - first) / piece.metre) - max(BARS)
    found = [first + piece.metre * number for number in range(0, max(0, bars), PLACES)]
    return random.Random(len(piece.notes)).sample(found, min(MOST_PLACES, len(found)))


class Row(NamedTuple):
    """A piece: its set, its mode as it is written, and its figures by way."""

    name: str
    mode: str
    ways: dict[str, dict[str, float]]


def figure(rows: Sequence[Row], way: str, what: str) -> list[list[float]]:
    """A figure of the pieces of each set that have it; "gain" is that of both over the tracker."""
    found = defaultdict[str, list[float]](list)
    for row in rows:
        if what in row.ways["tracker"]:
            values = [row.ways[one][what] for one in ("both", "tracker")]
            found[row.name].append(values[0] - values[1] if way == "gain" else row.ways[way][what])
    return list(found.values())


def interval(sets: Sequence[Sequence[float]]) -> list[float]:
    """Mean, sets counted alike, and its 95 % interval over pieces drawn of each set."""
    chance = random.Random(1)
    draws = sorted(
        statistics.fmean(statistics.fmean(chance.choices(some, k=len(some))) for some in sets)
        for _ in range(DRAWS)
    )
    mean = statistics.fmean(map(statistics.fmean, sets))
    return [round(one, 4) for one in (mean, draws[int(DRAWS * 0.025)], draws[int(DRAWS * 0.975)])]


def facts_of(rows: Sequence[Row]) -> dict[str, dict[str, list[float]]]:
    """By way and figure: mean, and its interval."""
    names = sorted({what for row in rows for what in row.ways["tracker"]})
    return {
        way: {what: interval(figure(rows, way, what)) for what in names} for way in (*WAYS, "gain")
    }


COLUMNS = (
    "history 2", "history 4", "history 8", "anew 2", "anew 4", "anew 8", "history 8 mirex", "time", "time mirex",
    "changes", "heard 2", "heard 4", "heard 8",
)  # fmt: skip


def lines(
    name: str, count: int, facts: Mapping[str, Mapping[str, Sequence[float]]]
) -> Iterator[list[str]]:
    """Rows of the table, one a way and one of the gain."""
    for way, figures in facts.items():
        cells = list[str]()
        for what in COLUMNS:
            mean, low, high = figures.get(what, (0.0, 0.0, 0.0))
            text = f"{mean:+.2f} ({low:+.2f} to {high:+.2f})" if way == "gain" else f"{mean:.2f}"
            cells.append(text if what in figures else "")
        yield [f"{name} ({count})" if way == WAYS[0] else "", way, *cells]


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--most", default=MOST, show_default=True, help="Pieces of each set.")
@click.option("--split", default="valid", show_default=True)
@click.option("--only", multiple=True, help="Sets.")
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, most: int, split: str, only: Sequence[str], dry: bool) -> None:
    """Follow the keys of the pieces of DATA, and write tone.json and tone.md."""
    rows = list[Row]()
    for name in only or SETS:
        some = list(pieces(data, split, name))
        chosen = random.Random(1).sample(some, min(most, len(some)))
        rows += [Row(name, piece.mode, judged(name, piece)) for piece in chosen]
    groups = {"all sets": rows}
    groups |= {name: [row for row in rows if row.name == name] for name in only or SETS}
    groups |= {f"in {mode}": [row for row in rows if row.mode == mode] for mode in MODES}
    facts = {name: facts_of(some) for name, some in groups.items() if some}
    page = [line for name, found in facts.items() for line in lines(name, len(groups[name]), found)]
    text = "What the words mean stands in bench/tone.py.\n\n"
    keep("tone", facts, text + table(["pieces", "way", *COLUMNS], page), dry)


if __name__ == "__main__":
    main()
