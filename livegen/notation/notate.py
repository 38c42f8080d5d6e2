"""The notation of a score: who plays on which staves, on which lines of the grid, in which key.

A pure mapping.  Tracks Player and Model are the two sides of a jam, and their channels are parts as livegen sends them;
any other track is known by its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import spelled
from livegen.music.files.smf import Score, Track
from livegen.music.keys.key import KEYS, Key, logits
from livegen.music.keys.tone import tone_of
from livegen.music.messages import Message, NoteOn, ProgramChange
from livegen.music.note import Note
from livegen.music.parts import KEYS as KEYBOARD
from livegen.music.parts import (
    MODEL,
    PLAYER,
    general_midi_drum,
    part_of,
    rule_of_track,
    side_of,
)
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.words.word_rhythm import SungNote
from livegen.notation import values
from livegen.notation.bars import bars_of
from livegen.notation.chord_symbols import chords_heard, merged
from livegen.notation.grid import TOGETHER, NotationGrid, quantised, swing_of
from livegen.notation.kit import drum_of
from livegen.notation.layers import filled, hands, one_layer, two_layers
from livegen.notation.spelling import ChordAt, tones_of
from livegen.notation.symbols import (
    ChordSymbol,
    Group,
    Instrument,
    Layer,
    Measure,
    Notation,
    SpelledPitch,
    Staff,
    SungSyllable,
    Symbol,
)

_MIDDLE = 57  # a staff whose median note lies below it has a bass clef
_TWO_HANDS = 0.12  # the share of notes from which on a hand has a staff of its own
_TENTH = 16  # semitones: what plays within so many at once needs no second staff
_BY_CHANCE = (
    0.08  # the share of a melody's notes up to which a second line is a finger that was late
)
_HOME = 1.0  # nats that a key is likelier whose tonic is the lowest of the last notes
_MOST, _BASS = 96.0, 52  # ticks that a note counts at most; notes below are the bass
_SHORT = 8  # letters of a name before all staves but the first
_LIMBS = 2.6  # ticks: strokes of a drummer that are closer were meant together
_US = 60_000_000


Words = Mapping[int, SungSyllable]  # by tick


class Voice(NamedTuple):
    """The notes of a channel of a track: `rule` as in `livegen.music.parts.RULES`, `program` from 0."""

    name: str
    rule: str
    program: int
    notes: tuple[Note, ...]


def notate(
    score: Score,
    title: str = "",
    key: Key | None = None,
    chords: Sequence[tuple[int, Chord | None]] | None = None,
    words: Sequence[SungNote] = (),
) -> Notation:
    """The notation of a score.

    `chords` are (tick, 24 to a quarter, chord) in order; without them they are those that are heard.  Without a `key`
    it is the likeliest of all notes.  `words` stand under the notes of the lead that begin with them.
    """
    voices, bars, key, symbols = heard(score, key, chords)
    every = [note for voice in voices for note in voice.notes]
    swing = swing_of(bars, every)
    under = _under(words)
    return Notation(
        title,
        bars,
        tuple(_instrument(voice, bars, swing, key, symbols, under) for voice in voices),
        symbols,
        key,
        _bpm(score),
        bool(swing),
    )


class Heard(NamedTuple):
    """All that a score says to a musician before it is written: who plays, its bars, key and chords."""

    voices: list[Voice]
    bars: tuple[Measure, ...]
    key: Key | None
    chords: tuple[ChordSymbol, ...]


def heard(
    score: Score,
    key: Key | None = None,
    chords: Sequence[tuple[int, Chord | None]] | None = None,
) -> Heard:
    """Voices, bars, key and chords of a score, as `notate` takes them."""
    voices = voices_of(score)
    end = max((note.end for voice in voices for note in voice.notes), default=0.0)
    bars = bars_of(score.metres, score.ppqn, end - TOGETHER)
    pitched = [note for voice in voices if voice.rule != "drums" for note in voice.notes]
    last = bars[-1].start + bars[-1].ticks
    if chords is None:
        symbols = chords_heard(*_chordal(voices), bars)
    else:
        symbols = merged((at, chord) for at, chord in chords if at < last)
    return Heard(voices, tuple(bars), key or key_of(pitched), symbols)


def chord_markers(score: Score) -> list[tuple[int, str]]:
    """The names of the chords that are heard in a score, each at its tick of the file: markers for a DAW."""
    _, _, key, chords = heard(score)
    names = ("N.C." if chord is None else spelled(chord, key) for _, chord in chords)
    ticks = (at * score.ppqn // TICKS_PER_BEAT for at, _ in chords)
    return list(zip(ticks, names, strict=True))


def _under(words: Sequence[SungNote]) -> Words:
    """The syllables under the notes, by the tick on which these begin."""
    found, goes_on = dict[int, SungSyllable](), False
    for note in words:
        places = ("middle", "end") if goes_on else ("begin", "single")
        found[note.start] = SungSyllable(note.syllable.written, places[not note.syllable.goes_on])
        goes_on = note.syllable.goes_on
    return found


def _bpm(score: Score) -> float:
    return _US / median(tempo for _, tempo in score.tempos) if score.tempos else 120.0


def key_of(notes: Sequence[Note]) -> Key | None:
    """The likeliest key of all notes; None without notes.

    By how long each pitch class sounds, in the bass too, by its tone, and on what it all comes to rest.
    """
    if not notes:
        return None
    weights, bass = [0.0] * 12, [0.0] * 12
    for note in notes:
        lasts = min(note.end - note.onset, _MOST) / TICKS_PER_BEAT
        weights[note.pitch % 12] += lasts
        bass[note.pitch % 12] += lasts * (note.pitch < _BASS)
    last = max(note.end for note in notes)
    final = min((n.pitch for n in notes if n.end > last - TICKS_PER_BEAT), default=0)
    tone = tone_of(
        sorted(
            Note(note.onset / TICKS_PER_BEAT, note.end / TICKS_PER_BEAT, note.pitch)
            for note in notes
        )
    )
    scores = [
        score + told + _HOME * (key.tonic == final % 12)
        for score, told, key in zip(logits(weights, bass), tone, KEYS, strict=True)
    ]
    return KEYS[scores.index(max(scores))]


# --- who plays ----------------------------------------------------------------------------------------------------


def voices_of(score: Score) -> list[Voice]:
    """The voices of a score: the player's first, then as in the file."""
    rows = [(track, channel) for track in score.tracks for channel in _channels(track.messages)]
    voices = []
    for position, (track, channel) in enumerate(rows):
        messages = [row for row in track.messages if getattr(row[1], "channel", None) == channel]
        rule, name = _known(track, channel, position, len(rows))
        programs = [m.program for _, m in messages if isinstance(m, ProgramChange)]
        program = programs[0] if programs else track.program
        notes = _notes(messages, score.ppqn, _LIMBS if rule == "drums" else TOGETHER)
        if rule == "drums":
            notes = [note._replace(pitch=general_midi_drum(note.pitch)) for note in notes]
        voices.append(Voice(name, rule, program, tuple(notes)))
    return [voice for voice in voices if voice.notes]


