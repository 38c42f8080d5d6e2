"""Ableton Link: a session that is joined, and one that is only noticed."""
