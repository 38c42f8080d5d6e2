"""The understanding of words: of what is asked for, how much is set, and how much is set that nobody asked for.

    python -m bench.words [--show]

The prompts are those of tests/control/words/prompts.yaml, in English, Chinese and German: by the hand that wrote the
table `first` before it, `second` when it was there and had not been mended yet, `third` when it had been mended by the
second; `fourth` by somebody who had seen neither table nor prompts, `fifth` and `sixth` by another who knew the
controls and no table.  A wish counts if one of the controls that would meet it is set as it asks.  A control that is
set and stands neither in a wish nor among what may be set is unasked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from bench.tables import keep, kept, table, told
from livegen.control.words import Reading, Vocabulary, read
from livegen.jam.controls.controls import CONTROLS
from livegen.scorecard.estimates import share

PROMPTS = Path(__file__).parent.parent / "tests" / "control" / "words" / "prompts.yaml"
PRESENT = {name: control.default for name, control in CONTROLS.items()} | {"tempo_bpm": 100.0}
NEUTRAL = {
    "register": 0.0,
    "tempo": 100.0,
    "swing": 50.0,
    "voices": 3.0,
}  # where a word such as auto stands


@dataclass(frozen=True, slots=True)
class Judged:
    """A prompt: its wishes that were met and all of them, what was set unasked and all that was set."""

    text: str
    met: int
    asked: int
    unasked: tuple[str, ...]
    sets: int
    reading: Reading


def meets(wish: Mapping[str, Any], sets: Mapping[str, Any]) -> bool:
    """True if one of a wish's controls is set as it asks."""
    return any(name in sets and _fits(name, asked, sets[name]) for name, asked in wish.items())


def _fits(name: str, asked: Any, value: Any) -> bool:
    match asked:
        case "<" | ">":
            present = PRESENT[name]
            before = NEUTRAL[name] if isinstance(present, str) else float(present)
            return float(value) < before if asked == "<" else float(value) > before
        case "minor" | "major":
            return asked in str(value).split()
        case [int() | float() as low, int() | float() as high]:
            return low <= float(value) <= high
        case _:
            return str(value) in map(str, asked)


def judged(prompt: Mapping[str, Any], known: Vocabulary | None = None) -> Judged:
    """Read a prompt, by the words that are known, and compare."""
    reading = read(prompt["text"], PRESENT, known=known)
    wanted = {name for wish in prompt["asks"] for name in wish} | set(prompt.get("may", ()))
    unasked = tuple(name for name in reading.sets if name not in wanted)
    met = sum(meets(wish, reading.sets) for wish in prompt["asks"])
    return Judged(prompt["text"], met, len(prompt["asks"]), unasked, len(reading.sets), reading)


def figures(found: Sequence[Judged]) -> dict[str, Any]:
    """Shares of all wishes and of all that was set, with Wilson's interval, 95 %."""
    met, asked = sum(one.met for one in found), sum(one.asked for one in found)
    unasked, sets = sum(len(one.unasked) for one in found), sum(one.sets for one in found)
    return {
        "prompts": len(found),
        "wishes": asked,
        "set": share(met, asked),
        "unasked": share(unasked, sets),
    }


@click.command()
@click.option("--show", is_flag=True, help="Print what each prompt came to, and keep nothing.")
def main(show: bool) -> None:
    """Judge the table of words."""
    prompts = yaml.safe_load(PROMPTS.read_text(encoding="utf-8"))
    rows, facts = [], {}
    for name, given in prompts.items():
        groups = {spoken: [judged(prompt) for prompt in some] for spoken, some in given.items()}
        found = [one for some in groups.values() for one in some]
        by_group = {"all": figures(found)} | {
            spoken: figures(some) for spoken, some in groups.items()
        }
        facts[name] = {
            group: about | {key: kept(about[key]) for key in ("set", "unasked")}
            for group, about in by_group.items()
        }
        rows += [
            [
                name, group, str(about["prompts"]), str(about["wishes"]), told(about["set"], 3),
                told(about["unasked"], 3),
            ]
            for group, about in by_group.items()
        ]  # fmt: skip
        for one in found if show else ():
            mark = "  " if one.met == one.asked and not one.unasked else "->"
            click.echo(
                f"{mark} {one.text}: {one.met}/{one.asked} {one.reading.line()}; unasked {one.unasked}"
            )
    head = ("prompts", "language", "how many", "wishes", "set", "unasked")
    keep("words", facts, table(head, rows), dry=show)


if __name__ == "__main__":
    main()
