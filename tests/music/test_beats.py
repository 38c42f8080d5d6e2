"""Tempo, beat and bars are found in what people play, and followed."""

import random
import tracemalloc
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.beat.beat_candidates import candidates
from livegen.music.beat.beats import (
    ALONE,
    BESIDE,
    FoundBeat,
    Sure,
    bars_of,
    begun,
    find,
    followed,
    steadied,
)
from livegen.music.melody.phrase import Played
from livegen.music.parts import DRUMS, LEAD
from livegen.music.time.metre import COMMON_TIME, parse_metre
from livegen.music.time.timeline import MINUTE_US, Timeline, tempo_us
from livegen.scorecard.feels import FEELS, Lick, call_of, in_time, looped

BEGIN_US = 7_000_000
RHYTHMS: dict[str, list[float]] = {
    "quarters": [0, 1, 2, 3, 4, 5, 6, 7],
    "sixteenths and quarters": [0, 1, 1.25, 1.5, 1.75, 2, 3, 3.25, 3.5, 3.75, 4],
    "dotted": [0, 0.75, 1, 1.75, 2, 2.75, 3, 3.75, 4],
    "dotted quarters": [0, 1.5, 2, 3.5, 4, 5.5, 6, 7.5],
    "swing": [0, 0.667, 1, 1.667, 2, 2.667, 3, 3.667, 4],
    "a tune": [0, 0.5, 1, 2, 2.5, 3, 4, 4.5, 5, 5.5, 6],
    "with a rest": [0, 1, 2, 3, 3.5, 8, 9, 10, 11, 11.5],
    "syncopated": [0, 0.5, 1.5, 2.5, 3, 4, 4.5, 5.5, 6.5, 7],
}
TUNE = (60, 62, 64, 65, 67, 65, 64, 62)
# Kinds of calls that were heard in another tempo or metre: metre, quarters of a bar, tempo, how often, notes.
KINDS = {
    "bossa": ("4/4", 4, 132, 1, "C5:1.5 B4:1.5 A4:1 | G4:1.5 F4:.5 E4:2"),
    "a waltz with a pick-up": ("3/4", 3, 116, 1, "G4:1 || C5:2 E5:1 | D5:2 B4:1 | C5:1 B4 A4 | G4:2"),
    "slow blues": (
        "12/8 or 6/8", 6, 90, 1, "C5:.5 Eb5 F5 F#5:1 F5:.5 Eb5:1 C5:.5 Bb4:1.5 | C5:1 Eb5:.5 C5:1 Bb4:.5 G4:3"
    ),
    "slow blues, twice": (
        "12/8 or 6/8", 6, 84, 2, "G4:.5 A4 C5 D5:1 C5:.5 A4:.5 G4 E4 G4:1.5 | A4:1 C5:.5 A4:1 G4:.5 E4:1.5 r:1.5"
    ),
    "seven": ("7/8", 3.5, 116, 2, "D5:.5 C5 B4 A4 B4:.5 C5 A4 | G4:1 A4:1 D4:1.5"),
    "five": ("5/4", 5, 130, 2, "C4:1.5 E4 G4:1 F4:1 | D4:1.5 F4 A4:1 G4"),
}  # fmt: skip


def played(beats: list[float], bpm: float, seed: int = 1, spread_us: float = 8_000) -> list[Played]:
    """A tune in this rhythm as a hand plays it, its errors cut at two and a half times their spread."""
    chance = random.Random(seed)
    beat = MINUTE_US / bpm
    notes = []
    for at, (begin, end) in enumerate(zip(beats, [*beats[1:], beats[-1] + 1], strict=True)):
        off = max(-2.5, min(2.5, chance.gauss(0, 1))) * spread_us
        onset = BEGIN_US + round(begin * beat + off)
        held = round(0.8 * min(end - begin, 1) * beat)
        notes.append(Played(onset, onset + held, TUNE[at % len(TUNE)], 80))
    return sorted(notes)


