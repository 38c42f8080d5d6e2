"""The four parts, and the part as which a channel or a track of a file is heard.

Knows names, programs and pitches; knows no files and no ports.  The decision for a note is made
when its key goes down, from what that source has sounding then, so that a file and a keyboard are
heard alike.
"""

import re
from dataclasses import dataclass, field

PARTS = ("lead", "comp", "bass", "drums")
LEAD, COMP, BASS, DRUMS = range(4)
PITCHED = (LEAD, COMP, BASS)

# The two sides of a jam: the tracks of a recording are named by them, or by a side and a part, "Model bass".
SIDES = PLAYER, MODEL = "Player", "Model"

KEYS = "keys"  # one keyboard, two hands: see Source.part
MPE = "mpe"  # of a channel: heard as channel 1, of whose keyboard it is a member
RULES = (*PARTS, KEYS)
SPLIT_PITCH = 60  # middle C, where two-stave piano music changes hands
DRUM_CHANNEL = 9

# Names of tracks, word for word, first match wins.  CHORDS and hands of a piano accompany; the bridge of a song is a
# second voice.
_NAMES = (
    (r"drums?(kit|set)?|perc(ussion)?", "drums"),
    (r"bass|(violon)?cell[oi]s?|contrab\w*", "bass"),
    (r"melod\w*|voices?|vocals?|solo|lead|bridge|violin (1|i)|soprano", "lead"),
    (r"chords?|comp|piano|accomp\w*|guitars?|organ|viol\w*|alto|tenore?|pads?|strings?", "comp"),
)
_PARTS = tuple((re.compile(rf"\b({names})\b"), part) for names, part in _NAMES)
# Words that may stand beside them.  A name that says more is a title: "All About That Bass".
_BESIDE = re.compile(
    r"\w{1,2}|\d+|acoustic|electric|grand|upright|finger(ed)?|pick(ed)?|fretless|slap|synth|rhythm|clean|muted|jazz"
    r"|distort\w*|overdriven|nylon|steel|kit|set|track|staff|part|upper|lower|left|right|hands?|first|second|third|one"
    r"|two|three|four|five|six|principal|backing|main|horn|clarinet|trombone|tuba|flute|sax(ophone)?|oboe|recorder"
    r"|trumpet|bassoon|midi|gm|new|tutti|div|sic|cor|vib|bcl|men|notes|player|model"
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_BASS_PROGRAMS = range(32, 40)  # General MIDI 1, bass family
_GENERAL_MIDI_DRUMS = {
    22: 42,
    26: 46,
}  # hi-hat edges of electronic kits, outside the General MIDI map


def rule_of_track(name: str, channel: int, program: int, position: int, tracks: int) -> str:
    """Say how a track of a file is heard: a part's name, or `keys` for a file's only track.

    `position` counts the file's `tracks` tracks that hold notes, from 0: of several tracks that say
    nothing of themselves the first is the lead.
    """
    if channel == DRUM_CHANNEL:
        return "drums"
    named = part_named(name)
    if tracks == 1 and named in (None, "comp"):
        return "bass" if program in _BASS_PROGRAMS else KEYS
    if named:
        return named
    if program in _BASS_PROGRAMS:
        return "bass"
    return "lead" if position == 0 else "comp"


def part_named(name: str) -> str | None:
    """The part that the name of a track says; None for one that says none, or is the title of a song."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not all(map(_is_known, words)):
        return None
    said = " ".join(words)
    return next((part for pattern, part in _PARTS if pattern.search(said)), None)


def side_of(name: str) -> str:
    """The side of a jam that the name of a track begins with; "" of a track that is not one of a jam's."""
    side = name.partition(" ")[0]
    return side if side in SIDES else ""


def part_of(name: str, channel: int) -> str | None:
    """The part of a channel of a jam's track: as its name says, else as livegen sends it; None of a player's keys."""
    if (named := part_named(name)) or channel == DRUM_CHANNEL:
        return named or "drums"
    return PARTS[channel] if side_of(name) == MODEL and channel in PITCHED else None


def _is_known(word: str) -> bool:
    return bool(_BESIDE.fullmatch(word)) or any(pattern.fullmatch(word) for pattern, _ in _PARTS)


@dataclass(slots=True)
class PartSource:
    """A channel or track, and the part of each of its sounding keys.

    `rule` is a part's name, or `keys`: a key below middle C that joins others is the accompanying
    hand, every other key the lead.
    """

    rule: str
    held: dict[int, int] = field(default_factory=dict)

    def part(self, on: bool, pitch: int, at: int = 0) -> int | None:
        """Part of a key that goes down or comes up, at `at` micros; None when it comes up but never went down."""
        if not on:
            return self.held.pop(pitch, None)
        if pitch not in self.held:
            self.held[pitch] = self.choose(pitch, at)
        return self.held[pitch]

    def choose(self, pitch: int, at: int) -> int:
        """The part of a key that goes down."""
        if self.rule != KEYS:
            return PARTS.index(self.rule)
        return COMP if pitch < SPLIT_PITCH and self.held else LEAD


def general_midi_drum(pitch: int) -> int:
    """The General MIDI drum for a pad of an electronic kit."""
    return _GENERAL_MIDI_DRUMS.get(pitch, pitch)
