"""Interplay: who hears and who plays: calls, when they are answered, by what plan, and turns carried out."""
