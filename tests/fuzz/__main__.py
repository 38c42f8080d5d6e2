"""Fuzzes targets: `make fuzz ARGS='midi-bytes --seconds 60'`; without names all of them, one after the other.

Each target runs in a process of its own, where atheris (libFuzzer, guided by what was covered of livegen's code) makes
inputs until so many were tried or the time is over.  What was found lies in `--out`, whose inputs are used again in the
next run.  Prints one row for each target, and ends with 1 if anything was found.
"""

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import click

from tests.fuzz.judge import Judge
from tests.fuzz.targets import TARGETS

SAID = "livegen-fuzz "
HANGS_S = 20  # of the clock on the wall; what is slow is judged by the processor's time
MOST_MB = 2048
# Code that is not watched: of arrays that are compared atheris 3.0 never lets go of the outcome, here 100 kB an input.
COMPARE_ARRAYS = ("livegen.music.songs.song_form",)


class Row(NamedTuple):
    """The figures of one target: `grown` in bytes by one input, `more` bytes from the first inputs to the end."""

    name: str
    inputs: int
    minutes: float
    slowest: float
    grown: int
    more: int
    found: str

    def __str__(self) -> str:
        figures = f"{self.inputs:>10,} {self.minutes:>7.1f} {1000 * self.slowest:>9.0f} {self.grown / 1e6:>7.1f}"
        return f"{self.name:18} {figures} {self.more / 1e6:>7.1f}  {self.found or '-'}"


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(TARGETS)))
@click.option("--seconds", default=60, show_default=True, help="for each target at most")
@click.option("--inputs", default=1_000_000, show_default=True, help="for each target at most")
@click.option("--seed", default=1, show_default=True, help="of chance")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path(tempfile.gettempdir()) / "livegen-fuzz"
)
@click.option("--one", hidden=True, help="the target of this very process")
@click.option(
    "--again",
    type=click.Path(path_type=Path, exists=True),
    help="judge one input once more, by the one target named",
)
def main(
    names: tuple[str, ...],
    seconds: int,
    inputs: int,
    seed: int,
    out: Path,
    one: str | None,
    again: Path | None,
) -> None:
    if one:
        return child(one, seconds, inputs, seed, out)
    if again:
        (name,) = names
        return Judge(TARGETS[name].opens(), TARGETS[name].refusals)(again.read_bytes())
    print(
        f"{'target':18} {'inputs':>10} {'minutes':>7} {'slowest ms':>9} {'one MB':>7} {'all MB':>7}  found"
    )
    rows = []
    for name in names or TARGETS:
        rows.append(run(name, seconds, inputs, seed, out))
        print(rows[-1], flush=True)
    sys.exit(any(row.found for row in rows))


def run(name: str, seconds: int, inputs: int, seed: int, out: Path) -> Row:
    """Fuzz one target in a process of its own; what it says lies beside what it found."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    given = [
        "--one",
        name,
        "--seconds",
        str(seconds),
        "--inputs",
        str(inputs),
        "--seed",
        str(seed),
        "--out",
        str(out),
    ]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:  # libFuzzer ends a process before it can tidy up
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", *given],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=os.environ | {"TMPDIR": scratch},
        )
    minutes = (time.monotonic() - began) / 60
    said = done.stdout + done.stderr
    (folder / "log.txt").write_text(said)
    told: dict[str, Any] = {"inputs": 0, "slowest": 0.0, "grown": 0, "more": 0}
    for line in said.splitlines():
        if line.startswith(SAID):
            told |= json.loads(line.removeprefix(SAID))
    found = re.search(r"written to (\S+)", said)
    if counted := re.search(r"number_of_executed_units: (\d+)", said):
        told["inputs"] = int(counted[1])
    where = found[1] if found else f"{folder / 'log.txt'}" if done.returncode else ""
    return Row(name, told["inputs"], minutes, told["slowest"], told["grown"], told["more"], where)


def child(name: str, seconds: int, inputs: int, seed: int, out: Path) -> None:
    """Be the process of one target."""
    import atheris

    logging.getLogger("livegen").setLevel(
        logging.CRITICAL
    )  # a warning for each input would be most of the work
    target, folder = TARGETS[name], out / name
    with atheris.instrument_imports(
        include=["livegen", "pythonosc", "yaml"], exclude=list(COMPARE_ARRAYS)
    ):
        judge = Judge(target.opens(), target.refusals)
        for data in target.seeds():  # what is imported on the way is instrumented, too
            judge(data)
    corpus, first = folder / "corpus", folder / "seeds"
    corpus.mkdir(exist_ok=True)
    first.mkdir(exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (first / str(number)).write_bytes(data)
    words = folder / "words.txt"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    judge.inputs, judge.slowest, judge.grown = 0, 0.0, 0
    at_first = judge.memory()
    told = [(0.0, 0, 0, 0)]

    def one(data: bytes) -> None:
        try:
            judge(data)
        finally:
            now = (
                round(judge.slowest, 2),
                judge.grown >> 20,
                (judge.memory() - at_first) >> 22,
                judge.inputs >> 16,
            )
            if now != told[0]:
                told[0] = now
                figures = {"inputs": judge.inputs, "slowest": judge.slowest, "grown": judge.grown}
                print(SAID + json.dumps(figures | {"more": judge.memory() - at_first}), flush=True)

    flags = {
        "max_total_time": seconds,
        "runs": inputs,
        "seed": seed,
        "max_len": target.longest,
        "timeout": HANGS_S,
        "rss_limit_mb": MOST_MB,
        "artifact_prefix": f"{folder}/found-",
        "print_final_stats": 1,
    } | ({"dict": words} if target.words else {})
    atheris.Setup(
        [
            sys.argv[0],
            *(f"-{flag}={value}" for flag, value in flags.items()),
            str(corpus),
            str(first),
        ],
        one,
    )
    atheris.Fuzz()


def _escaped(word: str) -> str:
    """A word as a dictionary of libFuzzer's has it; what is written with a backslash already stays so."""
    return "".join(
        c if (32 <= ord(c) < 127 and c != '"') or c == "\\" else f"\\x{ord(c):02x}" for c in word
    )


if __name__ == "__main__":
    main()