def _channels(messages: Iterable[tuple[int, Message]]) -> list[int]:
    return sorted({message.channel for _, message in messages if isinstance(message, NoteOn)})


def _known(track: Track, channel: int, position: int, count: int) -> tuple[str, str]:
    """The rule and the name of a channel of a track."""
    side = side_of(track.name)
    if not side:
        rule = rule_of_track(track.name, channel, track.program, position, count)
        return rule, track.name or rule.capitalize()
    who, part = {PLAYER: "You", MODEL: "livegen"}[side], part_of(track.name, channel)
    return part or KEYBOARD, f"{who}, {part}" if part else who


def _notes(messages: Iterable[tuple[int, Message]], ppqn: int, apart: float) -> list[Note]:
    """The notes of a channel in ticks of 24 to a quarter; what begins less than `apart` ticks later begins with it."""
    scale, sounding, found = (
        TICKS_PER_BEAT / ppqn,
        dict[int, tuple[float, int]](),
        list[Note](),
    )
    for tick, message in messages:
        pitch, at = getattr(message, "pitch", None), tick * scale
        if pitch is None:
            continue
        if pitch in sounding:
            since, velocity = sounding.pop(pitch)
            found.append(Note(since, max(at, since + 1), pitch, velocity))
        if isinstance(message, NoteOn):
            sounding[pitch] = at, message.velocity
    together: list[Note] = []
    for note in sorted(found):
        since = together[-1].onset if together else note.onset
        together.append(note._replace(onset=since) if note.onset - since < apart else note)
    return together


def _chordal(voices: Sequence[Voice]) -> tuple[list[Note], list[Note]]:
    """The notes that accompany, and those of which only chords do."""
    below: list[Note] = []
    others: list[Note] = []
    for voice in voices:
        if voice.rule in ("comp", "bass"):
            below += voice.notes
        elif voice.rule == KEYBOARD:
            right, left = hands(voice.notes)
            below += left
            others += right
        elif voice.rule == "lead":
            others += voice.notes
    return below, others


# --- where it stands ----------------------------------------------------------------------------------------------


