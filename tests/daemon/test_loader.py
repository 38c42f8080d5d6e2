"""Another model beside the music: loaded aside, refused in a line, and given to the engine where it belongs."""

import threading
from pathlib import Path

import pytest

from livegen.daemon import clock
from livegen.daemon.engine.engine_loop import EngineLoop
from livegen.daemon.engine.loader import SWAP, WARM_STEPS, Loaded, Loader
from livegen.daemon.processes.frames import CommandFrame, Frame, JournalFrame, LogFrame
from livegen.daemon.processes.link import Link, pair
from livegen.daemon.recording.recordings import fingerprint
from livegen.errors import ModelError
from livegen.inference.contract import Model
from livegen.jam.engine import Engine, Swap
from livegen.testing import EchoModel, UniformModel

FILE = Path(__file__)
LOADS = "tests.daemon.test_loader:loads"
may_go_on = threading.Event()


class Counting(UniformModel):
    warmed = 0

    def keep_warm(self) -> None:
        self.warmed += 1


def loads(name: str) -> tuple[Path, Model]:
    match name:
        case "wrong":
            raise ModelError("wrong.onnx: is not a model")
        case "broken":
            raise RuntimeError("no memory")
        case "slow":
            may_go_on.wait(30)
    return FILE, Counting()


def done(loader: Loader) -> Loaded | None:
    assert loader._thread is not None
    loader._thread.join(30)
    return loader.take()


def test_a_model_is_loaded_warmed_and_taken_once() -> None:
    loader = Loader(LOADS)
    assert loader.begin("next") == ""
    loaded = done(loader)

    assert loaded is not None and isinstance(loaded.event, Swap)
    assert isinstance(model := loaded.event.model, Counting) and model.warmed == WARM_STEPS
    assert loaded.line == f"model fake ({FILE}) takes over at the next bar line"
    assert loaded.told == {"model": str(FILE), "sha256": fingerprint(FILE)}
    assert loader.take() is None


@pytest.mark.parametrize(
    ("function", "name", "line"),
    [
        (LOADS, "wrong", "wrong.onnx: is not a model; the old model plays on"),
        (LOADS, "broken", "model 'broken': RuntimeError('no memory'); the old model plays on"),
        (
            "livegen.app:load_model",
            "nowhere.onnx",
            "'nowhere.onnx' is neither a model (jam-gru, jam-attention, learner) nor an .onnx file or"
            " a folder that holds one; the old model plays on",
        ),
    ],
)
def test_what_cannot_be_loaded_is_said_in_a_line(function: str, name: str, line: str) -> None:
    loader = Loader(function)
    loader.begin(name)

    assert done(loader) == Loaded(line)


def test_while_one_is_loaded_another_is_refused_and_then_taken() -> None:
    may_go_on.clear()
    loader = Loader(LOADS)
    loader.begin("slow")
    assert loader.begin("next") == "model 'next': another one is still being loaded; ask again"
    assert loader.take() is None

    may_go_on.set()
    assert done(loader) is not None
    assert loader.begin("next") == "" and done(loader) is not None


# --- in the engine process ------------------------------------------------------------------------------------


class Served:
    """An engine process whose loop is turned by hand."""

    def __init__(self) -> None:
        self.link, self.theirs = pair()
        self.engine = Engine(EchoModel())
        self.loop = EngineLoop(self.theirs.send, self.engine, {"loader": LOADS})

    def load(self, name: object) -> list[Frame]:
        """Ask for a model, wait for it, look once: what was said."""
        self.loop._command(CommandFrame.named(clock.now(), "model", name))
        thread = self.loop._loader._thread
        assert thread is not None
        thread.join(30)
        self.loop._swap(clock.now())
        return said(self.link)

    def close(self) -> None:
        self.link.close()
        self.theirs.close()


def said(link: Link) -> list[Frame]:
    return link.receive()


@pytest.fixture
def served() -> "Served":
    return Served()


def test_a_model_that_was_loaded_is_told_to_the_journal_and_takes_over(served: Served) -> None:
    line, row = served.load("next")

    assert isinstance(line, LogFrame) and isinstance(row, JournalFrame)
    assert [SWAP, {"model": str(FILE), "sha256": fingerprint(FILE)}] == row.values["fed"][-1][-2:]
    assert isinstance(served.engine._listener.live.guard.model, Counting)  # nobody plays: at once
    served.close()


@pytest.mark.parametrize("name", ["wrong", "broken"])
def test_a_model_that_is_refused_leaves_no_trace_but_a_line(served: Served, name: str) -> None:
    frames = served.load(name)

    assert [type(frame) for frame in frames] == [LogFrame]
    assert isinstance(served.engine._listener.live.guard.model, EchoModel)
    served.close()


@pytest.mark.parametrize("name", [None, "", 3, ["a"], "x" * 5000])
def test_whatever_is_asked_for_the_process_goes_on(served: Served, name: object) -> None:
    frames = served.load(name)

    assert isinstance(frames[0], LogFrame) and len(frames[0].line) <= 2000
    served.close()
