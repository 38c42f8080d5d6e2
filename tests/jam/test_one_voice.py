"""A voice that sings below middle C, and a left hand that plays there."""

from collections.abc import Sequence

import pytest

from livegen.jam.harmony.harmony import ChordSource, Harmony
from livegen.jam.struck import Struck
from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import chord_named
from livegen.music.parts import LEAD
from livegen.music.time.timeline import Timeline

BEAT_US = 500_000
# In C major, a pitch a beat: bars on C, F, G and C.
TUNE = (64, 62, 60, 64, 65, 64, 65, 69, 67, 65, 62, 59, 60, 62, 64, 60)
C_ARPEGGIO = (48, 52, 55, 52) * 4


class Played:
    """Notes, a beat each, and the chord that was gone by at the end of each beat."""

    def __init__(self, pitches: Sequence[int], held: Sequence[int] = ()) -> None:
        self.harmony, self.chords = Harmony(), list[Chord | None]()
        timeline = Timeline(BEAT_US)
        for beat, pitch in enumerate(pitches):
            at = beat * BEAT_US
            strokes = [(at, one, 80) for one in (pitch, *held)]
            ends = [(at + BEAT_US * 9 // 10, one, 0) for one in (pitch, *held)]
            for when, one, velocity in (*strokes, *ends):
                self.harmony.follow(timeline, when, False)
                self.harmony.hear(Struck(when, LEAD, one, velocity))
                self.harmony.ahead(timeline.tick(when) + 1, timeline, when)
            said = self.harmony.snapshot(timeline, at + BEAT_US - 1)
            self.source = said["chord_source"]
            self.chords.append(chord_named(str(said["chord"])) if said["chord"] else None)


@pytest.mark.parametrize("shift", [-12, -15])
def test_a_voice_below_middle_c_has_the_chords_that_it_has_above(shift: int) -> None:
    low, high = Played([pitch + shift for pitch in TUNE]), Played([p + 24 + shift for p in TUNE])
    assert low.source == ChordSource.MELODY.value
    assert low.chords[8:] == high.chords[8:]
    assert len(set(low.chords[8:])) > 1


def test_a_broken_chord_below_middle_c_stays_one_chord() -> None:
    assert set(Played(C_ARPEGGIO).chords[2:]) == {Chord(0, "maj")}


def test_chords_below_middle_c_are_a_left_hands_whatever_their_top_does() -> None:
    played = Played([48, 50, 52, 50, 48, 50, 52, 53], held=(36, 43))
    assert played.source == ChordSource.HAND.value
