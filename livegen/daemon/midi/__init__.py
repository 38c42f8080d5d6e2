"""The MIDI ports, and all that guards what comes in and goes out."""
