"""Where a phrase was played before, in a folder of MIDI files and journals."""

import asyncio
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from livegen.control.library import finds, search_process
from livegen.control.library.finds import FindError, Shelves, phrase_of, place_of, played_at
from livegen.control.library.last_phrase import LastPhrase
from livegen.daemon.processes.frames import HeardFrame
from livegen.jam.reports.rows import Grid, Received, Sent, first_line, line
from livegen.music.files.smf import Score, Track, read, write
from livegen.music.melody.likeness import FEWEST, notes_of
from livegen.music.messages import NoteOff, NoteOn

TUNES = {
    "2026-06-03 211500": (60, 62, 64, 67, 65, 64, 62, 69, 67, 60, 59, 62),
    "2026-06-04 080000": (72, 71, 69, 65, 64, 60, 62, 67, 66, 64, 57, 60),
    "named by me": (50, 57, 55, 54, 50, 59, 61, 62, 57, 52, 54, 50),
}


def saved(
    path: Path, pitches: tuple[int, ...], ticks: int = 240, name: str = "Player", channel: int = 0
) -> Path:
    messages = [
        message
        for at, pitch in enumerate(pitches)
        for message in (
            (at * ticks, NoteOn(pitch, 80, channel)),
            (at * ticks + ticks - 10, NoteOff(pitch, channel=channel)),
        )
    ]
    write(path, Score(480, (Track(name, tuple(messages)),)))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name, pitches in TUNES.items():
        saved(folder / f"{name}.mid", pitches)
    return folder


@pytest.fixture(autouse=True)
def nobody_s_own_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def shelves(folder: Path, kept: Path | None = None, lines: list[str] | None = None) -> Shelves:
    found = Shelves(folder, kept, (lines if lines is not None else []).append)
    found.look()
    return found


def like(found: Shelves, path: Path, most: int = 5) -> list[Any]:
    return found.like(phrase_of(path), most)


def test_a_phrase_is_found_with_the_day_it_was_played_and_where(
    folder: Path, tmp_path: Path
) -> None:
    again = saved(
        tmp_path / "again.mid", tuple(pitch + 3 for pitch in TUNES["2026-06-03 211500"][2:]), 300
    )

    first = like(shelves(folder), again)[0]

    assert first.name == "2026-06-03 211500.mid" and first.when == played_at(first.name)
    assert (first.score, first.shift, first.who, first.same) == (1.0, -3, "Player", True)
    assert first.at == pytest.approx(0.5, abs=0.02) and first.pace == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("suffix", [".kar", ".rmi", ".smf", ".MID", ".midi"])
def test_midi_files_by_other_endings_are_looked_into(
    folder: Path, tmp_path: Path, suffix: str
) -> None:
    tune = folder / "named by me.mid"
    tune.rename(tune.with_suffix(suffix))
    call = saved(tmp_path / "call.mid", TUNES["named by me"])

    assert like(shelves(folder), call)[0].name == f"named by me{suffix}"


def test_what_is_named_otherwise_was_played_when_it_was_saved(folder: Path, tmp_path: Path) -> None:
    os.utime(folder / "named by me.mid", (1_000_000_000, 1_000_000_000))

    assert like(shelves(folder), folder / "named by me.mid")[0].when == 1_000_000_000.0
    assert played_at("2026-13-99 999999.mid") is None


def test_only_what_is_new_is_read_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.npz"
    before = shelves(folder, kept)
    read: list[str] = []
    whole = finds.voices_of

    def voices(path: Path) -> Any:
        read.append(path.name)
        return whole(path)

    monkeypatch.setattr(finds, "voices_of", voices)
    saved(folder / "new.mid", TUNES["named by me"])
    (folder / "2026-06-04 080000.mid").unlink()

    after = shelves(folder, kept)

    assert read == ["new.mid"]
    assert set(after.files) == set(before.files) - {"2026-06-04 080000.mid"} | {"new.mid"}
    assert like(after, folder / "2026-06-03 211500.mid")[0].score == 1.0


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 torn", b"nonsense"])
def test_a_kept_file_that_is_damaged_is_made_anew(
    folder: Path, tmp_path: Path, damage: bytes
) -> None:
    kept = tmp_path / "kept.npz"
    kept.write_bytes(damage)

    assert len(shelves(folder, kept).files) == 3
    assert len(shelves(folder, kept).files) == 3


