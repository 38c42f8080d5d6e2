"""What a planned response keeps to, whatever the model would like."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegen.codec.encoder import Stroke
from livegen.inference.contract import Logits, Model, Query, Summary
from livegen.jam.band.harmonies import Welcome
from livegen.jam.band.sentences import Sentences
from livegen.jam.band.theme import Point, Theme, line_of
from livegen.jam.harmony.outline import ChordFrom
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.jam.planning.brief import LONGEST_NOTE, Brief
from livegen.jam.planning.density import Density
from livegen.jam.planning.planner import Rollout
from livegen.jam.planning.registers import everything
from livegen.music.charts import Stretch
from livegen.music.chords.chord import Chord
from livegen.music.parts import BASS, COMP, DRUMS, LEAD
from livegen.music.time.metre import COMMON_TIME
from livegen.music.time.timeline import Timeline
from livegen.testing import FaultyModel, ScriptedModel, UniformModel

BEAT = 24
FREE = Brief(
    start=96,
    end=96 + 8 * BEAT,
    parts=(True,) * 4,
    pitches=everything(),
    voices=(8,) * 4,
    channels=(0, 0, 0, 9),
)
C_MAJOR, F_MAJOR = Chord(0, "maj"), Chord(5, "maj")
NOW = (ChordFrom(FREE.start, C_MAJOR),)
THEME = Theme(
    [Point(12 * at, 60 + abs(at % 14 - 7)) for at in range(29)], 1.0
)  # up and down by semitones
BRIEFS = st.builds(
    Brief,
    start=st.sampled_from([80, 96, 1000]),
    end=st.sampled_from([1024, 1500]),
    parts=st.tuples(*[st.booleans()] * 4).filter(any),
    pitches=st.just(everything()),
    voices=st.tuples(*[st.integers(1, 3)] * 4),
    channels=st.sampled_from([(0, 0, 0, 9), (0, 0, 0, 0), (0, 1, 2, 9)]),
    temperature=st.sampled_from([0.1, 1.0, 2.0]),
    nucleus=st.sampled_from([0.05, 0.9, 1.0]),
    density=st.sampled_from([0.25, 1.0, 4.0]),
    follow=st.sampled_from([0.0, 1.0]),
    supposes=st.booleans(),
    theme=st.sampled_from([None, THEME]),
    strikes=st.sampled_from(
        [(), (ChordFrom(80, C_MAJOR),), (ChordFrom(1000, C_MAJOR), ChordFrom(1010, None))]
    ),
    rests=st.sampled_from([(), (Stretch(800, 1100),)]),
    densities=st.sampled_from([(1.0,) * 4, (0.25, 1.0, 4.0, 0.5)]),
    grid=st.sampled_from([None, 6, 8, 12]),
    longest=st.sampled_from([6, 24, LONGEST_NOTE]),
)


def hearing(model: Model, *strokes: Stroke) -> Hearing:
    heard = Hearing.fresh(GuardedModel(model), Timeline(500_000))
    for stroke in strokes or (Stroke(72, LEAD, 60, 80), Stroke(80, LEAD, 60, 0)):
        heard.feed(stroke)
    return heard


def rolled_out(model: Model, brief: Brief, seed: int = 0, steps: int = 20_000) -> list[Stroke]:
    rollout = Rollout(hearing(model), brief, np.random.default_rng(seed))
    for _ in range(steps):
        if not rollout.is_done:
            rollout.step()
    assert rollout.is_done or brief.end is None
    return rollout.planned


def sounding_at(planned: Iterable[Stroke], tick: int) -> set[tuple[int, int]]:
    """Parts and pitches that sound after all that happens at a tick."""
    found: set[tuple[int, int]] = set()
    for stroke in sorted(planned):
        if stroke.tick <= tick:
            (found.add if stroke.velocity else found.discard)((stroke.part, stroke.pitch))
    return found


def test_a_chord_that_is_to_be_struck_begins_with_all_its_tones_and_its_root_in_the_bass() -> None:
    brief = replace(FREE, parts=(False, True, True, True), strikes=NOW)
    first = [it for it in onsets(rolled_out(UniformModel(6), brief)) if it.tick == FREE.start]
    comp = [stroke.pitch % 12 for stroke in first if stroke.part == COMP]

    assert sorted(comp[:3]) == [0, 4, 7]
    assert next(stroke.pitch % 12 for stroke in first if stroke.part == BASS) == 0


def test_notes_that_are_none_of_the_chord_end_where_it_is_struck_and_others_sound_on() -> None:
    brief = replace(FREE, parts=(False, True, True, True), strikes=NOW)
    sounding = [Stroke(72, COMP, 61, 80), Stroke(72, COMP, 64, 80), Stroke(72, LEAD, 73, 80)]
    model = UniformModel(48)
    rollout = Rollout(hearing(model, *sounding), brief, np.random.default_rng(1), sounding[:2])
    for _ in range(4):
        rollout.step()
    ended = [stroke.pitch for stroke in rollout.planned if not stroke.velocity]
    begun = {(stroke.part, stroke.pitch % 12) for stroke in onsets(rollout.planned)}

    assert ended == [61]
    assert {(COMP, 0), (COMP, 7)} <= begun and (COMP, 4) not in begun
    assert all(stroke.tick == FREE.start for stroke in rollout.planned)


def test_a_chord_that_is_to_come_is_struck_on_its_tick_and_the_bass_leaves_the_one_before() -> None:
    change = FREE.start + 2 * BEAT
    parts, strikes = (False, True, True, False), (*NOW, ChordFrom(change, F_MAJOR))
    voices = (1, 4, 1, 8)
    brief = replace(FREE, parts=parts, strikes=strikes, voices=voices)
    for seed in range(8):
        planned = rolled_out(UniformModel(6), brief, seed)
        struck = {(it.part, it.pitch % 12) for it in onsets(planned) if it.tick == change}
        held = sounding_at(planned, change)

        assert (BASS, 5) in struck
        assert {pitch % 12 for part, pitch in held if part == BASS} == {5}
        assert {pitch % 12 for part, pitch in held if part == COMP} >= {5, 9, 0}


def test_where_the_chart_has_no_chord_comp_and_bass_are_silent() -> None:
    change = FREE.start + 2 * BEAT
    chords = (*NOW, ChordFrom(change, None), ChordFrom(change + 2 * BEAT, F_MAJOR))
    harmony = tuple(
        Welcome(part, np.zeros(128), COMMON_TIME, chords) if part != DRUMS else None
        for part in range(4)
    )
    brief = replace(FREE, strikes=chords, harmony=harmony, voices=(1, 4, 1, 8))
    brief = replace(brief, channels=(0, 1, 2, 9))
    for seed in range(8):
        planned = rolled_out(UniformModel(6), brief, seed)
        struck = [it for it in onsets(planned) if change <= it.tick < change + 2 * BEAT]

        assert {part for part, _ in sounding_at(planned, change + BEAT)} <= {LEAD, DRUMS}
        assert {it.part for it in struck} <= {LEAD, DRUMS}
        assert (BASS, 5) in {
            (it.part, it.pitch % 12) for it in onsets(planned) if it.tick == change + 2 * BEAT
        }


def test_after_a_hit_nobody_plays_until_the_rest_is_over() -> None:
    hit = FREE.start + 2 * BEAT
    rest = Stretch(hit, hit + 3 * BEAT)
    for seed in range(8):
        planned = rolled_out(UniformModel(6), replace(FREE, rests=(rest,)), seed)

        assert not [it for it in onsets(planned) if rest.start < it.tick < rest.end]
        assert not sounding_at(planned, hit + BEAT)
        assert [it for it in onsets(planned) if it.tick >= rest.end]


def test_nothing_is_struck_at_the_end() -> None:
    """Who goes on from what was planned up to the end begins there; a chord of the next bar was struck, and hung."""
    end = FREE.start
    brief = replace(FREE, end=end, strikes=(ChordFrom(end, F_MAJOR),))
    assert not onsets(rolled_out(UniformModel(6), brief))


def test_at_a_hit_a_comp_that_holds_the_same_chord_strikes_it_again() -> None:
    hit = FREE.start + 2 * BEAT
    parts, strikes = (False, True, True, False), (*NOW, ChordFrom(hit, NOW[0].chord))
    brief = replace(
        FREE, parts=parts, strikes=strikes, rests=(Stretch(hit, hit + BEAT),), voices=(1, 4, 1, 8)
    )
    for seed in range(8):
        struck = onsets(rolled_out(UniformModel(96), brief, seed))

        assert {it.pitch % 12 for it in struck if it.tick == hit and it.part == COMP} == {
            0,
            4,
            7,
        }, seed


def test_a_bass_leaps_no_farther_than_an_octave() -> None:
    brief = replace(FREE, parts=(False, False, True, False), voices=(1, 1, 1, 1))
    for seed in range(8):
        pitches = [it.pitch for it in onsets(rolled_out(UniformModel(12), brief, seed))]

        assert len(pitches) > 1
        assert max(abs(after - before) for before, after in pairwise(pitches)) <= 12


@pytest.mark.parametrize("ahead", [1, 24, 104, 400])
def test_an_answer_begins_where_it_is_to_though_what_was_heard_last_lies_ahead(ahead: int) -> None:
    """A clock whose tempo is found anew moves what was heard; nothing was allowed then, and planning raised."""
    branch = hearing(UniformModel(6))
    branch.encoder.last = FREE.start + ahead
    rollout = Rollout(branch, FREE, np.random.default_rng(1))
    while not rollout.is_done:
        rollout.step()

    assert FREE.start <= rollout.planned[0].tick < FREE.start + 4 * BEAT
    assert len(onsets(rollout.planned)) > 4


def test_where_nothing_may_be_played_there_is_a_rest() -> None:
    nobody = replace(FREE, parts=(False,) * 4)

    assert rolled_out(UniformModel(6), nobody) == []


def onsets(strokes: Iterable[Stroke]) -> list[Stroke]:
    return [stroke for stroke in strokes if stroke.velocity]


@settings(max_examples=50)  # each of hundreds of notes
@given(BRIEFS, st.integers(0, 99), st.sampled_from([1, 6, 48, 1e9]))
def test_every_response_keeps_the_laws_of_notes(brief: Brief, seed: int, ticks: float) -> None:
    planned = rolled_out(UniformModel(ticks), brief, seed)
    assert brief.end is not None
    sounding: dict[tuple[int, int], Stroke] = {}
    ticks_of = [stroke.tick for stroke in planned if stroke.part != DRUMS]
    assert ticks_of == sorted(ticks_of)
    for stroke in sorted(planned, key=lambda stroke: (stroke.tick, stroke.velocity > 0)):
        key = (brief.channels[stroke.part], stroke.pitch)
        if stroke.velocity:
            assert brief.start <= stroke.tick < brief.end
            assert brief.parts[stroke.part]
            assert key not in sounding
            sounding[key] = stroke
            voices = sum(1 for other in sounding.values() if other.part == stroke.part)
            assert stroke.part == DRUMS or voices <= brief.voices[stroke.part]
        else:
            began = sounding.pop(key)
            assert began.part == stroke.part
            assert 1 <= stroke.tick - began.tick <= LONGEST_NOTE
    assert not sounding
    if not brief.rests and min(brief.densities) >= 1:  # who is thinned may begin later
        first = onsets(planned)[0]
        assert first.tick <= brief.start + BEAT + 1 + (brief.grid or 0)


def test_nothing_the_rollout_supposes_reaches_what_was_heard() -> None:
    heard = hearing(UniformModel(6))
    encoder, sounding, state = heard.encoder.copy(), heard.sounding.copy(), heard.state.copy()
    rollout = Rollout(heard.copy(), FREE, np.random.default_rng(0))
    while not rollout.is_done:
        rollout.step()
    assert heard.encoder == encoder
    assert np.array_equal(heard.sounding, sounding)
    assert np.array_equal(heard.state, state)


def test_a_part_that_may_not_play_is_thinned_not_squeezed_into_another() -> None:
    """Comp and lead alternate in one line; without comp the lead keeps its own times."""
    both = ((6, LEAD, 1, 60, 16), (6, COMP, 1, 50, 16))
    lead_only = replace(FREE, parts=(True, False, False, False), voices=(1,) * 4)
    one_in_four = UniformModel(6)
    alone = len(onsets(rolled_out(one_in_four, replace(lead_only, end=96 + 200 * BEAT))))
    together = onsets(
        rolled_out(one_in_four, replace(lead_only, parts=(True,) * 4, end=96 + 200 * BEAT))
    )
    leads = sum(stroke.part == LEAD for stroke in together)
    assert 0.6 < alone / leads < 1.8
    assert all(s.part == LEAD for s in rolled_out(ScriptedModel(*both), lead_only))


def test_a_model_that_wants_only_a_forbidden_part_still_answers() -> None:
    bass_only = ScriptedModel((6, BASS, 1, 40, 16), (6, BASS, 0, 40, 0))
    planned = rolled_out(bass_only, replace(FREE, parts=(True, False, False, False)))
    assert onsets(planned)
    assert all(stroke.part == LEAD for stroke in planned)


def test_pitches_are_begun_only_where_they_may_be() -> None:
    mask = np.zeros(128, np.bool_)
    mask[[60, 64, 67]] = True
    brief = replace(FREE, pitches=(mask, mask, mask, everything()[DRUMS]), end=96 + 40 * BEAT)
    begun = onsets(rolled_out(UniformModel(3), brief))
    assert {stroke.pitch for stroke in begun if stroke.part != DRUMS} == {60, 64, 67}


def test_density_multiplies_the_onsets_per_beat() -> None:
    counts = {}
    for density in (0.5, 1.0, 2.0):
        brief = replace(FREE, density=density, end=96 + 400 * BEAT)
        counts[density] = len(onsets(rolled_out(UniformModel(24), brief)))
    assert 1.5 < counts[1.0] / counts[0.5] < 2.5
    assert 1.5 < counts[2.0] / counts[1.0] < 2.5


@pytest.mark.parametrize("density", [0.25, 0.5, 2.0, 4.0])
def test_the_density_of_a_part_is_its_own_and_leaves_the_others_theirs(density: float) -> None:
    def counts(brief: Brief) -> list[int]:
        begun = onsets(rolled_out(UniformModel(24), brief))
        return [sum(stroke.part == part for stroke in begun) for part in range(4)]

    long = replace(FREE, end=96 + 800 * BEAT, voices=(99,) * 4)
    plain, other = counts(long), counts(replace(long, densities=(1.0, 1.0, density, 1.0)))
    assert density / 1.5 < other[BASS] / plain[BASS] < density * 1.5
    for part in (LEAD, COMP, DRUMS):
        assert 0.75 < other[part] / plain[part] < 1.33


def test_notes_struck_together_are_left_or_left_out_together() -> None:
    brief, rng = replace(FREE, densities=(1.0, 0.5, 1.0, 1.0)), np.random.default_rng(0)
    density = Density(brief, onset_by=999)
    found = [
        [density.is_left(COMP, tick + by, 999, brief, rng) for by in (0, 0, 1, 2)]
        for tick in range(200, 600, 6)
    ]
    assert {tuple(verdicts) for verdicts in found} == {(True,) * 4, (False,) * 4}


@pytest.mark.parametrize("grid", [12, 6, 8])
def test_on_a_grid_every_onset_is_on_a_line_and_no_note_is_shorter_than_any(grid: int) -> None:
    planned = rolled_out(UniformModel(7), replace(FREE, grid=grid, end=96 + 200 * BEAT))
    assert {stroke.tick % BEAT for stroke in onsets(planned)} == set(range(0, BEAT, grid))
    for stroke in onsets(planned):
        ends = [it.tick for it in planned if it[1:] == (*stroke[1:3], 0) and it.tick > stroke.tick]
        assert min(ends) - stroke.tick >= 2


def test_on_a_grid_of_eighths_sixteenths_become_eighths_and_no_chords() -> None:
    script = [(2, LEAD, 1, 60, 16), (4, LEAD, 0, 60, 0), (2, LEAD, 1, 62, 16), (4, LEAD, 0, 62, 0)]
    lead = replace(FREE, parts=(True, False, False, False), grid=12)
    ticks = [stroke.tick for stroke in onsets(rolled_out(ScriptedModel(*script), lead))]
    assert ticks == sorted(set(ticks))
    assert {later - earlier for earlier, later in pairwise(ticks)} == {12}


def test_a_chord_that_comes_off_the_grid_is_struck_on_its_next_line() -> None:
    brief = replace(
        FREE, parts=(False, True, True, False), strikes=(ChordFrom(103, F_MAJOR),), grid=12
    )
    planned = rolled_out(ScriptedModel((150, COMP, 1, 60, 16)), brief)
    assert {pitch % 12 for part, pitch in sounding_at(planned, 108) if part == COMP} == {5, 9, 0}
    assert onsets(planned)[0].tick == 108


def test_no_note_is_longer_than_the_brief_allows_and_the_last_is_none() -> None:
    brief = replace(
        FREE, longest=12, closes=96 + 4 * BEAT, drummer=None, parts=(True, True, True, False)
    )
    for seed in range(20):
        planned = rolled_out(UniformModel(30), brief, seed)
        began: dict[tuple[int, int], int] = {}
        for stroke in sorted(planned):
            if stroke.velocity:
                began[stroke[1:3]] = stroke.tick
            else:
                assert stroke.tick - began[stroke[1:3]] <= 12


def test_temperature_does_not_change_the_density() -> None:
    counts = [
        len(onsets(rolled_out(UniformModel(12), replace(FREE, temperature=t, end=96 + 400 * BEAT))))
        for t in (0.3, 1.0)
    ]
    assert 0.8 < counts[0] / counts[1] < 1.25


def test_the_nucleus_does_not_cut_off_long_waits() -> None:
    brief = replace(FREE, nucleus=0.5, end=96 + 400 * BEAT)
    begun = [stroke.tick for stroke in onsets(rolled_out(UniformModel(12), brief))]
    assert max(later - earlier for earlier, later in pairwise(begun)) > 2.5 * BEAT


def test_a_model_gone_wild_plays_at_most_sixteen_notes_a_beat() -> None:
    flood = ScriptedModel((0, LEAD, 1, 60, 16))
    begun = onsets(rolled_out(flood, replace(FREE, voices=(99,) * 4)))
    for stroke in begun:
        assert sum(0 <= other.tick - stroke.tick < BEAT for other in begun) <= 16


def test_a_model_that_wants_silence_plays_in_the_first_beat_and_then_now_and_then() -> None:
    silence = ScriptedModel((192, 0, 0, 0, 0))
    begun = onsets(rolled_out(silence, replace(FREE, end=96 + 64 * BEAT)))
    assert begun[0].tick <= 96 + BEAT
    gaps = [after.tick - before.tick for before, after in pairwise(begun)]
    assert gaps
    assert max(gaps) <= LONGEST_NOTE + 1


def test_a_note_that_is_never_ended_ends_after_two_bars() -> None:
    held = ScriptedModel((150, LEAD, 1, 60, 16), (150, LEAD, 1, 62, 16))
    planned = rolled_out(held, replace(FREE, end=96 + 64 * BEAT))
    began = {}
    for stroke in planned:
        if stroke.velocity:
            began[stroke.pitch] = stroke.tick
        else:
            assert stroke.tick - began[stroke.pitch] <= LONGEST_NOTE


def test_one_voice_gives_way_to_the_next_note() -> None:
    legato = ScriptedModel((12, LEAD, 1, 60, 16), (12, LEAD, 1, 64, 16), (12, LEAD, 1, 67, 16))
    planned = rolled_out(legato, replace(FREE, voices=(1,) * 4))
    sounding = 0
    for stroke in planned:
        sounding += 1 if stroke.velocity else -1
        assert 0 <= sounding <= 1


def test_loudness_follows_the_call_as_far_as_told() -> None:
    means = []
    for follow in (0.0, 0.5, 1.0):
        brief = replace(FREE, velocity=30.0, follow=follow, end=96 + 200 * BEAT)
        begun = onsets(rolled_out(UniformModel(6), brief))
        means.append(sum(stroke.velocity for stroke in begun) / len(begun))
    assert means[0] > 55
    assert means[0] > means[1] + 8 > means[2] + 16
    assert abs(means[2] - 30) < 12  # some are cut off at 1


def test_a_call_that_ended_long_ago_is_answered_on_the_grid_all_the_same() -> None:
    brief = replace(FREE, start=5000, end=5000 + 4 * BEAT)
    begun = onsets(rolled_out(UniformModel(12), brief))
    assert 5000 <= begun[0].tick <= 5000 + BEAT


@pytest.mark.parametrize("nan", [False, True])
@given(every=st.integers(1, 30))
def test_a_fault_ends_the_response_with_every_note_released(nan: bool, every: int) -> None:
    planned = rolled_out(FaultyModel(UniformModel(6), every, nan), FREE)
    ends = sum(not stroke.velocity for stroke in planned)
    assert ends == len(onsets(planned))


def test_a_new_brief_acts_from_the_frontier_on() -> None:
    rollout = Rollout(hearing(UniformModel(3)), replace(FREE, end=None), np.random.default_rng(0))
    while rollout.frontier < 96 + 8 * BEAT:
        rollout.step()
    rollout.brief = replace(FREE, end=96)
    until = rollout.frontier
    while not rollout.is_done:
        rollout.step()
    assert max(stroke.tick for stroke in rollout.planned if stroke.part != DRUMS) <= until


def test_notes_fall_on_welcome_ticks_and_silence_stays_as_long() -> None:
    groove = np.full(BEAT, -20.0)
    groove[[0, 12]] = 0.0
    begun = onsets(rolled_out(UniformModel(24), replace(FREE, groove=groove, end=96 + 99 * BEAT)))
    assert len(begun) > 20
    assert {stroke.tick % 12 for stroke in begun} == {0}


@pytest.mark.parametrize(("supposes", "most"), [(True, 8), (False, 1)])
def test_beside_a_lead_who_is_supposed_to_play_the_bass_comes_in_with_the_lead(
    supposes: bool, most: int
) -> None:
    # Together on the beat: the lead's note comes first, as in a score, and the bass's is no time later.
    script = [(12, LEAD, 1, 72, 9), (0, BASS, 1, 40, 9), (12, LEAD, 0, 72, 0), (0, BASS, 0, 40, 0)]
    before = [Stroke(72, LEAD, 60, 80), Stroke(84, LEAD, 60, 0)]
    heard = hearing(UniformModel(), *before).heard
    model = ScriptedModel(*[script[(index - heard) % 4] for index in range(4)])
    brief = replace(FREE, parts=(False, False, True, False), supposes=supposes)

    rollout = Rollout(hearing(model, *before), brief, np.random.default_rng(0))
    for _ in range(500):
        if not rollout.is_done:
            rollout.step()

    begun = onsets(rollout.planned)
    assert {stroke.part for stroke in begun} == {BASS}
    assert len({stroke.tick for stroke in begun}) == most
    assert {(stroke.tick - 96) % BEAT for stroke in begun} == {0}


class Soloist(UniformModel):
    """Everything is as likely as everything else, on one part."""

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        logits = super().logits(field, summary, query)
        if field == "part":
            logits[1:] = -30
        return logits


def test_a_response_takes_up_figures_and_rhythm_of_its_theme_and_none_on_purpose_without_one() -> (
    None
):
    def taken_up(theme: Theme | None) -> tuple[float, float]:
        """The share of semitones, and of onsets an eighth apart."""
        steps, apart = [], []
        octave = np.zeros(128, np.bool_)
        octave[60:73] = True
        brief = replace(
            FREE,
            end=96 + 100 * BEAT,
            parts=(True, False, False, False),
            voices=(1,) * 4,
            pitches=(octave,) * 4,
            theme=theme,
        )
        for seed in range(5):
            line = line_of(rolled_out(Soloist(12), brief, seed))
            steps += [abs(b.pitch - a.pitch) == 1 for a, b in pairwise(line)]
            apart += [b.tick - a.tick == 12 for a, b in pairwise(line)]
        return float(np.mean(steps)), float(np.mean(apart))

    (figures, rhythm), (by_chance, usual) = taken_up(THEME), taken_up(None)
    assert figures > 1.5 * by_chance
    assert rhythm > 1.5 * usual


# --- sentences ----------------------------------------------------------------------------------------------------

BAR = 4 * BEAT
GOES_ON = replace(
    FREE,
    end=None,
    parts=(True, False, False, False),
    theme=THEME,
    sentences=Sentences(COMMON_TIME, 0, frozenset({0, 4, 7})),
)


def gone_on(brief: Brief, bars: int, seed: int = 0) -> list[Stroke]:
    """What a line that goes on for ever plays in so many bars."""
    rollout = Rollout(hearing(UniformModel(6)), brief, np.random.default_rng(seed))
    while rollout.frontier < bars * BAR:
        rollout.step()
    return [stroke for stroke in rollout.planned if stroke.tick < bars * BAR]


@pytest.mark.parametrize("seed", range(4))
def test_a_line_that_goes_on_comes_to_rest_at_the_end_of_groups_of_four_bars(seed: int) -> None:
    planned = gone_on(GOES_ON, 17, seed)
    for until in (4 * BAR, 8 * BAR, 16 * BAR):
        close, half = until - 2 * BEAT, [s for s in planned if until - 2 * BEAT < s.tick < until]
        assert [it.tick for it in onsets(planned) if it.tick == close]
        assert [(it.velocity, it.tick) for it in half if it.tick > close + 2] == [
            (0, until - BEAT // 2)
        ]
    assert [it for it in onsets(planned) if it.tick >= 16 * BAR]


def test_the_second_group_mostly_comes_to_rest_on_a_tone_of_the_tonic_triad() -> None:
    closes = [
        it
        for seed in range(12)
        for it in onsets(gone_on(GOES_ON, 8, seed))
        if it.tick == 7 * BAR + 48
    ]
    assert sum(it.pitch % 12 in (0, 4, 7) for it in closes) > 0.6 * len(closes)


def test_a_line_without_sentences_or_with_an_end_rests_where_it_likes() -> None:
    for brief in (replace(GOES_ON, sentences=None), replace(GOES_ON, end=17 * BAR)):
        planned = gone_on(brief, 16)
        assert [it for it in onsets(planned) if 3 * BAR + 2 * BEAT < it.tick < 4 * BAR]
