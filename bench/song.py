"""A session as a song: whether its chords are those that were played, and whether its best takes are those to keep.

    python -m bench.song DATA [--charts N] [--sessions N] [--dry]

Chords: somebody plays the chords of each chart that comes with livegen for two rounds, close voicings below middle C,
to `accompany`, with the chart and without it; `livegen.song` hears both sides.  A beat is right if its chord has the
chart's root and is alike (C for C6, not for Cm: `livegen.music.songs.song_past.alike`), or the very same.  The lead
sheet is right if its form is as many bars long as the chart's, or a whole part of it that repeats.

Keeping: sessions of eight exchanges of held-out pieces, two bars and the two that follow.  Half of the calls get their
own two bars, which a script keeps; half get those of another, as they are or moved into the call's key.  No mark of
keeping is told: AUC is how often a kept take stands before one that is not, 0.5 by chance.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from bench.tables import keep, kept, table, told
from livegen import shipped
from livegen.answer import answer
from livegen.daemon.recording.takes import Band
from livegen.inference.contract import Model
from livegen.inference.model_files import load
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine
from livegen.music.charts import Chart, read_chart, write_text
from livegen.music.files.smf import Score, Track
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.note import Note
from livegen.music.songs.song_past import alike
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.notation.notate import key_of
from livegen.scorecard.estimates import Estimate, mean
from livegen.scorecard.held_out_calls import Pair, drawn, followed, held_out
from livegen.song import Song, song

PPQN = 480
SCALE = PPQN // TICKS_PER_BEAT
ROUNDS = 2
LOW = 48  # a hand below middle C
SETS = ("trad_abc", "openewld_leadsheets", "pop909_aligned", "wjd_jazz", "open_hymnal")
EXCHANGES, EACH = 8, 5  # of a session; bars of each, with a bar of rest
Rows = list[tuple[int, Message]]


def track(name: str, notes: Sequence[Note], channel: int = 0) -> Track:
    """A track of notes whose times are ticks of the file."""
    rows: Rows = []
    for note in notes:
        velocity = max(1, note.velocity)
        rows += [(round(note.onset), NoteOn(note.pitch, velocity, channel))]
        rows += [(max(round(note.onset) + 1, round(note.end)), NoteOff(note.pitch, 64, channel))]
    return Track(name, tuple(sorted(rows, key=lambda row: (row[0], isinstance(row[1], NoteOn)))))


# --- chords -------------------------------------------------------------------------------------------------------


def comped(chart: Chart) -> Score:
    """The chords of a chart as a hand plays them, `ROUNDS` times."""
    form, notes = chart.form, list[Note]()
    changes = [
        (tick + turn * form.ticks, chord)
        for turn in range(ROUNDS)
        for tick, chord in form.changes(0, form.ticks)
    ]
    ends = [at for at, _ in changes[1:]] + [ROUNDS * form.ticks]
    for (at, chord), end in zip(changes, ends, strict=True):
        for pitch_class in sorted(chord.pitch_classes) if chord else ():
            pitch = LOW + (pitch_class - LOW) % 12
            notes.append(Note(at * SCALE, end * SCALE - PPQN / 12, pitch, 70))
    numerator = form.round[0].ticks // TICKS_PER_BEAT
    tempo = round(60_000_000 / (chart.tempo or 110))
    return Score(PPQN, (track("Player", notes),), ((0, tempo),), ((0, numerator, 4),))


def chords_of(chart: Chart, is_told: bool, model: Model) -> dict[str, float]:
    """The shares of beats whose chord is right in the song of a session over a chart."""
    text = write_text(chart) if is_told else "off"
    metre = f"{chart.form.round[0].ticks // TICKS_PER_BEAT}/4"
    given = settings({"mode": "accompany", "chart": text, "metre": metre})
    engine = Engine(model, seed=1, settings=given, rules={0: "keys"})
    found = song(Band().tracks(answer(comped(chart), engine)), (), model)
    form, at = chart.form, 0
    rows = list[tuple[bool, bool]]()
    changes = list(reversed(found.chords))
    chord = None
    for at in range(0, ROUNDS * form.ticks, TICKS_PER_BEAT):
        while changes and changes[-1].at <= at:
            chord = changes.pop().chord
        wanted = form.chord_at(at % form.ticks)
        if wanted is not None:
            near = chord is not None and chord.root == wanted.root and alike(chord, wanted)
            same = chord is not None and (chord.root, chord.kind) == (wanted.root, wanted.kind)
            rows.append((near, same))
    near, same = np.array(rows).mean(axis=0).tolist()
    return {"alike": near, "same": same, "form": float(is_form(found, chart))}


def is_form(found: Song, chart: Chart) -> bool:
    """True if the form that was found is the chart's, or a part of which the chart is whole repetitions."""
    bars = len(chart.form.round)
    length = len(found.sheet.bars)
    if not found.rounds or bars % length:
        return False
    texts = [chart.text_of(bar) for bar in chart.form.round]
    return all(texts[at] == texts[at % length] for at in range(bars))


