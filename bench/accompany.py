"""Going along with a lead: what comp, bass and drums play, and whether it goes with the piece.

    python -m bench.accompany DATA [--leads N]

Eight bars of the melodies of the validation split of pop909_aligned, on virtual time and on MIDI clock at the
piece's tempo, accompanied by the shipped model: with the melody alone, and with the piece's chords held in the left
hand.  Chords are those annotated in the piece.  Chance is what a bass or comp would score that took each of its
pitch classes from the piece's own key, whatever the chord.
"""

import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from livegen import shipped
from livegen.inference.contract import Model
from livegen.inference.model import load
from livegen.jam.agenda import ROUTES
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, PARTS
from livegen.scorecard.accompaniment import EXACT, chord_at
from livegen.scorecard.calls import Chords, LeadCall, drawn, held_out, leads
from livegen.scorecard.notes import Note, key_of
from livegen.scorecard.playing import CLOCKS, PlayedCall, played

HERE = Path(__file__).parent
SEED = 20261121
SET = "pop909_aligned"
BARS = 8
LINE = 6  # ticks between sixteenths
NEAR = 1.0  # beats on either side over which it is judged how densely the player plays
CALM, BUSY = 1.0, 2.0  # onsets per beat: at most, at least
LEFT_HAND = 48  # the lowest pitch of a chord held there
LEFT_CHANNEL = 1  # heard as comp
HARMONY = (COMP, BASS)

TRIALS: dict[str, tuple[bool, dict[str, object]]] = {
    "the melody alone": (False, {}),
    "the melody alone, follow = 0": (False, {"follow": 0.0}),
    "the melody alone, follow = 1": (False, {"follow": 1.0}),
    "and chords in the left hand": (True, {}),
    "and chords, all three parts": (True, {"parts": "comp bass drums"}),
}


def held(call: LeadCall, chords: Chords) -> list[tuple[float, Message]]:
    """The chords as a left hand would hold them, close together above its lowest pitch."""
    inside = [(beat, chord) for beat, chord in chords if 0 <= beat < call.bars * call.bar and chord]
    messages: list[tuple[float, Message]] = []
    for (beat, chord), end in zip(inside, [b for b, _ in inside[1:]] + [call.ends], strict=True):
        for pitch in sorted(LEFT_HAND + (pc - LEFT_HAND) % 12 for pc in chord.pitch_classes):
            messages.append((beat, NoteOn(pitch, 64, LEFT_CHANNEL)))
            messages.append((max(beat, end - EXACT), NoteOff(pitch, 64, LEFT_CHANNEL)))
    return messages


# --- what is measured ---------------------------------------------------------------------------------------------


def of_part(heard: PlayedCall, part: int) -> list[Note]:
    """The notes that a part played beside the call."""
    channel, end = ROUTES[part].channel, heard.call.bars * heard.call.bar
    return [note for note in heard.notes if note.channel == channel and 0 <= note.onset < end]


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
            # What was played before this beat is all that could be known.
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
        "plays_at_all": {
            name: share([bool(of_part(heard, part)) for heard in some])
            for part, name in enumerate(PARTS)
        },
        "on_sixteenths": share([is_on_line(note) for note in everything]),
        "in_chord": {PARTS[part]: in_chord(some, written, part) for part in HARMONY},
        "bass_is_root": bass_is_root(some, written),
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


def in_chord(some: Sequence[PlayedCall], written: Sequence[Chords], part: int) -> float:
    """Share of a part's onsets that are notes of the chord of the moment."""
    pairs = [
        (note, chord_at(chords, note.onset))
        for heard, chords in zip(some, written, strict=True)
        for note in of_part(heard, part)
    ]
    return share([note.pitch % 12 in chord.pitch_classes for note, chord in pairs if chord])


