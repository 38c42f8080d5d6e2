"""OSC: datagrams become requests, states become datagrams.

The whole of the protocol without a socket: bytes and times in, requests and bytes out; what it does not take
it counts, by reason.  docs/OSC.md is the manual.

Rules of this file:

* Nothing that comes may raise, and nothing that comes costs more than a bounded amount of work and memory.
* Panic and stop are taken however much else comes, and whatever a time tag says.
* Only allowed addresses are listened to, and only they are answered.  The reply to a mistake is never larger
  than twice the datagram; the whole state is sent to one address four times a second, and as many at
  once.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

from livegen.control.osc.addresses import (
    ERROR,
    MAX_SHOWN,
    ROOT,
    STATE,
    URGENT,
    AddressKind,
    OscAddress,
    addresses,
    request,
    shown,
)
from livegen.control.osc.packets import (
    Arguments,
    Message,
    PacketFault,
    RefusedPacket,
    encode,
    messages,
)
from livegen.control.osc.peers import (
    HIGHEST_PORT,
    LOCALHOST,
    LOCALHOSTS,
    LOWEST_PORT,
    Peer,
    is_allowed,
    plain,
    port_of,
)
from livegen.control.osc.subscribers import Subscribers
from livegen.control.surfaces import Meant, Request, as_given
from livegen.daemon.bucket import Bucket
from livegen.daemon.clock import SECOND
from livegen.errors import ConfigError

MAX_PER_SECOND = 1000  # messages, or datagrams that hold none; as many at once
URGENT_EVERY_US = 10_000  # of the same, once there are too many
URGENT_WORDS = tuple(f"{ROOT}/do/{name}".encode() for name in URGENT)
URGENT_BYTES = 256  # a longer datagram is not searched for them, once there are too many
WHOLES_PER_SECOND = 4  # the whole state to one address; as many at once
LINE = f"{STATE}/line"
LONGEST_LINE = 240  # letters
ERRORS_PER_SECOND = 10
ERRORS_AT_ONCE = 8
REPORT_EVERY_US = 60 * SECOND
AMPLIFICATION = 2
SHORTEST_LINE = 8
MAX_WAITING = 1024  # datagrams; four whole states of the largest
MAX_HOSTS = 64


class Osc:
    """The protocol.  `commands` (name to help) may be asked for besides the controls; `allow` may ask.

    `own` is where we listen, so that nobody makes us talk to ourselves; `meant` gives what a control takes of what was
    given for it, which may be a name.  Threads: loop only.
    """

    def __init__(
        self,
        commands: Mapping[str, str],
        allow: Iterable[str] = (),
        own: Peer = (LOCALHOST, 0),
        meant: Meant = as_given,
    ) -> None:
        self._addresses, self._meant = addresses(commands), meant
        self._allow = frozenset(allow)
        self._own = own
        self._rate = Bucket(MAX_PER_SECOND, MAX_PER_SECOND)
        self._subscribers = Subscribers()
        self._values: Mapping[str, Arguments] = {}
        self._line: dict[str, Arguments] = {}
        self._waiting: deque[tuple[Peer, bytes]] = deque(maxlen=MAX_WAITING)
        self._urgent_at: dict[str, int] = {}
        self._wholes: dict[str, Bucket] = {}
        self._errors = Bucket(ERRORS_AT_ONCE, ERRORS_PER_SECOND)
        self._reported: Counter[PacketFault] = Counter()
        self._reported_at = -REPORT_EVERY_US
        self.counts: Counter[PacketFault] = Counter()

    # --- in -------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, sender: Peer, now: int, wall_us: int) -> list[Request]:
        """Take a datagram and give what it asks of the engine.

        `now` is micros of the monotonic clock, `wall_us` micros since 1970.  Never raises for any bytes.
        """
        if not is_allowed(sender[0], self._allow):
            return self._refuse(PacketFault.PEER)
        if not self._rate.has(now) and not _may_be_urgent(data):
            return self._refuse(PacketFault.RATE)
        try:
            heard = messages(data, wall_us)
        except RefusedPacket as refused:
            self._rate.take(now)
            return self._refuse(refused.reason)
        self._subscribers.spoke(sender, now)
        return self._requests(heard, sender, now, AMPLIFICATION * len(data))

    def _requests(self, heard: list[Message], sender: Peer, now: int, most: int) -> list[Request]:
        """Read each message; for all mistakes of a datagram together there is one reply, of `most` bytes at most."""
        requests, mistake = [], ""
        for message in heard:
            try:
                asked = self._request(message, sender, now)
            except ConfigError as error:
                mistake = mistake or str(error)
            else:
                requests += [] if asked is None else [asked]
        if mistake:
            self._complain(mistake, sender, now, most)
        return requests

    def _request(self, message: Message, sender: Peer, now: int) -> Request | None:
        """Read one message; raises ConfigError for a mistake that its sender should hear of."""
        address = self._addresses.get(message.address)
        if not self._may_pass(address, message, now):
            return None
        if address is None:
            self.counts[PacketFault.ADDRESS] += 1
            # Two programs that answer each other's complaints would never stop.
            if message.address == ERROR or message.address.startswith(STATE):
                return None
            raise ConfigError("unknown address")
        self._serve(address, message.arguments, sender, now)
        try:
            asked = request(address, message.arguments, self._meant)
        except ConfigError:
            self.counts[PacketFault.VALUE] += 1
            raise
        if asked is not None and address.kind is not AddressKind.DO:
            self._subscribers.hold(sender, asked.name, now)
        return asked

    def _may_pass(self, address: OscAddress | None, message: Message, now: int) -> bool:
        name = address.name if address is not None and address.kind is AddressKind.DO else ""
        is_urgent = name in URGENT
        if message.is_ahead and not is_urgent:
            self.counts[PacketFault.AHEAD] += 1
            return False
        is_too_soon = now - self._urgent_at.get(name, -SECOND) < URGENT_EVERY_US
        if not self._rate.take(now) and (not is_urgent or is_too_soon):
            self.counts[PacketFault.RATE] += 1
            return False
        if is_urgent:
            self._urgent_at[name] = now
        return True

    def _refuse(self, reason: PacketFault) -> list[Request]:
        self.counts[reason] += 1
        return []

    # --- out ------------------------------------------------------------------------------------------------------

    def show(self, state: Mapping[str, Any]) -> None:
        """Take the engine's state of the moment; what it says no more is an empty text from now on."""
        values = shown(state) | self._line
        gone = [
            path for path in self._values if path.startswith(f"{STATE}/") and path not in values
        ]
        room = max(0, MAX_SHOWN - len(values))
        self._values = values | dict.fromkeys(gone[:room], ("",))
        self._subscribers.show(self._values)

    def tell(self, line: str) -> None:
        """Take a line for people: the last one is a value like the others."""
        self._line = {LINE: (line[:LONGEST_LINE],)}
        self._values = {**self._values, **self._line}
        self._subscribers.show(self._values)

    def replies(self, now: int) -> list[tuple[Peer, bytes]]:
        """Give the datagrams to send now, and to whom."""
        told = [*self._waiting]
        self._waiting.clear()
        told += [(peer, encode(path, values)) for peer, path, values in self._subscribers.due(now)]
        return told

    def deadline(self) -> int | None:
        """The time at which `replies` has something to give, micros."""
        return 0 if self._waiting else self._subscribers.deadline()

    def report(self, now: int) -> str | None:
        """A line about what was refused since the last one; at most one each minute."""
        new = self.counts - self._reported
        if not new or now - self._reported_at < REPORT_EVERY_US:
            return None
        self._reported, self._reported_at = self.counts.copy(), now
        return "osc: ignored messages: " + ", ".join(
            f"{count} {reason.value}" for reason, count in new.most_common()
        )

    def _serve(self, address: OscAddress, arguments: Arguments, sender: Peer, now: int) -> None:
        """Answer what is asked of us and not of the engine.  Raises ConfigError."""
        match address.kind:
            case AddressKind.GET:
                target = self._target(arguments, sender)
                self._count_whole(sender, now)
                self._waiting += [
                    (target, encode(path, values)) for path, values in self._values.items()
                ]
            case AddressKind.SUBSCRIBE:
                self._subscribe(self._target(arguments, sender), sender, now)
            case AddressKind.UNSUBSCRIBE:
                self._subscribers.remove(self._target(arguments, sender))
            case _:
                pass

    def _subscribe(self, target: Peer, sender: Peer, now: int) -> None:
        """Add one who is told everything at once, or renew one who has been."""
        if not self._subscribers.knows(target):
            self._count_whole(sender, now)
        if not self._subscribers.add(target, sender, now):
            raise self._no(
                f"{len(self._subscribers)} programs have subscribed already, and no more are taken"
            )

    def _count_whole(self, sender: Peer, now: int) -> None:
        if len(self._wholes) >= MAX_HOSTS:
            self._wholes.clear()
        fresh = Bucket(WHOLES_PER_SECOND, WHOLES_PER_SECOND)
        if not self._wholes.setdefault(plain(sender[0]), fresh).take(now):
            raise self._no("too often")

    def _target(self, arguments: Arguments, sender: Peer) -> Peer:
        """The address of the answer: the port named, if one is, and never at another address than the sender's."""
        if not arguments:
            return self._subscribers.ear(sender)
        port = port_of(arguments[0])
        if port is None or len(arguments) > 1:
            raise self._no(f"port: takes {LOWEST_PORT} to {HIGHEST_PORT}")
        if port == self._own[1] and sender[0] in (self._own[0], *LOCALHOSTS):
            raise self._no("port: this is livegen's own; name the port that you listen on")
        return (sender[0], port, *sender[2:])

    def _no(self, line: str) -> ConfigError:
        self.counts[PacketFault.FULL] += 1
        return ConfigError(line)

    def _complain(self, line: str, sender: Peer, now: int, most: int) -> None:
        """Tell the sender its mistake, as much of it as the size of its datagram allows."""
        room = (
            most - len(encode(ERROR, ()))
        ) // 4 * 4 - 1  # text and its zeros take 4, 8, 12 … bytes
        if room < SHORTEST_LINE or not self._errors.take(now):
            return
        text = line.encode()[:room].decode("utf-8", "ignore")
        self._waiting.append((self._subscribers.ear(sender), encode(ERROR, (text,))))


def _may_be_urgent(data: bytes) -> bool:
    """True if it is worth a look although too much came already."""
    return len(data) <= URGENT_BYTES and any(word in data for word in URGENT_WORDS)
