"""The OSC namespace."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.control.osc.addresses import (
    MAX_SHOWN,
    ROOT,
    URGENT,
    AddressKind,
    addresses,
    request,
    shown,
)
from livegen.control.osc.packets import Argument, encode
from livegen.control.surfaces import Request
from livegen.errors import ConfigError
from livegen.jam.controls.controls import CONTROLS, checked
from livegen.jam.controls.mapping import COMMANDS

TABLE = addresses({"capture": "Saves the last bars."})


def asked(path: str, *arguments: Argument) -> Request | None:
    return request(TABLE[f"{ROOT}/{path}"], arguments)


def mistake(path: str, *arguments: Argument) -> str:
    with pytest.raises(ConfigError) as raised:
        asked(path, *arguments)
    return str(raised.value)


def float32(value: float) -> float:
    """A number as it arrives: OSC's floats have four bytes."""
    travelled: float = struct.unpack(">f", struct.pack(">f", value))[0]
    return travelled


def test_every_control_has_its_address_and_no_two_things_share_one() -> None:
    assert {f"{ROOT}/{name}" for name in CONTROLS} <= TABLE.keys()
    assert {f"{ROOT}/do/{name}" for name in (*URGENT, "capture")} <= TABLE.keys()
    reserved = {"do", "state", "error", *(kind.value for kind in AddressKind)} - {
        "set",
        "norm",
        "choose",
    }
    assert not reserved & CONTROLS.keys()
    assert not any("norm" in control.choices for control in CONTROLS.values())


def test_a_control_takes_a_name_that_is_known_here() -> None:
    address = TABLE[f"{ROOT}/scale"]

    def meant(control: str, value: Any) -> Any:
        return {("scale", "mine"): "C major"}[control, value]

    assert request(address, ("mine",), meant) == Request("scale", "C major")


def test_a_number_is_the_one_that_was_meant() -> None:
    assert asked("nucleus", float32(0.95)) == Request("nucleus", 0.95)
    assert asked("temperature", float32(0.1)) == Request("temperature", 0.1)


def test_a_word_and_a_number_reach_the_same_control() -> None:
    assert asked("tempo", "auto") == Request("tempo", "auto")
    assert asked("tempo", 96) == Request("tempo", 96.0)
    assert asked("scale", "D dorian") == Request("scale", "D dorian")


def test_zero_to_one_spans_the_range_of_every_control_that_has_one() -> None:
    for name, control in CONTROLS.items():
        if control.low < control.high:
            low, high = asked(f"{name}/norm", 0.0), asked(f"{name}/norm", 1)
            assert low == Request(name, checked(name, control.low))
            assert high == Request(name, checked(name, control.high))


def test_what_a_fader_sets_can_be_read() -> None:
    assert asked("temperature/norm", float32(1 / 3)) == Request("temperature", 0.7333)
    assert asked("tempo/norm", float32(1 / 3)) == Request("tempo", 120.0)


def test_the_middle_of_a_ratio_is_as_far_below_its_top_as_above_its_bottom() -> None:
    assert asked("density/norm", 0.5) == Request("density", 1.0)


def test_a_whole_number_is_rounded_from_its_place() -> None:
    assert asked("length/norm", 0.5) == Request("length", 16)


@given(st.sampled_from(sorted(CONTROLS)), st.floats(0, 1, width=32))
def test_a_fader_that_is_told_its_place_does_not_move(name: str, place: float) -> None:
    if f"{ROOT}/{name}/norm" not in TABLE:
        return
    first = asked(f"{name}/norm", place)
    assert first is not None and first.value is not None
    back = shown({"controls": {name: first.value}})[f"{ROOT}/{name}/norm"]

    assert asked(f"{name}/norm", float32(float(str(back[0])))) == first


def test_a_button_for_a_word_acts_when_pressed_and_not_when_let_go() -> None:
    assert asked("rest/auto", 1.0) == asked("rest/auto") == Request("rest", "auto")
    assert asked("rest/auto", 0.0) is None
    assert asked("rest/auto", False) is None


