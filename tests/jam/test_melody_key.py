"""Since when a melody is in its key, where notes are told late."""

from livegen.jam.harmony.melody_key import MelodyKey
from livegen.music.time.timeline import Timeline

BEAT_US = 500_000
TUNE = (64, 60, 67, 64, 60, 69, 65, 69, 62, 71, 67, 71)  # in C major, a pitch a beat


def test_notes_that_were_taken_for_a_left_hands_are_heard_in_their_place() -> None:
    """A voice that crosses middle C: its low notes are told once it is known for one, after high ones."""
    timeline = Timeline(BEAT_US)
    told = [(beat * BEAT_US, pitch) for beat, pitch in enumerate(TUNE)]
    late = [row for row in told if row[1] >= 65] + [row for row in told if row[1] < 65]
    keys = []
    for rows in (told, late):
        key = MelodyKey()
        for row in rows:
            key.hear(*row)
        key.tell(timeline)
        keys.append(key.parts(0, timeline))
    assert keys[0] == keys[1]


def test_a_note_that_is_told_after_later_ones_were_heard_changes_no_key() -> None:
    timeline, key = Timeline(BEAT_US), MelodyKey()
    for beat, pitch in enumerate(TUNE):
        key.hear((beat + 4) * BEAT_US, pitch)
    key.tell(timeline)
    before = key.parts(0, timeline)
    for beat in range(4):  # in F sharp major
        key.hear(beat * BEAT_US, 66 + 2 * beat)
    key.tell(timeline)
    assert key.parts(0, timeline) == before
