"""The chord of the moment is heard, kept, and changed on evidence."""

from hypothesis import example, given
from hypothesis import strategies as st

from livegen.music.chords.chord import Chord
from livegen.music.chords.chords_heard import ChordTracker

BEAT_US = 500_000


def play(tracker: ChordTracker, at: int, pitches: tuple[int, ...], lasting: int = BEAT_US) -> int:
    """Strike pitches at once, release them just before the end; give the end."""
    for pitch in pitches:
        tracker.strike(at, pitch, 80)
    for pitch in pitches:
        tracker.release(at + lasting - 1, pitch)
    return at + lasting


def test_a_struck_chord_is_known_at_once() -> None:
    tracker = ChordTracker()
    for pitch in (50, 53, 57, 60):
        tracker.strike(0, pitch, 80)

    assert tracker.look(0) == Chord(2, "m7")


def test_it_stays_through_silence_until_another_is_heard() -> None:
    tracker = ChordTracker()
    now = play(tracker, 0, (48, 64, 67))

    assert tracker.look(now + 20_000_000) == Chord(0, "maj")
    play(tracker, now + 20_000_000, (43, 59, 62))
    assert tracker.look(now + 20_400_000) == Chord(7, "maj")


def test_each_chord_of_a_cadence_is_heard_as_it_is_struck() -> None:
    tracker, now, heard = ChordTracker(), 0, []
    for pitches in ((48, 64, 67), (53, 65, 69, 72), (43, 62, 65, 71), (48, 64, 67)):
        for pitch in pitches:
            tracker.strike(now, pitch, 80)
        heard.append(tracker.look(now))
        now += BEAT_US
        for pitch in pitches:
            tracker.release(now - 1, pitch)

    assert heard == [Chord(0, "maj"), Chord(5, "maj"), Chord(7, "7"), Chord(0, "maj")]


def test_a_broken_chord_is_one() -> None:
    tracker, now = ChordTracker(), 0
    for pitch in (45, 52, 57, 60, 64):
        now = play(tracker, now, (pitch,), BEAT_US // 2)

    assert tracker.look(now) == Chord(9, "min")


def test_two_notes_of_a_melody_alone_are_no_chord() -> None:
    for interval in range(1, 13):
        tracker = ChordTracker()
        tracker.strike(0, 60, 80)
        tracker.strike(400_000, 60 + interval, 80)
        tracker.release(450_000, 60)  # a legato hand

        assert tracker.look(440_000) is None
        assert tracker.look(900_000) is None


def test_steps_of_a_scale_are_no_chord() -> None:
    tracker, now = ChordTracker(), 0
    for pitch in (60, 62, 64, 65, 67, 69, 71, 72):
        now = play(tracker, now, (pitch,))

        assert tracker.look(now) is None


def test_power_chords_are_heard_as_they_are_struck_however_near_the_one_before_is() -> None:
    """Without the rule F C after C G is Csus4, and G D after it is C with a second, for a beat."""
    tracker, now, heard = ChordTracker(), 0, []
    for pitches in ((36, 43), (36, 43), (41, 48), (41, 48), (36, 43), (43, 50), (43, 50)):
        for pitch in pitches:
            tracker.strike(now, pitch, 80)
            tracker.look(now)
        heard.append(tracker.look(now + 40_000))
        now += BEAT_US
        for pitch in pitches:
            tracker.release(now - BEAT_US // 10, pitch)

    assert heard[1:] == [Chord(root, "5") for root in (0, 5, 5, 0, 7, 7)]


def test_a_held_fifth_is_a_power_chord_but_says_nothing_against_a_triad_on_it() -> None:
    bare, full = ChordTracker(), ChordTracker()
    play(full, 0, (48, 52, 55))
    for tracker in (bare, full):
        for pitch in (36, 43):
            tracker.strike(10 * BEAT_US, pitch, 80)

    assert bare.look(11 * BEAT_US) == Chord(0, "5")
    assert full.look(11 * BEAT_US) == Chord(0, "maj")


def test_a_passing_note_does_not_change_the_chord() -> None:
    tracker = ChordTracker()
    for pitch in (48, 64, 67):
        tracker.strike(0, pitch, 80)
    tracker.look(0)
    now = play(tracker, BEAT_US, (65,), BEAT_US // 4)

    assert tracker.look(now) == Chord(0, "maj")


def test_a_moving_bass_is_named() -> None:
    tracker = ChordTracker()
    now = play(tracker, 0, (48, 64, 67, 72))
    tracker.look(now)
    for pitch in (52, 64, 67, 72):
        tracker.strike(now + 2 * BEAT_US, pitch, 80)

    assert tracker.look(now + 2 * BEAT_US) == Chord(0, "maj", 4)


def test_clearing_forgets_the_chord() -> None:
    tracker = ChordTracker()
    now = play(tracker, 0, (48, 64, 67))
    tracker.clear()

    assert tracker.look(now) is None


STROKES = st.lists(
    st.tuples(st.integers(0, 1_000_000), st.booleans(), st.integers(24, 100)), max_size=50
)


@example([(0, True, pitch) for pitch in (32, 38, 65, 87)], -3)  # two readings score the same
@given(STROKES, st.integers(-24, 27))
def test_what_is_played_elsewhere_is_heard_transposed(
    strokes: list[tuple[int, bool, int]], by: int
) -> None:
    here, there, now = ChordTracker(), ChordTracker(), 0
    for wait, is_strike, pitch in strokes:
        now += wait
        for tracker, at in ((here, pitch), (there, pitch + by)):
            if is_strike:
                tracker.strike(now, at, 80)
            else:
                tracker.release(now, at)
    one, other = here.look(now), there.look(now)

    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.kind == other.kind or len(one.pitch_classes) == len(other.pitch_classes)
