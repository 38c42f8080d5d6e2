"""The debt of an accompaniment to the melody that it heard; people's beside it."""

from collections.abc import Callable, Mapping, Sequence

from livegen.music.note import Note
from livegen.scorecard import coupling, estimates
from livegen.scorecard.band import Band
from livegen.scorecard.card import Card
from livegen.scorecard.held_out_calls import LeadCall

Notes = Sequence[Note]
FIGURES: dict[str, tuple[str, Callable[[LeadCall, Notes], float | None]]] = {
    "consonance": ("pitch consonance of melody and chord (PCS)", coupling.consonant),
    "onsets": ("onsets that both have within an eighth of a beat (F1)", coupling.aligned),
}
LIVE, LAID, OWED = (
    "{}, with the melody that was heard",
    "{}, laid beside another melody in its key",
    "{}: what hearing it adds",
)


def measure(
    card: Card, band: Band, calls: Sequence[LeadCall], beside: Mapping[str, Sequence[Notes]]
) -> None:
    """Consonance and onsets with the melody that each of `beside` heard, with another, and the difference."""
    others = coupling.unheard(calls)
    for what, (says, of) in FIGURES.items():
        live = {
            name: [of(call, row) for call, row in zip(calls, rows, strict=True)]
            for name, rows in beside.items()
        }
        laid = {
            name: [
                None if other is None else of(other, row)
                for other, row in zip(others, rows, strict=True)
            ]
            for name, rows in beside.items()
        }
        owed = {
            name: [
                None if one is None or other is None else one - other
                for one, other in zip(live[name], laid[name], strict=True)
            ]
            for name in beside
        }
        for kind, words, rows in (("live", LIVE, live), ("laid", LAID, laid), ("owed", OWED, owed)):
            columns = {name: estimates.mean(row, band.seed) for name, row in rows.items()}
            better = "more" if kind == "owed" else "people"
            card.add("coupling", f"{what}_{kind}", words.format(says), better, columns)
