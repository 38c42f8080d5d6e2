"""Corpora as Parquet files in a folder or an object store: a process fetches the pieces that it draws, and no more.

`pack` writes what `corpora.load` gives: for each set `SET/pieces.parquet`, a row for each piece without its events, and
`SET/part-00000.parquet` and so on, a row group for some pieces with their events.  `opened` gives the sets back.
A place is one of fsspec: a folder, `s3://bucket/prefix`, `gs://…`, `memory://…`; an object store needs its own package.

The pieces to train on are dealt to the parts as streams deal them to shards (streams.py); all others are in one part
more.  With a recipe's `shards` as many as the former parts, and as many processes, each process fetches one of them and
what it validates on.  Knows no network; imports no torch.
"""

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from livegen.codec.layout import codec_hash
from livegen.errors import ConfigError
from livegen.training.corpora import COLUMNS, Corpus, Piece, Rows, usable
from livegen.training.streams import dealt_out

INDEX = "shards.json"
GROUP_EVENTS = 1 << 15  # of a row group, which is fetched at once: 256 kB before compression
KEPT_BYTES = 256 << 20  # of a set, what a process keeps of the groups that it has fetched


def is_address(place: str) -> bool:
    """True for a place of fsspec's, such as s3://bucket/music, as opposed to a path."""
    return "://" in place


def pack(corpora: Mapping[str, Corpus], place: str, parts: int) -> dict[str, int]:
    """Write sets as Parquet, each in so many parts to train on, one where it has few pieces; the bytes of each set."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    system, root = _system(place)
    sizes = {}
    for name, corpus in corpora.items():
        system.makedirs(f"{root}/{name}", exist_ok=True)
        rows: list[dict[str, Any]] = []
        for part, pieces in enumerate(_dealt(corpus, parts)):
            groups = list(_groups(pieces))
            with (
                system.open(f"{root}/{name}/{_part(part)}", "wb") as file,
                pq.ParquetWriter(
                    file, pa.schema([("events", pa.binary())]), compression="zstd"
                ) as out,
            ):
                for number, group in enumerate(groups):
                    events = [corpus.events[p.start : p.end].tobytes() for p in group]
                    out.write_table(pa.table({"events": pa.array(events, pa.binary())}))
                    rows += [_row(p, part, number, at) for at, p in enumerate(group)]
        rows.sort(key=lambda row: int(row["start"]))
        with system.open(f"{root}/{name}/pieces.parquet", "wb") as file:
            pq.write_table(pa.Table.from_pylist(rows), file, compression="zstd")
        sizes[name] = sum(int(size) for size in system.du(f"{root}/{name}", total=False).values())
    with system.open(f"{root}/{INDEX}", "w") as file:  # comes last, and says that all is there
        json.dump({"codec": codec_hash(), "parts": parts, "sets": list(corpora)}, file)
    return sizes


def are_at(place: str) -> bool:
    """True for an address, and for a folder in which `pack` has written."""
    return is_address(place) or (Path(place) / INDEX).is_file()


def opened(place: str, names: Sequence[str] | None = None) -> dict[str, Corpus]:
    """The sets, or those of `names`, that `pack` wrote; events are fetched when they are asked for.

    Raises ConfigError where there are none, for a name that is not there and for those of another codec.
    """
    system, root = _system(place)
    try:
        with system.open(f"{root}/{INDEX}") as file:
            index = json.load(file)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(
            f"{place} holds no sets that export.shards wrote ({reason:.120})"
        ) from None
    if index["codec"] != codec_hash():
        raise ConfigError(
            f"{place} was written for codec {index['codec']}, this livegen uses {codec_hash()}; write it again"
        )
    if missing := sorted(set(names or ()) - set(index["sets"])):
        raise ConfigError(
            f"{place} has no set {', '.join(missing)}; it holds {', '.join(index['sets'])}"
        )
    chosen = [name for name in index["sets"] if names is None or name in names]
    return {name: _corpus(system, root, name) for name in chosen}


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a piece: part, row group, row in it."""

    part: int
    group: int
    row: int


