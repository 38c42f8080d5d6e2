"""Many runs of a recipe with the values of a grid, by Ray Tune and Optuna: the file of a sweep, and what came out.

    python -m export.sweep SWEEP.yaml DATA OUT

SWEEP.yaml names a recipe beside it, the values of each setting that varies, how many runs, and how many at once:

    recipe: recipe.yaml
    grid:
      learning_rate: [0.001, 0.002, 0.004]
      network.hidden: [256, 384, 512]
    runs: 6
    at_once: 2

Each run has one core and a folder in OUT; OUT/sweep.json has them all, the best first.
"""

from pathlib import Path

import click

from livegen.errors import LivegenError
from livegen.extras import need
from livegen.training.sweep import lines, sweep


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("data")
@click.argument("out", type=click.Path(path_type=Path))
def main(path: Path, data: str, out: Path) -> None:
    """Run a sweep of PATH on DATA, a folder or an address of shards, into OUT."""
    need("cluster", "ray", "optuna")
    try:
        click.echo("\n".join(lines(sweep(path, data if "://" in data else Path(data), out))))
    except LivegenError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
