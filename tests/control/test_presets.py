"""Presets as files: whole, by a name that any system can hold, and never written over unasked."""

import stat
from pathlib import Path

import pytest
import yaml

from livegen import config
from livegen.control.library.presets import (
    LONGEST,
    OF_THE_ROOM,
    PresetError,
    PresetThere,
    checked_name,
    has_file,
    musical,
    save,
)
from livegen.jam.controls.controls import CONTROLS

ALL = {name: control.default for name, control in CONTROLS.items()}
CHART = "title: One: two\n\n[A]\n| C | F#m7b5 |"
MUSIC = {"mode": "solo", "tempo": "auto", "scale": "D dorian", "energy": 0.7, "chart": CHART}


def test_a_preset_holds_all_of_the_music_and_nothing_of_the_room() -> None:
    kept = musical(ALL)

    assert list(kept) == [name for name in CONTROLS if name not in OF_THE_ROOM]
    assert set(OF_THE_ROOM) <= set(CONTROLS)


def test_what_was_saved_is_read_again_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "livegen" / "presets"
    told = musical(ALL | MUSIC)

    path = save(folder, "Für abends", told)

    assert path == folder / "Für abends.yaml"
    assert config.load().all_presets == {"Für abends": told}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in folder.iterdir()] == [path.name]


def test_a_text_of_several_lines_stands_in_the_file_line_by_line(tmp_path: Path) -> None:
    chart = "title: One: two\nkey: C\n\n[A]\n| C | F# |\n"
    path = save(tmp_path, "Sunday", {"chart": chart, "energy": 0.5})

    assert yaml.safe_load(path.read_text()) == {"chart": chart, "energy": 0.5}
    assert "  | C | F# |\n" in path.read_text()


def test_a_preset_that_is_there_is_only_replaced_when_that_is_asked(tmp_path: Path) -> None:
    path = save(tmp_path, "Ballad", MUSIC)
    before = path.read_text()

    with pytest.raises(PresetThere, match="there is a preset Ballad already"):
        save(tmp_path, "Ballad", {"energy": 0.1})
    assert path.read_text() == before

    save(tmp_path, "Ballad", {"energy": 0.1}, replace=True)
    assert "energy: 0.1" in path.read_text() and "dorian" not in path.read_text()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_file_whose_name_has_its_accents_apart_is_the_same_preset(tmp_path: Path) -> None:
    apart = tmp_path / "Fu\u0308r.yaml"
    apart.write_text("energy: 0.3\n")

    assert has_file(tmp_path, "F\u00fcr")
    with pytest.raises(PresetThere):
        save(tmp_path, "F\u00fcr", MUSIC)
    assert save(tmp_path, "F\u00fcr", MUSIC, replace=True) == apart


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "x.yaml").symlink_to(tmp_path / "precious")

    for replace in (False, True):
        with pytest.raises(PresetThere):
            save(tmp_path, "x", MUSIC, replace)
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("  Ballad ", "Ballad"),
        ("Fu\u0308r Elise", "F\u00fcr Elise"),
        ("夜", "夜"),
        ("v1.2", "v1.2"),
    ],
)
def test_a_name_is_taken_in_any_script_with_its_accents_composed(name: str, plain: str) -> None:
    assert checked_name(name) == plain


@pytest.mark.parametrize(
    "name",
    ["", " ", ".x", "../x", "a/b", "a\\b", "a\0", "a\nb", "con", "x.", "<b>", "x" * (LONGEST + 1)],
)
def test_a_name_that_some_system_would_misread_is_refused(name: str) -> None:
    with pytest.raises(PresetError) as raised:
        checked_name(name)
    assert "\n" not in str(raised.value)
