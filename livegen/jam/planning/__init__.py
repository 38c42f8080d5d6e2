"""Planning: from controls and call to a brief, and from a brief to strokes, an event of the network at a time."""
