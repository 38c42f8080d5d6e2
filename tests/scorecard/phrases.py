"""Phrases for the tests of the scorecard, and a piece with a lead, an accompaniment and its chords."""

from collections.abc import Sequence

from livegen.music.files.smf import Score, Track
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.note import Note
from livegen.scorecard.held_out_calls import LeadCall

PPQN = 24


def phrase(
    pitches: Sequence[int], step: float = 0.5, at: float = 0.0, velocity: int = 80
) -> tuple[Note, ...]:
    """Notes of one length one after the other."""
    return tuple(
        Note(at + step * place, at + step * (place + 1), pitch, velocity)
        for place, pitch in enumerate(pitches)
    )


def call(
    notes: Sequence[Note], bars: int = 2, metre: str = "4/4", tempo_us: int = 500_000
) -> LeadCall:
    """A call of these notes."""
    numerator, denominator = (int(word) for word in metre.split("/"))
    return LeadCall("made", metre, numerator * 4 / denominator, bars, tempo_us, tuple(notes))


def song(first: int, bars: int = 16) -> Score:
    """A melody in eighths, chords in the left hand that change each bar, and the same chords written over it."""
    scale = (0, 2, 4, 5, 7, 9, 11, 12)
    melody = [
        (PPQN // 2 * at, PPQN // 2, first + scale[(at * 5 + at // 8) % 8]) for at in range(8 * bars)
    ]
    roots = [first - 24 + (0, 5, 7, 0)[bar % 4] for bar in range(bars)]
    chords = [
        (4 * PPQN * bar, 4 * PPQN, root + step)
        for bar, root in enumerate(roots)
        for step in (0, 4, 7)
    ]
    tracks = (track("MELODY", melody), track("PIANO", chords), track("CHORDS", chords))
    return Score(PPQN, tracks, metres=((0, 4, 4),))


def track(name: str, notes: Sequence[tuple[int, int, int]]) -> Track:
    """A track of notes: onset and length in ticks, pitch."""
    messages: list[tuple[int, Message]] = []
    for onset, length, pitch in notes:
        messages += [(onset, NoteOn(pitch, 80)), (onset + length, NoteOff(pitch))]
    messages.sort(key=lambda row: (row[0], isinstance(row[1], NoteOn)))
    return Track(name, tuple(messages))
