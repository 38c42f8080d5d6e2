"""A musician's folder: what is a piece, what is held back, and what is not enough."""

from pathlib import Path

import numpy as np
import pytest

from livegen.codec.layout import ADVANCE
from livegen.errors import ConfigError
from livegen.music.files.smf import Score, Track, write
from livegen.music.messages import NoteOff, NoteOn
from livegen.training.corpora import Corpus
from livegen.training.own_music import EXCERPT, own_music
from tests.training.synthetic import tune


def folder(path: Path, count: int, beats: int = 32) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        write(path / f"{seed:02}.mid", tune(seed, beats))
    return path


def found(path: Path, tmp_path: Path) -> Corpus:
    return own_music(path, tmp_path / "cache", workers=1)


def files(corpus: Corpus, split: str) -> list[str]:
    return sorted({piece.file for piece in corpus.split(split)})


def test_of_many_files_every_fifth_is_held_back(tmp_path: Path) -> None:
    corpus = found(folder(tmp_path / "mine", 12), tmp_path)

    assert files(corpus, "valid") == ["02.mid", "07.mid"]
    assert len(files(corpus, "train")) == 10
    assert {piece.style for piece in corpus.pieces} == {""}


def test_of_few_files_the_end_of_each_is_held_back(tmp_path: Path) -> None:
    corpus = found(folder(tmp_path / "mine", 2, 128), tmp_path)
    held, learned = (
        sum(piece.end - piece.start for piece in corpus.split(split))
        for split in ("valid", "train")
    )

    assert files(corpus, "valid") == files(corpus, "train") == ["00.mid", "01.mid"]
    assert held + learned == len(corpus.events)
    assert 0.1 < held / (held + learned) < 0.35


def test_files_below_the_folder_count_and_long_ones_are_judged_in_excerpts(tmp_path: Path) -> None:
    folder(tmp_path / "mine" / "a", 4, 512)
    folder(tmp_path / "mine" / "b" / "c", 4, 16)
    corpus = found(tmp_path / "mine", tmp_path)

    assert len({piece.file for piece in corpus.pieces}) == 8
    assert max(piece.end - piece.start for piece in corpus.split("valid")) == EXCERPT


def test_splits_that_are_said_are_kept(tmp_path: Path) -> None:
    own = folder(tmp_path / "mine", 6)
    said = "".join(
        f"{seed:02}.mid,waltz,{'valid' if seed == 5 else 'train'}\n" for seed in range(6)
    )
    (own / "metadata.csv").write_text("file,style,split\n" + said)
    corpus = found(own, tmp_path)

    assert files(corpus, "valid") == ["05.mid"]
    assert {piece.style for piece in corpus.pieces} == {""}


def line(name: str, onsets: list[int]) -> Track:
    messages = [
        one
        for tick in onsets
        for one in ((tick, NoteOn(60 + tick % 7, 80)), (tick + 20, NoteOff(60 + tick % 7)))
    ]
    return Track(name, tuple(messages))


def test_of_livegens_recordings_what_the_player_played_is_learned(tmp_path: Path) -> None:
    """And a rest in which the model answered, or somebody fetched coffee, ends a phrase."""
    own = tmp_path / "evening"
    own.mkdir()
    player = [*range(0, 24 * 200, 24), *range(24 * 260, 24 * 500, 24)]
    answers = list(range(24 * 205, 24 * 255, 24))
    write(own / "take.mid", Score(24, (line("Player", player), line("Model", answers))))
    corpus = found(own, tmp_path)
    phrases = [corpus.events[piece.start : piece.end] for piece in corpus.pieces]

    assert sum(piece.notes for piece in corpus.pieces) == len(player)
    assert [int((rows[:-1, 0] == ADVANCE).sum()) for rows in phrases] == [0] * len(phrases)
    assert len(phrases) >= 3  # two phrases, of the second the end is held back


def test_a_track_called_model_in_music_is_music(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    write(own / "a.mid", Score(24, (line("Model D", list(range(0, 24 * 500, 24))),)))

    assert sum(piece.notes for piece in found(own, tmp_path).pieces) == 500


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.mkdir(), "holds no MIDI files"),
        (
            lambda path: (path.mkdir(), (path / "bad.mid").write_bytes(b"no")),
            "none of its MIDI files",
        ),
        (lambda path: folder(path, 5, 4), "holds too little music: .* notes; at least 375"),
    ],
    ids=["empty", "unreadable", "little"],
)
def test_what_is_not_enough_is_said_in_a_line(tmp_path: Path, make: object, said: str) -> None:
    make(tmp_path / "mine")  # type: ignore[operator]
    with pytest.raises(ConfigError, match=said) as error:
        found(tmp_path / "mine", tmp_path)
    assert "\n" not in str(error.value)


def test_unreadable_files_are_named_and_skipped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = folder(tmp_path / "mine", 6)
    (own / "bad.mid").write_bytes(b"no")
    write(own / "silent.mid", Score(24, (Track("none", ()),)))
    corpus = found(own, tmp_path)

    assert len({piece.file for piece in corpus.pieces}) == 6
    assert any("mine/bad.mid" in record.message for record in caplog.records)
    assert any("mine/silent.mid: no notes" in record.message for record in caplog.records)


def test_nothing_is_lost_between_the_pieces(tmp_path: Path) -> None:
    corpus = found(folder(tmp_path / "mine", 3, 128), tmp_path)
    spans = sorted((piece.start, piece.end) for piece in corpus.pieces)

    assert [start for start, _ in spans[1:]] == [end for _, end in spans[:-1]]
    assert np.all([end > start for start, end in spans])
