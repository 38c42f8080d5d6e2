"""The finding of beat, metre and bar lines in free time, how good it is, and what it costs.

    python -m bench.beats DATA

First the thirty feels of livegen/scorecard/feels.py, once and twice through, at the tempi where they are at home and at
tempi from 50 to 220; then excerpts of the validation split of DATA (export/beat_material.py), as written and as
performed, with a hand's jitter, and with a tempo that goes up and down by 15 %.  Every figure is a share:

* tempo: quarter notes within 4 % of those that were played; up to half and double; of the last seconds.
* downbeat: bar lines at the end within .175 beats of those that are right (the tolerance of the continuity measures of
  Hainsworth, "Techniques for the automated analysis of musical audio", 2004), and no others; every second one will do.
* metre: as written.

Pop songs whose chords, as the set names them, change more often elsewhere than on the file's bar lines are left out.
"""

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import click
import numpy as np
from numpy.typing import NDArray

from bench.tables import keep
from export.beat_material import Manner, excerpt_of, pieces
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine
from livegen.music.beat import beats
from livegen.music.beat.beats import FoundBeat, find, followed
from livegen.music.melody.phrase import NOTES, Played
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.time.metre import TICKS_PER_BEAT, Metre, parse_metre, written
from livegen.scorecard.band import TEMPO
from livegen.scorecard.feels import FEELS, Lick, call_of, in_time, looped
from livegen.testing import SECOND, Rehearsal, UniformModel

Floats = NDArray[np.float64]

LATE = 0.175  # quarters by which a bar line may be off
LATELY_S = 2.5
TEMPI = (50, 66, 84, 104, 126, 150, 180, 220)
OF_A_STYLE, ONSETS, FEWEST_BARS = 20, (16, 56), 3
BEGIN_US = 10_000_000
FIRST_LOOK, EVERY = 8, 2  # notes: where the beat is followed while one plays
# The manners in which people's music is played, and whether it is looked at while that happens.
MANNERS = {
    "by hand": (Manner(hand_s=0.01), False),
    "by hand, followed": (Manner(hand_s=0.01), True),
    "by hand, 15 % up and down, followed": (Manner(hand_s=0.01, rubato=0.15, wave=48), True),
}
BY_STYLE = {"wjd_jazz", "groove_drums", "trad_abc"}  # sets of which each style is a feel of its own


FAULTS = (
    "nothing", "half as fast", "twice as fast", "another tempo", "2/4 as 4/4", "3/4 as 4/4", "other bars", "bar lines",
)  # fmt: skip


class Row(NamedTuple):
    """The marks of an excerpt: what was right, 1 or 0."""

    tempo: float
    octave: float
    downbeat: float
    metre: float


class Truth(NamedTuple):
    """The truth of what was played: onsets in seconds and in quarters from a bar line, a bar's quarters, and metre."""

    onsets_s: Floats
    quarters: Floats
    bar: float
    metre: Metre


class Trial(NamedTuple):
    """Notes to find the beat of, and what is right."""

    notes: list[Played]
    truth: Truth


def _lately(truth: Truth) -> tuple[Floats, Floats, float]:
    """Onsets of the last seconds, where they lie in quarters, and seconds of a quarter there."""
    late = truth.onsets_s >= truth.onsets_s[-1] - LATELY_S
    seconds, quarters = truth.onsets_s[late], truth.quarters[late]
    if quarters[-1] - quarters[0] < 1:
        seconds, quarters = truth.onsets_s, truth.quarters
    return seconds, quarters, float(np.polyfit(quarters, seconds, 1)[0])


def fault(found: FoundBeat, truth: Truth) -> str:
    """Name what is wrong: the tempo, else the bars, else where their lines are; a word of FAULTS, the first if none."""
    row, (_, _, played) = compared(found, truth), _lately(truth)
    ratio = found.timeline.tempo_us / 1e6 / played
    if not row.tempo:
        halves = {"half as fast": 2.0, "twice as fast": 0.5}
        near = [name for name, times in halves.items() if abs(ratio / times - 1) <= TEMPO]
        return near[0] if near else "another tempo"
    if not row.metre:
        name = f"{written(truth.metre)} as {written(found.timeline.metre)}"
        return name if name in FAULTS else "other bars"
    return "nothing" if row.downbeat else "bar lines"


