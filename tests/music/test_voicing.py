"""Pitches are mapped to scales, and melodies get their companions."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.chords.voicing import companions, fits, nearest
from livegen.music.keys.key import KEYS, Key

C_MAJOR = Key(0, "major")
CLASSES = st.frozensets(st.integers(0, 11), max_size=12)
CHORDS = st.builds(Chord, st.integers(0, 11), st.sampled_from(sorted(INTERVALS)))
MAYBE_CHORD, MAYBE_KEY = st.none() | CHORDS, st.none() | st.sampled_from(KEYS)
PITCH = st.integers(0, 127)
BEFORE = st.lists(PITCH, max_size=4).map(tuple)


@given(CLASSES)
def test_a_map_to_a_scale_never_turns_a_melody_around(classes: frozenset[int]) -> None:
    mapped = nearest(classes)

    assert len(mapped) == 128
    assert list(mapped) == sorted(mapped)


@given(CLASSES, PITCH)
def test_allowed_pitches_stay_and_others_go_to_the_nearest(
    classes: frozenset[int], pitch: int
) -> None:
    to = nearest(classes)[pitch]

    if not classes or pitch % 12 in classes:
        assert to == pitch
    else:
        allowed = [other for other in range(128) if other % 12 in classes]
        assert to in allowed
        assert abs(to - pitch) == min(abs(other - pitch) for other in allowed)


def test_of_two_as_near_the_lower_is_taken() -> None:
    assert nearest(C_MAJOR.pitch_classes)[60:68] == (60, 60, 62, 62, 64, 65, 65, 67)


@given(PITCH, MAYBE_CHORD, MAYBE_KEY)
def test_chord_tones_fit_best_and_foreign_notes_least(
    pitch: int, chord: Chord | None, key: Key | None
) -> None:
    fit = fits(pitch, chord, key)

    assert 0.0 <= fit <= 1.0
    if chord is not None:
        assert (fit == 1.0) == (pitch % 12 in chord.pitch_classes)


def test_a_fourth_over_a_major_chord_fits_less_than_a_sixth() -> None:
    chord = Chord(0, "maj")

    assert [fits(pitch, chord, C_MAJOR) for pitch in (64, 69, 65, 66)] == [1.0, 0.6, 0.3, 0.0]
    assert [fits(pitch, None, C_MAJOR) for pitch in (65, 66)] == [1.0, 0.0]
    assert fits(66, None, None) == 1.0


@given(PITCH, MAYBE_CHORD, MAYBE_KEY, BEFORE, st.integers(0, 4), PITCH, PITCH)
def test_companions_stay_below_the_melody_within_their_range_and_do_not_cross(
    pitch: int,
    chord: Chord | None,
    key: Key | None,
    before: tuple[int, ...],
    voices: int,
    low: int,
    high: int,
) -> None:
    found = companions(pitch, chord, key, before, voices, low, high)

    assert len(found) <= voices
    assert list(found) == sorted(set(found))
    assert all(low <= other <= high and other < pitch for other in found)


@given(st.integers(60, 96), CHORDS, MAYBE_KEY, BEFORE, st.integers(1, 4))
def test_under_a_chord_companions_are_chord_tones_that_do_not_rub(
    pitch: int, chord: Chord, key: Key | None, before: tuple[int, ...], voices: int
) -> None:
    found = companions(pitch, chord, key, before, voices, 21, 108)

    assert found
    assert {other % 12 for other in found} <= chord.pitch_classes
    assert not {pitch - other for other in found} & {1, 13}


@given(st.integers(60, 96), MAYBE_CHORD, st.sampled_from(KEYS), BEFORE, st.integers(1, 4))
def test_the_leading_tone_is_never_doubled(
    pitch: int, chord: Chord | None, key: Key, before: tuple[int, ...], voices: int
) -> None:
    found = companions(pitch, chord, key, before, voices, 21, 108)

    assert sum(other % 12 == key.leading_tone for other in (*found, pitch)) <= 1


@given(st.integers(60, 96), CHORDS, st.sampled_from(KEYS), st.integers(1, 3))
def test_a_voice_alone_moves_no_farther_than_it_must(
    pitch: int, chord: Chord, key: Key, steps: int
) -> None:
    """Beside what is free of charge: not the note of the melody itself in another octave."""
    before = companions(pitch - steps, chord, key, (), 1, 21, 108)
    found = companions(pitch, chord, key, before, 1, 21, 108)
    room = [
        other
        for other in range(pitch - 10, pitch)
        if other % 12 in chord.pitch_classes
        and other % 12 != pitch % 12
        and pitch - other not in (1, 13)
        and (other % 12 != key.leading_tone or pitch % 12 != key.leading_tone)
    ]
    nearest_leading = [other for other in room if other % 12 != key.leading_tone]

    if before and nearest_leading:
        least = min(abs(other - before[0]) for other in nearest_leading)
        assert abs(found[0] - before[0]) <= least


def test_a_scale_over_one_chord_is_accompanied_by_voices_that_hardly_move() -> None:
    before, moved = companions(72, Chord(0, "maj"), C_MAJOR, (), 2, 36, 96), 0
    for pitch in (74, 76, 77, 79):
        after = companions(pitch, Chord(0, "maj"), C_MAJOR, before, 2, 36, 96)
        moved += sum(abs(new - old) for new, old in zip(after, before, strict=True))
        before = after

    assert moved <= 8  # F lets no E sound under it


def test_a_major_scale_without_chords_is_harmonised_by_the_three_principal_triads() -> None:
    triads = ({0, 4, 7}, {5, 9, 0}, {7, 11, 2})
    before: tuple[int, ...] = ()
    for pitch in (72, 74, 76, 77, 79, 81, 83, 84):
        before = companions(pitch, None, C_MAJOR, before, 2, 36, 96)

        assert any({pitch % 12, *(other % 12 for other in before)} <= triad for triad in triads)


def test_a_note_outside_the_key_gets_a_diminished_chord() -> None:
    assert companions(73, None, C_MAJOR, (), 2, 36, 96) == (64, 70)


def test_with_neither_chord_nor_key_the_companions_go_in_parallel() -> None:
    assert companions(72, None, None, (), 1, 36, 96) == (68,)
    assert companions(74, None, None, (68,), 2, 36, 96) == (65, 70)


def test_without_room_there_are_fewer_companions() -> None:
    assert companions(60, Chord(0, "maj"), None, (), 3, 55, 96) == (55,)
    assert companions(30, Chord(0, "maj"), None, (), 3, 36, 96) == ()
