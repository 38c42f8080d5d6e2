"""Start, stop, continue, clock and song position: the state machine of who follows them, as one table.

Knows the messages (MIDI 1.0, M1-1996-0105, "System Common" and "System Real Time") and what each asks for; knows
no time, no tempo and no positions.
"""

from collections.abc import Sequence
from enum import Enum, auto

SONG_POSITION, CLOCK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC


class Transport(Enum):
    """The states of a sender's transport."""

    STOPPED = auto()
    ARMED = auto()  # start or continue was seen, its first clock was not
    RUNNING = auto()
    COASTING = auto()  # it ran, and its clocks are missing, for at most a bar


class Act(Enum):
    """The changes that a message brings besides the state."""

    NOTHING = auto()
    REWIND = auto()  # the next clock is the downbeat
    HOLD = auto()  # keep the place: a Continue goes on with the clock after the last
    BEGIN = auto()  # this clock is the downbeat, or the one to continue with
    COUNT = auto()  # one clock more
    IDLE = auto()  # a clock that nobody started
    PLACE = auto()  # a song position, for the next Continue
    RELOCATE = auto()  # a song position, for the next clock


_S, _A, _R, _C = Transport

# (state, message): (next state, what else).  A clock changes the state when it is understood, not while it is in
# doubt, and an idle one only if the sender ran when it was lost.  Time alone changes RUNNING to COASTING, when
# clocks are missing, and that to STOPPED, after a bar.
TABLE = {
    (_S, START): (_A, Act.REWIND),
    (_A, START): (_A, Act.REWIND),
    (_R, START): (_A, Act.REWIND),
    (_C, START): (_A, Act.REWIND),
    (_S, CONTINUE): (_A, Act.NOTHING),
    (_A, CONTINUE): (_A, Act.NOTHING),
    (_R, CONTINUE): (_A, Act.HOLD),
    (_C, CONTINUE): (_A, Act.HOLD),
    (_S, STOP): (_S, Act.NOTHING),
    (_A, STOP): (_S, Act.NOTHING),
    (_R, STOP): (_S, Act.HOLD),
    (_C, STOP): (_S, Act.HOLD),
    (_S, CLOCK): (_R, Act.IDLE),
    (_A, CLOCK): (_R, Act.BEGIN),
    (_R, CLOCK): (_R, Act.COUNT),
    (_C, CLOCK): (_R, Act.COUNT),
    (_S, SONG_POSITION): (_S, Act.PLACE),
    (_A, SONG_POSITION): (_A, Act.PLACE),
    (_R, SONG_POSITION): (_R, Act.RELOCATE),
    (_C, SONG_POSITION): (_C, Act.RELOCATE),
}


def is_transport(data: Sequence[int]) -> bool:
    """True if these bytes are one of the five messages, whole."""
    if len(data) == 1:
        return data[0] in (CLOCK, START, CONTINUE, STOP)
    return len(data) == 3 and data[0] == SONG_POSITION and max(data[1], data[2]) < 0x80
