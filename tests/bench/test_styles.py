"""A listener that names styles."""

from pathlib import Path

import numpy as np
import pytest

from bench.styles import heard_of_drums, heard_of_harmony, heard_of_lead, learned, of_part, recall
from livegen.music.files.smf import Score, write
from livegen.music.note import Note
from livegen.scorecard.held_out_calls import HeldOut
from tests.scorecard.phrases import PPQN, track


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


@pytest.mark.parametrize(("written", "held"), [(1.5, 5 / 3), (1.0, 0.9), (0.5, 0.6), (4.0, 3.8)])
def test_a_note_held_a_little_longer_or_shorter_than_written_is_heard_as_the_same(
    written: float, held: float
) -> None:
    rows = [
        heard_of_harmony([Note(beat, beat + length, 60, 80) for beat in range(0, 16, 2)])
        for length in (written, held)
    ]
    assert (rows[0] == rows[1]).all()
    assert (rows[0] != heard_of_harmony([Note(at, at + 0.25, 60, 80) for at in range(8)])).any()


def test_a_comp_is_all_voices_of_it_but_the_one_that_repeats_the_chords(tmp_path: Path) -> None:
    voices = {"SOPRANO": 72, "ALTO": 65, "TENOR": 57, "BASS": 41, "CHORDS": 60}
    tracks = tuple(track(name, [(0, PPQN, pitch)]) for name, pitch in voices.items())
    write(tmp_path / "hymn.mid", Score(PPQN, tracks))
    hymn = HeldOut("made", "hymn.mid", (tmp_path / "hymn.mid").read_bytes())
    assert [note.pitch for note in of_part(hymn, "comp")] == [57, 65]
    assert [note.pitch for note in of_part(hymn, "bass")] == [41]
