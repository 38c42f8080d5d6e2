"""The power goes while a file is written: what is found then is the old or the new, whole, and never half of one."""

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import livegen
from livegen.app.outputs import write_out
from livegen.config.document import read_document
from livegen.config.saved_offset import save_offset
from livegen.control.library import presets
from livegen.control.library.charts import Charts
from livegen.control.set_up import save_bindings
from livegen.control.web.shelf import Shelf
from livegen.daemon import page_files
from livegen.daemon.processes.frames import MemoryFrame
from livegen.daemon.recording import recorder, recordings
from livegen.daemon.recording.recordings import Log
from livegen.errors import ConfigError
from livegen.inference.kept import memory_in, text_of
from livegen.jam.reports import journal, rows
from livegen.jam.reports.rows import Received, Row, Sent
from livegen.music.files import smf
from livegen.music.files.smf import Score, Track
from livegen.music.messages import NoteOff, NoteOn
from livegen.scorecard.listening.results import Listening
from livegen.scorecard.listening.results import read as read_judgements
from livegen.studio.keeping import RoomKeeper
from livegen.training.record import METRICS, Record
from tests.power_loss import Disk, Left, laid_out

Do = Callable[[Path], object]


def score(*pitches: int) -> Score:
    messages = [
        row
        for at, pitch in enumerate(pitches)
        for row in ((480 * at, NoteOn(pitch, 90)), (480 * at + 400, NoteOff(pitch)))
    ]
    return Score(480, (Track("Player", tuple(messages)),))


OLD, NEW = score(60, 64), score(62, 65, 69)


def text(name: str) -> Do:
    """Reads a text; None where there is none."""
    return lambda folder: (folder / name).read_text() if (folder / name).exists() else None


def tracks(name: str) -> Do:
    """Reads a MIDI file; None where there is none."""
    return lambda folder: smf.read(folder / name).tracks if (folder / name).exists() else None


def settings(name: str) -> Do:
    """Reads a file of settings; None where there is none."""
    return lambda folder: read_document(folder / name).value if (folder / name).exists() else None


def left_by(
    before: Do, write: Do, read: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[Any], list[Any]]:
    """What `read` finds after a power loss at each moment of `write`, and what after one when it is over."""
    folder = tmp_path / "disk"
    folder.mkdir()
    before(folder)
    with monkeypatch.context() as patched:
        disk = Disk(folder, patched)
        write(folder)
        over = disk.now()
    places = (tmp_path / f"left-{number}" for number in range(10**6))
    return (
        [read(laid_out(left, next(places))) for left in disk.moments],
        [read(laid_out(left, next(places))) for left in over],
    )


# --- what is written at once --------------------------------------------------------------------------------------


def preset(energy: float) -> Do:
    return lambda folder: presets.save(folder, "loud", {"energy": energy}, replace=True)


def chart(title: str) -> Do:
    return lambda folder: Charts(folder / "none", folder).save(
        "tune", f"title: {title}\n| C | F | G7 | C |", replace=True
    )


def binding(target: str) -> Do:
    return lambda folder: save_bindings(folder / "map.yaml", {"cc 21": target})


def token(made: str) -> Do:
    def write(folder: Path) -> None:
        found = folder / page_files.TOKEN
        if found.exists():
            found.write_text("none")
        page_files.token(folder, lambda: made, lambda line: None)

    return write


def read_token(folder: Path) -> str:
    return page_files.token(folder, lambda: "another", lambda line: None)


def written_out(of: Score) -> Do:
    return lambda folder: write_out(
        folder / "new" / "jam.mid", partial(smf.write, score=of), replaces=True
    )


def with_config(folder: Path) -> None:
    (folder / "config.yaml").write_text("jam:\n  energy: 0.4\n")


def nothing(folder: Path) -> None:
    pass


AT_ONCE: dict[str, tuple[Do, Do, Do]] = {
    "a first preset": (nothing, preset(0.7), settings("loud.yaml")),
    "a preset in place of one": (preset(0.2), preset(0.7), settings("loud.yaml")),
    "a chart": (chart("Old"), chart("New"), text("tune.txt")),
    "learned bindings": (binding("energy"), binding("density"), settings("map.yaml")),
    "the measured offset": (
        with_config,
        lambda folder: save_offset(folder / "config.yaml", 12),
        settings("config.yaml"),
    ),
    "what --out asks for": (nothing, written_out(NEW), tracks("new/jam.mid")),
    "the same in place of a file": (written_out(OLD), written_out(NEW), tracks("new/jam.mid")),
    "a take": (
        nothing,
        lambda folder: recordings.save(folder, "take", ".mid", partial(smf.write, score=NEW)),
        tracks("take.mid"),
    ),
    "the page's token": (nothing, token("a-token-of-our-own-1"), text(page_files.TOKEN)),
    "the page's port": (
        lambda folder: page_files.remember_port(folder, 9701),
        lambda folder: page_files.remember_port(folder, 9702),
        page_files.last_port,
    ),
    "a new name for a recording": (
        lambda folder: smf.write(folder / "a.mid", NEW),
        lambda folder: Shelf(folder).rename("a.mid", "b"),
        lambda folder: sorted(path.name for path in folder.glob("*.mid"))[0],
    ),
}


