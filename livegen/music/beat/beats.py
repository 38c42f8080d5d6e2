"""The beat, the metre and the bar lines of what was played: a timeline for it, and how sure that is.

Candidates for the beat are found and followed (`beat_candidates`), a network hears which of them such music has as a
whole (`beat_context`), another compares them in every metre (`beat_network`), and hands play in ways that tell a beat
(`beat_idioms`); here the beat that is going on is preferred, and a choice becomes a timeline.  Knows notes and micros;
knows no call and no mode.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.beat import beat_context, beat_idioms, settled
from livegen.music.beat.beat_candidates import Candidates, candidates
from livegen.music.beat.beat_context import Context
from livegen.music.beat.beat_network import COLUMNS, Onsets, counted, last_of, network, onsets_of
from livegen.music.melody.phrase import CHORD_US, Played
from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT, Metre
from livegen.music.time.timeline import Timeline, tempo_us

USUAL_BPM = 110.0
SLOWEST_BPM, FASTEST_BPM = 30.0, 300.0  # quarter notes, as the control tempo has them
FEWEST = 4  # of fewer onsets the tempo is not judged
_ON_LINE_US = 40_000  # one or two onsets so near its lines go on with a beat
# The number of onsets, and their nearness to beats, that tell how far off the first was; below this it is a hand's.
_ON_BEATS, _BY_BEAT, _OFF_US = 3, 0.15, 5_000
# The number of onsets that tell the tempo once more, their share, and the number of candidates that are compared.
_AT_END, _OF_END, COMPARED = 14, 0.5, 16
# Nats by which another candidate is likelier: before onsets are compared, and before the end is asked.
_BEHIND, _HOPELESS = 3.0, 8.0
# The weights of which beats such music has as a whole, and of where in its bars its onsets are.
_PERIODS, _PLACES = 0.3, 0.05
_STAYS = 0.5  # nats by which the beat that is going on is likelier, and its bars too
# Of each column: metre, ticks of a beat, beats and quarters of a bar, the beat that is its first, and if it is 4/4.
_METRES = [bars.metre for bars, _ in COLUMNS]
_TICKS = np.array([bars.ticks for bars, _ in COLUMNS])
_BEATS = np.array([bars.beats for bars, _ in COLUMNS])
_QUARTERS = _BEATS * _TICKS / TICKS_PER_BEAT
_FIRST = np.array([first for _, first in COLUMNS])
_ANY = np.ones(len(_METRES), np.bool_)
_COMMON = np.array([metre == COMMON_TIME for metre in _METRES])
# Nats for a first onset on a bar line, and for 4/4: who plays to a partner has these more often than the excerpts that
# were learned from.
_BEGINS, _USUAL = 0.7, 1.0
# Beats that people prefer (Moelants, "Preferred tempo reconsidered", 2002), by column; a beat that is e times as long
# or as short has one nat less.
_PREFERRED_S = 60 / np.array([{12: 230, 24: 112, 36: 90}[ticks] for ticks in _TICKS.tolist()])
_WRITTEN = 12.5  # the same for a tempo that is written: people play within a fifth of it, two times of three
# A candidate is the beat that is going on: by the logarithm of its tempo, in beats.
_SAME_TEMPO, _SAME_PLACE = 0.06, 0.2
_ALIKE = 2  # both
_LIKE_TEMPO = 0.04  # of its logarithm: two candidates have one tempo
_CLEAR_BARS = 0.05  # how much the likeliest bars of a tempo count beside all that it could have
_LAID = 0.5  # bars at a tempo that is told: so sure at least
_EXACT_TEMPO, _EXACT_US = 0.005, 10_000  # a timeline that is off by no more stays as it is
_LATEST, _STEADY = 8, 40  # onsets by which bar lines are placed
_STEADY_S = 0.02  # spread of onsets about a steady beat
_STEADY_TEMPO = 0.015  # of its logarithm: it is no other at the end
_LATELY_S, _FEWEST_LATELY = 2.5, 6  # the end: so many seconds, but so many onsets at least
# Spread in beats from which onsets tell a tempo, if it is near the one that was followed.
_TELLS, _FOLLOWS = 0.5, 0.12
_OFF_BEAT = 0.4  # how much those count that lie between beats
_NO_DISTANCE = 1e-6  # beats
_EARLY = 0.1  # of a bar, or a quarter: a first onset so near a bar line is on it
# Onsets since then and so many before lie in few places of a quarter: so wide, so far from each other.
_RECENT = 16
_WIDE, _APART = 0.15, 0.08
_GRID = 12  # lines of a quarter to which onsets belong

Floats = NDArray[np.floating]


class Sure(NamedTuple):
    """A tempo and bars so sure, at least, that so few onsets since then are looked at no more.

    `settles` says that a beat which has been right for long is kept to (`settled`).
    """

    tempo: float
    bars: float
    new: int
    settles: bool


# While somebody plays along, whose beat is followed on the way, and before an answer, which begins and ends by it.
BESIDE, ALONE = Sure(0.8, 0.5, 8, True), Sure(0.9, 0.7, 4, False)


class FoundBeat(NamedTuple):
    """A timeline for what was played.

    `goes_on` says that its ticks are those of the timeline before, at most a little faster or slower.  `tempo_sure` and
    `bars_sure` are the probabilities that its tempo is right, and that its bar lines are; `lead` are the nats by which
    what was heard until now speaks for it.
    """

    timeline: Timeline
    goes_on: bool
    tempo_sure: float = 0.0
    bars_sure: float = 0.0
    until_us: int = 0  # the last onset that was looked at
    lead: float = 0.0


def _unlikely(periods_s: NDArray[np.float64], expected_us: int | None) -> NDArray[np.float64]:
    """Nats by which each period (rows, 1) is less likely in each column than the one that people prefer, or expect."""
    if expected_us is None:
        return np.asarray(np.log(periods_s / _PREFERRED_S) ** 2)
    written_s = expected_us / 1e6 * _TICKS / TICKS_PER_BEAT
    return np.asarray(_WRITTEN * np.log(periods_s / written_s) ** 2)


def find(
    notes: Sequence[Played],
    running: Timeline | None = None,
    metre: Metre | None = None,
    is_told: bool = False,
    expected_us: int | None = None,
    told_us: int | None = None,
    before: FoundBeat | None = None,
) -> FoundBeat:
    """Find the timeline that explains notes, at least one, in ascending order of onset.

    `running` is the one that is going on: it stays unless another explains them better, and follows their tempo; if it
    `is_told` no other explains them.
    `metre` is that of the bars, None to find it too; `expected_us` the length of a quarter that is written on a chart,
    `told_us` that of one at a tempo that is told.
    `before` is what was found last, if that is `running` and a beat may settle.
    A timeline that is new has a bar line at tick 0, at or before the first onset.
    """
    onsets = onsets_of(notes) if len(notes) >= FEWEST else None
    if onsets is None or len(onsets.at_s) < FEWEST:
        if running and is_told:
            return FoundBeat(running, True)
        timeline = begun([note.onset_us for note in notes], running, metre)
        return FoundBeat(timeline, timeline == running)
    found = candidates(onsets.at_s)
    grids = _grids(onsets, found)
    allowed = _allowed(grids, metre)
    if told_us is not None:
        allowed &= _have_tempo(grids, told_us)
    likeness = _likeness(grids, running) if running else np.zeros(allowed.shape)
    if running and is_told:
        allowed &= likeness == _ALIKE
        if not allowed.any():
            return FoundBeat(running, True)
    if not allowed.any():
        return FoundBeat(begun([note.onset_us for note in notes], running, metre), False)
    whole = beat_context.network()(onsets)
    first = _PERIODS * whole.periods(found) + _STAYS * likeness
    first += _BEGINS * _begins_bar(grids, onsets.since_us) + _USUAL * _COMMON
    first += beat_idioms.idioms(onsets, found)
    first -= _unlikely(found.periods_s[:, None], told_us or expected_us)
    first = np.where(allowed, first, -np.inf)
    kept = _likeliest(first)
    found = found.some(kept)
    scores = first[kept] + network()(onsets, found) + _PLACES * whole.places(found)
    near = scores.max(axis=1) > scores.max() - _HOPELESS
    kept, found, scores = kept[near], found.some(near), scores[near]
    scores += _OF_END * _tempi_at_the_end(onsets, found)
    lead = 0.0
    if running and before:
        at_us, alike = _strikes(note.onset_us for note in notes), likeness[kept] == _ALIKE
        lead = _lead(before, scores, alike, onsets)
        if lead and settled.holds(before.lead, at_us, running):
            return before._replace(
                timeline=settled.kept(at_us, running), goes_on=True, until_us=at_us[-1], lead=lead
            )
        lead = settled.left(lead, at_us, running)
        scores = np.where(alike, scores + lead, scores)
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    told = chances * np.exp(beat_idioms.bars(onsets, found))
    chances = told * (chances.sum(axis=1) / told.sum(axis=1))[:, None]
    row, column, tempo_sure = _choice(chances, found)
    timeline = _timeline(grids, kept[row], column, onsets.since_us, metre)
    goes_on = bool(likeness[kept[row], column] == _ALIKE)
    if running and goes_on:
        timeline = _continued(running, timeline, notes[-1].onset_us)
    bars_sure, until_us = float(chances[row, column]), notes[-1].onset_us
    return FoundBeat(timeline, goes_on, tempo_sure, bars_sure, until_us, lead if goes_on else 0.0)


def _lead(before: FoundBeat, scores: Floats, alike: NDArray[np.bool_], onsets: Onsets) -> float:
    """Nats for the beat that goes on by now: the scores of candidates, of which some are `alike` to it."""
    new = onsets.at_s > (before.until_us - onsets.since_us) / 1e6
    other = scores[~alike].max() if not alike.all() else -np.inf
    margin = float(scores[alike].max() - other) if alike.any() else None
    return settled.lead_after(before.lead, margin, float(new.mean()))


def bars_of(notes: Sequence[Played], running: Timeline) -> Timeline:
    """The bars of notes that are played at a tempo and in a metre that are told, those of the timeline.

    Its own bar lines stay where others are not sure, or hardly elsewhere.
    """
    found = find(notes, None, running.metre, told_us=running.tempo_us)
    line_us = found.timeline.micros(
        found.timeline.bar_from(found.timeline.tick(notes[-1].onset_us))
    )
    bar_us = running.metre.place(0).bar * running.tempo_us // TICKS_PER_BEAT
    off_us = (line_us - running.origin_us + bar_us // 2) % bar_us - bar_us // 2
    if found.bars_sure < _LAID or abs(off_us) < _EXACT_US:
        return running
    return replace(running, origin_us=running.origin_us + off_us)


def followed(notes: Sequence[Played], before: FoundBeat, sure: Sure = BESIDE) -> FoundBeat | None:
    """The beat that was found, a little faster or slower, if it was so sure and explains what was played since.

    None where a look is needed; it costs six times as much.
    """
    at_us = _strikes([note.onset_us for note in notes])
    new = sum(at > before.until_us for at in at_us)
    timeline = before.timeline
    holds = sure.settles and settled.holds(before.lead, at_us, timeline)
    is_sure = holds or (before.tempo_sure >= sure.tempo and before.bars_sure >= sure.bars)
    if not is_sure or not 0 < new <= min(sure.new, (len(at_us) - new) // 2):
        return None
    if holds:
        return before._replace(timeline=settled.kept(at_us, timeline), goes_on=True)
    quarters = (np.array(at_us) - timeline.origin_us) / timeline.tempo_us
    recent = quarters[-new - _RECENT :].tolist()
    known = _places(recent[:-new])
    if known is None or _places(recent) != known:
        return None
    errors = quarters - np.rint(quarters * _GRID) / _GRID
    row = Candidates(np.array([timeline.tempo_us / 1e6]), quarters[None], errors[None])
    tempo, zero = _lines(np.array(at_us) / 1e6, row)
    found = Timeline(round(tempo.item() * 1e6), round(zero.item() * 1e6), timeline.metre)
    return before._replace(timeline=_continued(timeline, found, at_us[-1]), goes_on=True)


def _places(quarters: Sequence[float]) -> int | None:
    """Count the places of a quarter in which onsets lie; None where they lie anywhere, as in a tempo that changes."""
    places = sorted(quarter % 1 for quarter in quarters)
    gaps = [after - before for before, after in pairwise([*places, places[0] + 1])]
    begins = gaps.index(max(gaps)) + 1
    places = [*places[begins:], *(place + 1 for place in places[:begins])]
    count, since = 1, places[0]
    for before, place in pairwise(places):
        if place - before > _APART:
            count, since = count + 1, place
        elif place - since >= _WIDE:
            return None
    return count


def _strikes(onsets_us: Iterable[int]) -> list[int]:
    """Onsets, chords counted once."""
    all_us = [-CHORD_US - 1, *onsets_us]
    return [at for before, at in pairwise(all_us) if at - before > CHORD_US]


def of_whole(whole: Context, found: Candidates) -> Floats:
    """Nats of candidates by the phrase as a whole, as they count beside the comparison (H, COLUMNS)."""
    return np.asarray(_PERIODS * whole.periods(found) + _PLACES * whole.places(found))


def _tempi_at_the_end(onsets: Onsets, found: Candidates) -> Floats | float:
    """Give how well the last onsets alone fit each candidate, in any bars (H, 1): it may have lost its way before.

    0 where there are no more, and where there is one candidate.
    """
    if len(onsets.at_s) <= _AT_END or len(found.periods_s) == 1:
        return 0.0
    end = Candidates(found.periods_s, found.beats[:, -_AT_END:], found.errors[:, -_AT_END:])
    scores = network()(last_of(onsets, _AT_END), end)
    most = scores.max(axis=1, keepdims=True)
    return np.asarray(most + np.log(np.exp(scores - most).sum(axis=1, keepdims=True)))


def _likeliest(before: Floats) -> NDArray[np.int64]:
    """The candidates whose onsets are compared: that costs most, and the others are hardly ever chosen."""
    most = before.max(axis=1)
    kept = np.argsort(-most, kind="stable")[:COMPARED]
    return np.sort(kept[most[kept] > most.max() - _BEHIND])


class _Grids(NamedTuple):
    """Timelines of candidates in all metres: micros of a quarter note, and when a late bar line is (H, COLUMNS)."""

    quarters_us: Floats
    bar_lines_us: Floats


def _grids(onsets: Onsets, found: Candidates) -> _Grids:
    """Place the bar lines of all candidates in all metres."""
    period, zero = _lines(onsets.at_s, found)
    first = counted(found).first + _FIRST
    latest = np.floor(((onsets.at_s[-1] - zero) / period - first) / _BEATS)
    quarters = period * TICKS_PER_BEAT / _TICKS
    bar_lines = zero + period * (first + _BEATS * latest)
    return _Grids(quarters * 1e6, onsets.since_us + bar_lines * 1e6)


def _lines(at_s: Floats, found: Candidates) -> tuple[Floats, Floats]:
    """Periods, and when beat 0 is, seconds (H, 1): by many onsets where the tempo is steady, else by the last.

    Onsets on beats count for more than others.
    """
    lines = found.beats - found.errors
    weights = np.where(np.abs(lines - np.rint(lines)) < _NO_DISTANCE, 1.0, _OFF_BEAT)
    weights[:, :-_STEADY] = 0
    whole = _line_through(weights, lines, at_s)
    late = min(len(at_s) - _FEWEST_LATELY, int(np.searchsorted(at_s, at_s[-1] - _LATELY_S)))
    weights[:, : max(0, late)] = 0
    end = _line_through(weights, lines, at_s)
    followed = found.periods_s[:, None]
    tells = (end.spread > _TELLS) & (np.abs(np.log(end.slopes / followed)) < _FOLLOWS)
    lately = np.where(tells, end.slopes, followed)
    weights[:, :-_LATEST] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    zero = (weights * (at_s - lately * lines)).sum(1, keepdims=True)
    is_steady = (whole.error_s < _STEADY_S) & (whole.spread > _TELLS)
    is_steady &= np.abs(np.log(whole.slopes / lately)) < _STEADY_TEMPO
    return np.where(is_steady, whole.slopes, lately), np.where(is_steady, whole.zero_s, zero)


class _FittedLine(NamedTuple):
    """Straight lines through onsets (H, 1): seconds of a beat, when beat 0 is, the mean error, the spread in beats."""

    slopes: Floats
    zero_s: Floats
    error_s: Floats
    spread: Floats


def _line_through(weights: Floats, lines: Floats, at_s: Floats) -> _FittedLine:
    """By least squares (H, N)."""
    weights = weights / weights.sum(axis=1, keepdims=True)
    middle, mean_s = (weights * lines).sum(1, keepdims=True), (weights * at_s).sum(1, keepdims=True)
    off, off_s = lines - middle, at_s - mean_s
    spread = (weights * off**2).sum(1, keepdims=True)
    slopes = (weights * off * off_s).sum(1, keepdims=True) / np.maximum(spread, 1e-6)
    slopes = np.maximum(slopes, _NO_DISTANCE)
    error = np.sqrt((weights * (off_s - slopes * off) ** 2).sum(1, keepdims=True))
    return _FittedLine(slopes, mean_s - slopes * middle, error, spread)


def _allowed(grids: _Grids, metre: Metre | None) -> NDArray[np.bool_]:
    """True for tempi that may be set, in the metre that is told (H, COLUMNS)."""
    told = _ANY if metre is None else _are_of(metre)
    # Of a metre that is not told apart the beat is found, as in 4/4.
    bars = told if told.any() else _COMMON
    may_be = (grids.quarters_us > tempo_us(FASTEST_BPM)) & (
        grids.quarters_us < tempo_us(SLOWEST_BPM)
    )
    return np.asarray(may_be & bars)


@lru_cache
def _are_of(metre: Metre) -> NDArray[np.bool_]:
    """True for columns of this metre."""
    return np.array([one == metre for one in _METRES])


def _have_tempo(grids: _Grids, quarter_us: int) -> NDArray[np.bool_]:
    """True for grids whose quarter note is as long, or nearly (H, COLUMNS)."""
    return np.asarray(np.abs(np.log(grids.quarters_us / quarter_us)) < _SAME_TEMPO)


def _likeness(grids: _Grids, running: Timeline) -> Floats:
    """Give how much a grid is the timeline's (H, COLUMNS): 1 where its beats are, 2 where its bar lines are too."""
    tempo = _have_tempo(grids, running.tempo_us)
    ticks = (grids.bar_lines_us - running.origin_us) / running.tempo_us * TICKS_PER_BEAT
    bar = running.metre.place(0).bar

    def lies_on(apart: int) -> NDArray[np.bool_]:
        off = (ticks + apart / 2) % apart - apart / 2
        return np.asarray(np.abs(off) < _SAME_PLACE * TICKS_PER_BEAT)

    same_bars = _are_of(running.metre) & lies_on(bar)
    return np.where(tempo & lies_on(TICKS_PER_BEAT), 1.0 + same_bars, 0.0)


