"""What the networks beside the model add, as a performer asks for it: over real ports, by OSC, and in the journal."""

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from livegen import app
from tests.e2e.harness import Partner, wait_for
from tests.e2e.test_control_over_jack import Serve, call, home, serving

__all__ = ["home", "serving"]

ON, DRUMS = 0x90, 9


def hears(player: Partner, channel: int | None = None) -> None:
    """Wait for a note of the model's, on a channel where one is named."""

    def is_heard() -> bool:
        return any(
            data[0] & 0xF0 == ON and data[2] and channel in (None, data[0] & 0x0F)
            for data in player.listen()
        )

    wait_for(is_heard, every_s=0.02)


def turned(served: Serve, name: str, value: object) -> None:
    """Turn a control by OSC until it has the value."""
    served.until(name, value, lambda: served.tablet.send(name, value))  # type: ignore[arg-type]


def asked(served: Serve, name: str, *words: str) -> None:
    """Give a command by OSC until it is replied to."""
    served.until("state/reply/to", name, partial(served.tablet.send, f"do/{name}", *words))


def answered(served: Serve, player: Partner) -> None:
    """Play a call until it is answered, and hear the answer out."""
    served.until("state/turn", "responding", lambda: call(player))
    hears(player)
    served.until("state/turn", "waiting")


def test_knobs_a_reason_phrases_words_and_the_learner_are_had_in_one_session(
    serving: Callable[..., tuple[Serve, Partner]], home: Path
) -> None:
    served, player = serving("--tempo", "240", "--set", "jam.length=1")
    for name in ("memory", "taste"):
        turned(served, name, 0.5)
    answered(served, player)

    asked(served, "why")
    wait_for(lambda: served.tablet.ask("get").get("state/why/who", ("",)) != ("",), every_s=0.05)
    asked(served, "keep_a")
    asked(served, "keep_b")
    for name, words in (("between", ()), ("sing", ("la la la",))):
        player.listen()
        asked(served, name, *words)
        hears(player)
        served.until("state/turn", "waiting")
    served.until("state/model", "learner", lambda: served.tablet.send("do/model", "learner"))
    player.listen()
    answered(served, player)

    turned(served, "feel", 0.5)
    turned(served, "mode", "accompany")
    player.listen()
    call(player)
    hears(player, DRUMS)
    served.tablet.send("do/stop")
    player.hears_silence()
    assert "faults" not in served.errors()
    served.end()
    (journal,) = (home / "livegen" / "recordings").glob("*.jsonl")
    assert app.replay(journal, None, None)


def test_what_was_played_yesterday_is_known_today_by_the_players_name(
    serving: Callable[..., tuple[Serve, Partner]], home: Path
) -> None:
    served, player = serving("--remember", "ada", "--tempo", "240", "--set", "jam.length=1")
    answered(served, player)
    (played,) = served.tablet.ask("get")["state/remembered"]
    served.end()
    file = home / "livegen" / "memories" / "ada.mid"
    wait_for(file.exists, every_s=0.05)  # on a busy machine the recorder writes on by itself
    assert played

    served, _ = serving("--remember", "ada")
    served.until("state/remembered", played)
    served.until("state/remembers", "ben", lambda: served.tablet.send("do/remember", "ben"))
    served.until("state/remembered", 0)
    (engine,) = served.tablet.ask("get")["state/engine_pid"]
    assert isinstance(engine, int)
    os.kill(engine, signal.SIGKILL)  # whoever plays is still he when it is back
    wait_for(
        lambda: served.tablet.ask("get").get("state/engine_pid", (engine,)) != (engine,),
        every_s=0.05,
    )
    served.until("state/remembers", "ben")
    served.end()
    assert not (file.parent / "ben.mid").exists()
