"""A model learns a musician's own music: `livegen train --from MODEL FOLDER`.

The weights are read back from the model file, trained on the folder by the ordinary loop, and laid between
what the model knew and what it learned; the same file with these weights is the new model.  What is told at the
end is measured on weights as they are served: on pieces of the folder that were held back, on reference pieces
of what the model knew before, and by how much its answers copy.  Decisions by measurement: docs/LOG.md.

The folder of a model in the making holds `training/`, a run folder as any; when all is learned it goes.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from livegen import whole_files
from livegen.errors import ConfigError, LivegenError
from livegen.inference.contract import ModelFacts
from livegen.inference.model import start as start_model
from livegen.inference.onnx_file import parse, read_bytes
from livegen.training.answers import answer
from livegen.training.corpora import Corpus, Rows, usable
from livegen.training.crew import crew_here
from livegen.training.evaluate import stacked
from livegen.training.loop import Run, load_network
from livegen.training.memorisation import LONG, JoinedLines, copies, lines_of_rows
from livegen.training.model_weights import StartingPoint, read_network, written
from livegen.training.network import Network
from livegen.training.objective import Objective
from livegen.training.own_music import own_music
from livegen.training.recipe import NetworkRecipe, Recipe
from livegen.training.reference import FILE as REFERENCE
from livegen.training.reference import read_reference
from livegen.training.run_report import Report
from livegen.training.validation import Held, hold, validate

MODEL, FIGURES, TRAINING, BEGUN = "model.onnx", "report.json", "training", "begun.json"
LICENCE = "the musician's own; ask before passing it on"

BATCH, STEPS = 16, 128
PASSES, FEWEST_PASSES = 20, 3  # over the music; fewer where there is much of it
EVENTS = 1_500_000  # that are as many passes as there is time for: five minutes on two slow cores
FEWEST_UPDATES = 60
RATE = (
    1e-3  # a third of what the network was trained with; 3e-4 learns less for the same forgetting
)
DETACHED = 0.5  # share of the music that is learned as lighter hands play it, so that they are still answered in time
WAYS = (
    0.25,
    0.5,
    0.75,
    1.0,
)  # how far to go from the old weights to the new: the best sum of losses
MOST_HELD = 64  # excerpts of the folder that are validated on

ANSWERS, OPENING, LENGTH = (
    16,
    64,
    256,
)  # for the memorisation report: answers, events heard and played


@dataclass(frozen=True, slots=True)
class Losses:
    """Nats per note: of the musician's held-back music, and of each kind of reference pieces."""

    own: float
    known: Mapping[str, float]

    @property
    def sum(self) -> float:
        """Score a mixture of old and new: both count."""
        return self.own + (sum(self.known.values()) / len(self.known) if self.known else 0.0)


@dataclass(frozen=True, slots=True)
class Copied:
    """The longest run that music copies: how many notes, and the file it is from; 0 and "" where there is none."""

    notes: int
    source: str


@dataclass(frozen=True, slots=True)
class Memorised:
    """The longest runs copied from what was learned: by answers, and by held-back music as long."""

    answers: list[Copied]
    held: list[Copied]


@dataclass(frozen=True, slots=True)
class Adapted:
    """The result of learning.

    How many files and notes were learned from, how many notes were held back; nats per note before and after, as
    served; `way`, 0 to 1 from the old weights to the new; and whether it learned to its end or was stopped.
    """

    name: str
    path: Path
    pieces: int
    notes: int
    held: int
    before: Losses
    after: Losses
    way: float
    memory: Memorised
    is_complete: bool


