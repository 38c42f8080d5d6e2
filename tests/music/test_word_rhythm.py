"""Words have a rhythm that can be sung to them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from livegen.music.time.metre import TICKS_PER_BEAT, parse_metre, written
from livegen.music.words.syllables import Stress, Syllable, lines_of
from livegen.music.words.word_rhythm import LAST, rhythm_for, strength

VERSE = "Amazing grace, how sweet the sound\nThat saved a wretch like me"
METRES = ("4/4", "3/4", "6/8", "2/4", "5/4")


def test_a_hymn_comes_in_threes_with_its_upbeat_where_no_metre_is_asked_for() -> None:
    rhythm, metre = rhythm_for(lines_of("Amazing grace, how sweet the sound"))
    assert written(metre) == "3/4"
    beats = [note.start / TICKS_PER_BEAT for note in rhythm.notes]
    assert beats == [-1, 0, 2, 3, 5, 6, 8, 9]


def test_stressed_syllables_fall_on_strong_beats() -> None:
    for text in METRES[:3]:
        metre = parse_metre(text)
        rhythm, _ = rhythm_for(lines_of(VERSE), metre)
        strong = [n for n in rhythm.notes if n.syllable.stress is Stress.STRONG]
        assert [strength(note.start, metre) >= 2 for note in strong] == [True] * len(strong), text


def test_each_line_ends_on_its_longest_note() -> None:
    notes = rhythm_for(lines_of(VERSE))[0].notes
    lasts = [note.end - note.start for note in notes]
    for line in (lasts[:8], lasts[8:]):
        assert line[-1] == max(line) >= LAST


SYLLABLES = some.builds(Syllable, some.just("la"), some.sampled_from(Stress), some.booleans())


@given(
    some.lists(some.lists(SYLLABLES, min_size=1, max_size=20).map(tuple), min_size=1, max_size=3),
    some.sampled_from(METRES),
)
def test_any_words_are_sung_one_after_the_other_in_every_metre(
    lines: list[tuple[Syllable, ...]], text: str
) -> None:
    metre = parse_metre(text)
    rhythm, _ = rhythm_for(lines, metre)
    assert [note.syllable for note in rhythm.notes] == [one for line in lines for one in line]
    assert all(note.start < note.end for note in rhythm.notes)
    assert all(before.end <= after.start for before, after in pairwise(rhythm.notes))
    assert rhythm.notes[0].start >= -metre.place(0).bar
