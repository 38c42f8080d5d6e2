"""Counts which chords come before sixths, and before the seventh chords that have the same tones.

    python -m export.laid DATA

DATA holds wjd_jazz and openewld_leadsheets, as archives or folders; their training pieces are counted.  The table is
that of `music/chords/laid.py`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from export.command import put
from livegen.music.chords.chord import Chord
from livegen.music.chords.laid import BELOW, COUNTED, FAMILIES, SIXTHS, contexts
from livegen.music.files.smf import Score, read
from livegen.scorecard.held_out_calls import written_chords
from livegen.training.corpora import set_of

FROM = "Weimar Jazz Database (ODbL 1.0) and OpenEWLD (public domain scores, MIT), train splits"
SETS = ("wjd_jazz", "openewld_leadsheets")
BEFORE = 2  # chords that are looked at

Counts = dict[str, list[list[list[list[int]]]]]


def pieces(data: Path, name: str, split: str) -> list[list[Chord]]:
    """Give the chords of each piece of a set and split.  Raises ConfigError where the set is not in DATA."""
    return [changes(read(content)) for _, content in set_of(data, name).described(split)]


def changes(score: Score) -> list[Chord]:
    """Give the chords of a score, none twice in a row."""
    found: list[Chord] = []
    for _, chord in written_chords(score):
        if chord is not None and (not found or found[-1] != chord):
            found.append(chord)
    return found


def counted(songs: Iterable[Sequence[Chord]]) -> Counts:
    """Of each of SIXTHS by place before it, family and semitones: how often it was the sixth, and its seventh."""
    counts: Counts = {
        sixth: [[[[0, 0] for _ in range(12)] for _ in FAMILIES] for _ in range(BEFORE)]
        for sixth in SIXTHS
    }
    names = {sixth: (sixth, BELOW, 0) for sixth in SIXTHS} | {
        seventh: (sixth, 0, 1) for sixth, seventh in SIXTHS.items()
    }
    for song in songs:
        for at, chord in enumerate(song):
            if chord.kind in names:
                sixth, below, which = names[chord.kind]
                for place, (family, above) in enumerate(
                    contexts(song[:at], (chord.root - below) % 12)
                ):
                    counts[sixth][place][family][above][which] += 1
    return counts


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(data: Path) -> None:
    """Count on the sets in DATA and write the file into the package."""
    songs = (song for name in SETS for song in pieces(data, name, "train"))
    put(COUNTED, {"from": FROM, "counts": counted(songs)})


if __name__ == "__main__":
    main()
