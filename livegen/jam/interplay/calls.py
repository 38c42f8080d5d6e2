"""Calls, and turns that were taken: what is needed to answer, to answer again, and to take back.

Plain records; the engine fills and reads them.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from livegen.codec.encoder import Stroke
from livegen.jam.hearing.hearing import Hearing
from livegen.jam.phrases.phrase_book import KeptPhrase
from livegen.jam.phrases.phrase_variations import Fit
from livegen.jam.struck import Struck
from livegen.music.beat.beats import FoundBeat
from livegen.music.beat.count_in import CountSoFar
from livegen.music.melody.phrase import Phrase
from livegen.music.time.timeline import Timeline
from livegen.music.words.word_rhythm import WordRhythm

LONGEST_CALL = 2048  # strokes; a longer call can no longer be heard again on another grid
LONGEST_LOOP = 8  # bars; of a longer response the last ones are repeated
_KEPT = 2048  # strokes of a response


class Gesture(NamedTuple):
    """A phrase to be played in answer to a call instead of one of the network's: `make` makes it of a phrase.

    That is one phrase or some, one after the other.  `source` gives the phrase on the beat as it is when it is planned;
    None where there is none after all.
    """

    source: Callable[[], KeptPhrase | None]
    make: Callable[[KeptPhrase, Fit], Sequence[KeptPhrase]]


class Habit(NamedTuple):
    """The length that some calls in a row had, in bars, and how many these are."""

    bars: int
    calls: int


NO_HABIT = Habit(0, 0)


class Over(NamedTuple):
    """The bar line, a tick, at which a call is over; where it is not `is_sure`, only if no key is struck there."""

    line: int
    is_sure: bool


@dataclass(slots=True)
class Call:
    """The player's turn: its phrase, and what is needed to hear it again on another grid.

    `before` is what had been heard when its strokes began; `silence_us` how long the player had been silent by then,
    None from the beginning on; `habit` how long the calls before it lasted.
    `start` is the tick at which the answer must begin, where that is settled already;
    `answers` counts the answers that were asked for.
    """

    before: Hearing
    phrase: Phrase = field(default_factory=Phrase)
    strokes: list[Struck] = field(default_factory=list)
    again: Hearing | None = None  # hearing the call again; `reached` strokes of it so far
    reached: int = 0
    unfitted: bool = False  # a note has begun since the grid was looked for
    lays_bars: bool = False  # the bars of our own time begin with it: nobody has heard any
    looked_us: int | None = None  # when the grid was looked for last
    found: FoundBeat | None = None  # what was found then
    events: int = 0
    start: int | None = None
    answers: int = 0
    # Where it is over, as it stands, and for which state of things: asked for several times an event.
    over: tuple[object, Over] = (None, Over(0, True))
    went_on: bool = False  # over an answer that had begun
    silence_us: int | None = None
    habit: Habit = NO_HABIT
    # The state of things, and the count-in that the call is so far in it.
    counted: tuple[object, CountSoFar] = (None, CountSoFar())
    # The gesture that was asked for in answer: a phrase, or words to a tune.
    gesture: Gesture | WordRhythm | None = None

    def close(self) -> None:
        """Nothing belongs to it any more, and the beat on which it was heard stands."""
        self.unfitted = self.lays_bars = False
        self.again = None

    @property
    def is_whole(self) -> bool:
        """True if all its strokes are known, so that it can be heard again."""
        return self.events == len(self.strokes)

    def lately(self, micros: int) -> set[int]:
        """Parts of which notes began within so long before the last stroke."""
        since = self.strokes[-1].at - micros if self.strokes else 0
        last = takewhile(lambda it: it.at > since, reversed(self.strokes))
        return {struck.part for struck in last if struck.velocity}

    def forget_strokes(self, heard: Hearing) -> None:
        """Let the call go on from what was heard so far; it can no longer be heard again."""
        self.before, self.strokes, self.again = heard, [], None
        self.events += 1


@dataclass(slots=True)
class Response:
    """The music of a turn of the model, from tick `start`: strokes where they were planned, at `began_us`..`ended_us`.

    Of a response that goes on and on only the last strokes are kept.
    """

    start: int
    began_us: int
    ended_us: int = 0
    strokes: deque[Stroke] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def looped(self, bar: int) -> tuple[int, int]:
        """Give the part that a loop repeats: its first tick and its ticks, whole bars of `bar` ticks."""
        last = max((stroke.tick for stroke in self.strokes), default=self.start)
        bars = max(1, -((self.start - last) // bar))
        return self.start + max(0, bars - LONGEST_LOOP) * bar, min(bars, LONGEST_LOOP) * bar

    def closed(self, since: int, until: int) -> list[Stroke]:
        """Give the response's strokes from tick `since` to before `until`, with an end for each that has none."""
        open_: dict[tuple[int, int], Stroke] = {}
        kept = []
        for stroke in self.strokes:
            if not since <= stroke.tick < until:
                continue
            voice = stroke.part, stroke.pitch
            if stroke.velocity or voice in open_:
                kept.append(stroke)
            if stroke.velocity:
                open_[voice] = stroke
            else:
                open_.pop(voice, None)
        return kept + [Stroke(until - 1, part, pitch, 0) for part, pitch in open_]

    def retime(self, before: Timeline, after: Timeline) -> None:
        """Put it where it was in time on another timeline."""
        self.start = after.tick(before.micros(self.start))
        moved = [it._replace(tick=after.tick(before.micros(it.tick))) for it in self.strokes]
        self.strokes = deque(moved, maxlen=_KEPT)


@dataclass(slots=True)
class Taken:
    """A turn that was taken: the call, what had been heard when it was answered, and the response so far.

    `start` is the tick of the response on the timeline of `asked`.
    """

    call: Call
    asked: Hearing
    response: Response
    start: int
