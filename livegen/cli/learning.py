"""Commands that need the training extra: train, evaluate, scorecard."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livegen.cli.options import (
    EXISTING,
    FILE,
    FOLDER,
    NEW_FOLDER,
    SpelledOut,
    force_option,
    json_option,
)
from livegen.errors import ConfigError
from livegen.extras import need, to_install

if TYPE_CHECKING:
    from livegen.scorecard.card import Card

TRAIN_EXTRA = {
    "torch",
    "lightning_fabric",
    "lightning_utilities",
    "tensorboard",
    "zstandard",
    "matplotlib",
    "onnx",
}

RECIPES = (".yaml", ".yml")


class MusicPath(SpelledOut):
    """A folder, or the address of a place in which there are shards."""

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Any:
        """Leave an address as it is; a folder must be there."""
        return value if "://" in str(value) else super().convert(value, param, context)


MUSIC = MusicPath(exists=True, file_okay=False, readable=True, path_type=Path)

data_option = click.option(
    "--data",
    required=True,
    type=FOLDER,
    metavar="DIR",
    help="Folder of MIDI files, or a folder that holds several data sets.",
)
split_option = click.option(
    "--split",
    type=click.Choice(["train", "valid", "test", "all"]),
    default="valid",
    show_default=True,
    help="Only pieces of this split, which metadata.csv names; a data set without that file is used whole.",
)


@click.command()
@click.argument("model")
@data_option
@split_option
@click.option(
    "--events",
    type=click.IntRange(min=2),
    metavar="N",
    help="Use at most this many events of each piece.",
)
@json_option
def evaluate(model: str, data: Path, split: str, events: int | None, as_json: bool) -> None:
    """Measure how well a model predicts music.

    MODEL is default, a model's name, or an .onnx file.  Prints nats per event, per note and per
    field (fewer is better), accuracy and counts, for each data set, style and part and for all together, beside
    a unigram and an order-5 Markov model on the same events.
    Needs torch and more; where they are missing, it says how to install them.

    \b
    Examples:
      livegen evaluate default --data ~/midi
      livegen evaluate runs/mine/model.onnx --data ../shared/data --json > figures.json
    """
    from livegen import shipped

    path = shipped.model(model)
    with training_extra("evaluate"), progress_bars() as progress:
        from livegen.training import evaluate as evaluation

        figures = evaluation.evaluate(path, data, split, events=events, progress=progress)
    lines = [json.dumps(figures, indent=2)] if as_json else evaluation.table_lines(figures)
    click.echo("\n".join(lines))


@click.command()
@click.argument("model")
@data_option
@split_option
@click.option(
    "--previous",
    metavar="NAME|PATH",
    help="Another model to compare with, measured on the same music.",
)
@click.option(
    "--calls",
    type=click.IntRange(min=1),
    metavar="N",
    default=200,
    show_default=True,
    help="How many calls of four bars to answer; a quarter as many melodies are accompanied.",
)
@click.option(
    "--turns",
    type=click.IntRange(min=0),
    metavar="N",
    default=1000,
    show_default=True,
    help="How many turns to play in search of faults, such as hanging notes.",
)
@click.option(
    "--events",
    type=click.IntRange(min=0),
    metavar="N",
    default=256,
    show_default=True,
    help="Predict this many events of each piece; 0 is all.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="Seed of all random choices. [default: always the same]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of processes. [default: one for each processor]",
)
@click.option(
    "--out",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Folder to write scorecard.json and a page of plots, scorecard.png, to.",
)
@click.option(
    "--card",
    type=FILE,
    metavar="CARD.md",
    help="Put the tables into a model's card, between its markers.",
)
@force_option
@json_option
def scorecard(
    model: str,
    data: Path,
    split: str,
    previous: str | None,
    seed: int | None,
    events: int,
    out: Path | None,
    card: Path | None,
    replaces: bool,
    as_json: bool,
    **amounts: Any,
) -> None:
    """Measure how well a model plays, by figures instead of by ear.

    MODEL is default, a shipped model's name, or an .onnx file; or a phrase encoder (jam-phrases): then it measures
    how exactly phrases come back from their codes, ten phrases for each of --calls.  The engine of `serve` hears calls
    from held-out pieces on virtual time.  Its answers, accompaniments and turns are compared with chance, with
    baselines and with what people played there: likelihood, likeness to the call, harmony, distributions,
    faults, copies from the training pieces.  Takes some minutes; the same seed gives the same figures.
    Needs torch and more; where they are missing, it says how to install them.

    \b
    Examples:
      livegen scorecard default --data ../shared/data
      livegen scorecard runs/mine/model.onnx --data ~/midi --calls 20 --turns 100 --events 32
      livegen scorecard default --data ../shared/data --turns 10000 --events 0 --out scores
    """
    from livegen import shipped

    with training_extra("scorecard"), progress_bars() as progress:
        from livegen.scorecard import card_views, phrase_card
        from livegen.scorecard.score import SEED, score

        if encoder := phrase_card.phrase_encoder(model):
            if out or previous:
                raise click.UsageError("a phrase encoder is measured without --out and --previous")
            count, chance = amounts["calls"] * phrase_card.EACH, SEED if seed is None else seed
            result = phrase_card.score_phrases(encoder, data, split, count, chance)
            _tell(result, card, as_json)
            return
        path, before = shipped.model(model), shipped.model(previous) if previous else None
        if out and not replaces:
            _expect_free(card_views.places(out))
        result = score(
            path,
            data,
            split,
            previous=before,
            seed=SEED if seed is None else seed,
            events=events or None,
            progress=progress,
            **amounts,
        )
        if out:
            card_views.write(result, out, replaces)
    _tell(result, card, as_json)


def _tell(result: "Card", card: Path | None, as_json: bool) -> None:
    """Print a card, and put it into a model's, if there is one to put it into."""
    from livegen.scorecard import card_views

    if card:
        card_views.put_into(card, result)
    lines = [card_views.as_json(result)] if as_json else card_views.table_lines(result)
    click.echo("\n".join(lines))


