"""The brief of a response: from the controls and the call to masks, lengths and shares.

Knows no model, no turns and no chance.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from livegen.inference.sampling import Mask
from livegen.jam.band.circles import MOST
from livegen.jam.band.comping import of_comp
from livegen.jam.band.contour import Contour
from livegen.jam.band.drummer import Drummer
from livegen.jam.band.figures import (
    NO_FIGURES,
    Beat,
    Figure,
    Figures,
    Role,
    of_bass,
    of_bass_varied,
    of_variation,
)
from livegen.jam.band.harmonies import Welcome
from livegen.jam.band.sentences import Sentences
from livegen.jam.band.theme import Theme
from livegen.jam.band.variations import PLAIN_KIT, SWINGS, USUAL, VARIATIONS, Kit
from livegen.jam.band.voicings import InChords, Voicings
from livegen.jam.controls.controls import Settings
from livegen.jam.controls.mixer import strips
from livegen.jam.harmony.outline import ChordFrom, Outline
from livegen.jam.planning.registers import is_low, is_over_chords, pitches, solo_middle, voices
from livegen.jam.timing.agenda import ROUTES, Route
from livegen.jam.turns import MODES, Length, Mode, Parts
from livegen.music.charts import Stretch
from livegen.music.drums.drum_bars import KICKS
from livegen.music.keys.scale import PitchClasses, blues, coloured, parse_scale
from livegen.music.melody.leads import StyleLines, usual_onsets
from livegen.music.melody.phrase import CHORD_US, Phrase, Played
from livegen.music.parts import BASS, COMP, DRUMS, LEAD, PARTS
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.time.quantise import GRIDS
from livegen.music.time.swing import STRAIGHT
from livegen.music.time.timeline import Timeline

LONGEST_RESPONSE = 128 * TICKS_PER_BEAT  # of a response that is as long as its call
LONGEST_NOTE = 8 * TICKS_PER_BEAT
_AT_HOME = 0.9  # share of the last notes below which the key of before is left
_LINGER = 2  # ticks: a key that comes up this late does not make another beat

# Nats that a pitch costs a comp: one that the player has played lately, one between the lowest and the highest of his
# left hand, and one above the lowest of his melody.
_TAKEN, _IN_HAND, _OVER_LEAD = -2.5, -2.0, -1.5
_TAKEN_BEATS = 4  # for so long a pitch is the player's
# A note's power goes with the fourth power of its velocity on most synthesisers.  A comp makes up for two thirds of how
# much louder its chord is than one note: it is not to be lost beside bass and drums.
_SOFTER = 2 / 3 / 4

# Lines of the beat, in ticks, and how welcome (in nats) those are on which the call did not play.
_LINES = {0: 0.0, 12: 0.0, 6: -1.0, 18: -1.0, 8: -1.5, 16: -1.5}
# The same to an answer: who plays on the beats alone is answered there; a soloist over his chords is not.
_ANSWERED = {0: 0.0, 12: -1.5, 6: -2.0, 18: -2.0, 8: -2.0, 16: -2.0}
_LINE_OF = {(line + by) % TICKS_PER_BEAT: line for line in _LINES for by in (-1, 0, 1)}
SIXTEENTH = TICKS_PER_BEAT // 4
# Few notes say little of the lines on which they are not; more than four say more, up to three times as much.
_FIRM_AFTER, _MOST_FIRM = 4, 3.0
_SIXTEENTHS, _OFF_BEAT, _LATE_OFF_BEAT = (6, 18), 12, 16
_STRAY = 0.01  # share of onsets off all lines that is always granted
# The same where eighths swing: after a late one the network often counts a straight eighth, beside the beat.
_STUTTERS = -6.0
_STRAY_SWUNG = 0.0002

# Nats: how unwelcome what is out of the scale is at the strictest that still allows it.
_STRANGE = -8.0
_STYLE_PACE = 0.8  # share of the style in how dense it is
_LOUDER = 60.0  # velocities between no energy and all of it
_DENSER = 4.0  # ratio of densities between them
_WANTED = 2.0  # nats: how welcome a part is that should play and does not
_LEAST_BEFORE = 2 * TICKS_PER_BEAT  # ticks that a response plays before it closes
_LATELY = 2  # beats over which it is judged how densely the player plays
_LOUD_LATELY = 6  # beats over which it is judged how loudly
_CALM = 1.0  # onsets per beat that leave room for an accompaniment

# Of drums that play by themselves.
_PLAYED = 80  # velocity of a call that is neither loud nor soft
_STEADY = 0.8  # of the temperature: bars are then as like the one before as people's
_DRUMS_GROOVE = np.array([{0: 0.0, 6: -0.5}.get(tick % 12, -4.0) for tick in range(TICKS_PER_BEAT)])

# E, on which a bass and a guitar have an open string: the root while nobody names another.
ROOT = frozenset({4})

Nats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Brief:
    """The limits and wishes that a response keeps to.  Ticks are on the timeline of the hearing; tuples are by part.

    `end` None goes on for ever.  The first onset comes within `patience` ticks of `start`.  `pitches` are
    masks (128,) of what may be begun; `voices` how many notes a part may hold at once; `channels` where it
    is sent.  `closes` is the tick of a strong beat on which the response may come to rest: a note that begins there is
    its last, and held to its end.  `groove` (24,) is added to the logits of time, by tick of the beat; `harmony` to
    those of pitch; `wanted` to that of a part that should play and is silent, and the more the longer it is, from the
    ticks `silent_since`.  `room` is the share of `density` that
    somebody who plays along leaves, None for an answer.  `pace` is the call's onsets per beat, and
    `follow` (0..1) how closely density and loudness keep to those of the call.  `supposes`: the parts that are
    not ours are somebody's who plays on, and not silent.  `theme` is what the part that leads takes up,
    and `sentences` are those in which it speaks where it goes on for ever;
    `lines` says how lines of the style go that it plays in.
    `memory` (0..1) is how much all of them take up of what was played in the session.
    `strikes` are chords, with their ticks, that the parts which accompany strike; notes of theirs outside them end.
    From each of `waits`, a tick, those parts wait a moment for the player's chord.  At the beginning of each of `rests`
    all may strike once more, and then nobody plays to its end.
    `last` is the chord that is struck last: all begin anew with it, and what begins then is held to the end.
    `sections` are bar lines on which a section begins, None where the form is not known.
    `figures` are what parts keep to, and `drummer` is what drums keep to that play by themselves, on a `kit`.
    A line tires of one pitch that it has played `same` times in a row.  A bass that answers begins on pitch class
    `root`, None where no root is known, and chords come to rest on it; a solo over chords keeps to its `contour`.
    A part with `voicings` strikes those, each as one onset, and no single notes.  `gap` is the longest wait of the call
    from onset to onset, None where nothing is answered or the call was one note, and `soonest` the shortest.
    `densities` are those of the parts beside one another, and multiply `density`.  Onsets are on lines `grid` ticks
    apart, None for any; no note is longer than `longest` ticks.  `taken` (128,) is how unwelcome the pitches of the
    player's hands are to a comp, in nats, and `heard` how many notes the player plays at once, None where a comp does
    not care.
    """

    start: int
    end: int | None
    parts: tuple[bool, ...]
    pitches: tuple[Mask, ...]
    voices: tuple[int, ...]
    channels: tuple[int, ...]
    patience: int = TICKS_PER_BEAT
    closes: int | None = None
    temperature: float = 1.0
    nucleus: float = 1.0
    density: float = 1.0
    room: float | None = None
    pace: float | None = None
    velocity: float = 64.0
    louder: float = 0.0
    follow: float = 0.0
    groove: Nats | None = None
    harmony: tuple[Welcome | None, ...] = (None,) * len(PARTS)
    wanted: float = 0.0
    silent_since: tuple[int, ...] | None = None
    supposes: bool = False
    theme: Theme | None = None
    sentences: Sentences | None = None
    lines: StyleLines | None = None
    memory: float = 0.0
    strikes: tuple[ChordFrom, ...] = ()
    rests: tuple[Stretch, ...] = ()
    waits: tuple[int, ...] = ()
    last: ChordFrom | None = None
    sections: frozenset[int] | None = None
    figures: Figures = NO_FIGURES
    drummer: Drummer | None = None
    densities: tuple[float, ...] = (1.0,) * len(PARTS)
    grid: int | None = None
    longest: int = LONGEST_NOTE
    kit: Kit = PLAIN_KIT
    voicings: tuple[Voicings | None, ...] = (None,) * len(PARTS)
    same: int = MOST
    root: int | None = None
    contour: Contour | None = None
    gap: int | None = None
    soonest: int | None = None
    taken: Nats | None = None
    heard: int | None = None

    @property
    def softer(self) -> float:
        """The factor, 0 to 1, by which notes of a comp are softer where it strikes more at once than the player."""
        if self.heard is None or not self.voices[COMP]:
            return 1.0
        return float(min(1.0, self.heard / self.voices[COMP]) ** _SOFTER)

    @property
    def densest(self) -> float:
        """The greatest of the densities of parts that play."""
        return max(self._playing, default=1.0)

    @property
    def overall(self) -> float:
        """The density of all that plays: that of each part counts the same."""
        return self.density * (sum(self._playing) / len(self._playing) if self._playing else 1.0)

    @property
    def _playing(self) -> list[float]:
        playing = zip(self.parts, self.densities, strict=True)
        return [density for plays, density in playing if plays]


def brief_for(
    phrase: Phrase,
    settings: Settings,
    timeline: Timeline,
    start: int,
    *,
    routes: tuple[Route, ...] = ROUTES,
    outline: Outline = Outline(),  # noqa: B008  a value
    now: int | None = None,
    theme: Theme | None = None,
    tonic: frozenset[int] = frozenset(),
    lines: StyleLines | None = None,
    swing: float = STRAIGHT,
    chords: Mapping[int, InChords] = MappingProxyType({}),
    same: int = MOST,
    root: int | None = None,
) -> Brief:
    """The brief for what answers, or goes along with, `phrase` from tick `start` on, as things are at `now` (micros).

    `chords` are what parts struck that are answered in chords; `same` and `root` are those of the brief.

    `outline` is the harmony that is gone by, `tonic` the pitch classes on which a line comes to rest, `lines` is how
    lines of the style go; `swing` is in percent of a beat.
    """
    mode = MODES[settings.mode]
    beside = mode.is_beside
    variation = VARIATIONS[settings.variation if beside else USUAL]
    plays = parts(phrase, settings, mode)
    energy = settings.energy - 0.5
    ticks = length(phrase, settings, mode.length, timeline, start)
    patience = 0 if settings.start in ("now", "bar") and not beside else TICKS_PER_BEAT
    allowed = _scale(phrase, settings, outline)
    kicks: tuple[int, ...] = ()
    if beside and not (outline.classes or outline.chords or any(phrase.pitch_classes)):
        # Nobody has played a pitch: a bass may stay on one root, and chords would be anybody's guess.
        plays = tuple(plays[part] and part != COMP for part in range(len(PARTS)))
        kicks = kicked(phrase.played(now or 0), timeline)
        allowed = ROOT if settings.scale == "played" else allowed
    if beside or outline.is_written:
        # A chord is at home where it sounds: the key may be slower than it.
        sounding = (chord for _, chord in outline.chords if chord)
        allowed = allowed.union(*(chord.pitch_classes for chord in sounding))
    left = room(phrase, settings, timeline, now) if beside and now is not None else None
    sentences = None
    if theme and ticks is None and not beside:
        # Over chords each of them says where a line may rest.
        at_rest = frozenset[int]() if outline.chords else tonic
        sentences = Sentences(timeline.metre, timeline.metre.bar_near(theme.began), at_rest)
    lines = lines if plays[LEAD] and not beside else None
    ending = outline.ending
    end = None if ticks is None else start + ticks
    return Brief(
        start=start,
        end=ending.until if ending else end,
        parts=plays,
        pitches=pitches(phrase, settings, allowed, routes),
        voices=tuple(voices(phrase, settings, part) for part in range(len(PARTS))),
        voicings=tuple(
            Voicings(own.voicings, allowed, own.gap) if (own := chords.get(part)) else None
            for part in range(len(PARTS))
        ),
        channels=tuple(route.channel for route in routes),
        patience=patience,
        closes=None if end is None else closing(plays, timeline.metre, start, end),
        temperature=settings.temperature,
        nucleus=settings.nucleus,
        density=settings.density * _DENSER**energy * (left or 1.0),
        room=left,
        pace=None if beside else _paced(_pace(phrase, settings, timeline, chords), lines),
        velocity=_velocity(phrase, timeline, now) if beside else phrase.velocity,
        louder=louder(settings) + variation.louder,
        follow=settings.follow,
        groove=_grooved(phrase, settings, timeline, swing) if settings.groove else None,
        harmony=_harmonies(settings, allowed, timeline.metre, outline),
        rests=tuple(outline.rests),
        last=ending.last if ending else None,
        wanted=_WANTED if beside else 0.0,
        supposes=beside,
        theme=theme,
        sentences=sentences,
        lines=lines,
        memory=settings.memory,
        same=same,
        root=root,
        contour=_contour(phrase, settings, timeline),
        gap=None if beside or ticks is None else _longest_gap(phrase, timeline),
        soonest=None if beside or ticks is None else _shortest_gap(phrase, timeline),
        densities=tuple(
            strip.density * density
            for strip, density in zip(strips(settings), variation.densities, strict=True)
        ),
        sections=outline.sections,
        figures=of_variation(variation, swing, kicks, timeline.metre, start),
        kit=variation.kit,
        grid=GRIDS.get(settings.quantise),
        longest=round(settings.longest * TICKS_PER_BEAT),
        taken=_taken(phrase, timeline, now) if beside and now is not None else None,
        heard=_heard(phrase) if beside else None,
    )


def _taken(phrase: Phrase, timeline: Timeline, now: int) -> Nats | None:
    """Give how unwelcome each pitch (128,) is to a comp where the player plays, in nats; None where nobody does."""
    since = now - _TAKEN_BEATS * timeline.tempo_us
    lately = [note for note in phrase.played(now) if note.end_us > since and not note.is_drum]
    if not lately:
        return None
    nats = np.zeros(128)
    hand = [note.pitch for note in lately if note.part != LEAD]
    sung = [note.pitch for note in lately if note.part == LEAD]
    if sung and not is_low(phrase):
        nats[min(sung) :] = _OVER_LEAD
    if hand:
        nats[min(hand) : max(hand) + 1] = _IN_HAND
    nats[sorted({*hand, *sung})] = _TAKEN
    return nats


def _heard(phrase: Phrase) -> int | None:
    """Give how many notes the player plays at once; None of one who plays drums only."""
    voices = [extent.voices for part, extent in phrase.extents.items() if part != DRUMS]
    return sum(voices) if voices else None


def for_drums(brief: Brief, drummer: Drummer | None = None) -> Brief:
    """The same for drums that play by themselves: nobody to suppose or to leave room for.

    Sixteenths, and steady where they keep to nothing.  Brushes are as much softer than they are as the call is.
    """
    kit = drummer.kit if drummer else brief.kit
    if kit.is_brushed:
        louder = brief.louder + brief.follow * (brief.velocity - _PLAYED) / 2
        brief = replace(brief, follow=0.0, louder=louder)
    return replace(
        brief,
        parts=tuple(part == DRUMS for part in range(len(PARTS))),
        density=brief.density / (brief.room or 1.0),
        room=None,
        temperature=brief.temperature * (1.0 if drummer else _STEADY),
        groove=_DRUMS_GROOVE,
        wanted=0.0,
        supposes=False,
        strikes=(),
        figures=NO_FIGURES,
        drummer=drummer,
        kit=kit,
    )


def in_style(brief: Brief, style: str, metre: Metre, drummer: Drummer) -> Brief:
    """The same with the figures that bass and comp have in a style, where no variation asks for a sparser bass.

    How busy the player is does not thin a comp's figure: it would come and go with each phrase.
    """
    kicks = drummer if brief.parts[DRUMS] else None
    density = brief.density * brief.densities[COMP] / (brief.room or 1.0)
    comp = of_comp(style, metre, drummer.origin, density, drummer.seed)
    bass = of_bass(style, metre, drummer.origin, kicks)
    chosen = {BASS: of_bass_varied(brief.figures[BASS], bass), COMP: comp or brief.figures[COMP]}
    figures = tuple(chosen.get(part) for part in range(len(PARTS)))
    voices = tuple(
        min(most, figure.voices) if figure and figure.voices else most
        for most, figure in zip(brief.voices, figures, strict=True)
    )
    # The comp's figure is as dense as it is to be: others are not thinned beside it.
    densities = tuple(
        1.0 if part == COMP and comp else density for part, density in enumerate(brief.densities)
    )
    return replace(brief, figures=figures, voices=voices, densities=densities)


def unmeasured(brief: Brief, since: Sequence[int]) -> Brief:
    """The same while the beat is but a guess: nothing is played on it.

    There are no drums, and bass and comp hold what they strike with the player's chords, or begin it again where no
    note may last longer.  `since` is the tick of the last onset of each part.
    """
    struck = [strike.tick for strike in brief.strikes]
    again = (Beat(LONGEST_NOTE - 1, Role.ANY),)
    figures = tuple(
        Figure(max([since[part], *struck]), LONGEST_NOTE, again, is_firm=True, holds=True)
        if part in (BASS, COMP)
        else None
        for part in range(len(PARTS))
    )
    return replace(brief, parts=(*brief.parts[:DRUMS], False), figures=figures)


def kicked(notes: Sequence[Played], timeline: Timeline) -> tuple[int, ...]:
    """The ticks of the bar on which the kick of a drummer's last two bars falls, to the sixteenth."""
    if not notes:
        return ()
    bar = timeline.metre.place(last := timeline.tick(notes[-1].onset_us)).bar
    places = {
        round(timeline.metre.place(tick).position / SIXTEENTH) * SIXTEENTH % bar
        for note in notes
        if note.is_drum
        and note.pitch in KICKS
        and (tick := timeline.tick(note.onset_us)) > last - 2 * bar
    }
    return tuple(sorted(places))


