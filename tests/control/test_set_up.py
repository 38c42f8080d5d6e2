"""What is set up in files while the music plays: taken over whole or not at all; what was learned is kept."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from livegen import app, config
from livegen.app.daemons import watched_files
from livegen.config import Origin
from livegen.control.library.presets import PresetError, PresetThere
from livegen.control.set_up import Changes, SetUp, SetUpSurface, asked_for, signature
from livegen.control.surfaces import Request
from livegen.daemon.processes.children import ControlProcess

CONFIG = """\
jam: {density: 0.5, tempo: 100}
map: {cc 74: density}
presets: {Quiet: {energy: 0.2}}
setlist: [Quiet, Loud]
"""
LOUD = "energy: 0.9\n"


class Folder:
    """A person's folder, the surface that watches it, and an engine that does what it is asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "presets").mkdir(parents=True)
        self.write("config.yaml", CONFIG)
        self.write("presets/Loud.yaml", LOUD)
        self.asked: list[Request] = []
        self.said: list[str] = []
        self.start()

    def start(self, **changed: object) -> None:
        origin = Origin()
        loaded = origin.load()
        settings = watched_files(loaded, origin) | changed
        self.surface = SetUpSurface(
            json.loads(json.dumps(settings)), self.asked.append, self.said.append
        )
        self.state: dict[str, Any] = {
            "controls": loaded.controls,
            "map": settings["now"]["bindings"],
            "engine_pid": 1,
            "model_file": "/models/one.onnx",
        }
        self.show()

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def read_again(self) -> list[Request]:
        """What is asked for when the files are read again."""
        self.asked.clear()
        asyncio.run(self.surface.read_again())
        return self.asked

    def show(self, **changed: object) -> None:
        self.state = self.state | changed
        self.surface.show(self.state)

    def learn(self, source: str, target: str) -> None:
        """What an engine does when something is learned."""
        kept = {s: t for s, t in self.state["map"].items() if t != target}
        self.show(map=kept | {source: target})

    @property
    def learned(self) -> dict[str, str] | None:
        path = self.path / "map.yaml"
        return yaml.safe_load(path.read_text()) if path.exists() else None


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Folder]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    yield Folder(tmp_path / "livegen")


# --- files that change ----------------------------------------------------------------------------------------


def test_files_that_say_the_same_ask_for_nothing(folder: Folder) -> None:
    folder.write("config.yaml", "# moved about\n" + CONFIG)

    assert folder.read_again() == [] and folder.said == []


def test_only_controls_whose_setting_changed_are_told(folder: Folder) -> None:
    folder.show(controls=folder.state["controls"] | {"tempo": 140.0})  # turned by hand
    folder.write("config.yaml", CONFIG.replace("density: 0.5", "density: 0.7"))

    assert folder.read_again() == [Request("density", 0.7)]
    assert folder.said == ["configuration: changed density"]


def test_a_setting_taken_out_goes_back_to_its_default(folder: Folder) -> None:
    folder.write("config.yaml", CONFIG.replace("density: 0.5, ", ""))

    assert folder.read_again() == [Request("density", 1.0)]


def test_a_preset_that_is_edited_is_told_with_all_others(folder: Folder) -> None:
    folder.write("presets/Loud.yaml", "energy: 1\n")
    folder.write("presets/Solo.yaml", "mode: solo\n")

    expected = {"Quiet": {"energy": 0.2}, "Loud": {"energy": 1}, "Solo": {"mode": "solo"}}
    assert folder.read_again() == [Request("presets", expected)]


def test_bindings_that_are_edited_are_told_with_those_of_the_set_list(folder: Folder) -> None:
    folder.write("config.yaml", CONFIG.replace("cc 74", "CC 75 on 2"))

    expected = {"program 0": "preset Quiet", "program 1": "preset Loud", "cc 75 on 2": "density"}
    assert folder.read_again() == [Request("map", expected)]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("config.yaml", CONFIG + "seed: -1\n", "config.yaml:5: seed: expected at least 0"),
        ("config.yaml", CONFIG + "seeds: 1\n", "config.yaml:5: seeds: there is no such setting"),
        ("config.yaml", "jam: {density: 9}\n", "config.yaml:1: jam.density: expected a number"),
        ("config.yaml", "jam: [\n", "config.yaml:2: "),
        ("config.yaml", CONFIG.replace("Loud]", "Lout]"), "config.yaml:4: setlist: there is no"),
        ("presets/Loud.yaml", "\nenergy: 2\n", "presets/Loud.yaml:2: presets.Loud.energy: exp"),
        ("presets/Loud.yaml", "volume: 2\n", "presets/Loud.yaml:1: presets.Loud.volume: there"),
        ("presets/Quiet.yaml", "", "presets/Quiet.yaml: there is a preset Quiet already, at "),
    ],
)
def test_a_mistake_is_said_with_its_line_and_everything_stays_in_force(
    folder: Folder, name: str, text: str, line: str
) -> None:
    """Also what is right beside a mistake waits until the mistake is mended."""
    folder.write("presets/Solo.yaml", "mode: solo\n")
    folder.write(name, text)
    assert folder.read_again() == []
    assert len(folder.said) == 1
    assert folder.said[0].startswith(f"{folder.path}/{line}")
    assert folder.said[0].endswith("; nothing is changed")

    folder.write("config.yaml", CONFIG)
    folder.write("presets/Loud.yaml", LOUD)
    (folder.path / "presets/Quiet.yaml").unlink(missing_ok=True)
    assert [asked.name for asked in folder.read_again()] == ["presets"]


