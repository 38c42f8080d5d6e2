"""Another model, the model fitted to the player, or the memory of another player, made in a thread beside the music.

Knows no engine, only what one is told: that, or a line saying why there is nothing, lies here until it is taken.
"""

import importlib
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livegen.daemon.recording.recordings import fingerprint
from livegen.errors import LivegenError
from livegen.inference.contract import Fittable, Model
from livegen.inference.kept import text_of
from livegen.jam.engine import Fitted, Recall, Swap

# The names in a journal of another model, of one that was fitted, and of the memory of another player, that an engine
# was given.
SWAP, FIT, RECALL = "swap", "fit", "recall"
WARM_STEPS = 3  # the first steps of a model take the longest


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result: a line for the person, and what an engine is told, with what a journal needs to have it again."""

    line: str
    event: Swap | Fitted | Recall | None = None
    told: dict[str, Any] = field(default_factory=dict)


def _warm(model: Model) -> None:
    for _ in range(WARM_STEPS):
        model.keep_warm()


def _told(path: Path) -> dict[str, Any]:
    return {"model": str(path), "sha256": fingerprint(path)}


class Loader:
    """Loads one model at a time.  `function`, "module:name", makes of a name or path the file and the model.

    Threads: loop only; its own thread touches nothing that the loop does.
    """

    what, otherwise = "model", "the old model plays on"

    def __init__(self, function: str) -> None:
        self._function = function
        self._thread: threading.Thread | None = None
        self._done: deque[Loaded] = deque()

    def begin(self, name: str) -> str:
        """Begin to load; a line when that cannot be now, else ""."""
        if self.is_busy:
            return f"{self.what} {name!r:.80}: another one is still being loaded; ask again"
        # No daemon: the runtime aborts a process that ends while it loads; whoever waits may kill it.
        self._thread = threading.Thread(target=self._load, args=(name,))
        self._thread.start()
        return ""

    @property
    def is_busy(self) -> bool:
        """True while one is being loaded."""
        return self._thread is not None and self._thread.is_alive()

    def take(self) -> Loaded | None:
        """Give the result, once."""
        return self._done.popleft() if self._done else None

    def _load(self, name: str) -> None:
        try:
            self._done.append(self._loaded(name))
        except LivegenError as error:
            self._done.append(Loaded(f"{error}; {self.otherwise}"))
        except Exception as error:
            self._done.append(Loaded(f"{self.what} {name!r:.80}: {error!r}; {self.otherwise}"))

    def _loaded(self, name: str) -> Loaded:
        path: Path
        path, model = self._made(name)
        _warm(model)
        line = f"model {model.facts.name} ({path}) takes over at the next bar line"
        return Loaded(line, Swap(model), _told(path))

    def _made(self, *asked: object) -> Any:
        """The result of the function."""
        module, _, function = self._function.partition(":")
        return getattr(importlib.import_module(module), function)(*asked)


class Fitter(Loader):
    """Fits a model to one lesson; to "", as it was shipped.  `function` is one as `livegen.app.load_fitted`.

    `model` is the one whose layers can be others: another fitter's, or None until it is made.
    """

    what, otherwise = "adapt", "the model plays on as it is"

    def __init__(self, function: str, lesson: str = "", model: Fittable | None = None) -> None:
        super().__init__(function)
        self._lesson, self.model = lesson, model

    def _loaded(self, name: str) -> Loaded:
        path, model, layers = self._made(name, self._lesson, self.model)
        if self.model is None:
            _warm(model)
        self.model = model
        has = "has learned from you" if self._lesson else "has forgotten what it learned"
        line = f"adapt: {model.facts.name} {has}, and plays so from the next bar line on"
        return Loaded(line, Fitted(model, layers), _told(path) | {"lesson": self._lesson})


class Recaller(Loader):
    """Reads what is remembered of one player at a time.  `function` makes of a name the file and the memory."""

    what, otherwise = "memory", "nothing of it is remembered, and nothing is kept there"

    def _loaded(self, name: str) -> Loaded:
        path: Path
        path, memory, lesson = self._made(name)
        told = {"player": name, "file": str(path), "notes": text_of(memory)}
        line = f"{len(memory)} notes of {name} are remembered ({path})"
        if not len(memory):
            line = f"{name} is new here: what you play is kept in {path}"
        return Loaded(line, Recall(memory, lesson), told)
