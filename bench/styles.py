"""The test whether livegen's styles can be told apart: a listener that has learned them from people.

    python -m bench.styles DATA [--part PART]... [--runs N]

DATA holds the sets of SCENES, as archives or folders.  The listener is a multinomial logistic regression over figures
of four bars: where in the beat and bar hits or onsets lie, on which drums, intervals, distances, lengths, register, how
many sound together.  It learns from the train split, and is tried on the validation split, which is the most that can
be asked for, and on what livegen plays when it is told the style: drums, comp and bass beside a melody, the last two
with a chart of four chords, and answers to calls of no style.  All styles weigh the same; chance is one in so many.
Of a comp or a bass each fifth piece of the train split is held out, as the validation split has seven bands.  The bars
that livegen's drums keep are of the train split: of them the listener has heard some.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise, repeat
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from bench.tables import keep
from livegen import shipped
from livegen.jam.timing.agenda import ROUTES
from livegen.music.files.smf import read
from livegen.music.note import Note
from livegen.music.parts import DRUM_CHANNEL, PARTS, general_midi_drum
from livegen.scorecard import band
from livegen.scorecard.feels import all_calls, looped
from livegen.scorecard.held_out_calls import (
    HeldOut,
    accompaniment_of,
    held_out,
    is_in_four,
    score_of,
    windows,
)
from livegen.scorecard.notes import TICK, moved, notes_of
from livegen.scorecard.playing import played
from livegen.training.corpora import Corpus, load

BARS, BAR = 4, 4.0  # of a window, and the beats of each
PIECES, MOST = 100, 400  # of a style that are learned from: pieces, windows of these
FINE, COARSE = 12, 4  # of a beat
KITS = (
    (35, 36),
    (37,),
    (38, 39, 40),
    (22, 42, 44),
    (26, 46),
    (51, 53, 59),
    (49, 52, 55, 57),
)  # and toms
# In beats, between what is written: a note that is held a little longer or shorter than it is heard as the same.
WRITTEN = (0.375, 0.75, 1.25, 1.75, 2.5, 3.5)
LENGTHS = 9  # bins of them
STEPS, RATE, DECAY = 400, 0.05, 0.02  # of learning
NEUTRAL = ("pop", "rock", "country", "scale run", "rock, ends on a half")  # feels of the calls
SEED = 20261129

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """A part, the sets from which it is learned, and styles."""

    sets: tuple[str, ...]
    styles: tuple[str, ...]


DRUMS = ("rock", "funk", "jazz", "latin", "hiphop", "afrobeat", "pop", "punk")
LEADS = (
    "jazz_bebop",
    "jazz_swing",
    "folk_reel",
    "folk_hornpipe",
    "folk_march",
    "pop",
    "leadsheet_jazz",
    "lied",
)
BANDS = ("band_rock", "band_pop", "band_electronic", "band_metal")
CHORDS = "metre: 4/4\n\n| C | Am | F | G |\n"
APART = 5  # of a comp's or a bass's pieces each so many is held out
SCENES = {
    "drums": Scene(("groove_drums",), tuple(f"drums_{name}" for name in DRUMS)),
    "lead": Scene(
        ("wjd_jazz", "trad_abc", "pop909_aligned", "openewld_leadsheets", "openscore_lieder"), LEADS
    ),
    "comp": Scene(
        ("band_arrangements", "pop909_aligned", "openscore_lieder", "open_hymnal"),
        (*BANDS, "pop", "lied", "hymn"),
    ),
    "bass": Scene(
        ("band_arrangements", "open_hymnal", "openscore_orchestra"), (*BANDS, "hymn", "orchestra")
    ),
}


# --- what is heard ------------------------------------------------------------------------------------------------


def heard_of_drums(notes: Sequence[Note]) -> Floats:
    """Figures of four bars of drums: hits by drum and sixteenth of the bar, by twelfth of the beat, and how loud."""
    places, fine = np.zeros((len(KITS) + 1, 16)), np.zeros(FINE)
    for note in notes:
        pitch = general_midi_drum(note.pitch)
        kit = next((at for at, drums in enumerate(KITS) if pitch in drums), len(KITS))
        places[kit, round(note.onset * COARSE) % 16] += 1 / BARS
        fine[round(note.onset * FINE) % FINE] += 1 / len(notes)
    loud = [note.velocity / 127 for note in notes]
    return np.array([*places.ravel(), *fine, len(notes) / 64, np.std(loud)])


def in_thirds(length: float) -> int:
    """The bin of a lead's length in beats."""
    return min(LENGTHS - 1, round(length * 3))


