"""Voices under a melody, and pitches beside a scale: what goes with what.

Knows pitches, chords and keys; knows no time and no chance.  The same question has the same answer.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from functools import cache

from livegen.music.chords.chord import Chord
from livegen.music.keys.key import Key
from livegen.music.keys.scale import PitchClasses

_SCALE_TONE, _AVOIDED = 0.6, 0.3

# Roots and chords that harmonise every degree of a key, in semitones above the tonic, the plain ones first:
# tonic, subdominant, dominant; in minor the subtonic too, for its natural seventh.
_PRINCIPAL = {
    "major": ((0, 4, 7), (5, 9, 0), (7, 11, 2)),
    "minor": ((0, 3, 7), (5, 8, 0), (7, 11, 2), (10, 2, 5)),
}
_DIMINISHED = (0, 3, 6, 9)  # under a note outside the key
_PARALLEL = (4, 9, 16, 21)  # semitones below: thirds, sixths, and their octaves
_CLASHES = (1, 13)  # semitones below the melody that no companion may be
# Companions stay within this of the melody: so much, and so much a voice.
_REACH, _REACH_EACH = 5, 5
_SPACING = 4  # between voices where nothing was sounding before
_DOUBLED, _DOUBLED_MELODY, _RUBBING = 1.0, 2.0, 3.0  # as bad as so many semitones of movement
_CLOSE = 0.01  # between equals the voicing nearer the melody


@cache
def nearest(pitch_classes: PitchClasses) -> tuple[int, ...]:
    """Map each of 128 pitches to the nearest allowed one; of two as near, to the lower.

    Monotone, and allowed pitches stay.  Where nothing is allowed every pitch stays.
    """
    allowed = [pitch for pitch in range(128) if pitch % 12 in pitch_classes]
    return tuple(_nearest(pitch, allowed) for pitch in range(128))


def _nearest(pitch: int, allowed: list[int]) -> int:
    at = bisect_left(allowed, pitch)
    beside = allowed[max(0, at - 1) : at + 1]
    return min(beside, key=lambda other: (abs(other - pitch), other), default=pitch)


def fits(pitch: int, chord: Chord | None, key: Key | None) -> float:
    """Give how well a pitch goes with chord and key, 0 to 1.

    A chord tone 1; a tone of the key 0.6, or 0.3 a semitone above a chord tone; any other 0.
    Without a chord all tones of the key are 1; with neither, all pitches.
    """
    pitch_class = pitch % 12
    if chord is None:
        return 1.0 if key is None or pitch_class in key.pitch_classes else 0.0
    tones = chord.pitch_classes
    if pitch_class in tones:
        return 1.0
    if key is not None and pitch_class in key.pitch_classes:
        return _AVOIDED if (pitch_class - 1) % 12 in tones else _SCALE_TONE
    return 0.0


def companions(
    pitch: int,
    chord: Chord | None,
    key: Key | None,
    before: tuple[int, ...],
    voices: int,
    low: int,
    high: int,
    taken: Collection[int] = (),
) -> tuple[int, ...]:
    """Pitches to sound with one melody note: ascending, below it, within `low` to `high`, none that is `taken`.

    Tones of the chord; without one, of a principal triad of the key that holds the note (of a
    diminished chord when it is outside the key); with neither, thirds and sixths in parallel.  They
    move as little as can be from `before`, ascending too, and never cross; a semitone or minor ninth
    under the melody is left out, and so is a second leading tone.  Fewer than `voices` where there
    is no room.
    """
    if chord is None and key is None:
        below = (pitch - interval for interval in reversed(_PARALLEL[:voices]))
        return tuple(other for other in below if low <= other <= high and other not in taken)
    bottom = max(low, pitch - _REACH - _REACH_EACH * voices)
    pitches = [it for it in range(bottom, min(high, pitch - 1) + 1) if it not in taken]
    targets = _targets(pitch, before, voices)
    voicings = [
        _smoothest(_room(pitch, tones, key, before, pitches), targets, pitch)
        for tones in _harmonies(pitch, chord, key)
    ]
    return min(voicings, key=lambda voicing: (-len(voicing[1]), voicing[0]))[1]


def _harmonies(pitch: int, chord: Chord | None, key: Key | None) -> list[PitchClasses]:
    """Sets of pitch classes that may go under a note, at least one."""
    if chord is not None:
        return [chord.pitch_classes]
    assert key is not None
    triads = [_above(key.tonic, steps) for steps in _PRINCIPAL[key.mode]]
    holding = [tones for tones in triads if pitch % 12 in tones]
    return holding or [_above(pitch, _DIMINISHED)]


def _above(root: int, steps: tuple[int, ...]) -> PitchClasses:
    return frozenset([(root + step) % 12 for step in steps])


def _targets(pitch: int, before: tuple[int, ...], voices: int) -> tuple[int, ...]:
    """Give the pitches that the voices would like to have: those from before, else close under the melody."""
    if len(before) == voices:
        return tuple(sorted(before))
    return tuple(pitch - _SPACING * below for below in range(voices, 0, -1))


def _room(
    pitch: int,
    tones: PitchClasses,
    key: Key | None,
    before: tuple[int, ...],
    pitches: Sequence[int],
) -> list[int]:
    """Give the pitches of some that companions may take, ascending as they are."""
    free = [it for it in pitches if it % 12 in tones and pitch - it not in _CLASHES]
    if key is None:
        return free
    leading = [other for other in free if other % 12 == key.leading_tone]
    kept = None
    if leading and pitch % 12 != key.leading_tone:
        kept = min(leading, key=lambda it: min((abs(it - was) for was in before), default=-it))
    return [other for other in free if other == kept or other not in leading]


def _smoothest(
    room: list[int], targets: tuple[int, ...], pitch: int
) -> tuple[float, tuple[int, ...]]:
    """The cheapest ascending choice, voice by voice, and what it costs."""
    targets = targets[max(0, len(targets) - len(room)) :]  # without room the lowest voices rest
    own = [_CLOSE * (pitch - at) + _DOUBLED_MELODY * ((pitch - at) % 12 == 0) for at in room]
    ways: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for voice, target in enumerate(targets):
        following = []
        for index in range(voice, len(room) - (len(targets) - voice - 1)):
            at = room[index]
            cost, way = min(
                [(paid + _rub(way, at), way) for paid, way in ways if not way or way[-1] < at]
            )
            following.append((cost + own[index] + abs(at - target), (*way, at)))
        ways = following
    return min(ways)


def _rub(below: tuple[int, ...], at: int) -> float:
    """Give the cost of a fault between a voice and the one below it."""
    if not below:
        return 0.0
    apart = at - below[-1]
    return _RUBBING if apart == 1 else _DOUBLED if apart % 12 == 0 else 0.0
