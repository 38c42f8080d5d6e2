"""Finds the bars and the fills that drummers play most alike in each style: the table of `music/drums/drum_bars.py`.

    python -m export.drum_bars DATA

DATA holds groove_drums, as an archive or a folder.  Of its training takes in 4/4 that swing as their style does: two
bars in a row that keep time, with a kick and a snare, without a fill; of them so many that every other two bars are
most like one (facility location, greedy), by the Jaccard index of their hits.  Fills likewise, of the takes that are
fills.  Kicks and snares are as loud as those of other kits on the whole, and only how they differ among themselves is
the drummer's.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import click
import numpy as np

from export.command import put
from livegen.music.drums.drum_bars import ANY, COMMON, FILL, KICK, SNARE, TABLE, DrumHit, levelled
from livegen.music.files.smf import read
from livegen.music.parts import general_midi_drum
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.swing import usual_swing
from livegen.scorecard.held_out_calls import held_out
from livegen.scorecard.notes import notes_of

SET = "groove_drums"
LINE = 6  # ticks: sixteenths
MOST_OFF = 0.05  # of a beat: how far a take may swing from its style
KINDS = 4  # of two bars in a style
FILLS = 6  # in a style
# Pairs of bars, and takes that are fills, from which a style has its own.
FEWEST, FEWEST_FILLS = 4, 10
MOST_PAIRS = 1500  # of a style that are compared
OFF_BEAT = (0.4, 0.72)  # of a beat, where an off-beat eighth may lie
# Roland's rims and edges as General MIDI's drums.
_SAME = {40: 38, 58: 43, 55: 49, 52: 49, 57: 49, 59: 51, 35: 36}
# The drums on which a hand keeps time: no hi-hat closed by a foot, nor brushes on a snare, a beat of their own.
KICKS, SNARES, HANDS = (36,), (37, 38), (42, 46, 51, 53)
CRASHES, TOMS = (49,), (41, 43, 45, 47, 48, 50)
LEAST_SHARE = 0.15  # of a style's pairs that are most like one, for that to be taken
ALIKE = 0.4  # of the hits of two bars, at least, both have

POOLED = ("drums_rock", "drums_pop", "drums_soul")  # whose plain bars go with any music
MOST_PLAIN = 14  # hits of a plain bar
SHUFFLES = ("drums_blues",)  # played in triplets, of which swing makes the last one of an off-beat
THIRDS = (0, 8, 12)  # ticks of a beat at which those stand

Grid = dict[tuple[int, int], int]  # (tick of the take, drum): velocity


def takes(data: Path) -> Iterator[tuple[str, str, Grid]]:
    """Style, kind ("beat" or "fill") and hits of each training take in 4/4 that swings as its style does."""
    for held in held_out(data, split="train", names=[SET]):
        _, style, _, kind, metre = held.name.rsplit("_", 4)
        if metre != "4-4":
            continue
        style = f"drums_{style.split('-')[0]}"
        score = read(held.data)
        notes = [note for track in score.tracks for note in notes_of(score, track)]
        late = usual_swing(style) / 100
        off = [note.onset % 1 for note in notes if OFF_BEAT[0] < note.onset % 1 < OFF_BEAT[1]]
        if kind == "beat" and off and abs(median(off) - late) > MOST_OFF:
            continue
        grid: Grid = {}
        for note in notes:
            pitch = general_midi_drum(note.pitch)
            third, line = (
                round(note.onset * 3),
                round(_straight(note.onset, late) * TICKS_PER_BEAT / LINE),
            )
            tick = (
                third // 3 * TICKS_PER_BEAT + THIRDS[third % 3]
                if style in SHUFFLES
                else line * LINE
            )
            key = tick, _SAME.get(pitch, pitch)
            grid[key] = max(note.velocity, grid.get(key, 0))
        yield style, kind, grid


def _straight(beat: float, late: float) -> float:
    """Give the place of an onset where the first eighth of a beat takes half of it, and not `late`."""
    whole, into = divmod(beat, 1.0)
    return whole + (into * 0.5 / late if into < late else 0.5 + (into - late) * 0.5 / (1 - late))


def pairs(grid: Grid) -> Iterator[Grid]:
    """Each two bars in a row that keep time: ticks from their beginning."""
    for begin in range(0, max(tick for tick, _ in grid), 2 * COMMON):
        both = {
            (tick - begin, pitch): velocity
            for (tick, pitch), velocity in grid.items()
            if begin <= tick < begin + 2 * COMMON
        }
        first, second = (set(half_of(both, half)) for half in (0, 1))
        is_steady = len(first & second) >= ALIKE * len(first | second)
        has_crash = any(pitch in CRASHES for _, pitch in both)
        if is_steady and not has_crash and keeps_time(first) and keeps_time(second):
            yield both


def half_of(both: Grid, half: int) -> Grid:
    """The first (0) or the second (1) of two bars: ticks from its beginning."""
    return {
        (tick % COMMON, pitch): velocity
        for (tick, pitch), velocity in both.items()
        if tick // COMMON == half
    }


def keeps_time(bar: set[tuple[int, int]]) -> bool:
    """True of a bar with a kick, a snare, a hand that goes through all of it, and next to no toms."""
    beats = {tick // TICKS_PER_BEAT for tick, pitch in bar if pitch in (*HANDS, *SNARES)}
    has = [any(pitch in drums for _, pitch in bar) for drums in (KICKS, SNARES, HANDS)]
    return all(has) and len(beats) == 4 and sum(pitch in TOMS for _, pitch in bar) <= 1


def is_plain(both: Grid) -> bool:
    """True of two bars with few hits, a kick on each one and a snare on each two and four."""
    backbeat = {(at + beat * TICKS_PER_BEAT, SNARE) for at in (0, COMMON) for beat in (1, 3)}
    return len(both) <= 2 * MOST_PLAIN and {(0, KICK), (COMMON, KICK), *backbeat} <= set(both)


def fill_of(grid: Grid) -> Grid | None:
    """The last two beats of a take of one bar that is a fill to its end; None of another."""
    last = {(at - FILL, p): v for (at, p), v in grid.items() if FILL <= at < COMMON}
    drums = [tick for tick, pitch in last if pitch in (*SNARES, *TOMS)]
    is_whole = max(tick for tick, _ in grid) < COMMON
    return last if is_whole and len(drums) >= 4 and max(drums) >= TICKS_PER_BEAT else None


def typical(some: Sequence[Grid], count: int) -> list[tuple[int, float]]:
    """Find those that are most like all others, and the share of the others that each stands for."""
    keys = {key: at for at, key in enumerate(sorted({key for grid in some for key in grid}))}
    has = np.zeros((len(some), len(keys)), np.float32)
    for row, grid in enumerate(some):
        has[row, [keys[key] for key in grid]] = 1
    shared, hits = has @ has.T, has.sum(1)
    alike = shared / (hits[:, None] + hits - shared)
    chosen: list[int] = []
    best = np.zeros(len(some), np.float32)
    for _ in range(min(count, len(some))):
        chosen.append(int(np.maximum(alike, best).sum(1).argmax()))
        best = np.maximum(best, alike[chosen[-1]])
    stands = np.bincount(alike[:, chosen].argmax(1), minlength=len(chosen)) / len(some)
    return [(at, round(float(share), 3)) for at, share in zip(chosen, stands, strict=True)]


def loudly(grid: Grid) -> Grid:
    """The same with kicks and snares about as loud as those of other kits."""
    hits = levelled(DrumHit(tick, pitch, velocity) for (tick, pitch), velocity in grid.items())
    return {(hit.tick, hit.pitch): hit.velocity for hit in hits}


def written(grid: Grid) -> list[list[int]]:
    """Hits as [tick, drum, velocity], in order."""
    return [[tick, pitch, velocity] for (tick, pitch), velocity in sorted(grid.items())]


def find(data: Path) -> dict[str, object]:
    """Bars and fills by style."""
    bars: dict[str, list[Grid]] = defaultdict(list)
    fills: dict[str, list[Grid]] = defaultdict(list)
    for style, kind, grid in takes(data):
        if kind == "beat":
            some = list(pairs(grid))
            bars[style] += some
            bars[ANY] += [both for both in some if style in POOLED and is_plain(both)]
        elif fill := fill_of(grid):
            fills[style].append(fill)
            fills[ANY].append(fill)
    patterns = {}
    for style, some in sorted(bars.items()):
        if len(some) < FEWEST:
            continue
        some = some[:: -(-len(some) // MOST_PAIRS)]
        patterns[style] = [
            {
                "share": share,
                "bars": [written(half_of(loudly(some[at]), half)) for half in (0, 1)],
            }
            for at, share in typical(some, KINDS)
            if share >= LEAST_SHARE
        ]
    return {
        "bars": patterns,
        "fills": {
            style: [written(loudly(some[at])) for at, _ in typical(some, FILLS)]
            for style, some in sorted(fills.items())
            if len(some) >= FEWEST_FILLS
        },
    }


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(data: Path) -> None:
    """Find the table in the sets in DATA and write it into the package."""
    facts = {"from": "Groove MIDI Dataset (CC BY 4.0), train split", **find(data)}
    put(TABLE, facts)


if __name__ == "__main__":
    main()