def as_written(length: float) -> int:
    """The bin of the length in beats that one of a comp or a bass is nearest to, of those that are written."""
    return bisect_left(WRITTEN, length)


def heard_of_lead(notes: Sequence[Note], bin_of: Callable[[float], int] = in_thirds) -> Floats:
    """Figures of four bars of a lead: places, distances, intervals, lengths, density, register, swing, voices."""
    some = sorted(notes)
    fine = np.bincount([round(note.onset * FINE) % FINE for note in some], minlength=FINE)
    gaps, steps, lengths = np.zeros(25), np.zeros(27), np.zeros(LENGTHS)
    for before, after in pairwise(some):
        gaps[min(24, round((after.onset - before.onset) * 6))] += 1
        steps[max(-13, min(13, after.pitch - before.pitch)) + 13] += 1
    for note in some:
        lengths[bin_of(note.end - note.onset)] += 1
    pitches = [note.pitch for note in some]
    several = sum(after.onset - before.onset < 1 / FINE for before, after in pairwise(some))
    shares = [part / max(1, part.sum()) for part in (fine, gaps, steps, lengths)]
    alone = [len(some) / 32, np.mean(pitches) / 64, np.std(pitches) / 12, several / len(some)]
    return np.concatenate([*shares, np.array(alone)])


def heard_of_harmony(notes: Sequence[Note]) -> Floats:
    """Figures of four bars of a comp or a bass: those of a lead's, its places in the bar, and how many are struck."""
    places, together = np.zeros(16), np.zeros(6)
    strikes: dict[int, int] = {}
    for note in notes:
        strikes[round(note.onset * FINE)] = strikes.get(round(note.onset * FINE), 0) + 1
    for at, count in strikes.items():
        places[round(at * COARSE / FINE) % 16] += 1 / BARS
        together[min(count, 6) - 1] += 1 / len(strikes)
    return np.concatenate([heard_of_lead(notes, as_written), places, together, [len(strikes) / 32]])


HEARD = {
    "drums": heard_of_drums,
    "lead": heard_of_lead,
    "comp": heard_of_harmony,
    "bass": heard_of_harmony,
}
FEWEST = {"drums": 12, "lead": 6, "comp": 6, "bass": 4}  # notes of a window


def span(notes: Sequence[Note], begin: float) -> tuple[Note, ...]:
    """Four bars of notes from beat `begin` on, in beats of their own; up to a tick early is in time."""
    end = begin + BARS * BAR
    return moved([note for note in notes if begin - TICK <= note.onset < end - TICK], -begin)


def spans(part: str, held: HeldOut) -> Iterator[tuple[Note, ...]]:
    """Windows of four bars of 4/4 of a piece, in beats of their own."""
    if part == "lead":
        yield from (call.notes for call in windows(held, BARS) if call.metre == "4/4")
        return
    notes = of_drums(held) if part == "drums" else of_part(held, part)
    if not notes:
        return
    beats = BARS * BAR
    for begin in np.arange(0.0, notes[-1].onset - beats, beats).tolist():
        yield span(notes, begin)


