"""Bars, ticks and microseconds: where in its bar a note lies, and when it sounds."""
