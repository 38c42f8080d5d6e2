"""Count-ins: even clicks before the music, by which a player tells tempo, beat and bar line.

Knows the first notes of a phrase; knows no call and no mode.  A count that is taken for music costs little, for its
tempo is found as that of any phrase; music that is taken for a count is lost.  So all that could be music is none:

* clicks are one drum or one key, alone, within 6 % of a beat (or 25 ms: a hand's) on the beats of a pattern, after a
  silence;
* the music comes within 15 % of a beat of where the next beat is, and is more than one click more;
* a drum that is also a groove (hats, a kick) counts whole bars of four, and a key only if it is muted, and if what
  follows is a chord, a drum or a leap: repeated notes begin many melodies.
"""

from collections.abc import Iterator, Sequence
from statistics import linear_regression
from typing import NamedTuple

from livegen.music.melody.phrase import CHORD_US, Played
from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT, Metre, parse_metre
from livegen.music.time.timeline import MINUTE_US, Timeline

MOST = 16  # notes from which a count is told apart: of clicks, and of the first beat of the music
# Of a beat, and what a hand is off by: so near its beat each click is.
_EVEN, _EVEN_US = 0.06, 25_000
_ROUND = 0.02  # of a tempo at the ends of its range
_LATE = 0.15  # of a beat: so near the next one the music begins
_SILENCE = 2  # beats before the first click
_SLOWEST_US, _FASTEST_US = MINUTE_US // 40, MINUTE_US // 240
_STICKS = {31, 37, 56, 75, 76, 77}  # General MIDI: sticks, side stick, cowbell, claves, wood blocks
_GROOVES = {35, 36, 42, 44}  # kicks, closed and pedal hi-hat
_MUTED, _MUTED_US = 0.4, 200_000  # of a beat, and at most: how long a key sounds that counts
_KEYS = 3  # clicks from which a repeated key may be a count
_LEAP = 12  # semitones
_TWICE = (0, 2, 4, 5, 6, 7)  # "one ... two ... one two three four"
_THREE_FOUR = parse_metre("3/4")


class Count(NamedTuple):
    """A count-in that was found: when the beat after its clicks is, micros, from which the music begins.

    `beat_us` is the time from beat to beat, `metre` that of the bars, of which one begins with that beat.
    """

    next_us: int
    beat_us: float
    metre: Metre

    @property
    def timeline(self) -> Timeline:
        """The time that is told: tick 0 is the beat after the clicks."""
        quarter_us = self.beat_us * TICKS_PER_BEAT / self.metre.beat
        return Timeline(round(quarter_us), self.next_us, self.metre)


class CountSoFar(NamedTuple):
    """The verdict on the notes so far.

    `found`     the count that they are, or begin with, None where they are none
    `until_us`  while they may be a count: by when the next click or the music has come; else None
    `music_us`  the first note of the music, once it has come; else None
    `is_whole`  it is the count that it is, and no longer one
    """

    found: Count | None = None
    until_us: int | None = None
    music_us: int | None = None
    is_whole: bool = False


_NONE = CountSoFar()


def counted(
    notes: Sequence[Played], silence_us: int | None, metre: Metre | None = None
) -> CountSoFar:
    """Tell whether the first notes of a phrase are a count-in, or may become one.

    `notes` are all so far, at least one, in ascending order of onset; one that sounds ends now.  `silence_us` is how
    long the player had been silent before, None from the beginning on; `metre` that of the bars where it is told.
    """
    first = notes[0]
    if len(notes) > MOST:
        return _NONE
    other = next((note for note in notes if _key(note) != _key(first)), None)
    begins = None if other is None else other.onset_us - CHORD_US
    clicks = [note for note in notes if begins is None or note.onset_us < begins]
    music = notes[len(clicks) :]
    found, may_go_on = None, False
    for pattern, bars in _patterns(first, metre):
        beats = _beats(clicks, pattern)
        if beats is None or not _may_count(clicks, beats.apart_us, silence_us):
            continue
        if len(clicks) == len(pattern):
            found = Count(
                round(beats.first_us + beats.apart_us * (pattern[-1] + 1)), beats.apart_us, bars
            )
        may_go_on = may_go_on or len(clicks) < len(pattern)
    if music:
        is_count = found is not None and _is_music(music, clicks, found)
        return CountSoFar(found, None, music[0].onset_us, True) if is_count else _NONE
    if found is None and not may_go_on:
        return _NONE
    return CountSoFar(found, _until_us(clicks, found), None, found is not None and not may_go_on)