def of_drums(held: HeldOut) -> list[Note]:
    """The notes of a take in 4/4 that is no fill."""
    if "_beat_4-4" not in held.name:
        return []
    score = read(held.data)
    return sorted(note for track in score.tracks for note in notes_of(score, track))


def of_part(held: HeldOut, part: str) -> list[Note]:
    """The notes of all tracks of a piece in 4/4 that are heard as a part, but not of one that repeats the chords."""
    score = score_of(held)
    if score is None or not is_in_four(score):
        return []
    return sorted(
        note for track in accompaniment_of(score, (part,)) for note in notes_of(score, track)
    )


def split_of(data: Path, part: str, corpora: dict[str, Corpus], split: str) -> list[HeldOut]:
    """The pieces that a part is learned from (train), or tried on (valid)."""
    names = SCENES[part].sets
    if part in ("drums", "lead"):
        return held_out(data, corpora, split, names)
    pieces = held_out(data, corpora, "train", names)
    return [held for at, held in enumerate(pieces) if (at % APART == 0) == (split == "valid")]


def people(data: Path, part: str, split: str) -> tuple[Floats, NDArray[np.int64]]:
    """Figures (windows, figures) and styles of a split."""
    scene, chance = SCENES[part], np.random.default_rng(SEED)
    corpora = load(data, scene.sets)
    styles = {
        (name, piece.file): piece.style
        for name, corpus in corpora.items()
        for piece in corpus.pieces
    }
    found: dict[str, list[Floats]] = {style: [] for style in scene.styles}
    pieces = split_of(data, part, corpora, split)
    taken = dict.fromkeys(scene.styles, 0)
    for at in chance.permutation(len(pieces)).tolist():
        held = pieces[at]
        style = styles[held.corpus, held.file]
        if taken.get(style, PIECES) < PIECES:
            taken[style] += 1
            some = [notes for notes in spans(part, held) if len(notes) >= FEWEST[part]]
            found[style] += [HEARD[part](notes) for notes in some]
    rows, names = [], []
    for at, style in enumerate(scene.styles):
        kept = found[style]
        few = chance.permutation(len(kept))[:MOST]
        rows += [kept[row] for row in few]
        names += [at] * len(few)
    return np.array(rows), np.array(names)


# --- the listener -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listener:
    """Weights (figures + 1, styles), and what figures are on the whole."""

    weights: Floats
    mean: Floats
    spread: Floats

    def names(self, rows: Floats) -> NDArray[np.int64]:
        """The style of each row, by number."""
        return np.asarray((_with_one((rows - self.mean) / self.spread) @ self.weights).argmax(1))


def learned(rows: Floats, names: NDArray[np.int64], styles: int) -> Listener:
    """A listener that has learned these: softmax regression by Adam (Kingma and Ba 2015), styles weighing the same."""
    mean, spread = rows.mean(0), rows.std(0) + 1e-2
    inputs, wanted = _with_one((rows - mean) / spread), np.eye(styles)[names]
    weigh = (1 / np.bincount(names, minlength=styles))[names, None] / styles
    weights = np.zeros((inputs.shape[1], styles))
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        scores = np.exp((logits := inputs @ weights) - logits.max(1, keepdims=True))
        slope = inputs.T @ ((scores / scores.sum(1, keepdims=True) - wanted) * weigh)
        slope += DECAY * weights / styles
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        weights -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return Listener(weights, mean, spread)


def _with_one(rows: Floats) -> Floats:
    return np.hstack([rows, np.ones((len(rows), 1))])


def recall(found: NDArray[np.int64], names: NDArray[np.int64], styles: int) -> list[float | None]:
    """The share of each style that was named rightly; None for one that was never played."""
    rights = [found[names == style] == style for style in range(styles)]
    return [round(float(right.mean()), 3) if len(right) else None for right in rights]


# --- livegen ------------------------------------------------------------------------------------------------------


