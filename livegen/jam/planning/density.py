"""The density of the parts of a response: which onsets are left, how fast it goes on, and when silence ends.

All parts are drawn as densely as the densest, and of the others onsets are dropped.  Knows ticks and parts; knows no
model; chance is an argument.
"""

from collections import deque
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from livegen.codec.encoder import Stroke
from livegen.jam.planning.brief import Brief
from livegen.jam.planning.strikes import TOGETHER
from livegen.music.parts import COMP, DRUMS
from livegen.music.time.metre import TICKS_PER_BEAT

SOONEST = 5  # ticks from one stroke of a comp to its next: sixteenths, and no tremolo
LONGEST_SILENCE = 8 * TICKS_PER_BEAT
# In a style the second note of a response comes after as long as so many of its notes take, or two beats: else every
# twentieth answer in jazz_swing was a note, and nothing new for half of its length.  In a solo over chords, too.
_RESTS, _LEAST_SILENCE = 4.0, 2 * TICKS_PER_BEAT
# A line waits so many times as long as its call did, at most: nobody answers a lick by one note of six beats.
_WAITS = 1.5
_SOLO_WAITS = 4 * TICKS_PER_BEAT
MOST_ONSETS_PER_BEAT = 16
# Nats for a beat of a part's silence, after so many beats, and at most.  On 8 leads without, the bass played in none.
_MISSED, _MISSED_AFTER, _MISSED_MOST = 8.0, 0.5, 20.0
_SETTLED = 2.0  # onsets by which density is late in following: a single rest is no lag
# Of a response that is planned anew as it goes on: how far back its pace counts.
_REMEMBERED = 8 * TICKS_PER_BEAT


class Crowd:
    """The latest onsets of some parts: there are not more than `MOST_ONSETS_PER_BEAT` in a beat."""

    def __init__(self) -> None:
        self._onsets: deque[int] = deque(maxlen=MOST_ONSETS_PER_BEAT)

    def add(self, tick: int) -> None:
        """Take an onset as begun."""
        self._onsets.append(tick)

    def has_room(self, tick: int) -> bool:
        """True if another may begin at a tick."""
        begun = sum(1 for onset in self._onsets if tick - onset < TICKS_PER_BEAT)
        return begun < MOST_ONSETS_PER_BEAT


def first_rest(brief: Brief) -> int:
    """The most ticks from the first onset of a response to the next."""
    if (brief.lines is None and brief.contour is None) or not brief.pace:
        return LONGEST_SILENCE
    # In whole beats, so that it ends on a line if it began on one.
    beats = round(_RESTS / (brief.pace * brief.density * brief.densest))
    return min(LONGEST_SILENCE, max(_LEAST_SILENCE, beats * TICKS_PER_BEAT))


def longest_rest(brief: Brief) -> int:
    """The most ticks from an onset of a response to the next: about as long as the call waited, and longer in lines.

    Of a solo over chords a bar of four quarters, however slowly they change.
    """
    if brief.contour:
        return _SOLO_WAITS
    gaps = [it.gap for it, plays in zip(brief.voicings, brief.parts, strict=True) if it and plays]
    if not gaps and brief.gap is not None:
        beats = -(
            -_WAITS * brief.gap // TICKS_PER_BEAT
        )  # in whole ones, so that it ends on a line if it began on one
        gaps = [round(beats * TICKS_PER_BEAT / min(1.0, brief.overall))]
    return min(LONGEST_SILENCE, max([_LEAST_SILENCE, *gaps])) if gaps else LONGEST_SILENCE


