"""A limit on how much comes at a time, lateness, clock, the merged tracks of a player's file."""

from livegen.daemon import clock
from livegen.daemon.bucket import Bucket
from livegen.daemon.lateness import KEPT, Lateness, Trace
from livegen.daemon.player import timed_messages
from livegen.music.files.smf import Score, Track
from livegen.music.messages import NoteOff, NoteOn, encode


def test_a_bucket_gives_a_burst_at_once_and_then_one_for_each_period() -> None:
    bucket = Bucket(burst=3, rate_per_s=10)

    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert bucket.has_from(1) == 100_000
    assert [bucket.has(at) for at in (99_999, 100_000)] == [False, True]
    assert bucket.take(200_000, tokens=3) is False  # and none of the two is taken
    assert bucket.take(200_000, tokens=2)
    assert not bucket.has(200_000)
    assert bucket.has(10_000_000, tokens=3) and not bucket.has(10_000_000, tokens=4)


def test_lateness_is_summed_up_by_nearest_rank() -> None:
    lateness = Lateness()
    for late in range(1, 1001):
        lateness.add(late)

    assert lateness.summary() == {"count": 1000, "p50_us": 500, "p99_us": 990, "max_us": 1000}
    assert Lateness().summary() == {"count": 0}


def test_only_the_latest_figures_are_kept() -> None:
    lateness = Lateness()
    for _ in range(KEPT):
        lateness.add(10**12)
    for _ in range(KEPT):
        lateness.add(3)

    assert lateness.summary() == {"count": 2 * KEPT, "p50_us": 3, "p99_us": 3, "max_us": 3}


def test_a_trace_nobody_asked_for_keeps_nothing() -> None:
    trace = Trace(0)
    trace.heard.append((1, "f8"))

    assert trace.as_json() == {"heard": [], "sent": []}


def test_a_wait_never_ends_early() -> None:
    due = clock.now() + 2_000

    assert clock.wait_until(due) >= due


def test_the_tracks_of_a_file_are_played_together_at_its_tempo() -> None:
    score = Score(
        480,
        (
            Track("one", ((0, NoteOn(60, 80)), (480, NoteOff(60)))),
            Track("two", ((240, NoteOn(64, 80, 1)), (960, NoteOff(64, 64, 1)))),
        ),
        tempos=((0, 500_000), (480, 1_000_000)),
    )

    assert list(timed_messages(score)) == [
        (0, encode(NoteOn(60, 80))),
        (250_000, encode(NoteOn(64, 80, 1))),
        (500_000, encode(NoteOff(60))),
        (1_500_000, encode(NoteOff(64, 64, 1))),
    ]
