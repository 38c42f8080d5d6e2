"""The notation of what was played: scores of held-out pieces and of livegen's own answers, written and read back.

`python -m bench.notation --data DIR` writes notation.json and notation.md.  The first 32 bars of each piece are written
as MusicXML and read back by the standard library.  A note is found if the score has its pitch within half a sixteenth
of where it was played, or a whole one where eighths are swung; of performances (jazz, drums) that is the grid, and no
longer the moment.
"""

import csv
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from bench.tables import keep, table, told
from bench.written import ReadNote, ReadScore, read
from livegen.music.chords.chord import chord_of
from livegen.music.files import smf
from livegen.music.files.smf import Score, Track
from livegen.music.messages import NoteOff, NoteOn
from livegen.notation.files import rendered
from livegen.notation.notate import Voice, notate, voices_of
from livegen.scorecard.estimates import ratio
from livegen.training.corpora import METADATA, discover

BARS = 32
# Ticks of 24 to a quarter: half a sixteenth, and one where eighths are swung.
NEAR, SWUNG = 3.0, 6.0
SHOWN = Path(__file__).parents[1] / "docs" / "examples"


@dataclass(frozen=True, slots=True)
class Kind:
    """Pieces of a set: how many of its valid split, and which tracks are one keyboard."""

    corpus: str
    count: int
    hands: bool = False
    columns: tuple[tuple[str, str], ...] = ()  # what their rows of metadata must say


KINDS = (
    Kind("trad_abc", 3),
    Kind("mutopia_pd", 3, hands=True, columns=(("instrument", "Piano"), ("n_tracks", "2"))),
    Kind("openewld_leadsheets", 3),
    Kind("pop909_aligned", 2),
    Kind("open_hymnal", 2),
    Kind("openscore_quartets", 1),
    Kind("wjd_jazz", 2),
    Kind("rs200_rock", 1),
    Kind("band_arrangements", 1),
    Kind("groove_drums", 2, columns=(("beat_type", "beat"),)),
)


class Piece(NamedTuple):
    """A score with what its set says of it."""

    corpus: str
    name: str
    score: Score
    key: str = ""
    metre: str = ""
    right: frozenset[tuple[int, int]] = frozenset()  # tick and pitch of what the right hand plays


def pieces(data: Path) -> Iterator[Piece]:
    """Pieces of the valid splits, and livegen's own answers."""
    files = {each.name: each for each in discover(data)}
    for kind in KINDS:
        held = dict(files[kind.corpus].files())
        named = next(name for name in held if Path(name).name == METADATA)
        rows = csv.DictReader(io.StringIO(held[named].decode(errors="replace")))
        wanted = [
            row
            for row in rows
            if row["split"] == "valid" and all(row[name] == said for name, said in kind.columns)
        ]
        for row in wanted[: kind.count]:
            file = next(name for name in held if name.endswith(row["file"]))
            yield _piece(kind, row, smf.read(held[file]))
    for path in sorted(SHOWN.glob("*/best.mid")):
        yield Piece("livegen", f"{path.parent.name}, {path.stem}", _cut(smf.read(path)))


def _piece(kind: Kind, row: dict[str, str], score: Score) -> Piece:
    score, right = _cut(score), frozenset[tuple[int, int]]()
    if kind.hands and len(score.tracks) == 2:
        upper = max(score.tracks, key=_height)
        (one,) = voices_of(replace(score, tracks=(replace(upper, name="Lead"),)))
        right = frozenset((round(note.onset), note.pitch) for note in one.notes)
        both = sorted(
            (
                (tick, replace(message, channel=0))
                for track in score.tracks
                for tick, message in track.messages
                if isinstance(message, NoteOn | NoteOff)
            ),
            key=lambda row: (row[0], isinstance(row[1], NoteOn)),
        )
        score = replace(score, tracks=(Track("Piano", tuple(both)),))
    metre = row.get("meter", "") if row.get("n_meters", "1") == "1" else ""
    metre = {"C": "4/4", "C|": "2/2"}.get(metre, metre)
    key = row.get("key", "") or ""
    return Piece(kind.corpus, Path(row["file"]).stem, score, key, metre, right)


