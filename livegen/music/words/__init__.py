"""Words: names of styles, and lyrics as syllables with a rhythm."""
