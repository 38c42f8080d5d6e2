"""Corpora: archives and folders of Standard MIDI Files as memory-mapped arrays of events.

A data folder holds sets side by side: archives `NAME.tar.zst`, folders with a `metadata.csv`
(columns file, style, split), or plain folders of MIDI files.  Each set is encoded once, in parallel
processes, into a cache that is keyed by the codec and the files, in chunks, so that an interrupted
preparation goes on where it was.  Files that cannot be read are named and skipped, repaired ones are named.  Knows no
network; imports no torch.
"""

import csv
import hashlib
import io
import json
import logging
import os
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from livegen import whole_files
from livegen.codec.encoder import encode_score
from livegen.codec.layout import ADVANCE, Event, codec_hash
from livegen.errors import ConfigError, LivegenError, MidiFileError
from livegen.home import base_folder
from livegen.music.files import MIDI_SUFFIXES
from livegen.music.files.smf import MAX_BYTES, READING, read_repaired
from livegen.music.parts import MODEL, SIDES, side_of
from livegen.training.process_pool import processes

log = logging.getLogger(__name__)

COLUMNS = len(Event._fields)
# The columns of a row, in an Event's order.
TIME, PART, ON, PITCH, VELOCITY, POSITION, BAR, BEFORE = range(COLUMNS)
SKIPPED, REPAIRED = "skipped", "repaired"
CHUNK = 64  # files that one process encodes at a time, and that an interruption can cost
MOST_NAMED = 5  # files that are passed over; of more the number is said
METADATA = "metadata.csv"
MAX_METADATA_BYTES = 64_000_000
SPLITS = ("train", "valid", "test")
# The words for splits in a metadata.csv, in lower case.
SPLIT_WORDS = {name: name for name in SPLITS} | {
    "training": "train",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "eval": "valid",
    "testing": "test",
}
VALID_SHARE = 20  # of a set without splits, one piece in so many is held back

Rows = npt.NDArray[np.uint8]
Progress = Callable[[str, int, int], None]  # set, files done, files in all
Encoded = tuple[Rows, list[int], list[int], list[list[str]]]  # see _encode_chunk


@dataclass(frozen=True, slots=True)
class Quirk:
    """Corrections of a set: tracks to leave out, and bar lines not to be believed."""

    drop: tuple[str, ...] = ()
    grid: bool = True


