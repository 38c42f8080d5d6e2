"""Chords in a line of their own above the words, as songs are passed around, as ChordPro.

    [Verse 1]
    C         G
    One and a two

Where no line has a bar line, and at least one line is of chords alone, each of its chords is a bar, as in ChordPro.
"""

import re

from livegen.errors import ChartError
from livegen.music.chords.chord_names import chord_named

_HEADING = re.compile(r"\s*\[([^\[\]]+)\]\s*|\s*([^\W_][\w -]{0,30}):\s*")
_SETTING = re.compile(r"\s*(title|key|tempo|time|metre|meter|capo)\s*:\s*(\S.*)", re.IGNORECASE)
_MOST = 200_000  # characters of a song
_NAMES = {"metre": "time", "meter": "time"}
_TIMES = re.compile(r"\(?(?:x\s?([2-9])|([2-9])\s?x)\)?", re.IGNORECASE)


def as_chordpro(text: str) -> str | None:
    """The same song as ChordPro, line for line; None for a text of another kind."""
    if "|" in text or "{" in text or len(text) > _MOST:
        return None
    lines = text.split("\n")
    if not any(_chords(line) for line in lines):
        return None
    return "\n".join(map(_line, lines))


def _line(line: str) -> str:
    if chords := _chords(line):
        return "".join(f"[{chord}]" for chord in chords)
    if setting := _SETTING.fullmatch(line):
        name = setting[1].lower()
        return f"{{{_NAMES.get(name, name)}: {setting[2].strip()}}}"
    if heading := _HEADING.fullmatch(line):
        name = (heading[1] or heading[2]).strip()
        return f"{{start_of_{re.sub(r'[^a-z]', '', name.lower()) or 'part'}: {name}}}"
    return re.sub(r"[\[\]{}#|]", " ", line)  # words


def _chords(line: str) -> list[str]:
    """The chords of a line that has nothing else but how often it is played; [] for any other line."""
    words = line.split()
    times = 1
    if len(words) > 1 and (match := _TIMES.fullmatch(words[-1])):
        times = int(match[1] or match[2])
        words = words[:-1]
    return words * times if words and all(map(_is_chord, words)) else []


def _is_chord(word: str) -> bool:
    try:
        chord_named(word)
    except ChartError:
        return False
    return True