def of_feel(name: str, bpm: float, times: int = 2) -> list[Played]:
    """A feel of the bench, so many times through, by hand."""
    feel = next(feel for feel in FEELS if feel.name == name)
    call = call_of(feel, bpm, random.Random(name))
    return in_time(looped(call, call.bars * times), BEGIN_US)


def bpm_of(found: FoundBeat) -> float:
    """The tempo that was found."""
    return found.timeline.bpm


@pytest.mark.parametrize("bpm", [84, 100, 112, 126])
@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_tempo_of_a_played_rhythm_is_found_or_its_half_or_double(
    rhythm: str, bpm: float
) -> None:
    found = find(played(RHYTHMS[rhythm], bpm))
    assert min(abs(bpm_of(found) / bpm / times - 1) for times in (0.5, 1, 2)) < 0.02


@pytest.mark.parametrize(
    ("feel", "bpm"),
    [
        ("swing blues", 110), ("swing", 146), ("bossa", 132), ("rock", 112), ("pop", 104), ("waltz", 108),
        ("jig", 162), ("slow blues", 93), ("hip-hop", 88), ("chords", 80),
    ],
)  # fmt: skip
def test_the_tempo_of_a_feel_is_found_where_it_is_at_home(feel: str, bpm: float) -> None:
    assert bpm_of(find(of_feel(feel, bpm))) == pytest.approx(bpm, rel=0.04)


@pytest.mark.parametrize(
    ("feel", "bpm", "metre"),
    [("rock", 112, "4/4"), ("waltz", 108, "3/4"), ("fast waltz", 140, "3/4"), ("jig", 162, "6/8")],
)
def test_the_metre_is_heard_and_bar_lines_are_where_the_player_has_them(
    feel: str, bpm: float, metre: str
) -> None:
    notes = of_feel(feel, bpm)
    timeline = find(notes).timeline
    assert timeline.metre == parse_metre(metre)
    place, bar = timeline.metre.place(timeline.tick(notes[0].onset_us))
    assert min(place, bar - place) <= 2


@pytest.mark.parametrize("bpm", [100, 110, 120])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_swing_that_begins_late_in_the_first_beat_and_is_pushed_to_one_and_three_has_its_bars(
    bpm: int, seed: int | None
) -> None:
    """None of its notes is on a bar line, and all are equally loud."""
    text = "r:.5 E4 G4 A4 A#4 A4 G4 E4:1.5 D4:.5 E4:2"
    hand = None if seed is None else random.Random(seed)
    call = call_of(Lick("lick", "4/4", 4, (bpm,), text, 66), bpm, hand)
    notes = [note._replace(velocity=80) for note in in_time(call, BEGIN_US)]
    timeline = find(notes).timeline
    off = timeline.metre.place(timeline.tick(BEGIN_US)).position
    assert min(off, 96 - off) <= 3


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize(
    ("rhythm", "every"), [("quarters", 8), ("dotted", 4), ("swing", 4), ("a tune", 8)]
)
def test_through_rubato_of_15_percent_a_candidate_keeps_the_beat_from_the_first_note_to_the_last(
    rhythm: str, every: int, phase: float
) -> None:
    once = [beat for beat in RHYTHMS[rhythm] if beat < every]
    beats = np.array([since + beat for since in range(0, 40, every) for beat in once])
    chance = random.Random(rhythm)
    places = np.arange(0, 40, 0.05)
    slowness = np.exp(0.15 * np.sin(2 * np.pi * (places / 48 + phase)))
    seconds = np.cumsum(slowness * 0.05 * 60 / 108) + BEGIN_US / 1e6
    played_s = np.interp(beats, places, seconds) + [chance.gauss(0, 0.008) for _ in beats]
    found = candidates(np.sort(played_s))
    off = found.beats - beats
    off -= np.round(np.median(off, axis=1, keepdims=True))
    assert (np.abs(off) < 0.2).mean(axis=1).max() > 0.9


