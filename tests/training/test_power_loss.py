"""The power goes in a training: checkpoints and adapted models are found whole, the old ones or the new."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegen.training import adapt, corpora
from livegen.training.loop import kept_in, write_whole
from livegen.training.reference import FILE as REFERENCE
from tests.test_power_loss import Do, left_by


def checkpoint(step: int) -> Do:
    return lambda folder: write_whole(
        folder / "run" / "checkpoint.pt", {"step": step, "weights": torch.full((64,), float(step))}
    )


def read_checkpoint(folder: Path) -> Any:
    path = folder / "run" / "checkpoint.pt"
    if not path.exists():
        return None
    kept = kept_in(path)
    assert (kept["weights"] == kept["step"]).all()
    return kept["step"]


def test_a_checkpoint_is_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_way, over = left_by(checkpoint(1), checkpoint(2), read_checkpoint, tmp_path, monkeypatch)

    assert {*on_the_way} <= {1, 2}
    assert {*over} == {2}


def test_an_adapted_model_is_there_with_the_music_it_is_measured_by_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapt, "parse", lambda data, source: data)
    monkeypatch.setattr(adapt, "start_model", lambda file, source: None)
    base = tmp_path / "base" / adapt.MODEL
    base.parent.mkdir()
    (base.parent / REFERENCE).write_bytes(b"pieces" * 100)

    def write(folder: Path) -> None:
        adapt._begin(folder / "mine" / adapt.TRAINING, {"model": "a", "music": "b"}, True)
        adapt._save(folder / "mine", b"weights" * 100, base)

    def read(folder: Path) -> tuple[bytes | None, ...]:
        mine = folder / "mine"
        begun = mine / adapt.TRAINING / adapt.BEGUN
        if begun.exists():
            assert json.loads(begun.read_text()) == {"model": "a", "music": "b"}
        files = (mine / adapt.MODEL, mine / REFERENCE)
        return tuple(file.read_bytes() if file.exists() else None for file in files)

    on_the_way, over = left_by(
        lambda folder: (folder / "mine" / adapt.TRAINING).mkdir(parents=True),
        write,
        read,
        tmp_path,
        monkeypatch,
    )

    pieces, weights = b"pieces" * 100, b"weights" * 100
    assert {*on_the_way} <= {(None, None), (None, pieces), (weights, pieces)}
    assert {*over} == {(weights, pieces)}


def test_music_that_was_prepared_is_whole_where_its_list_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = np.arange(64, dtype=np.uint8).reshape(8, 8)

    def write(folder: Path) -> None:
        corpora._save(folder / "events.npy", events)
        corpora._write(folder / "pieces.json", b"[]")

    def read(folder: Path) -> bool:
        if not (folder / "pieces.json").exists():
            return False
        return bool((np.load(folder / "events.npy") == events).all())

    on_the_way, over = left_by(lambda folder: None, write, read, tmp_path, monkeypatch)

    assert {*on_the_way} == {False, True} and {*over} == {True}