def test_a_file_that_cannot_be_read_is_named_once_and_left_out(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "broken.mid").write_bytes(b"no music")
    lines: list[str] = []
    kept = tmp_path / "kept.npz"

    found = shelves(folder, kept, lines)
    shelves(folder, kept, lines)

    assert len(lines) == 1 and "broken.mid" in lines[0]
    assert like(found, folder / "named by me.mid")[0].name == "named by me.mid"


def test_folders_below_count_and_hidden_ones_links_and_other_files_do_not(
    folder: Path, tmp_path: Path
) -> None:
    below, hidden = folder / "jazz", folder / ".trash"
    below.mkdir()
    hidden.mkdir()
    shutil.copy(folder / "named by me.mid", below / "solo.MID")
    shutil.copy(folder / "named by me.mid", hidden / "thrown away.mid")
    (folder / "link.mid").symlink_to(tmp_path / "elsewhere.mid")
    (folder / "words.txt").write_text("words")

    assert set(shelves(folder).files) == {f"{name}.mid" for name in TUNES} | {"jazz/solo.MID"}


def test_drums_and_single_notes_are_no_phrase(folder: Path, tmp_path: Path) -> None:
    drums = saved(tmp_path / "drums.mid", (36, 38, 36, 38, 36), channel=9)

    with pytest.raises(FindError, match="expected a phrase of 4 notes or more, not of drums"):
        phrase_of(drums)


def test_a_folder_that_is_none_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FindError, match="is no folder"):
        shelves(tmp_path / "nowhere")


def test_each_folder_has_a_place_of_its_own_for_what_is_kept(tmp_path: Path) -> None:
    assert place_of(tmp_path) == place_of(tmp_path / "x" / "..") != place_of(tmp_path / "x")


# --- sessions -----------------------------------------------------------------------------------------------------

BEGAN = "2026-06-05T20:00:00+00:00"
SESSION = "2026-06-05 200000.jsonl"


def journal(folder: Path, *tunes: tuple[float, str], extra: str = "") -> Path:
    """A session in which tunes were played, each from a second on, the model echoing the first four notes."""
    lines = [first_line(BEGAN, 5_000_000), line(Grid(5_000_000, 500_000, 5_000_000, 96, 5_000_000))]
    for second, name in tunes:
        for at, pitch in enumerate(TUNES[name]):
            micros = 5_000_000 + round((second + at * 0.25) * 1e6)
            lines += [line(Received(micros, bytes((0x90, pitch, 80))))]
            lines += [line(Received(micros + 200_000, bytes((0x80, pitch, 0))))]
            if at < 4:
                lines += [line(Sent(micros + 4_000_000, bytes((0x90, pitch - 12, 70))))]
                lines += [line(Sent(micros + 4_100_000, bytes((0x80, pitch - 12, 0))))]
    path = folder / SESSION
    path.write_text("\n".join([*lines, extra]))
    return path


def test_what_was_only_played_in_a_session_is_found_at_its_time_of_day(folder: Path) -> None:
    journal(folder, (10, "named by me"), (90, "2026-06-03 211500"), extra='{"at":')
    for name in TUNES:
        (folder / f"{name}.mid").unlink()
    again = notes_of(notes_of_tune("2026-06-03 211500"))

    found = shelves(folder).like(again, 5)[0]

    assert (found.name, found.who, found.same) == (SESSION, "Player", True)
    assert found.at == pytest.approx(90, abs=0.01)
    assert found.when == pytest.approx(datetime.fromisoformat(BEGAN).timestamp() + 90, abs=0.01)


def test_what_is_played_just_now_is_not_what_was_played_before(folder: Path) -> None:
    journal(folder, (10, "named by me"), (90, "named by me"))
    (folder / "named by me.mid").unlink()
    now = datetime.fromisoformat(BEGAN).timestamp() + 90
    again = notes_of(notes_of_tune("named by me"))

    assert [one.at for one in shelves(folder).like(again, 5, now - 0.5)] == [
        pytest.approx(10, abs=0.01)
    ]
    assert shelves(folder).like(again, 5, now - 85) == []


