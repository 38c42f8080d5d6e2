"""The times that the way between a player and a studio takes, micros: what both sides reckon with."""

# The engine is that far behind the clock to begin with (`behind`): in a house nearly no key takes longer to come to us.
DELAY_US = 40_000
# The way to the player: 40 ms of network, and as long as a message waits to be sent with others.
WAY_US = 60_000
HORIZON_US = DELAY_US + WAY_US
