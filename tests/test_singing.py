"""Lyrics are set to a tune: `livegen generate --lyrics`."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import mido
import pytest

from livegen import cli
from livegen.jam.controls.controls import Settings
from livegen.jam.phrases.singer import VOICE, WIDEST
from livegen.music.files import smf
from livegen.music.messages import NoteOn
from livegen.music.words.syllables import lines_of
from livegen.notation.files import rendered
from livegen.notation.notate import notate
from livegen.singing import SungTune, tune
from livegen.testing import FaultyModel, UniformModel

VERSE = "Amazing grace, how sweet the sound\nThat saved a wretch like me"

# Widths in sizes of the letters of a wide font that browsers have (DejaVu Serif); others are at most .6 here.
WIDE = {
    "m": 0.95,
    "w": 0.86,
    "h": 0.65,
    "n": 0.65,
    "u": 0.65,
    "b": 0.64,
    "d": 0.64,
    "g": 0.64,
    "o": 0.6,
    "p": 0.64,
}


def run(*arguments: str | Path) -> int:
    return cli.run([str(argument) for argument in arguments])


def sung(text: str = VERSE, seed: int = 1, **values: object) -> SungTune:
    return tune(lines_of(text), UniformModel(), Settings(**values), seed)  # type: ignore[arg-type]


def pitches(found: SungTune) -> list[int]:
    return [m.pitch for _, m in found.score.tracks[0].messages if isinstance(m, NoteOn)]


def test_every_syllable_has_one_note_that_a_voice_reaches_in_the_scale() -> None:
    found = sung(scale="D minor")
    assert len(pitches(found)) == len(found.notes) == sum(map(len, lines_of(VERSE)))
    assert all(VOICE[0] <= pitch <= VOICE[1] for pitch in pitches(found))
    assert {pitch % 12 for pitch in pitches(found)} <= {2, 4, 5, 7, 9, 10, 0}
    leaps = zip(pitches(found), pitches(found)[1:], strict=False)
    assert all(abs(one - other) <= WIDEST for one, other in leaps)


def test_the_last_line_comes_home() -> None:
    assert {pitches(sung(seed=seed, scale="G major"))[-1] % 12 for seed in range(8)} == {7}


@pytest.mark.parametrize("metre", ["4/4", "3/4", "6/8", "12/8", "7/8", "13/16"])
def test_a_tune_is_written_in_its_metre(metre: str) -> None:
    ((_, *written),) = sung(metre=metre).score.metres
    assert "/".join(map(str, written)) == metre


def test_the_same_seed_sings_the_same_and_another_another() -> None:
    assert pitches(sung()) == pitches(sung()) != pitches(sung(seed=2))


def test_a_model_that_fails_is_sung_to_its_end() -> None:
    found = tune(lines_of(VERSE), FaultyModel(UniformModel(), 3), Settings(), 1)
    assert len(pitches(found)) == len(found.notes)


def test_the_words_stand_under_their_notes_in_a_score() -> None:
    pytest.importorskip("music21")
    found = sung()
    data = rendered(notate(found.score, "", found.key, (), found.notes), ".musicxml")
    notes = [it for it in ElementTree.fromstring(data).iter("note") if it.find("lyric") is not None]
    words = [(it.findtext("lyric/text"), it.findtext("lyric/syllabic")) for it in notes]
    assert words[:4] == [("A", "begin"), ("ma", "middle"), ("zing", "end"), ("grace,", "single")]
    assert len(words) == len(found.notes)


def test_words_do_not_touch_where_letters_are_wide() -> None:
    pytest.importorskip("verovio")
    found = sung(
        "strengths scratched stretched thoughts, brought scrounged / lamp warm mammoth", seed=3
    )
    svg = rendered(notate(found.score, "", found.key, (), found.notes), ".svg").decode()
    pattern = r'class="syl">\s*<text x="(\d+)" y="(\d+)" font-size="(\d+)px">([^<]+)<'
    words = [(int(x), int(y), int(size), text) for x, y, size, text in re.findall(pattern, svg)]
    assert len(words) == len(found.notes)
    for (x, y, size, text), (to, line, *_) in pairwise(words):
        assert y != line or x + sum(WIDE.get(letter, 0.6) for letter in text) * size < to


@pytest.mark.parametrize(
    ("lyrics", "title"),
    [
        ("Amazing grace, how sweet / That saved", "Amazing grace, how sweet"),
        (" \n la la\nla", "la la"),
        ("wretch " * 20, "wretch " * 8 + "…"),
        ("月" * 70, "月" * 59 + " …"),
    ],
)
def test_the_title_of_a_score_is_the_first_line_of_whole_words(
    lyrics: str, title: str, tmp_path: Path
) -> None:
    pytest.importorskip("music21")
    score, out = tmp_path / "tune.musicxml", tmp_path / "tune.mid"
    files = ("--out", out, "--score", score)
    assert run("generate", "--lyrics", lyrics, "--model", "learner", *files) == 0
    assert ElementTree.parse(score).findtext(".//movement-title") == title


def test_a_file_has_its_words_as_lyrics_in_any_script(tmp_path: Path) -> None:
    out, words = tmp_path / "tune.mid", tmp_path / "words.txt"
    words.write_text("床前明月光", encoding="utf-8")
    assert (
        run("generate", "--lyrics", words, "--out", out, "--model", "learner", "--seed", "1") == 0
    )
    track = mido.MidiFile(out, charset="utf-8").tracks[1]
    events = [it for it in track if it.type in ("lyrics", "note_on")]
    assert [it.text.strip() for it in events[::2]] == list("床前明月光")
    assert all(it.time == 0 for it in events[1::2])  # with its note
    assert len(smf.read(out).tracks[0].messages) == 10


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "name MIDI files to answer, or give words with --lyrics"),
        (("--lyrics", "..."), "there is no word in them"),
        (("--lyrics", "no-such.txt"), "no-such.txt: cannot be read"),
        (("--lyrics", "la la", "docs/call.mid"), "not both"),
    ],
)
def test_what_cannot_be_sung_is_said_in_a_line(
    given: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("generate", "--out", tmp_path / "x.mid", *given) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