def compared(found: FoundBeat, truth: Truth) -> Row:
    """Compare what was found with what was played."""
    timeline, (seconds, quarters, played) = found.timeline, _lately(truth)
    ratio = timeline.tempo_us / 1e6 / played
    octave = min(abs(ratio / times - 1) for times in (0.5, 1, 2)) <= TEMPO
    is_right = timeline.metre == truth.metre
    bar_s = truth.bar * played
    found_s = timeline.metre.place(0).bar * timeline.tempo_us / TICKS_PER_BEAT / 1e6
    # The bar line that was played nearest to the last onset, and the one after it.
    line = round(quarters[-1] / truth.bar) * truth.bar
    line_s = float(np.median(seconds - (quarters - line) * played)) + np.array([0, bar_s])
    off = line_s - timeline.origin_us / 1e6
    off = np.abs((off + found_s / 2) % found_s - found_s / 2)
    times = round(found_s / bar_s)
    has_lines = times in (1, 2) and abs(found_s / bar_s / times - 1) < 1.5 * TEMPO
    downbeat = has_lines and off[:times].min() <= LATE * played
    return Row(float(abs(ratio - 1) <= TEMPO), float(octave), float(downbeat), float(is_right))


def of_feel(feel: Lick, bpm: float, times: int, by_hand: bool) -> Trial:
    """A feel so many times through at a tempo."""
    hand = random.Random(f"{feel.name} {bpm}") if by_hand else None
    call = call_of(feel, bpm, hand)
    call = looped(call, call.bars * times) if times > 1 else call
    played = in_time(call, BEGIN_US)
    onsets = np.array([note.onset_us / 1e6 for note in played])
    quarters = np.array(sorted(note.onset for note in call.notes))
    return Trial(played, Truth(onsets, quarters, feel.bar, parse_metre(feel.metre)))


def feels(tempi: tuple[int, ...] | None, times: int) -> Iterator[Trial]:
    """All feels, as written and by hand."""
    for feel in FEELS:
        for bpm in tempi or feel.tempi:
            for by_hand in (False, True):
                yield of_feel(feel, bpm, times, by_hand)


def excerpts(data: Path, manner: Manner) -> dict[str, list[Trial]]:
    """Excerpts of each style, as many of each."""
    found: dict[str, list[Trial]] = {}
    for corpus, some in pieces(data, "valid").items():
        styles = sorted({piece.style for piece in some}) if corpus in BY_STYLE else [corpus]
        for style in styles:
            chance = random.Random(f"{style}")
            of_style = [
                piece for piece in some if piece.is_barred and style in (piece.style, corpus)
            ]
            trials = found.setdefault(style, [])
            for _ in range(20 * OF_A_STYLE if len(of_style) > 2 else 0):
                piece = chance.choice(of_style)
                excerpt = excerpt_of(piece, chance, manner, chance.randrange(*ONSETS))
                if excerpt is None or len(trials) == OF_A_STYLE:
                    continue
                bars, beat = excerpt.bars, excerpt.bars.ticks / TICKS_PER_BEAT
                if excerpt.beats[-1] - excerpt.beats[0] < FEWEST_BARS * bars.beats:
                    continue
                quarters = excerpt.beats * beat
                truth = Truth(excerpt.notes[:, 0], quarters, bars.beats * beat, bars.metre)
                trials.append(Trial(excerpt.played(), truth))
    return {style: trials for style, trials in found.items() if trials}


def mean(rows: list[Row]) -> Row:
    """The mean of each figure."""
    return Row(*(round(statistics.fmean(column), 3) for column in zip(*rows, strict=True)))


def measured(
    trials: Iterator[Trial] | list[Trial], spent: list[float], follows: bool = False
) -> tuple[Row, Counter[str]]:
    """The figures of trials, each heard once at its end, or from its eighth note on while it is played; and faults.

    What each look took is added to `spent`, milliseconds of processor time.
    """
    rows, faults = [], Counter[str]()
    for trial in trials:
        count = len(trial.notes)
        found = None
        for heard in [*range(FIRST_LOOK, count, EVERY), count] if follows else [count]:
            since = time.process_time()
            some = trial.notes[max(0, heard - NOTES) : heard]
            still = followed(some, found) if found else None
            found = still or find(some, found.timeline if found else None)
            spent.append(1000 * (time.process_time() - since))
        if found:
            rows.append(compared(found, trial.truth))
            faults[fault(found, trial.truth)] += 1
    return mean(rows), faults