class Density:
    """The onsets of a response's own parts: one begins by tick `onset_by`; `struck_at` is the last of each part."""

    def __init__(self, brief: Brief, onset_by: int, own: Sequence[Stroke] = ()) -> None:
        """`own` are the strokes of the response before `brief.start`: its pace counts them."""
        begun = [stroke.tick for stroke in own if stroke.velocity]
        first = min(begun, default=brief.start)
        self._since = min(brief.start, max(first, brief.start - _REMEMBERED))
        self._before = sum(tick >= self._since for tick in begun)
        self._longest_rest = longest_rest(brief)
        self._first_rest = min(first_rest(brief), self._longest_rest)
        self.onset_by = onset_by
        self.crowd = Crowd()
        self.struck_at: dict[int, int] = {}
        self._silent_since = list(brief.silent_since or (brief.start,) * len(brief.parts))
        self._thinned = 0
        # By part: an onset that was judged by its density, and whether it is left.
        self._judged: dict[int, tuple[int, bool]] = {}

    def begin(self, tick: int, part: int) -> None:
        """Take an onset of a part as begun."""
        self.crowd.add(tick)
        self.onset_by = tick + (self._longest_rest if self.struck_at else self._first_rest)
        self._silent_since[part] = self.struck_at[part] = tick

    def be_silent_until(self, tick: int) -> None:
        """Ask for no onset before a tick."""
        self.onset_by = max(self.onset_by, tick)

    def thin(self) -> None:
        """Take an onset as dropped, of those that were drawn."""
        self._thinned += 1

    def is_left(
        self, part: int, tick: int, due: int, brief: Brief, rng: np.random.Generator
    ) -> bool:
        """True if the density of a part leaves an onset: all that are struck together stay, or none; one due stays."""
        share = brief.densities[part] / brief.densest
        if share >= 1:
            return True
        since, is_left = self._judged.get(part, (tick - TOGETHER - 1, True))
        if tick - since > TOGETHER:
            is_left = tick >= due or rng.random() < share
            self._judged[part] = tick, is_left
        return is_left

    def may_strike(self, part: int, tick: int) -> bool:
        """True where a part that strikes chords may strike another: not just after one."""
        return tick - self.struck_at.get(part, tick - SOONEST) >= SOONEST

    def is_tremolo(self, part: int, tick: int, brief: Brief) -> bool:
        """True where a comp beside a player has struck just before, and this note is no part of that chord."""
        gap = tick - self._silent_since[part]
        return part == COMP and brief.supposes and TOGETHER < gap < SOONEST

    def is_ornament(self, part: int, tick: int, brief: Brief) -> bool:
        """True of a note so soon after another of its part as the call has none: it would make that a click."""
        gap = tick - self.struck_at.get(part, tick)
        return part != DRUMS and TOGETHER < gap < min(SOONEST, brief.soonest or 0)

    def rate(self, tick: int, brief: Brief, begun: int) -> float:
        """Give how much denser to play than the model would, so that the whole comes out as dense as the call.

        `begun` is how many onsets were drawn from `brief.start` until a tick and not dropped.
        """
        density = brief.density * brief.densest
        if brief.pace is None or not brief.follow:
            return density
        beats = (tick - self._since) / TICKS_PER_BEAT
        due = brief.pace * density * beats
        behind = (due + _SETTLED) / (self._before + begun + self._thinned + _SETTLED)
        return density * min(4.0, max(0.25, float(behind**brief.follow)))

    def wanted(
        self, tick: int, brief: Brief, playing: Collection[int]
    ) -> NDArray[np.float64] | None:
        """Give how welcome (nats) each part is, beyond what the model thinks: those that should play and do not."""
        if not brief.wanted:
            return None
        missing = [
            plays and part not in playing and part != DRUMS and self._rests(part, tick)
            for part, plays in enumerate(brief.parts)
        ]
        return np.array(missing) * (brief.wanted + self._missed(tick, brief))

    def _rests(self, part: int, tick: int) -> bool:
        """True if a part has begun nothing for half a beat: short notes leave gaps that are no silence."""
        return tick - self._silent_since[part] >= TICKS_PER_BEAT // 2

    def _missed(self, tick: int, brief: Brief) -> NDArray[np.float64]:
        """Nats by which each part is the more welcome for having been silent so long."""
        silent = (tick - np.array(self._silent_since)) / TICKS_PER_BEAT
        # Who plays little may be silent longer.
        silent = silent * np.minimum(1.0, brief.densities)
        return np.clip(_MISSED * (silent - _MISSED_AFTER), 0.0, _MISSED_MOST)
