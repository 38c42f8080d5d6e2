"""Clocks that come at one moment: all of them clocks, or each of them sent twice.

A server with long periods delivers together what was sent within one of them (at 48 kHz and 1024 frames, two clocks of
120 beats per minute every second or so).  A sender that is connected twice delivers every clock twice, and never one
alone or three.  Knows arrival times only.
"""

_LATELY = 48  # moments: with none of them alone among so many, two are one that was doubled
_FEW = 4  # clocks taken for doubles that may have been none


class Crowds:
    """The moments at which clocks came."""

    def __init__(self) -> None:
        self._moment: int | None = None
        self._size = 0  # clocks at this moment
        self._since_alone = _LATELY  # moments since one clock came alone
        self._uncounted = 0  # taken for doubles since then

    def feed(self, now: int) -> int:
        """Take a clock; how many clocks to count besides the first one of its moment, those not counted before too."""
        if now != self._moment:
            return self._begin(now)
        self._size += 1
        if self._size > 2 or self._since_alone < _LATELY:
            return 1
        self._uncounted += 1
        return 0

    def _begin(self, now: int) -> int:
        was_alone, self._moment, self._size = self._size == 1, now, 1
        self._since_alone = 0 if was_alone else min(self._since_alone + 1, _LATELY)
        if not was_alone:
            return 0
        uncounted, self._uncounted = self._uncounted, 0
        return uncounted if uncounted <= _FEW else 0
