"""Keys and chords as they are heard while a piece plays, against what is written over it.

    python -m bench.harmony DATA [--split valid] [--pieces N] [--compare]

DATA holds the unpacked sets side by side.  A key counts as right when tonic and mode are (dorian and
phrygian are minor, lydian and mixolydian major); beside it stands the weighted score of MIREX
(a fifth off 0.5, relative 0.3, parallel 0.2).  Keys of wjd_jazz are those of the whole tune, whatever
a solo does on the way; the sets without `+chords` hear the melody alone.  A change is false in a piece
whose label never changes.  To be followed, the second half is transposed, and the tracker must get to
where it was, transposed, or to the label, transposed.
"""

import csv
import json
import math
import statistics
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import click

from livegen.music.chords.chord import KINDS, Chord
from livegen.music.chords.chords_heard import ChordTracker
from livegen.music.files.smf import Score, Track, read
from livegen.music.keys.key import KEYS, Key, logits
from livegen.music.keys.key_tracker import HALF_LIFE_US, KeyTracker
from livegen.music.messages import NoteOff, NoteOn
from livegen.scorecard.held_out_calls import written_chords

SECOND_US, MINUTE_US = 1_000_000, 60_000_000
AFTER = (4, 8, 16)  # beats
SETTLED = 8  # beats that are not counted in the share of the time
SHIFTS = (3, 5, 7)
NEVER, LATE = 999.0, 32
JSB_SIXTEENTH_US = 150_000
LABELS = Path("key_labels/key_labels/key_labels.csv")
CHORALES = Path("benchmarks_poly/benchmarks_poly/jsb/Jsb16thSeparated.json")
_MODES = {"maj": "major", "lyd": "major", "mix": "major"}
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

# Sets, and which of their tracks are heard (None: all).
HEARD: dict[str, tuple[str, Callable[[str], bool]]] = {
    "pop909_aligned": ("pop909_aligned", lambda name: name != "CHORDS"),
    "trad_abc": ("trad_abc", lambda name: True),
    "mutopia_pd": ("mutopia_pd", lambda name: True),
    "openewld": ("openewld_leadsheets", lambda name: name == "MELODY"),
    "openewld+chords": ("openewld_leadsheets", lambda name: True),
    "wjd_jazz": ("wjd_jazz", lambda name: name.startswith("SOLO")),
    "wjd_jazz+chords": ("wjd_jazz", lambda name: name != "BASS"),
}
# Of each quality, what is still the same chord to somebody who plays along.
FAMILY = {
    kind: "sus" if "sus" in kind else steps[1:3] if len(steps) > 2 else steps
    for kind, steps in KINDS.items()
}


