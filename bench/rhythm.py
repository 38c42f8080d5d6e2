"""The rhythm section over many choruses: how often it repeats its bars, what it marks, and whether it plays together.

    python -m bench.rhythm DATA [--song NAME]...

The shipped model's band goes along with a melody from a chart, on virtual time.  Beside it stand the pieces in 4/4 of
the train split of band_arrangements, in DATA.  Two bars of a part are the same if their onsets, to a twelfth of a beat,
have the same pitches; nearly the same if they differ in one of them.  `again` is the share of all other bars of the
part, in its piece, that are the same as a bar, on the mean: it does not depend on how many bars there are.  A fill is a
bar in whose last two beats there are more toms, or three more hits on snare and toms, than is usual in its piece.  A
mark is a crash cymbal or a splash; false are those that are struck anywhere but where a section begins or all strike.
A bass note and a kick are struck together if less than half a sixteenth lies between them, and `spread` is the standard
deviation of that, in milliseconds.  The lead is that of the mode `solo`, over the same chart.
"""

import json
import statistics
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

import click

from bench.person import Performance, in_beats, melody, perform
from bench.tables import keep, means, table
from docs.sets import BOSSA, FREE, SUNG, SWUNG
from livegen import shipped
from livegen.inference.model import load
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine
from livegen.jam.timing.agenda import ROUTES
from livegen.music.charts import Form, read_chart
from livegen.music.drums.drum_bars import KICKS
from livegen.music.messages import Message, NoteOn
from livegen.music.note import Note
from livegen.music.parts import BASS, COMP, DRUMS, PARTS, general_midi_drum
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.scorecard.held_out_calls import HeldOut, heard_as, held_out, is_in_four, score_of
from livegen.scorecard.notes import notes_of
from livegen.testing import SECOND, Rehearsal

SEED = 20261129
SET = "band_arrangements"
BAR = 4.0  # beats
GRID = 12  # of a beat
FEWEST = 32  # bars with notes of a part in a piece that is looked at
TOMS, SNARES = (41, 43, 45, 47, 48, 50), (37, 38, 40)
MORE = 3  # hits on snare and toms that make a fill
MARKS = (49, 52, 55, 57)  # crash cymbals, china and splash
BRIEF_US = 60_000  # a note that is shorter is a click
TOGETHER = 0.125  # beats within which a bass note goes with a kick
SOFT, LOUD, WAVE = 52, 100, 4  # velocities of the melody, in turns of so many bars
LOUDNESS = 6  # velocities by which its notes differ
OWN = (COMP, BASS, DRUMS)
ALL = ("lead", "comp", "bass", "drums")

Bar = frozenset[tuple[int, int]]  # (twelfth of a beat, pitch)


class Song(NamedTuple):
    """A chart by its name, the tempo, how many choruses, the melody's rhythms, and what the band is told.

    `solos` says that the lead plays alone besides.
    """

    chart: str
    bpm: float
    choruses: int
    rhythms: Sequence[Sequence[tuple[float, float]]]
    values: Mapping[str, object] = MappingProxyType({})
    solos: bool = False


SONGS = {
    "blues in swing": Song("12-bar-blues", 126, 16, SWUNG, {"style": "jazz_swing"}, True),
    "rhythm changes": Song("rhythm-changes", 180, 6, SWUNG, {"style": "jazz_bebop"}, True),
    "pop": Song("four-chords", 104, 4, FREE, {"style": "band_pop"}, True),
    "pop, drums that fit": Song("four-chords", 104, 2, FREE, {"style": "band_pop", "feel": 1.0}),
    "ballad": Song("four-chords", 66, 2, SUNG, {"style": "leadsheet_pop"}),
    "bossa": Song("bossa", 132, 5, BOSSA, {}, True),
}


class Heard(NamedTuple):
    """Notes of a part by onset, in beats of `beat_ms`, how many bars of 4/4 there are, and those that end a section."""

    notes: Sequence[Note]
    bars: int
    beat_ms: float
    ends: frozenset[int] = frozenset()


# --- what is played -----------------------------------------------------------------------------------------------


def played(name: str) -> tuple[dict[str, Heard], dict[str, int]]:
    """The player's lead and the band's parts over the choruses of a song, and how many notes of a part are clicks."""
    song, chance, form, hand, rehearsal = _begun(name, "accompany", "comp bass drums")
    sung = in_waves(melody(form, hand, song.rhythms, chance), hand, chance)
    for at, message in sung:
        rehearsal.play(SECOND + at, message)
    rehearsal.until(SECOND + hand.bars[-1].at)
    notes = in_beats([(at - SECOND, message) for at, message in rehearsal.sent], hand)
    beat_ms, bars, ends = 60e3 / song.bpm, len(hand.bars) - 1, _section_ends(form, hand)
    parts, clicks = {"lead": Heard(in_beats(sung, hand), bars, beat_ms)}, {}
    for part in OWN:
        own = [note for note in notes if note.channel == ROUTES[part].channel and note.onset >= 0]
        parts[PARTS[part]] = Heard(own, bars, beat_ms, ends)
        clicks[PARTS[part]] = sum(
            (note.end - note.onset) * beat_ms * 1e3 < BRIEF_US for note in own
        )
    return parts, clicks


