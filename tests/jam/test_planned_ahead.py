"""Beside the player little is planned that never sounds."""

from typing import Any

from livegen.inference.contract import Logits, Query, Summary
from livegen.music.messages import NoteOff, NoteOn
from livegen.testing import EchoModel, Rehearsal
from tests.jam.stage import BAR, BEAT, rehearsal

EIGHTH = BEAT // 2
BAND: dict[str, Any] = {"mode": "accompany", "parts": "comp bass"}


class Counting(EchoModel):
    """The model that repeats the last note, with a count of the events whose part was drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = 0

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        self.drawn += field == "part"
        return super().logits(field, summary, query)


def scale(jam: Rehearsal, bars: int) -> None:
    """Play a note each eighth, a little late, and let it go before the next."""
    for number in range(bars * 8):
        at = BAR + number * EIGHTH + 7_000
        jam.play(at, NoteOn(60 + (number * 2) % 12, 80))
        jam.play(at + EIGHTH * 4 // 5, NoteOff(60 + (number * 2) % 12))


def test_beside_a_player_little_is_planned_that_never_sounds() -> None:
    model = Counting()
    jam = rehearsal(model, **BAND)

    scale(jam, 8)

    begun = len([1 for _, message in jam.sent if isinstance(message, NoteOn)])
    assert begun > 100
    assert model.drawn < 2 * begun
