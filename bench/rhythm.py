"""The rhythm section over many choruses: how often it repeats its bars, where it fills, what it makes of a change.

    python -m bench.rhythm DATA [--song NAME]...

The shipped model's band goes along with a melody from a chart, on virtual time.  Beside it stand the pieces in 4/4 of
the train split of band_arrangements, in DATA.  Two bars of a part are the same if their onsets, to a twelfth of a beat,
have the same pitches; nearly the same if they differ in one of them.  `again` is the share of all other bars of the
part, in its piece, that are the same as a bar, on the mean: it does not depend on how many bars there are.  A fill is a
bar in whose last two beats there are more toms, or three more hits on snare and toms, than is usual in its piece.
"""

import json
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import NamedTuple

import click

from bench.person import Performance, in_beats, melody, perform
from bench.tables import keep, table
from docs.sets import BOSSA, FREE, SUNG, SWUNG
from livegen import shipped
from livegen.inference.model import load
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine
from livegen.jam.timing.agenda import ROUTES
from livegen.music.charts import Form, read_chart
from livegen.music.parts import BASS, COMP, DRUMS, PARTS, general_midi_drum
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.scorecard.calls import HeldOut, heard_as, held_out, is_in_four, score_of
from livegen.scorecard.notes import Note, notes_of
from livegen.testing import SECOND, Rehearsal

SEED = 20261129
SET = "band_arrangements"
BAR = 4.0  # beats
GRID = 12  # of a beat
FEWEST = 32  # bars with notes of a part in a piece that is looked at
TOMS, SNARES = (41, 43, 45, 47, 48, 50), (37, 38, 40)
MORE = 3  # hits on snare and toms that make a fill
BRIEF_US = 60_000  # a note that is shorter is a click
OWN = (COMP, BASS, DRUMS)

Bar = frozenset[tuple[int, int]]  # (twelfth of a beat, pitch)


class Song(NamedTuple):
    """A chart by its name, the tempo, how many choruses, the melody's rhythms, and what the band is told."""

    chart: str
    bpm: float
    choruses: int
    rhythms: Sequence[Sequence[tuple[float, float]]]
    values: Mapping[str, object] = MappingProxyType({})


SONGS = {
    "blues in swing": Song("12-bar-blues", 126, 16, SWUNG, {"style": "jazz_swing"}),
    "rhythm changes": Song("rhythm-changes", 180, 16, SWUNG, {"style": "jazz_bebop"}),
    "pop": Song("four-chords", 104, 4, FREE, {"style": "band_pop"}),
    "ballad": Song("four-chords", 66, 2, SUNG, {"style": "leadsheet_pop"}),
    "bossa": Song("bossa", 132, 4, BOSSA),
}


class Heard(NamedTuple):
    """Notes of a part by onset, in beats, how many bars of 4/4 there are, and the bars that end a section."""

    notes: Sequence[Note]
    bars: int
    ends: frozenset[int] = frozenset()


# --- what is played -----------------------------------------------------------------------------------------------


def played(name: str) -> tuple[dict[str, Heard], dict[str, int]]:
    """The parts of the band over the choruses of a song, and by part how many notes are clicks."""
    song = SONGS[name]
    chance, text = Random(f"{SEED} {name}"), shipped.charts()[song.chart].read_text()
    form = read_chart(shipped.charts()[song.chart]).form
    minutes = song.choruses * form.ticks / TICKS_PER_BEAT / song.bpm - 0.001
    hand = perform(form, song.bpm, minutes, chance, wanders=False, wrong=False)
    values = {"mode": "accompany", "parts": "comp bass drums", "chart": text, "tempo": song.bpm}
    engine = Engine(
        load(shipped.model("default")), seed=SEED, settings=settings({**values, **song.values})
    )
    rehearsal = Rehearsal(engine)
    for at, message in melody(form, hand, song.rhythms, chance):
        rehearsal.play(SECOND + at, message)
    rehearsal.until(SECOND + hand.bars[-1].at)
    notes = in_beats([(at - SECOND, message) for at, message in rehearsal.sent], hand)
    beat_us = 60e6 / song.bpm
    parts, clicks = {}, {}
    for part in OWN:
        own = [note for note in notes if note.channel == ROUTES[part].channel and note.onset >= 0]
        parts[PARTS[part]] = Heard(own, len(hand.bars) - 1, _section_ends(form, hand))
        clicks[PARTS[part]] = sum((note.end - note.onset) * beat_us < BRIEF_US for note in own)
    return parts, clicks


