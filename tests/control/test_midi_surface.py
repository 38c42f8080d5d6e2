"""What a surface with ports of its own sends: its map's commands, and to the engine what that leaves."""

from typing import Any

from livegen.control.devices.midi_surface import _Surface
from livegen.control.devices.surface_map import SurfaceMap
from livegen.control.surfaces import Request

PAD, KNOB, OTHER = bytes((0x90, 36, 100)), bytes((0xB0, 7, 127)), bytes((0x90, 40, 90))


def asked(
    messages: list[bytes], state: dict[str, Any] | None = None, **bindings: str
) -> list[Request]:
    found: list[Request] = []
    own = {source.replace("_", " "): target for source, target in bindings.items()}
    surface = _Surface(SurfaceMap("pads", ("Pads",), own), "none", found.append, print)
    surface._state = state or {}
    for data in messages:
        surface._take(data, 0)
    return found


def test_pads_and_faders_do_what_the_map_says() -> None:
    bound: Any = {"note_36": "fill", "cc_7": "drums_level"}
    assert asked([PAD, KNOB], **bound) == [Request("fill"), Request("drums_level", 2.0)]


def test_a_pad_steps_through_a_switch() -> None:
    assert asked([PAD], note_36="drums_mute") == [Request("next", "drums_mute")]


def test_what_the_map_leaves_is_no_music() -> None:
    assert asked([OTHER], note_36="fill") == []


def test_what_the_map_leaves_can_be_learned_and_then_reaches_the_engine() -> None:
    played = [Request("play", list(OTHER))]
    assert asked([OTHER], {"learning": "again"}, note_36="fill") == played
    assert asked([OTHER], {"map": {"note 40 on 1": "again"}}, note_36="fill") == played
    assert asked([OTHER], {"map": {"note 41": "again"}}, note_36="fill") == []


def test_a_map_without_bindings_leaves_all_to_the_engine() -> None:
    assert asked([PAD, KNOB]) == [Request("play", list(PAD)), Request("play", list(KNOB))]


def test_garbage_of_a_device_is_left_out() -> None:
    assert asked([b"", b"\x90", b"\xff\x00", bytes.fromhex("F07E7F0901F7")]) == []