def _begun(name: str, mode: str, parts: str) -> tuple[Song, Random, Form, Performance, Rehearsal]:
    """A song, its dice, its form, the hand that plays its chords, and an engine that has its chart."""
    song = SONGS[name]
    chance, chart = Random(f"{SEED} {name}"), shipped.charts()[song.chart]
    form = read_chart(chart).form
    minutes = song.choruses * form.ticks / TICKS_PER_BEAT / song.bpm - 0.001
    hand = perform(form, song.bpm, minutes, chance, wanders=False, wrong=False)
    values = {"mode": mode, "parts": parts, "chart": chart.read_text(), "tempo": song.bpm}
    engine = Engine(
        load(shipped.model("default")), seed=SEED, settings=settings({**values, **song.values})
    )
    return song, chance, form, hand, Rehearsal(engine)


def in_waves(
    sung: Sequence[tuple[int, Message]], hand: Performance, chance: Random
) -> list[tuple[int, Message]]:
    """A melody that is soft for some bars and loud for as many, over and over."""
    found = list[tuple[int, Message]]()
    for at, message in sung:
        if isinstance(message, NoteOn):
            is_loud = hand.beat(at) // BAR // WAVE % 2 == 1
            by = chance.randrange(-LOUDNESS, LOUDNESS + 1)
            message = NoteOn(message.pitch, (LOUD if is_loud else SOFT) + by)
        found.append((at, message))
    return found


