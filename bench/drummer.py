"""Drums that fit to a rhythm: which hits, how hard and how late, beside what drummers really play next.

    python -m bench.drummer DATA

Takes of the validation split of groove_drums in 4/4: two bars are told as a rhythm, and the two bars that the drummer
plays next are what ought to come.  The rhythm is all that was struck, or what people would clap of it.

* hits: F1 of hits by sixteenth and drum, a side stick counted as a snare and a pedal hi-hat as a closed one; and how
  many hits a bar there are.  `fitting`: people's groove as on stage, which the network expects and which is like the
  rhythm; `nearest`: the one that is most like the rhythm, without the network; `network`: each hit that the network
  finds likely enough, so that it is as dense as people on the training split, and by the half;
  `rule`: hi-hats in eighths, snare on two and four, and a kick on one and wherever else the rhythm is struck; `style`:
  the commonest bars of the style, as the drums have them without feel; `again`: the drummer's own two bars once more.
* velocities: of the hits that were struck, how far off (1 to 127), where the hits are given.  `nearest`: as in the
  nearest groove, or else as that drum is there; `drum`: each drum as loud as it is on average.
* lateness: the same, of a sixteenth, about the mean of two bars.  `in time`: not late at all, as all drums but the
  network's are; `place`: as late as that drum is on average in that place of the bar.

Intervals: 95 %, of takes drawn again and again (seed 1).
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from bench.tables import keep, kept, table, told
from export.drummer import Two, rhythm_before, takes, twos
from livegen.music.drums import drum_touch, grooves
from livegen.music.drums.drum_bars import HAT, KICK, PEDAL_HAT, SIDE_STICK, SNARE, patterns
from livegen.music.drums.drum_touch import centre, facts, fitting, touch
from livegen.music.drums.grooves import (
    BAR,
    KIT,
    STEP,
    STEPS,
    Floats,
    Grid,
    Rhythm,
    drum_number,
    nearest,
)
from livegen.scorecard.estimates import Estimate, ratio

SEED = 1
MOST_LEARNED = 1500  # two bars of the training split, by which thresholds and means are found
TIMED = 200
BESIDE = ("nearest", "network, as dense", "rule", "style")
AS_ONE = ((SIDE_STICK, SNARE), (PEDAL_HAT, HAT))

Bools = NDArray[np.bool_]


class Usual(NamedTuple):
    """The usual drums of the training split: the threshold for hits, and means by drum and place."""

    threshold: float
    loudness: Floats  # (drums,)
    lates: Floats  # (BAR, drums)


def struck(hits: NDArray[np.generic]) -> Bools:
    """Tell when each drum is struck (STEPS, drums), those that count as one taken together."""
    found: Bools = np.asarray(hits).astype(bool)
    for drum, other in AS_ONE:
        found[:, KIT.index(other)] |= found[:, KIT.index(drum)]
        found[:, KIT.index(drum)] = False
    return found


def f1(found: Bools, wanted: Bools) -> float:
    """F1 of hits."""
    return 2 * float((found & wanted).sum()) / max(1, int(found.sum() + wanted.sum()))


def by_rule(rhythm: Rhythm) -> Bools:
    """Hi-hats in eighths, snare on two and four, a kick on one and wherever else something is struck."""
    found = np.zeros((STEPS, len(KIT)), bool)
    beats = np.arange(STEPS) % BAR // 4
    is_back = (beats % 2 == 1) & (np.arange(STEPS) % 4 == 0)
    found[::2, KIT.index(HAT)] = True
    found[is_back, KIT.index(SNARE)] = True
    found[:, KIT.index(KICK)] = (rhythm.accents > 0) & ~is_back
    found[::BAR, KIT.index(KICK)] = True
    return found


def by_style(style: str) -> Bools:
    """The commonest two bars of a style."""
    found = np.zeros((STEPS, len(KIT)), bool)
    pattern = max(patterns(style), key=lambda each: each.share)
    for number, bar in enumerate(pattern.bars):
        for hit in bar:
            drum = drum_number(hit.pitch)
            if drum is not None:
                found[number * BAR + hit.tick // STEP, drum] = True
    return found


def likely(two: Two, rhythm: Rhythm) -> Floats:
    """Give how likely the network finds each hit (STEPS, drums)."""
    seen = facts(None, rhythm, two.take.style, two.take.bpm, two.take.swing)
    return touch(seen, drum_touch.shipped()).likely


def usual(some: Sequence[Two]) -> Usual:
    """Give what holds of some two bars of the training split."""
    said = np.array([likely(two, rhythm_before(two, is_clapped=False)) for two in some])
    hits, lates = np.array([two.hits for two in some]), np.array([centred(two) for two in some])
    is_hit = hits > 0
    threshold = np.quantile(said, 1 - is_hit.mean())
    loudness = hits.sum((0, 1)) / np.maximum(1, is_hit.sum((0, 1)))
    by_place = (len(some) * 2, BAR, len(KIT))
    counts = is_hit.reshape(by_place).sum(0)
    mean = (lates * is_hit).reshape(by_place).sum(0) / np.maximum(1, counts)
    return Usual(float(threshold), loudness.astype(np.float32), mean.astype(np.float32))


def centred(two: Two) -> Floats:
    """Give how late its hits are about their mean."""
    return two.lates - centre(two.lates, two.hits > 0)


def hits_of(two: Two, known: Usual, is_clapped: bool) -> dict[str, Bools]:
    """The hits that each way says."""
    rhythm, take = rhythm_before(two, is_clapped), two.take
    said = likely(two, rhythm)
    return {
        "fitting": struck(fitting(rhythm, take.style, take.bpm, take.swing).hits),
        "nearest": struck(nearest(rhythm, take.style, take.bpm, take.swing).hits),
        "network, as dense": struck(said > known.threshold),
        "network, the half": struck(said > 0.5),
        "rule": struck(by_rule(rhythm)),
        "style": struck(by_style(take.style)),
        "again": struck(two.before),
        "people": struck(two.hits),
    }


def loudness_in(groove: Grid) -> Floats:
    """Give how loud each drum is in a groove in each place (STEPS, drums): as it is there, or as on average."""
    is_hit, every = groove > 0, groove[groove > 0].mean()
    of_drum = np.where(is_hit.any(0), groove.sum(0) / np.maximum(1, is_hit.sum(0)), every)
    return np.where(is_hit, groove, of_drum).astype(np.float32)


def hand_of(two: Two, known: Usual) -> tuple[dict[str, float], dict[str, float]]:
    """Give how far velocities and latenesses are off, by who says them, mean over the hits that were struck."""
    rhythm, take, is_hit = rhythm_before(two, is_clapped=False), two.take, two.hits > 0
    said = touch(facts(two.hits, rhythm, take.style, take.bpm, take.swing), drum_touch.shipped())
    groove = nearest(rhythm, take.style, take.bpm, take.swing).hits
    velocities = {
        "network": said.velocities,
        "nearest": loudness_in(groove),
        "drum": np.broadcast_to(known.loudness, two.hits.shape),
    }
    lates = {
        "network": said.lates - centre(said.lates, is_hit),
        "in time": np.zeros(two.hits.shape, np.float32),
        "place": np.tile(known.lates, (2, 1)),
    }
    return (
        {name: float(np.abs(one - two.hits)[is_hit].mean()) for name, one in velocities.items()},
        {name: float(np.abs(one - centred(two))[is_hit].mean()) for name, one in lates.items()},
    )


def timed(some: Sequence[Two]) -> dict[str, float]:
    """Milliseconds of the processor for two bars at the median: the nearest groove, and how a hand has it."""
    spent = defaultdict[str, list[float]](list)
    for two in some[:TIMED]:
        rhythm, take = rhythm_before(two, is_clapped=False), two.take
        since = time.thread_time()
        groove = fitting(rhythm, take.style, take.bpm, take.swing)
        between = time.thread_time()
        touch(facts(groove.hits, rhythm, take.style, take.bpm, take.swing), drum_touch.shipped())
        spent["groove"].append(1e3 * (between - since))
        spent["hand"].append(1e3 * (time.thread_time() - between))
    return {name: round(float(np.median(one)), 2) for name, one in spent.items()}


def of(measured: Sequence[dict[str, float]], takes_of: Sequence[int], name: str) -> Estimate | None:
    """A figure, by the take of each row: takes are drawn again, not two bars."""
    values = np.array([figures[name] for figures in measured])
    sums, counts = np.bincount(takes_of, values), np.bincount(takes_of)
    return ratio(sums.astype(np.float64), counts.astype(np.float64), SEED)


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, dry: bool) -> None:
    """Measure drums that fit on the takes in DATA, and write drummer.json and drummer.md."""
    learned = [two for take in takes(data, "train") for two in twos(take)]
    chosen = np.random.default_rng(SEED).permutation(len(learned))[:MOST_LEARNED]
    known = usual([learned[at] for at in chosen])
    some = [(number, two) for number, take in enumerate(takes(data, "valid")) for two in twos(take)]
    numbers = [number for number, _ in some]
    facts_: dict[str, object] = {"two bars": len(some), "takes": len(set(numbers))}
    texts = ["What the words mean stands in bench/drummer.py."]
    hits = dict[str, dict[str, Estimate | None]]()
    dense, gained = dict[str, dict[str, float]](), dict[str, Estimate | None]()
    for heard, is_clapped in (("all that is struck", False), ("what people clap", True)):
        said = [hits_of(two, known, is_clapped) for _, two in some]
        right = [{name: f1(one, each["people"]) for name, one in each.items()} for each in said]
        hits[heard] = {name: of(right, numbers, name) for name in said[0]}
        dense[heard] = {
            name: round(float(np.mean([each[name].sum() / 2 for each in said])), 1)
            for name in said[0]
        }
        for other in BESIDE:
            more = [{other: each["fitting"] - each[other]} for each in right]
            gained[f"{other}, {heard}"] = of(more, numbers, other)
    rows = [
        [
            name,
            *(told(hits[heard][name], 3) for heard in hits),
            *(f"{dense[heard][name]:.1f}" for heard in hits),
        ]
        for name in hits["all that is struck"]
    ]
    texts.append(table(["F1 of hits", *hits, *(f"hits a bar: {heard}" for heard in hits)], rows))
    texts.append(
        table(
            ["F1 of `fitting` less that of", ""],
            [[name, told(one, 3)] for name, one in gained.items()],
        )
    )
    hands = [hand_of(two, known) for _, two in some]
    for at, (title, digits) in enumerate(
        (("velocities are off by", 1), ("lateness is off by, of a sixteenth", 3))
    ):
        measured = [each[at] for each in hands]
        figures = {name: of(measured, numbers, name) for name in measured[0]}
        facts_[title] = {name: kept(one) for name, one in figures.items()}
        texts.append(
            table([title, ""], [[name, told(one, digits)] for name, one in figures.items()])
        )
    spent = timed([two for _, two in some])
    sizes = {file.name: file.stat().st_size for file in (grooves.TABLE, drum_touch.WEIGHTS)}
    facts_ |= {
        "hits": {
            heard: {name: kept(one) for name, one in figures.items()}
            for heard, figures in hits.items()
        },
        "hits a bar": dense,
        "gained": {name: kept(one) for name, one in gained.items()},
        "milliseconds": spent,
        "bytes": sizes,
    }
    texts.append(
        f"{len(some)} times two bars of {len(set(numbers))} takes.  Two bars take {spent['groove']} ms of a processor "
        f"for the groove and {spent['hand']} ms for the hand; {sum(sizes.values()) / 1e6:.2f} MB of files."
    )
    keep("drummer", facts_, "\n\n".join(texts), dry)


if __name__ == "__main__":
    main()
