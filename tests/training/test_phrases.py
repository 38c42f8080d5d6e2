"""Phrases to learn from, and a run that learns them."""

import json
from pathlib import Path
from shutil import copy, copytree

import mido
import pytest
import torch
from click.testing import CliRunner

from export.phrases import main as export
from livegen.cli import cli
from livegen.errors import ConfigError
from livegen.inference.phrase_model import load
from livegen.music.melody.phrase_steps import LINES_PER_BEAT, onsets, steps_of
from livegen.music.note import Note
from livegen.training.phrase_corpus import PieceMelody, cut, melodies, phrases, tonics_of, windows
from livegen.training.phrase_loop import CHECKPOINT, PhraseRun, train_phrases
from livegen.training.phrase_network import transposed
from livegen.training.phrase_recipe import read_phrase_recipe
from livegen.training.record import METRICS

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def melody(bars: int = 8, silent: tuple[int, ...] = (3, 7)) -> PieceMelody:
    """A note on each beat, but for some bars."""
    tones = [
        Note(beat, beat + 1, SCALE[beat % 8]) for beat in range(4 * bars) if beat // 4 not in silent
    ]
    steps = steps_of(tones, 4 * bars, 4).steps
    return PieceMelody("tunes", "it.mid", steps, 4, tonics_of(steps, 4))


def corpus(folder: Path) -> Path:
    """Two tunes to learn and one to judge by."""
    midi = folder / "tunes" / "midi"
    midi.mkdir(parents=True)
    rows = ["file,style,split"]
    for number, split in enumerate(("train", "train", "valid")):
        file = mido.MidiFile(ticks_per_beat=24)
        track = mido.MidiTrack([mido.MetaMessage("track_name", name="MELODY")])
        for beat in range(64):
            pitch = SCALE[(beat * (number + 1)) % 8]
            track += [mido.Message("note_on", note=pitch, velocity=80, time=0 if beat % 8 else 24)]
            track += [mido.Message("note_off", note=pitch, time=24)]
        file.tracks.append(track)
        file.save(midi / f"{number}.mid")
        rows.append(f"midi/{number}.mid,folk,{split}")
    (folder / "tunes" / "metadata.csv").write_text("\n".join(rows) + "\n")
    return folder


def recipe(path: Path, **changes: object) -> Path:
    given = {
        "name": "tiny", "kind": "phrases", "sets": {"tunes": 1.0}, "beta": 0.1, "phrases": 160, "batch": 8,
        "network": {"code": 2, "width": 16, "encoder": [1], "decoder": [1]}, "warmup": 2, "validate_every": 10,
    }  # fmt: skip
    path.write_text(json.dumps(given | changes))
    return path


def test_a_rest_of_a_beat_ends_a_phrase_and_four_bars_are_the_most() -> None:
    spans = phrases(0, melody())
    assert [(span.first, span.beats) for span in spans] == [(0, 12), (4, 12)]
    assert [(span.first, span.beats) for span in phrases(0, melody(8, ()))] == [(0, 16), (4, 16)]


def test_windows_are_all_runs_of_one_two_and_four_bars_that_hold_notes() -> None:
    found = {(span.first, span.beats) for span in windows(0, melody(4, ()))}
    assert found == {(at, 4) for at in range(4)} | {(at, 8) for at in range(3)} | {(0, 16)}


def test_a_phrase_is_cut_from_its_bar_line_on_with_nothing_of_the_one_before() -> None:
    whole = melody()
    span = phrases(0, whole)[1]
    steps, tonic = cut(whole, span)
    assert len(steps) == span.beats * LINES_PER_BEAT
    assert [pitch for _, _, pitch in onsets(steps)] == [SCALE[beat % 8] for beat in range(16, 28)]
    assert tonic == 0


def test_transposed_pitches_move_and_rests_and_holds_stay() -> None:
    classes = torch.tensor([[0, 1, 26, 50, 2]])
    assert transposed(classes, torch.tensor([3])).tolist() == [[0, 1, 29, 41, 5]]
    assert transposed(classes, torch.tensor([-3])).tolist() == [[0, 1, 23, 47, 11]]


