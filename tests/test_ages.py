"""Files of earlier versions open in this one, and mean what they meant."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from livegen import shipped
from livegen.app.engines import load_memory
from livegen.cli import run
from livegen.config import loading
from livegen.config.document import read_document
from livegen.config.loading import load
from livegen.daemon.recording import recorder
from livegen.inference.model_files import load as load_model
from livegen.jam.reports import journal
from livegen.jam.reports.journal import Session
from livegen.jam.reports.rows import JournalError
from livegen.music.charts import read_chart
from livegen.music.files import smf
from livegen.music.messages import NoteOn
from livegen.scorecard.listening.results import read as read_listening
from livegen.studio.keeping import RoomKeeper
from livegen.training.recipe import read_recipe

AGES = Path(__file__).parent / "ages"
FIRST, UNRELEASED = AGES / "0.1.0", AGES / "2026-11-30"
CALL = (60, 64, 67, 72, 71, 67, 64, 62)


def struck(path: Path) -> dict[str, tuple[int, ...]]:
    """The pitches of each track, in the order of their onsets."""
    return {
        track.name: tuple(m.pitch for _, m in track.messages if isinstance(m, NoteOn))
        for track in smf.read(path).tracks
    }


def session(path: Path) -> Session:
    with path.open(encoding="utf-8") as lines:
        return journal.read(lines)


# --- 0.1.0 --------------------------------------------------------------------------------------------------------


def test_every_setting_of_0_1_0_says_what_it_said() -> None:
    config = load(FIRST / "config.yaml")
    said: Any = read_document(FIRST / "config.yaml").value

    assert {name: config.controls[name] for name in said["jam"]} == said["jam"]
    assert {source: config.map[source] for source in said["map"]} == said["map"]
    assert config.all_presets["Quiet"] == {"energy": 0.2, "density": 0.5}
    assert config.all_presets["Solo"] == {"mode": "solo", "register": "12"}
    assert (config.channels[1], config.channels[2], config.channels[16]) == ("lead", "bass", "off")
    assert (config.output.lead.channel, config.output.lead.register_) == (5, "C3-C6")
    assert config.output.bass.channel == 3 and config.output.comp.loudest == 100
    assert (config.ports.input, config.ports.output, config.ports.thru) == (
        "From Bitwig",
        "To Bitwig",
        True,
    )
    for section in ("osc", "page", "recording", "daemon"):
        found = getattr(config, section)
        assert {name: getattr(found, name) for name in said[section]} == said[section]


def test_bindings_that_0_1_0_learned_are_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "learned_file", lambda: FIRST / "map.yaml")

    assert loading.learned() == {
        "cc 21 on 1": "density",
        "note 37 on 10": "undo",
        "program 8": "preset Solo",
    }


def test_a_session_of_0_1_0_is_read_and_played_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = session(FIRST / "session.jsonl")
    notes = [m.data for m in kept.heard if m.data[0] == 0x90]

    assert tuple(data[1] for data in notes) == CALL
    assert kept.runs[0].header.settings["controls"]["scale"] == "D dorian"
    out = tmp_path / "session.mid"
    arguments = ("replay", str(FIRST / "session.jsonl"), "--model", "default", "--out", str(out))
    assert run([*arguments]) == 1  # this version's model plays other notes
    said = capsys.readouterr()
    assert "reproduced" in said.out and "Error" not in said.err
    assert struck(out) == struck(FIRST / "both.mid")
    assert struck(out)["Player"] == CALL


def test_a_session_whose_model_is_gone_is_told_what_to_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["replay", str(FIRST / "session.jsonl")]) == 2
    assert (
        "the session was played with jam-gru; name that one with --model" in capsys.readouterr().err
    )


def test_a_journal_from_before_0_1_0_is_refused_with_what_to_do() -> None:
    with pytest.raises(JournalError, match=r"format 1.*play it with the livegen that wrote it"):
        journal.read(['{"livegen_journal":1,"started":"2026-11-21T04:00:00+00:00","at":5}\n'])


def test_a_recording_that_0_1_0_left_behind_is_recovered(tmp_path: Path) -> None:
    shutil.copy(FIRST / "left.mid.journal", tmp_path)

    found = recorder.recover(tmp_path / "left.mid", 120.0)

    assert found == tmp_path / "left-recovered.mid"
    pitches = struck(found)["Player"]
    assert pitches and pitches == CALL[: len(pitches)]


def test_a_model_that_was_taught_by_0_1_0_plays() -> None:
    model = load_model(FIRST / "model" / "model.onnx")

    assert model.facts.name == "mine" and model.facts.styles == ("any", "waltz")
    assert model.facts.data[0] == ("tunes", "CC0")


def test_the_recipe_of_0_1_0_trains_the_same_network() -> None:
    recipe = read_recipe(FIRST / "recipe.yaml")

    assert (recipe.network.kind, recipe.network.hidden, recipe.network.window) == ("gru", 512, 192)


def test_recover_makes_midi_files_of_all_that_was_left_in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(FIRST / "left.mid.journal", tmp_path)
    shutil.copy(UNRELEASED / "blues.room", tmp_path)
    shutil.copy(FIRST / "session.jsonl", tmp_path)
    (tmp_path / "other.mid.journal").write_text("mine\n")

    assert run(["recover", str(tmp_path)]) == 0
    said = capsys.readouterr()
    written = [Path(line) for line in said.out.splitlines()]
    assert "other.mid.journal: the first line of the journal is not" in said.err
    assert (tmp_path / "other.mid.journal").exists()
    assert [
        struck(path)[track] for path, track in zip(written, ("Ann", "Player"), strict=True)
    ] == [
        (60, 62, 64),
        CALL[:3],
    ]
    assert run(["recover", str(tmp_path)]) == 1

    capsys.readouterr()
    assert run(["recover", str(tmp_path / "session.jsonl")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'session.mid'}\n"
    assert struck(tmp_path / "session.mid") == struck(FIRST / "both.mid")
    assert (tmp_path / "session.jsonl").exists()


# --- what was not released yet ------------------------------------------------------------------------------------


def test_what_was_remembered_of_a_player_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "memory_of", lambda player: UNRELEASED / f"{player}.mid")

    _, memory, lesson = load_memory("ann")

    assert len(memory) == 28
    assert lesson is not None and (len(lesson.rows), lesson.played) == (72, 72)


def test_a_preset_a_chart_and_a_binding_that_were_saved_say_what_they_said() -> None:
    assert read_document(UNRELEASED / "late.yaml").value == {
        "mode": "accompany",
        "energy": 0.3,
        "parts": "comp bass drums",
        "feel": 0.5,
        "memory": 0.4,
        "style": "any",
    }
    assert read_chart(UNRELEASED / "blues.txt").title == "Blues in F"
    assert read_document(UNRELEASED / "map.yaml").value == {
        "cc 21 on 1": "density",
        "note 37 on 10": "undo",
    }


def test_the_recording_of_a_room_that_was_killed_is_rescued(tmp_path: Path) -> None:
    shutil.copy(UNRELEASED / "blues.room", tmp_path)

    (found,) = RoomKeeper(tmp_path).rescue()

    assert struck(found) == {"Ann": (60, 62, 64), "Model lead": (72,)}


def test_a_listening_test_goes_on() -> None:
    test = read_listening(UNRELEASED / "test.jsonl")

    assert [judge.name for judge in test.judges] == ["Ann"]
    assert test.judges[0].said == {(1, "prefer"): "first"}
    assert len(test.trials) == 2 and test.sources == ["a", "people"]


def test_a_session_with_presets_is_read() -> None:
    kept = session(UNRELEASED / "session.jsonl")

    assert (len(kept.heard), len(kept.sent), len(kept.runs)) == (57, 51, 1)
