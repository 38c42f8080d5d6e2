"""Phrases that are moved to a style, and new ones, by the generator: who is taken for a person, and for that style.

    python -m bench.generator DATA [--phrases N] [--calls N] [--also FILE]...

What is judged stands in `livegen/inference/generator.py`.  All is on the lines of phrases and equally loud.

* The style is named by a listener (that of bench/styles.py, one window a phrase) who has learned the generator's
  styles from people: pieces of the train split that the generator never met.  Chance is one in so many styles.
* The gap is how often a judge finds a person's phrase likelier to be one than a made one (AUC; .5 cannot tell).  The
  judge, a logistic regression over figures of the phrase (those of the listener, degrees of the scale, pairs of
  intervals), learns of each way anew, from the same pieces; what it judges is of the validation split, and made anew.
* New phrases are asked for with the style, the bar and the length of held-out ones.  Moved are held-out calls, each to
  one other style; the network's answers to the same calls in that style, or in both mixed, stand beside them.
  Of moved ones the judge learns from one half of the calls and judges the other, in turn.

Intervals are of resampled phrases (bootstrap, 95 %).  --also names files of other seeds.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from bench.styles import Floats, Listener, heard_of_lead, learned
from bench.tables import keep, kept, table, told
from bench.varied import FEWEST, Case, answers, cases, home, notes
from livegen import shipped
from livegen.codec.phrases import decode, encode, firsts_of, reference_of
from livegen.inference import generator as generator_files
from livegen.inference import phrase_model as phrase_files
from livegen.inference.generator import WAYS, Generator
from livegen.inference.model import OnnxModel, load
from livegen.inference.phrase_model import Codes, PhraseModel
from livegen.jam.controls.style_mix import JOINED
from livegen.jam.phrases.phrase_variations import WAYS as GOALS
from livegen.jam.phrases.phrase_variations import restyled, strangers
from livegen.music.melody.phrase_steps import LINES_PER_BEAT, Steps, distance, onsets
from livegen.scorecard.distributions import auc
from livegen.scorecard.estimates import Estimate, mean, resampled
from livegen.training.phrase_corpus import StyledPhrase, is_for_the_judge, melodies, styled

SEED = 20261130
ASKED = (0.35, 0.6, 1.0)
TARGETS = ("folk_reel", "folk_hornpipe", "jazz_bebop", "pop", "lied", "rock_classic")
# A style of each set, which its calls are taken to be in.
OWN = {
    "trad_abc": "folk_reel", "wjd_jazz": "jazz_bebop", "pop909_aligned": "pop", "openscore_lieder": "lied",
    "rs200_rock": "rock_classic", "openewld_leadsheets": "leadsheet_pop",
}  # fmt: skip
COARSE = (-7, -3, -1, 0, 1, 3, 7)  # semitones: steps, leaps and none

Way = Callable[[StyledPhrase, np.random.Generator], Steps]


class Made(NamedTuple):
    """A phrase that was made, or a person's: its steps, the tonic, the name of the style it is meant in."""

    steps: Steps
    tonic: int
    style: str


# --- who listens --------------------------------------------------------------------------------------------------


def heard(made: Made) -> Floats:
    """The figures of a phrase by which its style is named."""
    return heard_of_lead(notes(made.steps))


def judged_by(made: Made) -> Floats:
    """The figures of a phrase by which a judge tells who made it: also degrees, and pairs of intervals."""
    own = onsets(made.steps)
    degrees, pairs = np.zeros(12), np.zeros((len(COARSE) + 1, len(COARSE) + 1))
    for line, until, pitch in own:
        degrees[(pitch - made.tonic) % 12] += (until - line) / LINES_PER_BEAT
    steps = np.digitize([after[2] - before[2] for before, after in pairwise(own)], COARSE)
    for one, other in pairwise(steps.tolist()):
        pairs[one, other] += 1
    shares = [part / max(1e-6, part.sum()) for part in (degrees, pairs.ravel())]
    return np.concatenate([heard(made), *shares])


def is_heard(made: Made) -> bool:
    """Tell whether there is enough in a phrase to judge it by."""
    return len(onsets(made.steps)) >= 2


def rows(some: Sequence[Made], figures: Callable[[Made], Floats]) -> Floats:
    """The figures of phrases; of silence those of nothing."""
    found = [figures(made) if is_heard(made) else None for made in some]
    size = next(len(row) for row in found if row is not None)
    return np.array([np.zeros(size) if row is None else row for row in found])


def scores(judge: Listener, figures: Floats) -> Floats:
    """Give how sure a judge is that each phrase is a person's."""
    inputs = (figures - judge.mean) / judge.spread
    odds = np.hstack([inputs, np.ones((len(inputs), 1))]) @ judge.weights
    return np.asarray(odds[:, 1] - odds[:, 0])


