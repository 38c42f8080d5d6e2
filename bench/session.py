"""Ten minutes with a person who plays a tune's chords late, with wrong notes, a bar left out and a bar twice.

    python -m bench.session [--minutes M] [--seed N] [--dry]

The band (comp, bass and drums) of the shipped model goes along on virtual time, with a chart and without one, once
with the tempo told and once in the person's own time, which wanders.  What the person does stands in bench/person.py.

* place: share of bars, three quarters of the way through, in which the chart's bar is the person's, or one from which
  nobody could tell the chords from it for eight bars.
* found again: after each slip, bars until the place is right and stays so for four; never, where it was not before
  the next slip.
* bar lines: share of bars in which the band's bar line lies within a quarter of a beat of the person's.
* length: without a chart, bars until the form's length is known, and share of the bars after it in which it is so.
* foreseen: of the changes, from the second time round, those whose root and third the band expected a beat before.
* root: of the changes of the bass, from the second time round, those at which it has the root within a quarter of a
  beat; with the chord.
* comp in the chord: from the second time round, notes of the comp that are tones of the chord that holds; and where a
  push, struck on the last eighth before a change and held into it, may be the chord's that comes.
* silent: share of bars in which comp and bass begin nothing.
"""

import statistics
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, repeat
from random import Random
from typing import Any, NamedTuple

import click

from bench.following import is_right
from bench.person import Performance, in_beats, perform
from bench.tables import keep, table
from livegen import shipped
from livegen.inference.contract import Model
from livegen.inference.model import load
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine
from livegen.jam.timing.agenda import ROUTES
from livegen.music.charts import Chart, Form, read_chart
from livegen.music.chords.chord import Chord
from livegen.music.chords.progressions import class_of
from livegen.music.note import Note
from livegen.music.parts import BASS, COMP
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.scorecard.accompaniment import EXACT, in_chord
from livegen.scorecard.backing import ALL_PARTS, LATE, roots_at_changes
from livegen.scorecard.playing import next_chord
from livegen.testing import Rehearsal

START_US = 1_000_000
SEED = 20261129
MINUTES = 10.0
STAYS = 4  # bars
NEAR = 0.25  # of a beat
PUSH = 0.55  # beats: an eighth, and what a hand may be off by
SLIPS = ("left out", "twice", "left out", "twice")
MINUTES_A_SLIP = 2


class Trial(NamedTuple):
    """A chart by name, whether the band has it, and whether the tempo is told."""

    chart: str
    has_chart: bool
    is_told: bool

    @property
    def says(self) -> str:
        """The trial in words."""
        who = "with the chart" if self.has_chart else "without"
        return f"{self.chart}, {who}, {'tempo told' if self.is_told else 'own time'}"


TRIALS = tuple(
    Trial(chart, has_chart, is_told)
    for chart in ("12-bar-blues", "rhythm-changes")
    for has_chart in (True, False)
    for is_told in (True, False)
)


class Look(NamedTuple):
    """The beliefs of the band in a bar: the written bar of the chart, None without one; the length of the form in
    bars, None where it knows none; and how far its bar line is off the person's, beats.
    """

    written: int | None
    length: int | None
    off: float


class Session(NamedTuple):
    """A performance, what was believed in each bar, what was expected a beat before each change, and the band's notes
    in beats of the performance.
    """

    played: Performance
    looks: list[Look]
    expected: list[tuple[float, Chord, Chord | None]]
    notes: list[Note]


# --- playing ------------------------------------------------------------------------------------------------------


def session(model: Model, trial: Trial, chart: Chart, minutes: float, seed: int) -> Session:
    """Play for so long, with a slip for each two minutes of it."""
    bpm = chart.tempo or 120.0
    slips = SLIPS[: int(minutes / MINUTES_A_SLIP)]
    played = perform(chart.form, bpm, minutes, Random(seed), wanders=not trial.is_told, slips=slips)
    values: dict[str, object] = {"mode": "accompany", **ALL_PARTS}
    if trial.has_chart:
        values["chart"] = shipped.charts()[trial.chart].read_text()
    if trial.is_told:
        values["tempo"] = bpm
    rehearsal = Rehearsal(Engine(model, seed=seed, settings=settings(values)))
    engine = rehearsal.engine
    looks, expected = list[Look](), list[tuple[float, Chord, Chord | None]]()
    for at, what in _happenings(played):
        rehearsal.until(START_US + at)
        if isinstance(what, int):
            looks.append(_look(engine, played, what))
        elif isinstance(what, tuple):
            beat, chord = what
            expected.append((beat, chord, next_chord(engine)))
        else:
            rehearsal.play(START_US + at, what)
    sent = [(at - START_US, message) for at, message in rehearsal.sent]
    return Session(played, looks, expected, in_beats(sent, played))


