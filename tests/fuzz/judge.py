"""What one input of a stranger may do: be taken or refused in a line, within a second and fifty megabytes.

Knows no target and no fuzzer.
"""

import resource
import sys
from collections.abc import Callable
from time import thread_time

LONGEST_S = 1.0  # of the processor, for one input
MOST_BYTES = 50 << 20  # by which one input may make the process grow
_UNIT = 1 if sys.platform == "darwin" else 1024  # of what the system says of memory

Take = Callable[[bytes], object]


class Finding(Exception):
    """An input broke what is promised, without an exception of its own."""


def peak() -> int:
    """The most memory that this process has had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


class Judge:
    """Has inputs taken; `refusals` are the exceptions with which one may be refused, in lines that can be printed.

    `inputs` counts them, `slowest` is the most seconds that one took, `grown` the most bytes by which one made the
    process grow.  Raises Finding, or whatever an input raised that is no refusal.
    """

    def __init__(
        self,
        take: Take,
        refusals: tuple[type[Exception], ...],
        clock: Callable[[], float] = thread_time,
        memory: Callable[[], int] = peak,
        longest_s: float = LONGEST_S,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._longest_s, self._most_bytes = longest_s, most_bytes
        self._take, self._refusals = take, refusals
        self._clock, self.memory = clock, memory
        self.inputs, self.refused, self.slowest, self.grown = 0, 0, 0.0, 0

    def __call__(self, data: bytes) -> None:
        """Have one input taken."""
        before, began = self.memory(), self._clock()
        try:
            self._take(data)
        except self._refusals as refusal:
            self.refused += 1
            _expect_line(refusal)
        seconds, more = self._clock() - began, self.memory() - before
        self.inputs += 1
        self.slowest, self.grown = max(self.slowest, seconds), max(self.grown, more)
        if seconds > self._longest_s:
            raise Finding(
                f"took {seconds:.1f} s of the processor, at most {self._longest_s:g} are allowed"
            )
        if more > self._most_bytes:
            raise Finding(f"took {more >> 20} MB, at most {self._most_bytes >> 20} are allowed")


MOST_LINES, LONGEST_LINE = 21, 1500  # of a refusal; a configuration tells twenty mistakes at once


def _expect_line(refusal: Exception) -> None:
    """Raise Finding for a refusal that says nothing, or more than a person reads."""
    lines = str(refusal).split("\n")
    if not lines[0].strip() or len(lines) > MOST_LINES or max(map(len, lines)) > LONGEST_LINE:
        raise Finding(f"a refusal that nobody can read: {str(refusal)[:200]!r}") from refusal
