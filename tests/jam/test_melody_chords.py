"""The chords under a melody alone: where they change, how readily, and what is known once a tune comes back."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from livegen.jam.harmony.melody_chords import MelodyChords, chosen
from livegen.jam.harmony.outline import WAIT
from livegen.music.chords.chord import Chord
from livegen.music.chords.progressions import CLASSES, class_of
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import Timeline

BEAT_US = 500_000
TIMELINE = Timeline(BEAT_US)
C, F, G = Chord(0, "maj"), Chord(5, "maj"), Chord(7, "maj")
# Four bars, a pitch a beat.  The second begins on a tone of the chord before it, and goes on in F.
TUNE = (64, 60, 67, 64, 60, 69, 65, 69, 62, 71, 67, 71, 64, 67, 60, 72)


class Sung:
    """A melody a note a beat, and what was gone by and expected at each: `chords`, and ticks with chords by beat."""

    def __init__(self, pitches: Sequence[int]) -> None:
        melody, held = MelodyChords(), None
        self.chords, self.coming = list[Chord | None](), list[dict[int, Chord | None]]()
        for beat, pitch in enumerate(pitches):
            at, tick = beat * BEAT_US, beat * TICKS_PER_BEAT
            melody.hear(at, pitch, 80)
            found = melody.look(tick + 1, TIMELINE, at + 1_000, held)
            held = found.chord
            self.chords.append(held)
            self.coming.append(dict(found.coming))
            melody.hear(at + BEAT_US * 4 // 5, pitch, 0)


def test_a_chord_that_is_found_late_the_first_time_is_there_in_time_the_second() -> None:
    sung = Sung(TUNE * 2).chords
    first, second = sung[: len(TUNE)], sung[len(TUNE) :]
    assert first[5:10] == [F, F, F, Chord(10, "maj"), G]
    assert second[5:10] == [F, F, F, G, G]


def test_a_tune_that_comes_back_tells_a_change_before_it_comes() -> None:
    coming, by = Sung(TUNE * 3).coming, 2 * len(TUNE)

    def told(since: int) -> list[Chord | None]:
        """The chord that was expected on beat 8, a beat to three before it."""
        line = (since + 8) * TICKS_PER_BEAT
        rows = [coming[since + beat] for beat in (5, 6, 7)]
        return [row.get(line, row.get(line + WAIT)) for row in rows]

    assert G not in told(0)
    assert told(by) == [G] * 3


def test_a_tune_that_comes_back_has_no_more_changes_than_the_first_time() -> None:
    def changes(chords: Sequence[Chord | None]) -> int:
        return sum(a != b for a, b in pairwise(chords))

    sung = Sung(TUNE * 3).chords
    rounds = [sung[at : at + len(TUNE)] for at in range(0, len(sung), len(TUNE))]
    assert changes(rounds[1]) <= changes(rounds[0])
    assert changes(rounds[2]) <= changes(rounds[0])


def test_beats_that_nobody_asked_about_are_remembered_too() -> None:
    """Chords in the left hand are asked for first; when they end, the melody is known from before."""
    melody = MelodyChords()
    for beat, pitch in enumerate(TUNE * 2):
        melody.hear(beat * BEAT_US, pitch, 80)
        melody.hear(beat * BEAT_US + BEAT_US * 4 // 5, pitch, 0)
        if beat in (16, 30):
            found = melody.look(beat * TICKS_PER_BEAT + 1, TIMELINE, beat * BEAT_US + 1_000, C)
    by_beat = Sung(TUNE * 2)
    assert found.chord == by_beat.chords[30]


@pytest.mark.parametrize(("keeps", "stays"), [(1.15, False), (1.5, False), (3.0, True)])
def test_a_chord_is_left_the_less_readily_the_more_it_takes(keeps: float, stays: bool) -> None:
    likely = np.full(CLASSES, 0.01, np.float32)
    likely[class_of(C)], likely[class_of(F)] = 0.2, 0.4
    assert chosen(likely, C, keeps) == (C if stays else F)
    assert chosen(likely, None, keeps) == F


def moved(chords: Sequence[Chord | None], shift: int) -> list[Chord | None]:
    return [chord and Chord((chord.root + shift) % 12, chord.kind) for chord in chords]


@pytest.mark.parametrize("shift", [1, 2, 5, 6, 8, 11])
@pytest.mark.parametrize("rounds", [1, 2])
def test_a_melody_in_another_key_has_from_its_third_note_on_the_chords_of_one_that_begins_there(
    shift: int, rounds: int
) -> None:
    before, turn = TUNE * rounds, rounds * len(TUNE)
    sung = Sung([*before, *(pitch + shift for pitch in TUNE)]).chords[turn:]
    begun = moved(Sung(TUNE).chords, shift)
    assert sung[2:5] == begun[2:5]
    assert sung[6:] == begun[6:]  # on the sixth note the next chord is about to come


def test_a_single_foreign_note_changes_no_chord_but_its_own() -> None:
    plain, ornamented = (Sung([*TUNE[:7], one, *TUNE[8:]]).chords for one in (69, 66))
    assert plain[9:] == ornamented[9:]
