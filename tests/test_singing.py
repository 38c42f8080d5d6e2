"""Lyrics are set to a tune: `livegen generate --lyrics`."""

from pathlib import Path
from xml.etree import ElementTree

import mido
import pytest

from livegen import cli
from livegen.jam.controls import Settings
from livegen.jam.singer import VOICE, WIDEST
from livegen.music import smf
from livegen.music.messages import NoteOn
from livegen.music.syllables import lines_of
from livegen.notation.files import rendered
from livegen.notation.notate import notate
from livegen.singing import Tune, tune
from livegen.testing import FaultyModel, UniformModel

VERSE = "Amazing grace, how sweet the sound\nThat saved a wretch like me"


def run(*arguments: str | Path) -> int:
    return cli.run([str(argument) for argument in arguments])


def sung(text: str = VERSE, seed: int = 1, **values: object) -> Tune:
    return tune(lines_of(text), UniformModel(), Settings(**values), seed)  # type: ignore[arg-type]


def pitches(found: Tune) -> list[int]:
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
    assert words[:4] == [("A", "begin"), ("ma", "middle"), ("zing", "end"), ("grace", "single")]
    assert len(words) == len(found.notes)


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
