"""The finding of the place on a chart by what a player plays: how well it is found again.

    python -m bench.following DATA [--split valid]

Charts are those that come with livegen, and the chord sequences of RS 200 (`rs200_rock`, without sections), which go
round and round.  They are played by somebody who hears a chord beat by beat: two of five changes are heard a beat
late; of the chords between two changes one in ten is another than the chart's (relative, tritone or other kind) as
long as it holds; one in ten changes is led into by a chord a semitone off; 5 % of the beats, or 10 %, have a chord by
chance.

* moved: how often in ten minutes the chart was moved though nothing was left out or added, and in how many charts.
* found: a bar is left out, a bar is played twice, or a section is left out (eight bars, where none are named).  How
  often the chart is right again within eight bars and stays so for four, in how many beats of those that are, and how
  often it is moved to where it is not right.  Only where the chords tell: in the eight bars after it, those of the
  right and of the believed place are not alike for at least two bars.  Right is a place from which the chords of the
  eight bars to come are those of the true one.
* ms: processor time of a beat, of the longest chart that is followed too.
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import click
import numpy as np

from bench.tables import keep, table
from export.progressions import Song, songs
from livegen import shipped
from livegen.music.charts import Form, Placed, PlayedBar, read_chart
from livegen.music.charts.following import MOST_CELLS, Follower
from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.chords.progressions import class_of
from livegen.music.songs.song_past import alike

WRONG = (0.05, 0.1)
LATE, OTHER, PASSING = 0.4, 0.1, 0.1
KINDS = ("maj", "min", "7", "m7", "dim7")
MINUTES = 10.0
TIMES = 4  # each kind of slip in each chart, and ten minutes without
WITHIN, STAYS, TELLS = 8, 4, 2  # bars
SLIPS = ("bar left out", "bar twice", "section left out")
SEED = 20261201


class Tune(NamedTuple):
    """A form and how many beats of it are played a minute."""

    name: str
    form: Form
    beats_a_minute: float


class Beat(NamedTuple):
    """A beat as it is played: its place on the form, how long it lasts in ticks, and what is heard."""

    tick: int
    ticks: int
    heard: Chord | None


@dataclass(frozen=True, slots=True)
class Slip:
    """At the first bar line from beat `after` on the player goes on elsewhere."""

    kind: str
    after: int

    def to(self, form: Form, tick: int) -> int:
        """Give the tick to which the player goes from the bar line at `tick`."""
        if self.kind == "bar left out":
            return form.bar_stretch(tick).end
        if self.kind == "bar twice":
            return form.bar_stretch(tick - 1).start
        section = form.section_stretch(tick)
        if section.end - section.start < form.ticks:
            return section.end
        for _ in range(WITHIN):
            tick = form.bar_stretch(tick).end
        return tick


# --- tunes --------------------------------------------------------------------------------------------------------


def shipped_tunes() -> list[Tune]:
    """The charts that come with livegen."""
    charts = {name: read_chart(path) for name, path in sorted(shipped.charts().items())}
    return [
        Tune(name, chart.form, (chart.tempo or 120.0) * 24 / chart.form.bar_at(0).beat)
        for name, chart in charts.items()
    ]


def tune_of(song: Song) -> Tune | None:
    """A song's chords as a form that goes round; None where its bars are not all alike or fewer than eight."""
    bar = song.metre.changes[0][1]
    cells = bar // song.metre.beat
    if len(song.metre.changes) > 1 or bar % song.metre.beat or len(song.chords) < 8 * cells:
        return None
    beat = song.metre.beat
    bars = [
        PlayedBar(
            at // cells,
            bar,
            beat,
            tuple(
                Placed(beat * cell, one) for cell, one in enumerate(song.chords[at : at + cells])
            ),
            (),
            "",
            at == 0,
        )
        for at in range(0, len(song.chords) // cells * cells, cells)
    ]
    return Tune(song.name, Form(tuple(bars)), len(song.chords) / song.minutes)


# --- playing ------------------------------------------------------------------------------------------------------


def other(chord: Chord, chance: Random) -> Chord:
    """A chord that people play for another: relative, tritone substitute, or one of another kind."""
    intervals = INTERVALS[chord.kind]
    if 10 in intervals and 4 in intervals and chance.random() < 0.3:
        return Chord((chord.root + 6) % 12, "7")
    if chance.random() < 0.5:
        return (
            Chord((chord.root + 3) % 12, "maj")
            if is_minor(chord)
            else Chord((chord.root + 9) % 12, "m7")
        )
    return Chord(chord.root, chance.choice(("maj", "7", "6", "sus4")))


def is_minor(chord: Chord) -> bool:
    """True of a chord with a minor third and no major one."""
    return class_of(chord) % 2 == 1


def heard_of(chord: Chord) -> str:
    """Some kind that is heard of a chord that is written."""
    return "min" if is_minor(chord) else "7" if 10 in INTERVALS[chord.kind] else "maj"


def played(form: Form, wrong: float, chance: Random, slip: Slip | None = None) -> Iterator[Beat]:
    """The beats of a form for ever, as a noisy player plays them."""
    tick, beat, before, plays = 0, 0, None, None
    written: Chord | None = None
    while True:
        stretch = form.bar_stretch(tick)
        if slip and beat >= max(1, slip.after) and tick == stretch.start:
            tick = slip.to(form, tick)
            slip, stretch = None, form.bar_stretch(tick)
        ticks = min(form.bar_at(tick).beat, stretch.end - tick)
        now = form.chord_at(tick)
        late = False
        if now != written or beat == 0:
            written, before = now, plays
            plays = now and other(now, chance) if chance.random() < OTHER else now
            late = chance.random() < LATE
        heard = before if late and before else plays
        after = form.chord_at(tick + ticks)
        if after is not None and after != now and not late and chance.random() < PASSING:
            heard = Chord((after.root + chance.choice((1, 11))) % 12, heard_of(after))
        if chance.random() < wrong:
            heard = Chord(chance.randrange(12), chance.choice(KINDS))
        yield Beat(tick, ticks, heard)
        tick, beat = tick + ticks, beat + 1


def differ(form: Form, one: int, other: int) -> int:
    """Ticks, of the eight bars from a place on, in which the chords are not alike from another place on."""
    ticks = min(form.bar_at(one).beat, form.bar_at(other).beat)
    end, found = WITHIN * form.bar_at(one).ticks, 0
    for at in range(0, end, ticks):
        here, there = form.chord_at(one + at), form.chord_at(other + at)
        found += ticks * (here != there and not (here and there and alike(here, there)))
    return found


def is_right(form: Form, true: int, believed: int) -> bool:
    """True where nobody who plays on could tell one place from the other for eight bars."""
    return form.folded(true) == form.folded(believed) or not differ(form, true, believed)


def moves(tune: Tune, wrong: float, chance: Random) -> int:
    """Count how often the chart is moved in ten minutes in which nothing slips."""
    follower, moved, count = Follower(tune.form), 0, 0
    for beat in islice(played(tune.form, wrong, chance), round(MINUTES * tune.beats_a_minute)):
        follower.hear(beat.tick + moved, beat.heard)
        if by := follower.shift():
            moved, count = moved + by, count + 1
    return count


class Found(NamedTuple):
    """Beats after a slip until the place was right and stayed so, None where it was not; and wrong moves."""

    beats: int | None
    wrong_moves: int


def found(tune: Tune, kind: str, wrong: float, chance: Random) -> Found | None:
    """Give what happens after a slip; None where the chords do not tell."""
    form, bar = tune.form, tune.form.bar_at(0)
    beats = bar.ticks // bar.beat
    round_beats = form.ticks // bar.beat
    after = chance.randrange(round_beats, 2 * round_beats)
    slip = Slip(kind, after)
    follower, moved, wrong_moves = Follower(form), 0, 0
    since: int | None = None
    right = list[bool]()
    before = 0
    for at, beat in enumerate(played(form, wrong, chance, slip)):
        if since is None and beat.tick != before:
            moved += before - beat.tick
            if differ(form, beat.tick, beat.tick + moved) < TELLS * bar.ticks:
                return None
            since = at
        before = beat.tick + beat.ticks
        believed = beat.tick + moved
        follower.hear(believed, beat.heard)
        if by := follower.shift():
            moved += by
            wrong_moves += since is not None and not is_right(form, beat.tick, beat.tick + moved)
        if since is not None:
            right.append(is_right(form, beat.tick, beat.tick + moved))
            if len(right) == beats * (WITHIN + STAYS):
                break
        elif moved:
            return None  # lost before: that is counted elsewhere
    stays = beats * STAYS
    first = next((at for at in range(beats * WITHIN) if all(right[at : at + stays])), None)
    return Found(first, wrong_moves)


# --- figures ------------------------------------------------------------------------------------------------------


def measured(tunes: list[Tune], wrong: float) -> dict[str, Any]:
    """All figures of some tunes, played with a share of wrong beats."""
    chance = Random(SEED)
    count = [statistics.fmean(moves(tune, wrong, chance) for _ in range(TIMES)) for tune in tunes]
    figures: dict[str, Any] = {
        "tunes": len(tunes),
        "moved": round(statistics.fmean(count), 3),
        "charts": sum(one > 0 for one in count),
        "where": {tune.name: one for tune, one in zip(tunes, count, strict=True) if one},
    }
    for kind in SLIPS:
        some = [
            one for tune in tunes for _ in range(TIMES) if (one := found(tune, kind, wrong, chance))
        ]
        beats = [one.beats for one in some if one.beats is not None]
        p50, p90 = np.percentile(beats, (50, 90)).tolist() if beats else (0, 0)
        figures[kind] = {
            "slips": len(some),
            "found": round(len(beats) / max(1, len(some)), 3),
            "p50": p50,
            "p90": p90,
            "wrong": round(sum(one.wrong_moves for one in some) / max(1, len(some)), 3),
        }
    return figures


def cost(form: Form) -> dict[str, float]:
    """Milliseconds of a beat of chords by chance."""
    chance, follower, spent = Random(SEED), Follower(form), list[float]()
    beat = form.bar_at(0).beat
    for at in range(2000):
        chord = Chord(chance.randrange(12), chance.choice(KINDS))
        since = time.process_time()
        follower.hear(at * beat, chord)
        follower.shift()
        spent.append(1000 * (time.process_time() - since))
    p50, p99 = np.percentile(spent[200:], (50, 99)).tolist()
    return {"p50": round(p50, 3), "p99": round(p99, 3)}


def longest() -> Form:
    """Make as many bars of other chords as are followed."""
    chance = Random(SEED)
    bars = [
        PlayedBar(at, 96, 24, (Placed(0, Chord(chance.randrange(12), "7")),), (), "", at % 8 == 0)
        for at in range(MOST_CELLS // 4)
    ]
    return Form(tuple(bars))


def page(sets: dict[str, dict[str, Any]], spent: dict[str, dict[str, float]]) -> str:
    """The figures as Markdown."""
    head = ["", "charts", "moved in ten minutes", "in charts", *SLIPS]
    rows = []
    for name, facts in sets.items():
        cells = [
            f"{one['found']:.2f} of {one['slips']}, {one['p50']:.0f} / {one['p90']:.0f}, {one['wrong']:.2f}"
            for one in (facts[kind] for kind in SLIPS)
        ]
        rows.append(
            [name, str(facts["tunes"]), f"{facts['moved']:.2f}", str(facts["charts"]), *cells]
        )
    times = "; ".join(
        f"{name} p50 {one['p50']}, p99 {one['p99']} ms" for name, one in spent.items()
    )
    return f"""What the words mean stands in bench/following.py. Of slips: share found within eight bars, of how many,
beats until then (p50 / p90), moves to a wrong place a slip.

{table(head, rows)}

Processor time of a beat: {times}."""


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--split", default="valid", show_default=True)
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, split: str, dry: bool) -> None:
    """Play the charts and the songs of DATA, and write following.json and following.md."""
    of_songs = [tune for song in songs(data, "rs200_rock", split) if (tune := tune_of(song))]
    tunes = {"livegen's": shipped_tunes(), "RS 200": of_songs}
    sets = {
        f"{name}, {wrong:.0%} wrong": measured(some, wrong)
        for name, some in tunes.items()
        for wrong in WRONG
    }
    spent = {
        "twelve-bar blues": cost(read_chart(shipped.charts()["12-bar-blues"]).form),
        f"{MOST_CELLS // 4} bars": cost(longest()),
    }
    text = page(sets, spent)
    keep("following", {"sets": sets, "ms": spent}, text, dry)


if __name__ == "__main__":
    main()
