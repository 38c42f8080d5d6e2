"""The names that people write for chords: "C-7b5", "Eb^7" or "F13#11/A" is read as a chord, and spelled for a key.

A suffix is read from left to right: a quality, a number, then what is altered, added or suspended.  What that comes to
is looked up among the kinds of `chord`, so every way to write a kind is one chord.
"""

import re
from dataclasses import dataclass, field

from livegen.errors import ChartError
from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.keys.key import Key, Mode

LONGEST = 40  # characters of a name
NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NONE = re.compile(r"n\.?\s?c\.?", re.IGNORECASE)
_ROOT = re.compile(r"([A-G])(bb|##|b|#|x)?")
_ACCIDENTALS = {"": 0, "b": -1, "#": 1, "bb": -2, "##": 2, "x": 2}
# Signs and the one way in which each is written.
_PLAIN = str.maketrans({
    "♭": "b", "♯": "#", "−": "-", "–": "-", "Δ": "^", "∆": "^", "△": "^", "°": "o", "º": "o", "Ø": "ø", "⌀": "ø",
})  # fmt: skip
_GROUPING = str.maketrans("", "", "()[], ")

# The qualities that may stand first, and the third and fifth that each means.  Of two that fit, the earlier is meant.
_QUALITIES: tuple[tuple[str, str], ...] = (
    ("major", r"major|maj|Maj|MAJ|ma|Ma|MA|M(?!I)|\^"),
    ("half", r"half-?dim|ø|h(?![a-z])"),
    ("minor", r"minor|min|Min|MIN|mi|Mi|MI|m|-"),
    ("dim", r"diminished|dim|o"),
    ("aug", r"augmented|aug|\+"),
    ("dom", r"dominant|dom"),
)
_QUALITY = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _QUALITIES))
_MADD = re.compile(r"ma(?=dd)|m(?=add|alt)")  # "madd9" is a minor chord
_MAJOR_AFTER = re.compile(r"major|maj|Maj|MAJ|ma(?!dd)|Ma|MA|M|\^")
_NUMBER = re.compile(r"6/?9|11|13|2|4|5|6|7|9")
_CHANGE = re.compile(
    r"(?P<sus>sus(?:24|42|2sus4|4sus2|2|4)?)|(?P<alt>alt)"
    r"|(?P<without>(?:no|omit)[35]d?)"
    r"|(?P<add>add)(?P<added>maj7|[b#]?(?:2|3|4|6|9|11|13))"
    r"|(?P<sign>[b#+-])(?P<degree>5|6|9|11|13)|(?P<plus>\+)|(?P<seventh>(?:maj|ma|M|\^)7)"
    r"|(?P<bare>6|7|9|11|13)|/(?=[b#]?\d)"
)
_DEGREES = {"2": 14, "3": 4, "4": 17, "6": 9, "9": 14, "11": 17, "13": 21}
_SHIFTS = {"b": -1, "-": -1, "#": 1, "+": 1, "": 0}
_OF_INTERVALS = {frozenset(intervals): kind for kind, intervals in INTERVALS.items()}


@dataclass(slots=True)
class _Tones:
    """The tones that a suffix names so far, in semitones above the root; None where there is no such tone."""

    third: int | None = 4
    fifth: int = 7
    seventh: int | None = None  # also the sixth
    others: set[int] = field(default_factory=set)
    is_major: bool = False  # a seventh to come is major
    is_suspended: bool = False

    def all(self) -> frozenset[int]:
        """Every tone, the root among them."""
        body = {0, self.fifth} | {tone for tone in (self.third, self.seventh) if tone is not None}
        return frozenset(body | self.others)


def chord_named(name: str) -> Chord | None:
    """The chord of a name as lead sheets have it; None for "N.C.", which is no chord.

    Of a chord with more tensions than any kind has the highest are left out.  A bass that is the root says nothing.
    Raises ChartError, which says what was expected.
    """
    text = name.strip().translate(_PLAIN)
    if _NONE.fullmatch(text):
        return None
    if len(text) > LONGEST:
        raise ChartError(f"{text[:LONGEST]!r}… is too long for the name of a chord")
    root, rest = _note(text, name)
    above, bass = rest, None
    match = re.search(r"/([A-H].*)$", rest)
    if match:
        above = rest[: match.start()]
        bass, after = _note(match[1], name)
        if after:
            raise ChartError(
                f"{name!r}: expected a note behind the /, such as C/E, got {match[1]!r}"
            )
    kind = kind_named(above)
    if kind is None:
        raise ChartError(
            f"{name!r} is no chord that is known here; expected such as C, Cm7, C7b9, Cmaj7, Csus4, C/E or N.C."
        )
    return Chord(root, kind, None if bass == root else bass)