@pytest.mark.parametrize("faster", [0.95, 1.0, 1.06])
@pytest.mark.parametrize("kind", KINDS)
def test_the_tempo_the_metre_and_the_bar_lines_of_other_kinds_are_heard(
    kind: str, faster: float
) -> None:
    metre, bar, usual, times, text = KINDS[kind]
    call = call_of(Lick(kind, "", bar, (usual,), text), usual * faster, random.Random(kind))
    timeline = find(in_time(looped(call, call.bars * times), BEGIN_US)).timeline
    assert timeline.bpm == pytest.approx(usual * faster, rel=0.04)
    assert timeline.metre in [parse_metre(one) for one in metre.split(" or ")]
    place, length = timeline.metre.place(timeline.tick(BEGIN_US))
    assert min(place, length - place) <= 2


def test_a_metre_that_is_told_is_taken() -> None:
    notes = of_feel("rock", 112)
    for told in ("3/4", "6/8", "7/8", "11/8"):
        assert find(notes, metre=parse_metre(told)).timeline.metre == parse_metre(told)
    timeline = find(notes, metre=parse_metre("11/8")).timeline
    assert abs(timeline.tick(notes[0].onset_us)) <= 2, (
        "of bars that are not learned the first note is a downbeat"
    )


def test_a_new_timeline_has_a_bar_line_at_tick_0_at_or_just_before_the_first_note() -> None:
    for name in ("rock", "waltz", "folk, pick-up"):
        notes = of_feel(name, 110)
        timeline = find(notes).timeline
        bar = timeline.metre.place(0).bar
        assert -3 <= timeline.tick(notes[0].onset_us) < bar


def test_a_timeline_that_fits_stays_as_it_is() -> None:
    running = find(of_feel("rock", 112)).timeline
    found = find(of_feel("rock", 112), running)
    assert found.goes_on
    assert found.timeline == running


def test_the_tempo_of_a_player_who_becomes_faster_is_followed_and_ticks_keep_their_numbers() -> (
    None
):
    onsets, at, beat = [], float(BEGIN_US), MINUTE_US / 100
    for _ in range(64):
        onsets.append(round(at))
        at += beat / 2
        beat *= 0.997  # 100 to 121 beats a minute
    notes = [
        Played(onset, onset + 200_000, TUNE[at % 8], 95 if at % 8 == 0 else 75)
        for at, onset in enumerate(onsets)
    ]
    timeline = find(notes[:16]).timeline
    for count in range(17, len(notes) + 1):
        before, found = timeline, find(notes[:count], timeline)
        timeline, last = found.timeline, notes[count - 1].onset_us
        assert found.goes_on
        assert abs(timeline.tick(last) - before.tick(last)) <= 2
    assert timeline.bpm == pytest.approx(MINUTE_US / beat, rel=0.04)
    assert timeline.tick(onsets[-1]) % 12 in (0, 1, 11)


@pytest.mark.parametrize(("steady", "slower", "by"), [(8, 4, 1.04), (12, 4, 1.04), (8, 4, 1.03)])
def test_bar_lines_lie_where_the_player_has_them_after_a_tempo_that_gives_way(
    steady: int, slower: int, by: float
) -> None:
    notes, at, beat = [], float(BEGIN_US), MINUTE_US / 100
    for number in range(2 * (steady + slower)):
        loud = 95 if number % 8 == 0 else 75
        notes.append(Played(round(at), round(at + beat / 3), TUNE[number % 8], loud))
        at += beat / 2
        beat *= by**0.5 if number > 2 * steady else 1
    timeline = find(notes).timeline
    place, bar = timeline.metre.place(timeline.tick(round(at)))
    assert min(place, bar - place) <= 2


def sure_beat(notes: list[Played]) -> FoundBeat:
    """What a look finds in notes, sure of it."""
    return find(notes)._replace(tempo_sure=0.99)


