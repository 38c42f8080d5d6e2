"""Is what comes in our own output coming back?  A guard against tracks that are routed in a circle.

Sans-IO: what left and what came, each with its time, in; whether to listen to it out.  A loop is a delay and a
transposition.  It is found in three ways:

* A mark (`loop_marks`) goes before a note-on at most once a second, and takes the way of the notes.  The first note
  behind a mark that came back is withheld already.
* A direct one returns the very bytes within 25 ms.  Such a copy is withheld from the first one on; three notes in a
  row that came back are a loop.
* Any other, on whose way note-offs without a note or release velocities are lost (0 to 500 ms, up to two octaves,
  any channel, any velocity), is found by what all the latest inputs have in common: more than four in five came one
  delay after a note of the model's, one interval away from it, and so did most of what the model sent on that channel.
  A track that loses marks and half of the notes of a channel as well is not found.

The player may answer, double or follow the model: no hand keeps a delay constant to a few milliseconds, so the wider a
delay spreads, the more notes it takes (`EVIDENCE`).  A machine does; if the model foretells its next note time and
again, yet plays others too, that is no loop.  What proves nothing is left out, neither for nor against: a pitch that
was heard before within the longest delay, for what repeats itself needs no loop (a sequencer's pattern beside a model
on the same grid); all notes of a chord but the first; what came back of the player's own notes passed through, for
they are as regular as the player is.  Those could still go round for ever, so 16 steady echoes are put to the test:
one is withheld.  A loop falls silent then, and twice is certain; a sequencer plays on, and is not suspected again.

Laws: once a note-on was passed on, so is the next note-off of its key; all memory is bounded.  Knows nothing of ports.
"""

import random
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from livegen.daemon.midi.loop_marks import Marks
from livegen.music.messages import CONTROL_CHANGE, NOTE_OFF, NOTE_ON, NoteOn, channel_of, kind_of

DIRECT_US = 25_000  # two periods of 512 frames at 44.1 kHz, and the poll
DIRECT_NOTES = 3
MAX_DELAY_US = 525_000
MAX_SEMITONES = 24
# The most that delays may lie from the latest, widest first, and how many notes must then agree, with one that does not
# among them at most.  Were the delays a hand's, of a standard deviation of 15 ms, each row would be met by a few in a
# million notes.  12 ms is what a period of 1024 frames at 48 kHz makes of a constant delay.
EVIDENCE = ((12_000, 30), (6_000, 14), (3_000, 8), (1_500, 6))
FEWEST = 6
# Of our latest notes on a channel, as many as must agree, so many must have come back.
MOST = 2 / 3
ECHOES = 16
CHORD_US = 20_000
MUTED_US = 12_000  # how far from its delay a copy may come and still be withheld
GONE_US = 2_000_000
THRU_US = 50_000  # a note sent so soon after the same one was passed on is the player's
MAX_LOOPS = 4
_SENT, _VALUES, _INPUTS, _CAME = 512, 128, 40, 64


@dataclass(slots=True)
class _Own:
    """A note-on that left."""

    at: int
    note: NoteOn
    is_thru: bool
    is_back: bool = False


@dataclass(slots=True)
class _Loop:
    """A way back.  `missing_since`: when the first note left that should have come back since the last one did."""

    delay_us: int
    semitones: int
    missing_since: int | None = None

    def is_gone(self, now: int) -> bool:
        since = self.missing_since
        return since is not None and now > since + self.delay_us + GONE_US

    def __str__(self) -> str:
        delay = f"{round(self.delay_us / 1000)} ms later"
        if not self.semitones:
            return delay
        count, way = abs(self.semitones), "higher" if self.semitones > 0 else "lower"
        return f"{delay}, {count} semitone{'s' * (count > 1)} {way}"


@dataclass(frozen=True, slots=True)
class _Test:
    """An echo was withheld: were it a loop's, nothing would come `at`."""

    at: int
    pitch: int
    delay_us: int
    semitones: int


# For one input, by semitones: how long before it our notes left, and whether each counts or is only no contradiction.
_Lags = dict[int, list[tuple[int, bool]]]


