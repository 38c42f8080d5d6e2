"""What words ask of the controls."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bench.words import PROMPTS, figures, judged
from livegen import shipped
from livegen.control.words import is_name, read, with_names
from livegen.control.words.vocabulary import TABLE
from livegen.control.words.vocabulary import shipped as shipped_words
from livegen.errors import ConfigError
from livegen.inference.onnx_file import read as read_model
from livegen.jam.controls.controls import CONTROLS, settings


def test_two_styles_joined_are_named_by_the_words_that_people_have_for_them() -> None:
    assert with_names("bebop + waltz") == "jazz_bebop+folk_waltz"
    assert with_names("mine+bebop", ("any", "mine", "jazz_bebop")) == "mine+jazz_bebop"
    assert with_names("jazz_bebop+xyzzy") == "jazz_bebop+xyzzy"  # the model refuses it by name
    assert with_names("slow waltz + sparse") == "slow waltz + sparse"


def test_a_wish_sets_what_it_names_in_three_languages() -> None:
    said = {"tempo": 66.0, "metre": "3/4", "scale": "A minor"}

    assert read("slow minor waltz, sparse, like late Brahms").sets == said | {
        "density": 0.5,
        "style": "romantic",
    }
    assert read("慢速小调圆舞曲").sets == said | {"style": "folk_waltz"}
    assert read("langsamer Walzer in a-Moll").sets == said | {"style": "folk_waltz"}


def test_words_that_say_nothing_to_it_are_named_as_they_were_written() -> None:
    reading = read("slow Banana Moon waltz, tambura")

    assert reading.unknown == ("Banana Moon", "tambura")
    assert (
        reading.line()
        == "sets tempo 66, metre 3/4, style folk_waltz; not understood: Banana Moon, tambura"
    )


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("a bit faster", {"tempo": 128.0}),
        ("faster", {"tempo": 134.0}),
        ("much faster", {"tempo": 151.0}),
        ("etwas schneller", {"tempo": 128.0}),
        ("快一点", {"tempo": 128.0}),
        ("it's too fast", {"tempo": 107.0}),
        ("double the speed", {"tempo": 240.0}),
        ("more sparse", {"density": 0.67}),
        ("fewer notes", {"density": 0.67}),
        ("音符少一点", {"density": 0.78}),
        ("louder drums", {"drums_level": 1.35}),
        ("make the drums louder and the bass softer", {"drums_level": 1.35, "bass_level": 0.74}),
        ("an octave lower", {"register": "-12"}),
        ("turn the drums down", {"drums_level": 0.74}),
        ("copy my licks more closely", {"theme": 1.0}),
    ],
)
def test_a_comparative_goes_on_from_what_is_set_or_heard(text: str, sets: dict[str, Any]) -> None:
    assert read(text, {"tempo": "auto", "tempo_bpm": 120.0, "density": 1.0}).sets == sets


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("no drums", {"drums_mute": "on"}),
        ("no drums and bass", {"bass_mute": "on", "drums_mute": "on"}),
        ("ohne Bass", {"bass_mute": "on"}),
        ("drums off", {"drums_mute": "on"}),
        ("不要鼓", {"drums_mute": "on"}),
        ("not too fast", {"tempo": 104.0}),
        ("nicht so laut", {"energy": 0.35}),
        ("straight, no swing", {"swing": 50.0}),
        ("allegro ma non troppo", {"tempo": 118.0}),
        ("not jazz", {}),
        ("stick to the key of E flat, nothing outside", {"scale": "Eb major", "adherence": 1.0}),
    ],
)
def test_what_is_denied_is_taken_away_and_not_set(text: str, sets: dict[str, Any]) -> None:
    assert read(text).sets == sets


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("in F# minor", "F# minor"),
        ("fis-Moll", "F# minor"),
        ("B-Dur", "Bb major"),
        ("h-Moll", "B minor"),
        ("降E大调", "Eb major"),
        ("升F小调", "F# minor"),
        ("key of E", "E major"),
        ("E flat", "Eb major"),
        ("blues in G", "G mixolydian"),
        ("a-Moll pentatonisch", "A minor pentatonic"),
        ("in d dorian", "D dorian"),
    ],
)
def test_keys_are_read_as_they_are_written_in_each_language(text: str, scale: str) -> None:
    assert read(text).sets["scale"] == scale


def test_an_article_is_no_key_and_a_mode_without_a_tonic_stays_where_the_music_is() -> None:
    assert read("a minor mood", {"key": "D major"}).sets == {"scale": "D minor"}
    assert read("sad", {"scale": "F major"}).sets == {"scale": "F minor"}
    assert read("a").sets == {}


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("at 96 bpm", {"tempo": 96.0}),
        ("每分钟90拍", {"tempo": 90.0}),
        ("96", {"tempo": 96.0}),
        ("speed it up to 152", {"tempo": 152.0}),
        ("3/4", {"metre": "3/4"}),
        ("8 bars", {"length": 8}),
        ("vier Takte", {"length": 4}),
        ("trade with me, 8 bars each", {"mode": "trade", "trade": 8}),
        ("四个声部", {"voices": 4}),
        ("999 bars", {}),
        ("17/3", {}),
    ],
)
def test_numbers_count_with_their_units_and_where_the_control_takes_them(
    text: str, sets: dict[str, Any]
) -> None:
    assert read(text).sets == sets


def test_only_some_parts_play_and_others_can_be_added() -> None:
    assert read("bass and drums only").sets == {"parts": "bass drums"}
    assert read("只要贝斯和鼓").sets == {"parts": "bass drums"}
    assert read("add drums", {"parts": "lead comp", "drums_mute": "on"}).sets == {
        "parts": "lead comp drums",
        "drums_mute": "off",
    }


def test_chords_in_a_row_are_a_chart_and_letters_are_none() -> None:
    assert read("slow, over Dm7 G7 Cmaj7").sets == {
        "tempo": 66.0,
        "chart": "| Dm7 | G7 | Cmaj7 |\n",
    }
    assert "chart" not in read("A A B A").sets


def test_a_chart_is_meant_beside_a_word_for_it_only() -> None:
    charts = ("jazz-waltz", "minor-swing")

    assert read("the chart minor-swing", charts=charts).sets == {"chart": "minor-swing"}
    assert "chart" not in read("jazz waltz", charts=charts).sets


def test_every_style_of_the_shipped_model_stays_a_name_also_where_nobody_says_which_it_has() -> (
    None
):
    styles = read_model(shipped.model("default")).facts.styles

    assert [style for style in styles if not is_name(style) and read(style).sets] == []
    assert all(is_name(style, styles) for style in styles)
    assert is_name("any") and not is_name("slow waltz") and not is_name("waltz")


def test_every_style_of_the_table_is_one_of_the_shipped_model() -> None:
    assert set(shipped_words().styles) <= set(read_model(shipped.model("default")).facts.styles)


def test_a_model_that_lacks_the_nearest_style_gets_the_next_or_none() -> None:
    assert read("techno", styles=("any", "leadsheet_electronic")).sets == {
        "style": "leadsheet_electronic"
    }
    assert read("techno", styles=("any",)).sets == {}


def test_the_table_is_small() -> None:
    assert TABLE.stat().st_size <= 20 * 1024


def test_a_text_that_is_too_long_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigError, match="at most 400 characters, got 500"):
        read("a" * 500)


@given(
    st.text(max_size=400),
    st.sampled_from([{}, {"tempo": 100.0}, {"tempo": "auto", "parts": "lead"}]),
)
def test_whatever_is_written_what_is_set_fits_the_controls(
    text: str, present: dict[str, Any]
) -> None:
    sets = read(text, present).sets

    assert set(sets) <= set(CONTROLS)
    settings({name: value for name, value in sets.items() if name != "chart"})


@pytest.mark.parametrize("sign", ["²", "①", "𐹠"])
def test_a_sign_that_is_a_digit_and_no_number_breaks_no_wish(sign: str) -> None:
    reading = read(f"slow {sign} waltz")

    assert "tempo" in reading.sets
    settings({name: value for name, value in reading.sets.items() if name != "chart"})


WORDS = sorted({" ".join(phrase) for phrase in shipped_words().meanings})


@given(st.lists(st.sampled_from([*WORDS, ",", "3", "7/8", "200", "F#", "bpm"]), max_size=12))
def test_words_in_any_order_set_what_the_controls_take(words: list[str]) -> None:
    sets = read(" ".join(words)[:400]).sets

    settings({name: value for name, value in sets.items() if name != "chart"})


def test_of_what_is_asked_for_most_is_set_and_little_else() -> None:
    prompts = yaml.safe_load(Path(PROMPTS).read_text(encoding="utf-8"))
    found = [
        judged(prompt) for sets in prompts.values() for some in sets.values() for prompt in some
    ]

    told = figures(found)

    assert told["set"].value >= 0.9 and told["unasked"].value <= 0.02


@pytest.mark.parametrize(
    ("tempo", "text"), [(100, "not so fast"), (100, "别那么快"), (60, "not so slow")]
)
def test_what_is_denied_is_never_come_nearer_to(tempo: int, text: str) -> None:
    after = read(text, {"tempo_bpm": tempo}).sets["tempo"]

    assert isinstance(after, float | int)
    assert after > tempo if "slow" in text else after < tempo


def test_higher_and_sparser_notes_in_chinese_are_not_more_notes() -> None:
    reading = read("音再高一些，音符稀疏一点")

    assert float(reading.sets["register"]) > 0
    assert float(reading.sets["density"]) < 1
