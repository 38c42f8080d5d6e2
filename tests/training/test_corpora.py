"""Corpora: any folder of MIDI becomes arrays of events, whatever else lies in it."""

import io
import json
import logging
import os
import signal
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import zstandard

from livegen.codec.layout import ADVANCE
from livegen.errors import ConfigError, LivegenError
from livegen.music.files.smf import MAX_BYTES, write
from livegen.training import corpora
from livegen.training.corpora import Corpus, CorpusFiles, Piece, discover, load
from tests.training.synthetic import corpus, rows_of, tune, write_set

Load = Callable[..., dict[str, Corpus]]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def loaded(data: Path, cache: Path, names: Sequence[str] | None = None) -> dict[str, Corpus]:
    return load(data, names, cache, workers=1)


def facts(found: Mapping[str, Corpus]) -> dict[str, list[tuple[str, str, str]]]:
    return {name: [(p.file, p.style, p.split) for p in c.pieces] for name, c in found.items()}


def pack(folder: Path, archive: Path, top: str) -> None:
    """Pack a folder as NAME.tar.zst with all in the folder `top`; `.` for none."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(folder, top)
    archive.write_bytes(zstandard.ZstdCompressor().compress(buffer.getvalue()))


# --- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("top", ["songs", "."])
def test_an_archive_is_read_with_its_metadata_however_it_was_packed(
    data: Path, cache: Path, tmp_path: Path, top: str
) -> None:
    metadata = {0: ("swing", "train"), 1: ("", "valid"), 2: ("waltz", "test")}
    pack(write_set(tmp_path / "plain", range(4), metadata), data / "songs.tar.zst", top)
    found = loaded(data, cache)

    assert sorted(facts(found)["songs"]) == [
        ("midi/0.mid", "swing", "train"),
        ("midi/1.mid", "", "valid"),
        ("midi/2.mid", "waltz", "test"),
        ("midi/3.mid", "", ""),
    ]
    for piece in found["songs"].pieces:
        expected = rows_of(tune(int(Path(piece.file).stem)))
        assert np.array_equal(found["songs"].events[piece.start : piece.end], expected)
        assert piece.notes == ((expected[:, 2] == 1) & (expected[:, 0] != ADVANCE)).sum()


def test_several_sets_lie_side_by_side_with_and_without_metadata(
    data: Path, cache: Path, tmp_path: Path
) -> None:
    pack(write_set(tmp_path / "one", [0]), data / "packed.tar.zst", "packed")
    write_set(data / "described", [1], {1: ("swing", "valid")})
    write_set(data / "plain" / "deep" / "deeper", [2])
    write_set(data / "shelf" / "box", [3], {3: ("", "train")})
    (data / "notes").mkdir()
    (data / "notes" / "read.me").write_text("no music")

    assert facts(loaded(data, cache)) == {
        "packed": [("midi/0.mid", "", "")],
        "described": [("midi/1.mid", "swing", "valid")],
        "box": [("midi/3.mid", "", "train")],
        "plain": [("deep/deeper/midi/2.mid", "", "")],
    }


def test_a_folder_of_files_is_one_set_with_all_below_it(data: Path, cache: Path) -> None:
    write_set(data / "more", [1])
    write(data / "A.MID", tune(0))

    assert facts(loaded(data, cache)) == {"data": [("A.MID", "", ""), ("more/midi/1.mid", "", "")]}


def test_a_set_has_its_folders_name_from_wherever_it_is_called(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(data / "set", [0], {})
    monkeypatch.chdir(data / "set")

    assert discover(Path()) == [CorpusFiles("set", Path())]


def test_an_archive_that_was_unpacked_beside_itself_counts_once(data: Path) -> None:
    pack(write_set(data / "songs", [0], {}), data / "songs.tar.zst", "songs")

    assert discover(data) == [CorpusFiles("songs", data / "songs")]


def test_metadata_of_an_inner_folder_does_not_make_its_files_count_twice(data: Path) -> None:
    write_set(data / "set", [0], {})
    write_set(data / "set" / "inner", [1], {})

    assert discover(data) == [CorpusFiles("set", data / "set")]


def test_metadata_from_a_spreadsheet_is_read(data: Path, cache: Path) -> None:
    """With a byte order mark, an empty line, and a row that ends early."""
    write_set(data / "set", [0, 1])
    text = "\ufefffile,style,split\r\nmidi/0.mid,swing,valid\r\n\r\nmidi/1.mid\r\n"
    (data / "set" / "metadata.csv").write_text(text, "utf-8")

    assert facts(loaded(data, cache))["set"] == [
        ("midi/0.mid", "swing", "valid"),
        ("midi/1.mid", "", ""),
    ]


def test_only_the_sets_asked_for_are_read(data: Path, cache: Path) -> None:
    write_set(data / "a", [0])
    (data / "b.tar.zst").write_bytes(b"never opened")

    assert list(loaded(data, cache, ["a"])) == ["a"]


def test_tracks_that_a_set_is_known_to_repeat_are_left_out(
    data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(corpora.QUIRKS, "odd", corpora.Quirk(drop=("PIANO", "Drums"), grid=False))
    write_set(data / "odd", [0])
    events = loaded(data, cache)["odd"].events

    assert set(events[:, 1].tolist()) == {0, 2}
    assert set(events[:, 6].tolist()) == {0}


# --- splits ---------------------------------------------------------------------------------------


def test_splits_are_honoured_and_pieces_without_one_are_dealt_by_name() -> None:
    """Always in the same way, about one in twenty held back, and none for the test."""
    named = [Piece(f"{n}.mid", "", split, 0, 9, 1) for n, split in enumerate(("test", "valid"))]
    dealt = [Piece(f"song {n}.mid", "", "", 0, 9, 1) for n in range(1000)]
    found = Corpus("x", np.zeros((9, 7), np.uint8), (*named, *dealt))

    assert found.split("test") == [named[0]]
    assert named[1] in found.split("valid")
    assert 30 <= len(found.split("valid")) <= 75
    assert len(found.split("train")) + len(found.split("valid")) == 1001


def test_the_usual_other_words_for_a_split_are_understood(data: Path, cache: Path) -> None:
    words = ("Training", "validation", "val", "dev", " eval ", "testing")
    write_set(data / "set", range(6), {n: ("", word) for n, word in enumerate(words)})

    splits = [piece.split for piece in loaded(data, cache)["set"].pieces]
    assert splits == ["train", "valid", "valid", "valid", "valid", "test"]


def test_a_word_that_is_no_split_is_named_also_when_the_set_comes_from_the_cache(
    data: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_set(data / "set", range(3), {0: ("", "fold 3"), 1: ("", "fold 3"), 2: ("", "train")})
    for _ in range(2):
        caplog.clear()
        found = loaded(data, cache)["set"]

        assert [piece.split for piece in found.pieces] == ["fold 3", "fold 3", "train"]
        assert [record.getMessage() for record in caplog.records] == [
            "set: 2 pieces of the split 'fold 3' are in none of train, valid, test;"
            " they neither train nor validate"
        ]


def test_of_few_pieces_without_a_split_one_is_held_back() -> None:
    for files in (["a.mid", "b.mid"], ["a.mid", "b.mid", "c.mid"]):
        pieces = tuple(Piece(file, "", "", 0, 0, 1) for file in files)
        found = Corpus("few", np.empty((0, 8), np.uint8), pieces)

        assert len(found.split("valid")) == 1
        assert len(found.split("train")) == len(files) - 1


def test_a_name_in_no_known_writing_is_dealt_too() -> None:
    piece = Piece("caf\udce9.mid", "", "", 0, 9, 1)
    found = Corpus("x", np.zeros((9, 7), np.uint8), (piece,))

    assert found.split("train") + found.split("valid") == [piece]


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_bad_file_among_good_ones_is_named_and_skipped(
    data: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    midi = write_set(data / "set", [0, 1]) / "midi"
    (midi / "garbage.mid").write_bytes(b"\xff" * 1000)
    (midi / "empty.mid").write_bytes(b"")
    (midi / "short.mid").write_bytes((midi / "0.mid").read_bytes()[:-5])
    (midi / "title.rmi").write_bytes(b"RIFF    RMIDdata    " + (midi / "1.mid").read_bytes())
    (midi / "cover.jpg").write_bytes(b"jpg")
    with (midi / "endless.mid").open("wb") as file:
        file.truncate(4 * MAX_BYTES)
    (midi / "nowhere.mid").symlink_to(midi / "gone.mid")
    (midi / "folder.mid").mkdir()
    with caplog.at_level(logging.WARNING):
        found = loaded(data, cache)

    files = ["0.mid", "1.mid", "short.mid", "title.rmi"]
    assert [piece.file for piece in found["set"].pieces] == [f"midi/{file}" for file in files]
    assert sorted(record.getMessage()[:40].partition(": not")[0] for record in caplog.records) == [
        "repaired: set/midi/short.mid: cut short,",
        "set: 1 other files passed over: cover.jp",
        "set: of 7 MIDI files 1 repaired, 3 skipp",
        "skipped: set/midi/empty.mid",
        "skipped: set/midi/endless.mid",
        "skipped: set/midi/garbage.mid",
    ]
    assert "these bytes" not in caplog.text


def test_files_beside_described_sets_are_counted_in_one_line(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_set(data / "shelf" / "set", [0], {})
    write_set(data / "plain", [1])
    write(data / "loose.mid", tune(2))
    write(data / "shelf" / "also loose.MID", tune(3))

    assert [source.name for source in discover(data)] == ["set", "plain"]
    (record,) = caplog.records
    assert "lie beside the sets, 2 of them, are left out" in record.getMessage()


def test_a_worker_that_the_system_ends_is_one_line_that_names_its_files(
    data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(data / "set", [0, 1])
    monkeypatch.setattr(corpora, "_encode_chunk", _shot)

    with pytest.raises(LivegenError, match=r"set: .* read midi/0\.mid to midi/1\.mid") as error:
        loaded(data, cache)
    assert "\n" not in str(error.value)


def _shot(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_set_in_which_nothing_can_be_read_is_left_out(data: Path, cache: Path) -> None:
    write_set(data / "good", [0])
    (data / "bad").mkdir()
    (data / "bad" / "noise.mid").write_bytes(b"noise")

    assert list(loaded(data, cache)) == ["good"]


def test_a_damaged_archive_is_one_line(data: Path, cache: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.tar.zst"
    pack(write_set(tmp_path / "set", [0, 1]), whole, "set")
    for content in (whole.read_bytes()[:-100], b"no archive", b""):
        (data / "songs.tar.zst").write_bytes(content)
        with pytest.raises(ConfigError, match=r"songs\.tar\.zst is damaged") as error:
            loaded(data, cache)
        assert "\n" not in str(error.value)


def test_metadata_that_is_no_table_is_one_line(data: Path, cache: Path) -> None:
    write_set(data / "set", [0])
    (data / "set" / "metadata.csv").write_text('file\n"' + "x" * 200_000)

    with pytest.raises(ConfigError, match=r"set: metadata\.csv cannot be read"):
        loaded(data, cache)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere", "is not a folder"),
        ("empty", "holds no MIDI files and no archives"),
        ("twins", "two sets are called one"),
    ],
)
def test_a_data_folder_that_will_not_do_is_refused_with_the_reason(
    data: Path, path: str, said: str
) -> None:
    (data / "empty").mkdir()
    write_set(data / "twins" / "a" / "one", [0], {})
    write_set(data / "twins" / "b" / "one", [0], {})

    with pytest.raises(ConfigError, match=said):
        discover(data / path)


def test_a_set_that_is_not_there_is_refused_and_those_that_are_are_named(
    data: Path, cache: Path
) -> None:
    write_set(data / "jazz", [0])

    with pytest.raises(ConfigError, match="has no set blues; it holds jazz"):
        loaded(data, cache, ["blues"])


# --- the cache ------------------------------------------------------------------------------------


def test_a_set_is_encoded_once_and_again_when_it_changes(
    data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(data / "set", [0])
    first = loaded(data, cache)
    with monkeypatch.context() as patch:
        patch.setattr(corpora, "_encode_set", None)  # would fail if it were called
        again = loaded(data, cache)
    write(data / "set" / "midi" / "1.mid", tune(1))
    changed = loaded(data, cache)

    assert np.array_equal(first["set"].events, again["set"].events)
    assert isinstance(again["set"].events, np.memmap)
    assert [len(found["set"].pieces) for found in (first, again, changed)] == [1, 1, 2]


def test_an_interrupted_preparation_goes_on_where_it_was(
    data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is left behind whole chunks are taken as they are, and torn ones made again."""
    monkeypatch.setattr(corpora, "CHUNK", 2)
    write_set(data / "set", range(6))
    (folder,) = _interrupted(data, cache, after=2)
    chunks = sorted(folder.glob("chunk-*.npz"))
    chunks[1].write_bytes(chunks[1].read_bytes()[:100])  # torn
    (folder / "chunk-00002.npz").write_bytes(b"")
    with np.load(chunks[0]) as kept:
        kept = dict(kept)
    kept["rows"][:, 4] = 31  # a mark by which to know it again
    np.savez(chunks[0], **kept)
    found = loaded(data, cache)["set"]

    assert [piece.file for piece in found.pieces] == [f"midi/{n}.mid" for n in range(6)]
    for n, piece in enumerate(found.pieces):
        rows, expected = found.events[piece.start : piece.end].copy(), rows_of(tune(n))
        if n < 2:
            assert (rows[:, 4] == 31).all()
            expected[:, 4] = 31
        assert np.array_equal(rows, expected)
    kept = [path.name for path in folder.iterdir() if path.suffix != ".part"]  # of the killed
    assert sorted(kept) == ["events.npy", "pieces.json"]


