"""The command `map`: all bindings at once, or none of them."""

import pytest

from livegen.jam.desk import Desk
from livegen.jam.engine import Engine, Wake
from livegen.jam.mapping import Command
from livegen.music.messages import ControlChange
from livegen.testing import EchoModel


def test_bindings_are_replaced_by_those_that_are_told_and_act() -> None:
    engine = Engine(EchoModel(), bindings={"cc 74": "density"})
    engine.feed(Command("map", {"cc 20 on 1": "energy"}), 0)
    engine.feed(ControlChange(74, 127), 1)
    engine.feed(ControlChange(20, 127), 2)

    assert engine.snapshot()["map"] == {"cc 20 on 1": "energy"}
    assert (engine.settings.density, engine.settings.energy) == (1.0, 1.0)


@pytest.mark.parametrize("wrong", [{"cc 1": "energy", "cc 200": "swing"}, {"cc 1": "volume"}])
def test_where_one_is_wrong_all_stay_as_they_were(wrong: dict[str, str]) -> None:
    desk = Desk(Engine(EchoModel()).settings, {"cc 74": "density"})
    desk.bind(wrong)

    assert desk.map.bindings == {"cc 74": "density"}


def test_what_is_being_learned_goes_on_being_learned() -> None:
    engine = Engine(EchoModel())
    engine.feed(Command("learn", "energy"), 0)
    engine.feed(Command("map", {}), 1)
    for at, value in enumerate((1, 30, 60)):
        engine.feed(ControlChange(20, value), 2 + at)
    engine.feed(Wake(), 500_000)

    assert engine.snapshot()["map"] == {"cc 20 on 1": "energy"}
