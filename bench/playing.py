"""The playing of livegen as a bandmate hears it: entries, endings, figures of the call, over calls of thirty feels.

    python -m bench.playing [--way WAY]... [--every N] [--model FILE] [--by-feel]

Every call is played at two tempi, as written and by hand, with MIDI clock and without, on virtual time.  What the words
mean stands in livegen/scorecard/musicianship.py; the calls are those of livegen/scorecard/feels.py.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

from bench.tables import keep, means
from livegen import shipped
from livegen.music.parts import DRUM_CHANNEL
from livegen.scorecard import band
from livegen.scorecard.feels import FEELS, all_calls, looped
from livegen.scorecard.musicianship import PARTNERS, Figures, beat, figures

MODEL, LEARNER = range(2)  # who answers: a network, or the model that knows only the player
WAYS: dict[str, tuple[int, dict[str, object], bool]] = {
    "respond": (MODEL, {}, True),
    "respond, free time": (MODEL, {}, False),
    "trade": (MODEL, {"mode": "trade", "trade": 1}, True),
    "respond, learner": (LEARNER, {}, True),
    "respond, learner, free time": (LEARNER, {}, False),
}
SHOWN = (
    "answered", "cut", "on_next_bar", "on_a_bar", "exactly", "wait", "ends_near", "ends_strong", "ends_home", "in_key",
    "joint", "rhythm", "tempo",
)  # fmt: skip
BEAT_BARS = 8  # that drums accompany
NOT_A_MELODY = ("chords", "bass line")

CALLS = all_calls()


def _trial(job: tuple[str, int]) -> tuple[str, str, Figures]:
    way, number = job
    feel, call = CALLS[number]
    if way in PARTNERS:
        return way, feel.name, figures(call, PARTNERS[way](call, random.Random(number)))
    which, values, has_clock = WAYS[way]
    if "trade" in values:  # who trades plays as many bars as were agreed on
        values = values | {"trade": call.bars}
    return way, feel.name, band.judged(which, call, has_clock, number, values)


def _beat(number: int) -> Figures:
    song = looped(CALLS[number][1], BEAT_BARS)
    heard = band.go_along(0, song, number)
    return beat([note for note in heard.notes if note.channel == DRUM_CHANNEL], BEAT_BARS)


def table(rows: dict[str, Figures], heading: str) -> str:
    """Figures as Markdown."""
    lines = [f"| {heading} | {' | '.join(name.replace('_', ' ') for name in SHOWN)} |"]
    lines.append("|" + "---|" * (len(SHOWN) + 1))
    for name, row in rows.items():
        cells = (f"{row[what]:.2f}" if what in row else "" for what in SHOWN)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def page(facts: dict[str, Figures], drums: Figures) -> str:
    """The figures with what they are."""
    return f"""{len(CALLS)} calls of {len(FEELS)} feels, each at two tempi, as written and by hand, in six metres.
What the words mean stands in livegen/scorecard/musicianship.py. Beside the model: the learner, which knows only the
call, an echo of the call, and a chain drawn from it without the engine. *Cut*: the model began before the last note of
the call. *Exactly*: within a twelfth of a beat of a bar line. *Joint*: figures of three notes that stand in the call,
with their rhythm.

{table(facts, "way")}

Drums beside a melody in 4/4, {BEAT_BARS} bars (accompany): kick on one in {drums["kick_on_one"]:.2f} of the bars,
snare on two and four in {drums["backbeat"]:.2f}; neighbouring bars share {drums["bar_identity"]:.2f} of their hits,
{drums["hits"]:.1f} a bar."""


@click.command()
@click.option("--way", "ways", multiple=True, type=click.Choice([*WAYS, *PARTNERS]))
@click.option("--every", default=1, show_default=True, help="Take one call of so many.")
@click.option("--model", "path", default=str(shipped.model("default")))
@click.option("--by-feel", is_flag=True, help="Show each feel of the first way.")
def main(ways: Sequence[str], every: int, path: str, by_feel: bool) -> None:
    """Play all calls in all ways, into playing.json and playing.md."""
    ways = ways or [*WAYS, *PARTNERS]
    jobs = [(way, at) for way in ways for at in range(0, len(CALLS), every)]
    models = [Path(path), shipped.model("learner")]
    rows: dict[str, list[tuple[str, Figures]]] = defaultdict(list)
    with ProcessPoolExecutor(2, initializer=band.open_models, initargs=(models,)) as pool:
        for way, feel, found in pool.map(_trial, jobs, chunksize=8):
            rows[way].append((feel, found))
        beats = [
            number
            for number, (feel, _) in enumerate(CALLS)
            if feel.metre == "4/4" and feel.name not in NOT_A_MELODY and number % every == 0
        ]
        drums = means(pool.map(_beat, beats, chunksize=4))
    facts = {way: means(found for _, found in rows[way]) for way in ways}
    feels = {
        way: {f.name: means(r for name, r in rows[way] if name == f.name) for f in FEELS}
        for way in ways
    }
    are_all = list(ways) == [*WAYS, *PARTNERS] and every == 1
    facts_of_all = {"ways": facts, "feels": feels, "drums": drums}
    keep("playing", facts_of_all, page(facts, drums), dry=not are_all)
    if by_feel:
        for way in ways:
            click.echo("\n" + table(feels[way], way))


if __name__ == "__main__":
    main()
