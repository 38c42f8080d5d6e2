"""Lights and motor faders follow the state of the engine."""

from typing import Any

import pytest

from livegen.control.devices.feedback import BLINK_US, HOLD_US, Feedback, dark, is_lit
from livegen.control.devices.surface_map import Light, SurfaceMap
from livegen.jam.controls.controls import CONTROLS

CONTROLS_NOW = {name: control.default for name, control in CONTROLS.items()}
MAP = SurfaceMap(
    "pads",
    ("Pads",),
    {
        "note 11": "variation_c",
        "note 12 on 3": "drums_mute",
        "cc 7": "drums_level",
        "cc 48": "bass_mute",
        "program 1": "again",
        "cc 16 relative": "energy",
    },
    {"": Light(1, 21), "drums_mute": Light(19, 5)},
)


def state(**changes: Any) -> dict[str, Any]:
    controls = CONTROLS_NOW | {name: value for name, value in changes.items() if name in CONTROLS}
    others = {name: value for name, value in changes.items() if name not in CONTROLS}
    return {"controls": controls, "turn": "waiting", "cue": "", "map": {}} | others


def test_a_new_device_is_shown_everything_and_then_only_what_changes() -> None:
    feedback = Feedback(MAP)
    assert sorted(feedback.messages(state(), 0)) == [
        bytes((0x90, 11, 1)),
        bytes((0x92, 12, 19)),
        bytes((0xB0, 7, 64)),
        bytes((0xB0, 48, 1)),
    ]
    assert feedback.messages(state(), 1) == []
    assert feedback.messages(state(drums_mute="on"), 2) == [bytes((0x92, 12, 5))]
    assert feedback.messages(state(drums_mute="on", drums_level=2.0), 3) == [bytes((0xB0, 7, 127))]
    feedback.forget()
    assert len(feedback.messages(state(), 4)) == 4


def test_a_fader_that_was_just_moved_is_not_sent_back_while_it_moves() -> None:
    feedback = Feedback(MAP)
    feedback.messages(state(), 0)
    feedback.moved(bytes((0xB0, 7, 100)), 1_000)
    assert feedback.messages(state(drums_level=1.2), 2_000) == [], "the state is late"
    feedback.moved(bytes((0xB0, 7, 127)), 3_000)
    at = 3_000 + HOLD_US
    assert feedback.messages(state(drums_level=2.0), at) == [], "it is where the player put it"
    assert feedback.messages(state(drums_level=0.0), at) == [bytes((0xB0, 7, 0))]


def test_a_cue_that_waits_for_the_bar_line_blinks() -> None:
    waits = state(cue="variation_c")
    shown = [is_lit("variation_c", waits, at * BLINK_US) for at in range(4)]
    assert shown == [True, False, True, False]
    assert is_lit("variation_c", state(variation="C"), BLINK_US)


@pytest.mark.parametrize(
    ("target", "lit", "dark"),
    [
        ("vamp", {"goes_round": True}, {}),
        ("ending", {"ends": True}, {}),
        ("stop_time", {"stop_time": True}, {}),
        ("freeze", {"turn": "looping"}, {}),
        ("your_turn", {"coming": True}, {}),
        ("variation_b", {}, {"variation": "C"}),
        ("drums_solo", {"drums_solo": "on"}, {}),
        ("preset Quiet", {"preset": "Quiet"}, {"preset": "Loud"}),
        ("macro Lift", {"macros": {"Lift": True}}, {"macros": {"Lift": False}}),
    ],
)
def test_a_light_says_what_is_in_force(
    target: str, lit: dict[str, Any], dark: dict[str, Any]
) -> None:
    assert is_lit(target, state(**lit), 0)
    assert not is_lit(target, state(**dark), 0)


def test_what_was_learned_or_is_bound_in_the_configuration_is_echoed_too() -> None:
    feedback = Feedback(SurfaceMap("plain", ("Plain",)))
    bound = state(map={"cc 20 on 2": "energy", "note 40": "fill"})
    assert feedback.messages(bound, 0) == [bytes((0xB1, 20, 64)), bytes((0x90, 40, 0))]


def test_at_the_end_the_lights_go_out_and_the_faders_stay() -> None:
    assert dark(MAP) == bytes((0x90, 11, 0, 0x92, 12, 0, 0xB0, 48, 0))
