"""The plug-in's lines as their schema has them are those that are spoken.  `validated` is for tests of other files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from livegen.control.web.page_messages import RefusedMessage
from livegen.control.web.roles import ROLES
from livegen.music.parts import PARTS
from livegen.plugin import words
from livegen.plugin.seat import SHOWN

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "plugin-protocol.schema.json").read_text(encoding="utf-8")
)
DEFINED: Mapping[str, Any] = SCHEMA["$defs"]
HELLO = {"t": "hello", "protocol": 1, "token": "x"}
TRANSPORT = {"t": "transport", "at": 0, "playing": True, "bpm": 120.0, "beat": 0.0}


def kinds(side: str) -> dict[str, Any]:
    """The kinds of a side, by name."""
    of = f"{side.removeprefix('from_')}_"
    return {name.removeprefix(of): kind for name, kind in DEFINED.items() if name.startswith(of)}


VALIDATORS = {
    (side, kind): Draft202012Validator({"$defs": DEFINED} | schema)
    for side in ("from_plugin", "from_process")
    for kind, schema in kinds(side).items()
}


def validated(side: str, line: Mapping[str, Any]) -> None:
    """Raise ValidationError for a line that a side may not say, and KeyError for one of no kind."""
    VALIDATORS[side, line["t"]].validate(line)


def test_the_schema_is_one_and_has_each_kind_among_those_of_its_side() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for side in ("from_plugin", "from_process"):
        of = side.removeprefix("from_")
        assert DEFINED[side]["oneOf"] == [{"$ref": f"#/$defs/{of}_{kind}"} for kind in kinds(side)]


def test_the_schema_has_the_fields_and_the_names_that_the_code_reads() -> None:
    hello = kinds("from_plugin")["hello"]["properties"]
    assert hello.keys() - {"t", "protocol", "token"} == words.Greeting.__dataclass_fields__.keys()
    assert hello["part"]["enum"] == ["", *PARTS] and set(hello["role"]["enum"]) == {"", *ROLES}
    assert hello["block_us"]["maximum"] == words.LONGEST_BLOCK_US
    assert hello["model"]["maxLength"] == words.LONGEST_MODEL
    assert DEFINED["part"]["enum"] == list(PARTS)
    shown = kinds("from_process")["state"]["properties"]["state"]
    assert shown["propertyNames"]["enum"] == list(SHOWN)


GREETINGS: Sequence[tuple[dict[str, Any], bool]] = (
    ({}, True),
    ({"protocol": 2}, False),
    ({"part": "bass", "role": "keys", "seed": 0, "block_us": 250_000}, True),
    ({"part": "horns"}, False),
    ({"block_us": 0}, False),
    ({"seed": 2**32}, False),
    ({"controls": []}, False),
    ({"model": "x" * 81}, False),
    ({"name": "x" * 41}, False),
)
TRANSPORTS: Sequence[tuple[dict[str, Any], bool]] = (
    ({}, True),
    ({"metre": "3/4"}, True),
    ({"bpm": 0.5}, False),
    ({"playing": 1}, False),
    ({"beat": None}, False),
    ({"at": 0.5}, False),
)
EXAMPLES = [
    *((HELLO | change, is_fit) for change, is_fit in GREETINGS),
    *((TRANSPORT | change, is_fit) for change, is_fit in TRANSPORTS),
    ({"t": "block", "at": 0, "until": 10_667}, True),
    ({"t": "block", "at": -1, "until": 10_667}, False),
]


@pytest.mark.parametrize(("line", "is_fit"), EXAMPLES)
def test_what_the_schema_allows_is_read_and_what_it_refuses_is_refused(
    line: dict[str, Any], is_fit: bool
) -> None:
    read = words.greeting if line["t"] == "hello" else words.own
    if is_fit:
        validated("from_plugin", line)
        assert read(line) is not None
        return
    with pytest.raises(ValidationError):
        validated("from_plugin", line)
    with pytest.raises(RefusedMessage):
        read(line)
