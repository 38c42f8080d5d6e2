"""What the bench of the rhythm section says of drums, of a bass beside them, and of who follows whom."""

import pytest

from bench.rhythm import Heard, follows, marks, together
from livegen.music.note import Note

BEAT_MS = 500.0
BARS = 40


def heard(*notes: Note, ends: frozenset[int] = frozenset()) -> Heard:
    return Heard(sorted(notes), BARS, BEAT_MS, ends)


def struck(onset: float, pitch: int, velocity: int = 80) -> Note:
    return Note(onset, onset + 0.5, pitch, velocity, 9)


def test_a_crash_is_false_unless_a_section_begins_with_it() -> None:
    begun, on_a_one, on_four = struck(16.0, 49), struck(20.0, 49), struck(27.0, 57)
    found = marks(heard(begun, on_a_one, on_four, ends=frozenset({3})))

    assert found == {
        "crashes": pytest.approx(3 * 16 / BARS),
        "on_one": pytest.approx(2 / 3),
        "false": pytest.approx(2 * 16 / BARS),
    }


def test_a_bass_is_as_far_from_the_kick_as_its_notes_differ_and_not_as_it_is_late() -> None:
    kicks = [struck(float(beat), 36) for beat in range(80)]
    late = [Note(beat + 0.02, beat + 0.5, 40, 80, 2) for beat in range(80)]
    loose = [Note(beat + 0.04 * (beat % 2), beat + 0.5, 40, 80, 2) for beat in range(80)]

    found, other = together(heard(*late), heard(*kicks)), together(heard(*loose), heard(*kicks))
    assert found is not None and other is not None
    assert found["behind"] == pytest.approx(10) and other["behind"] == pytest.approx(10)
    assert found["spread"] == pytest.approx(0, abs=1e-6)
    assert other["spread"] == pytest.approx(10)


def test_a_bass_note_without_a_kick_near_it_goes_with_none() -> None:
    kicks = [struck(float(beat), 36) for beat in range(80)]
    bass = [Note(beat / 2, beat / 2 + 0.4, 40, 80, 2) for beat in range(160)]

    found = together(heard(*bass), heard(*kicks))
    assert found is not None and found["share"] == pytest.approx(0.5)


def test_who_is_louder_where_the_lead_is_follows_it_and_who_plays_evenly_does_not() -> None:
    def part(loud: int, channel: int) -> Heard:
        velocities = [60 + loud * (bar % 8 >= 4) + bar % 3 for bar in range(BARS)]
        notes = [
            Note(bar * 4.0, bar * 4 + 1.0, 60, velocities[bar], channel) for bar in range(BARS)
        ]
        return heard(*notes)

    found, even = follows(part(40, 0), part(20, 1)), follows(part(40, 0), part(0, 1))
    assert found is not None and even is not None
    assert found["follows"] > 0.95 and found["loud"] - found["soft"] > 15
    assert even["loud"] - even["soft"] < 3