def note_named(name: str) -> int:
    """The pitch class of a note such as "Eb".  Raises ChartError."""
    found, rest = _note(name.strip().translate(_PLAIN), name)
    if rest:
        raise ChartError(f"{name!r}: expected a note such as C, F# or Bb")
    return found


_MODES: tuple[tuple[str, Mode], ...] = (
    (r"|M|maj|major|ionian|lydian|mixolydian", "major"),
    (r"m|-|mi|min|minor|aeolian|dorian|phrygian", "minor"),
)


def key_named(name: str) -> Key:
    """The key of a name such as "Eb", "Cm", "F# minor"; a mode is major or minor by its third.  Raises ChartError."""
    tonic, rest = _note(name.strip().translate(_PLAIN), name)
    for pattern, mode in _MODES:
        if re.fullmatch(pattern, rest.strip(), re.IGNORECASE if len(rest.strip()) > 1 else 0):
            return Key(tonic, mode)
    raise ChartError(f"{name!r} is no key; expected such as C, Eb, Am or F# minor")


def _note(text: str, name: str) -> tuple[int, str]:
    match = _ROOT.match(text)
    if match:
        pitch_class = (NATURALS[match[1]] + _ACCIDENTALS[match[2] or ""]) % 12
        return pitch_class, text[match.end() :]
    if text[:1] == "H":
        raise ChartError(
            f"{name!r}: H is the German name of B, and a German B is Bb here; write B or Bb"
        )
    if text[:1].upper() in NATURALS and text[:1]:
        raise ChartError(f"{name!r}: a chord begins with a capital letter; a minor chord is Am")
    raise ChartError(f"{name!r} is no chord; expected a letter from A to G first, such as Bb7")


def kind_named(suffix: str) -> str | None:
    """The kind that stands behind a root, such as "m7" or "^7#11"; None for what is none."""
    text = suffix.translate(_PLAIN).translate(_GROUPING)  # "C7(b9, #11)"
    tones = _Tones()
    minor_add = _MADD.match(text)
    quality = minor_add or _QUALITY.match(text)
    at = 0
    if minor_add:
        tones.third, at = 3, 1
    elif quality:
        at = quality.end()
        _qualify(tones, str(quality.lastgroup))
        # "m(maj7)", "dim(maj7)", "+maj7"
        if quality.lastgroup in ("minor", "dim", "aug") and (major := _MAJOR_AFTER.match(text, at)):
            at, tones.is_major, tones.seventh = major.end(), True, 11
    sign = text[:at].endswith("^")
    if sign and tones.seventh is None:
        tones.seventh = 11  # a triangle alone is a major seventh
    number = _NUMBER.match(text, at)
    if number:
        at = number.end()
        _extend(tones, number[0].replace("/", ""), str(quality.lastgroup) if quality else "")
    while at < len(text):
        change = _CHANGE.match(text, at)
        if change is None or change.end() == at:
            return None
        _change(tones, change)
        at = change.end()
    return kind_of(tones.all())


def kind_of(intervals: frozenset[int]) -> str | None:
    """The kind of some intervals above a root (0 among them); the highest tensions that no kind has are left out."""
    left = set(intervals)
    while frozenset(left) not in _OF_INTERVALS:
        tensions = [interval for interval in left if interval > 12]
        if not tensions:
            return None
        left.discard(max(tensions))
    return _OF_INTERVALS[frozenset(left)]


def _qualify(tones: _Tones, quality: str) -> None:
    match quality:
        case "major":
            tones.is_major = True
        case "minor":
            tones.third = 3
        case "dim":
            tones.third, tones.fifth = 3, 6
        case "half":
            tones.third, tones.fifth, tones.seventh = 3, 6, 10
        case "aug":
            tones.fifth = 8


def _extend(tones: _Tones, number: str, quality: str) -> None:
    """Add the tones of a number: from 7 on a seventh, above it what lies between."""
    match number:
        case "2":
            tones.third, tones.is_suspended = 2, True
        case "4":
            tones.third, tones.is_suspended = 5, True
        case "5":
            tones.third = None
        case "6":
            tones.seventh = 9
        case "69":
            tones.seventh = 9
            tones.others.add(14)
        case _:
            tones.seventh = 11 if tones.is_major else 9 if quality == "dim" else 10
            tones.others |= {"7": set(), "9": {14}, "11": {14, 17}, "13": {14, 21}}[number]
            if number == "11" and tones.third == 4 and not tones.is_major:
                tones.third = None