def test_melodies_of_a_split_are_read_and_a_set_that_is_missing_is_named(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    assert [found.file for found in melodies(data, "train", ["tunes"])] == [
        "midi/0.mid",
        "midi/1.mid",
    ]
    with pytest.raises(ConfigError, match="holds no set jazz"):
        list(melodies(data, "train", ["jazz"]))


def test_files_beside_the_sets_are_warned_of_once_however_many_sets_are_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = corpus(tmp_path)
    copytree(data / "tunes", data / "songs")
    copy(next(data.glob("tunes/midi/*.mid")), data / "stray.mid")
    found = melodies(data, "train", ["tunes", "songs"])
    assert [one.corpus for one in found] == ["tunes", "tunes", "songs", "songs"]
    assert caplog.text.count("lie beside the sets") == 1


@pytest.mark.parametrize("beta", [0.0, 0.1])
def test_a_run_learns_and_goes_on_from_its_checkpoint_to_the_same_weights(
    tmp_path: Path, beta: float
) -> None:
    data, given = (
        corpus(tmp_path / "data"),
        read_phrase_recipe(recipe(tmp_path / "r.yaml", beta=beta)),
    )
    whole = torch.load(train_phrases(given, data, tmp_path / "whole"), weights_only=True)
    rows = [json.loads(line) for line in (tmp_path / "whole" / METRICS).read_text().splitlines()]
    assert rows[-1]["valid_told"] < rows[0]["valid_told"]
    assert whole["step"] == 20

    class Stopped(Exception):
        pass

    def stop(run: PhraseRun) -> dict[str, float]:
        run._save()
        raise Stopped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PhraseRun, "judge", stop)
        with pytest.raises(Stopped):
            train_phrases(given, data, tmp_path / "stopped")
    again = torch.load(train_phrases(given, data, tmp_path / "stopped"), weights_only=True)
    if beta == 0:  # judging a variational one takes chance
        assert all(
            torch.equal(whole["network"][name], again["network"][name]) for name in whole["network"]
        )
    assert again["step"] == whole["step"]


def test_a_recipe_of_the_kind_phrases_is_trained_and_exported_by_the_usual_commands(
    tmp_path: Path,
) -> None:
    data = corpus(tmp_path / "data")
    command = [
        "train",
        str(recipe(tmp_path / "r.yaml")),
        "--data",
        str(data),
        "--out",
        str(tmp_path / "run"),
    ]
    assert CliRunner().invoke(cli, command, catch_exceptions=False).exit_code == 0
    out = tmp_path / "tiny.npz"
    checkpoint = str(tmp_path / "run" / CHECKPOINT)
    done = CliRunner().invoke(
        export, [checkpoint, str(data), "--out", str(out)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    facts = load(out).facts
    assert (facts.name, facts.code, facts.beta) == ("tiny", 2, 0.1)
    with pytest.raises(ConfigError, match="one process"):
        CliRunner().invoke(cli, [*command, "--processes", "2"], catch_exceptions=False)


def test_a_run_of_another_recipe_is_not_gone_on_with(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    train_phrases(
        read_phrase_recipe(recipe(tmp_path / "r.yaml", phrases=8)), data, tmp_path / "run"
    )
    other = read_phrase_recipe(recipe(tmp_path / "r.yaml", phrases=16))
    with pytest.raises(ConfigError, match="another recipe"):
        train_phrases(other, data, tmp_path / "run")
    assert torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)["step"] == 1


def test_a_file_that_no_run_of_phrases_wrote_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("nothing of ours")
    torch.save({"recipe": {"name": "events"}}, tmp_path / "events.pt")
    for file, said in (
        ("text.pt", "is not a livegen checkpoint"),
        ("events.pt", "is no checkpoint of a recipe of `kind: phrases`"),
    ):
        given = [str(tmp_path / file), str(tmp_path), "--out", str(tmp_path / "out.npz")]
        done = CliRunner().invoke(export, given)
        assert done.exit_code == 2
        assert f"{file} {said}" in done.output and done.output.count("\n") == 1


@pytest.mark.parametrize(
    ("network", "place"),
    [
        ({"width": 1024}, "network.width"),
        ({"encoder": [1] * 9}, "network.encoder"),
        ({"width": 512, "decoder": [1, 2, 4]}, "its weights take 10.7 MB"),
    ],
)
def test_a_network_that_no_file_could_hold_is_refused_before_it_is_trained(
    tmp_path: Path, network: dict[str, object], place: str
) -> None:
    with pytest.raises(ConfigError, match=place):
        read_phrase_recipe(recipe(tmp_path / "r.yaml", network=network))