@pytest.mark.parametrize("case", AT_ONCE)
def test_a_power_loss_leaves_the_old_or_the_new(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, write, read = AT_ONCE[case]
    (tmp_path / "was").mkdir()
    before(tmp_path / "was")
    old = read(tmp_path / "was")
    write(tmp_path / "was")
    new = read(tmp_path / "was")
    assert old != new

    on_the_way, over = left_by(before, write, read, tmp_path, monkeypatch)

    assert [found for found in on_the_way if found not in (old, new)] == []
    assert [found for found in over if found != new] == []


def test_a_recording_in_the_trash_is_never_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throw_away(folder: Path) -> None:
        Shelf(folder).throw_away("a.mid")

    on_the_way, _ = left_by(
        lambda folder: smf.write(folder / "a.mid", NEW),
        throw_away,
        lambda folder: [smf.read(path).tracks for path in folder.rglob("*.mid")],
        tmp_path,
        monkeypatch,
    )

    assert all(NEW.tracks in found for found in on_the_way)


# --- a journal that grows -----------------------------------------------------------------------------------------

PLAYED: list[Row] = [
    row
    for beat in range(4)
    for row in (
        Received(1_000_000 + 500_000 * beat, bytes((0x90, 60 + beat, 90))),
        Sent(1_200_000 + 500_000 * beat, bytes((0x90, 72 + beat, 80))),
    )
]


def play(log: Log, synced: Callable[[int], object] = lambda count: None) -> None:
    """A second passes between two rows, so that each is synced."""
    log.put(rows.first_line("2026-11-30T21:00:00+00:00", 0))
    for second, row in enumerate(PLAYED, 1):
        log.put(rows.line(row))
        log.flush(second * recordings.SYNC_US)
        synced(second)


def test_of_a_journal_all_is_left_that_was_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(left: Left) -> list[Row]:
        data = left.get(name) or b""
        texts = data.decode(errors="replace").splitlines(keepends=True)
        if rows.is_blank(texts):
            return []
        session = journal.read(texts)
        return sorted((*session.heard, *session.sent), key=lambda row: row.at)

    with monkeypatch.context() as patched:
        disk = Disk(tmp_path, patched)

        def is_left(count: int) -> None:
            assert all(read(left)[:count] == PLAYED[:count] for left in disk.now())

        made: list[Path] = []
        file = recorder._new_session(tmp_path, 0, made)
        name = made[0].name
        log = Log(lambda: file, lambda count: "")
        play(log, is_left)
        log.close()

    assert [read(left) for left in disk.now()] == [PLAYED]
    for found in map(read, disk.moments):
        assert found == PLAYED[: len(found)]


def test_a_recording_is_in_its_journal_until_it_is_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(folder: Path) -> None:
        path, file = recorder.take_name(folder / "jam.mid", 120.0, print)
        log = Log(lambda: file, lambda count: "")
        play(log)
        log.close()
        recorder.turn_into_midi(recorder.journal_path(path), path, 120.0)

    def read(folder: Path) -> set[int]:
        _, file = recorder.take_name(folder / "jam.mid", 120.0, lambda line: None)
        os.close(file)
        return {
            message.pitch
            for path in folder.glob("*.mid")
            for track in smf.read(path).tracks
            for _, message in track.messages
            if isinstance(message, NoteOn)
        }

    on_the_way, over = left_by(nothing, write, read, tmp_path, monkeypatch)

    everything = {row.data[1] for row in PLAYED if isinstance(row, Received | Sent)}
    last = next(number for number, found in enumerate(on_the_way) if found == everything)
    assert all(found == everything for found in on_the_way[last:])
    assert over == [everything] * len(over)


# --- what is remembered of a player -------------------------------------------------------------------------------


def remembered(memory: Score | None, lesson: str = "") -> Do:
    def write(folder: Path) -> None:
        notes = text_of(memory_in(memory or Score(480, ())))
        values = {"file": str(folder / "memory" / "ann.mid"), "notes": notes, "lesson": lesson}
        assert recorder._remembered(MemoryFrame.of(0, values)) == []

    return write


def read_memory(folder: Path) -> tuple[Any, Any]:
    return tracks("memory/ann.mid")(folder), text("memory/ann.lesson")(folder)


@pytest.mark.parametrize("last", [(NEW, "another lesson"), (None, "")], ids=["kept", "forgotten"])
def test_a_memory_and_its_lesson_are_each_the_old_or_the_new(
    last: tuple[Score | None, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, write = remembered(OLD, "a lesson"), remembered(*last)
    (tmp_path / "was").mkdir()
    before(tmp_path / "was")
    old = read_memory(tmp_path / "was")
    write(tmp_path / "was")
    new = read_memory(tmp_path / "was")
    between = (old[0], None) if last[0] is None else (new[0], old[1])

    on_the_way, over = left_by(before, write, read_memory, tmp_path, monkeypatch)

    assert {*on_the_way} <= {old, between, new}
    assert {*over} == {new}


# --- rooms, judgements, the record of a training ------------------------------------------------------------------


def test_a_room_s_recording_is_rescued_as_far_as_it_was_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pitches = (60, 62, 64, 65)

    def read(left: Left) -> set[int]:
        places.append(laid_out(left, tmp_path / f"left-{len(places)}"))
        for _ in range(2):  # another start finds what the first has made of it
            RoomKeeper(places[-1]).rescue()
        return {
            message.pitch
            for path in places[-1].glob("*.mid")
            for _, message in smf.read(path).tracks[0].messages
            if isinstance(message, NoteOn)
        }

    places: list[Path] = []
    folder = tmp_path / "rooms"
    with monkeypatch.context() as patched:
        disk = Disk(folder, patched)
        keeper = RoomKeeper(folder)
        recording = keeper.begin("blues", {0: "lead"})
        for number, pitch in enumerate(pitches):
            at = 1_000_000 * (number + 1)
            recording.hear(1, "Ann", at, bytes((0x90, pitch, 90)))
            recording.hear(1, "Ann", at + 400_000, bytes((0x80, pitch, 0)))
            keeper.sync()
            assert all(read(left) == {*pitches[: number + 1]} for left in disk.now())
        keeper.keep(recording, 6_000_000).join()
        over = disk.now()

    assert all(read(left) == set(pitches) for left in over)
    beginnings = [{*pitches[:count]} for count in range(len(pitches) + 1)]
    assert all(read(left) in beginnings for left in disk.moments)


def test_a_judgement_that_was_answered_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(folder: Path) -> None:
        test = Listening(folder / "test.jsonl", 1, [])
        test.begin()
        test._begin("Ann")
        test._write({"row": "told", "judge": "Ann"})

    def read(folder: Path) -> list[str] | None:
        try:
            return [judge.name for judge in read_judgements(folder / "test.jsonl").judges]
        except ConfigError:
            return None

    on_the_way, over = left_by(nothing, write, read, tmp_path, monkeypatch)

    assert all(found in (None, [], ["Ann"]) for found in on_the_way)
    assert over == [["Ann"]] * len(over)


def test_the_record_of_a_training_keeps_its_lines_when_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def before(folder: Path) -> None:
        for step in range(1, 5):
            Record(folder).add({"step": step})

    on_the_way, over = left_by(
        before, lambda folder: Record(folder).begin(2), text(METRICS), tmp_path, monkeypatch
    )

    lines = [f'{{"step": {step}}}\n' for step in range(1, 5)]
    assert {*on_the_way} == {"".join(lines), "".join(lines[:2])}
    assert {*over} == {"".join(lines[:2])}


# --- one owner ----------------------------------------------------------------------------------------------------

WRITES = re.compile(
    r"\.write_text\(|\.write_bytes\(|\.rename\(|os\.(replace|rename|link)\(|mkstemp|np\.savez?(_compressed)?\(|torch\.save"
    r"|open\(\"[wax]|, \"[wax]b?\"\)"
)
OWN_WAYS = {
    "config/saved_offset.py": "a draft, which is read before it gets its name",
    "control/library/finds.py": "a draft",
    "daemon/engine/fitting_process.py": "a pipe",
    "inference/generator.py": "a file of the repository",
    "inference/phrase_model.py": "a file of the repository",
    "scorecard/listening/results.py": "a journal of judgements, synced line by line",
    "sound/render.py": "what --audio is given, before it gets its name",
    "training/corpora.py": "memory",
    "training/loop.py": "a draft",
    "training/record.py": "lines that a run appends, and forgets when it goes on before them",
    "training/reference.py": "a file of the repository",
    "training/shards.py": "an address of any file system; its index comes last",
}


def test_no_other_file_is_written_but_by_the_owner() -> None:
    package = Path(livegen.__file__).parent
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if WRITES.search(line) and "whole_files.write_" not in line and "Drum(" not in line
    }

    assert found - {"whole_files.py"} == {*OWN_WAYS}
