"""`livegen calibrate`: how long MIDI takes from "Model Out" through the DAW and back to "Model In".

Sends short notes that differ in pitch and velocity, so that each is known when it returns, also transposed or with
another velocity; half of the way is what a note needs to reach the DAW, and `jam.offset` can take it back.  Time is an
argument here; knows no model and no engine.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.midi.ports import Ports
from livegen.daemon.midi.server_watch import Health
from livegen.doctor.port_traffic import opened
from livegen.doctor.system import midi_system
from livegen.errors import PortError
from livegen.jam.controls.controls import CONTROLS
from livegen.music.messages import NoteOff, NoteOn, decode, encode

NOTES = 40
LENGTH_US = 40_000
STEP_US, SPREAD_US = 130_000, 80_000  # uneven, so that no grid of the DAW's meets every note alike
LATE_US = SECOND  # a note that is not back by then is lost
PATIENCE_US = 120 * SECOND  # for the track to be made
KNOCK_US = SECOND // 2
KNOCKS = tuple(
    NoteOn(60, velocity) for velocity in (41, 31, 21)
)  # softer than all that are measured
KNOCK_VELOCITIES = frozenset(knock.velocity for knock in KNOCKS)
STEADY_US = (
    30_000  # of the round trips, eight in ten lie closer together, or no one offset fits them
)
DELIVERY_US = 100_000
# A JACK server on a busy machine stands still for a second or two while programs come and go, and runs on.
FROZEN_US = 10 * SECOND
POLL_US = 500

ROUTING = """\
In the DAW, make a MIDI track with the input "{out}" and the output "{into}", monitoring on, with nothing in between:
no effects, no arpeggiator, no quantising.  Waiting for a note to come back (Ctrl-C ends) …"""
MEANING = """\
This is the delay of MIDI from "{out}" through the DAW to "{into}".  The latency of the DAW's audio and of its
instruments comes on top.
If the model still sounds late by ear, lower the offset further."""


UNSTEADY = """\
The notes came back after very different times, so no single offset fits, and none is suggested.  Take quantising and
effects off the track; if there are none, make the DAW's buffer smaller.  Then measure again."""


@dataclass(frozen=True, slots=True)
class Time:
    """A clock to read and to wait by: `clock`'s, or a test's."""

    now: Callable[[], int] = clock.now
    wait_until: Callable[[int], object] = lambda due: clock.wait_until(due, 0)


