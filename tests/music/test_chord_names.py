"""Chords as people write them are read, and spelled for a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.errors import ChartError
from livegen.music.chords.chord import INTERVALS, KINDS, WRITTEN, Chord, chord_of
from livegen.music.chords.chord_names import chord_named, key_named, kind_of, note_named, spelled
from livegen.music.chords.progressions import class_of
from livegen.music.keys.key import KEYS, Key

CHORDS = st.builds(
    lambda root, kind, bass: Chord(root, kind, None if bass == root else bass),
    st.integers(0, 11),
    st.sampled_from(sorted(INTERVALS)),
    st.none() | st.integers(0, 11),
)

WAYS = {
    "C": ("maj", "CM Cmaj Cmajor"),
    "Cm": ("min", "C- Cmi Cmin Cminor CMI C−"),
    "C7": ("7", "Cdom7 C(7)"),
    "Cmaj7": ("maj7", "CM7 CMA7 Cma7 C^7 C^ CΔ CΔ7 C△7 Cmaj(7)"),
    "Cm7": ("m7", "C-7 Cmi7 Cmin7 CMI7"),
    "Cm7b5": ("m7b5", "Cø Cø7 Ch Ch7 C-7b5 Cm7(b5) Cm7-5 Cmin7♭5 Chalf-dim"),
    "Cdim": ("dim", "Co C° Cdiminished"),
    "Cdim7": ("dim7", "Co7 C°7"),
    "C6": ("6", "CM6 Cmaj6 Cadd6"),
    "Cm6": ("m6", "C-6"),
    "C69": ("69", "C6/9 C6(9) C6add9"),
    "Cm69": ("m69", "C-69 C-6/9"),
    "C9": ("9", "C7/9 C7add9"),
    "C11": ("11", ""),
    "C13": ("13", ""),
    "Cm9": ("m9", "C-9"),
    "Cmaj9": ("maj9", "C^9 CΔ9"),
    "C7b9": ("7b9", "C7-9 C7(b9) C7♭9"),
    "C7#9": ("7#9", "C7+9 C7(#9)"),
    "C7#11": ("7#11", "C7+11 C7add#11"),
    "C7alt": ("7alt", "Calt C7(alt)"),
    "C7b13": ("7b13", "C7(b13)"),
    "C7#5": ("7#5", "C+7 Caug7 C7+ C7+5"),
    "C7#5#9": ("7#5#9", "C7#9#5 C+7#9 C7(#5,#9)"),
    "C7b9#11": ("7b9#11", "C7(b9,#11) C7#11b9"),
    "Caug": ("aug", "C+ C(#5)"),
    "Csus4": ("sus4", "Csus C4"),
    "Csus2": ("sus2", "C2"),
    "C7sus4": ("7sus4", "C7sus Csus7"),
    "C9sus4": ("9sus4", "C9sus"),
    "Cadd9": ("add9", "Cadd2 C(add9)"),
    "Cmadd9": ("madd9", "C-add9 Cm(add2)"),
    "C5": ("5", "C(no3) Cno3"),
    "Cm(maj7)": ("mmaj7", "CmM7 C-^7 C-Δ Cmmaj7 Cminmaj7 Cm(M7)"),
    "C/E": ("maj", ""),
}


@pytest.mark.parametrize(("name", "kind", "way"), [
    (name, kind, way) for name, (kind, ways) in WAYS.items() for way in (name, *ways.split(" ")) if way
])  # fmt: skip
def test_each_way_to_write_a_chord_is_that_chord(name: str, kind: str, way: str) -> None:
    chord = chord_named(way)

    assert chord is not None
    assert (chord.kind, chord.name) == (kind, name)


@given(CHORDS)
def test_a_chord_is_read_again_from_its_name(chord: Chord) -> None:
    assert chord_named(chord.name) == chord


@given(CHORDS, st.sampled_from(KEYS))
def test_a_chord_is_read_again_from_its_name_in_any_key(chord: Chord, key: Key) -> None:
    assert chord_named(spelled(chord, key)) == chord


@given(CHORDS, st.integers(-30, 30))
def test_a_transposed_chord_has_all_its_tones_so_much_higher(chord: Chord, by: int) -> None:
    moved = chord.transposed(by)

    assert moved.pitch_classes == {(tone + by) % 12 for tone in chord.pitch_classes}
    assert moved.transposed(-by) == chord


def test_no_two_kinds_are_the_same_tones() -> None:
    assert len({frozenset(intervals) for intervals in INTERVALS.values()}) == len(INTERVALS)


@given(st.lists(st.integers(24, 91), min_size=1, max_size=7))
def test_what_is_only_written_is_never_heard(pitches: list[int]) -> None:
    chord = chord_of(pitches)

    assert chord is None or chord.kind in KINDS
    assert not set(KINDS) & set(WRITTEN)


@pytest.mark.parametrize("name", ["N.C.", "NC", "n.c.", "N.C", "n.c"])
def test_no_chord_is_none(name: str) -> None:
    assert chord_named(name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("H7", "German"),
        ("C/H", "German"),
        ("am", "capital"),
        ("X", "A to G"),
        ("", "A to G"),
        ("Cfoo", "no chord that is known"),
        ("C/", "no chord that is known"),
        ("C7b8", "no chord that is known"),
        ("C/E7", "expected a note behind the /"),
        ("C" * 1000, "too long"),
    ],
)
def test_what_is_no_chord_is_refused_in_a_line(name: str, said: str) -> None:
    with pytest.raises(ChartError, match=said) as error:
        chord_named(name)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


@given(st.text(max_size=60) | st.from_regex(r"[A-H][#b♯♭]?[\w()/+\-^ø°]{0,20}", fullmatch=True))
def test_any_text_is_a_chord_or_a_mistake_in_a_line(text: str) -> None:
    try:
        chord = chord_named(text)
    except ChartError:
        return
    assert chord is None or chord.kind in INTERVALS


def test_the_highest_tensions_that_no_kind_has_are_left_out() -> None:
    assert kind_of(frozenset({0, 4, 7, 11, 14, 17, 20, 22})) == "maj11"
    assert kind_of(frozenset({0, 1, 2})) is None


@pytest.mark.parametrize(
    ("key", "root", "name"),
    [
        ("C", 1, "Db7"),
        ("Eb", 1, "Db7"),
        ("Eb", 6, "Gb7"),
        ("A minor", 8, "G#7"),
        ("A minor", 10, "Bb7"),
        ("E", 10, "A#7"),
        ("C", 6, "F#7"),
        ("F", 11, "B7"),
        ("Gb", 11, "B7"),
    ],
)
def test_a_root_is_spelled_for_its_key(key: str, root: int, name: str) -> None:
    assert spelled(Chord(root, "7"), key_named(key)) == name


@pytest.mark.parametrize(
    ("key", "chord", "name"),
    [
        ("C", Chord(1, "dim7"), "C#dim7"),
        ("C", Chord(6, "m7b5"), "F#m7b5"),
        ("C", Chord(3, "dim7"), "Ebdim7"),
        ("F", Chord(10, "min"), "Bbm"),
        ("A minor", Chord(10, "min"), "Bbm"),
        ("E", Chord(1, "m7"), "C#m7"),
    ],
)
def test_a_root_that_leads_upwards_is_raised(key: str, chord: Chord, name: str) -> None:
    assert spelled(chord, key_named(key)) == name


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("C", Key(0, "major")),
        ("Am", Key(9, "minor")),
        ("F# minor", Key(6, "minor")),
        ("Bb major", Key(10, "major")),
        ("G-", Key(7, "minor")),
        ("D dorian", Key(2, "minor")),
        ("G Mixolydian", Key(7, "major")),
    ],
)
def test_a_key_has_its_name(name: str, key: Key) -> None:
    assert key_named(name) == key


@pytest.mark.parametrize("name", ["", "H", "C locrian", "c", "Cx7", "key"])
def test_what_is_no_key_is_refused(name: str) -> None:
    with pytest.raises(ChartError):
        key_named(name)


@pytest.mark.parametrize(("name", "note"), [("C", 0), ("Eb", 3), ("F♯", 6), ("Cb", 11), ("B#", 0)])
def test_a_note_has_its_name(name: str, note: int) -> None:
    assert note_named(name) == note


def test_every_kind_is_major_or_minor_to_what_was_counted_on_songs() -> None:
    for kind, intervals in INTERVALS.items():
        has_minor_third = 3 in intervals and 4 not in intervals
        assert class_of(Chord(5, kind)) == 2 * 5 + has_minor_third, kind
