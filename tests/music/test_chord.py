"""Pitches that sound together are read as a chord, and named as on a lead sheet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.chords.chord import KINDS, Chord, chord_of

PITCHES = st.lists(st.integers(24, 91), min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("pitches", "name"),
    [
        ((60, 64, 67), "C"),
        ((59, 62, 67), "G/B"),
        ((62, 65, 69, 72), "Dm7"),
        ((48, 64, 67, 69), "C6"),
        ((45, 64, 67, 72), "Am7"),
        ((59, 62, 65, 69), "Bm7b5"),
        ((60, 63, 66, 69), "Cdim7"),
        ((60, 64, 68), "Caug"),
        ((60, 63, 66), "Cdim"),
        ((55, 60, 62), "Gsus4"),
        ((60, 62, 67), "Csus2"),
        ((43, 53, 60, 62), "G7sus4"),
        ((60, 64, 70), "C7"),
        ((60, 64, 67, 71), "Cmaj7"),
        ((60, 67), "C5"),
        ((55, 60), "C5/G"),
        ((50, 60, 64, 67), "C/D"),
        ((61, 64, 69), "A/C#"),
        ((58, 60, 64, 67), "C7/Bb"),
        ((61, 64, 68), "C#m"),
        ((61, 65, 68), "Db"),
        ((71, 74, 78, 61), "Bm/C#"),
        ((60, 64, 67, 74), "C"),
    ],
)
def test_a_chord_has_its_name(pitches: tuple[int, ...], name: str) -> None:
    chord = chord_of(pitches)

    assert chord is not None
    assert chord.name == name


@pytest.mark.parametrize("pitches", [(), (60,), (60, 72), (60, 64), (60, 61, 62), range(60, 67)])
def test_a_note_a_third_or_a_cluster_is_no_chord(pitches: tuple[int, ...]) -> None:
    assert chord_of(pitches) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_root_position_is_read_as_itself(kind: str) -> None:
    for root in range(12):
        chord = Chord(root, kind)

        assert chord_of(48 + root + interval for interval in KINDS[kind]) == chord
        assert chord.pitch_classes == {(root + interval) % 12 for interval in KINDS[kind]}


@given(PITCHES, st.integers(-24, 36))
def test_transposed_pitches_form_the_transposed_chord(pitches: list[int], by: int) -> None:
    chord, moved = chord_of(pitches), chord_of(pitch + by for pitch in pitches)

    if chord is None:
        assert moved is None
    else:
        bass = None if chord.bass is None else (chord.bass + by) % 12
        assert moved == Chord((chord.root + by) % 12, chord.kind, bass)


@given(PITCHES, st.data())
def test_notes_above_the_bass_may_move_by_octaves(pitches: list[int], data: st.DataObject) -> None:
    lowest = min(pitches)
    higher = [pitch + 12 * data.draw(st.integers(0, 3)) for pitch in pitches if pitch != lowest]

    assert chord_of([lowest, *higher]) == chord_of(pitches)


@given(PITCHES)
def test_a_chord_is_made_of_what_sounds(pitches: list[int]) -> None:
    chord = chord_of(pitches)

    if chord is not None:
        classes = {pitch % 12 for pitch in pitches}
        assert chord.root in classes
        assert chord.pitch_classes - classes <= {(chord.root + 7) % 12}
        assert (chord.root if chord.bass is None else chord.bass) == min(pitches) % 12


@given(st.integers(0, 11), st.sampled_from(sorted(KINDS)), st.integers(0, 11))
def test_every_chord_can_be_named(root: int, kind: str, bass: int) -> None:
    name = Chord(root, kind, bass).name

    assert name[0] in "ABCDEFG" and name.rpartition("/")[2][0] in "ABCDEFG"
