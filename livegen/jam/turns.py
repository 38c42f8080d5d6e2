"""Turn-taking: who plays, and what follows from what happens.  Knows no times, notes or plans.

Rule 1: everything that decides whose turn it is lies in the tables below.  A pair that is not in one changes
nothing.
Rule 2: a response begins when its first note is due, not when it was planned; a key pressed before that
still belongs to the call.
Rule 3: modes differ by the columns of `MODES` and by the table they use; they share everything else.
"""

from dataclasses import dataclass
from enum import Enum


class Turn(Enum):
    """Whose turn it is."""

    WAITING = "waiting"  # nobody's: no call has begun
    LISTENING = "listening"  # the player's: a call is being played, or its response is not yet due
    RESPONDING = "responding"  # the model's
    TOGETHER = "together"  # both play
    LOOPING = "looping"  # a response is frozen and repeats; the player plays over it


class Happening(Enum):
    """What can change it."""

    KEY = "the player starts a note"
    BRUSH = "the player starts a note where turns meet by the clock"
    BEGIN = "the first note of the response is due"
    DONE = "the response has ended, or there is none"
    STOP = "stop, panic, the clock stops"
    YOURS = "the player says: your turn"
    MINE = "the player says: my turn"
    AGAIN = "the player asks for another answer to the same call"
    UNDO = "the player takes the last turn back"
    FREEZE = "the player freezes the response, or lets it go"
    MODE = "the player chooses another mode"


class Action(Enum):
    """What the engine does about it."""

    OPEN = "begin a call with this note"
    HEAR = "the call goes on: forget the response that was being planned"
    INTERRUPT = "silence the response and begin a call with this note"
    JOIN = "begin a call with this note, and play beside it"
    FOLLOW = "the state hears the note, and what was planned beside it is planned anew"
    OVERHEAR = "the state hears the note; what is played goes on"
    PLAY = "go on with the response"
    ANSWER = "plan a response to the call that there is"
    CLOSE = "wait for the next call"
    SILENCE = "release everything and forget the call"
    REPLAY = "silence the response, forget it, and answer its call anew"
    RETURN = "silence everything and hear as before the last turn"
    LOOP = "repeat the response"
    LET_GO = "finish the repetition that is being played, and no more"
    FINISH = "play to the end of the bar"


Table = dict[tuple[Turn, Happening], tuple[Action, Turn]]

_ANYWHERE: Table = {
    (turn, happening): then
    for happening, then in {
        Happening.STOP: (Action.SILENCE, Turn.WAITING),
        Happening.MINE: (Action.SILENCE, Turn.WAITING),
        Happening.AGAIN: (Action.REPLAY, Turn.LISTENING),
        Happening.UNDO: (Action.RETURN, Turn.WAITING),
        Happening.FREEZE: (Action.LOOP, Turn.LOOPING),
    }.items()
    for turn in Turn
}

TURNS: Table = _ANYWHERE | {
    (Turn.WAITING, Happening.KEY): (Action.OPEN, Turn.LISTENING),
    (Turn.LISTENING, Happening.KEY): (Action.HEAR, Turn.LISTENING),
    (Turn.RESPONDING, Happening.KEY): (Action.INTERRUPT, Turn.LISTENING),
    (Turn.RESPONDING, Happening.BRUSH): (Action.OVERHEAR, Turn.RESPONDING),
    (Turn.LISTENING, Happening.BRUSH): (Action.OVERHEAR, Turn.LISTENING),
    (Turn.TOGETHER, Happening.KEY): (Action.INTERRUPT, Turn.LISTENING),
    (Turn.LOOPING, Happening.KEY): (Action.OVERHEAR, Turn.LOOPING),
    (Turn.WAITING, Happening.YOURS): (Action.ANSWER, Turn.LISTENING),
    (Turn.LISTENING, Happening.YOURS): (Action.ANSWER, Turn.LISTENING),
    (Turn.LISTENING, Happening.BEGIN): (Action.PLAY, Turn.RESPONDING),
    (Turn.LISTENING, Happening.MINE): (Action.HEAR, Turn.LISTENING),
    (Turn.LISTENING, Happening.DONE): (Action.CLOSE, Turn.WAITING),
    (Turn.RESPONDING, Happening.DONE): (Action.CLOSE, Turn.WAITING),
    (Turn.TOGETHER, Happening.DONE): (Action.CLOSE, Turn.WAITING),
    (Turn.LOOPING, Happening.DONE): (Action.CLOSE, Turn.WAITING),
    (Turn.LOOPING, Happening.FREEZE): (Action.LET_GO, Turn.RESPONDING),
    (Turn.RESPONDING, Happening.MODE): (Action.FINISH, Turn.RESPONDING),
    (Turn.TOGETHER, Happening.MODE): (Action.FINISH, Turn.RESPONDING),
}

BESIDE: Table = TURNS | {
    (Turn.WAITING, Happening.KEY): (Action.JOIN, Turn.TOGETHER),
    (Turn.LISTENING, Happening.KEY): (Action.JOIN, Turn.TOGETHER),
    (Turn.RESPONDING, Happening.KEY): (Action.JOIN, Turn.TOGETHER),
    (Turn.TOGETHER, Happening.KEY): (Action.FOLLOW, Turn.TOGETHER),
    (Turn.TOGETHER, Happening.AGAIN): (Action.FOLLOW, Turn.TOGETHER),
}


class Plays(Enum):
    """When a mode lets the model play."""

    AFTER = "when the call has ended"
    IN_TURN = "when its bars have come"
    BESIDE = "while the player plays"
    AT_ONCE = "with every note of the player's"
    NEVER = "not at all"


@dataclass(frozen=True, slots=True)
class Mode:
    """What a mode decides.

    ends_by_itself   a response has a length; otherwise it goes on until the player plays
    soloist          the model takes the lead over the chords it heard
    """

    plays: Plays
    help: str
    ends_by_itself: bool = True
    soloist: bool = False

    @property
    def turns(self) -> Table:
        """The table of turns that this mode goes by."""
        return BESIDE if self.plays is Plays.BESIDE else TURNS


MODES = {
    "respond": Mode(Plays.AFTER, "answers when your phrase ends, at about its length"),
    "continue": Mode(
        Plays.AFTER, "carries on from where you stop until you play again", ends_by_itself=False
    ),
    "trade": Mode(Plays.IN_TURN, "takes turns with you, so many bars each"),
    "accompany": Mode(
        Plays.BESIDE, "comp, bass and drums follow you while you play", ends_by_itself=False
    ),
    "harmonise": Mode(Plays.AT_ONCE, "every note you play gets its companions at once"),
    "solo": Mode(
        Plays.AFTER,
        "plays on alone over the chords it heard until you play again",
        ends_by_itself=False,
        soloist=True,
    ),
    "listen": Mode(Plays.NEVER, "stays silent and goes on listening"),
}
