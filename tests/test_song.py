"""A session becomes a song: its takes, its form and its chords, written for DAW, score, chart and ear."""

import json
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import mido
import pytest

from livegen.cli import run
from livegen.errors import ConfigError
from livegen.inference.learner import Learner
from livegen.jam.reports.rows import Did, Grid, Header, Received, Row, Sent, Told, first_line, line
from livegen.music.charts import read_chart
from livegen.music.files import smf
from livegen.music.files.smf import Score, Track
from livegen.music.messages import Message, NoteOff, NoteOn, encode
from livegen.song import best, song
from livegen.testing import UniformModel

QUARTER, BAR = 480, 1920
COMMON = ((0, 4, 4),)
Rows = list[tuple[int, Message]]


def notes(at: int, *pitches: int, ticks: int = QUARTER, channel: int = 0) -> Rows:
    """Notes one after the other."""
    rows: Rows = []
    for number, pitch in enumerate(pitches):
        start = at + number * ticks
        rows += [
            (start, NoteOn(pitch, 80, channel)),
            (start + ticks - 20, NoteOff(pitch, 64, channel)),
        ]
    return rows


def chord(at: int, *pitches: int, ticks: int = BAR, channel: int = 0) -> Rows:
    """Notes at once."""
    rows: Rows = [(at, NoteOn(pitch, 70, channel)) for pitch in pitches]
    return rows + [(at + ticks - 20, NoteOff(pitch, 64, channel)) for pitch in pitches]


def score(**tracks: Rows) -> Score:
    made = (
        Track(name.replace("_", " "), tuple(sorted(rows, key=lambda row: row[0])))
        for name, rows in tracks.items()
    )
    return Score(QUARTER, tuple(made), ((0, 500_000),), COMMON)


CALL = (60, 62, 64, 65, 67, 65, 64, 62)
EXCHANGES = score(
    Player=[*notes(0, *CALL), *notes(4 * BAR, *CALL), *notes(8 * BAR, *CALL)],
    Model_lead=[
        *notes(2 * BAR, 67, 65, 64, 62, 64, 62, 60, 60),
        *notes(6 * BAR, 61, 70, 54, 73, 66, 58, 75, 61),
        *notes(10 * BAR, 64, 65, 67, 69, 67, 65, 64, 60),
    ],
)
VAMP = ((48, 52, 55), (45, 48, 52), (41, 45, 48), (43, 47, 50))  # C Am F G


def vamped(rounds: int) -> Score:
    bars = range(4 * rounds)
    return score(
        Player=[row for bar in bars for row in chord(bar * BAR, *VAMP[bar % 4])],
        Model_bass=[
            row for bar in bars for row in notes(bar * BAR, *[VAMP[bar % 4][0] - 12] * 4, channel=2)
        ],
    )


def test_a_take_is_a_call_with_its_answer_in_whole_bars() -> None:
    takes = song(EXCHANGES, (), UniformModel(4)).takes
    assert sorted((take.first, take.last) for take in takes) == [(0, 4), (4, 8), (8, 12)]


def test_takes_of_which_an_answer_was_kept_come_first() -> None:
    takes = song(EXCHANGES, [8 * BAR + 10], UniformModel(4)).takes
    assert [take.kept for take in takes] == [1, 0, 0]
    assert takes[0].first == 4


def test_an_answer_that_goes_with_its_call_is_better_than_chance_notes() -> None:
    takes = {take.first: take for take in song(EXCHANGES, (), UniformModel(4)).takes}
    wild, others = takes[4].coherence, (takes[0].coherence, takes[8].coherence)
    assert wild is not None and all(one is not None and one > wild for one in others)


def test_what_comes_back_is_a_form_and_the_lead_sheet_is_one_round_of_it() -> None:
    found = song(vamped(5), (), UniformModel(4))

    assert (len(found.sheet.bars), found.rounds, found.form_from) == (4, 5, 0)
    assert [found.sheet.text_of(bar) for bar in found.sheet.bars] == ["C", "Am", "F", "G"]
    assert sorted((take.first, take.last) for take in found.takes) == [(0, 8), (8, 16), (16, 20)]


def test_the_best_takes_alone_stand_one_after_the_other_and_every_note_ends() -> None:
    found = best(song(EXCHANGES, [8 * BAR + 10], UniformModel(4)), 1)

    assert len(found.bars) == 4
    assert [(take.first, take.last, take.kept) for take in found.takes] == [(0, 4, 1)]
    for track in found.score.tracks:
        ons = [m.pitch for _, m in track.messages if isinstance(m, NoteOn)]
        offs = [m.pitch for _, m in track.messages if isinstance(m, NoteOff)]
        assert sorted(ons) == sorted(offs) and len(ons) == 8
        assert all(a[0] <= b[0] for a, b in pairwise(track.messages))


def test_a_note_that_was_meant_for_the_bar_line_is_in_the_take_that_begins_there() -> None:
    early = score(
        Player=[*notes(0, *CALL), *notes(4 * BAR - 40, *CALL)],
        Model_lead=[
            *notes(2 * BAR, 67, 65, 64, 62, 64, 62, 60, 60),
            *notes(6 * BAR, 64, 65, 67, 69, 67, 65, 64, 60),
        ],
    )

    found = best(song(early, [6 * BAR + 10], UniformModel(4)), 1)

    begun = [(tick, m.pitch) for tick, m in found.score.tracks[0].messages if isinstance(m, NoteOn)]
    assert begun[:2] == [(0, CALL[0]), (QUARTER - 40, CALL[1])]
    assert len(begun) == len(CALL)