def judge_of(people: Floats, made: Floats) -> Listener:
    """A judge that has learned to tell both apart."""
    names = np.repeat([1, 0], [len(people), len(made)])
    return learned(np.concatenate([people, made]), names, 2)


def gap(people: Floats, made: Floats) -> Estimate | None:
    """AUC of two samples of scores, with its interval."""
    both = np.concatenate([people, made])
    of_people = np.arange(len(both)) < len(people)

    def of(drawn: NDArray[np.int64]) -> float:
        return auc(both[drawn[of_people[drawn]]], both[drawn[~of_people[drawn]]])

    return resampled(len(both), of, times=200)


class Ears(NamedTuple):
    """The listener, and the styles it knows."""

    listener: Listener
    generator: Generator

    def names(self, some: Sequence[Made]) -> list[float]:
        """Tell of each phrase whether it is named in the style it is meant in."""
        found = self.listener.names(rows(some, heard))
        wanted = [self.generator.number(made.style) - 1 for made in some]
        return [float(one == other) for one, other in zip(found, wanted, strict=True)]


def ears_of(some: Sequence[StyledPhrase], generator: Generator) -> Ears:
    """A listener that has learned the generator's styles from people's phrases."""
    numbers = np.array([generator.number(it.style) - 1 for it in some])
    figures = rows([Made(it.steps, it.tonic, it.style) for it in some], heard)
    return Ears(learned(figures, numbers, len(generator.facts.styles)), generator)


# --- new phrases --------------------------------------------------------------------------------------------------


def ways(model: PhraseModel, generators: dict[str, Generator]) -> dict[str, Way]:
    """Give the ways to make a new phrase of the style, bar and length of another, by name."""

    def through(it: StyledPhrase, rng: np.random.Generator) -> Steps:
        reference = reference_of(it.steps, it.tonic)
        firsts = firsts_of(it.bar)
        code = model.encode(encode(it.steps, reference), firsts)
        return decode(
            model.decode(code[None], firsts)[0], reference, len(it.steps) // LINES_PER_BEAT
        )

    def of(draw: Callable[[StyledPhrase, np.random.Generator], Codes]) -> Way:
        def make(it: StyledPhrase, rng: np.random.Generator) -> Steps:
            return restyled(model, it.steps, it.bar, it.tonic, 1, draw(it, rng)).steps

        return make

    def by(way: str, generator: Generator) -> Way:
        def draw(it: StyledPhrase, rng: np.random.Generator) -> Codes:
            beats = len(it.steps) // LINES_PER_BEAT
            return generator.drawn(way, generator.number(it.style), it.bar, beats, GOALS, rng)

        return of(draw)

    first = next(iter(generators.values()))
    found = {
        "people, encoded and decoded": through,
        "chance of no style": of(lambda it, rng: strangers(model, rng)),
        "scatter": by("scatter", first),
    }
    return found | {name: by("gan", generator) for name, generator in generators.items()}


def new_phrases(
    made_by: dict[str, Way],
    ears: Ears,
    learns: Sequence[StyledPhrase],
    held: Sequence[StyledPhrase],
) -> dict[str, dict[str, Estimate | None]]:
    """By way: how often the style is named, the judge's gap, how many notes of people's number there are."""
    people, valid = ([Made(it.steps, it.tonic, it.style) for it in some] for some in (learns, held))
    known, judged = rows(people, judged_by), rows(valid, judged_by)
    found = {"people": {"named": mean(ears.names(valid)), "gap": None, "notes": None}}
    for name, make in made_by.items():
        rng = np.random.default_rng(SEED)
        first, second = (
            [Made(make(it, rng), it.tonic, it.style) for it in some] for some in (learns, held)
        )
        judge = judge_of(known, rows(first, judged_by))
        counts = [
            len(onsets(made.steps)) / len(onsets(it.steps))
            for made, it in zip(second, held, strict=True)
        ]
        found[name] = {
            "named": mean(ears.names(second)),
            "gap": gap(scores(judge, judged), scores(judge, rows(second, judged_by))),
            "notes": mean(counts),
        }
        click.echo(name, err=True)
    return found


# --- moved phrases ------------------------------------------------------------------------------------------------


