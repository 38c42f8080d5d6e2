"""Ways of playing that tell the beat and its bars: as a left hand plays a waltz, chords are comped, or eighths swing.

Each is a rule of what all onsets have in common, and says nothing of any other music.  The networks learned from
excerpts of all music, where these are rare.
"""

import numpy as np
from numpy.typing import NDArray

from livegen.music.beat.beat_candidates import Candidates
from livegen.music.beat.beat_network import COLUMNS, Onsets, counted
from livegen.music.time.metre import DOTTED, TICKS_PER_BEAT

_CHORD, _TWO = np.log2(3) - 0.01, 1.0  # notes of a chord, and of two tones, as onsets have them
_OCTAVE = 12  # semitones, in which onsets have their lowest pitch
_OFF = 0.12  # beats by which all may be off
# Nats for beats that are all long and short, or one: in any other beat that would be chance.
_LONG_SHORT = 2.0
_BESIDE, _SWINGS, _SWUNG_S = 0.1, 3, (60 / 165, 60 / 72)
# Nats against each push of them to beat two or four of 4/4: of 2,919 in solos of the Weimar Jazz Database .60 lead to
# one or three.  It begins on the late eighth, is held for so much of a beat, and nothing follows it for so long.
_PUSHED, _PUSH_HELD, _PUSH_GAP = 0.42, 0.8, 1.2
# Nats for 4/4 in which the beat after a first onset off the beat is one, two, three or four: of 3,729 phrases of those
# solos and of POP909 so many begin like that.
_OFF_BEATS = (0.4, 0.75)
_DRUM = 12  # of the kinds of onsets
_BEGUN_OFF = np.log(4 * np.array([0.24, 0.335, 0.225, 0.2]))
# Nats for beats by which chords are comped over them, as in a bossa nova: short chords lie even, or nearly so, and only
# where the harmony changes tells that they are one and a half beats apart.
_COMPED = 9.0
_COMPED_S = (60 / 165, 60 / 95)  # beats of such music
_SHORT = 0.65  # of the distance to the next, how long a chord is held at most
_DOTTED = 0.3  # share of distances of one and a half beats
# Beats before a bar line and after it at which the harmony may change.
_EARLIEST, _LATEST_CHANGE = 0.6, 1.1
_OTHER = 0.5  # share of new pitch classes that is another harmony
# Nats for bars that begin with a bass note, all else above it: oom-pah-pah, or a chord broken over three beats.
_BASS_FIRST = 4.0
_BASS_FIRST_S = (60 / 230, 60 / 55)
_ABOVE = 3  # semitones
# The notes above it that tell it, by two at once and one by one, and how many of three beats have one.
_FEWEST_CHORDS, _FEWEST_BROKEN, _MOST_BEATS = 4, 8, 0.75
# Nats for chords that are struck three times a beat, as in slow rock: the bass moves every three or six of them.
_TRIPLETS = 5.0
_TRIPLETS_S = (60 / 85, 60 / 40)
_FEWEST_TRIPLETS = 9

_BARS = np.array([bars.beats for bars, _ in COLUMNS])
_FIRST = np.array([first for _, first in COLUMNS])
_ARE_DOTTED = np.array([bars.ticks == DOTTED for bars, _ in COLUMNS])
_OF_FOUR = np.array([column == ((4, TICKS_PER_BEAT), 0) for column in COLUMNS])
_OF_FOUR_QUARTERS = np.array([bars == (4, TICKS_PER_BEAT) for bars, _ in COLUMNS])
_OF_THREE = np.array([bars == (3, TICKS_PER_BEAT) for bars, _ in COLUMNS])

Floats = NDArray[np.floating]


def idioms(onsets: Onsets, found: Candidates) -> Floats:
    """Nats by which each candidate is likelier in each metre (H, COLUMNS), by all ways that are found."""
    nats = np.zeros((len(found.periods_s), len(COLUMNS)))
    nats += _LONG_SHORT * _are_long_and_short(found)[:, None]
    nats += _COMPED * _are_comped(onsets, found)[:, None] * _OF_FOUR
    nats[:, _OF_THREE] += _BASS_FIRST * _have_bass_first(onsets, found)
    nats += _TRIPLETS * _are_triplets(onsets, found)
    return nats


def _within(found: Candidates, usual_s: tuple[float, float]) -> NDArray[np.bool_]:
    """True for candidates whose beats are so long (H,)."""
    return np.asarray((found.periods_s > usual_s[0]) & (found.periods_s < usual_s[1]))


def _are_comped(onsets: Onsets, found: Candidates) -> NDArray[np.bool_]:
    """True for candidates by which short chords are comped over the beat (H,): some one and a half beats apart."""
    sizes, new = onsets.kinds[:, 1], onsets.kinds[:, 7]
    gaps = np.diff(onsets.at_s)
    changes = np.flatnonzero(new[1:] >= _OTHER) + 1
    are_short = (onsets.lengths_s[:-1] < _SHORT * gaps).all()
    if not (are_short and len(changes) and (sizes > _CHORD).all()):
        return np.zeros(len(found.periods_s), np.bool_)
    steps = np.diff(found.beats)
    halves = np.rint(2 * steps) / 2
    fit = ((np.abs(steps - halves) < _OFF) & (halves >= 1) & (halves <= 2)).all(axis=1)
    dotted = (halves == 1.5).mean(axis=1) >= _DOTTED
    since = found.beats[:, changes] - found.beats[:, :1]
    at_bars = ((since + _EARLIEST) % 4 <= _EARLIEST + _LATEST_CHANGE).all(axis=1)
    return np.asarray(fit & dotted & at_bars & _within(found, _COMPED_S))


