"""Standard MIDI Files, and the arrays of the package's own files."""
