"""The foresight of chords to come and of the form, and how good it is.

    python -m bench.foresight DATA

Songs are those of the validation split.  A chord is right if its root and its third are.

* next: the chord that comes when a change comes, by the table after one to four chords, and with the song's memory;
  and, for comparison with tables of whole names, whether its kind is right too.
* foreseen: of the onsets of chords, how many were expected a beat ahead: all that was heard ended two beats before the
  onset.  In choruses 2 and 3 where a form is written (wjd_jazz) or the lead sheet is played three times
  (openewld_leadsheets), else from the second third of the song on.  Beside it: those that were more likely than not
  (`sure`), the chord that came oftest so far (unigram), one drawn from the song so far (chance), and the chart, which
  knows the chord of each beat as it was to be played.
* false: a minute, chords expected a beat ahead, more likely than not, that are not what was heard last, where no other
  chord begins.
* form: beats until the length is right and stays so for four bars; where a form is written or the sheet comes thrice.
* said and came: of what was expected one to eight beats ahead, by how sure it was, how much came.

The same once more with a player who is up to .3 beats late (so that at a beat the chord before is heard first), plays
5 % of the beats with a wrong chord, leaves out a bar and plays one twice; `back` is how many beats pass after that
until two onsets on end are foreseen.
"""

import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import click
import numpy as np

from bench.tables import keep, table
from export.progressions import Song, songs
from livegen.music.chords.chord import Chord
from livegen.music.chords.progressions import class_of, shipped
from livegen.music.songs.foresight import CellGrid, Expected, Foresight
from livegen.music.songs.recall import likely, number_of
from livegen.music.songs.song_past import Past

SETS = ("billboard_chords", "rs200_rock", "wjd_jazz", "openewld_leadsheets")
THRICE = "openewld_leadsheets"
ORDERS = (1, 2, 3, 4)
AHEAD = (1, 2, 4, 8)
AHEAD_SHOWN = ("all", "sure", "unigram", "chance", "chart")
SURE = 0.5
STAYS = 4  # bars
NEVER = 64.0  # beats
EDGES = (0.0, 0.3, 0.5, 0.7, 0.85, 0.95, 1.01)
WRONG = 0.05
KINDS = ("maj", "min", "7")
SEED = 20261120


class Told(NamedTuple):
    """The chord that was expected for a cell, and the one that came."""

    expected: Expected
    came: Chord

    @property
    def is_right(self) -> bool:
        """Root and third came as expected."""
        chord = self.expected.chord
        return chord is not None and class_of(chord) == class_of(self.came)


@dataclass(frozen=True, slots=True)
class Run:
    """A song played to a `Foresight`: what was expected a beat ahead of each cell, and some of what was further ahead.

    `written` is what was to be played, `heard` what was heard.  `lengths` are those of the form in bars that were shown
    after each bar, None for none; `slips` are the cells from which on a bar is missing or comes again.
    """

    song: Song
    written: Song
    beat_ahead: dict[int, Told]
    told: list[Told]
    lengths: list[int | None]
    heard: list[Chord | None]
    slips: tuple[int, ...] = ()

    def onsets(self) -> list[int]:
        """Cells in which another chord begins."""
        chords = self.song.chords
        return [cell for cell in range(1, len(chords)) if changed(chords, cell)]


def changed(chords: Sequence[Chord | None], cell: int) -> bool:
    """True if another root or third than before sounds in a cell."""
    before, now = chords[cell - 1], chords[cell]
    return before is not None and now is not None and class_of(before) != class_of(now)


# --- playing ------------------------------------------------------------------------------------------------------


def bar_of(song: Song) -> int:
    """Cells of its first bar."""
    grid = CellGrid.of(song.metre)
    return grid.place(0).cells


