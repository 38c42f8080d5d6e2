"""The command line: words in, one call into `app` or `training`, an exit status out.

Every command imports what it runs when it runs: `serve` must start at once, and its process must never hold
numpy or a network.  Knows no music.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import NoArgsIsHelpError

from livegen import __version__
from livegen.errors import ConfigError, LivegenError, PortError

if TYPE_CHECKING:
    from livegen.config import Config, Origin

MISTAKE, OURS, INTERRUPTED = 2, 1, 130  # exit statuses
NOT_SAVED = """\
not saved: {path} sets an offset already, or in a way of its own; in it, under jam:, write
  offset: {offset}"""
TRAIN_EXTRA = {
    "torch",
    "lightning_fabric",
    "lightning_utilities",
    "tensorboard",
    "zstandard",
    "matplotlib",
    "onnx",
}

# Options that stand for a setting, and the setting.
SETTING_OF = {
    "out_port": ("--port", "ports.out"),
    "in_port": ("--in", "ports.in"),
    "api": ("--api", "ports.api"),
    "model": ("--model", "model"),
    "mode": ("--mode", "jam.mode"),
    "seed": ("--seed", "seed"),
    "bars": ("--bars", "jam.length"),
    "temperature": ("--temperature", "jam.temperature"),
    "style": ("--style", "jam.style"),
    "page": ("--page", "page.enabled"),
}

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
EXISTING = click.Path(exists=True, readable=True, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, readable=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
NEW_PATH = click.Path(path_type=Path)
# Written out, because daemon.ports loads the MIDI library; a test holds the two together.
SYSTEMS = ("auto", "alsa", "jack", "coremidi", "winmm")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="livegen %(version)s")
def cli() -> None:
    """A jam partner beside your DAW: play a phrase, and a trained network answers.

    \b
    First steps:
      livegen serve                 makes the MIDI ports "Model In" and "Model Out"
      in the DAW, send your track to "Model In", and let a second track, with an
      instrument, listen to "Model Out" and to nothing else.  Play two bars; stop.

    \b
    Files:
      ~/.config/livegen/config.yaml your settings, if you have any ($XDG_CONFIG_HOME counts);
                                    config.yaml in the source lists every one of them

    \b
    Exit status:
      0  done    1  a fault of livegen's    2  something for you to mend, said in one line
    """


def _decorated(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


configured = _decorated(
    click.option(
        "--model",
        metavar="NAME|PATH",
        help="What answers: default, a model's name, or an .onnx file. [default: default]",
    ),
    click.option(
        "--mode",
        type=click.Choice(["respond", "continue"]),
        help="respond answers when your phrase ends; continue carries on from where you stop until you play "
        "again. [default: respond]",
    ),
    click.option(
        "--seed",
        type=int,
        metavar="N",
        help="Same seed, same playing: same notes. [default: a new one]",
    ),
    click.option("--config", type=FILE, metavar="FILE", help="Settings, instead of your own file."),
    click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="KEY=VALUE",
        help="One setting by its name in config.yaml, such as jam.temperature=0.8; as often as you like.",
    ),
)


@cli.command()
@click.option(
    "--port", "out_port", metavar="NAME", help="The port it plays to. [default: Model Out]"
)
@click.option("--in", "in_port", metavar="NAME", help="The port it listens to. [default: Model In]")
@click.option(
    "--api",
    type=click.Choice([*SYSTEMS, "none"]),
    help="MIDI system; none makes no ports. [default: auto]",
)
@configured
@click.option(
    "--player", type=FILE, metavar="FILE.mid", help="Play this file to the model, in real time."
)
@click.option(
    "--record",
    type=NEW_FILE,
    metavar="FILE.mid",
    help="Keep both sides, on two tracks; written when it ends.",
)
@click.option(
    "--until-player-ends",
    is_flag=True,
    help="End when the file is played and the model has answered it.",
)
@click.option(
    "--page/--no-page",
    "page",
    default=None,
    help="Serve the page, whose address is printed, or not. [default: --page]",
)
@click.option(
    "--stats",
    type=click.Choice(["summary", "trace"]),
    help="Print how late messages left, as JSON, when it ends; trace adds every message.",
)
def serve(
    player: Path | None,
    record: Path | None,
    until_player_ends: bool,
    stats: str | None,
    **options: Any,
) -> int:
    """Open the ports and jam, until Ctrl-C.

    Prints a line that starts with "ready" once it can take notes.  On Ctrl-C or SIGTERM every note is
    released.  On Windows, where no program can make a MIDI port, it opens existing ones of those names.
    Without any MIDI system it says so, and serves --player and --record only.

    \b
    Examples:
      livegen serve
      livegen serve --port "Answers" --mode continue --set jam.density=0.7
      livegen serve --set channels.2=bass --set output.bass=2
      livegen serve --api none --player call.mid --record both.mid --until-player-ends
    """
    if until_player_ends and not player:
        raise ConfigError("--until-player-ends: there is no player; name a file with --player")
    from livegen import app

    origin = _origin(options)
    return app.serve(
        origin.load(),
        player=player,
        record=record,
        until_player_ends=until_player_ends,
        stats=stats or "",
        origin=origin,
    )


@cli.command()
@click.argument("calls", nargs=-1, required=True, type=FILE, metavar="CALL.mid [MORE.mid]...")
@click.option(
    "--out",
    required=True,
    type=NEW_PATH,
    metavar="FILE|DIR",
    help="Where to write; several calls need a folder.",
)
@configured
@click.option(
    "--bars", type=int, metavar="N", help="Length of the response. [default: as long as the call]"
)
@click.option("--temperature", type=float, metavar="X", help="How daring, 0.1 to 2. [default: 1]")
@click.option("--style", metavar="NAME", help="A style the model knows. [default: any]")
def generate(calls: tuple[Path, ...], out: Path, **options: Any) -> None:
    """Answer MIDI files, at once and without ports.

    Runs the engine of `serve` on virtual time: the call is played to it as it stands in the file, and what
    both play is written to a file with the tracks Player and Model.  Several calls are answered each by
    itself, into files of the same names in the folder.

    \b
    Examples:
      livegen generate call.mid --out both.mid
      livegen generate calls/*.mid --out answers/ --mode continue --bars 8 --seed 7
    """
    from livegen import app

    for written in app.generate(calls, out, _config(options)):
        click.echo(written)


@cli.command()
@click.argument("journal", type=FILE, metavar="JOURNAL")
@click.option(
    "--out", type=NEW_FILE, metavar="FILE.mid", help="Also write the session as it was played."
)
@click.option(
    "--model",
    metavar="NAME|PATH",
    help="What answers. [default: the model file that the journal names]",
)
def replay(journal: Path, out: Path | None, model: str | None) -> int:
    """Play a session again from its journal, and compare.

    Every engine of the session is made as it was and is fed what it was fed, in the same order and at the
    same times, without waiting.  Prints how many notes came out the same, and the first thing that did not.
    Journals lie in ~/.local/share/livegen/recordings, one for each session.

    \b
    Exit status: 0  to the note    1  something differs    2  not a journal

    \b
    Examples:
      livegen replay ~/.local/share/livegen/recordings/"2026-11-21 063012.jsonl"
      livegen replay session.jsonl --out session.mid
    """
    from livegen import app

    return 0 if app.replay(journal, out, model) else 1


data_option = click.option(
    "--data",
    required=True,
    type=FOLDER,
    metavar="DIR",
    help="MIDI files, one set or several beside each other, or the corpora's folder.",
)
split_option = click.option(
    "--split",
    type=click.Choice(["train", "valid", "test", "all"]),
    default="valid",
    show_default=True,
    help="Pieces of this split in metadata.csv; a set without one is taken whole.",
)


@cli.command()
@click.argument("model")
@data_option
@split_option
@click.option(
    "--events", type=click.IntRange(min=2), metavar="N", help="Only so many of each piece."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def evaluate(model: str, data: Path, split: str, events: int | None, as_json: bool) -> None:
    """Measure how well a model foresees music.

    MODEL is default, a model's name, or an .onnx file.  Prints nats per event and per note, nats of
    each field, accuracy and counts, for each set, style and part and in all, beside a unigram and an order-5
    Markov model on the same events.  Lower is better.
    Needs the training extra: pip install 'livegen[train]'

    \b
    Examples:
      livegen evaluate default --data ~/midi
      livegen evaluate runs/mine/model.onnx --data ../shared/data --json > figures.json
    """
    from livegen import shipped

    path = shipped.model(model)
    with _training_extra("evaluate"), _progress() as progress:
        from livegen.training import evaluate as evaluation

        figures = evaluation.evaluate(path, data, split, events=events, progress=progress)
    lines = [json.dumps(figures, indent=2)] if as_json else evaluation.table_lines(figures)
    click.echo("\n".join(lines))


@cli.command()
@click.argument("model")
@data_option
@split_option
@click.option(
    "--previous", metavar="NAME|PATH", help="Another model, measured on the same beside it."
)
@click.option(
    "--calls",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Calls to answer, of four bars; a quarter as many melodies to go along with.",
)
@click.option(
    "--turns",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="Turns in which nothing may go wrong.",
)
@click.option(
    "--events",
    type=click.IntRange(min=0),
    default=256,
    show_default=True,
    help="Foresee so many events of each piece; 0 is all.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="Of all chance. [default: always the same]",
)
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes. [default: one for each processor]"
)
@click.option(
    "--out",
    type=NEW_PATH,
    metavar="DIR",
    help="Write scorecard.json and a page of plots, scorecard.png.",
)
@click.option(
    "--card",
    type=FILE,
    metavar="CARD.md",
    help="Put the tables into a model's card, between its markers.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def scorecard(
    model: str,
    data: Path,
    split: str,
    previous: str | None,
    seed: int | None,
    events: int,
    out: Path | None,
    card: Path | None,
    as_json: bool,
    **amounts: Any,
) -> None:
    """Measure how well a model plays, without anybody who listens.

    MODEL is default, a shipped model's name, or an .onnx file.  The engine of `serve` hears calls from
    held-out pieces on virtual time.  Its answers, accompaniments and turns are measured beside chance,
    baselines and what people played there: likelihood, likeness to the call, harmony, distributions, faults,
    copies from the training pieces.  Takes some minutes; the same seed gives the same figures.
    Needs the training extra: pip install 'livegen[train]'

    \b
    Examples:
      livegen scorecard default --data ../shared/data
      livegen scorecard runs/mine/model.onnx --data ~/midi --calls 20 --turns 100 --events 32
      livegen scorecard default --data ../shared/data --turns 10000 --events 0 --out models/jam-gru
    """
    from livegen import shipped

    path, before = shipped.model(model), shipped.model(previous) if previous else None
    with _training_extra("scorecard"), _progress() as progress:
        from livegen.scorecard import figures
        from livegen.scorecard.score import SEED, score

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
            figures.write(result, out)
        if card:
            figures.put_into(card, result)
    lines = [figures.as_json(result)] if as_json else figures.table_lines(result)
    click.echo("\n".join(lines))


@cli.command()
@click.argument("what", type=EXISTING, metavar="FOLDER|RECIPE.yaml")
@click.option(
    "--from",
    "base",
    metavar="MODEL",
    help="Teach this model the music in FOLDER: default, a model's name, or an .onnx file.",
)
@click.option("--name", metavar="NAME", help="With --from: what it is called. [default: as FOLDER]")
@click.option(
    "--data",
    type=FOLDER,
    metavar="DIR",
    help="With a recipe: MIDI files, or the corpora's folder.",
)
@click.option(
    "--out",
    type=NEW_PATH,
    metavar="DIR",
    help="With a recipe: checkpoints, metrics and curves.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="With a recipe: so many at once on this machine, such as its GPUs. [default: 1]",
)
@click.option("--fresh", is_flag=True, help="Begin anew, whatever was begun or made already.")
def train(
    what: Path,
    base: str | None,
    name: str | None,
    data: Path | None,
    out: Path | None,
    processes: int | None,
    fresh: bool,
) -> int:
    """Teach a model your own music, or train one from nothing.

    With --from a model learns all MIDI files in and below FOLDER, such as livegen's own recordings; half an
    hour of music takes a few minutes.  It tells what was learned, what was forgotten and what is copied, and
    keeps the new model in ~/.local/share/livegen/models, where `livegen serve --model NAME` finds it.
    With a recipe a network is trained from nothing on the corpora in --data, into --out, by one process, by
    several or, with torchrun, by those of several machines.
    Both go on where they were when they were stopped.  Needs the training extra: pip install 'livegen[train]'

    \b
    Examples:
      livegen train --from default ~/my-midi
      livegen train --from default ~/.local/share/livegen/recordings --name evenings
      livegen train models/jam-gru/recipe.yaml --data ../shared/data --out runs/mine
    """
    if base is None:
        if name is not None:
            raise ConfigError("--name goes with --from; a recipe names its network itself")
        return _train_by_recipe(what, data, out, processes or 1, fresh)
    if data or out or processes:
        raise ConfigError(
            "--data, --out and --processes go with a recipe; with --from name the folder alone"
        )
    _teach(base, what, name, fresh)
    return 0


def _train_by_recipe(
    recipe: Path, data: Path | None, out: Path | None, processes: int, fresh: bool
) -> int:
    if recipe.is_dir():
        raise ConfigError(
            f"{recipe} is a folder; `livegen train --from default {recipe}` teaches a model its music"
        )
    if data is None or out is None:
        raise ConfigError("a recipe needs --data DIR, the music, and --out DIR, the run's folder")
    with _training_extra("train"):
        from livegen.training import crew
        from livegen.training.recipe import read_recipe

        if processes > 1 and crew.crew_here().size == 1:
            read_recipe(recipe)  # a mistake is said once, and before anything starts
            return crew.launch(processes, _train, recipe, data, out, fresh)
        _train(recipe, data, out, fresh)
        crew.crew_here().leave()
    return 0


def _train(recipe: Path, data: Path, out: Path, fresh: bool) -> None:
    """One process of a training run."""
    from livegen.training import loop
    from livegen.training.crew import crew_here

    best = loop.train(recipe, data, out, resume=not fresh)
    if crew_here().leads:
        click.echo(best)


def _teach(base: str, folder: Path, name: str | None, fresh: bool) -> None:
    from livegen import shipped

    if not folder.is_dir():
        raise ConfigError(
            f"{folder} is a file; --from needs the folder that your MIDI files are in"
        )
    target = shipped.own(name or shipped.name_of(folder))
    path = shipped.model(base)
    with _training_extra("train"):
        from livegen.training import adapt

        adapted = adapt.adapt(path, folder, target, fresh)
        click.echo("\n".join(adapt.lines(adapted)))
    click.echo(f"play with it: livegen serve --model {adapted.name}")


system = click.option(
    "--api", type=click.Choice(SYSTEMS), default="auto", show_default=True, help="MIDI system."
)


@cli.command()
@system
def ports(api: str) -> None:
    """List the MIDI ports that there are, and the models that can be served."""
    from livegen import panic, shipped

    try:
        name, sources, sinks = panic.listing(api)
        click.echo(f"MIDI system: {name}")
        _list("Ports that send", sources)
        _list("Ports that receive", sinks)
    except PortError as error:
        click.echo(f"MIDI system: {error}")
    _list("Models", list(shipped.models()))


def _list(title: str, names: Sequence[str]) -> None:
    click.echo("\n".join([f"{title}:", *(f"  {name}" for name in names or ["(none)"])]))


@cli.command()
@click.option(
    "--api",
    type=click.Choice([*SYSTEMS, "none"]),
    help="MIDI system to look at. [default: ports.api]",
)
@click.option("--config", type=FILE, metavar="FILE", help="Settings, instead of your own file.")
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="One setting by its name in config.yaml; as often as you like.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def doctor(as_json: bool, **options: Any) -> int:
    """Look at everything between you and the first answer, and say what to do.

    Versions, settings, the model and its speed, the disk, OSC, the MIDI system, ports and who is connected
    to them, routing loops, clock.  Takes a few seconds, two of them listening, and leaves all as it was.
    Best asked while `serve` runs and the DAW is connected: then it listens to who sends to "Model In",
    and sends who hears "Model Out" a message that sounds nowhere, to see whether it comes back.

    \b
    Exit status: 0  nothing is bad    1  something is

    \b
    Examples:
      livegen doctor
      livegen doctor --config stage.yaml --json
    """
    from livegen.doctor import checks, findings

    rows = []
    for row in checks.visit(lambda: _config(options), options["config"], options["api"]):
        rows.append(row)
        if not as_json:
            click.echo(findings.lines(row.finding))
    if as_json:
        click.echo(findings.as_json(rows))
    return 0 if findings.is_well(rows) else OURS


@cli.command()
@click.option(
    "--port", "out_port", metavar="NAME", help="The port it sends from. [default: Model Out]"
)
@click.option("--in", "in_port", metavar="NAME", help="The port it listens to. [default: Model In]")
@click.option("--api", type=click.Choice(SYSTEMS), help="MIDI system. [default: ports.api]")
@click.option("--save", is_flag=True, help="Write the offset into your own configuration.")
def calibrate(save: bool, **options: Any) -> int:
    """Measure the way through the DAW, and find the offset that makes up for it.

    Opens the ports as `serve` does (end that first), asks you for a track in the DAW that sends what it
    hears on "Model Out" to "Model In", and sends 40 short notes round that way.  Prints how long they took
    and which jam.offset that suggests.  Ctrl-C releases everything.

    \b
    Examples:
      livegen calibrate
      livegen calibrate --save
    """
    from livegen import calibrate as calibration
    from livegen import config as configuration

    config = _config({"config": None, "sets": (), **options})
    ports, sync = config.ports, str(config.controls["sync"])
    trip = calibration.calibrate(ports.api, ports.input, ports.output, click.echo)
    click.echo("\n".join(calibration.advice(trip, sync, ports.output, ports.input)))
    if not trip.micros:
        return MISTAKE
    if save:
        path, offset = configuration.own_folder() / "config.yaml", calibration.offset_ms(trip, sync)
        is_saved = calibration.save(path, offset)
        click.echo(f"saved in {path}" if is_saved else NOT_SAVED.format(path=path, offset=offset))
    return 0


@cli.command("panic")
@click.argument("names", nargs=-1, metavar="[PORT]...")
@system
def panic_command(names: tuple[str, ...], api: str) -> None:
    """Silence everything that sounds.

    Sends pedal up, all sound off, all notes off and a note-off for every key, on all channels, to the ports
    named (a part of the name will do) or to all that receive.  Works without a running livegen.

    \b
    Examples:
      livegen panic
      livegen panic "FluidSynth" "Model In"
    """
    from livegen import panic

    for port in panic.silence(names, api):
        click.echo(f"silenced {port}")


def _config(options: dict[str, Any]) -> "Config":
    """The configuration, with this command's options laid over it last."""
    return _origin(options).load()


def _origin(options: dict[str, Any]) -> "Origin":
    """Where the configuration comes from, with this command's options."""
    from livegen import config

    given = [
        (config.trail(path), options[name], f"{flag} {_visible(options[name])}")
        for name, (flag, path) in SETTING_OF.items()
        if options.get(name) is not None
    ]
    return config.Origin(options["config"], tuple(options["sets"]), tuple(given))


def _visible(value: object) -> str:
    """A value as it was said, on one line whatever it holds."""
    text = str(value)
    return text if text.isprintable() else repr(text)


@contextmanager
def _training_extra(command: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in TRAIN_EXTRA:
            raise
        raise ConfigError(
            f"livegen {command} needs {error.name}, which is not installed: pip install 'livegen[train]'"
        ) from None


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
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


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit status; never raises, never prints a traceback unasked."""
    try:
        result = cli.main(arguments, prog_name="livegen", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        click.echo(f"livegen: {_in_a_line(error)}", err=True)
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except LivegenError as error:
        click.echo(f"livegen: {error}", err=True)
        return MISTAKE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # who read our output has gone; so may we
        return OURS
    except Exception as error:
        if os.environ.get("LIVEGEN_DEBUG"):
            raise
        name = type(error).__name__
        click.echo(f"livegen: our fault: {name}: {error} (LIVEGEN_DEBUG=1 shows where)", err=True)
        return OURS
    return result if isinstance(result, int) else 0


def _in_a_line(error: click.ClickException) -> str:
    """What click would say in four lines, and where to look."""
    said = " ".join(line.strip() for line in error.format_message().splitlines())
    context = getattr(error, "ctx", None)
    return said if context is None else f"{said} (see `{context.command_path} --help`)"


def main() -> None:
    """Entry point of the command `livegen`."""
    sys.exit(run())
