"""Turn-taking: who plays, and what follows from what happens.  Knows no times, notes or plans.

Rule 1: everything that decides whose turn it is lies in `TURNS`.  A pair that is not in it changes nothing.
Rule 2: a response begins when its first note is due, not when it was planned; a key pressed before that
still belongs to the call.
"""

from dataclasses import dataclass
from enum import Enum


class Turn(Enum):
    """Whose turn it is."""

    WAITING = "waiting"  # nobody's: no call has begun
    LISTENING = "listening"  # the player's: a call is being played, or its response is not yet due
    RESPONDING = "responding"  # the model's


class Happening(Enum):
    """What can change it."""

    KEY = "the player starts a note"
    BEGIN = "the first note of the response is due"
    DONE = "the response has ended, or there is none"
    STOP = "stop, panic, all notes off"


class Action(Enum):
    """What the engine does about it."""

    OPEN = "begin a call with this note"
    HEAR = "the call goes on: forget the response that was being planned"
    INTERRUPT = "silence the response and begin a call with this note"
    PLAY = "go on with the response"
    CLOSE = "wait for the next call"
    SILENCE = "release everything and forget the call"


TURNS: dict[tuple[Turn, Happening], tuple[Action, Turn]] = {
    (Turn.WAITING, Happening.KEY): (Action.OPEN, Turn.LISTENING),
    (Turn.LISTENING, Happening.KEY): (Action.HEAR, Turn.LISTENING),
    (Turn.RESPONDING, Happening.KEY): (Action.INTERRUPT, Turn.LISTENING),
    (Turn.LISTENING, Happening.BEGIN): (Action.PLAY, Turn.RESPONDING),
    (Turn.LISTENING, Happening.DONE): (Action.CLOSE, Turn.WAITING),
    (Turn.RESPONDING, Happening.DONE): (Action.CLOSE, Turn.WAITING),
    (Turn.WAITING, Happening.STOP): (Action.SILENCE, Turn.WAITING),
    (Turn.LISTENING, Happening.STOP): (Action.SILENCE, Turn.WAITING),
    (Turn.RESPONDING, Happening.STOP): (Action.SILENCE, Turn.WAITING),
}


@dataclass(frozen=True, slots=True)
class Mode:
    """What a mode decides.  The turns are the same in all."""

    ends_by_itself: bool  # a response has a length; otherwise it goes on until the player plays


MODES = {"respond": Mode(ends_by_itself=True), "continue": Mode(ends_by_itself=False)}
