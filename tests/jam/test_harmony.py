"""What accompanies is told the chords: those it hears, else those that a melody implies."""

from itertools import pairwise
from random import Random

import pytest

from livegen.jam.harmony.harmony import MOST_BEATS, SETTLE_US, STALE_US, Harmony
from livegen.jam.harmony.outline import WAIT
from livegen.jam.struck import Struck
from livegen.jam.turns import MODES
from livegen.music.chords.chord import Chord
from livegen.music.keys.key import Key
from livegen.music.keys.key_tracker import KeyTracker
from livegen.music.parts import COMP, DRUMS, LEAD
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.time.timeline import Timeline

BEAT_US = 500_000
BAR = 4 * TICKS_PER_BEAT
IN_FOUR = Timeline(BEAT_US, 0, Metre(((0, BAR),)))
IN_THREE = Timeline(BEAT_US, 0, Metre(((0, 3 * TICKS_PER_BEAT),)))


def heard(*melody: int, harmony: Harmony | None = None, since: int = 0) -> Harmony:
    """Who has heard these notes, half a beat each, above the left hand."""
    found = harmony or Harmony()
    for index, pitch in enumerate(melody):
        at = since + index * BEAT_US // 2
        found.hear(Struck(at, LEAD, pitch, 80))
        found.hear(Struck(at + BEAT_US // 2 - 1_000, LEAD, pitch, 0))
    return found


def told(
    harmony: Harmony, tick: int, timeline: Timeline = IN_FOUR, mode: str = "accompany"
) -> Chord | None:
    """What is gone by from this tick on."""
    now = timeline.micros(tick)
    harmony.follow(timeline, now, has_song=False)
    if mode == "accompany":
        harmony.ahead(tick, timeline, now)
    chords = dict(harmony.outline(MODES[mode].chords, tick, now, timeline, now).chords)
    assert min(chords, default=tick) == tick
    return chords.get(tick)


def new_in_last_bar(*bars: tuple[int, ...]) -> list[Chord | None]:
    """The chords that are new while the last bar's keys come, 2 ms apart; those of the bars before are held."""
    harmony, (*before, last) = Harmony(), bars
    for bar, keys in enumerate(before):
        for key in keys:
            harmony.hear(Struck(IN_FOUR.micros(bar * BAR), COMP, key, 80))
        for key in keys:
            harmony.hear(Struck(IN_FOUR.micros((bar + 1) * BAR) - 50_000, COMP, key, 0))
    line, found = len(before) * BAR, list[Chord | None]()
    for number, key in enumerate(last):
        now = IN_FOUR.micros(line) + number * 2_000
        harmony.hear(Struck(now, COMP, key, 80))
        harmony.follow(IN_FOUR, now, has_song=False)
        ahead = harmony.ahead(line + 1, IN_FOUR, now)
        found += [ahead.strikes[0].chord] if ahead.is_new and ahead.strikes else []
    return found


WITH_F_AND_A = (Chord(5, "maj"), Chord(2, "min"))
SCALE = (72, 74, 76, 77, 79, 81, 83, 84)


def test_a_melody_alone_implies_a_chord() -> None:
    assert told(heard(*SCALE, 77, 81, 84), BAR + 40) in WITH_F_AND_A


def test_a_chord_that_is_newly_implied_is_told_while_keys_that_go_with_it_may_come() -> None:
    harmony = heard(*SCALE, 77, 81, 84)

    def told_at(tick: int) -> Chord | None:
        harmony.follow(IN_FOUR, IN_FOUR.micros(tick), has_song=False)
        strikes = harmony.ahead(tick, IN_FOUR, IN_FOUR.micros(tick)).strikes
        return next((chord for at, chord in strikes if at <= tick), None)

    assert told_at(BAR + 40) in WITH_F_AND_A
    assert told_at(BAR + 41) in WITH_F_AND_A
    assert told_at(BAR + 45) is None
    harmony.hear(Struck(6 * BEAT_US, LEAD, 79, 80))
    other = told_at(BAR + 2 * TICKS_PER_BEAT + 1)
    assert other and 7 in other.pitch_classes


def test_in_three_a_chord_holds_for_a_bar() -> None:
    """What was sung on the first beat still counts on the third."""
    melody = (*SCALE[:6], 77, 81, 84, 77)

    assert told(heard(*melody), 3 * 24 + 60, IN_THREE) in WITH_F_AND_A


def test_chords_that_are_played_count_for_more_than_those_that_are_implied() -> None:
    harmony = heard(*SCALE)
    for pitch in (43, 47, 50):
        harmony.hear(Struck(4 * BEAT_US, COMP, pitch, 80))

    assert told(harmony, BAR + 24) == Chord(7, "maj")


def test_a_left_hand_that_has_been_gone_for_long_leaves_the_chords_to_the_melody() -> None:
    harmony = heard(*SCALE)
    for pitch in (43, 47, 50):
        harmony.hear(Struck(4 * BEAT_US, COMP, pitch, 80))
        harmony.hear(Struck(5 * BEAT_US, COMP, pitch, 0))
    later = 5 * BEAT_US + STALE_US
    heard(77, 81, 84, 81, harmony=harmony, since=later)

    assert told(harmony, IN_FOUR.tick(later) + 40) in WITH_F_AND_A


def test_a_chord_that_the_left_hand_holds_stays_however_long() -> None:
    harmony = heard(*SCALE)
    for pitch in (43, 47, 50):
        harmony.hear(Struck(4 * BEAT_US, COMP, pitch, 80))
    later = 5 * BEAT_US + STALE_US
    heard(77, 81, 84, 81, harmony=harmony, since=later)

    assert told(harmony, IN_FOUR.tick(later) + 40) == Chord(7, "maj")


def test_the_chord_that_is_gone_by_is_shown() -> None:
    harmony = heard(*SCALE, 77, 81, 84)
    assert harmony.snapshot(IN_FOUR, 6 * BEAT_US)["chord"] == ""
    told(harmony, BAR + 40)

    assert harmony.snapshot(IN_FOUR, 6 * BEAT_US)["chord"] in ("F", "Dm")


def test_nothing_is_implied_before_three_notes_were_heard() -> None:
    assert told(Harmony(), BAR) is None
    assert told(heard(61, 65), BAR) is None
    assert told(heard(60, 64, 67), BAR) is not None


def test_between_two_keys_the_last_one_counts() -> None:
    """What leaves a key may for a while be in none."""
    harmony = heard(*SCALE, 77, 81, 84)
    assert told(harmony, BAR + 40) in WITH_F_AND_A
    chromatic = tuple(range(72, 84)) * 6
    heard(*chromatic, harmony=harmony, since=6 * BEAT_US)
    tick = 24 * 42
    assert harmony.at_home(None, IN_FOUR.micros(tick)) == (frozenset(), frozenset())

    assert told(harmony, tick) is not None


def test_an_answer_is_told_no_implied_chords() -> None:
    assert told(heard(*SCALE), BAR + 40, mode="respond") is None


@pytest.mark.parametrize("struck", [77, 79, 76, 81])
def test_the_note_on_a_bar_line_counts_at_once(struck: int) -> None:
    harmony = heard(*SCALE)
    harmony.hear(Struck(4 * BEAT_US, LEAD, struck, 80))
    chord = told(harmony, BAR + 1)

    assert chord and struck % 12 in chord.pitch_classes


def test_between_lines_the_chord_stays_whatever_is_sung() -> None:
    harmony = heard(*SCALE, 77)
    chord = told(harmony, BAR + 1)
    heard(68, 66, 68, harmony=harmony, since=4 * BEAT_US + BEAT_US // 2)

    assert told(harmony, BAR + 40) == chord


def test_the_chord_of_the_next_line_is_foreseen_and_the_melody_is_waited_for_there() -> None:
    harmony = heard(*SCALE, 72, 76, 79, 76, 74, 77)
    tick = BAR + 2 * TICKS_PER_BEAT + 13
    harmony.follow(IN_FOUR, IN_FOUR.micros(tick), has_song=False)
    ahead = harmony.ahead(tick, IN_FOUR, IN_FOUR.micros(tick))
    lines = {2 * BAR, 2 * BAR + WAIT}

    assert lines & {strike.tick for strike in ahead.strikes}
    assert (2 * BAR in ahead.waits) == (2 * BAR + WAIT in {strike.tick for strike in ahead.strikes})


def test_however_long_it_hears_its_memory_is_bounded() -> None:
    harmony = heard(*(SCALE * 100))

    assert len(harmony._melody._notes) <= 128
    assert len(harmony._melody._ended) <= 128


def test_a_chord_that_was_foreseen_wrongly_is_overruled_once_and_does_not_come_back_on_the_next_beat() -> (
    None
):
    loop = ((48, 52, 55), (43, 47, 50), (45, 48, 52), (41, 45, 48))
    harmony = Harmony()
    new_at: list[int] = []
    for bar, keys in enumerate((*loop, *loop, loop[0], loop[3], loop[2])):  # F where G was foreseen
        for beat in range(4):
            tick = bar * BAR + beat * TICKS_PER_BEAT
            now = IN_FOUR.micros(tick)
            for key in keys if beat == 0 else ():
                harmony.hear(Struck(now, COMP, key, 80))
            for later in (0, SETTLE_US + 20_000):
                harmony.follow(IN_FOUR, now + later, has_song=False)
                start = IN_FOUR.tick_from(now + later + 1)
                if harmony.ahead(start, IN_FOUR, now + later).is_new:
                    new_at.append(tick)
        for key in keys:
            harmony.hear(Struck(IN_FOUR.micros((bar + 1) * BAR) - 50_000, COMP, key, 0))

    assert [tick for tick in new_at if 9 * BAR <= tick < 10 * BAR] == [9 * BAR]


def test_who_plans_from_behind_a_change_that_was_foreseen_plans_by_the_chord_that_comes_there() -> (
    None
):
    loop = ((48, 52, 55), (43, 47, 50), (45, 48, 52), (41, 45, 48))
    harmony = Harmony()
    for bar, keys in enumerate(loop * 3):
        line = bar * BAR
        told(harmony, line - 10)
        planned = dict(
            harmony.outline(
                MODES["accompany"].chords, line + 1, 0, IN_FOUR, IN_FOUR.micros(line - 10)
            ).chords
        )
        if bar > 5:
            assert planned[line + 1] == Chord(keys[0] % 12, "min" if keys[0] == 45 else "maj"), bar
        for key in keys:
            harmony.hear(Struck(IN_FOUR.micros(line), COMP, key, 80))
        for key in keys:
            harmony.hear(Struck(IN_FOUR.micros(line + BAR) - 50_000, COMP, key, 0))


def test_a_note_of_the_melody_that_is_sent_three_times_is_no_chord() -> None:
    """As a DAW sends it whose track is recorded in three lanes."""
    harmony = Harmony()
    for key in (51, 54, 59):
        harmony.hear(Struck(0, COMP, key, 80))
    for _ in range(3):
        harmony.hear(Struck(BEAT_US, LEAD, 80, 80))

    assert harmony.played(BEAT_US) == Chord(11, "maj")


def test_who_comps_in_eighths_and_comes_late_with_a_chord_that_was_foreseen_has_not_overruled_it() -> (
    None
):
    loop, harmony = ((48, 52, 55), (43, 47, 50), (45, 48, 52), (41, 45, 48)), Harmony()
    for eighth in range(8 * 12):
        keys, tick = loop[eighth // 8 % 4], eighth * TICKS_PER_BEAT // 2
        if eighth >= 9 * 8:
            kind = "min" if keys[0] == 45 else "maj"
            assert told(harmony, tick + 1) == Chord(keys[0] % 12, kind), eighth
        late = 2 if eighth >= 8 * 8 else 0
        for key in keys:
            harmony.hear(Struck(IN_FOUR.micros(tick + late), COMP, key, 80))
        for key in keys:
            harmony.hear(Struck(IN_FOUR.micros(tick + 11), COMP, key, 0))
        told(harmony, tick + late + 5)


def test_three_keys_of_a_chord_of_four_that_was_foreseen_are_not_taken_for_another_chord() -> None:
    """G, B and D of an E minor seventh come a moment before its E."""
    d_minor, e_minor_seventh = (50, 53, 57), (55, 59, 62, 52)
    harmony, new = Harmony(), list[Chord | None]()
    for bar, keys in enumerate((d_minor, e_minor_seventh) * 5):
        told(harmony, bar * BAR - 10)
        for number, key in enumerate(keys):
            now = IN_FOUR.micros(bar * BAR) + 20_000 + number * 2_000
            harmony.hear(Struck(now, COMP, key, 80))
            harmony.follow(IN_FOUR, now, has_song=False)
            ahead = harmony.ahead(IN_FOUR.tick_from(now + 1), IN_FOUR, now)
            if bar >= 8 and ahead.is_new and ahead.strikes:
                new.append(ahead.strikes[0].chord)
        for beat in range(1, 4):
            told(harmony, bar * BAR + beat * TICKS_PER_BEAT)
        for key in keys:
            harmony.hear(Struck(IN_FOUR.micros((bar + 1) * BAR) - 50_000, COMP, key, 0))

    assert Chord(7, "maj") not in new


def test_who_has_struck_four_keys_lately_is_waited_for_with_three() -> None:
    """A C4 that one keyboard's split gives to the other hand makes no chord of three keys the hand's habit."""
    e_minor_seventh = (55, 59, 62, 52)
    found = new_in_last_bar((52, 55, 59, 62), (50, 53, 57), (43, 47, 50), e_minor_seventh)

    assert Chord(7, "maj") not in found
    assert found[-1] == Chord(4, "m7")


def test_who_has_struck_five_keys_lately_is_waited_for_with_four() -> None:
    """A ninth of A without its root on four keys is a diminished chord of G."""
    found = new_in_last_bar((50, 52, 53, 57, 60), (48, 52, 55), (49, 58, 55, 52, 57))

    assert {chord.root for chord in found if chord} == {9}


def test_what_a_low_voice_sings_beside_a_left_hand_is_no_tone_of_its_chord() -> None:
    harmony = Harmony()
    for key in (51, 54, 58):
        harmony.hear(Struck(0, COMP, key, 80))
    harmony.hear(Struck(BEAT_US // 2, LEAD, 59, 80))

    assert harmony.played(BEAT_US // 2) == Chord(3, "min")
    assert harmony.left_hand == {(COMP, 51), (COMP, 54), (COMP, 58)}


def test_what_is_played_low_where_no_other_hand_plays_is_a_left_hand() -> None:
    harmony = Harmony()
    for key in (51, 54, 58):
        harmony.hear(Struck(0, LEAD, key, 80))
    assert harmony.played(0) == Chord(3, "min")

    for key in (51, 54, 58):
        harmony.hear(Struck(BEAT_US, LEAD, key, 0))
    assert not harmony.left_hand


# --- the key ------------------------------------------------------------------------------------------------------

IN_G = (67, 71, 74, 76, 74, 72, 71, 69, 67, 66, 69, 71, 74, 72, 69, 67)


def key_after(harmony: Harmony, now: int) -> dict[str, object]:
    told = harmony.snapshot(IN_FOUR, now)
    return {name: told[name] for name in ("key", "key_sure", "second_key", "second_key_sure")}


def test_the_key_is_told_with_how_sure_it_is_and_with_the_runner_up() -> None:
    harmony = heard(*IN_G * 4)
    told = key_after(harmony, 32 * BEAT_US)

    assert told["key"] == "G major"
    assert told["second_key"] not in ("", "G major")
    assert 0.5 < float(str(told["key_sure"])) <= 1
    assert 0 <= float(str(told["second_key_sure"])) < float(str(told["key_sure"]))


def test_a_call_is_at_home_in_the_key_that_is_heard_unless_it_is_clearly_elsewhere() -> None:
    harmony, now = heard(*IN_G * 4), 32 * BEAT_US
    g, e_flat = Key(7, "major"), Key(3, "major")
    in_g = g.pitch_classes, frozenset({7, 11, 2})

    assert harmony.at_home(None, now) == harmony.at_home(g, now) == in_g
    assert harmony.at_home(g.relative, now) == harmony.at_home(Key(2, "major"), now) == in_g
    assert harmony.at_home(e_flat, now) == (e_flat.pitch_classes, frozenset({3, 7, 10}))
    assert Harmony().at_home(e_flat, 0) == harmony.at_home(e_flat, now)
    assert Harmony().at_home(None, 0) == (frozenset(), frozenset())
    assert harmony.home(None, now, framed_by=4) == g.relative, "it begins and ends on E"
    assert harmony.home(None, now, framed_by=7) == harmony.home(None, now, framed_by=2) == g


def test_before_anything_is_played_there_is_neither_a_key_nor_a_runner_up() -> None:
    nothing = {"key": "", "key_sure": 0.0, "second_key": "", "second_key_sure": 0.0}

    assert key_after(Harmony(), 0) == nothing
    drums = Harmony()
    for at in range(64):
        drums.hear(Struck(at * BEAT_US // 2, DRUMS, 36 + at % 5, 90))
    assert key_after(drums, 32 * BEAT_US) == nothing


def test_a_single_note_and_a_chromatic_run_are_in_no_key() -> None:
    assert key_after(heard(60), BEAT_US)["key"] == ""
    assert key_after(heard(*range(60, 84), *range(84, 60, -1)), 24 * BEAT_US)["key"] == ""


def test_the_key_is_kept_through_a_rest_of_half_a_minute_at_any_tempo() -> None:
    for tempo_us in (200_000, 500_000, 1_500_000):
        harmony = heard(*IN_G * 4)
        harmony.follow(Timeline(tempo_us, 0, IN_FOUR.metre), 32 * BEAT_US, has_song=False)
        later = 32 * BEAT_US + 30_000_000
        heard(79, 78, harmony=harmony, since=later)

        assert key_after(harmony, later + BEAT_US)["key"] == "G major"


def test_the_same_notes_have_the_same_key_and_the_same_chances() -> None:
    once, again = (key_after(heard(*IN_G * 4, *SCALE), 36 * BEAT_US) for _ in range(2))

    assert once == again


class Counted(KeyTracker):
    """Notes which beats it is told of."""

    def __init__(self) -> None:
        super().__init__()
        self.told_beats = list[int]()

    def beat(self, at_us: int, beat_us: int) -> None:
        self.told_beats.append(at_us)
        super().beat(at_us, beat_us)


def test_beats_are_told_from_a_new_tempo_on_without_any_twice() -> None:
    harmony, chance, now = Harmony(), Random(4), 0
    harmony._keys = counted = Counted()
    beats = counted.told_beats
    for _ in range(200):
        now += chance.randrange(1, 3_000_000)
        tempo_us = chance.choice((250_000, 480_000, 520_000, 900_000))
        harmony.follow(Timeline(tempo_us, now - chance.randrange(500_000)), now, has_song=False)
        harmony.hear(Struck(now, LEAD, 60 + chance.randrange(12), 80))
        assert not beats or beats[-1] <= now

    assert all(other - one >= 125_000 for one, other in pairwise(beats))
    assert len(beats) > 200


def test_after_an_hour_without_a_note_no_more_than_a_few_beats_are_looked_at() -> None:
    harmony = heard(*IN_G)
    harmony._keys = counted = Counted()
    harmony.hear(Struck(3_600_000_000, LEAD, 60, 80))
    beats = counted.told_beats

    assert len(beats) == MOST_BEATS + 1
    assert 3_600_000_000 - BEAT_US <= beats[-1] <= 3_600_000_000


def of_hand(seed: int, is_shown: bool) -> list[Chord | None]:
    """The chords of a left hand, as they are known at each stroke, while a page looks on or none does."""
    dice, harmony, strokes = Random(seed), Harmony(), list[Struck]()
    for beat in range(24):
        for nth, pitch in enumerate(dice.sample(range(40, 60), dice.choice([1, 1, 2, 3, 4]))):
            at = beat * BEAT_US + nth * dice.choice([0, 150_000])
            end = at + dice.choice([90_000, 200_000, 450_000, 900_000])
            strokes += [Struck(at, COMP, pitch, 80), Struck(end, COMP, pitch, 0)]
    found, shown_us = list[Chord | None](), 0
    for struck in sorted(strokes):
        while is_shown and shown_us < struck.at:
            harmony.snapshot(IN_FOUR, shown_us)
            shown_us += BEAT_US // 10
        harmony.hear(struck)
        found.append(harmony.played(struck.at))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_page_that_looks_on_changes_no_chord(seed: int) -> None:
    assert of_hand(seed, is_shown=True) == of_hand(seed, is_shown=False)
