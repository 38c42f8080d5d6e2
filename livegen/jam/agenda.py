"""The agenda: strokes that are planned, handed out, or sounding.

Strokes wait in ticks, and become messages with micros only when they are handed out: the tempo may change
until then.  Knows where each part is sent (`Route`); knows no model and no turns.

Time goes by in this order: planned, handed out (a horizon ahead), due, heard.  A stroke that was handed out can
only be taken back together with all that sounds, by a `Cut`.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from livegen.codec.encoder import Stroke
from livegen.jam.mapping import Command
from livegen.jam.struck import Struck
from livegen.music.messages import Cut, Message, NoteOff, NoteOn, ProgramChange
from livegen.music.parts import DRUM_CHANNEL, DRUMS

LATE_US = 30_000  # an onset later than this is not played

Place = Callable[[int], int]  # tick to the micros at which it is to sound


class Timed(NamedTuple):
    """A message and when it is due, micros.  A `Cut` is due at once, and so is a `Command`: it goes to whoever
    keeps files.
    """

    due: int
    message: Message | Cut | Command


@dataclass(frozen=True, slots=True)
class Route:
    """Where a part is sent, and how: `channel` and `program` from 0; `transpose` in semitones.

    Velocities are bent by the exponent `curve` (1 leaves them; below 1 lifts the soft ones) into `softest`
    to `loudest`.  `register` narrows what the part may play: "" or as the control of that name.
    """

    channel: int = 0
    program: int | None = None
    transpose: int = 0
    curve: float = 1.0
    softest: int = 1
    loudest: int = 127
    register: str = ""

    def pitch(self, pitch: int) -> int:
        """The pitch that is sent: an octave nearer where the transposition leaves the range of MIDI."""
        sent = pitch + self.transpose
        while sent > 127:
            sent -= 12
        while sent < 0:
            sent += 12
        return sent

    def velocity(self, velocity: int) -> int:
        """The velocity that is sent, 1..127."""
        bent = float((velocity / 127) ** self.curve)
        return max(1, min(127, round(self.softest + bent * (self.loudest - self.softest))))


ROUTES = (Route(0), Route(1), Route(2), Route(DRUM_CHANNEL))


class _Planned(NamedTuple):
    """Ordered by tick, ends first, then by part: players who plan side by side put theirs in any order."""

    tick: int
    on: bool
    part: int
    sequence: int
    stroke: Stroke


class Given(NamedTuple):
    """A stroke that was handed out: when it is sent, when it is heard, and as which key (channel, pitch).

    `is_planned` is False for what joins a note of the player's at once, and for a click, which nobody hears as music.
    """

    due: int
    at: int
    key: tuple[int, int]
    stroke: Stroke
    is_planned: bool = True
    is_click: bool = False

    @property
    def struck(self) -> Struck:
        """The stroke as it is heard."""
        return Struck(self.at, *self.stroke[1:])


class Coming(NamedTuple):
    """A note that will be sent: when, and until when where that is planned already, micros; channel from 0."""

    due: int
    until: int | None
    part: int
    channel: int
    pitch: int
    velocity: int


class Agenda:
    """Schedule and ledger of the model's own notes.

    `sounding` maps (part, pitch) to the key it sounds as.  `late` counts onsets that came too late.
    `offset_us` is added to every send time.
    """

    def __init__(self, routes: tuple[Route, ...], horizon_us: int) -> None:
        self.routes = routes
        self.horizon_us = horizon_us
        self.offset_us = 0
        self.late = 0
        self.sounding: dict[tuple[int, int], tuple[int, int]] = {}
        self._planned: list[_Planned] = []  # a heap
        self._given: deque[Given] = deque()
        self._open: dict[tuple[int, int], Given] = {}  # by key: what began it
        self._programs: dict[int, tuple[int, int]] = {}  # channel -> program last sent, when
        self._sequence = 0
        self._last_due = 0

    def put(self, strokes: Iterable[Stroke]) -> None:
        """Take what was planned."""
        for stroke in strokes:
            is_on = stroke.velocity > 0
            planned = _Planned(stroke.tick, is_on, stroke.part, self._sequence, stroke)
            heapq.heappush(self._planned, planned)
            self._sequence += 1

    def hand_out(self, now: int, frontier: int | None, place: Place) -> Iterator[Timed]:
        """Messages due within the horizon; nothing after tick `frontier`, before which all is planned."""
        while self._planned and (frontier is None or self._planned[0].tick <= frontier):
            at = place(self._planned[0].tick)
            due = at + self.offset_us
            if due > now + self.horizon_us:
                break
            stroke = heapq.heappop(self._planned).stroke
            if stroke.velocity and now - due > LATE_US:
                self.late += 1
                continue
            yield from self._give(stroke, at, due, now)

    def hand_out_now(self, part: int, pitch: int, velocity: int, now: int) -> Iterator[Timed]:
        """The messages of a stroke that was not planned, due at once; velocity 0 ends it."""
        yield from self._give(Stroke(0, part, pitch, velocity), now, now, now, is_planned=False)

    def hand_out_click(self, pitch: int, velocity: int, due: int, now: int) -> Iterator[Timed]:
        """The message of a click of the metronome, sent as a drum is; velocity 0 ends it."""
        stroke = Stroke(0, DRUMS, pitch, velocity)
        yield from self._give(stroke, due, due, now, is_planned=False, is_click=True)

    def is_open(self, part: int, pitch: int) -> bool:
        """True if the key that this would be sent as has begun and will not have ended."""
        route = self.routes[part]
        return (route.channel, route.pitch(pitch)) in self._open

    def _give(
        self,
        stroke: Stroke,
        at: int,
        due: int,
        now: int,
        is_planned: bool = True,
        is_click: bool = False,
    ) -> Iterator[Timed]:
        route = self.routes[stroke.part]
        key = route.channel, route.pitch(stroke.pitch)
        began = self._open.get(key)
        if (began is None) == (not stroke.velocity):
            return
        # Two parts may be sent as the same key, or a note and a companion: the first has it until its end.
        if began and (began.is_planned, *began.stroke[1:3]) != (is_planned, *stroke[1:3]):
            return
        self._last_due = due = max(due, now, self._last_due)
        heard = max(at, due - max(0, self.offset_us))
        given = Given(due, heard, key, stroke, is_planned, is_click)
        self._given.append(given)
        if not stroke.velocity:
            del self._open[key]
            yield Timed(due, NoteOff(key[1], 64, key[0]))
            return
        self._open[key] = given
        known, _ = self._programs.get(key[0], (None, 0))
        if route.program is not None and known != route.program:
            self._programs[key[0]] = route.program, due
            yield Timed(due, ProgramChange(route.program, key[0]))
        yield Timed(due, NoteOn(key[1], route.velocity(stroke.velocity), key[0]))

    def fall_due(self, now: int) -> Iterator[Given]:
        """Give the strokes that were handed out and are heard by now, in order."""
        while self._given and max(self._given[0].due, self._given[0].at) <= now:
            given = self._given.popleft()
            voice = given.stroke.part, given.stroke.pitch
            if given.is_click:
                continue
            if given.stroke.velocity:
                self.sounding[voice] = given.key
            else:
                self.sounding.pop(voice, None)
            yield given

    def forget(self) -> None:
        """Throw away what is planned; what was handed out stays."""
        self._planned.clear()

    def forget_from(self, tick: int) -> None:
        """Throw away what is planned for `tick` and later."""
        self._planned = [planned for planned in self._planned if planned.tick < tick]
        heapq.heapify(self._planned)

    def withdraw(self, now: int) -> list[tuple[int, int]] | None:
        """Throw all away, also what was handed out and what sounds: None when there is no such, else a `Cut`
        is to be sent, and (part, pitch) of what sounded is given.
        """
        self.forget()
        if not (self._given or self.sounding or self._open):
            return None
        ended = list(self.sounding)
        self._programs = {at: sent for at, sent in self._programs.items() if sent[1] < now}
        self._given.clear()
        self._open.clear()
        self.sounding.clear()
        self._last_due = now
        return ended

    @property
    def coming(self) -> tuple[Given, ...]:
        """Handed out and not yet due: it cannot be planned anew."""
        return tuple(given for given in self._given if not given.is_click)

    @property
    def open(self) -> tuple[Stroke, ...]:
        """The beginnings of planned notes that will not have ended when all that waits is due; oldest first."""
        begun = [given.stroke for given in self._open.values() if given.is_planned]
        for stroke in self.planned:
            begun = [other for other in begun if other[1:3] != stroke[1:3]]
            begun += [stroke] if stroke.velocity else []
        return tuple(begun)

    @property
    def planned(self) -> tuple[Stroke, ...]:
        """The strokes that are planned and not handed out yet, in order."""
        return tuple(planned.stroke for planned in sorted(self._planned))

    def outlook(self, place: Place, most: int) -> list[Coming]:
        """Notes that are planned or handed out and not yet heard, soonest first, at most so many."""
        coming: list[Coming] = []
        open_: dict[tuple[int, int], int] = {}  # voice -> where in `coming` it began
        for due, (_, part, pitch, velocity) in self._strokes_ahead(place):
            if not velocity and (began := open_.pop((part, pitch), None)) is not None:
                coming[began] = coming[began]._replace(until=due)
            elif velocity and len(coming) < most:
                route = self.routes[part]
                open_[part, pitch] = len(coming)
                sent = route.pitch(pitch), route.velocity(velocity)
                coming.append(Coming(due, None, part, route.channel, *sent))
        return coming

    def _strokes_ahead(self, place: Place) -> Iterator[tuple[int, Stroke]]:
        yield from ((given.due, given.stroke) for given in self.coming)
        for planned in sorted(self._planned):
            yield place(planned.tick) + self.offset_us, planned.stroke

    @property
    def is_empty(self) -> bool:
        """Nothing waits, neither planned nor handed out."""
        return not self._planned and not self.coming

    @property
    def waiting(self) -> int:
        """How many strokes are planned or handed out."""
        return len(self._planned) + len(self.coming)

    @property
    def last_tick(self) -> int | None:
        """Tick of the last stroke that is planned."""
        return max((planned.tick for planned in self._planned), default=None)

    def falls_due(self) -> int | None:
        """When the first stroke that was handed out is due, micros; may have passed."""
        return max(self._given[0].due, self._given[0].at) if self._given else None

    def hands_out_at(self, place: Place) -> int | None:
        """When the first stroke that is planned is to be handed out, micros; may have passed."""
        if not self._planned:
            return None
        return place(self._planned[0].tick) + self.offset_us - self.horizon_us