def _expect_free(targets: list[Path]) -> None:
    """Say before minutes of work that its figures would replace others.  Raises ConfigError."""
    if there := [target for target in targets if os.path.lexists(target)]:
        raise ConfigError(
            f"{there[0]} is there already; choose another folder with --out, or replace it with --force"
        )


@click.command()
@click.argument("what", type=EXISTING, metavar="FOLDER|RECIPE.yaml")
@click.option(
    "--from",
    "base",
    metavar="MODEL",
    help="Model to start from: default, a model's name, or an .onnx file.  FOLDER always needs one.",
)
@click.option(
    "--name", metavar="NAME", help="With FOLDER: name of the new model. [default: FOLDER's name]"
)
@click.option(
    "--data",
    type=MUSIC,
    metavar="DIR|URL",
    help="With a recipe: folder of the music to train on, or an address such as s3://bucket/music of Parquet shards.",
)
@click.option(
    "--out",
    type=NEW_FOLDER,
    metavar="DIR",
    help="With a recipe: folder for checkpoints, metrics and curves.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="With a recipe: number of processes on this machine, such as one for each GPU. [default: 1]",
)
@click.option(
    "--cluster",
    is_flag=True,
    help="With a recipe: run the processes on a Ray cluster, which RAY_ADDRESS names, by default on this machine.",
)
@click.option("--fresh", is_flag=True, help="Start over, and replace what an earlier run left.")
def train(
    what: Path,
    base: str | None,
    name: str | None,
    data: Path | str | None,
    out: Path | None,
    processes: int | None,
    cluster: bool,
    fresh: bool,
) -> int:
    """Teach a model your own music, or train one by a recipe.

    With a FOLDER the model of --from learns all MIDI files in it and below it, such as livegen's own
    recordings; half an hour of music takes a few minutes.  Then livegen prints what the model learned, forgot
    and copies, and keeps it in ~/.local/share/livegen/models, where `livegen serve --model NAME` finds it.
    With a RECIPE a network is trained on the data sets in --data and kept in --out, from random weights or
    from the model of --from, by one process, by several or, with torchrun, Slurm or Ray, by several machines.
    A run that was stopped goes on where it was when the same command is given again.  Needs
    torch and more; where they are missing, it says how to install them.

    \b
    Examples:
      livegen train --from default ~/my-midi
      livegen train --from default ~/.local/share/livegen/recordings --name evenings
      livegen train models/jam-gru/recipe.yaml --data ../shared/data --out runs/mine
      livegen train models/jam-gru/recipe.yaml --from default --data ~/midi --out runs/more
    """
    from livegen import shipped

    if what.is_dir():
        if base is None:
            raise ConfigError(
                f"{what} is a folder; `livegen train --from default {what}` teaches a model its music"
            )
        if data or out or processes or cluster:
            raise ConfigError(
                "--data, --out, --processes and --cluster belong to a recipe; leave them out to teach a model the "
                "music in a folder"
            )
        _teach(shipped.model(base), what, shipped.own(name or shipped.name_of(what)), fresh)
        return 0
    if what.suffix.lower() not in RECIPES:
        raise ConfigError(
            f"{what} is a file, and no recipe ({', '.join(RECIPES)});"
            " to teach a model your music, name the folder that holds your MIDI files"
        )
    if name is not None:
        raise ConfigError("--name belongs to a folder; a recipe names its network itself")
    if data is None or out is None:
        raise ConfigError(
            "a recipe needs --data DIR, the music to train on, and --out DIR, the folder for the run"
        )
    begin = None if base is None else shipped.model(base)
    return _train_by_recipe(processes or 1, cluster, what, data, out, not fresh, begin)


