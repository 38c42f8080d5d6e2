"""A band behind a player with chords in the left hand, when they come back; its drums, and how many chords it plays."""

from collections.abc import Sequence
from itertools import repeat
from statistics import fmean

from livegen.jam.timing.agenda import ROUTES
from livegen.music.parts import DRUMS
from livegen.scorecard import drumming, estimates
from livegen.scorecard.backing import diversity, guessed, inside
from livegen.scorecard.band import LEAD_BARS, ROUNDS, Band, back, harmony
from livegen.scorecard.card import PEOPLE, RANDOM, UNIGRAM, WRITTEN, Card
from livegen.scorecard.estimates import Estimate
from livegen.scorecard.held_out_calls import HeldOut, Lead
from livegen.scorecard.playing import PlayedCall

# The figures that are shown of each piece, and what each says.
SHOWN = {
    "root_at_change": "the bass has the root within a quarter of a beat of a change",
    "root_with_chord": "the bass has the root with the chord, not after it",
    "strong_in_chord": "notes of the bass on strong beats that are tones of the chord",
    "comp_in_chord": "notes of the comp that are tones of the chord",
}
FORESEEN = "chords that were expected a beat ahead"
DRUMMED = {
    "kick_on_one": ("drums: bars with the kick on one", "people"),
    "backbeat": ("drums: bars with a snare on two and on four", "people"),
    "hits": ("drums: hits a bar", "people"),
    "impossible": ("drums: moments that need more than two hands or two feet", "less"),
}
FOUR = "4/4"


def measure(card: Card, band: Band, some: Sequence[Lead], pieces: Sequence[HeldOut]) -> None:
    """The band at the changes when eight bars come back, what it foresees, its drums, and its chords' diversity.

    People's drums are those of all `pieces` that have any.
    """
    calls, chords = [lead.call for lead in some], [lead.chords for lead in some]
    heard = {
        name: band.map(
            f"backing, {name}", back, repeat(which), calls, chords, range(len(calls)), chunk=1
        )
        for which, name in enumerate(band.who)
    }
    for what, says in SHOWN.items():
        columns = {
            name: _mean(band, [found[what] for _, found in rows]) for name, rows in heard.items()
        }
        card.add("backing", what, says, "more", columns)
    _foreseen(
        card,
        band,
        some,
        {name: [found["foreseen"] for _, found in rows] for name, rows in heard.items()},
    )
    kinds = {
        name: [diversity(harmony(one), LEAD_BARS * one.call.bar) for one, _ in rows]
        for name, rows in heard.items()
    }
    kinds[PEOPLE] = [diversity(lead.people, lead.call.beats) for lead in some]
    columns = {name: estimates.mean(rows, band.seed) for name, rows in kinds.items()}
    card.add(
        "backing", "diversity", "different chords in eight bars (Vendi score)", "people", columns
    )
    _drums(card, band, pieces, {name: [one for one, _ in rows] for name, rows in heard.items()})


def _mean(band: Band, rows: Sequence[Sequence[float]]) -> Estimate | None:
    """The mean over pieces of what is known of each."""
    return estimates.mean([fmean(row) if row else None for row in rows], band.seed)


def _foreseen(
    card: Card, band: Band, some: Sequence[Lead], rows: dict[str, list[list[float]]]
) -> None:
    """Beside who guesses by how long each chord sounds; whoever has the chart knows them all."""
    guesses = [guessed(inside(lead.call, lead.chords), lead.call.beats) for lead in some]
    columns = {
        RANDOM: _mean(band, [by_chance for by_chance, _ in guesses]),
        UNIGRAM: _mean(band, [by_length for _, by_length in guesses]),
        **{name: _mean(band, found) for name, found in reversed(rows.items())},
        WRITTEN: _mean(band, [[1.0] * len(by_chance) for by_chance, _ in guesses]),
    }
    card.add("backing", "foreseen", FORESEEN, "more", columns)


def _drums(
    card: Card, band: Band, pieces: Sequence[HeldOut], heard: dict[str, list[PlayedCall]]
) -> None:
    """The drums of the band in 4/4, beside those of people."""
    bars = LEAD_BARS * (ROUNDS - 1)
    found = {
        name: [
            drumming.figures(
                [
                    note
                    for note in one.notes
                    if note.channel == ROUTES[DRUMS].channel and note.onset >= 0
                ],
                bars,
            )
            for one in some
            if one.call.metre == FOUR
        ]
        for name, some in heard.items()
    }
    found[PEOPLE] = band.map("people's drums", drumming.of_people, pieces, repeat(bars))
    for what, (says, better) in DRUMMED.items():
        columns = {
            name: estimates.mean([None if row is None else row[what] for row in rows], band.seed)
            for name, rows in found.items()
        }
        card.add("backing", what, says, better, columns)
