"""Going along with a lead: what comp, bass and drums play, and whether it goes with the piece.

    python -m bench.accompany DATA [--leads N]

Eight bars of the melodies of the validation split of pop909_aligned, on virtual time and on MIDI clock at the
piece's tempo, accompanied by the shipped model: with the melody alone, and with the piece's chords held in the left
hand, once and three times over.  Chords are those annotated in the piece.  Chance is what a bass
or comp would score that took each of its pitch classes from the piece's own key, whatever the chord.
"""

import json
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import click

from bench.tables import keep
from livegen import shipped
from livegen.inference.contract import Model
from livegen.inference.model import load
from livegen.jam.harmony.outline import foot
from livegen.music.note import Note
from livegen.music.parts import BASS, COMP, PARTS
from livegen.scorecard.accompaniment import EXACT, chord_at, in_chord
from livegen.scorecard.backing import (
    ALL_PARTS,
    LATE,
    backed,
    inside,
    of_part,
    roots_at_changes,
    tones_on_strong_beats,
)
from livegen.scorecard.held_out_calls import Chords, Lead, LeadCall, drawn, held_out, leads
from livegen.scorecard.notes import key_of, line
from livegen.scorecard.playing import CLOCKS, PlayedCall, played

SEED = 20261121
SET = "pop909_aligned"
BARS = 8
LINE = 6  # ticks between sixteenths
NEAR = 1.0  # beats on either side over which it is judged how densely the player plays
CALM, BUSY = 1.0, 2.0  # onsets per beat: at most, at least
HARMONY = (COMP, BASS)
ROUNDS = 3  # that the eight bars are played where they come back

# The trials: whether chords are held in the left hand, the rounds, and the controls.
TRIALS: dict[str, tuple[bool, int, dict[str, object]]] = {
    "the melody alone": (False, 1, {}),
    "the melody alone, follow = 0": (False, 1, {"follow": 0.0}),
    "the melody alone, follow = 1": (False, 1, {"follow": 1.0}),
    "and chords in the left hand": (True, 1, {}),
    "and chords, all three parts": (True, 1, ALL_PARTS),
    "and chords, all three parts, three times": (True, ROUNDS, ALL_PARTS),
}


# --- what is measured ---------------------------------------------------------------------------------------------


def beside(heard: PlayedCall) -> list[Note]:
    """The notes that all parts played beside the call."""
    return [note for part in range(len(PARTS)) for note in of_part(heard, part)]


def is_on_line(note: Note) -> bool:
    """True if an onset is within a tick and a half of a sixteenth."""
    from_line = note.onset * CLOCKS % LINE
    return min(from_line, LINE - from_line) <= EXACT * CLOCKS


def thinning(some: Sequence[PlayedCall]) -> dict[str, float]:
    """Onsets per beat of the model, beside a player who plays densely and one who does not."""
    found: dict[str, list[int]] = {"calm": [], "busy": []}
    for heard in some:
        onsets, notes = heard.call.onsets, beside(heard)
        for beat in range(2, int(heard.call.bars * heard.call.bar)):
            # The onsets before this beat are all that could be known.
            rate = sum(beat - 2 * NEAR <= onset < beat for onset in onsets) / (2 * NEAR)
            count = sum(beat <= note.onset < beat + 1 for note in notes)
            for name, is_so in (("calm", rate <= CALM), ("busy", rate >= BUSY)):
                if is_so:
                    found[name].append(count)
    return {
        name: round(statistics.fmean(counts), 3) if counts else 0.0
        for name, counts in found.items()
    }


def judged(some: Sequence[PlayedCall], written: Sequence[Chords]) -> dict[str, Any]:
    """All figures of one way to go along."""
    bars = sum(heard.call.bars for heard in some)
    everything = [note for heard in some for note in beside(heard)]
    return {
        "leads": len(some),
        "onsets_per_bar": {
            name: round(sum(len(of_part(heard, part)) for heard in some) / bars, 2)
            for part, name in enumerate(PARTS)
        },
        "comp_strikes_per_bar": round(
            sum(len(line(of_part(heard, COMP))) for heard in some) / bars, 2
        ),
        "plays_at_all": {
            name: share([bool(of_part(heard, part)) for heard in some])
            for part, name in enumerate(PARTS)
        },
        "on_sixteenths": share([is_on_line(note) for note in everything]),
        "in_chord": {
            PARTS[part]: share(
                [
                    hit
                    for heard, chords in zip(some, written, strict=True)
                    for hit in in_chord(of_part(heard, part), chords)
                ]
            )
            for part in HARMONY
        },
        "bass_is_root": bass_is_root(some, written),
        "root_at_changes": share(at_changes(some, written, LATE)),
        "root_on_time": share(at_changes(some, written, EXACT)),
        "tones_on_strong_beats": share(
            [
                hit
                for heard, chords in zip(some, written, strict=True)
                for hit in tones_on_strong_beats(of_part(heard, BASS), chords)
            ]
        ),
        "in_key": share(
            [
                note.pitch % 12 in key_of(heard.call.notes).pitch_classes
                for heard in some
                for part in HARMONY
                for note in of_part(heard, part)
            ]
        ),
        "onsets_per_beat": thinning(some),
    }


