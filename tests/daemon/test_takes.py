"""Bars and the MIDI files that are laid out in them."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.recording.takes import (
    Bar,
    SideMessage,
    bar_lines,
    bars_of,
    free_grid,
    in_force,
    is_music,
    score_of,
    session_score,
)
from livegen.jam.reports.journal import Session
from livegen.jam.reports.rows import Grid, JournalError, Received, Sent
from livegen.music.files.smf import Score, Track, read, write
from livegen.music.messages import ControlChange, NoteOff, NoteOn, ProgramChange
from livegen.music.parts import MODEL, PLAYER

SECOND = 1_000_000
FOUR = free_grid(10 * SECOND, 120)  # bars of two seconds
CALL = [
    SideMessage(10_000_000, PLAYER, b"\x90\x3c\x50"),
    SideMessage(10_500_000, PLAYER, b"\x80\x3c\x40"),
    SideMessage(11_000_000, MODEL, b"\x90\x48\x5a"),
    SideMessage(12_000_000, MODEL, b"\x80\x48\x40"),
]


def grid(since: int, tempo_us: int, origin_us: int, bar_ticks: int = 96) -> Grid:
    return Grid(since, tempo_us, origin_us, bar_ticks, since)


def onsets_us(score: Score, side: str) -> list[int]:
    """Micros after the first bar line at which a side's notes begin in the file."""
    track = next(track for track in score.tracks if track.name == side)
    micros = score.tempo_map.micros
    return [micros(tick) for tick, message in track.messages if isinstance(message, NoteOn)]


def test_both_sides_are_tracks_and_the_first_bar_line_is_tick_zero() -> None:
    score = score_of(CALL, bar_lines([FOUR], 10 * SECOND, 12 * SECOND))

    assert score == Score(
        480,
        (
            Track(PLAYER, ((0, NoteOn(60, 80)), (480, NoteOff(60)))),
            Track(MODEL, ((960, NoteOn(72, 90)), (1920, NoteOff(72)))),
        ),
        ((0, 500_000),),
        ((0, 4, 4),),
    )


def test_a_phrase_that_begins_inside_a_bar_keeps_its_place_in_it() -> None:
    bars = bar_lines([FOUR], 15_500_000, 15_600_000)

    assert bars == [Bar(14 * SECOND, 96), Bar(16 * SECOND, 96)]
    assert score_of([SideMessage(15_500_000, PLAYER, b"\x90\x3c\x50")], bars).tracks[0].messages[
        0
    ] == (
        3 * 480,
        NoteOn(60, 80),
    )


def test_a_new_tempo_begins_on_its_bar_line() -> None:
    bars = bar_lines([FOUR, grid(14 * SECOND, 600_000, 14 * SECOND)], 10 * SECOND, 17 * SECOND)

    assert [bar.at for bar in bars] == [10_000_000, 12_000_000, 14_000_000, 16_400_000, 18_800_000]
    assert score_of([], bars).tempos == ((0, 500_000), (2 * 1920, 600_000))


def test_a_beat_that_moves_costs_one_odd_bar_and_then_lies_on_the_new_lines() -> None:
    moved = grid(13 * SECOND, 500_000, 13_300_000)
    bars = bar_lines([FOUR, moved], 10 * SECOND, 17 * SECOND)

    assert [bar.at for bar in bars] == [
        10_000_000,
        12_000_000,
        13_300_000,
        15_300_000,
        17_300_000,
    ]
    assert score_of([], bars).tempos == ((0, 500_000), (1920, 325_000), (3840, 500_000))


def test_a_beat_found_later_counts_from_the_notes_it_was_found_in() -> None:
    found = Grid(12 * SECOND, 600_000, 10 * SECOND, 96, 10 * SECOND)

    assert in_force([free_grid(0, 120), FOUR, found]) == [free_grid(0, 120), found]


def test_another_metre_is_written_where_it_begins() -> None:
    three = grid(14 * SECOND, 500_000, 14 * SECOND, 72)
    seven = grid(17 * SECOND, 500_000, 17 * SECOND, 84)
    score = score_of([], bar_lines([FOUR, three, seven], 10 * SECOND, 18 * SECOND))

    assert score.metres == ((0, 4, 4), (3840, 3, 4), (3840 + 2 * 1440, 7, 8))


def test_an_onset_just_before_the_first_bar_line_is_on_it() -> None:
    early = [
        SideMessage(9_950_000, PLAYER, b"\x90\x3c\x50"),
        SideMessage(9_900_000, PLAYER, b"\x90\x30\x50"),
    ]

    score = score_of(early, [Bar(10 * SECOND, 96), Bar(12 * SECOND, 96)])

    assert score.tracks[0].messages == ((0, NoteOn(60, 80)), (1920, NoteOff(60)))


@pytest.mark.parametrize(("on", "off"), [(9_950_000, 12_000_020), (10_000_000, 12_050_000)])
def test_playing_that_misses_a_bar_line_by_a_little_needs_no_bar_more(on: int, off: int) -> None:
    played = [SideMessage(on, PLAYER, b"\x90\x3c\x50"), SideMessage(off, PLAYER, b"\x80\x3c\x40")]

    bars = bars_of([grid(0, 500_000, 0)], played)

    assert bars == [Bar(10 * SECOND, 96), Bar(12 * SECOND, 96)]
    assert score_of(played, bars).tracks[0].messages == ((0, NoteOn(60, 80)), (1920, NoteOff(60)))


