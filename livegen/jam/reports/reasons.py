"""The reason of a note: what a rollout notes down as it draws it, and what that comes to.

Each who had a say multiplies the odds of every pitch: what the model may play at all, the scale, the chord, the theme.
Taken one after the other, in the order in which they act, each has made the pitch that was drawn so many nats likelier
or less likely.  Whoever added most decided, if that made the note at least twice as likely; otherwise the network did.
Noting down keeps what was there anyway; the rest is worked out when somebody asks.

Knows pitches, ticks and odds; knows no time and no page.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import pairwise
from math import log
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from livegen.inference.contract import Logits, Query
from livegen.inference.sampling import Mask, Probabilities, nucleus, probabilities
from livegen.jam.band.harmonies import Favour, Welcome
from livegen.jam.band.theme import Point, Theme, mixed
from livegen.jam.hearing.hearing import Step
from livegen.music.chords.chord import Chord

DECIDES = log(2)  # nats: who makes a note likelier by so much decided it
OTHERS = 3  # pitches that could have been played as well
_FLOOR = 1e-9
_SEEN = 0.005  # nats that are worth showing


class Cause(Enum):
    """The causes that can have decided a note; a short sentence for each, for people."""

    NETWORK = "network", "the music that the model learned from often goes on like this"
    HABIT = "habit", "no single note that was heard mattered; music usually goes on like this"
    RANGE = "range", "the pitches that it preferred are out of range, or sound already"
    SCALE = "scale", "it belongs to the scale"
    CHORD = "chord", "it belongs to the chord"
    STYLE = "style", "lines of the style often go like this"
    FIGURE = "figure", "the bass plays it in its figure here"
    VOICES = "voices", "it is the nearest to the last chord"
    VOICING = "voicing", "a chord of yours has this note, and was moved as a whole"
    MEMORY = "memory", "you have played this before"
    THEME = "theme", "your phrase goes on like this after the same notes"
    FORM = "form", "it was like this some bars before"
    CLOSE = "close", "a group of four bars comes to rest here"
    BAR = "bar", "the drums repeat a bar that has it here"
    RHYTHM = "rhythm", "the drums fit the rhythm that you play"
    CUE = "cue", "a cue or the chart asked for it here"
    REPEAT = "repeat", "the last answer is repeated"
    PHRASE = "phrase", "it is of a phrase that was made of yours, as you asked"
    WORDS = "words", "your words have a syllable here, and the model sings it on this pitch"
    COMPANION = "companion", "it harmonises your note, by the chord"

    def __init__(self, word: str, sentence: str) -> None:
        self.word, self.sentence = word, sentence


class Mixed(NamedTuple):
    """A share (0..1) that somebody had in the odds, evenly over some pitches; the original was `back` ticks before."""

    source: Cause
    share: float
    pitches: tuple[int, ...]
    back: int = 0


class Drawn(NamedTuple):
    """A draw: the pitch, what was asked of the network before and what it said, and what was made of that.

    `plain` are the network's logits, `logits` the same coloured by the memory.  `favour` is in nats, `cut` the nucleus.
    `step` is the network's before, None where it was not kept.
    """

    pitch: int
    query: Query
    plain: Logits
    logits: Logits
    allowed: Mask
    favour: Favour | None
    temperature: float
    cut: float
    step: Step | None


class Reason(NamedTuple):
    """The facts that were noted down as a note was drawn for `tick`.

    `free` is what may be begun; of that `struck_by` has left what was allowed.  `welcome` says what scale and chord had
    added of all that was in favour of a pitch, and `favoured_by` has added the rest; `chord` is one that is struck.
    `past` are the last notes of the line that takes up the theme.
    """

    tick: int
    free: Mask
    welcome: Welcome | None = None
    mixes: tuple[Mixed, ...] = ()
    theme: Theme | None = None
    past: tuple[Point, ...] = ()
    struck_by: Cause = Cause.CHORD
    favoured_by: Cause = Cause.FIGURE
    chord: Chord | None = None
    drawn: Drawn | None = None

    @property
    def chord_name(self) -> str:
        """The name of the chord that was gone by; "" for none."""
        chord = self.chord or (self.welcome.chord(self.tick) if self.welcome else None)
        return chord.name if chord else ""


class Explanation(NamedTuple):
    """The cause; the odds of the pitch in the end (0: none was drawn) and of others; nats that each source added.

    `network` is how likely the network alone held it; `originals` are notes that it repeats, by who decided.
    """

    source: Cause
    chance: float = 0.0
    others: tuple[tuple[int, float], ...] = ()
    network: float = 0.0
    added: Mapping[Cause, float] = MappingProxyType({})
    originals: tuple[Point, ...] = ()


def odds(reason: Reason, drawn: Drawn) -> Iterator[tuple[Cause, Probabilities]]:
    """The odds of all pitches, first as the network has them, then after each who had a say."""
    logits, temperature = drawn.logits, drawn.temperature
    yield Cause.NETWORK, probabilities(drawn.plain, None, temperature)
    yield Cause.MEMORY, probabilities(logits, None, temperature)
    yield Cause.RANGE, probabilities(logits, reason.free, temperature)
    likely = probabilities(logits, drawn.allowed, temperature)
    yield reason.struck_by, likely
    for source, favour in _favours(reason, drawn.favour):
        likely = probabilities((logits + favour).astype(np.float32), drawn.allowed, temperature)
        yield source, likely
    for mix in reason.mixes:
        likely = mixed(likely, mix.share, mix.pitches, drawn.allowed)
        yield mix.source, likely


def _favours(reason: Reason, favour: Favour | None) -> Iterator[tuple[Cause, Favour]]:
    """The nats that were added to the logits up to each who added something."""
    if favour is None:
        return
    if reason.welcome is not None:
        yield Cause.SCALE, reason.welcome.strange
        yield Cause.CHORD, reason.welcome.at(reason.tick)
    yield reason.favoured_by, favour


def explained(reason: Reason, drawn: Drawn) -> Explanation:
    """The explanation that a reason comes to."""
    stages, pitch = list(odds(reason, drawn)), drawn.pitch
    added: dict[Cause, float] = {}
    for (_, before), (source, after) in pairwise(stages):
        gained = log(max(_FLOOR, after[pitch])) - log(max(_FLOOR, before[pitch]))
        added[source] = added.get(source, 0.0) + gained
    final = nucleus(stages[-1][1], drawn.cut)
    others = [at for at in np.argsort(-final, kind="stable").tolist() if at != pitch and final[at]]
    # What may be played at all is only to be named where nobody has chosen among that.
    by = sorted(added, key=lambda it: (it is not Cause.RANGE, added[it]), reverse=True)
    source = next((it for it in by if added[it] >= DECIDES), Cause.NETWORK)
    return Explanation(
        source,
        float(final[pitch]),
        tuple((at, float(final[at])) for at in others[:OTHERS]),
        float(stages[0][1][pitch]),
        {source: gained for source, gained in added.items() if abs(gained) >= _SEEN},
        tuple(_originals(reason, source, pitch)),
    )


def _originals(reason: Reason, source: Cause, pitch: int) -> Iterator[Point]:
    """The notes that a pitch repeats: of the call that the theme is of, or of what went some bars before."""
    if source is Cause.THEME and reason.theme:
        pitches = next(mix.pitches for mix in reason.mixes if mix.source is source)
        came = reason.theme.originals(reason.past)
        yield from (point for at, point in zip(pitches, came, strict=True) if at == pitch)
    for mix in reason.mixes:
        if source is Cause.FORM is mix.source:
            yield Point(reason.tick - mix.back, pitch)