def bass_is_root(some: Sequence[PlayedCall], written: Sequence[Chords]) -> float:
    """Share of the bass's onsets that are the root, or the bass that is written."""
    pairs = [
        (note, chord_at(chords, note.onset))
        for heard, chords in zip(some, written, strict=True)
        for note in of_part(heard, BASS)
    ]
    return share([note.pitch % 12 == foot(chord) for note, chord in pairs if chord])


def at_changes(some: Sequence[PlayedCall], written: Sequence[Chords], late: float) -> list[bool]:
    """Tell of each change whether the bass has the root there."""
    return [
        hit
        for heard, chords in zip(some, written, strict=True)
        for hit in roots_at_changes(of_part(heard, BASS), inside(heard.call, chords), late)
    ]


def references(found: Sequence[Lead]) -> dict[str, float]:
    """The lead itself against its chords, a part that knows the key and not the chord, and people's accompaniments."""
    lead, chance = [], []
    bars = sum(one.call.bars for one in found)
    for call, chords in ((one.call, one.chords) for one in found):
        key = key_of(call.notes).pitch_classes
        for note in call.notes:
            chord = chord_at(chords, note.onset)
            if chord:
                lead.append(note.pitch % 12 in chord.pitch_classes)
                chance.append(len(key & chord.pitch_classes) / len(key))
    return {
        "the lead": share(lead),
        "chance in the key": round(statistics.fmean(chance), 4),
        "people's onsets a bar": round(sum(len(one.people) for one in found) / bars, 2),
        "people's strikes a bar": round(sum(len(line(one.people)) for one in found) / bars, 2),
    }


def share(found: Sequence[bool]) -> float:
    return round(statistics.fmean(found), 4) if found else 0.0


# --- what it says -------------------------------------------------------------------------------------------------


def table(facts: dict[str, Any]) -> str:
    """All figures as Markdown."""
    lines = [
        "| the player plays | onsets a bar: comp (strikes) / bass / drums | plays at all | on sixteenths "
        "| in the chord: comp / bass | bass is the root | root at a change: in time / with the chord "
        "| bass in the chord on strong beats | in the key | onsets a beat beside calm / busy playing |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in facts["trials"].items():
        bars, plays, chords, beats = (
            row[what] for what in ("onsets_per_bar", "plays_at_all", "in_chord", "onsets_per_beat")
        )
        cells = (
            name,
            f"{bars['comp']:.1f} ({row['comp_strikes_per_bar']:.1f}) / {bars['bass']:.1f} / {bars['drums']:.1f}",
            " / ".join(f"{plays[part]:.0%}" for part in PARTS[1:]),
            f"{row['on_sixteenths']:.1%}",
            " / ".join(f"{chords[PARTS[part]]:.2f}" for part in HARMONY),
            f"{row['bass_is_root']:.2f}",
            f"{row['root_at_changes']:.2f} / {row['root_on_time']:.2f}",
            f"{row['tones_on_strong_beats']:.2f}",
            f"{row['in_key']:.2f}",
            f"{beats['calm']:.2f} / {beats['busy']:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    known, people = facts["references"], "people's "
    return "\n".join(
        [
            f"{facts['leads']} melodies of {BARS} bars; calm is at most {CALM:g} onset a beat over two beats, busy "
            f"at least {BUSY:g}. A root is in time up to {LATE:g} beats after its chord, with it up to "
            f"{EXACT:.2g}. "
            "Of what is played three times the second and third are judged.",
            "",
            *lines,
            "",
            f"Of the lead itself {known['the lead']:.2f} of the onsets are in the piece's chords; of a part that "
            f"knows the key and not the chord {known['chance in the key']:.2f} would be. What people play beside "
            f"the same leads, comp and bass together, has {known[people + 'onsets a bar']:.1f} onsets a bar, in "
            f"{known[people + 'strikes a bar']:.1f} strikes.",
        ]
    )


def tried(
    pool: Executor, some: Sequence[LeadCall], written: Sequence[Chords], name: str
) -> tuple[list[PlayedCall], list[Chords]]:
    """All leads, gone along with in one way, and their chords; of what comes back all rounds but the first."""
    found = list(pool.map(_try, [name] * len(some), some, written, range(len(some))))
    return [heard for heard, _ in found], [chords for _, chords in found]


def _try(name: str, call: LeadCall, chords: Chords, number: int) -> tuple[PlayedCall, Chords]:
    with_chords, rounds, values = TRIALS[name]
    if with_chords:
        return backed(_model(), call, chords, number, rounds, values)
    given = {"mode": "accompany", **values}
    return played(_model(), call, given, seed=number, after_bars=1), chords


@cache
def _model() -> Model:
    return load(shipped.model("default"))


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--leads", "count", default=60, show_default=True)
def main(data: Path, count: int) -> None:
    """Go along with melodies from the sets in DATA, into accompany.json and accompany.md."""
    found = drawn(held_out(data, names=(SET,)), count, SEED, leads, (BARS,))
    some, written = [lead.call for lead in found], [lead.chords for lead in found]
    facts: dict[str, Any] = {"leads": len(some), "references": references(found)}
    facts["trials"] = {}
    with ProcessPoolExecutor(2) as pool:
        for name in TRIALS:
            facts["trials"][name] = judged(*tried(pool, some, written, name))
            click.echo(f"{name}: {json.dumps(facts['trials'][name])}")
    facts["load"] = round(os.getloadavg()[0], 2)
    keep("accompany", facts, table(facts))


if __name__ == "__main__":
    main()
