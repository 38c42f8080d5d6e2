"""Calls of many feels, from short notations: what a partner must hear before he answers.

A phrase is written as notes with their lengths in beats: `C4:1 E4:.5 [C3 E3 G3]:2 r:1`; a length holds until another
is given, `|` is for the eye.  A pick-up stands before the first `||`.  All of it is our own.  Knows no engine.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from livegen.music.keys.scale import parse_pitch
from livegen.music.melody.phrase import Played
from livegen.music.messages import velocity_near
from livegen.music.note import Note
from livegen.music.time.timeline import tempo_us
from livegen.scorecard.held_out_calls import LeadCall

TOKEN = re.compile(r"(\[[^\]]+\]|[A-G][#b]?-?\d|r)(?::([\d./]+))?")
GATE = 0.9  # of its length a note is held
HAND_US = 20_000  # a hand is off by no more than this
SHIFT_US = 12_000  # the spread of that


@dataclass(frozen=True, slots=True)
class Lick:
    """A phrase in a feel: `bar` in quarter notes, `swing` the percent of a beat that the first eighth of two takes.

    `tempi` are quarter notes a minute at which it is at home.
    """

    name: str
    metre: str
    bar: float
    tempi: tuple[float, ...]
    text: str
    swing: float = 50.0

    @property
    def pickup(self) -> float:
        """Beats before its first bar line."""
        before, bars, _ = self.text.partition("||")
        return sum(length for _, length in _tokens(before)) if bars else 0.0

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes of the lick, in beats from its first bar line on, as written."""
        found, at = [], -self.pickup
        strong = 0 if self.bar % 1 else 1
        for pitches, length in _tokens(self.text.replace("||", " ")):
            loud = 92 if strong and at % self.bar < 1e-6 else 84 if at % 1 < 1e-6 else 76
            begin, end = self._swung(at), self._swung(at + length)
            held = begin + (end - begin) * GATE
            found += [Note(begin, held, pitch, loud) for pitch in pitches]
            at += length
        return tuple(found)

    def _swung(self, beat: float) -> float:
        whole, into = divmod(beat, 1.0)
        late = self.swing / 100
        return whole + (into * 2 * late if into < 0.5 else late + (into - 0.5) * 2 * (1 - late))


def _tokens(text: str) -> Iterator[tuple[list[int], float]]:
    length = 1.0
    for written, value in TOKEN.findall(text):
        if value:
            over, _, under = value.partition("/")
            length = float(over) / float(under or 1)
        names = [] if written == "r" else written.strip("[]").split()
        yield [parse_pitch(name) for name in names], length


