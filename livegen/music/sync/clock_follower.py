"""Following MIDI clock: the timeline that clocks, start, stop, continue and song position make.

Knows what the messages mean together; `transport` holds the states, `pulse` steadies the clocks, `doubles` finds
those that come twice, `song_position` reads positions.  Knows no ports, no music, and nobody who would listen to it.

What is counted are clocks, 24 to a beat, from the downbeat of Start: the first clock after it.  It takes a beat or so
to know that every message comes twice.  What came since before the first copy is then heard again, without the copies.
"""

import copy
import math
from typing import NamedTuple

from livegen.music.sync.doubles import Doubles
from livegen.music.sync.pulse import SILENCE, Pulse
from livegen.music.sync.song_position import SongPosition, relocation
from livegen.music.sync.transport import CLOCK, TABLE, Act, Transport, is_transport
from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT, Metre
from livegen.music.time.timeline import MAX_TEMPO_US, MIN_TEMPO_US, MINUTE_US, Timeline

SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0  # a tempo beyond is doubled or halved

_BACK = 0.9  # it is no longer, when it has come back by a tenth
_MOST_FOLDS = 3  # beyond 2400 and below 2.5 bpm there is no pulse
_FORGOTTEN_US = 60_000_000  # after a silence so long nobody knows where the sender is
_FIRST_US, _FIRST_BAR_US = 300_000, 2_000_000  # a second clock is missing, and lost, after so long
_KEPT = 192  # messages, after which those before the last so many need not be heard again


class _Kept(NamedTuple):
    """A span of messages, each with its arrival, and what was known before them."""

    before: "ClockFollower"
    messages: list[tuple[bytes, int]]