def _section_ends(form: Form, hand: Performance) -> frozenset[int]:
    """The bars that are the last of a section."""
    return frozenset(
        number
        for number, bar in enumerate(hand.bars[:-1])
        if form.section_stretch(bar.place).end == form.bar_stretch(bar.place).end
    )


def people(held: HeldOut) -> dict[str, Heard]:
    """The parts of a piece in 4/4, of several tracks of a part the first; none of another piece."""
    score = score_of(held)
    if score is None or not is_in_four(score):
        return {}
    parts: dict[str, Heard] = {}
    for rule, track in heard_as(score):
        if rule != "lead" and rule not in parts and (notes := notes_of(score, track)):
            parts[rule] = Heard(notes, int(notes[-1].onset // BAR) + 1)
    return parts


# --- what is measured ---------------------------------------------------------------------------------------------


def bars_of(heard: Heard, is_drums: bool) -> list[Bar]:
    """The bars of a part; an empty one where nothing begins."""
    bars: list[set[tuple[int, int]]] = [set() for _ in range(heard.bars)]
    for note in heard.notes:
        at = round(note.onset * GRID)
        number, into = divmod(at, round(BAR * GRID))
        if number < heard.bars:
            bars[number].add((into, general_midi_drum(note.pitch) if is_drums else note.pitch))
    return [frozenset(bar) for bar in bars]


def again(bars: Sequence[Bar]) -> dict[str, float] | None:
    """How often bars come again, all and up to one hit, the commonest one's share, and the longest run of one."""
    some = [bar for bar in bars if bar]
    if len(some) < FEWEST:
        return None
    counts = Counter(some)
    pairs = len(some) * (len(some) - 1)
    same = sum(count * (count - 1) for count in counts.values())
    near = same + sum(
        counts[one] * counts[other]
        for one in counts
        for other in counts
        if one != other and len(one ^ other) <= 1
    )
    longest = run = 1
    for before, after in pairwise(bars):
        run = run + 1 if before == after and after else 1
        longest = max(longest, run)
    return {
        "again": same / pairs,
        "nearly": near / pairs,
        "commonest": max(counts.values()) / len(some),
        "distinct": len(counts) / len(some),
        "run": float(longest),
    }


def fills(bars: Sequence[Bar]) -> list[int]:
    """The bars of drums that end with a fill."""
    late = [[pitch for at, pitch in bar if at >= 2 * GRID] for bar in bars]
    hands = [sum(pitch in TOMS + SNARES for pitch in some) for some in late]
    toms = [sum(pitch in TOMS for pitch in some) for some in late]
    usual, usual_toms = statistics.median(hands), statistics.median(toms)
    return [
        number
        for number, (hand, tom) in enumerate(zip(hands, toms, strict=True))
        if hand >= usual + MORE or tom >= usual_toms + 2
    ]


def into_bars(notes: Sequence[Note]) -> Iterator[int]:
    """Semitones, upwards within an octave, from a bass's last note in a bar to another note on the next bar line."""
    for before, after in pairwise(notes):
        line = round(after.onset / BAR) * BAR
        leads = line - 1.01 <= before.onset < line - 1 / GRID
        if leads and abs(after.onset - line) < 1 / GRID and before.pitch != after.pitch:
            yield (after.pitch - before.pitch) % 12


def approaches(notes: Sequence[Note]) -> dict[str, float] | None:
    """The share of those that are steps, of a second at most, and of those that are fourths and fifths."""
    found = list(into_bars(notes))
    if len(found) < 4:
        return None
    return {
        "step": sum(step in (1, 2, 10, 11) for step in found) / len(found),
        "fifth": sum(step in (5, 7) for step in found) / len(found),
        "share": len(found) / max(1.0, notes[-1].onset / BAR),
    }


def mean(rows: Sequence[Mapping[str, float] | None]) -> dict[str, float]:
    """The means of figures; of those that there are."""
    known = [row for row in rows if row]
    return {name: round(statistics.fmean(r[name] for r in known), 4) for name in known[0]}


# --- all of it ----------------------------------------------------------------------------------------------------


def of_song(name: str) -> dict[str, object]:
    """All figures of a song."""
    parts, clicks = played(name)
    facts: dict[str, object] = {
        part: {
            **(again(bars_of(heard, part == "drums")) or {}),
            "notes": len(heard.notes),
            "clicks": clicks[part],
        }
        for part, heard in parts.items()
    }
    drums = parts["drums"]
    found = fills(bars_of(drums, is_drums=True))
    facts["fills"] = {
        "bars": len(found),
        "at_ends": round(sum(number in drums.ends for number in found) / max(1, len(found)), 3),
        "ends_filled": round(sum(n in found for n in drums.ends) / max(1, len(drums.ends)), 3),
        "chance": round(len(drums.ends) / drums.bars, 3),
    }
    facts["into_bars"] = approaches(parts["bass"].notes) or {}
    return facts


def of_people(data: Path) -> dict[str, object]:
    """All figures of people."""
    some = [people(held) for held in held_out(data, split="train", names=(SET,))]
    facts: dict[str, object] = {}
    for part in ("comp", "bass", "drums"):
        rows = [again(bars_of(one[part], part == "drums")) for one in some if part in one]
        facts[part] = {**mean(rows), "pieces": sum(row is not None for row in rows)}
        for name in ("again", "nearly"):
            values = sorted(row[name] for row in rows if row)
            facts[part] |= {f"{name}_median": round(statistics.median(values), 4)}  # type: ignore[operator]
    facts["into_bars"] = mean([approaches(one["bass"].notes) for one in some if "bass" in one])
    return facts


def text_of(facts: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The figures as Markdown."""
    rows = []
    for name, row in facts.items():
        for part in ("comp", "bass", "drums"):
            one = row[part]
            cells = [f"{one[key]:.3f}" for key in ("again", "nearly", "commonest", "distinct")]
            rows.append([name, part, *cells, f"{one['run']:.0f}"])
    lines = [
        table(["", "part", "again", "nearly", "commonest", "distinct", "longest run"], rows),
        "",
        table(
            ["", "bars with a fill", "of them at ends of sections", "ends that have one", "chance"],
            [
                [name, *(f"{row['fills'][key]:g}" for key in row["fills"])]
                for name, row in facts.items()
                if "fills" in row
            ],
        ),
        "",
        table(
            ["", "bass into a bar by step", "by fourth or fifth", "bar lines"],
            [
                [name, *(f"{row['into_bars'].get(k, 0):.2f}" for k in ("step", "fifth", "share"))]
                for name, row in facts.items()
            ],
        ),
        "",
        table(
            ["", f"notes shorter than {BRIEF_US // 1000} ms: comp", "bass"],
            [
                [name, *(f"{row[p]['clicks']} of {row[p]['notes']}" for p in ("comp", "bass"))]
                for name, row in facts.items()
                if "fills" in row
            ],
        ),
    ]
    return "\n".join(lines)


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--song", "songs", multiple=True, type=click.Choice(list(SONGS)))
def main(data: Path, songs: Sequence[str]) -> None:
    """Play the songs, and write rhythm.json and rhythm.md."""
    facts: dict[str, dict[str, object]] = {}
    with ProcessPoolExecutor(2) as pool:
        names = list(songs or SONGS)
        for name, row in zip(names, pool.map(of_song, names), strict=True):
            facts[name] = row
            click.echo(f"{name}: {json.dumps(row)}")
    facts["people"] = of_people(data)
    keep("rhythm", facts, text_of(facts), dry=bool(songs))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
