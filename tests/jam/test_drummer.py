"""Drums that choose a bar, keep it, and vary it where fours and eights end."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from livegen.codec.encoder import Stroke
from livegen.jam.band.drummer import Drummer, drummer_for
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.jam.planning.brief import for_drums
from livegen.jam.planning.planner import Rollout
from livegen.music.drums.drum_bars import CRASH, KICK, SNARE, DrumHit
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import DRUM_CHANNEL, DRUMS
from livegen.music.time.metre import COMMON_TIME, parse_metre
from livegen.music.time.timeline import Timeline
from livegen.testing import UniformModel
from tests.jam.stage import BAR, BEAT, brief_of, onsets, rehearsal

A = (DrumHit(0, KICK, 100), DrumHit(24, SNARE, 90), DrumHit(48, KICK, 80), DrumHit(72, SNARE, 90))
B = (DrumHit(0, KICK, 100), DrumHit(0, 42, 60), DrumHit(72, SNARE, 90))
FILL = (DrumHit(0, 48, 90), DrumHit(24, 45, 90), DrumHit(36, 41, 100))
TWO = Drummer(96, 96, (A, B), (FILL,), "one")


def places(hits: tuple[DrumHit, ...], begin: int) -> list[tuple[int, int]]:
    return [(hit.tick - begin, hit.pitch) for hit in hits]


def test_bars_come_again_and_again_from_where_they_began() -> None:
    assert [places(TWO.hits(bar), 96 + 96 * bar) for bar in (1, 2, 4)] == [
        [hit[:2] for hit in bar] for bar in (B, A, A)
    ]
    assert TWO.coming(96) == (DrumHit(96, KICK, 100),)
    assert TWO.coming(97) == (DrumHit(120, SNARE, 90),)
    assert [hit.pitch for hit in TWO.coming(192)] == [KICK, 42]
    assert [hit.pitch for hit in TWO.coming(192, [KICK])] == [42]


def test_eight_bars_end_with_a_fill_and_no_bar_but_the_fourth_and_eighth_has_one() -> None:
    where = Counter(number % 8 for number in range(8 * 40) if TWO.fill_at(number) is not None)
    assert where[7] == 40
    assert 5 <= where[3] <= 25
    assert set(where) == {3, 7}
    assert all(TWO.fill_at(number) in (48, 72) for number in range(7, 320, 8))
    eighth = TWO.hits(7)
    assert eighth[-1] == DrumHit(96 * 9 - 12, 41, 100)


def test_a_fill_that_is_asked_for_goes_to_the_end_of_its_bar_and_crash_and_kick_follow() -> None:
    asked = Drummer(0, 96, (A,), (FILL,), "one", period=0, fill_from=2 * 96 + 36)
    assert places(asked.hits(2), 192) == [
        (0, KICK),
        (24, SNARE),
        (36, 41),
        (48, 48),
        (72, 45),
        (84, 41),
    ]
    assert {hit.pitch for hit in asked.hits(3) if hit.tick == 288} == {KICK, CRASH}
    assert [asked.fill_at(bar) for bar in range(8)] == [None, None, 36, *[None] * 5]


def test_a_fill_may_be_asked_for_while_the_drums_play() -> None:
    before = TWO.hits(2)
    asked = replace(TWO, fill_from=TWO.origin + 2 * 96 + 72)
    assert asked.fill_at(2) == 72
    assert asked.hits(2) != before == TWO.hits(2)
    assert CRASH in {hit.pitch for hit in asked.hits(3)}


def test_the_last_beat_of_four_bars_is_looser_than_the_others() -> None:
    fourth = next(n for n in range(3, 320, 8) if TWO.fill_at(n) is None)
    last, before = (hit for hit in reversed(TWO.hits(fourth)) if hit.pitch in (KICK, SNARE))
    assert last.tick % 96 == 72
    assert TWO.share(last) < TWO.share(before) == TWO.share(last._replace(tick=last.tick - 96))


def test_what_is_no_backbone_is_left_to_the_model_more_often() -> None:
    backbeat, ghost, hat = DrumHit(120, SNARE, 90), DrumHit(120, SNARE, 30), DrumHit(120, 42, 90)
    assert TWO.share(backbeat) > TWO.share(ghost) == TWO.share(hat) > 0


@pytest.mark.parametrize("metre", ["3/4", "6/8", "5/4", "7/8", "2/4", "12/8", "4/4"])
def test_a_drummer_plays_in_any_metre_and_fills_within_its_bars(metre: str) -> None:
    told = parse_metre(metre)
    bar = told.place(0).bar
    for seed in "abcd":
        drummer = drummer_for("drums_funk", told, 0, seed)
        for number in range(16):
            hits = drummer.hits(number)
            assert hits and all(number * bar <= hit.tick < (number + 1) * bar for hit in hits)


def test_what_leads_up_to_the_first_bar_is_not_its_first() -> None:
    assert drummer_for("any", COMMON_TIME, 96 + 80, "a").origin == 192
    assert drummer_for("any", COMMON_TIME, 96 + 20, "a").origin == 96


def test_other_seeds_choose_other_bars_and_less_density_leaves_the_backbone() -> None:
    chosen = {drummer_for("drums_rock", COMMON_TIME, 0, str(seed)).bars for seed in range(20)}
    assert len(chosen) >= 3
    full = drummer_for("any", COMMON_TIME, 0, "a")
    half = drummer_for("any", COMMON_TIME, 0, "a", density=0.5)
    assert len(half.bars[0]) == len(full.bars[0]) // 2
    assert {(0, KICK), (24, SNARE), (72, SNARE)} <= {hit[:2] for hit in half.bars[0]}


def test_drums_of_a_model_that_expects_nothing_keep_their_bar_and_add_to_it() -> None:
    hearing = Hearing.fresh(GuardedModel(UniformModel(6)), Timeline(500_000))
    for hit in TWO.kept(-1):
        hearing.feed(Stroke(hit.tick, DRUMS, hit.pitch, hit.velocity))
    brief = for_drums(brief_of(DRUMS, 96, 96 + 8 * 96), TWO)
    rollout = Rollout(hearing, brief, np.random.default_rng(0))
    while not rollout.is_done:
        rollout.step()
    begun = [stroke for stroke in rollout.planned if stroke.velocity]
    played = {(stroke.tick, stroke.pitch) for stroke in begun}
    kept = {hit[:2] for bar in range(7) for hit in TWO.hits(bar)}
    assert len(played & kept) >= 0.6 * len(kept)
    assert played - kept
    assert len(played) == len(begun)  # no drum twice at once


@pytest.mark.parametrize("density", [1.0, 1.2, 2.0])
def test_a_fill_that_is_asked_for_is_played_whole_however_dense_the_drums_are(
    density: float,
) -> None:
    asked = replace(TWO, period=0, fill_from=96 + 48)
    waited = {hit[:2] for bar in (0, 1) for hit in asked.hits(bar) if asked.is_cued(hit)}
    assert {(192, KICK), (192, CRASH), (180, 41)} <= waited
    brief = replace(brief_of(DRUMS, 96 + 42, 192 + 12), density=density)
    struck = 0
    for chance in range(40):
        hearing = Hearing.fresh(GuardedModel(UniformModel(12)), Timeline(500_000))
        hearing.feed(Stroke(96 + 24, DRUMS, SNARE, 90))
        rollout = Rollout(hearing, for_drums(brief, asked), np.random.default_rng(chance))
        while not rollout.is_done:
            rollout.step()
        struck += len(waited & {it[:3:2] for it in rollout.planned if it.velocity})
    assert struck >= 0.94 * 40 * len(waited)


def test_a_drum_that_sounds_when_plans_change_is_not_struck_before_it_is_released() -> None:
    hearing = Hearing.fresh(GuardedModel(UniformModel(6)), Timeline(500_000))
    kick = Stroke(95, DRUMS, KICK, 90)
    hearing.feed(kick)
    brief = for_drums(brief_of(DRUMS, 96, 192), TWO)
    for chance in range(8):
        rollout = Rollout(hearing.copy(), brief, np.random.default_rng(chance), [kick], True)
        while not rollout.is_done:
            rollout.step()
        kicks = sorted(
            stroke[:1] + stroke[3:] for stroke in rollout.planned if stroke.pitch == KICK
        )
        assert kicks[0] == (98, 0)


def test_beside_a_player_the_drums_keep_time_whatever_the_model_expects() -> None:
    jam = rehearsal(UniformModel(6), mode="accompany", parts="drums", style="any")
    for beat in range(32):
        jam.play(beat * BEAT, NoteOn(60 + beat % 5, 80))
        jam.play(beat * BEAT + BEAT * 4 // 5, NoteOff(60 + beat % 5))
    drums = [(at, note.pitch) for at, note in onsets(jam) if note.channel == DRUM_CHANNEL]
    ones = [bar * BAR for bar in range(1, 8)]
    kicks = {round(at / BAR * 96) for at, pitch in drums if pitch == KICK}
    snares = {round(at / BAR * 96) for at, pitch in drums if pitch == SNARE}
    assert sum(at * 96 // BAR in kicks for at in ones) >= 5
    assert sum({at * 96 // BAR + 24, at * 96 // BAR + 72} <= snares for at in ones) >= 3
    assert len(drums) == len(set(drums))


def test_ghost_notes_and_feathered_kicks_stay_soft_and_a_soft_player_has_soft_drums() -> None:
    """The model says any velocity; soft hits come first, as where plans change in the middle of a bar."""
    bar = (
        DrumHit(0, KICK, 36),
        DrumHit(12, SNARE, 25),
        DrumHit(24, SNARE, 100),
        DrumHit(48, KICK, 90),
    )
    struck: dict[float, dict[int, list[int]]] = {}
    for velocity in (40.0, 100.0):
        brief = replace(brief_of(DRUMS, 96, 17 * 96), velocity=velocity, follow=0.5)
        heard = Hearing.fresh(GuardedModel(UniformModel(12)), Timeline(BEAT, 0, COMMON_TIME))
        drummer = Drummer(96, 96, (bar,), (), period=0)
        for hit in drummer.kept(-1):
            heard.feed(Stroke(hit.tick, DRUMS, hit.pitch, hit.velocity))
        rollout = Rollout(heard, for_drums(brief, drummer), np.random.default_rng(1))
        while not rollout.is_done:
            rollout.step()
        struck[velocity] = {tick: [] for tick in (0, 12, 24, 48)}
        for stroke in rollout.planned:
            if stroke.velocity and (stroke.tick % 96, stroke.pitch) in {hit[:2] for hit in bar}:
                struck[velocity][stroke.tick % 96].append(stroke.velocity)
    for velocity, soft in ((40.0, 45), (100.0, 65)):
        assert all(np.mean(struck[velocity][tick]) < soft for tick in (0, 12)), struck
        assert all(np.mean(struck[velocity][tick]) > soft for tick in (24, 48))
    for tick in (0, 12, 24, 48):
        assert np.mean(struck[40.0][tick]) + 15 < np.mean(struck[100.0][tick])


def test_a_crash_that_nobody_keeps_comes_on_a_one_or_not_at_all() -> None:
    heard = Hearing.fresh(GuardedModel(UniformModel(6)), Timeline(BEAT, 0, COMMON_TIME))
    for hit in TWO.kept(-1):
        heard.feed(Stroke(hit.tick, DRUMS, hit.pitch, hit.velocity))
    crashes = np.zeros(128, np.bool_)
    crashes[[CRASH, KICK, SNARE]] = True
    brief = brief_of(DRUMS, 96, 96 + 16 * 96)
    pitches = (*brief.pitches[:DRUMS], crashes)
    rollout = Rollout(
        heard, for_drums(replace(brief, pitches=pitches), TWO), np.random.default_rng(0)
    )
    while not rollout.is_done:
        rollout.step()
    kept = {hit[:2] for bar in range(17) for hit in TWO.hits(bar)}
    struck = [it.tick for it in rollout.planned if it.velocity and it.pitch == CRASH]
    added = [tick for tick in struck if (tick, CRASH) not in kept]
    assert added and all(tick % 96 == 0 for tick in added)
