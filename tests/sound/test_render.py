"""What both play is heard: on the right sides, in time, with the right instruments, without clipping."""

import io
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from livegen import extras
from livegen.cli import run
from livegen.errors import ConfigError
from livegen.music.files.smf import Score, Track
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.sound.fonts import font
from livegen.sound.programs import programs
from livegen.sound.render import stems, wav

SMALL = font(places=())  # the one that comes with the extra, so that every machine hears the same
RATE = 44_100


def heard(
    *tracks: tuple[str, int, list[tuple[int, int, int]]], program: int = 0
) -> npt.NDArray[np.int16]:
    """The samples of tracks (name, channel, rows of tick, ticks, pitch) at 480 ticks and 500 ms a quarter."""
    made = []
    for name, channel, rows in tracks:
        messages: list[tuple[int, Message]] = []
        for tick, ticks, pitch in rows:
            messages += [
                (tick, NoteOn(pitch, 100, channel)),
                (tick + ticks, NoteOff(pitch, 64, channel)),
            ]
        made.append(Track(name, tuple(sorted(messages, key=lambda row: row[0]))))
    data = wav(Score(480, tuple(made)), SMALL, {side: {0: program} for side in (0, 1)})
    return samples_of(data)


def samples_of(data: bytes) -> npt.NDArray[np.int16]:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def loud(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    squares: npt.NDArray[np.float64] = (samples.astype(np.float64) ** 2).mean(axis=0)
    return squares**0.5


def test_the_call_is_heard_on_the_left_and_the_answer_on_the_right() -> None:
    call = loud(heard(("Player", 0, [(0, 480, 60)])))
    answer = loud(heard(("Model", 0, [(0, 480, 60)])))
    assert call[0] > 1.3 * call[1] > 0
    assert answer[1] > 1.3 * answer[0] > 0


def test_a_note_is_heard_when_it_is_played() -> None:
    samples = np.abs(heard(("Player", 0, [(960, 240, 72)]))).max(axis=1)
    first = int(np.flatnonzero(samples > 200)[0])
    assert RATE <= first < RATE + RATE // 50  # after a second, within 20 ms


def test_nothing_clips_however_many_notes_there_are() -> None:
    samples = heard(
        *(("Player", 0, [(0, 960, pitch) for pitch in range(30, 100)]) for _ in range(2))
    )
    peak = int(np.abs(samples.astype(np.int32)).max())
    assert 28_000 < peak < 30_000


@pytest.mark.parametrize("side", ["Player", "Model"])
def test_channel_ten_is_a_drum_kit_on_both_sides(side: str) -> None:
    kick = heard((side, 9, [(0, 480, 36)])).mean(axis=1)
    tone = heard((side, 0, [(0, 480, 36)])).mean(axis=1)
    late = slice(RATE // 3, RATE // 2)  # a kick is over, a piano sounds on
    assert np.abs(kick[late]).max() < 0.2 * np.abs(kick).max()
    assert np.abs(tone[late]).max() > 0.2 * np.abs(tone).max()


def test_instruments_are_those_of_the_style() -> None:
    assert programs("jazz_swing") != programs("band_rock") != programs("hymn")
    flute, organ = (heard(("Model", 0, [(0, 480, 69)]), program=one) for one in (73, 19))
    assert not np.array_equal(flute[:4096], organ[:4096])


def test_a_font_that_is_asked_for_and_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sound.font: .*mine.sf2 is not there"):
        font(str(tmp_path / "mine.sf2"))
    (tmp_path / "mine.sf2").write_text("no sound font")
    with pytest.raises(ConfigError, match="is no sound font"):
        wav(Score(480, ()), font(str(tmp_path / "mine.sf2")), {})


def test_generate_writes_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, sound = tmp_path / "both.mid", tmp_path / "both.wav"
    asked = ["generate", "docs/call.mid", "--out", str(out), "--audio", str(sound), "--seed", "3"]
    asked += ["--set", f"sound.font={SMALL}"]
    assert run(asked) == 0
    assert capsys.readouterr().out.splitlines() == [str(out), str(sound)]
    with wave.open(str(sound)) as file:
        assert 8 * RATE < file.getnframes() < 20 * RATE
    assert run(asked) == 2
    assert f"--audio {sound} is there already" in capsys.readouterr().err


def test_sound_of_another_ending_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "both.mid"
    assert run(["generate", "docs/call.mid", "--out", str(out), "--audio", "both.mp3"]) == 2
    assert "--audio both.mp3: expected a file that ends in .wav" in capsys.readouterr().err
    assert not out.exists()


def test_without_the_extra_one_line_says_what_to_type(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['fluidsynth'] = None; from livegen.cli import run;"
        f"sys.exit(run(['generate', 'docs/call.mid', '--out', '{tmp_path}/o.mid', '--audio', '{tmp_path}/o.wav']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        f"livegen: --audio {tmp_path}/o.wav: fluidsynth is not installed: {extras.to_install('sound')}\n"
    )


def test_stems_are_the_tracks_by_themselves_and_together_as_loud_as_all() -> None:
    rows: list[tuple[int, Message]] = [(0, NoteOn(60, 100)), (480, NoteOff(60))]
    later: list[tuple[int, Message]] = [(960, NoteOn(72, 60)), (1440, NoteOff(72))]
    score = Score(480, (Track("Player", tuple(rows)), Track("Model lead", tuple(later))))

    call, answer = (samples_of(data) for data in stems(score, SMALL, {0: {}, 1: {}}))

    assert len(call) == len(answer)
    second = slice(RATE, RATE + RATE // 2)
    early = slice(0, RATE // 2)
    assert 50 * loud(answer[early]).max() < loud(call[early]).min()  # no more than dither
    assert loud(answer[second])[1] > 1.3 * loud(answer[second])[0]  # the model's on the right
    together = np.abs(call.astype(np.int32) + answer).max()
    assert abs(together - 0.89 * 32_767) < 3
