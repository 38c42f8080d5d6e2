"""The choice among several responses: by likelihood, by how they fit the call and how they end; or by the critic.

Knows strokes and the brief they were planned by; knows no time.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from livegen.codec.encoder import Stroke
from livegen.errors import ModelError
from livegen.jam.band.theme import Point, line_of
from livegen.jam.planning.brief import Brief
from livegen.music.keys.key import Key
from livegen.music.melody.critic import MOST_NOTES, ReplyBars, tastes
from livegen.music.parts import DRUMS, LEAD
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.time.swing import swung

log = logging.getLogger(__name__)

# The figures that count, each from 0 to 1, and how much.  Likelihood is a share per onset, a number of about one.
WEIGHTS = {
    "likely": 1.0,
    "dense": 1.0,
    "home": 1.0,
    "ends": 1.0,
    "rests": 0.75,
    "full": 0.5,
    "taken": 1.0,
}
# The worth of a last note as the end of an answer, by semitones above the tonic: of one that closes, and of one that
# asks, on the dominant.  A call is answered by a close unless it came home to the tonic itself, after which nothing is
# left to close.  A question counts for half, for people come to rest after a phrase at rest every second time; the
# fourth and the sixth are neither.
CLOSES = {0: 1.0, 3: 0.75, 4: 0.75, 7: 0.75}
ASKS = {2: 0.5, 7: 0.4, 10: 0.5, 11: 0.5, 0: 0.25, 3: 0.25, 4: 0.25}
# Shares of figures taken up: so many are wanted, and so many are heard as a copy.
WANTED, COPIED = 0.3, 0.6
CRITIC = 0.6  # of a nat of the critic: responses then lie as far apart by both


def worth(
    strokes: Sequence[Stroke], likelihood: float, brief: Brief, key: Key | None, asks: bool
) -> float:
    """Give the worth of a response: higher is better.

    `key` is that of home, None where none is known; a response that `asks` is best left open, all others close.
    """
    onsets = [stroke for stroke in strokes if stroke.velocity]
    if not onsets:
        return -1e9
    pitched = [stroke for stroke in onsets if stroke.part != DRUMS]
    line = _line(pitched, brief)
    drawn = len({(s.tick, s.part, 0 if brief.voicings[s.part] else s.pitch) for s in onsets})
    beats = ((brief.end or strokes[-1].tick) - brief.start) / TICKS_PER_BEAT
    figures = {
        "likely": max(-2.0, likelihood / drawn / 5),
        "dense": _likeness(drawn / max(1.0, beats), (brief.pace or 0) * brief.overall),
        "home": _share(pitched, key.pitch_classes) if key else 0.0,
        "ends": ends(line[-1].pitch, key, asks) if line and key else 0.0,
        "rests": _rests(line[-1], strokes, brief.closes) if line else 0.0,
        "taken": _taken_up(strokes, brief),
        "full": min(1.0, len({stroke.tick for stroke in onsets}) / 3),
    }
    return sum(WEIGHTS[name] * figure for name, figure in figures.items())


def ends(pitch: int, key: Key, asks: bool) -> float:
    """Tell how well a last note closes an answer or, if it `asks`, leaves it open: 0 to 1."""
    above = (pitch - key.tonic) % 12
    if above in (3, 4) and above != key.third:
        return 0.0
    return (ASKS if asks else CLOSES).get(above, 0.0)


class Audition(NamedTuple):
    """A response that could be played: its strokes, the brief that they keep to, and what it is worth by the rules."""

    strokes: tuple[Stroke, ...]
    brief: Brief
    worth: float


class Question(NamedTuple):
    """The question to the critic: melodies in ticks from the bar line on which the responses begin."""

    phrase: Sequence[Point]
    replies: Sequence[Sequence[Point]]
    until: int
    bars: ReplyBars


def asked(
    some: Sequence[Audition], call: Iterable[Stroke], metre: Metre, swing: float
) -> Question | None:
    """The question that `taste` puts to the critic about responses to a call; None where it knows nothing of them.

    It knows melodies that begin on a bar line and close on a strong beat.  `swing` is in percent of a beat.
    """
    if not some:
        return None
    brief, phrase = some[0].brief, line_of(call)[-MOST_NOTES:]
    start, closes = brief.start, brief.closes
    if closes is None or not brief.parts[LEAD] or metre.place(start).position:
        return None
    if not phrase or phrase[0].tick > start:
        return None
    bar = metre.place(start).bar
    replies = [
        [Point(swung(tick, swing) - start, pitch) for tick, pitch in line_of(one.strokes)]
        for one in some
    ]
    before = [Point(tick - start, pitch) for tick, pitch in phrase]
    return Question(before, replies, closes - start, ReplyBars(bar, metre.strong(bar)))


def chosen(some: Sequence[Audition], taste: float, question: Question | None) -> int:
    """Give the number of the response to play: `taste` (0 to 1) is the critic's share, where it is asked."""
    worths = [one.worth for one in some]
    if taste and question and len(some) > 1:
        try:
            told = tastes(*question)
        except ModelError as error:
            log.warning("the critic is not asked: %s", error)
        else:
            worths = [
                (1 - taste) * worth + taste * CRITIC * nats
                for worth, nats in zip(worths, told, strict=True)
            ]
    return worths.index(max(worths))


def _taken_up(strokes: Sequence[Stroke], brief: Brief) -> float:
    """1 for as many figures of the call as are wanted and more, but none for a copy."""
    share = brief.theme.taken_up(strokes) if brief.theme else 0.0
    return min(share / WANTED, (1 - share) / (1 - COPIED), 1.0)


def _line(pitched: Sequence[Stroke], brief: Brief) -> list[Stroke]:
    """The notes without those above the lowest of a chord that was struck as a whole."""
    lowest: dict[tuple[int, int], int] = {}
    for stroke in pitched:
        lowest.setdefault((stroke.tick, stroke.part), stroke.pitch)
    return [
        it
        for it in pitched
        if brief.voicings[it.part] is None or lowest[it.tick, it.part] == it.pitch
    ]


def _likeness(density: float, wanted: float) -> float:
    """1 for the density of the call, 0 for half or twice of it and beyond."""
    if not wanted:
        return 0.0
    ratio = max(density / wanted, wanted / density)
    return max(0.0, 2.0 - ratio)


def _share(onsets: Sequence[Stroke], classes: frozenset[int]) -> float:
    return sum(stroke.pitch % 12 in classes for stroke in onsets) / max(1, len(onsets))


def _rests(last: Stroke, strokes: Sequence[Stroke], closes: int | None) -> float:
    """1 for a last note that is held, and begins on `closes`, the last strong beat; where none is due on any beat."""
    stops = [s.tick for s in strokes if s.tick > last.tick and s.pitch == last.pitch]
    held = (min(stops, default=last.tick) - last.tick) >= TICKS_PER_BEAT // 2
    is_strong = last.tick % TICKS_PER_BEAT == 0 if closes is None else last.tick == closes
    return (is_strong + held) / 2
