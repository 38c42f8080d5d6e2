"""The process that keeps what is played: through the power failing, a crash and a folder that is none."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livegen.daemon.processes.children import Recorder
from livegen.daemon.processes.frames import JournalFrame
from livegen.daemon.recording.recorder import journal_path, recover, turn_into_midi
from livegen.errors import LivegenError
from livegen.jam.reports.journal import read, salvage
from livegen.jam.reports.rows import Grid, Header, Received, Row, Sent, body, first_line, line
from livegen.music.files.smf import Track
from livegen.music.files.smf import read as read_midi
from livegen.music.messages import NoteOff, NoteOn

ROWS: list[Row] = [
    Received(1_000_000, b"\x90\x3c\x50"),
    Received(1_500_000, b"\x80\x3c\x40"),
    Sent(2_000_000, b"\x90\x48\x5a"),
    Sent(3_000_000, b"\x80\x48\x40"),
]
TRACKS = (
    Track("Player", ((0, NoteOn(60, 80)), (480, NoteOff(60)))),
    Track("Model", ((960, NoteOn(72, 90)), (1920, NoteOff(72)))),
)
FIRST = first_line("2026-11-21T06:30:12+01:00", 0)
PATIENCE_S = 20.0


def wait_for(what: Callable[[], object]) -> None:
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < PATIENCE_S, "waited in vain"
        time.sleep(0.005)


def written(path: Path, rows: list[Row]) -> Path:
    journal = journal_path(path)
    journal.write_text("\n".join([FIRST, *map(line, rows)]) + "\n")
    return journal


def journals(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


# --- --record -----------------------------------------------------------------------------------------------------


def test_both_sides_become_tracks_that_start_together(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    journal = written(path, ROWS)
    turn_into_midi(journal, path, 120)

    score = read_midi(path)
    assert (score.ppqn, score.tempos, score.tracks) == (480, ((0, 500_000),), TRACKS)
    assert not journal.exists()


def test_what_was_on_disk_when_the_power_failed_is_recovered(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    journal = written(path, ROWS[:3])
    with journal.open("ab") as file:
        file.write(b'{"at": 25000, "se')  # the line that was being written

    recovered = recover(path, 120)

    assert recovered == tmp_path / "jam-recovered.mid"
    model = read_midi(recovered).tracks[1]
    assert model == Track("Model", ((960, NoteOn(72, 90)), (1920, NoteOff(72))))
    assert recover(path, 120) is None


def test_a_recovered_recording_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    for _ in range(2):
        written(path, ROWS)
        recover(path, 120)

    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["jam-recovered-2.mid", "jam-recovered.mid"]


def test_a_session_without_a_note_leaves_an_older_recording_alone(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    turn_into_midi(written(path, ROWS), path, 120)
    before = path.read_bytes()
    turn_into_midi(written(path, []), path, 120)

    assert path.read_bytes() == before


def test_what_is_no_journal_is_left_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    journal_path(path).write_text("something else\n")

    with pytest.raises(LivegenError, match="journal"):
        recover(path, 120)
    assert journal_path(path).exists()


# --- the process --------------------------------------------------------------------------------------------------


@pytest.fixture
def start() -> Iterator[Callable[..., Recorder]]:
    started: list[Recorder] = []

    def begin(folder: Path | None, record: Path | None = None) -> Recorder:
        started.append(Recorder(folder, record))
        started[-1].start(0)
        wait_for(lambda: started[-1].receive(0) or started[-1].is_ready or started[-1].failure)
        return started[-1]

    yield begin
    for recorder in started:
        recorder.kill()


def play(recorder: Recorder, rows: list[Row] = ROWS) -> None:
    for row in rows:
        match row:
            case Received(at, data):
                recorder.heard(at, data)
            case Sent(at, data):
                recorder.sent(at, at, data)
            case _:
                recorder.account(JournalFrame.of(row.at, body(row)))


def answer(recorder: Recorder) -> dict[str, Any]:
    wait_for(lambda: recorder.receive(0) or recorder.saved)
    return recorder.saved.popleft()


Start = Callable[..., Recorder]


def test_a_session_is_a_journal_and_a_capture_a_file(start: Start, tmp_path: Path) -> None:
    recorder = start(tmp_path / "recordings")
    header, grid = Header(5, 0, {"seed": 3}), Grid(6, 500_000, 1_000_000, 96, 1_000_000)
    play(recorder, [header, grid, *ROWS])
    recorder.ask(0, "capture", 4)
    saved = Path(answer(recorder)["saved"])
    assert recorder.end(PATIENCE_S)

    assert saved.parent == tmp_path / "recordings" and saved.name.endswith(" 1bar.mid")
    assert [track.name for track in read_midi(saved).tracks] == ["Player", "Model lead"]
    [journal] = journals(saved.parent)
    session = read(journal.read_text().splitlines())
    assert (*session.heard, *session.sent) == tuple(ROWS)
    assert session.grids == (grid,) and session.runs[0].header == header


def test_a_journal_is_valid_after_the_process_was_killed(start: Start, tmp_path: Path) -> None:
    recorder = start(tmp_path)
    play(recorder)
    wait_for(lambda: len(salvage(journals(tmp_path)[0].read_text().splitlines()).sent) == 2)
    recorder.kill()

    session = read(journals(tmp_path)[0].read_text().splitlines())
    assert (*session.heard, *session.sent) == tuple(ROWS)


def test_a_session_in_which_nothing_was_played_leaves_nothing(start: Start, tmp_path: Path) -> None:
    recorder = start(tmp_path)
    play(recorder, [Received(1, b"\xf8"), Header(5, 0, {})])
    assert recorder.end(PATIENCE_S)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_costs_a_warning_and_no_jam(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    recorder = start(tmp_path / "file" / "recordings")
    play(recorder)
    recorder.ask(0, "capture")

    assert answer(recorder) == {"not_saved": "Not a directory"}
    assert recorder.failure is None and recorder.is_ready
    assert [entry.partition(":")[2] for entry in recorder.log] == [
        " cannot be written (Not a directory); the jam goes on, and it is tried again"
    ]


@pytest.mark.parametrize("value", [0, -1, [], {}, "x", "../x", 0.5])
def test_a_capture_that_makes_no_sense_is_refused_and_survived(
    start: Start, tmp_path: Path, value: Any
) -> None:
    recorder = start(tmp_path)
    recorder.ask(0, "capture", value)

    assert "does not know" in answer(recorder)["not_saved"]


def test_a_response_is_kept_by_its_times(start: Start, tmp_path: Path) -> None:
    recorder = start(tmp_path)
    play(recorder)
    recorder.ask(0, "keep", {"from": 2_000_000, "to": 3_000_000})

    path = Path(answer(recorder)["saved"])
    assert path.name.endswith(" response.mid")
    assert [track.name for track in read_midi(path).tracks] == ["Model lead"]


def test_with_record_the_session_is_also_one_file(start: Start, tmp_path: Path) -> None:
    folder, path = tmp_path / "recordings", tmp_path / "jam.mid"
    recorder = start(folder, path)
    play(recorder)
    assert recorder.end(PATIENCE_S)

    assert read_midi(path).tracks == TRACKS
    assert not journal_path(path).exists() and len(journals(folder)) == 1


def test_record_works_while_nothing_else_is_kept(start: Start, tmp_path: Path) -> None:
    recorder = start(None, tmp_path / "jam.mid")
    play(recorder)
    recorder.ask(0, "capture")
    assert "turned off" in answer(recorder)["not_saved"]
    assert recorder.end(PATIENCE_S)

    assert [path.name for path in tmp_path.iterdir()] == ["jam.mid"]


def test_a_record_that_cannot_be_written_is_a_failure(start: Start, tmp_path: Path) -> None:
    recorder = start(tmp_path, tmp_path / "missing" / "jam.mid")

    assert recorder.failure is not None and "cannot be written" in recorder.failure
    assert not recorder.is_ready


def test_a_killed_process_is_made_good_at_the_next_start(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    first = start(None, path)
    play(first)
    wait_for(lambda: len(journal_path(path).read_text().splitlines()) == 1 + len(ROWS))
    first.kill()

    second = start(None, path)

    wait_for(lambda: second.receive(0) or second.log)
    assert "jam-recovered.mid" in second.log[0]
    assert read_midi(tmp_path / "jam-recovered.mid").tracks == TRACKS


def test_a_take_never_replaces_one_but_gets_the_next_name_and_says_so(
    start: Start, tmp_path: Path
) -> None:
    path, second = tmp_path / "jam.mid", tmp_path / "jam-2.mid"
    path.write_bytes(b"yesterday's")
    second.symlink_to(tmp_path / "elsewhere.mid")
    recorder = start(None, path)
    play(recorder)

    assert list(recorder.log) == [
        f"{path} is there already, or being recorded: this take is saved as {tmp_path / 'jam-3.mid'}"
    ]
    assert recorder.end(PATIENCE_S)
    assert path.read_bytes() == b"yesterday's" and second.is_symlink()
    assert read_midi(tmp_path / "jam-3.mid").tracks == TRACKS


def test_two_livegens_that_record_under_one_name_keep_both_takes(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "jam.mid"
    first, second = start(None, path), start(None, path)
    play(first)
    play(second)

    assert first.end(PATIENCE_S) and second.end(PATIENCE_S)
    assert [read_midi(tmp_path / name).tracks for name in ("jam.mid", "jam-2.mid")] == [TRACKS] * 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_comes_while_a_take_is_recorded_is_left_alone(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "jam.mid"
    recorder = start(None, path)
    play(recorder)
    path.write_bytes(b"another's")

    assert recorder.end(PATIENCE_S)
    assert path.read_bytes() == b"another's"
    assert read_midi(tmp_path / "jam-2.mid").tracks == TRACKS


def test_what_a_crash_left_under_a_later_name_is_recovered_too(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "jam.mid"
    path.write_bytes(b"yesterday's")
    written(tmp_path / "jam-2.mid", ROWS)

    recorder = start(None, path)

    wait_for(lambda: recorder.receive(0) or len(recorder.log) == 2)
    assert "jam-2-recovered.mid" in recorder.log[0] and "take is saved as" in recorder.log[1]
    assert read_midi(tmp_path / "jam-2-recovered.mid").tracks == TRACKS
