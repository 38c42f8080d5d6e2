"""`livegen join` over a private JACK server, with a real studio on this machine."""

import os
import sys
import time
from collections.abc import Callable

from tests.e2e.harness import ROOT, Daemon, Jack, Partner, wait_for
from tests.studio.test_site import Studio

PHRASE = (60, 62, 64, 65, 67, 65, 64, 60)
TOKEN = ("--set", "page.token=a-token-of-the-tests")


class Joined(Daemon):
    """A player's `livegen join`, started as a person starts it."""

    is_warm = False

    def __init__(self, address: str, environment: dict[str, str]) -> None:
        super().__init__({}, environment)
        self._command = [
            sys.executable,
            "-m",
            "livegen",
            "join",
            address,
            "--name",
            "Ana",
            "--api",
            "jack",
        ]
        self._environment = os.environ | environment | {"PYTHONPATH": str(ROOT)}


def plays(player: Partner) -> None:
    """Play the phrase, in time, until the model is heard."""

    def is_answered() -> bool:
        for pitch in PHRASE:
            for status in (0x90, 0x80):
                player.send(status, pitch, 80)
                time.sleep(0.125)
        until = time.monotonic() + 8
        while time.monotonic() < until:
            player.listen()
            if player.sounding:
                return True
            time.sleep(0.002)
        return False

    wait_for(is_answered)


def test_a_daw_jams_in_a_studio_and_no_note_hangs_when_the_studio_is_killed(
    jack: Jack, partner: Callable[..., Partner]
) -> None:
    studio = Studio("--port", "9850", *TOKEN)
    with Joined(f"{studio.url}?room=blues#{studio.token}", jack.environment) as joined:
        try:
            assert (
                joined.ready()
                == 'ready in="Model In" out="Model Out" api=jack room=blues\n'.rstrip()
            )
            player = partner()
            plays(player)
            studio.process.kill()
            studio.process.communicate()
            player.hears_silence()
            wait_for(lambda: "trying again" in joined.errors())

            studio = Studio("--port", "9850", *TOKEN)
            wait_for(lambda: "here again" in joined.errors())
            plays(player)
            status, _ = joined.end()
            assert status == 0
            player.hears_silence()
        finally:
            studio.process.kill()
            studio.process.communicate()
