"""Counting what comes before sixths and before the seventh chords with the same tones."""

from export.laid import counted
from livegen.music.chords.chord import Chord
from livegen.music.chords.laid import FAMILIES, contexts

G7, C6, AM7, E7, DM6, BM7B5 = (
    Chord(7, "7"), Chord(0, "6"), Chord(9, "m7"), Chord(4, "7"), Chord(2, "m6"), Chord(11, "m7b5"),
)  # fmt: skip


def test_sixths_and_sevenths_are_counted_in_one_place_in_any_key() -> None:
    song = [G7, C6, G7, AM7]
    counts = counted([song, [chord.transposed(5) for chord in song]])

    assert counts["6"][0][FAMILIES.index("dominant")][10] == [2, 2]
    assert sum(sum(pair) for family in counts["m6"][0] for pair in family) == 0


def test_the_second_place_has_the_chord_before_the_last_one() -> None:
    counts = counted([[E7, AM7, DM6], [AM7, E7, BM7B5]])

    assert counts["m6"][0][FAMILIES.index("minor")][10] == [1, 0]
    assert counts["m6"][1][FAMILIES.index("dominant")][5] == [1, 0]
    assert counts["m6"][1][FAMILIES.index("minor")][10] == [0, 1]


def test_the_last_chord_is_first_and_no_more_than_two_are_looked_at() -> None:
    assert [above for _, above in contexts([C6, G7, E7], 9)] == [7, 10]
