"""Where music is like a phrase."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.melody.likeness import Library, Notes, lines, notes_of

DICE = random.Random(7)


def melody(seed: int, length: int = 60) -> Notes:
    """A melody by chance, of steps and leaps."""
    dice = random.Random(seed)
    at, pitch, found = 0.0, 60, []
    for _ in range(length):
        found.append((at, pitch))
        at += dice.choice((0.25, 0.5, 0.5, 0.75))
        pitch = min(84, max(48, pitch + dice.choice((-7, -4, -2, -1, 1, 2, 3, 5))))
    return notes_of(found)


MUSIC = [melody(seed) for seed in range(40)]
LIBRARY = Library.of(MUSIC)


def played(notes: Notes, shift: int = 0, tempo: float = 1.0, loose: float = 0.0) -> Notes:
    dice = random.Random(3)
    moved = [
        (onset * tempo + dice.gauss(0, loose), pitch + shift)
        for onset, pitch in zip(notes.onsets.tolist(), notes.pitches.tolist(), strict=True)
    ]
    return notes_of(moved)


def phrase(voice: int, first: int = 20, length: int = 16) -> Notes:
    part = slice(first, first + length)
    return Notes(MUSIC[voice].onsets[part], MUSIC[voice].pitches[part])


def test_a_phrase_is_found_where_it_was_played() -> None:
    match = LIBRARY.like(phrase(5))[0]

    assert (match.voice, match.score, match.common, match.shift) == (5, 1.0, 16, 0)
    assert match.begin == pytest.approx(MUSIC[5].onsets[20], abs=0.01)
    assert match.end == pytest.approx(MUSIC[5].onsets[35], abs=0.01)


@pytest.mark.parametrize(("shift", "tempo"), [(5, 1.0), (-12, 1.0), (0, 1.3), (3, 0.7), (-4, 1.7)])
def test_it_is_found_in_another_key_and_at_another_tempo(shift: int, tempo: float) -> None:
    match = LIBRARY.like(played(phrase(9), shift, tempo))[0]

    assert match.voice == 9 and match.score == 1.0
    assert match.shift == -shift and match.pace == pytest.approx(1 / tempo, rel=0.01)


def test_it_is_found_though_played_loosely_with_notes_left_out_wrong_and_added() -> None:
    dice, found = random.Random(11), 0
    for voice in range(40):
        notes = played(phrase(voice), dice.randint(-6, 6), dice.uniform(0.8, 1.25), 0.02)
        kept = [
            (onset, pitch + (2 if dice.random() < 0.06 else 0))
            for onset, pitch in zip(notes.onsets.tolist(), notes.pitches.tolist(), strict=True)
            if dice.random() > 0.1
        ]
        found += LIBRARY.like(notes_of([*kept, (kept[3][0] + 0.1, 71)]))[0].voice == voice
    assert found >= 37


def test_the_tune_above_chords_is_found_by_itself() -> None:
    tune = melody(99)
    chords = [(float(onset), pitch) for onset in tune.onsets[::4] for pitch in (36, 40, 43)]
    pairs = list(zip(tune.onsets.tolist(), tune.pitches.tolist(), strict=True))
    library = Library.of([*MUSIC, notes_of(pairs + chords)])

    match = library.like(notes_of(pairs[20:36]))[0]

    assert match.voice == len(MUSIC) and match.common == 16


def test_chords_have_an_upper_and_a_lower_line_and_a_melody_has_one() -> None:
    chords = notes_of([(0.0, 60), (0.01, 64), (0.02, 67), (1.0, 59), (1.01, 65)])

    upper, lower = lines(chords)
    assert upper.pitches.tolist() == [67, 65] and lower.pitches.tolist() == [60, 59]
    assert len(lines(melody(1))) == 1 and lines(notes_of([])) == []


@pytest.mark.parametrize("notes", [[], [(0.0, 60)], [(0.0, 60), (1.0, 62), (2.0, 64)]])
def test_fewer_than_four_notes_are_like_nothing(notes: list[tuple[float, int]]) -> None:
    assert LIBRARY.like(notes_of(notes)) == []


def test_without_music_nothing_is_found() -> None:
    assert Library.of([]).like(phrase(0)) == []
    assert Library.of([notes_of([]), notes_of([(0.0, 60)])]).like(phrase(0)) == []


@given(
    st.lists(st.tuples(st.floats(0, 1000, width=32), st.integers(0, 127)), max_size=40),
    st.lists(st.tuples(st.floats(0, 30, width=32), st.integers(0, 127)), max_size=20),
)
def test_whatever_is_played_scores_are_shares_and_the_best_comes_first(
    music: list[tuple[float, int]], said: list[tuple[float, int]]
) -> None:
    found = Library.of([notes_of(music)]).like(notes_of(said))

    scores = [match.score for match in found]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    assert np.isfinite([match.begin for match in found]).all()
