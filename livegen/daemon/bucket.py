"""A limit on how much comes or goes at a time.  Knows no clock and not what is counted."""

LONG_AGO = -(1 << 62)


class Bucket:
    """A token bucket in integers: `burst` tokens at once, `rate_per_s` in the long run.  Times are micros.

    It is kept as one time, up to which its tokens are paid: it is full when that lies a whole burst in the past.
    """

    def __init__(self, burst: int, rate_per_s: int) -> None:
        self._burst_us = burst * 1_000_000 // rate_per_s
        self._token_us = 1_000_000 // rate_per_s
        self._paid_until = LONG_AGO

    def take(self, now: int, tokens: int = 1) -> bool:
        """Take so many tokens; False, and none is taken, if there are too few."""
        paid_until = self._paid_by(now, tokens)
        if paid_until > now:
            return False
        self._paid_until = paid_until
        return True

    def has(self, now: int, tokens: int = 1) -> bool:
        """True if so many could be taken."""
        return self._paid_by(now, tokens) <= now

    def has_from(self, tokens: int) -> int:
        """From when on so many can be taken; may have passed."""
        return self._paid_until + tokens * self._token_us

    def _paid_by(self, now: int, tokens: int) -> int:
        return max(self._paid_until, now - self._burst_us) + tokens * self._token_us