def _train_by_recipe(processes: int, cluster: bool, recipe: Path, *rest: Any) -> int:
    """`rest` is what `loop.train` takes beside the recipe."""
    if cluster:
        need("cluster", "ray")
    with training_extra("train"):
        from livegen.training import crew, shards
        from livegen.training.phrase_recipe import PHRASES
        from livegen.training.recipe import kind_of, read_recipe

        if shards.are_at(str(rest[0])):
            need("cluster", "fsspec", "pyarrow")
        if kind_of(recipe) == PHRASES:
            return _train_phrases(processes, cluster, recipe, *rest)
        if cluster:
            from livegen.training.cluster import train_on_cluster

            read_recipe(recipe)  # a mistake is said once, and before anything starts
            click.echo(train_on_cluster(processes, recipe, *rest))
            return 0
        if processes > 1 and crew.crew_here().size == 1:
            read_recipe(recipe)
            return crew.launch(processes, _train, recipe, *rest)
        _train(recipe, *rest)
        crew.crew_here().leave()
    return 0


def _train_phrases(
    processes: int,
    cluster: bool,
    recipe: Path,
    data: Path | str,
    out: Path,
    resume: bool,
    base: Path | None,
) -> int:
    """Train a phrase encoder.  Raises ConfigError for what only other networks can be asked for."""
    from livegen.training.phrase_loop import train_phrases
    from livegen.training.phrase_recipe import read_phrase_recipe

    if processes > 1 or cluster or base is not None:
        raise ConfigError(
            f"{recipe} trains a phrase encoder (kind: phrases), always from nothing and in one process: "
            "leave out --processes, --cluster and --from"
        )
    if isinstance(data, str):
        raise ConfigError(f"{recipe} trains a phrase encoder, on a folder; {data} is none")
    click.echo(train_phrases(read_phrase_recipe(recipe), data, out, resume))
    return 0


def _train(*args: Any) -> None:
    """Run a process of a training run."""
    from livegen.training import loop
    from livegen.training.crew import crew_here

    best = loop.train(*args)
    if crew_here().leads:
        click.echo(best)


def _teach(base: Path, folder: Path, target: Path, fresh: bool) -> None:
    with training_extra("train"):
        from livegen.training import adapt

        adapted = adapt.adapt(base, folder, target, fresh)
        click.echo("\n".join(adapt.lines(adapted)))
    click.echo(f"play with it: livegen serve --model {adapted.name}")


@contextmanager
def training_extra(command: str) -> Iterator[None]:
    """Say how to install the packages that training needs, where one is missing.  Raises ConfigError."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in TRAIN_EXTRA:
            raise
        raise ConfigError(
            f"livegen {command} needs {error.name}, which is not installed: {to_install('train')}"
        ) from None


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Bars on standard error, one for each thing that is being done: name, how many are done, of how many."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    bars: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True)) as shown:

        def progress(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = shown.add_task(name, total=total)
            shown.update(bars[name], completed=done, total=total)

        yield progress
