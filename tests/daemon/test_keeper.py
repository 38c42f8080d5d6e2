"""What is kept: every line in its order, takes on request, one word when the disk is full."""

import os
from datetime import datetime
from pathlib import Path

import mido
import pytest

from livegen import whole_files
from livegen.daemon.processes.frames import Frame, HeardFrame, JournalFrame, SentFrame
from livegen.daemon.recording.keeper import CLOCKS_US, Keeper
from livegen.daemon.recording.recordings import RETRY_US, Log, RecordingError
from livegen.jam.reports.journal import Session, read
from livegen.jam.reports.rows import (
    Did,
    Grid,
    Header,
    Received,
    Row,
    Sent,
    Told,
    Took,
    body,
    first_line,
)
from livegen.music.files.smf import Track
from livegen.music.files.smf import read as read_midi
from livegen.music.messages import NoteOff, NoteOn

PIANO = 4  # electric, of a comp where no style says another
NOW = datetime(2026, 11, 21, 6, 30, 12)
SECOND = 1_000_000
CLOCK = b"\xf8"


def heard(at: int, *data: int) -> Frame:
    return HeardFrame(at, bytes(data))


def sent(at: int, *data: int) -> Frame:
    return SentFrame(at, bytes(data))


def row(value: Row) -> Frame:
    return JournalFrame.of(value.at, body(value))


def log(path: Path) -> Log:
    growing = Log(lambda: os.open(path, whole_files.NEW, 0o600), str)
    growing.put(first_line("2026-11-21T06:30:12+01:00", 0))
    return growing


def kept(tmp_path: Path, *frames: Frame) -> tuple[Keeper, Session]:
    """A keeper that took these frames, and what its journal says."""
    keeper = Keeper({"journal": log(tmp_path / "journal")}, tmp_path, 120)
    for frame in frames:
        keeper.take(frame)
    keeper.close()
    return keeper, read((tmp_path / "journal").read_text().splitlines())


JAM = [
    row(Header(1, 0, {"seed": 3})),
    row(Grid(2, 500_000, 0, 96, 0)),
    heard(0, 0x90, 60, 80),
    heard(500_000, 0x80, 60, 64),
    sent(2_000_000, 0x91, 72, 90),
    sent(2_500_000, 0x81, 72, 64),
]


def test_every_row_is_written_down_as_it_came(tmp_path: Path) -> None:
    _, session = kept(tmp_path, *JAM, row(Did(9, (Took(2),))))

    assert [run.header.settings for run in session.runs] == [{"seed": 3}]
    assert session.runs[0].did == (Did(9, (Took(2),)),)
    assert session.heard == (Received(0, b"\x90\x3c\x50"), Received(500_000, b"\x80\x3c\x40"))
    assert session.sent == (Sent(2_000_000, b"\x91\x48\x5a"), Sent(2_500_000, b"\x81\x48\x40"))
    assert len(session.grids) == 1


def test_clock_bytes_share_lines_and_keep_their_order(tmp_path: Path) -> None:
    frames = [heard(n * 20_833, 0xF8) for n in range(48)]
    note = heard(25 * 20_833, 0x90, 60, 80)
    _, session = kept(tmp_path, *frames[:26], note, *frames[26:])

    assert [one.data for one in session.heard] == [CLOCK] * 26 + [note.payload] + [CLOCK] * 22
    assert [one.at for one in session.heard if one.data == CLOCK] == [f.micros for f in frames]
    assert len((tmp_path / "journal").read_text().splitlines()) == 4


def test_clock_bytes_wait_no_longer_than_a_second(tmp_path: Path) -> None:
    keeper = Keeper({"journal": log(tmp_path / "journal")}, tmp_path, 120)
    keeper.take(heard(0, 0xF8))
    keeper.flush(CLOCKS_US - 1)
    assert "clock" not in (tmp_path / "journal").read_text()
    keeper.flush(CLOCKS_US)
    assert '"clock":[]' in (tmp_path / "journal").read_text()
    keeper.close()


def test_nonsense_of_an_engine_is_not_written_down(tmp_path: Path) -> None:
    broken = [JournalFrame(5, data) for data in (b"", b"[]", b"{", b'{"fed":[null]}', b"\xff")]

    _, session = kept(tmp_path, *broken, *JAM)

    assert session == kept_alone(tmp_path / "again")


def kept_alone(folder: Path) -> Session:
    folder.mkdir()
    return kept(folder, *JAM)[1]


