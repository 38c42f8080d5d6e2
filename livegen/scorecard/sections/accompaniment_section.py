"""Going along with a melody alone; who else does: random triads, a harmoniser that knows keys, and people."""

from collections.abc import Callable, Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt

from livegen.music.chords.chord import Chord
from livegen.music.note import Note
from livegen.scorecard import accompaniment, estimates
from livegen.scorecard.band import Band, go_along, harmony
from livegen.scorecard.card import HARMONISER, PEOPLE, RANDOM, WRITTEN, Card
from livegen.scorecard.held_out_calls import Lead, LeadCall
from livegen.scorecard.notes import SIXTEENTHS, key_of
from livegen.scorecard.sections import coupling_section, modulation_section, streaming_section

LATE_IN = 0.9  # of a beat: there its chord is asked for
Notes = Sequence[Note]
Frames = Sequence[accompaniment.Frame]

# Figures of the frames in which the melody sounds, and of the notes that are played beside it.
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
    """Measure how melody and accompaniment fit, whoever accompanies."""
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
    _harmonic_rhythm(card, band, some, beside)
    coupling_section.measure(card, band, calls, beside)
    streaming_section.measure(card, band, calls, beside)
    modulation_section.measure(card, band, some, beside)


def _harmonic_rhythm(
    card: Card, band: Band, some: Sequence[Lead], beside: dict[str, list[Notes]]
) -> None:
    """Changes of the chord that is heard at the end of each beat, and how long chords last beside those written."""
    written = [
        accompaniment.spans(
            [
                accompaniment.chord_at(lead.chords, beat + LATE_IN)
                for beat in range(round(lead.call.beats))
            ]
        )
        for lead in some
    ]
    lasting = {
        name: [
            accompaniment.spans(_by_beat(lead.call, notes))
            for lead, notes in zip(some, rows, strict=True)
        ]
        for name, rows in beside.items()
    } | {WRITTEN: written}
    columns = {
        name: estimates.mean(
            [max(0, len(row) - 1) / lead.call.bars for lead, row in zip(some, rows, strict=True)],
            band.seed,
        )
        for name, rows in lasting.items()
    }
    card.add("accompaniment", "changes", "changes of the chord heard, a bar", "people", columns)

    def shared(rows: Sequence[list[int]]) -> estimates.Estimate | None:
        def of(drawn: npt.NDArray[np.int64]) -> float:
            return accompaniment.alike(
                [span for at in drawn for span in rows[at]],
                [span for at in drawn for span in written[at]],
            )

        return estimates.resampled(len(rows), of, band.seed)

    columns = {name: shared(rows) for name, rows in lasting.items() if name != WRITTEN}
    says = "how long chords last: overlap with those written"
    card.add("accompaniment", "harmonic_rhythm", says, "people", columns)


def _by_beat(call: LeadCall, notes: Notes) -> list[Chord | None]:
    heard = accompaniment.heard_chords(notes, call.tempo_us, round(call.beats * SIXTEENTHS))
    return heard[SIXTEENTHS - 1 :: SIXTEENTHS]


def _flat(by_beat: Sequence[Sequence[accompaniment.Frame]]) -> list[accompaniment.Frame]:
    return [frame for some in by_beat for frame in some]
