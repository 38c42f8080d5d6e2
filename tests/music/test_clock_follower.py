"""MIDI clock is followed: tempo and beat, start and stop, whatever happens on the wire.

Virtual time throughout; the synthetic clocks are those of bench/clock.py.
"""

import random
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clock import (
    BAR,
    BEFORE,
    JUMPS,
    LONG_PERIODS_US,
    PERIODS_US,
    START_US,
    TEMPOS,
    TWO_BEATS,
    follow,
    jittered,
    jump,
    largest,
    ramp,
    rms,
    served,
    steady,
    true_times,
)
from livegen.music.sync.clock_follower import FASTEST_BPM, SLOWEST_BPM, ClockFollower
from livegen.music.sync.doubles import Doubles
from livegen.music.sync.transport import Transport
from livegen.music.time.metre import TICKS_PER_BEAT, Metre, parse_metre
from livegen.music.time.timeline import MAX_TEMPO_US, MIN_TEMPO_US, Timeline

F8, FA, FB, FC = (bytes((status,)) for status in (0xF8, 0xFA, 0xFB, 0xFC))
STEP = 20_000  # micros of a clock at 125 bpm
SEEDS = range(5)
RUNNING, STOPPED = Transport.RUNNING, Transport.STOPPED
ARMED, COASTING = Transport.ARMED, Transport.COASTING


def position(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7))


class Sender:
    """Sends even clocks of STEP to a follower; the other messages a moment before the next clock."""

    def __init__(self, *messages: bytes) -> None:
        self.follower = ClockFollower()
        self.now = START_US
        self.send(*messages)

    def send(self, *messages: bytes) -> None:
        for message in messages:
            self.follower.feed(message, self.now - 500)

    def clocks(self, count: int, step: int = STEP) -> None:
        for _ in range(count):
            self.follower.feed(F8, self.now)
            self.now += step

    def rest(self, micros: int) -> None:
        self.now += micros
        self.follower.look(self.now - 1)

    @property
    def tick(self) -> int:
        """The tick of the last clock, by the follower's timeline."""
        return map_of(self.follower).tick(self.now - STEP)


def map_of(follower: ClockFollower) -> Timeline:
    timeline = follower.timeline
    assert timeline is not None
    return timeline


# Tempo and phase.


@pytest.mark.parametrize("bpm", TEMPOS)
@pytest.mark.parametrize("seed", SEEDS)
def test_under_a_millisecond_of_jitter_the_beat_is_within_half_of_one(
    bpm: float, seed: int
) -> None:
    times = true_times(steady(bpm), 8 * BAR)
    course = follow(jittered(1000, times, seed), times, steady(bpm))
    assert rms(course.phase_ms[TWO_BEATS:]) <= 0.5
    assert largest(course.phase_ms[TWO_BEATS:]) <= 3.0
    assert largest(course.tempo_bpm[BAR:]) <= (0.03 if bpm <= 120 else 0.1)
    assert largest(course.tempo_bpm[2 * BAR :]) <= 0.05


@pytest.mark.parametrize("bpm", TEMPOS)
@pytest.mark.parametrize("period_us", PERIODS_US)
def test_a_servers_period_delays_the_beat_evenly(bpm: float, period_us: float) -> None:
    times = true_times(steady(bpm), 8 * BAR)
    for seed in SEEDS:
        course = follow(served(period_us, times, seed), times, steady(bpm))
        after = course.phase_ms[TWO_BEATS:]
        delay = sum(after) / len(after)
        assert abs(delay - period_us / 2000) < 0.5
        assert rms([error - delay for error in after]) <= 1.0
        assert largest([error - delay for error in after]) <= 3.0


@pytest.mark.parametrize("bpm", [60, 90, 120, 174])
def test_under_five_milliseconds_of_jitter_the_beat_is_still_within_one(bpm: float) -> None:
    times = true_times(steady(bpm), 8 * BAR)
    for seed in SEEDS:
        course = follow(jittered(5000, times, seed), times, steady(bpm))
        assert rms(course.phase_ms[TWO_BEATS:]) <= 1.0
        assert largest(course.phase_ms[TWO_BEATS:]) <= 3.0


