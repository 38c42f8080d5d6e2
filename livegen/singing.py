"""Lyrics set to a tune, as a score: rhythm, network and voice put together on ticks.  Knows no files."""

from typing import NamedTuple

import numpy as np

from livegen.errors import ConfigError
from livegen.inference.contract import Model
from livegen.jam.controls.controls import Settings
from livegen.jam.controls.style_mix import mix_of
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.jam.interplay.listener import blend_of, unknown_style
from livegen.jam.phrases.singer import Singer, Singing, cadence
from livegen.music.files.smf import Score, Track
from livegen.music.keys.key import Key
from livegen.music.keys.scale import home_of, parse_scale
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.parts import LEAD, MODEL
from livegen.music.time.metre import TICKS_PER_BEAT, told_metre, written
from livegen.music.time.timeline import Timeline, tempo_us
from livegen.music.words.syllables import Line
from livegen.music.words.word_rhythm import SungNote, rhythm_for

PPQN = 480
HOME = "C major"  # where no scale is set
BPM = 100.0  # where no tempo is
_TOLD_BARS = 2  # of the cadence, that is heard and not written


class SungTune(NamedTuple):
    """A tune: the score of one track, Model; its notes with their syllables; lyrics for a MIDI file; its key.

    The notes are in ticks, 24 to a quarter, from the beginning of the score; lyrics are (tick, text) in its own ticks.
    """

    score: Score
    notes: tuple[SungNote, ...]
    lyrics: tuple[tuple[int, str], ...]
    key: Key


def tune(lines: tuple[Line, ...], model: Model, settings: Settings, seed: int) -> SungTune:
    """Set lines to a tune: in the scale, metre, tempo and style of the settings; the same seed gives the same tune.

    Raises ConfigError for an unknown style.
    """
    if line := unknown_style(settings.style, model):
        raise ConfigError(f"jam.{line}")
    scale = HOME if settings.scale in ("played", "off") else settings.scale
    bpm = BPM if isinstance(settings.tempo, str) else settings.tempo
    rhythm, metre = rhythm_for(lines, told_metre(settings.metre))
    bar, micros = metre.place(0).bar, tempo_us(bpm)
    timeline = Timeline(micros, 0, metre)
    style = blend_of(mix_of(settings.style, settings.style_mix), model)
    hearing = Hearing.fresh(GuardedModel(model), timeline, style)
    first = _TOLD_BARS * bar
    upbeat = bar if rhythm.notes[0].start < 0 else 0
    key = home_of(scale)
    for stroke in cadence(key, first, bar):
        hearing.feed(stroke)
    pitches, start = parse_scale(scale), first + upbeat
    singing = Singing(key, pitches, start, settings.temperature, settings.nucleus, settings.memory)
    singer = Singer(hearing, rhythm, singing, np.random.default_rng(seed))
    while not singer.is_done:
        singer.step()
    notes = tuple(
        note._replace(start=note.start + upbeat, end=note.end + upbeat) for note in rhythm.notes
    )
    each = PPQN // TICKS_PER_BEAT
    messages: list[tuple[int, Message]] = [
        (
            (stroke.tick - first) * each,
            NoteOn(stroke.pitch, stroke.velocity, LEAD)
            if stroke.velocity
            else NoteOff(stroke.pitch, channel=LEAD),
        )
        for stroke in singer.take()
    ]
    beats, of = map(int, written(metre).split("/"))
    score = Score(PPQN, (Track(MODEL, tuple(messages)),), ((0, micros),), ((0, beats, of),))
    lyrics = tuple(
        (note.start * each, note.syllable.written + ("-" if note.syllable.goes_on else " "))
        for note in notes
    )
    return SungTune(score, notes, lyrics, key)