def _choice(chances: Floats, found: Candidates) -> tuple[int, int, float]:
    """The candidate and the column to go by, of the likeliest tempo the likeliest; and how likely that tempo is.

    The likeliest of all is often of another tempo: in a clear one there are several bar lines that could be.  Of two
    tempi that are about as likely it is the one with the clearer bars.
    """
    tempo = np.log(found.periods_s)
    is_like = np.abs(np.subtract.outer(tempo, tempo)) < _LIKE_TEMPO
    clearest = np.where(is_like, chances.max(axis=1), 0).max(axis=1)
    likeliest = is_like[(is_like @ chances.sum(axis=1) + _CLEAR_BARS * clearest).argmax()]
    of_tempo = np.where(likeliest[:, None], chances, 0)
    row, column = divmod(int(of_tempo.argmax()), len(COLUMNS))
    return row, column, float(of_tempo.sum())


def _begins_bar(grids: _Grids, first_us: int) -> NDArray[np.bool_]:
    """True for grids of which a bar line is at the first onset (H, COLUMNS)."""
    bar = grids.quarters_us * _QUARTERS
    off = (grids.bar_lines_us - first_us + bar / 2) % bar - bar / 2
    return np.asarray(np.abs(off) < _EARLY * grids.quarters_us)


def _timeline(grids: _Grids, row: int, column: int, first_us: int, metre: Metre | None) -> Timeline:
    """The timeline of a grid, tick 0 being the last bar line that is not after the first onset."""
    quarter, bars = grids.quarters_us[row, column], metre or _METRES[column]
    bar = bars.place(0).bar * quarter / TICKS_PER_BEAT
    line, is_learned = grids.bar_lines_us[row, column], bars == _METRES[column]
    if not is_learned:  # where its bar lines are is not known: the first onset is a downbeat
        line -= np.rint((line - first_us) / quarter) * quarter
    back = np.ceil((line - first_us) / bar - _EARLY)
    return Timeline(round(quarter), round(line - back * bar), bars)


