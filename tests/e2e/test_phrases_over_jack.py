"""A variation of a phrase as a performer asks for it: over real ports, by OSC, and in the journal to the note."""

import time
from collections.abc import Callable
from pathlib import Path

from livegen import app
from tests.e2e.harness import Partner, wait_for
from tests.e2e.test_control_over_jack import Serve, home, serving

__all__ = ["home", "serving"]

MELODY = (60, 64, 67, 72, 71, 67)
ON, OFF = 0x90, 0x80


def heard(player: Partner, count: int) -> list[int]:
    """The pitches of the next so many notes that the model begins."""
    found: list[int] = []

    def are_enough() -> bool:
        found.extend(data[1] for data in player.listen() if data[0] & 0xF0 == ON and data[2])
        return len(found) >= count

    wait_for(are_enough, every_s=0.02)
    return found


def plays_in_time(player: Partner) -> bool:
    """Play the melody; False if this very process was kept from its time, on a busy machine, by a breath."""
    began = time.monotonic()
    for pitch in MELODY:
        player.send(ON, pitch, 80)
        time.sleep(0.2)
        player.send(OFF, pitch, 64)
        time.sleep(0.05)
    return time.monotonic() - began < 0.25 * len(MELODY) + 0.4


def test_a_variation_is_the_phrase_itself_or_another_as_the_distance_says_and_a_style_moves_it(
    serving: Callable[..., tuple[Serve, Partner]], home: Path
) -> None:
    served, player = serving("--mode", "listen", "--tempo", "120", "--seed", "1")
    while not plays_in_time(player):
        served.until("state/turn", "waiting")  # the phrase was cut: play it again
    player.listen()
    served.until("distance", 0.0, lambda: served.tablet.send("distance", 0.0))
    served.tablet.send("do/vary")
    assert heard(player, len(MELODY)) == list(MELODY)
    served.until("state/turn", "waiting")
    player.listen()
    served.until("distance", 1.0, lambda: served.tablet.send("distance", 1.0))
    served.tablet.send("do/vary")
    assert heard(player, 3) != list(MELODY[:3])
    served.until("state/turn", "waiting")
    player.listen()
    served.until("style", "pop", lambda: served.tablet.send("style", "pop"))
    served.tablet.send("do/restyle")
    assert heard(player, 3) != list(MELODY[:3])
    served.until("state/turn", "waiting")
    player.hears_silence()
    served.end()
    (journal,) = (home / "livegen" / "recordings").glob("*.jsonl")
    assert app.replay(journal, None, None)