def test_what_held_before_the_take_holds_in_it_and_what_sounded_does_not() -> None:
    before = [
        SideMessage(1, MODEL, b"\xc0\x05"),
        SideMessage(2, MODEL, b"\xb0\x40\x7f"),
        SideMessage(3, MODEL, b"\xc0\x06"),
        SideMessage(4, MODEL, b"\x90\x30\x50"),
        SideMessage(10 * SECOND, MODEL, b"\x80\x30\x40"),
        SideMessage(11 * SECOND, MODEL, b"\x90\x3c\x50"),
    ]

    score = score_of(before, [Bar(10 * SECOND, 96), Bar(12 * SECOND, 96)], [MODEL])

    assert score.tracks == (
        Track(
            MODEL,
            (
                (0, ControlChange(64, 127)),
                (0, ProgramChange(6)),
                (960, NoteOn(60, 80)),
                (1920, NoteOff(60)),
                (1920, ControlChange(64, 0)),
            ),
        ),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xf8",
        b"\xf0\x01\xf7",
        b"\xfe",
        b"\xf2\x00\x00",
        b"\xb0\x7b\x00",
        b"\xb0\x78\x00",
        b"",
        b"<P",
    ],
)
def test_what_is_not_music_is_left_out(data: bytes) -> None:
    assert not is_music(data)
    assert (
        score_of([SideMessage(0, PLAYER, data)], [Bar(0, 96), Bar(1, 96)]).tracks[0].messages == ()
    )


def test_each_parts_channel_is_kept(tmp_path: Path) -> None:
    drums = [SideMessage(0, MODEL, b"\x99\x24\x50"), SideMessage(500, MODEL, b"\x91\x30\x50")]
    path = tmp_path / "jam.mid"
    write(path, score_of(drums, [Bar(0, 96), Bar(2 * SECOND, 96)]))

    heard = [message.channel for track in read(path).tracks for _, message in track.messages[:1]]  # type: ignore[union-attr]
    assert sorted(heard) == [1, 9]


GRIDS = st.lists(
    st.builds(
        grid,
        st.integers(0, 60 * SECOND),
        st.integers(150_000, 4_000_000),
        st.integers(-10 * SECOND, 70 * SECOND),
        st.sampled_from([96, 72, 84, 36]),
    ),
    min_size=1,
    max_size=30,
)
SPANS = st.tuples(st.integers(0, 60 * SECOND), st.integers(0, 60 * SECOND)).map(sorted)


@given(GRIDS, SPANS)
def test_bars_cover_what_was_played_and_none_is_too_short(
    grids: list[Grid], span: list[int]
) -> None:
    start, end = span
    bars = bar_lines(in_force(sorted(grids, key=lambda one: one.since)), start, end)

    assert bars[0].at <= start and end < bars[-1].at
    assert all(later.at > earlier.at for earlier, later in pairwise(bars))


@given(GRIDS, st.lists(st.integers(0, 60 * SECOND), min_size=1, max_size=20, unique=True))
def test_whatever_the_beat_does_every_note_keeps_its_time(
    grids: list[Grid], times: list[int]
) -> None:
    played = [
        SideMessage(at, PLAYER, bytes((0x90, number, 80)))
        for number, at in enumerate(sorted(times))
    ]
    bars = bar_lines(
        in_force(sorted(grids, key=lambda one: one.since)), played[0].at, played[-1].at
    )

    found = onsets_us(score_of(played, bars), PLAYER)

    # Half a tick of the slowest bar there may be, and half a micro a quarter that tempos are rounded by.
    assert all(
        abs(at - (one.at - bars[0].at)) <= 13_000 for at, one in zip(found, played, strict=True)
    )


def test_a_steady_beat_is_one_tempo_for_an_hour_without_drift() -> None:
    odd = grid(0, 507_293, 18_943)
    played = [
        SideMessage(odd.origin_us + n * 507_293, PLAYER, b"\x90\x3c\x50") for n in range(7_000)
    ]

    score = score_of(played, bar_lines([odd], played[0].at, played[-1].at))

    assert score.tempos == ((0, 507_293),)
    ticks = [tick for tick, message in score.tracks[0].messages if isinstance(message, NoteOn)]
    assert ticks == [n * 480 for n in range(7_000)]


def test_a_beat_told_ten_times_a_second_gives_each_bar_once() -> None:
    drifting = [grid(n * 100_000, 500_000 + n % 3, n % 7 * 300) for n in range(600)]

    bars = bar_lines(in_force(drifting), 0, 59 * SECOND)

    assert [round(bar.at / 2e6) for bar in bars] == [*range(len(bars))]


def test_a_session_becomes_a_file_and_a_silent_one_none() -> None:
    heard, sent = (
        (Received(0, b"\x90\x3c\x50"), Received(9, b"\xf8")),
        (Sent(SECOND, b"\x90\x48\x50"),),
    )

    score = session_score(Session("", 0, heard, sent, (), (), 0), 60)

    assert score is not None and score.tempos == ((0, SECOND),)
    assert [len(track.messages) for track in score.tracks] == [2, 2]
    assert session_score(Session("", 0, heard[1:], (), (), (), 0)) is None


def test_a_session_that_no_file_can_hold_is_refused() -> None:
    heard = (Received(0, b"\x90\x3c\x50"), Received(10**18, b"\x80\x3c\x50"))

    with pytest.raises(JournalError, match="130,000 bars"):
        session_score(Session("", 0, heard, (), (), (), 0))
