"""Subscribers to the state: the changes that each has not heard of, and when it is told next.

Only the latest value of an address is kept, so a surface that is slow or far away costs no more than one that
is not.  A surface under somebody's hand is not answered with values from a moment ago.  Knows no socket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from livegen.control.osc.addresses import holds
from livegen.control.osc.packets import Arguments
from livegen.control.osc.peers import Peer

MAX_SUBSCRIBERS = 8
LIFE_US = 600_000_000  # after the last message of the subscriber's
EVERY_US = 33_334  # 30 times a second
HOLD_US = 1_000_000  # a control just moved there: longer than a state takes to come round


@dataclass(slots=True)
class _Subscriber:
    source: Peer
    until: int
    next_at: int = 0
    news: set[str] = field(default_factory=set)
    held: dict[str, int] = field(default_factory=dict)  # address to when it may be told again

    def deadline(self) -> int | None:
        """The time at which it is to be told something, micros."""
        times = [self.held.get(path, 0) for path in self.news]
        return max(self.next_at, min(times)) if times else None


class Subscribers:
    """At most `MAX_SUBSCRIBERS`, each by the address and port that it wants to be told at."""

    def __init__(self) -> None:
        self._by_target: dict[Peer, _Subscriber] = {}
        self._values: Mapping[str, Arguments] = {}

    def __len__(self) -> int:
        return len(self._by_target)

    def knows(self, target: Peer) -> bool:
        """True if this target is subscribed."""
        return target in self._by_target

    def add(self, target: Peer, source: Peer, now: int) -> bool:
        """Tell `target`, which speaks from `source`, everything and then every change; False if there is no room.

        One who is told already is told on, for as long again.
        """
        self._expire(now)
        if not self.knows(target):
            if len(self) >= MAX_SUBSCRIBERS:
                return False
            self._by_target[target] = _Subscriber(source, 0, news=set(self._values))
        one = self._by_target[target]
        one.source, one.until = source, now + LIFE_US
        return True

    def remove(self, target: Peer) -> None:
        """Tell it no more."""
        self._by_target.pop(target, None)

    def ear(self, source: Peer) -> Peer:
        """The address at which the one who speaks from `source` listens: where it subscribed, else there."""
        targets = (target for target, one in self._by_target.items() if one.source == source)
        return next(targets, source)

    def spoke(self, source: Peer, now: int) -> None:
        """Note that the one who speaks is still there."""
        for one in self._by_target.values():
            if one.source == source:
                one.until = now + LIFE_US

    def hold(self, source: Peer, name: str, now: int) -> None:
        """Tell who moved a control its value only once the hand is off it; then in any case."""
        for one in self._by_target.values():
            if one.source == source:
                paths = {path for path in self._values if holds(path, name)}
                one.news |= paths
                one.held.update(dict.fromkeys(paths, now + HOLD_US))

    def show(self, values: Mapping[str, Arguments]) -> None:
        """Take the values of a new state."""
        before, self._values = self._values, values
        changed = {path for path, value in values.items() if before.get(path) != value}
        for one in self._by_target.values():
            one.news = {path for path in one.news | changed if path in values}

    def due(self, now: int) -> list[tuple[Peer, str, Arguments]]:
        """Give what is to be sent now: to whom, the address, the values."""
        self._expire(now)
        told = []
        for target, one in self._by_target.items():
            told += [(target, path, self._values[path]) for path in self._news_for(one, now)]
        return told

    def _news_for(self, one: _Subscriber, now: int) -> list[str]:
        deadline = one.deadline()
        if deadline is None or now < deadline:
            return []
        paths = sorted(path for path in one.news if one.held.get(path, 0) <= now)
        one.held = {path: until for path, until in one.held.items() if until > now}
        one.news -= set(paths)
        one.next_at = now + EVERY_US
        return paths

    def deadline(self) -> int | None:
        """The time at which `due` has something to give, micros; None while there is no news."""
        times = [one.deadline() for one in self._by_target.values()]
        return min((at for at in times if at is not None), default=None)

    def _expire(self, now: int) -> None:
        for target in [target for target, one in self._by_target.items() if one.until <= now]:
            self.remove(target)