def _continued(running: Timeline, found: Timeline, now_us: int) -> Timeline:
    """The timeline that is going on, with the tempo and the place of the one found, where that is another."""
    bar_line_us = found.micros(found.bar_from(found.tick(now_us)))
    place, bar = running.metre.place(near := running.tick(bar_line_us))
    tick = near - place if place * 2 < bar else near - place + bar
    off = abs(running.micros(tick) - bar_line_us)
    if off < _EXACT_US and abs(found.tempo_us / running.tempo_us - 1) < _EXACT_TEMPO:
        return running
    origin = bar_line_us - round(tick * found.tempo_us / TICKS_PER_BEAT)
    return replace(running, tempo_us=found.tempo_us, origin_us=origin)


def begun(
    onsets_us: Sequence[int], running: Timeline | None = None, metre: Metre | None = None
) -> Timeline:
    """The timeline of a phrase of which only a few onsets are known, at least one.

    They say little of the tempo: it stays, and so does the beat where all lie on its lines.  Else the first of them is
    a downbeat.
    """
    if running is None:
        return Timeline(tempo_us(USUAL_BPM), onsets_us[0], metre or COMMON_TIME)
    bars = metre or running.metre
    if bars == running.metre and all(_is_on_line(running, onset) for onset in onsets_us):
        return running
    return Timeline(running.tempo_us, onsets_us[0], bars)


def steadied(onsets_us: Iterable[int], running: Timeline) -> Timeline:
    """The same beat, as early or late as most of these onsets have it that lie by one.

    The first key of a phrase, by which a beat at a tempo that is told begins, is one of them: a hand may be off by it.
    """
    strikes = _strikes(onsets_us)
    half = running.tempo_us // 2
    offs = [(at - running.origin_us + half) % running.tempo_us - half for at in strikes]
    by_beat = [off for off in offs if abs(off) <= _BY_BEAT * running.tempo_us]
    off_us = round(median(by_beat)) if len(by_beat) >= _ON_BEATS else 0
    if abs(off_us) < _OFF_US:
        return running
    return replace(running, origin_us=running.origin_us + off_us)


def _is_on_line(timeline: Timeline, onset_us: int) -> bool:
    """True if an onset lies on a beat or half of one: on finer lines anything would."""
    half = timeline.tempo_us / 2
    since = (onset_us - timeline.origin_us) % half
    return min(since, half - since) < _ON_LINE_US
