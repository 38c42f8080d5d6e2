"""Records the sessions of this folder with the real daemon: what `test_sessions` then plays again.

    python -m tests.sessions.record                every session of `scripts`, two at a time
    python -m tests.sessions.record freeze undo    these
    python -m tests.sessions.record --anew         only what the engine hands out, from the journals that are here

Everything runs as a person has it: `livegen serve` in its four processes, over ports of a JACK server with the dummy
driver, but with a model that every processor computes alike.  It needs jackd and, for Ableton Link, aalink; where the
system permits it, each runs in a network of its own.  The paths of models are written as names afterwards, and nothing
else is changed.

With --anew no daemon runs.  The engine is fed what the journals say, and the journals are written with what it hands
out now.  `test_sessions` says when that is right.
"""

import asyncio
import gzip
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, chdir
from pathlib import Path
from random import Random
from typing import Any

from livegen.app.replaying import engine_again, meaning
from livegen.control.osc.packets import Argument
from livegen.jam.reports import rows
from livegen.jam.reports.journal import read
from livegen.replay import replay
from tests.control.test_link_session import NETWORK
from tests.e2e.harness import Partner, private_server
from tests.e2e.test_control_over_jack import Serve
from tests.inference.exact_model import exact_bytes
from tests.sessions.playing import Ask
from tests.sessions.scripts import EXACT, OTHER, ROOT, SCRIPTS, Script

HERE = Path(__file__).parent
AT_ONCE = 2
LIMIT_S = 120
MODELS = {EXACT: 12, OTHER: 8}  # each with the grid of its notes, in ticks
MOST_OUT = 500  # messages on a line


def write_models(folder: Path) -> None:
    """Write the models of all sessions."""
    for name, grid in MODELS.items():
        (folder / name).write_bytes(exact_bytes(grid))


def path_of(name: str) -> Path:
    """The journal of a session."""
    return HERE / f"{name}.jsonl.gz"


def lines_of(path: Path) -> list[str]:
    """The lines of a journal of this folder."""
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def keep(path: Path, lines: Sequence[str]) -> None:
    """Write a journal, the same bytes for the same lines."""
    text = "".join(f"{line}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


# --- recording ----------------------------------------------------------------------------------------------------


class Stage:
    """The daemon with a player at its ports and a touch surface beside it; `home` is a person's folder."""

    def __init__(self, served: Serve, home: Path, partner: Partner | None) -> None:
        self._served, self._home, self._partner = served, home, partner

    def do(self, step: object) -> None:
        """Carry out one step of a script."""
        match step:
            case bytes():
                assert self._partner is not None, "a session without ports has no player at them"
                self._partner.send(*step)
                self._partner.listen()
            case Ask(path, values):
                self.ask(path, *values)
            case _:
                assert callable(step)
                step(self)

    def ask(self, path: str, *values: Argument) -> None:
        """Send a datagram."""
        self._served.tablet.send(path, *values)

    def engine_pid(self) -> int:
        """The engine process of the moment."""
        return self._served.engine_pid()

    def file(self, name: str) -> Path:
        """A file in the session's folder."""
        return self._home / name

    def write(self, name: str, text: str) -> None:
        """A file of the person's settings."""
        path = self._home / "livegen" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def record(name: str) -> None:
    """Record a session, in this process."""
    script = SCRIPTS[name]
    seed = 1000 + list(SCRIPTS).index(name)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for file, text in script.files.items():
            (path := home / "livegen" / file).parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        write_models(home)
        environment = stack.enter_context(private_server()).environment if script.ports else {}
        api = ("--api", "jack" if script.ports else "none", "--seed", str(seed), "--no-page")
        served = stack.enter_context(
            Serve(home, *api, "--model", str(home / EXACT), *script.options, **environment)
        )
        partner = Partner() if script.ports else None
        asyncio.run(_perform(script, Random(name), Stage(served, home, partner)))
        if partner is not None:
            partner.close()
            served.end()
        assert served.process.wait(LIMIT_S) == 0, served.errors()
        (journal,) = (home / "livegen" / "recordings").glob("*.jsonl")
        keep(path_of(name), _with_names(journal.read_text(), home).splitlines())


def _with_names(text: str, home: Path) -> str:
    """A journal that names its models as any machine finds them."""
    for name in MODELS:
        text = text.replace(json.dumps(str(home / name)), json.dumps(name))
    return text


async def _perform(script: Script, chance: Random, stage: Stage) -> None:
    """Do all steps, each at its time."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for at, step in sorted([*script.play(chance), *_link(script)], key=lambda timed: timed[0]):
        await asyncio.sleep(begin + at - loop.time())
        stage.do(step)
    await asyncio.sleep(script.tail)


def _link(script: Script) -> Iterator[tuple[float, Any]]:
    """Another program in a Link session, with its steps."""
    if not script.link:
        return
    peer = importlib.import_module("aalink").Link(script.link[0][1])
    peer.quantum = 4
    yield 0.0, lambda stage: setattr(peer, "enabled", True)
    for at, bpm in script.link[1:]:
        yield at, lambda stage, bpm=bpm: setattr(peer, "tempo", bpm)


def _recorded_apart(name: str) -> str:
    """Record a session in a process and, where permitted, a network of its own; a line on what came of it."""
    command = f"{sys.executable} -m tests.sessions.record --here {name}"
    alone = ["unshare", "-rn", "sh", "-c", NETWORK + command]
    if not shutil.which("unshare") or subprocess.run([*alone[:2], "true"], check=False).returncode:
        alone = command.split()
    ran = subprocess.run(alone, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"{name}: {'recorded' if not ran.returncode else ran.stderr[-2000:]}"


# --- answered anew ------------------------------------------------------------------------------------------------


def answer_anew(lines: Sequence[str]) -> list[str]:
    """A journal with what the engine hands out now, in a line or some at the end of each engine's life."""
    runs = iter(read(lines).runs)
    out: list[str] = []
    written: list[str] = []
    for line in lines:
        row = json.loads(line)
        if "engine" in row:
            written += out
            run = next(runs)
            outs = list(replay(run, engine_again(run.header, None), meaning))
            pieces = (outs[at : at + MOST_OUT] for at in range(0, len(outs), MOST_OUT))
            out = [rows.line(rows.Did(piece[0].due, (), tuple(piece))) for piece in pieces]
        written.append(
            json.dumps(row | {"out": []}, separators=(",", ":")) if "fed" in row else line
        )
    return written + out


def main(*names: str) -> None:
    """See above."""
    match names:
        case ("--here", name):
            record(name)
        case ("--anew", *_):
            with tempfile.TemporaryDirectory() as folder, chdir(folder):
                write_models(Path(folder))
                for path in sorted(HERE.glob("*.jsonl.gz")):
                    keep(path, answer_anew(lines_of(path)))
        case _:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for said in pool.map(_recorded_apart, names or SCRIPTS):
                    print(said, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
