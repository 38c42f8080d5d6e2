"""Maps of MIDI surfaces: what ships can be read, and what is wrong is one line."""

import re
from pathlib import Path

import pytest

from livegen.control.devices.surface_map import (
    SHIPPED,
    Light,
    SurfaceMap,
    address,
    by_name,
    find,
    read,
)
from livegen.daemon.midi.device_process import found, messages_of
from livegen.errors import ConfigError
from livegen.jam.controls.mapping import CUES, ControlMap
from livegen.jam.controls.sources import parse_source

NAMES = ("launchpad", "midimix", "nanokontrol2")


def test_three_surfaces_ship() -> None:
    assert tuple(by_name(Path("nowhere"))) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_ships_can_be_read_names_its_manual_and_has_a_light_for_each_cue(name: str) -> None:
    path = find(name, Path("nowhere"))
    surface = read(path)

    ControlMap(surface.bindings)
    assert {"variation_a", "variation_d", "fill", "break", "ending", "stop_time"} <= set(
        surface.bindings.values()
    )
    assert {f"{part}_mute" for part in ("drums", "bass", "comp", "lead")} <= set(
        surface.bindings.values()
    )
    assert all(address(parse_source(source)) for source in surface.bindings)
    assert len(set(surface.bindings.values())) == len(surface.bindings), "one pad each"
    assert re.search(r"Manual|Guide", path.read_text())
    assert SurfaceMap.from_json(surface.as_json()) == surface


def test_the_launchpad_has_all_cues() -> None:
    assert set(read(SHIPPED / "launchpad.yaml").bindings.values()) >= CUES


def test_a_map_of_one_s_own_wins(tmp_path: Path) -> None:
    (tmp_path / "launchpad.yaml").write_text(
        "ports: Mine\nmap: {note 1: fill}\nlights: {on: 5, fill: {off: 3}}\nbegin: F0 01 F7"
    )
    surface = read(find("launchpad", tmp_path))

    assert surface.ports == ("Mine",)
    assert surface.light("fill") == Light(3, 5)
    assert surface.light("again") == Light(0, 5)
    assert surface.begin == bytes((0xF0, 1, 0xF7))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("map: {note 1: fill}", "expected `ports: [NAME]`"),
        ("ports: A\nmap: {note 1: flil}", "expected a control, a command"),
        ("ports: A\nmap: {knob 1: fill}", "expected cc, note"),
        ("ports: A\nlights: {fill: 200}", "lights: fill: expected {off: 0, on: 127}, got 200"),
        ("ports: A\nlights: {on: 200}", "lights: on: expected 0 to 127, got 200"),
        ("ports: A\nbegin: hello", 'begin: expected bytes such as "F0 7E 7F 09 01 F7"'),
        ("ports: A\nleds: {}", "there is no setting 'leds' in a map"),
        ("[", "1"),
    ],
)
def test_a_mistake_in_a_map_is_one_line_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_surface_that_does_not_exist_is_said_with_those_that_do() -> None:
    said = "'lanchpad' is neither a surface (launchpad, midimix, nanokontrol2) nor a map (.yaml)"
    with pytest.raises(ConfigError, match=re.escape(said)):
        find("lanchpad", Path("nowhere"))


def test_the_device_is_found_by_a_part_of_its_name_and_never_livegen_itself() -> None:
    ports = ["livegen-out:LPX MIDI", "Launchpad X LPX DAW In", "Launchpad X LPX MIDI In"]
    assert found(["LPX MIDI", "Launchpad"], ports) == ports[2]
    assert found(["launchpad"], ports) == ports[1]
    assert found(["MIDI Mix"], ports) == ""


def test_messages_that_are_written_in_a_row_are_sent_one_by_one() -> None:
    row = bytes.fromhex("F07E7F0901F7 9A0B15 B0077F")
    assert messages_of(row) == [
        bytes.fromhex("F07E7F0901F7"),
        bytes.fromhex("9A0B15"),
        bytes.fromhex("B0077F"),
    ]