class ClockFollower:
    """Follows a sender of MIDI clock.  A clock costs a few microseconds.  Threads: one.

    `transport` is what the sender does.  `jumps` counts how often its position has changed otherwise than by
    going on (start, continue elsewhere, relocation, found again after a drop-out, tempo halved or doubled):
    who has planned ahead must then take it back.  A change of tempo is no jump.
    """

    def __init__(self, metre: Metre = COMMON_TIME) -> None:
        self.metre = metre
        self.transport = Transport.STOPPED
        self.jumps = 0
        self._pulse = Pulse()
        self._positions = SongPosition()
        self._count = -1  # of the pulse's last clock
        self._next = 0  # the clock that a Continue will bring
        self._relocation: int | None = None  # of the next clock
        self._rewound = False
        self._heard = 0  # when the last clock came
        self._is_alive = False
        self._is_lost = False  # it ran when its clocks went missing for more than a bar
        self._folds = 0  # the tempo is halved so often; doubled if negative
        self._doubles = Doubles()
        self._kept: list[_Kept] = []  # the last two spans

    def feed(self, data: bytes, now: int) -> None:
        """Take one message as it arrived, at `now` micros; any but the five of the transport is ignored."""
        self.look(now)
        if not is_transport(data):
            return
        doubles = self._doubles
        was_doubled = doubles.lag is not None
        if not was_doubled:
            self._keep(data, now)
        is_copy = doubles.feed(data, now)
        if doubles.lag is not None and not was_doubled:
            self._hear_again()
        elif not is_copy:
            self._hear(data, now)

    def _keep(self, data: bytes, now: int) -> None:
        """Keep a message, and now and then what was known before it."""
        if not self._kept or len(self._kept[-1].messages) == _KEPT:
            self._kept = [*self._kept[-1:], _Kept(self._branch(), [])]
        self._kept[-1].messages.append((bytes(data), now))

    def _hear_again(self) -> None:
        """Every message comes twice: go back to what was known before, and hear all since without the copies."""
        heard, metre, jumps = self._kept[0].before, self.metre, self.jumps
        doubles = self._doubles.known()
        for data, at in [message for kept in self._kept for message in kept.messages]:
            if not doubles.feed(data, at):
                heard.look(at)
                heard._hear(data, at)
        self.__dict__.update(heard.__dict__)
        self.metre, self.jumps, self._kept, self._doubles = metre, jumps + 1, [], doubles

    def _branch(self) -> "ClockFollower":
        """Another follower that has heard the same, and keeps nothing."""
        branch = copy.copy(self)
        branch._pulse, branch._positions = self._pulse.copy(), self._positions.copy()
        branch._kept = []
        return branch

    def _hear(self, data: bytes, now: int) -> None:
        then, act = TABLE[self.transport, data[0]]
        is_done = self._do(act, data, now)
        if data[0] == CLOCK:
            self._heard, self._is_alive = now, True
            self._fold()
        if is_done:
            self.transport = then

    def look(self, now: int) -> None:
        """Let time pass: clocks go missing, and after a bar the sender is lost."""
        if not self._is_alive:
            return
        if self.transport is Transport.RUNNING and now >= self._missing_from:
            self.transport = Transport.COASTING
        if now >= self._lost_from:
            self._is_alive = False
            if self.transport is Transport.COASTING:
                self.transport, self._is_lost = Transport.STOPPED, True
                self._hold()

    def deadline(self) -> int | None:
        """Micros at which `look` has something to do, unless a clock comes before; None for never."""
        if not self._is_alive:
            return None
        return self._missing_from if self.transport is Transport.RUNNING else self._lost_from

    @property
    def timeline(self) -> Timeline | None:
        """The best map now; None before two clocks were heard.  It holds from now on, not for what has been.

        Tick 0 is the downbeat of Start, or some clock where `has_phase` is False.  Ticks are clocks, unless the
        tempo is halved or doubled: then so many clocks are a tick.  The tick of the last clock is right to a
        microsecond.
        """
        if not self._pulse.has_period:
            return None
        tick, rest = self._tick()
        tempo = round(self._tick_us * TICKS_PER_BEAT)
        tempo = max(MIN_TEMPO_US, min(MAX_TEMPO_US, tempo))
        at = round(self._pulse.at - rest * self._pulse.period)
        return Timeline(tempo, at - Timeline(tempo).micros(tick), self.metre)

    @property
    def has_phase(self) -> bool:
        """True if the sender's bar is known, not only its tempo: it runs."""
        return self.transport in (Transport.RUNNING, Transport.COASTING)

    @property
    def tells_by(self) -> int | None:
        """The time, micros, by which a sender that has just started tells its tempo, with its second clock."""
        is_first = self.transport is Transport.RUNNING and not self._pulse.has_period
        return self._heard + MAX_TEMPO_US // TICKS_PER_BEAT if is_first else None

    @property
    def is_locked(self) -> bool:
        """True if clocks come, and half a beat of them has made a tempo."""
        return self._is_alive and self._pulse.is_locked

    @property
    def bpm(self) -> float | None:
        """The tempo, halved or doubled into range; None before two clocks were heard."""
        return MINUTE_US / TICKS_PER_BEAT / self._tick_us if self._pulse.has_period else None

    @property
    def jitter_us(self) -> float:
        """Root mean square of how far clocks arrive from where they were due, over the last beat or so."""
        return self._pulse.jitter_us

    @property
    def doubled_us(self) -> float | None:
        """The time from a message to its copy, where each comes twice; None where each comes once.

        Micros.  Copies that lie half way between two clocks cannot be told from twice the tempo.
        """
        return self._doubles.lag

    def _do(self, act: Act, data: bytes, now: int) -> bool:
        """True if the state changes: not by a clock in doubt."""
        match act:
            case Act.REWIND:
                self._rewound, self._next, self._relocation = True, 0, None
                self._positions.start()
            case Act.HOLD:
                self._hold()
            case Act.BEGIN:
                self._begin(now)
            case Act.COUNT:
                return self._go_on(now)
            case Act.IDLE:
                return self._idle(now)
            case Act.PLACE:
                self._next = self._positions.clocks(data[1], data[2], self.metre)
            case Act.RELOCATE:
                position = self._positions.clocks(data[1], data[2], self.metre)
                self._relocation = relocation(position, self._count + 1)
            case Act.NOTHING:
                pass
        self._is_lost = self._is_lost and act in (Act.PLACE, Act.IDLE)
        return True

    def _hold(self) -> None:
        """Keep the place of the next clock; those in doubt are taken for clocks."""
        expected = self._count + 1 + self._pulse.waiting
        self._next = expected if self._relocation is None else self._relocation
        self._relocation = None

    def _begin(self, now: int) -> None:
        """The first clock after a start or a continue."""
        was_due = self._where(now)
        self._pulse.strike(now)
        self._count = self._next
        self._positions.count(1)
        if self._rewound or was_due is None or abs(was_due - self._count) > 0.5:
            self.jumps += 1
        self._rewound = False

    def _go_on(self, now: int) -> bool:
        """Take a clock of a sender that runs or was lost; True if it is understood."""
        steps = self._clocks(now)
        self._count += steps
        self._positions.count(steps)
        if steps and self._relocation is not None:
            self._count, self._relocation = self._relocation + steps - 1, None
            self.jumps += 1
        return steps > 0

    def _idle(self, now: int) -> bool:
        """A clock that nobody started; whether it belongs to a sender that was lost and is found."""
        is_late = now - self._heard > _FORGOTTEN_US
        self._is_lost = self._is_lost and not is_late
        if self._is_lost:
            is_found = self._go_on(now)
            self._is_lost = not is_found
            self.jumps += is_found
            return is_found
        if self._is_alive:
            self._count += self._clocks(now)
        else:
            self._pulse.strike(now)
            self._count += 1
        return False

    def _clocks(self, now: int) -> int:
        """Give the number of clocks that this one stands for: none in doubt, several after lost ones."""
        if now == self._heard:
            self._pulse.crowd()
            return 1
        return self._pulse.feed(now)

    def _where(self, now: int) -> float | None:
        """The position in clocks, by the pulse so far."""
        if not self._pulse.has_period:
            return None
        return self._count + (now - self._pulse.at) / self._pulse.period

    def _fold(self) -> None:
        """Halve a tempo that is too fast for a beat, double one that is too slow; and back again."""
        if not self._pulse.is_locked:
            return
        before = self._folds
        while (step := self._folding()) and abs(self._folds + step) <= _MOST_FOLDS:
            self._folds += step
        self.jumps += self._folds != before

    def _folding(self) -> int:
        bpm = MINUTE_US / TICKS_PER_BEAT / self._tick_us
        if bpm >= FASTEST_BPM or (self._folds < 0 and bpm / 2 > SLOWEST_BPM / _BACK):
            return 1
        if bpm <= SLOWEST_BPM or (self._folds > 0 and bpm * 2 < FASTEST_BPM * _BACK):
            return -1
        return 0

    @property
    def _tick_us(self) -> float:
        return float(self._pulse.period * 2.0**self._folds)

    def _tick(self) -> tuple[int, int]:
        """The tick at or before the last clock, and how many clocks before."""
        if self._folds < 0:
            return self._count << -self._folds, 0
        return divmod(self._count, 1 << self._folds)

    @property
    def _missing_from(self) -> int:
        wait = SILENCE * self._pulse.period if self._pulse.has_period else _FIRST_US
        return self._heard + math.ceil(wait)

    @property
    def _lost_from(self) -> int:
        bar = self.metre.place(self._tick()[0]).bar
        wait = bar * self._tick_us if self._pulse.has_period else _FIRST_BAR_US
        return self._heard + math.ceil(wait)
