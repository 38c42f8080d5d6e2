"""The control process beside the daemon as a performer meets it: knobs, files and models while it plays, Link.

Over real ports with the shipped model, and for Link in a network of its own where that is permitted.
"""

import asyncio
import importlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from livegen import app
from livegen.app.replaying import engine_again, meaning
from livegen.daemon import clock
from livegen.daemon.engine.loader import SWAP
from livegen.jam.engine import Swap
from livegen.jam.reports.journal import Session, read
from livegen.jam.reports.rows import Told
from livegen.replay import _events
from tests.control.test_link_session import NETWORK
from tests.control.test_process import Tablet
from tests.e2e.harness import PATIENCE_S, ROOT, Daemon, Jack, Partner, wait_for
from tests.inference.tiny_model import tiny_bytes

KNOB = (0xB0, 20)


class Serve(Daemon):
    """`livegen serve` for a person whose files lie in `home`, with a tablet beside it."""

    def __init__(self, home: Path, *options: str, **environment: str) -> None:
        folders = {"XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home)}
        super().__init__({}, environment | folders)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        port = ("--set", f"osc.port={self._port}")
        self._command = [sys.executable, "-m", "livegen", "serve", "--seed", "1", *port, *options]

    def __enter__(self) -> "Serve":
        super().__enter__()
        self.ready()
        self.tablet = Tablet("127.0.0.1", self._port)
        self.until("state/turn", "waiting")
        return self

    def __exit__(self, *_: object) -> None:
        self.tablet.socket.close()
        super().__exit__()

    def until(self, path: str, value: object, tell: Callable[[], object] = lambda: None) -> None:
        """Wait until the tablet shows a value (or any of several, given as a set), saying something meanwhile."""
        wanted = value if isinstance(value, set) else {value}

        def is_shown() -> bool:
            shown = self.tablet.ask("get").get(path, ())
            if not (shown and shown[0] in wanted):
                tell()
            return bool(shown) and shown[0] in wanted

        wait_for(is_shown, every_s=0.05)

    def until_said(self, words: str) -> str:
        """Wait for a line of the log, and give it."""
        wait_for(lambda: words in self.errors(), every_s=0.05)
        return next(line for line in self.errors().splitlines() if words in line)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "livegen" / "presets").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def serving(jack: Jack, home: Path) -> Iterator[Callable[..., tuple[Serve, Partner]]]:
    """Serve on the JACK server and connect a partner: `serving()`."""
    with ExitStack() as stack:

        def start(*options: str) -> tuple[Serve, Partner]:
            served = stack.enter_context(Serve(home, "--api", "jack", *options, **jack.environment))
            partner = Partner()
            stack.callback(partner.close)
            return served, partner

        yield start


def test_what_was_learned_and_turned_outlives_the_engine_and_a_restart(
    serving: Callable[..., tuple[Serve, Partner]], home: Path
) -> None:
    served, player = serving()
    served.until("state/learning", "energy", lambda: served.tablet.send("do/learn", "energy"))
    for value in (40, 64, 90):
        player.send(*KNOB, value)
    served.until("state/map/cc_20_on_1", "energy")
    served.until("energy", 1.0, lambda: player.send(*KNOB, 127))
    served.until("density", 2.0, lambda: served.tablet.send("density", 2.0))
    assert "cc 20 on 1: energy\n" in (home / "livegen" / "map.yaml").read_text()

    first = served.tablet.shown["state/engine_pid"][0]
    assert isinstance(first, int)
    os.kill(first, signal.SIGKILL)
    served.until_said("starting it again")
    wait_for(lambda: served.tablet.ask("get")["state/engine_pid"] != (first,))
    served.until("density", 2.0)
    served.until("energy", 1.0)
    served.until("state/map/cc_20_on_1", "energy")
    edit_while_it_runs(served, home / "livegen")
    served.end()

    served, player = serving()
    served.until("state/map/cc_20_on_1", "energy")
    served.until("energy", 0.0, lambda: player.send(*KNOB, 0))


def edit_while_it_runs(served: Serve, folder: Path) -> None:
    (folder / "config.yaml").write_text("jam: {swing: 60}\nmap: {cc 75: follow}\n")
    (folder / "presets" / "Loud.yaml").write_text("groove: 0.75\n")
    served.until("swing", 60)
    served.until("state/map/cc_75", "follow")
    assert served.tablet.shown["density"] == (2.0,)
    served.until("groove", 0.75, lambda: served.tablet.send("do/preset", "Loud"))

    (folder / "config.yaml").write_text("jam:\n  swing: 55\n  follow: 7\n")
    line = served.until_said("config.yaml:3: jam.follow: expected a number from 0 to 1, got 7")
    assert line.endswith("; nothing is changed")
    assert served.tablet.ask("get")["swing"] == (60,)
    (folder / "config.yaml").write_text("jam: {swing: 60}\nmap: {cc 75: follow}\n")
    (folder / "presets" / "Loud.yaml").write_text("grove: 0.75\n")
    served.until_said("Loud.yaml:1: presets.Loud.grove: there is no such setting")
    (folder / "presets" / "Loud.yaml").unlink()


