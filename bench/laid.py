"""Chords of four tones and more under three hands: whether their root is heard.

    python -m bench.laid DATA [--split valid]

DATA holds wjd_jazz and openewld_leadsheets, as archives or folders.  The chords of each piece are struck one after the
other by a hand that has the root lowest, by one that goes to the nearest keys (`bench/person.py`), and by two of which
the left one has the root far below.  A tracker hears the keys, rolled, and is asked 0.1 s after each chord.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import click

from bench.person import LOWEST, voiced
from export.laid import SETS, pieces
from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.chords.chords_heard import ChordTracker

CHORD_US, HELD_US, NAMED_US, ROLLED_US = 1_200_000, 1_150_000, 100_000, 7_000
BASS = 33  # the lowest key of a bass of its own
MOST = 80  # chords of a piece
SEED = 20261130
KINDS = ("7", "maj7", "m7", "6", "m7b5", "m6")

Hand = Callable[[Chord, Sequence[int]], Sequence[int]]


def at_root(chord: Chord, _before: Sequence[int]) -> Sequence[int]:
    """Strike it in close position, the root lowest."""
    root = LOWEST + (chord.root - LOWEST) % 12
    return [root + step for step in INTERVALS[chord.kind]]


def over_bass(chord: Chord, before: Sequence[int]) -> Sequence[int]:
    """Strike the nearest keys, and the root far below."""
    return [BASS + (chord.root - BASS) % 12, *voiced(chord, before[1:])]


HANDS: dict[str, Hand] = {"root lowest": at_root, "nearest keys": voiced, "over a bass": over_bass}


def heard(song: Sequence[Chord], hand: Hand, chance: Random) -> list[Chord | None]:
    """Give what is heard of each chord of a song."""
    tracker, keys, found = ChordTracker(), list[int](), list[Chord | None]()
    for number, chord in enumerate(song):
        at = number * CHORD_US
        keys = sorted(set(hand(chord, keys)))
        for place, key in enumerate(chance.sample(keys, len(keys))):
            tracker.strike(at + place * ROLLED_US, key, 80)
            tracker.look(at + place * ROLLED_US)
        found.append(tracker.look(at + NAMED_US))
        for key in keys:
            tracker.release(at + HELD_US, key)
    return found


def transposed(song: Sequence[Chord], by: int) -> list[Chord]:
    """Move a song so many semitones higher."""
    return [chord.transposed(by) for chord in song]


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--split", default="valid", show_default=True)
def main(data: Path, split: str) -> None:
    """Measure on the sets in DATA; print Markdown."""
    click.echo(f"| set | hand | chords | root | {' | '.join(KINDS)} |")
    click.echo("|---" * (4 + len(KINDS)) + "|")
    for name in SETS:
        songs, chance = pieces(data, name, split), Random(SEED)
        moved = [transposed(song[:MOST], chance.randrange(12)) for song in songs]
        for label, hand in HANDS.items():
            pairs = [
                (chord, one)
                for song in moved
                for chord, one in zip(song, heard(song, hand, chance), strict=True)
            ]
            every = Counter(chord.kind for chord, _ in pairs)
            right = Counter(chord.kind for chord, one in pairs if one and one.root == chord.root)
            shares = [
                f"{right[kind] / every[kind]:.2f} of {every[kind]}" if every[kind] else ""
                for kind in KINDS
            ]
            click.echo(
                f"| {name} | {label} | {len(pairs)} | {right.total() / len(pairs):.3f} | {' | '.join(shares)} |"
            )


if __name__ == "__main__":
    main()
