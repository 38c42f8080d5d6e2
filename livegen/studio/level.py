"""The loudness of what somebody has just played, for a meter."""

from livegen.daemon.clock import SECOND

FALLS_US = SECOND  # from full to nothing
_LOUDEST = 127


class Level:
    """A meter of struck notes: a note of velocity 127 sets it to 1, and it falls to 0 within a second."""

    def __init__(self) -> None:
        self._peak, self._at = 0.0, 0

    def strike(self, velocity: int, at: int) -> None:
        """A note begins at `at`, micros."""
        self._peak, self._at = max(self.at(at), velocity / _LOUDEST), at

    def at(self, now: int) -> float:
        """Give the level at a time, micros, 0 to 1."""
        return max(0.0, self._peak - max(0, now - self._at) / FALLS_US)
