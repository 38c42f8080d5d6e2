"""The script of a night, and what a night on virtual time notices."""

from itertools import islice
from random import Random

import pytest

from bench.night import FATES, LEADERS, Fate, Scene, Told, scenes
from bench.soak import Night, slope, whole
from livegen.daemon.processes.frames import DueFrame, FaultFrame
from livegen.jam.controls.controls import CONTROLS
from livegen.jam.controls.mapping import COMMANDS
from livegen.jam.engine import Engine
from livegen.jam.turns import MODES
from livegen.testing import EchoModel


def told(some: list[Scene]) -> list[Told]:
    return [step for scene in some for _, step in scene.steps if isinstance(step, Told)]


def test_a_night_goes_through_all_modes_leaders_and_fates_and_is_the_same_for_the_same_chance() -> (
    None
):
    some = list(islice(scenes(Random(1)), len(MODES) * len(LEADERS) * len(FATES) // 3))
    fates = {step for scene in some for _, step in scene.steps if isinstance(step, Fate)}

    assert {scene.says.split(",")[0] for scene in some} == set(MODES)
    assert {scene.says.split(", ")[1].removesuffix(" leads") for scene in some} == set(LEADERS)
    assert fates == set(Fate)
    assert some[:5] == list(islice(scenes(Random(1)), 5))


def test_a_scene_asks_only_for_what_there_is_in_the_order_of_time_and_ends_with_a_stop() -> None:
    some = list(islice(scenes(Random(2)), 40))
    others = {"macro", "model"}

    assert all(
        step.name in (others | set(COMMANDS) if step.is_command else set(CONTROLS))
        for step in told(some)
    )
    for scene in some:
        times = [at for at, _ in scene.steps]
        assert times == sorted(times) and times[-1] < scene.lasts
        assert any(isinstance(step, Told) and step.name == "stop" for _, step in scene.steps)


@pytest.fixture(scope="module")
def night() -> Night:
    return Night(1, Engine(EchoModel()))


def test_a_scene_on_virtual_time_is_played_whole_and_silent_at_its_end(night: Night) -> None:
    night.play(next(scenes(Random(3))))

    assert night.engine.snapshot()["turns"]
    assert night.counts["notes"] and not night.counts["stuck"] + night.counts["faults"]


def test_what_sounds_on_comes_late_or_fails_is_counted(night: Night) -> None:
    night.counts.clear()
    night._take(DueFrame(night.now - 30_000, bytes((0x90, 60, 80))))
    night._take(FaultFrame.saying(night.now, "it failed", "it failed"))
    night.play(Scene("nothing", 0.5, ()))

    assert [night.counts[name] for name in ("late", "stuck", "faults")] == [1, 1, 1]


def test_the_slope_of_memory_is_that_of_a_line_through_it() -> None:
    assert slope([(0.0, 100.0), (1.0, 102.0), (2.0, 104.0)]) == 2.0
    assert slope([(0.0, 100.0), (1.0, 102.0)]) is None


def test_of_no_journals_none_is_whole() -> None:
    assert whole([]) == (0, 0)
