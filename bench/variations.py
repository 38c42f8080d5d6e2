"""Measures that each variation of the band is more than the one before: onsets a bar and velocities, by part and style.

    python -m bench.variations [--seeds N] [--style NAME]...

The band goes along with the same melody in half notes over I vi ii V at 120, four bars after it came in; strikes of a
comp that lie within a thirty-second are one.  The output is a table for docs/log.
"""

from statistics import mean

import click

from livegen import shipped
from livegen.inference.contract import Model
from livegen.inference.model import load
from livegen.jam.band.variations import VARIATIONS
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine
from livegen.jam.timing.agenda import ROUTES
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, DRUMS, PARTS
from livegen.testing import SECOND, Rehearsal

BEAT = SECOND // 2
BAR = 4 * BEAT
TOGETHER = BEAT // 8
FIRST, LAST = 4, 8  # bars
CHART = "metre: 4/4\n\n| C | Am | Dm | G7 |\n"
STYLES = ("any", "band_pop", "jazz_swing")


def played(model: Model, style: str, variation: str, seed: int) -> Rehearsal:
    """The band beside the melody."""
    given = settings(
        {
            "mode": "accompany",
            "sync": "internal",
            "tempo": 120,
            "chart": CHART,
            "style": style,
            "variation": variation,
        }
    )
    jam = Rehearsal(Engine(model, seed=seed, settings=given))
    for at in range(0, LAST * BAR, 2 * BEAT):
        jam.play(at, NoteOn(76 + at // BEAT % 3, 80))
        jam.play(at + BEAT, NoteOff(76 + at // BEAT % 3))
    return jam


def figures(jam: Rehearsal, part: int) -> tuple[float, float]:
    """Onsets a bar, and the mean velocity, of a part."""
    notes = [
        (at, message)
        for at, message in jam.sent
        if isinstance(message, NoteOn)
        and message.channel == ROUTES[part].channel
        and FIRST * BAR <= at < LAST * BAR
    ]
    onsets = len(notes) if part == DRUMS else len({round(at / TOGETHER) for at, _ in notes})
    return onsets / (LAST - FIRST), mean(note.velocity for _, note in notes) if notes else 0.0


@click.command()
@click.option("--seeds", default=3, show_default=True)
@click.option("--style", "styles", multiple=True, default=STYLES, show_default=True)
def main(seeds: int, styles: tuple[str, ...]) -> None:
    """Print the table."""
    model = load(shipped.model("default"))
    parts = (COMP, BASS, DRUMS)
    print(f"| style, variation | {' | '.join(PARTS[part] for part in parts)} |")
    print("|---|---|---|---|")
    for style in styles:
        for variation in VARIATIONS:
            jams = [played(model, style, variation, seed) for seed in range(1, seeds + 1)]
            cells = []
            for part in parts:
                onsets, velocities = zip(*(figures(jam, part) for jam in jams), strict=True)
                cells.append(f"{mean(onsets):.1f}, {mean(velocities):.0f}")
            print(f"| {style}, {variation} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