def _happenings(played: Performance) -> Iterator[tuple[int, Any]]:
    """Messages, numbers of bars to look at, and changes to ask for, each with its time, in order."""
    rows: list[tuple[int, int, Any]] = [(at, 0, message) for at, message in played.messages]
    for number, (bar, after) in enumerate(pairwise(played.bars)):
        rows.append((bar.at + (after.at - bar.at) * 3 // 4, 1, number))
    for (_, before), (beat, chord) in pairwise(played.chords):
        if before and chord and class_of(before) != class_of(chord):
            rows.append((played.micros(beat - 1), 1, (beat, chord)))
    return ((at, what) for at, _, what in sorted(rows, key=lambda row: row[:2]))


def _look(engine: Engine, played: Performance, number: int) -> Look:
    shown = engine.snapshot()
    song, form = shown["song"], shown["form"]
    assert isinstance(song, dict) and isinstance(form, dict)
    tick = engine.timeline.tick(START_US + played.bars[number].at)
    place = engine.timeline.metre.place(tick)
    off = (place.position + place.bar / 2) % place.bar - place.bar / 2
    return Look(song.get("bar"), form.get("bars"), off / TICKS_PER_BEAT)


# --- figures ------------------------------------------------------------------------------------------------------


def figures(one: Session, form: Form) -> dict[str, Any]:
    """All figures of a session."""
    bars, looks = one.played.bars[:-1], one.looks
    places = [
        _is_place(form, bar.place, look.written) for bar, look in zip(bars, looks, strict=True)
    ]
    again = form.ticks / TICKS_PER_BEAT  # the beat from which all was heard before
    later = [(told, chord) for beat, chord, told in one.expected if beat >= again]
    bass, comp = (
        [n for n in one.notes if n.channel == ROUTES[part].channel] for part in (BASS, COMP)
    )
    chords = [row for row in one.played.chords if row[0] >= again - EXACT]
    return {
        "bars": len(bars),
        "place": _share(places),
        "found_again": found_again(places, [at for at, _ in one.played.slips]),
        "bar_lines": _share([abs(look.off) <= NEAR for look in looks]),
        **_lengths([look.length for look in looks], len(form.round)),
        "foreseen": _share([t is not None and class_of(t) == class_of(c) for t, c in later]),
        "root": _share(roots_at_changes(bass, chords, LATE)),
        "root_with": _share(roots_at_changes(bass, chords, EXACT)),
        "comp_in_chord": _share(in_chord(comp, chords)),
        "comp_with_pushes": _share(in_chord(comp, chords, PUSH)),
        "silent": _share(list(_silent(one))),
    }


def _is_place(form: Form, true: int, written: int | None) -> bool:
    if written is None:
        return False
    if form.bar_at(true).written == written:
        return True
    at, starts = 0, list[int]()
    for bar in form.intro + form.round:
        if bar.written == written:
            starts.append(at)
        at += bar.ticks
    return any(is_right(form, true, start) for start in starts)


def found_again(places: Sequence[bool], slips: Sequence[int]) -> list[int | None]:
    """Bars after each slip until the place is right and stays so for STAYS; None where it was not before the next."""
    found: list[int | None] = []
    for slip, until in zip(slips, [*slips[1:], len(places)], strict=True):
        after = places[slip:until]
        right = (at for at in range(len(after) - STAYS + 1) if all(after[at : at + STAYS]))
        found.append(next(right, None))
    return found


def _lengths(lengths: Sequence[int | None], true: int) -> dict[str, Any]:
    first = next((at for at, length in enumerate(lengths) if length == true), None)
    if first is None:
        return {"length_after": None, "length": 0.0}
    return {"length_after": first, "length": _share([it == true for it in lengths[first:]])}


def _silent(one: Session) -> Iterator[bool]:
    channels = {ROUTES[part].channel for part in (BASS, COMP)}
    onsets = [note.onset for note in one.notes if note.channel in channels]
    for bar, after in pairwise(one.played.bars[1:]):
        yield not any(bar.beat - EXACT <= onset < after.beat - EXACT for onset in onsets)


def _share(found: Sequence[bool]) -> float:
    return round(statistics.fmean(found), 3) if found else 0.0


def page(rows: dict[str, dict[str, Any]], minutes: float) -> str:
    """The figures as Markdown."""
    head = (
        "what is played", "bars", "place", "found again, bars", "bar lines", "length after / share", "foreseen",
        "root: in time / with the chord",
        "comp in the chord: that holds / or comes", "silent",
    )  # fmt: skip
    cells = []
    for name, row in rows.items():
        again = ", ".join("never" if at is None else str(at) for at in row["found_again"])
        has_chart = ", with the chart" in name
        known = "never" if row["length_after"] is None else f"{row['length_after']}"
        cells.append(
            [
                name,
                str(row["bars"]),
                f"{row['place']:.2f}" if has_chart else "",
                again if has_chart else "",
                f"{row['bar_lines']:.2f}",
                "" if has_chart else f"{known} / {row['length']:.2f}",
                f"{row['foreseen']:.2f}",
                f"{row['root']:.2f} / {row['root_with']:.2f}",
                f"{row['comp_in_chord']:.2f} / {row['comp_with_pushes']:.2f}",
                f"{row['silent']:.2f}",
            ]
        )
    slips = ", ".join(SLIPS)
    return f"""{minutes:g} minutes each; what the words mean stands in bench/session.py.
Slips, in this order: a bar {slips}.

{table(head, cells)}"""


def _measured(trial: Trial, minutes: float, seed: int) -> dict[str, Any]:
    chart = read_chart(shipped.charts()[trial.chart])
    model = load(shipped.model("default"))
    return figures(session(model, trial, chart, minutes, seed), chart.form)


@click.command()
@click.option("--minutes", default=MINUTES, show_default=True)
@click.option("--seed", default=SEED, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--only", default="", help="Trials whose words hold this.")
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(minutes: float, seed: int, workers: int, only: str, dry: bool) -> None:
    """Play all sessions, and write session.json and session.md."""
    trials = [trial for trial in TRIALS if only in trial.says]
    with ProcessPoolExecutor(workers) as pool:
        found = pool.map(_measured, trials, repeat(minutes), repeat(seed))
        rows = {trial.says: row for trial, row in zip(trials, found, strict=True)}
    keep("session", {"minutes": minutes, "seed": seed, "rows": rows}, page(rows, minutes), dry)


if __name__ == "__main__":
    main()