def _change(tones: _Tones, change: re.Match[str]) -> None:
    """Alter, add, suspend or leave out a tone."""
    if change["sus"]:
        _suspend(tones, change["sus"])
    elif change["alt"]:
        tones.fifth, tones.seventh = 20, 10
        tones.others = {13, 15}
    elif change["without"]:
        # A chord without its third is a fifth; any other is known by its third, which then stays.
        if "3" in change["without"] and tones.seventh is None and not tones.others:
            tones.third = None
    elif change["add"]:
        _add(tones, change["added"])
    elif change["degree"]:
        _alter(tones, _SHIFTS[change["sign"]], change["degree"])
    elif change["plus"]:
        tones.fifth = 8
    elif change["seventh"]:
        tones.seventh = 11
    elif change["bare"]:
        _add(tones, change["bare"])


def _suspend(tones: _Tones, word: str) -> None:
    has_third = tones.third is not None and tones.third in (3, 4) and tones.is_suspended
    tones.is_suspended = True
    if "2" in word and "4" in word:
        tones.third = 2
        tones.others.add(5)
    elif has_third:  # "7add3sus": the third and the fourth
        tones.others.add(17)
    elif "2" in word:
        tones.others |= {5} if tones.third == 5 else set()
        tones.third = 2
    else:
        tones.others |= {5} if tones.third == 2 else set()
        tones.third = 2 if tones.third == 2 else 5


def _add(tones: _Tones, degree: str) -> None:
    if degree == "maj7":
        tones.seventh = 11
    elif degree == "7":
        tones.seventh = 10
    elif degree == "3":
        if tones.third == 5:
            tones.others.add(17)
        tones.third, tones.is_suspended = 4, True
    elif degree == "6":
        if tones.seventh is None:
            tones.seventh = 9
        else:
            tones.others.add(21)
    else:
        sign = degree[0] if degree[0] in "b#" else ""
        tones.others.add(_DEGREES[degree.removeprefix(sign)] + _SHIFTS[sign])


def _alter(tones: _Tones, shift: int, degree: str) -> None:
    if degree == "5":
        # Both are altered: the raised one is a b13.
        if tones.fifth != 7 and tones.fifth != 7 + shift:
            tones.fifth = 6
            tones.others.add(20)
        else:
            tones.fifth = 7 + shift
        return
    if degree == "6":
        tones.others.add(20)
        return
    natural = _DEGREES[degree]
    tones.others.discard(natural)
    if degree == "11":
        tones.others.discard(17)
    tones.others.add(natural + shift)


# --- spelling -----------------------------------------------------------------------------------------------------

FIFTHS = "FCGDAEB"  # from the flats up; each letter is a fifth above the one before
_PLAIN_INSTEAD = {"Cb": "B", "Fb": "E", "E#": "F", "B#": "C"}


def spelled(chord: Chord, key: Key | None) -> str:
    """The name of a chord as a chart in a key has it: in E minor "D#dim7", in Eb "Db".  Without a key its usual name.

    A root lies on the line of fifths between the flat second and the raised fourth of the key; in major that of a
    chord with a minor third between the flat third and the raised fifth, for most lead upwards (C#dim in C).
    """
    if key is None:
        return chord.name
    tonic = _LINE[key.name.split()[0]]
    lowest = tonic - (3 if key.mode == "major" and INTERVALS[chord.kind][1] == 3 else 5)
    at = next(place for place in range(lowest, lowest + 12) if place * 7 % 12 == chord.root)
    name = _on_line(at)
    return chord.named(_PLAIN_INSTEAD.get(name, name))


def signature(key: Key) -> int:
    """The sharps of a key's signature, flats being negative: 2 in D major, -3 in C minor."""
    return _LINE[key.name.split()[0]] - (3 if key.mode == "minor" else 0)


def _on_line(place: int) -> str:
    """The note so many fifths above C."""
    octave, letter = divmod(place + 1, 7)
    name = FIFTHS[letter] + ("#" * octave if octave > 0 else "b" * -octave)
    # A double accidental is nobody's name for a chord.
    return name if len(name) < 3 else _on_line(place + (12 if octave < 0 else -12))


_LINE = {_on_line(place): place for place in range(-7, 12)}