def _key(note: Played) -> tuple[bool, int]:
    return note.is_drum, note.pitch


def _patterns(first: Played, metre: Metre | None) -> Iterator[tuple[tuple[int, ...], Metre]]:
    """The patterns that clicks of a kind may have, in beats from the first, and the bars that each tells."""
    if first.is_drum and first.pitch not in _STICKS | _GROOVES:
        return
    if metre is not None:
        beats, rest = divmod(metre.place(0).bar, metre.beat)
        while beats < 3:
            beats *= 2
        if not rest:
            yield tuple(range(beats)), metre
            if beats == 4:
                yield _TWICE, metre
        return
    if first.is_drum and first.pitch in _STICKS:
        yield (0, 1, 2), _THREE_FOUR
    yield (0, 1, 2, 3), COMMON_TIME
    yield _TWICE, COMMON_TIME


class _Beats(NamedTuple):
    first_us: float
    apart_us: float


def _beats(clicks: Sequence[Played], pattern: Sequence[int]) -> _Beats | None:
    """The beats that explain clicks best, by least squares, as the first of a pattern; None where they are not."""
    if not 1 <= len(clicks) <= len(pattern):
        return None
    if len(clicks) == 1:
        return _Beats(clicks[0].onset_us, _SLOWEST_US)
    onsets, places = [click.onset_us for click in clicks], pattern[: len(clicks)]
    apart, first = linear_regression(places, onsets)
    off = max(abs(at - first - place * apart) for at, place in zip(onsets, places, strict=True))
    is_even = off <= max(_EVEN * apart, _EVEN_US)
    is_tempo = _FASTEST_US * (1 - _ROUND) <= apart <= _SLOWEST_US * (1 + _ROUND)
    return _Beats(first, apart) if is_even and is_tempo else None


def _may_count(clicks: Sequence[Played], period_us: float, silence_us: int | None) -> bool:
    """True if there was silence before the clicks, and if they are struck as one counts."""
    beat_us = period_us if len(clicks) > 1 else _FASTEST_US
    is_alone = silence_us is None or silence_us >= _SILENCE * beat_us
    if clicks[0].is_drum:
        return is_alone
    longest = min(_MUTED * period_us, _MUTED_US)
    are_muted = all(click.end_us - click.onset_us <= longest for click in clicks)
    return is_alone and are_muted and len(clicks) >= _KEYS


def _is_music(music: Sequence[Played], clicks: Sequence[Played], count: Count) -> bool:
    """True if this is more than a melody that goes on, and on the beat after the clicks."""
    if abs(music[0].onset_us - count.next_us) > _LATE * count.beat_us:
        return False
    if clicks[0].is_drum:
        return True
    one = [note for note in music if note.onset_us - music[0].onset_us <= CHORD_US]
    is_chord = len({note.pitch for note in one}) > 1
    return is_chord or one[0].is_drum or min(abs(it.pitch - clicks[0].pitch) for it in one) >= _LEAP


def _until_us(clicks: Sequence[Played], found: Count | None) -> int:
    """By when the next click has come, or the music."""
    if found is not None:
        return round(found.next_us + _LATE * found.beat_us)
    apart = clicks[-1].onset_us - clicks[-2].onset_us if len(clicks) > 1 else _SLOWEST_US
    return round(clicks[-1].onset_us + apart * (1 + _LATE))
