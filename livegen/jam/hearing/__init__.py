"""Hearing: from keys and pedals to strokes with parts, and from strokes to the state of the network."""