def test_a_model_is_changed_on_the_bar_line_while_the_old_one_plays(
    serving: Callable[..., tuple[Serve, Partner]], home: Path
) -> None:
    (home / "tiny.onnx").write_bytes(tiny_bytes())
    (home / "wrong.onnx").write_bytes(tiny_bytes()[:-100])
    served, player = serving(
        "--mode", "continue", "--set", "jam.sync=internal", "--set", "jam.start=beat"
    )
    served.until("state/turn", "responding", lambda: call(player))

    served.tablet.send("do/model", str(home / "wrong.onnx"))
    line = served.until_said("the old model plays on")
    assert "wrong.onnx" in line and served.errors().count("wrong.onnx") == 1
    player.listen()
    wait_for(lambda: bool(player.listen()))

    served.tablet.send("do/model", str(home / "tiny.onnx"))
    served.until("state/model", "tiny")
    player.listen()
    wait_for(lambda: bool(player.listen()))
    served.until("state/turn", "waiting", lambda: served.tablet.send("do/stop"))
    player.hears_silence()
    assert "faults" not in served.errors()
    served.end()

    (journal,) = (home / "livegen" / "recordings").glob("*.jsonl")
    assert took_over_on_the_bar_line(read(journal.read_text().splitlines()))
    assert app.replay(journal, None, None)


def call(player: Partner) -> None:
    for pitch in (60, 64, 67, 72):
        player.send(0x90, pitch, 80)
        time.sleep(0.1)
        player.send(0x80, pitch, 64)
    time.sleep(1.2)  # or the next key would interrupt what is about to begin


def took_over_on_the_bar_line(session: Session) -> bool:
    """Play a session again, looking who plays: another model, not before a bar line unless nothing sounded."""
    (run,) = session.runs
    told = [step for did in run.did for step in did.fed if isinstance(step, Told)]
    assert [step.name for step in told].count(SWAP) == 1
    engine, bar_line, was_playing = engine_again(run.header, None), 0, False
    for event, at in _events(run, meaning):
        engine.feed(event, at)
        if isinstance(event, Swap):
            timeline = engine.timeline
            bar_line = timeline.micros(timeline.bar_from(timeline.tick_from(at + 1)))
        state = engine.snapshot()
        if state["model"] == "tiny":
            return at >= bar_line > 0 or not was_playing
        was_playing = bool(state["sounding"] or state["planned"])
    return False


# --- Link -----------------------------------------------------------------------------------------------------


async def _until(holds: Callable[[], object]) -> None:
    by = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < by, "waited in vain"
        await asyncio.sleep(0.05)


async def follow_two_peers(home: Path) -> list[int]:
    """Two others play at 97, then at 133: the tempi that they and livegen showed."""
    aalink: Any = importlib.import_module("aalink")
    one, two = aalink.Link(97), aalink.Link(150)
    one.quantum = two.quantum = 4
    tempi = []
    with Serve(home, "--api", "none") as served:
        one.enabled = True
        await _until(lambda: shown(served, "leader") == "link")
        two.enabled = True
        await _until(lambda: two.num_peers == 2 and one.num_peers == 2)
        await _until(lambda: shown(served, "tempo_bpm") == 97)
        tempi += [round(one.tempo), round(two.tempo)]

        two.tempo = 133
        await _until(lambda: shown(served, "tempo_bpm") == 133)
        tempi += [round(one.tempo), round(two.tempo)]
        tempo_us, origin_us = served.tablet.shown["state/timeline"][:2]
        now, beat = clock.now(), one.beat
        assert isinstance(tempo_us, int) and isinstance(origin_us, int)
        error = ((now - origin_us) / tempo_us - beat + 2) % 4 - 2
        assert abs(error) < 0.01, error

        served.tablet.send("sync", "free")
        await _until(lambda: one.num_peers == 1 and shown(served, "leader") == "free")
        tempi += [round(one.tempo), round(two.tempo)]
    return tempi


def shown(served: Serve, name: str) -> object:
    """What the tablet shows of the state."""
    return served.tablet.ask("get").get(f"state/{name}", ("",))[0]


@pytest.mark.skipif(
    importlib.util.find_spec("aalink") is None or sys.platform != "linux",
    reason="needs livegen[link], and Linux for a network of its own",
)
def test_a_link_session_is_joined_at_its_tempo_followed_and_left(home: Path) -> None:
    """In a network of its own where that is permitted, so that nobody's session is disturbed."""
    command = [sys.executable, "-m", "tests.e2e.test_control_over_jack", str(home)]
    tried = ["unshare", "-rn", "true"]
    if shutil.which("unshare") and not subprocess.run(tried, check=False).returncode:
        command = ["unshare", "-rn", "sh", "-c", NETWORK + " ".join(command)]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[97, 97, 133, 133, 133, 133]"


if __name__ == "__main__":
    print(asyncio.run(follow_two_peers(Path(sys.argv[1]))))
