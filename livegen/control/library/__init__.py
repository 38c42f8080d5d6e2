"""The things that a person keeps and looks for: presets, charts, sessions, and phrases found in them."""