def adapt(base: Path, folder: Path, target: Path, fresh: bool = False) -> Adapted:
    """Teach the model file `base` the music in `folder`, into the model folder `target`, named after it.

    Goes on with what was begun there from the same model and music; `fresh` begins anew.  A signal ends it with
    what was learned so far in place.  Raises ConfigError (too little music, a model of that name, something else
    begun there) and ModelError (`base` is none of ours) before the first step.
    """
    if crew_here().size > 1:
        raise ConfigError("one process is enough to learn a folder; several train by a recipe")
    if (target / MODEL).exists() and not (target / TRAINING).exists() and not fresh:
        raise ConfigError(
            f"the model {target.name} is there already ({target});"
            " --fresh makes it anew, --name makes another"
        )
    data = read_bytes(base)
    network, facts = read_network(data, str(base))
    work = target / TRAINING
    with Words(work) as report:
        music = _music(folder, report, work)
        recipe = recipe_for(target.name, network, music)
        start = StartingPoint.of(data, network, facts)
        _begin(work, {"model": start.model, "music": _music_key(music)}, fresh)
        held = {"own": _held(music, start.styles)}
        reference = _reference(base, start.styles)
        before = _losses(network, held, reference)
        report.say(f"before: {before.own:.3f} nats/note of your held-back music")
        run = Run(recipe, {music.name: music}, work, report, start)
        run.held = held
        run.go(resume=not fresh)
        report.say("mixing the weights of before and after")
        data, way, after = _between(
            data, _learned(run), held, reference, _facts(facts, music, target)
        )
        path = _save(target, data, base)
        report.say("listening to its answers, for what they copy")
        memory = _memory(data, music)
    train = music.split("train")
    adapted = Adapted(
        target.name,
        path,
        len({piece.file for piece in music.pieces}),
        sum(piece.notes for piece in train),
        sum(piece.notes for piece in music.split("valid")),
        before,
        after,
        way,
        memory,
        not run.stopping,
    )
    figures = json.dumps(asdict(adapted), indent=1, default=str) + "\n"
    whole_files.write_text(target / FIGURES, figures, replace=True)
    if adapted.is_complete:
        shutil.rmtree(work)
    return adapted


