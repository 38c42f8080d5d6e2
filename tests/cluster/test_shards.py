"""Corpora as Parquet shards: the same batches as from the files, and nobody fetches what he does not draw."""

import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from livegen.errors import ConfigError
from livegen.training import shards
from livegen.training.corpora import Corpus, usable
from livegen.training.streams import Pool, Streams
from tests.training.synthetic import corpus

pytestmark = pytest.mark.cluster


@cache
def music() -> Corpus:
    return corpus("a", range(40), "t" * 36 + "v" * 4)


@pytest.fixture
def place() -> Iterator[str]:
    import fsspec

    address = f"memory://{uuid.uuid4()}"
    shards.pack({"a": music()}, address, 4)
    yield address
    fsspec.filesystem("memory").rm(address, recursive=True)


def streams(found: Corpus, deal: tuple[int, int] = (0, 1), parts: int = 4) -> Streams:
    pieces = usable(found, "train")
    pool = Pool(found.events, pieces, [0] * len(pieces), 1.0)
    return Streams([pool], 8, 50, (-5, 6), 0.25, 3, deal, parts, 0.4)


@pytest.mark.parametrize("parts", [1, 4])
def test_shards_give_the_batches_that_the_files_give(place: str, parts: int) -> None:
    expected, found = streams(music(), parts=parts), streams(shards.opened(place)["a"], parts=parts)

    for _ in range(20):
        one, other = expected.next(20), found.next(20)
        for name in ("rows", "targets", "style", "sounding", "keep"):
            assert np.array_equal(getattr(one, name), getattr(other, name))


def test_with_as_many_shards_each_process_fetches_its_own_part_only(place: str) -> None:
    for rank in range(4):
        found = shards.opened(place)["a"]
        own = streams(found, (rank, 4))
        for _ in range(60):
            own.next(20)
        events: Any = found.events
        assert events.fetched == {rank}


def test_what_is_held_back_lies_in_a_part_of_its_own(place: str) -> None:
    found = shards.opened(place)["a"]
    for piece in found.split("valid"):
        assert np.array_equal(
            found.events[piece.start : piece.end], music().events[piece.start : piece.end]
        )
    events: Any = found.events
    assert events.fetched == {4}


def test_a_process_keeps_no_more_than_it_may(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "KEPT_BYTES", 1)
    found = shards.opened(place)["a"]

    for piece in found.pieces:
        assert len(found.events[piece.start : piece.end]) == piece.end - piece.start
    events: Any = found.events
    assert len(events._groups) == 1


def test_a_place_without_shards_or_without_a_set_is_one_line(place: str) -> None:
    with pytest.raises(ConfigError, match="has no set b; it holds a"):
        shards.opened(place, ["b"])
    for wrong in ("memory://nothing", "nowhere://music"):
        with pytest.raises(ConfigError) as error:
            shards.opened(wrong)
        assert "\n" not in str(error.value)


def test_shards_of_another_codec_are_refused(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "codec_hash", lambda: "another")

    with pytest.raises(ConfigError, match="write it again"):
        shards.opened(place)
