"""Commands: what a player asks for, carried out: turns, controls, cues, count-ins, endings, phrases."""
