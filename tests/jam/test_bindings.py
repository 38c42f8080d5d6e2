"""Bindings: all at once or none of them by the command `map`, one by one by learning."""

import pytest

from livegen.errors import ConfigError
from livegen.jam.controls.desk import Desk
from livegen.jam.controls.mapping import COMMANDS, Command, ControlMap
from livegen.jam.engine import Engine, Wake
from livegen.music.messages import ControlChange, NoteOff, NoteOn
from livegen.testing import EchoModel

SECOND = 1_000_000


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
    for at, value in enumerate((1, 30, 60)):
        engine.feed(ControlChange(20, value), 2 + at)
    engine.feed(Wake(), 500_000)

    assert engine.snapshot()["map"] == {"cc 20 on 1": "energy"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_learned_and_is_given_by_its_pad(name: str) -> None:
    bindings = ControlMap()
    bindings.learn(name, 0)
    down, up = NoteOn(36, 100, channel=9), NoteOff(36, channel=9)

    assert [bindings.translate(message, 1) for message in (down, up)] == [[], []]
    assert bindings.learning is None and bindings.bindings == {"note 36 on 10": name}
    given = [bindings.translate(message, 2) for message in (down, up, down, up)]
    assert given == [[Command(name)], [], [Command(name)], []]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_button_that_was_learned_gives_its_command_when_it_goes_down(name: str) -> None:
    bindings = ControlMap()
    bindings.learn(name, 0)
    down, up = ControlChange(20, 127), ControlChange(20, 0)
    learned = [bindings.translate(message, 1) for message in (down, up)]
    bindings.look(SECOND)

    assert learned == [None, None] and bindings.bindings == {"cc 20 on 1": name}
    given = [bindings.translate(message, 2 * SECOND) for message in (down, up, down, up)]
    assert given == [[Command(name)], [], [Command(name)], []]
