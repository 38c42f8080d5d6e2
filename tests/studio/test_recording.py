"""Recordings of rooms: off until they are asked for, known to all who play, a track a player and one a part."""

import errno
import json
import os
import shutil
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from starlette.testclient import TestClient

from livegen.app import recover
from livegen.control.surfaces import Request
from livegen.control.web.clients import Client
from livegen.daemon.clock import SECOND
from livegen.music.files import smf
from livegen.music.messages import Cut, NoteOff, NoteOn
from livegen.music.time.timeline import Timeline
from livegen.studio.application import application
from livegen.studio.keeping import RoomKeeper
from livegen.studio.recording import RoomRecording
from livegen.studio.room import Room
from tests.studio.test_room import BEGIN, CHARTS, MS, Noting, Studio, told
from tests.studio.test_rooms import Studio as Rooms

LEFT = Path(__file__).parents[1] / "ages" / "2026-11-30" / "blues.room"
ROUTES = {"routes": {"lead": {"channel": 0}, "bass": {"channel": 2}}}


class Waiting(RoomKeeper):
    """A keeper that writes at once."""

    def keep(self, recording: RoomRecording, now: int) -> Thread:
        thread = super().keep(recording, now)
        thread.join()
        return thread


class Recorded(Studio):
    """A room that can be recorded; `kept` are the files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, keeper = folder, Waiting(folder)
        self.room = Room("blues", self.engine, ROUTES, [], CHARTS, lambda: self.now, keeper=keeper)

    @property
    def kept(self) -> list[Path]:
        return sorted(self.folder.glob("*.mid"))

    def comes(self, name: str, role: str = "") -> Client:
        page = self.room.clients.enter()
        self.says(page, t="name", name=name)
        if role:
            self.says(page, t="role", role=role)
        return page

    def says(self, page: Client, **message: Any) -> None:
        page.hear(json.dumps(message), self.now)

    def plays(self, page: Client, pitch: int, at_ms: int) -> None:
        for status, at in ((144, at_ms), (128, at_ms + 100)):
            self.says(page, t="play", data=[status, pitch, 80], at=BEGIN + at * MS)

    def records(self, is_on: bool) -> None:
        self.room.ask(Request("record", is_on))


def pitches(score: smf.Score) -> dict[str, list[int]]:
    """The pitches that begin on each track."""
    return {
        track.name: [m.pitch for _, m in track.messages if isinstance(m, NoteOn)]
        for track in score.tracks
    }


def test_a_recording_has_a_track_for_each_player_and_one_for_each_part_of_the_model(
    tmp_path: Path,
) -> None:
    studio = Recorded(tmp_path)
    ana, ben = studio.comes("Ana"), studio.comes("Ben", "drums")
    studio.records(True)
    studio.until(1000)
    studio.plays(ana, 60, 300)
    studio.plays(ben, 36, 500)
    studio.play(NoteOn(40, 80, 2), 1200)
    studio.play(NoteOff(40, 64, 2), 1400)
    studio.until(2000)
    studio.records(False)
    (file,) = studio.kept
    assert file.name.endswith("blues.mid")
    score = smf.read(file)
    assert pitches(score) == {"Ana": [60], "Ben": [36], "Model bass": [40]}
    drums = next(track for track in score.tracks if track.name == "Ben")
    assert {m.channel for _, m in drums.messages if isinstance(m, NoteOn)} == {9}


def test_what_the_model_takes_back_is_not_in_it_and_what_sounds_is_ended(tmp_path: Path) -> None:
    studio = Recorded(tmp_path)
    studio.comes("Ana")
    studio.records(True)
    studio.play(NoteOn(60, 80), 200)
    studio.play(NoteOn(62, 80), 1000)
    studio.until(500)
    studio.play(Cut(()), 0)  # type: ignore[arg-type]
    studio.until(1500)
    studio.records(False)
    score = smf.read(studio.kept[0])
    assert pitches(score) == {"Model lead": [60]}
    assert [m for _, m in score.tracks[0].messages if isinstance(m, NoteOff)]


def test_all_in_the_room_are_told_that_it_is_recorded_and_when_that_has_ended(
    tmp_path: Path,
) -> None:
    studio = Recorded(tmp_path)
    page = studio.comes("Ana")
    assert told(page, "hello", studio.now)[-1]["is_recorded"] is False
    for is_on, line in ((True, "is recorded from now on"), (False, "the recording has ended")):
        studio.records(is_on)
        studio.until(studio.now // MS - BEGIN // MS + 100)
        texts = [json.loads(text) for text in page.mailbox.take(studio.now)]
        assert [m["is_recorded"] for m in texts if m["t"] == "hello"][-1] is is_on
        assert any(line in m["line"] for m in texts if m["t"] == "line")
        assert studio.room.told()["recorded"] is is_on
    assert studio.kept == []  # nothing was played


def test_a_room_that_closes_keeps_what_was_recorded_and_two_of_one_name_are_two_tracks(
    tmp_path: Path,
) -> None:
    studio = Recorded(tmp_path)
    players = studio.comes("Ana"), studio.comes("Ana")
    studio.records(True)
    studio.until(1000)
    for number, page in enumerate(players):
        studio.plays(page, 60 + number, 300 + 100 * number)
    studio.room.close()
    assert pitches(smf.read(studio.kept[0])) == {"Ana": [60], "Ana 2": [61]}


def test_nothing_is_recorded_until_it_is_asked_for_and_no_player_can(tmp_path: Path) -> None:
    studio = Recorded(tmp_path)
    page = studio.comes("Ana")
    studio.says(page, t="do", name="record", value=True)
    studio.says(page, t="set", name="record", value=1)
    studio.until(500)
    studio.plays(page, 60, 300)
    studio.room.close()
    assert studio.kept == [] and studio.room.told()["recorded"] is False


def test_where_recordings_are_turned_off_a_room_says_so() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    studio.room.ask(Request("record", True))
    assert "recording.keep" in told(page, "line", studio.now)[-1]["line"]
    assert studio.room.told()["recorded"] is False


@pytest.mark.parametrize(("token", "status"), [("t" * 22, 200), ("p" * 22, 401), ("", 401)])
def test_only_the_teacher_switches_it_on_and_fetches_what_was_recorded(
    tmp_path: Path, token: str, status: int
) -> None:
    studio = Rooms()
    studio.rooms.find({"room": "blues"})
    (tmp_path / "blues.mid").write_bytes(b"MThd")
    settings = {
        "host": "127.0.0.1", "port": 80, "names": ["testserver"], "public": ["testserver"],
        "token": "p" * 22, "teacher": "t" * 22, "recordings": str(tmp_path),
    }  # fmt: skip
    served = application(settings, studio.rooms, CHARTS, print)
    browser = TestClient(served, headers={"authorization": f"Bearer {token}"})
    wanted = {"rooms": ["blues"], "on": True}
    assert browser.post("/teacher/record", json=wanted).status_code == status
    assert browser.get("/recordings").status_code == status
    assert browser.get("/recordings/blues.mid").status_code == status
    browser.close()


def test_what_a_killed_process_had_recorded_is_kept_by_the_next(tmp_path: Path) -> None:
    studio = Recorded(tmp_path)
    ana = studio.comes("Ana")
    studio.records(True)
    studio.until(1000)
    studio.plays(ana, 60, 300)
    studio.play(NoteOn(40, 80, 2), 1200)
    studio.play(NoteOff(40, 64, 2), 1400)
    studio.until(2000)
    (draft,) = tmp_path.glob("*.room")
    written = draft.read_bytes()

    assert RoomKeeper(tmp_path).rescue() == []  # it lives, and has the draft
    studio.room.close()
    assert not list(tmp_path.glob("*.room"))
    draft.write_bytes(written + b'["hear",1,"A')  # as a process leaves it that is killed
    whole, rescued = studio.kept, RoomKeeper(tmp_path).rescue()

    assert [smf.read(file) for file in rescued] == [smf.read(file) for file in whole]
    assert pitches(smf.read(rescued[0])) == {"Ana": [60], "Model bass": [40]}
    assert not list(tmp_path.glob("*.room"))


def test_a_file_that_is_no_draft_of_ours_is_left_alone(tmp_path: Path) -> None:
    (other := tmp_path / "other.room").write_bytes(b"\x00nothing")
    assert RoomKeeper(tmp_path).rescue() == []
    assert other.exists()


def test_a_recording_takes_no_more_than_it_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegen.studio.recording.MOST", 4)
    recording = RoomRecording("blues", {})
    for number in range(10):
        recording.hear(1, "Ana", number * SECOND, bytes((144, 60 + number, 80)))
    assert recording.is_full
    score = recording.score(10 * SECOND)
    assert score is not None and pitches(score) == {"Ana": [60, 61, 62, 63]}


def test_an_engine_that_has_bars_gives_them_to_the_recording(tmp_path: Path) -> None:
    class Steady(Noting):
        timeline = Timeline(600_000, BEGIN)  # 100 bpm

    studio = Recorded(tmp_path)
    studio.engine = Steady()
    studio.room = Room(
        "blues", studio.engine, ROUTES, [], CHARTS, lambda: studio.now,
        keeper=Waiting(tmp_path),
    )  # fmt: skip
    page = studio.comes("Ana")
    studio.records(True)
    studio.until(1000)
    studio.plays(page, 60, 600)
    studio.room.close()
    score = smf.read(next(tmp_path.glob("*.mid")))
    assert score.tempos[0] == (0, 600_000)
    assert [tick for tick, m in score.tracks[0].messages if isinstance(m, NoteOn)] == [score.ppqn]


def test_recover_finds_what_rooms_left_where_a_studio_keeps_it_without_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = tmp_path / "livegen" / "recordings" / "studio"
    folder.mkdir(parents=True)
    shutil.copy(LEFT, folder)

    (found,) = recover([], print)

    assert found.parent == folder and found.suffix == ".mid"


def test_recover_leaves_a_recording_alone_that_goes_on_and_says_so(tmp_path: Path) -> None:
    keeper, said = RoomKeeper(tmp_path), list[str]()
    recording = keeper.begin("blues", {0: "lead"})
    (draft,) = tmp_path.glob("*.room")

    assert recover([tmp_path], said.append) == []

    assert said == [f"{draft}: a studio is still recording it"]
    assert RoomKeeper(tmp_path).rescue() == [] and draft.exists()
    keeper.keep(recording, SECOND).join()


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_recover_says_why_a_file_cannot_be_written_and_what_to_do_and_leaves_what_was_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smf, "write", full)
    shutil.copy(LEFT, left := tmp_path / "blues.room")
    said = list[str]()

    assert recover([tmp_path], said.append) == []

    assert said == [
        f"{left}: it could not be read, or its MIDI file not be written beside it (No space left on device); "
        "copy it to a folder where you may write, and recover it there"
    ]
    assert RoomKeeper(tmp_path).rescue() == [] and [*tmp_path.iterdir()] == [left]


def test_recover_says_of_a_file_of_another_program_that_it_is_no_recording(tmp_path: Path) -> None:
    (other := tmp_path / "other.room").write_bytes(b"\x00nothing")
    said = list[str]()

    assert recover([tmp_path], said.append) == []

    assert said == [f"{other}: livegen did not write it: expected the recording of a studio's room"]


def test_recover_says_of_a_room_in_which_nobody_played_that_nothing_was(tmp_path: Path) -> None:
    (left := tmp_path / "quiet.room").write_text('["room", "quiet", {"0": "lead"}]\n')
    said = list[str]()

    assert recover([tmp_path], said.append) == []

    assert said == [f"{left}: nothing was played in it"]
