"""What every page is told."""

import json
from typing import Any

from livegen.control.surfaces import Request
from livegen.control.web.mailbox import MOST_LINES
from livegen.control.web.stage import Stage
from livegen.daemon.processes.frames import HeardFrame, NewsFrame, SentFrame
from livegen.jam.controls.controls import CONTROLS
from livegen.jam.controls.mapping import COMMANDS


def hello(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stage.hello(5))
    return found


def test_every_control_and_every_command_is_told_with_its_help() -> None:
    told = hello(Stage({}))

    assert [control["name"] for control in told["controls"]] == list(CONTROLS)
    for control in told["controls"]:
        row = CONTROLS[control["name"]]
        assert (control["default"], control["help"], control["unit"]) == (
            row.default,
            row.help,
            row.unit,
        )
        assert (control["low"], control["high"], tuple(control["choices"])) == (
            row.low,
            row.high,
            row.choices,
        )
        assert control["knob"] == row.has_knob
    assert {command["name"]: command["help"] for command in told["commands"]} == COMMANDS


def test_changed_presets_change_hello_and_what_can_be_asked_for() -> None:
    stage = Stage({}, presets=["Quiet"])

    assert stage.asked(Request("presets", {"Quiet": {}, "Loud": {}}))
    assert not stage.asked(Request("presets", {"Quiet": {}, "Loud": {}}))
    assert not stage.asked(Request("density", 1.0))
    assert hello(stage)["presets"] == ["Quiet", "Loud"]
    assert stage.known.presets == {"Quiet", "Loud"}


def test_the_set_list_is_what_program_changes_switch_to() -> None:
    stage = Stage({})
    bindings = {
        "program 10": "preset End",
        "program 2": "preset Start",
        "cc 7": "preset No",
        "program 3": "again",
    }

    assert stage.show({"map": bindings})
    assert hello(stage)["setlist"] == ["Start", "End"]
    assert not stage.show({"map": bindings})


def test_styles_and_ports_reach_hello_and_not_the_state() -> None:
    stage = Stage({"in": "a", "out": "b"})

    assert stage.show({"styles": ["any", "jazz"], "turn": "waiting", "ports": {"in": "a"}})
    assert stage.health({"engine": "alive", "ports": {"in": "x", "out": "y", "api": "jack"}}) == (
        True,
        True,
    )
    assert stage.health({"engine": "alive", "ports": {"in": "x", "out": "y", "api": "jack"}}) == (
        False,
        False,
    )
    assert hello(stage)["styles"] == ["any", "jazz"]
    assert hello(stage)["ports"] == {"in": "x", "out": "y", "api": "jack"}
    assert stage.texts == {"turn": '"waiting"', "engine": '"alive"'}


def test_notes_say_whose_they_are() -> None:
    stage = Stage({})

    assert stage.note(HeardFrame(5, b"\x90\x3c\x50")) == "[0,5,144,60,80]"
    assert stage.note(SentFrame(6, b"\xd0\x05")) == "[1,6,208,5]"


def test_names_from_devices_are_text_and_nothing_else() -> None:
    name = '<img src=x onerror="alert(1)">'
    stage = Stage({"in": name, "out": "b"})
    line = stage.line(NewsFrame.of(7, {"line": name, "kind": "note"}))

    assert hello(stage)["ports"]["in"] == name
    assert json.loads(line) == {"t": "line", "at": 7, "line": name, "kind": "note"}


def test_the_last_lines_are_kept_for_those_who_come_later() -> None:
    stage = Stage({})
    for number in range(100):
        stage.line(NewsFrame(number, b'{"line":"x","kind":"note"}'))

    assert [json.loads(line)["at"] for line in stage.lines] == list(range(100 - MOST_LINES, 100))


def test_figures_name_what_each_process_takes() -> None:
    figures = json.loads(
        Stage({}).figures({"cpu": {"ports": 0.1}, "engine": "alive", "ports": {}, "late": 1}, 5)
    )

    assert figures.keys() == {"t", "cpu", "late"} and figures["cpu"].keys() == {"ports", "control"}


def test_the_instruments_of_a_sound_font_are_those_of_the_style() -> None:
    stage = Stage({}, font="band.sf2")
    stage.show({"controls": {"style": "jazz_swing+hymn", "style_mix": 0.2}})
    assert (hello(stage)["font"], stage.texts["programs"]) == (
        "band.sf2",
        '{"lead":11,"comp":4,"bass":32}',
    )

    stage.show({"controls": {"style": "jazz_swing+hymn", "style_mix": 0.8}})
    assert json.loads(stage.texts["programs"]) == {"lead": 19, "comp": 19, "bass": 19}