def test_several_mistakes_are_one_line_and_a_count(folder: Folder) -> None:
    folder.write("config.yaml", "jam: {density: 9}\nseed: -1\nseeds: 1\n")
    folder.read_again()

    assert len(folder.said) == 1 and folder.said[0].endswith(" (and 2 more); nothing is changed")


def test_what_is_read_at_the_start_only_is_named(folder: Folder) -> None:
    folder.write("config.yaml", CONFIG + "ports: {out: Answers}\nosc: {port: 9800}\n")

    assert folder.read_again() == []
    assert folder.said == ["configuration: ports.out, osc.port will change at the next start"]


def test_options_of_the_command_line_still_win(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = Folder(tmp_path / "livegen")
    origin = Origin(None, ("jam.density=2",))
    asked: list[Request] = []
    settings = watched_files(origin.load(), origin)
    surface = SetUpSurface(json.loads(json.dumps(settings)), asked.append, folder.said.append)
    folder.write("config.yaml", CONFIG.replace("density: 0.5", "density: 0.7"))
    asyncio.run(surface.read_again())

    assert asked == []


def test_more_than_a_command_can_hold_is_left_out_and_said(folder: Folder) -> None:
    long = "x" * 40
    many = {f"{long} {n}": {"energy": 0.5} for n in range(ControlProcess.MAX_COMMAND // 50)}
    folder.write(
        "config.yaml", CONFIG.replace("{Quiet: {energy: 0.2}}", json.dumps(many | {"Quiet": {}}))
    )

    assert folder.read_again() == []
    assert (
        folder.said[0] == "presets: too long to be changed while livegen runs; start livegen again"
    )


def test_what_was_learned_while_the_files_were_read_is_not_forgotten(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("config.yaml", CONFIG.replace("cc 74", "cc 75"))
    read = app.read_again
    times: list[int] = []

    def and_learn(origin: dict[str, Any]) -> dict[str, Any]:
        said = read(origin)
        if not times:
            folder.learn("cc 20 on 1", "energy")
        times.append(1)
        return said

    monkeypatch.setattr(app, "read_again", and_learn)
    asked = folder.read_again()

    assert len(times) == 2
    assert isinstance(asked[0].value, dict) and asked[0].value["cc 20 on 1"] == "energy"
    assert folder.learned == {"cc 20 on 1": "energy"}


def test_a_file_counts_as_changed_once_it_stays_the_same() -> None:
    one, two, three = (((name, 0, 0, 0),) for name in "abc")
    changes = Changes(one)

    assert [changes.look(now) for now in (one, two, three, three, three, one, one)] == [
        False, False, False, True, False, False, True,
    ]  # fmt: skip


def test_a_file_that_is_written_made_or_removed_has_changed(folder: Folder) -> None:
    config_file, presets = folder.path / "config.yaml", folder.path / "presets"
    seen = [signature(config_file, presets)]
    folder.write("config.yaml", "seed: 1")
    seen.append(signature(config_file, presets))
    folder.write("presets/New.yaml", "")
    seen.append(signature(config_file, presets))
    config_file.unlink()
    seen.append(signature(config_file, presets))

    assert len(set(seen)) == 4
    assert signature(None, folder.path / "nowhere") == ()


# --- what was learned -----------------------------------------------------------------------------------------


def test_a_binding_that_was_learned_is_there_at_the_next_start(folder: Folder) -> None:
    folder.learn("cc 20 on 1", "energy")

    assert folder.learned == {"cc 20 on 1": "energy"}
    assert config.load().bindings["cc 20 on 1"] == "energy"
    assert (folder.path / "config.yaml").read_text() == CONFIG


@pytest.mark.parametrize("target", ["again", "panic", "preset Late set"])
def test_a_command_that_was_learned_is_there_at_the_next_start(folder: Folder, target: str) -> None:
    folder.learn("note 36 on 10", target)

    assert config.load().bindings["note 36 on 10"] == target


def test_one_that_is_learned_after_a_restart_joins_the_others(folder: Folder) -> None:
    folder.learn("cc 20 on 1", "energy")
    folder.start()
    folder.learn("cc 21 on 1", "swing")

    assert folder.learned == {"cc 20 on 1": "energy", "cc 21 on 1": "swing"}


def test_what_is_unlearned_is_gone_at_the_next_start(folder: Folder) -> None:
    folder.learn("cc 20 on 1", "energy")
    folder.show(map={s: t for s, t in folder.state["map"].items() if t != "energy"})

    assert folder.learned == {}
    assert "energy" not in config.load().bindings.values()


def test_nothing_is_written_where_nothing_was_learned(folder: Folder) -> None:
    for _ in range(3):
        folder.show()
    folder.read_again()

    assert folder.learned is None


def test_what_a_file_says_anew_is_not_taken_for_learned(folder: Folder) -> None:
    folder.learn("cc 20 on 1", "energy")
    folder.write("config.yaml", CONFIG.replace("cc 74", "cc 75"))
    folder.show(map=folder.read_again()[0].value)

    assert folder.learned == {"cc 20 on 1": "energy"}


def test_a_folder_that_cannot_be_written_is_said_and_the_binding_stays(folder: Folder) -> None:
    folder.start(learned=str(folder.path / "config.yaml" / "map.yaml"))
    folder.learn("cc 20 on 1", "energy")

    assert folder.said == [
        f"{folder.path}/config.yaml/map.yaml: cannot be written (Not a folder); this binding lasts until livegen ends"
    ]
    assert folder.asked == []


# --- an engine that was started anew --------------------------------------------------------------------------


def test_an_engine_that_was_started_anew_is_brought_to_where_the_last_one_was(
    folder: Folder,
) -> None:
    at_first = folder.state
    folder.learn("cc 20 on 1", "energy")
    learned = folder.state["map"]
    folder.write("presets/Loud.yaml", "energy: 1\n")
    folder.read_again()
    folder.show(controls=folder.state["controls"] | {"density": 2.0, "mode": "solo"})
    folder.show(model_file="/models/two.onnx")
    folder.asked.clear()

    folder.show(**at_first | {"engine_pid": 2})
    assert folder.asked == [
        Request("presets", {"Quiet": {"energy": 0.2}, "Loud": {"energy": 1}}),
        Request("map", learned),
        Request("mode", "solo"),
        Request("density", 2.0),
        Request("model", "/models/two.onnx"),
    ]
    assert folder.learned == {"cc 20 on 1": "energy"}


def test_an_engine_that_stands_where_the_last_one_was_is_told_nothing(folder: Folder) -> None:
    folder.show(engine_pid=2)

    assert folder.asked == []


def test_a_model_that_ends_the_engine_twice_is_not_loaded_a_third_time(folder: Folder) -> None:
    for pid in (2, 3, 4):
        folder.show(model_file="/models/two.onnx")
        folder.show(engine_pid=pid, model_file="/models/one.onnx")

    assert folder.asked == [Request("model", "/models/two.onnx")]


def test_an_engine_without_bindings_is_left_alone(folder: Folder) -> None:
    folder.surface.show({"model": "echo", "engine_pid": 7})
    folder.surface.show({})

    assert folder.asked == [] and folder.learned is None


def test_old_and_new_say_what_to_ask_for() -> None:
    old = SetUp({"density": 1}, {"A": {}}, {"cc 1": "density"})
    new = SetUp({"density": 2}, {"B": {}}, {})

    assert asked_for(old, old) == []
    assert asked_for(old, new) == [
        Request("presets", {"B": {}}),
        Request("map", {}),
        Request("density", 2),
    ]


# --- presets that are saved -------------------------------------------------------------------------------------------


def test_a_preset_that_is_saved_is_known_at_once_and_read_again_it_is_nothing_new(
    folder: Folder,
) -> None:
    folder.show(controls=folder.state["controls"] | {"energy": 0.7, "sync": "internal"})

    assert folder.surface.save_preset(" Für abends ") == "Für abends"

    [told] = folder.asked
    assert told.name == "presets" and isinstance(told.value, dict)
    assert list(told.value) == ["Quiet", "Loud", "Für abends"]
    saved = told.value["Für abends"]
    assert saved["energy"] == 0.7 and saved["density"] == 0.5 and "sync" not in saved
    path = folder.path / "presets/Für abends.yaml"
    assert folder.said == [f"preset Für abends was saved as {path}"]
    assert folder.read_again() == []


def test_a_preset_is_replaced_only_when_that_is_asked(folder: Folder) -> None:
    with pytest.raises(PresetThere):
        folder.surface.save_preset("Loud")
    folder.surface.try_to_save_preset("Loud")
    assert folder.asked == [] and folder.said == ["save_preset: there is a preset Loud already"]
    assert (folder.path / "presets/Loud.yaml").read_text() == LOUD

    folder.surface.save_preset("Loud", replace=True)
    assert [asked.name for asked in folder.asked] == ["presets"]


def test_a_preset_of_the_configuration_file_is_left_to_its_writer(folder: Folder) -> None:
    with pytest.raises(PresetError, match="Quiet is a preset of the configuration file"):
        folder.surface.save_preset("Quiet", replace=True)

    assert not (folder.path / "presets/Quiet.yaml").exists()
    assert folder.read_again() == []


def test_a_preset_that_cannot_be_written_is_said(folder: Folder) -> None:
    for path in (folder.path / "presets").iterdir():
        path.unlink()
    (folder.path / "presets").rmdir()
    (folder.path / "presets").touch()

    folder.surface.try_to_save_preset("Solo")

    assert folder.asked == [] and folder.said[0].startswith("save_preset: the file cannot be")
