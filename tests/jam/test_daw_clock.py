"""What a DAW's clock may do while the model plays: stop, drop out, jump, change.  Nothing hangs, nothing is caught up.

How the clock itself is followed is in `tests/music/test_clock_follower.py`.
"""

from itertools import pairwise

import pytest

from livegen.jam.planning.own_notes import CLICK_US
from livegen.jam.timing.agenda import ROUTES
from livegen.music.messages import NoteOff, NoteOn, Other
from livegen.music.parts import BASS
from livegen.testing import SECOND, Rehearsal, UniformModel
from tests.jam.stage import (
    BAR,
    BEAT,
    CLOCK,
    CONTINUE,
    START,
    STOP,
    clocks,
    notes,
    onsets,
    rehearsal,
)

MS = SECOND // 1_000


def jam_at_a_clock(mode: str = "continue", tempo_us: int = BEAT) -> tuple[Rehearsal, int]:
    """A jam in a DAW's time, in which the model plays a note on every beat; and when the next clock is due."""
    jam = rehearsal(sync="clock", mode=mode)
    at = clocks(jam, 1, 0, tempo_us)
    jam.play(at - MS, START)
    for pitch in (60, 62, 64, 65):
        jam.play(at, CLOCK)
        jam.play(at + MS, NoteOn(pitch, 80))
        for clock in range(1, 24):
            jam.play(at + clock * tempo_us // 24, CLOCK)
            if clock == 19:
                jam.play(jam.now + MS, NoteOff(pitch))
        at += tempo_us
    at = clocks(jam, 6, at, tempo_us)
    assert onsets(jam), "it does not play"
    return jam, at


def sounds(jam: Rehearsal) -> set[tuple[int, int]]:
    """What the model has begun and not ended."""
    held = set[tuple[int, int]]()
    for _, message in jam.sent:
        if isinstance(message, NoteOn):
            held.add((message.channel, message.pitch))
        elif isinstance(message, NoteOff):
            held.discard((message.channel, message.pitch))
    return held


def crowd(jam: Rehearsal, since: int) -> int:
    """The most notes that begin within a sixteenth from a time on: one on every beat is 1."""
    times = [at for at, _ in onsets(jam, since)]
    return max((sum(at <= other < at + BEAT // 4 for other in times) for at in times), default=0)


def test_stop_ends_what_sounds_and_a_second_stop_changes_nothing() -> None:
    jam, at = jam_at_a_clock()

    jam.play(at, STOP)
    jam.until(at + 30 * MS)
    assert sounds(jam) == set()
    jam.play(at + BEAT, STOP)
    jam.until(at + 4 * BAR)

    assert onsets(jam, since=at + 30 * MS) == []


@pytest.mark.parametrize("gap", [50 * MS, 400 * MS, 10 * SECOND])
def test_after_a_drop_out_nothing_hangs_and_nothing_is_caught_up_with(gap: int) -> None:
    jam, at = jam_at_a_clock()

    jam.until(at + gap)
    if gap > 2 * BAR:
        assert sounds(jam) == set()
        assert onsets(jam, since=at + BAR + BEAT, until=at + gap) == []
    at = clocks(jam, 8, at + gap)

    assert crowd(jam, at - 8 * BEAT - gap) <= 1


@pytest.mark.parametrize("position", [0, 16, 37])
def test_where_a_daw_jumps_what_sounds_ends_at_once_and_nothing_of_the_old_plan_follows(
    position: int,
) -> None:
    jam, at = jam_at_a_clock()
    at = clocks(jam, 0.25, at)
    assert sounds(jam)

    jam.play(at - MS, Other(bytes((0xF2, position & 127, position >> 7))))
    at = clocks(jam, 1 / 24, at)
    jam.until(at)

    assert sounds(jam) == set()
    clocks(jam, 8, at)
    assert onsets(jam, since=at) == []


def test_start_and_continue_while_it_runs_hang_nothing() -> None:
    jam, at = jam_at_a_clock()

    for message in (START, CONTINUE, START):
        jam.play(at - MS, message)
        at = clocks(jam, 1.5, at)
    jam.play(at, STOP)
    jam.until(at + BEAT)

    assert sounds(jam) == set()
    assert crowd(jam, 0) <= 1


@pytest.mark.parametrize("bpm", [140, 60, 30, 280])
def test_a_tempo_that_jumps_brings_no_burst_of_notes(bpm: int) -> None:
    jam, at = jam_at_a_clock(tempo_us=60 * SECOND // 90)

    at = clocks(jam, 12, at, 60 * SECOND // bpm)
    times = [when for when, _ in onsets(jam, since=at - 12 * 60 * SECOND // bpm)]

    assert min((b - a for a, b in pairwise(times)), default=SECOND) > 100 * MS
    jam.play(at, STOP)
    jam.until(at + BEAT)
    assert sounds(jam) == set()


@pytest.mark.parametrize("bpm", [5, 999, 3000])
def test_a_tempo_that_no_music_has_hangs_nothing(bpm: int) -> None:
    jam, at = jam_at_a_clock()

    at = clocks(jam, 12, at, 60 * SECOND // bpm)
    jam.play(at, STOP)
    jam.until(at + BEAT)

    assert sounds(jam) == set()
    assert crowd(jam, 0) <= 2


@pytest.mark.parametrize("off", [0, 10_000])
def test_a_band_plays_the_first_bar_of_a_daw_that_sends_clock_only_while_it_plays(off: int) -> None:
    """The tempo is known with the second clock: what was struck before it is neither cut nor forgotten."""
    jam = rehearsal(UniformModel(12), mode="accompany", tempo="auto")
    jam.play(0, START)
    for clock in range(96):
        jam.play(clock * BEAT // 24, CLOCK)
        if clock == 0:
            for key in (48, 52, 55):
                jam.play(off, NoteOn(key, 80))

    bass = notes(jam, {ROUTES[BASS].channel})
    assert bass and bass[0][0] <= off + BEAT // 6 and bass[0][2] % 12 == 0
    assert all(ended - begun >= CLICK_US for begun, ended, _ in bass)
    assert bass[-1][1] > 2 * BEAT, "it goes on"


def test_a_start_without_clocks_keeps_a_band_waiting_for_a_moment_only() -> None:
    jam = rehearsal(UniformModel(12), mode="accompany", tempo="auto")
    jam.play(0, START)
    jam.play(0, CLOCK)
    for key in (48, 52, 55):
        jam.play(0, NoteOn(key, 80))
    jam.until(BEAT)

    assert [note for _, note in onsets(jam) if note.channel == ROUTES[BASS].channel]
