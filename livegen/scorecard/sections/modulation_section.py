"""A player who abruptly modulates: how far an accompaniment falls, and in how many beats it is back.

`deaf` is what the model plays to the melody that does not modulate: what it would be worth had it not listened.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt

from livegen.music.note import Note
from livegen.scorecard import accompaniment, estimates
from livegen.scorecard.band import Band, go_along, harmony
from livegen.scorecard.card import DEAF, HARMONISER, MODEL, PEOPLE, Card
from livegen.scorecard.held_out_calls import Lead, LeadCall
from livegen.scorecard.notes import key_of

CHANGE_BAR = 4  # of eight, where the player modulates
SHIFTS = (5, 6, 1)  # semitones, in turn
Floats = npt.NDArray[np.float64]
Notes = Sequence[Note]


def measure(card: Card, band: Band, some: Sequence[Lead], beside: dict[str, list[Notes]]) -> None:
    """Measure how melody and accompaniment fit before and after, by beat, over all leads of the commonest metre."""
    metre = Counter(lead.call.metre for lead in some).most_common(1)[0][0]
    chosen = [at for at, lead in enumerate(some) if lead.call.metre == metre]
    beside = {name: [rows[at] for at in chosen] for name, rows in beside.items()}
    some = [some[at] for at in chosen]
    shifts = [SHIFTS[at % len(SHIFTS)] for at in range(len(some))]
    calls = [lead.call for lead in some]
    at, beats = round(calls[0].bar * CHANGE_BAR), round(calls[0].beats)
    changed = [
        accompaniment.modulated(call, at, shift) for call, shift in zip(calls, shifts, strict=True)
    ]
    after: dict[str, list[Notes]] = {
        DEAF: beside[MODEL],
        HARMONISER: [accompaniment.harmonised(call) for call in changed],
    }
    for which, name in reversed(list(enumerate(band.who))):
        heard = band.map(
            f"modulating, {name}", go_along, repeat(which), changed, range(len(calls)), chunk=1
        )
        after[name] = [harmony(one) for one in heard]
    after[PEOPLE] = [
        [
            n._replace(pitch=n.pitch + shift) if n.onset >= at - accompaniment.EXACT else n
            for n in notes
        ]
        for notes, shift in zip(beside[PEOPLE], shifts, strict=True)
    ]
    for what, (says, hits_of) in HITS.items():
        hits = {
            who: np.array(
                [hits_of(*row, at) for row in zip(changed, rows, some, shifts, strict=True)]
            )
            for who, rows in after.items()
        }
        card.curves[f"modulation_{what}"] = {who: _curve(rows) for who, rows in hits.items()}
        for name, label in LABELS.items():
            columns = {
                who: estimates.resampled(len(rows), _over(name, rows, at), band.seed, times=500)
                for who, rows in hits.items()
            }
            better = "less" if name == "recovery" else "more"
            text = f"{says}: {label.format(beats - at)}"
            card.add("modulation", f"{what}_{name}", text, better, columns)
    card.curves["modulation_at"] = at


def _curve(hits: Floats) -> list[float]:
    """The share by beat, each over the window that recovery is judged by."""
    last = hits.shape[1] - accompaniment.WINDOW + 1
    return [accompaniment.level(hits, at, at + accompaniment.WINDOW) for at in range(last)]


def _over(name: str, hits: Floats, at: int) -> Callable[[npt.NDArray[np.int64]], float]:
    if name == "recovery":
        return lambda rows: accompaniment.recovery(hits[rows], at)
    since, until = (
        (min(accompaniment.WARM, at - 1), at)
        if name == "level"
        else (at, at + accompaniment.WINDOW)
    )
    return lambda rows: accompaniment.level(hits[rows], since, until)


def _chord_hits(call: LeadCall, notes: Notes, lead: Lead, shift: int, at: int) -> Floats:
    return accompaniment.chord_hits(accompaniment.frames(call.notes, notes, call))


def _key_hits(call: LeadCall, notes: Notes, lead: Lead, shift: int, at: int) -> Floats:
    key = key_of(lead.call.notes)
    return accompaniment.key_hits(
        notes, round(call.beats), at, key, accompaniment.transposed(key, shift)
    )


HITS = {
    "chord": ("melody in the chord heard", _chord_hits),
    "key": ("notes played in the player's key", _key_hits),
}
LABELS = {
    "level": "before the player modulates",
    "dropped": "in the two beats after",
    "recovery": "beats until it is back (of {} left)",
}
