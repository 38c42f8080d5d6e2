"""Notation as MusicXML 4.0, by music21: https://www.w3.org/2021/06/musicxml40/.  Knows no engraving."""

from collections.abc import Sequence
from copy import deepcopy
from fractions import Fraction
from functools import cache
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from music21 import (
    bar,
    chord,
    clef,
    duration,
    expressions,
    harmony,
    instrument,
    key,
    layout,
    metadata,
    meter,
    note,
    percussion,
    pitch,
    stream,
    tempo,
    tie,
)
from music21.musicxml.m21ToXml import GeneralObjectExporter
from music21.stream import makeNotation

from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.chords.chord_names import spelled
from livegen.music.keys.key import Key
from livegen.music.parts import DRUM_CHANNEL
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.notation.kit import drum_of
from livegen.notation.symbols import (
    Instrument,
    Layer,
    Measure,
    Notation,
    SpelledPitch,
    Staff,
    Symbol,
)

_CLEFS = {"treble": clef.TrebleClef, "bass": clef.BassClef, "percussion": clef.PercussionClef}
_HEAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
"""
# Kinds of livegen as MusicXML calls them; another is the nearest of them, with tones added or taken away.
_KINDS = {
    "13": "dominant-13th", "maj13": "major-13th", "m13": "minor-13th", "maj11": "major-11th", "m11": "minor-11th",
    "9": "dominant-ninth", "maj9": "major-ninth", "m9": "minor-ninth", "7#5": "augmented-seventh",
    "m7b5": "half-diminished", "dim7": "diminished-seventh", "mmaj7": "major-minor", "maj7": "major-seventh",
    "m7": "minor-seventh", "7": "dominant", "6": "major-sixth", "m6": "minor-sixth", "aug": "augmented",
    "dim": "diminished", "sus4": "suspended-fourth", "sus2": "suspended-second", "min": "minor", "maj": "major",
    "5": "power", "11": "dominant-11th",
}  # fmt: skip
# Degree and alteration of a tone that a kind adds, by semitones above the root.
_DEGREES = {
    2: (2, 0), 3: (3, -1), 4: (3, 0), 5: (4, 0), 6: (5, -1), 7: (5, 0), 8: (5, 1), 9: (6, 0), 10: (7, 0), 11: (7, 1),
    13: (9, -1), 14: (9, 0), 15: (9, 1), 17: (11, 0), 18: (11, 1), 20: (13, -1), 21: (13, 0),
}  # fmt: skip


def musicxml(notation: Notation) -> bytes:
    """The notation as a MusicXML file that is not compressed."""
    score: Any = stream.Score()
    score.metadata = metadata.Metadata(title=notation.title or "livegen", composer="")
    for number, one in enumerate(notation.instruments):
        parts = [
            _part(staff, one, notation, is_first=number == 0 and place == 0, upper=place == 0)
            for place, staff in enumerate(one.staves)
        ]
        for part in parts:
            score.insert(0, part)
        if len(parts) > 1:
            score.insert(0, layout.StaffGroup(parts, symbol="brace", name=one.name))
    exporter: Any = GeneralObjectExporter()
    exporter.makeNotation = False  # it would copy and search all of the score several times
    return _finished(exporter.parse(score), notation)


def _part(staff: Staff, one: Instrument, notation: Notation, is_first: bool, upper: bool) -> Any:
    part: Any = stream.PartStaff() if len(one.staves) > 1 else stream.Part()
    part.partName = one.name
    part.partAbbreviation = one.short
    if upper and not one.is_drums:
        sound: Any = instrument.instrumentFromMidiProgram(one.program)
        sound.partName, sound.partAbbreviation = one.name, one.short
        part.insert(0, sound)
    before: tuple[int, int] | None = None
    for number, (where, layers) in enumerate(zip(notation.bars, staff.bars, strict=True), 1):
        measure: Any = stream.Measure(number=number)
        if number == 1:
            measure.insert(0, _CLEFS[staff.clef]())
            if not one.is_drums:
                measure.insert(0, _signature(notation.key))
        metre = where.numerator, where.denominator
        if metre != before:
            measure.insert(0, meter.TimeSignature("{}/{}".format(*metre)))
            before = metre
        if is_first:
            _add_words(measure, where, notation, number)
        _add_layers(measure, layers, where, one.is_drums)
        if number == len(notation.bars):
            measure.rightBarline = bar.Barline("final")
        part.append(measure)
        for layer in measure.voices or (measure,):
            makeNotation.makeTupletBrackets(layer, inPlace=True)
    part.makeBeams(inPlace=True)
    if not one.is_drums:
        makeNotation.makeAccidentalsInMeasureStream(part)
    return part


def _signature(of: Key | None) -> Any:
    if of is None:
        return key.KeySignature(0)
    tonic = of.name.split()[0].replace("b", "-")
    return key.Key(tonic, of.mode)


def _add_words(measure: Any, where: Measure, notation: Notation, number: int) -> None:
    """The signs above the first staff: the tempo, "Swing", and the chords."""
    if number == 1:
        mark: Any = tempo.MetronomeMark(
            number=round(notation.bpm), referent=note.Note(type="quarter")
        )
        measure.insert(0, mark)
        if notation.swings:
            words: Any = expressions.TextExpression("Swing")
            words.placement = "above"
            measure.insert(0, words)
    for at, symbol in notation.chords:
        if where.start <= at < where.start + where.ticks:
            measure.insert(_quarters(at - where.start), deepcopy(_harmony(symbol, notation.key)))


@cache  # music21 takes 25 ms for each
def _harmony(named: Chord | None, of: Key | None) -> Any:
    if named is None:
        return harmony.NoChord("N.C.")
    name, _, bass = spelled(named, of).partition("/")
    root = name[:2] if name[1:2] in ("#", "b") else name[:1]
    tones = set(INTERVALS[named.kind])
    base = named.kind
    if base not in _KINDS:
        base = min(_KINDS, key=lambda kind: _unlike(tones, set(INTERVALS[kind])))
    found: Any = harmony.ChordSymbol(
        root=root.replace("b", "-"),
        bass=bass.replace("b", "-") or None,
        kind=_KINDS[base],
        kindStr=name[len(root) :],
    )
    lacking = {_DEGREES[tone][0] for tone in set(INTERVALS[base]) - tones}
    for tone in sorted(tones - set(INTERVALS[base])):
        degree, alter = _DEGREES[tone]
        how = "alter" if degree in lacking else "add"
        lacking.discard(degree)
        change = harmony.ChordStepModification(how, degree, alter)
        found.addChordStepModification(change, updatePitches=False)
    for degree in sorted(lacking):
        change = harmony.ChordStepModification("subtract", degree, 0)
        found.addChordStepModification(change, updatePitches=False)
    found.writeAsChord = False
    return found


def _unlike(tones: set[int], others: set[int]) -> int:
    """Give how unlike two kinds are, by their tones; thirds tell most."""
    return len(tones ^ others) + 2 * len((tones ^ others) & {3, 4})


def _add_layers(measure: Any, layers: Sequence[Layer], where: Measure, is_kit: bool) -> None:
    is_plural = len(layers) > 1
    for number, layer in enumerate(layers, 1):
        into: Any = stream.Voice(id=str(number)) if is_plural else measure
        for symbol in layer:
            element = _element(symbol, where, is_kit)
            if is_plural and symbol.tones:
                element.stemDirection = "up" if number == 1 else "down"
            elif is_kit and number > 1:
                element.style.hideObjectOnPrint = True  # feet have their rests in the hands' notes
            into.insert(_quarters(symbol.start), element)
        if is_plural:
            measure.insert(0, into)


def _element(symbol: Symbol, where: Measure, is_kit: bool) -> Any:
    """A note, chord, stroke or rest."""
    lasts = _duration(symbol)
    if not symbol.tones:
        rest: Any = note.Rest(duration=lasts)
        rest.fullMeasure = symbol.ticks == where.ticks
        return rest
    notes = [_stroke(tone) if is_kit else _note(tone) for tone in symbol.tones]
    if is_kit and len(notes) > 1:
        element: Any = percussion.PercussionChord(notes, duration=lasts)
    elif len(notes) > 1:
        element = chord.Chord(notes, duration=lasts)
    else:
        element = notes[0]
        element.duration = lasts
    if symbol.sung:
        text, place = symbol.sung
        element.lyrics = [note.Lyric(text=text, number=1, syllabic=place)]
    if symbol.is_held or symbol.is_tied:
        how = "start" if not symbol.is_held else "continue" if symbol.is_tied else "stop"
        for one in notes:
            one.tie = tie.Tie(how)
    return element


def _note(tone: SpelledPitch) -> Any:
    signs = "#" * tone.alter if tone.alter > 0 else "-" * -tone.alter
    return note.Note(pitch.Pitch(f"{tone.step}{signs}{tone.octave}"))


def _stroke(tone: SpelledPitch) -> Any:
    stroke: Any = note.Unpitched(f"{tone.step}{tone.octave}")
    stroke.notehead = drum_of(tone.pitch).head
    return stroke


def _duration(symbol: Symbol) -> Any:
    if symbol.is_triplet:
        lasts: Any = duration.Duration(quarterLength=Fraction(symbol.ticks * 3, 2 * TICKS_PER_BEAT))
        lasts.appendTuplet(duration.Tuplet(3, 2, lasts.type))
        return lasts
    return duration.Duration(quarterLength=_quarters(symbol.ticks))


def _quarters(ticks: int) -> Fraction:
    return Fraction(ticks, TICKS_PER_BEAT)


# --- what music21 does not write ----------------------------------------------------------------------------------


def _finished(written: bytes, notation: Notation) -> bytes:
    """The same file every time: names instead of random ones, no date; and each stroke says which drum it is."""
    root = ElementTree.fromstring(written)
    for encoding in root.iterfind("identification/encoding"):
        for date in encoding.findall("encoding-date"):
            encoding.remove(date)
    parts = zip(root.iterfind("part-list/score-part"), root.iterfind("part"), strict=True)
    for number, ((listed, part), one) in enumerate(
        zip(parts, notation.instruments, strict=True), 1
    ):
        names = {listed.get("id"): f"P{number}"}
        names |= {told.get("id"): f"I{number}" for told in listed.iterfind("score-instrument")}
        for named in (listed, part, *listed):
            if named.get("id") in names:
                named.set("id", names[named.get("id")])
        for each in part.iter(
            "note"
        ):  # a part has one instrument, and need not say it at each note
            for told in each.findall("instrument"):
                each.remove(told)
        if one.is_drums:
            _tell_drums(listed, part, one)
    ElementTree.indent(root)
    return b"%s%s\n" % (_HEAD, ElementTree.tostring(root, encoding="utf-8"))


def _tell_drums(listed: Element, part: Element, one: Instrument) -> None:
    """Say which drum each stroke is, so that other programs play it: music21 tells no two of a kind apart."""
    drums = {
        (tone.step, tone.octave, drum_of(tone.pitch).head): tone.pitch
        for layers in one.staves[0].bars
        for layer in layers
        for symbol in layer
        for tone in symbol.tones
    }
    for old in [each for each in listed if each.tag in ("score-instrument", "midi-instrument")]:
        listed.remove(old)
    for pitch_ in sorted(drums.values()):
        told = SubElement(listed, "score-instrument", id=f"D{pitch_}")
        SubElement(told, "instrument-name").text = drum_of(pitch_).name
    for pitch_ in sorted(drums.values()):
        played = SubElement(listed, "midi-instrument", id=f"D{pitch_}")
        SubElement(played, "midi-channel").text = str(DRUM_CHANNEL + 1)
        SubElement(played, "midi-unpitched").text = str(pitch_ + 1)  # counts from 1
    for stroke in part.iter("note"):
        if stroke.find("unpitched") is None:
            continue
        drum = drums[
            stroke.findtext("unpitched/display-step", ""),
            int(stroke.findtext("unpitched/display-octave", "0")),
            stroke.findtext("notehead", "normal"),
        ]
        before = [number for number, each in enumerate(stroke) if each.tag in ("duration", "tie")]
        told = Element("instrument", id=f"D{drum}")
        stroke.insert(before[-1] + 1, told)
