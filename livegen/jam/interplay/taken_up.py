"""What an answer takes up of its call: its chords, its line, a theme, and the pitch on which a bass begins.

Knows the call, the settings and the mode; knows no plan and no clock.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from livegen.codec.encoder import Stroke
from livegen.jam.band.theme import LATEST, Point, Theme, line_of, theme_of
from livegen.jam.band.voicings import StruckTogether, are_chords, struck_together
from livegen.jam.controls.controls import Settings
from livegen.jam.interplay.calls import Call
from livegen.jam.turns import Mode, Parts
from livegen.music.keys.key import Key
from livegen.music.parts import BASS, DRUMS, LEAD
from livegen.music.time.timeline import Timeline

OFF_ONE = 2  # ticks that a hand's note on the one lies off the bar line


def leading(call: Call) -> int:
    """The part that leads a call."""
    return next(iter(call.phrase.parts), DRUMS)


def latest(call: Call, timeline: Timeline) -> Iterator[Stroke]:
    """The last onsets of a call, on the beat of the timeline."""
    strokes = call.strokes[-2 * LATEST :]
    return (struck.on(timeline) for struck in strokes if struck.velocity)


def struck_in_chords(call: Call, mode: Mode, settings: Settings) -> dict[int, list[StruckTogether]]:
    """The chords of each part that is answered in chords, as it has played."""
    may_be = any(call.phrase.extents[part].has_chords for part in call.phrase.parts)
    if mode.parts is not Parts.CALL or settings.voices == 1 or not may_be:
        return {}
    struck = struck_together(call.strokes[-2 * LATEST :], call.phrase.parts)
    return {part: own for part, own in struck.items() if are_chords(own)}


def line_of_call(
    call: Call, struck: Mapping[int, Sequence[StruckTogether]], timeline: Timeline
) -> list[Point]:
    """The line of a call: of chords that lead their lowest notes."""
    leads = leading(call)
    if leads not in struck:
        return line_of(latest(call, timeline))
    return [Point(timeline.tick(at), pitches[0]) for at, pitches in struck[leads]]


def theme_of_call(
    call: Call,
    line: Sequence[Point],
    struck: Mapping[int, Sequence[StruckTogether]],
    mode: Mode,
    settings: Settings,
) -> Theme | None:
    """The theme that an answer may take up of the line of its call; None where it takes up none."""
    if not mode.takes_theme:
        return None
    # Who is to remember earlier phrases is held less to this one.
    strength = settings.theme * (1 - settings.memory / 2)
    is_line = mode.parts is not Parts.LEAD or LEAD in call.phrase.parts
    return theme_of(line, strength, is_line=is_line, is_lowest=leading(call) in struck)


def root_of(call: Call, key: Key | None, timeline: Timeline) -> int | None:
    """The pitch class on which a bass that answers begins: the call's at most bar lines, else the tonic."""
    at_ones = Counter(
        struck.pitch % 12
        for struck in call.strokes[-2 * LATEST :]
        if struck.part == BASS and struck.velocity and _is_one(timeline, struck.at)
    )
    if at_ones:
        return at_ones.most_common(1)[0][0]
    return key.tonic if key else None


def _is_one(timeline: Timeline, at: int) -> bool:
    position, bar = timeline.metre.place(timeline.tick(at))
    return min(position, bar - position) <= OFF_ONE
