"""Turn-taking: whose turn it is, and what follows from what happens.  Knows no times, notes or plans.

Rule 1: the tables below are the whole truth.  A pair of a state and a happening that is not in a table changes
nothing, and every action in them is carried out in `turn_taking`.
Rule 2: a response begins when its first note is due, not when it was planned; a key pressed before that still belongs
to the call.
Rule 3: modes are rows of values (`MODES`).  Whatever differs between modes is read from those values; no name of a mode
is compared anywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, unique


@unique
class Turn(Enum):
    """States of turn-taking.  `shown` is the word that a status line and the page show for one."""

    def __init__(self, shown: str, meaning: str) -> None:
        self.shown = shown
        self.meaning = meaning

    WAITING = "waiting", "nobody plays: no call has begun"
    LISTENING = "listening", "the player plays a call"
    KEPT = "listening", "the player plays a call that gets no answer"
    ASKED = "listening", "the model was asked to answer the call now"
    ANEW = "listening", "the model was asked to answer a call that has ended, once more"
    RESPONDING = "responding", "the model plays"
    TOGETHER = "together", "both play"
    LOOPING = "looping", "a response repeats; the player plays over it"
    LAST_LOOP = "responding", "a response is repeated for the last time"


CALLING = (Turn.LISTENING, Turn.KEPT, Turn.ASKED)  # a call is open, and the model is silent
HAS_CALL = (*CALLING, Turn.ANEW)  # there is a call to answer
PLAYING = (Turn.RESPONDING, Turn.TOGETHER, Turn.LOOPING, Turn.LAST_LOOP)  # the model plays


@unique
class Happening(Enum):
    """Happenings that can change the turn."""

    KEY = "the player starts a note"
    KEY_AT_CHANGE = "the player starts a note within a beat of where turns change by the bar"
    KEY_AFTER_REST = "the player starts a note after the rest that ended the call"
    KEY_EARLY = "the player starts a note within two beats of the beginning of the response"
    BEGIN = "the first note of the response is due"
    DONE = "the last note of the response has ended"
    ENDED = "the ending that was asked for has been played"
    STOP = "stop, panic, the clock stops"
    YOURS = "Model, play now"
    MINE = "Let me play"
    AGAIN = "Again"
    UNDO = "Undo"
    FREEZE = "Freeze"
    COUNT = "Count in"
    MODE = "the player chooses another mode"
    MODE_AFTER_REST = "the player chooses another mode after the rest that ended the call"


@unique
class Action(Enum):
    """Actions of the engine."""

    OPEN = "silence the model, and begin a call with this note or this count-in"
    GO_ON = "silence the model, which came in too early, and go on with the call"
    HEAR = "go on with the call, and forget the response that was planned"
    PLAN_ANEW = "plan what is played beside the player anew"
    PLAY = "close the call, and go on with the response"
    ANSWER = "plan a response at once"
    KEEP = "forget the response that was planned, and plan none"
    END = "forget the call and the response"
    SILENCE = "silence the model, and forget the call"
    ANOTHER = "forget the response, and plan another"
    REPLAY = "silence the response, forget that it was played, and plan another"
    VARY = "silence what is played beside the player, and plan something else"
    TAKE_BACK = "silence the model, and forget the call and its response"
    LOOP = "repeat the response that was played last"
    LOOP_NEXT = "play to the end of the bar, then repeat the response"
    LET_GO = "repeat it no more after this time"
    KEEP_LOOPING = "repeat it after this time too"
    FINISH = "close the call, and play to the end of the bar"


Table = dict[tuple[Turn, Happening], tuple[Action, Turn]]


def _rows(
    states: Iterable[Turn], happening: Happening, action: Action, then: Turn | None = None
) -> Table:
    """The same action in several states; the state stays where `then` is not given."""
    return {(state, happening): (action, then or state) for state in states}


_TURNS: Table = {
    **_rows(Turn, Happening.STOP, Action.SILENCE, Turn.WAITING),
    **_rows(Turn, Happening.UNDO, Action.TAKE_BACK, Turn.WAITING),
    **_rows((*HAS_CALL, *PLAYING), Happening.DONE, Action.END, Turn.WAITING),
    # a key
    **_rows((Turn.WAITING, Turn.ANEW), Happening.KEY, Action.OPEN, Turn.LISTENING),
    **_rows(CALLING, Happening.KEY, Action.HEAR),
    **_rows(CALLING, Happening.KEY_AFTER_REST, Action.HEAR),
    **_rows((Turn.RESPONDING, Turn.LAST_LOOP), Happening.KEY, Action.OPEN, Turn.LISTENING),
    (Turn.RESPONDING, Happening.KEY_EARLY): (Action.GO_ON, Turn.LISTENING),
    # the response
    **_rows((Turn.LISTENING, Turn.ASKED, Turn.ANEW), Happening.BEGIN, Action.PLAY, Turn.RESPONDING),
    # commands
    **_rows(CALLING, Happening.YOURS, Action.ANSWER, Turn.ASKED),
    **_rows((Turn.WAITING, Turn.ANEW), Happening.YOURS, Action.ANSWER, Turn.ANEW),
    **_rows(CALLING, Happening.MINE, Action.KEEP, Turn.KEPT),
    **_rows((Turn.WAITING, Turn.ANEW, *PLAYING), Happening.MINE, Action.SILENCE, Turn.WAITING),
    **_rows(HAS_CALL, Happening.AGAIN, Action.ANOTHER),
    **_rows((Turn.WAITING, *PLAYING), Happening.AGAIN, Action.REPLAY, Turn.ANEW),
    **_rows((Turn.WAITING, *HAS_CALL), Happening.FREEZE, Action.LOOP, Turn.LOOPING),
    **_rows((Turn.RESPONDING, Turn.TOGETHER), Happening.FREEZE, Action.LOOP_NEXT, Turn.LOOPING),
    (Turn.LOOPING, Happening.FREEZE): (Action.LET_GO, Turn.LAST_LOOP),
    (Turn.LAST_LOOP, Happening.FREEZE): (Action.KEEP_LOOPING, Turn.LOOPING),
    **_rows(Turn, Happening.COUNT, Action.SILENCE, Turn.WAITING),
    # another mode
    **_rows((Turn.RESPONDING, Turn.TOGETHER), Happening.MODE, Action.FINISH, Turn.RESPONDING),
    **_rows((Turn.LISTENING, Turn.KEPT), Happening.MODE_AFTER_REST, Action.END, Turn.WAITING),
}

# A call ends with its rest where the model does not answer by itself.
_UNANSWERED: Table = _TURNS | _rows(
    (Turn.LISTENING, Turn.KEPT), Happening.KEY_AFTER_REST, Action.OPEN, Turn.LISTENING
)

_BESIDE: Table = _TURNS | {
    **_rows(
        (Turn.WAITING, Turn.LISTENING, Turn.ASKED, Turn.ANEW),
        Happening.KEY,
        Action.OPEN,
        Turn.TOGETHER,
    ),
    **_rows(CALLING, Happening.KEY_AFTER_REST, Action.OPEN, Turn.TOGETHER),
    **_rows((Turn.RESPONDING, Turn.LAST_LOOP), Happening.KEY, Action.OPEN, Turn.TOGETHER),
    (Turn.TOGETHER, Happening.KEY): (Action.PLAN_ANEW, Turn.TOGETHER),
    (Turn.TOGETHER, Happening.AGAIN): (Action.VARY, Turn.TOGETHER),
    (Turn.TOGETHER, Happening.ENDED): (Action.KEEP, Turn.KEPT),
    **_rows(Turn, Happening.COUNT, Action.OPEN, Turn.TOGETHER),
}


class Start(Enum):
    """The start of the model in a mode.  `turns` is the table that it goes by."""

    def __init__(self, meaning: str, turns: Table) -> None:
        self.meaning = meaning
        self.turns = turns

    REST = "after the rest that ends the call", _TURNS
    BARS = "when its bars have come", _TURNS
    BESIDE = "with the first note of the call", _BESIDE
    NOTE = "with every note of the call", _UNANSWERED
    NEVER = "never by itself", _UNANSWERED


class Length(Enum):
    """The length of a response."""

    CALL = "as the control `length` says"
    TRADE = "as the control `trade` says"
    ENDLESS = "until the player plays"


class Parts(Enum):
    """The parts that the model plays where the control `parts` is auto."""

    CALL = "the parts of the call"
    LEAD = "the lead"
    OTHERS = "all but the lead and the parts of the call"


class Chords(Enum):
    """The chords that a response goes by."""

    NONE = "none: it keeps to the key"
    CALL = "those of the call, over and over"
    NOW = "the chord of the moment"


@dataclass(frozen=True, slots=True)
class Mode:
    """Everything that a mode decides.

    help           a sentence for the player, with the mode as its subject
    takes_theme    a response takes up figures of the call (as much as the control `theme` says)
    plays_over     the player may accompany a response: only a melody of his ends it
    needs_clock    with `sync: clock` it waits for the clock
    waiting, listening, playing   the page's headline between calls, in a call while the player rests, and while the
                   player plays
    """

    help: str
    start: Start
    length: Length = Length.CALL
    parts: Parts = Parts.CALL
    chords: Chords = Chords.NONE
    takes_theme: bool = True
    plays_over: bool = False
    needs_clock: bool = True
    waiting: str = "Your move"
    listening: str = "Your move"
    playing: str = "You play"

    @property
    def is_beside(self) -> bool:
        """The model plays while the player does."""
        return self.start is Start.BESIDE

    @property
    def yields(self) -> bool:
        """A key of the player's ends what the model plays."""
        return self.start in (Start.REST, Start.BARS) and not self.plays_over

    @property
    def goes_on(self) -> bool:
        """The model answers a call for as long as it may."""
        return self.start is Start.REST and self.length is Length.ENDLESS

    @property
    def has_companions(self) -> bool:
        """Each note of the player's gets its companions at once."""
        return self.start is Start.NOTE

    @property
    def turns(self) -> Table:
        """The table of turns that this mode goes by."""
        return self.start.turns


MODES = {
    "respond": Mode("answers when your phrase ends, at about its length", Start.REST),
    "continue": Mode(
        "carries on from where you stop until you play again", Start.REST, Length.ENDLESS
    ),
    "trade": Mode(
        "takes turns with you, the same number of bars each",
        Start.BARS,
        Length.TRADE,
        listening="Your bars",
    ),
    "accompany": Mode(
        "comp, bass and drums follow you while you play",
        Start.BESIDE,
        Length.ENDLESS,
        Parts.OTHERS,
        Chords.NOW,
        takes_theme=False,
    ),
    "harmonise": Mode(
        "harmonises every note of your melody at once",
        Start.NOTE,
        needs_clock=False,
        playing="Together",
    ),
    "solo": Mode(
        "plays a solo over your chords until you play a melody",
        Start.REST,
        Length.ENDLESS,
        Parts.LEAD,
        Chords.CALL,
        plays_over=True,
    ),
    "listen": Mode(
        "stays silent and goes on listening",
        Start.NEVER,
        needs_clock=False,
        waiting="Model listens",
        listening="Model listens",
    ),
}
