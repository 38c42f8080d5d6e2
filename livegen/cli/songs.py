"""The command song: what was played in a session, its best takes, its form and chords, for a DAW."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livegen.cli.options import FILE, NEW_FILE, NEW_FOLDER, force_option, json_option

if TYPE_CHECKING:
    from livegen.song import Song, Take

_SHOWN = 8  # takes for people


@click.command("song")
@click.argument("source", type=FILE, metavar="JOURNAL|FILE.mid")
@click.option(
    "--out",
    type=NEW_FILE,
    metavar="FILE.mid",
    help="Write it as a MIDI file: a track for each part, the tempo map, and the chords as markers.",
)
@click.option(
    "--score",
    "scores",
    multiple=True,
    type=NEW_FILE,
    metavar="FILE",
    help="Write it as a score: FILE.musicxml, .pdf or .svg; can be given several times.",
)
@click.option(
    "--chart",
    type=NEW_FILE,
    metavar="FILE.txt",
    help="Write the lead sheet as a chart, which livegen plays.",
)
@click.option(
    "--reaper",
    type=NEW_FILE,
    metavar="FILE.rpp",
    help="Write it as a Reaper project, with the takes as regions and the chords as markers.",
)
@click.option(
    "--stems",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Write each part as sound into this folder, all equally long.",
)
@click.option(
    "--best",
    "most",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Only the best N takes, in the order in which they were played. [default: all that was played]",
)
@click.option(
    "--model",
    metavar="NAME|PATH",
    help="Model that says what is surprising. [default: default]",
)
@force_option
@json_option
def song(
    source: Path,
    out: Path | None,
    scores: tuple[Path, ...],
    chart: Path | None,
    reaper: Path | None,
    stems: Path | None,
    most: int | None,
    model: str | None,
    replaces: bool,
    as_json: bool,
) -> int:
    """Find the best takes of a session, for your DAW.

    Reads the journal of a session, or a MIDI file, and says its form and its chords too.  A take is a call with its
    answer, or rounds of the form, eight bars at least, where both play on.  First come those of which an answer was
    kept, then those whose answer goes best with its call, by the critic; of others the more surprising.

    \b
    Exit status: 0  found    1  nothing was played    2  a mistake to mend; the line says which

    \b
    Examples:
      livegen song session.jsonl
      livegen song session.jsonl --out song.mid --score song.musicxml --chart song.txt
      livegen song jam.mid --best 3 --reaper song.rpp --stems stems/
    """
    from livegen import app

    files = app.SongFiles(out, scores, chart, reaper, stems)
    found = app.song(source, files, model, most, replaces)
    if found is None:
        click.echo("nothing was played", err=True)
        return 1
    made, written = found
    paths = list(written)
    if as_json:
        click.echo(json.dumps(_told(made, paths)))
    else:
        click.echo("\n".join([*_lines(made), *map(str, paths)]))
    return 0


def _told(made: "Song", paths: list[Path]) -> dict[str, Any]:
    from livegen.music.charts import write_text

    return {
        "bars": len(made.bars),
        "key": made.key.name if made.key else None,
        "form": {"bars": len(made.sheet.bars), "rounds": made.rounds, "from": made.form_from + 1},
        "chart": write_text(made.sheet),
        "takes": [take._asdict() | {"first": take.first + 1} for take in made.takes],
        "files": [str(path) for path in paths],
    }


def _lines(made: "Song") -> Iterator[str]:
    from livegen.cli.charting import chart_lines

    if made.rounds:
        form = f"form: {len(made.sheet.bars)} bars, {made.rounds} rounds, the first from bar {made.form_from + 1} on"
        yield form.replace("1 rounds", "1 round")
    else:
        yield f"no form was found; {len(made.bars)} bars"
    if any(symbol.chord for symbol in made.chords):
        yield from chart_lines(made.sheet)
    else:
        yield "no chords were heard"
    yield "\ntakes, the best first:"
    for number, take in enumerate(made.takes[:_SHOWN], 1):
        yield f"{number:3}  {_line(take)}"
    if len(made.takes) > _SHOWN:
        yield f"     and {len(made.takes) - _SHOWN} more (--json has them all)"


def _line(take: "Take") -> str:
    bars = (
        f"bar {take.last}"
        if take.last == take.first + 1
        else f"bars {take.first + 1} to {take.last}"
    )
    facts = [
        f"{bars:<16}",
        "kept" if take.kept else "    ",
        "" if take.surprise is None else f"{take.surprise:.2f} nats a note",
        "" if take.coherence is None else f"answer {take.coherence:+.2f} beside others",
    ]
    return "  ".join(fact for fact in facts if fact)
