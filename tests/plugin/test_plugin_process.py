"""`livegen plugin`, a real process, and plug-ins that speak to it over its socket."""

import json
import os
import signal
import stat
from collections.abc import Iterator
from typing import Any

import pytest

from livegen.plugin.whereabouts import FILE
from livegen.priority import ENGINE, REALTIME, in_real_time
from tests.plugin.client import Process, bounced, phrase_of, said_in
from tests.plugin.test_protocol import validated

BAR_US = 2_000_000  # at 120
PHRASE = phrase_of([60, 62, 64, 65, 67, 65, 64, 60])
ANSWERS = {"seed": 5, "block_us": 10_000, "controls": {"mode": "respond"}}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("plugin"))
    command = process.told["command"]
    yield process
    process.end()
    assert (process.told["port"], process.told["command"]) == (None, command)
    for plug in process.plugs:
        for line in plug.heard:
            validated("from_process", line)


def notes(music: list[Any]) -> list[Any]:
    return [one for one in music if isinstance(one, list) and one[1] & 0xF0 == 0x90]


def test_only_its_owner_can_read_where_it_is(served: Process) -> None:
    assert served.ready.startswith("ready: ")
    told = served.told
    assert told["pid"] == served.child.pid and told["command"][1:] == ["-m", "livegen", "plugin"]
    assert stat.S_IMODE((served.place / FILE).stat().st_mode) == 0o600


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="needs Linux's way to ask")
def test_it_is_as_urgent_as_an_engine_where_the_system_permits_it(served: Process) -> None:
    wanted = os.SCHED_FIFO if in_real_time(ENGINE) == REALTIME else os.SCHED_OTHER
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    assert os.sched_getscheduler(served.child.pid) & ~os.SCHED_RESET_ON_FORK == wanted


def test_a_second_one_sees_the_first_and_ends(served: Process) -> None:
    first, told = served.child, served.told
    assert served.start().wait(60) == 0 and "already" in served.ready
    served.child = first
    assert served.told == told


def test_the_greeting_is_answered_and_pings_are(served: Process) -> None:
    plug = served.plug(name="Track 3")
    assert plug.hello["t"] == "hello" and plug.hello["protocol"] == 1
    assert plug.hello["channels"].keys() == {"lead", "comp", "bass", "drums"}
    assert plug.hello["page"].endswith(f"#{served.told['token']}")
    plug.say({"t": "ping", "at": 7})
    assert plug.until("pong")[-1]["at"] == 7


def test_a_session_of_another_model_is_told_which_one_plays(served: Process) -> None:
    plug = served.plug(model="sonata")
    line = plug.until("line")[-1]
    assert (
        line["kind"] == "bad" and "sonata" in line["line"] and plug.hello["model"] in line["line"]
    )


def test_a_call_is_answered_on_a_bar_line_of_the_host(served: Process) -> None:
    plug = served.plug(**ANSWERS)
    first, *_ = notes(bounced(plug, PHRASE, 7))
    assert first[0] == pytest.approx(2 * BAR_US, abs=1_000)


def test_a_bounce_sounds_the_same_each_time_and_every_note_ends(served: Process) -> None:
    plug = served.plug(**ANSWERS)
    music = bounced(plug, PHRASE, 7)
    plug.say({"t": "live"})
    assert plug.until("music")[-1]["music"] == [{"cut": []}]
    assert bounced(plug, PHRASE, 7) == music
    assert len(notes(music)) > 3
    begun = sorted((one[1] & 15, one[2]) for one in notes(music))
    assert begun == sorted((one[1] & 15, one[2]) for one in music if one[1] & 0xF0 == 0x80)


def test_instances_of_a_band_share_a_jam_and_each_plays_its_part(served: Process) -> None:
    hello = {"band": "trio", "seed": 3, "controls": {"mode": "accompany"}}
    bass = served.plug(part="bass", **hello)
    drums = served.plug(part="drums", **hello)
    channels = bass.hello["channels"]
    came: dict[str, list[Any]] = {"bass": [], "drums": []}
    for at in range(0, 4_000_000, 10_000):
        for name, plug in (("bass", bass), ("drums", drums)):
            mine = said_in(at, PHRASE) if name == "bass" else []
            came[name] += plug.block(at, at + 10_000, *mine)
    for name in came:
        assert {one[1] & 15 for one in notes(came[name])} == {channels[name]}


def test_what_a_host_plays_live_is_heard_and_shown(served: Process) -> None:
    plug = served.plug(controls={"mode": "trade", "trade": 2})
    plug.say({"t": "play", "data": [144, 60, 80], "at": plug.hello["now"]})
    assert any(one.get("state", {}).get("mode") == "trade" for one in plug.until("state"))
    plug.say({"t": "play", "data": [128, 60, 0], "at": plug.hello["now"] + 1000})


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"token": "x" * 32}, "token:"),
        ({"token": None}, "token:"),
        ({"protocol": 2}, "protocol: found 2, expected 1: update livegen"),
        ({"protocol": None}, "protocol: found null, expected 1"),
        ({"t": "play"}, "hello"),
        ({"part": "horns"}, "part:"),
        ({"block_us": 0}, "block_us:"),
        ({"seed": -1}, "seed:"),
        ({"band": ["x"]}, "band:"),
        ({"controls": 7}, "controls:"),
        ({"model": 7}, "model:"),
    ],
)
def test_a_wrong_greeting_has_one_line_that_says_why_and_the_end(
    served: Process, change: dict[str, Any], line: str
) -> None:
    plug = served.plug(**change)
    assert plug.hello["t"] == "refused" and line in plug.hello["line"]
    assert plug.rest() == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xfe\n",
        b"x" * 100_000 + b"\n",
        b"{}\n" * 3,
        b"[" * 5000 + b"\n" + b"nonsense\n" * 3,
        b'{"t":"block","at":-1,"until":1e400}\n' * 3,
        b'{"t":"transport","at":0,"playing":1,"bpm":0,"beat":NaN}\n' * 3,
    ],
)
def test_garbage_costs_whoever_says_it_his_connection_and_nobody_else(
    served: Process, garbage: bytes
) -> None:
    other, plug = served.plug(), served.plug()
    plug.say_bytes(garbage)
    assert any(one["t"] == "refused" for one in plug.rest())
    other.say({"t": "ping", "at": 1})
    assert other.until("pong")[-1]


def test_a_flood_is_left_out_and_the_others_play_on(served: Process) -> None:
    other, plug = served.plug(), served.plug()
    line = json.dumps({"t": "set", "name": "temperature", "value": 0.5})
    plug.say_bytes(f"{line}\n".encode() * 2500)
    refused = plug.until("refused")[-1]
    assert "more than 1000 messages a second" in refused["line"]
    other.say({"t": "ping", "at": 1})
    assert other.until("pong")[-1]


def test_a_hundred_instances_come_and_go_and_leave_no_jam_behind(served: Process) -> None:
    for _ in range(100):
        plug = served.plug()
        assert plug.hello["t"] == "hello"
        plug.close()
    last = served.plug()
    assert last.hello["t"] == "hello"
    last.close()


def test_after_a_kill_the_connection_ends_and_another_process_serves(served: Process) -> None:
    before, plug = served.told, served.plug()
    os.kill(served.child.pid, signal.SIGKILL)
    served.child.wait(20)
    assert plug.until("none")[-1] == {}
    assert served.told == before  # nobody could say that it has ended
    served.start()
    assert served.plug().hello["t"] == "hello" and served.told["token"] != before["token"]
