"""A plug-in's seat in a jam: what goes out, and when."""

import json
from typing import Any

from livegen.jam.engine import Wake
from livegen.jam.timing.agenda import Timed
from livegen.music.messages import NoteOn
from livegen.plugin.band import Bands
from livegen.plugin.seat import Seat
from livegen.plugin.words import Greeting
from livegen.studio.room import Room
from tests.studio.test_room import BEGIN, CHARTS, Noting

Line = dict[str, Any]


class Answering(Noting):
    """An engine that answers each key at once, and then has work to do; `began` is called before the work."""

    def feed(self, event: Any, now: int) -> list[Timed]:
        if isinstance(event, NoteOn):
            return [Timed(now, NoteOn(event.pitch - 4, 60))]
        if isinstance(event, Wake):
            self.began()
        return []

    def began(self) -> None: ...

    def deadline(self) -> int:
        return 0


def seated(engine: Noting) -> tuple[Seat, Room]:
    """A seat in a room in which this engine plays, and the room."""

    def build(name: str, seed: int | None, way: Any, now: Any, wakes: Any) -> Room:
        return Room(name, engine, {}, [], CHARTS, now, wakes, way=way)

    bands = Bands(build, {}, now=lambda: BEGIN)
    seat = bands.enter(Greeting())
    seat.take(BEGIN)
    return seat, next(iter(bands.rooms))


def test_an_answer_at_once_goes_out_before_the_engine_works_on() -> None:
    engine, sent, before_work = Answering(), list[str](), list[str]()
    seat, room = seated(engine)
    room.turn()
    seat.hand_out(lambda: sent.extend(seat.take(BEGIN)))
    engine.began = lambda: before_work.extend(sent)  # type: ignore[method-assign]
    seat.hear(json.dumps({"t": "play", "data": [144, 60, 80], "at": BEGIN}), BEGIN)
    room.turn()
    music = [told["music"] for line in before_work if (told := json.loads(line))["t"] == "music"]
    assert music == [[[BEGIN, 144, 56, 60]]]


def test_music_of_a_bounce_and_of_the_live_jam_is_told_apart_by_a_line_before_it() -> None:
    seat, _ = seated(Noting())
    seat.hear('{"t":"block","at":0,"until":10000}', BEGIN)
    rendered = [json.loads(line)["t"] for line in seat.take(BEGIN)]
    assert rendered[0] == "bounce" and rendered.count("done") == 1
    seat.hear('{"t":"block","at":10000,"until":20000}', BEGIN)
    assert "bounce" not in [json.loads(line)["t"] for line in seat.take(BEGIN)]
    seat.hear('{"t":"live"}', BEGIN)
    lines = [json.loads(line) for line in seat.take(BEGIN)]
    assert [one for one in lines if one["t"] in ("live", "music")] == [
        {"t": "live"},
        {"t": "music", "music": [{"cut": []}]},
    ]
