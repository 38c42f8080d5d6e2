"""A model that adapts to its player: fitted in a pause beside the music, taken on the bar line, told to the journal."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from livegen import app, config
from livegen.app.replaying import engine_again, meaning
from livegen.daemon.engine.engine_loop import ADAPTS_AFTER, ADAPTS_AFTER_US
from livegen.daemon.engine.loader import FIT
from livegen.daemon.processes.frames import JournalFrame
from livegen.errors import LivegenError
from livegen.inference.contract import Layers, Model
from livegen.inference.lesson import Lesson, lesson_from
from livegen.inference.memory import Memory
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine, Event, Wake
from livegen.jam.reports.journal import Session, read
from livegen.jam.reports.rows import Header, Received, Row, Told, first_line, line, row_of
from livegen.replay import reproduce
from livegen.testing import SECOND, EchoModel, UniformModel
from tests.daemon.turned import Turned

HERE = "tests.daemon.test_adapting:"
FILE = Path(__file__)
NOTES = tuple(60 + number % 12 for number in range(ADAPTS_AFTER // 2))


class Knowing(UniformModel):
    """A model that knows to how many strokes of the player's it was fitted."""

    played: int | None = None

    def say(self, layers: Layers) -> None:
        self.played = int(layers["played"][0]) if layers else 0


def fits(name: str, lesson: str, model: Knowing | None) -> tuple[Path, Knowing, Layers]:
    if name == "wrong.onnx":
        raise LivegenError("wrong cannot learn: it has no known.rows")
    played = np.array([lesson_from(lesson).played if lesson else 0], np.float32)
    return FILE, model or Knowing(), {"played": played}


def loads(name: str) -> tuple[Path, Model]:
    return Path(name), EchoModel()


def reads(name: str) -> tuple[Path, Memory, Lesson | None]:
    lesson = played_lesson() if name == "ada" else None
    return Path(f"/memories/{name}.mid"), Memory(), lesson


def played_lesson() -> Lesson:
    served = Served()
    served.play(*NOTES)
    lesson = served.engine.lesson
    assert lesson is not None
    return lesson


class Served(Turned):
    """An engine process whose model adapts to its player."""

    def __init__(self, model: str = "here.onnx", fitter: str | None = HERE + "fits") -> None:
        controls = settings({"mode": "listen", "tempo": 120, "sync": "internal", "adapt": "on"})
        names = {"loader": HERE + "loads", "recaller": HERE + "reads", "fitter": fitter}
        super().__init__(Engine(UniformModel(), settings=controls), names | {"model": model})

    def rest(self, micros: int = ADAPTS_AFTER_US + 3 * SECOND) -> None:
        """Let time pass, until all is made and a bar line has come."""
        end = self.now + micros
        while self.now < end:
            self.now += SECOND // 10
            self.loop.turn()
            self.wait()

    def say(self, name: str, value: object = None) -> None:
        self.command(name, value)
        self.rest()

    @property
    def knows(self) -> int | None:
        """The events of the player's that the model was fitted to; None of a model that never was."""
        model = self.engine._listener.live.guard.model
        return model.played if isinstance(model, Knowing) else None

    @property
    def fits(self) -> list[dict[str, str]]:
        """The journal's rows of what the model was fitted to."""
        return self.told(FIT)


def test_in_a_pause_the_model_learns_what_is_new_and_the_journal_has_it() -> None:
    served = Served()
    served.play(*NOTES)
    assert not served.fits
    served.rest()

    assert served.knows == ADAPTS_AFTER
    assert served.said == [
        "adapt: fake has learned from you, and plays so from the next bar line on"
    ]
    assert lesson_from(served.fits[0]["lesson"]).played == ADAPTS_AFTER
    served.rest()
    assert len(served.fits) == 1  # nothing was played since


