"""A person who plays a tune's chords, by a script: late, with wrong notes, a bar left out and a bar played twice.

What is played is drawn by chance from a seed.  Times are micros from the first bar line on; what was meant is told in
beats of the performance, quarter notes that count on through bars left out and played twice.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import NamedTuple

from livegen.music.charts import Form
from livegen.music.chords.chord import Chord
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import tempo_us
from livegen.scorecard.held_out_calls import Chords

LATE_US, SPREAD_US, EARLIEST_US, LATEST_US = 12_000, 14_000, -15_000, 60_000  # of a chord's onset
ROLLED_US = 8_000  # within which its keys go down
LIFT_US = 50_000  # before the next chord
WANDERS = 0.004  # by how much a tempo differs from that of the bar before, one standard deviation
PULL = 0.2  # of what it is off by now is made up for in a bar
WRONG_NOTE, WRONG_CHORD = 0.08, 0.02  # of the chords
LOWEST, MIDDLE = 45, 54.0  # of the left hand: its lowest key, and where it lies
KINDS = ("maj", "min", "7")


class Bar(NamedTuple):
    """A bar as it is played: when and on which beat it begins, and its first tick on the form."""

    at: int
    beat: float
    place: int


@dataclass(frozen=True, slots=True)
class Performance:
    """All that a person plays, in order, and what was meant.

    `bars` have one more at the end, which is not played; `slips` are the indices of bars before which one was left
    out or after which the same comes again, with the word for it.
    """

    messages: tuple[tuple[int, Message], ...]
    bars: tuple[Bar, ...]
    chords: Chords
    slips: tuple[tuple[int, str], ...]

    def micros(self, beat: float) -> int:
        """The time of a beat."""
        index = min(
            max(0, bisect_right(self.bars, beat, key=lambda bar: bar.beat) - 1), len(self.bars) - 2
        )
        bar, after = self.bars[index : index + 2]
        return round(bar.at + (after.at - bar.at) * (beat - bar.beat) / (after.beat - bar.beat))

    def beat(self, at: int) -> float:
        """The beat of a time."""
        index = min(
            max(0, bisect_right(self.bars, at, key=lambda bar: bar.at) - 1), len(self.bars) - 2
        )
        bar, after = self.bars[index : index + 2]
        return bar.beat + (at - bar.at) / (after.at - bar.at) * (after.beat - bar.beat)


def perform(
    form: Form,
    bpm: float,
    minutes: float,
    chance: Random,
    *,
    wanders: bool = True,
    slips: Sequence[str] = (),
    wrong: bool = True,
) -> Performance:
    """Play a form for so long at about `bpm` quarter notes a minute.

    `slips` ("left out" or "twice") come one after the other, evenly spread over the time, the first of them when the
    form has been played twice if there is time for that.  A pick-up is left out.
    """
    bars = _bars(form, bpm, minutes, chance, wanders, slips)
    marks = [(at, word) for at, (_, word) in enumerate(bars) if word]
    timed = [bar for bar, _ in bars]
    chords = list(_changes(form, timed))
    played = Performance((), tuple(timed), chords, tuple(marks))
    strikes = list(_strikes(form, timed))
    messages = sorted(
        _keys(strikes, played, chance, wrong), key=lambda row: (row[0], isinstance(row[1], NoteOn))
    )
    return Performance(tuple(messages), tuple(timed), chords, tuple(marks))


def _bars(
    form: Form, bpm: float, minutes: float, chance: Random, wanders: bool, slips: Sequence[str]
) -> list[tuple[Bar, str]]:
    """All bars with the slip that begins there, "" where none does."""
    at, beat, place, factor = 0.0, 0.0, 0, 1.0
    end = minutes * 60e6
    first = min(2 * form.ticks / TICKS_PER_BEAT * tempo_us(bpm) + 1, end / (len(slips) + 1))
    due = [first + number * (end - first) / max(1, len(slips)) for number in range(len(slips))]
    found, word = list[tuple[Bar, str]](), ""
    while at < end:
        found.append((Bar(round(at), beat, form.folded(place)), word))
        stretch = form.bar_stretch(place)
        quarters = (stretch.end - stretch.start) / TICKS_PER_BEAT
        at += quarters * tempo_us(bpm) * factor
        beat += quarters
        if wanders:
            factor += chance.gauss(0, WANDERS) - PULL * (factor - 1)
        place, word = stretch.end, ""
        if due and at >= due[0]:
            due.pop(0)
            word = slips[len(slips) - len(due) - 1]
            place = stretch.start if word == "twice" else form.bar_stretch(stretch.end).end
    return [*found, (Bar(round(at), beat, form.folded(place)), "")]


def _changes(form: Form, bars: Sequence[Bar]) -> Iterator[tuple[float, Chord | None]]:
    """The chords by the beat from which each holds, one after another."""
    before: Chord | None = None
    for bar in bars[:-1]:
        for tick, chord in form.bar_at(bar.place).chords:
            if chord != before:
                yield bar.beat + tick / TICKS_PER_BEAT, chord
                before = chord


def _strikes(form: Form, bars: Sequence[Bar]) -> Iterator[tuple[int, Chord | None]]:
    """Give the times at which chords are struck: where each begins, and anew in each bar."""
    for bar, after in pairwise(bars):
        ticks = form.bar_at(bar.place).ticks
        for tick, chord in form.bar_at(bar.place).chords:
            yield round(bar.at + (after.at - bar.at) * tick / ticks), chord


def _keys(
    strikes: Sequence[tuple[int, Chord | None]], played: Performance, chance: Random, wrong: bool
) -> Iterator[tuple[int, Message]]:
    ends = [at for at, _ in strikes[1:]] + [played.bars[-1].at]
    hand: tuple[int, ...] = ()
    for (at, chord), end in zip(strikes, ends, strict=True):
        if chord is None:
            continue
        if wrong and chance.random() < WRONG_CHORD:
            chord = Chord(chance.randrange(12), chance.choice(KINDS))
        hand = voiced(chord, hand)
        pitches = list(hand)
        if wrong and chance.random() < WRONG_NOTE:
            pitches[chance.randrange(len(pitches))] += chance.choice((-1, 1))
        off = max(EARLIEST_US, min(LATEST_US, round(chance.gauss(LATE_US, SPREAD_US))))
        loud = chance.randrange(58, 78)
        for pitch in sorted(set(pitches)):
            key_at = max(0, at + off + chance.randrange(ROLLED_US))
            yield key_at, NoteOn(pitch, loud + chance.randrange(-4, 5))
            yield max(key_at + LIFT_US, end - LIFT_US), NoteOff(pitch, 64)


def voiced(chord: Chord, before: Sequence[int]) -> tuple[int, ...]:
    """The chord under a left hand: three or four keys close together, those that lie nearest to the hand before."""
    tones = sorted(chord.pitch_classes)
    ways = []
    for turn in range(len(tones)):
        order = tones[turn:] + tones[:turn]
        for octave in (0, 12):
            low = LOWEST + (order[0] - LOWEST) % 12 + octave
            keys = [low]
            for tone in order[1:]:
                keys.append(keys[-1] + (tone - keys[-1]) % 12)
            ways.append(tuple(keys))
    middle = sum(before) / len(before) if before else MIDDLE
    return min(ways, key=lambda keys: abs(sum(keys) / len(keys) - (middle + MIDDLE) / 2))


def in_beats(sent: Sequence[tuple[int, Message]], played: Performance) -> list[Note]:
    """The notes that went out, in beats of the performance, by onset."""
    found, sounding = list[Note](), dict[tuple[int, int], tuple[float, int]]()
    for at, message in sent:
        if isinstance(message, NoteOn | NoteOff):
            key = message.channel, message.pitch
            if key in sounding:
                since, velocity = sounding.pop(key)
                found.append(Note(since, played.beat(at), message.pitch, velocity, message.channel))
            if isinstance(message, NoteOn):
                sounding[key] = played.beat(at), message.velocity
    return sorted(found)


# --- a right hand -------------------------------------------------------------------------------------------------

TOP, LOW_TOP, HIGH_TOP = 74.0, 62, 84  # where a melody lies, its lowest and its highest key
LEAPS, STEPS = (-4, -3, -2, 2, 3, 4), (-2, -1, 1, 2)  # semitones to a beat, and between beats
SUNG_US = 10_000  # the spread of a melody's onsets

Rhythm = Sequence[tuple[float, float]]  # of a bar: onset and length, beats


def melody(
    form: Form, played: Performance, rhythms: Sequence[Rhythm], chance: Random
) -> list[tuple[int, Message]]:
    """A melody over what is played: tones of the chord on beats, steps between them, rhythms in their order."""
    found, pitch = list[tuple[int, Message]](), round(TOP)
    for number, bar in enumerate(played.bars[:-1]):
        for onset, length in rhythms[number % len(rhythms)]:
            chord = form.chord_at(bar.place + round(onset * TICKS_PER_BEAT))
            pitch = _next(pitch, chord, onset % 1 == 0, chance)
            at = played.micros(bar.beat + onset) + round(chance.gauss(0, SUNG_US))
            end = played.micros(bar.beat + onset + length * 0.9)
            found.append((max(0, at), NoteOn(pitch, chance.randrange(76, 96))))
            found.append((max(at + 1, end), NoteOff(pitch, 64)))
    return sorted(found, key=lambda row: (row[0], isinstance(row[1], NoteOn)))


def _next(pitch: int, chord: Chord | None, is_on_beat: bool, chance: Random) -> int:
    """The pitch after another."""
    if chord is None:
        return pitch
    wish = pitch + chance.choice(LEAPS if is_on_beat else STEPS) + round((TOP - pitch) / 8)
    tones = [it for it in range(LOW_TOP, HIGH_TOP) if it % 12 in chord.pitch_classes]
    return min(tones, key=lambda tone: (abs(tone - wish), tone))