def _height(track: Track) -> float:
    pitches = [message.pitch for _, message in track.messages if hasattr(message, "pitch")]
    return sum(pitches) / len(pitches)


def _cut(score: Score) -> Score:
    """The first bars of a score, in 4/4 at least."""
    numerator, denominator = score.metres[0][1:] if score.metres else (4, 4)
    end = BARS * score.ppqn * 4 * numerator // denominator
    tracks = (
        replace(track, messages=tuple(row for row in track.messages if row[0] < end))
        for track in score.tracks
    )
    return replace(
        score,
        tracks=tuple(
            track for track in tracks if any(isinstance(m, NoteOn) for _, m in track.messages)
        ),
        metres=tuple(row for row in score.metres if row[0] < end),
        tempos=tuple(row for row in score.tempos if row[0] < end),
    )


# --- what came back -----------------------------------------------------------------------------------------------


def measured(piece: Piece) -> dict[str, Any]:
    """Write a piece, read it back, and say what came back."""
    began = time.perf_counter()
    notation = notate(piece.score, piece.name)
    noted = time.perf_counter()
    data = rendered(notation, ".musicxml")
    wrote = time.perf_counter()
    back = read(data)
    voices = voices_of(piece.score)
    near = SWUNG if notation.swings else NEAR
    found = [
        _found(voice, part.notes, near) for voice, part in zip(voices, back.parts, strict=True)
    ]
    total = sum(len(voice.notes) for voice in voices)
    facts: dict[str, Any] = {
        "set": piece.corpus,
        "piece": piece.name,
        "bars": len(notation.bars),
        "notes": total,
        "found": sum(map(len, found)) / total,
        "too many": sum(len(part.notes) for part in back.parts) - sum(map(len, found)),
        "on its tick": sum(row.beside < 0.6 for rows in found for row in rows) / total,
        "length": sum(row.is_as_long for rows in found for row in rows) / total,
        "swings": notation.swings,
        "notate ms": round(1000 * (noted - began), 1),
        "MusicXML ms": round(1000 * (wrote - noted), 1),
    }
    drums = [len(rows) for voice, rows in zip(voices, found, strict=True) if voice.rule == "drums"]
    if drums:
        facts["drums"] = sum(drums) / sum(len(v.notes) for v in voices if v.rule == "drums")
    if piece.key and ":" in piece.key:
        told = f"{back.sharps} {back.mode}"
        facts["key"] = piece.key, told, told == _signature(piece.key)
        facts["signature"] = back.sharps == int(_signature(piece.key).split()[0])
    if piece.metre:
        facts["metre"] = (
            piece.metre,
            back.metres[0][1],
            {m for _, m in back.metres} == {piece.metre},
        )
    if piece.right:
        rows = [row for part in found for row in part]
        sides = [((round(row.start), row.pitch) in piece.right) == (row.staff == 1) for row in rows]
        facts["hands"] = sum(sides) / len(sides)
    if (chords := _chords(voices, back)) is not None:
        facts["chords"] = chords
    return facts


class Found(NamedTuple):
    """A note that came back: how many ticks beside its place, whether it is as long within a quarter, and where."""

    start: float
    pitch: int
    beside: float
    is_as_long: bool
    staff: int


def _found(voice: Voice, notes: Sequence[ReadNote], most: float) -> list[Found]:
    """Find the notes of a voice that came back, each as one."""
    left: dict[int, list[ReadNote]] = {}
    for one in notes:
        left.setdefault(one.pitch, []).append(one)
    found = []
    for note in voice.notes:
        near = left.get(note.pitch, [])
        nearest = min(near, key=lambda one: abs(one.start - note.onset), default=None)
        if nearest is not None and abs(nearest.start - note.onset) <= most:
            near.remove(nearest)
            lasts = note.end - note.onset
            is_as_long = abs(nearest.end - nearest.start - lasts) <= max(NEAR, 0.25 * lasts)
            beside = abs(nearest.start - note.onset)
            found.append(Found(note.onset, note.pitch, beside, is_as_long, nearest.staff))
    return found


