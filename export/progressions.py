"""Counts what chord follows which and when it changes, and learns when to believe a song's own past.

    python -m export.progressions DATA

DATA holds billboard_chords and rs200_rock, as archives or folders; their training pieces are counted.  The table is
that of `music/chords/progressions.py`.  What each fact about a lag is worth (`music/songs/recall.py`) is learned by
gradient ascent on how likely the chords one, two, four and eight cells ahead were, in half of the songs, half of them
with mistakes of the players; the table that votes meanwhile is counted on the other half.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from export.command import put
from livegen.music.chords.chord import Chord
from livegen.music.chords.progressions import (
    AGES,
    BARS,
    CLASSES,
    COUNTED,
    LETTERS,
    ORDER,
    Table,
    age_of,
    class_of,
    context,
    place_of,
)
from livegen.music.files.smf import Score, read
from livegen.music.songs.foresight import CellGrid
from livegen.music.songs.recall import facts_of, facts_of_table, shares, sources, tabled
from livegen.music.songs.song_past import UNKNOWN, Past
from livegen.music.time.metre import DOTTED, TICKS_PER_BEAT, Metre, bar_ticks
from livegen.scorecard.held_out_calls import written_chords
from livegen.training.corpora import set_of

FROM = (
    "McGill Billboard (CC0; Burgoyne, Wild and Fujinaga 2011) and RS 200 (CC BY 4.0; Temperley and de Clercq 2013),"
    " train splits"
)
SETS = ("billboard_chords", "rs200_rock")
FEWEST = 2  # times that a context came, to be kept
DIGITS = 4
# Mistakes of a player: shares of chords that come a cell late and of cells with a wrong chord.
LATE, WRONG = 0.15, 0.05
WITH_MISTAKES = 0.5  # share of songs
AHEAD = (1, 2, 4, 8)  # cells
LOOKS = 1 / 6  # share of cells at which it is asked what comes
MISSES = 0.02  # share of what a lag says that may as well be any chord
STEPS, BATCH, RATE = 400, 3000, 0.05
SEED = 20261120
KINDS_WRONG = ("maj", "min", "7")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Song:
    """A song: the chord of each cell of its metre, as `CellGrid` of music/foresight.py cuts it, and how long it lasts.

    `form_bars` is how many bars its form has, None where that is not written.
    """

    name: str
    metre: Metre
    chords: tuple[Chord | None, ...]
    minutes: float
    form_bars: int | None = None


def cell_of(metre: Metre) -> int:
    """Ticks of a cell, as `Foresight` has them."""
    return CellGrid.of(metre).ticks


def song_of(name: str, score: Score, form: str = "") -> Song | None:
    """The song that a file's track of chords is; None where it has fewer than two chords.

    The chord of a cell is the one that sounds in its middle.  `form` is written as in wjd_jazz, "(A1,8), (B1,8)".
    """
    written = written_chords(score)
    if len(written) < 2:
        return None
    metres = score.metres or ((0, 4, 4),)
    changes = tuple(
        (round(tick * TICKS_PER_BEAT / score.ppqn), bar_ticks(above, below))
        for tick, above, below in metres
    )
    _, above, below = metres[0]
    is_compound = below == 8 and above > 3 and above % 3 == 0 and len(metres) == 1
    metre = Metre(changes, DOTTED if is_compound else TICKS_PER_BEAT)
    cell = cell_of(metre) / TICKS_PER_BEAT
    chords, at = list[Chord | None](), 0
    for middle in np.arange(0.5 * cell, written[-1][0] + cell, cell).tolist():
        while at + 1 < len(written) and written[at + 1][0] <= middle:
            at += 1
        chords.append(written[at][1] if written[at][0] <= middle else None)
    minutes = score.tempo_map.micros(round(len(chords) * cell * score.ppqn)) / 6e7
    parts = [int(bars) for bars in re.findall(r",(\d+)\)", form)]
    return Song(name, metre, tuple(chords), minutes, sum(parts) or None)


def songs(data: Path, name: str, split: str) -> list[Song]:
    """The songs of a set and split, by name.  Raises ConfigError where the set is not in DATA."""
    some = (
        song_of(row["file"], read(content), row.get("form", ""))
        for row, content in set_of(data, name).described(split)
    )
    return [song for song in some if song is not None]


def with_mistakes(song: Song, chance: Random) -> Song:
    """The song as somebody plays it who leaves out a bar and plays one twice; it needs 16 bars of one length."""
    cell = cell_of(song.metre)
    bar = song.metre.changes[0][1] // cell
    chords = list(song.chords)
    if len(song.metre.changes) == 1 and len(chords) > 16 * bar:
        skipped = chance.randrange(4, len(chords) // bar) * bar
        del chords[skipped : skipped + bar]
        again = chance.randrange(4, len(chords) // bar) * bar
        chords[again:again] = chords[again - bar : again]
    return replace(song, chords=tuple(chords))


def as_heard(song: Song, chance: Random) -> Song:
    """The song as it is heard from somebody who is late and plays wrong chords."""
    chords = list(song.chords)
    for at in range(1, len(chords)):
        if song.chords[at] != song.chords[at - 1] and chance.random() < LATE:
            chords[at] = song.chords[at - 1]
    for at in range(len(chords)):
        if chance.random() < WRONG:
            chords[at] = Chord(chance.randrange(12), chance.choice(KINDS_WRONG))
    return replace(song, chords=tuple(chords))


# --- counting -----------------------------------------------------------------------------------------------------


def followed(some: Iterable[Song]) -> dict[str, str]:
    """By context, the chords that followed and how often: "B3 C1"."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for song in some:
        row = list[int]()
        for chord in song.chords:
            if chord is None or (row and row[-1] == class_of(chord)):
                continue
            now = class_of(chord)
            for order in range(min(ORDER, len(row)) + 1 if row else 0):
                after = (now - 2 * (row[-1] // 2)) % len(LETTERS)
                counts[context(row[-order:]) if order else ""][LETTERS[after]] += 1
            row.append(now)
    return {
        name: " ".join(f"{letter}{times}" for letter, times in sorted(count.items()))
        for name, count in sorted(counts.items())
        if count.total() >= FEWEST
    }


def hazards(some: Iterable[Song]) -> list[list[list[float]]]:
    """By kind of bar, place in it and age: the share of cells at which the chord changes."""
    places = [(index, phase) for index, beats in enumerate(BARS) for phase in range(beats)]
    places += [(len(BARS), phase) for phase in (0, 1)]
    # Before anything is counted: a tenth of a change in one cell.
    counts = {place: np.tile([0.1, 1.0], (len(AGES), 1)) for place in places}
    for song in some:
        cell, age = cell_of(song.metre), 1
        for index in range(1, len(song.chords)):
            before, now = song.chords[index - 1 : index + 1]
            if before is None or now is None:
                continue
            position, bar = song.metre.place(index * cell)
            changed = class_of(before) != class_of(now)
            counts[place_of(position // cell, bar // cell)][age_of(age)] += changed, 1
            age = 1 if changed else age + 1
    shares = [[list[float]()] * (beats if beats else 2) for beats in (*BARS, 0)]
    for (kind, phase), count in counts.items():
        shares[kind][phase] = np.round(count[:, 0] / count[:, 1], DIGITS).tolist()
    return shares


# --- learning whom to believe -------------------------------------------------------------------------------------


class Look(NamedTuple):
    """A question for what comes: facts about lags (N, FACTS) and the table (3,), what they said, and what came.

    `said` (N,) are classes, UNKNOWN where a lag knew nothing; `tabled` is the table's share of what came.
    """

    about: Floats
    about_table: Floats
    said: NDArray[np.int64]
    tabled: float
    came: int


def looks(some: Iterable[Song], table: Table, chance: Random) -> Iterator[Look]:
    """Questions while songs are played, some of them with mistakes."""
    for song in some:
        played = heard = song
        if chance.random() < WITH_MISTAKES:
            played = with_mistakes(song, chance)
            heard = as_heard(played, chance)
        grid, past = CellGrid.of(song.metre), Past()
        for count, chord in enumerate(heard.chords):
            if count and count + AHEAD[-1] <= len(heard.chords) and chance.random() < LOOKS:
                yield from _looks(played, past, grid, table)
            past.hear(chord)


def _looks(played: Song, past: Past, grid: CellGrid, table: Table) -> Iterator[Look]:
    count = past.count
    coming = [grid.place(count + ahead) for ahead in range(AHEAD[-1])]
    lags, about = facts_of(past, grid.place(count - 1).cells)
    by_table = tabled(past, coming, table)
    aheads = np.array(AHEAD)[:, None]
    numbers = past.heard[sources(lags, aheads, count)]
    said = np.where(numbers == UNKNOWN, UNKNOWN, past.classes[numbers])
    about_table = facts_of_table(aheads, count)
    for at, ahead in enumerate(AHEAD):
        chord = played.chords[count + ahead - 1]
        if chord is not None:
            came = class_of(chord)
            yield Look(about, about_table[at], said[at], float(by_table[ahead - 1, came]), came)


def gradient(look: Look, worth: Floats) -> tuple[float, Floats]:
    """Give how likely what came was, as a logarithm, and how that grows with each worth (FACTS + 3,)."""
    split = look.about.shape[1]
    rows, rests = shares((look.about @ worth[:split])[None], look.about_table[None] @ worth[split:])
    weights, rest = rows[0], float(rests[0])
    likely = np.where(look.said == look.came, 1 - MISSES, 0.0) + MISSES / CLASSES
    total = float(weights @ likely) + rest * look.tabled
    by_lag, by_table = weights * likely / total - weights, rest * look.tabled / total - rest
    return float(np.log(total)), np.concatenate([by_lag @ look.about, by_table * look.about_table])


def learned(some: list[Look], steps: int = STEPS) -> dict[str, list[float]]:
    """Learn what each fact is worth, by Adam (Kingma and Ba 2015) on batches of looks."""
    chance = np.random.default_rng(SEED)
    split = some[0].about.shape[1]
    worth, mean, spread = np.zeros((3, split + len(some[0].about_table)))
    for step in range(1, steps + 1):
        batch = [gradient(some[at], worth) for at in chance.integers(0, len(some), BATCH)]
        slope = np.mean([slope for _, slope in batch], axis=0)
        mean, spread = 0.9 * mean + 0.1 * slope, 0.99 * spread + 0.01 * slope**2
        rate = RATE * (1 - 0.9 * step / steps)
        moves = mean / (1 - 0.9**step) / (np.sqrt(spread / (1 - 0.99**step)) + 1e-8)
        worth = worth + rate * moves
        if step % 50 == 0:
            click.echo(f"{step}: {-np.mean([nats for nats, _ in batch]):.4f} nats")
    rounded = np.round(worth, 3).tolist()
    return {"lags": rounded[:split], "table": rounded[split:]}


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(data: Path) -> None:
    """Count and learn on the sets in DATA and write the file into the package."""
    some, chance = [song for name in SETS for song in songs(data, name, "train")], Random(SEED)
    chance.shuffle(some)
    half = len(some) // 2
    table = Table.of(followed(some[:half]), hazards(some[:half]))
    counted = {
        "from": FROM,
        "follows": followed(some),
        "when": hazards(some),
        "trust": learned(list(looks(some[half:], table, chance))),
    }
    put(COUNTED, counted)


if __name__ == "__main__":
    main()
