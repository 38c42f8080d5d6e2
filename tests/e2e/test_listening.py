"""The daemon hears a melody that is sung, from a file and over JACK's audio, and answers it in time."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pytest

pytest.importorskip("swift_f0", reason="the extra listen is not installed")
pytest.importorskip("jack", reason="JACK-Client is not installed")

from livegen.music.files.smf import read
from livegen.music.messages import NoteOn
from livegen.sound.notes_heard import DELAY_US
from tests.e2e.harness import PATIENCE_S, ROOT, Daemon, Jack, Partner, wait_for
from tests.sound.sung import sung, write_wav

BEAT = 0.5
MELODY = [(60, 1.0), (64, 0.5), (67, 0.5), (69, 1.0), (67, 1.0), (62, 1.0), (60, 2.0)]
PITCHES = [pitch for pitch, _ in MELODY]


def melody(start: float) -> list[tuple[float, float, int]]:
    notes, at = [], start
    for pitch, beats in MELODY:
        notes.append((at, at + beats * BEAT * 0.9, pitch))
        at += beats * BEAT
    return notes


class Listening(Daemon):
    """`livegen serve --listen` itself; standard error is standard output."""

    is_warm = False

    def __init__(self, folder: Path, *arguments: str) -> None:
        homes = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        super().__init__({}, homes)
        serve = ["livegen", "serve", "--no-page", "--set", "osc.enabled=false", "--api", "none"]
        self._command = ["sh", "-c", 'exec "$@" 2>&1', "sh", sys.executable, "-m", *serve]
        self._command += arguments


def connections(client: str) -> str:
    """What the ports of a client are connected to, as jack_lsp shows it."""
    asked = ["jack_lsp", "-c", client]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_a_melody_in_a_file_is_recorded_when_it_was_sung_and_answered_on_the_beat(
    stack: ExitStack, tmp_path: Path
) -> None:
    call, both = tmp_path / "call.wav", tmp_path / "both.mid"
    write_wav(call, sung(melody(0.3), 4.5))
    given = ["--seed", "1", "--listen", str(call), "--record", str(both), "--tempo", "120"]
    daemon = stack.enter_context(Listening(tmp_path, *given))
    while not daemon.line().startswith("ready"):
        pass
    with pytest.raises(AssertionError):
        daemon.line(9.0)  # it goes on
    assert daemon.end()[0] == 0
    score = read(both)
    onsets = {
        track.name: [
            (score.tempo_map.micros(tick) / 1e6, it.pitch)
            for tick, it in track.messages
            if isinstance(it, NoteOn)
        ]
        for track in score.tracks
    }
    assert [pitch for _, pitch in onsets["Player"]] == PITCHES
    came = [at - onset for (at, _), (onset, *_) in zip(onsets["Player"], melody(0), strict=True)]
    began = np.median(came)
    assert np.array(came) - began == pytest.approx(0, abs=0.06)
    answered = [(at - began) / BEAT for at, _ in onsets["Model"]]
    assert answered[0] == pytest.approx(
        sum(beats for _, beats in MELODY) + 1, abs=0.2
    )  # the next bar line
    assert np.mean([abs(at * 2 - round(at * 2)) < 0.2 for at in answered]) > 0.8  # eighths


def test_an_input_that_is_not_there_ends_it_with_a_line_and_status_two(
    stack: ExitStack, tmp_path: Path
) -> None:
    daemon = stack.enter_context(Listening(tmp_path, "--listen", "no such input"))
    assert "--listen no such input: " in daemon.line()
    assert daemon.process.wait(PATIENCE_S) == 2


def test_a_singer_over_jack_is_heard_note_for_note(
    jack: Jack,
    daemon: Callable[..., Daemon],
    partner: Callable[..., Partner],
    stack: ExitStack,
) -> None:
    command = [sys.executable, "-m", "tests.e2e.singer", json.dumps(melody(0.1))]
    singer = stack.enter_context(
        subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, bufsize=1, cwd=ROOT)
    )
    stack.callback(singer.kill)
    assert singer.stdin is not None
    assert singer.stdout is not None
    assert singer.stdout.readline() == "ready\n"
    # The engine plays each note an octave higher.
    settings = {"engine": "engines:echo", "behind_us": DELAY_US}
    served = daemon(microphone="Singer", settings=settings)
    player = partner()
    wait_for(lambda: "listening to Singer" in served.errors())
    wait_for(lambda: "Singer:voice" in connections("PortAudio"))
    singer.stdin.write("sing\n")
    heard: list[bytes] = []

    def is_heard() -> bool:
        heard.extend(player.listen())
        return [data[1] - 12 for data in heard if data[0] & 0xF0 == 0x90 and data[2]] == PITCHES

    wait_for(is_heard)