def louder(settings: Settings) -> float:
    """Velocities to be added for the energy that is asked for."""
    return _LOUDER * (settings.energy - 0.5)


def _velocity(phrase: Phrase, timeline: Timeline, now: int | None) -> float:
    """Give how loud the player has been lately: who goes along with him is with him in the song, not with its mean."""
    return phrase.velocity_since((now or 0) - _LOUD_LATELY * timeline.tempo_us)


def room(phrase: Phrase, settings: Settings, timeline: Timeline, now: int) -> float:
    """The share of its notes that an accompaniment keeps: fewer the more onsets a beat the player has had lately.

    A chord is one onset.  With `follow` at 1 it plays half as much beside eighths as beside quarters, at 0 it does not
    care.
    """
    onsets, last = 0, None
    for at in phrase.onsets_us:
        if now - _LATELY * timeline.tempo_us < at <= now and (last is None or at - last > CHORD_US):
            onsets, last = onsets + 1, at
    busy = max(0.0, onsets / _LATELY - _CALM)
    return 1.0 / (1.0 + settings.follow * busy)


def parts(phrase: Phrase, settings: Settings, mode: Mode) -> tuple[bool, ...]:
    """Tell of each part whether the model plays it."""
    heard = phrase.parts or (LEAD,)
    if settings.parts != "auto":
        named = settings.parts.split()
        return tuple(part in named for part in PARTS)
    chosen = {
        Parts.CALL: set(heard),
        Parts.LEAD: {LEAD},
        Parts.OTHERS: set(range(len(PARTS))) - {LEAD, *heard},
    }[mode.parts]
    return tuple(part in chosen for part in range(len(PARTS)))


