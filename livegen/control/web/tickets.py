"""Tickets: each lets one thing be done once, without the token: fetch a file, let a page in.

Dragging a file out of the page hands an address to the browser, which fetches it by itself and knows no token; an
address on a command line can be read by everybody on the machine.  Sans-IO: times and chance are arguments.
"""

from collections.abc import Callable

LIFE_US = 600_000_000
MOST = 64


class Tickets:
    """The tickets that are out, at most `MOST`: of more the oldest lapse.  `chance` gives a text nobody guesses."""

    def __init__(self, chance: Callable[[], str], life_us: int = LIFE_US) -> None:
        self._chance, self._life_us = chance, life_us
        self._out: dict[str, tuple[int, str]] = {}  # oldest first

    def issue(self, name: str, now: int) -> str:
        """A ticket for a file of this name, or for another thing that has one."""
        ticket = self._chance()
        self._out[ticket] = now + self._life_us, name
        while len(self._out) > MOST:
            del self._out[next(iter(self._out))]
        return ticket

    def is_good(self, ticket: str, name: str, now: int) -> bool:
        """True if it would be taken."""
        until, meant = self._out.get(ticket, (now, ""))
        return until > now and meant == name

    def take(self, ticket: str, name: str, now: int) -> bool:
        """Take a ticket; whether it was good for this name.  It is good no more."""
        is_good = self.is_good(ticket, name, now)
        if is_good:
            del self._out[ticket]
        return is_good
