"""Timing: who leads the time, and when what is planned leaves: the agenda, the click, the clock for others."""
