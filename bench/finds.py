"""The finding of a phrase that is played again, how good it is, and how good a simpler way is.

    python -m bench.finds DATA

DATA is the folder of unpacked sets with call_response.csv.zst.  Each phrase is played again as somebody would: up to
six semitones away, at .8 to 1.25 of the tempo, each onset .02 s beside its place (standard deviation), one note of ten
left out, one of twenty wrong, one of twenty added.  It is looked for

* calls: among all held-out files that have calls (POP909, lieder, jazz solos), by the first 30 notes of a call;
* cuts: among all tunes of trad_abc, by 24 notes of one;
* variants: among the same, by 24 notes of a tune that is there twice, as two people wrote it down, to find the other.

first: the share in which the right file comes first.  MRR: the mean of one by its rank.  Intervals of shares are
Wilson's, of means of resampled phrases, 95 %.  `figures` is the simpler way:
files by the sum of tf-idf of the pitch figures (of four or five notes) that they share with the phrase.  Nothing here
is trained.  `same` and `false`: how often the right file, and a wrong one, is said to be the phrase (calls).
"""

import csv
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from bench.tables import keep, kept, table, told
from livegen.control.library.finds import FEWEST_SAME, SAME, voices_of
from livegen.errors import MidiFileError
from livegen.music.files import smf
from livegen.music.melody.likeness import Library, Match, Notes, lines, notes_of
from livegen.scorecard.estimates import Estimate, mean, share

SEED = 20261129
CALLS, CUTS = 200, 200
LONGEST_CALL, LENGTH_OF_CUT = 30, 24
FIGURES = (4, 5)


class Asked(NamedTuple):
    """A phrase as it is played again, the files that are right, and one that is not to be counted."""

    phrase: Notes
    right: frozenset[str]
    but: str = ""


class Music(NamedTuple):
    """Voices, and the name of the file of each."""

    voices: list[Notes]
    names: list[str]


def played(notes: Notes, dice: random.Random) -> Notes:
    """The notes as somebody plays them again."""
    tempo, shift = dice.uniform(0.8, 1.25), dice.randint(-5, 6)
    found = []
    for onset, pitch in zip(notes.onsets.tolist(), notes.pitches.tolist(), strict=True):
        if dice.random() < 0.1:
            continue
        wrong = dice.choice((-2, -1, 1, 2)) if dice.random() < 0.05 else 0
        at = onset * tempo + dice.gauss(0, 0.02)
        found.append((at, pitch + shift + wrong))
        if dice.random() < 0.05:
            found.append(
                (at + dice.uniform(0.05, 0.3), pitch + shift + dice.choice((-5, -3, 3, 4, 7)))
            )
    return notes_of(found)


# --- what is asked ------------------------------------------------------------------------------------------------


def calls(data: Path, dice: random.Random) -> tuple[Music, list[Asked]]:
    """Held-out files with calls, and calls of them."""
    import zstandard

    with zstandard.open(data / "call_response.csv.zst", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "valid"]
    paths = {f"{row['set']}/{row['file']}": data / row["set"] / row["file"] for row in rows}
    music = _music(paths)
    there = set(music.names)
    asked: list[Asked] = []
    for row in dice.sample(rows, len(rows)):
        name = f"{row['set']}/{row['file']}"
        notes = _of_call(paths[name], row) if name in there else None
        if notes is not None and len(asked) < CALLS:
            asked.append(Asked(played(notes, dice), frozenset([name])))
    return music, asked


def _of_call(path: Path, row: dict[str, str]) -> Notes | None:
    score = smf.read(path)
    begin, end = (
        score.tempo_map.micros(round(float(row[at]) * score.ppqn)) / 1e6
        for at in ("call_from_q", "call_to_q")
    )
    parts = [notes.between(begin - 0.01, end + 0.01) for _, notes in voices_of(path)]
    notes = min(parts, key=lambda part: abs(len(part.onsets) - int(row["call_notes"])))
    short = Notes(notes.onsets[:LONGEST_CALL], notes.pitches[:LONGEST_CALL])
    return short if len(short.onsets) >= 6 else None


def tunes(data: Path, dice: random.Random) -> tuple[Music, list[Asked], list[Asked]]:
    """All tunes, cuts of them, and cuts of those that are there twice."""
    folder = data / "trad_abc"
    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        groups = {row["file"]: row["group"] for row in csv.DictReader(file)}
    music = _music({name: folder / name for name in groups})
    notes = dict(zip(music.names, music.voices, strict=True))
    cuts = [
        Asked(_cut(notes[name], dice), frozenset([name]))
        for name in dice.sample(sorted(notes), CUTS)
    ]
    together = defaultdict(list)
    for name in notes:
        together[groups[name]].append(name)
    variants = [
        Asked(_cut(notes[first], dice), frozenset(others), first)
        for first, *others in together.values()
        if others
    ]
    return music, cuts, variants


def _cut(notes: Notes, dice: random.Random) -> Notes:
    first = dice.randrange(max(1, len(notes.onsets) - LENGTH_OF_CUT))
    part = slice(first, first + LENGTH_OF_CUT)
    return played(Notes(notes.onsets[part], notes.pitches[part]), dice)


