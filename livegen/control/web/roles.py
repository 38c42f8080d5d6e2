"""The roles of people in a studio's room: a part that he plays, or that he listens.

Whoever has taken a role has a channel of his own, however many play the same: so two keyboards have four hands.  Who
has taken none is heard as his channel says.  Knows no sockets.
"""

from collections.abc import Collection

from livegen.music.parts import RULES

LISTENER = "listener"
ROLES = (*RULES, LISTENER)  # lead, comp, bass, drums, keys: each heard by that rule
# The channels of players, as many as fit in a room; not those that a page sends on by itself, 1 and 10.
CHANNELS = (15, 14, 13, 12, 11, 10, 8, 7)


def plays(role: str) -> bool:
    """True of who plays, in whatever role."""
    return role != LISTENER


def free_channel(taken: Collection[int]) -> int | None:
    """The next channel that nobody has."""
    return next((channel for channel in CHANNELS if channel not in taken), None)


def on_channel(data: bytes, channel: int | None) -> bytes:
    """A message of a channel, on another one; None leaves it."""
    return data if channel is None else bytes((data[0] & 0xF0 | channel, *data[1:]))
