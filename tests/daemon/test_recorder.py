"""Journals and the MIDI files they become."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.recorder import (
    Entry,
    Journal,
    journal_path,
    read_journal,
    recover,
    score_of,
    turn_into_midi,
)
from livegen.music.messages import ControlChange, NoteOff, NoteOn
from livegen.music.smf import Track, read

CALL = [
    Entry(1_000_000, "player", bytes((0x90, 60, 80))),
    Entry(1_500_000, "player", bytes((0x80, 60, 64))),
    Entry(2_000_000, "model", bytes((0x90, 72, 90))),
    Entry(3_000_000, "model", bytes((0x80, 72, 64))),
]


def written(path: Path, entries: list[Entry]) -> Path:
    journal = Journal(journal_path(path), "2026-01-01T00:00:00+00:00")
    journal.append(entries, 0)
    journal.close()
    return journal_path(path)


def test_both_sides_become_tracks_that_start_together(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    journal = written(path, CALL)
    turn_into_midi(journal, path, 120)

    score = read(path)
    assert score.ppqn == 480 and score.tempos == ((0, 500_000),)
    assert score.tracks == (
        Track("Player", ((0, NoteOn(60, 80)), (480, NoteOff(60)))),
        Track("Model", ((960, NoteOn(72, 90)), (1920, NoteOff(72)))),
    )
    assert not journal.exists()


def test_what_was_on_disk_when_the_power_failed_is_recovered(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    journal = written(path, CALL[:3])
    with journal.open("ab") as file:
        file.write(b'{"t": 25000, "si')  # the line that was being written

    recovered = recover(path, 120)

    assert recovered == tmp_path / "jam-recovered.mid"
    assert read(recovered).tracks[1] == Track("Model", ((960, NoteOn(72, 90)), (960, NoteOff(72))))
    assert recover(path, 120) is None


def test_a_recovered_recording_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    for _ in range(2):
        written(path, CALL)
        recover(path, 120)

    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "jam-recovered-2.mid",
        "jam-recovered.mid",
    ]


def test_a_session_without_a_note_leaves_an_older_recording_alone(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    turn_into_midi(written(path, CALL), path, 120)
    before = path.read_bytes()
    turn_into_midi(written(path, []), path, 120)

    assert path.read_bytes() == before


def test_pedals_and_notes_left_down_are_let_go_at_the_end() -> None:
    down = [
        Entry(0, "player", bytes((0xB0, 64, 127))),
        Entry(500_000, "player", bytes((0x90, 60, 80))),
    ]

    assert score_of(down, 120).tracks[0].messages == (
        (0, ControlChange(64, 127)),
        (480, NoteOn(60, 80)),
        (480, NoteOff(60)),
        (480, ControlChange(64, 0)),
    )


def test_clock_and_system_exclusive_are_not_written() -> None:
    entries = [
        Entry(0, "player", data) for data in (b"\xf8", b"\xf0\x01\xf7", b"\xfe", b"\xf2\x00\x00")
    ]

    assert score_of(entries, 120).tracks[0].messages == ()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**9), st.sampled_from(("player", "model")), st.binary(max_size=4)
        )
    )
)
def test_a_journal_reads_back_what_was_written(rows: list[tuple[int, str, bytes]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        entries = [Entry(*row) for row in rows]
        assert list(read_journal(written(Path(folder) / "jam.mid", entries))) == entries
