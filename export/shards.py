"""Sets of MIDI files as Parquet shards, in a folder or an object store, for training beyond one machine.

    python -m export.shards DATA PLACE [--parts 8] [--sets NAME,NAME]

PLACE is a folder, or an address of fsspec's such as s3://bucket/music (with the package that it needs).  `livegen train
RECIPE --data PLACE` trains on it as on DATA: the same batches, in the same order.  With `--parts` as many as the
recipe's `shards`, each process fetches its own part.
"""

import json
from pathlib import Path

import click

from livegen.cli.learning import progress_bars
from livegen.errors import LivegenError
from livegen.extras import need
from livegen.training import corpora, shards


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("place")
@click.option("--parts", type=click.IntRange(1, 4096), default=8, show_default=True)
@click.option("--sets", help="Names of the sets, with commas; by default all of DATA.")
def main(data: Path, place: str, parts: int, sets: str | None) -> None:
    """Write the sets of DATA to PLACE, and tell the bytes of each."""
    need("cluster", "pyarrow")
    try:
        with progress_bars() as progress:
            found = corpora.load(data, sets.split(",") if sets else None, progress=progress)
        click.echo(json.dumps(shards.pack(found, place, parts), indent=1))
    except LivegenError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
