"""The harmony: the key, the chord that sounds and the chords to come, by chart, memory, hand or melody."""
