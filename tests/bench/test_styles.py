"""A listener that names styles."""

import numpy as np

from bench.styles import heard_of_drums, heard_of_lead, learned, recall
from livegen.scorecard.notes import Note


def test_a_listener_names_what_differs_and_guesses_what_does_not() -> None:
    chance = np.random.default_rng(0)
    names = np.repeat(np.arange(4), 50)
    apart = chance.normal(size=(200, 6))
    apart[:, 0] += 4 * names
    alike = chance.normal(size=(200, 6))
    told = learned(apart[::2], names[::2], 4).names(apart[1::2])
    guessed = learned(alike[::2], names[::2], 4).names(alike[1::2])
    assert np.mean([share or 0.0 for share in recall(told, names[1::2], 4)]) > 0.9
    assert np.mean([share or 0.0 for share in recall(guessed, names[1::2], 4)]) < 0.5


def test_a_style_that_was_never_played_has_no_share() -> None:
    assert recall(np.array([0, 0]), np.array([0, 0]), 2) == [1.0, None]


def test_swing_and_the_drum_that_is_struck_are_heard() -> None:
    straight = [Note(beat / 2, beat / 2 + 0.1, 36, 80) for beat in range(32)]
    swung = [note._replace(onset=note.onset + 0.16 * (note.onset % 1 > 0)) for note in straight]
    snare = [note._replace(pitch=38) for note in straight]
    rows = [heard_of_drums(notes) for notes in (straight, swung, snare)]
    assert len({row.shape for row in rows}) == 1
    assert all((one != other).any() for one, other in zip(rows, rows[1:] + rows[:1], strict=True))
    assert (heard_of_lead(straight) != heard_of_lead(swung)).any()