def _contour(phrase: Phrase, settings: Settings, timeline: Timeline) -> Contour | None:
    """The contour of a solo over chords alone."""
    if not is_over_chords(phrase, settings):
        return None
    metre = timeline.metre
    return Contour(metre, metre.bar_near(timeline.tick(phrase.began_us)), solo_middle(phrase))


def pace(
    phrase: Phrase, timeline: Timeline, in_chords: Collection[int] = frozenset()
) -> float | None:
    """Onsets per beat of a phrase; None of one too short to tell.  A chord of a part `in_chords` is one."""
    beats = (phrase.active_us - phrase.began_us) / timeline.tempo_us
    count = onsets(phrase, in_chords)
    return count / max(1.0, beats) if count > 1 else None


def _pace(
    phrase: Phrase, settings: Settings, timeline: Timeline, in_chords: Collection[int]
) -> float | None:
    """The pace of what answers: that of the phrase; of a solo over chords alone that of lines."""
    is_solo = is_over_chords(phrase, settings)
    return usual_onsets() if is_solo else pace(phrase, timeline, in_chords)


def _longest_gap(phrase: Phrase, timeline: Timeline) -> int | None:
    """The longest wait from onset to onset of a phrase, in ticks; None of one note."""
    gaps = phrase.longest_ioi_us * TICKS_PER_BEAT / timeline.tempo_us
    return round(gaps) if phrase.notes > 1 else None