def of_an_event(mode: str) -> float:
    """Milliseconds of processor time that looking for the beat costs for each key that goes down or comes up.

    The feels by hand, once, are played to an engine in free time whose model is none.
    """
    spent, events = [0.0], 0

    def timed(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(*args: Any) -> Any:
            since = time.process_time()
            found = look(*args)
            spent.append(time.process_time() - since)
            return found

        return looked

    with (
        patch.object(beats, "find", timed(find)),
        patch.object(beats, "followed", timed(followed)),
    ):
        for trial in feels(None, 1):
            jam = Rehearsal(Engine(UniformModel(), settings=settings({"mode": mode})))
            keys: list[tuple[int, Message]] = [
                (it.onset_us, NoteOn(it.pitch, it.velocity)) for it in trial.notes
            ]
            keys += [(it.end_us, NoteOff(it.pitch)) for it in trial.notes]
            for at, message in sorted(keys, key=lambda row: row[0]):
                jam.play(at, message)
            jam.until(jam.now + SECOND)
            events += len(keys)
    return round(1000 * sum(spent) / events, 3)


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(data: Path) -> None:
    """Find the beat of all, and write beats.json and beats.md."""
    spent: list[float] = []
    rows = {
        "feels, at home, once": measured(feels(None, 1), spent)[0],
        "feels, at home, twice": measured(feels(None, 2), spent)[0],
        "feels, 50 to 220, twice": measured(feels(TEMPI, 2), spent)[0],
    }
    styles: dict[str, dict[str, Row]] = {}
    faults: dict[str, dict[str, Counter[str]]] = {}
    for name, (manner, follows) in MANNERS.items():
        trials = excerpts(data, manner)
        found = {style: measured(some, spent, follows) for style, some in trials.items()}
        styles[name] = {style: row for style, (row, _) in found.items()}
        faults[name] = {style: some for style, (_, some) in found.items()}
        rows[f"{len(trials)} styles of people, {name}"] = mean(list(styles[name].values()))
    spent.sort()
    cost = [round(spent[int(share * (len(spent) - 1))], 2) for share in (0.5, 0.99, 1)]
    costs = {mode: of_an_event(mode) for mode in ("respond", "accompany")}
    facts = {"all": rows, "styles": styles, "faults": faults, "ms": cost, "ms an event": costs}
    keep("beats", facts, page(rows, styles["by hand"], faults["by hand"], cost, costs))


def page(
    rows: dict[str, Row],
    styles: dict[str, Row],
    faults: dict[str, Counter[str]],
    cost: list[float],
    costs: dict[str, float],
) -> str:
    """The figures as Markdown."""

    def table(some: dict[str, Row]) -> str:
        head = "| | tempo | up to half and double | downbeat | metre |\n|---|---|---|---|---|\n"
        lines = (
            f"| {name} | {' | '.join(f'{value:.2f}' for value in row)} |"
            for name, row in some.items()
        )
        return head + "\n".join(lines)

    every = sum(faults.values(), Counter[str]())
    of_faults = "\n".join(
        f"| {name} | {' | '.join(str(some[fault] or '') for fault in FAULTS)} |"
        for name, some in {**faults, "all": every}.items()
    )
    return f"""What the words mean stands in bench/beats.py. Nothing of what is measured on was trained on.

{table(rows)}

Each style of people's, by hand, at least {FEWEST_BARS} bars:

{table(styles)}

What is wrong in how many of them: the tempo, else the bars, else where their lines are.

| | {" | ".join(FAULTS)} |
|---|{"---|" * len(FAULTS)}
{of_faults}

Processor time of one look: p50 {cost[0]}, p99 {cost[1]}, at most {cost[2]} ms. Looks are few: for each key
that goes down or comes up they cost {costs["respond"]:.2f} ms in respond, {costs["accompany"]:.2f} in accompany."""


if __name__ == "__main__":
    main()
