"""The file of a listening test: its trials in the first line, then a line for each thing that a judge does.

Nothing is rewritten: a line is appended at each click, so that a closed page or a pulled plug costs nothing, and
whoever comes again goes on where they stopped.  The file says which source is which, the page does not.
"""

import json
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livegen import whole_files
from livegen.errors import ConfigError
from livegen.scorecard.listening.preferences import Judgement
from livegen.scorecard.listening.trials import PEOPLE, Trial, rows_of

VERSION = 1
PREFER, PERSON = "prefer", "person"
FIRST, SECOND, NEITHER = "first", "second", "neither"
SIDES = (FIRST, SECOND, NEITHER)
LONGEST_NAME = 40
MOST_JUDGES = 200

Now = Callable[[], str]  # the time, as it is written


@dataclass(slots=True)
class Judge:
    """A judge by number, from 0; what they said by trial and question, and whether they were told the sources."""

    name: str
    number: int
    said: dict[tuple[int, str], str] = field(default_factory=dict)
    is_told: bool = False


class Listening:
    """A test that goes on, or that is over: its trials, its judges, and its file, which is appended to."""

    def __init__(
        self, path: Path, seed: int, trials: Sequence[Trial], now: Now = lambda: ""
    ) -> None:
        self.path, self.trials = path, tuple(trials)
        self._seed, self._now = seed, now
        self._judges: dict[str, Judge] = {}

    @property
    def sources(self) -> list[str]:
        """The sources, by name."""
        return sorted({name for trial in self.trials for name in trial.order})

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions of each trial; which source is the person is asked only where there are people."""
        return (PREFER, PERSON) if PEOPLE in self.sources else (PREFER,)

    @property
    def judges(self) -> list[Judge]:
        """Everybody who began, in that order."""
        return list(self._judges.values())

    # --- for the page ---------------------------------------------------------------------------------------------

    def state(self, name: str) -> dict[str, Any]:
        """The next trial of a judge, without the names of its sources; at the end the sources of all.

        Raises ConfigError for a name that cannot be one.
        """
        judge = self._judge(name)
        number = next((n for n in self.order(judge) if not self._is_done(judge, n)), None)
        done = sum(self._is_done(judge, n) for n in range(len(self.trials)))
        state = {
            "judge": judge.name,
            "done": done,
            "trials": len(self.trials),
            "questions": self.questions,
        }
        if number is None:
            return state | {"trial": None, "told": self._told(judge)}
        return state | {"trial": self._shown(judge, number), "told": []}

    def answer(self, name: str, trial: int, question: str, side: str) -> None:
        """Keep what a judge says of a trial: first, second or neither.  The last answer counts.

        Raises ConfigError for what does not fit, and from a judge who was told who is who.
        """
        judge = self._judge(name)
        if not 0 <= trial < len(self.trials) or question not in self.questions or side not in SIDES:
            raise ConfigError("there is no such question, or no such answer")
        if judge.is_told:
            raise ConfigError(f"{judge.name} has been told who played what, and judges no more")
        means = "" if side == NEITHER else self.sides(judge, trial)[SIDES.index(side)]
        self._write(
            {"row": "answer", "judge": judge.name, "trial": trial, "question": question, "said": side, "means": means}
        )  # fmt: skip
        judge.said[trial, question] = side

    def order(self, judge: Judge) -> list[int]:
        """The trials in the order of a judge: each has another."""
        numbers = list(range(len(self.trials)))
        random.Random(f"{self._seed} {judge.number}").shuffle(numbers)
        return numbers

    def sides(self, judge: Judge, trial: int) -> tuple[str, str]:
        """The sources as a judge hears them; every other judge hears all the other way round."""
        first, second = self.trials[trial].order
        return (first, second) if judge.number % 2 == 0 else (second, first)

    def _is_done(self, judge: Judge, trial: int) -> bool:
        return all((trial, question) in judge.said for question in self.questions)

    def _shown(self, judge: Judge, number: int) -> dict[str, Any]:
        trial = self.trials[number]
        first, second = (rows_of(trial.answers[source]) for source in self.sides(judge, number))
        said = {q: judge.said[number, q] for q in self.questions if (number, q) in judge.said}
        return {
            "id": number,
            "call": rows_of(trial.call),
            FIRST: first,
            SECOND: second,
            "answer_at": trial.answer_at,
            "lasts": trial.lasts,
            "said": said,
        }

    def _told(self, judge: Judge) -> list[dict[str, Any]]:
        if not judge.is_told:
            self._write({"row": "told", "judge": judge.name})
            judge.is_told = True
        rows = []
        for number in self.order(judge):
            first, second = self.sides(judge, number)
            said = {question: judge.said[number, question] for question in self.questions}
            piece = self.trials[number].piece
            rows.append({"piece": piece, FIRST: first, SECOND: second, "said": said})
        return rows

    def _judge(self, name: str) -> Judge:
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise ConfigError(f"expected a name or a number of 1 to {LONGEST_NAME} characters")
        if name.casefold() not in self._judges:
            if len(self._judges) >= MOST_JUDGES:
                raise ConfigError(f"{MOST_JUDGES} judges have begun; begin another file with --out")
            self._write({"row": "judge", "judge": name})
            self._begin(name)
        return self._judges[name.casefold()]

    def _begin(self, name: str) -> None:
        self._judges.setdefault(name.casefold(), Judge(name, len(self._judges)))

    # --- for the report -------------------------------------------------------------------------------------------

    def judgements(self, question: str = PREFER) -> list[Judgement]:
        """All answers to a question; of who the person is those of trials with a person."""
        found = []
        for judge in self.judges:
            for (number, asked), side in sorted(judge.said.items()):
                first, second = sorted(self.trials[number].order)
                if asked != question or (question == PERSON and PEOPLE not in (first, second)):
                    continue
                means = "" if side == NEITHER else self.sides(judge, number)[SIDES.index(side)]
                found.append(Judgement(judge.name, number, (first, second), means))
        return found

    def heard_first(self) -> tuple[int, int]:
        """Count how often what was heard first was preferred, and what was heard second."""
        said = [s for j in self.judges for (_, asked), s in j.said.items() if asked == PREFER]
        return said.count(FIRST), said.count(SECOND)

    # --- the file -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Write the first line.  Raises ConfigError where a file is there already, or none can be written."""
        head = {
            "row": "test",
            "version": VERSION,
            "seed": self._seed,
            "sources": self.sources,
            "trials": [trial.as_json() for trial in self.trials],
        }
        if self.path.exists():
            raise ConfigError(f"{self.path} is there already; choose another file with --out")
        self._write(head)
        whole_files.sync_folder(self.path.parent)

    def _write(self, row: Mapping[str, Any]) -> None:
        """Append a line and see it to the disk; where the file ends in a torn line, behind that one."""
        line = json.dumps({**row, "at": self._now()}, ensure_ascii=False, separators=(",", ":"))
        try:
            with self.path.open("ab+") as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    line = line if file.read(1) == b"\n" else f"\n{line}"
                file.write(f"{line}\n".encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written ({error.strerror})") from None

    def _take(self, row: Mapping[str, Any]) -> None:
        """Take in a line of the file.  Raises KeyError, TypeError or ValueError for one that does not fit."""
        name = str(row["judge"])
        self._begin(name)
        judge = self._judges[name.casefold()]
        match row["row"]:
            case "answer":
                number, question, side = int(row["trial"]), str(row["question"]), str(row["said"])
                if number < len(self.trials) and question in self.questions and side in SIDES:
                    judge.said[number, question] = side
            case "told":
                judge.is_told = True
            case _:
                pass


def read(path: Path, now: Now = lambda: "") -> Listening:
    """A test from its file; lines that are torn or strange are passed over.

    Raises ConfigError for a file that cannot be read, or whose first line is no test.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from None
    rows = _rows(lines)
    try:
        head = next(rows)
        if head["row"] != "test" or head["version"] != VERSION:
            raise ValueError
        test = Listening(path, int(head["seed"]), [Trial.from_json(t) for t in head["trials"]], now)
    except (StopIteration, KeyError, TypeError, ValueError, AttributeError):
        raise ConfigError(
            f"{path} holds no listening test; `livegen listen-test --out FILE` makes one"
        ) from None
    for row in rows:
        with suppress(KeyError, TypeError, ValueError):
            test._take(row)
    return test


def _rows(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        with suppress(ValueError):
            row = json.loads(line)
            if isinstance(row, dict):
                yield row
