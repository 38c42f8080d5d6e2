"""A jam whose engine is in a studio, on virtual time: what goes there, and what the port process is told."""

import json
from typing import Any

import pytest

from livegen.daemon.clock import SECOND
from livegen.daemon.processes.frames import (
    BeatFrame,
    CutFrame,
    DueFrame,
    Frame,
    HeardFrame,
    LogFrame,
    ReadyFrame,
)
from livegen.errors import ConfigError
from livegen.studio.address import Address
from livegen.studio.far_clock import FarClock
from livegen.studio.far_jam import SILENT_US, FarJam
from tests.studio.test_protocol import validated

MS = 1000
AHEAD_US = 7 * SECOND  # so far the studio's clock is ahead of ours
MODES = {
    "respond": {"yields": True},
    "accompany": {"yields": False},
    "harmonise": {"yields": False},
}


class Jam:
    """A jam that has been greeted; `trip_ms` is the way to the studio and back."""

    def __init__(self, trip_ms: int = 20, players: tuple[str, ...] = ()) -> None:
        self.now = 100 * SECOND
        self.trip_us = trip_ms * MS
        self.sent: list[dict[str, Any]] = []
        self.given: list[Frame] = []
        self.jam = FarJam(
            "Ana", "bass", "", lambda message: self.sent.append(dict(message)), self.given.append
        )
        self.greet(players)

    def greet(self, players: tuple[str, ...] = ()) -> None:
        """The studio greets, and answers pings for a second."""
        self.says(
            t="hello",
            now=self.now + AHEAD_US,
            modes=MODES,
            room="blues",
            players=[{"name": name, "role": "", "channel": None} for name in players],
        )
        self.until(self.now + SECOND)

    def says(self, **message: Any) -> None:
        self.jam.take(json.dumps(message), self.now)

    def until(self, end: int, beats: bool = True) -> None:
        """Time goes on; the studio says that it lives, and answers pings."""
        while (at := min(self.jam.deadline(), self.now + 100 * MS)) <= end:
            self.now = max(at, self.now + 1)
            if beats:
                self.says(t="beat", now=self.now + AHEAD_US)
            self.jam.step(self.now)
            for ping in [one for one in self.sent if one["t"] == "ping"]:
                self.sent.remove(ping)
                middle = self.now + self.trip_us // 2
                self.now += self.trip_us
                self.says(t="pong", at=ping["at"], now=middle + AHEAD_US)
        self.now = max(end, self.now)

    def strikes(self, pitch: int) -> None:
        self.jam.hear(HeardFrame(self.now, bytes((144, pitch, 80))), self.now)

    def of(self, kind: type[Frame]) -> list[Frame]:
        return [frame for frame in self.given if type(frame) is kind]

    def lines(self) -> list[str]:
        return [frame.line for frame in self.given if isinstance(frame, LogFrame)]


def test_a_key_goes_to_the_studio_with_the_time_at_which_it_was_struck_by_the_studios_clock() -> (
    None
):
    jam = Jam()
    jam.strikes(60)
    assert {"t": "play", "data": [144, 60, 80], "at": jam.now + AHEAD_US} in jam.sent


def test_what_the_model_plays_is_due_here_when_it_is_due_there() -> None:
    jam = Jam()
    due = jam.now + 60 * MS
    jam.says(t="music", music=[[due + AHEAD_US, 144, 72, 90], {"cut": [[0, 72]]}])
    assert jam.given[-2:] == [DueFrame(due, bytes((144, 72, 90))), CutFrame.of(jam.now, [(0, 72)])]


@pytest.mark.parametrize("data", [[], [144], [144, 60], [144, 60, 200], [60, 60, 60]])
def test_what_is_no_message_of_midi_is_left_out_and_what_sounds_is_released_all_the_same(
    data: list[int],
) -> None:
    jam = Jam()
    due = jam.now + AHEAD_US
    jam.says(t="music", music=[[due, *data], [due, 144, 72, 90]])
    jam.jam.lost(jam.now)

    assert [frame.payload for frame in jam.of(DueFrame)] == [bytes((144, 72, 90))]
    assert jam.given[-1] == CutFrame(jam.now)


