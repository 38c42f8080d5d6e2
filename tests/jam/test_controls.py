"""Controls are one table, and nothing else is accepted."""

from dataclasses import fields

import pytest

from livegen.errors import ConfigError
from livegen.jam.controls.controls import (
    CONTROLS,
    Settings,
    checked,
    expected,
    settings,
    with_control,
)


def test_settings_hold_each_control_at_its_default() -> None:
    defaults = {field.name: getattr(Settings(), field.name) for field in fields(Settings)}
    assert defaults == {name: control.default for name, control in CONTROLS.items()}


@pytest.mark.parametrize("name", CONTROLS)
def test_every_default_is_accepted_and_explained(name: str) -> None:
    control = CONTROLS[name]
    assert checked(name, control.default) == control.default
    assert control.help.endswith((".", ")"))
    assert expected(control)


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("rest", "400", 400.0),
        ("rest", " auto ", "auto"),
        ("length", "4", 4),
        ("length", 2.0, 2),
        ("tempo", 120, 120.0),
        ("scale", "F# dorian", "F# dorian"),
        ("register", "C3-C6", "C3-C6"),
    ],
)
def test_a_value_may_come_as_text(name: str, given: object, taken: object) -> None:
    assert checked(name, given) == taken
    assert type(checked(name, given)) is type(taken)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "duet"),
        ("rest", -1),
        ("rest", "soon"),
        ("length", 1.5),
        ("length", True),
        ("temperature", float("nan")),
        ("temperature", "inf"),
        ("temperature", None),
        ("tempo", [120]),
        ("scale", "H major"),
        ("register", "84-48"),
        ("style", "x" * 401),
        ("style", None),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: "):
        checked(name, value)


def test_an_unknown_control_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"volume: .* mode, sync"):
        settings({"volume": 3})


def test_changing_a_control_changes_nothing_else() -> None:
    assert with_control(Settings(), "density", 2) == settings({"density": 2})