# From the MANIFEST of the corpora: chord tracks that repeat the piano, an automatic bass, a nominal
# tempo.
QUIRKS = {
    "pop909_aligned": Quirk(drop=("CHORDS",)),
    "wjd_jazz": Quirk(drop=("BASS",)),
    "giantmidi_preview": Quirk(grid=False),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a set: rows `start` to `end` of its events; `style`, `split` "" if not given."""

    file: str
    style: str
    split: str
    start: int
    end: int
    notes: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """A set: events uint8 (N, 8) on disk, with the columns of codec Event, and its pieces."""

    name: str
    events: Rows
    pieces: tuple[Piece, ...]

    def split(self, name: str) -> list[Piece]:
        """Pieces of a split.

        Of pieces without one about every twentieth, by its name, is `valid`, the rest `train`; of few, at least one.
        """
        dealt = _dealt([piece.file for piece in self.pieces if not piece.split])
        return [piece for piece in self.pieces if (piece.split or dealt[piece.file]) == name]


def usable(corpus: Corpus, split: str) -> list[Piece]:
    """Pieces of a split in which there is an event to predict."""
    return [piece for piece in corpus.split(split) if piece.end - piece.start > 1]


def _dealt(files: Sequence[str]) -> dict[str, str]:
    """File to `train` or `valid`, always the same way."""
    drawn = {file: int(hashlib.sha1(os.fsencode(file)).hexdigest(), 16) for file in files}
    held = {file for file, number in drawn.items() if number % VALID_SHARE == 0}
    if not held and len(files) > 1:
        held = {min(files, key=drawn.__getitem__)}
    return {file: "valid" if file in held else "train" for file in files}


@dataclass(frozen=True, slots=True)
class CorpusFiles:
    """The files of a set: an archive, or a folder."""

    name: str
    path: Path

    def key(self, quirk: Quirk) -> str:
        """Names codec, reader, quirk and content (by names, sizes and times) of this set."""
        files = (
            [self.path]
            if self.path.is_file()
            else sorted(p for p in self.path.rglob("*") if p.is_file())
        )
        facts = [(str(p), (stat := p.stat()).st_size, stat.st_mtime_ns) for p in files]
        text = json.dumps([codec_hash(), READING, quirk.drop, quirk.grid, facts])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def files(self) -> list[tuple[str, bytes]]:
        """Name and bytes of every file that matters; nothing is unpacked to disk.

        Of a MIDI file no more is taken than shows that it is too long.  Raises ConfigError for a
        damaged archive.
        """
        if self.path.is_dir():
            return list(_folder_files(self.path))
        try:
            return _without_top(list(_archive_files(self.path)))
        except Exception as error:  # zstandard and tarfile raise many things
            reason = f"{type(error).__name__}: {error}"
            raise ConfigError(f"{self.path} is damaged ({reason:.120}); get it again") from None

    def described(self, split: str) -> Iterator[tuple[dict[str, str], bytes]]:
        """Rows of its metadata.csv that are of a split, by file, each with the bytes of that file; none without one.

        Files that the rows name and that are not there are left out.  Raises ConfigError for a damaged archive.
        """
        files = dict(self.files())
        for file, row in sorted(_metadata(self, files.get(METADATA, b"")).items()):
            if row.get("split") == split and file in files:
                yield row, files[file]

    def passed_over(self) -> list[str]:
        """Names of the files of a folder that are not read; hidden ones, and all of an archive, are not told."""
        names = (path for path in self.path.rglob("*") if path.is_file())
        return sorted(p.name for p in names if not _most(p.name) and not p.name.startswith("."))


def _most(name: str) -> int:
    """Give how many bytes of a file are read; 0 for one that does not matter."""
    if name.lower().endswith(MIDI_SUFFIXES):
        return MAX_BYTES + 1
    return MAX_METADATA_BYTES if name.rpartition("/")[2] == METADATA else 0


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if (most := _most(name)) and path.is_file():
            try:
                with path.open("rb") as file:
                    yield name, file.read(most)
            except OSError as error:
                where = f"{folder.resolve().name}/{name}"
                log.warning("skipped: %s: cannot be read (%s)", where, error.strerror)


def _archive_files(path: Path) -> Iterator[tuple[str, bytes]]:
    import zstandard  # only archives need it

    with (
        path.open("rb") as raw,
        zstandard.ZstdDecompressor().stream_reader(raw) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        for member in archive:
            if member.isfile() and (most := _most(member.name)):
                file = archive.extractfile(member)
                assert file is not None
                yield member.name.removeprefix("./"), file.read(most)


def _without_top(files: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Names as they are inside the one folder that an archive packs, where there is one."""
    top = files[0][0].partition("/")[0] + "/" if files else ""
    if all(name.startswith(top) for name, _ in files):
        return [(name.removeprefix(top), data) for name, data in files]
    return files


def discover(data: Path) -> list[CorpusFiles]:
    """Sets in a data folder: archives, described folders, plain folders.

    Raises ConfigError when there is none, and for two folders of one name.
    """
    if not data.is_dir():
        raise ConfigError(
            f"{data} is not a folder; expected one with MIDI files or archives NAME.tar.zst"
        )
    archives = sorted(data.glob("*.tar.zst"))
    folders = _described(data)
    folders += _plain(data, folders)
    if beside := _beside(data, folders):
        log.warning(
            "%s: MIDI files that lie beside the sets, %d of them, are left out;"
            " give them a folder of their own",
            data,
            beside,
        )
    found = {path.name.removesuffix(".tar.zst"): path for path in archives}
    named: dict[str, Path] = {}
    for folder in folders:
        name = folder.resolve().name
        if name in named:
            raise ConfigError(f"two sets are called {name}: {named[name]} and {folder}; rename one")
        named[name] = folder
    found |= named  # an archive that was unpacked beside itself counts once
    if not found:
        raise ConfigError(f"{data} holds no MIDI files and no archives NAME.tar.zst")
    return [CorpusFiles(name, path) for name, path in found.items()]


def set_of(data: Path, name: str) -> CorpusFiles:
    """The set of a name in a data folder.  Raises ConfigError where it is missing."""
    return sets_of(data, [name])[0]


def sets_of(data: Path, names: Iterable[str]) -> list[CorpusFiles]:
    """The sets of these names in a data folder, in this order.  Raises ConfigError where one is missing."""
    found = {source.name: source for source in discover(data)}
    wanted = list(names)
    for name in wanted:
        if name not in found:
            raise ConfigError(f"{data} holds no set {name}")
    return [found[name] for name in wanted]


def _described(data: Path) -> list[Path]:
    """Folders with a metadata.csv, but none inside another: that one tells of all below it."""
    folders = {path.parent for path in data.rglob(METADATA)}
    return sorted(folder for folder in folders if not folders.intersection(folder.parents))


def _plain(data: Path, described: list[Path]) -> list[Path]:
    """The data folder itself when MIDI files lie in it, else its folders that hold some.

    None that has to do with a described one.
    """
    if data in described:
        return []
    if not described and any(path.suffix.lower() in MIDI_SUFFIXES for path in data.iterdir()):
        return [data]  # one set, with whatever lies below it
    return [
        folder
        for folder in sorted(path for path in data.iterdir() if path.is_dir())
        if not any(folder == one or folder in one.parents for one in described)
        and any(path.suffix.lower() in MIDI_SUFFIXES for path in folder.rglob("*"))
    ]


def _beside(data: Path, sets: list[Path]) -> int:
    """Count the MIDI files that lie in none of these folders, where there are such folders."""
    files = (path for path in data.rglob("*") if path.suffix.lower() in MIDI_SUFFIXES)
    return sum(not set(path.parents).intersection(sets) for path in files) if sets else 0


def cache_folder() -> Path:
    """Give the folder of encoded corpora: XDG_CACHE_HOME, by default ~/.cache."""
    return base_folder(os.environ, "XDG_CACHE_HOME", ".cache") / "livegen"


def load(
    data: Path,
    names: Sequence[str] | None = None,
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress = lambda name, done, total: None,
    machine: tuple[int, int] = (0, 1),
) -> dict[str, Corpus]:
    """Encode what is not in the cache and map all sets, or those of `names`.

    Sets without MIDI files are left out.  Of several machines at once, `machine` says which this is: each
    begins elsewhere, and in a cache that they share they find what the others have done.
    Raises ConfigError for a name that is not there.
    """
    sources = {source.name: source for source in discover(data)}
    missing = set(names or ()) - set(sources)
    if missing:
        raise ConfigError(
            f"{data} has no set {', '.join(sorted(missing))}; it holds {', '.join(sources)}"
        )
    chosen = [source for name, source in sources.items() if names is None or name in names]
    with processes(workers) as pool:
        place = cache or cache_folder()
        corpora = [_prepare(source, place, pool, progress, machine) for source in chosen]
    return {corpus.name: corpus for corpus in corpora if corpus.pieces}


def load_folder(
    folder: Path,
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress = lambda name, done, total: None,
) -> Corpus:
    """Encode all MIDI files in and below a folder as one set, without looking for sets in it."""
    source = CorpusFiles(folder.resolve().name or "music", folder)
    with processes(workers) as pool:
        return _prepare(source, cache or cache_folder(), pool, progress)


def _prepare(
    source: CorpusFiles,
    cache: Path,
    pool: ProcessPoolExecutor,
    progress: Progress,
    machine: tuple[int, int] = (0, 1),
) -> Corpus:
    quirk = QUIRKS.get(source.name, Quirk())
    folder = cache / f"{source.name}-{source.key(quirk)}"
    if not (folder / "pieces.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _encode_set(source, quirk, folder, pool, progress, machine)
    pieces = json.loads((folder / "pieces.json").read_text())
    events: Rows = np.load(folder / "events.npy", mmap_mode="r")
    return Corpus(source.name, events, _split(source.name, [Piece(**piece) for piece in pieces]))


def _split(name: str, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Pieces with their splits as we call them; a word that names none is told, and stays."""
    found = tuple(
        replace(piece, split=SPLIT_WORDS.get(piece.split.strip().lower(), piece.split.strip()))
        for piece in pieces
    )
    for word, count in Counter(piece.split for piece in found).items():
        if word not in ("", *SPLITS):
            log.warning(
                "%s: %d pieces of the split %r are in none of %s; they neither train nor validate",
                name,
                count,
                word,
                ", ".join(SPLITS),
            )
    return found


def _encode_set(
    source: CorpusFiles,
    quirk: Quirk,
    folder: Path,
    pool: ProcessPoolExecutor,
    progress: Progress,
    machine: tuple[int, int],
) -> None:
    """Fill the cache folder of a set; `pieces.json` comes last and says that all is there."""
    found = source.files()
    metadata = _metadata(source, dict(found).get(METADATA, b""))
    files = [(name, data) for name, data in found if name.lower().endswith(MIDI_SUFFIXES)]
    chunks = [files[at : at + CHUNK] for at in range(0, len(files), CHUNK)]
    first = len(chunks) * machine[0] // machine[1]
    jobs = {
        index: pool.submit(_encode_chunk, chunks[index], quirk, folder / f"chunk-{index:05d}.npz")
        for index in (*range(first, len(chunks)), *range(first))
    }
    encoded: list[Rows] = [np.zeros((0, COLUMNS), np.uint8)]
    pieces: list[dict[str, Any]] = []
    start = done = 0
    told: Counter[str] = Counter()
    for index, chunk in enumerate(chunks):
        rows, lengths, notes, said = _result(jobs[index], source, chunk)
        for what, name, why in said:
            log.warning("%s: %s/%s: %s", what, source.name, name, why)
            told[what] += 1
        for (name, _), length, count in zip(chunk, lengths, notes, strict=True):
            if length:
                given = {key: metadata.get(name, {}).get(key) or "" for key in ("style", "split")}
                end = start + length
                pieces.append({"file": name, **given, "start": start, "end": end, "notes": count})
                start = end
        encoded.append(rows)
        done += len(chunk)
        progress(source.name, done, len(files))
    _sum_up(source, told, len(files))
    _save(folder / "events.npy", np.concatenate(encoded))
    _write(folder / "pieces.json", json.dumps(pieces).encode())
    for path in folder.glob("chunk-*.npz"):
        path.unlink(missing_ok=True)  # another machine may be tidying the same folder


def _sum_up(source: CorpusFiles, told: Counter[str], files: int) -> None:
    """Say how many files were skipped, repaired and passed over, where any were."""
    if told:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(told.items()))
        log.warning("%s: of %d MIDI files %s", source.name, files, counts)
    if passed := source.passed_over():
        named = ", ".join(passed[:MOST_NAMED]) + (", ..." if len(passed) > MOST_NAMED else "")
        log.warning("%s: %d other files passed over: %s", source.name, len(passed), named)


def _result(
    job: "Future[Encoded]", source: CorpusFiles, chunk: Sequence[tuple[str, bytes]]
) -> Encoded:
    """Give the result of a worker for a chunk.  Raises LivegenError when the system ended a worker."""
    try:
        return job.result()
    except BrokenProcessPool:
        first, last = chunk[0][0], chunk[-1][0]
        raise LivegenError(
            f"{source.name}: the system ended a process that read {first} to {last}, or files soon after,"
            " as it does when memory is short; the same command goes on where it was"
        ) from None


def _metadata(source: CorpusFiles, data: bytes) -> dict[str, dict[str, str]]:
    """Rows of a metadata.csv by file.  Raises ConfigError when it is none: it tells the splits."""
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace"))))
    except csv.Error as error:
        raise ConfigError(f"{source.path}: {METADATA} cannot be read ({error})") from None
    return {row["file"]: row for row in rows if row.get("file")}


def _encode_chunk(files: Sequence[tuple[str, bytes]], quirk: Quirk, path: Path) -> Encoded:
    """Encode files in a worker: rows of all, length and note-ons of each, and what there is to say.

    A thing to say is three texts: skipped or repaired, the file, and why.
    """
    try:
        with np.load(path, allow_pickle=False) as done:
            lengths, notes, texts = (done[key].tolist() for key in ("lengths", "notes", "said"))
            return done["rows"], lengths, notes, texts
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        pass  # not there, or cut short: do it (again)
    rows: list[Rows] = []
    said: list[list[str]] = []
    for name, data in files:
        encoded = np.zeros((0, COLUMNS), np.uint8)
        try:
            score, repairs = read_repaired(data)
            # what the model answered is nobody's music to learn
            is_recording = {side_of(track.name) for track in score.tracks} == set(SIDES)
            drop = (MODEL,) if is_recording else quirk.drop
            events = encode_score(score, quirk.grid, drop)
            encoded = np.array(events, np.uint8).reshape(-1, COLUMNS)
            if is_recording and not events:
                said.append([SKIPPED, name, "a recording in which nobody played but the model"])
            elif not events:
                said.append([SKIPPED, name, "; ".join(["no notes", *repairs])])
            elif repairs:
                said.append([REPAIRED, name, "; ".join(repairs)])
        except MidiFileError as error:
            said.append([SKIPPED, name, str(error).removeprefix("these bytes: ")])
        except Exception as error:  # nothing a file holds may end the preparation
            said.append([SKIPPED, name, f"{type(error).__name__}: {error}"])
        rows.append(encoded)
    lengths = [len(encoded) for encoded in rows]
    notes = [int(((r[:, 2] == 1) & (r[:, 0] != ADVANCE)).sum()) for r in rows]
    stacked = np.concatenate(rows)
    buffer = io.BytesIO()
    as_text = np.array(said, dtype=str).reshape(-1, 3)
    np.savez(buffer, rows=stacked, lengths=lengths, notes=notes, said=as_text)
    _write(path, buffer.getvalue())
    return stacked, lengths, notes, said


def _save(path: Path, rows: Rows) -> None:
    buffer = io.BytesIO()
    np.save(buffer, rows)
    _write(path, buffer.getvalue())


def _write(path: Path, data: bytes) -> None:
    whole_files.write_bytes(path, data, replace=True)
