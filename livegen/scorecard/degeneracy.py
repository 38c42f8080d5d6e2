"""Faults that must never be heard: loops, silence, notes out of reach, floods, notes that do not end.

Pure functions of notes.
"""

from collections.abc import Iterator, Sequence

from livegen.music.note import Note
from livegen.scorecard.notes import TICK, iois, line
from livegen.scorecard.playing import PlayedCall

Notes = Sequence[Note]
TIMES = 4  # that the same is played in a row: more is a loop
LONGEST_LOOP = 8  # notes of what is repeated
PATTERN_NOTES = 3  # of a repeated figure at least; fewer are a trill or a repeated note
SAME_NOTE = 16  # of one pitch in a row
SILENT_BARS = 2
REACH = 7  # semitones beyond the call's range: the register "call" ends a fifth from it
FLOOD = 32  # onsets that begin within a second
OVERLONG = 8.0  # beats

KINDS = ("loop", "silence", "out of range", "flood", "overlong", "hanging")


def faults(heard: PlayedCall) -> set[str]:
    """The KINDS that an answer has."""
    answer, call = heard.answer, heard.call
    low = min(note.pitch for note in call.notes) - REACH
    high = max(note.pitch for note in call.notes) + REACH
    found = {
        "loop": is_loop(answer),
        "silence": is_silent(answer, heard.line, call.bar),
        "out of range": any(not low <= note.pitch <= high for note in answer),
        "flood": is_flood(answer, call.tempo_us),
        "overlong": any(note.end - note.onset > OVERLONG + TICK for note in answer),
        "hanging": heard.hanging > 0,
    }
    return {name for name, is_so in found.items() if is_so}


def is_loop(notes: Notes) -> bool:
    """True if a figure of three to eight notes is played more than four times in a row, or one pitch sixteen times.

    Alike are pitch and the time to the next onset, to the tick.  A trill counts as a figure of four.
    """
    points = line(notes)
    pitches = [point.pitch for point in points]
    if any(length >= SAME_NOTE for _, length in repeats(pitches, 1)):
        return True
    steps = list(zip(pitches, (round(ioi / TICK) for ioi in iois(points)), strict=False))
    return any(
        length > TIMES * size and len(set(pitches[at : at + size])) > 1
        for size in range(PATTERN_NOTES, LONGEST_LOOP + 1)
        for at, length in repeats(steps, size)
    )


def repeats(values: Sequence[object], size: int) -> Iterator[tuple[int, int]]:
    """Find runs in which everything is as it was `size` places before: where they begin, how long they are with it."""
    begin = 0
    for at in range(size, len(values) + 1):
        if at == len(values) or values[at] != values[at - size]:
            yield begin, at - begin
            begin = at - size + 1


def is_silent(notes: Notes, begin: float | None, bar: float) -> bool:
    """True if nothing comes, or nothing sounds for more than two bars before the last note.

    From beat `begin` on, None where no answer ever began; `bar` is in beats, notes are by onset.
    """
    if begin is None or not notes:
        return True
    until = begin
    for note in notes:
        if note.onset - until > SILENT_BARS * bar + TICK:
            return True
        until = max(until, note.end)
    return False


def is_flood(notes: Notes, tempo_us: int) -> bool:
    """True if more than 32 notes, by onset, begin within a second, at `tempo_us` micros a beat."""
    second = 1_000_000 / tempo_us  # in beats
    onsets = [note.onset for note in notes]
    return any(later - first < second for first, later in zip(onsets, onsets[FLOOD:], strict=False))