def _shortest_gap(phrase: Phrase, timeline: Timeline) -> int | None:
    """The shortest wait from onset to onset of a phrase, chords counted once, in ticks; None of one stroke."""
    gaps = (after - before for before, after in pairwise(phrase.onsets_us))
    shortest = min((gap for gap in gaps if gap > CHORD_US), default=None)
    return None if shortest is None else shortest * TICKS_PER_BEAT // timeline.tempo_us


def onsets(phrase: Phrase, in_chords: Collection[int]) -> int:
    """The notes of a phrase, where a chord of a part `in_chords` is one."""
    together = (extent for part, extent in phrase.extents.items() if part in in_chords)
    return phrase.notes - sum(extent.notes - extent.strokes for extent in together)


def length(
    phrase: Phrase, settings: Settings, which: Length, timeline: Timeline, start: int
) -> int | None:
    """Ticks of the response: bars, or the call from first beat to end, in whole beats or bars; None for ever."""
    if which is Length.ENDLESS:
        return None
    bar, beat = timeline.metre.place(start).bar, timeline.metre.beat
    if which is Length.TRADE:
        return int(settings.trade) * bar
    if not isinstance(settings.length, str):
        return int(settings.length) * bar
    first = timeline.beat_from(timeline.tick(phrase.began_us) - beat // 2)
    last = timeline.tick(phrase.active_us)
    if (
        phrase.sounds
    ):  # planned while the last note is held, which counts to the end of its bar at most
        last = min(start, timeline.bar_from(timeline.tick(phrase.onsets_us[-1]) + 1))
    last -= _LINGER
    unit = bar if settings.start == "bar" else beat
    units = -((first - last) // unit)
    return min(max(units * unit, unit), max(unit, LONGEST_RESPONSE // unit * unit))


def closing(plays: Sequence[bool], metre: Metre, start: int, end: int) -> int | None:
    """The last strong beat before `end`; None where too little comes before it, and with drums, who play on."""
    place = metre.place(end - 1)
    apart = metre.strong(place.bar)
    closes = end - 1 - place.position % apart
    return closes if closes - start >= _LEAST_BEFORE and not plays[DRUMS] else None


def _grooved(phrase: Phrase, settings: Settings, timeline: Timeline, swing: float) -> Nats:
    """Give how welcome each tick of the beat is, as much as is asked for; beside a player it is his to swing."""
    if MODES[settings.mode].is_beside:
        return settings.groove * groove(phrase, timeline)
    heard = min(_MOST_FIRM, max(1.0, phrase.notes / _FIRM_AFTER))
    unused = _LINES if is_over_chords(phrase, settings) else _ANSWERED
    welcome = groove(phrase, timeline, swings=swing >= SWINGS, firmness=heard, unused=unused)
    return settings.groove * welcome


def groove(
    phrase: Phrase,
    timeline: Timeline,
    *,
    swings: bool = False,
    firmness: float = 1.0,
    unused: Mapping[int, float] = MappingProxyType(_LINES),
) -> Nats:
    """Give how welcome each tick of the beat is, in nats: as on the lines on which the call was played.

    Where eighths swing, straight sixteenths beside them stumble: they are where the call has some.  Lines on which it
    did not play are `unused`, in nats, so many times as its `firmness` says.
    A tick early or late is the hand's doing, and as welcome as the call's hand was loose; an onset farther from all
    lines is meant to be there, and there alone.
    """
    ticks = [timeline.tick(at) % TICKS_PER_BEAT for at in phrase.onsets_us]
    lines = [_LINE_OF.get(tick) for tick in ticks]
    granted = _STRAY_SWUNG if swings else _STRAY
    strays = {tick for tick, line in zip(ticks, lines, strict=True) if line is None}
    stray = float(np.log(lines.count(None) / max(1, len(lines)) + granted))
    exact = sum(tick in _LINES for tick in ticks)
    beside = len(ticks) - exact - lines.count(None)
    loose = min(0.0, float(np.log((beside + _STRAY) / (exact + 1))))
    if swings:  # a late eighth and another a tick later would be a stutter; what is planned on the off-beat is late
        loose = min(loose, _STUTTERS)
        lines += [_OFF_BEAT] * (_LATE_OFF_BEAT in lines)
    welcome = np.full(TICKS_PER_BEAT, np.log(granted))
    for at in {(tick + by) % TICKS_PER_BEAT for tick in strays for by in (-1, 0, 1)}:
        welcome[at] = stray
    for line, nats in unused.items():
        is_beside = swings and line in _SIXTEENTHS
        on_line = 0.0 if line in lines else stray if is_beside else max(firmness * nats, stray)
        for by, off_line in ((0, 0.0), (-1, loose), (1, loose)):
            at = (line + by) % TICKS_PER_BEAT
            welcome[at] = max(welcome[at], on_line + off_line)
    return welcome


def _paced(pace: float | None, lines: StyleLines | None) -> float | None:
    """Onsets per beat between those of the call and those of the style."""
    if pace is None or lines is None:
        return pace
    return float(pace ** (1 - _STYLE_PACE) * lines.onsets**_STYLE_PACE)


def _scale(phrase: Phrase, settings: Settings, outline: Outline) -> PitchClasses:
    """Pitch classes that are at home."""
    classes = outline.classes
    if settings.scale == "off":
        return frozenset(range(12))
    if settings.scale != "played":
        return parse_scale(settings.scale)
    # A call may have begun in another key.
    is_told = MODES[settings.mode].is_beside or outline.is_written
    if is_told and classes is not None:
        return classes
    lately = phrase.lately
    has_changed = classes is not None and _share_in(classes, lately) < _AT_HOME
    if (classes is None or has_changed) and phrase.key is not None:
        classes = phrase.key.pitch_classes
    if classes is None:
        return frozenset(range(12))
    return blues(classes, lately) or coloured(classes, lately)


def _share_in(classes: PitchClasses, weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(weights[pitch_class] for pitch_class in classes) / total if total else 1.0


def _harmonies(
    settings: Settings, allowed: PitchClasses, metre: Metre, outline: Outline
) -> tuple[Welcome | None, ...]:
    """Give each part the welcome of pitches: those at home, and those of the chord to who goes by it."""
    if not settings.adherence and not outline.is_written:  # a chart also says where nobody plays
        return (None,) * len(PARTS)
    home = np.array([0.0 if pitch % 12 in allowed else 1.0 for pitch in range(128)])
    strange, chords = home * _strangeness(settings.adherence), tuple(outline.chords)
    return tuple(
        None
        if part == DRUMS
        else Welcome(
            part,
            strange,
            metre,
            chords,
            settings.adherence,
            outline.period,
        )
        for part in range(len(PARTS))
    )


def _strangeness(adherence: float) -> float:
    """Nats of what is not at home: so that of its odds 1 - `adherence` stay."""
    return max(_STRANGE, float(np.log1p(-adherence))) if adherence < 1 else _STRANGE