def plays(part: str, style: str, run: int, mix: float = 0.5) -> list[Floats]:
    """Figures of what livegen plays in a style, or in two of which `mix` is the place between them, one run."""
    calls = [call for feel, call in all_calls() if feel.name in NEUTRAL]
    call = calls[run * 7 % len(calls)]
    if part == "drums":
        song = looped(call, 2 * BARS + 1)
        values: dict[str, object] = {
            "mode": "accompany",
            "parts": "drums",
            "style": style,
            "style_mix": mix,
        }
        heard = played(band._models[0], song, values, seed=run, after_bars=1)
        own = [note for note in heard.notes if note.channel == DRUM_CHANNEL]
        begins = [BAR, BAR * (1 + BARS)]
    elif part in ("comp", "bass"):
        song = looped(call, 2 * BARS + 1)
        values = {"mode": "accompany", "parts": f"{part} drums", "style": style, "chart": CHORDS}
        heard = played(band._models[0], song, values, seed=run, after_bars=1)
        channel = ROUTES[PARTS.index(part)].channel
        own = [note for note in heard.notes if note.channel == channel]
        begins = [BAR, BAR * (1 + BARS)]
    else:
        heard = played(
            band._models[0], call, {"length": BARS, "style": style, "style_mix": mix}, seed=run
        )
        own = list(heard.answer)
        begins = [round(own[0].onset / BAR) * BAR] if own else []
    some = [span(own, begin) for begin in begins]
    return [HEARD[part](notes) for notes in some if len(notes) >= FEWEST[part]]


def measured(data: Path, part: str, runs: int, pool: ProcessPoolExecutor) -> dict[str, object]:
    """All figures of a part."""
    styles = SCENES[part].styles
    rows, names = people(data, part, "train")
    listener = learned(rows, names, len(styles))
    valid, valid_names = people(data, part, "valid")
    jobs = [(style, run) for style in styles for run in range(runs)]
    told = list(pool.map(plays, repeat(part), *zip(*jobs, strict=True)))
    own = [
        (row, styles.index(style))
        for (style, _), some in zip(jobs, told, strict=True)
        for row in some
    ]
    own_names = np.array([name for _, name in own])
    heard = listener.names(np.array([row for row, _ in own]))
    facts: dict[str, object] = {"styles": styles, "learned_from": len(rows), "windows": len(own)}
    columns = {
        "people, learned from": recall(listener.names(rows), names, len(styles)),
        "people, held out": recall(listener.names(valid), valid_names, len(styles)),
        "livegen": recall(heard, own_names, len(styles)),
    }
    for name, column in columns.items():
        known = [value for value in column if value is not None]
        facts[name] = {"by_style": column, "mean": round(sum(known) / len(known), 3)}
    return facts


def table(facts: dict[str, dict[str, object]]) -> str:
    """The figures as Markdown."""
    lines = []
    for part, row in facts.items():
        styles = SCENES[part].styles
        lines += ["", f"| {part} | mean | {' | '.join(styles)} |", "|" + "---|" * (len(styles) + 2)]
        for name in ("people, learned from", "people, held out", "livegen"):
            column = row[name]
            assert isinstance(column, dict)
            cells = ("" if value is None else f"{value:.2f}" for value in column["by_style"])
            lines.append(f"| {name} | {column['mean']:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines[1:])


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--part", "parts", multiple=True, type=click.Choice(list(SCENES)))
@click.option("--runs", default=8, show_default=True, help="Of livegen in each style.")
def main(data: Path, parts: Sequence[str], runs: int) -> None:
    """Learn to name styles from people, and name those of livegen, into styles.json and styles.md."""
    with ProcessPoolExecutor(
        2, initializer=band.open_models, initargs=([shipped.model("default")],)
    ) as pool:
        facts = {part: measured(data, part, runs, pool) for part in parts or SCENES}
    keep("styles", facts, table(facts), dry=bool(parts))


if __name__ == "__main__":
    main()
