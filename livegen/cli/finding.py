"""The command find: where a phrase was played before."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from livegen.cli.options import FILE, FOLDER, json_option

if TYPE_CHECKING:
    from livegen.control.library.finds import Find


@click.command("find")
@click.argument("file", type=FILE, metavar="FILE.mid")
@click.argument("folder", required=False, type=FOLDER, metavar="[FOLDER]")
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    metavar="N",
    help="Show at most this many places.",
)
@json_option
def find(file: Path, folder: Path | None, most: int, as_json: bool) -> int:
    """Say where the phrase in FILE.mid was played before.

    Takes the first 64 notes of the first track of FILE.mid, and looks for them, in any key and at any tempo, in FOLDER
    and the folders below it, or in your recordings and sessions.  The next time, only files that are new or have
    changed are read.

    \b
    Exit status: 0  found    1  nothing similar    2  a mistake to mend; the line says which

    \b
    Examples:
      livegen find phrase.mid
      livegen find phrase.mid ~/midi --most 20
    """
    from livegen.control.library.finds import FindError, Shelves, phrase_of, place_of
    from livegen.daemon.recording.recordings import default_folder

    looked_in = (folder or default_folder()).resolve()
    phrase = phrase_of(file)
    try:
        kept = place_of(looked_in)
        shelves = Shelves(looked_in, kept, lambda line: click.echo(line, err=True))
        shelves.look()
        if not shelves.files:
            raise FindError(f"{looked_in} holds no MIDI file and no session")
    except FindError as error:
        raise FindError(f"{error}; name a folder with MIDI files") from None
    found = shelves.like(phrase, most, but=file.resolve())
    if as_json:
        click.echo(
            json.dumps({"files": len(shelves.files), "finds": [one._asdict() for one in found]})
        )
    else:
        files = f"{len(shelves.files)} file{'s' * (len(shelves.files) != 1)}"
        click.echo("\n".join(map(_line, found)) or f"nothing similar in {files}")
    return 0 if found else 1


def _line(found: "Find") -> str:
    """A place for people: how like, when, which file, where in it, and how it was moved."""
    minutes, seconds = divmod(round(found.at), 60)
    moved = f"{abs(found.shift)} semitones {'higher' if found.shift > 0 else 'lower'}"
    facts = [
        f"{found.score:.2f} {'the same' if found.same else 'similar '}",
        f"{datetime.fromtimestamp(found.when):%Y-%m-%d %H:%M}",
        f"{found.name} at {minutes}:{seconds:02}",
        moved.replace("1 semitones", "1 semitone") if found.shift else "",
        f"{1 / found.pace:.2f} times as fast" if abs(found.pace - 1) > 0.03 else "",
        f"({found.who})" if found.who else "",
    ]
    return "  ".join(fact for fact in facts if fact)