def test_a_sure_beat_that_explains_what_was_played_since_is_followed_without_a_look() -> None:
    notes = played([*RHYTHMS["a tune"], *(8 + beat for beat in RHYTHMS["a tune"])], 100)
    before = sure_beat(notes[:16])
    after = followed(notes[:20], before)
    assert after
    assert after.goes_on
    looked = find(notes[:20], before.timeline).timeline
    assert after.timeline.tempo_us == pytest.approx(looked.tempo_us, rel=0.01)
    assert after.timeline.metre == looked.metre


def test_a_look_is_needed_where_notes_fall_between_those_before_or_nothing_was_sure() -> None:
    notes = played(RHYTHMS["quarters"] * 1 + [8, 9, 10.3], 100)
    before = sure_beat(notes[:8])
    assert followed(notes[:10], before)
    assert followed(notes, before) is None
    assert followed(notes[:10], before._replace(tempo_sure=0.5)) is None
    assert followed(notes[:8], before) is None


def test_a_beat_is_looked_for_again_after_some_notes_that_it_explains() -> None:
    notes = played([float(beat) for beat in range(24)], 100)
    before = sure_beat(notes[:8])
    needs = [followed(notes[:count], before) is None for count in range(9, 24)]
    assert needs == sorted(needs)
    assert True in needs
    assert False in needs


def test_before_an_answer_a_beat_must_be_surer_and_fewer_notes_new_than_beside_a_player() -> None:
    notes = played([float(beat) for beat in range(28)], 100)
    before = sure_beat(notes[:16])._replace(bars_sure=0.9)
    spared = {sure: spared_looks(notes, 16, before, sure) for sure in (BESIDE, ALONE)}
    assert spared == {BESIDE: BESIDE.new, ALONE: ALONE.new}
    unsure = before._replace(bars_sure=0.6)
    assert followed(notes[:17], unsure, BESIDE)
    assert followed(notes[:17], unsure, ALONE) is None


def test_a_beat_is_followed_without_a_look_for_half_as_many_strokes_as_it_was_found_in() -> None:
    notes = played([float(beat) for beat in range(16)], 100)
    for count in (6, 8):
        assert spared_looks(notes, count, sure_beat(notes[:count])) == count // 2


def spared_looks(notes: list[Played], known: int, before: FoundBeat, sure: Sure = BESIDE) -> int:
    """Count the strokes after those known for which a beat is followed without a look."""
    after = range(known + 1, len(notes))
    return sum(followed(notes[:count], before, sure) is not None for count in after)


def test_another_tempo_is_taken_up() -> None:
    running = find(of_feel("rock", 90)).timeline
    found = find(of_feel("rock", 126), running)
    assert bpm_of(found) == pytest.approx(126, rel=0.02)


def test_one_note_keeps_the_tempo_and_off_the_beat_begins_it_anew() -> None:
    running = Timeline(tempo_us(120), 0)
    assert begun([1_010_000], running) is running
    assert begun([1_250_000], running) is running
    assert begun([1_120_000], running) == Timeline(tempo_us(120), 1_120_000)
    assert begun([1_120_000]).metre == COMMON_TIME


def test_chords_are_one_onset() -> None:
    notes = [
        Played(BEGIN_US + round(at * 600_000) + spread, BEGIN_US + round(at * 600_000) + 500_000, pitch, 80)
        for at in range(8)
        for spread, pitch in ((0, 48), (9_000, 64), (18_000, 67))
    ]  # fmt: skip
    assert bpm_of(find(notes)) in (pytest.approx(100, rel=0.02), pytest.approx(200, rel=0.02))


def test_a_clear_beat_is_surer_than_notes_at_any_time() -> None:
    at_any_time = []
    for seed in range(30):
        chance = random.Random(seed)
        times = sorted(chance.randrange(10_000_000) for _ in range(20))
        found = find([Played(at, at + 100_000, 60 + at % 12, 80) for at in times])
        assert 0 <= found.bars_sure <= found.tempo_sure <= 1
        at_any_time.append(found.tempo_sure)
    clear = find(of_feel("pop", 104))
    assert fmean(at_any_time) < 0.5 < 0.7 < clear.tempo_sure


