"""Variations of phrases by the phrase encoder, against rules, against `again`, and against what people play next.

    python -m bench.varied DATA [--calls N] [--autoencoder CHECKPOINT]

Phrases of the validation split, as people end them, of at least eight notes, with one that follows; the same number
from each set.  All is on the lines of phrases and equally loud, so that only notes differ.

* Coming back: share of held-out phrases whose encoded and decoded steps are exact, and F1 of their notes (line, pitch).
* Nats a note: of what follows a call, by the shipped model that has heard the call.  The distance asked for is that of
  `livegen.music.melody.phrase_steps.distance`; rules change one note at a time (another tone of the scale, left out,
  divided in two, struck a line beside) until they are as far.  Both keep to the scale of the phrase's key, as on stage.
  `again` is that one of some answers of the engine which is nearest to it.
* rho: Spearman's of the distance that was asked for and the one that came, in eleven steps, mean over calls.
* Between: the phrase half way between a call and the next phrase of the same piece: nats a note after the first of
  both, and how far it is from each.

Intervals are of resampled calls (bootstrap, 95 %).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from bench.tables import keep, kept, table, told
from livegen import shipped
from livegen.inference import phrase_model as phrase_files
from livegen.inference.model import OnnxModel, load
from livegen.inference.phrase_model import PhraseModel
from livegen.jam.phrases.phrase_variations import Fit, around, between, chosen, spliced, strangers
from livegen.music.keys.key import STEPS, Key
from livegen.music.melody.phrase_steps import (
    HOLD,
    LINES_PER_BEAT,
    REST,
    Steps,
    distance,
    distances,
    onsets,
    steps_of,
    tones_of,
)
from livegen.music.note import Note
from livegen.scorecard.estimates import Estimate, mean
from livegen.scorecard.held_out_calls import LeadCall
from livegen.scorecard.likelihood import nats_per_note
from livegen.scorecard.phrase_card import came_back
from livegen.scorecard.playing import played
from livegen.training.phrase_corpus import SETS, PieceMelody, cut, melodies, phrases

SEED = 20261129
ASKED = (0.1, 0.2, 0.35, 0.5, 0.8)
STEPS_OF_KNOB = tuple(np.linspace(0, 1, 11).tolist())
FEWEST = 8  # notes
ANSWERS = 3
TEMPO_US = 500_000
MOST_CHANGES = 200


class Case(NamedTuple):
    """A call, what followed it, and where both are from."""

    corpus: str
    steps: Steps
    following: Steps
    bar: int
    tonic: int


def cases(some: Sequence[PieceMelody], count: int) -> list[Case]:
    """Draw so many calls, as many from each set."""
    rng = np.random.default_rng(SEED)
    by_set: dict[str, list[Case]] = {name: [] for name in SETS}
    for number, melody in enumerate(some):
        spans = phrases(number, melody)
        for span, after in pairwise(spans):
            steps, tonic = cut(melody, span)
            following, _ = cut(melody, after)
            if min(len(onsets(steps)), len(onsets(following))) >= FEWEST:
                by_set[melody.corpus].append(
                    Case(melody.corpus, steps, following, melody.bar, tonic)
                )
    found = []
    for name in SETS:
        order = rng.permutation(len(by_set[name]))[: max(1, count // len(SETS))]
        found += [by_set[name][at] for at in order]
    return found


# --- what is compared ---------------------------------------------------------------------------------------------


def by_rules(steps: Steps, tonic: int, rng: np.random.Generator) -> Iterator[Steps]:
    """A phrase changed by one rule after the other, each on a note by chance: pitch, left out, divided, beside."""
    scale = scale_of(steps, tonic)
    now = steps.copy()
    for _ in range(MOST_CHANGES):
        notes = onsets(now)
        if not notes:
            return
        line, until, pitch = notes[rng.integers(len(notes))]
        now = now.copy()
        match rng.integers(4):
            case 0:
                near = [other for other in scale if 0 < abs(other - pitch) <= 5]
                now[line] = near[rng.integers(len(near))]
            case 1 if len(notes) > 2:
                now[line] = HOLD if line and now[line - 1] >= 0 else REST
                if now[line] != HOLD:
                    now[line:until] = REST
            case 2 if until - line >= 4:
                now[line + (until - line) // 2] = scale[
                    int(np.argmin(np.abs(np.array(scale) - pitch - rng.integers(-2, 3))))
                ]
            case 3:
                to = line + (1, -1)[rng.integers(2)]
                if 0 <= to < len(now) and now[to] < 0:
                    now[to], now[line] = pitch, HOLD if to < line else REST
        yield now


def scale_of(steps: Steps, tonic: int) -> list[int]:
    """The pitches of the key of a phrase, major or minor, whichever holds more of it."""
    is_major = _share(steps, tonic, "major") >= _share(steps, tonic, "minor")
    classes = Key(tonic, "major" if is_major else "minor").pitch_classes
    return [pitch for pitch in range(128) if pitch % 12 in classes]


def home(steps: Steps, tonic: int) -> Fit:
    """Moves pitches into the scale, as the engine does: those on which the phrase has none of its own."""
    scale = np.array(scale_of(steps, tonic))

    def fit(made: Steps) -> Steps:
        found = made.copy()
        for line in np.flatnonzero((made >= 0) & (made != steps[: len(made)])):
            found[line] = scale[np.argmin(np.abs(scale - made[line]))]
        return found

    return fit


def _share(steps: Steps, tonic: int, mode: str) -> float:
    classes = {(tonic + step) % 12 for step in STEPS[mode]}  # type: ignore[index]
    pitches = steps[steps >= 0] % 12
    return float(np.mean([pitch in classes for pitch in pitches])) if len(pitches) else 0.0


def notes(steps: Steps, begin: float = 0.0) -> list[Note]:
    """Steps as notes of a lead, from a beat on."""
    tones = tones_of(steps, ())
    return [Note(begin + tone.onset, begin + tone.end, tone.pitch, tone.velocity) for tone in tones]


def surprise(network: OnnxModel, case: Case, steps: Steps) -> float:
    """Nats a note of what follows a call."""
    beats = len(case.steps) / LINES_PER_BEAT
    return nats_per_note(network, notes(case.steps), notes(steps, beats), f"{case.bar}/4")


def answers(
    network: OnnxModel, case: Case, values: Mapping[str, object] = {}, count: int = ANSWERS
) -> list[Steps]:
    """The answers of the engine to a call, `again` and again, with controls at some values."""
    beats = len(case.steps) // LINES_PER_BEAT
    call = LeadCall(
        "", f"{case.bar}/4", case.bar, beats // case.bar, TEMPO_US, tuple(notes(case.steps))
    )
    found = []
    for seed in range(count):
        heard = played(network, call, {"length": beats / case.bar, **values}, seed=seed)
        begin = heard.line if heard.line is not None else float(beats)
        tones = [
            Note(it.onset - begin, it.end - begin, it.pitch, it.velocity) for it in heard.answer
        ]
        found.append(
            steps_of([tone for tone in tones if tone.onset >= -0.1], beats, case.bar).steps
        )
    return [steps for steps in found if len(onsets(steps)) > 1]


def nearest(some: Sequence[Steps], own: Steps, asked: float) -> Steps:
    """The one whose distance to a phrase is nearest to what is asked for."""
    return some[int(np.argmin(np.abs(distances(own, some) - asked)))]


def rho(asked: Sequence[float], came: Sequence[float]) -> float:
    """Spearman's: Pearson's of the ranks, equal values sharing theirs."""
    first, second = _ranks(np.array(asked)), _ranks(np.array(came))
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    below, equal = (values[:, None] > values).sum(1), (values[:, None] == values).sum(1)
    ranks: NDArray[np.float64] = below + (equal - 1) / 2
    return ranks


def compared(
    model: PhraseModel, network: OnnxModel, some: Sequence[Case]
) -> dict[str, list[float]]:
    """All that is measured of calls, a value each."""
    values = defaultdict[str, list[float]](list)
    for number, case in enumerate(some):

        def note(name: str, steps: Steps, case: Case = case) -> None:
            values[f"{name}: nats"].append(surprise(network, case, steps))
            values[f"{name}: distance"].append(distance(case.steps, steps))

        rng = np.random.default_rng([SEED, number])
        fit = home(case.steps, case.tonic)
        met = around(model, case.steps, case.bar, case.tonic, strangers(model, rng), fit)
        ruled = list(by_rules(case.steps, case.tonic, rng))
        answered = answers(network, case)
        note("people", case.following)
        note("itself", case.steps)
        for asked in ASKED:
            note(f"vary {asked}", chosen(met, asked).steps)
            note(f"rules {asked}", nearest(ruled, case.steps, asked))
            if answered:
                note(f"again {asked}", nearest(answered, case.steps, asked))
        came = [0.0, *(chosen(met, asked).distance for asked in STEPS_OF_KNOB[1:])]
        values["rho"].append(rho(STEPS_OF_KNOB, came))
        values["off"].append(float(np.mean(np.abs(np.array(came) - STEPS_OF_KNOB))))
        halves = {
            "network": between(model, case.steps, case.following, case.bar, case.tonic, 0.5),
            "splice": spliced(case.steps, case.following, case.bar, 0.5),
        }
        for name, steps in halves.items():
            values[f"{name}: nats"].append(surprise(network, case, steps))
            values[f"{name}: from first"].append(distance(case.steps, steps))
            values[f"{name}: from second"].append(distance(case.following, steps))
        click.echo(f"{number + 1} of {len(some)}", err=True)
    return dict(values)


# --- figures ------------------------------------------------------------------------------------------------------


def tables(estimates: Mapping[str, Estimate | None]) -> list[str]:
    """Tables of what follows calls, and of what lies between two."""
    followed = [
        "people",
        "itself",
        *(f"{how} {asked}" for asked in ASKED for how in ("vary", "rules", "again")),
    ]
    rows = [
        [name, *(told(estimates.get(f"{name}: {what}")) for what in ("nats", "distance"))]
        for name in followed
    ]
    halves = [
        [
            name,
            *(told(estimates[f"{name}: {what}"]) for what in ("nats", "from first", "from second")),
        ]
        for name in ("network", "splice")
    ]
    return [
        table(["what follows the call", "nats a note", "distance"], rows),
        f"rho of the distance asked for and the real one {told(estimates['rho'])}, mean miss {told(estimates['off'])}.",
        table(["half way between", "nats a note", "from the first", "from the second"], halves),
    ]


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--calls", default=48, show_default=True, help="Calls that are varied; 0: none.")
@click.option("--backs", default=2000, show_default=True, help="Phrases that are to come back.")
@click.option(
    "--autoencoder",
    type=click.Path(exists=True, path_type=Path),
    help="An export of the recipe at beta 0.",
)
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, calls: int, backs: int, autoencoder: Path | None, dry: bool) -> None:
    """Vary phrases of DATA, and write varied.json and varied.md."""
    model, network = phrase_files.load(shipped.phrase_model()), load(shipped.model("default"))
    held = list(melodies(data, "valid", SETS))
    spans = [span for number, melody in enumerate(held) for span in phrases(number, melody)]
    order = np.random.default_rng(SEED).permutation(len(spans))[:backs]
    some = [spans[at] for at in order]
    files = {f"beta {model.facts.beta:g}": model}
    if autoencoder:
        files["beta 0"] = phrase_files.load(autoencoder)
    text, facts = ["What the words mean stands in bench/varied.py."], dict[str, object]()
    rows = []
    for name, file in files.items():
        found = came_back(file, held, some)
        f1, exact = mean([it.f1 for it in found]), mean([it.exact for it in found])
        facts[name] = {"f1": kept(f1), "exact": kept(exact), "phrases": len(found)}
        rows.append([name, str(len(found)), told(f1), told(exact)])
    text.append(table(["coming back", "phrases", "F1 of notes", "exact"], rows))
    if calls:
        values = compared(model, network, cases(held, calls))
        estimates = {name: mean(found) for name, found in values.items()}
        facts["varied"] = {name: kept(estimate) for name, estimate in estimates.items()}
        text += tables(estimates)
    keep("varied", facts, "\n\n".join(text), dry)


if __name__ == "__main__":
    main()