def recipe_for(name: str, network: Network, music: Corpus) -> Recipe:
    """Give the recipe by which a network learns so much music, by its events.

    Raises pydantic's ValidationError for a name that is none.
    """
    events = sum(piece.end - piece.start for piece in music.split("train"))
    passes = min(PASSES, max(FEWEST_PASSES, EVENTS // events))
    update = BATCH * STEPS
    total = max(FEWEST_UPDATES, passes * events // update)
    sizes = {key: v for key, v in network.config.facts().items() if key != "styles"}
    return Recipe(
        name=name,
        network=NetworkRecipe.model_validate(sizes),
        events=total * update,
        batch=BATCH,
        steps=STEPS,
        learning_rate=RATE,
        warmup=min(10, total // 4),
        weight_decay=0.0,
        style_unknown=1.0,  # it is played without telling a style, so it learns without
        detached=DETACHED,
        validate_every=max(1, total // PASSES) * update,
        patience=4,
        checkpoint_seconds=10.0,
    )


class Words(Report):
    """Progress, in words for a musician."""

    def say(self, text: str) -> None:
        """A line among the progress."""
        self.console.print(text, soft_wrap=True)

    def finished(self, complete: bool, stopped: bool, best: float) -> None:
        """Say how the learning ended."""
        self.progress.stop()
        if stopped and not complete:
            self.say("stopped; the same command goes on")
        elif not complete:
            self.say("learning ends here, before the model knows your music by heart")


def _music(folder: Path, report: Report, work: Path) -> Corpus:
    """The musician's music; where there is none, nothing is left behind either."""
    try:
        return own_music(folder, progress=report.preparing)
    except LivegenError:
        with suppress(OSError):  # not empty: something was begun here before
            work.rmdir()
            work.parent.rmdir()
        raise


def _begin(work: Path, begun: dict[str, str], fresh: bool) -> None:
    """Note what is learned from what.  Raises ConfigError where something else was begun."""
    path = work / BEGUN
    if path.exists() and not fresh and json.loads(path.read_text()) != begun:
        raise ConfigError(
            f"{work.parent.name} was begun from another model or other music ({work});"
            " --fresh begins anew, --name makes another"
        )
    whole_files.write_text(path, json.dumps(begun), replace=True)


def _music_key(music: Corpus) -> str:
    return hashlib.sha256(music.events.tobytes()).hexdigest()


def _held(music: Corpus, styles: list[str]) -> Held:
    held = hold(music, styles, 1.0, MOST_HELD)
    assert held is not None
    return held


def _reference(base: Path, styles: list[str]) -> dict[str, Held]:
    """Give the pieces that the model learned, beside its file; none where there are none."""
    path = base.parent / REFERENCE
    corpora = read_reference(path, styles) if path.is_file() else {}
    held = {name: hold(corpus, styles, 1.0) for name, corpus in corpora.items()}
    return {name: one for name, one in held.items() if one}


def _losses(network: Network, held: Mapping[str, Held], reference: Mapping[str, Held]) -> Losses:
    sets = validate(Objective(network), network, {**held, **reference}, torch.device("cpu"))["sets"]
    return Losses(sets["own"], {name: sets[name] for name in reference})


def _learned(run: Run) -> Network:
    """The weights of the best validation; of a run that was stopped before one, those it has."""
    path = run.out / ("checkpoint.pt" if run.best == math.inf else "best.pt")
    return load_network(path)[0]


def _facts(facts: ModelFacts, music: Corpus, target: Path) -> ModelFacts:
    data = (*(pair for pair in facts.data if pair[0] != music.name), (music.name[:200], LICENCE))
    return replace(facts, name=target.name, data=data)


def _between(
    data: bytes,
    learned: Network,
    held: Mapping[str, Held],
    reference: Mapping[str, Held],
    facts: ModelFacts,
) -> tuple[bytes, float, Losses]:
    """The file on the way from the old weights to the new with the least loss of both kinds of music.

    Weight averaging keeps most of what was learned and forgets little: Wortsman et al. 2022, arXiv 2109.01903.
    """
    old = read_network(data)[0]
    found: list[tuple[bytes, float, Losses]] = []
    for way in WAYS if reference else WAYS[-1:]:
        mixed = Network(old.config)
        with torch.no_grad():
            for name, parameter in mixed.named_parameters():
                parameter.copy_(
                    torch.lerp(old.get_parameter(name), learned.get_parameter(name), way)
                )
        file = written(data, mixed, facts)
        found.append((file, way, _losses(read_network(file)[0], held, reference)))
    return min(found, key=lambda one: one[2].sum)


def _save(target: Path, data: bytes, base: Path) -> Path:
    """Put the model in its place, whole or not at all, and the reference pieces beside it."""
    path = target / MODEL
    start_model(parse(data, str(path)), str(path))
    whole_files.make_folder(target)
    reference = base.parent / REFERENCE
    if reference.is_file() and reference.resolve() != (target / REFERENCE).resolve():
        copy = partial(shutil.copyfile, reference)
        whole_files.write(target / REFERENCE, copy, replace=True)
    whole_files.write_bytes(path, data, replace=True)
    return path


def _memory(data: bytes, music: Corpus) -> Memorised:
    """Measure how much answers copy from what was learned, and how much held-back music does."""
    model = start_model(parse(data))
    learned = usable(music, "train")
    pieces = [p for p in usable(music, "valid") if p.end - p.start >= 2 * OPENING] or usable(
        music, "valid"
    )
    rng = np.random.default_rng(1)
    answers, held = [], []
    for index in range(ANSWERS):
        piece = pieces[index * len(pieces) // ANSWERS]
        rows = music.events[piece.start : piece.end]
        answers.append(answer(model, rows[:OPENING], LENGTH, rng))
        held.append(rows[OPENING:][:LENGTH])
    known = lines_of_rows(*stacked([(music, piece) for piece in learned]))
    names = [piece.file for piece in learned]
    return Memorised(_copied(answers, known, names), _copied(held, known, names))


def _copied(some: Sequence[Rows], known: JoinedLines, names: Sequence[str]) -> list[Copied]:
    """The longest run that each of some music copies from known lines, whose owners have these names."""
    lines = lines_of_rows(np.concatenate(some), np.cumsum([0, *map(len, some[:-1])]))
    found = copies(lines, len(some), known)
    return [Copied(copy.notes, names[copy.owner] if copy.notes else "") for copy in found]


# --- what a musician is told ------------------------------------------------------------------------------------


def lines(adapted: Adapted) -> list[str]:
    """The outcome for people, line by line."""
    a = adapted
    found = [
        f"{a.name}: learned from {a.notes} notes of {a.pieces} files; {a.held} notes were held back",
        "",
        f"{'nats per note, fewer is better':34}{'before':>8}{'after':>8}",
        _row("your music, held back", a.before.own, a.after.own),
    ]
    for name, value in a.before.known.items():
        found.append(_row(f"music it knew: {name}", value, a.after.known[name]))
    return [*found, "", *_memory_lines(a.memory), "", f"saved in {a.path}"]


def _row(name: str, before: float, after: float) -> str:
    return f"{name[:33]:34}{before:8.2f}{after:8.2f}  {(after - before) / before:+.0%}"


def _memory_lines(memory: Memorised) -> list[str]:
    """The memorisation report."""
    ours, theirs = (sorted(one.notes for one in side) for side in (memory.answers, memory.held))
    middle = len(ours) // 2
    found = [
        "longest run of notes copied from the music that was learned, in any key and tempo:",
        f"  its answers {ours[middle]} in the middle, {ours[-1]} at most;"
        f" your held-back music {theirs[middle]} and {theirs[-1]}",
    ]
    worst = max(memory.answers, key=lambda one: one.notes)
    if worst.notes >= LONG and worst.notes > theirs[-1]:
        found.append(f"  one answer plays {worst.notes} notes in a row of {worst.source}")
    return found
