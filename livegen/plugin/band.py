"""The bands of all plug-ins: which are there, who sits in them, and the bounces of each.

Sans-IO: the time is an argument; knows no sockets and not how a room is made.
"""

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import quote

from livegen.control.web.door import Full
from livegen.daemon import clock
from livegen.plugin.bounce import Bounce
from livegen.plugin.seat import Seat
from livegen.plugin.words import Greeting
from livegen.studio.room import Room
from livegen.studio.room_names import new_name
from livegen.studio.rooms import Limits, Rooms
from livegen.studio.way import Way

# A host cannot come back in less than a block; so long, micros, a note may take to it besides.
SPARE_US = 10_000
MOST_BANDS, MOST_SEATS = 128, 16
# A DAW that opens a song brings all its instances at once: none is turned away because the machine is busy then.
NO_LIMITS = Limits(cpu=float("inf"), late_us=1 << 62)

# A room by its name, its seed (None: of chance), the way of its players, its time, and what it calls when it has work.
BuildRoom = Callable[[str, int | None, Way, Callable[[], int], Callable[[], object]], Room]


def way_of(block_us: int) -> Way:
    """The way of a plug-in whose host plays blocks of this length: here nothing is behind."""
    return Way(0, 0, 0, block_us + SPARE_US, block_us + SPARE_US)


class Bands:
    """The bands.  `page` is the address of the pages without a room, and the token that stands behind it.

    `channels` are those of the parts.  Threads: the event loop's only.
    """

    def __init__(
        self,
        build: BuildRoom,
        channels: Mapping[str, int],
        page: tuple[str, str] = ("", ""),
        now: Callable[[], int] = clock.now,
    ) -> None:
        self._build, self._channels, self._now = build, channels, now
        self.page = page
        self._hello = Greeting()  # of who comes in now
        self._seeds: dict[str, int | None] = {}
        self._seats: dict[str, list[Seat]] = {}
        self._bounces: dict[str, tuple[Bounce, set[Seat]]] = {}
        self.rooms = Rooms(self._open, MOST_BANDS, NO_LIMITS, now, empty_us=0)

    def __len__(self) -> int:
        """Give the number of plug-ins that are there."""
        return sum(len(seats) for seats in self._seats.values())

    def enter(self, hello: Greeting) -> Seat:
        """Give a plug-in its seat in the band that it names, or in one of its own.  Raises Full."""
        name = hello.band or new_name()
        if len(self._seats.get(name, ())) >= MOST_SEATS:
            raise Full(f"band: {MOST_SEATS} instances play in {name!r} already; take another name")
        self._hello = hello
        if name not in self._seats:
            self._seeds[name] = hello.seed
        room = self.rooms.room(name)
        if hello.block_us + SPARE_US > room.way.back_us:
            room.way = way_of(hello.block_us)
        address, token = self.page
        seat = Seat(
            hello,
            room,
            self._channels,
            f"{address}/?room={quote(name)}#{token}",
            self._now(),
            partial(self._bounce, name),
            partial(self._leave_bounce, name),
        )
        self._seats.setdefault(name, []).append(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """A plug-in goes."""
        seat.leave()
        for name, seats in list(self._seats.items()):
            if seat in seats:
                seats.remove(seat)
                if not seats:
                    del self._seats[name], self._seeds[name]

    def _open(self, name: str, wakes: Callable[[], object]) -> Room:
        seed = self._seeds.get(name)  # a page may open a room as well
        return self._build(name, seed, way_of(self._hello.block_us), self._now, wakes)

    # --- bounces --------------------------------------------------------------------------------------------------

    def _bounce(self, name: str, seat: Seat) -> Bounce:
        """The bounce of a band, with one seat more; a new one where there is none."""
        if name not in self._bounces:
            live, seed = self.rooms.room(name), self._seeds[name]
            bounce = Bounce(
                lambda now: self._build(name, seed, live.way, now, lambda: None),
            )
            bounce.room.take_controls(live.controls)
            self._bounces[name] = bounce, set()
        bounce, seats = self._bounces[name]
        seats.add(seat)
        return bounce

    def _leave_bounce(self, name: str, seat: Seat) -> None:
        _, seats = self._bounces[name]
        seats.discard(seat)
        if not seats:
            del self._bounces[name]