class FetchedRows:
    """Events of a set, uint8 (N, 8), as an array that gives slices within one piece, fetched with its group."""

    def __init__(
        self, system: Any, folder: str, starts: Sequence[int], places: Sequence[_Place], length: int
    ) -> None:
        """`starts` are the pieces' first rows, in order; the last piece ends at `length`."""
        self.shape = (length, COLUMNS)
        self.fetched: set[int] = set()  # parts of which something was read
        self._system, self._folder = system, folder
        self._starts, self._places = np.array(starts), places
        self._groups: OrderedDict[tuple[int, int], list[Rows]] = OrderedDict()
        self._kept = 0

    def __len__(self) -> int:
        """Give the number of events."""
        return self.shape[0]

    def __getitem__(self, key: slice) -> Rows:
        """Rows of one piece; none of an empty slice."""
        first, end, _ = key.indices(len(self))
        if end <= first:
            return np.zeros((0, COLUMNS), np.uint8)
        piece = int(np.searchsorted(self._starts, first, "right")) - 1
        start, place = int(self._starts[piece]), self._places[piece]
        return self._group(place.part, place.group)[place.row][first - start : end - start]

    def _group(self, part: int, group: int) -> list[Rows]:
        """The pieces of a row group, from memory or from its place."""
        found = self._groups.pop((part, group), None)
        if found is None:
            found = self._fetch(part, group)
            self._kept += sum(rows.nbytes for rows in found)
        self._groups[part, group] = found  # the latest stands last
        while self._kept > KEPT_BYTES and len(self._groups) > 1:
            _, oldest = self._groups.popitem(last=False)
            self._kept -= sum(rows.nbytes for rows in oldest)
        return found

    def _fetch(self, part: int, group: int) -> list[Rows]:
        import pyarrow.parquet as pq

        self.fetched.add(part)
        with self._system.open(f"{self._folder}/{_part(part)}", "rb") as file:
            events = pq.ParquetFile(file).read_row_group(group).column("events")
        return [np.frombuffer(one.as_buffer(), np.uint8).reshape(-1, COLUMNS) for one in events]


def _corpus(system: Any, root: str, name: str) -> Corpus:
    import pyarrow.parquet as pq

    with system.open(f"{root}/{name}/pieces.parquet", "rb") as file:
        rows = pq.read_table(file).to_pylist()
    pieces = tuple(Piece(*(row[key] for key in Piece.__slots__)) for row in rows)
    places = [_Place(row["part"], row["group"], row["row"]) for row in rows]
    starts = [piece.start for piece in pieces]
    length = pieces[-1].end if pieces else 0
    events: Any = FetchedRows(system, f"{root}/{name}", starts, places, length)
    return Corpus(name, events, pieces)


def _dealt(corpus: Corpus, parts: int) -> list[list[Piece]]:
    """Pieces of each part: those to train on as `Streams` deals them out, and in the last part all others."""
    train = usable(corpus, "train")
    lengths = np.array([piece.end - piece.start for piece in train], float)
    found = [[train[index] for index in own] for own in dealt_out(lengths, parts)]
    learned = {piece.start for piece in train}
    others = [piece for piece in corpus.pieces if piece.start not in learned]
    return [pieces for pieces in (*found, others) if pieces]


def _groups(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Neighbours that are fetched together."""
    group: list[Piece] = []
    size = 0
    for piece in pieces:
        if group and size + piece.end - piece.start > GROUP_EVENTS:
            yield group
            group, size = [], 0
        group.append(piece)
        size += piece.end - piece.start
    if group:
        yield group


def _row(piece: Piece, part: int, group: int, row: int) -> dict[str, Any]:
    facts = {key: getattr(piece, key) for key in Piece.__slots__}
    return facts | {"part": part, "group": group, "row": row}


def _part(number: int) -> str:
    return f"part-{number:05d}.parquet"


def _system(place: str) -> tuple[Any, str]:
    """The file system of a place, and the place as it calls it.  Raises ConfigError for one that nobody knows."""
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"{place}: {' '.join(str(error).split())}") from None
    return system, root.rstrip("/")
