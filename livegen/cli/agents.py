"""The command mcp: livegen as a tool of agents that edit clips."""

from pathlib import Path

import click

from livegen.cli.options import FOLDER


@click.command("mcp")
@click.option(
    "--folder",
    "folders",
    type=FOLDER,
    multiple=True,
    default=(".",),
    metavar="DIR",
    help="Folder in which the agent may read and write files; can be given several times. [default: this one]",
)
def mcp(folders: tuple[Path, ...]) -> None:
    """Let an agent continue, accompany and vary clips.

    An agent that speaks the Model Context Protocol starts this command itself and speaks to it over its standard
    streams; there is no port.  It reads and writes MIDI files in the folders that you name, and writes over none
    unless it asks for that.

    \b
    Examples:
      livegen mcp --folder ~/clips
    """
    from livegen import app

    app.serve_agents(folders)