class Stroke(NamedTuple):
    """A key goes down (or up, velocity 0): micros, beat of the score, pitch."""

    at: int
    beat: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a set: strokes in order, and keys with the beat from which they hold."""

    name: str
    strokes: tuple[Stroke, ...]
    keys: tuple[tuple[float, Key], ...]

    def key_at(self, beat: float) -> Key:
        return self.keys[max(0, bisect_right([at for at, _ in self.keys], beat + 1e-6) - 1)][1]


# --- reading --------------------------------------------------------------------------------------


def key_named(text: str) -> Key:
    """A key of the labels: "Bb:maj", "F#:min", "D:dor".  Raises ValueError."""
    tonic, _, mode = text.partition(":")
    if not tonic or tonic[0] not in _LETTERS:
        raise ValueError(text)
    pitch_class = _LETTERS[tonic[0]] + tonic.count("#") - tonic[1:].count("b")
    return Key(pitch_class % 12, "major" if _MODES.get(mode) else "minor")


def labels(data: Path) -> dict[tuple[str, str], list[tuple[float, Key]]]:
    """Keys by set and file; keys that were derived from chords are left out."""
    found: dict[tuple[str, str], list[tuple[float, Key]]] = {}
    with (data / LABELS).open(newline="") as file:
        for row in csv.DictReader(file):
            if "auto" not in row["source"]:
                change = int(row["tick480"]) / 480, key_named(row["key"])
                found.setdefault((row["dataset"], row["file"]), []).append(change)
    for row in rows(data, "mutopia_pd"):
        if row["key"]:
            found["mutopia_pd", row["file"]] = [(0.0, key_named(row["key"]))]
    return {where: sorted(keys, key=lambda change: change[0]) for where, keys in found.items()}


def rows(data: Path, name: str) -> list[dict[str, str]]:
    with (data / name / name / "metadata.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def strokes(score: Score, heard: Callable[[str], bool]) -> tuple[Stroke, ...]:
    """Notes of the tracks that are heard, releases before strikes."""
    found: list[Stroke] = []
    for track in score.tracks:
        if heard(track.name):
            found += _strokes(score, track)
    return tuple(sorted(found, key=lambda stroke: (stroke.at, stroke.velocity > 0)))


def _strokes(score: Score, track: Track) -> Iterator[Stroke]:
    times = map(score.tempo_map.micros, (tick for tick, _ in track.messages))
    for at, (tick, message) in zip(times, track.messages, strict=True):
        match message:
            case NoteOn(pitch, velocity):
                yield Stroke(at, tick / score.ppqn, pitch, velocity)
            case NoteOff(pitch):
                yield Stroke(at, tick / score.ppqn, pitch, 0)


def pieces(data: Path, split: str, most: int) -> dict[str, list[Piece]]:
    """Pieces with known keys, by set; the chorales have no `train` here."""
    known = labels(data)
    found: dict[str, list[Piece]] = {}
    for heard, (name, wanted) in HEARD.items():
        files = [row["file"] for row in rows(data, name) if row["split"] == split]
        files = [file for file in files if (name, file) in known]
        for file in files[:: max(1, len(files) // most)][:most]:
            notes = strokes(read(data / name / name / file), wanted)
            if len(notes) > 40:
                found.setdefault(heard, []).append(Piece(file, notes, tuple(known[name, file])))
    if split == "valid":
        found["jsb chorales"] = list(chorales(data, known))[:most]
    return found


def chorales(data: Path, known: dict[tuple[str, str], list[tuple[float, Key]]]) -> Iterator[Piece]:
    for index, frames in enumerate(json.loads((data / CHORALES).read_text())["valid"]):
        notes: list[Stroke] = []
        for voice in range(4):
            last = -1
            for step, frame in enumerate([*frames, [-1] * 4]):
                at, beat = step * JSB_SIXTEENTH_US, step / 4
                if frame[voice] != last:
                    notes += [Stroke(at, beat, last, 0)] if last >= 0 else []
                    notes += [Stroke(at, beat, frame[voice], 80)] if frame[voice] >= 0 else []
                    last = frame[voice]
        notes.sort(key=lambda stroke: (stroke.at, stroke.velocity > 0))
        file = f"Jsb16thSeparated.json:valid[{index}]"
        yield Piece(file, tuple(notes), tuple(known["benchmarks_poly/jsb", file]))


# --- keys -----------------------------------------------------------------------------------------

Shown = list[tuple[Stroke, Key | None]]


def tracked(notes: Sequence[Stroke]) -> Shown:
    """The key or chord that the tracker shows after each strike."""
    tracker, shown = KeyTracker(), []
    for stroke in notes:
        if stroke.velocity:
            tracker.strike(stroke.at, stroke.pitch, stroke.velocity)
            shown.append((stroke, tracker.look(stroke.at)))
        else:
            tracker.release(stroke.at, stroke.pitch)
    return shown


def mirex(found: Key | None, right: Key) -> float:
    """The weighted score of MIREX audio key detection."""
    if found is None or found == right:
        return float(found == right)
    apart = (found.tonic - right.tonic) % 12
    if found.mode == right.mode:
        return 0.5 if apart in (5, 7) else 0.0
    relative = 9 if right.mode == "major" else 3
    return {relative: 0.3, 0: 0.2}.get(apart, 0.0)


def judge(piece: Piece, finder: Callable[[Sequence[Stroke]], Shown]) -> dict[str, float]:
    """Figures of one piece, 0 to 1; false changes a minute where the key stays."""
    shown = finder(piece.strokes)
    first = shown[0][0].beat
    figures: dict[str, float] = {}
    for beats in AFTER:
        stroke, key = [one for one in shown if one[0].beat < first + beats][-1]
        right = piece.key_at(stroke.beat)
        figures |= {f"{beats}": float(key == right), f"{beats} mirex": mirex(key, right)}
    by_key: Counter[Key | None] = Counter()
    by_label: Counter[Key] = Counter()
    right_beats = beats_in_all = 0.0
    ends = [stroke.beat for stroke, _ in shown[1:]] + [shown[-1][0].beat + 1]
    for (stroke, key), end in zip(shown, ends, strict=True):
        right, lasting = piece.key_at(stroke.beat), end - stroke.beat
        by_key[key] += lasting  # type: ignore[assignment]
        by_label[right] += lasting  # type: ignore[assignment]
        if stroke.beat >= first + SETTLED:
            beats_in_all += lasting
            right_beats += lasting * (key == right)
    longest, label = by_key.most_common(1)[0][0], by_label.most_common(1)[0][0]
    figures |= {"whole": float(longest == label), "whole mirex": mirex(longest, label)}
    figures["time"] = right_beats / beats_in_all if beats_in_all else math.nan
    if len(piece.keys) == 1:
        keys = [key for _, key in shown if key]
        changes = sum(one != other for one, other in pairwise(keys))
        figures["changes"] = changes / max(1, shown[-1][0].at - shown[0][0].at) * MINUTE_US
    return figures


def beats_to_follow(piece: Piece, shift: int) -> float | None:
    """Beats after which a transposition of the second half is followed; None where that cannot be told."""
    struck = [stroke for stroke in piece.strokes if stroke.velocity]
    half = struck[len(struck) // 2]
    if struck[-1].beat < half.beat + LATE:
        return None  # it ends too soon to tell
    plain = dict(_by_place(tracked(piece.strokes)))
    moved = [
        stroke if stroke.at < half.at else stroke._replace(pitch=stroke.pitch + shift)
        for stroke in piece.strokes
    ]
    if any(stroke.pitch > 127 for stroke in moved):
        return None
    before = plain[next(place for place, stroke in enumerate(struck) if stroke.at == half.at)]
    if before is None:
        return None
    for place, (stroke, key) in enumerate(tracked(moved)):
        if stroke.at >= half.at and key in (
            transposed(before, shift),
            transposed(plain[place], shift),
        ):
            return stroke.beat - half.beat
    return NEVER


def _by_place(shown: Shown) -> Iterator[tuple[int, Key | None]]:
    return ((place, key) for place, (_, key) in enumerate(shown))


def transposed(key: Key | None, shift: int) -> Key | None:
    return Key((key.tonic + shift) % 12, key.mode) if key else Key(0, "major")


def mean(figures: Sequence[dict[str, float]], name: str) -> float:
    known = [one[name] for one in figures if not math.isnan(one.get(name, math.nan))]
    return statistics.fmean(known) if known else math.nan


def key_table(sets: dict[str, list[Piece]]) -> Iterator[str]:
    yield "| set | pieces | 4 beats | 8 beats | 16 beats | shown longest | of the time | false changes/min |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, found in sets.items():
        figures = [judge(piece, tracked) for piece in found]
        cells = [
            f"{mean(figures, what):.2f} ({mean(figures, f'{what} mirex'):.2f})"
            for what in (*map(str, AFTER), "whole")
        ]
        cells += [f"{mean(figures, 'time'):.2f}", f"{mean(figures, 'changes'):.1f}"]
        yield f"| {name} | {len(found)} | {' | '.join(cells)} |"


def follow_table(sets: dict[str, list[Piece]], most: int = 40) -> Iterator[str]:
    yield "| set | +3, beats: median / p75 (not within 32) | +5 | +7 |"
    yield "|---|---|---|---|"
    for name, found in sets.items():
        steady = [piece for piece in found if len(piece.keys) == 1][:most]
        cells = []
        for shift in SHIFTS:
            beats = [b for piece in steady if (b := beats_to_follow(piece, shift)) is not None]
            if not beats:
                cells.append("too short")
                continue
            p75 = sorted(beats)[len(beats) * 3 // 4]
            late = sum(b > LATE for b in beats) / len(beats)
            upper = "never" if p75 == NEVER else f"{p75:.0f}"
            cells.append(f"{statistics.median(beats):.0f} / {upper} ({late:.0%})")
        yield f"| {name} | {' | '.join(cells)} |"


# --- other profiles, on the same memory -----------------------------------------------------------

PROFILES = {
    "Krumhansl and Kessler 1982": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    "Temperley 2001, Kostka and Payne": (
        (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
        (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
    ),
    "Albrecht and Shanahan 2013": (
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    ),
}


def correlated(
    profile: tuple[tuple[float, ...], tuple[float, ...]], notes: Sequence[Stroke]
) -> Shown:
    """The key whose profile correlates best with what is in the ear, after each strike."""
    shown: Shown = []
    weights, last = [0.0] * 12, 0
    rated = [
        [profile[key.mode == "minor"][(pc - key.tonic) % 12] for pc in range(12)] for key in KEYS
    ]
    struck: dict[int, int] = {}
    for stroke in notes:
        kept = 0.5 ** (min(stroke.at - last, 2 * SECOND_US) / HALF_LIFE_US)
        weights, last = [weight * kept for weight in weights], stroke.at
        if stroke.velocity:
            struck[stroke.pitch] = stroke.at
            weights[stroke.pitch % 12] += 1
            scores = [_correlation(weights, row) for row in rated]
            shown.append((stroke, KEYS[scores.index(max(scores))]))
        elif stroke.pitch in struck:
            lasted = stroke.at - struck.pop(stroke.pitch)
            weights[stroke.pitch % 12] += min(lasted, 2 * SECOND_US) / SECOND_US
    return shown


def _correlation(weights: Sequence[float], row: Sequence[float]) -> float:
    if max(weights) == min(weights):
        return 0.0
    return statistics.correlation(weights, row)


def raw(notes: Sequence[Stroke]) -> Shown:
    """The likeliest key by our own profile after each strike, without reluctance."""
    tracker = KeyTracker()
    shown: Shown = []
    for stroke in notes:
        if not stroke.velocity:
            tracker.release(stroke.at, stroke.pitch)
            continue
        tracker.strike(stroke.at, stroke.pitch, stroke.velocity)
        scores = logits(tracker._weights, tracker._bass)
        shown.append((stroke, KEYS[scores.index(max(scores))]))
    return shown


def compare_table(sets: dict[str, list[Piece]]) -> Iterator[str]:
    yield "| profile (each strike afresh) | 4 beats | 16 beats | shown longest | of the time | false changes/min |"
    yield "|---|---|---|---|---|---|"
    finders: dict[str, Any] = {name: partial(correlated, one) for name, one in PROFILES.items()}
    for name, finder in (finders | {"ours": raw, "ours, with reluctance": tracked}).items():
        by_set = [[judge(piece, finder) for piece in found] for found in sets.values()]
        cells = [
            f"{statistics.fmean(mean(figures, what) for figures in by_set):.3f}"
            for what in ("4", "16", "whole", "time", "changes")
        ]
        yield f"| {name} | {' | '.join(cells)} |"


# --- chords ---------------------------------------------------------------------------------------


def chords_heard(
    score: Score, part: str, into: float
) -> Iterator[tuple[Chord | None, Chord | None]]:
    """Heard and written chord, `into` beats after each beat of the piece."""
    tracker, written = ChordTracker(), written_chords(score)
    notes, at = strokes(score, lambda name: name == part), 0
    starts = [beat for beat, _ in written]
    for beat in range(math.ceil(starts[0]), math.ceil(starts[-1])):
        while at < len(notes) and notes[at].beat < beat + into:
            stroke, at = notes[at], at + 1
            if stroke.velocity:
                tracker.strike(stroke.at, stroke.pitch, stroke.velocity)
            else:
                tracker.release(stroke.at, stroke.pitch)
        now = score.tempo_map.micros(round((beat + into) * score.ppqn))
        yield tracker.look(now), written[bisect_right(starts, beat + 1e-6) - 1][1]


def chord_table(data: Path, split: str, most: int) -> Iterator[str]:
    yield "| pop909_aligned, heard from | looked at | beats | root | and triad | and kind | none yet |"
    yield "|---|---|---|---|---|---|---|"
    name = "pop909_aligned"
    files = [row["file"] for row in rows(data, name) if row["split"] == split][:most]
    scores = [read(data / name / name / file) for file in files]
    for part, into in (("PIANO", 0.25), ("PIANO", 0.5), ("PIANO", 0.98), ("MELODY", 0.98)):
        pairs = [pair for score in scores for pair in chords_heard(score, part, into) if pair[1]]
        roots = [(one, other) for one, other in pairs if one and other and one.root == other.root]
        triads = sum(FAMILY[one.kind] == FAMILY[other.kind] for one, other in roots)
        kinds = sum(one.kind == other.kind for one, other in roots)
        none = sum(one is None for one, _ in pairs) / len(pairs)
        shares = " | ".join(f"{count / len(pairs):.3f}" for count in (len(roots), triads, kinds))
        yield f"| {part} | {into} beats in | {len(pairs)} | {shares} | {none:.3f} |"


def cost_table(found: Sequence[Piece]) -> Iterator[str]:
    """Micros a note, all of its tracker's work."""
    yield "| work | us a note |"
    yield "|---|---|"
    notes = [stroke for piece in found[:5] for stroke in piece.strokes]
    began = time.perf_counter()
    struck = sum(len(tracked(piece.strokes)) for piece in found[:5])
    yield f"| key: strike, look, release | {(time.perf_counter() - began) / struck * 1e6:.0f} |"
    tracker, began = ChordTracker(), time.perf_counter()
    for stroke in sorted(notes):
        if stroke.velocity:
            tracker.strike(stroke.at, stroke.pitch, stroke.velocity)
            tracker.look(stroke.at)
        else:
            tracker.release(stroke.at, stroke.pitch)
    yield f"| chord: strike, look, release | {(time.perf_counter() - began) / struck * 1e6:.0f} |"


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--split", default="valid", show_default=True)
@click.option("--pieces", "most", default=10_000, help="At most so many of each set.")
@click.option("--compare", is_flag=True, help="Also other profiles, on the same memory.")
def main(data: Path, split: str, most: int, compare: bool) -> None:
    """Measure key and chord tracking on the sets in DATA; print Markdown."""
    sets = pieces(data, split, most)
    tables = [key_table(sets), follow_table(sets), chord_table(data, split, most)]
    tables += [cost_table(sets["pop909_aligned"])]
    tables += [compare_table(sets)] if compare else []
    for table in tables:
        for line in table:
            click.echo(line)
        click.echo()


if __name__ == "__main__":
    main()