@dataclass(frozen=True, slots=True)
class Way:
    """The change that a track makes to notes: semitones, and a word on velocities."""

    higher: int = 0
    velocity: str = ""

    def __str__(self) -> str:
        moved = f"{abs(self.higher)} semitones {'higher' if self.higher > 0 else 'lower'}"
        changes = [moved] if self.higher else []
        return ", ".join(changes + ([f"velocity {self.velocity}"] if self.velocity else []))


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The result: notes sent, micros of each that came back, and all that came besides them."""

    sent: int
    micros: tuple[int, ...]
    twice: int = 0
    strangers: int = 0

    @property
    def is_steady(self) -> bool:
        """True if one offset fits the notes; what quantises holds each back differently."""
        return bool(self.micros) and self.quantile(0.9) - self.quantile(0.1) <= STEADY_US

    @property
    def lost(self) -> int:
        """Notes that did not come back in time."""
        return self.sent - len(self.micros)

    def quantile(self, share: float) -> int:
        """Micros that so many of the notes needed at most (nearest rank); 0.5 is the median."""
        ranked = sorted(self.micros)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    @property
    def jitter_us(self) -> float:
        """Root mean square of the distance from the median."""
        median = self.quantile(0.5)
        return float((sum((one - median) ** 2 for one in self.micros) / len(self.micros)) ** 0.5)

    def __str__(self) -> str:
        low, p50, p99, high = (self.quantile(share) / 1000 for share in (0, 0.5, 0.99, 1))
        return (
            f"{self.sent} notes, {self.lost} lost; round trip {low:.1f} / {p50:.1f} / {p99:.1f} / {high:.1f} ms "
            f"(min / p50 / p99 / max), jitter {self.jitter_us / 1000:.1f} ms"
        )


def pattern(count: int = NOTES) -> list[tuple[int, NoteOn]]:
    """Notes and when each is struck, micros after the first: no two alike, no pitch again within a second."""
    spread = (0, 50_000, 20_000, SPREAD_US, 35_000, 65_000, 10_000)
    at, notes = 0, []
    for number in range(count):
        notes.append((at, NoteOn(60 + number * 7 % 12, 50 + number % 60)))
        at += STEP_US + spread[number % len(spread)]
    return notes


@dataclass(slots=True)
class _Ear:
    """Knows its own notes when they return: by pitch and velocity, or by pitch where the track changes velocities."""

    way: Way = Way()
    sent: dict[int, tuple[int, int]] = field(default_factory=dict)  # of a pitch, velocity and when
    back: dict[int, tuple[int, int]] = field(default_factory=dict)
    micros: list[int] = field(default_factory=list)
    twice: int = 0
    strangers: int = 0

    def strike(self, note: NoteOn, now: int) -> None:
        self.back.pop(note.pitch, None)
        self.sent[note.pitch] = note.velocity, now

    def hear(self, message: NoteOn, now: int) -> None:
        pitch = message.pitch - self.way.higher
        if self._is_own(self.sent.get(pitch), message.velocity, now):
            self.back[pitch] = self.sent.pop(pitch)
            self.micros.append(now - self.back[pitch][1])
        elif self._is_own(self.back.get(pitch), message.velocity, now):
            self.twice += 1
        elif pitch != KNOCKS[0].pitch or message.velocity not in KNOCK_VELOCITIES:
            self.strangers += 1

    def _is_own(self, struck: tuple[int, int] | None, velocity: int, now: int) -> bool:
        if struck is None or now - struck[1] > LATE_US:
            return False
        return bool(self.way.velocity) or struck[0] == velocity


class Calibration:
    """A measurement over ports that are open.  `release` must be called at its end, however it ends."""

    def __init__(self, ports: Ports, time: Time | None = None) -> None:
        self._ports, self._time = ports, time or Time()
        self._sounding: dict[NoteOn, int] = {}  # and when each ends
        self._well_at = self._time.now()  # when the MIDI server was last seen running

    def wait_for_route(self, patience_us: int = PATIENCE_US) -> Way | None:
        """Knock twice a second until it is heard, changed in the same way three times running; None if it never was."""
        until = self._time.now() + patience_us
        answers: list[list[NoteOn]] = []
        while (now := self._time.now()) < until:
            self._strike(KNOCKS[len(answers) % len(KNOCKS)])
            answers.append(list[NoteOn]())
            self._listen(now + KNOCK_US, lambda note, _: answers[-1].append(note))
            if (way := _way(answers[-len(KNOCKS) :])) is not None:
                # What is still on its way may arrive.
                self._listen(self._time.now() + KNOCK_US, lambda *_: None)
                return way
        return None

    def measure(self, count: int = NOTES, way: Way | None = None) -> RoundTrip:
        """Send so many notes and time their return; takes six seconds for forty."""
        ear, began = _Ear(way or Way()), self._time.now()
        for at, note in pattern(count):
            self._listen(began + at, ear.hear)
            ear.strike(note, self._time.now())
            self._strike(note)
        self._listen(self._time.now() + LATE_US, ear.hear)
        return RoundTrip(count, tuple(ear.micros), ear.twice, ear.strangers)

    def release(self) -> None:
        """End every note that sounds, and let that arrive."""
        for note in list(self._sounding):
            self._end(note)
        self._time.wait_until(self._time.now() + DELIVERY_US)

    def _strike(self, note: NoteOn) -> None:
        self._sounding[note] = self._time.now() + LENGTH_US
        self._ports.send(encode(note))

    def _end(self, note: NoteOn) -> None:
        self._ports.send(encode(NoteOff(note.pitch, channel=note.channel)))
        del self._sounding[note]

    def _listen(self, until: int, hear: Callable[[NoteOn, int], object]) -> None:
        """Hear notes that come, and end ours in time.

        Raises PortError when the MIDI server goes, or stands still for `FROZEN_US`.
        """
        while (now := self._time.now()) < until:
            for message in map(decode, self._ports.receive()):
                if isinstance(message, NoteOn):
                    hear(message, now)
            for note in [note for note, end in self._sounding.items() if end <= now]:
                self._end(note)
            self._look_after_server(now)
            self._time.wait_until(min(until, now + POLL_US))

    def _look_after_server(self, now: int) -> None:
        health = self._ports.health(now)
        if health is Health.WELL:
            self._well_at = now
        elif health is Health.LOST or now - self._well_at >= FROZEN_US:
            raise PortError(f"{self._ports.api}: the MIDI server stopped; start it, and try again")


def _way(answers: Sequence[Sequence[NoteOn]]) -> Way | None:
    """Tell the change that the track makes from the last knocks; None while they do not show it.

    One that comes back as it was sent tells at once.  Others must do so three times running, for somebody may play.
    """
    if any(
        note.pitch == KNOCKS[0].pitch and note.velocity in KNOCK_VELOCITIES for note in answers[-1]
    ):
        return Way()
    if len(answers) < len(KNOCKS):
        return None
    pitches = set.intersection(*({note.pitch for note in notes} for notes in answers))
    if not pitches:
        return None
    pitch = min(pitches, key=lambda one: abs(one - KNOCKS[0].pitch))
    velocities = {next(note.velocity for note in notes if note.pitch == pitch) for notes in answers}
    if velocities == KNOCK_VELOCITIES:
        velocity = ""
    else:
        velocity = f"fixed at {min(velocities)}" if len(velocities) == 1 else "changed"
    return Way(pitch - KNOCKS[0].pitch, velocity)


# --- what follows from it -------------------------------------------------------------------------------------


def offset_ms(trip: RoundTrip, sync: str) -> int:
    """Give the right `jam.offset`: minus the way to the DAW; by the DAW's clock, which came late itself, both ways."""
    ways = 1 if sync == "clock" else 2
    return max(round(-trip.quantile(0.5) / 1000 / ways), round(CONTROLS["offset"].low))


