"""Bindings: all at once or none of them by the command `map`, one by one by learning."""

import pytest

from livegen.errors import ConfigError
from livegen.jam.desk import Desk
from livegen.jam.engine import Engine
from livegen.jam.mapping import COMMANDS, Command, ControlMap
from livegen.music.messages import ControlChange, NoteOff, NoteOn
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
    with pytest.raises(ConfigError, match="map: expected"):
        desk.bind(wrong)

    assert desk.map.bindings == {"cc 74": "density"}


def test_what_is_being_learned_goes_on_being_learned() -> None:
    engine = Engine(EchoModel())
    engine.feed(Command("learn", "energy"), 0)
    engine.feed(Command("map", {}), 1)
    engine.feed(ControlChange(20, 1), 2)

    assert engine.snapshot()["map"] == {"cc 20 on 1": "energy"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_learned_and_is_given_by_its_pad(name: str) -> None:
    bindings = ControlMap()
    bindings.learn(name)
    down, up = NoteOn(36, 100, channel=9), NoteOff(36, channel=9)

    assert [bindings.translate(message) for message in (down, up)] == [[], []]
    assert bindings.learning is None and bindings.bindings == {"note 36 on 10": name}
    given = [bindings.translate(message) for message in (down, up, down, up)]
    assert given == [[Command(name)], [], [Command(name)], []]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_button_that_was_learned_gives_its_command_when_it_goes_down(name: str) -> None:
    bindings = ControlMap()
    bindings.learn(name)
    down, up = ControlChange(20, 127), ControlChange(20, 0)

    given = [bindings.translate(message) for message in (down, up, down, up)]
    assert given == [[], [], [Command(name)], []]