def soloed(name: str) -> Heard:
    """The lead that plays alone over the choruses of a song, after the player's first bar."""
    song, chance, form, hand, rehearsal = _begun(name, "solo", "lead")
    for at, message in melody(form, hand, song.rhythms, chance):
        if at < hand.bars[1].at:
            rehearsal.play(SECOND + at, message)
    rehearsal.until(SECOND + hand.bars[-1].at)
    notes = in_beats([(at - SECOND, message) for at, message in rehearsal.sent], hand)
    return Heard(notes, len(hand.bars) - 1, 60e3 / song.bpm)


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
    beat_ms = score.tempo_map.micros(score.ppqn) / 1e3
    for rule, track in heard_as(score):
        if rule not in parts and (notes := notes_of(score, track)):
            parts[rule] = Heard(notes, int(notes[-1].onset // BAR) + 1, beat_ms)
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
    """Give how often bars come again, all and up to one hit, the commonest one's share, and the longest run of one."""
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


def marks(drums: Heard) -> dict[str, float]:
    """Crashes in 16 bars, the share of them on a one, and the false ones in 16 bars; they need ends of sections."""
    struck = [note.onset / BAR for note in drums.notes if note.pitch in MARKS]
    ones = [round(at) for at in struck if abs(at - round(at)) * BAR * GRID <= 1]
    found = {"crashes": len(struck) * 16 / drums.bars}
    if struck:
        found["on_one"] = len(ones) / len(struck)
    if drums.ends:
        begun = sum(number == 0 or number - 1 in drums.ends for number in ones)
        found["false"] = (len(struck) - begun) * 16 / drums.bars
    return found


def together(bass: Heard, drums: Heard) -> dict[str, float] | None:
    """Give how far a bass's notes lie behind the kicks that they go with, ms, and their share; None of few."""
    kicks = sorted({note.onset for note in drums.notes if note.pitch in KICKS})
    behind = list[float]()
    for note in bass.notes:
        at = bisect_left(kicks, note.onset)
        nearest = min(
            kicks[max(0, at - 1) : at + 1], key=lambda it: abs(note.onset - it), default=None
        )
        if nearest is not None and abs(note.onset - nearest) < TOGETHER:
            behind.append((note.onset - nearest) * bass.beat_ms)
    if len(behind) < FEWEST:
        return None
    return {
        "share": len(behind) / len(bass.notes),
        "behind": statistics.fmean(behind),
        "spread": statistics.pstdev(behind),
        "widest": max(map(abs, behind)),
    }


def follows(lead: Heard, part: Heard) -> dict[str, float] | None:
    """Give how the loudness of a part goes with the lead's: the correlation of their bars, and how loud it is.

    `soft` and `loud` are its mean velocities in the quarter of the bars in which the lead is softest and loudest.
    """
    ours, theirs = _loudness(part), _loudness(lead)
    both = [(theirs[bar], ours[bar]) for bar in sorted(theirs.keys() & ours.keys())]
    if len(both) < FEWEST or min(len(set(column)) for column in zip(*both, strict=True)) < 2:
        return None
    quarter = max(1, len(both) // 4)
    ordered = [velocity for _, velocity in sorted(both)]
    return {
        "follows": statistics.correlation(*zip(*both, strict=True)),
        "soft": statistics.fmean(ordered[:quarter]),
        "loud": statistics.fmean(ordered[-quarter:]),
    }


def _loudness(part: Heard) -> dict[int, float]:
    """Mean velocity by bar."""
    bars: dict[int, list[int]] = {}
    for note in part.notes:
        bars.setdefault(int((note.onset + 1 / GRID) // BAR), []).append(note.velocity)
    return {number: statistics.fmean(velocities) for number, velocities in bars.items()}


def means_of(rows: Sequence[Mapping[str, float] | None]) -> dict[str, float]:
    """The means of figures; of those that there are."""
    return means(row for row in rows if row)


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
        if part != "lead"
    }
    if SONGS[name].solos:
        solo = soloed(name)
        facts["lead"] = {**(again(bars_of(solo, is_drums=False)) or {}), "notes": len(solo.notes)}
    drums = parts["drums"]
    found = fills(bars_of(drums, is_drums=True))
    facts["fills"] = {
        "bars": len(found),
        "at_ends": round(sum(number in drums.ends for number in found) / max(1, len(found)), 3),
        "ends_filled": round(sum(n in found for n in drums.ends) / max(1, len(drums.ends)), 3),
        "chance": round(len(drums.ends) / drums.bars, 3),
    }
    facts["into_bars"] = approaches(parts["bass"].notes) or {}
    facts["marks"] = marks(drums)
    facts["together"] = together(parts["bass"], drums) or {}
    facts["follows"] = {PARTS[part]: follows(parts["lead"], parts[PARTS[part]]) for part in OWN}
    return facts


def of_people(data: Path) -> dict[str, object]:
    """All figures of people."""
    some = [people(held) for held in held_out(data, split="train", names=(SET,))]
    facts: dict[str, object] = {}
    for part in ALL:
        rows = [again(bars_of(one[part], part == "drums")) for one in some if part in one]
        facts[part] = {**means_of(rows), "pieces": sum(row is not None for row in rows)}
        for name in ("again", "nearly"):
            values = sorted(row[name] for row in rows if row)
            facts[part] |= {f"{name}_median": round(statistics.median(values), 4)}  # type: ignore[operator]
    facts["into_bars"] = means_of([approaches(one["bass"].notes) for one in some if "bass" in one])
    facts["marks"] = means_of([marks(one["drums"]) for one in some if "drums" in one])
    facts["together"] = means_of(
        [together(one["bass"], one["drums"]) for one in some if "bass" in one and "drums" in one]
    )
    facts["follows"] = {
        PARTS[part]: means_of(
            [
                follows(one["lead"], one[PARTS[part]])
                for one in some
                if "lead" in one and PARTS[part] in one
            ]
        )
        for part in OWN
    }
    return facts


def text_of(facts: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    rows = []
    for name, row in facts.items():
        for part in ALL:
            one = row.get(part)
            if not one or "again" not in one:
                continue
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
        "",
        table(
            ["", "crashes in 16 bars", "of them on a one", "false, in 16 bars"],
            [
                [name, *_cells(row["marks"], ("crashes", "on_one", "false"))]
                for name, row in facts.items()
            ],
        ),
        "",
        table(
            ["", "bass notes with a kick", "behind it, ms", "spread, ms", "widest, ms"],
            [
                [name, *_cells(row["together"], ("share", "behind", "spread", "widest"))]
                for name, row in facts.items()
            ],
        ),
        "",
        table(
            [
                "",
                "part",
                "goes with the lead's loudness",
                "beside a soft lead",
                "beside a loud one",
            ],
            [
                [name, part, *_cells(one, ("follows", "soft", "loud"))]
                for name, row in facts.items()
                for part, one in row["follows"].items()
            ],
        ),
    ]
    return "\n".join(lines)


def _cells(row: Mapping[str, float] | None, names: Sequence[str]) -> list[str]:
    """The figures of a row by name, an empty cell where there is none."""
    return [f"{row[name]:.2f}" if row and name in row else "" for name in names]


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
    keep("rhythm", facts, text_of(facts), dry=bool(songs))


if __name__ == "__main__":
    main()
