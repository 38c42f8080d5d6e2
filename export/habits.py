"""Learns which chords go with which melodies, and which follow each other: the table of `music/chords_implied.py`.

    python -m export.habits DATA

DATA holds pop909_aligned, as an archive or a folder.  Counts of its training pieces: melodies by how long each pitch
class sounds, chords as they are annotated, as major and minor triads, relative to the tonic that both together suggest.
"""

from pathlib import Path

import click
import numpy as np

from export.command import put
from livegen.music.chord import Chord
from livegen.music.chords_implied import HABITS, SPAN, TRIADS
from livegen.music.key import MODES, likeliest
from livegen.music.smf import Score, read
from livegen.scorecard.calls import held_out, lead_of, written_chords
from livegen.scorecard.notes import notes_of

SET = "pop909_aligned"
UNSEEN = 0.3  # counts of what never happened
DIGITS = 4


def triad(chord: Chord, tonic: int) -> int:
    """Its number among TRIADS, seen from a tonic; major where it has no minor third."""
    third = 3 if (chord.root + 3) % 12 in chord.pitch_classes else 4
    return TRIADS.index(((chord.root - tonic) % 12, third))


def slots(score: Score) -> list[tuple[np.ndarray, Chord | None]]:
    """By span: how long each pitch class of the melody sounds, and the chord in its middle."""
    melody = lead_of(score)
    chords = written_chords(score)
    notes = notes_of(score, melody) if melody else []
    found = []
    for begin in np.arange(0.0, max((note.end for note in notes), default=0.0), SPAN).tolist():
        weights = np.zeros(12)
        for note in notes:
            weights[note.pitch % 12] += max(
                0.0, min(note.end, begin + SPAN) - max(note.onset, begin)
            )
        held = [chord for beat, chord in chords if beat <= begin + SPAN / 2]
        found.append((weights, held[-1] if held else None))
    return found


def learn(data: Path) -> dict[str, dict[str, list[list[float]]]]:
    """By mode: shares of first chords, of what follows each, and of the pitch classes sung over each."""
    first = np.full((2, 1, 24), UNSEEN)
    follows, sung = np.full((2, 24, 24), UNSEEN), np.full((2, 24, 12), UNSEEN)
    for held in held_out(data, split="train", names=[SET]):
        some = slots(read(held.data))
        heard = sum((weights for weights, _ in some), np.zeros(12))
        for _, chord in some:
            heard[list(chord.pitch_classes) if chord else []] += SPAN / 3
        key = likeliest(heard.tolist()) if heard.any() else None
        if key is None:
            continue
        mode, before = MODES.index(key.mode), None
        for weights, chord in some:
            now = None if chord is None else triad(chord, key.tonic)
            if now is not None:
                first[mode, 0, now] += 1
                sung[mode, now] += np.roll(weights, -key.tonic)
                if before is not None:
                    follows[mode, before, now] += 1
            before = now
    tables = {"first": first, "follows": follows, "sung": sung}
    return {
        name: {
            kind: np.round(table[mode] / table[mode].sum(-1, keepdims=True), DIGITS).tolist()
            for kind, table in tables.items()
        }
        for mode, name in enumerate(MODES)
    }


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(data: Path) -> None:
    """Learn the table from the sets in DATA and write it into the package."""
    facts = {"from": "POP909 (MIT), train split, spans of 2 beats", **learn(data)}
    put(HABITS, facts)


if __name__ == "__main__":
    main()