def moved(
    model: PhraseModel,
    generator: Generator,
    network: OnnxModel,
    some: Sequence[Case],
    styles: Sequence[str],
) -> dict[str, list[Made | None]]:
    """By way: each call moved to its style; None where nothing was answered."""
    found: dict[str, list[Made | None]] = {}

    def note(name: str, steps: Steps | None, case: Case, style: str) -> None:
        made = None if steps is None else Made(steps, case.tonic, style)
        found.setdefault(name, []).append(made)

    for number, (case, style) in enumerate(zip(some, styles, strict=True)):
        rng, fit = np.random.default_rng([SEED, number]), home(case.steps, case.tonic)
        beats = len(case.steps) // LINES_PER_BEAT
        drawn = {"vary": strangers(model, rng)} | {
            way: generator.drawn(way, generator.number(style), case.bar, beats, GOALS, rng)
            for way in WAYS
        }
        note("the call itself", case.steps, case, style)
        for asked in ASKED:
            for name, goals in drawn.items():
                steps = restyled(model, case.steps, case.bar, case.tonic, asked, goals, fit).steps
                note(f"{name} {asked:g}", steps, case, style)
        for name, told_style in (
            ("answer in the style", style),
            ("answer in both mixed", f"{OWN[case.corpus]}{JOINED}{style}"),
        ):
            answered = answers(network, case, {"style": told_style}, 1)
            note(name, answered[0] if answered else None, case, style)
        click.echo(f"{number + 1} of {len(some)}", err=True)
    return found


def of_moved(
    made: dict[str, list[Made | None]],
    some: Sequence[Case],
    ears: Ears,
    held: Sequence[StyledPhrase],
) -> dict[str, dict[str, Estimate | None]]:
    """By way: how often the style is named, the distance to the call, the judge's gap over two halves."""
    people = rows([Made(it.steps, it.tonic, it.style) for it in held], judged_by)
    found = {}
    for name, each in made.items():
        there = [(one, case) for one, case in zip(each, some, strict=True) if one is not None]
        own = [one for one, _ in there]
        figures = rows(own, judged_by)
        halves = [np.arange(len(figures)) % 2 == half for half in (0, 1)]
        of_people = [np.arange(len(people)) % 2 == half for half in (0, 1)]
        both = [
            judge_of(people[known], figures[learns])
            for known, learns in zip(of_people, halves, strict=True)
        ]
        told_people = np.concatenate(
            [scores(judge, people[~known]) for judge, known in zip(both, of_people, strict=True)]
        )
        told_made = np.concatenate(
            [scores(judge, figures[~learns]) for judge, learns in zip(both, halves, strict=True)]
        )
        found[name] = {
            "named": mean(ears.names(own)),
            "distance": mean([distance(case.steps, one.steps) for one, case in there]),
            "gap": gap(told_people, told_made),
        }
    return found


def shown(found: dict[str, dict[str, Estimate | None]], what: Sequence[str]) -> list[list[str]]:
    """A row a way."""
    return [[name, *(told(values[one]) for one in what)] for name, values in found.items()]


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--phrases", "count", default=1000, show_default=True, help="New phrases of each way."
)
@click.option("--calls", default=84, show_default=True, help="Calls that are moved.")
@click.option("--also", multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(data: Path, count: int, calls: int, also: tuple[Path, ...], dry: bool) -> None:
    """Make phrases in the styles of DATA, and write generator.json and generator.md."""
    model = phrase_files.load(shipped.phrase_model())
    files = [shipped.generator(), *also]
    generators = {
        f"gan, seed {at}": generator_files.load(file, model) for at, file in enumerate(files, 1)
    }
    first = generators["gan, seed 1"]
    sets = [name for name, _ in model.facts.data]
    others = [it for it in melodies(data, "train", sets) if is_for_the_judge(it)]
    melodies_held = list(melodies(data, "valid", sets))
    rng = np.random.default_rng(SEED)
    learns, held = (
        [it for it in styled(some) if first.number(it.style) and len(onsets(it.steps)) >= FEWEST]
        for some in (others, melodies_held)
    )
    ears = ears_of(learns, first)
    learns, held = (
        [some[at] for at in rng.permutation(len(some))[:count]] for some in (learns, held)
    )
    new = new_phrases(ways(model, generators), ears, learns, held)
    some = cases(melodies_held, calls)
    styles = [
        rng.choice([style for style in TARGETS if style != OWN[case.corpus]]).item()
        for case in some
    ]
    made = moved(model, first, load(shipped.model("default")), some, styles)
    again = of_moved(made, some, ears, held)
    facts = {
        "new": {name: {what: kept(it) for what, it in row.items()} for name, row in new.items()},
        "moved": {
            name: {what: kept(it) for what, it in row.items()} for name, row in again.items()
        },
    }
    text = [
        "What the words mean stands in bench/generator.py.",
        table(
            ["new phrases", "named in their style", "the judge's gap", "notes by people's"],
            shown(new, ("named", "gap", "notes")),
        ),
        table(
            ["moved calls", "named in the new style", "distance to the call", "the judge's gap"],
            shown(again, ("named", "distance", "gap")),
        ),
    ]
    keep("generator", facts, "\n\n".join(text), dry)


if __name__ == "__main__":
    main()
