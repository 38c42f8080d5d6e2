"""The start of a response, and the number of responses that there is time to plan.

Rules of rests, beats, bars and trades, over a call, the settings and a timeline.  Knows no model, no plans and no
turns; keeps nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from livegen.jam.controls.controls import Settings
from livegen.jam.interplay.calls import NO_HABIT, Call, Habit, Over, Taken
from livegen.jam.interplay.plan import DECIDE_US
from livegen.jam.planning.brief import Brief
from livegen.jam.turns import MODES, Start
from livegen.music.melody.phrase_end import UNSTRUCK, Ending, counted
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import Timeline

SPECULATE_US = 150_000  # how long before a rest is over planning begins
FORESEE_US = 400_000  # and before a bar line on which the answer is to begin
IN_TURN_US = 300_000  # how long before its bars come planning begins
SOON_US = 60_000  # a response that was asked for begins no sooner
# Of silence, after which an accompaniment ends, and a call over keys that are held.
PATIENCE_BARS = 2
CHORUS_BARS = 4  # of chords, after which a solo begins though they go on
SOONEST = TICKS_PER_BEAT // 4  # after the last onset of a call no answer begins sooner
# So long after a bar line on which a call may go on its answer waits for a key: most hands are off by less.
HEED_US = 30_000
FEWEST = 3  # notes of a phrase whose last one may be held into the answer
MOST_BARS = 16  # of a call that others are expected to be as long as
PICK_UP = 3  # eighths of a bar: a first note so little before a bar line is a pick-up to it
ON_LINE = 2  # ticks by which a hand is beside a line
AUDITION_US = 2_500  # in which a machine plans one onset, on the safe side
MOST_AUDITIONS = 4


class Entry(NamedTuple):
    """The entry of a response: its first tick, when that is sent (micros), and how far off the timeline it lies.

    The notes of that tick wait for `heeds_us` micros: a key that comes meanwhile keeps them from beginning.
    """

    tick: int
    sent_us: int
    shift_us: int
    heeds_us: int


def lead_us(settings: Settings) -> int:
    """Give how long before it sounds everything must be sent, micros: what a negative offset asks for."""
    return max(0, round(-settings.offset * 1000))


def rest_over(call: Call, settings: Settings) -> int:
    """Give the time, micros, at which the rest that ends a call is over, if nothing more is played."""
    phrase, rest = call.phrase, settings.rest
    return phrase.active_us + (phrase.rest_us if isinstance(rest, str) else round(rest * 1000))


def call_over(call: Call, settings: Settings, timeline: Timeline) -> int:
    """Give the time, micros, at which a call ends if no more is played: on its answer's bar line, or after its rest."""
    if begins_on_bar(call, settings):
        return timeline.micros(_over(call, settings, timeline).line) - lead_us(settings)
    return rest_over(call, settings)


def begins_on_bar(call: Call, settings: Settings) -> bool:
    """True if the answer begins on the bar line at which the phrase proves to be over."""
    is_answered = MODES[settings.mode].start is Start.REST and bool(call.phrase.onsets_us)
    return is_answered and settings.start == "bar" and isinstance(settings.rest, str)


def is_next_bar(call: Call, settings: Settings, timeline: Timeline) -> bool:
    """True if a phrase of some notes will be over on the first bar line after its last onset."""
    is_phrase = call.phrase.notes >= FEWEST and begins_on_bar(call, settings)
    return is_phrase and _over(call, settings, timeline).line == _next_bar(call, timeline)


def _next_bar(call: Call, timeline: Timeline) -> int:
    return timeline.bar_from(timeline.tick(call.phrase.onsets_us[-1]) + SOONEST)


def _over(call: Call, settings: Settings, timeline: Timeline) -> Over:
    """Tell where a call is over, as it stands; at the latest after two silent bars."""
    # Whoever does not give way to a key begins only where he is sure.
    may_doubt = MODES[settings.mode].yields
    stands = call.phrase.notes, call.phrase.active_us, timeline, may_doubt
    if call.over[0] != stands:
        call.over = stands, _found_over(call, timeline, may_doubt)
    return call.over[1]


