"""A host's transport as MIDI clock, and what a follower of MIDI clock makes of it."""

import pytest

from livegen.music.sync.clock_follower import ClockFollower
from livegen.music.sync.host_clock import GONE_US, HostClock, HostTransport
from livegen.music.sync.transport import CLOCK, CONTINUE, SONG_POSITION, STOP, Transport

SECOND = 1_000_000


def heard(*told: HostTransport, until: int) -> list[tuple[int, bytes]]:
    """All messages of a host that says these words, each when it is told."""
    host, came = HostClock(), []
    for one in told:
        came += host.due(one.at - 1)
        host.hear(one)
    return [*came, *host.due(until)]


def test_a_host_that_starts_is_a_song_position_a_continue_and_clocks_without_jitter() -> None:
    came = heard(HostTransport(SECOND, True, 120.0, 8.0), until=SECOND + 100_000)
    kinds = [data[0] for _, data in came]
    assert kinds == [SONG_POSITION, CONTINUE, *[CLOCK] * 5]
    assert came[0][1] == bytes((SONG_POSITION, 32, 0))
    assert [at - SECOND for at, data in came if data[0] == CLOCK] == [0, 20833, 41667, 62500, 83333]


def test_between_two_sixteenths_it_begins_with_the_next_one() -> None:
    came = heard(HostTransport(0, True, 120.0, 1.1), until=SECOND)
    assert came[0][1] == bytes((SONG_POSITION, 5, 0))
    assert came[2] == (75_000, bytes((CLOCK,)))


def test_a_host_that_drifts_a_little_has_not_jumped() -> None:
    told = [HostTransport(n * 100_000 + n * 37, True, 120.0, n * 0.2) for n in range(20)]
    came = heard(*told, until=told[-1].at)
    assert [data[0] for _, data in came].count(CONTINUE) == 1
    assert sum(data[0] == CLOCK for _, data in came) == 92


def test_a_loop_is_a_jump_and_the_follower_is_where_the_host_is() -> None:
    follower = ClockFollower()
    loop = [HostTransport(n * 100_000, True, 120.0, n * 0.2 % 4) for n in range(41)]
    for at, data in heard(*loop, until=4_050_000):
        follower.feed(data, at)
    timeline = follower.timeline
    assert timeline is not None and follower.transport is Transport.RUNNING
    assert timeline.micros(0) == pytest.approx(4_000_000, abs=100)
    assert timeline.tempo_us == pytest.approx(500_000, abs=100)


def test_a_host_that_stops_or_says_no_more_stops_the_clock() -> None:
    runs = HostTransport(0, True, 120.0, 0.0)
    stopped = heard(runs, HostTransport(SECOND, False, 120.0, 2.0), until=9 * SECOND)
    assert stopped[-1] == (SECOND, bytes((STOP,)))
    assert heard(runs, until=9 * SECOND)[-1] == (GONE_US, bytes((STOP,)))


def test_a_count_in_before_the_song_has_no_position() -> None:
    came = heard(HostTransport(0, True, 60.0, -2.0), until=2 * SECOND)
    assert came[0][1] == bytes((SONG_POSITION, 0, 0))
    assert came[2] == (2 * SECOND, bytes((CLOCK,)))