def test_a_place_of_a_session_is_saved_as_a_midi_file_with_both_sides(folder: Path) -> None:
    journal(folder, (10, "named by me"), (90, "2026-06-03 211500"))

    name = asyncio.run(search_process.save(folder, SESSION, 90.0, 3.0))

    score = read(folder / name)
    pitches = {
        track.name: [message.pitch for _, message in track.messages if isinstance(message, NoteOn)]
        for track in score.tracks
    }
    assert name == "2026-06-05 200000 at 1.30.mid"
    assert pitches == {
        "Player": list(TUNES["2026-06-03 211500"]),
        "Model": [pitch - 12 for pitch in TUNES["2026-06-03 211500"][:4]],
    }


@pytest.mark.parametrize(
    ("name", "at", "said"),
    [
        (SESSION, 5000.0, "nothing was played there"),
        ("../secret.jsonl", 0.0, "is no name for a recording"),
        ("named by me.mid", 0.0, "is no session"),
        ("2026-06-06 200000.jsonl", 0.0, "the folder of recordings: No such file"),
    ],
)
def test_a_place_that_is_none_is_refused_in_a_line(
    folder: Path, name: str, at: float, said: str
) -> None:
    journal(folder, (10, "named by me"))

    with pytest.raises(search_process.Failed, match=said):
        asyncio.run(search_process.save(folder, name, at, 3.0))


def test_a_journal_that_is_none_is_left_out_in_a_line(folder: Path) -> None:
    (folder / SESSION).write_text("no journal")
    lines: list[str] = []

    shelves(folder, None, lines)

    assert lines == [f"left out: {SESSION}: the first line of the journal is not a JSON object"]


# --- a search in a process of its own -----------------------------------------------------------------------------


def notes_of_tune(name: str) -> list[tuple[float, int]]:
    return [(at * 0.25, pitch) for at, pitch in enumerate(TUNES[name])]


def test_a_search_of_its_own_process_finds_what_was_saved_before_the_phrase_began(
    folder: Path,
) -> None:
    for path in folder.iterdir():
        os.utime(path, (1000, 1000))
    os.utime(folder / "2026-06-04 080000.mid", (5000, 5000))

    answer = asyncio.run(
        search_process.find(folder, notes_of_tune("2026-06-03 211500"), before=2000.0)
    )
    own = asyncio.run(
        search_process.find(folder, notes_of_tune("2026-06-04 080000"), before=2000.0)
    )

    assert answer["finds"][0]["name"] == "2026-06-03 211500.mid" and answer["files"] == 3
    assert all(find["name"] != "2026-06-04 080000.mid" for find in own["finds"])


def test_a_search_in_no_folder_fails_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(search_process.Failed, match="is no folder"):
        asyncio.run(search_process.find(tmp_path / "nowhere", notes_of_tune("named by me"), 0.0))


def test_the_control_process_and_the_search_mean_the_same_by_a_phrase() -> None:
    assert search_process.FEWEST == FEWEST


# --- the phrase that was just played ------------------------------------------------------------------------------


def heard(phrase: LastPhrase, *notes: tuple[float, int], status: int = 0x90) -> LastPhrase:
    for at, pitch in notes:
        phrase.hear(HeardFrame(int(at * 1e6), bytes((status, pitch, 80))))
    return phrase


def test_the_last_phrase_begins_after_a_pause_of_three_seconds() -> None:
    phrase = heard(LastPhrase(lambda: 99.0), (0, 60), (1, 62), (4.5, 64), (5, 65))

    assert phrase.notes == [(0.0, 64), (0.5, 65)] and phrase.began == 99.0


def test_the_last_phrase_has_no_drums_no_ends_and_at_most_half_a_minute() -> None:
    phrase = heard(LastPhrase(), *((float(at), 60) for at in range(0, 41, 2)))
    heard(phrase, (41, 36), status=0x99)
    heard(phrase, (41, 60), status=0x80)

    assert len(phrase.notes) == 16 and phrase.notes[-1] == (30.0, 60)
