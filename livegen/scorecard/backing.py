"""A band behind a player with chords in the left hand: what it foresees and plays at the changes when they come back.

Chords are those written over a piece; the left hand holds them close together, and of a slash chord the bass well below
them, for nobody could know otherwise that it is meant.  Beats are those of the call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from livegen.inference.contract import Model
from livegen.jam.harmony.outline import foot
from livegen.jam.timing.agenda import ROUTES
from livegen.music.chords.chord import Chord
from livegen.music.chords.progressions import class_of
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.note import Note
from livegen.music.parts import BASS, COMP
from livegen.scorecard.accompaniment import EXACT, chord_at, in_chord
from livegen.scorecard.feels import looped
from livegen.scorecard.held_out_calls import Chords, LeadCall
from livegen.scorecard.playing import PlayedCall, played

ALL_PARTS: dict[str, object] = {"parts": "comp bass drums"}
LATE = 0.25  # beats after a change by which a bass still has the root in time
STRONG = 2.0  # beats between strong ones
AHEAD = 1.0  # beats by which a chord is foreseen
LEFT_HAND = 48  # the lowest pitch of a chord held there
LEFT_BASS = (
    30  # and of the bass of a slash chord: an octave from here on, a fifth at least below the chord
)
LEFT_CHANNEL = 1  # heard as comp
SPAN = 2.0  # beats of which a chord vector is taken

Notes = Sequence[Note]


# --- playing ------------------------------------------------------------------------------------------------------


def backed(
    model: Model,
    call: LeadCall,
    chords: Chords,
    seed: int,
    rounds: int,
    values: dict[str, object],
) -> tuple[PlayedCall, Chords]:
    """Play a call with its chords so many times over, and give all rounds but the first, or the only one.

    `rounds` is at least 1, `values` are those of controls, by name.  Beats of what is given, notes and chords, count
    from the beginning of the second round, or of the only one.
    """
    song = looped(call, rounds * call.bars)
    over_song = _looped(call, chords, rounds)
    heard = played(
        model,
        song,
        {"mode": "accompany", **values},
        seed=seed,
        after_bars=1,
        more=held(song, over_song),
        asks=[beat - AHEAD for beat, _ in other_chords(inside(song, over_song))],
    )
    if rounds == 1:
        return heard, over_song
    later = [
        note._replace(onset=note.onset - call.beats, end=note.end - call.beats)
        for note in heard.notes
    ]
    rest = [(beat - call.beats, chord) for beat, chord in over_song if beat >= call.beats - EXACT]
    expected = {beat - call.beats: chord for beat, chord in heard.expected.items()}
    later_call = looped(call, (rounds - 1) * call.bars)
    return replace(heard, call=later_call, notes=tuple(later), expected=expected), rest


def inside(call: LeadCall, chords: Chords) -> list[tuple[float, Chord | None]]:
    """The chords that begin within a call."""
    return [(beat, chord) for beat, chord in chords if 0 <= beat < call.beats]


def held(call: LeadCall, chords: Chords) -> list[tuple[float, Message]]:
    """The chords as a left hand would hold them: close together above its lowest pitch, another bass below."""
    there = [(beat, chord) for beat, chord in inside(call, chords) if chord]
    messages: list[tuple[float, Message]] = []
    for (beat, chord), end in zip(there, [b for b, _ in there[1:]] + [call.ends], strict=True):
        keys = [LEFT_HAND + (pc - LEFT_HAND) % 12 for pc in chord.pitch_classes - {chord.bass}]
        if chord.bass is not None:
            keys.append(LEFT_BASS + (chord.bass - LEFT_BASS) % 12)
        for pitch in sorted(keys):
            messages.append((beat, NoteOn(pitch, 64, LEFT_CHANNEL)))
            messages.append((max(beat, end - EXACT), NoteOff(pitch, 64, LEFT_CHANNEL)))
    return messages


def _looped(call: LeadCall, chords: Chords, rounds: int) -> Chords:
    first = [] if any(beat == 0 for beat, _ in chords) else [(0.0, chord_at(chords, 0.0))]
    once = [*first, *inside(call, chords)]
    return [(beat + turn * call.beats, chord) for turn in range(rounds) for beat, chord in once]


# --- what is measured ---------------------------------------------------------------------------------------------


def of_part(heard: PlayedCall, part: int) -> list[Note]:
    """The notes that a part played beside the call."""
    channel, end = ROUTES[part].channel, heard.call.beats
    return [note for note in heard.notes if note.channel == channel and 0 <= note.onset < end]


def roots_at_changes(bass: Notes, chords: Chords, late: float) -> list[bool]:
    """Tell of each chord with another root, or written bass, whether the bass has it where the chord begins.

    It strikes that at most EXACT beats before the change and `late` beats after it, or holds it from before.  The first
    chord is no change.
    """
    found = []
    for (_, before), (beat, chord) in pairwise(chords):
        if before is None or chord is None or foot(before) == foot(chord):
            continue
        struck = [note for note in bass if -EXACT <= note.onset - beat <= late]
        lasting = [note for note in bass if note.onset < beat - EXACT and note.end > beat + late]
        found.append(any(note.pitch % 12 == foot(chord) for note in struck or lasting))
    return found


def other_chords(chords: Chords) -> list[tuple[float, Chord]]:
    """Find the beats at which a chord with another root or third than before begins.  The first chord is no change."""
    found = []
    for (_, before), (beat, chord) in pairwise(chords):
        if before and chord and class_of(before) != class_of(chord):
            found.append((beat, chord))
    return found


def foreseen(expected: Mapping[float, Chord | None], chords: Chords) -> list[bool]:
    """Tell of each of `other_chords` if it was expected AHEAD of it, by root and third.

    `expected` is the next chord that was, by the beat at which it was asked for; where it was not, nothing is said.
    """
    asked = [
        (expected[beat - AHEAD], it)
        for beat, it in other_chords(chords)
        if beat - AHEAD in expected
    ]
    return [told is not None and class_of(told) == class_of(chord) for told, chord in asked]


def guessed(chords: Chords, beats: float) -> tuple[list[float], list[float]]:
    """Give the chances to guess each of `other_chords` from how long each chord sounds in these beats, nothing else.

    By who draws one by chance, and by who always says the one that sounds longest but for the one that holds.
    """
    lasts: dict[int, float] = {}
    ends = [beat for beat, _ in chords[1:]] + [beats]
    for (beat, chord), end in zip(chords, ends, strict=True):
        if chord:
            lasts[class_of(chord)] = lasts.get(class_of(chord), 0.0) + max(0.0, end - beat)
    by_chance, by_length = [], []
    holds = [chord_at(chords, beat - AHEAD) for beat, _ in other_chords(chords)]
    for before, (_, chord) in zip(holds, other_chords(chords), strict=True):
        rest = {
            it: length for it, length in lasts.items() if before is None or it != class_of(before)
        }
        by_chance.append(rest[class_of(chord)] / sum(rest.values()))
        by_length.append(float(max(rest, key=rest.__getitem__) == class_of(chord)))
    return by_chance, by_length


def tones_on_strong_beats(bass: Notes, chords: Chords) -> list[bool]:
    """True for each onset of a bass on a strong beat that is a tone of the chord."""
    found = []
    for note in bass:
        off = note.onset % STRONG
        chord = chord_at(chords, note.onset)
        if chord and min(off, STRONG - off) <= EXACT:
            found.append(note.pitch % 12 in chord.pitch_classes | {foot(chord)})
    return found


def diversity(notes: Notes, beats: float) -> float | None:
    """Give the number of different chords: the Vendi score of chord vectors (Friedman and Dieng 2023), 1 or more.

    A vector is how long each pitch class begins to sound within SPAN beats, of length 1; their likeness is the cosine.
    None where nothing is played.
    """
    vectors = np.zeros((int(np.ceil(beats / SPAN)), 12))
    for note in notes:
        if 0 <= note.onset < beats:
            vectors[int(note.onset // SPAN), note.pitch % 12] += min(SPAN, note.end - note.onset)
    lengths = np.linalg.norm(vectors, axis=1)
    vectors = vectors[lengths > 0] / lengths[lengths > 0, None]
    if not len(vectors):
        return None
    shares = np.linalg.eigvalsh(vectors @ vectors.T / len(vectors))
    shares = shares[shares > 1e-9]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def figures(heard: PlayedCall, chords: Chords) -> dict[str, list[float]]:
    """Each figure of a band with the values that its mean is taken of."""
    bass, comp = of_part(heard, BASS), of_part(heard, COMP)
    there = inside(heard.call, chords)
    found: dict[str, Sequence[float]] = {
        "root_at_change": roots_at_changes(bass, there, LATE),
        "root_with_chord": roots_at_changes(bass, there, EXACT),
        "strong_in_chord": tones_on_strong_beats(bass, chords),
        "comp_in_chord": in_chord(comp, chords),
        "foreseen": foreseen(heard.expected, there),
    }
    return {name: [float(value) for value in values] for name, values in found.items()}
