"""Corpora: archives and folders of Standard MIDI Files as memory-mapped arrays of events.

A data folder holds sets side by side: archives `NAME.tar.zst`, folders with a `metadata.csv`
(columns file, style, split), or plain folders of MIDI files.  Each set is encoded once, in parallel
processes, into a cache that is keyed by the codec and the files, in chunks, so that an interrupted
preparation goes on where it was. A file that cannot be read is named and skipped.  Knows no
network; imports no torch.
"""

import csv
import hashlib
import io
import json
import logging
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from livegen.codec.encoder import encode_score
from livegen.codec.layout import ADVANCE, Event, codec_hash
from livegen.errors import ConfigError, MidiFileError
from livegen.music.smf import read

log = logging.getLogger(__name__)

COLUMNS = len(Event._fields)
CHUNK = 64  # files that one process encodes at a time, and that an interruption can cost
MIDI_SUFFIXES = (".mid", ".midi")
SPLITS = ("train", "valid", "test")
VALID_SHARE = 20  # of a set without splits, one piece in so many is held back

Rows = npt.NDArray[np.uint8]
Progress = Callable[[str, int, int], None]  # set, files done, files in all


@dataclass(frozen=True, slots=True)
class Quirk:
    """What must be known of a set that its files do not say: tracks to leave out, bar lines not to believe."""

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
    """One file of a set: rows `start` to `end` of its events; `style` "" where none is given, `split` "" likewise."""

    file: str
    style: str
    split: str
    start: int
    end: int
    notes: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """A set: events uint8 (N, 7) on disk, in the columns of codec Event, and the pieces they belong to."""

    name: str
    events: Rows
    pieces: tuple[Piece, ...]

    def split(self, name: str) -> list[Piece]:
        """Pieces of a split.  Of a set that has no splits every twentieth piece (by name) is `valid`, the rest `train`."""
        return [piece for piece in self.pieces if (piece.split or _dealt(piece.file)) == name]


def _dealt(file: str) -> str:
    return "train" if int(hashlib.sha1(file.encode()).hexdigest(), 16) % VALID_SHARE else "valid"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a set lies: an archive, or a folder."""

    name: str
    path: Path

    def key(self, quirk: Quirk) -> str:
        """Names codec, quirk and content (by names, sizes and times) of this set."""
        files = (
            [self.path]
            if self.path.is_file()
            else sorted(p for p in self.path.rglob("*") if p.is_file())
        )
        facts = [(str(p), (stat := p.stat()).st_size, stat.st_mtime_ns) for p in files]
        text = json.dumps([codec_hash(), quirk.drop, quirk.grid, facts])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of every file of the set that matters; nothing is unpacked to disk."""
        if self.path.is_file():
            yield from _archive_files(self.path)
        else:
            for path in sorted(self.path.rglob("*")):
                if path.suffix.lower() in (*MIDI_SUFFIXES, ".csv") and path.is_file():
                    yield path.relative_to(self.path).as_posix(), path.read_bytes()


def _archive_files(path: Path) -> Iterator[tuple[str, bytes]]:
    import zstandard  # only archives need it

    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                name = member.name.removeprefix("./").partition("/")[2] or member.name
                if member.isfile() and name.lower().endswith((*MIDI_SUFFIXES, ".csv")):
                    file = archive.extractfile(member)
                    assert file is not None
                    yield name, file.read()


def discover(data: Path) -> list[Source]:
    """Sets in a data folder, by name.  Raises ConfigError when there is none."""
    if not data.is_dir():
        raise ConfigError(
            f"{data} is not a folder; expected one with MIDI files or archives NAME.tar.zst"
        )
    sources = [
        Source(path.name.removesuffix(".tar.zst"), path) for path in sorted(data.glob("*.tar.zst"))
    ]
    described = sorted(path.parent for path in data.rglob("metadata.csv"))
    sources += [Source(folder.name, folder) for folder in described]
    inside = set(described)
    for folder in [data, *sorted(path for path in data.iterdir() if path.is_dir())]:
        if inside.intersection(
            [folder, *folder.parents, *(p for p in folder.rglob("*") if p.is_dir())]
        ):
            continue
        files = folder.iterdir() if folder == data else folder.rglob("*")
        if any(path.suffix.lower() in MIDI_SUFFIXES for path in files):
            sources.append(Source(folder.resolve().name, folder))
            if folder == data:
                break  # a folder of files is one set, with whatever lies below it
    if not sources:
        raise ConfigError(f"{data} holds no MIDI files and no archives NAME.tar.zst")
    return sources