def bass_is_root(some: Sequence[PlayedCall], written: Sequence[Chords]) -> float:
    """Share of the bass's onsets that are the root."""
    pairs = [
        (note, chord_at(chords, note.onset))
        for heard, chords in zip(some, written, strict=True)
        for note in of_part(heard, BASS)
    ]
    return share([note.pitch % 12 == chord.root for note, chord in pairs if chord])


def references(some: Sequence[LeadCall], written: Sequence[Chords]) -> dict[str, float]:
    """The lead itself against its chords, and a part that knows the key and not the chord."""
    lead, chance = [], []
    for call, chords in zip(some, written, strict=True):
        key = key_of(call.notes).pitch_classes
        for note in call.notes:
            chord = chord_at(chords, note.onset)
            if chord:
                lead.append(note.pitch % 12 in chord.pitch_classes)
                chance.append(len(key & chord.pitch_classes) / len(key))
    return {"the lead": share(lead), "chance in the key": round(statistics.fmean(chance), 4)}


def share(found: Sequence[bool]) -> float:
    return round(statistics.fmean(found), 4) if found else 0.0


# --- what it says -------------------------------------------------------------------------------------------------


def table(facts: dict[str, Any]) -> str:
    """All figures as Markdown."""
    lines = [
        "| the player plays | onsets a bar: comp / bass / drums | plays at all | on sixteenths "
        "| in the chord: comp / bass | bass is the root | in the key | onsets a beat beside calm / busy playing |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in facts["trials"].items():
        bars, plays, chords, beats = (
            row[what] for what in ("onsets_per_bar", "plays_at_all", "in_chord", "onsets_per_beat")
        )
        cells = (
            name,
            " / ".join(f"{bars[part]:.1f}" for part in PARTS[1:]),
            " / ".join(f"{plays[part]:.0%}" for part in PARTS[1:]),
            f"{row['on_sixteenths']:.1%}",
            " / ".join(f"{chords[PARTS[part]]:.2f}" for part in HARMONY),
            f"{row['bass_is_root']:.2f}",
            f"{row['in_key']:.2f}",
            f"{beats['calm']:.2f} / {beats['busy']:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    known = facts["references"]
    return (
        "\n".join(
            [
                f"{facts['leads']} melodies of {BARS} bars; calm is at most {CALM:g} onset a beat over two beats, busy "
                f"at least {BUSY:g}.",
                "",
                *lines,
                "",
                f"Of the lead itself {known['the lead']:.2f} of the onsets are in the piece's chords; of a part that "
                f"knows the key and not the chord {known['chance in the key']:.2f} would be.",
            ]
        )
        + "\n"
    )


def tried(
    model: Model, some: Sequence[LeadCall], written: Sequence[Chords], name: str
) -> list[PlayedCall]:
    """All leads, gone along with in one way."""
    with_chords, values = TRIALS[name]
    return [
        played(
            model,
            call,
            {"mode": "accompany", **values},
            seed=number,
            after_bars=1,
            more=held(call, chords) if with_chords else (),
        )
        for number, (call, chords) in enumerate(zip(some, written, strict=True))
    ]


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--leads", "count", default=60, show_default=True)
def main(data: Path, count: int) -> None:
    """Go along with melodies from the sets in DATA, into accompany.json and accompany.md."""
    model = load(shipped.model("default"))
    found = drawn(held_out(data, names=(SET,)), count, SEED, leads, (BARS,))
    some, written = [lead.call for lead in found], [lead.chords for lead in found]
    facts: dict[str, Any] = {"leads": len(some), "references": references(some, written)}
    facts["trials"] = {}
    for name in TRIALS:
        facts["trials"][name] = judged(tried(model, some, written, name), written)
        click.echo(f"{name}: {json.dumps(facts['trials'][name])}")
    facts["load"] = round(os.getloadavg()[0], 2)
    (HERE / "accompany.json").write_text(json.dumps(facts, indent=1) + "\n")
    (HERE / "accompany.md").write_text(table(facts))
    click.echo(table(facts), nl=False)


if __name__ == "__main__":
    main()
