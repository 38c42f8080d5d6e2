"""livegen's own sound: what it is told to play, and what it says where nothing can be heard."""

import os
import select
from pathlib import Path

import pytest

from livegen.daemon.clock import SECOND, now
from livegen.daemon.processes.children import Sounder
from livegen.daemon.processes.frames import Frame, HeardFrame, SentFrame
from livegen.sound.fonts import font

NOTE, CLOCK = bytes((0x90, 60, 100)), bytes((0xF8,))
SETTINGS = {
    "font": str(font(places=())),
    "driver": "jack",
    "frames": 128,
    "gain": 0.6,
    "programs": {"1": {"0": 11}},
}


class Told:
    """In place of a link: what it was sent."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def send(self, frame: Frame) -> None:
        self.frames.append(frame)


@pytest.mark.parametrize("plays_player", [True, False])
def test_both_sides_are_told_or_the_model_alone_and_never_the_clock(plays_player: bool) -> None:
    sounder, told = Sounder(SETTINGS, plays_player), Told()
    sounder.link = told  # type: ignore[assignment]
    sounder.heard(1, NOTE)
    sounder.heard(2, CLOCK)
    sounder.sent(3, 3, NOTE)
    sounder.sent(4, 4, CLOCK)
    heard: list[Frame] = [HeardFrame(1, NOTE)] if plays_player else []
    assert told.frames == [*heard, SentFrame(3, NOTE)]


def failure(settings: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What the process says when it ends at once."""
    monkeypatch.setitem(os.environ, "JACK_DEFAULT_SERVER", "livegen-nowhere")
    sounder = Sounder(settings)
    sounder.start(now())
    by = now() + 20 * SECOND
    while not sounder.link.closed and now() < by:
        select.select([sounder.link], [], [], 0.1)
        sounder.receive(now())
    assert sounder.end(20.0)
    return sounder.failure


def test_where_nothing_can_be_heard_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"no font")
    assert failure({**SETTINGS, "font": str(broken)}, monkeypatch) == (
        f"sound: {broken} is no sound font that FluidSynth can read; livegen serves on without sound of its own"
    )
    assert failure({**SETTINGS, "font": "/nowhere.sf2"}, monkeypatch) == (
        "sound: sound.font: /nowhere.sf2 is not there; expected a sound font (.sf2, .sf3); "
        "livegen serves on without sound of its own"
    )
    assert failure(SETTINGS, monkeypatch) == (
        "sound: no audio output was found (tried jack); livegen serves on without sound of its own"
    )
