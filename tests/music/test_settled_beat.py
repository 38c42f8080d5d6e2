"""A beat that has been right for long: who plays along keeps to it through late chords, and gives it up for another."""

from itertools import pairwise
from random import Random

from livegen.music.beat import beats, settled
from livegen.music.melody.phrase import Played
from livegen.music.parts import COMP
from livegen.music.time.metre import COMMON_TIME
from livegen.music.time.timeline import Timeline

BEAT = 545_000
CHORDS = ((48, 52, 55, 58), (53, 57, 60, 63), (48, 52, 55, 58), (55, 59, 62, 65))  # a bar each
LATEST = 96  # notes that a phrase keeps


def chords(beats_us: list[int], chance: Random) -> list[list[Played]]:
    """Chords held to the next, late as a hand is, one in ten by a tenth of a beat."""
    found = []
    for number, (at, after) in enumerate(pairwise(beats_us)):
        late = 54_000 if chance.random() < 0.1 else round(chance.gauss(12_000, 14_000))
        keys = CHORDS[number // 2 % len(CHORDS)]
        found.append([Played(at + late, after - 50_000, pitch, 64, COMP) for pitch in keys])
    return found


def heard(played: list[list[Played]]) -> list[Timeline]:
    """The timeline after each chord, as who plays along hears it."""
    found: beats.FoundBeat | None = None
    timelines = list[Timeline]()
    for count in range(beats.FEWEST, len(played)):
        notes = [note for chord in played[: count + 1] for note in chord][-LATEST:]
        look = beats.followed(notes, found) if found else None
        found = look or beats.find(notes, found.timeline if found else None, before=found)
        timelines.append(found.timeline)
    return timelines


def off(timeline: Timeline, at: int) -> float:
    """By how many beats a time lies off the nearest bar line."""
    return abs(timeline.tick(at) - timeline.metre.bar_near(timeline.tick(at))) / 24


def test_one_chord_a_bar_by_a_hand_that_is_late_at_times_keeps_its_beat_for_eighty_bars() -> None:
    for seed in range(3):
        lines = [4 * BEAT * bar for bar in range(81)]
        timelines = heard(chords(lines, Random(seed)))

        assert all(abs(BEAT / it.tempo_us - 1) < 0.03 for it in timelines[12:])
        assert max(off(*row) for row in zip(timelines[12:], lines[16:], strict=False)) < 0.25


def test_where_chords_change_twice_a_bar_the_line_stays_in_the_half_in_which_it_has_been() -> None:
    chance = Random(5)
    lines = [2 * BEAT * half for half in range(97)]
    timelines = heard(chords(lines, chance))
    offs = [off(*row) for row in zip(timelines[::2], lines[4::2], strict=False)]

    assert max(offs) < 0.5


def test_another_tempo_and_one_that_gives_way_are_followed_though_the_beat_was_settled() -> None:
    lines = [4 * BEAT * bar for bar in range(25)]
    for steps in ([0.8] * 25, [1 + 0.008 * min(bar, 16) for bar in range(25)]):
        played = list(lines)
        for step in steps:
            played.append(played[-1] + round(4 * BEAT * step))
        last = heard(chords(played, Random(2)))[-1]

        assert abs(BEAT * steps[-1] / last.tempo_us - 1) < 0.05
        assert min(off(last, played[-2]), abs(2 - off(last, played[-2]))) < 0.3


def test_a_late_chord_moves_a_settled_beat_by_little() -> None:
    running = Timeline(BEAT, 0, COMMON_TIME)
    onsets = [4 * BEAT * bar for bar in range(12)]
    onsets[-1] += 54_000
    moved = settled.kept(onsets, running)

    assert settled.holds(settled.SETTLED, onsets, running)
    assert abs(moved.tempo_us / BEAT - 1) < 0.002
    assert 0 < moved.micros(44 * 24) - 44 * BEAT < 15_000


def test_a_chord_that_stands_alone_is_late_and_no_sixteenth_behind_the_beat() -> None:
    late = 4 * BEAT * 11 + BEAT // 6
    onsets = [*(4 * BEAT * bar for bar in range(11)), late]
    moved = settled.kept(onsets, Timeline(BEAT, 0, COMMON_TIME))

    assert moved.micros(44 * 24) > 44 * BEAT


def test_onsets_between_the_lines_one_after_the_other_have_left_the_beat() -> None:
    running = Timeline(BEAT, 0, COMMON_TIME)
    onsets = [BEAT * beat for beat in range(8)] + [round(BEAT * at) for at in (8.2, 9.2, 10.2)]

    assert not settled.holds(settled.MOST, onsets, running)
    assert settled.left(settled.MOST, onsets, running) < settled.MOST


def test_looks_settle_a_beat_by_what_was_new_to_them_and_unsettle_it() -> None:
    lead = 0.0
    for _ in range(20):
        lead = settled.lead_after(lead, 4.0, 0.05)
    assert lead == settled.MOST
    for _ in range(20):
        lead = settled.lead_after(lead, None, 0.05)
    assert lead < 1e-9
