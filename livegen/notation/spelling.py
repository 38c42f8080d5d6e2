"""Spelling: which of its names a pitch has in a key.

Names lie on the line of fifths (F C G D A E B, each with its sharps to the right and its flats to the left); a key
takes twelve of them in a row.  A note that goes on by a semitone, and a tone of the chord that is written above, have
their say first.
"""

from collections.abc import Iterator, Sequence

from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.chords.chord_names import FIFTHS, NATURALS, signature, spelled
from livegen.music.keys.key import Key
from livegen.notation.symbols import Group, SpelledPitch

_LETTERS = "CDEFGAB"
# The places below the seven of its signature that belong to a key; what else it takes lies above them.
_FLATS = {"major": 2, "minor": 1}
# The letters above a root at which a tone is written that lies so many semitones above it.
_STEPS = {0: 0, 2: 1, 3: 2, 4: 2, 5: 3, 6: 4, 7: 4, 8: 4, 9: 5, 10: 6, 11: 6, 13: 1, 14: 1, 15: 1, 17: 3, 18: 3,
          20: 5, 21: 5}  # fmt: skip


def tones_of(
    groups: Sequence[Group], key: Key | None, chord_at: "ChordAt"
) -> Iterator[tuple[SpelledPitch, ...]]:
    """The tones of each group of a layer, spelled; `chord_at` tells the chord at a tick."""
    for group, after in zip(groups, [*groups[1:], None], strict=False):
        chord = chord_at(group.start)
        yield tuple(tone(pitch, _place(pitch, after, key, chord)) for pitch in group.pitches)


class ChordAt:
    """The chord in force at a tick, from (tick, chord) in order."""

    def __init__(self, chords: Sequence[tuple[int, Chord | None]]) -> None:
        self._chords = chords

    def __call__(self, tick: int) -> Chord | None:
        """The chord at a tick; None where there is none."""
        in_force = [chord for at, chord in self._chords if at <= tick]
        return in_force[-1] if in_force else None


def tone(pitch: int, place: int) -> SpelledPitch:
    """A pitch by the name that lies so many fifths above C."""
    alter, letter = divmod(place + 1, 7)
    step = FIFTHS[letter]
    return SpelledPitch(pitch, step, alter, (pitch - alter - NATURALS[step]) // 12 - 1)


def _place(pitch: int, after: Group | None, key: Key | None, chord: Chord | None) -> int:
    """Give how many fifths above C the name of a pitch lies."""
    first = (signature(key) if key else 0) - 1
    # From Fb to B#: a double sharp is right now and then, and read by nobody.
    places = [place for place in range(-8, 13) if place * 7 % 12 == pitch % 12]
    own = next((place for place in places if first <= place < first + 7), None)
    if own is not None:
        return own
    if chord is not None and (place := _of_chord(pitch % 12, chord, key)) in places:
        return place
    if after is not None and len(after.pitches) == 1 and abs(after.pitches[0] - pitch) == 1:
        is_raised = after.pitches[0] > pitch
        return max(places) if is_raised else min(places)
    low = first - _FLATS[key.mode if key else "major"]
    return min(places, key=lambda place: abs(place - low - 5.5))


def _of_chord(pitch_class: int, chord: Chord, key: Key | None) -> int | None:
    """The same of a tone of a chord, on the letter that its interval asks for; None for what is no tone of it."""
    interval = next(
        (tone for tone in INTERVALS[chord.kind] if (chord.root + tone) % 12 == pitch_class), None
    )
    if interval is None:
        return None
    root = _LETTERS.index(spelled(chord, key)[0])
    step = _LETTERS[(root + _STEPS[interval]) % 7]
    alter = (pitch_class - NATURALS[step] + 6) % 12 - 6
    return FIFTHS.index(step) - 1 + 7 * alter