FEELS = (
    Lick("rock", "4/4", 4, (104, 126), "E4:.5 E4 G4 A4:1 G4:.5 E4 D4 | E4:.5 D4 B3 D4:1 E4:1.5"),
    Lick(
        "rock, ends on a half", "4/4", 4, (96, 120), "A4:.5 A4 C5 A4 G4:1 E4 | D4:.5 E4 G4:1 A4:2"
    ),
    Lick("pop", "4/4", 4, (92, 118), "G4:.5 G4 A4 B4 D5:1 B4 | A4:.5 G4 A4 B4 G4:2"),
    Lick(
        "pop ballad",
        "4/4",
        4,
        (66, 76),
        "C5:1.5 B4:.5 A4:1 G4 | A4:1.5 G4:.5 E4:2 | F4:1 G4 A4:1.5 G4:.5 | G4:4",
    ),
    Lick("folk, pick-up", "4/4", 4, (100, 120), "D4:1 || G4:1 G4:.5 A4 B4:1 G4 | A4 F#4 G4:2"),
    Lick("country", "4/4", 4, (108, 132), "E4:.5 G4 A4 C5 A4 G4 E4 D4 | E4 D4 C4:1 C4:2"),
    Lick("swing blues", "4/4", 4, (104, 126), "A4:.5 C5 D5 D#5 E5:1 G5 | E5:.5 D5 C5 A4 C5:2", 66),
    Lick("swing", "4/4", 4, (132, 160), "D5:.5 F5 E5 D5 C5:1 A4 | Bb4:.5 D5 C5 Bb4 A4:1 r:1", 64),
    Lick(
        "bebop",
        "4/4",
        4,
        (176, 200),
        "r:.5 G4 Bb4 D5 F5 E5 Eb5 D5 | C5 Eb5 D5 C5 B4 D5 F5 A5 | G5 E5 C5 D5 B4 C5 r:1 | r:4",
        58,
    ),
    Lick("bossa", "4/4", 4, (120, 140), "E5:1.5 D5:.5 r:.5 C5 D5:1 | r:.5 E5 r D5 C5 A4:1.5"),
    Lick("bossa, clave", "4/4", 4, (126, 138), "G4:1.5 A4 B4:1 | r:1 D5:1 B4:1.5 A4:.5"),
    Lick(
        "funk",
        "4/4",
        4,
        (96, 108),
        "E4:.25 r:.25 E4 G4 r:.25 A4 r:.25 G4 E4:.25 r:.5 D4:.25 E4 r:.25 G4:.25 r:.25"
        " | E4:.25 r:.25 E4 D4 r:.25 B3:.25 r:.25 D4:.5 E4:1 r:.75",
    ),
    Lick(
        "hip-hop",
        "4/4",
        4,
        (84, 92),
        "A3:.5 C4:.25 D4 r:.5 E4 D4:.25 C4 A3:1 r:.5 | G3:.5 A3 C4 A3:2.5",
    ),
    Lick("reggae", "4/4", 4, (72, 84), "r:.5 E4 r G4 r A4 G4:.25 E4 D4:.5 | r:.5 E4 r D4 A3:2"),
    Lick(
        "march", "2/4", 2, (104, 120), "G4:.5 C5:1 E5:.5 | D5:.5 C5 B4 A4 | G4:.5 A4 B4 C5 | C5:2"
    ),
    Lick(
        "polka",
        "2/4",
        2,
        (112, 128),
        "E5:.25 D5 C5:.5 G4 C5 | E5:.25 F5 G5:.5 E5:1 | D5:.5 B4 C5:1",
    ),
    Lick("waltz", "3/4", 3, (96, 120), "G4:1 C5 E5 | D5:2 B4:1 | C5:1 A4 F4 | G4:3"),
    Lick(
        "fast waltz",
        "3/4",
        3,
        (140, 176),
        "E4:2 A4:1 | C5:2 B4:1 | A4:1 G#4 A4 | B4:3 | E4:2 B4:1 | A4:3",
    ),
    Lick(
        "jazz waltz",
        "3/4",
        3,
        (132, 160),
        "D5:1 C5:.5 A4 F4:1 | G4:1.5 A4:.5 Bb4:1 | A4:.5 G4 F4:1 D4 | F4:3",
        64,
    ),
    Lick(
        "jig",
        "6/8",
        3,
        (150, 174),
        "D5:.5 B4 G4 G4 A4 B4 | C5 B4 A4 A4:1 B4:.5 | C5 A4 F#4 F#4 G4 A4 | B4:1.5 G4",
    ),
    Lick(
        "lullaby",
        "6/8",
        3,
        (66, 84),
        "G4:1 E4:.5 G4:1 A4:.5 | G4:1.5 E4:1 D4:.5 | C4:1 D4:.5 E4:1 G4:.5 | E4:3",
    ),
    Lick(
        "slow blues",
        "12/8",
        6,
        (84, 102),
        "A4:.5 C5 D5 D#5 D5 C5 A4:1 G4:.5 A4:1.5 | r:.5 E5 D5 C5:1 A4:.5 C5 A4 G4 A4:1.5",
    ),
    Lick("seven", "7/8", 3.5, (110, 132), "E4:.5 F4 G4 A4 G4:1 F4:.5 | E4:.5 G4 F4 E4:1 D4:1"),
    Lick(
        "chords",
        "4/4",
        4,
        (70, 90),
        "[C3 E3 G3 C4]:4 | [A2 E3 A3 C4] | [F2 F3 A3 C4] | [G2 D3 G3 B3]",
    ),
    Lick(
        "power chords",
        "4/4",
        4,
        (132, 150),
        "[E2 B2]:.5 [E2 B2] [G2 D3]:1 [A2 E3]:.5 [A2 E3] [G2 D3]:1 | [E2 B2]:.5 [E2 B2] [D3 A3]:1 [B2 F#3] [E2 B2]",
    ),
    Lick(
        "two voices",
        "4/4",
        4,
        (76, 88),
        "[C3 E5]:.5 D5:.25 C5 [G3 B4]:.5 G4:.25 A4 [E3 B4]:.5 C5 [F3 A4]:.5 D5"
        " | [G3 B4]:.5 C5:.25 D5 [E3 C5]:.5 E5:.25 D5 [F3 D5]:.5 [G3 B4] [C3 C5]:1",
    ),
    Lick("bass line", "4/4", 4, (100, 116), "A2:1 A2:.5 C3 D3:1 E3 | A2:.5 A2 G2:1 E2:.5 G2 A2:1"),
    Lick(
        "modulates",
        "4/4",
        4,
        (112, 124),
        "C4:.5 E4 G4 E4 F4:1 D4 | E4:.5 G4 C5:1 B4 B4 | G#4:.5 B4 E5 B4 C#5:1 A4 | G#4:.5 F#4 D#4 F#4 E4:2",
    ),
    Lick(
        "a breath inside",
        "4/4",
        4,
        (96, 112),
        "G4:.5 A4 C5:1 r:2 | G4:.5 A4 C5:1 E5:1 D5 | C5:.5 A4 G4:1 r:2 | A4:.5 G4 E4:1 C4:2",
    ),
    Lick("scale run", "4/4", 4, (108, 132), "C4:.5 D4 E4 F4 G4 A4 B4 C5 | B4 G4 A4 F4 G4:2"),
)


