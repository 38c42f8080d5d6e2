"""The last half hour."""

from livegen.daemon.recording.history import HELD_US, PAUSE_US, RING_US, History
from livegen.daemon.recording.takes import Bar, SideMessage
from livegen.jam.reports.rows import Grid
from livegen.music.parts import PLAYER

SECOND = 1_000_000
KEY, UP = b"\x90\x3c\x50", b"\x80\x3c\x40"


def played(*times: int, most: int = 1000) -> History:
    ring = History(120, most)
    for at in times:
        ring.add(SideMessage(at, PLAYER, KEY))
    return ring


def test_what_is_older_than_half_an_hour_is_forgotten() -> None:
    ring = played(0, SECOND, RING_US + 1)

    assert [one.at for one in ring.played] == [SECOND, RING_US + 1]


def test_a_flood_leaves_the_latest() -> None:
    ring = played(*range(5000), most=100)

    assert [one.at for one in ring.played] == [*range(4900, 5000)]


def test_clock_takes_no_room() -> None:
    ring = played(0)
    ring.add(SideMessage(1, PLAYER, b"\xf8"))

    assert len(ring.played) == 1


def test_the_last_bars_end_with_the_bar_of_the_last_note() -> None:
    ring = played(0, 9 * SECOND)
    ring.add(SideMessage(100 * SECOND, PLAYER, b"\xb0\x01\x00"))

    assert ring.last(2) == [Bar(6 * SECOND, 96), Bar(8 * SECOND, 96), Bar(10 * SECOND, 96)]
    assert len(ring.last(99)) == len(ring.last(None)) == 6


def phrases(*begin: int) -> History:
    """Half a second of a note at each of these seconds."""
    ring = History(120)
    for at in begin:
        ring.add(SideMessage(at * SECOND, PLAYER, KEY))
        ring.add(SideMessage(at * SECOND + SECOND // 2, PLAYER, UP))
    return ring


def test_the_last_jam_begins_with_its_first_note_after_the_last_long_pause() -> None:
    """As when somebody tried a note, went away for a quarter of an hour and came back."""
    ring = phrases(0, 900, 905, 925)

    first, *_, last = ring.last(None)
    assert (first.at, last.at) == (900 * SECOND, 926 * SECOND)
    assert len(ring.last(16)) == 14  # as many as there are
    assert len(ring.last(8)) == 9
    assert ring.all()[0].at == 0 and len(ring.all()) == 464


def test_people_who_wait_for_each_other_have_not_ended_their_jam() -> None:
    ring = phrases(0, PAUSE_US // SECOND, 2 * (PAUSE_US // SECOND))

    assert ring.last(None)[0].at == 0


def test_a_key_that_is_held_is_played_and_one_that_was_never_let_go_is_not() -> None:
    held, lost = History(), History()
    for ring, at in ((held, PAUSE_US + SECOND), (lost, HELD_US + SECOND)):
        ring.add(SideMessage(0, PLAYER, KEY))
        ring.add(SideMessage(at, PLAYER, UP))
        ring.add(SideMessage(at, PLAYER, KEY))

    assert held.last(None)[0].at == 0
    assert lost.last(None)[0].at > HELD_US - 2 * SECOND


def test_there_are_no_bars_of_nothing() -> None:
    assert History().last(4) == []


def test_bars_follow_the_engines_timeline() -> None:
    ring = played(10 * SECOND, 14 * SECOND)
    ring.follow(Grid(10 * SECOND, 750_000, 10 * SECOND, 72, 10 * SECOND))

    assert ring.last(1) == [Bar(12_250_000, 72), Bar(14_500_000, 72)]


def test_the_timeline_outlives_its_half_hour() -> None:
    ring = History()
    ring.follow(Grid(0, 750_000, 0, 96, 0))
    ring.add(SideMessage(2 * RING_US, PLAYER, KEY))

    assert ring.last(1) == [Bar(2 * RING_US, 96), Bar(2 * RING_US + 3 * SECOND, 96)]
