"""Notes shorter than they are written.

Scores hold their notes until the next, and people lift their fingers before: a network that knows scores only is at a
loss where the next note comes when it is played to by hand (docs/LOG.md).  Knows rows of events; knows no torch.
"""

import numpy as np
import numpy.typing as npt

from livegen.codec.layout import ADVANCE, MAX_ADVANCES, NO_GRID, NO_PITCH
from livegen.music.parts import DRUMS
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.training.corpora import BAR, BEFORE, ON, PART, PITCH, POSITION, TIME, Rows

LOOSE = 0.15  # standard deviation of the logarithm of what is left of a note, about that of all

Ints = npt.NDArray[np.int64]


def detached(rows: Rows, left: float, chance: np.random.Generator) -> Rows:
    """The events (N, 8) of a stretch of music, uint8, if of each note about the share `left` were held, 0 to 1.

    Notes that began before it end as they did, and what waits after the last note is dropped.  A note that now ends a
    bar earlier does so as if all bars were as long as that of its end, in whole eighths and at most 16.
    """
    ticks = rows[:, TIME].astype(np.int64).cumsum()
    start = int(ticks[0]) - int(rows[0, TIME])
    is_note = rows[:, TIME] != ADVANCE
    notes, ticks = rows[is_note].astype(np.int64), ticks[is_note]
    if not len(notes):
        return rows
    begins, ends = _pairs(notes)
    lasted = ticks[ends] - ticks[begins]
    lasts = np.rint(lasted * left * np.exp(chance.normal(0, LOOSE, len(ends)))).astype(np.int64)
    earlier = lasted - np.clip(lasts, np.minimum(1, lasted), lasted)
    ticks[ends] -= earlier
    notes[ends, POSITION] = _back(notes[ends], earlier)
    # Ends before onsets, but for those of no length; else as they were.
    rank = notes[:, ON].copy()
    rank[ends[lasted == 0]] = 2
    order = np.lexsort((rank, ticks))
    before = _before(notes, order)
    notes, ticks = notes[order], ticks[order]
    notes[:, BEFORE] = before
    return _apart(notes, np.diff(ticks, prepend=start))


def _pairs(notes: Ints) -> tuple[Ints, Ints]:
    """Give the rows where pitched notes begin, and those where the same ones end."""
    pitched = np.flatnonzero(notes[:, PART] != DRUMS)
    keys = notes[pitched, PART] * 128 + notes[pitched, PITCH]
    order = np.argsort(keys, kind="stable")
    by_key, keys = pitched[order], keys[order]
    one, other = by_key[:-1], by_key[1:]
    is_pair = (keys[:-1] == keys[1:]) & (notes[one, ON] == 1) & (notes[other, ON] == 0)
    return one[is_pair], other[is_pair]


def _back(notes: Ints, ticks: Ints) -> Ints:
    """Positions so many ticks before those of events."""
    bar = np.maximum(1, notes[:, BAR] * TICKS_PER_BEAT // 2)
    earlier = notes[:, POSITION] - ticks
    within = np.where(earlier >= 0, earlier, earlier % bar)
    return np.where(notes[:, BAR] == 0, NO_GRID, within)


def _before(notes: Ints, order: Ints) -> Ints:
    """By event in a new order: the pitch of the latest onset of its part before it, as `Event.before`."""
    found = np.full(len(notes), NO_PITCH)
    parts = notes[order, PART]
    for part in np.unique(parts[parts != DRUMS]):
        own = np.flatnonzero(parts == part)
        onsets = np.where(notes[order[own], ON] == 1, np.arange(len(own)), -1)
        latest = np.concatenate(([-1], np.maximum.accumulate(onsets)[:-1]))
        first = notes[notes[:, PART] == part][0, BEFORE]  # struck before all this
        found[own] = np.where(latest < 0, first, notes[order[own[latest]], PITCH])
    return found


def _apart(notes: Ints, times: Ints) -> Rows:
    """Events with their times since the ones before, and an ADVANCE for each so many ticks between them."""
    times = np.where(times >= (MAX_ADVANCES + 1) * ADVANCE, MAX_ADVANCES * ADVANCE, times)
    waits = times // ADVANCE
    notes[:, TIME] = times % ADVANCE
    found = np.repeat(notes, waits + 1, axis=0)
    last = np.cumsum(waits + 1) - 1
    is_wait = np.ones(len(found), np.bool_)
    is_wait[last] = False
    # Each wait lies before the note that is waited for by what is left then.
    behind = times.repeat(waits + 1)
    nth = np.arange(len(found)) - (last - waits).repeat(waits + 1) + 1
    place = _back(found, behind - nth * ADVANCE)[is_wait]
    bar = found[is_wait, BAR]
    found[is_wait] = 0
    found[is_wait, TIME], found[is_wait, POSITION] = ADVANCE, place
    found[is_wait, BAR], found[is_wait, BEFORE] = bar, NO_PITCH
    return found.astype(np.uint8)
