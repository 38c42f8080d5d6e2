"""MIDI clock, start and stop, and song position: time as another device tells it."""
