"""Phrases: what is known of one, when it is over, what is like it, and how lines of a style go."""
