"""Control surfaces with pads, faders and lights: their maps, their ports, and what they show."""
