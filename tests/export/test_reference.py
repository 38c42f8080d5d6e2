"""The reference pieces beside a model: held-back openings, and of those sets only that may be passed on."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from export import reference
from livegen import shipped
from livegen.training.reference import FILE, read_reference
from livegen.training.validation import EVENTS
from tests.training.synthetic import write_set


def test_openings_of_held_back_pieces_are_written_under_plain_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(reference, "SETS", {"ours": "waltzes"})
    for name in ("ours", "theirs"):
        said = {seed: ("waltz", "valid" if seed < 2 else "train") for seed in range(4)}
        write_set(tmp_path / "data" / name, range(4), said)
    outcome = CliRunner().invoke(reference.main, [str(tmp_path / "data"), str(tmp_path)])
    found = read_reference(tmp_path / FILE, ["any", "waltz"])

    assert outcome.exit_code == 0 and "2 pieces" in outcome.output
    assert list(found) == ["waltzes"]
    assert [(piece.style, piece.split) for piece in found["waltzes"].pieces] == [
        ("waltz", "valid")
    ] * 2


def test_the_shipped_model_has_its_own_in_few_kilobytes() -> None:
    path = shipped.model("default").parent / FILE
    found = read_reference(path, [])

    assert path.stat().st_size < 200_000
    assert set(found) == set(reference.SETS.values())
    pieces = [piece for corpus in found.values() for piece in corpus.pieces]
    assert max(piece.end - piece.start for piece in pieces) <= EVENTS + 1
