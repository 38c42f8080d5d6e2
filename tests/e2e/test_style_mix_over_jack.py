"""Two styles at once as a performer asks for them: over real ports, by OSC, and in the journal to the note."""

import time
from collections.abc import Callable
from pathlib import Path

from livegen import app
from tests.e2e.harness import Partner, wait_for
from tests.e2e.test_control_over_jack import Serve, home, serving

__all__ = ["home", "serving"]

ON, OFF = 0x90, 0x80


def test_a_call_is_answered_in_two_styles_and_the_knob_between_them_is_turned_while_it_plays(
    serving: Callable[..., tuple[Serve, Partner]], home: Path
) -> None:
    served, player = serving("--style", "jazz_bebop+folk_reel", "--style-mix", "0.3")
    served.until("style", "jazz_bebop+folk_reel")
    for pitch in (60, 64, 67, 72):
        player.send(ON, pitch, 80)
        time.sleep(0.2)
        player.send(OFF, pitch, 64)
    wait_for(
        lambda: any(data[0] & 0xF0 == ON and data[2] for data in player.listen()), every_s=0.02
    )
    served.until("style_mix", 0.75, lambda: served.tablet.send("style_mix", 0.75))
    served.until("style", "pop", lambda: served.tablet.send("style", "pop"))
    served.until("state/turn", "waiting")
    player.hears_silence()
    served.end()
    (journal,) = (home / "livegen" / "recordings").glob("*.jsonl")
    assert app.replay(journal, None, None)
