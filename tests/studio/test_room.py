"""A room of a studio on virtual time: an engine that plays behind the clock, and the pages of its players."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livegen.control.library.charts import Charts
from livegen.control.web.clients import Client
from livegen.daemon.clock import SECOND
from livegen.daemon.engine.engine_loop import EngineLike
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import TakeUp, Wake
from livegen.jam.harmony.lead_sheet import ChartPlace
from livegen.jam.timing.agenda import Timed
from livegen.music.messages import Cut, Message, NoteOff, NoteOn
from livegen.music.time.timeline import Timeline
from livegen.studio.room import Room
from livegen.studio.way import DELAY_US, WAY_US

MS = 1000
BEGIN = 100 * SECOND
PHRASE = {"part": 0, "tonic": 0, "beats": 4, "bar": 4, "notes": [[0, 900, 60, 80]]}
CHARTS = Charts(Path("/nowhere"), Path("/nowhere"))


class Noting(EngineLike):
    """An engine that notes what it is fed, and plays what it is told to."""

    def __init__(self) -> None:
        self.fed: list[tuple[Any, int]] = []
        self.plays: list[Timed] = []
        self.is_broken = False

    def feed(self, event: Any, now: int) -> list[Timed]:
        if self.is_broken:
            raise ValueError
        if not isinstance(event, Wake):
            self.fed.append((event, now))
        plays, self.plays = self.plays, []
        return plays

    def deadline(self) -> int | None:
        return 0 if self.plays else None

    def snapshot(self) -> dict[str, Any]:
        return {"turn": "waiting"}


class Studio:
    """One room; time goes on where a test says so."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.engine = Noting()
        self.room = Room("blues", self.engine, {}, [], CHARTS, lambda: self.now)

    def until(self, ms: int) -> None:
        """Give the room its turns until so many milliseconds after the beginning."""
        end = BEGIN + ms * MS
        while (at := max(self.now + 1, self.room.next_at)) <= end:
            self.now = at
            self.room.turn()
        self.now = end

    def notes(self) -> list[tuple[int, int]]:
        """The keys that the engine heard, each with its time since the beginning, milliseconds."""
        return [(e.pitch, (at - BEGIN) // MS) for e, at in self.engine.fed if isinstance(e, NoteOn)]

    def play(self, message: Message, due_ms: int) -> None:
        """Let the engine play a message that is due then."""
        self.engine.plays.append(Timed(BEGIN + due_ms * MS, message))


def strikes(
    studio: Studio, page: Client, pitch: int, at_ms: int | None, velocity: int = 80
) -> None:
    """A page says that a key was struck then, by its own clock."""
    at = {} if at_ms is None else {"at": BEGIN + at_ms * MS}
    page.hear(json.dumps({"t": "play", "data": [144, pitch, velocity]} | at), studio.now)


def told(page: Client, kind: str, now: int) -> list[Mapping[str, Any]]:
    """The messages of a kind that wait for a page."""
    return [m for text in page.mailbox.take(now) if (m := json.loads(text))["t"] == kind]


def test_keys_are_heard_in_the_order_and_at_the_times_of_their_stamps_whichever_came_first() -> (
    None
):
    studio = Studio()
    one, other = studio.room.clients.enter(), studio.room.clients.enter()
    studio.until(20)
    strikes(studio, one, 64, 15)
    studio.until(30)
    strikes(studio, other, 60, 5)  # on a slower way
    studio.until(100)
    assert studio.notes() == [(60, 5), (64, 15)]


def test_keys_on_a_long_way_are_waited_for_and_what_is_played_is_handed_out_the_earlier() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    for number in range(40):
        studio.until(number * 250 + 65)
        strikes(studio, page, 40 + number, number * 250)
        studio.until(number * 250 + 69)
        if not 16 <= number < 20:  # at first at once, for nobody could know
            assert len(studio.notes()) == number + (number < 16)
    studio.until(39 * 250 + 70)
    assert len(studio.notes()) == 40
    told = [event for event, _ in studio.engine.fed if isinstance(event, Command)]
    assert told == [Command("ahead", 70 * MS + WAY_US)]


def test_no_key_is_heard_before_the_engines_time_has_come_to_it() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    strikes(studio, page, 60, 0)
    studio.until(DELAY_US // MS - 1)
    assert studio.notes() == []
    studio.until(DELAY_US // MS)
    assert studio.notes() == [(60, 0)]


def test_a_stamp_of_the_future_or_of_long_ago_is_moved_to_where_a_key_can_have_been_struck() -> (
    None
):
    studio = Studio()
    page = studio.room.clients.enter()
    studio.until(5000)
    strikes(studio, page, 60, 9000)
    studio.until(6000)
    strikes(studio, page, 62, 10)
    studio.until(7000)
    assert studio.notes()[0] == (60, 5000)
    pitch, at = studio.notes()[1]
    assert pitch == 62 and 5000 <= at <= 6000


def test_a_key_without_a_stamp_counts_as_struck_when_it_comes() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    studio.until(50)
    strikes(studio, page, 60, None)
    studio.until(200)
    assert studio.notes() == [(60, 50)]


def test_what_the_engine_plays_goes_to_every_page_of_the_room_with_the_time_at_which_it_is_due() -> (
    None
):
    studio = Studio()
    pages = [studio.room.clients.enter() for _ in range(2)]
    studio.play(NoteOn(60, 80), 300)
    studio.until(50)
    for page in pages:
        (music,) = told(page, "music", studio.now)
        assert music["music"] == [[BEGIN + 300 * MS, 144, 60, 80]]


def test_a_cut_stands_where_it_came_among_what_is_played() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    studio.play(NoteOn(60, 80), 300)
    studio.play(Cut(((0, 60),)), 0)  # type: ignore[arg-type]
    studio.play(NoteOn(62, 80), 400)
    studio.until(50)
    (music,) = told(page, "music", studio.now)
    assert [one["cut"] if isinstance(one, dict) else one[2] for one in music["music"]] == [
        60,
        [[0, 60]],
        62,
    ]


def test_pages_are_told_that_the_engine_lives_ten_times_a_second() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    beats = 0
    for ms in range(100, 1100, 10):
        studio.until(ms)
        beats += len(told(page, "beat", studio.now))
    assert 9 <= beats <= 11


def test_what_a_page_holds_is_released_when_it_goes() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    studio.room.clients.enter()
    strikes(studio, page, 60, 0)
    studio.until(100)
    studio.room.clients.leave(page)
    studio.until(300)
    assert [e.pitch for e, _ in studio.engine.fed if isinstance(e, NoteOff)] == [60]


def test_all_see_what_each_of_them_plays() -> None:
    studio = Studio()
    one, other = studio.room.clients.enter(), studio.room.clients.enter()
    strikes(studio, one, 60, 0)
    for page in (one, other):
        (notes,) = told(page, "notes", studio.now)
        assert notes["notes"] == [[0, BEGIN, 144, 60, 80]]


def test_a_command_of_a_page_reaches_the_engine() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    page.hear('{"t":"do","name":"your_turn"}', studio.now)
    studio.until(10)
    assert Command("your_turn", None) in [event for event, _ in studio.engine.fed]


def test_a_room_says_that_it_keeps_no_recordings() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    page.hear('{"t":"do","name":"capture"}', studio.now)
    studio.until(10)
    (line,) = [m["line"] for m in told(page, "line", studio.now)]
    assert line == "players keep no recordings of this room; a teacher can record it"
    assert not [
        event
        for event, _ in studio.engine.fed
        if isinstance(event, Command) and event.name == "capture"
    ]


def test_nobody_in_a_room_hears_what_was_kept_of_a_player_elsewhere() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    page.hear('{"t":"do","name":"remember","value":"Ana"}', studio.now)
    studio.until(10)
    assert [m["line"] for m in told(page, "line", studio.now)] == ["this room remembers nobody"]
    assert "remember" not in [getattr(event, "name", "") for event, _ in studio.engine.fed]


def test_who_comes_back_first_tells_the_new_engine_what_went_on_and_nobody_after_him() -> None:
    studio = Studio()
    one, other = studio.room.clients.enter(), studio.room.clients.enter()
    for page, pitch in ((one, 60), (other, 72)):
        rejoin = {
            "t": "rejoin",
            "at": BEGIN,
            "strokes": [[900 * MS, 0, 144, pitch, 80], [500 * MS, 1, 128, pitch, 0]],
            "timeline": [500 * MS, 1000 * MS, 96],
            "controls": {"tempo": 90},
            "memo": {"chart": [BEGIN - 3 * SECOND, 96, 0], "phrases": {"A": PHRASE}},
        }
        page.hear(json.dumps(rejoin), studio.now)
    studio.until(10)
    heard = (
        (BEGIN - 900 * MS, False, NoteOn(60, 80)),
        (BEGIN - 500 * MS, True, NoteOff(60, 0)),
    )
    bars = Timeline(500 * MS, BEGIN - 1000 * MS)
    (taken,) = (event for event, _ in studio.engine.fed if isinstance(event, TakeUp))
    assert (taken.heard, taken.timeline) == (heard, bars)
    assert taken.place == ChartPlace(BEGIN - 3 * SECOND, 96)
    assert {name: phrase.told() for name, phrase in taken.phrases.items()} == {"A": PHRASE}
    assert [event for event, _ in studio.engine.fed if isinstance(event, Command)] == [
        Command("tempo", 90)
    ]


def test_an_engine_that_fails_is_silenced_and_the_room_plays_on() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    studio.until(100)
    told(page, "music", studio.now)
    studio.engine.is_broken = True
    strikes(studio, page, 60, 100)
    studio.until(200)
    assert {"cut": []} in [one for m in told(page, "music", studio.now) for one in m["music"]]
    studio.engine.is_broken = False
    strikes(studio, page, 62, 200)
    studio.until(300)
    assert (62, 200) in studio.notes()
