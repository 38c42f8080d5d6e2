"""The controls: one table of all that can be set, the values in force, and the knobs and pads bound to them."""
