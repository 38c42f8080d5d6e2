"""The band: what each part plays to a chord and a beat: levels, bars of drums, figures, welcome pitches, themes."""
