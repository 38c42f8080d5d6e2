"""Replies to commands: one table of sentences, for what is done and for why it is not.

Words only: nothing that is played depends on them, and a replay needs none.  Knows no engine.
"""

import logging
from collections.abc import Mapping
from enum import Enum

log = logging.getLogger(__name__)


class Reply(Enum):
    """Replies: a value that is True for what is done, and the sentence, in whose braces words are filled in."""

    ANSWERS = True, "The model answers."
    ANSWERS_WITH_CLOCK = True, "The model answers as soon as the DAW's clock runs."
    NOTHING_HEARD = False, "There is no phrase to answer yet: play one first."
    PLAYS_ALREADY = False, "The model is playing already."
    LOOPS_ALREADY = False, "A loop is playing: end it with Freeze first."

    SILENCED = True, "The model is silent: it is your turn."
    LISTENS = True, "The model listens, and leaves this phrase without an answer."
    YOURS_ALREADY = False, "It is your turn already."

    ANOTHER = True, "Another answer is on its way."
    NOTHING_ANSWERED = False, "Nothing was answered yet, so there is no other answer."

    VARIED = True, "A variation of your phrase comes with the next bar line."
    RESTYLED = True, "Your phrase, in the style {style}, comes with the next bar line."
    BETWEEN = True, "A phrase between A and B comes with the next bar line."
    PHRASE_KEPT = True, "Your last phrase is kept as {name}."
    PHRASE_AGAIN = True, "That phrase comes with the next bar line."
    PATH = True, "Your path through {number} phrases begins with the next bar line."
    SINGS = True, "Your words come as a tune with the next bar line."
    UNHEARD = False, "Play something first: the tune is in your key, your tempo and your metre."
    BAND_SINGS = (
        False,
        "In this mode the band plays beside you: choose another mode to have words sung.",
    )
    NO_PHRASE = False, "There is no phrase yet: play two notes or more of a melody first."
    NO_SUCH_PHRASE = False, "That phrase is not on the map any more."
    NOT_KEPT = False, "Keep one phrase as A and another as B first."
    NO_PHRASE_MODEL = False, "No phrase model came with this livegen, so there are no variations."
    BAND_PLAYS = (
        False,
        "In this mode the band plays beside you, and a variation is an answer: choose another mode first.",
    )

    FORGETS = True, "All that you played is forgotten: the memory begins anew."

    UNDONE = True, "The last turn is undone."
    NOTHING_TO_UNDO = False, "There is no turn to undo."

    FROZEN = True, "The answer repeats until you press Freeze again."
    LET_GO = True, "The loop ends after this round."
    NOTHING_TO_FREEZE = False, "The model has not played yet: there is nothing to repeat."

    KEEPS = True, "The last answer is being saved."
    NOTHING_TO_KEEP = False, "The model has not played yet: there is nothing to keep."
    CAPTURES = True, "The last bars are being saved."

    TAPPED = True, "Tap {number}: keep tapping, the third tap sets the tempo."
    TEMPO = True, "{bpm:g} BPM: your next phrase begins on the downbeat."
    TEMPO_NOW = True, "{bpm:g} BPM, and this tap is the downbeat."
    TEMPO_WAITS = False, "{leader} sets the tempo: your {bpm:g} BPM is used when it stops."
    TEMPO_IN_VAIN = False, "{leader} sets the tempo: yours has no effect."
    TAPS_OUTSIDE = False, "The tempo stays as it is: taps set {low:g} to {high:g} BPM."

    COUNTS_MODEL_IN = True, "Count-in: the model begins on the one."
    COUNTS_YOU_IN = True, "Count-in: you begin on the one."
    NOTHING_RUNS = False, "The DAW's clock does not run: start it first."

    COUNTS_INTRO_IN = True, "Count-in: the introduction begins on the one."
    INTRO = True, "The introduction begins with the next bar."
    NO_KEY = (
        False,
        "There is neither a chart nor a key yet: choose a chart, or play some chords first.",
    )
    FILLS = True, "The drums play a fill into the next bar."
    BREAKS = True, "A break of one bar begins with the next bar."
    STOP_TIME = True, "Stop-time begins with the next bar, until you press it again."
    PLAYS_THROUGH = True, "Stop-time ends with the next bar."
    VARIES = True, "Variation {name}."
    VARIES_SOON = True, "Variation {name} comes with the next bar."
    FROM_TOP = True, "From the top with the next bar."
    NEXT_SECTION = True, "The next section begins with the next bar."
    VAMPS = True, "This section repeats until you press Vamp again."
    LOOPS_BARS = True, "The chords of the last bars repeat until you press it again (bars: {bars})."
    GOES_ON = True, "The music goes on after this round."
    ENDS = True, "The last chord comes with the next bar."
    ENDS_SLOWLY = True, "The band slows down to its last chord."
    ENDS_IN_TIME = True, "{leader} leads: the last chord comes in time, without a ritard."
    ENDS_AS_WRITTEN = True, "The ending of the chart begins with the next bar."
    PLAYS_ON = True, "The band plays on: there is no ending."
    ENDS_ALREADY = False, "The band is ending already."
    NO_BAND = False, "No band plays: this works in the mode accompany, while the band plays."
    NO_DRUMS = False, "The band has no drums to play a fill."
    NO_CHART = False, "There is no chart, and so no section: choose a chart first."
    NO_LOOP = False, "The chart sets the chords: press Vamp to repeat its section."
    NOTHING_TO_LOOP = False, "There is nothing to repeat yet: play chords for a bar, then press it."
    NO_SONG = False, "There is no top yet: choose a chart, or play some chords first."

    WHY = True, "{line}"
    NOTHING_TO_EXPLAIN = False, "The model has not played yet: there is nothing to explain."
    NOT_REMEMBERED = (
        False,
        "Why that note was played is no longer known: ask about one of the last notes.",
    )

    STOPPED = True, "The model is silent, and the phrase is forgotten."
    NOTHING_TO_STOP = False, "Nothing was playing."
    PANICKED = True, "Everything is silent."

    PRESET = True, "Preset {name}."
    PRESET_WAITS = True, "Preset {name} comes with the next bar line."

    MOVES = True, "{name} moves its controls for {bars:g} bars."
    MOVES_SOON = True, "{name} begins with the next bar, and takes {bars:g} bars."

    LEARNS = True, "Now move the knob, pad or pedal for {name}."
    LEARNS_NO_MORE = True, "Learning has ended."
    FORGOTTEN = True, "{name} is bound to nothing now."
    NOTHING_BOUND = False, "Nothing is bound to {name}."

    def __init__(self, is_done: bool, sentence: str) -> None:
        self.is_done, self.sentence = is_done, sentence


class Replies:
    """The latest reply; `number` counts them, so that the same one again is news.  Threads: loop only."""

    def __init__(self) -> None:
        self.number = 0
        self._latest: Mapping[str, object] = {}

    def give(self, to: str, reply: Reply, **words: object) -> None:
        """Reply to a command."""
        self._say(to, reply.is_done, reply.sentence.format(**words))

    def refuse(self, to: str, line: str) -> None:
        """Say in one line why a command or a value is not taken."""
        log.warning("command refused: %s", line)
        self._say(to, False, line)

    def snapshot(self) -> Mapping[str, object]:
        """The latest: its number, what it replies to, whether that is done, and the line; empty before the first."""
        return self._latest

    def _say(self, to: str, is_done: bool, line: str) -> None:
        self.number += 1
        self._latest = {"number": self.number, "to": to, "done": is_done, "line": line}
