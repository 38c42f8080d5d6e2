"""A bassist who walks, with a band that plays the chords: they are those over the roots on the bar lines."""

from collections.abc import Sequence

import pytest

from livegen.jam.harmony.melody_chords import MelodyChords
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


@pytest.mark.parametrize(
    ("by", "roots"),
    [(2, ["G", "G", "D", "D", "A", "D"]), (5, ["Bb", "Bb", "F", "F", "C", "F"])],
)
@pytest.mark.parametrize("part", [BASS, COMP, LEAD])
def test_so_they_are_where_it_climbs(part: int, by: int, roots: list[str]) -> None:
    heard = told(walking(part, by), AT)
    assert sum(chord.startswith(root) for chord, root in zip(heard, roots, strict=True)) >= 5


def test_so_they_are_below_a_melody() -> None:
    melody = sung((76, 79, 76, 72, 79, 76, 72, 76, 77, 81, 77, 72, 81, 77, 77, 81) * 4)
    heard = told([*walking(COMP), *melody], AT)
    assert sum(chord[0] == root for chord, root in zip(heard, ROOTS, strict=True)) >= 5


def test_so_they_are_where_somebody_else_strikes_low_keys_on_the_same_beats() -> None:
    """Of two players the one holds a fifth on each bar line; what he plays is no chord, and ends no walk."""
    held = [(4.0 * bar, 4.0 * bar + 3.5, COMP, 55) for bar in range(16)]
    heard = told([*walking(BASS), *held], AT)
    assert sum(chord[0] == root for chord, root in zip(heard, ROOTS, strict=True)) >= 5


def sung_by(keys: Sequence[Key], monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The strokes (beats, pitch, velocity) that are heard as a melody's."""
    strokes, hear = list[tuple[int, ...]](), MelodyChords.hear

    def noted(self: MelodyChords, at: int, pitch: int, velocity: int) -> None:
        strokes.append((at // BEAT, pitch, velocity))
        hear(self, at, pitch, velocity)

    monkeypatch.setattr(MelodyChords, "hear", noted)
    told(keys, [40.0])
    return strokes


def test_its_last_note_ends_however_long_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    strokes = sung_by([*walking(BASS)[:8], (8, 14, BASS, 41)], monkeypatch)
    assert (8, 41, 80) in strokes and (14, 41, 0) in strokes


def test_its_notes_are_heard_once_where_a_voice_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pitches = (40, 45, 40, 45, 41, 42, 44, 45, 44, 42, 41, 42, 44, 45, 44, 42)
    walk = [(at, at + 0.9, LEAD, pitch) for at, pitch in enumerate(pitches)]
    voice = [(at, at + 0.9, LEAD, 44 + at % 3) for at in range(20, 30)]
    strokes = sung_by([*walk, *voice], monkeypatch)
    assert (12, 44, 80) in strokes and (25, 45, 80) in strokes
    assert len(set(strokes)) == len(strokes)


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
