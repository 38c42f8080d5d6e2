"""A session as a song: its takes and how good they are, its form, and a lead sheet of its chords.

A take is a call with what answers it, or rounds of the form where both play on; it begins and ends on bar lines.
Three facts order them: that an answer was kept; how much better it goes with its call than other answers of the session
do, by the critic; and of takes that are as good, how little the model expected their notes.  Knows scores; knows no
files and no engines.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from statistics import mean
from typing import NamedTuple

import numpy as np

from livegen.codec.encoder import Encoder, metre_of, strokes
from livegen.codec.layout import ADVANCE, SOUNDING
from livegen.errors import ConfigError
from livegen.inference.contract import Model, Query, sound
from livegen.inference.sampling import probabilities
from livegen.music.charts import Chart
from livegen.music.charts.chart import MOST_BARS, WrittenBar
from livegen.music.charts.form import Placed
from livegen.music.charts.source import FASTEST, SLOWEST
from livegen.music.chords.chord import Chord
from livegen.music.files.smf import Score, Track
from livegen.music.keys.key import Key
from livegen.music.melody.critic import ReplyBars, tastes
from livegen.music.messages import SUSTAIN, ControlChange, Message, NoteOff, NoteOn
from livegen.music.parts import DRUMS, MODEL, part_of, side_of
from livegen.music.songs.foresight import Foresight
from livegen.music.time.metre import TICKS_PER_BEAT, Metre, parse_metre
from livegen.notation.notate import heard, voices_of
from livegen.notation.symbols import ChordSymbol, Measure

UNIT = 8  # bars of a take where both play on: whole rounds of a form, so many at least
LONG = 1.5  # units from which on a stretch is several takes
REST = 2 * TICKS_PER_BEAT  # that a player rests at least before he calls anew
EARLY = 8  # an onset this part of a bar before a line was meant for it
RIVALS = 8  # answers of other takes beside which an answer is judged
LOOKED_AT = 40_000  # strokes that the model is asked about: half an hour that is played densely
FLOOR = 1e-9  # a pitch that the model holds impossible: 20.7 nats
SIXTEENTH, SIXTEENTHS = 6, (4, 32)  # ticks; in a bar that a chart can write
FEWEST = 3  # notes of a line that is judged


class Take(NamedTuple):
    """A stretch of a session: bars `first` (from 0) to `last`, that one not included.

    `kept` answers in it were kept.  `surprise` is nats a note; `coherence` is nats by which its answer goes with its
    call rather than others' answers do.  None where nothing says.
    """

    first: int
    last: int
    kept: int
    surprise: float | None
    coherence: float | None


class Song(NamedTuple):
    """A session as a song.  `takes` are the best first; the form came back `rounds` times, 0 where none was found."""

    score: Score
    bars: tuple[Measure, ...]
    key: Key | None
    chords: tuple[ChordSymbol, ...]
    sheet: Chart
    rounds: int
    form_from: int  # the first bar of its first whole round
    takes: tuple[Take, ...]


class _Played(NamedTuple):
    """A note in ticks of 24 to a quarter."""

    onset: float
    end: float
    pitch: int
    is_model: bool
    part: str | None


def song(score: Score, kept: Sequence[int], model: Model, title: str = "") -> Song:
    """Make a song of a session's score, a track for each part; answers were `kept` at these ticks of it.

    Raises ConfigError for a model that knows nothing of its own.
    """
    if model.facts.learns:
        raise ConfigError(f"model {model.facts.name}: it expects nothing; name a trained one")
    _, bars, key, chords = heard(score)
    found = _form(bars, chords)
    sheet = _sheet(bars, chords, found, title, key, score)
    played = _played(score)
    length, phase = found or (UNIT, None)
    onsets = {_bar(bars, note.onset) for note in played}
    spans = [
        (first, last)
        for first, last in _spans(played, bars, -(-UNIT // length) * length, phase)
        if not onsets.isdisjoint(range(first, last))  # a round may be one held note
    ]
    marks = [tick * TICKS_PER_BEAT / score.ppqn for tick in kept]
    takes = _judged(spans, played, bars, marks, _surprises(score, model))
    rounds, form_from = ((len(bars) - phase) // length, phase) if phase is not None else (0, 0)
    return Song(score, bars, key, chords, sheet, rounds, form_from, tuple(takes))


# --- where takes begin and end ------------------------------------------------------------------------------------


def _played(score: Score) -> list[_Played]:
    """All notes of a score, by onset."""
    found = []
    for track in score.tracks:
        is_model = side_of(track.name) == MODEL
        for voice in voices_of(replace(score, tracks=(track,))):
            part = "drums" if voice.rule == "drums" else part_of(track.name, 0)
            found += [_Played(n.onset, n.end, n.pitch, is_model, part) for n in voice.notes]
    return sorted(found)


def _spans(
    played: Sequence[_Played], bars: Sequence[Measure], length: int, phase: int | None
) -> Iterator[tuple[int, int]]:
    """The takes as bars, first and after the last; long ones are cut into `length` bars, at `phase` if there is one."""
    begun = _begun(played, bars)
    for first, until in pairwise([*begun, len(bars)]):
        since, before = bars[first].start, bars[until - 1].start + bars[until - 1].ticks
        last = max((n.onset for n in played if n.onset < before), default=since)
        end = min(until, _bar(bars, last) + 1)
        if end - first <= LONG * length:
            yield first, end
            continue
        lines = range(first, end)
        cuts = [at for at in lines if (at - (first if phase is None else phase)) % length == 0]
        yield from pairwise(sorted({first, *cuts, end}))


def _begun(played: Sequence[_Played], bars: Sequence[Measure]) -> list[int]:
    """The bars in which takes begin: after a bar of silence, or with a call after an answer."""
    found: list[int] = []
    ends = {True: -1e9, False: -1e9}
    is_answered = False
    for note in played:
        at = _bar(bars, note.onset)
        is_silent = note.onset - max(ends.values()) >= bars[at].ticks
        is_call = is_answered and not note.is_model and note.onset - ends[False] >= REST
        is_call = is_call and note.onset >= ends[True] - TICKS_PER_BEAT
        if (is_silent or is_call) and (not found or at > found[-1]):
            found.append(at)
            is_answered = False
        is_answered |= note.is_model
        ends[note.is_model] = max(ends[note.is_model], note.end)
    return found


def _bar(bars: Sequence[Measure], tick: float) -> int:
    """The bar for which a note at `tick` was meant."""
    low, high = 0, len(bars)
    while high - low > 1:
        middle = (low + high) // 2
        if bars[middle].start - bars[middle].ticks / EARLY <= tick:
            low = middle
        else:
            high = middle
    return low


# --- what speaks for them -----------------------------------------------------------------------------------------


def _judged(
    spans: Sequence[tuple[int, int]],
    played: Sequence[_Played],
    bars: Sequence[Measure],
    marks: Sequence[float],
    surprises: Sequence[tuple[int, float]],
) -> list[Take]:
    """The takes, the best first: those that were kept, then by coherence, and of those as good the more surprising."""
    edges = [
        (bars[first].start, bars[last - 1].start + bars[last - 1].ticks) for first, last in spans
    ]
    kept = Counter(_kept_in(mark, edges, played) for mark in marks)
    coherences = _coherences(edges, played, bars)
    takes = []
    for number, ((first, last), (start, end)) in enumerate(zip(spans, edges, strict=True)):
        nats = [found for tick, found in surprises if start <= tick < end]
        surprise = mean(nats) if nats else None
        takes.append(Take(first, last, kept[number], surprise, coherences[number]))
    return sorted(takes, key=_place)


def _place(take: Take) -> tuple[bool, float, float]:
    """The place of a take in the order.  What is merely unexpected does not speak for an answer (bench/song.md)."""
    coherence = 0.0 if take.coherence is None else take.coherence
    return take.kept == 0, -coherence, -(take.surprise or 0.0)


def _kept_in(mark: float, edges: Sequence[tuple[int, int]], played: Sequence[_Played]) -> int:
    """The take with the last answer that began before it was kept; -1 where there is none."""
    onset = max((n.onset for n in played if n.is_model and n.onset <= mark), default=-1.0)
    return next((at for at, (start, end) in enumerate(edges) if start <= onset < end), -1)


def _coherences(
    edges: Sequence[tuple[int, int]], played: Sequence[_Played], bars: Sequence[Measure]
) -> list[float | None]:
    """Nats by which the critic prefers each answer to answers of other takes, for its own call."""
    asked = [_exchange(start, end, played, bars) for start, end in edges]
    replies = [None if one is None else one[1] for one in asked]
    found: list[float | None] = []
    for at, one in enumerate(asked):
        if one is None:
            found.append(None)
            continue
        call, reply, until, measure = one
        others = [
            it for number, it in enumerate(replies) if it and number != at and it[0][0] <= until
        ]
        if not others:
            found.append(None)
            continue
        step = max(1, len(others) // RIVALS)
        own, *rest = tastes(call, [reply, *others[::step][:RIVALS]], until, measure)
        found.append(own - mean(rest))
    return found


_Line = list[tuple[int, int]]


def _exchange(
    start: int, end: int, played: Sequence[_Played], bars: Sequence[Measure]
) -> tuple[_Line, _Line, int, ReplyBars] | None:
    """The call and the answer of a take, ticks from the bar line of the answer, its last strong beat; None without."""
    within = [
        n for n in played if start <= n.onset < end and n.part not in ("comp", "bass", "drums")
    ]
    answer = [n for n in within if n.is_model]
    if len(answer) < FEWEST:
        return None
    bar = bars[_bar(bars, answer[0].onset)]
    line = bar.start
    call = _top([n for n in within if not n.is_model and n.onset < line], line)
    reply = _top([n for n in answer if n.onset >= line - bar.ticks / EARLY], line)
    if len(call) < FEWEST or len(reply) < FEWEST:
        return None
    strong = Metre(((0, bar.ticks),), TICKS_PER_BEAT).strong(bar.ticks)
    until = reply[-1][0] // strong * strong
    return (call, reply, until, ReplyBars(bar.ticks, strong)) if until > 0 else None


def _top(notes: Sequence[_Played], origin: int) -> _Line:
    """The highest note of each tick, from an origin."""
    found: dict[int, int] = {}
    for note in notes:
        tick = round(note.onset) - origin
        found[tick] = max(note.pitch, found.get(tick, 0))
    return sorted(found.items())


def _surprises(score: Score, model: Model) -> list[tuple[int, float]]:
    """The tick and the nats of each note with a pitch: -log p(pitch | all before, its time and part)."""
    encoder, found = Encoder(metre_of(score)), list[tuple[int, float]]()
    state, sounding, summary = model.initial_state(), np.zeros(SOUNDING, np.float32), None
    for number, stroke in enumerate(strokes(score)):
        if number == LOOKED_AT:
            break
        for event in encoder.feed(stroke):
            if summary is not None and event.on and event.time != ADVANCE and event.part != DRUMS:
                likely = probabilities(model.logits("pitch", summary, Query.of(event)))
                found.append((stroke.tick, -float(np.log(max(FLOOR, likely[event.pitch])))))
            sound(sounding, event)
            state, summary = model.advance(event, 0, sounding, state)
    return found


# --- form and chords ----------------------------------------------------------------------------------------------


def _form(bars: Sequence[Measure], chords: Sequence[ChordSymbol]) -> tuple[int, int] | None:
    """The length of the form in bars and the first bar of its first whole round; None where nothing comes back."""
    changes = [(bars[0].start, bars[0].ticks)]
    changes += [(b.start, b.ticks) for a, b in pairwise(bars) if a.ticks != b.ticks]
    foresight, at = Foresight(Metre(tuple(changes))), _ChordAt(chords)
    for tick in range(bars[0].start, bars[-1].start + bars[-1].ticks, TICKS_PER_BEAT):
        foresight.hear(tick, at(tick))
    form = foresight.form()
    if form is None or form.length_bars > len(bars):
        return None
    return form.length_bars, _bar(bars, form.start) % form.length_bars


class _ChordAt:
    """The chord that holds at ticks that do not decrease."""

    def __init__(self, chords: Sequence[ChordSymbol]) -> None:
        self._coming, self._chord = list(reversed(chords)), None

    _chord: Chord | None

    def __call__(self, tick: int) -> Chord | None:
        while self._coming and self._coming[-1].at <= tick:
            self._chord = self._coming.pop().chord
        return self._chord


def _sheet(
    bars: Sequence[Measure],
    chords: Sequence[ChordSymbol],
    form: tuple[int, int] | None,
    title: str,
    key: Key | None,
    score: Score,
) -> Chart:
    """The chords on paper: a round of the form, each bar as most rounds have it, or all bars where there is no form."""
    holds, written = _ChordAt(chords), list[WrittenBar]()
    for bar in bars[:MOST_BARS]:
        metre = _metre(bar)
        ticks = metre.changes[0][1]
        within = [(at, chord) for at, chord in chords if bar.start < at < bar.start + ticks]
        placed = [Placed(0, holds(bar.start)), *(Placed(at - bar.start, c) for at, c in within)]
        written.append(WrittenBar(ticks, metre.beat, tuple(placed)))
        holds(bar.start + bar.ticks - 1)
    if form is not None:
        length, phase = form
        rounds = [written[phase + place :: length] for place in range(length)]
        written = [Counter(bars).most_common(1)[0][0] for bars in rounds if bars]
    tempos = [60_000_000 / tempo for _, tempo in score.tempos]
    tempo = round(sorted(tempos)[len(tempos) // 2]) if tempos else 0
    said = tempo if SLOWEST <= tempo <= FASTEST else None
    return Chart(tuple(written), title, _metre(bars[0]), said, key=key)


def _metre(bar: Measure) -> Metre:
    """The metre of a bar as a chart can write it: of one that none can, the nearest in sixteenths."""
    with suppress(ConfigError):
        metre = parse_metre(f"{bar.numerator}/{bar.denominator}")
        if metre.changes[0][1] == bar.ticks:
            return metre
    least, most = SIXTEENTHS
    return parse_metre(f"{min(max(least, round(bar.ticks / SIXTEENTH)), most)}/16")


# --- only some of it ----------------------------------------------------------------------------------------------


def best(found: Song, most: int) -> Song:
    """The song of the best takes alone, so many at most, in the order in which they were played."""
    spans = sorted((take.first, take.last) for take in found.takes[:most])
    score = _excerpt(found.score, [_stretch(found, first, last) for first, last in spans])
    _, bars, _, chords = heard(score, found.key)
    firsts = dict(
        zip([first for first, _ in spans], _sums([b - a for a, b in spans]), strict=False)
    )
    takes = [
        take._replace(first=firsts[take.first], last=firsts[take.first] + take.last - take.first)
        for take in found.takes[:most]
    ]
    return found._replace(score=score, bars=bars, chords=chords, takes=tuple(takes))


class _Stretch(NamedTuple):
    """Ticks of a score from `start` to `end`; onsets from `opens` on and before `closes` were meant for its bars."""

    opens: int
    start: int
    end: int
    closes: int


def _stretch(found: Song, first: int, last: int) -> _Stretch:
    """The stretch of some bars of a song."""
    lines = [(bar.start, bar.ticks / EARLY) for bar in found.bars]
    lines.append((found.bars[-1].start + found.bars[-1].ticks, 0.0))
    (start, early), (end, before) = lines[first], lines[last]
    scale = found.score.ppqn / TICKS_PER_BEAT
    opens, closes = round((start - early) * scale), round((end - before) * scale)
    return _Stretch(opens, round(start * scale), round(end * scale), closes)


def _sums(lengths: Sequence[int]) -> list[int]:
    return [sum(lengths[:at]) for at in range(len(lengths) + 1)]


def _excerpt(score: Score, spans: Sequence[_Stretch]) -> Score:
    """Stretches of a score one after the other; no note begins before one or ends after it."""
    tracks = tuple(
        replace(track, messages=tuple(_of_track(track, spans))) for track in score.tracks
    )
    tempos = tuple(_changes(score.tempos, spans))
    metres = tuple(_changes(score.metres, spans))
    sounding = tuple(t for t in tracks if any(isinstance(m, NoteOn) for _, m in t.messages))
    return Score(score.ppqn, sounding, tempos, metres)  # type: ignore[arg-type]


def _of_track(track: Track, spans: Sequence[_Stretch]) -> Iterator[tuple[int, Message]]:
    moved = 0
    for opens, start, end, closes in spans:
        down, pedals = dict[tuple[int, int], None](), dict[int, None]()
        for tick, message in track.messages:
            is_note = isinstance(message, NoteOn | NoteOff)
            if not (opens if is_note else start) <= tick < end:
                continue
            match message:
                case NoteOn(pitch, _, channel):
                    if tick >= closes:
                        continue
                    down[channel, pitch] = None
                case NoteOff(pitch, _, channel):
                    if down.pop((channel, pitch), 0) == 0:
                        continue
                case ControlChange(control, value, channel) if control == SUSTAIN:
                    pedals.pop(channel, None)
                    pedals.update({channel: None} if value >= 64 else {})
            yield max(tick, start) - start + moved, message
        moved += end - start
        for channel, pitch in down:
            yield moved, NoteOff(pitch, 64, channel)
        for channel in pedals:
            yield moved, ControlChange(SUSTAIN, 0, channel)


def _changes(
    changes: Sequence[tuple[int, ...]], spans: Sequence[_Stretch]
) -> Iterator[tuple[int, ...]]:
    """The tempos or metres of stretches: the one that holds where each begins, and those within."""
    moved = 0
    for _, start, end, _ in spans:
        before = [change for change in changes if change[0] <= start][-1:]
        for tick, *values in [*before, *(one for one in changes if start < one[0] < end)]:
            yield (max(tick, start) - start + moved, *values)
        moved += end - start


__all__ = ["Song", "Take", "best", "song"]
