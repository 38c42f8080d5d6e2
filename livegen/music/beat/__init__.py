"""The beat, the metre and the bar lines, found in what was played, or told by taps and count-ins."""
