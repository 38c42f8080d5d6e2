"""Macros: several controls that move over bars."""

import re

import pytest

from livegen.errors import ConfigError
from livegen.jam.controls.controls import settings
from livegen.jam.controls.macros import parse_macro
from livegen.jam.engine import Engine
from livegen.testing import EchoModel, Rehearsal
from tests.jam.stage import BAR, BEAT, START, STOP, clocks, command, line, play
from tests.jam.test_cues import sing

LIFT = {"energy": [0.3, 0.9], "density": [0.5, 2], "bars": 2}
MACROS = {
    "Lift": LIFT,
    "Rise": {"energy": 0.9, "bars": 1},
    "Drop": {"energy": 0.1, "variation": "A", "click": True, "bars": 1},
    "Octaves": {"lead_octave": [-2, 2], "bars": 4},
}


def stage(**controls: object) -> Rehearsal:
    given = settings({"tempo": 120, "sync": "internal", **controls})
    return Rehearsal(Engine(EchoModel(), seed=1, settings=given, macros=MACROS))


def control(jam: Rehearsal, name: str) -> object:
    return getattr(jam.engine.settings, name)


def test_several_controls_move_over_bars_from_one_value_to_another() -> None:
    jam = stage()
    command(jam, "macro", "Lift", at=0)
    assert line(jam) == "Lift moves its controls for 2 bars."
    assert jam.engine.snapshot()["macros"]["Lift"] is True  # type: ignore[index]
    jam.until(1)
    assert (control(jam, "energy"), control(jam, "density")) == (0.3, 0.5)
    jam.until(BAR)
    assert control(jam, "energy") == pytest.approx(0.6, abs=0.05)
    assert control(jam, "density") == pytest.approx(1.0, rel=0.1), "half way of a ratio"
    jam.until(2 * BAR + BEAT)
    assert (control(jam, "energy"), control(jam, "density")) == (0.9, 2)
    assert jam.engine.snapshot()["macros"]["Lift"] is False  # type: ignore[index]


def test_it_rises_at_each_eighth_and_never_falls() -> None:
    jam, seen = stage(), []
    command(jam, "macro", "Lift", at=0)
    for eighth in range(17):
        jam.until(eighth * BEAT // 2 + 1)
        seen.append(control(jam, "energy"))
    assert seen == sorted(seen)  # type: ignore[type-var]
    assert len(set(seen)) == 17


def test_a_macro_with_one_value_begins_where_the_control_is() -> None:
    jam = stage(energy=0.5)
    command(jam, "macro", "Rise", at=0)
    jam.until(BAR // 2)
    assert control(jam, "energy") == pytest.approx(0.7, abs=0.06)


def test_a_word_is_set_when_the_movement_is_over() -> None:
    jam = stage(variation="D")
    command(jam, "macro", "Drop", at=0)
    jam.until(BAR - BEAT)
    assert (control(jam, "variation"), control(jam, "click")) == ("D", "off")
    jam.until(BAR + BEAT)
    assert (control(jam, "variation"), control(jam, "click")) == ("A", "on")


def test_whole_numbers_stay_whole() -> None:
    jam, seen = stage(), set()
    command(jam, "macro", "Octaves", at=0)
    for eighth in range(34):
        jam.until(eighth * BEAT // 2 + 1)
        seen.add(control(jam, "lead_octave"))
    assert seen == {-2, -1, 0, 1, 2}


def test_the_hand_wins_and_the_other_controls_move_on() -> None:
    jam = stage()
    command(jam, "macro", "Lift", at=0)
    command(jam, "energy", 0.1, at=BAR)
    jam.until(3 * BAR)
    assert (control(jam, "energy"), control(jam, "density")) == (0.1, 2)


def test_started_again_it_begins_again() -> None:
    jam = stage()
    command(jam, "macro", "Lift", at=0)
    command(jam, "macro", "Lift", at=2 * BAR - BEAT)
    jam.until(jam.now + 1)
    assert control(jam, "energy") == 0.3
    jam.until(4 * BAR)
    assert control(jam, "energy") == 0.9


def test_of_two_macros_that_move_the_same_control_the_later_one_does() -> None:
    jam = stage()
    command(jam, "macro", "Lift", at=0)
    command(jam, "macro", "Drop", at=BEAT)
    jam.until(4 * BAR)
    assert (control(jam, "energy"), control(jam, "density")) == (0.1, 2)


def test_while_the_band_plays_it_begins_with_the_bar_and_the_band_plays_on() -> None:
    jam = stage(mode="accompany", chart="| C | F |\n")
    sing(jam, 2)
    command(jam, "macro", "Lift", at=2 * BAR + BEAT)
    assert line(jam) == "Lift begins with the next bar, and takes 2 bars."
    assert control(jam, "energy") == 0.5
    sing(jam, 3)
    jam.until(3 * BAR + 1)
    assert control(jam, "energy") == 0.3
    sing(jam, 5)
    jam.until(5 * BAR + BEAT)
    assert control(jam, "energy") == 0.9


def test_it_goes_by_the_bars_of_the_clock_and_stands_still_while_that_does() -> None:
    jam = stage(sync="clock", tempo="auto")
    jam.play(0, START)
    at = clocks(jam, 4, 1_000, BEAT // 2)  # 240 BPM
    command(jam, "macro", "Lift")
    at = clocks(jam, 4, at, BEAT // 2)
    assert control(jam, "energy") == pytest.approx(0.6, abs=0.06)
    jam.play(at, STOP)
    stands = control(jam, "energy")
    jam.until(at + 8 * BAR)
    assert control(jam, "energy") == stands


def test_a_pad_starts_a_macro() -> None:
    jam = stage()
    command(jam, "map", {"note 40": "macro Lift"}, at=0)
    play(jam, (40,), at=BEAT)
    assert line(jam).startswith("Lift")


def test_a_macro_that_is_not_there_is_refused_by_name() -> None:
    jam = stage()
    command(jam, "macro", "Loft", at=0)
    assert line(jam) == "macro: there is no macro 'Loft'; there are Lift, Rise, Drop, Octaves"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"energy": [0.3, 9]}, "energy: expected a number from 0 to 1, got 9"),
        ({"enrgy": 0.3}, "enrgy: there is no such control"),
        ({"energy": [0, 0.5, 1]}, "energy: expected one value, or two: [from, to]"),
        ({"variation": ["A", "D"]}, "variation: a movement goes between two numbers"),
        ({"chart": "off"}, "chart: a macro cannot change a text"),
        ({"energy": 0.3, "bars": 0}, "bars: expected 0.25 to 64 bars, got 0"),
        ({"bars": 2}, "got no control"),
        (7, "expected controls and bars"),
    ],
)
def test_a_mistake_in_a_macro_is_one_line(written: object, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        parse_macro(written)
    assert "\n" not in str(caught.value)


def test_a_preset_brings_macros_along() -> None:
    presets = {"Loud": {"energy": 0.7, "macros": {"Fade": {"energy": 0, "bars": 1}}}}
    jam = Rehearsal(
        Engine(EchoModel(), settings=settings({"tempo": 120, "sync": "internal"}), presets=presets)
    )
    command(jam, "preset", "Loud", at=0)
    assert control(jam, "energy") == 0.7
    command(jam, "macro", "Fade")
    jam.until(2 * BAR)
    assert control(jam, "energy") == 0


def test_an_arrow_is_as_good_as_a_list() -> None:
    written = parse_macro({"energy": [0.3, 0.9]})
    assert parse_macro({"energy": "0.3→0.9"}) == written == parse_macro({"energy": "0.3 -> 0.9"})
