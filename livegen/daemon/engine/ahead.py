"""Commands whose values take long to read: a thread reads them beside the music, and only then is the engine told.

What was read is kept by whoever reads it.  Knows no engine.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator

from livegen.daemon.processes.frames import CommandFrame


class ReadAhead:
    """Commands in the order in which they came.  Threads: loop only; its own thread only calls `read`.

    `takes_long` says of a command's name and value whether it has to be read; `read` does that, and raises nothing.
    """

    def __init__(
        self, takes_long: Callable[[str, object], bool], read: Callable[[str, object], object]
    ) -> None:
        self._takes_long, self._read = takes_long, read
        self._waiting: deque[CommandFrame] = deque()
        self._thread: threading.Thread | None = None

    @property
    def is_reading(self) -> bool:
        """True while a value is being read."""
        return self._thread is not None and self._thread.is_alive()

    def put(self, command: CommandFrame) -> bool:
        """Let a command wait until all before it, and its own value, were read; False if it need not."""
        if not self._waiting and not self._takes_long(command.name, command.value):
            return False
        self._waiting.append(command)
        if len(self._waiting) == 1:
            self._begin()
        return True

    def take(self) -> Iterator[CommandFrame]:
        """Give the commands that need not wait any longer."""
        while self._waiting and not self.is_reading:
            yield self._waiting.popleft()
            if self._waiting:
                self._begin()

    def _begin(self) -> None:
        first = self._waiting[0]
        if self._takes_long(first.name, first.value):
            told = first.name, first.value
            self._thread = threading.Thread(target=self._read, args=told, daemon=True)
            self._thread.start()