# --- keeping ------------------------------------------------------------------------------------------------------


def sessions(
    pairs: Sequence[Pair], dice: random.Random, in_key: bool
) -> Iterator[tuple[Score, list[bool]]]:
    """Sessions of eight exchanges, and which of their answers follow their call in the piece."""
    for at in range(0, len(pairs) - EXCHANGES + 1, EXCHANGES):
        some = list(pairs[at : at + EXCHANGES])
        own = [True] * (EXCHANGES // 2) + [False] * (EXCHANGES // 2)
        dice.shuffle(own)
        strangers = [number for number, mine in enumerate(own) if not mine]
        turned = strangers[1:] + strangers[:1]
        player, model = list[Note](), list[Note]()
        for number, pair in enumerate(some):
            other = some[turned[strangers.index(number)]] if not own[number] else pair
            shift = _shift(other, pair) if in_key and other is not pair else 0
            begin = number * EACH * 4
            player += [_at(note, begin) for note in pair.call.notes]
            model += [_at(note._replace(pitch=note.pitch + shift), begin) for note in other.people]
        tracks = (track("Player", player), track("Model lead", model, 1))
        yield Score(PPQN, tracks, ((0, 500_000),), ((0, 4, 4),)), own


def _at(note: Note, begin: float) -> Note:
    return note._replace(onset=(note.onset + begin) * PPQN, end=(note.end + begin) * PPQN)


def _shift(other: Pair, pair: Pair) -> int:
    """Semitones, the fewest, by which another's notes are in the key of a call."""
    mine, theirs = (
        key_of([Note(n.onset * TICKS_PER_BEAT, n.end * TICKS_PER_BEAT, n.pitch) for n in notes])
        for notes in ([*pair.call.notes, *pair.people], [*other.call.notes, *other.people])
    )
    up = (mine.tonic - theirs.tonic) % 12 if mine and theirs else 0
    return up - 12 * (up > 6)


def agreements(score: Score, own: Sequence[bool], model: Model) -> dict[str, float]:
    """AUC of the order of takes, and of each of the facts that it is of."""
    found = song(score, (), model)
    takes = {take.first // EACH: (place, take) for place, take in enumerate(found.takes)}
    rows = [(mine, *takes[number]) for number, mine in enumerate(own) if number in takes]
    figures = {
        "order": [(mine, -float(place)) for mine, place, _ in rows],
        "coherence": [(mine, take.coherence or 0.0) for mine, _, take in rows],
        "surprise": [(mine, take.surprise or 0.0) for mine, _, take in rows],
    }
    return {name: _auc(values) for name, values in figures.items()}


def _auc(values: Sequence[tuple[bool, float]]) -> float:
    kept_ones = [value for mine, value in values if mine]
    others = [value for mine, value in values if not mine]
    wins = [float(a > b) + 0.5 * (a == b) for a in kept_ones for b in others]
    return float(np.mean(wins))


# --- the page -----------------------------------------------------------------------------------------------------


def _means(rows: Sequence[dict[str, float]]) -> dict[str, Estimate | None]:
    return {name: mean([row[name] for row in rows]) for name in rows[0]}


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--charts", default=25)
@click.option("--sessions", "count", default=40)
@click.option("--dry", is_flag=True, help="Print only.")
def main(data: Path, charts: int, count: int, dry: bool) -> None:
    """Measure and keep the figures."""
    model = load(shipped.model("default"))
    facts = dict[str, Any]()
    paths = list(shipped.charts().items())[:charts]
    rows = []
    for is_told in (True, False):
        read = [read_chart(path) for _, path in paths]
        plain = [one for one in read if not one.form.intro and not one.form.pickup]
        plain = [one for one in plain if one.form.round[0].beat == TICKS_PER_BEAT]
        figures = _means([chords_of(one, is_told, model) for one in plain])
        name = "with the chart" if is_told else "without it"
        facts[name] = {each: kept(one) for each, one in figures.items()}
        rows.append([name, str(len(plain)), *map(told, figures.values())])
    text = [table(["chords over a chart", "charts", "beats alike", "beats the same", "form"], rows)]
    pieces = held_out(data, names=SETS)
    pairs = [
        pair
        for pair in drawn(pieces, 2 * EXCHANGES * count, 7, followed, (2,))
        if pair.call.bar == 4
    ][: EXCHANGES * count]
    rows = []
    for in_key in (False, True):
        dice = random.Random(3)
        found = [agreements(*one, model) for one in sessions(pairs, dice, in_key)]
        name = "another's, in the call's key" if in_key else "another's, as they are"
        figures = _means(found)
        facts[name] = {each: kept(one) for each, one in figures.items()}
        rows.append([name, str(len(found)), *map(told, figures.values())])
    text.append(
        table(["answers not kept", "sessions", "AUC, order", "coherence", "surprise"], rows)
    )
    keep("song", facts, "\n\n".join(text), dry)


if __name__ == "__main__":
    main()