def test_bars_that_no_chart_can_write_are_written_as_near_as_one_can() -> None:
    odd = Score(
        100, (Track("Player", ((0, NoteOn(60, 80)), (90, NoteOff(60)))),), metres=((0, 1, 32),)
    )
    assert [bar.ticks for bar in song(odd, (), UniformModel(4)).sheet.bars][:1] == [24]


def test_a_model_that_knows_nothing_of_its_own_cannot_be_asked() -> None:
    with pytest.raises(ConfigError, match="it expects nothing"):
        song(EXCHANGES, (), Learner(UniformModel(4).facts))


# --- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A session of four rounds of a vamp; an answer was kept in its fifth bar."""
    second, rows = 1_000_000, list[Row]()
    micros = vamped(4).tempo_map.micros
    sides: list[tuple[type[Received] | type[Sent], Track]] = list(
        zip((Received, Sent), vamped(4).tracks, strict=True)
    )
    for made, track in sides:
        rows += [made(second + micros(tick), encode(message)) for tick, message in track.messages]
    rows.sort(key=lambda row: row.at)
    header = Header(1, 0, {"controls": {"style": "rock_classic"}})
    grid = Grid(2, 500_000, second, 96, 2)
    kept = Did(11 * second, (Told(11 * second, "keep", None),))
    path = tmp_path / "session.jsonl"
    told = [first_line("2026-11-21T06:30:12+01:00", 0), *map(line, (header, grid, *rows, kept))]
    path.write_text("\n".join(told) + "\n")
    return path


def test_a_session_is_written_for_daw_score_and_chart(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, sheet, written = tmp_path / "song.mid", tmp_path / "song.txt", tmp_path / "song.musicxml"
    rpp = tmp_path / "song.rpp"
    asked = ["--out", out, "--chart", sheet, "--score", written, "--reaper", rpp]

    assert run(["song", str(journal), *map(str, asked)]) == 0

    said = capsys.readouterr().out
    assert "form: 4 bars, 4 rounds" in said and "kept" in said.partition("the best first:")[2]
    read = smf.read(out)
    assert [track.name for track in read.tracks] == ["Player", "Model bass"]
    assert read.metres == ((0, 4, 4),)
    marks = [m.text for track in mido.MidiFile(out).tracks for m in track if m.type == "marker"]
    assert marks == ["C", "Am", "F", "G"] * 4
    assert [bar.chords[0].chord for bar in read_chart(sheet).bars]
    assert "| C | Am | F | G |" in sheet.read_text()
    names = [one.text for one in ElementTree.parse(written).iter("part-name")]
    assert "livegen, bass" in names
    assert 'NAME "Model bass"' in rpp.read_text() and '"Take 1, kept" 1' in rpp.read_text()


def test_each_part_is_a_stem_of_the_same_length(journal: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stems"
    assert run(["song", str(journal), "--best", "1", "--stems", str(folder)]) == 0

    found = sorted(folder.iterdir())
    assert [path.name for path in found] == ["1 Player.wav", "2 Model bass.wav"]
    assert len({path.stat().st_size for path in found}) == 1


def test_a_recording_is_a_song_too_and_all_of_it_can_be_read_by_a_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "jam.mid"
    smf.write(path, vamped(4))

    assert run(["song", str(path), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["form"] == {"bars": 4, "rounds": 4, "from": 1}
    assert told["key"] == "C major" and len(told["takes"]) == 2 and told["files"] == []


@pytest.mark.parametrize("option", ["--out", "--score", "--chart", "--reaper", "--stems"])
def test_a_file_that_is_there_is_left_alone(
    option: str, journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endings = {"--out": "mid", "--score": "svg", "--chart": "txt", "--reaper": "rpp"}
    there = tmp_path / f"there.{endings.get(option, 'wav')}"
    there.write_text("mine")
    asked = tmp_path if option == "--stems" else there

    assert run(["song", str(journal), option, str(asked)]) == 2

    assert "already" in capsys.readouterr().err
    assert there.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--chart", "song.pdf"], "--chart song.pdf: expected a file that ends in .txt"),
        (["--reaper", "song.mid"], "--reaper song.mid: expected a file that ends in .rpp"),
        (["--score", "song.doc"], "--score song.doc: expected a file that ends in"),
        (["--out", "song.wav"], "livegen writes MIDI"),
    ],
)
def test_an_ending_that_is_none_is_said_before_anything_is_written(
    options: list[str], said: str, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["song", str(journal), *options]) == 2
    assert said in capsys.readouterr().err


def test_of_a_session_in_which_nobody_played_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text(first_line("2026-11-21T06:30:12+01:00", 0) + "\n")

    assert run(["song", str(path), "--out", str(tmp_path / "song.mid")]) == 1

    assert "nothing was played" in capsys.readouterr().err
    assert not (tmp_path / "song.mid").exists()


def test_what_is_no_journal_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ana,")

    assert run(["song", str(path)]) == 2

    assert "the first line of the journal is not a JSON object" in capsys.readouterr().err
