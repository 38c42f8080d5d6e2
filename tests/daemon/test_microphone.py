"""Audio as an input: its sources and its clock, and the end of a note whose process is gone."""

from base64 import b64encode
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

pytest.importorskip("swift_f0", reason="the extra listen is not installed")

from livegen.daemon import clock
from livegen.daemon.microphone import (
    JUMP_US,
    PageAudio,
    Piece,
    SampleClock,
    WavFile,
    listen,
    source_of,
)
from livegen.daemon.processes.children import Microphone
from livegen.daemon.processes.frames import CommandFrame, DueFrame
from livegen.daemon.processes.link import pair
from livegen.errors import ConfigError
from livegen.sound.pitches import PitchTracker
from tests.sound.sung import sung, write_wav

RATE = 48_000
SAMPLES = np.zeros(480, np.float32)  # 10 ms


def test_the_clock_of_the_samples_does_not_jitter_with_the_pieces() -> None:
    times = SampleClock(RATE)
    jitter = [0, 4_000, -3_000, 6_000, -5_000] * 40
    began = [times.take(Piece(10_000 * n + late, SAMPLES)) for n, late in enumerate(jitter)]
    assert max(abs(one) for one in began) < 500


def test_after_lost_samples_the_clock_is_right_again_at_once() -> None:
    times = SampleClock(RATE)
    times.take(Piece(0, SAMPLES))
    assert times.take(Piece(10_000 + 2 * JUMP_US, SAMPLES)) == 2 * JUMP_US


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"", "WAV"), (b"RIFF\x04\x00\x00\x00WAVE", "WAV"), (b"no sound at all" * 9, "WAV")],
)
def test_a_file_that_is_no_wav_file_is_named_in_one_line(
    tmp_path: Path, content: bytes, line: str
) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=line) as caught:
        source_of(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.wav"):
        source_of(str(tmp_path / "gone.wav"))


def test_an_input_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ConfigError, match=r"--listen no such input: .*audio inputs here: "):
        source_of("no such input")


def test_a_wav_file_is_heard_as_it_is(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", sung([(0, 0.5, 60)], 0.5))
    assert WavFile(tmp_path / "a.wav").rate == 16_000


def test_a_note_ends_when_the_process_that_heard_it_is_gone() -> None:
    microphone, (ours, theirs) = Microphone("mic"), pair()
    microphone.link = ours
    theirs.send(DueFrame(10, bytes((0x90, 60, 80))))
    assert microphone.due(10) == [bytes((0x90, 60, 80))]
    theirs.close()
    assert microphone.due(20) == [bytes((0x80, 60, 0))]
    assert microphone.due(30) == []
    ours.close()


def test_what_a_page_hears_becomes_notes_and_the_last_ends_when_the_page_falls_silent() -> None:
    ours, theirs = pair()
    began = clock.now()
    voice = sung([(0.1, 0.6, 60), (0.6, 1.2, 64)], 1.2)[
        :16_000
    ]  # the page goes in the middle of a note
    coded = (voice * 32_767).astype("<i2").tobytes()
    for first in range(0, len(coded), 640):
        at, piece = began + first // 2 * 1000 // 16, coded[first : first + 640]
        command = CommandFrame.named(at, "audio", [at, b64encode(piece).decode()])
        assert ours.send(command)
    listening = Thread(target=listen, args=(theirs, PageAudio(), PitchTracker(16_000), 0))
    listening.start()
    told: list[tuple[int, ...]] = []
    by = clock.now() + 20 * clock.SECOND
    while len(told) < 4 and clock.now() < by:
        told += [tuple(f.payload[:2]) for f in ours.wait(100_000) if isinstance(f, DueFrame)]
    ours.close()
    listening.join()
    theirs.close()
    assert told == [(0x90, 60), (0x80, 60), (0x90, 64), (0x80, 64)]


def test_a_piece_of_audio_is_left_out_where_the_process_does_not_read() -> None:
    microphone, (ours, theirs) = Microphone("page"), pair()
    microphone.link = ours
    for at in range(4000):
        microphone.hear(CommandFrame.named(at, "audio", [at, "A" * 800]))
    assert len(theirs.receive()) < 4000
    theirs.close()
    ours.close()
