"""Every measurement in a process of its own, and one page for people: bench/RESULTS.md.

    python -m bench [PART]... [--data DIR]

Without a PART all are measured but those that take long.  Each part leaves its figures beside this file (PART.json,
PART.md) and can be run alone; the page is then written anew from what all of them left.  Parts that measure on music
need `--data`, the folder of unpacked sets that the shipped model was trained on, and are left out without it.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

HERE = Path(__file__).parent
PAGE = HERE / "RESULTS.md"


@dataclass(frozen=True, slots=True)
class Part:
    """A measurement: `python -m bench.NAME`, with the folder of sets where it needs music.

    `heading` is that of its Markdown on the page, "" where its figures stand in the table of speed.  A part that
    only `prints` its Markdown has it written down here.  One that takes `long` is measured only if it is named.
    `option` is what stands before the folder of sets on its command line, `more` what stands behind it.
    """

    name: str
    heading: str = ""
    needs_data: bool = False
    prints: bool = False
    long: bool = False
    option: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


PARTS = (
    Part(
        "step",
        "One event through the network: heard, and all fields of the next predicted (wanted: 0.3 ms p50, 1 ms p99)",
    ),
    Part("jam"),
    Part("feeds", "The engine's calls, with a band and without"),
    Part("training"),
    Part("clock", "Following MIDI clock"),
    Part("control", "Controls do what they say", needs_data=True),
    Part("turns", "Taking turns", needs_data=True),
    Part("accompany", "Going along", needs_data=True),
    Part("playing", "Playing, as a bandmate hears it"),
    Part("session", "Ten minutes with a person who slips"),
    Part("styles", "Styles, told apart by a listener", needs_data=True),
    Part("comps", "How people comp", needs_data=True),
    Part("style_mix", "Two styles mixed, as a listener names them", needs_data=True),
    Part("generator", "Phrases moved to a style, and new ones", needs_data=True),
    Part(
        "words",
        "Wishes in words: how many of those asked for are set, and how much that is set is unasked",
    ),
    Part(
        "words_encoder",
        "Wishes in words, where an encoder takes what the table lacks for the nearest",
        long=True,
    ),
    Part("page", "The music with pages looking on"),
    Part("studio", "A studio of many jams"),
    Part("plugin", "Plug-ins of a DAW", long=True),
    Part("listening_in", "Notes heard in audio", long=True),
    Part("scale", "Many jams, by simulation"),
    Part("studio_load", "A studio with sixty players, for ten minutes"),
    Part("busy", "From outside, beside an echo, on a busy machine"),
    Part("soak", "A night", long=True, more=("--real",)),
    Part("switched_on", "The music with all switched on, and off"),
    Part("daw", "A real DAW as clock master and recorder"),
    Part("foresight", "The chords to come", needs_data=True),
    Part("following", "The place on a chart", needs_data=True),
    Part("harmony", "Keys and chords as they are heard", needs_data=True, prints=True),
    Part("laid", "Chords of four tones under three hands", needs_data=True, prints=True),
    Part("tone", "The key", needs_data=True),
    Part("implied", "The chords that a melody implies", needs_data=True),
    Part("beats", "Beat and bar lines in free time", needs_data=True),
    Part("phrases", "The ends of phrases", needs_data=True, prints=True),
    Part("memory", "The memory of a session", needs_data=True),
    Part("evenings", "A memory that is kept until the next evening", needs_data=True),
    Part("learns", "Whether the network should learn in the set", needs_data=True, long=True),
    Part("why", "Why a note was played", needs_data=True),
    Part("critic", "Who chooses among the answers", needs_data=True, long=True),
    Part("varied", "Variations of phrases", needs_data=True),
    Part("finds", "Finding a phrase again", needs_data=True),
    Part("song", "A session as a song", needs_data=True),
    Part("notation", "What was played, written down", needs_data=True, option=("--data",)),
    Part("lyrics", "Words as they are sung"),
    Part("drummer", "Drums that fit to a rhythm", needs_data=True),
    Part("rhythm", "The rhythm section over many choruses", needs_data=True),
    Part("variations", "The variations of the band", prints=True, long=True),
    Part("sentences", "A line that goes on and on", needs_data=True, long=True),
    Part("sound", "How soon it is heard without a DAW"),
    Part("page_sound", "The page's own sound", long=True),
    Part("ring", "A state that only grows", prints=True, long=True),
    Part(
        "kinds",
        "Kinds of network beside each other",
        needs_data=True,
        long=True,
        more=("models/jam-gru", "models/jam-attention"),
    ),
    Part("quality", "How long training takes to a quality", needs_data=True, long=True),
    Part(
        "polyphony",
        "Against the published record",
        needs_data=True,
        long=True,
        option=("--data",),
    ),
)
NAMES = [part.name for part in PARTS]


# --- the table of speed -------------------------------------------------------------------------------------------


def spread(figures: dict[str, Any], scale: float = 1000.0, unit: str = "ms") -> str:
    """p50 / p99 / max, micros shown in another unit."""
    if "p50_us" not in figures:
        return "none"
    shown = " / ".join(f"{figures[f'{name}_us'] / scale:.2f}" for name in ("p50", "p99", "max"))
    return f"{shown} {unit} (n = {figures['count']})"


def lines(jam: dict[str, Any], training: dict[str, Any]) -> list[str]:
    """The rows: what, the figure, what was wanted, the load."""
    session, replies = jam["jam"], jam["immediate"]
    companions, clocks = jam["harmonise"], jam["clock_out"]
    first = [
        (
            "note stamped by the port process → state updated",
            spread(session["stamp_to_state"]),
            "step + 1 ms at p99",
            session,
        ),
        (
            "last key released → reply due at once has left",
            spread(replies["release_to_reply"]),
            "2 ms at p99",
            replies,
        ),
        (
            "harmonise: key pressed → first companion has left",
            spread(companions["to_first"]),
            "2 ms at p99",
            companions,
        ),
        (
            "harmonise: key pressed → all companions have left",
            spread(companions["to_last"]),
            "",
            companions,
        ),
        (
            "sixteenths at 180 bpm: sent against due",
            spread(jam["sequencer"]["lateness"]),
            "1 ms at p99",
            jam["sequencer"],
        ),
        (
            "the model's own notes in a jam: sent against due",
            spread(session["lateness"]),
            "1 ms at p99",
            session,
        ),
        (
            f"MIDI clock out at {clocks['bpm']} bpm in a jam: sent against due",
            spread(clocks["lateness"]),
            "1 ms at p99",
            clocks,
        ),
        (
            "the same: from clock to clock against a 24th of a beat",
            spread(clocks["uneven"]),
            "",
            clocks,
        ),
        (
            "command → `ready`",
            f"{jam['starts']['p50_s']} s, max {jam['starts']['max_s']} s (n = {jam['starts']['n']})",
            "1.5 s",
            jam["starts"],
        ),
        ("resident memory, all processes", f"{session['resident_mb']} MB", "200 MB", session),
        (
            "processor while jamming over JACK",
            f"{session['cpu_jamming']:.1%} of a core",
            "15 %",
            session,
        ),
        (
            "processor when nobody plays",
            f"{session['cpu_idle']:.1%} of a core",
            "2 %",
            session,
        ),
        (
            "training",
            f"{training['events_per_second']:,} events/s on {training['device']}, {training['threads']} thread",
            "",
            training,
        ),
        (
            "training outside the network's arithmetic",
            f"{training['share_outside_the_network']:.1%}",
            "",
            training,
        ),
    ]
    return [
        f"| {what} | {figure} | {wanted} | {row['load']} |" for what, figure, wanted, row in first
    ]


# --- the page -----------------------------------------------------------------------------------------------------


def page() -> str:
    """All that the parts left, as Markdown."""
    jam, training = (
        json.loads((HERE / f"{name}.json").read_text()) for name in ("jam", "training")
    )
    table = [
        "# What was measured by `make bench`",
        "",
        "Each part alone: `python -m bench PART`; those on music need `--data DIR`.",
        "",
        "## Speed",
        "",
        "p50 / p99 / max; load is the one-minute average of a machine with two shared cores.",
        "",
        "| what | measured | wanted | load |",
        "|---|---|---|---|",
        *lines(jam, training),
    ]
    for part in PARTS:
        file = HERE / f"{part.name}.md"
        if part.heading and file.exists():
            table += ["", f"## {part.heading}", "", file.read_text().rstrip()]
    return "\n".join(table) + "\n"


def measure(part: Part, data: Path | None) -> None:
    """Run a part.  Raises ClickException when it fails."""
    where = [*part.option, str(data)] if part.needs_data else []
    command = [sys.executable, "-m", f"bench.{part.name}", *where, *part.more]
    ran = subprocess.run(command, stdout=subprocess.PIPE if part.prints else None, text=True)
    if ran.returncode:
        raise click.ClickException(f"{part.name} failed; {PAGE.name} is as it was")
    if part.prints:
        (HERE / f"{part.name}.md").write_text(ran.stdout)
        click.echo(ran.stdout, nl=False)


@click.command()
@click.argument("names", nargs=-1, metavar="[PART]...", type=click.Choice(NAMES))
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of unpacked sets, for parts that measure on music.",
)
def main(names: Sequence[str], data: Path | None) -> None:
    """Measure PART, or all, and write bench/RESULTS.md.

    Some parts take long, such as polyphony, which trains networks for an hour or two: they are measured only if they
    are named.
    """
    wanted = [part for part in PARTS if part.name in names or not (names or part.long)]
    lacking = [part.name for part in wanted if part.needs_data and data is None]
    if lacking and names:
        raise click.UsageError(
            f"{', '.join(lacking)}: measured on music; give its folder, --data DIR"
        )
    for part in wanted:
        if part.name not in lacking:
            measure(part, data)
    PAGE.write_text(page())
    click.echo(PAGE.read_text(), nl=False)
    if lacking:
        click.echo(
            f"Not measured for want of --data DIR: {', '.join(lacking)}; their figures are of an earlier run.",
            err=True,
        )


if __name__ == "__main__":
    main()
