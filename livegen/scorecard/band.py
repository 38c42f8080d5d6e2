"""The players of a card: processes that hold the models, and the music that they are given.

Knows engines and calls; knows no figures.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from livegen.inference.contract import Model
from livegen.inference.model_files import load as load_model
from livegen.jam.timing.agenda import ROUTES
from livegen.music.note import Note
from livegen.music.parts import BASS, COMP
from livegen.scorecard import backing, degeneracy, streaming
from livegen.scorecard.held_out_calls import (
    Chords,
    HeldOut,
    Lead,
    LeadCall,
    Pair,
    drawn,
    followed,
    leads,
    windows,
)
from livegen.scorecard.likelihood import lift
from livegen.scorecard.musicianship import Figures, figures
from livegen.scorecard.playing import PlayedCall, played
from livegen.scorecard.responses import random_answer
from livegen.training.corpora import Progress

BARS = 4  # of a call and of its answer
LEAD_BARS = 8  # of a melody to go along with
ROUNDS = 3  # that they are played with their chords
TURN_BARS = (1, 2)
LEADS_OF = 4  # one melody to so many calls
MOST = 12  # calls kept of one piece
TEMPO = 0.04  # share by which a tempo may be off
DISTINCT = 500  # calls that turns are taken over, again and again with other chances

T = TypeVar("T")

# --- in the processes ---------------------------------------------------------------------------------------------

_models: list[Model]  # of one process


def open_models(paths: Sequence[Path]) -> None:
    """Load the models that are measured, once for each process.  Raises ModelError."""
    global _models
    _models = [load_model(path) for path in paths]


def find(held: HeldOut, seed: int) -> tuple[list[Pair], list[Lead], list[list[LeadCall]]]:
    """Calls of a piece of each kind, a few of all that there are; the short ones by TURN_BARS."""
    chance = random.Random(f"{seed} {held.corpus} {held.file}")

    def few(some: list[T]) -> list[T]:
        return chance.sample(some, min(MOST, len(some)))

    short = [few(windows(held, bars)) for bars in TURN_BARS]
    return few(followed(held, BARS)), few(leads(held, LEAD_BARS)), short


def answer(which: int, call: LeadCall, seed: int) -> PlayedCall:
    """Give a model's answer of as many bars as the call has."""
    return played(_models[which], call, {"length": call.bars}, seed=seed)


def go_along(which: int, call: LeadCall, seed: int) -> PlayedCall:
    """Give a model's accompaniment to a call."""
    return played(_models[which], call, {"mode": "accompany"}, seed=seed, after_bars=1)


def back(
    which: int, call: LeadCall, chords: Chords, seed: int
) -> tuple[PlayedCall, dict[str, list[float]]]:
    """Give all rounds but the first of a model's band behind a call with its chords, and its figures."""
    heard, over = backing.backed(_models[which], call, chords, seed, ROUNDS, backing.ALL_PARTS)
    return heard, backing.figures(heard, over)


def in_time(which: int, call: LeadCall, seed: int) -> tuple[PlayedCall, streaming.Timing]:
    """Go along with a call, and take as long as it takes."""
    return streaming.in_time(_models[which], call, seed)


def judged(
    which: int,
    call: LeadCall,
    has_clock: bool,
    seed: int,
    values: Mapping[str, object] = MappingProxyType({}),
) -> Figures:
    """Judge a model's answer as a bandmate does; `tempo` is 1 if the engine went by that of the call."""
    heard = played(_models[which], call, dict(values), seed=seed, has_clock=has_clock)
    ratio = heard.heard_us / call.tempo_us
    return figures(call, heard.notes) | {"tempo": float(abs(ratio - 1) <= TEMPO)}


def take_turn(call: LeadCall, seed: int) -> set[str]:
    """Name the faults of one turn of the first model."""
    return degeneracy.faults(played(_models[0], call, {}, seed=seed))


def lifted(which: int, pair: Pair, another: LeadCall) -> dict[str, float]:
    """Nats per note of what people played, by what a model heard before."""
    call = pair.call
    return lift(_models[which], call.notes, pair.people, another.notes, call.beats, call.metre)


def harmony(heard: PlayedCall) -> tuple[Note, ...]:
    """Give the notes of comp and bass beside the call."""
    channels = {ROUTES[part].channel for part in (COMP, BASS)}
    until = heard.call.beats
    return tuple(n for n in heard.notes if n.channel in channels and 0 <= n.onset < until)


@dataclass(frozen=True, slots=True)
class Band:
    """The tools of all sections: processes, progress, the seed, and the models."""

    pool: Executor
    progress: Progress
    seed: int
    who: Sequence[str]

    def map(
        self, name: str, function: Callable[..., T], *rows: Iterable[Any], chunk: int = 4
    ) -> list[T]:
        """Map a function over rows, in order, in the processes; `name` is that of the progress bar."""
        jobs = list(zip(*rows, strict=False))
        done = []
        for result in self.pool.map(function, *zip(*jobs, strict=True), chunksize=chunk):
            done.append(result)
            self.progress(name, len(done), len(jobs))
        return done

    def answers(
        self, which: int, some: Sequence[LeadCall], name: str = "answers"
    ) -> list[PlayedCall]:
        """Give a model's answer to each call; `name` is that of the progress bar."""
        return self.map(f"{name}, {self.who[which]}", answer, repeat(which), some, range(len(some)))

    def random_answers(self, pairs: Sequence[Pair]) -> list[tuple[Note, ...]]:
        """Random notes for each call, the same in every section."""
        chance = np.random.default_rng(self.seed)
        return [random_answer(pair.call, chance) for pair in pairs]


@dataclass(frozen=True, slots=True)
class Music:
    """The material: calls with what people played next, melodies with their accompaniment, and short calls."""

    pairs: list[Pair]
    leads: list[Lead]
    turns: list[LeadCall]

    @classmethod
    def of(
        cls, pieces: Sequence[HeldOut], found: Sequence[Any], calls: int, turns: int, seed: int
    ) -> "Music":
        """Draw so many calls and turns of what `find` found in each piece; fewer where there are fewer."""
        by_piece = {
            (held.corpus, held.file): rows for held, rows in zip(pieces, found, strict=True)
        }

        def kept(kind: int) -> Callable[[HeldOut, int], list[Any]]:
            return lambda held, bars: list(by_piece[held.corpus, held.file][kind])

        def short(held: HeldOut, bars: int) -> list[LeadCall]:
            return list(by_piece[held.corpus, held.file][2][TURN_BARS.index(bars)])

        return cls(
            drawn(pieces, calls, seed, kept(0), (BARS,)),
            drawn(pieces, max(2, calls // LEADS_OF), seed, kept(1), (LEAD_BARS,)),
            drawn(pieces, min(turns, DISTINCT), seed, short, TURN_BARS),
        )
