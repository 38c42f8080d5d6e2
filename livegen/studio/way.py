"""The times that the way between a player and a studio takes, micros: what both sides reckon with."""

from typing import NamedTuple

# The engine is that far behind the clock to begin with (`behind`): in a house nearly no key takes longer to come to us.
DELAY_US = 40_000
# The way to the player: 40 ms of network, and as long as a message waits to be sent with others.
WAY_US = 60_000
HORIZON_US = DELAY_US + WAY_US


class Way(NamedTuple):
    """The way of a room's players, micros: how far the engine is behind, at first and at the least and most.

    `back_us` is how long the way back to a player may take, `early_us` by how much a stamp may lie ahead.
    """

    first_us: int
    shortest_us: int
    longest_us: int
    back_us: int
    early_us: int = 0


AFAR = Way(DELAY_US, 20_000, 80_000, WAY_US)
