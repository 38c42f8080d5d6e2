"""A melody heard in audio."""

import pytest

pytest.importorskip("swift_f0", reason="the extra listen is not installed")

from livegen.sound.notes_heard import HOP_US, LATE_US, NoteFinder
from livegen.sound.pitches import PitchTracker
from tests.sound.sung import sung

MELODY = [(0.3, 0.7, 60), (0.7, 0.95, 64), (1.0, 1.4, 67), (1.45, 1.9, 55)]


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_melody_is_heard_note_for_note_when_it_was_sung(rate: int) -> None:
    tracker, finder, heard = PitchTracker(rate), NoteFinder(), []
    samples = sung(MELODY, 2.4, rate)
    for first in range(0, len(samples), 441):  # as a device brings them
        for frame in tracker.feed(samples[first : first + 441]):
            heard += [one for one in finder.feed(frame) if one.pitch is not None]
    assert [one.pitch for one in heard] == [pitch for *_, pitch in MELODY]
    for one, (onset, *_) in zip(heard, MELODY, strict=True):
        assert one.frame * HOP_US - LATE_US == pytest.approx(onset * 1e6, abs=45_000)