def _music(paths: dict[str, Path]) -> Music:
    music = Music([], [])
    for name, path in sorted(paths.items()):
        try:
            voices = voices_of(path)
        except (MidiFileError, OSError):
            continue
        for _, notes in voices:
            music.voices.append(notes)
            music.names.append(name)
    return music


# --- the ways -----------------------------------------------------------------------------------------------------

Ranked = Callable[[Notes], list[str]]


def by_figures(music: Music, length: int) -> Ranked:
    """Names by the tf-idf of the pitch figures, of so many notes, that they share with a phrase."""
    counts: dict[str, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for notes, name in zip(music.voices, music.names, strict=True):
        counts[name].update(_figures(notes, length))
    found = Counter(figure for count in counts.values() for figure in count)
    weight = {
        figure: math.log((len(counts) + 1) / (files + 0.5)) for figure, files in found.items()
    }
    holders: dict[tuple[int, ...], list[tuple[str, float]]] = defaultdict(list)
    for name, count in counts.items():
        for figure, times in count.items():
            holders[figure].append((name, (1 + math.log(times)) * weight[figure]))

    def ranked(phrase: Notes) -> list[str]:
        scores: dict[str, float] = defaultdict(float)
        for figure, times in Counter(_figures(phrase, length)).items():
            for name, worth in holders.get(figure, ()):
                scores[name] += (1 + math.log(times)) * weight[figure] * worth
        return sorted(scores, key=lambda name: -scores[name])

    return ranked


def _figures(notes: Notes, length: int) -> Iterator[tuple[int, ...]]:
    for line in lines(notes):
        steps = np.diff(line.pitches).tolist()
        yield from zip(
            *(steps[at : len(steps) - length + 2 + at] for at in range(length - 1)), strict=False
        )


def by_notes(music: Music) -> Ranked:
    """Names by the notes in common."""
    library = Library.of(music.voices)
    return lambda phrase: list(
        dict.fromkeys(music.names[one.voice] for one in library.like(phrase))
    )


# --- figures ------------------------------------------------------------------------------------------------------


def judged(ranked: Ranked, asked: Sequence[Asked]) -> dict[str, Any]:
    """Give how often the right one comes first, and the mean of one by its rank; and ms a phrase."""
    begin, ranks = time.perf_counter(), []
    for one in asked:
        names = [name for name in ranked(one.phrase) if name != one.but]
        ranks.append(next((at for at, name in enumerate(names, 1) if name in one.right), 0))
    ms = (time.perf_counter() - begin) / len(asked) * 1000
    return {
        "asked": len(asked),
        "first": share(sum(rank == 1 for rank in ranks), len(ranks)),
        "mrr": mean([1 / rank if rank else 0.0 for rank in ranks]),
        "ms": round(ms),
    }


def said(music: Music, asked: Sequence[Asked]) -> dict[str, Estimate | None]:
    """Give how often the right file, or a wrong one were the right one not there, is said to be the phrase."""
    library = Library.of(music.voices)
    right, wrong = [], []
    for one in asked:
        found = [
            (music.names[match.voice] in one.right, match) for match in library.like(one.phrase)
        ]
        right.append(_is_said([match for is_right, match in found if is_right]))
        wrong.append(_is_said([match for is_right, match in found if not is_right]))
    return {"same": share(sum(right), len(right)), "false": share(sum(wrong), len(wrong))}


def _is_said(found: Sequence[Match]) -> bool:
    return bool(found) and found[0].score >= SAME and found[0].common >= FEWEST_SAME


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, dry: bool) -> None:
    """Look for phrases in the music of DATA, and write finds.json and finds.md."""
    dice = random.Random(SEED)
    held_out, asked = calls(data, dice)
    all_tunes, cuts, variants = tunes(data, dice)
    of_calls = said(held_out, asked)
    facts: dict[str, Any] = {"said": {name: kept(it) for name, it in of_calls.items()}}
    rows = []
    sets = {
        "calls": (held_out, asked),
        "cuts": (all_tunes, cuts),
        "variants": (all_tunes, variants),
    }
    for name, (music, given) in sets.items():
        ways = {f"figures of {length}": by_figures(music, length) for length in FIGURES}
        for way, ranked in {**ways, "notes in common": by_notes(music)}.items():
            found = judged(ranked, given)
            first, mrr = found["first"], found["mrr"]
            facts[f"{name}, {way}"] = found | {"first": kept(first), "mrr": kept(mrr)}
            cells = [told(first), told(mrr), str(found["ms"])]
            rows.append([name, str(len(set(music.names))), str(len(given)), way, *cells])
    text = table(("phrases", "files", "asked", "by", "first", "MRR", "ms"), rows)
    text += f"\n\nOf the calls {told(of_calls['same'])} are said to be what was played before; "
    text += f"were it not there, another would be in {told(of_calls['false'], 3)}."
    keep("finds", facts, text, dry)


if __name__ == "__main__":
    main()
