"""The encoder of sentences beside the table of words: how much of what is asked for it sets, and how much unasked.

    python -m bench.words_encoder [--show]

The prompts are those of `bench.words`.  Their authors mended the table by them, so today's lacks few of their words.  A
stranger's words are those that it lacks: three of ten phrases of the table are left out, in three draws, and all
prompts are read; and three sets are read by the table of before they were written, as at first sight, which git has.
`none` is the table alone.  Needs the extra `words`.
"""

import os
import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import click
import numpy as np
import yaml

from bench.jam import resident_mb
from bench.tables import keep, kept, table, told
from bench.words import PROMPTS, Judged, figures, judged
from livegen.control.words.sentence_encoder import Vectors, encoded, loaded, near
from livegen.control.words.vocabulary import Vocabulary, shipped, vocabulary

LEAST = (None, 0.75, 0.7, 0.65, 0.6, 0.55)  # None: the table alone
LEFT_OUT, DRAWS = 0.3, 3
AT_FIRST_SIGHT = ("fourth", "fifth", "sixth")
EARLIER = "5e2c7d2e:livegen/control/words/words.yaml"


class Timed:
    """An encoder that answers from memory what it was asked before, and says how long it took for what was new."""

    def __init__(self) -> None:
        self._encode = loaded()
        self._one = cache(lambda text: self._encode([text])[0])
        self.texts, self.seconds = 0, 0.0

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, a row each."""
        before, began = self._one.cache_info().misses, time.process_time()
        found = np.stack([self._one(text) for text in texts])
        self.seconds += time.process_time() - began
        self.texts += self._one.cache_info().misses - before
        return found


def beside(known: Vocabulary, encode: Timed, least: float | None) -> Vocabulary:
    """The vocabulary with the encoder, from a cosine on; None: as it is."""
    if least is None:
        return known
    phrases = list(known.meanings)
    return replace(known, near=near(known, phrases, encoded(phrases, encode), encode, least))


def without_some(known: Vocabulary, draw: int) -> Vocabulary:
    """The vocabulary without three of ten phrases."""
    chance = random.Random(draw)
    left = {phrase: of for phrase, of in known.meanings.items() if chance.random() >= LEFT_OUT}
    return replace(known, meanings=left)


def measured(prompts: Sequence[Any], tables: Sequence[Vocabulary], encode: Timed) -> dict[str, Any]:
    """The figures of prompts, read by each of some tables, from each cosine on."""
    found: dict[str, Any] = {}
    for least in LEAST:
        rows: list[Judged] = []
        for known in tables:
            heard = beside(known, encode, least)
            rows += [judged(prompt, heard) for prompt in prompts]
        about = figures(rows)
        taken = sum(len(row.reading.taken) for row in rows)
        found[str(least or "none")] = about | {"taken": taken, "rows": rows}
    return found


@click.command(help=__doc__)
@click.option("--show", is_flag=True, help="Print what was taken for what, and keep nothing.")
def main(show: bool) -> None:
    """See above."""
    prompts = {
        name: [prompt for some in given.values() for prompt in some]
        for name, given in yaml.safe_load(PROMPTS.read_text(encoding="utf-8")).items()
    }
    every = [prompt for some in prompts.values() for prompt in some]
    fresh = [prompt for name in AT_FIRST_SIGHT for prompt in prompts[name]]
    before = resident_mb([os.getpid()])
    encode = Timed()
    groups = {
        "today's table": measured(every, [shipped()], encode),
        "three of ten left out": measured(
            every, [without_some(shipped(), draw) for draw in range(DRAWS)], encode
        ),
    }
    old = subprocess.run(["git", "show", EARLIER], check=True, capture_output=True).stdout
    earlier = vocabulary(yaml.safe_load(old.decode()))
    groups["an earlier table, at first sight"] = measured(fresh, [earlier], encode)
    after, load = resident_mb([os.getpid()]), os.getloadavg()[0]
    rows = [
        [name, least, *(str(about[key]) for key in ("wishes", "taken")),
         told(about["set"], 3), told(about["unasked"], 3)]
        for name, found in groups.items()
        for least, about in found.items()
    ]  # fmt: skip
    facts = {
        name: {
            least: {key: about[key] for key in ("prompts", "wishes", "taken")}
            | {key: kept(about[key]) for key in ("set", "unasked")}
            for least, about in found.items()
        }
        for name, found in groups.items()
    }
    cost = {
        "ms a text": round(1000 * encode.seconds / encode.texts, 2),
        "texts": encode.texts,
        "phrases of the table": len(shipped().meanings),
        "MB": round(after - before),
        "load": round(load, 2),
    }
    head = ("words known", "from a cosine of", "wishes", "taken", "set", "unasked")
    text = (
        f"{table(head, rows)}\n\nA text takes {cost['ms a text']} ms of a processor (mean of {cost['texts']}, "
        f"load {cost['load']}), and the table has {cost['phrases of the table']} phrases; all of it takes "
        f"{cost['MB']} MB of memory.  Intervals are Wilson's, 95 %; of what is left out they take the draws for "
        "independent.  What the words mean stands in bench/words_encoder.py."
    )
    for about in groups.popitem()[1].values() if show else ():
        for row in about["rows"]:
            for pair in row.reading.taken:
                click.echo(
                    f"{pair[0]} -> {pair[1]}: {row.text}: {row.met}/{row.asked} {row.unasked}"
                )
    keep("words_encoder", facts | {"cost": cost}, text, dry=show)


if __name__ == "__main__":
    main()
