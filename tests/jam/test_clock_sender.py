"""MIDI clock for others."""

from itertools import pairwise

from livegen.jam.timing.clock_sender import CLOCK, START, STOP, ClockSender
from livegen.jam.timing.conductor import Conductor
from livegen.music.time.metre import COMMON_TIME
from livegen.music.time.timeline import Timeline


def test_a_turned_tempo_doubles_and_loses_no_clock_and_start_comes_on_a_bar_line() -> None:
    conductor, sender = Conductor("internal", COMMON_TIME), ClockSender(30_000)
    conductor.set_internal(500_000, 0)
    sent, ticks = [], {}
    for now in range(0, 8_000_000, 5_000):
        if now in (2_505_000, 3_500_000, 5_100_000):
            conductor.set_internal({2_505_000: 400_000, 3_500_000: 600_000}.get(now, 350_000), now)
        assert conductor.timeline is not None
        ticks[now] = conductor.timeline.tick(now)
        sent += sender.follow(conductor.timeline, now, False) + sender.hand_out(now)
    clocks = [timed.due for timed in sent if timed.message == CLOCK]
    assert conductor.jumps == 1  # that our own time leads at all
    assert abs(len(clocks) - ticks[7_995_000]) <= 3
    assert all(7_000 < after - before < 40_000 for before, after in pairwise(clocks))
    started = [timed.due for timed in sent if timed.message == START]
    assert started == [2_000_000]
    assert [timed.message for timed in sender.follow(None, 8_000_000, False)] == [STOP]


def test_after_a_stall_in_which_who_follows_was_told_to_stop_it_starts_again_on_a_bar_line() -> (
    None
):
    timeline, sender = Timeline(500_000), ClockSender(30_000)
    sender.follow(timeline, 0, False)
    sender.hand_out(1_000_000)

    late = sender.hand_out(1_300_000)
    sent = [timed for now in range(1_300_000, 6_000_000, 5_000) for timed in sender.hand_out(now)]

    assert len(late) <= 2
    assert [timed.due for timed in sent if timed.message == START] == [2_000_000]