def _interrupted(data: Path, cache: Path, after: int) -> list[Path]:
    """Load until so many files are done and everything is then lost but the chunks."""

    def stop(name: str, done: int, total: int) -> None:
        if done > after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(data, None, cache, workers=1, progress=stop)
    assert not list(cache.glob("*/pieces.json"))
    return list(cache.iterdir())


def test_progress_is_told_file_by_file(
    data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "CHUNK", 2)
    write_set(data / "set", range(3))
    told: list[tuple[str, int, int]] = []
    load(data, None, cache, workers=1, progress=lambda *now: told.append(now))

    assert told == [("set", 2, 3), ("set", 3, 3)]


def test_what_is_kept_is_plain(data: Path, cache: Path) -> None:
    """No pickles: arrays and JSON."""
    write_set(data / "set", [0])
    loaded(data, cache)
    (folder,) = cache.iterdir()

    assert np.load(folder / "events.npy", allow_pickle=False).dtype == np.uint8
    assert json.loads((folder / "pieces.json").read_text())[0]["file"] == "midi/0.mid"


def test_corpora_in_memory_are_those_on_disk(data: Path, cache: Path) -> None:
    """The tests of training use the one for the other."""
    write_set(data / "set", [0, 1], {0: ("style 0", "train"), 1: ("style 1", "valid")})
    events = loaded(data, cache)["set"].events

    assert np.array_equal(events, corpus("set", [0, 1], "tv").events)
