"""The times that the way between a player and a studio takes, micros: what both sides reckon with."""

# The engine is that far behind the clock: a key's way to us takes as long at most, nearly always.
DELAY_US = 40_000
# The way to the player: 40 ms of network, and as long as a message waits to be sent with others.
WAY_US = 60_000
HORIZON_US = DELAY_US + WAY_US