def test_stamps_never_run_backwards_although_the_clocks_were_measured_anew() -> None:
    jam = Jam(trip_ms=400)
    jam.strikes(60)
    jam.says(t="pong", at=jam.now - 2 * MS, now=jam.now - MS + AHEAD_US - 50 * MS)
    jam.strikes(62)
    first, second = (one["at"] for one in jam.sent if one["t"] == "play")
    assert second >= first


def test_without_a_sign_of_life_for_250_ms_all_is_released_once() -> None:
    jam = Jam()
    jam.says(t="music", music=[[jam.now + AHEAD_US, 144, 72, 90]])
    heard_at = jam.now
    jam.until(heard_at + SILENT_US, beats=False)
    assert not jam.of(CutFrame)
    jam.until(heard_at + SILENT_US + 2 * MS, beats=False)
    assert jam.of(CutFrame) == [CutFrame(heard_at + SILENT_US + 1)]
    jam.until(heard_at + 3 * SECOND, beats=False)
    assert len(jam.of(CutFrame)) == 1


def test_the_port_process_is_told_ten_times_a_second_that_we_live_also_without_a_studio() -> None:
    jam = Jam()
    jam.given.clear()
    jam.until(jam.now + SECOND, beats=False)
    assert 9 <= len(jam.of(BeatFrame)) <= 11


@pytest.mark.parametrize(("mode", "cuts"), [("respond", 1), ("accompany", 0)])
def test_a_key_of_mine_silences_the_model_at_once_where_it_yields(mode: str, cuts: int) -> None:
    jam = Jam()
    jam.says(t="state", now=0, state={"mode": mode})
    jam.strikes(60)
    assert len(jam.of(CutFrame)) == cuts


def test_when_the_connection_is_lost_all_is_released_and_nothing_is_sent_until_we_are_in_again() -> (
    None
):
    jam = Jam()
    jam.jam.lost(jam.now)
    assert len(jam.of(CutFrame)) == 1
    jam.sent.clear()
    jam.strikes(60)
    assert not jam.sent
    jam.greet()
    jam.strikes(62)
    assert {"t": "name", "name": "Ana"} in jam.sent and {"t": "role", "role": "bass"} in jam.sent
    assert [one["data"][1] for one in jam.sent if one["t"] == "play"] == [62]
    assert "here again" in jam.lines()
    assert len(jam.of(ReadyFrame)) == 1


def test_who_is_in_the_room_is_told_when_it_changes() -> None:
    jam = Jam(players=("Ana",))
    jam.greet(("Ana",))
    jam.greet(("Ana", "Ben"))
    assert jam.lines() == ["in the room: Ana", "in the room: Ana, Ben"]


def test_a_line_of_the_studio_that_it_tells_again_is_told_once() -> None:
    jam = Jam()
    for at in (1, 2, 1, 2):
        jam.says(t="line", at=at, line=f"line {at}")
    assert jam.lines() == ["line 1", "line 2"]


def test_harmonise_says_what_the_way_costs() -> None:
    jam = Jam(trip_ms=20)
    for mode in ("respond", "harmonise", "harmonise"):
        jam.says(t="state", now=0, state={"mode": mode})
    (line,) = jam.lines()
    assert "60 ms after your keys" in line


def test_clocks_are_compared_by_the_quickest_answer() -> None:
    clock = FarClock()
    clock.begin(1000, 5000)
    assert (clock.ahead_us, clock.trip_us) == (4000, None)
    clock.take(0, 100_000, 90_000)
    clock.take(200_000, 210_000, 209_000)
    clock.take(300_000, 400_000, 320_000)
    assert (clock.ahead_us, clock.trip_us) == (4000, 10_000)


