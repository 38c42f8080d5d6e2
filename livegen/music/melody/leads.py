"""The lines of a style, as people play or write them: places in the beat, intervals, how densely.

The table is counted by `python -m export.leads DATA`.  Knows names of styles; knows no model and no engine.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.melody import phrase_steps
from livegen.music.time.metre import TICKS_PER_BEAT

TABLE = Path(__file__).with_name("leads.json")
# Twelfths of a beat on which onsets are counted, the lines of phrases; others are a hand's.
LINES = tuple(round(at * 12) for at in phrase_steps.LINES)
WIDEST = 13  # semitones: wider intervals are counted as this
# Times over that the nats count: the theme of the call is against them.
STEPS, PLACES = 1.5, 1.5
_TWELFTH = TICKS_PER_BEAT // 12
_FLOOR = 0.01  # of shares
_MOST = 2.5  # nats

Nats = NDArray[np.float64]
Probabilities = NDArray[np.float64]


class StyleLines(NamedTuple):
    """Lines of a style: nats by which each tick of the beat (24,) and each interval is likelier than in all styles.

    Intervals (27,) go from an octave and more down to an octave and more up.  `onsets` is how many there are a beat.
    """

    places: Nats
    steps: Nats
    onsets: float

    def welcome(self, before: int) -> Nats:
        """Give how welcome each pitch (128,) is after one, in nats."""
        return STEPS * self.steps[np.clip(np.arange(128) - before, -WIDEST, WIDEST) + WIDEST]

    def placed(self, position: int, likely: Probabilities) -> Probabilities:
        """Likelihoods of so many ticks to the next event from a place in the beat, as the style has them.

        That it comes within them is as likely as before.
        """
        ticks = (position + np.arange(len(likely))) % TICKS_PER_BEAT
        styled = likely * np.exp(PLACES * self.places[ticks])
        total = styled.sum()
        return np.asarray(styled * (likely.sum() / total) if total else likely)


@lru_cache(maxsize=16)
def lines_of(style: str) -> StyleLines | None:
    """Give the lines of a style; None of one that was not counted."""
    table = _table()
    if style not in table["styles"]:
        return None
    own, usual = table["styles"][style], table["all"]
    by_line = _nats(own["places"], usual["places"])
    places = np.zeros(TICKS_PER_BEAT)
    for line, nats in zip(LINES, by_line, strict=True):
        for tick in (-1, 0, 1):
            places[(line * _TWELFTH + tick) % TICKS_PER_BEAT] = nats
    return StyleLines(places, _nats(own["steps"], usual["steps"]), float(own["onsets"]))


def usual_onsets() -> float:
    """Give the number of onsets a beat that lines have on the mean of all styles that were counted."""
    return float(_table()["all"]["onsets"])


def _nats(own: list[float], usual: list[float]) -> Nats:
    ratio = np.log((np.array(own) + _FLOOR) / (np.array(usual) + _FLOOR))
    return np.asarray(ratio.clip(-_MOST, _MOST))


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TABLE.read_text())
    return found
