"""The chords that a melody implies, against those that are written: what a band knows who hears the melody alone.

    python -m bench.implied DATA

Melodies of the validation split, begun anew every eight bars.  A root is right at a bar line if it is the written one.

* heard: what the engine goes by, that has heard the note on the bar line and nothing after it.
* before: what it expected a beat before.
* tonic: the tonic of the key of the eight bars, which needs them all.
* oracle: the network's chord once it has heard the whole bar.
* changes: the same where the written root is another than half a bar, or a bar of three, before.
* tones: share of the melody, by duration, that is in the chord that is gone by, and in the written one.
* often: changes of chord a bar, gone by and written.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from bench.tables import keep, table
from export.implied import ANEW, SETS, UNKNOWN, Tune, tunes
from livegen.jam.harmony.melody_chords import MelodyChords
from livegen.jam.harmony.outline import WAIT
from livegen.music.chords.chord import Chord
from livegen.music.chords.chords_implied import BEFORE, implied
from livegen.music.chords.progressions import TRIADS
from livegen.music.keys.key import likeliest
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.time.timeline import Timeline

BEAT_US = 500_000
LATE = 0.16  # of a beat after a line, up to which a note is on it
FEWEST = 8  # notes of eight bars


class Line(NamedTuple):
    """A strong beat: what is written, what was gone by from there on, what was expected before, and an oracle's."""

    is_bar: bool
    written: Chord | None
    before: Chord | None  # that was written half a bar before
    heard: Chord | None
    expected: Chord | None
    oracle: Chord
    tonic: int
    beats: int  # to the next


def parts(tune: Tune) -> Iterator[tuple[list[Note], Sequence[int]]]:
    """Eight bars at a time: notes in beats from their beginning, and the written class of each beat."""
    length = ANEW * tune.bar
    for since in range(0, len(tune.chords) - length + 1, length):
        notes = [
            Note(note.onset - since, note.end - since, note.pitch)
            for note in tune.notes
            if since - LATE <= note.onset < since + length - LATE
        ]
        if len(notes) >= FEWEST:
            yield notes, tune.chords[since : since + length].tolist()


def lines(notes: Sequence[Note], written: Sequence[int], bar: int) -> list[Line]:
    """Give what is known at each strong beat of eight bars, by a player who plays as it is written."""
    metre = Metre(((0, bar * TICKS_PER_BEAT),))
    timeline, apart = (
        Timeline(BEAT_US, 0, metre),
        metre.strong(bar * TICKS_PER_BEAT) // TICKS_PER_BEAT,
    )
    weights = [0.0] * 12
    for note in notes:
        weights[note.pitch % 12] += note.end - note.onset
    key = likeliest(weights)
    melody, told, at, found = MelodyChords(), None, 0, list[Line]()
    strokes = sorted(
        [(note.onset, 1, note.pitch) for note in notes]
        + [(note.end, 0, note.pitch) for note in notes]
    )
    chords = [None if one == UNKNOWN else TRIADS[one] for one in written]
    for beat in range(0, len(written), apart):
        expected = told
        for stop, is_line in ((beat - 1 + LATE, False), (beat + LATE, True)):
            while at < len(strokes) and strokes[at][0] <= stop:
                onset, begins, pitch = strokes[at]
                melody.hear(max(0, round(onset * BEAT_US)), pitch, 80 * begins)
                at += 1
            tick = round(stop * TICKS_PER_BEAT) if not is_line else beat * TICKS_PER_BEAT + 1
            if tick < 0:
                continue
            said = melody.look(tick, timeline, timeline.micros(tick), told)
            if is_line:
                told = said.chord
            else:
                coming = [it.chord for it in said.coming if it.tick <= beat * TICKS_PER_BEAT + WAIT]
                expected = coming[-1] if coming else said.chord
        whole = implied(
            [note for note in notes if note.onset < beat + BEFORE - LATE], beat + BEFORE, bar
        )
        oracle = TRIADS[int(whole[-1].argmax())]
        found.append(
            Line(
                beat % bar == 0,
                chords[beat],
                chords[max(0, beat - apart)],
                told,
                expected,
                oracle,
                key.tonic if key else -1,
                apart,
            )
        )
    return found


def shared(some: Sequence[tuple[Sequence[Note], Sequence[Line]]]) -> dict[str, float]:
    """All figures of some eight bars each."""
    rights = defaultdict[str, list[bool]](list)
    tones = defaultdict[str, list[float]](list)
    for notes, found in some:
        for number, line in enumerate(found[1:], 1):
            if line.written is None:
                continue
            root = line.written.root
            told = {
                "heard": line.heard and line.heard.root,
                "before": line.expected and line.expected.root,
                "tonic": line.tonic,
                "oracle": line.oracle.root,
            }
            for name, said in told.items():
                if line.is_bar:
                    rights[name].append(said == root)
                if line.before and line.before.root != root:
                    rights[f"{name}, changes"].append(said == root)
            rights["written changes"].append(line.before is not None and line.before.root != root)
            rights["heard changes"].append(line.heard != found[number - 1].heard)
            begin = number * line.beats
            for note in notes:
                lasts = min(note.end, begin + line.beats) - max(note.onset, begin)
                if lasts > 0:
                    tones["all"].append(lasts)
                    tones["written"].append(lasts * (note.pitch % 12 in line.written.pitch_classes))
                    heard = line.heard.pitch_classes if line.heard else frozenset[int]()
                    tones["heard"].append(lasts * (note.pitch % 12 in heard))
    beats = some[0][1][0].beats
    a_bar = sum(len(found) for _, found in some) / (ANEW * len(some))
    result = {name: statistics.fmean(rights[name]) for name in rights}
    result |= {
        f"tones {name}": sum(tones[name]) / sum(tones["all"]) for name in ("heard", "written")
    }
    for name in ("written changes", "heard changes"):
        result[name] *= a_bar
    return {name: round(value, 3) for name, value in result.items()} | {
        "eights": len(some),
        "beats": beats,
    }


COLUMNS = {
    "bar lines: heard": "heard", "before": "before", "tonic": "tonic", "oracle": "oracle",
    "changes: heard": "heard, changes", "before ": "before, changes", "tonic ": "tonic, changes",
    "oracle ": "oracle, changes", "tones": "tones heard", "written": "tones written",
    "often": "heard changes", "written ": "written changes",
}  # fmt: skip


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, dry: bool) -> None:
    """Follow the melodies of DATA, and write implied.json and implied.md."""
    found = defaultdict[str, list[tuple[Sequence[Note], Sequence[Line]]]](list)
    for tune in tunes(data, "valid"):
        for notes, written in parts(tune):
            found[tune.corpus].append((notes, lines(notes, written, tune.bar)))
    facts = {name: shared(found[name]) for name in SETS}
    rows = [
        [name, str(facts[name]["eights"]), *(f"{facts[name][key]:.2f}" for key in COLUMNS.values())]
        for name in SETS
    ]
    text = "What the words mean stands in bench/implied.py.\n\n" + table(
        ["", "eight bars", *COLUMNS], rows
    )
    keep("implied", facts, text, dry)


if __name__ == "__main__":
    main()
