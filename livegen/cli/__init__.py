"""The command line: words in, one call into `app` or `training`, an exit status out.

Every command imports what it runs when it runs: `serve` must start at once, and its process must never hold
numpy or a network.  Knows no music.
"""

import os
import re
import sys
from collections.abc import Sequence

import click
from click.exceptions import NoArgsIsHelpError

from livegen import __version__
from livegen.cli import (
    agents,
    charting,
    finding,
    learning,
    listening,
    opening,
    serving,
    setting_up,
    songs,
)
from livegen.cli.options import INTERRUPTED, MISTAKE, OURS
from livegen.errors import LivegenError


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


for command in (
    serving.serve,
    serving.studio,
    serving.join,
    serving.plugin,
    serving.generate,
    serving.replay,
    serving.recover,
    songs.song,
    opening.open_page,
    agents.mcp,
    charting.chart,
    finding.find,
    setting_up.ports,
    setting_up.doctor,
    setting_up.calibrate,
    setting_up.panic_command,
    learning.evaluate,
    learning.scorecard,
    listening.listen_test,
    learning.train,
):
    cli.add_command(command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit status; never raises, never prints a traceback unasked."""
    try:
        result = cli.main(arguments, prog_name="livegen", standalone_mode=False)
    except NoArgsIsHelpError as error:  # whoever types the name alone asks what there is
        click.echo(error.format_message())
        return 0
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
        click.echo(
            f"livegen: a fault in livegen: {name}: {error} (LIVEGEN_DEBUG=1 shows where)", err=True
        )
        return OURS
    return result if isinstance(result, int) else 0


def _in_a_line(error: click.ClickException) -> str:
    """Put the four lines of click's message into one, and say where to look."""
    said = " ".join(line.strip() for line in error.format_message().splitlines())
    said = re.sub("a valid integer( range)?", "a whole number", said)
    context = getattr(error, "ctx", None)
    return said if context is None else f"{said} (see `{context.command_path} --help`)"


def main() -> None:
    """Entry point of the command `livegen`."""
    open_standard_streams()
    sys.exit(run())


def open_standard_streams() -> None:
    """Let streams that were closed before the start (`2>&-`) lead nowhere.

    Their numbers would soon be those of sockets, and what a library says on descriptor 2 would go there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 (until the end)
