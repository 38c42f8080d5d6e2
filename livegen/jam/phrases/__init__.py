"""Phrases: what is made of a phrase or of words beforehand, and is planned in place of an answer."""
