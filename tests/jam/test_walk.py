"""A bassist who walks, with a band that plays the chords: they are those over the roots on the bar lines."""

from collections.abc import Sequence

import pytest

from livegen.jam.harmony.walk import Walk
from livegen.music.parts import BASS, COMP, LEAD
from tests.jam.stage import BEAT
from tests.jam.test_bass_alone import Key, sung, told

# Two bars on C, two on F, two on C, one on G, one on C, twice over.
CHORUS = (36, 40, 43, 45, 48, 45, 43, 40, 41, 45, 48, 50, 53, 50, 48, 45, 36, 40, 43, 45, 48, 45, 43, 42,
          43, 47, 50, 47, 48, 43, 40, 38)  # fmt: skip
AT = [4.0 * bar + 1.5 for bar in range(10, 16)]
ROOTS = ["F", "F", "C", "C", "G", "C"]


def walking(part: int, by: int = 0) -> list[Key]:
    return [(at, at + 0.9, part, pitch + by) for at, pitch in enumerate(CHORUS * 2)]


@pytest.mark.parametrize("part", [BASS, COMP, LEAD])
def test_the_chords_of_a_bass_that_walks_are_on_its_roots(part: int) -> None:
    heard = told(walking(part), AT)
    assert sum(chord[0] == root for chord, root in zip(heard, ROOTS, strict=True)) >= 5


def test_so_they_are_below_a_melody() -> None:
    melody = sung((76, 79, 76, 72, 79, 76, 72, 76, 77, 81, 77, 72, 81, 77, 77, 81) * 4)
    heard = told([*walking(COMP), *melody], AT)
    assert sum(chord[0] == root for chord, root in zip(heard, ROOTS, strict=True)) >= 5


def walks(pitches: Sequence[int], gaps: Sequence[float] = (1.0,)) -> bool:
    walk, at = Walk(), 0
    for number, pitch in enumerate(pitches):
        at += round(BEAT * gaps[number % len(gaps)])
        walk.strike(at, pitch)
    return walk.walks(at)


def test_a_tune_a_broken_chord_and_a_high_line_do_not_walk() -> None:
    assert walks(CHORUS[:8])
    assert not walks(CHORUS[:8], (1.0, 0.5, 1.5))
    assert not walks((36, 43, 48, 43) * 2)
    assert not walks([pitch + 12 for pitch in CHORUS[:8]])


def test_a_bass_that_has_stopped_walks_no_longer() -> None:
    walk = Walk()
    for beat, pitch in enumerate(CHORUS[:8]):
        walk.strike(beat * BEAT, pitch)
    assert walk.walks(8 * BEAT) and not walk.walks(10 * BEAT)