def thrice(song: Song) -> Song:
    """A lead sheet with three choruses; its last bar is filled up."""
    bar = bar_of(song)
    chords = song.chords + song.chords[-1:] * (-len(song.chords) % bar)
    return replace(song, chords=chords * 3, minutes=3 * song.minutes, form_bars=len(chords) // bar)


def slipped(song: Song, chance: Random) -> tuple[Song, tuple[int, ...]]:
    """The song without a bar of its third quarter and with one of its last twice, and the cells where that shows."""
    bar, chords = bar_of(song), list(song.chords)
    quarter = len(chords) // bar // 4
    if quarter < 4 or len(song.metre.changes) > 1:
        return song, ()
    skipped = bar * chance.randrange(2 * quarter, 3 * quarter - 2)
    del chords[skipped : skipped + bar]
    again = bar * chance.randrange(3 * quarter, 4 * quarter - 2)
    chords[again:again] = chords[again - bar : again]
    return replace(song, chords=tuple(chords)), (skipped, again)


def run(song: Song, chance: Random | None = None) -> Run:
    """Play a song, as it is written or, by chance, as the noisy player does."""
    slips: tuple[int, ...] = ()
    written = song
    if chance is not None:
        song, slips = slipped(song, chance)
    foresight, grid = Foresight(song.metre), CellGrid.of(song.metre)
    found = Run(song, written, {}, [], [], [], slips)
    before: Chord | None = None
    for cell, true in enumerate(song.chords):
        tick, ticks = grid.tick(cell), grid.ticks
        if cell:
            expected = foresight.expected(tick, tick + AHEAD[-1] * ticks)
            for ahead in AHEAD:
                came = song.chords[cell + ahead - 1] if cell + ahead <= len(song.chords) else None
                if came is not None:
                    found.told.append(Told(expected[ahead - 1], came))
            if chance is not None:
                foresight.hear(tick, before)
            came = song.chords[cell + 1] if cell + 1 < len(song.chords) else None
            if came is not None:
                [one] = foresight.expected(tick + ticks, tick + 2 * ticks)
                found.beat_ahead[cell + 1] = Told(one, came)
        before = true
        if chance is not None and chance.random() < WRONG:
            before = Chord(chance.randrange(12), chance.choice(KINDS))
        foresight.hear(tick, before)
        found.heard.append(before)
        place = grid.place(cell)
        if place.phase == place.cells - 1:
            form = foresight.form()
            found.lengths.append(None if form is None else form.length_bars)
    return found


# --- figures ------------------------------------------------------------------------------------------------------


def mean(some: Sequence[float]) -> float | None:
    """The mean, also of what is true; None of none."""
    return round(statistics.fmean(some), 3) if some else None


def following(some: Sequence[Song]) -> dict[str, float | None]:
    """The next chord, given that a change comes."""
    hits: dict[str, list[float]] = {}
    for song in some:
        past, grid = Past(), CellGrid.of(song.metre)
        for cell, chord in enumerate(song.chords):
            if cell and chord is not None and changed(song.chords, cell):
                before, came = past.changes(ORDERS[-1]), class_of(chord)
                for order in ORDERS:
                    best = int(shipped().following(before[-order:]).argmax())
                    hits.setdefault(f"order {order}", []).append(best == came)
                place = grid.place(cell)
                found = likely(past, [place], place.cells)
                shares = found.shares[0].copy()
                shares[before[-1]] = 0.0
                best = int(shares.argmax())
                hits.setdefault("memory", []).append(best == came)
                kind = past.chords[number_of(past, found, 0, best)].kind
                hits.setdefault("and kind", []).append(best == came and kind == chord.kind)
            past.hear(chord)
    return {name: mean(rows) for name, rows in hits.items()}


def counted(found: Run) -> Iterator[int]:
    """Onsets that are asked about: in choruses 2 and 3, or from the second third on."""
    bars = found.song.form_bars
    chorus = bars * bar_of(found.song) if bars else 0
    count = len(found.song.chords)
    begin, end = (chorus, 3 * chorus) if chorus else (count // 3, count)
    return (cell for cell in found.onsets() if begin <= cell < end and cell in found.beat_ahead)


def unigram(chords: Sequence[Chord | None]) -> Counter[int]:
    """Count the cells of each class."""
    return Counter(class_of(chord) for chord in chords if chord is not None)


def foreseen(runs: Sequence[Run]) -> dict[str, float | None]:
    """The onsets that were expected a beat ahead, and what else could be said of them."""
    rows: dict[str, list[float]] = {name: [] for name in AHEAD_SHOWN}
    false, minutes = 0, 0.0
    for one in runs:
        chords = one.song.chords
        for cell in counted(one):
            told, so_far = one.beat_ahead[cell], unigram(chords[: cell - 1])
            came = class_of(told.came)
            rows["all"].append(told.is_right)
            rows["sure"].append(told.is_right and told.expected.sure >= SURE)
            rows["unigram"].append(so_far.most_common(1)[0][0] == came if so_far else 0.0)
            rows["chance"].append(so_far[came] / max(1, so_far.total()))
            written = one.written.chords[cell : cell + 1]
            rows["chart"].append(any(one is not None and class_of(one) == came for one in written))
        for cell, told in one.beat_ahead.items():
            chord, before = told.expected.chord, one.heard[cell - 2]
            if chord is None or before is None or told.is_right or changed(chords, cell):
                continue
            false += told.expected.sure >= SURE and class_of(chord) != class_of(before)
        minutes += one.song.minutes
    return {name: mean(row) for name, row in rows.items()} | {"false": round(false / minutes, 2)}


def form(runs: Sequence[Run]) -> dict[str, float | None]:
    """Give when the length of the form was right, and how often it was, in the last three quarters of the bars."""
    beats, right = list[float](), list[float]()
    for one in runs:
        bars = one.song.form_bars
        if bars is None or len(one.lengths) < 2 * bars + STAYS:
            continue
        hits = [length == bars for length in one.lengths]
        since = [at for at in range(len(hits)) if all(hits[at : at + STAYS])]
        beats.append(bar_of(one.song) * (since[0] + 1 - bars) if since else NEVER)
        right += hits[len(hits) // 4 :]
    never = mean([count >= NEVER for count in beats])
    median = statistics.median(beats) if beats else None
    return {"songs": len(beats), "after": median, "never": never, "right": mean(right)}


def back(runs: Sequence[Run]) -> dict[str, float | None]:
    """Beats from a bar left out or played twice to where the first of two onsets on end is foreseen."""
    beats = list[float]()
    for one in runs:
        onsets = [cell for cell in one.onsets() if cell in one.beat_ahead]
        for slip in one.slips:
            after = [cell for cell in onsets if slip <= cell < slip + NEVER]
            found = (
                cell - slip
                for cell, then in pairwise(after)
                if one.beat_ahead[cell].is_right and one.beat_ahead[then].is_right
            )
            beats.append(next(found, NEVER))
    if not beats:
        return {}
    quarters = np.percentile(beats, (50, 75, 90)).tolist()
    return {
        "slips": len(beats),
        **dict(zip(("p50", "p75", "p90"), quarters, strict=True)),
        "never": mean([count >= NEVER for count in beats]),
    }


def said(runs: Iterable[Run]) -> list[dict[str, float | None]]:
    """By how sure it was: how many, how sure on average, and how many came."""
    told = [one for found in runs for one in found.told]
    rows = []
    for low, high in pairwise(EDGES):
        some = [one for one in told if low <= one.expected.sure < high]
        said, came = mean([one.expected.sure for one in some]), mean([one.is_right for one in some])
        rows.append({"from": low, "n": len(some), "said": said, "came": came})
    return rows


def cost() -> dict[str, float]:
    """Milliseconds of a beat, heard and two bars expected, in the tenth minute at 240 bpm of chords by chance."""
    chance, foresight, spent = Random(SEED), Foresight(), list[float]()
    for beat in range(2400):
        chord = Chord(chance.randrange(12), chance.choice(KINDS))
        since = time.process_time()
        foresight.hear(24 * beat, chord)
        foresight.expected(24 * beat + 24, 24 * beat + 216)
        spent.append(1000 * (time.process_time() - since))
    late = sorted(spent[-240:])
    return {"p50": round(late[120], 2), "p99": round(late[237], 2)}


def measured(data: Path, name: str, split: str) -> dict[str, Any]:
    """All figures of a set."""
    some = songs(data, name, split)
    sheets = (
        [thrice(song) for song in some if len(song.metre.changes) == 1] if name == THRICE else some
    )
    chance = Random(SEED)
    clean, noisy = [run(song) for song in sheets], [run(song, chance) for song in sheets]
    return {
        "songs": len(some),
        "next": following(some),
        "clean": foreseen(clean) | {"form": form(clean), "said": said(clean)},
        "noisy": foreseen(noisy) | {"form": form(noisy), "said": said(noisy), "back": back(noisy)},
    }


# --- the page -----------------------------------------------------------------------------------------------------


def shown(value: float | None, digits: int = 3) -> str:
    """A figure in a table."""
    return "" if value is None else f"{value:.{digits}f}"


def page(sets: dict[str, Any], spent: dict[str, float]) -> str:
    """The figures as Markdown."""
    columns = [f"order {order}" for order in ORDERS]
    following_rows = [
        [
            name,
            str(facts["songs"]),
            *(shown(facts["next"][one]) for one in (*columns, "memory", "and kind")),
        ]
        for name, facts in sets.items()
    ]
    ahead = [
        [
            f"{name}, {how}",
            *(shown(facts[how][one]) for one in AHEAD_SHOWN),
            shown(facts[how]["false"], 1),
        ]
        for name, facts in sets.items()
        for how in ("clean", "noisy")
    ]
    forms = [
        [
            f"{name}, {how}",
            str(found["songs"]),
            shown(found["after"], 0),
            shown(found["never"]),
            shown(found["right"]),
        ]
        for name, facts in sets.items()
        for how in ("clean", "noisy")
        if (found := facts[how]["form"])["songs"]
    ]
    backs = [
        [
            name,
            str(found["slips"]),
            *(shown(found[one], 0) for one in ("p50", "p75", "p90")),
            shown(found["never"]),
        ]
        for name, facts in sets.items()
        if (found := facts["noisy"]["back"])
    ]
    sure = [
        [
            f"{name}, {how}",
            *(
                f"{shown(row['said'], 2)} → {shown(row['came'], 2)} ({row['n']})"
                for row in facts[how]["said"]
            ),
        ]
        for name, facts in sets.items()
        for how in ("clean", "noisy")
    ]
    return f"""What the words mean stands in bench/foresight.py. Nothing of what is measured on was counted.

The next chord, given that a change comes (root and third; the last column: the kind too):

{table(["", "songs", *columns, "with memory", "and kind"], following_rows)}

Onsets of chords that were expected a beat ahead, and false ones a minute:

{table(["", "foreseen", "and sure", "unigram", "chance", "chart", "false/min"], ahead)}

The length of the form: beats after the first chorus until it is right (median), in how many songs it is not within
{NEVER:.0f}, and in how many bars of the last three quarters it is right:

{table(["", "songs", "beats", "not", "right"], forms)}

A bar left out or played twice: beats until its place is found again, and how often not within {NEVER:.0f}:

{table(["", "slips", "p50", "p75", "p90", "not"], backs)}

How sure it was, and how much came:

{table(["", *(f"from {edge}" for edge in EDGES[:-1])], sure)}

Processor time of a beat in the tenth minute, heard and two bars expected: p50 {spent["p50"]}, p99 {spent["p99"]} ms."""


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--split", default="valid", show_default=True)
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, split: str, dry: bool) -> None:
    """Play the songs of DATA, and write foresight.json and foresight.md."""
    sets, spent = {name: measured(data, name, split) for name in SETS}, cost()
    text = page(sets, spent)
    keep("foresight", {"sets": sets, "ms": spent}, text, dry)


if __name__ == "__main__":
    main()
