"""Charts from MusicXML lead sheets: chord symbols, bars, repeats and signs.  The melody only says where chords lie.

Read as https://www.w3.org/2021/06/musicxml40/ describes it, in its form by parts (score-partwise).  Chords come from
the first part that has any; signs from it and from the top part, where programs write them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from livegen.music.charts.chart import MOST_BARS, Chart, Jump, Until, WrittenBar
from livegen.music.charts.form import Placed
from livegen.music.charts.source import FASTEST, LONGEST, SLOWEST, ChartFile, shown
from livegen.music.charts.xml_tree import Element, parsed
from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.chords.chord_names import NATURALS, kind_named, kind_of
from livegen.music.keys.key import Key
from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT, Metre

_KEPT = frozenset({
    "work", "work-title", "movement-title", "part", "measure", "attributes", "divisions", "key", "fifths", "mode",
    "time", "beats", "beat-type", "transpose", "chromatic", "note", "grace", "chord", "duration", "backup", "forward",
    "harmony", "root", "root-step", "root-alter", "kind", "bass", "bass-step", "bass-alter", "degree", "degree-value",
    "degree-alter", "degree-type", "offset", "direction", "direction-type", "words", "segno", "coda", "rehearsal",
    "metronome", "beat-unit", "beat-unit-dot", "per-minute", "sound", "barline", "repeat", "ending",
})  # fmt: skip

# Kinds of MusicXML and what they are here.  French, Italian, German and Tristan are none that anybody plays by name.
_KINDS = {
    "major": "maj", "minor": "min", "augmented": "aug", "diminished": "dim", "dominant": "7", "major-seventh": "maj7",
    "minor-seventh": "m7", "diminished-seventh": "dim7", "augmented-seventh": "7#5", "half-diminished": "m7b5",
    "major-minor": "mmaj7", "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9", "major-ninth": "maj9",
    "minor-ninth": "m9", "dominant-11th": "11", "major-11th": "maj11", "minor-11th": "m11", "dominant-13th": "13",
    "major-13th": "maj13", "minor-13th": "m13", "suspended-second": "sus2", "suspended-fourth": "sus4", "power": "5",
    # Names that older programs write.
    "maj": "maj", "min": "min", "": "maj", "maj7": "maj7", "min7": "m7", "aug": "aug", "dim": "dim", "sus47": "7sus4",
    "minor-major": "mmaj7", "maj69": "69", "min69": "m69", "6": "6", "m6": "m6", "7": "7", "9": "9", "min9": "m9",
    "maj9": "maj9", "dim7": "dim7", "m7b5": "m7b5", "min/maj7": "mmaj7", "pedal": "5",
}  # fmt: skip
_DEGREES = {1: 0, 2: 14, 3: 4, 4: 17, 5: 7, 6: 9, 7: 10, 9: 14, 11: 17, 13: 21}
_UNITS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25}  # in quarters
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?")
_JUMP = re.compile(r"\b(?:d\.?\s?([cs])\b|da (c)apo|dal (s)egno)", re.IGNORECASE)
_FINE = re.compile(r"\s*fine\s*\.?\s*", re.IGNORECASE)
_TO_CODA = re.compile(r"\bto\s+coda\b", re.IGNORECASE)
_SHORTEST = 6  # ticks of a bar that is not whole


@dataclass(slots=True)
class _Marks:
    """The marks that stand beside the bars."""

    # Bar -> to the segno, until.
    jumps: dict[int, tuple[bool, Until | None]] = field(default_factory=dict)
    codas: list[int] = field(default_factory=list)  # bars with a coda sign that says no more
    tempo: float | None = None


@dataclass(slots=True)
class _MusicXmlReader:
    source: ChartFile
    divisions: Fraction = Fraction(1)
    metre: Metre = COMMON_TIME
    first: Metre | None = None
    key: Key | None = None
    transposed: int = 0  # semitones that the part sounds above what is written
    bars: list[WrittenBar] = field(default_factory=list)
    marks: _Marks = field(default_factory=_Marks)
    carried: list[Placed] = field(default_factory=list)  # a chord behind the end of its bar
    opens: bool = False  # a repeat that the bar before opens at its end
    pickup: bool = False
    # of the bar that is read
    bar: WrittenBar = field(default_factory=WrittenBar)
    chords: dict[int, Chord | None] = field(default_factory=dict)
    at: Fraction = Fraction(0)  # divisions from the bar line
    length: Fraction = Fraction(0)

    def measure(self, measure: Element) -> None:
        """Take a measure."""
        if len(self.bars) == MOST_BARS:
            raise self.source.mistake(
                measure.line, f"more than {MOST_BARS:,} bars; expected a lead sheet"
            )
        self.bar = WrittenBar(opens=self.opens, line=measure.line)
        self.chords = {placed.tick: placed.chord for placed in self.carried}
        self.carried, self.opens = [], False
        self.at = self.length = Fraction(0)
        for element in measure.children:
            self._take(element)
        ticks = self._ticks(measure)
        inside = [
            Placed(tick, chord) for tick, chord in sorted(self.chords.items()) if tick < ticks
        ]
        late = [chord for tick, chord in sorted(self.chords.items()) if tick >= ticks]
        self.carried = [Placed(0, chord) for chord in late[-1:]]
        self.bars.append(replace(self.bar, ticks=ticks, beat=self.metre.beat, chords=tuple(inside)))

    def _ticks(self, measure: Element) -> int:
        """Length of a bar: that of the metre, or its notes' where it says that it is not whole."""
        whole = self.metre.changes[0][1]
        notes = round(self.length * TICKS_PER_BEAT / self.divisions / _SHORTEST) * _SHORTEST
        is_first = not self.bars
        is_partial = measure.attributes.get("implicit") == "yes" or is_first
        if not is_partial or not _SHORTEST <= notes < whole:
            return whole
        self.pickup = self.pickup or is_first
        return notes

    def _take(self, element: Element) -> None:
        match element.tag:
            case "attributes":
                self._attributes(element)
            case "note":
                if element.first("chord") is None and element.first("grace") is None:
                    self._move(self._number(element, "duration"))
            case "forward":
                self._move(self._number(element, "duration"))
            case "backup":
                self._move(-self._number(element, "duration"))
            case "harmony":
                self._harmony(element)
            case "direction":
                self._direction(element)
            case "sound":
                self._sound(element, "")
            case "barline":
                self._barline(element)

    def _move(self, by: Fraction) -> None:
        self.at = max(Fraction(0), self.at + by)
        self.length = max(self.length, self.at)

    def _number(self, element: Element, *path: str) -> Fraction:
        text = element.said(*path) or "0"
        if not _NUMBER.fullmatch(text):
            raise self.source.mistake(
                element.line, f"{path[-1]}: expected a number, got {shown(text)}"
            )
        return Fraction(text)

    # --- attributes ---------------------------------------------------------------------------------------------

    def _attributes(self, attributes: Element) -> None:
        if attributes.first("divisions"):
            self.divisions = self._number(attributes, "divisions")
            if self.divisions <= 0:
                raise self.source.mistake(attributes.line, "divisions: expected 1 or more")
        time = attributes.first("time")
        if time and time.first("beats"):
            numbers = [text.strip() for text in time.said("beats").split("+")]
            if not all(text.isdecimal() and len(text) < 3 for text in numbers):
                raise self.source.mistake(
                    time.line, f"beats: expected a number, got {shown(time.said('beats'))}"
                )
            beats = sum(map(int, numbers))
            self.metre = self.source.metre(time.line, f"{beats}/{time.said('beat-type')}")
            self.first = self.first or self.metre
        if attributes.first("transpose"):
            self.transposed = int(self._number(attributes, "transpose", "chromatic"))
        if (key := attributes.first("key")) and key.first("fifths") and self.key is None:
            fifths = int(self._number(key, "fifths"))
            is_minor = key.said("mode").lower() in ("minor", "dorian", "phrygian", "aeolian")
            # The sign of a mode is that of its major scale; what is heard as home lies above it.
            above = {
                "minor": 9,
                "aeolian": 9,
                "dorian": 2,
                "phrygian": 4,
                "lydian": 5,
                "mixolydian": 7,
            }
            tonic = (7 * fifths + above.get(key.said("mode").lower(), 0)) % 12
            self.key = Key(tonic, "minor" if is_minor else "major")

    # --- chords -------------------------------------------------------------------------------------------------

    def _harmony(self, harmony: Element) -> None:
        offset = self._number(harmony, "offset")
        tick = max(0, round((self.at + offset) * TICKS_PER_BEAT / self.divisions))
        self.chords[tick] = self._chord(harmony)

    def _chord(self, harmony: Element) -> Chord | None:
        kind = harmony.first("kind")
        word = kind.text.strip().lower() if kind else ""
        if word == "none":
            return None
        root = self._note(harmony, "root")
        if root is None:
            raise self.source.mistake(
                harmony.line, "a chord without a root; Roman numerals are not read"
            )
        named = self._kind(harmony, kind, word)
        bass = self._note(harmony, "bass")
        return Chord(root, named, None if bass == root else bass).transposed(self.transposed)

    def _note(self, harmony: Element, name: str) -> int | None:
        step = harmony.said(name, f"{name}-step")
        if not step:
            return None
        if step.upper() not in NATURALS:
            raise self.source.mistake(
                harmony.line, f"{name}-step: expected A to G, got {shown(step)}"
            )
        return (NATURALS[step.upper()] + int(self._number(harmony, name, f"{name}-alter"))) % 12

    def _kind(self, harmony: Element, kind: Element | None, word: str) -> str:
        degrees = list(harmony.all("degree"))
        written = kind.attributes.get("text", "") if kind else ""
        base = _KINDS.get(word)
        if base is None:  # "other", or a name that only its program knows
            base = kind_named(written or word)
            degrees = [] if written else degrees
        found = kind_of(self._altered(INTERVALS[base], degrees)) if base else None
        if found is None:
            raise self.source.mistake(
                harmony.line, f"the kind of chord {shown(word or written)} is not known here"
            )
        return found

    def _altered(self, intervals: Sequence[int], degrees: Sequence[Element]) -> frozenset[int]:
        tones = set(intervals)
        subtracted: set[int] = set()
        for degree in degrees:
            value = int(self._number(degree, "degree-value"))
            if value not in _DEGREES:
                raise self.source.mistake(
                    degree.line, f"degree-value: expected 1 to 13, got {value}"
                )
            alter = int(self._number(degree, "degree-alter"))
            natural = _DEGREES[value]
            there = {tone for tone in tones if abs(tone - natural) <= 1 and tone}
            match degree.said("degree-type"):
                case "subtract":
                    subtracted |= there
                case "alter":
                    tones = (tones - there) | {natural + alter}
                case _:
                    tones.add(11 if value == 7 and alter == 1 else natural + alter)
        less = tones - subtracted
        if subtracted & {3, 4} and less & {14, 17}:  # written as such, it is suspended
            less = {
                5 if tone == 17 else 2 if tone == 14 and 17 not in less else tone for tone in less
            }
        # A chord that lacks what every kind has is known by the rest, and keeps it.
        return frozenset(less if kind_of(frozenset(less)) else tones)

    # --- signs --------------------------------------------------------------------------------------------------

    def _direction(self, direction: Element) -> None:
        words = " ".join(
            word.text for kind in direction.all("direction-type") for word in kind.all("words")
        )
        for kind in direction.all("direction-type"):
            for rehearsal in kind.all("rehearsal"):
                if name := " ".join(rehearsal.text.split())[:LONGEST]:
                    self.bar = replace(self.bar, section=name)
            if kind.first("segno"):
                self.bar = replace(self.bar, segno=True)
            if kind.first("coda") and not _TO_CODA.search(words):
                self.marks.codas.append(len(self.bars))
            if metronome := kind.first("metronome"):
                self._metronome(metronome)
        self._words(words)
        for sound in direction.all("sound"):
            self._sound(sound, words)

    def _words(self, words: str) -> None:
        if _FINE.fullmatch(words):
            self.bar = replace(self.bar, fine=True)
        elif jump := _JUMP.search(words):
            to_segno = (jump[1] or jump[3] or "").lower() == "s"
            self.marks.jumps[len(self.bars)] = (to_segno, _until(words))
        elif _TO_CODA.search(words):
            self.bar = replace(self.bar, to_coda=True)

    def _sound(self, sound: Element, words: str) -> None:
        told = sound.attributes
        if "segno" in told:
            self.bar = replace(self.bar, segno=True)
        if "coda" in told:
            self.bar = replace(self.bar, coda=True)
        if "tocoda" in told:
            self.bar = replace(self.bar, to_coda=True)
        if "fine" in told:
            self.bar = replace(self.bar, fine=True)
        if told.get("dacapo") == "yes" or "dalsegno" in told:
            self.marks.jumps.setdefault(len(self.bars), ("dalsegno" in told, _until(words)))
        if _NUMBER.fullmatch(told.get("tempo", "")):
            self._tempo(float(told["tempo"]))

    def _metronome(self, metronome: Element) -> None:
        count = re.match(r"\d{1,3}(\.\d{1,3})?", metronome.said("per-minute"))
        unit = _UNITS.get(metronome.said("beat-unit"))
        if count and unit:
            dotted = 1.5 if metronome.first("beat-unit-dot") else 1.0
            self._tempo(float(count[0]) * unit * dotted)

    def _tempo(self, quarters: float) -> None:
        if self.marks.tempo is None and SLOWEST <= quarters <= FASTEST:
            self.marks.tempo = round(quarters, 3)

    def _barline(self, barline: Element) -> None:
        if repeat := barline.first("repeat"):
            if repeat.attributes.get("direction") != "forward":
                times = repeat.attributes.get("times", "2")
                count = int(times) if re.fullmatch(r"[2-9]|[1-5]\d|6[0-4]", times) else 2
                self.bar = replace(self.bar, times=count)
            elif barline.attributes.get("location") == "right":
                self.opens = True
            else:
                self.bar = replace(self.bar, opens=True)
        ending = barline.first("ending")
        if ending and ending.attributes.get("type") == "start":
            numbers = re.findall(r"[1-9]", ending.attributes.get("number", ""))
            self.bar = replace(self.bar, ending=tuple(sorted({int(number) for number in numbers})))
        if barline.first("segno"):
            self.bar = replace(self.bar, segno=True)
        if barline.first("coda"):
            self.marks.codas.append(len(self.bars))


