"""The agenda: strokes that are planned, handed out, or sounding.

Strokes wait in ticks, and become messages with micros only when they are handed out: the tempo may change
until then.  Knows where each part is sent (`Route`); knows no model and no turns.

Time goes by in this order: planned, handed out (a horizon ahead), due, heard.  A stroke that was handed out can
only be taken back together with what sounds, by a `Cut`.

A part that is silent, by its gain, plays on: its strokes go the same way, but are neither sent nor heard, and leave
the keys to others.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from livegen.codec.encoder import Stroke
from livegen.jam.controls.mapping import Command
from livegen.jam.struck import Struck
from livegen.music.messages import Cut, Message, NoteOff, NoteOn, ProgramChange, velocity_near
from livegen.music.parts import DRUM_CHANNEL, DRUMS, PARTS
from livegen.music.time.metre import TICKS_PER_BEAT

LATE_US = 30_000  # an onset later than this is not played
KEPT = 4  # ticks of a note that swing does not take from it

Place = Callable[[int], int]  # tick to the micros at which it is to sound
Late = Callable[[Stroke], float]


class Timed(NamedTuple):
    """A message and when it is due, micros.  A `Cut` is due at once, and so is a `Command`: it goes to whoever
    keeps files.
    """

    due: int
    message: Message | Cut | Command


@dataclass(frozen=True, slots=True)
class Route:
    """The way a part is sent: `channel` and `program` from 0; `transpose` in semitones.

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
        return velocity_near(self.softest + bent * (self.loudest - self.softest))


ROUTES = (Route(0), Route(1), Route(2), Route(DRUM_CHANNEL))


class _Planned(NamedTuple):
    """Ordered by tick, ends first, then by part: players who plan side by side put theirs in any order.

    What a hand strikes late, or early below 0, is `late` ticks after its tick, and stands there.
    """

    at: float  # ticks
    on: bool
    part: int
    sequence: int
    stroke: Stroke
    late: float = 0.0

    @property
    def tick(self) -> int:
        """The tick on which it is planned, or that an end was moved to."""
        return round(self.at - self.late)

    def micros(self, place: Place) -> int:
        """Give the time, micros, at which the stroke is to sound."""
        return _sounds_at(self.tick, self.late, place)


def _sounds_at(tick: int, late: float, place: Place) -> int:
    """Give the time, micros, at which a stroke that is so many ticks late is to sound."""
    on_time = place(tick)
    if not late:
        return on_time
    beat_us = place(tick + TICKS_PER_BEAT) - on_time
    return on_time + round(beat_us * late / TICKS_PER_BEAT)