def _are_long_and_short(found: Candidates) -> NDArray[np.bool_]:
    """True for candidates of which each beat is long and short or one: swung, or two and one of three (H,)."""
    places = found.beats - np.floor(found.beats + _BESIDE)
    on, late = np.abs(places) < _BESIDE, np.abs(places - 2 / 3) < _BESIDE
    often = np.minimum(on.sum(axis=1), late.sum(axis=1)) >= _SWINGS
    return np.asarray((on | late).all(axis=1) & often & _within(found, _SWUNG_S))


def bars(onsets: Onsets, found: Candidates) -> Floats:
    """Nats by which bars are likelier than others of the same beat (H, COLUMNS): they say nothing of the beat."""
    beats = found.beats - counted(found).first
    places, leads_to = beats - np.floor(beats), (np.floor(beats) + 1).astype(np.int64)
    beat_of_bar = (leads_to[..., None] - np.arange(4)) % 4
    begins_off = (places[:, 0] > _OFF_BEATS[0]) & (places[:, 0] < _OFF_BEATS[1])
    begins_off &= not onsets.kinds[0, _DRUM]
    nats = begins_off[:, None] * _BEGUN_OFF[beat_of_bar[:, 0]]
    gaps = np.append(np.diff(onsets.at_s), np.inf) / found.periods_s[:, None]
    held = onsets.lengths_s / found.periods_s[:, None]
    are_pushes = (np.abs(places - 2 / 3) < _BESIDE) & (gaps >= _PUSH_GAP) & (held >= _PUSH_HELD)
    are_weak = are_pushes[..., None] & (beat_of_bar % 2 == 1)
    nats -= _PUSHED * _are_long_and_short(found)[:, None] * are_weak.sum(axis=1)
    of_all = np.zeros((len(found.periods_s), len(COLUMNS)))
    of_all[:, _OF_FOUR_QUARTERS] = nats
    return of_all


def _have_bass_first(onsets: Onsets, found: Candidates) -> NDArray[np.bool_]:
    """True for bars of three quarters, from each first beat (H, 3), that begin with a bass note, all else above it."""
    have = np.zeros((len(found.periods_s), 3), np.bool_)
    rows = _within(found, _BASS_FIRST_S)
    lowest, are_two = _OCTAVE * onsets.kinds[:, 2], onsets.kinds[:, 1] >= _TWO
    beats = (found.beats - counted(found).first)[rows, None]
    nearest = np.broadcast_to(np.rint(beats), (len(beats), 3, len(lowest)))
    are_on = np.abs(beats - nearest) < _OFF
    are_bass = are_on & ((nearest - np.arange(3)[:, None]) % 3 == 0)
    # The bass note of each onset: the latest, its own, too; -1 before the first.
    bass = np.maximum.accumulate(np.where(are_bass, np.arange(len(lowest)), -1), axis=2)
    others = ~are_bass & (bass >= 0)
    before = np.concatenate([np.full_like(bass[..., :1], -1), bass[..., :-1]], axis=2)
    steps = nearest - np.take_along_axis(nearest, before, axis=2)
    in_threes = ~(are_bass & (before >= 0) & (steps != 3)).any(axis=2)
    above = ~(others & (lowest < lowest[bass] + _ABOVE)).any(axis=2)
    on = others & are_on
    between = (others & ~are_on & are_two).any(axis=2)
    count, chords = are_bass.sum(axis=2), ~(on & ~are_two).any(axis=2)
    began = np.take_along_axis(nearest, are_bass.argmax(axis=2)[..., None], axis=2)[..., 0]
    beats_of_others = nearest[..., -1] - began + 1 - count
    have[rows] = (
        (count >= 2)
        & in_threes
        & above
        & ~between
        & (on.sum(axis=2) >= _MOST_BEATS * beats_of_others)
        & (others.sum(axis=2) >= np.where(chords, _FEWEST_CHORDS, _FEWEST_BROKEN))
    )
    return have


def _are_triplets(onsets: Onsets, found: Candidates) -> NDArray[np.bool_]:
    """True for dotted beats of three even chords, in bars that begin where the bass moves down (H, COLUMNS)."""
    lowest = _OCTAVE * onsets.kinds[:, 2]
    lines = np.append(0, np.flatnonzero(np.diff(lowest) <= -_ABOVE) + 1)
    if len(lowest) < _FEWEST_TRIPLETS or len(lines) < 2 or (onsets.kinds[:, 1] < _TWO).any():
        return np.zeros((len(found.periods_s), len(COLUMNS)), np.bool_)
    thirds = np.rint(3 * found.beats)
    are_near = (np.abs(found.beats - thirds / 3) < _OFF).all(axis=1)
    are_even = are_near & (np.diff(thirds) == 1).all(axis=1)
    on_beats = (thirds[:, lines] % 3 == 0).all(axis=1)
    at = counted(found).beats[:, lines, None] - _FIRST
    begin_bars = _ARE_DOTTED & (at % _BARS == 0).all(axis=1)
    return np.asarray((are_even & on_beats & _within(found, _TRIPLETS_S))[:, None] & begin_bars)