@pytest.mark.parametrize(("before", "after"), JUMPS)
@pytest.mark.parametrize("jitter_us", [0, 1000])
def test_a_tempo_jump_is_followed_within_a_beat(
    before: float, after: float, jitter_us: int
) -> None:
    tempo = jump(before, after)
    times = true_times(tempo, BEFORE + 4 * BAR)
    for seed in SEEDS:
        course = follow(jittered(jitter_us, times, seed), times, tempo)
        assert largest(course.phase_ms[BEFORE + TICKS_PER_BEAT :]) <= 3.0
        assert largest(course.tempo_bpm[BEFORE + BAR :]) <= 0.1


@pytest.mark.parametrize(("before", "after"), [(120.0, 60.0), (60.0, 120.0)])
@pytest.mark.parametrize("jitter_us", [0, 1000])
def test_a_ramp_over_eight_bars_stays_within_ten_milliseconds(
    before: float, after: float, jitter_us: int
) -> None:
    tempo = ramp(before, after, 32)
    times = true_times(tempo, BEFORE + 10 * BAR)
    for seed in SEEDS:
        course = follow(jittered(jitter_us, times, seed), times, tempo)
        assert largest(course.phase_ms[TWO_BEATS:]) <= 10.0


def test_after_an_hour_it_has_not_drifted() -> None:
    clocks = 60 * 120 * TICKS_PER_BEAT
    times = [START_US + clock * 500_000 / TICKS_PER_BEAT for clock in range(clocks)]
    follower = ClockFollower()
    follower.feed(FA, START_US - 5_000)
    for arrival in jittered(1000, times, 1):
        follower.feed(F8, arrival)
    assert abs(map_of(follower).micros(clocks - 1) - times[-1]) <= 500
    assert abs(map_of(follower).tempo_us - 500_000) <= 60
    assert follower.jumps == 1


def test_the_present_tick_is_right_to_a_microsecond_however_far_the_origin() -> None:
    sender = Sender(FA)
    for clock in range(20_000):
        sender.clocks(1, 20_833)
        if clock > 200:
            late = map_of(sender.follower).micros(clock) - (sender.now - 20_833)
            assert abs(late) <= 1


def test_it_says_how_large_the_jitter_is() -> None:
    times = true_times(steady(120), 8 * BAR)
    follower = ClockFollower()
    for arrival in jittered(1000, times, 3):
        follower.feed(F8, arrival)
    # A uniform error of at most one is 0.58 rms.
    assert 450 < follower.jitter_us < 700


# Clocks that are missing, or too many.


def survivors(
    times: Sequence[float], seed: int, lost: float, doubled: float
) -> list[tuple[int, int]]:
    """When which clock arrives: jittered, some lost and some twice, after a first beat never two within six."""
    chance, calm = random.Random(seed), -TICKS_PER_BEAT
    arrivals = []
    for clock, arrival in enumerate(jittered(1000, times, seed)):
        draw = chance.random() if calm > 6 else 1.0
        calm = 0 if draw < lost + doubled else calm + 1
        if draw >= lost:
            arrivals.append((arrival, clock))
        if lost <= draw < lost + doubled:
            arrivals.append((arrival + round(chance.uniform(50, 2_500)), clock))
    return sorted(arrivals)


@pytest.mark.parametrize("bpm", [60, 120, 174])
@pytest.mark.parametrize(("lost", "doubled"), [(0.05, 0.0), (0.0, 0.05), (0.05, 0.05)])
def test_lost_and_doubled_clocks_shift_no_beat(bpm: float, lost: float, doubled: float) -> None:
    times = true_times(steady(bpm), 16 * BAR)
    for seed in SEEDS:
        follower = ClockFollower()
        follower.feed(FA, START_US - 5_000)
        for arrival, clock in survivors(times, seed, lost, doubled):
            follower.feed(F8, arrival)
            if clock > TWO_BEATS:
                assert abs(map_of(follower).micros(clock) - times[clock]) <= 3_000
        assert (follower.transport, follower.jumps) == (RUNNING, 1)


