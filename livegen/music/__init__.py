"""MIDI messages, time, notes and phrases as pure values. Imports nothing of livegen but its errors."""
