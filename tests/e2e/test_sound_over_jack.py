"""livegen's own sound over JACK: what both sides play is heard."""

import threading
from collections.abc import Callable

import pytest

pytest.importorskip("jack", reason="JACK-Client is not installed")

import jack as audio

from livegen.sound.fonts import font
from tests.e2e.harness import Daemon, Jack, Partner, wait_for

SOUND = {
    "font": str(font(places=())),
    "driver": "jack",
    "frames": 128,
    "gain": 1.0,
    "programs": {},
}


@pytest.mark.parametrize("plays_player", [True, False])
def test_what_both_play_is_heard(
    jack: Jack,
    daemon: Callable[..., Daemon],
    partner: Callable[..., Partner],
    plays_player: bool,
) -> None:
    daemon(sound=SOUND, sounds_player=plays_player)  # the engine plays each note again, at once
    player = partner()
    assert wait_for(lambda: "livegen:left" in jack.ports()) < 45
    loudest = [0.0, 0.0]
    lock = threading.Lock()
    client = audio.Client("listener", servername=jack.name, no_start_server=True)
    ports = [client.inports.register(side) for side in ("left", "right")]

    def listen(frames: int) -> None:
        with lock:
            for side, port in enumerate(ports):
                loudest[side] = max(loudest[side], float(abs(port.get_array()).max()))

    client.set_process_callback(listen)
    with client:
        for side, port in zip(("left", "right"), ports, strict=True):
            client.connect(f"livegen:{side}", port)
        player.send(0x90, 60, 100)
        wait_for(lambda: min(loudest) > 0.01)
        player.send(0x80, 60, 64)
