"""The protocol of a studio as its schema has it is the one that is spoken.  `validated` is for tests of other files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from livegen.control.web import page_messages, stage
from livegen.control.web.roles import ROLES
from livegen.daemon.processes.frames import FiguresFrame
from livegen.music.messages import Cut, NoteOn
from tests.studio.test_room import BEGIN, MS, Studio

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "studio-protocol.schema.json").read_text(encoding="utf-8")
)
DEFINED: Mapping[str, Any] = SCHEMA["$defs"]


def validated(side: str, message: object) -> None:
    """Raise ValidationError for what `from_player`, `from_studio` or `join` does not allow."""
    kind = message.get("t") if isinstance(message, dict) else None
    of_kind = f"{side.removeprefix('from_')}_{kind}"  # whose mistakes are told better than those of all kinds
    name = of_kind if of_kind in DEFINED else side
    schema = {"$defs": DEFINED, "$ref": f"#/$defs/{name}"}
    Draft202012Validator(schema).validate(message)


def kinds(side: str) -> dict[str, Any]:
    """The kinds of a side, by name."""
    return {
        key.removeprefix(f"{side}_"): value
        for key, value in DEFINED.items()
        if key.startswith(f"{side}_")
    }


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for side, of in (("from_player", "player"), ("from_studio", "studio")):
        assert DEFINED[side]["oneOf"] == [{"$ref": f"#/$defs/{of}_{kind}"} for kind in kinds(of)]


def test_the_schema_has_the_messages_of_a_player_that_the_code_reads_each_with_its_values() -> None:
    read = {
        kind: (set(form), set(may_have))
        for kind, (form, may_have, _) in page_messages._KINDS.items()
    }
    told = {
        kind: (
            set(schema["required"]) - {"t"},
            set(schema["properties"]) - set(schema["required"]),
        )
        for kind, schema in kinds("player").items()
    }
    assert told == read
    assert kinds("player")["role"]["properties"]["role"]["enum"] == ["", *ROLES]


# What a player says in the scene below, and one of each kind at least.
SAID: tuple[dict[str, Any], ...] = (
    {"t": "name", "name": "Ana"},
    {"t": "role", "role": "bass"},
    {"t": "ping", "at": 12.5},
    {"t": "set", "name": "tempo", "value": 96},
    {"t": "do", "name": "count_in"},
    {"t": "do", "name": "capture"},
    {"t": "play", "data": [144, 40, 80], "at": BEGIN},
    {"t": "play", "data": [192, 3]},
    {
        "t": "rejoin",
        "at": BEGIN,
        "strokes": [[500_000, 0, 144, 60, 80]],
        "timeline": [500_000, 0, 96],
        "controls": {},
        "memo": {
            "chart": [BEGIN, 96, 0],
            "phrases": {
                "A": {"part": 0, "tonic": 0, "beats": 4, "bar": 4, "notes": [[0, 900, 60, 80]]}
            },
        },
    },
    {"t": "set", "name": "tempo", "value": 9999},
    {"t": "tuba"},
)


def test_every_message_of_a_room_keeps_to_the_schema() -> None:
    studio = Studio()
    page, other = studio.room.clients.enter(), studio.room.clients.enter()
    heard: list[dict[str, Any]] = []

    def listens() -> None:
        for one in (page, other):
            heard.extend(json.loads(text) for text in one.mailbox.take(studio.now))

    studio.until(100)
    listens()
    for message in SAID[:-1]:
        validated("from_player", message)
    for message in SAID:
        page.hear(json.dumps(message), studio.now)
    studio.play(NoteOn(60, 80), 300)
    studio.play(Cut(((0, 60),)), 0)  # type: ignore[arg-type]
    studio.until(400)
    for _ in range(600):  # more than wait for a page that does not read
        studio.room._pass_on([bytes((144, 60, 80))], studio.now)
    studio.room._from_engine(FiguresFrame.of(studio.now, {"late": 0}))
    listens()
    heard += [json.loads(text) for text in (stage.token("x"), stage.room("blues"))]
    for message in heard:
        validated("from_studio", message)
    assert {message["t"] for message in heard} == set(kinds("studio"))
    assert {message["t"] for message in SAID[:-1]} == set(kinds("player"))


@pytest.mark.parametrize(
    ("side", "message"),
    [
        ("from_player", {"t": "play", "data": [144, 300, 80]}),
        ("from_player", {"t": "tuba"}),
        ("from_player", {"t": "ping"}),
        ("from_studio", {"t": "music", "music": [[BEGIN, 144]]}),
        ("from_studio", {"t": "beat"}),
        ("from_studio", {"t": "beat", "now": 1, "more": MS}),
        ("join", {"room": "blues"}),
    ],
)
def test_what_is_no_message_does_not_keep_to_it(side: str, message: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        validated(side, message)