@given(
    st.lists(
        st.tuples(st.integers(0, 10**10), st.integers(0, 127), st.integers(1, 127), st.booleans()),
        min_size=1,
        max_size=40,
    )
)
def test_anything_gives_some_timeline(notes: list[tuple[int, int, int, bool]]) -> None:
    some = [
        Played(at, at + 1000, pitch, loud, DRUMS if drum else LEAD)
        for at, pitch, loud, drum in sorted(notes)
    ]
    found = find(some)
    assert MINUTE_US / 600 < found.timeline.tempo_us < MINUTE_US / 20
    assert np.isfinite(found.tempo_sure)


def test_a_rest_of_hours_takes_no_more_memory_than_one_of_a_minute() -> None:
    phrase = played([*range(8)], 120)

    def most_bytes(rest_us: int) -> int:
        later = [
            note._replace(onset_us=note.onset_us + rest_us, end_us=note.end_us + rest_us)
            for note in phrase
        ]
        tracemalloc.start()
        find([*phrase, *later])
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert most_bytes(10 * 60 * MINUTE_US) < 2 * most_bytes(MINUTE_US)


def test_weights_are_numbers_only(tmp_path: Path) -> None:
    from livegen.music.beat.beat_network import WEIGHTS

    with np.load(WEIGHTS, allow_pickle=False) as file:
        assert all(np.isfinite(file[name]).all() for name in file.files)


@pytest.mark.parametrize("bpm", [66, 132])
def test_a_tempo_that_is_written_tells_the_beat_from_half_and_double(bpm: int) -> None:
    """Even notes say nothing of that."""
    notes = played([at / 2 for at in range(16)], 132)
    found = find(notes, expected_us=tempo_us(bpm)).timeline

    assert abs(found.bpm / bpm - 1) < 0.04


SHELLS = ((50, 53, 60, 64), (55, 65, 69, 71)), ((45, 52, 60, 67), (50, 54, 60, 64))


@pytest.mark.parametrize("bpm", [116, 132, 144])
@pytest.mark.parametrize("chords", SHELLS)
@pytest.mark.parametrize("strokes", [(0, 1.5, 3, 4.5, 6, 7.5), (0, 1.5, 3, 5, 6.5)])
def test_short_chords_that_change_with_the_bars_are_heard_as_a_bossa_nova_is_comped(
    bpm: int, chords: tuple[tuple[int, ...], ...], strokes: tuple[float, ...]
) -> None:
    """They lie as evenly as quarters would."""
    us = 60e6 / bpm
    notes = [
        Played(round(at * us), round((at + 0.6) * us), pitch, 75)
        for at in strokes
        for pitch in chords[at >= 3.5]
    ]
    found = find(notes).timeline
    assert abs(found.bpm / bpm - 1) < 0.04
    assert found.metre == COMMON_TIME


def test_short_quarters_that_change_with_the_bars_are_quarters() -> None:
    notes = [
        Played(at * 600_000, at * 600_000 + 250_000, pitch, 75)
        for at in range(8)
        for pitch in SHELLS[0][at >= 4]
    ]
    assert abs(find(notes).timeline.bpm / 100 - 1) < 0.04


# Bass and chord of each bar of a song, and what a hand plays of them: when, and which keys of the chord, -1 the bass.
SONG = ((36, (52, 55, 60)), (45, (52, 57, 60)), (41, (53, 57, 60)), (43, (50, 55, 59)))
OOM_PAH_PAH = ((0, (-1,)), (1, (0, 1, 2)), (2, (0, 1, 2)))
BROKEN = tuple((at / 2, (key,)) for at, key in enumerate((-1, 0, 1, 2, 1, 0)))
SLOW_ROCK = tuple((at / 2, (0, 1, 2) if at else (-1, 0, 1, 2)) for at in range(6))