def test_the_last_bars_are_saved_under_the_time_and_their_number(tmp_path: Path) -> None:
    keeper, _ = kept(tmp_path, *JAM)

    last, everything = keeper.capture(1, NOW), keeper.capture(None, NOW)

    assert last == tmp_path / "2026-11-21 063012 1bar.mid"
    assert everything == tmp_path / "2026-11-21 063012 2bars.mid"
    on, off = NoteOn(72, 90, 1), NoteOff(72, 64, 1)
    assert read_midi(last).tracks == (Track("Model comp", ((0, on), (480, off)), PIANO),)
    assert read_midi(everything).tracks == (
        Track("Player", ((0, NoteOn(60, 80)), (480, NoteOff(60)))),
        Track("Model comp", ((1920, on), (2400, off)), PIANO),
    )


def test_a_capture_leaves_out_what_was_played_before_the_last_long_pause(tmp_path: Path) -> None:
    later = 20 * 60 * SECOND
    again = [heard(later, 0x90, 64, 80), heard(later + SECOND, 0x80, 64, 64)]
    keeper, _ = kept(tmp_path, *JAM, *again)

    jam, everything = keeper.capture(None, NOW), keeper.capture_all(NOW)

    assert jam.name == "2026-11-21 063012 1bar.mid"
    on, off = NoteOn(64, 80), NoteOff(64)
    assert read_midi(jam).tracks == (Track("Player", ((0, on), (960, off))),)
    assert everything.name == "2026-11-21 063012 601bars.mid"
    assert [track.name for track in read_midi(everything).tracks] == ["Player", "Model comp"]


def test_captures_in_one_second_do_not_replace_each_other(tmp_path: Path) -> None:
    keeper, _ = kept(tmp_path, *JAM)

    assert keeper.capture(2, NOW) != keeper.capture(2, NOW)


def test_a_response_is_kept_alone_with_its_end(tmp_path: Path) -> None:
    keeper, _ = kept(tmp_path, *JAM, sent(4_500_000, 0x91, 70, 90))

    path = keeper.keep(1_900_000, 2_499_000, NOW)

    assert path == tmp_path / "2026-11-21 063012 response.mid"
    track = Track("Model comp", ((0, NoteOn(72, 90, 1)), (480, NoteOff(72, 64, 1))), PIANO)
    assert read_midi(path).tracks == (track,)


def test_a_capture_has_a_track_for_each_part_with_its_name_and_program_and_the_chords(
    tmp_path: Path,
) -> None:
    routes = {
        part: {"channel": channel, "program": 45 if part == "bass" else None}
        for part, channel in (("lead", 0), ("comp", 5), ("bass", 2), ("drums", 9))
    }
    header = Header(1, 0, {"controls": {"style": "rock_classic"}, "routes": routes})
    chord = [heard(10 + pitch, 0x90, pitch, 80) for pitch in (60, 64, 67)]
    chord += [heard(1_500_000, 0x80, pitch, 64) for pitch in (60, 64, 67)]
    band = [sent(20, 0x95, 64, 70), sent(30, 0x92, 36, 90), sent(40, 0x99, 36, 90)]
    keeper, _ = kept(tmp_path, row(header), *chord, *band)

    path = keeper.capture(None, NOW)

    organ = 16
    told = [(one.name, one.program) for one in read_midi(path).tracks]
    assert told == [
        ("Player", 0),
        ("Model bass", 45),
        ("Model comp", organ),
        ("Model drums", 0),
    ]
    markers = [m.text for track in mido.MidiFile(path).tracks for m in track if m.type == "marker"]
    assert markers == ["C"]


def test_after_the_style_was_changed_a_capture_has_its_instruments(tmp_path: Path) -> None:
    told = row(Did(9, (Told(9, "style", "rock_classic"),)))
    keeper, _ = kept(tmp_path, *JAM, told)

    assert [one.program for one in read_midi(keeper.capture(None, NOW)).tracks] == [0, 16]


def test_what_cannot_be_saved_is_said(tmp_path: Path) -> None:
    nothing, _ = kept(tmp_path)
    with pytest.raises(RecordingError, match="nothing was played"):
        nothing.capture(8, NOW)

    nowhere = Keeper({}, None, 120)
    for frame in JAM:
        nowhere.take(frame)
    with pytest.raises(RecordingError, match="turned off"):
        nowhere.capture(8, NOW)
    with pytest.raises(RecordingError, match="no answer"):
        nowhere.keep(3_000_000, 4_000_000, NOW)


def test_a_disk_that_fails_is_told_once_and_told_when_it_is_well(tmp_path: Path) -> None:
    away = tmp_path / "away"
    keeper = Keeper({"away": log(away / "journal")}, tmp_path, 120)
    said = []
    for number, frame in enumerate(JAM):
        keeper.take(frame)
        said += keeper.flush(number * RETRY_US)
        if number == 3:
            away.mkdir()
    keeper.close()

    assert [line.partition(";")[0] for line in said] == [
        "away: cannot be written (No such file or directory)",
        "away: is being written again",
    ]
    session = read((away / "journal").read_text().splitlines())
    assert len(session.heard) == len(session.sent) == 2