class LoopGuard:
    """The guard of one input against one output; the names are for the line it logs.  Threads: loop only."""

    def __init__(
        self,
        out_name: str = "Model Out",
        in_name: str = "Model In",
        chance: random.Random | None = None,
    ) -> None:
        """`chance` draws the marks: two livegens that play with each other must not share one."""
        self._names = out_name, in_name
        self._marks = Marks(chance or random.SystemRandom())
        self._sent: deque[_Own] = deque(maxlen=_SENT)
        self._values: deque[tuple[int, bytes]] = deque(maxlen=_VALUES)
        self._inputs: deque[_Lags] = deque(maxlen=_INPUTS)
        self._echoes: deque[_Lags] = deque(maxlen=ECHOES + 1)
        self._test: _Test | None = None
        # The semitones of echoes that went on when one was withheld, and of such as fell silent once.
        self._steady: set[int] = set()
        self._silenced: set[int] = set()
        self._loops: list[_Loop] = []
        self._lines: deque[str] = deque(maxlen=MAX_LOOPS)
        self._came: list[deque[int]] = [deque(maxlen=_CAME) for _ in range(128)]  # by pitch, when
        self._input_at = -CHORD_US
        self._passed: dict[tuple[int, int], tuple[int, int]] = {}  # key: time and velocity
        self._last_value: dict[bytes, bytes] = {}
        self._held: Counter[tuple[int, int]] = Counter()
        self._withheld: Counter[tuple[int, int]] = Counter()
        self.withheld = 0

    def summary(self) -> dict[str, Any]:
        """The loops that are known, in words, and how many messages were withheld so far."""
        return {"loops": [str(loop) for loop in self._loops], "withheld": self.withheld}

    def mark(self, at: int, data: bytes) -> tuple[bytes, ...]:
        """Give what is to be sent right before a message that leaves at `at` micros; mostly nothing.

        The key of a note-on must be silent by then, as the ledger sees to it.
        """
        return self._marks.before(at, data)

    def sent(self, at: int, data: bytes) -> None:
        """Take note of a message that left at `at` micros, whoever's it was."""
        if len(data) not in (2, 3) or data[0] >= 0xF0:
            return
        kind, channel, pitch = kind_of(data), channel_of(data), data[1]
        if kind == NOTE_ON and data[-1]:
            passed_at, velocity = self._passed.get((channel, pitch), (at - THRU_US - 1, 0))
            is_thru = velocity == data[-1] and at - passed_at <= THRU_US
            self._sent.append(_Own(at, NoteOn(pitch, data[-1], channel), is_thru))
            for loop in self._loops:
                if loop.missing_since is None and 0 <= pitch + loop.semitones < 128:
                    loop.missing_since = at
        elif kind not in (NOTE_ON, NOTE_OFF):
            self._values.append((at, data))

    def heard(self, at: int, data: bytes) -> bool:
        """Take a message as it came at `at` micros.  True: it is ours, come back; do not pass it on."""
        if len(data) not in (2, 3) or data[0] >= 0xF0 or max(data[1:]) > 127:
            return False
        kind, key = kind_of(data), (channel_of(data), data[1])
        if kind == NOTE_ON and len(data) == 3 and data[2]:
            is_ours = self._is_our_note(at, *key, data[2])
            self._enter(at, key, data[2], is_ours)
        elif kind in (NOTE_ON, NOTE_OFF):
            is_ours = self._is_mark(at, key, data[-1]) or self._is_off_of_ours(key)
        else:
            is_ours = self._is_our_value(at, data)
        self.withheld += is_ours
        return is_ours

    def look(self, now: int) -> str | None:
        """Give the line to log when a loop was found or has gone, once; None when there is nothing to tell.

        It has gone when a note that should have come back has not for two seconds, nor any after it.  While
        nothing is sent nothing can be told, and it stays as it is.
        """
        self._end_test(now)
        for loop in [loop for loop in self._loops if loop.is_gone(now)]:
            self._loops.remove(loop)
            sent, heard = self._names
            self._lines.append(
                f'loop: what "{sent}" sends no longer comes back to "{heard}" {loop}'
            )
        return self._lines.popleft() if self._lines else None

    # --- notes ----------------------------------------------------------------------------------------------------

    def _is_our_note(self, at: int, channel: int, pitch: int, velocity: int) -> bool:
        if self._is_announced(at, (channel, pitch)):
            return True
        is_copy = self._is_direct(at, channel, pitch, velocity)
        return (
            self._comes_by_a_loop(at, pitch)
            or is_copy
            or self._proves_a_loop(at, pitch)
            or self._is_echo(at, pitch, velocity)
        )

    def _enter(self, at: int, key: tuple[int, int], velocity: int, is_ours: bool) -> None:
        self._came[key[1]].append(at)
        (self._withheld if is_ours else self._held)[key] += 1
        if not is_ours:
            self._passed[key] = at, velocity

    def _is_off_of_ours(self, key: tuple[int, int]) -> bool:
        """True if only a withheld note is left for this off to end; rather an early off than none."""
        for notes, is_ours in ((self._held, False), (self._withheld, True)):
            if notes[key] > 0:
                notes[key] -= 1
                return is_ours
        return False

    def _recent(self, at: int, within_us: int = MAX_DELAY_US) -> Iterator[_Own]:
        """Our notes that left at most so long before, the latest first."""
        for own in reversed(self._sent):
            if at - own.at > within_us:
                return
            yield own

    def _is_direct(self, at: int, channel: int, pitch: int, velocity: int) -> bool:
        """True if this very note-on left just now; the third in a row of ours to come back is a loop."""
        note = NoteOn(pitch, velocity, channel)
        for own in self._recent(at, DIRECT_US):
            if own.note == note:
                own.is_back = True
                latest = [each for each in self._sent if each.at <= own.at][-DIRECT_NOTES:]
                if len(latest) == DIRECT_NOTES and all(each.is_back for each in latest):
                    self._found(at - own.at, 0)
                return True
        return False

    def _comes_by_a_loop(self, at: int, pitch: int) -> bool:
        """True if one of ours should come in by a known loop just now, as this pitch."""
        for loop in self._loops:
            for own in self._recent(at, loop.delay_us + MUTED_US):
                late_us = at - own.at - loop.delay_us
                if late_us < -MUTED_US or own.note.pitch + loop.semitones != pitch:
                    continue
                loop.delay_us += late_us // 8
                loop.missing_since = None
                return True
        return False

    # --- marks ----------------------------------------------------------------------------------------------------

    def _is_mark(self, at: int, key: tuple[int, int], velocity: int) -> bool:
        """True if this off ends nothing: it is the second of any mark, or of a mark that a known loop brings."""
        return self._marks.heard_off(at, key, velocity) or any(
            self._marks.left(at - loop.delay_us, key[1] - loop.semitones, velocity, MUTED_US)
            for loop in self._loops
        )

    def _is_announced(self, at: int, key: tuple[int, int]) -> bool:
        """True if a mark came right before this note-on: then a loop is certain."""
        mark = self._marks.announcing(at, key)
        if mark is None:
            return False
        if not self._comes_by_a_loop(at, key[1]):
            self._found(at - mark.at, key[1] - mark.pitch)
        return True

    # --- evidence -------------------------------------------------------------------------------------------------

    def _proves_a_loop(self, at: int, pitch: int) -> bool:
        """Enter an input that nothing explains so far; True if with the latest ones it makes a loop certain."""
        came = self._came[pitch]
        if (came and at - came[-1] <= MAX_DELAY_US) or at - self._input_at <= CHORD_US:
            return False
        self._input_at = at
        lags = _lags([(own, not own.is_thru) for own in self._recent(at)], at, pitch)
        self._inputs.append(lags)
        for semitones, delay_us in _choices(lags):
            if self._is_certain(at, pitch, semitones, delay_us):
                self._found(delay_us, semitones)
                return True
        return False

    def _is_certain(self, at: int, pitch: int, semitones: int, delay_us: int) -> bool:
        left = at - delay_us, pitch - semitones
        for spread_us, needed in EVIDENCE:
            agreed = _agreed(self._inputs, semitones, delay_us, spread_us)
            if agreed >= needed and self._brings_most(*left, semitones, delay_us, needed):
                return True
            if agreed < FEWEST:  # nor can a narrower spread find more
                return False
        return False

    def _brings_most(
        self, left_at: int, pitch: int, semitones: int, delay_us: int, latest: int
    ) -> bool:
        """True if this loop brought most of what left on the channel of that note of ours before it did."""
        ours = reversed(self._sent)
        channel = next(
            own.note.channel for own in ours if (own.at, own.note.pitch) == (left_at, pitch)
        )
        before = missing = 0
        for own in ours:
            if (
                own.note.channel != channel
                or own.is_thru
                or not 0 <= own.note.pitch + semitones < 128
            ):
                continue
            before += 1
            missing += not self._came_at(own.at + delay_us, own.note.pitch + semitones)
            if before == latest or missing > (1 - MOST) * latest:
                break
        return missing <= (1 - MOST) * before

    def _came_at(self, at: int, pitch: int) -> bool:
        for came in reversed(self._came[pitch]):
            if came <= at + MUTED_US:
                return came >= at - MUTED_US
        return False

    # --- echoes of what was passed through ------------------------------------------------------------------------

    def _is_echo(self, at: int, pitch: int, velocity: int) -> bool:
        """True if this one of many steady echoes is to be withheld, to see whether they go on without it."""
        self._end_test(at)
        if self._test is not None:
            self._fail_test(self._test, at, pitch)
            return False
        ours = [own for own in self._recent(at) if own.is_thru and own.note.velocity == velocity]
        lags = _lags([(own, True) for own in ours], at, pitch)
        self._echoes.append(lags)
        for semitones, delay_us in _choices(lags):
            if semitones in self._steady:
                continue
            if _agreed(self._echoes, semitones, delay_us, EVIDENCE[-1][0]) >= ECHOES:
                self._test = _Test(at + delay_us, pitch + semitones, delay_us, semitones)
                return True
        return False

    def _fail_test(self, test: _Test, at: int, pitch: int) -> None:
        """End the test if this is the note that no loop could have brought."""
        if pitch == test.pitch and abs(at - test.at) <= MUTED_US:
            self._steady.add(test.semitones)
            self._test = None
            self._echoes.clear()

    def _end_test(self, now: int) -> None:
        """Take the echoes for a loop if the next one did not come, as once before."""
        test = self._test
        if test is None or now <= test.at + MUTED_US:
            return
        if test.semitones in self._silenced:
            self._found(test.delay_us, test.semitones)
        self._silenced.add(test.semitones)
        self._test = None
        self._echoes.clear()

    # --- what is known --------------------------------------------------------------------------------------------

    def _found(self, delay_us: int, semitones: int) -> None:
        self._inputs.clear()
        is_known = any(
            loop.semitones == semitones and abs(loop.delay_us - delay_us) <= MUTED_US
            for loop in self._loops
        )
        if is_known or len(self._loops) == MAX_LOOPS:
            return
        loop = _Loop(delay_us, semitones)
        self._loops.append(loop)
        sent, heard = self._names
        self._lines.append(
            f'loop: what "{sent}" sends comes back to "{heard}" {loop}; livegen ignores it. '
            f'Take "{sent}" out of the inputs of the track that feeds "{heard}".'
        )

    # --- pedals, bends, controllers -------------------------------------------------------------------------------

    def _is_our_value(self, at: int, data: bytes) -> bool:
        """True if a loop brings it back, or it came straight back and tells nothing new."""
        what = data[:2] if kind_of(data) in (0xA0, CONTROL_CHANGE) else data[:1]
        if self._came_back(at, data):
            return True
        is_news = self._last_value.get(what) != data
        self._last_value[what] = data
        return not is_news and any(
            each == data and at - since <= DIRECT_US for since, each in self._values
        )

    def _came_back(self, at: int, data: bytes) -> bool:
        return any(
            abs(at - since - loop.delay_us) <= MUTED_US
            for loop in self._loops
            for since, each in self._values
            if kind_of(each) == kind_of(data) and each[1:] == data[1:]
        )


def _lags(notes: Iterable[tuple[_Own, bool]], at: int, pitch: int) -> _Lags:
    """Give how long before `at` each of these notes left, if it is near enough in pitch, and whether it counts."""
    lags: _Lags = {}
    for own, counts in notes:
        semitones = pitch - own.note.pitch
        if -MAX_SEMITONES <= semitones <= MAX_SEMITONES:
            lags.setdefault(semitones, []).append((at - own.at, counts))
    return lags


def _choices(lags: _Lags) -> Iterator[tuple[int, int]]:
    """Every loop (semitones, delay) that an input may have come by."""
    for semitones, choices in lags.items():
        for lag_us, counts in choices:
            if counts:
                yield semitones, lag_us


def _agreed(inputs: deque[_Lags], semitones: int, delay_us: int, spread_us: int) -> int:
    """The number of the latest inputs that may have come by this loop, back to the second that cannot have."""
    agreed = others = 0
    least, most = delay_us - spread_us, delay_us + spread_us
    for lags in reversed(inputs):
        near = [counts for lag_us, counts in lags.get(semitones, ()) if least <= lag_us <= most]
        if near:
            agreed += any(near)
        else:
            others += 1
            if others == 2:
                break
    return agreed