def by_hand(
    figure: tuple[tuple[float, tuple[int, ...]], ...], bpm: float, bars: int
) -> list[Played]:
    """A figure in each bar of three quarters, its strokes up to 20 ms off."""
    us, chance = 60e6 / bpm, random.Random(bars)
    return [
        Played(at_us := round((3 * bar + at) * us) + 40_000 + off_us, at_us + 200_000, pitch, 70)
        for bar in range(bars)
        for at, keys in figure
        for off_us in (chance.randint(-20_000, 20_000),)
        for pitch in sorted((SONG[bar % 4][0], *SONG[bar % 4][1])[key + 1] for key in keys)
    ]


@pytest.mark.parametrize("bpm", [120, 170, 190])
@pytest.mark.parametrize("bars", [2, 3, 8])
def test_a_low_note_and_two_chords_are_a_waltz_from_the_second_bar_on(bpm: int, bars: int) -> None:
    found = find(by_hand(OOM_PAH_PAH, bpm, bars)).timeline
    assert abs(found.bpm / bpm - 1) < 0.04
    assert found.metre == parse_metre("3/4")
    assert abs((found.tick(40_000) + 36) % 72 - 36) < 3


@pytest.mark.parametrize("bpm", [80, 110, 130])
@pytest.mark.parametrize("bars", [2, 4, 6])
def test_a_chord_that_is_broken_over_three_beats_from_its_bass_on_makes_bars_of_three(
    bpm: int, bars: int
) -> None:
    found = find(by_hand(BROKEN, bpm, bars)).timeline
    assert abs(found.bpm / bpm - 1) < 0.04
    assert found.metre == parse_metre("3/4")


@pytest.mark.parametrize("beat", [55, 65, 75])
def test_even_chords_whose_bass_moves_with_each_sixth_are_in_triplets(beat: int) -> None:
    found = find(by_hand(SLOW_ROCK, beat * 1.5, 4)).timeline
    assert found.metre == parse_metre("6/8")
    assert abs(found.bpm / 1.5 / beat - 1) < 0.04


@pytest.mark.parametrize("bpm", [100, 110, 118])
@pytest.mark.parametrize(
    "text",
    [
        "r:.5 C5 D#5 F5 F#5 F5 D#5 C5 | r:1 Bb4:.5 C5:2.5",
        "r:.5 A4 C5 D5 D#5 D5 C5 A4 | r:1 G4:1 r:.5 A4:1.5",
    ],
)
def test_a_lick_that_begins_on_a_swung_off_beat_is_in_its_own_tempo(bpm: int, text: str) -> None:
    """Nothing but long and short, as in three times the tempo by halves it would be."""
    lick = call_of(Lick("lick", "4/4", 4, (bpm,), text, swing=66), bpm)
    assert abs(find(in_time(lick, BEGIN_US)).timeline.bpm / bpm - 1) < 0.04


def test_a_first_key_that_was_late_is_outvoted_by_the_beats_after_it() -> None:
    running = Timeline(500_000, 1_050_000)
    onsets = [1_050_000, 1_500_000, 1_510_000, 1_750_000, 2_000_000, 2_500_000]
    assert steadied(onsets[:2], running) == running, "two keys may both be off"
    assert steadied(onsets, running) == Timeline(500_000, 1_000_000)


def test_at_a_tempo_that_is_told_a_phrase_with_a_pick_up_has_its_bars_and_one_without_a_beat_has_none() -> (
    None
):
    call = call_of(next(feel for feel in FEELS if feel.name == "folk, pick-up"), 100)
    notes = in_time(call, BEGIN_US)
    told = Timeline(call.tempo_us, notes[0].onset_us, COMMON_TIME)
    laid = bars_of(notes, told)
    assert laid.tempo_us == told.tempo_us
    assert (laid.origin_us - BEGIN_US) % (4 * call.tempo_us) == pytest.approx(0, abs=15_000)
    assert bars_of(notes[:3], told) == told


def test_what_is_played_between_the_beats_moves_no_beat() -> None:
    running = Timeline(500_000, 1_000_000)
    swung = [1_000_000, 1_333_000, 1_833_000, 2_333_000, 2_833_000]
    assert steadied(swung, running) == running
