"""Four sets with the band: `python -m docs.sets [--sound] [--only NAME]` plays them and writes docs/sets.

A person by a script (bench/person.py) plays on one keyboard, the left hand chords, the right hand a melody drawn by
chance over them; the engine that serves goes along on virtual time with comp, bass and drums.  Of each set there are a
MIDI file and a picture, bars drawn as the person plays them, and with `--sound` what is heard.
"""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import NamedTuple

import click

from bench.person import Performance, Rhythm, in_beats, melody, perform
from docs import roll
from docs.shown import PLAYERS_CHANNEL, PPQN, render, track_of
from livegen import shipped
from livegen.inference.model import load
from livegen.jam.controls.controls import settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.music.charts import read_chart
from livegen.music.files.smf import Score, write
from livegen.music.messages import Message, NoteOn
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import tempo_us
from livegen.testing import SECOND, Rehearsal

HERE = Path(__file__).parent / "sets"
START_US = SECOND
SEED = 20261129
LASTS_S = 12  # seconds for the ending
GAIN = 0.8  # of the synthesiser: five instruments at 1.2 are clipped

SWUNG: tuple[Rhythm, ...] = (
    ((0, 0.67), (0.67, 0.33), (1, 1), (2.67, 0.33), (3, 1)),
    ((0, 1), (1.67, 0.33), (2, 2)),
    ((0.67, 0.33), (1, 0.67), (1.67, 1.33), (3, 0.67), (3.67, 0.33)),
    ((0, 2),),
)
SUNG: tuple[Rhythm, ...] = (
    ((0, 1.5), (1.5, 0.5), (2, 1), (3, 1)),
    ((0, 3),),
    ((0.5, 0.5), (1, 1), (2, 1.5), (3.5, 0.5)),
    ((0, 2), (2, 1)),
)
BOSSA: tuple[Rhythm, ...] = (
    ((0, 1.5), (1.5, 1), (2.5, 0.5), (3, 1)),
    ((0.5, 1), (1.5, 2)),
    ((0, 0.5), (0.5, 0.5), (1.5, 1), (2.5, 1.5)),
    ((0, 3),),
)
FREE: tuple[Rhythm, ...] = (
    ((0, 0.5), (0.5, 0.5), (1, 1), (2, 0.5), (2.5, 1.5)),
    ((0, 1), (1, 0.5), (1.5, 0.5), (2, 2)),
)


class Set(NamedTuple):
    """A tune by the name of its chart, its tempo, minutes, what the person has and what the band is told.

    `is_charted` says that the band has the chart, `values` are other controls.
    """

    name: str
    says: str
    tune: str
    bpm: float
    bars: int
    rhythms: tuple[Rhythm, ...]
    is_charted: bool
    has_left_hand: bool
    values: Mapping[str, object] = MappingProxyType({})


SETS = (
    Set(
        "blues-in-swing",
        "a blues in swing, with its chart",
        "12-bar-blues",
        126,
        36,
        SWUNG,
        True,
        True,
        {"style": "jazz_swing"},
    ),
    Set(
        "pop-ballad",
        "a pop ballad, the chords in the left hand",
        "four-chords",
        72,
        24,
        SUNG,
        False,
        True,
        {"style": "pop"},
    ),
    Set("bossa", "a bossa from its chart, a melody alone", "bossa", 132, 40, BOSSA, True, False),
    Set("free-jam", "a free jam: nothing is told", "dorian-vamp", 104, 32, FREE, False, True),
)


def scene(one: Set) -> tuple[Performance, list[tuple[int, Message]]]:
    """The left hand's performance, and all keys that the person plays."""
    chance = Random(f"{SEED} {one.name}")
    form = read_chart(shipped.charts()[one.tune]).form
    quarters = form.bar_at(0).ticks / TICKS_PER_BEAT
    minutes = one.bars * quarters / one.bpm - 0.001
    # To a tempo that was told one plays as to a click.
    left = perform(form, one.bpm, minutes, chance, wanders=not one.is_charted, wrong=False)
    keys = list(left.messages) if one.has_left_hand else []
    keys += melody(form, left, one.rhythms, chance)
    keys.sort(key=lambda row: (row[0], isinstance(row[1], NoteOn)))
    return left, keys


def played(one: Set) -> tuple[Performance, list[tuple[int, Message]], list[Note]]:
    """The same, and what the band does, in beats of the performance."""
    left, keys = scene(one)
    values = {"mode": "accompany", "parts": "comp bass drums", **one.values}
    if one.is_charted:
        values |= {"chart": shipped.charts()[one.tune].read_text(), "tempo": one.bpm}
    model = load(shipped.model("default"))
    rehearsal = Rehearsal(Engine(model, seed=SEED, settings=settings(values)))
    for at, message in keys:
        rehearsal.play(START_US + at, message)
    rehearsal.play(START_US + left.bars[-1].at, Command("ending"))
    rehearsal.until(rehearsal.now + LASTS_S * SECOND)
    sent = [(at - START_US, message) for at, message in rehearsal.sent]
    return left, keys, in_beats(sent, left)


def score_of(
    one: Set, keys: list[tuple[int, Message]], performance: Performance, band: list[Note]
) -> Score:
    """Both as tracks, by beats of the performance, at an even tempo."""
    hands = [note._replace(channel=PLAYERS_CHANNEL) for note in in_beats(keys, performance)]
    quarters = round(performance.bars[1].beat - performance.bars[0].beat)
    return Score(
        PPQN,
        (track_of("Player", hands), track_of("Model", [note for note in band if note.end > 0])),
        ((0, tempo_us(one.bpm)),),
        ((0, quarters, 4),),
    )


@click.command(help=__doc__)
@click.option("--only", default="", help="Sets whose names hold this.")
@click.option("--sound", is_flag=True, help="Render sound too.")
def main(only: str, sound: bool) -> None:
    """See above."""
    HERE.mkdir(exist_ok=True)
    for one in SETS:
        if only in one.name:
            performance, keys, band = played(one)
            path = HERE / f"{one.name}.mid"
            write(path, score_of(one, keys, performance, band))
            roll.draw(path, path.with_suffix(".png"), one.says)
            click.echo(
                f"{one.name}: {len(keys) // 2} notes of the person's, {len(band)} of the band's"
            )
    if sound:
        render(HERE, "*.mid", GAIN)


if __name__ == "__main__":
    main()
