"""Played music as musicians read it: bars, staves, note values, keys and chord symbols, as MusicXML, SVG or PDF.

The way from a score to its notation is pure (`notate`); music21 writes MusicXML (`musicxml`) and Verovio engraves
(`engraving`), both of the extra `score`.
"""
