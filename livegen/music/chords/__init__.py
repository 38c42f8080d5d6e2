"""Chords: as values, by name, heard in notes, implied by a melody, and which follows which."""
