"""A band behind a player with chords in the left hand, in the second round, and how many chords it plays."""

from collections.abc import Sequence
from itertools import repeat
from statistics import fmean

from livegen.scorecard import estimates
from livegen.scorecard.backing import diversity
from livegen.scorecard.band import Band, back, harmony
from livegen.scorecard.calls import Lead
from livegen.scorecard.card import PEOPLE, Card

# What is shown of each piece, and what it says.
SHOWN = {
    "root_at_change": "the bass has the root within a quarter of a beat of a change",
    "root_with_chord": "the bass has the root with the chord, not after it",
    "strong_in_chord": "notes of the bass on strong beats that are tones of the chord",
    "comp_in_chord": "notes of the comp that are tones of the chord",
}


def measure(card: Card, band: Band, some: Sequence[Lead]) -> None:
    """The band at the changes when eight bars come back, and the diversity of its chords."""
    calls, chords = [lead.call for lead in some], [lead.chords for lead in some]
    heard = {
        name: band.map(
            f"backing, {name}", back, repeat(which), calls, chords, range(len(calls)), chunk=1
        )
        for which, name in enumerate(band.who)
    }
    for what, says in SHOWN.items():
        columns = {
            name: estimates.mean(
                [fmean(found[what]) if found[what] else None for _, found in rows], band.seed
            )
            for name, rows in heard.items()
        }
        card.add("backing", what, says, "more", columns)
    kinds = {
        name: [diversity(harmony(one), one.call.beats) for one, _ in rows]
        for name, rows in heard.items()
    }
    kinds[PEOPLE] = [diversity(lead.people, lead.call.beats) for lead in some]
    columns = {name: estimates.mean(rows, band.seed) for name, rows in kinds.items()}
    card.add(
        "backing", "diversity", "different chords in eight bars (Vendi score)", "people", columns
    )