def read_musicxml(data: bytes, source: ChartFile) -> Chart:
    """The chart of a MusicXML file that is not compressed.  Raises ChartError, which names file and line."""
    score = parsed(data, source, _KEPT)
    if score.tag == "score-timewise":
        raise source.mistake(score.line, "is ordered by time; save it as score-partwise")
    if score.tag != "score-partwise":
        raise source.mistake(
            score.line, f"expected MusicXML (score-partwise), got {shown(score.tag)}"
        )
    parts = list(score.all("part"))
    led = next(
        (
            part
            for part in parts
            if any(measure.first("harmony") for measure in part.all("measure"))
        ),
        None,
    )
    if led is None:
        raise source.mistake(
            0, "has no chord symbols (harmony); expected a lead sheet with chords above it"
        )
    reader = _read(led, source)
    if parts[0] is not led:
        _add_signs(reader, _read(parts[0], source))
    title = score.said("work", "work-title") or score.said("movement-title")
    key = reader.key and Key((reader.key.tonic + reader.transposed) % 12, reader.key.mode)
    return Chart(
        tuple(_marked(reader.bars, reader.marks)),
        " ".join(title.split())[:LONGEST],
        reader.first or COMMON_TIME,
        reader.marks.tempo,
        None,
        key,
        reader.pickup and len(reader.bars) > 1,
    )