def test_an_address_says_where_the_studio_is_which_room_and_who_plays() -> None:
    address = Address.read("http://10.0.0.2:9702/?room=blues&name=Ana#Ab3x")
    assert address.socket("") == "ws://10.0.0.2:9702/ws"
    assert (address.token, address.room, address.name) == ("Ab3x", "blues", "Ana")
    assert address.origin == "http://10.0.0.2:9702"
    far = Address.read("https://jam.example.org/w/2/#x")
    assert far.socket("my room") == "wss://jam.example.org/w/2/ws?room=my%20room"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "blues",
        "ftp://host/#x",
        "http:///#x",
        "http://host:70000/#x",
        "http://host/",
        "http://[::1/#x",
    ],
)
def test_what_is_no_address_of_a_studio_is_told_without_its_token(text: str) -> None:
    with pytest.raises(ConfigError, match="address") as mistake:
        Address.read(text.replace("#x", "#secret"))
    assert "secret" not in str(mistake.value)


def test_a_room_of_ones_own_is_the_one_that_is_asked_for_again() -> None:
    jam = Jam()
    assert jam.jam.room == "blues"
    jam.says(t="room", room="waltz")
    assert jam.jam.room == "waltz"


def test_a_room_whose_engine_is_another_is_told_what_went_on_there_before() -> None:
    jam = Jam()
    far = jam.now + AHEAD_US
    greeting = {"t": "hello", "modes": MODES, "room": "blues", "players": []}
    jam.says(**greeting, now=far, began=1)  # in already: no other engine was known
    jam.jam.lost(jam.now)
    jam.says(**greeting, now=far, began=1)
    jam.says(
        t="state",
        now=far,
        state={
            "timeline": [500_000, far - 300_000, 96],
            "controls": {"tempo": 120},
            "memo": {"chart": [far, 96, 0]},
        },
    )
    jam.strikes(60)
    jam.says(t="music", music=[[far, 144, 72, 90], [far + SECOND, 144, 74, 90]])
    jam.jam.lost(jam.now)
    jam.sent.clear()
    jam.says(**greeting, now=far, began=2)
    (told,) = [one for one in jam.sent if one["t"] == "rejoin"]
    validated("from_player", told)
    assert told["strokes"] == [[0, 0, 144, 60, 80], [0, 1, 144, 72, 90], [0, 1, 128, 72, 64]]
    assert (told["timeline"], told["controls"]) == ([500_000, 300_000, 96], {"tempo": 120})
    assert told["memo"] == {"chart": [far, 96, 0]}


def test_who_comes_into_a_room_that_is_recorded_is_told_however_long_ago_that_began() -> None:
    jam = Jam()
    jam.jam.lost(jam.now)
    greeting = {"t": "hello", "modes": MODES, "room": "blues", "players": []}
    for is_recorded, count in ((False, 0), (True, 1), (True, 1)):
        jam.says(**greeting, now=jam.now, is_recorded=is_recorded)
        assert jam.lines().count("what is played in this room is recorded") == count
        if not is_recorded:
            jam.jam.lost(jam.now)


def test_lines_of_another_engine_are_told_though_its_machine_started_later() -> None:
    jam = Jam()
    greeting = {"t": "hello", "modes": MODES, "room": "blues", "players": []}
    for began, line in ((50, "first"), (5, "second")):
        jam.jam.lost(jam.now)
        jam.says(**greeting, now=jam.now, began=began)
        jam.says(t="line", at=began + 1, line=line)
    assert [line for line in jam.lines() if line != "here again"] == ["first", "second"]


def test_a_key_of_a_listener_silences_nothing_for_the_studio_does_not_hear_it() -> None:
    jam = Jam()
    jam.says(t="state", now=0, state={"mode": "respond"})
    jam.says(t="you", role="listener", channel=None, steers=False, is_fixed=True)
    jam.strikes(60)
    assert not jam.of(CutFrame)
    jam.says(t="you", role="lead", channel=14, steers=True, is_fixed=False)
    jam.strikes(60)
    assert len(jam.of(CutFrame)) == 1


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "7", '{"t": "pong"}', '{"t": "music", "music": [["x"]]}', '{"t": "hello"}'],
)
def test_what_is_no_message_of_a_studio_costs_nothing(text: str) -> None:
    jam = Jam()
    jam.jam.take(text, jam.now)
    jam.says(t="music", music=[[jam.now + AHEAD_US + 50 * MS, 144, 60, 80]])
    assert isinstance(jam.of(DueFrame)[-1], DueFrame) and jam.jam.is_in