_FIFTHS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}


def _signature(key: str) -> str:
    """The signature and mode of a key as sets write it: "Eb:maj"."""
    tonic, _, mode = key.partition(":")
    sharps = _FIFTHS[tonic[0]] + 7 * (tonic.count("#") - tonic.count("b"))
    shift = {"maj": 0, "min": -3, "mix": -1, "dor": -2, "lyd": 1, "phr": -4, "aeo": -3}[mode[:3]]
    mode = "minor" if mode[:3] in ("min", "dor", "phr", "aeo") else "major"
    sharps += shift
    sharps += 12 * (sharps < -6) - 12 * (sharps > 6)
    return f"{sharps} {mode}"


def _chords(voices: Sequence[Voice], back: ReadScore) -> float | None:
    """The share of the chords of a track of block chords whose root stands above them; None without such a track."""
    track = next((voice for voice in voices if "CHORD" in voice.name.upper()), None)
    if track is None:
        return None
    blocks: dict[float, list[int]] = {}
    for note in track.notes:
        blocks.setdefault(note.onset, []).append(note.pitch)
    told = right = 0
    for at, pitches in blocks.items():
        chord = chord_of(pitches)
        above = [name for where, name in back.chords if where <= at + 12]
        if chord is None or not above:
            continue
        told += 1
        root = above[-1][:2] if above[-1][1:2] in ("#", "b") else above[-1][:1]
        right += (_FIFTHS[root[0]] * 7 + root.count("#") - root.count("b")) % 12 == chord.root
    return right / told if told else None


# --- the table ----------------------------------------------------------------------------------------------------


def text_of(rows: Sequence[dict[str, Any]]) -> str:
    """The page of what came back."""

    def share(row: dict[str, Any], name: str) -> str:
        return f"{row[name]:.3f}" if isinstance(row.get(name), float) else "–"

    def as_set(row: dict[str, Any], name: str) -> str:
        return (
            f"{row[name][1]}{'' if row[name][2] else f' (set: {row[name][0]})'}"
            if name in row
            else "–"
        )

    head = [
        "set",
        "piece",
        "notes",
        "found",
        "more",
        "on its tick",
        "length",
        "key",
        "metre",
        "hands",
        "drums",
        "chords",
    ]
    body = [
        [
            row["set"],
            row["piece"][:32],
            str(row["notes"]),
            share(row, "found"),
            str(row["too many"]),
            share(row, "on its tick"),
            share(row, "length"),
            as_set(row, "key"),
            as_set(row, "metre"),
            *(share(row, name) for name in ("hands", "drums", "chords")),
        ]
        for row in rows
    ]
    notes = sum(row["notes"] for row in rows)
    found = ratio([row["found"] * row["notes"] for row in rows], [row["notes"] for row in rows])
    keys = [row["signature"] for row in rows if "signature" in row]
    metres = [row["metre"][2] for row in rows if "metre" in row]
    bars = sum(row["bars"] for row in rows)
    laid, wrote = (sum(row[name] for row in rows) / bars for name in ("notate ms", "MusicXML ms"))
    lines = [
        f"{len(rows)} pieces, {notes:,} notes: {told(found, 4)} are found (95 % of resampled pieces); "
        f"signatures as the set says {sum(keys)} of {len(keys)}, metres {sum(metres)} of {len(metres)}. "
        f"A bar takes {laid:.1f} ms to be laid out and {wrote:.0f} ms to be written.",
        "",
        table(head, body),
        "",
        "Written by `python -m bench.notation --data DIR`; what the columns are: bench/notation.py.",
    ]
    return "\n".join(lines)


@click.command(help=__doc__)
@click.option("--data", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dry", is_flag=True, help="Print only.")
def main(data: Path, dry: bool) -> None:
    """See above."""
    rows = [measured(piece) for piece in pieces(data)]
    keep("notation", {"pieces": rows}, text_of(rows), dry)


if __name__ == "__main__":
    main()