def _instrument(
    voice: Voice,
    bars: Sequence[Measure],
    swing: float,
    key: Key | None,
    chords: Sequence[ChordSymbol],
    words: Words,
) -> Instrument:
    if voice.rule == "drums":
        return Instrument(voice.name, _short(voice), (_kit(voice.notes, bars, swing),), 0)
    parts = [list(voice.notes)]
    if voice.rule in (KEYBOARD, "comp") and _needs_two(voice.notes):
        right, left = hands(voice.notes)
        if min(len(right), len(left)) >= _TWO_HANDS * len(voice.notes):
            parts = [right, left]
    chord_at = ChordAt(chords)
    staves = []
    for index, notes in enumerate(parts):
        grid = NotationGrid(bars, notes, swing)
        written = quantised(notes, grid)
        layers = _layers(written, voice.rule)
        spelled = [
            [
                (group, tones)
                for group, tones in zip(layer, tones_of(layer, key, chord_at), strict=True)
            ]
            for layer in layers
        ]
        is_low = bool(notes) and median(note.pitch for note in notes) < _MIDDLE
        clef = ("treble", "bass")[index] if len(parts) == 2 else "bass" if is_low else "treble"
        under = words if voice.rule == "lead" else {}
        staves.append(Staff(clef, _in_bars(spelled, bars, grid, under)))
    return Instrument(voice.name, _short(voice), tuple(staves), voice.program)


def _layers(notes: Sequence[Note], rule: str) -> list[list[Group]]:
    """The layers of a staff: two where its player holds one line against another, and not once by chance."""
    if rule not in ("bass", "comp"):
        upper, lower = two_layers(notes)
        if len(lower) > _BY_CHANCE * (len(upper) + len(lower)) or rule == KEYBOARD:
            return [upper, lower]
    return [one_layer(notes)]


def _short(voice: Voice) -> str:
    return voice.name.split()[-1][:_SHORT]


def _needs_two(notes: Sequence[Note]) -> bool:
    pitches = sorted(note.pitch for note in notes)
    low, high = pitches[len(pitches) // 20], pitches[-1 - len(pitches) // 20]
    return high - low > _TENTH and low < 58 and high > 59


def _kit(notes: Sequence[Note], bars: Sequence[Measure], swing: float) -> Staff:
    """Hands above, feet below; each stroke lasts until the next, and no longer than its beat."""
    grid = NotationGrid(bars, notes, swing, is_kit=True)
    struck = quantised(notes, grid)
    rows = []
    for is_foot in (False, True):
        groups = []
        mine = one_layer(note for note in struck if drum_of(note.pitch).is_foot is is_foot)
        for group, after in zip(mine, [*mine[1:], None], strict=False):
            beat = group.start - group.start % TICKS_PER_BEAT + TICKS_PER_BEAT
            groups.append(group._replace(end=min(beat, after.start) if after else beat))
        rows.append([(group, tuple(map(_stroke, group.pitches))) for group in filled(groups)])
    written = _in_bars(rows, bars, grid, {})
    return Staff("percussion", tuple(tuple(map(_untied, layers)) for layers in written))


def _untied(layer: Layer) -> Layer:
    """The same strokes: one that rings on is one note and rests."""
    return tuple(
        symbol._replace(tones=() if symbol.is_held else symbol.tones, is_tied=False, is_held=False)
        for symbol in layer
    )


def _stroke(pitch: int) -> SpelledPitch:
    drum = drum_of(pitch)
    return SpelledPitch(pitch, drum.step, 0, drum.octave)


Row = Sequence[tuple[Group, tuple[SpelledPitch, ...]]]


def _in_bars(
    layers: Sequence[Row], bars: Sequence[Measure], grid: NotationGrid, words: Words
) -> tuple[tuple[Layer, ...], ...]:
    """The layers of each bar; one that has no note there is left out, but for the rest of the whole bar."""
    found = []
    for bar in bars:
        written = [_in_bar(layer, bar, grid, words) for layer in layers]
        sounding = [layer for layer in written if any(symbol.tones for symbol in layer)]
        found.append(tuple(sounding or written[:1]))
    return tuple(found)


def _in_bar(layer: Row, bar: Measure, grid: NotationGrid, words: Words) -> Layer:
    until = bar.start + bar.ticks
    symbols: list[Symbol] = []
    at = 0

    def triplet(tick: int) -> tuple[int, int] | None:
        found = grid.triplet(bar.start + tick)
        return None if found is None else (found[0] - bar.start, found[1])

    def rest(to: int) -> None:
        if to > at:
            rests = values.rests_in(at, to, bar, triplet)
            symbols.extend(Symbol(start, ticks, is_triplet=third) for start, ticks, third in rests)

    for group, tones in layer:
        if group.end <= bar.start or group.start >= until:
            continue
        start, end = max(group.start, bar.start) - bar.start, min(group.end, until) - bar.start
        rest(start)
        own = values.notes_in(start, end, bar, triplet)
        notes = [Symbol(place, ticks, tones, True, True, third) for place, ticks, third in own]
        is_held = group.start < bar.start
        sung = None if is_held else words.get(group.start)
        notes[0] = notes[0]._replace(is_held=is_held, sung=sung)
        notes[-1] = notes[-1]._replace(is_tied=group.end > until)
        symbols.extend(notes)
        at = end
    rest(bar.ticks)
    return tuple(symbols)


__all__ = ["Voice", "key_of", "notate", "voices_of"]
