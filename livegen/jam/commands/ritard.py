"""The ritard of an ending: a tempo of our own that slows down to the last chord, for all parts together.

It bends the timeline, by which all that is played and planned is placed; beats and bars stay whose they were.  Where a
DAW or Link leads the time it does nothing.  Knows ticks and micros; knows no notes.
"""

from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from livegen.jam.band.variations import BALLAD_BPM, has_ballads
from livegen.jam.controls.desk import Desk
from livegen.jam.harmony.outline import Finale
from livegen.jam.interplay.listener import Listener
from livegen.jam.timing.conductor import LEADERS, Conductor, Leader
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import MAX_TEMPO_US, Timeline
from livegen.music.words.style_names import begins_with

OURS = (Leader.INTERNAL, Leader.FREE)
STEP = TICKS_PER_BEAT // 4  # ticks for which a tempo holds
# The share of the tempo that is left at the last chord, and how it gets there.
LAST, CURVE = 0.6, 2.0
# Styles that end with a ritard at any tempo, by the first words of their names; others do in ballads.
_SLOWS = (
    "gospel",
    "hymn",
    "lied",
    "classical",
    "romantic",
    "baroque",
    "song",
    "folk_air",
    "orchestra",
)


def is_wanted(told: str, style: str, bpm: float) -> bool:
    """True where an ending slows down: as the control `ritard` says, or as people do in the style."""
    if told != "auto":
        return told == "on"
    return begins_with(style, _SLOWS) or (has_ballads(style) and bpm <= BALLAD_BPM)


def bends(timeline: Timeline, start: int, end: int) -> Iterator[tuple[int, Timeline]]:
    """The timelines from tick `start` to tick `end` and after it, each with the time from which it holds, micros.

    As a runner comes to a stop: v(x) = (1 + (w^q - 1) x)^(1/q), where x goes from 0 to 1 (Friberg and Sundberg 1999).
    """
    running = timeline
    for tick in range(start, end + 1, STEP):
        share = (tick - start) / max(1, end - start)
        pace = (1 + (LAST**CURVE - 1) * share) ** (1 / CURVE)
        begin = running.micros(tick)
        running = running.at_tempo(min(MAX_TEMPO_US, round(timeline.tempo_us / pace)), begin)
        yield begin, running


class Ritard:
    """Bends the timeline while an ending slows down.  Threads: loop only."""

    def __init__(self, listener: Listener, conductor: Conductor, desk: Desk) -> None:
        self._listener, self._conductor, self._desk = listener, conductor, desk
        self._ending: Finale | None = None  # that slows down, and its timelines
        self._bends: list[tuple[int, Timeline]] = []
        self._tempo_us = 0  # before it
        self._looked_us = 0

    @property
    def is_on(self) -> bool:
        """True while the tempo slows down, and up to the end of the last chord."""
        return bool(self._bends)

    @property
    def is_wanted(self) -> bool:
        """True if an ending of now slows down, or would if the time were ours."""
        bpm = self._listener.live.timeline.bpm
        return is_wanted(self._desk.settings.ritard, self._listener.style.near, bpm)

    @property
    def is_ours(self) -> bool:
        """True if the time is ours or the player's."""
        return self._conductor.leader in OURS

    @property
    def leader(self) -> str:
        """The leader of the time, in words for people."""
        return LEADERS.get(self._conductor.leader, "")

    def deadline(self) -> int | None:
        """Give the time, micros, at which the tempo changes next; None where it does not."""
        ending = self._slowing
        if ending is None:
            return None
        if ending is not self._ending or not self._bends:
            begins = self._listener.live.timeline.micros(ending.slows or 0)
            # A beginning that passed while somebody else led the time is not made up for.
            return begins if begins > self._looked_us else None
        return next((at for at, _ in self._bends if at > self._looked_us), None)

    def bent(self, timeline: Timeline | None, now: int) -> Timeline | None:
        """The timeline of `now`, slowed down; `timeline` is that of the leader, None while the player leads."""
        self._looked_us, ending = now, self._slowing
        if ending is None:
            return self._resumed(timeline, now)
        live = self._listener.live.timeline
        if ending is not self._ending:
            self._ending, self._bends = ending, []
        if not self._bends:
            start = max(ending.slows or 0, live.tick(now))
            if now < live.micros(start) or start > ending.last.tick:
                return timeline
            self._bends, self._tempo_us = list(bends(live, start, ending.last.tick)), live.tempo_us
        return self._at(now)

    @property
    def _slowing(self) -> Finale | None:
        """The ending that was asked for, if it slows down and the time is ours."""
        ending = self._listener.harmony.ending
        is_slow = ending is not None and ending.slows is not None
        return ending if is_slow and self.is_ours else None

    def _at(self, now: int) -> Timeline:
        at = bisect_right(self._bends, now, key=itemgetter(0))
        return self._bends[max(0, at - 1)][1]

    def _resumed(self, timeline: Timeline | None, now: int) -> Timeline | None:
        """The timeline at the tempo of before, with the beat where it is by now, once the ending is over."""
        if not self._bends:
            return timeline
        last, self._bends, self._ending = self._at(now), [], None
        if timeline is None:
            return last.at_tempo(self._tempo_us, now)
        self._conductor.go_on_from(last, now)
        return self._conductor.timeline
