"""Drums as a drummer plays them, and as none could: bars with their beat, and too many limbs at once.

Of people's takes the first bars are judged.  Beats are quarter notes, bars those of 4/4.
"""

from collections.abc import Sequence

from livegen.music.note import Note
from livegen.scorecard.held_out_calls import HeldOut, has_bars, heard_as, is_in_four, score_of
from livegen.scorecard.musicianship import beat
from livegen.scorecard.notes import notes_of

BAR = 4.0  # beats
FOOT = (35, 36, 44)  # General MIDI: both bass drums, and the hi-hat that a pedal closes
HANDS, FEET = 2, 2
TOGETHER = 1 / 16  # beats within which hits are struck at once
SHOWN = ("kick_on_one", "backbeat", "hits")

Notes = Sequence[Note]


def figures(notes: Notes, bars: int) -> dict[str, float] | None:
    """Kick on one, backbeat and hits a bar, as `musicianship.beat` has them, and `impossible`; None without a hit.

    `impossible` is the share of moments at which more than two hands or two feet would be needed.
    """
    notes = [note for note in notes if note.onset < bars * BAR]
    if not notes or bars < 2:
        return None
    found = beat(notes, bars)
    return {name: found[name] for name in SHOWN} | {"impossible": impossible(notes)}


def impossible(notes: Notes) -> float:
    """Share of moments with hits that need more than two hands, or more than two feet; each drum is one hit."""
    moments: list[tuple[float, set[int]]] = []
    for note in sorted(notes):
        if not moments or note.onset - moments[-1][0] > TOGETHER:
            moments.append((note.onset, set()))
        moments[-1][1].add(note.pitch)
    feet = [sum(pitch in FOOT for pitch in struck) for _, struck in moments]
    hands = [len(struck) - by_foot for (_, struck), by_foot in zip(moments, feet, strict=True)]
    wrong = [h > HANDS or f > FEET for h, f in zip(hands, feet, strict=True)]
    return sum(wrong) / len(wrong) if wrong else 0.0


def of_people(held: HeldOut, bars: int) -> dict[str, float] | None:
    """The same of the first bars of a piece in 4/4 with drums; None of another piece."""
    score = score_of(held) if has_bars(held) else None
    if score is None or not is_in_four(score):
        return None
    drums = (track for rule, track in heard_as(score) if rule == "drums")
    notes = [note for track in drums for note in notes_of(score, track)]
    last = max((note.onset for note in notes), default=0.0)
    return figures(sorted(notes), min(bars, int(last // BAR)))