def test_few_notes_teach_nothing_and_more_teach_again() -> None:
    served = Served()
    served.play(*NOTES[1:])
    served.rest()
    assert not served.fits

    for _ in range(2):
        served.play(*NOTES)
        served.rest()
    assert served.knows == 3 * ADAPTS_AFTER - 2 and len(served.fits) == 2


def test_while_somebody_plays_nothing_is_learned() -> None:
    served = Served()
    served.play(*NOTES, 60)

    assert served.loop._fitter._thread is None


@pytest.mark.parametrize(("command", "value"), [("adapt", "off"), ("forget", None)])
def test_who_wants_it_no_more_or_is_forgotten_hears_the_model_as_it_was_shipped(
    command: str, value: object
) -> None:
    served = Served()
    served.play(*NOTES)
    served.rest()
    served.say(command, value)

    assert served.knows == 0
    assert served.said[-1].startswith("adapt: fake has forgotten what it learned")
    assert [bool(it["lesson"]) for it in served.fits] == [True, False]


def test_another_model_learns_anew() -> None:
    served = Served()
    served.play(*NOTES)
    served.rest()
    served.say("model", "other.onnx")  # it hears the last notes first, some at each turn
    served.rest()

    assert served.knows == ADAPTS_AFTER and len(served.fits) == 2


def test_what_cannot_learn_says_so_and_plays_on() -> None:
    served = Served("wrong.onnx")
    served.play(*NOTES)
    served.rest()

    assert served.said == ["wrong cannot learn: it has no known.rows; the model plays on as it is"]
    assert served.knows is None and served.fits == []


def test_a_room_of_a_studio_learns_from_nobody() -> None:
    served = Served(fitter=None)
    served.play(*NOTES)
    served.rest()

    assert served.said == [] and served.fits == []


def test_the_lesson_of_other_days_is_learned_when_its_player_sits_down_and_kept_with_his_notes() -> (
    None
):
    served = Served()
    served.say("remember", "ada")
    assert served.knows == ADAPTS_AFTER

    served.play(60)
    served.rest(6 * SECOND)
    assert lesson_from(served.memories[-1]["lesson"]).played == ADAPTS_AFTER + 2

    served.say("remember", "ben")
    assert served.knows == 0  # nobody plays with another's


# --- with the network, and played again -------------------------------------------------------------------------------


class Recorded(Turned):
    """An engine process with the network that is shipped, and the rows of its journal."""

    def __init__(self) -> None:
        told = app.engine_settings(config.Config(seed=3))
        led = {"tempo": 120, "sync": "internal", "adapt": "on"}
        given = told | {"controls": told["controls"] | led}
        super().__init__(app.build_engine(given, 0), given)
        self._rows: list[Row] = [Header(self.now, 0, given)]

    def hear(self, *data: int) -> None:
        self._rows.append(Received(self.now, bytes(data)))
        super().hear(*data)

    def rest(self, micros: int) -> None:
        """Let time pass from one deadline to the next; what is learned is there at once."""
        end = self.now + micros
        while self.now < end:
            self.now += max(1, min(self.loop.time_left(), end - self.now))
            self.loop.turn()
            self.wait()

    @property
    def session(self) -> Session:
        journal = [frame for frame in self.sent if isinstance(frame, JournalFrame)]
        did = [row for frame in journal for row in row_of(frame.micros, frame.values)]
        return read([first_line("2026-11-30T20:30:00+00:00", 0), *map(line, self._rows + did)])


def test_a_session_in_which_the_model_learned_is_played_again_to_the_note() -> None:
    served = Recorded()
    served.play(*NOTES)
    served.rest(5 * SECOND)
    assert len(served.told(FIT)) == 1
    served.play(60, 64, 67, 72)
    served.rest(8 * SECOND)

    def untaught(told: Told) -> Event:
        return Wake() if told.name == FIT else meaning(told)

    again = partial(engine_again, model=None)
    outcome = reproduce(served.session, again, meaning)
    assert outcome.is_same and outcome.notes, outcome
    assert not reproduce(served.session, again, untaught).is_same  # what was learned is heard
