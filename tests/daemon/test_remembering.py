"""What is remembered of a player: read beside the music, kept in pauses and at the end, by name and not by chance."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from livegen import app, config
from livegen.codec.layout import Event
from livegen.daemon import clock
from livegen.daemon.engine.engine_loop import KEEPS_AFTER_US
from livegen.daemon.engine.loader import RECALL
from livegen.daemon.processes.children import Recorder
from livegen.daemon.processes.frames import CommandFrame, MemoryFrame, OverFrame
from livegen.errors import ConfigError, MidiFileError
from livegen.inference.kept import memory_from, memory_in, score_of, text_of
from livegen.inference.lesson import ENDING, Lesson, lesson_from
from livegen.inference.memory import Memory, memory_of
from livegen.jam.engine import Engine
from livegen.music.files import smf
from livegen.testing import SECOND, UniformModel
from tests.daemon.test_recorder import wait_for
from tests.daemon.turned import Turned
from tests.inference.test_kept import LICK, remembered

READS = "tests.daemon.test_remembering:reads"
FOLDER = Path("/memories")


def reads(name: str) -> tuple[Path, Memory, Lesson | None]:
    if name == "wrong":
        raise ConfigError("wrong cannot be the name of a player")
    return FOLDER / f"{name}.mid", remembered(*LICK) if name == "ada" else Memory(), None


class Served(Turned):
    """An engine process that remembers a player."""

    def __init__(self, player: str | None) -> None:
        super().__init__(Engine(UniformModel()), {"recaller": READS, "remembers": player})
        self.wait()
        self.loop.turn()

    def rest(self, micros: int = KEEPS_AFTER_US + SECOND) -> None:
        self.now += micros
        self.loop.turn()

    def say(self, name: str, value: object = None) -> None:
        self.command(name, value)
        self.wait()
        self.loop.turn()

    @property
    def kept(self) -> list[tuple[str, int]]:
        """The files that were written so far, and how many notes each got."""
        return [(Path(it["file"]).stem, len(memory_from(it["notes"]))) for it in self.memories]


def test_what_a_player_played_on_other_days_is_known_when_the_session_begins() -> None:
    served = Served("ada")

    assert len(served.engine.memory) == len(LICK)
    assert served.said == ["6 notes of ada are remembered (/memories/ada.mid)"]
    shown = served.engine.snapshot()
    assert shown["remembered"] == len(LICK)


def test_what_is_played_is_added_and_kept_in_the_next_pause() -> None:
    served = Served("ada")
    served.play(60, 62)
    assert served.kept == []
    served.rest()

    assert served.kept == [("ada", len(LICK) + 2)]
    served.rest()
    assert len(served.kept) == 1  # nothing was played since


def test_a_session_that_ends_at_once_is_kept_as_well() -> None:
    served = Served("ben")
    served.play(60, 62, 64)
    served.loop.turn([OverFrame(served.now)])

    assert served.kept == [("ben", 3)]
    assert isinstance(served.sent[-1], OverFrame)


def test_nothing_is_kept_of_somebody_without_a_name() -> None:
    served = Served(None)
    served.play(60, 62, 64)
    served.rest()
    served.loop.turn([OverFrame(served.now)])

    assert served.kept == []
    assert len(served.engine.memory) == 3


def test_the_next_player_sits_down_and_neither_has_the_licks_of_the_other() -> None:
    served = Served("ben")
    served.play(50, 52, 53)
    served.say("remember", "ada")

    assert served.kept == [("ben", 3)]
    assert len(served.engine.memory) == len(LICK)
    served.play(60)
    served.rest()
    assert served.kept[1:] == [("ada", len(LICK) + 1)]


def test_who_stays_unnamed_begins_with_nothing_and_nothing_of_his_is_kept() -> None:
    served = Served("ada")
    served.say("remember", "")
    served.play(60, 62)
    served.rest()

    assert served.kept == []
    assert len(served.engine.memory) == 2


def test_a_memory_that_cannot_be_read_is_said_and_its_file_left_alone() -> None:
    served = Served("wrong")
    served.play(60, 62)
    served.rest()

    assert served.said == [
        "wrong cannot be the name of a player; nothing of it is remembered, and nothing is kept there"
    ]
    assert served.kept == []


def test_who_cannot_be_read_adds_nothing_to_what_is_kept_of_the_player_before() -> None:
    served = Served("ada")
    served.play(60)
    served.say("remember", "wrong")
    served.play(62, 64)
    served.rest()

    assert served.kept == [("ada", len(LICK) + 1)]
    assert len(served.engine.memory) == 2


def test_forgotten_is_what_was_played_today_and_on_other_days() -> None:
    served = Served("ada")
    served.play(60, 62)
    served.say("forget")
    assert len(served.engine.memory) == 0
    served.rest()

    assert served.kept == [("ada", 0)]


def test_who_forgets_and_plays_as_much_again_has_kept_what_he_played_since() -> None:
    served = Served("ada")
    served.say("forget")
    served.play(*(50 + it for it in range(len(LICK))))
    served.rest()

    assert served.memories
    assert served.memories[-1]["notes"] == text_of(served.engine.memory)


@pytest.mark.parametrize("last", ["", "ben"])
def test_who_is_named_last_plays_though_another_is_still_read(last: str) -> None:
    served = Served(None)
    served.loop.turn([CommandFrame.named(served.now, "remember", it) for it in ("ada", last)])
    served.wait()
    served.loop.turn()
    served.play(60)
    served.rest()

    assert len(served.engine.memory) == 1
    assert served.kept == ([(last, 1)] if last else [])


@pytest.mark.parametrize("value", [None, 3, ["a"], {"name": "ada"}, "x" * 5000])
def test_whoever_is_named_the_process_goes_on(value: object) -> None:
    served = Served(None)
    served.say("remember", value)
    served.play(60)

    assert len(served.engine.memory) == 1


def test_the_journal_has_what_was_remembered_so_that_a_session_plays_again_as_it_was() -> None:
    from livegen.app.replaying import meaning
    from livegen.jam.engine import Recall
    from livegen.jam.reports.rows import Told

    served = Served("ada")
    event = meaning(Told(0, RECALL, served.told(RECALL)[0]))

    assert isinstance(event, Recall)
    assert event.memory.notes.tolist() == remembered(*LICK).notes.tolist()


# --- on disk ------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    process = Recorder(None)
    process.start(clock.now())
    yield process
    process.kill()


def kept(path: Path, memory: Memory) -> MemoryFrame:
    values = {"file": str(path), "notes": text_of(memory), "count": len(memory)}
    return MemoryFrame.of(clock.now(), values)


def test_a_memory_is_a_file_of_music_and_gone_when_it_is_forgotten(
    recorder: Recorder, tmp_path: Path
) -> None:
    path = tmp_path / "memories" / "ada.mid"
    recorder.remember(kept(path, remembered(*LICK)))
    wait_for(path.exists)

    assert len(memory_in(smf.read(path))) == len(LICK)
    assert path.stat().st_mode & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0
    recorder.remember(kept(path, memory_of([])))
    wait_for(lambda: not path.exists())


def test_what_a_model_learns_from_lies_beside_it_and_is_gone_with_it(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path, _, lesson = app.load_memory("Ada 2.0")
    assert lesson is None
    lesson = Lesson().after(Event(0, 0, 1, 60, 20, 0, 8), style=0, is_played=True)
    frame = kept(path, remembered(*LICK))
    recorder.remember(MemoryFrame.of(frame.micros, frame.values | {"lesson": lesson.text}))
    file = path.with_suffix(ENDING)
    wait_for(file.exists)

    found = app.load_memory("Ada 2.0")[2]
    assert found is not None and found.text == lesson_from(file.read_text()).text == lesson.text
    recorder.remember(kept(path, memory_of([])))
    wait_for(lambda: not file.exists())


@pytest.mark.parametrize("content", [b"", b"no lesson", b"\xff\xfe", b"eJw="])
def test_a_file_that_is_no_lesson_is_said_and_the_player_is_known_all_the_same(
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = app.load_memory("ada")[0]
    path.parent.mkdir(parents=True)
    smf.write(path, score_of(remembered(*LICK)))
    path.with_suffix(ENDING).write_bytes(content)

    _, memory, lesson = app.load_memory("ada")
    assert len(memory) == len(LICK) and lesson is None
    assert [record.getMessage() for record in caplog.records] == [
        f"{path.with_suffix(ENDING)}: expected a lesson, got another text; the network learns from today alone"
    ]


def test_a_memory_that_cannot_be_written_is_said_and_the_jam_goes_on(
    recorder: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "memories").write_text("a file where a folder should be")
    path = tmp_path / "memories" / "ada.mid"
    recorder.remember(kept(path, remembered(*LICK)))

    def is_said() -> bool:
        recorder.receive(clock.now())
        return any(f"{path}: what is remembered cannot be written (" in it for it in recorder.log)

    wait_for(is_said)


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../ada", "/etc/passwd", "", "a/b", ".", "CON", "ada "])
def test_a_path_is_never_the_name_of_a_player(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a player"):
        app.load_memory(name)


def test_a_name_is_a_file_in_the_folder_of_memories_and_new_until_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path, memory, _ = app.load_memory("Ada 王")
    assert path == tmp_path / "livegen" / "memories" / "Ada 王.mid"
    assert len(memory) == 0

    path.parent.mkdir(parents=True)
    smf.write(path, score_of(remembered(*LICK)))
    assert len(app.load_memory("Ada 王")[1]) == len(LICK)
    path.write_bytes(b"no music")
    with pytest.raises(MidiFileError):
        app.load_memory("Ada 王")


@pytest.mark.parametrize(
    ("remember", "name", "file"),
    [
        ("ada", "ada", None),
        ("mine.mid", None, "mine.mid"),
        ("~/licks/mine.MIDI", None, "licks/mine.MIDI"),
        (None, None, None),
    ],
)
def test_remember_takes_a_name_or_a_midi_file(
    remember: str | None, name: str | None, file: str | None
) -> None:
    told = app.engine_settings(config.Config(remember=remember))

    assert told["remembers"] == name
    assert told["remember"] is None if file is None else str(told["remember"]).endswith(file)