def test_a_command_is_given_by_a_press_and_not_by_letting_go() -> None:
    for pressed in ((), (1,), (1.0,), (True,), (None,)):
        assert asked("do/panic", *pressed) == Request("panic")
    for let_go in (0, 0.0, False):
        assert asked("do/panic", let_go) is None


def test_a_command_can_be_told_more() -> None:
    assert asked("do/capture", 8) == Request("capture", 8)
    assert asked("do/capture", "all") == Request("capture", "all")


@pytest.mark.parametrize(
    ("path", "arguments", "line"),
    [
        ("temperature", (5.0,), "temperature: takes 0.1 to 2"),
        ("temperature", ("warm",), "temperature: takes 0.1 to 2"),
        ("temperature", (True,), "temperature: takes 0.1 to 2"),
        ("temperature", (float("nan"),), "temperature: takes 0.1 to 2"),
        ("temperature", (), "temperature: takes one value"),
        ("temperature", (1, 2), "temperature: takes one value"),
        ("temperature/norm", (1.1,), "temperature/norm: takes 0 to 1"),
        ("temperature/norm", (float("nan"),), "temperature/norm: takes 0 to 1"),
        ("temperature/norm", ("1",), "temperature/norm: takes 0 to 1"),
        ("style", (None,), "style: takes text"),
        ("do/capture", (1, 2), "capture: takes one value at most"),
        ("do/capture", (float("inf"),), "capture: takes a number"),
        ("do/capture", ("x" * 65,), "capture: takes at most 64 letters"),
    ],
)
def test_a_mistake_is_named_in_one_line(
    path: str, arguments: tuple[Argument, ...], line: str
) -> None:
    assert mistake(path, *arguments) == line


@given(
    st.sampled_from(sorted(TABLE)),
    st.lists(st.floats() | st.integers() | st.text() | st.booleans() | st.none(), max_size=3),
)
def test_any_arguments_give_a_request_that_fits_or_a_mistake(
    path: str, arguments: list[Argument]
) -> None:
    try:
        given_ = request(TABLE[path], tuple(arguments))
    except ConfigError:
        return
    if given_ is not None and given_.name in CONTROLS:
        assert checked(given_.name, given_.value) == given_.value


def test_a_state_is_shown_at_the_addresses_of_its_controls_and_below_state() -> None:
    state = {
        "controls": {"rest": "auto", "temperature": 2.0, "no such": 1},
        "turn": "listening",
        "clock": {"locked": True, "bpm": None},
        "held": [60, 64],
    }

    assert shown(state) == {
        "/livegen/rest": ("auto",),
        "/livegen/rest/auto": (1,),
        "/livegen/temperature": (2.0,),
        "/livegen/temperature/norm": (1.0,),
        "/livegen/state/turn": ("listening",),
        "/livegen/state/clock/locked": (1,),
        "/livegen/state/clock/bpm": ("",),
        "/livegen/state/held": (60, 64),
    }


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80)
states = st.dictionaries(
    st.sampled_from(["controls", "turn", "a b", ""]),
    st.recursive(
        plain | st.dictionaries(st.sampled_from(sorted(CONTROLS)), plain),
        lambda inside: st.lists(inside, max_size=20) | st.dictionaries(st.text(), inside),
        max_leaves=30,
    ),
)


@given(states)
def test_any_state_can_be_sent(state: dict[str, Any]) -> None:
    for path, values in shown(state).items():
        assert len(encode(path, values)) < 4096


def test_a_state_beyond_all_bounds_is_shown_in_part() -> None:
    assert len(shown({str(number): number for number in range(10_000)})) == MAX_SHOWN


@pytest.mark.parametrize("name", [*COMMANDS, *CONTROLS, "preset Late set"])
def test_everything_there_is_can_be_learned(name: str) -> None:
    assert asked("do/learn", name) == Request("learn", name)
    assert asked("do/unlearn", name) == Request("unlearn", name)


def test_who_plays_is_named_and_leaves_with_an_empty_word() -> None:
    assert asked("do/remember", "ada") == Request("remember", "ada")
    assert asked("do/remember", "") == Request("remember", "")
    with pytest.raises(ConfigError, match="remember: takes a word"):
        asked("do/remember", 3)
