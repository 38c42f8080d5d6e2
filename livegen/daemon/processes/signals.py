"""The signals that the terminal and the system send to the port process, and what each asks for.

A handler only notes the number, for more could interrupt a send; the loop looks within 10 ms.  Knows no ports: whoever
owns them falls silent first, and then lets the signal do what it does.
"""

import signal
from enum import Enum
from types import FrameType, TracebackType
from typing import Any


class Deed(Enum):
    """The deeds that signals ask for."""

    END = "end with status 0"
    DIE = "die of it"
    STOP = "stop until SIGCONT"
    GO_ON = "go on after a stop"
    TELL = "print figures"


_DEEDS = {
    "SIGTERM": Deed.END,
    "SIGINT": Deed.END,
    "SIGHUP": Deed.END,
    "SIGTSTP": Deed.STOP,
    "SIGTTIN": Deed.STOP,
    "SIGTTOU": Deed.STOP,
    "SIGCONT": Deed.GO_ON,
    "SIGUSR1": Deed.TELL,
}
# Not to be caught, harmless by themselves, or a fault of this very process, after which no Python runs.
_LEFT = (
    *("SIGKILL", "SIGSTOP"),
    *("SIGCHLD", "SIGURG", "SIGWINCH", "SIGINFO"),
    *("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL"),
)
_ALWAYS = ("SIGTERM", "SIGINT")  # a shell lets what it puts into the background ignore Ctrl-C


def deeds() -> dict[int, Deed]:
    """Give the deed for each signal that can be caught here; all others end a process."""
    named = {
        int(getattr(signal, name)): name for name in (*_DEEDS, *_LEFT) if hasattr(signal, name)
    }
    names = {int(number): named.get(int(number), "") for number in signal.valid_signals()}
    return {
        number: _DEEDS.get(name, Deed.DIE) for number, name in names.items() if name not in _LEFT
    }


class Signals:
    """Catches them while its block runs; what was ignored before (nohup, SIGPIPE) stays ignored.  Threads: main."""

    def __init__(self) -> None:
        self._came: list[int] = []
        self._deeds = deeds()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Signals":
        always = [getattr(signal, name) for name in _ALWAYS]
        for number in self._deeds:
            if number in always or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def have_come(self) -> bool:
        """True if some came since the last time they were taken."""
        return bool(self._came)

    def take(self) -> list[tuple[int, Deed]]:
        """Give the signals that came since the last time."""
        came, self._came = self._came, []
        return [(number, self._deeds[number]) for number in came]

    def stop(self, number: int) -> None:
        """Do what it does by itself; return when the process was told to go on, at once if it was by now."""
        if any(self._deeds[came] is Deed.GO_ON for came in self._came):
            return
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._came.append(number)


def die_of(number: int) -> None:
    """End this process by a signal, so that the shell sees which."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
