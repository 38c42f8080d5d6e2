"""Lines for the person about what nobody asked for: what was learned, a key that hangs, a clock that comes twice.

Nothing that is played depends on them.
"""

from collections import deque

_MOST = 16  # lines that nobody took; older ones are forgotten


class Notices:
    """Lines that wait to be shown.  Threads: loop only."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_MOST)

    def say(self, line: str) -> None:
        """Let a person know."""
        self._lines.append(line)

    def take(self) -> list[str]:
        """Give the lines that were said since the last time."""
        lines = list(self._lines)
        self._lines.clear()
        return lines
