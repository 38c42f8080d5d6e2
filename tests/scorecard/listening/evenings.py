"""Listening tests whose judges' preferences are known."""

import random
from collections.abc import Sequence
from pathlib import Path

from livegen.music.note import Note
from livegen.scorecard.listening.preferences import Judgement
from livegen.scorecard.listening.results import NEITHER, SIDES, Listening
from livegen.scorecard.listening.trials import Trial

CALL = (Note(0.0, 0.25, 60, 80), Note(0.25, 0.5, 64, 80))


def trial(number: int, first: str, second: str) -> Trial:
    """A call, and answers of one note each, by which they are known: 70 of the first, 72 of the second by name."""
    pitches = {name: 70 + 2 * at for at, name in enumerate(sorted((first, second)))}
    answers = {name: (Note(0.5, 0.75, pitch, 80),) for name, pitch in pitches.items()}
    return Trial(f"made: {number}, bar 1", (first, second), CALL, answers, 0.5, 1.0)


def listening(
    path: Path, count: int = 6, pair: tuple[str, str] = ("a", "people"), seed: int = 1
) -> Listening:
    first, second = pair
    rows = [trial(n, *((first, second) if n % 2 == 0 else (second, first))) for n in range(count)]
    return Listening(path, seed, rows, lambda: "now")


def judges(
    test: Listening, name: str, chance: float, wanted: str, seed: int = 0, ties: float = 0.0
) -> None:
    """A judge who prefers one source so often, and takes it for a person's as often."""
    rng = random.Random(f"{seed} {name}")
    while (state := test.state(name))["trial"]:
        number = state["trial"]["id"]
        judge = next(one for one in test.judges if one.name == name)
        sides = test.sides(judge, number)
        for question in state["questions"]:
            is_wanted = rng.random() < chance
            side = SIDES[sides.index(wanted)] if is_wanted else SIDES[1 - sides.index(wanted)]
            test.answer(name, number, question, NEITHER if rng.random() < ties else side)


def said(judgements: Sequence[Judgement]) -> list[str]:
    return [one.said for one in judgements]