def _read(part: Element, source: ChartFile) -> _MusicXmlReader:
    reader = _MusicXmlReader(source)
    for measure in part.all("measure"):
        reader.measure(measure)
    return reader


def _add_signs(reader: _MusicXmlReader, top: _MusicXmlReader) -> None:
    """Signs that only the top part has."""
    if len(top.bars) != len(reader.bars):
        return
    reader.bars = [
        replace(
            bar,
            section=bar.section if bar.section is not None else other.section,
            segno=bar.segno or other.segno,
            coda=bar.coda or other.coda,
            to_coda=bar.to_coda or other.to_coda,
            fine=bar.fine or other.fine,
        )
        for bar, other in zip(reader.bars, top.bars, strict=True)
    ]
    reader.marks.jumps = top.marks.jumps | reader.marks.jumps
    reader.marks.codas = reader.marks.codas or top.marks.codas
    reader.marks.tempo = reader.marks.tempo or top.marks.tempo


def _until(words: str) -> Until | None:
    """Until where words such as "D.S. al Coda" lead; None where they say nothing."""
    match = re.search(r"\bal?\s*(coda|fine|end)\b", words, re.IGNORECASE)
    return {"coda": "coda", "fine": "fine"}.get(match[1].lower(), "end") if match else None  # type: ignore[return-value]


def _marked(bars: list[WrittenBar], marks: _Marks) -> list[WrittenBar]:
    """The bars with what only the whole tune tells: which coda sign leaves, which begins, and how far a jump goes."""
    marked = list(bars)
    leaves = any(bar.to_coda for bar in bars)
    signs = [
        at for at in marks.codas if at < len(bars) and not bars[at].to_coda and not bars[at].coda
    ]
    if signs and not any(bar.coda for bar in bars) and (leaves or len(signs) > 1):
        begins = signs.pop()
        marked[begins] = replace(marked[begins], coda=True)
    if signs and not leaves:
        for at in signs:
            marked[at] = replace(marked[at], to_coda=True)
    has_fine = any(bar.fine for bar in marked)
    has_coda = any(bar.to_coda for bar in marked)
    for at, (to_segno, until) in marks.jumps.items():
        meant: Until = until or ("coda" if has_coda else "fine" if has_fine else "end")
        if at < len(marked):
            marked[at] = replace(marked[at], jump=Jump(to_segno, meant))
    return marked