def call_of(feel: Lick, bpm: float, hand: random.Random | None = None) -> LeadCall:
    """The feel as a call at a tempo; with `hand`, as a hand plays it: each onset a little off."""
    notes, moved = feel.notes, dict[float, float]()
    if hand is not None:
        for at in sorted({note.onset for note in notes}):
            off = max(-HAND_US, min(HAND_US, hand.gauss(0, SHIFT_US))) / tempo_us(bpm)
            moved[at] = at + off
        notes = tuple(
            note._replace(
                onset=moved[note.onset],
                end=max(note.end, moved[note.onset] + 0.05),
                velocity=velocity_near(note.velocity + hand.randrange(-8, 9)),
            )
            for note in notes
        )
    name = f"{feel.name} {bpm:g}{', by hand' if hand else ''}"
    last = max(note.onset for note in notes)
    bars = int(last // feel.bar) + 1
    return LeadCall(name, feel.metre, feel.bar, bars, tempo_us(bpm), tuple(sorted(notes)))


def all_calls() -> list[tuple[Lick, LeadCall]]:
    """Every feel at each of its tempi, as written and by hand."""
    found = []
    for feel in FEELS:
        for bpm in feel.tempi:
            for hand in (None, random.Random(f"{feel.name} {bpm}")):
                found.append((feel, call_of(feel, bpm, hand)))
    return found


def in_time(call: LeadCall, begin_us: int) -> list[Played]:
    """The notes of a call, by onset, at its tempo; beat 0 is at `begin_us`, micros."""
    return [
        Played(
            begin_us + round(note.onset * call.tempo_us),
            begin_us + round(note.end * call.tempo_us),
            note.pitch,
            note.velocity,
        )
        for note in sorted(call.notes)
    ]


def looped(call: LeadCall, bars: int) -> LeadCall:
    """The same call over and over, for so many bars."""
    every = call.bars * call.bar
    notes = tuple(
        note._replace(onset=note.onset + turn * every, end=note.end + turn * every)
        for turn in range(-(-bars // call.bars))
        for note in call.notes
    )
    kept = tuple(note for note in notes if note.onset < bars * call.bar)
    return replace(call, notes=kept, bars=bars)
