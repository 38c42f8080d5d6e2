"""Drums: the bars, fills and grooves that people play, and how hard and how late each hit is."""