def test_a_clock_lost_while_the_tempo_moves_shifts_no_beat() -> None:
    tempo = ramp(120, 60, 32)
    times = true_times(tempo, BEFORE + 10 * BAR)
    follower = ClockFollower()
    follower.feed(FA, START_US - 5_000)
    for arrival, clock in survivors(times, 1, 0.02, 0.02):
        follower.feed(F8, arrival)
        if clock > TWO_BEATS:
            assert abs(map_of(follower).micros(clock) - times[clock]) <= 10_000


@pytest.mark.parametrize("silence_us", [50_000, 200_000, 1_000_000, 1_800_000])
def test_a_drop_out_within_a_bar_is_coasted_and_nothing_is_lost(silence_us: int) -> None:
    sender = Sender(FA)
    sender.clocks(3 * BAR)
    before, last = map_of(sender.follower), sender.now - STEP
    missing = silence_us // STEP
    sender.rest(missing * STEP)
    follower = sender.follower
    assert follower.transport is (COASTING if missing > 1 else RUNNING)
    assert follower.timeline == before
    sender.clocks(8)
    assert (follower.transport, follower.jumps) == (RUNNING, 1)
    assert sender.tick == 3 * BAR - 1 + (sender.now - STEP - last) // STEP


@pytest.mark.parametrize("silence_us", [2_500_000, 10_000_000])
def test_a_longer_drop_out_stops_after_a_bar_and_is_taken_up_where_it_is_then(
    silence_us: int,
) -> None:
    sender = Sender(FA)
    sender.clocks(3 * BAR)
    follower, last = sender.follower, sender.now - STEP
    sender.follower.look(last + BAR * STEP - 1)
    assert follower.transport is COASTING
    sender.follower.look(last + BAR * STEP)
    assert (follower.transport, follower.is_locked) == (STOPPED, False)
    assert follower.deadline() is None
    assert map_of(follower).tempo_us == STEP * TICKS_PER_BEAT

    sender.rest(silence_us // STEP * STEP)
    sender.clocks(4)
    assert (follower.transport, follower.jumps) == (RUNNING, 2)
    assert sender.tick == (sender.now - STEP - START_US) // STEP


@pytest.mark.parametrize("off_us", [4_000, 9_000])
def test_clocks_that_come_back_off_the_old_grid_are_taken_up_within_half_a_clock(
    off_us: int,
) -> None:
    sender = Sender(FA)
    sender.clocks(2 * BAR)
    sender.rest(40 * STEP + off_us)
    sender.clocks(6)
    follower = sender.follower
    assert follower.transport is RUNNING
    assert abs(map_of(follower).micros(sender.tick) - (sender.now - STEP)) < 500
    assert sender.tick == 2 * BAR + 40 + 5


def test_after_a_minute_of_silence_clocks_are_those_of_anybody() -> None:
    sender = Sender(FA)
    sender.clocks(BAR)
    sender.rest(61_000_000)
    sender.clocks(BAR)
    assert (sender.follower.transport, sender.follower.has_phase) == (STOPPED, False)
    assert sender.follower.is_locked


def test_the_deadlines_are_where_coasting_begins_and_ends() -> None:
    sender = Sender(FA)
    sender.clocks(BAR)
    follower, last = sender.follower, sender.now - STEP
    missing = follower.deadline()
    assert missing == last + STEP * 5 // 2
    follower.look(missing - 1)
    assert follower.transport is RUNNING
    follower.look(missing)
    assert follower.transport is COASTING
    assert follower.deadline() == last + BAR * STEP


def test_the_bar_that_is_coasted_is_that_of_the_metre() -> None:
    follower = ClockFollower(Metre(((0, 3 * TICKS_PER_BEAT),)))
    follower.feed(FA, 0)
    for clock in range(BAR):
        follower.feed(F8, clock * STEP)
    follower.look(BAR * STEP)
    follower.look((BAR - 1) * STEP + 3 * TICKS_PER_BEAT * STEP)
    assert follower.transport is STOPPED


# Start, stop, continue.


def test_the_first_clock_after_start_is_the_downbeat() -> None:
    sender = Sender(FA)
    sender.clocks(BAR)
    assert map_of(sender.follower) == Timeline(STEP * TICKS_PER_BEAT, START_US)
    assert (sender.follower.transport, sender.follower.has_phase) == (RUNNING, True)
    assert sender.follower.bpm == pytest.approx(125)


def test_start_among_idle_clocks_keeps_the_tempo_and_begins_with_the_next() -> None:
    sender = Sender()
    sender.clocks(BAR)
    sender.send(FA)
    assert sender.follower.transport is ARMED
    downbeat = sender.now
    sender.clocks(1)
    assert map_of(sender.follower) == Timeline(STEP * TICKS_PER_BEAT, downbeat)
    assert sender.follower.is_locked


@pytest.mark.parametrize("off_us", [3_000, 9_000, 14_000])
def test_a_start_off_the_idle_clocks_is_the_downbeat_all_the_same(off_us: int) -> None:
    sender = Sender()
    sender.clocks(BAR)
    sender.now += off_us
    sender.send(FA)
    downbeat = sender.now
    sender.clocks(TICKS_PER_BEAT)
    assert map_of(sender.follower) == Timeline(STEP * TICKS_PER_BEAT, downbeat)


def test_start_after_a_stop_takes_up_another_tempo_at_once() -> None:
    sender = Sender(FA)
    sender.clocks(BAR)
    sender.send(FC)
    sender.rest(5_000_000)
    sender.send(FA)
    downbeat = sender.now
    sender.clocks(TICKS_PER_BEAT, 30_000)
    assert map_of(sender.follower) == Timeline(30_000 * TICKS_PER_BEAT, downbeat)


def test_clocks_without_start_have_a_tempo_and_no_phase() -> None:
    sender = Sender()
    sender.clocks(BAR)
    follower = sender.follower
    assert (follower.transport, follower.has_phase) == (STOPPED, False)
    assert follower.is_locked
    assert map_of(follower).tempo_us == STEP * TICKS_PER_BEAT


def test_start_without_clocks_waits_for_them() -> None:
    sender = Sender(FA)
    sender.rest(60_000_000)
    assert (sender.follower.transport, sender.follower.timeline) == (ARMED, None)
    assert sender.follower.deadline() is None
    sender.clocks(2)
    assert (sender.follower.transport, sender.tick) == (RUNNING, 1)


def test_a_second_start_begins_anew() -> None:
    sender = Sender(FA)
    sender.clocks(37)
    sender.send(FA)
    sender.clocks(1)
    assert (sender.tick, sender.follower.jumps) == (0, 2)


def test_continue_goes_on_where_it_stopped() -> None:
    sender = Sender(FA)
    sender.clocks(37)
    sender.send(FC, FC)
    sender.clocks(50)
    assert sender.follower.transport is STOPPED
    sender.send(FB)
    sender.clocks(1)
    assert (sender.follower.transport, sender.tick) == (RUNNING, 37)
    assert sender.follower.jumps == 2


def test_a_stop_after_a_clock_that_was_late_forgets_no_clock() -> None:
    sender = Sender(FA)
    sender.clocks(37)
    sender.now += 8_000
    sender.clocks(1)
    sender.send(FC, FB)
    sender.clocks(2)
    assert sender.tick == 39


def test_continue_while_running_changes_nothing() -> None:
    sender = Sender(FA)
    sender.clocks(37)
    sender.send(FB)
    sender.clocks(1)
    assert (sender.tick, sender.follower.jumps) == (37, 1)


def test_a_change_of_tempo_is_no_jump() -> None:
    sender = Sender(FA)
    sender.clocks(BAR)
    sender.clocks(BAR, 30_000)
    assert sender.follower.jumps == 1


# Song position.


def test_continue_begins_at_the_song_position() -> None:
    sender = Sender(position(20), FB)
    sender.clocks(2)
    assert sender.tick == 121


def test_start_begins_at_the_beginning_whatever_the_song_position() -> None:
    sender = Sender(position(20), FA)
    sender.clocks(2)
    assert sender.tick == 1


def test_a_sender_that_goes_back_when_it_stops_and_says_so_is_believed() -> None:
    # As Reaper does: stop, position 0, then the position that was chosen by hand, continue.
    sender = Sender(FA)
    sender.clocks(37)
    sender.send(FC, position(0))
    sender.rest(1_000_000)
    sender.send(position(16), FB)
    sender.clocks(2)
    assert sender.tick == 97


def test_a_sender_that_counts_clocks_instead_of_sixteenths_is_understood() -> None:
    # As Ardour does, from its second song position on.
    sender = Sender(position(96), FB)
    sender.clocks(30)
    sender.send(FC, position(126), FB)
    sender.clocks(2)
    assert sender.tick == 127


def test_a_relocation_while_running_moves_the_next_clock() -> None:
    sender = Sender(FA)
    sender.clocks(4 * BAR)
    sender.send(position(16))
    sender.clocks(1)
    assert (sender.tick, sender.follower.jumps) == (BAR, 2)


@pytest.mark.parametrize("early", [1, 2])
def test_a_loop_whose_position_comes_early_keeps_the_beat(early: int) -> None:
    sender = Sender(FA)
    sender.clocks(4 * BAR - early)
    sender.send(position(0))
    sender.clocks(early + 1)
    assert (sender.tick, sender.follower.jumps) == (0, 2)


def test_a_position_that_only_reports_changes_nothing() -> None:
    sender = Sender(FA)
    for bar in range(1, 5):
        sender.clocks(BAR)
        sender.send(position(16 * bar))
    sender.clocks(1)
    assert (sender.tick, sender.follower.jumps) == (4 * BAR, 1)


# Tempos out of range.


@pytest.mark.parametrize(
    ("bpm", "shown"),
    [(999, 249.75), (600, 150), (400, 200), (300, 150), (299, 299), (21, 21), (20, 40), (8, 32)],
)
def test_a_tempo_out_of_range_is_halved_or_doubled(bpm: float, shown: float) -> None:
    times = true_times(steady(bpm), BAR)
    follower = ClockFollower()
    follower.feed(FA, START_US - 1_000)
    for at in times:
        follower.feed(F8, round(at))
    timeline = map_of(follower)
    assert follower.bpm == pytest.approx(shown, rel=1e-3)
    assert SLOWEST_BPM < timeline.bpm < FASTEST_BPM
    assert abs(timeline.micros(0) - START_US) <= 100


def test_a_tempo_at_the_edge_does_not_flicker() -> None:
    times = true_times(lambda clock: 299.8 + 0.4 * (clock // BAR % 2), 16 * BAR)
    follower = ClockFollower()
    follower.feed(FA, START_US - 1_000)
    for arrival in jittered(500, times, 1):
        follower.feed(F8, arrival)
    assert follower.jumps == 2


# Any message at any time.


def relocated(place: int) -> int:
    """Position 96 named while the next clock is `place`: a report, a clock or two off the beat, or as it says."""
    if abs(96 - place) <= 6:
        return place
    on_the_beat = [at for at in (96, 95, 97, 94, 98) if (at - place) % 6 == 0]
    return on_the_beat[0] if on_the_beat else 96


def expected(messages: Sequence[bytes]) -> tuple[Transport, int | None]:
    """State and position of the last clock of a run, by the words of the specification."""
    state, place, last = STOPPED, 0, None
    for message in messages:
        match message[0], state:
            case 0xFA, _:
                state, place = ARMED, 0
            case 0xFB, _:
                state = ARMED
            case 0xFC, _:
                state = STOPPED
            case 0xF2, Transport.RUNNING:
                place = relocated(place)
            case 0xF2, _:
                place = 96
            case 0xF8, Transport.ARMED | Transport.RUNNING:
                state, place, last = RUNNING, place + 1, place
    return state, last if state is RUNNING else None


def test_all_sequences_of_six_messages_do_what_the_specification_says() -> None:
    alphabet = (F8, FA, FB, FC, position(16))
    for messages in (m for length in range(7) for m in product(alphabet, repeat=length)):
        sender = Sender()
        for message in messages:
            if message == F8:
                sender.clocks(1)
            else:
                sender.send(message)
        state, last = expected(messages)
        follower = sender.follower
        assert follower.transport is state, messages
        if last is not None and follower.timeline is not None:
            assert sender.tick == last, messages


MESSAGES = st.one_of(
    st.sampled_from([F8, F8, F8, F8, FA, FB, FC]),
    st.builds(position, st.integers(0, 2**14 - 1)),
    st.binary(max_size=4),
)
WAITS = st.one_of(
    st.just(STEP), st.integers(-(2**40), 2**40), st.integers(0, 10**6), st.integers(0, 3000)
)


@given(st.lists(st.tuples(MESSAGES, WAITS), max_size=80))
def test_nothing_on_the_wire_raises_and_the_map_is_always_one_that_can_be(
    events: list[tuple[bytes, int]],
) -> None:
    follower, now = ClockFollower(), 0
    for data, wait in events:
        now += wait
        before = follower.jumps
        follower.feed(data, now)
        assert follower.jumps >= before
        timeline = follower.timeline
        assert timeline is None or MIN_TEMPO_US <= timeline.tempo_us <= MAX_TEMPO_US
        assert follower.jitter_us >= 0
        assert (follower.bpm is None) == (timeline is None)


@given(st.lists(st.tuples(MESSAGES, WAITS), max_size=40))
def test_looking_at_the_deadline_gets_on_until_there_is_none(
    events: list[tuple[bytes, int]],
) -> None:
    follower, now = ClockFollower(), 0
    for data, wait in events:
        now += wait
        follower.feed(data, now)
    for _ in range(2):
        if (deadline := follower.deadline()) is not None:
            follower.look(deadline)
    assert follower.deadline() is None
    assert follower.transport in (STOPPED, ARMED)


def test_what_is_not_of_the_transport_is_ignored() -> None:
    sender = Sender(FA)
    sender.clocks(BAR)
    before = (map_of(sender.follower), sender.follower.transport, sender.follower.deadline())
    sender.send(b"", b"\xf8\xf8", b"\xf2\x10", b"\xf2\x80\x00", b"\x90<@", b"\xfe", b"\xff")
    assert (
        map_of(sender.follower),
        sender.follower.transport,
        sender.follower.deadline(),
    ) == before


# What a real DAW sends (Ardour 7.3 on JACK).


@pytest.mark.parametrize("bpm", [97, 120, 140, 200])
@pytest.mark.parametrize("frames", [512, 1024])
def test_clocks_that_come_together_from_a_server_with_long_periods_are_all_counted(
    frames: int, bpm: int
) -> None:
    times, period_us = true_times(steady(bpm), 16 * BAR), frames / 48_000 * 1e6
    for seed in SEEDS:
        follower = ClockFollower()
        follower.feed(FA, START_US - 50_000)
        for arrival in served(period_us, times, seed):
            follower.feed(F8, arrival)
        assert follower.bpm == pytest.approx(bpm, abs=0.2)
        late = map_of(follower).micros(16 * BAR - 1) - times[-1]
        assert 0 < late < period_us
        assert follower.jumps == 1


def test_a_sender_that_is_connected_twice_is_no_faster() -> None:
    follower = ClockFollower()
    for message in (FA, FA):
        follower.feed(message, START_US - 5_000)
    for arrival in jittered(1000, true_times(steady(120), 4 * BAR), 1):
        follower.feed(F8, arrival)
        follower.feed(F8, arrival)
    assert follower.bpm == pytest.approx(120, abs=0.2)


@pytest.mark.parametrize("stall_us", [26_000, 46_000, 150_000])
def test_a_sender_that_stalls_for_no_whole_number_of_clocks_has_lost_none(stall_us: int) -> None:
    sender = Sender(FA)
    sender.clocks(200)
    sender.rest(stall_us)
    sender.clocks(2 * BAR)
    assert sender.tick == 200 + 2 * BAR - 1


@pytest.mark.parametrize(("metre", "bars"), [("3/4", 8), ("4/4", 3), ("4/4", 12), ("6/8", 4)])
@pytest.mark.parametrize("beats", [4, 6])
@pytest.mark.parametrize("is_started", [False, True])
def test_positions_that_obey_the_standard_are_never_taken_for_clocks(
    metre: str, bars: int, beats: int, is_started: bool
) -> None:
    sender = Sender()
    sender.follower.metre = parse_metre(metre)
    bar = sender.follower.metre.place(0).bar
    if is_started:
        sender.send(FA)
        sender.clocks(beats * TICKS_PER_BEAT)
    for number in range(1, 9):
        sender.send(FC, position(number * bars * bar // 6), FB)
        sender.clocks(beats * TICKS_PER_BEAT)
        assert sender.tick == number * bars * bar + beats * TICKS_PER_BEAT - 1


# Every message twice.


def doubled(times: Sequence[float], lag_us: float, jitter_us: float, period_us: float) -> list[int]:
    """Clocks with their copies, as they arrive: jittered before they are copied, then served."""
    chance = random.Random(7)
    sent = [at + chance.uniform(-jitter_us, jitter_us) for at in times]
    both = sorted([*sent, *(at + lag_us for at in sent)])
    return served(period_us, both, 7) if period_us else [round(at) for at in both]


def lies_half_way(bpm: float, lag_us: float, jitter_us: float, period_us: float) -> bool:
    """Whether copies lie so nearly half way between two clocks that they may be clocks of twice the tempo."""
    clock = 2_500_000 / bpm
    off_halfway = abs(lag_us % clock - clock / 2)
    return off_halfway < max(0.07 * clock, 2 * jitter_us, period_us)


@pytest.mark.parametrize("bpm", [20.5, 60, 80, 100, 120, 125, 174, 240, 290])
def test_a_sender_that_is_connected_twice_is_no_faster_however_far_apart(bpm: float) -> None:
    times = true_times(steady(bpm), 10 * TICKS_PER_BEAT)
    ways = [
        (lag_us, *way)
        for lag_us in (0, 300, 1_000, 2_000, 4_000, 8_000, 10_000, 12_500)
        for way in ((0, 0), (500, 0), (500, 2667), (500, 5333))
        if not lies_half_way(bpm, lag_us, *way)
    ]
    assert len(ways) > 16
    for lag_us, jitter_us, period_us in ways:
        follower = ClockFollower()
        for message in (FA, FA):
            follower.feed(message, START_US - 25_000)
        for arrival in doubled(times, lag_us, jitter_us, period_us):
            follower.feed(F8, arrival)
        assert follower.bpm == pytest.approx(bpm, rel=2e-3), (lag_us, jitter_us, period_us)
        assert map_of(follower).tick(round(times[-1] + lag_us)) in (239, 240)


@pytest.mark.parametrize("bpm", [97, 120, 140, 174])
def test_a_sender_that_is_connected_twice_through_long_periods_is_no_faster(bpm: float) -> None:
    times, follower = true_times(steady(bpm), 8 * BAR), ClockFollower()
    follower.feed(FA, START_US - 25_000)
    for arrival in served(1024 / 48_000 * 1e6, times, 3):
        follower.feed(F8, arrival)
        follower.feed(F8, arrival)
    assert follower.bpm == pytest.approx(bpm, abs=0.5)


def test_copies_half_way_between_clocks_are_clocks_of_twice_the_tempo() -> None:
    follower = ClockFollower()
    for arrival in doubled(true_times(steady(100), 4 * BAR), 12_500, 500, 0):
        follower.feed(F8, arrival)
    assert follower.bpm == pytest.approx(200, abs=0.2)
    assert follower.doubled_us is None


@pytest.mark.parametrize("lag_us", [300, 2_000, 9_000])
def test_copies_of_start_stop_continue_and_position_move_no_beat(lag_us: int) -> None:
    """The first clock comes a moment after what it follows, so that the copy of that comes after the clock."""
    follower, sent, now = ClockFollower(), list[tuple[int, bytes]](), START_US

    def run(*messages: bytes) -> None:
        nonlocal now
        sent.extend((now, message) for message in messages)
        sent.extend((now + 100 + clock * STEP, F8) for clock in range(BAR))
        now += BAR * STEP
        sent.append((now, FC))
        now += 700_000

    run(FA)
    run(FB)
    run(position(40), FB)
    for at, message in sorted([*sent, *((at + lag_us, message) for at, message in sent)]):
        follower.feed(message, at)
    last = START_US + 2 * 700_000 + (3 * BAR - 1) * STEP + 100
    assert follower.doubled_us == pytest.approx(lag_us, abs=1)
    assert map_of(follower).tick(2 * (last // 2)) == 40 * 6 + BAR - 1


def test_a_second_wire_while_it_runs_moves_no_beat_and_so_does_its_end() -> None:
    follower, times = ClockFollower(), true_times(steady(120), 12 * BAR)
    follower.feed(FA, START_US - 5_000)
    arrivals = [
        *((round(at), clock) for clock, at in enumerate(times)),
        *(
            (round(at) + 3_000, clock)
            for clock, at in enumerate(times)
            if BAR * 4 < clock < BAR * 8
        ),
    ]
    for arrival, clock in sorted(arrivals):
        follower.feed(F8, arrival)
        if clock and not BAR * 4 < clock < BAR * 5:
            assert abs(map_of(follower).micros(clock) - times[clock]) <= 2_000
    assert follower.doubled_us is None


@pytest.mark.parametrize("after", [60, 200])
def test_a_doubled_senders_tempo_may_jump(after: float) -> None:
    tempo = jump(120, after)
    times = true_times(tempo, BEFORE + 2 * BAR)
    follower = ClockFollower()
    for arrival in doubled(times, 4_000, 500, 0):
        follower.feed(F8, arrival)
    assert follower.bpm == pytest.approx(after, rel=2e-3)


@pytest.mark.parametrize("bpm", [20, 60, 93.75, 97, 120, 123, 156, 174, 240, 299, 400])
def test_a_sender_that_is_connected_once_is_never_taken_for_two(bpm: float) -> None:
    periods_us = (0, *PERIODS_US, *LONG_PERIODS_US, 256 / 44_100 * 1e6)
    for period_us, jitter_us in product(periods_us, (0, 1000)):
        doubles = Doubles()
        sent = [float(at) for at in jittered(jitter_us, true_times(steady(bpm), 12 * BAR), 4)]
        arrivals = served(period_us, sent, 4) if period_us else [round(at) for at in sent]
        assert not any(doubles.feed(F8, arrival) or doubles.lag is not None for arrival in arrivals)


@pytest.mark.parametrize("bpm", [60, 120, 174])
@pytest.mark.parametrize("jitter_us", [1000, 5000])
def test_neither_jumps_nor_lost_nor_repeated_clocks_are_taken_for_copies(
    bpm: float, jitter_us: int
) -> None:
    for tempo in (jump(90, 140), jump(140, 90), ramp(120, 60, 32), steady(bpm)):
        times = true_times(tempo, 10 * BAR)
        for arrivals in (
            jittered(jitter_us, times, 2),
            [at for at, _ in survivors(times, 2, 0.05, 0.05)],
            [at for at in jittered(jitter_us, times, 2) if at % 9_000_000 > 400_000],
        ):
            doubles = Doubles()
            for arrival in arrivals:
                doubles.feed(F8, arrival)
                assert doubles.lag is None


@given(
    st.lists(st.floats(-1000, 1000), min_size=200, max_size=200),
    st.floats(20, 300),
)
def test_clocks_with_any_jitter_of_a_millisecond_are_no_copies(
    jitter: list[float], bpm: float
) -> None:
    clock = 2_500_000 / bpm
    if clock < 10_000:
        return  # hypothesis could make up copies of them
    doubles = Doubles()
    for number, off in enumerate(jitter):
        doubles.feed(F8, round(START_US + number * clock + off * 0.35))
        assert doubles.lag is None