def advice(trip: RoundTrip, sync: str, out_name: str, in_name: str) -> list[str]:
    """Report a measurement, a line each; of a useless one, say how to mend it."""
    lines = []
    if trip.twice:
        lines.append(
            f"{trip.twice} notes came back twice: more than one track sends to {in_name!r}"
        )
    if trip.strangers:
        lines.append(
            f"{trip.strangers} other notes came: do not play while livegen measures, and take effects off the track"
        )
    if not trip.micros:
        return [*lines, "no note came back unchanged, so nothing was measured"]
    if not trip.is_steady:
        return [*lines, str(trip), "", UNSTEADY]
    offset = offset_ms(trip, sync)
    lines += [str(trip), "", f"jam.offset: {offset}"]
    if sync == "clock":
        lines.append(
            "That is the whole round trip: the DAW's clock reaches livegen late by half of it, and notes reach "
            "the DAW late by the other half."
        )
    elif sync == "auto":
        whole = offset_ms(trip, "clock")
        lines.append(
            f"That is half the round trip.  Where the DAW's MIDI clock leads, it is late by as much: write "
            f"{whole} then."
        )
    return [*lines, *MEANING.format(out=out_name, into=in_name).splitlines()]


def calibrate(
    api: str, in_name: str, out_name: str, say: Callable[[str], object], time: Time | None = None
) -> RoundTrip:
    """Open the ports, wait for the person's track, measure; every note is released, however it ends.

    Raises PortError, and KeyboardInterrupt on Ctrl-C and SIGTERM.  Threads: main only.
    """
    with (
        _terminated_like_interrupted(),
        opened(_free(api, in_name, out_name), in_name, out_name) as ports,
    ):
        calibration = Calibration(ports, time)
        try:
            say(ROUTING.format(out=ports.out_name, into=ports.in_name))
            if (way := calibration.wait_for_route()) is None:
                raise PortError(
                    f"nothing came back within {PATIENCE_US // SECOND} s; `livegen doctor` looks at ports and "
                    "connections"
                )
            changed = f", {way}; it can be measured all the same" if str(way) else ""
            say(f"It came back{changed}.  Measuring with {NOTES} notes …")
            return calibration.measure(way=way)
        finally:
            calibration.release()


def _free(api: str, in_name: str, out_name: str) -> str:
    """The MIDI system to take, if it is to be had and no livegen is on it.  Raises PortError."""
    system, refusals = midi_system(api)
    if system is None:
        why = "; ".join(f"{one.api}: {one.why}" for one in refusals) or "--api none"
        raise PortError(f"no MIDI system ({why}); `livegen doctor` says what to do about it")
    if system.pairs(in_name, out_name):
        raise PortError("a running livegen has these ports: end it, then calibrate")
    return system.api


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
