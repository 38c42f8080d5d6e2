"""The command that lets people judge models by ear, and says what they judged."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livegen.cli.learning import progress_bars, training_extra
from livegen.cli.options import FILE, FOLDER, NEW_FILE, json_option
from livegen.errors import ConfigError

if TYPE_CHECKING:
    from livegen.scorecard.listening.results import Listening
    from livegen.scorecard.listening.trials import Trial

SEED, PAIRS, BARS = 1, 24, 4
RESULTS = Path("results.jsonl")
NOBODY = (
    "all answers are by models; to have people's own continuations among them, add --people FOLDER with MIDI files "
    "that people played"
)


@click.command("listen-test")
@click.option(
    "--models",
    multiple=True,
    metavar="MODEL [MODEL ...]",
    help="Models to judge: default, a model's name, or an .onnx file; as many as you like.",
)
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--people",
    type=FOLDER,
    metavar="FOLDER",
    help="Folder of MIDI files that people played: calls, and how people continued them.",
)
@click.option(
    "--pairs",
    type=click.IntRange(1, 500),
    metavar="N",
    help=f"Number of pairs for each judge. [default: {PAIRS}]",
)
@click.option(
    "--bars",
    type=click.IntRange(1, 8),
    metavar="N",
    help=f"Length of a call, and of its answer, in bars. [default: {BARS}]",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Seed of all random choices. [default: {SEED}]",
)
@click.option(
    "--out",
    type=NEW_FILE,
    metavar="FILE",
    help=f"File of the test, in which each judgement is kept; a test that exists goes on. [default: {RESULTS}]",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen on; with 0.0.0.0 judges can use their own devices in your network.",
)
@click.option(
    "--report", type=FILE, metavar="FILE", help="Print what was judged so far; serve no page."
)
@json_option
def listen_test(
    models: Sequence[str],
    more: Sequence[str],
    people: Path | None,
    out: Path | None,
    host: str,
    report: Path | None,
    as_json: bool,
    **amounts: int | None,
) -> None:
    """Let people judge models by ear, in blind pairs on a page.

    A judge hears a call and two answers to it, of models or of people, equally loud and long, with the same sound, and
    says which they prefer and which is more likely a person's.  Judges are not told who played before they have judged
    all pairs.  Each click is kept at once; a judge who gives the same name again goes on where they stopped.  Serves
    the page until Ctrl-C, for browsers of this machine or, with --host, of your network.

    \b
    Examples:
      livegen listen-test --models default other.onnx --pairs 24 --out results.jsonl
      livegen listen-test --models default --people ~/midi
      livegen listen-test --out results.jsonl --host 0.0.0.0
      livegen listen-test --report results.jsonl
    """
    from livegen.control.osc.peers import host_of

    asked = [*models, *more]
    given = {name: amount for name, amount in amounts.items() if amount is not None}
    if report:
        if asked or people or given or out:
            raise ConfigError(
                "--report takes no other option but --json: it only reads the file of a test"
            )
        _report(report, as_json)
        return
    if as_json:
        raise ConfigError("--json belongs to --report")
    host, _ = host_of("--host", host)  # before the minutes that answers take
    target = out or RESULTS
    test = (
        _going_on(target, bool(asked or people or given))
        if target.exists()
        else _new(target, asked, people, **given)
    )
    from livegen.control.web import listening_page

    def told(line: str) -> None:
        click.echo(line)
        click.echo(
            f"ready: {len(test.trials)} pairs of {', '.join(test.sources)} at the address above; "
            f"judgements are kept in {target}; Ctrl-C ends it",
            err=True,
        )

    try:
        listening_page.serve(test, told, host=host)
    except KeyboardInterrupt:
        click.echo(f"to see what was judged: livegen listen-test --report {target}", err=True)


def _going_on(path: Path, is_asked: bool) -> "Listening":
    """A test that was begun, and that nobody can change now."""
    from livegen.scorecard.listening import results

    if is_asked:
        raise ConfigError(
            f"{path} holds a test that has begun; go on with `livegen listen-test --out {path}`, or begin "
            "another with another --out"
        )
    return results.read(path, _now)


def _new(
    path: Path,
    asked: Sequence[str],
    people: Path | None,
    pairs: int = PAIRS,
    bars: int = BARS,
    seed: int = SEED,
) -> "Listening":
    """A test of these models and people, written to a file.  Raises ConfigError where there are no two sources."""
    from livegen import shipped
    from livegen.scorecard.listening.trials import PEOPLE

    files = {_named(path): path for path in map(shipped.model, asked)}
    if len(files) < len(asked) or PEOPLE in files:
        raise ConfigError(
            f"--models: expected different names, and none that is {PEOPLE}; got {', '.join(asked)}"
        )
    if len(files) + (people is not None) < 2:
        raise ConfigError(
            "a test compares two sources or more: name two models, as in --models default other.onnx, or one "
            "and --people FOLDER"
        )
    if people is None:
        click.echo(NOBODY, err=True)
    trials = _trials(files, people, pairs, bars, seed)
    if len(trials) < pairs:
        click.echo(
            f"the music has only {len(trials)} calls of {bars} bars, so the test has {len(trials)} pairs",
            err=True,
        )
    from livegen.scorecard.listening.results import Listening

    test = Listening(path, seed, trials, _now)
    test.begin()
    return test


def _named(path: Path) -> str:
    """A model's name among sources: that of its folder for a model.onnx, else that of its file."""
    return path.resolve().parent.name if path.stem == "model" else path.stem


def _trials(
    files: dict[str, Path], people: Path | None, pairs: int, bars: int, seed: int
) -> "list[Trial]":
    from livegen import shipped

    with training_extra("listen-test"), progress_bars() as progress:
        from livegen.inference.model_files import load
        from livegen.scorecard.held_out_calls import held_out
        from livegen.scorecard.listening import trials

        pieces = (
            held_out(people, progress=progress)
            if people
            else trials.shipped_pieces(shipped.model("default"))
        )
        sources: dict[str, Any] = {
            name: trials.by_model(load(path), seed) for name, path in files.items()
        }
        if people:
            sources[trials.PEOPLE] = trials.by_people
        found = trials.trials(sources, pieces, pairs, bars, seed, progress)
    if not found:
        where = people or "livegen"
        raise ConfigError(
            f"{where} holds no melody of {2 * bars} bars in a row, half for the call and half for its "
            "continuation; try fewer --bars"
        )
    return found


def _report(path: Path, as_json: bool) -> None:
    from livegen.scorecard.listening import report, results

    test = results.read(path)
    if as_json:
        click.echo(json.dumps(report.figures(test), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(report.lines(test)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
