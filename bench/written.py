"""Reads MusicXML back, by the standard library alone: what a score says, to be compared with what was played."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from livegen.music.chords.chord_names import NATURALS

TICKS = 24  # of a quarter


class ReadNote(NamedTuple):
    """A note of a score, ties joined: from tick `start` to `end`, in bar `bar` (from 1) on a staff (from 1)."""

    start: float
    end: float
    pitch: int
    bar: int
    staff: int = 1
    name: str = ""


@dataclass(slots=True)
class ReadPart:
    """A part: its notes by onset; of drums `pitch` is the General MIDI key."""

    name: str
    notes: list[ReadNote] = field(default_factory=list)


@dataclass(slots=True)
class ReadScore:
    """A score: parts, sharps of the key signature and its mode, time signatures with their ticks, chord symbols."""

    parts: list[ReadPart]
    sharps: int | None = None
    mode: str = ""
    metres: list[tuple[float, str]] = field(default_factory=list)
    # Tick, root and the text behind it.
    chords: list[tuple[float, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def read(data: bytes) -> ReadScore:
    """Read a MusicXML file by parts."""
    root = ElementTree.fromstring(data)
    score = ReadScore([])
    for part in root.findall("part"):
        listed = root.find(f"part-list/score-part[@id='{part.get('id')}']")
        assert listed is not None
        drums = {
            str(one.get("id")): int(one.findtext("midi-unpitched", "0")) - 1
            for one in listed.findall("midi-instrument")
        }
        found = ReadPart(listed.findtext("part-name", ""))
        found.notes = sorted(_notes(part, drums, score, is_first=not score.parts))
        score.parts.append(found)
    return score


def _notes(
    part: Element, drums: dict[str, int], score: ReadScore, is_first: bool
) -> Iterator[ReadNote]:
    bar_start, divisions = 0.0, 1
    open_ties: dict[tuple[int, int], ReadNote] = {}
    for number, measure in enumerate(part.findall("measure"), 1):
        at = length = onset = 0.0
        for element in measure:
            divisions = int(element.findtext("divisions", str(divisions)))
            ticks = TICKS / divisions
            match element.tag:
                case "attributes" if is_first:
                    _attributes(element, score, bar_start)
                case "harmony" if is_first:
                    offset = float(element.findtext("offset", "0"))
                    where = round(bar_start + at + offset * ticks, 3)
                    score.chords.append((where, _chord(element)))
                case "direction" if is_first:
                    score.words += [one.text or "" for one in element.iter("words")]
                case "backup":
                    at -= int(element.findtext("duration", "0")) * ticks
                case "forward":
                    at += int(element.findtext("duration", "0")) * ticks
                case "note":
                    lasts = int(element.findtext("duration", "0")) * ticks
                    if element.find("chord") is None:
                        onset, at = at, at + lasts
                    if element.find("rest") is None:
                        begin, end = bar_start + onset, bar_start + onset + lasts
                        note = _note(element, round(begin, 3), round(end, 3), number, drums)
                        ties = {tie.get("type") for tie in element.findall("tie")}
                        key = note.staff, note.pitch
                        if "stop" in ties:
                            note = open_ties.pop(key)._replace(end=note.end)
                        if "start" in ties:
                            open_ties[key] = note
                        else:
                            yield note
                case _:
                    pass
            length = max(length, at)
        bar_start = round(bar_start + length, 3)
    assert not open_ties, f"ties left open: {open_ties}"


def _attributes(element: Element, score: ReadScore, at: float) -> None:
    if (fifths := element.findtext("key/fifths")) is not None and score.sharps is None:
        score.sharps, score.mode = int(fifths), element.findtext("key/mode", "")
    if beats := element.findtext("time/beats"):
        score.metres.append((at, f"{beats}/{element.findtext('time/beat-type')}"))


_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


def _chord(harmony: Element) -> str:
    if harmony.findtext("kind") == "none":
        return "N.C."
    root = (
        harmony.findtext("root/root-step", "")
        + _SIGNS[int(harmony.findtext("root/root-alter", "0"))]
    )
    kind = harmony.find("kind")
    assert kind is not None
    bass = harmony.findtext("bass/bass-step", "")
    bass += _SIGNS[int(harmony.findtext("bass/bass-alter", "0"))]
    return root + kind.get("text", "") + (f"/{bass}" if bass else "")


def _note(element: Element, start: float, end: float, bar: int, drums: dict[str, int]) -> ReadNote:
    staff = int(element.findtext("staff", "1"))
    if element.find("unpitched") is not None:
        told = element.find("instrument")
        assert told is not None
        return ReadNote(start, end, drums[str(told.get("id"))], bar, staff)
    step, alter = element.findtext("pitch/step", ""), int(element.findtext("pitch/alter", "0"))
    octave = int(element.findtext("pitch/octave", "0"))
    pitch = 12 * (octave + 1) + NATURALS[step] + alter
    return ReadNote(start, end, pitch, bar, staff, f"{step}{_SIGNS[alter]}{octave}")