class Given(NamedTuple):
    """A stroke that was handed out: when it is sent, when it is heard, and as which key (channel, pitch).

    It is struck `late` ticks after its tick.  `is_planned` is False for what joins a note of the player's at once, and
    for a click, which nobody hears as music.  `is_silent`: it is not sent, for its part was silent when its note began.
    """

    due: int
    at: int
    key: tuple[int, int]
    stroke: Stroke
    late: float = 0.0
    is_planned: bool = True
    is_click: bool = False
    is_silent: bool = False

    @property
    def voice(self) -> tuple[bool, int, int]:
        """The voice of the note: planned or not, part, pitch."""
        return self.is_planned, self.stroke.part, self.stroke.pitch

    @property
    def struck(self) -> Struck:
        """The stroke as it is heard."""
        return Struck(self.at, *self.stroke[1:], is_ours=True)


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
    `offset_us` is added to every send time.  `gains`, by part, multiply velocities; at 0 a part is silent.  Where
    there is a `least_us`, a pitched note lasts that long, and KEPT ticks, unless its part goes on before.
    """

    def __init__(self, routes: tuple[Route, ...], horizon_us: int) -> None:
        self.routes = routes
        self.horizon_us = horizon_us
        self.offset_us = 0
        self.least_us = 0
        self.late = 0
        self.gains = (1.0,) * len(PARTS)
        self.sounding: dict[tuple[int, int], tuple[int, int]] = {}
        self._planned: list[_Planned] = []  # a heap
        self._given: deque[Given] = deque()
        self._open: dict[tuple[int, int], Given] = {}  # by key: what began it
        self._unheard: dict[tuple[bool, int, int], Given] = {}  # by voice: what began it in silence
        self._programs: dict[int, tuple[int, int]] = {}  # channel -> program last sent, when
        self._sequence = 0
        self._last_due = 0

    def put(self, strokes: Iterable[Stroke], late: Late = lambda stroke: 0.0) -> None:
        """Take what was planned; `late` says by how many ticks something is struck late."""
        for stroke in strokes:
            is_on, by = stroke.velocity > 0, late(stroke)
            planned = _Planned(stroke.tick + by, is_on, stroke.part, self._sequence, stroke, by)
            heapq.heappush(self._planned, planned)
            self._sequence += 1

    def hand_out(self, now: int, frontier: int | None, place: Place) -> Iterator[Timed]:
        """Messages due within the horizon; nothing after tick `frontier`, before which all is planned."""
        while self._planned and (frontier is None or self._planned[0].at <= frontier):
            at = self._planned[0].micros(place)
            due = at + self.offset_us
            if due > now + self.horizon_us:
                break
            first = heapq.heappop(self._planned)
            stroke = first.stroke
            if not stroke.velocity and (tick := self._sounds_until(first, place)) > first.tick:
                heapq.heappush(self._planned, first._replace(at=tick + first.late))
                continue
            if stroke.velocity and now - due > LATE_US:
                self.late += 1
                continue
            yield from self._give(stroke, at, due, now, first.late)

    def _sounds_until(self, planned: _Planned, place: Place) -> int:
        """The tick at which an end is sent: a late off-beat must not swallow a short note behind it.

        It is a later one where the note would sound for less than its ticks, or KEPT of them, take elsewhere, unless
        the same key begins anew before; and where a pitched note would not last for `least_us`, unless its part goes on
        before.
        """
        late = planned.late
        tick, part, pitch, _ = planned.stroke
        key = self.routes[part].channel, self.routes[part].pitch(pitch)
        began = self._open.get(key)
        is_moved = planned.tick != tick
        if is_moved or began is None or not began.is_planned:
            return planned.tick
        onset = began.stroke.tick
        since = _sounds_at(onset, began.late, place)
        kept_us = KEPT * (place(onset + TICKS_PER_BEAT) - place(onset)) // TICKS_PER_BEAT
        coming = [it.stroke for it in self._planned if it.on and it.part == part]
        again = min([tick + TICKS_PER_BEAT, *(it.tick for it in coming if it.pitch == pitch)])

        def lasts(least_us: int, before: int, otherwise: int) -> int:
            """The first tick before another at which the note has lasted so long; `otherwise` where there is none."""
            lengths = ((at, _sounds_at(at, late, place) - since) for at in range(tick, before))
            return next((at for at, length_us in lengths if length_us >= least_us), otherwise)

        until = lasts(kept_us * min(tick - onset, KEPT) // KEPT, again, tick)
        if part == DRUMS or not self.least_us:
            return until
        following = (it.tick for it in coming if it.tick >= tick)
        next_at = min([again - 1, *following])
        return max(until, lasts(max(kept_us, self.least_us), next_at, next_at))

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

    def mix(self, gains: tuple[float, ...]) -> tuple[Cut | None, list[tuple[int, int]]]:
        """Multiply velocities by other gains.  What sounds of a part that falls silent is to end now: a `Cut` for it,
        None where there is no such, and (part, pitch) of what was heard of it.

        What it has begun goes on in silence; a key on which another part is about to begin is left to that.
        """
        before, self.gains = self.gains, gains
        silent = {part for part, gain in enumerate(gains) if not gain and before[part]}
        if not silent:
            return None, []
        theirs = {it.key for it in self._given if it.is_click or it.stroke.part not in silent}

        def falls_silent(given: Given) -> bool:
            is_of_it = given.stroke.part in silent and given.key not in theirs
            return is_of_it and not given.is_click and not given.is_silent

        taken = {given.key for given in self._given if falls_silent(given)}
        self._given = deque(
            given._replace(is_silent=True) if falls_silent(given) else given
            for given in self._given
        )
        for key, began in list(self._open.items()):
            if falls_silent(began):
                del self._open[key]
                self._unheard[began.voice] = began._replace(is_silent=True)
                taken.add(key)
        heard = {it: at for it, at in self.sounding.items() if it[0] in silent and at not in theirs}
        for voice in heard:
            del self.sounding[voice]
        keys = tuple(sorted({*taken, *heard.values()}))
        return Cut(keys) if keys else None, list(heard)

    def _give(
        self,
        stroke: Stroke,
        at: int,
        due: int,
        now: int,
        late: float = 0.0,
        is_planned: bool = True,
        is_click: bool = False,
    ) -> Iterator[Timed]:
        route, gain = self.routes[stroke.part], self.gains[stroke.part]
        key = route.channel, route.pitch(stroke.pitch)
        given = Given(due, at, key, stroke, late, is_planned, is_click)
        if not is_click and (given.voice in self._unheard or (stroke.velocity and not gain)):
            return self._give_in_silence(given, now)
        began = self._open.get(key)
        if (began is None) == (not stroke.velocity):
            return
        # Two parts may be sent as the same key, or a note and a companion: the first has it until its end.
        if began and (began.is_planned, *began.stroke[1:3]) != (is_planned, *stroke[1:3]):
            return
        given = self._timed(given, now)
        due = given.due
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
        gain = 1.0 if is_click else gain
        yield Timed(
            due, NoteOn(key[1], velocity_near(route.velocity(stroke.velocity) * gain), key[0])
        )

    def _give_in_silence(self, given: Given, now: int) -> None:
        """Let a note begin or end that is not sent."""
        if given.stroke.velocity and given.voice in self._unheard:
            return
        given = self._timed(given, now)._replace(is_silent=True)
        self._given.append(given)
        if given.stroke.velocity:
            self._unheard[given.voice] = given
        else:
            del self._unheard[given.voice]

    def _timed(self, given: Given, now: int) -> Given:
        """The same, due after all that was handed out before."""
        self._last_due = due = max(given.due, now, self._last_due)
        return given._replace(due=due, at=max(given.at, due - max(0, self.offset_us)))

    def fall_due(self, now: int) -> Iterator[Given]:
        """Give the strokes that were handed out and are heard by now, in order."""
        while self._given and max(self._given[0].due, self._given[0].at) <= now:
            given = self._given.popleft()
            voice = given.stroke.part, given.stroke.pitch
            if given.is_click:
                continue
            if given.is_silent:
                pass
            elif given.stroke.velocity:
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
        self._unheard.clear()
        if not (self._given or self.sounding or self._open):
            return None
        ended = list(self.sounding)
        self._programs = {at: sent for at, sent in self._programs.items() if sent[1] < now}
        self._given.clear()
        self._open.clear()
        self.sounding.clear()
        self._last_due = now
        return ended

    def keep_sounding(self, now: int) -> Cut | None:
        """Throw all away but what sounds: a `Cut` is to be sent for what was handed out and has not begun, if any."""
        self.forget()
        self._unheard.clear()
        waits = {it.key for it in self._given if not self._is_begun(it) and not it.is_silent}
        self._given = deque(filter(self._is_begun, self._given))
        self._open = {key: it for key, it in self._open.items() if self._is_begun(it)}
        self._last_due = max((it.due for it in self._given), default=now)
        return Cut(tuple(sorted(waits))) if waits else None

    def _is_begun(self, given: Given) -> bool:
        return given.is_click or given.voice[1:] in self.sounding

    def end_of(self, part: int, pitch: int) -> int | None:
        """The tick at which a note that sounds will end; None where that is not planned yet."""
        strokes = [*(given.stroke for given in self._given), *self.planned]
        return next((it.tick for it in strokes if it[1:] == (part, pitch, 0)), None)

    def end_now(self, voices: Iterable[tuple[int, int]], tick: int, now: int) -> Iterator[Timed]:
        """Give the messages that end at once, at a tick, what of some notes, (part, pitch), sounds."""
        for voice in voices:
            if voice in self.sounding:
                yield from self._give(Stroke(tick, *voice, 0), now, now, now)

    @property
    def coming(self) -> tuple[Given, ...]:
        """Handed out and not yet due: it cannot be planned anew."""
        return tuple(given for given in self._given if not given.is_click)

    @property
    def open(self) -> tuple[Stroke, ...]:
        """The beginnings of planned notes that will not have ended when all that waits is due; oldest first."""
        began = sorted([*self._open.values(), *self._unheard.values()], key=lambda it: it.due)
        begun = [given.stroke for given in began if given.is_planned]
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
            elif velocity and len(coming) < most and (gain := self.gains[part]):
                route = self.routes[part]
                open_[part, pitch] = len(coming)
                sent = route.pitch(pitch), velocity_near(route.velocity(velocity) * gain)
                coming.append(Coming(due, None, part, route.channel, *sent))
        return coming

    def _strokes_ahead(self, place: Place) -> Iterator[tuple[int, Stroke]]:
        yield from ((given.due, given.stroke) for given in self.coming if not given.is_silent)
        for planned in sorted(self._planned):
            yield planned.micros(place) + self.offset_us, planned.stroke

    @property
    def is_empty(self) -> bool:
        """Nothing waits, neither planned nor handed out."""
        return not self._planned and not self.coming

    @property
    def waiting(self) -> int:
        """The number of strokes that are planned or handed out."""
        return len(self._planned) + len(self.coming)

    @property
    def last_tick(self) -> int | None:
        """Tick of the last stroke that is planned."""
        return max((planned.tick for planned in self._planned), default=None)

    def falls_due(self) -> int | None:
        """The time, micros, at which the first stroke that was handed out is due; it may have passed."""
        return max(self._given[0].due, self._given[0].at) if self._given else None

    def hands_out_at(self, place: Place) -> int | None:
        """Give the time, micros, at which the first planned stroke is to be handed out; it may have passed."""
        if not self._planned:
            return None
        return self._planned[0].micros(place) + self.offset_us - self.horizon_us
