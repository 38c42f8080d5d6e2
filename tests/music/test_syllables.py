"""Lyrics are divided as they are sung, and stressed as they are spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from livegen.errors import ConfigError
from livegen.music.words.syllables import MOST_SYLLABLES, Line, Stress, lines_of


def spelled(text: str) -> str:
    """All syllables, stressed ones in capitals; a word that goes on has a hyphen."""
    return " ".join(shown(one) for one in lines_of(text))


def shown(line: Line) -> str:
    return " ".join(
        (it.text.upper() if it.stress is Stress.STRONG else it.text.lower()) + "-" * it.goes_on
        for it in line
    )


@pytest.mark.parametrize(
    ("text", "sung"),
    [
        ("Amazing grace, how sweet the sound", "a- MA- zing GRACE how SWEET the SOUND"),
        ("Twinkle, twinkle, little star", "TWIN- kle TWIN- kle LIT- tle STAR"),
        ("The lonely lion moved a radio", "the LONE- ly LI- on MOVED a RA- di- o"),
        ("crying happier nations wanted faces", "CRY- ing HAP- pi- er NA- tions WAN- ted FA- ces"),
        ("it wasn't the queen's guitar", "it WA- sn't the QUEEN'S gui- TAR"),
        ("O'er the ocean's religion", "O'ER the O- cean's re- LI- gion"),
    ],
)
def test_english_words_have_a_syllable_for_each_vowel_that_is_sung(text: str, sung: str) -> None:
    assert spelled(text) == sung


def test_german_prefixes_are_not_stressed_and_every_e_is_sung() -> None:
    found = spelled("Die Blätter waren geflogen, der Bruder verloren")
    assert found == "die BLÄT- ter WA- ren ge- FLO- gen der BRU- der ver- LO- ren"


def test_of_chinese_each_character_is_a_syllable_and_sentences_are_lines() -> None:
    lines = lines_of("床前明月光，疑是地上霜。举头望明月。")
    assert [len(line) for line in lines] == [10, 5]
    assert "".join(it.text for it in lines[1]) == "举头望明月"


def test_a_word_with_hyphens_is_divided_where_they_stand() -> None:
    assert [it.text for it in lines_of("A-maz-ing")[0]] == ["A", "maz", "ing"]
    assert [it.goes_on for it in lines_of("A-maz-ing")[0]] == [True, True, False]


def test_lines_end_where_they_are_written_or_with_a_sentence() -> None:
    assert len(lines_of("One two three.  Four five!\nSix / seven")) == 4


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Amazing grace, how sweet!", "A ma zing grace, how sweet!"),
        ('"Hello", said (she): don\'t ... 3, go', "Hel lo, said she: don't go"),
        ("床前明月光，疑是地上霜。", "床 前 明 月 光， 疑 是 地 上 霜。"),
    ],
)
def test_commas_and_stops_stand_behind_their_syllable(text: str, written: str) -> None:
    assert " ".join(it.written for line in lines_of(text) for it in line) == written


@pytest.mark.parametrize("text", ["", " ... 123 ", "la " * (MOST_SYLLABLES + 1), "a" * 20_000])
def test_no_words_and_too_many_are_refused_in_a_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^lyrics: [^\n]*$"):
        lines_of(text)


@given(some.text(max_size=60))
def test_any_text_keeps_its_letters_in_order(text: str) -> None:
    try:
        lines = lines_of(text)
    except ConfigError:
        return
    found = "".join(it.text for line in lines for it in line)
    left = iter(text.replace("’", "'"))
    assert all(letter in left for letter in found)
    assert all(it.text for line in lines for it in line)