def cache_folder() -> Path:
    """Where encoded corpora are kept: XDG_CACHE_HOME, by default ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "livegen"


def load(
    data: Path,
    names: Sequence[str] | None = None,
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress = lambda name, done, total: None,
) -> dict[str, Corpus]:
    """Encode what is not in the cache and map all sets, or those of `names`; sets without MIDI files are left out.

    Raises ConfigError for a name that the folder does not hold.
    """
    sources = {source.name: source for source in discover(data)}
    missing = set(names or ()) - set(sources)
    if missing:
        raise ConfigError(
            f"{data} has no set {', '.join(sorted(missing))}; it holds {', '.join(sources)}"
        )
    chosen = [source for name, source in sources.items() if names is None or name in names]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        corpora = [_prepare(source, cache or cache_folder(), pool, progress) for source in chosen]
    return {corpus.name: corpus for corpus in corpora if corpus.pieces}


def _prepare(source: Source, cache: Path, pool: ProcessPoolExecutor, progress: Progress) -> Corpus:
    quirk = QUIRKS.get(source.name, Quirk())
    folder = cache / f"{source.name}-{source.key(quirk)}"
    if not (folder / "pieces.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _encode_set(source, quirk, folder, pool, progress)
    pieces = json.loads((folder / "pieces.json").read_text())
    events: Rows = np.load(folder / "events.npy", mmap_mode="r")
    return Corpus(source.name, events, tuple(Piece(**piece) for piece in pieces))


def _encode_set(
    source: Source, quirk: Quirk, folder: Path, pool: ProcessPoolExecutor, progress: Progress
) -> None:
    metadata: dict[str, dict[str, str]] = {}
    files = []
    for name, data in source.files():
        if name.lower().endswith(MIDI_SUFFIXES):
            files.append((name, data))
        elif name == "metadata.csv":
            rows = csv.DictReader(io.StringIO(data.decode("utf-8", "replace")))
            metadata = {row["file"]: row for row in rows if row.get("file")}
    jobs = [
        pool.submit(_encode_chunk, list(chunk), quirk, folder / f"chunk-{index:05d}.npz")
        for index, chunk in enumerate(_chunks(files))
    ]
    chunks: list[Rows] = []
    pieces: list[dict[str, Any]] = []
    start = done = 0
    for job, chunk in zip(jobs, _chunks(files), strict=True):
        rows, lengths, notes, errors = job.result()
        for error in errors:
            log.warning("skipped: %s", error)
        for (name, _), length, count in zip(chunk, lengths, notes, strict=True):
            if length:
                row = metadata.get(name, {})
                pieces.append(
                    {"file": name, "style": row.get("style", ""), "split": row.get("split", "")}
                    | {"start": start, "end": start + length, "notes": count}
                )
                start += length
        chunks.append(rows)
        done += len(chunk)
        progress(source.name, done, len(files))
    _save(
        folder / "events.npy",
        np.concatenate(chunks) if chunks else np.zeros((0, COLUMNS), np.uint8),
    )
    _write(folder / "pieces.json", json.dumps(pieces).encode())
    for path in folder.glob("chunk-*.npz"):
        path.unlink()


def _chunks(files: list[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    for at in range(0, len(files), CHUNK):
        yield files[at : at + CHUNK]


def _encode_chunk(
    files: Sequence[tuple[str, bytes]], quirk: Quirk, path: Path
) -> tuple[Rows, list[int], list[int], list[str]]:
    """Encode files in a worker: rows of all, length and note-ons of each, and a line for each that was skipped."""
    try:
        with np.load(path, allow_pickle=False) as done:
            return (
                done["rows"],
                done["lengths"].tolist(),
                done["notes"].tolist(),
                done["errors"].tolist(),
            )
    except (OSError, ValueError, KeyError):
        pass  # not there, or cut short: do it (again)
    rows, lengths, notes, errors = [], [], [], []
    for name, data in files:
        encoded = np.zeros((0, COLUMNS), np.uint8)
        try:
            encoded = np.array(encode_score(read(data), quirk.grid, quirk.drop), np.uint8).reshape(
                -1, COLUMNS
            )
        except MidiFileError as error:
            errors.append(f"{name}: {error}")
        except Exception as error:  # nothing a file holds may end the preparation
            errors.append(f"{name}: {type(error).__name__}: {error}")
        rows.append(encoded)
        lengths.append(len(encoded))
        notes.append(int(((encoded[:, 2] == 1) & (encoded[:, 0] != ADVANCE)).sum()))
    stacked = np.concatenate(rows)
    buffer = io.BytesIO()
    np.savez(buffer, rows=stacked, lengths=lengths, notes=notes, errors=np.array(errors, dtype=str))
    _write(path, buffer.getvalue())
    return stacked, lengths, notes, errors


def _save(path: Path, rows: Rows) -> None:
    buffer = io.BytesIO()
    np.save(buffer, rows)
    _write(path, buffer.getvalue())


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
