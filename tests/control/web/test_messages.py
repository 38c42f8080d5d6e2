"""What a page may say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.control.surfaces import Request
from livegen.control.web import page_messages
from livegen.control.web.page_messages import (
    KeysPlayed,
    Known,
    Ping,
    RefusedMessage,
    Rejoined,
    Unfit,
    object_in,
    parse,
)
from livegen.errors import ConfigError
from livegen.jam.controls.controls import CONTROLS
from livegen.jam.controls.mapping import COMMANDS
from livegen.music.melody import phrase_steps

KNOWN = Known(frozenset({"Quiet", "Solo"}), frozenset({"jam-gru"}))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: (
        st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4)
    ),
    max_leaves=8,
)
kinds = st.sampled_from(["set", "do", "play", "ping"]) | json_values
names = (
    st.sampled_from(
        [
            *CONTROLS,
            *COMMANDS,
            "preset",
            "learn",
            "unlearn",
            "model",
            "watch",
            "phrase",
            "path",
            "remember",
            "sing",
        ]
    )
    | json_values
)
messages = st.fixed_dictionaries(
    {"t": kinds},
    optional={
        "name": names,
        "value": json_values,
        "data": json_values,
        "at": json_values,
        "x": json_values,
    },
)


def said(**given_: Any) -> object:
    return parse(json.dumps(given_), KNOWN)


@given(messages)
def test_whatever_is_said_is_understood_or_refused(message: dict[str, Any]) -> None:
    try:
        meant = parse(json.dumps(message), KNOWN)
    except RefusedMessage as refusal:
        assert 0 < len(str(refusal)) <= 500
    else:
        assert isinstance(meant, Request | Ping | KeysPlayed)
        json.dumps(meant.value if isinstance(meant, Request) else 0, allow_nan=False)


@given(st.text(max_size=200))
def test_any_text_is_refused_or_understood(text: str) -> None:
    with pytest.raises(RefusedMessage):
        parse(text, KNOWN)
    with pytest.raises(RefusedMessage):
        parse(f'{{"t":"ping","at":0}}{text}x', KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 60_000,
        '{"t":"set","name":"tempo","value":' + "9" * 60_000 + "}",
        '{"t":"ping","at":NaN}',
        '{"t":"ping","at":1e999}',
        '{"t":"ping","at":true}',
        '{"t":"ping","at":"x"}',
        '{"t":"ping","at":0,"more":1}',
        '{"t":["ping"],"at":0}',
        '{"t":"ping"}' + " " * 70_000,
        "null",
        "[]",
        '"set"',
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(RefusedMessage):
        parse(text, KNOWN)


def test_a_control_is_set_and_its_value_checked() -> None:
    assert said(t="set", name="density", value=0.5) == Request("density", 0.5)
    assert said(t="set", name="rest", value="auto") == Request("rest", "auto")
    for value in (99, "x", None, [1], {"a": 1}, True, 1e300, 10**400):
        with pytest.raises(RefusedMessage):
            said(t="set", name="density", value=value)


def test_a_control_may_be_set_by_a_name_that_is_known_here() -> None:
    def meant(control: str, value: Any) -> Any:
        if value == "nobody's":
            raise ConfigError(f"{control}: there is none of that name")
        return "C major" if value == "mine" else value

    known = Known(meant=meant)

    assert parse('{"t":"set","name":"scale","value":"mine"}', known) == Request("scale", "C major")
    with pytest.raises(Unfit, match="scale: there is none") as unfit:
        parse('{"t":"set","name":"scale","value":"nobody\'s"}', known)
    assert unfit.value.name == "scale"


def test_a_value_that_does_not_fit_is_a_slip_and_what_does_not_exist_a_mistake() -> None:
    with pytest.raises(Unfit) as unfit:
        said(t="set", name="scale", value="H major")
    assert unfit.value.name == "scale"  # so that the page can say it there
    with pytest.raises(RefusedMessage) as refusal:
        said(t="set", name="nothing", value=1)
    assert not isinstance(refusal.value, Unfit)


@pytest.mark.parametrize("name", [*COMMANDS])
def test_every_command_can_be_asked_for(name: str) -> None:
    assert said(t="do", name=name) == Request(name)
    assert said(t="do", name=name, value=None) == Request(name)


def test_commands_that_take_something_take_only_that() -> None:
    assert said(t="do", name="preset", value="Quiet") == Request("preset", "Quiet")
    assert said(t="do", name="learn", value="density") == Request("learn", "density")
    assert said(t="do", name="learn", value="") == Request("learn", "")
    assert said(t="do", name="unlearn", value="preset Solo") == Request("unlearn", "preset Solo")
    assert said(t="do", name="model", value="jam-gru") == Request("model", "jam-gru")
    assert said(t="do", name="capture", value=8) == Request("capture", 8)
    assert said(t="do", name="why", value=[1 << 40, 0, 60]) == Request("why", [1 << 40, 0, 60])
    for name, value in (
        ("preset", "Loud"),
        ("learn", "nothing"),
        ("learn", 5),
        ("unlearn", ""),
        ("capture", 0),
        ("capture", 1.5),
        ("capture", True),
        ("why", 60),
        ("why", [1, 0]),
        ("why", [-1, 0, 60]),
        ("why", [1, 16, 60]),
        ("why", [1, 0, 128]),
        ("why", [1, 0, True]),
        ("panic", 1),
        ("keep", {"from": 0, "to": 1}),
    ):
        with pytest.raises(RefusedMessage):
            said(t="do", name=name, value=value)


@pytest.mark.parametrize(
    "value", ["/etc/passwd", "../jam-gru", "models/jam-gru/model.onnx", "default"]
)
def test_a_model_is_named_and_never_a_path(value: str) -> None:
    with pytest.raises(RefusedMessage):
        said(t="do", name="model", value=value)


@pytest.mark.parametrize(
    "name", ["watch", "play", "presets", "map", "link", "next", "stats", "quit"]
)
def test_what_is_ours_alone_cannot_be_asked_for(name: str) -> None:
    values: tuple[object, ...] = (None, True, {})
    for value in values:
        with pytest.raises(RefusedMessage):
            said(t="do", name=name, value=value)


def test_notes_controllers_programs_bend_and_pressure_are_played() -> None:
    for data in (
        [0x90, 60, 80],
        [0x8F, 60, 0],
        [0xB0, 64, 127],
        [0xB0, 1, 5],
        [0xBF, 74, 5],
        [0xC0, 5],
        [0xE0, 0, 64],
        [0xD0, 9],
    ):
        assert said(t="play", data=data) == KeysPlayed(bytes(data))


@given(st.lists(st.integers(-1, 300), max_size=4) | json_values)
def test_nothing_else_is_played(data: Any) -> None:
    try:
        played = said(t="play", data=data)
    except RefusedMessage:
        return
    assert isinstance(played, KeysPlayed) and list(played.data) == data
    assert 0x80 <= played.data[0] < 0xF0 and all(byte < 0x80 for byte in played.data[1:])


def test_the_first_message_holds_the_token() -> None:
    assert object_in('{"token":"x","room":"y"}') == {"token": "x", "room": "y"}
    assert object_in("{}") == {}
    with pytest.raises(RefusedMessage):
        object_in("x")


def test_words_to_be_sung_come_as_they_are_and_bounded() -> None:
    assert said(t="do", name="sing", value="la 啦") == Request("sing", "la 啦")
    for value in (None, "", 3, "la " * 400):
        with pytest.raises(RefusedMessage, match="sing: expected words, at most 1000 characters"):
            said(t="do", name="sing", value=value)
    with pytest.raises(Unfit, match="there is no word in them"):
        said(t="do", name="sing", value="...")


def test_who_plays_is_a_name_in_any_script_and_never_a_path() -> None:
    assert said(t="do", name="remember", value="Ada 王") == Request("remember", "Ada 王")
    assert said(t="do", name="remember", value="") == Request("remember", "")
    for value in ("../ada", "/etc/passwd", "a\nb", 3, None, ["ada"], "x" * 300):
        with pytest.raises(RefusedMessage, match="remember: expected the name of a player"):
            said(t="do", name="remember", value=value)


def test_phrases_of_the_map_are_named_by_their_numbers() -> None:
    assert said(t="do", name="phrase", value=3) == Request("phrase", 3)
    assert said(t="do", name="path", value=[3, 1, 3]) == Request("path", [3, 1, 3])
    for name, value in (
        ("phrase", "3"),
        ("phrase", True),
        ("path", [3]),
        ("path", [1, "2"]),
        ("path", [1] * 9),
    ):
        with pytest.raises(RefusedMessage, match=f"{name}: expected the number"):
            said(t="do", name=name, value=value)


REJOIN: dict[str, Any] = {
    "t": "rejoin",
    "at": 9,
    "strokes": [[5, 0, 144, 60, 80]],
    "timeline": [500_000, 3, 96],
    "controls": {"tempo": 90},
}


def test_who_comes_back_tells_strokes_bars_and_controls() -> None:
    assert said(**REJOIN) == Rejoined(((5, 0, 144, 60, 80),), (500_000, 3, 96), {"tempo": 90}, 9)


PHRASE = {"part": 0, "tonic": 2, "beats": 4, "bar": 4, "notes": [[-20, 900, 60, 80]]}


def test_as_much_of_a_phrase_can_be_told_as_can_be_kept() -> None:
    kept = phrase_steps.MOST_BEATS, phrase_steps.MOST_BEATS * phrase_steps.LINES_PER_BEAT
    assert kept == (page_messages.MOST_BEATS, page_messages.MOST_TONES)


def test_who_comes_back_may_tell_the_place_in_the_chart_and_the_kept_phrases() -> None:
    memo = {"chart": [7, 96, 0], "phrases": {"A": PHRASE}}
    found = said(**REJOIN, memo=memo)
    assert isinstance(found, Rejoined) and found.memo == memo
    assert said(**REJOIN, memo={"chart": None, "phrases": {}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"strokes": [[5, 0, 176, 60, 80]]},
        {"strokes": [[5, 2, 144, 60, 80]]},
        {"strokes": [[-1, 0, 144, 60, 80]]},
        {"strokes": [[5, 0, 144, 60]]},
        {"strokes": [[5, 0, 144, 60, 80]] * 257},
        {"timeline": [0, 3, 96]},
        {"timeline": [500_000, 3, 0]},
        {"controls": {"volume": 3}},
        {"controls": {"tempo": 9000}},
        {"at": "now"},
        {"memo": []},
        {"memo": {"model": "x"}},
        {"memo": {"chart": [7, -1, 0]}},
        {"memo": {"phrases": {"C": PHRASE}}},
        {"memo": {"phrases": {"A": PHRASE | {"beats": 17}}}},
        {"memo": {"phrases": {"A": PHRASE | {"notes": [[0, 900, 60, 0]]}}}},
        {"memo": {"phrases": {"A": PHRASE | {"notes": [[0, 900, 60, 80]] * 97}}}},
        {"memo": {"phrases": {"A": {"notes": []}}}},
    ],
)
def test_who_comes_back_with_anything_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RefusedMessage):
        said(**(REJOIN | wrong))
