"""The engine process's loop, on a link that only counts its waits; over real ports it is in tests/e2e."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from livegen.daemon import clock
from livegen.daemon.engine.engine_loop import EngineLike, EngineLoop
from livegen.daemon.engine.engine_process import serve
from livegen.daemon.processes.frames import (
    CommandFrame,
    Frame,
    HeardFrame,
    JournalFrame,
    LogFrame,
    OverFrame,
)
from livegen.jam.controls.mapping import Command


class QuietLink:
    """Nothing comes in; closed after a hundred waits."""

    waits = 0

    @property
    def closed(self) -> bool:
        return self.waits >= 100

    def wait(self, timeout_us: int) -> list[Any]:
        self.waits += 1
        return []

    def send(self, frame: Frame) -> None: ...


class Idle(EngineLike):
    """An engine that nothing happens to."""

    warmings = 0

    def keep_warm(self) -> None:
        self.warmings += 1

    def feed(self, event: Any, now: int) -> list[Any]:
        return []

    def deadline(self) -> int | None:
        return None

    def snapshot(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(("settings", "is_warmed"), [({"keep_warm_us": 1}, True), ({}, False)])
def test_between_events_the_model_is_kept_warm_if_it_is_told_so(
    settings: dict[str, Any], is_warmed: bool
) -> None:
    link: Any = QuietLink()
    engine = Idle()

    serve(link, EngineLoop(link.send, engine, settings))

    assert bool(engine.warmings) == is_warmed


class Unhurried(Idle):
    """An engine that answers on a bar line."""

    is_hasty = False


def test_who_answers_on_a_bar_line_lets_the_processor_rest() -> None:
    link: Any = QuietLink()
    engine = Unhurried()

    serve(link, EngineLoop(link.send, engine, {"keep_warm_us": 1}))

    assert not engine.warmings


class Told(Idle):
    """An engine with something to say as soon as it is woken."""

    lines: tuple[str, ...] = ("key C3 is up",)

    def deadline(self) -> int | None:
        return 0 if self.lines else None

    def notices(self) -> list[str]:
        lines, self.lines = list(self.lines), ()
        return lines


def test_what_the_engine_says_of_itself_goes_to_the_log_once() -> None:
    sent: list[Frame] = []
    link: Any = QuietLink()
    link.send = sent.append

    serve(link, EngineLoop(link.send, Told(), {}))

    logged = [frame.line for frame in sent if isinstance(frame, LogFrame)]
    assert logged == ["key C3 is up"]


@pytest.mark.parametrize("is_kept", [True, False])
def test_rows_of_a_journal_are_made_only_where_somebody_keeps_it(is_kept: bool) -> None:
    sent: list[Frame] = []
    loop = EngineLoop(sent.append, Told(), {}, keeps_journal=is_kept)

    loop.turn([HeardFrame(clock.now(), bytes((0x90, 60, 80)))])
    loop.turn([OverFrame(clock.now())])

    assert any(isinstance(frame, JournalFrame) for frame in sent) == is_kept
    assert any(isinstance(frame, OverFrame) for frame in sent)


class Pondering(Idle):
    """An engine that works out an answer in three slices, once it was asked."""

    left, slices = 0, 0

    def feed(self, event: Any, now: int) -> list[Any]:
        if isinstance(event, Command):
            self.left = 3
        return []

    def ponder(self) -> bool:
        self.slices += self.left > 0
        self.left = max(0, self.left - 1)
        return self.left > 0


def test_a_question_is_worked_out_also_while_no_page_looks_on() -> None:
    link: Any = QuietLink()
    engine = Pondering()

    serve(link, EngineLoop(link.send, engine, {}), [CommandFrame.named(clock.now(), "why", None)])

    assert (engine.slices, engine.left) == (3, 0)


class Making(Idle):
    """An engine that makes a thousand things, as a few answers do, and keeps them."""

    def feed(self, event: Any, now: int) -> list[Any]:
        self.made = [[number] for number in range(1000)]
        return []


@pytest.fixture
def collected() -> Iterator[list[int]]:
    """Generations in which garbage was looked for; Python looks for none by itself meanwhile."""
    found = list[int]()

    def note(phase: str, told: dict[str, int]) -> None:
        if phase == "start":
            found.append(told["generation"])

    gc.disable()
    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)
    gc.enable()


@pytest.mark.parametrize(("settings", "is_tidied"), [({"keep_warm_us": 1}, True), ({}, False)])
def test_garbage_is_looked_for_between_events_and_not_where_the_next_key_is_heard(
    settings: dict[str, Any], is_tidied: bool, collected: list[int]
) -> None:
    link: Any = QuietLink()
    gc.collect()
    collected.clear()

    serve(link, EngineLoop(link.send, Making(), settings), [CommandFrame.named(0, "tap", None)])

    assert bool(collected) == is_tidied
