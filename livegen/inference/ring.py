"""The state of a step model that only grows: the last entries, one for each event heard, in a ring.

A transformer keeps what it computed of each event.  Copied whole at each step, a state of megabytes takes longer than
the step.  So a state here is a value that shares its entries with the states before it, in blocks, and `RingMemory`
keeps one copy as an array for the runtime, in which it writes only the entries that differ from those that lie there.
Knows arrays; knows no runtime.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32  # entries that are kept as one array

Entry = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """A state: how many entries were ever written, and the last of them.  Never changed; forks share their entries.

    `blocks` are the last whole blocks, each (BLOCK, *entry), oldest first; `latest` the entries after them.
    """

    count: int = 0
    blocks: tuple[Entry, ...] = ()
    latest: tuple[Entry, ...] = ()

    def after(self, entry: Entry, most: int) -> "Ring":
        """The state after one more entry, which must not be written any more; at most `most` blocks are kept."""
        latest = (*self.latest, entry)
        if len(latest) < BLOCK:
            return Ring(self.count + 1, self.blocks, latest)
        return Ring(self.count + 1, (*self.blocks, np.stack(latest))[-most:], ())

    @property
    def newest(self) -> Entry:
        """The entry that was written last; IndexError where there is none."""
        return self.latest[-1] if self.latest else self.blocks[-1][-1]

    def is_finite(self) -> bool:
        """The newest entry is: those before it were looked at when they were new."""
        return not (self.latest or self.blocks) or bool(np.isfinite(self.newest).all())


class RingMemory:
    """The array (length, *entry) that the runtime reads.

    Entry number n lies in row n modulo `length`; rows in which nothing was written yet are 0.  Threads: one at a time.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        """`shape` is (length, *entry); length a multiple of BLOCK."""
        self.array: Entry = np.zeros(shape, np.float32)
        self._most = shape[0] // BLOCK
        # What lies in the rows of each block, and over one of them: by identity, for entries are never written.
        self._lies: list[Entry | None] = [None] * self._most
        self._over: tuple[Entry, ...] = ()
        self._over_at = 0

    def hold(self, ring: Ring) -> None:
        """Let the array be that of a state."""
        whole = ring.count // BLOCK
        at = whole % self._most
        if self._over and at != self._over_at:
            self._uncover(0)
        wanted: list[Entry | None] = [None] * self._most
        for index, block in enumerate(ring.blocks):
            wanted[(whole - len(ring.blocks) + index) % self._most] = block
        for row, wants in enumerate(wanted):
            if self._lies[row] is not wants:
                self._lies[row] = wants
                self._rows(row)[:] = 0 if wants is None else wants
                if row == at:
                    self._over = ()
        pairs = zip(self._over, ring.latest, strict=False)
        same = next((n for n, (a, b) in enumerate(pairs) if a is not b), None)
        kept = min(len(self._over), len(ring.latest)) if same is None else same
        self._over_at = at
        self._uncover(kept)
        for number in range(kept, len(ring.latest)):
            self._rows(at)[number] = ring.latest[number]
        self._over = ring.latest

    def next(self, ring: Ring, entry: Entry) -> Ring:
        """The state after one more entry, a copy of which is kept."""
        return ring.after(entry.copy(), self._most)

    def _uncover(self, kept: int) -> None:
        """Let what lies below the entries that are written over a block come back, but for the first `kept`."""
        below, rows = self._lies[self._over_at], self._rows(self._over_at)
        gone = slice(kept, len(self._over))
        rows[gone] = 0 if below is None else below[gone]
        self._over = self._over[:kept]

    def _rows(self, block: int) -> NDArray[Any]:
        return self.array[block * BLOCK : (block + 1) * BLOCK]
