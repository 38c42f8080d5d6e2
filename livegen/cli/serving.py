"""Commands that make music: serve, generate, replay."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from livegen.cli.options import (
    FILE,
    NEW_FILE,
    NEW_PATH,
    SYSTEMS,
    config_of,
    config_option,
    control_options,
    decorated,
    force_option,
    in_port_option,
    origin_of,
    out_port_option,
    set_option,
)
from livegen.errors import ConfigError


def configured(*left_out: str) -> Callable[[Any], Any]:
    """Add the options that decide how the model plays: model, controls, seed, configuration."""
    return decorated(
        click.option(
            "--model",
            metavar="NAME|PATH",
            help="What answers: default, a model's name, or an .onnx file. [default: default]",
        ),
        control_options(*left_out),
        click.option(
            "--seed",
            type=int,
            metavar="N",
            help="Same seed, same playing: same notes. [default: a new one]",
        ),
        config_option,
        set_option,
    )


@click.command()
@out_port_option
@in_port_option
@click.option(
    "--api",
    type=click.Choice([*SYSTEMS, "none"]),
    help="MIDI system; none makes no ports. [default: auto]",
)
@configured()
@click.option(
    "--player", type=FILE, metavar="FILE.mid", help="Play this file to the model, in real time."
)
@click.option(
    "--record",
    type=NEW_FILE,
    metavar="FILE.mid",
    help="Keep both sides, on two tracks; written when it ends. One that is there stays: the next is FILE-2.mid.",
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
    "--surface",
    "surfaces",
    multiple=True,
    metavar="NAME|FILE",
    help="A control surface with its lights: launchpad, nanokontrol2, midimix, or a map of your own; as often as you "
    "like.",
)
@click.option(
    "--sound/--no-sound",
    "sound",
    default=None,
    help="Be heard by livegen's own instruments, without a DAW, or not. [default: --no-sound]",
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
      livegen serve --mode accompany --surface launchpad
      livegen serve --api none --player call.mid --record both.mid --until-player-ends
      livegen serve --sound
    """
    if until_player_ends and not player:
        raise ConfigError("--until-player-ends: there is no player; name a file with --player")
    from livegen import app

    origin = origin_of(options)
    return app.serve(
        origin.load(),
        player=player,
        record=record,
        until_player_ends=until_player_ends,
        stats=stats or "",
        origin=origin,
    )


@click.command()
@click.argument("calls", nargs=-1, required=True, type=FILE, metavar="CALL.mid [MORE.mid]...")
@click.option(
    "--out",
    required=True,
    type=NEW_PATH,
    metavar="FILE|DIR",
    help="Where to write; several calls need a folder.",
)
@click.option(
    "--score",
    "scores",
    multiple=True,
    type=NEW_FILE,
    metavar="FILE",
    help="Also write what both play as notation: FILE.musicxml, .pdf or .svg; as often as you like.",
)
@click.option(
    "--audio",
    type=NEW_FILE,
    metavar="FILE.wav",
    help="Also write what both play as sound, the call on the left.",
)
@force_option
@configured("sync")  # a file has its own time
def generate(
    calls: tuple[Path, ...],
    out: Path,
    scores: tuple[Path, ...],
    audio: Path | None,
    replaces: bool,
    **options: Any,
) -> None:
    """Answer MIDI files, at once and without ports.

    Runs the engine of `serve` on virtual time: the call is played to it as it stands in the file, and what
    both play is written to a file with the tracks Player and Model.  Several calls are answered each by
    itself, into files of the same names in the folder.  A response that would go on for ever, as in the modes
    continue and solo, gets as many bars as the call, or --bars.

    \b
    Examples:
      livegen generate call.mid --out both.mid
      livegen generate calls/*.mid --out answers/ --mode continue --bars 8 --seed 7
      livegen generate call.mid --out both.mid --score both.pdf --audio both.wav
    """
    from livegen import app

    for written in app.generate(calls, out, config_of(options), replaces, scores, audio):
        click.echo(written)


@click.command()
@click.argument("journal", type=FILE, metavar="JOURNAL")
@click.option(
    "--out", type=NEW_FILE, metavar="FILE.mid", help="Also write the session as it was played."
)
@force_option
@click.option(
    "--model",
    metavar="NAME|PATH",
    help="What answers. [default: the model file that the journal names]",
)
def replay(journal: Path, out: Path | None, replaces: bool, model: str | None) -> int:
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

    return 0 if app.replay(journal, out, model, replaces) else 1
