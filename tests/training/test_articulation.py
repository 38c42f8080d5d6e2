"""Notes shorter than written: the same music as an encoder would hear it from a lighter hand."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livegen.codec.encoder import Encoder, Stroke
from livegen.music.parts import DRUMS
from livegen.music.time.metre import Metre
from livegen.training import articulation
from livegen.training.articulation import detached
from livegen.training.corpora import TIME, Rows

METRES = (None, Metre(((0, 96),)), Metre(((0, 72),)))
# Part, pitch, onset, and how long.
NOTES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(60, 66), st.integers(0, 900), st.integers(1, 400)),
    min_size=1,
    max_size=30,
)
Notes = list[tuple[int, int, int, int]]


def apart(notes: Notes) -> Notes:
    """The notes, each cut where its key is struck again."""
    found = []
    for part, pitch, onset, lasts in sorted(set(notes), key=lambda note: note[2]):
        later = [n[2] for n in notes if n[:2] == (part, pitch) and n[2] > onset]
        found.append((part, pitch, onset, min([lasts, *(at - onset for at in later)])))
    return list({note[:3]: note for note in found}.values())


def encoded(notes: Notes, metre: Metre | None, left: float = 1.0) -> Rows:
    """Events of notes of which a share is left, as the encoder makes them."""
    strokes = []
    for order, (part, pitch, onset, lasts) in enumerate(notes):
        strokes.append((onset, 1, order, Stroke(onset, part, pitch, 64)))
        if part != DRUMS:
            end = onset + min(max(1, round(lasts * left)), lasts)
            strokes.append((end, 0, order, Stroke(end, part, pitch, 0)))
    encoder = Encoder(metre)
    events = [event for row in sorted(strokes) for event in encoder.feed(row[3])]
    return np.array(events, np.uint8)


def timed(rows: Rows) -> list[list[int]]:
    """Events with the tick they are at, in any order where that is the same."""
    ticks = rows[:, TIME].cumsum()
    return sorted([tick, *row[1:]] for tick, row in zip(ticks.tolist(), rows.tolist(), strict=True))


@pytest.fixture(autouse=True)
def exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each note the same share is left."""
    monkeypatch.setattr(articulation, "LOOSE", 0.0)


CHANCE = np.random.default_rng(0)


@given(NOTES, st.sampled_from(METRES))
def test_of_notes_of_which_all_is_left_nothing_changes(notes: Notes, metre: Metre | None) -> None:
    rows = encoded(apart(notes), metre)

    assert np.array_equal(detached(rows, 1.0, CHANCE), rows)


@given(NOTES, st.sampled_from(METRES), st.sampled_from([0.3, 0.5, 0.8]))
@example([(0, 60, 19, 102), (0, 61, 49, 1)], None, 0.3)  # both end on one tick, in either order
def test_shorter_notes_are_what_the_encoder_makes_of_them(
    notes: Notes, metre: Metre | None, left: float
) -> None:
    notes = apart(notes)
    found, expected = (
        detached(encoded(notes, metre), left, CHANCE),
        encoded(notes, metre, left),
    )

    assert timed(found) == timed(expected)


def test_a_note_of_no_length_stays_a_note() -> None:
    """As of one that is shorter than half a tick: its end does not come before it."""
    rows = np.array([[0, 0, 1, 60, 16, 0, 8, 255], [0, 0, 0, 60, 0, 0, 8, 60]], np.uint8)

    assert np.array_equal(detached(rows, 1.0, CHANCE), rows)
    assert np.array_equal(detached(rows, 0.3, CHANCE), rows)


def test_a_silence_that_is_cut_short_stays_as_short() -> None:
    notes = [(0, 60, 0, 500), (0, 62, 1400, 12)]

    found = detached(encoded(notes, None), 0.5, CHANCE)
    assert np.array_equal(found[:, TIME], encoded(notes, None, 0.5)[:, TIME])
