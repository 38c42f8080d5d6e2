"""Notes heard in audio: how many of a melody's are, and how long after they were struck.

    python -m bench.listening_in [--phrases 3]

Melodies by chance (seeded), in a key, with leaps, repeated notes, rests and a person's timing, 70 to 140 bpm, twenty
seconds each, are rendered by FluidSynth's General MIDI instruments, with its reverb.  A note is found if one of its
pitch begins within 50 (or 100) ms of it, as the engine is told it; F1 counts those that are not there too.
"""

import os
import random
import time
from collections.abc import Sequence
from typing import NamedTuple

import click
import numpy as np

from bench.tables import keep, table
from livegen.sound.fonts import font
from livegen.sound.notes_heard import DELAY_US, HOP_US, LATE_US, NoteFinder
from livegen.sound.pitches import RATE as HEARD_RATE
from livegen.sound.pitches import PitchTracker, Samples
from livegen.sound.synth import PLAYER, RATE, Synth

# Program from 0, lowest and highest pitch.
INSTRUMENTS = {
    "voice (oohs)": (53, 50, 74),
    "choir (aahs)": (52, 48, 74),
    "flute": (73, 60, 90),
    "trumpet": (56, 55, 80),
    "tenor sax": (66, 50, 77),
    "violin": (40, 56, 88),
    "nylon guitar": (24, 45, 76),
    "bass guitar": (33, 31, 52),
}
SECONDS = 20.0
WITHIN_MS = (50, 100)
BEATS = (0.25, 1 / 3, 0.5, 0.5, 0.5, 0.75, 1, 1, 2)
STEPS = (-4, -3, -2, -1, -1, -1, 0, 1, 1, 1, 2, 4)


class Note(NamedTuple):
    """A note in seconds."""

    onset: float
    end: float
    pitch: int
    velocity: int


def melody(rng: random.Random, lowest: int, highest: int) -> list[Note]:
    """Make a melody by chance."""
    tonic, beat = rng.randrange(12), 60 / rng.uniform(70, 140)
    scale = [p for p in range(lowest, highest) if (p - tonic) % 12 in (0, 2, 4, 5, 7, 9, 11)]
    at, degree, notes = 0.5, len(scale) // 2, []
    while at < SECONDS:
        length = rng.choice(BEATS) * beat
        if rng.random() > 0.12:
            degree = max(0, min(len(scale) - 1, degree + rng.choice(STEPS)))
            onset, held = at + rng.gauss(0, 0.008), rng.choice((0.95, 0.9, 0.8, 0.6))
            notes.append(Note(onset, at + length * held, scale[degree], rng.randint(60, 110)))
        at += length
    return notes


def rendered(notes: Sequence[Note], program: int) -> Samples:
    """Render a melody at the rate that the network hears."""
    import soxr

    synth = Synth(font(), {PLAYER: {0: program}})
    rows = [(n.onset, bytes((0x90, n.pitch, n.velocity))) for n in notes]
    rows += [(n.end, bytes((0x80, n.pitch, 0))) for n in notes]
    pieces, done = [], 0
    for at, data in sorted(rows):
        if (wanted := int(at * RATE)) > done:
            pieces.append(synth.samples(wanted - done))
            done = wanted
        synth.play(PLAYER, data)
    pieces.append(synth.samples(RATE))
    synth.close()
    mono = np.concatenate(pieces).mean(1) / 32768
    samples: Samples = soxr.resample(mono, RATE, HEARD_RATE).astype(np.float32)
    return samples


def heard(samples: Samples) -> tuple[list[tuple[float, int]], float, int]:
    """Give the notes that are heard (second, pitch), the processor time, seconds, and the number of frames."""
    tracker, finder, found, frames = PitchTracker(HEARD_RATE), NoteFinder(), [], 0
    began = time.process_time()
    for first in range(0, len(samples), 128):
        for frame in tracker.feed(samples[first : first + 128]):
            frames += 1
            found += [
                ((one.frame * HOP_US - LATE_US) / 1e6, one.pitch)
                for one in finder.feed(frame)
                if one.pitch is not None
            ]
    return found, time.process_time() - began, frames


def hits(notes: Sequence[Note], found: Sequence[tuple[float, int]], within_s: float) -> int:
    """Count the notes that were found, each once."""
    left, count = list(found), 0
    for note in notes:
        near = [
            one for one in left if one[1] == note.pitch and abs(one[0] - note.onset) <= within_s
        ]
        if near:
            left.remove(min(near, key=lambda one: abs(one[0] - note.onset)))
            count += 1
    return count


@click.command()
@click.option("--phrases", default=3, show_default=True, help="Melodies for each instrument.")
@click.option("--seed", default=2, show_default=True)
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(phrases: int, seed: int, dry: bool) -> None:
    """Hear melodies of eight instruments."""
    rng, rows, seconds, frames = random.Random(seed), [], 0.0, 0
    for name, (program, lowest, highest) in INSTRUMENTS.items():
        struck, counted, right = 0, 0, dict.fromkeys(WITHIN_MS, 0)
        for _ in range(phrases):
            notes = melody(rng, lowest, highest)
            found, took, many = heard(rendered(notes, program))
            struck, counted = struck + len(notes), counted + len(found)
            seconds, frames = seconds + took, frames + many
            for within in WITHIN_MS:
                right[within] += hits(notes, found, within / 1000)
        shares = [f"{2 * right[w] / (struck + counted):.2f}" for w in WITHIN_MS]
        rows.append([name, str(struck), *shares])
    head = ["instrument", "notes", *(f"F1 within {w} ms" for w in WITHIN_MS)]
    per_frame_ms = 1000 * seconds / frames
    text = (
        f"{phrases} melodies of {SECONDS:.0f} s an instrument, seed {seed}. A note is known {DELAY_US // 1000} ms "
        f"after it was struck. {per_frame_ms:.1f} ms of processor time for each {HOP_US // 1000} ms of audio, "
        f"load {os.getloadavg()[0]:.1f}.\n\n" + table(head, rows)
    )
    keep("listening_in", {"rows": rows, "per_frame_ms": per_frame_ms}, text, dry)


if __name__ == "__main__":
    main()
