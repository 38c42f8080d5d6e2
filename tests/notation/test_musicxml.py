"""What is written as MusicXML is what was played, read back by the standard library and by the reader of charts."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from bench.written import ReadScore, read
from livegen import extras
from livegen.cli import run
from livegen.music.charts import chart_of
from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.files.smf import Score, Track, write
from livegen.music.keys.key import Key
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.notation.files import rendered
from livegen.notation.notate import notate

Rows = list[tuple[int, int, int]]  # tick (24 to a quarter), ticks, pitch


def score(metre: tuple[int, int], *tracks: tuple[str, int, Rows]) -> Score:
    made = []
    for name, channel, rows in tracks:
        messages: list[tuple[int, Message]] = []
        for tick, ticks, pitch in rows:
            messages.append((tick, NoteOn(pitch, 80, channel)))
            messages.append((tick + ticks, NoteOff(pitch, 64, channel)))
        messages.sort(key=lambda row: (row[0], isinstance(row[1], NoteOn)))
        made.append(Track(name, tuple(messages)))
    return Score(24, tuple(made), ((0, 500_000),), ((0, *metre),))


def written(played: Score, **told: object) -> ReadScore:
    return read(rendered(notate(played, "A tune", **told), ".musicxml"))  # type: ignore[arg-type]


def test_a_melody_comes_back_note_for_note() -> None:
    rows = [
        (0, 24, 62), (24, 8, 66), (32, 8, 69), (40, 8, 74), (48, 12, 73), (60, 60, 74), (120, 6, 69), (126, 6, 67),
        (132, 36, 66), (168, 24, 64),
    ]  # fmt: skip
    found = written(score((4, 4), ("Lead", 0, rows)))
    notes = [(note.start, note.end - note.start, note.pitch) for note in found.parts[0].notes]
    assert notes == [(float(tick), float(ticks), pitch) for tick, ticks, pitch in rows]
    assert (found.sharps, found.mode) == (2, "major")
    assert [note.name for note in found.parts[0].notes][:5] == ["D4", "F#4", "A4", "D5", "C#5"]
    assert found.metres == [(0.0, "4/4")]


def test_drums_come_back_as_the_drums_that_they_are() -> None:
    rows = [(0, 6, 36), (0, 6, 42), (12, 6, 42), (24, 6, 38), (24, 6, 46), (36, 6, 44), (48, 6, 49)]
    found = written(score((4, 4), ("Drums", 9, rows)))
    drums = sorted((note.start, note.pitch) for note in found.parts[0].notes)
    assert drums == [(float(tick), pitch) for tick, _, pitch in rows]


def test_two_hands_come_back_on_two_staves() -> None:
    rows = [(0, 96, 43), (0, 96, 50)] + [(24 * beat, 24, 74 + beat) for beat in range(4)]
    found = written(score((4, 4), ("Piano", 0, rows)))
    assert {note.pitch: note.staff for note in found.parts[0].notes} == {
        43: 2, 50: 2, 74: 1, 75: 1, 76: 1, 77: 1,
    }  # fmt: skip


@pytest.mark.parametrize("metre", [(2, 4), (3, 4), (5, 4), (6, 8), (7, 8), (12, 8), (2, 2)])
def test_every_metre_comes_back_with_ties_over_its_bar_lines(metre: tuple[int, int]) -> None:
    chance = random.Random(sum(metre))
    rows: Rows = []
    at = 0
    while at < 400:
        ticks = chance.choice((6, 12, 12, 24, 36, 60))
        rows.append((at, ticks, chance.randint(60, 80)))
        at += ticks
    found = written(score(metre, ("Lead", 0, rows)))
    assert [(note.start, note.pitch) for note in found.parts[0].notes] == [
        (tick, pitch) for tick, _, pitch in rows
    ]
    assert found.metres == [(0.0, "{}/{}".format(*metre))]


def test_chord_symbols_are_read_as_the_chords_that_they_were() -> None:
    # MusicXML has no chord with a second and a fourth in place of its third.
    kinds = [kind for kind in INTERVALS if kind != "sus4sus2"]
    chords = [Chord(root % 12, kind) for root, kind in enumerate(kinds)]
    rows = [(96 * bar, 96, 60) for bar in range(len(chords))]
    played = score((4, 4), ("Lead", 0, rows))
    told = [(96 * bar, chord) for bar, chord in enumerate(chords)]
    data = rendered(notate(played, "", Key(0, "major"), told), ".musicxml")
    back = [bar.chords[0].chord for bar in chart_of(data, "score").form.round]
    assert back == chords


def test_chord_symbols_are_spelled_by_the_key() -> None:
    played = score((4, 4), ("Lead", 0, [(0, 96, 63), (96, 96, 63)]))
    told = [(0, Chord(10, "7")), (96, Chord(3, "maj", 7))]
    found = written(played, key=Key(3, "major"), chords=told)
    assert found.chords == [(0.0, "Bb7"), (96.0, "Eb/G")]


def test_one_score_is_the_same_bytes_each_time() -> None:
    played = score((4, 4), ("Piano", 0, [(0, 24, 48), (0, 24, 72)]), ("Drums", 9, [(0, 6, 36)]))
    once, again = (rendered(notate(played), ".musicxml") for _ in range(2))
    assert once == again


def test_svg_and_pdf_hold_the_music() -> None:
    notation = notate(score((4, 4), ("Lead", 0, [(0, 24, 66), (24, 24, 69)])), "Two notes")
    svg = rendered(notation, ".svg").decode()
    assert svg.count('class="notehead"') == 2
    assert "<style" not in svg and svg.count('class="section placeholder') == svg.count(
        'visibility="hidden"'
    )
    assert "Two notes" in svg and "♩ = 120" in svg.replace("\xa0", " ")
    pdf = rendered(notation, ".pdf")
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")


def test_generate_writes_what_both_play_as_notation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, xml = tmp_path / "both.mid", tmp_path / "both.musicxml"
    asked = ["generate", "docs/call.mid", "--out", str(out), "--score", str(xml), "--seed", "3"]
    assert run(asked) == 0
    assert capsys.readouterr().out.splitlines() == [str(out), str(xml)]
    found = read(xml.read_bytes())
    assert [part.name for part in found.parts] == ["You", "livegen, lead"]
    assert (found.sharps, found.mode) == (-1, "minor")
    assert run(asked) == 2  # they are there already
    assert run([*asked, "--force"]) == 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(96 * 201, 24, 60)], "it has 202 bars, and 200 are laid out at most; capture fewer"),
        (
            [(at, 1, 60) for at in range(20_001)],
            "it has 20,001 notes, and 20,000 are laid out at most",
        ),
    ],
)
def test_the_process_of_the_page_refuses_what_would_take_minutes(
    tmp_path: Path, rows: Rows, said: str
) -> None:
    write(tmp_path / "long.mid", score((4, 4), ("Player", 0, rows)))
    command = [sys.executable, "-m", "livegen.notation", ".musicxml", "long"]
    data = (tmp_path / "long.mid").read_bytes()
    done = subprocess.run(command, input=data, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr.decode().strip()) == (2, b"", said)


def test_a_score_of_another_ending_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "both.mid"
    assert run(["generate", "docs/call.mid", "--out", str(out), "--score", "both.doc"]) == 2
    assert "--score both.doc: expected a file that ends in .musicxml" in capsys.readouterr().err
    assert not out.exists()


def test_without_the_extra_one_line_says_what_to_type(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['music21'] = None; from livegen.cli import run;"
        f"sys.exit(run(['generate', 'docs/call.mid', '--out', '{tmp_path}/o.mid', '--score', '{tmp_path}/o.svg']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        f"livegen: --score {tmp_path}/o.svg: music21 is not installed: {extras.to_install('score')}\n"
    )
