"""Invitations: signed texts, each of which lets a player into one room, under a name, until it lapses.

Whoever has the secret makes them and reads them; nothing is kept.  The signature is HMAC-SHA256, as itsdangerous makes
it, with a key that scrypt makes of the secret: who has an invitation can try secrets on it, and each try costs as much
as that.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer

LONGEST_MINUTES = 60 * 24 * 31
SALT = b"livegen: a seat in a studio"
COST = 1 << 14  # of a try: 16 MB, some 40 ms


class Seat(NamedTuple):
    """A place in a room, the name and the role of who has it ("" for one of his own), and whether he steers."""

    room: str
    player: str
    role: str = ""
    steers: bool = True


class Invitations:
    """The invitations of one studio.  Whoever knows `secret` can write them."""

    def __init__(self, secret: str) -> None:
        key = hashlib.scrypt(secret.encode(), salt=SALT, n=COST, r=8, p=1)
        self._signed = URLSafeTimedSerializer(
            key, salt=SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )

    def write(self, seat: Seat, minutes: int) -> str:
        """Give an invitation to a seat that is good from now on for so many minutes, 1 to `LONGEST_MINUTES`."""
        text = self._signed.dumps([*seat, minutes])
        return text if isinstance(text, str) else text.decode("ascii")

    def read(self, given: object) -> Seat | None:
        """The seat of an invitation; None for one that has lapsed, and for everything else."""
        if not isinstance(given, str) or not given.isascii():
            return None
        try:
            (*seat, minutes), signed_at = self._signed.loads(given, return_timestamp=True)
        except BadData:
            return None
        is_good = datetime.now(UTC) < signed_at + timedelta(minutes=minutes)
        return Seat(*seat) if is_good else None
