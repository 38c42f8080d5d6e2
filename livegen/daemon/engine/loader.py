"""Another model, loaded in a thread beside the music.

Knows no engine: what was loaded, or a line saying why it was not, lies here until it is taken.
"""

import importlib
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livegen.daemon.recording.recordings import fingerprint
from livegen.errors import LivegenError
from livegen.inference.contract import Model

SWAP = "swap"  # how a journal calls it that an engine was given another model
WARM_STEPS = 3  # the first steps of a model take the longest


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result: a line for the person, and the model with what a journal needs to load it again."""

    line: str
    model: Model | None = None
    told: dict[str, Any] | None = None


class Loader:
    """Loads one model at a time.  `function`, "module:name", makes of a name or path the file and the model.

    Threads: loop only; its own thread touches nothing that the loop does.
    """

    def __init__(self, function: str) -> None:
        self._function = function
        self._thread: threading.Thread | None = None
        self._done: deque[Loaded] = deque()

    def begin(self, name: str) -> str:
        """Begin to load; a line when that cannot be now, else ""."""
        if self._thread is not None and self._thread.is_alive():
            return f"model {name!r:.80}: another one is still being loaded; ask again"
        # No daemon: the runtime aborts a process that ends while it loads; whoever waits may kill it.
        self._thread = threading.Thread(target=self._load, args=(name,))
        self._thread.start()
        return ""

    def take(self) -> Loaded | None:
        """Give the result, once."""
        return self._done.popleft() if self._done else None

    def _load(self, name: str) -> None:
        try:
            self._done.append(self._loaded(name))
        except LivegenError as error:
            self._done.append(Loaded(f"{error}; the old model plays on"))
        except Exception as error:
            self._done.append(Loaded(f"model {name!r:.80}: {error!r}; the old one plays on"))

    def _loaded(self, name: str) -> Loaded:
        module, _, function = self._function.partition(":")
        path: Path
        path, model = getattr(importlib.import_module(module), function)(name)
        for _ in range(WARM_STEPS):
            model.keep_warm()
        told = {"model": str(path), "sha256": fingerprint(path)}
        line = f"model {model.facts.name} ({path}) takes over at the next bar line"
        return Loaded(line, model, told)
