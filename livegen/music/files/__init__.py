"""Standard MIDI Files, and the arrays of the package's own files."""

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi", ".smf")  # as other programs name theirs
