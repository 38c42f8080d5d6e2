"""The file of learned bindings: all of it or none of it."""

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from livegen.control.set_up import HEADING, save_bindings

BINDINGS = {"cc 20 on 1": "density", "note 36 on 10": "again"}


def test_what_was_learned_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "livegen" / "map.yaml"
    save_bindings(path, BINDINGS)

    assert path.read_text().startswith(HEADING)
    assert yaml.safe_load(path.read_text()) == BINDINGS


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")))


@given(st.dictionaries(PRINTABLE, PRINTABLE))
def test_any_names_are_read_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, bindings: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("any") / "map.yaml"
    save_bindings(path, bindings)

    assert yaml.safe_load(path.read_text(encoding="utf-8")) == bindings


def test_a_file_that_cannot_be_replaced_stays_as_it_was_and_no_draft_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "map.yaml"
    save_bindings(path, BINDINGS)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_bindings(path, {"cc 1": "energy"})

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_a_file_kept_elsewhere_stays_a_link(tmp_path: Path) -> None:
    kept, path = tmp_path / "dotfiles.yaml", tmp_path / "map.yaml"
    kept.write_text("")
    path.symlink_to(kept)
    save_bindings(path, BINDINGS)

    assert path.is_symlink() and yaml.safe_load(kept.read_text()) == BINDINGS