def _found_over(call: Call, timeline: Timeline, may_doubt: bool) -> Over:
    phrase, metre = call.phrase, timeline.metre
    last = timeline.tick(phrase.onsets_us[-1])
    first, line = _first_bar(call, timeline), _next_bar(call, timeline)
    bar = metre.place(first).bar
    bar_us = bar * timeline.tempo_us // TICKS_PER_BEAT
    apart = metre.strong(bar)
    off = metre.place(last).position % apart
    for _ in range(PATIENCE_BARS):
        ending = Ending(
            gap=(line - last) / TICKS_PER_BEAT,
            held=phrase.held_us(timeline.micros(line)) / timeline.tempo_us,
            usual=phrase.usual_ioi_us / timeline.tempo_us,
            longest=phrase.longest_ioi_us / timeline.tempo_us,
            bar=bar / TICKS_PER_BEAT,
            bars=counted(bars := (line - first) // bar, bar_us, phrase.is_open),
            is_tonic=False,
            is_strong=min(off, apart - off) <= ON_LINE,
            alike=call.habit.calls * (bars == call.habit.bars),
            longer=call.habit.calls * (bars < call.habit.bars),
        )
        on_tonic = ending._replace(is_tonic=True)
        # The key is asked for only where it decides.
        if ending.odds > 0 or (on_tonic.odds > 0 and phrase.is_on_tonic):
            return Over(line, is_sure=True)
        may_be = ending.odds > -UNSTRUCK or (on_tonic.odds > -UNSTRUCK and phrase.is_on_tonic)
        if may_doubt and ending.is_square and _breaks_off(call, timeline, first, line, may_be):
            return Over(line, is_sure=False)
        line = timeline.bar_from(line + 1)
    return Over(line, is_sure=True)


def _breaks_off(call: Call, timeline: Timeline, first: int, until: int, may_be: bool) -> bool:
    """True if a call is likely over where no key is struck at tick `until`, for one was on each bar line before.

    If by its notes it hardly `may_be` over, only where the rhythm of its second half is that of the first, so that it
    would begin anew there.
    """
    struck = [timeline.tick(at) for at in call.phrase.onsets_us]
    line = first
    while line < until:
        if not _has_near(struck, line):
            return False
        line = timeline.bar_from(line + 1)
    half = (until - first) // 2
    begun = [tick - first for tick in struck if tick < first + half - ON_LINE]
    again = [tick - first - half for tick in struck if tick >= first + half - ON_LINE]
    return may_be or (
        all(_has_near(begun, tick) for tick in again)
        and all(_has_near(again, tick) for tick in begun)
    )


def _has_near(ticks: Sequence[int], line: int) -> bool:
    return any(abs(tick - line) <= ON_LINE for tick in ticks)


def habit(taken: Sequence[Taken]) -> Habit:
    """Tell how long the last calls were that were answered, as far back as they were equally long."""
    found = NO_HABIT
    for turn in reversed(taken):
        if not turn.call.phrase.onsets_us:  # counted in, and nothing was played
            break
        bars = _lasted(turn.call, turn.asked.timeline)
        if bars > MOST_BARS or found.bars not in (0, bars):
            break
        found = Habit(bars, found.calls + 1)
    return found


def _lasted(call: Call, timeline: Timeline) -> int:
    """Give the bars of a call, up to the bar line after its last onset."""
    first = _first_bar(call, timeline)
    return (_next_bar(call, timeline) - first) // timeline.metre.place(first).bar


def _first_bar(call: Call, timeline: Timeline) -> int:
    """The tick of the bar line at which a call's first bar begins: a pick-up is no bar of its own."""
    began = timeline.tick(call.phrase.began_us)
    began += timeline.metre.place(began).bar * PICK_UP // 8
    return began - timeline.metre.place(began).position


def solo(call: Call, timeline: Timeline, now: int) -> int:
    """The tick of the bar line on which a solo begins over chords that go on: they have been heard by then."""
    first = _first_bar(call, timeline)
    start = first + CHORUS_BARS * timeline.metre.place(first).bar
    return max(start, timeline.bar_from(timeline.tick_from(now + SOON_US)))


def patience_over(timeline: Timeline, since: int) -> int:
    """Give the time, micros, at which the model has waited long enough for a player who has been silent since."""
    return since + patience_us(timeline, since)


def patience_us(timeline: Timeline, now: int) -> int:
    """Give how long the model waits, micros."""
    bar = timeline.metre.place(timeline.tick(now)).bar
    return PATIENCE_BARS * bar * timeline.tempo_us // TICKS_PER_BEAT


def plan_from(
    call: Call, settings: Settings, timeline: Timeline, now: int, ends: int | None
) -> int | None:
    """Give the time, micros, from which to plan an answer to a call that ends at `ends`; None while it is not known."""
    match MODES[settings.mode].start:
        case Start.REST if ends is not None:
            return ends - ahead_us(call, settings)
        case Start.BARS:
            bars = timeline.micros(its_bars(call, settings, timeline, now))
            return bars - IN_TURN_US - lead_us(settings)
        case _:
            return None


def ahead_us(call: Call, settings: Settings) -> int:
    """Give how long before a call is over planning an answer begins, micros."""
    return FORESEE_US if begins_on_bar(call, settings) else SPECULATE_US


def its_bars(call: Call, settings: Settings, timeline: Timeline, now: int) -> int:
    """The tick at which the model's bars begin, in a trade: a turn after those in which the call began."""
    first = _first_bar(call, timeline)
    turn = int(settings.trade) * timeline.metre.place(first).bar
    start = first + turn
    late = timeline.tick_from(now - SOON_US) - start
    return start + max(0, -(-late // turn)) * turn


def start_of(call: Call, settings: Settings, timeline: Timeline, now: int, is_asked: bool) -> Entry:
    """Give the entry of the answer to a call, if it is planned now; soon if the player asked for it."""
    lead = lead_us(settings)
    over = call_over(call, settings, timeline)
    moment = (now + SOON_US if is_asked else max(over, now)) + lead
    tick, shift, heeds = timeline.tick_from(moment), 0, 0
    if call.start is not None and call.start > timeline.tick(now + lead):
        tick = call.start
    elif MODES[settings.mode].start is Start.BARS and not is_asked:
        tick = its_bars(call, settings, timeline, now)
    elif settings.start == "now":
        # Not on the grid but at this very moment, and the rest as far from it as planned.
        shift = moment - timeline.micros(tick)
    else:
        tick = on_line(tick, settings, timeline)
        if not is_asked and begins_on_bar(call, settings):
            line, is_sure = _over(call, settings, timeline)
            if call.went_on or (line == tick and not is_sure):
                heeds = HEED_US
    return Entry(tick, timeline.micros(tick) + shift - lead, shift, heeds)


def on_line(tick: int, settings: Settings, timeline: Timeline) -> int:
    """The first beat, or bar line, that is not before `tick`."""
    return timeline.bar_from(tick) if settings.start == "bar" else timeline.beat_from(tick)


def auditions(brief: Brief, sent_us: int, now: int) -> int:
    """Give how many responses there is time to plan, so that one can be chosen; one if it has no end.

    By a machine's usual speed and not by its clock, so that a session can be replayed.
    """
    if brief.end is None:
        return 1
    beats = (brief.end - brief.start) / TICKS_PER_BEAT
    onsets = max(4.0, beats * (brief.pace or 2.0) * brief.overall)
    time = sent_us - DECIDE_US - now
    return max(1, min(MOST_AUDITIONS, int(time / (onsets * AUDITION_US))))
