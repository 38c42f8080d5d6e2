"""Phrases that were played, as steps: what is varied, what is kept as A and B, and the map of all that was asked for.

The phrase encoder is loaded when a phrase is asked for the first time; until then nothing is kept.  Knows phrases and
beats; knows no turns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from livegen.codec.encoder import Stroke
from livegen.inference.generator import Generator
from livegen.inference.phrase_model import PhraseModel
from livegen.jam.phrases.phrase_variations import (
    WAYS,
    Fit,
    between,
    code_of,
    restyled,
    spliced,
    varied,
)
from livegen.jam.phrases.rendition import Rendition
from livegen.jam.struck import Struck
from livegen.music.melody.phrase import Played
from livegen.music.melody.phrase_steps import (
    LINES_PER_BEAT,
    MOST_BEATS,
    PhraseSteps,
    Steps,
    Touch,
    onsets,
    steps_of,
    tones_of,
)
from livegen.music.note import Note
from livegen.music.parts import DRUMS, LEAD
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.time.timeline import Timeline

MOST_KEPT = 32  # phrases of the map
FEWEST = 2  # notes of a phrase
_TOLD = 1000  # parts of a beat in which another engine is told of notes


def heard(strokes: Iterable[Struck], now: int) -> list[Played]:
    """The notes of strokes, by onset; what sounds ends now."""
    open_: dict[tuple[int, int], Struck] = {}
    found = []
    for struck in strokes:
        voice = struck.part, struck.pitch
        if (began := open_.pop(voice, None)) is not None:
            found.append(_played(began, struck.at))
        if struck.velocity:
            open_[voice] = struck
    found += [_played(began, max(now, began.at + 1)) for began in open_.values()]
    return sorted(found)


def _played(began: Struck, end_us: int) -> Played:
    return Played(began.at, end_us, began.pitch, began.velocity, began.part)


@dataclass(frozen=True, slots=True)
class KeptPhrase:
    """A phrase with what is needed to play it: its part, the tonic it is told from, what hands added to it."""

    phrase: PhraseSteps
    part: int
    tonic: int

    @staticmethod
    def of(told: Mapping[str, Any]) -> "KeptPhrase":
        """The phrase that `told` told."""
        tones = [Note(onset / _TOLD, end / _TOLD, *struck) for onset, end, *struck in told["notes"]]
        return KeptPhrase(steps_of(tones, told["beats"], told["bar"]), told["part"], told["tonic"])

    def told(self) -> dict[str, Any]:
        """The phrase as JSON has it: its part, the tonic, the beats, those of a bar, and its notes.

        Of each [onset, end, pitch, velocity], in thousandths of a beat from the first bar line on.
        """
        notes = [
            [round(it.onset * _TOLD), round(it.end * _TOLD), it.pitch, it.velocity]
            for it in tones_of(self.phrase.steps, self.phrase.touches)
        ]
        beats, bar = self.phrase.beats, self.phrase.bar
        return {"part": self.part, "tonic": self.tonic, "beats": beats, "bar": bar, "notes": notes}

    def made(self, steps: Steps, touches: Sequence[Touch] | None = None) -> "KeptPhrase":
        """The same with other notes."""
        own = self.phrase.touches if touches is None else tuple(touches)
        return KeptPhrase(PhraseSteps(steps, own, self.phrase.bar), self.part, self.tonic)


class Dot(NamedTuple):
    """A phrase on the map: its number, where it lies, and its name there; AB is kept as both."""

    number: int
    x: float
    y: float
    name: str


@dataclass(slots=True)
class PhraseBook:
    """Phrases that are kept, and what is made of them.  Threads: loop only.

    `load` gives the phrase encoder, `load_generator` the generator of its codes; both raise ModelError.  Each is
    None where there is none.
    """

    load: Callable[[], PhraseModel] | None = None
    load_generator: Callable[[PhraseModel], Generator] | None = None
    kept: dict[str, KeptPhrase] = field(default_factory=dict)  # by "A" and "B"
    told: dict[str, dict[str, Any]] = field(default_factory=dict)  # the same as JSON has it
    dots: list[tuple[Dot, KeptPhrase]] = field(default_factory=list)
    _model: PhraseModel | None = None
    _generator: Generator | None = None
    _numbers: int = 0

    @property
    def model(self) -> PhraseModel | None:
        """The phrase encoder, loaded by now.  Raises ModelError."""
        if self._model is None and self.load is not None:
            self._model = self.load()
        return self._model

    @property
    def generator(self) -> Generator | None:
        """The generator of phrases in a style, loaded by now.  Raises ModelError."""
        if self._generator is None and self.load_generator is not None and self.model:
            self._generator = self.load_generator(self.model)
        return self._generator

    def keep(self, name: str, phrase: KeptPhrase) -> None:
        """Keep a phrase as A or B, and put it on the map."""
        self.kept[name], self.told[name] = phrase, phrase.told()
        self.note(phrase, name)

    def note(self, phrase: KeptPhrase, name: str = "") -> None:
        """Put a phrase on the map, or name it where it is there: a name is that of one, and the oldest gives way."""
        model = self.model
        if model is None:
            return
        if name:
            self.dots = [
                (dot._replace(name=dot.name.replace(name, "")), it) for dot, it in self.dots
            ]
        for at, (dot, other) in enumerate(self.dots):
            if np.array_equal(other.phrase.steps, phrase.phrase.steps):
                self.dots[at] = dot._replace(name="".join(sorted({*dot.name, *name}))), other
                return
        steps, _, bar = phrase.phrase
        x, y = model.place(code_of(model, steps, bar, phrase.tonic))
        self._numbers += 1
        self.dots.append((Dot(self._numbers, round(x, 3), round(y, 3), name), phrase))
        del self.dots[:-MOST_KEPT]

    def numbered(self, number: int) -> KeptPhrase | None:
        """The phrase of the map with a number."""
        return next((phrase for dot, phrase in self.dots if dot.number == number), None)

    def take_up(self, kept: Mapping[str, KeptPhrase]) -> None:
        """Keep what another engine had kept, where nothing is kept here by that name.  Raises ModelError."""
        for name, phrase in kept.items():
            if name not in self.kept:
                self.keep(name, phrase)

    def snapshot(self) -> list[list[object]]:
        """The map for a page: number, x, y and name of each phrase."""
        return [list(dot) for dot, _ in self.dots]

    def path(self, phrases: Sequence[KeptPhrase]) -> list[KeptPhrase]:
        """The phrases of a path, and between each two what lies half way."""
        found = [phrases[0]]
        for before, after in pairwise(phrases):
            if self.model is not None:
                steps = before.phrase.steps, after.phrase.steps
                made = between(self.model, *steps, before.phrase.bar, before.tonic, 0.5)
                found.append(before.made(made))
            found.append(after)
        return found

    # --- what is made ---------------------------------------------------------------------------------------------

    def varied(
        self, phrase: KeptPhrase, asked: float, rng: np.random.Generator, fit: Fit
    ) -> KeptPhrase:
        """A variation of a phrase at about the distance that is asked for."""
        model, (steps, _, bar) = self.model, phrase.phrase
        if model is None:
            return phrase
        return phrase.made(varied(model, steps, bar, phrase.tonic, asked, rng, fit).steps)

    def restyled(
        self,
        phrase: KeptPhrase,
        asked: float,
        style: str,
        way: str,
        rng: np.random.Generator,
        fit: Fit,
    ) -> KeptPhrase:
        """A phrase moved to a style, at about the distance that is asked for; at 1 a new one of the style."""
        model, generator, (steps, _, bar) = self.model, self.generator, phrase.phrase
        if model is None or generator is None:
            return phrase
        beats, number = phrase.phrase.beats, generator.number(style)
        goals = generator.drawn(way, number, bar, beats, WAYS, rng)
        return phrase.made(restyled(model, steps, bar, phrase.tonic, asked, goals, fit).steps)

    def morphed(self, place: float, by_code: bool, fit: Fit) -> KeptPhrase:
        """The phrase between A and B, 0 to 1; by the code of both, or spliced."""
        first, second = self.kept["A"], self.kept["B"]
        bar, steps = first.phrase.bar, (first.phrase.steps, second.phrase.steps)
        if by_code and self.model is not None:
            made = between(self.model, *steps, bar, first.tonic, place, fit)
        else:
            made = fit(spliced(*steps, bar, place))
        nearer = (first, second)[place > 0.5].phrase.touches
        return first.made(made, nearer)


def phrase_of(notes: Iterable[Played], timeline: Timeline, tonic: int) -> KeptPhrase | None:
    """The phrase of notes that were played: the lead, or the one part that there is; its last bars where it is long.

    None where there are fewer than FEWEST notes, or drums alone.
    """
    pitched = [note for note in notes if note.part != DRUMS]
    parts = {note.part for note in pitched}
    part = LEAD if LEAD in parts or not parts else min(parts)
    own = sorted(note for note in pitched if note.part == part)
    if len(own) < FEWEST:
        return None
    metre = timeline.metre
    bar = max(1, round(metre.place(timeline.tick(own[0].onset_us)).bar / TICKS_PER_BEAT))
    first, last = (_bar_line(timeline.tick(note.onset_us), metre) for note in (own[0], own[-1]))
    most = max(1, MOST_BEATS // bar) * bar * TICKS_PER_BEAT
    first = max(first, last + bar * TICKS_PER_BEAT - most)
    beats = min(MOST_BEATS, -(-(last - first) // TICKS_PER_BEAT) + bar)
    begin = timeline.micros(first)
    tones = [
        Note(
            (note.onset_us - begin) / timeline.tempo_us,
            (note.end_us - begin) / timeline.tempo_us,
            note.pitch,
            note.velocity,
        )
        for note in own
        if timeline.tick(note.onset_us) >= first
    ]
    return KeptPhrase(steps_of(tones, beats, bar), part, tonic)


def _bar_line(tick: int, metre: Metre) -> int:
    """The bar line at or before a tick; of one that is struck a little early the one it is meant for."""
    return tick + 2 - metre.place(tick + 2).position


def begins_at(phrase: KeptPhrase, earliest: int, metre: Metre) -> int:
    """The first bar line on which the bars of a phrase can begin whose first note comes no sooner than a tick.

    A pick-up then comes before a bar line that is not far.
    """
    notes = onsets(phrase.phrase.steps)
    rest = notes[0][0] // LINES_PER_BEAT * TICKS_PER_BEAT if notes else 0
    return metre.bar_from(earliest - rest)


def rendition(phrases: Sequence[KeptPhrase], start: int, earliest: int) -> Rendition:
    """The strokes of phrases, one after the other, the bars of the first from tick `start` on, as hands touched them.

    Notes that would begin before tick `earliest` are left out, and those of one phrase end where the next begins.
    """
    strokes, lates = dict[tuple[int, bool, int], Stroke](), dict[int, float]()
    last_end = dict[int, int]()  # by pitch
    begin = start
    for phrase in phrases:
        over = begin + phrase.phrase.beats * TICKS_PER_BEAT
        for tone in tones_of(phrase.phrase.steps, phrase.phrase.touches):
            exact = begin + tone.onset * TICKS_PER_BEAT
            tick = round(exact)
            if tick < earliest:
                continue
            ends = max(tick + 1, min(over, round(begin + tone.end * TICKS_PER_BEAT)))
            before = last_end.get(tone.pitch)
            if before is not None and before > tick:
                strokes[tick, False, tone.pitch] = strokes.pop(
                    (before, False, tone.pitch)
                )._replace(tick=tick)
            strokes |= {
                (tick, True, tone.pitch): Stroke(tick, phrase.part, tone.pitch, tone.velocity),
                (ends, False, tone.pitch): Stroke(ends, phrase.part, tone.pitch, 0),
            }
            lates[tick], last_end[tone.pitch] = exact - tick, ends
        begin = over
    settled = [strokes[at] for at in sorted(strokes)]
    return Rendition(settled, start, max([begin, *(stroke.tick for stroke in settled)]), lates)
