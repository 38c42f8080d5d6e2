"""Going along with a melody alone; who else does: random triads, a harmoniser that knows keys, and people."""

from collections.abc import Callable, Sequence
from itertools import repeat

import numpy as np

from livegen.scorecard import accompaniment, estimates
from livegen.scorecard.band import Band, go_along, harmony
from livegen.scorecard.calls import Lead
from livegen.scorecard.card import HARMONISER, PEOPLE, RANDOM, WRITTEN, Card
from livegen.scorecard.notes import Note, key_of
from livegen.scorecard.sections import modulation

Notes = Sequence[Note]
Frames = Sequence[accompaniment.Frame]

# What is measured of the frames in which the melody sounds, and of the notes that are played beside it.
FITS: dict[str, tuple[str, Callable[[Frames], float | None]]] = {
    "note_in_chord": (
        "note in chord: frames of melody that are tones of the chord heard",
        accompaniment.note_in_chord,
    ),
    "consonance": ("pitch consonance of melody and chord (PCS)", accompaniment.consonance),
    "tonal_distance": (
        "tonal distance of melody and chord (MCTD), less is nearer",
        accompaniment.tonal_distance,
    ),
}
PLAYS: dict[str, tuple[str, Callable[[Lead, Notes], float | None]]] = {
    "in_written_chord": (
        "notes played that are tones of the chord written there",
        lambda lead, notes: accompaniment.notes_in_chord(notes, lead.chords),
    ),
    "in_key": (
        "notes played that are in the melody's key",
        lambda lead, notes: accompaniment.share_in(notes, key_of(lead.call.notes)),
    ),
    "onsets": ("notes played per beat", lambda lead, notes: len(notes) / lead.call.beats),
}


def measure(card: Card, band: Band, some: Sequence[Lead]) -> None:
    """How melody and accompaniment fit, whoever accompanies."""
    calls = [lead.call for lead in some]
    chance = np.random.default_rng(band.seed)
    beside: dict[str, list[Notes]] = {
        RANDOM: [accompaniment.random_triads(call, chance) for call in calls],
        HARMONISER: [accompaniment.harmonised(call) for call in calls],
    }
    for which, name in reversed(list(enumerate(band.who))):
        heard = band.map(
            f"going along, {name}", go_along, repeat(which), calls, range(len(calls)), chunk=1
        )
        beside[name] = [harmony(one) for one in heard]
    beside[PEOPLE] = [lead.people for lead in some]
    frames = {
        name: [
            _flat(accompaniment.frames(call.notes, notes, call))
            for call, notes in zip(calls, rows, strict=True)
        ]
        for name, rows in beside.items()
    }
    frames[WRITTEN] = [
        _flat(accompaniment.written_frames(lead.call.notes, lead.chords, lead.call))
        for lead in some
    ]
    for what, (says, of_frames) in FITS.items():
        columns = {
            name: estimates.mean([of_frames(row) for row in rows], band.seed)
            for name, rows in frames.items()
        }
        card.add("accompaniment", what, says, "people", columns)
    for what, (says, of_notes) in PLAYS.items():
        columns = {
            name: estimates.mean(
                [of_notes(lead, notes) for lead, notes in zip(some, rows, strict=True)], band.seed
            )
            for name, rows in beside.items()
        }
        card.add("accompaniment", what, says, "people", columns)
    modulation.measure(card, band, some, beside)


def _flat(by_beat: Sequence[Sequence[accompaniment.Frame]]) -> list[accompaniment.Frame]:
    return [frame for some in by_beat for frame in some]
