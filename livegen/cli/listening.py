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
    "nobody's own music is among the answers, only models': --people FOLDER, with MIDI files that people played, "
    "lets them continue their own calls"
)


@click.command("listen-test")
@click.option(
    "--models",
    multiple=True,
    metavar="MODEL [MODEL ...]",
    help="default, a model's name, or an .onnx file; as many as you like.",
)
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--people",
    type=FOLDER,
    metavar="FOLDER",
    help="MIDI files that people played, or the corpora's folder: calls, and how people went on.",
)
@click.option(
    "--pairs",
    type=click.IntRange(1, 500),
    metavar="N",
    help=f"So many pairs for each judge. [default: {PAIRS}]",
)
@click.option(
    "--bars",
    type=click.IntRange(1, 8),
    metavar="N",
    help=f"Bars of a call, and of its answer. [default: {BARS}]",
)
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help=f"Of all chance. [default: {SEED}]"
)
@click.option(
    "--out",
    type=NEW_FILE,
    metavar="FILE",
    help=f"Where each answer is kept; one that is there goes on. [default: {RESULTS}]",
)
@click.option(
    "--report", type=FILE, metavar="FILE", help="Say what was judged so far, and serve no page."
)
@json_option
def listen_test(
    models: Sequence[str],
    more: Sequence[str],
    people: Path | None,
    out: Path | None,
    report: Path | None,
    as_json: bool,
    **amounts: int | None,
) -> None:
    """Let people judge by ear: blind pairs on a page, of models and of people.

    A judge hears a call and what two sources answer, as loud and as long as each other, by the same sound, and says
    which they prefer and which is rather a person's.  Nobody is told who played until they have judged
    all pairs.  Each click is kept at once; whoever gives the same name again goes on where they stopped.
    Serves on this machine until Ctrl-C.

    \b
    Examples:
      livegen listen-test --models default other.onnx --pairs 24 --out results.jsonl
      livegen listen-test --models default --people ~/midi
      livegen listen-test --out results.jsonl
      livegen listen-test --report results.jsonl
    """
    asked = [*models, *more]
    given = {name: amount for name, amount in amounts.items() if amount is not None}
    if report:
        if asked or people or given or out:
            raise ConfigError("--report goes alone: it only reads a test's file")
        _report(report, as_json)
        return
    if as_json:
        raise ConfigError("--json goes with --report")
    target = out or RESULTS
    test = (
        _going_on(target, bool(asked or people or given))
        if target.exists()
        else _new(target, asked, people, **given)
    )
    from livegen.control.web import listening

    def told(line: str) -> None:
        click.echo(line)
        click.echo(
            f"ready: {len(test.trials)} pairs of {', '.join(test.sources)} at the address above; "
            f"answers are kept in {target}; Ctrl-C ends it",
            err=True,
        )

    try:
        listening.serve(test, told)
    except KeyboardInterrupt:
        click.echo(f"what they said: livegen listen-test --report {target}", err=True)


def _going_on(path: Path, is_asked: bool) -> "Listening":
    """A test that was begun, and that nobody can change now."""
    from livegen.scorecard.listening import results

    if is_asked:
        raise ConfigError(
            f"{path} is a test already; go on with `livegen listen-test --out {path}`, or begin another with --out"
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
            f"expected models of different names, none of them {PEOPLE}: {', '.join(asked)}"
        )
    if len(files) + (people is not None) < 2:
        raise ConfigError(
            "two sources are needed: two models, as in --models default other.onnx, or one and --people FOLDER"
        )
    if people is None:
        click.echo(NOBODY, err=True)
    trials = _trials(files, people, pairs, bars, seed)
    if len(trials) < pairs:
        click.echo(f"there are only {len(trials)} calls of {bars} bars, so many pairs", err=True)
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
        from livegen.inference.model import load
        from livegen.scorecard.calls import held_out
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
            f"{where} holds no lead of {2 * bars} bars in a row, for a call and an answer; try fewer --bars"
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
