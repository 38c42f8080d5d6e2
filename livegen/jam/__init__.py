"""The engine: turns, plans, agenda, controls, journal.  Sans-IO: messages and times in, messages and times out."""
