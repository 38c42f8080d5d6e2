"""The debt of an accompaniment to the melody that it heard: the same notes laid beside a melody that it did not hear.

The design is that of Setzler and Goldstone (2020, "Coordination and consonance between interacting, improvising
musicians"), whose pianists played together or beside a recording: what two who hear each other have and two who do
not have not is their coupling.  Their measure of consonance, emergent consonance on Chew's spiral array, is not used:
here it is the pitch consonance score of `accompaniment`, and the onsets are matched one by one.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from livegen.music.note import Note
from livegen.scorecard.accompaniment import consonance, frames
from livegen.scorecard.held_out_calls import LeadCall
from livegen.scorecard.notes import key_of

NEAR = 1 / 8  # beats: onsets so near are one

Notes = Sequence[Note]


def unheard(some: Sequence[LeadCall]) -> list[LeadCall | None]:
    """For each call the melody of another piece, of as many beats, in the key of the call; None where there is none.

    It is the next such one, round and round, in the same mode if there is one.
    """
    keys = [key_of(call.notes) for call in some]
    found: list[LeadCall | None] = []
    for at, call in enumerate(some):
        order = [(at + step) % len(some) for step in range(1, len(some))]
        others = [
            other
            for other in order
            if some[other].name != call.name
            and (some[other].bar, some[other].bars) == (call.bar, call.bars)
        ]
        others.sort(key=lambda other: keys[other].mode != keys[at].mode)
        if not others:
            found.append(None)
            continue
        other = others[0]
        by = (keys[at].tonic - keys[other].tonic + 6) % 12 - 6
        notes = tuple(note._replace(pitch=note.pitch + by) for note in some[other].notes)
        found.append(replace(call, notes=notes))
    return found


def consonant(call: LeadCall, accompaniment: Notes) -> float | None:
    """The pitch consonance score of a melody with the chords that are heard of an accompaniment, -1 to 1."""
    by_beat = frames(call.notes, accompaniment, call)
    return consonance([frame for some in by_beat for frame in some])


def aligned(call: LeadCall, accompaniment: Notes) -> float | None:
    """Give how well the onsets of both match (F1), 0 to 1: those with one of the other's within NEAR of them.

    None where one of them has none; chords count once.
    """
    own = call.onsets
    theirs = sorted({note.onset for note in accompaniment})
    if not own or not theirs:
        return None
    recall, precision = _matched(own, theirs), _matched(theirs, own)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _matched(some: Sequence[float], others: Sequence[float]) -> float:
    """Share of onsets that have another near them; both are sorted."""
    hits = 0
    for onset in some:
        at = bisect_left(others, onset - NEAR)
        hits += at < len(others) and others[at] <= onset + NEAR
    return hits / len(some)
