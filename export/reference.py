"""Writes the reference pieces that lie beside a shipped model (livegen/training/reference.py).

    python -m export.reference DATA models/NAME

Openings of validation pieces, evenly spaced, of sets that may be passed on with a package: public domain, CC0,
or CC BY, which the model's card attributes.
"""

from pathlib import Path

import click

from export.command import guarded
from livegen.training.corpora import Piece, load, usable
from livegen.training.reference import FILE, write_reference
from livegen.training.validation import EVENTS

# The set, and what to call it before a musician.
SETS = {
    "trad_abc": "traditional tunes",  # public domain
    "openscore_lieder": "songs with piano",  # CC0
    "openscore_quartets": "string quartets",  # CC0
    "groove_drums": "drums",  # CC BY 4.0
}
PIECES = 16  # of each


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@guarded
def main(data: Path, folder: Path) -> None:
    """Write reference.npz into FOLDER, a model's, from the corpora in DATA."""
    corpora = load(data, list(SETS))
    chosen = [
        (SETS[name], piece.style, corpus.events[piece.start : piece.end][: EVENTS + 1])
        for name, corpus in corpora.items()
        for piece in spaced(usable(corpus, "valid"))
    ]
    write_reference(folder / FILE, chosen)
    size = (folder / FILE).stat().st_size
    click.echo(f"{folder / FILE}: {len(chosen)} pieces, {size / 1000:.0f} kB")


def spaced(pieces: list[Piece]) -> list[Piece]:
    """At most PIECES of them, evenly spaced."""
    return pieces[:: max(1, len(pieces) // PIECES)][:PIECES]


if __name__ == "__main__":
    main()
