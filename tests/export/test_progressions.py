"""Counting chords that follow each other, and learning whom to believe."""

from random import Random

import numpy as np
import pytest

from export.progressions import (
    Look,
    Song,
    as_heard,
    followed,
    gradient,
    hazards,
    learned,
    looks,
    with_mistakes,
)
from livegen.music.chords.chord import Chord
from livegen.music.chords.progressions import Table
from livegen.music.songs.recall import FACTS
from livegen.music.time.metre import COMMON_TIME

C, G, AM, F = Chord(0, "maj"), Chord(7, "maj"), Chord(9, "min"), Chord(5, "maj")


def song(rounds: int) -> Song:
    """C, G, A minor and F, a bar each, so many times."""
    return Song(
        "pop", COMMON_TIME, tuple(one for one in (C, G, AM, F) for _ in range(4)) * rounds, 1.0
    )


def test_what_follows_is_counted_from_the_root_before_in_any_key() -> None:
    in_c = song(3)
    in_d = Song(
        "d",
        COMMON_TIME,
        tuple(Chord((one.root + 2) % 12, one.kind) for one in in_c.chords if one),
        1.0,
    )

    assert followed([in_c, in_c]) == followed([in_c, in_d])
    table = Table.of(followed([in_c]), hazards([in_c]))
    assert table.following([0, 14, 19]).argmax() == 10  # F after C, G and A minor
    assert table.following([4, 18, 23]).argmax() == 14  # G after D, A and B minor


def test_when_chords_change_is_counted_by_place_in_the_bar_and_by_age() -> None:
    table = Table.of(followed([song(8)]), hazards([song(8)]))

    assert table.changes(0, 4, 4) > 0.9
    assert max(table.changes(phase, 4, phase) for phase in (1, 2, 3)) < 0.1


def test_mistakes_leave_out_a_bar_and_play_one_twice() -> None:
    straight = song(8)

    played = with_mistakes(straight, Random(1))
    heard = as_heard(played, Random(1))

    assert len(played.chords) == len(straight.chords)
    assert played.chords != straight.chords
    wrong = sum(one != other for one, other in zip(played.chords, heard.chords, strict=True))
    assert 0 < wrong < len(heard.chords) // 5


def some_looks() -> list[Look]:
    straight = song(8)
    table = Table.of(followed([straight]), hazards([straight]))
    return list(looks([straight] * 8, table, Random(3)))


def test_the_gradient_is_the_slope() -> None:
    chance = np.random.default_rng(0)
    worth = chance.normal(size=FACTS + 3)
    look = some_looks()[-1]

    _, slope = gradient(look, worth)

    for at in range(len(worth)):
        step = np.zeros(len(worth))
        step[at] = 1e-5
        rise = gradient(look, worth + step)[0] - gradient(look, worth - step)[0]
        assert slope[at] == pytest.approx(rise / 2e-5, abs=1e-6)


def test_learning_makes_what_came_likelier() -> None:
    some = some_looks()

    worth = learned(some, steps=5)

    after = np.array(worth["lags"] + worth["table"])
    before = np.zeros(len(after))
    gains = [gradient(look, after)[0] - gradient(look, before)[0] for look in some]
    assert np.mean(gains) > 0.02
