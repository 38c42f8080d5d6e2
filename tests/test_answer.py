"""A file is answered in its own time: by its tempo and its bars, where its notes lie on them."""

import random
from collections.abc import Sequence

import pytest

from livegen.answer import answer, is_led
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine
from livegen.music.files.smf import Score, Track
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.testing import EchoModel

PPQN = 480
AUTO = settings({})
MINUTE_US = 60_000_000
WALTZ = (0, 1, 2, 3, 5, 6, 7, 8, 9)


def file(
    beats: Sequence[float], bpm: float = 120, metre: tuple[int, int] = (4, 4), held: float = 0.9
) -> Score:
    """A melody whose notes begin on some beats."""
    rows: list[tuple[int, Message]] = []
    for number, beat in enumerate(beats):
        at = round(beat * PPQN)
        pitch = 60 + (0, 4, 7, 4)[number % 4]
        rows += [(at, NoteOn(pitch, 90)), (at + round(held * PPQN), NoteOff(pitch))]
    rows.sort(key=lambda row: row[0])
    return Score(PPQN, (Track("", tuple(rows)),), ((0, round(MINUTE_US / bpm)),), ((0, *metre),))


def enters(answered: Score) -> float:
    """The beat at which the answer begins."""
    model = answered.tracks[1].messages
    return next(tick for tick, message in model if isinstance(message, NoteOn)) / PPQN


@pytest.mark.parametrize("bpm", [70, 150, 210])
def test_an_answer_begins_on_a_bar_line_of_the_file_at_its_tempo_and_in_its_metre(bpm: int) -> None:
    call = file(WALTZ, bpm, (3, 4))
    assert enters(answer(call, Engine(EchoModel(), seed=1))) == pytest.approx(12, abs=0.02)


@pytest.mark.parametrize("held", [0.4, 0.9])
def test_a_last_note_that_is_held_a_little_over_the_bar_line_is_answered_on_that_line(
    held: float,
) -> None:
    call = file((0, 1.5, 3, 4.5, 6, 7.5), held=held)
    assert enters(answer(call, Engine(EchoModel(), seed=1))) == pytest.approx(8, abs=0.02)


def test_a_last_note_that_is_held_on_is_waited_for() -> None:
    call = file((0, 1.5, 3, 4.5, 6, 7.5), held=1.5)
    assert enters(answer(call, Engine(EchoModel(), seed=1))) == pytest.approx(12, abs=0.02)


def test_an_answer_in_six_eighths_begins_on_a_bar_line_of_three_quarters() -> None:
    call = file((0, 1, 1.5, 2.5, 3, 4, 4.5), 96, (6, 8))
    assert enters(answer(call, Engine(EchoModel(), seed=1))) == pytest.approx(6, abs=0.02)


def test_the_bars_of_a_file_that_slows_down_are_followed() -> None:
    call = file((0, 1, 2, 3, 4, 5, 6, 7))
    slower = tuple((beat * PPQN, 500_000 + beat * 30_000) for beat in range(8))
    called = Score(call.ppqn, call.tracks, slower, call.metres)
    assert enters(answer(called, Engine(EchoModel(), seed=1))) == pytest.approx(8, abs=0.04)


@pytest.mark.parametrize(
    "beats",
    [
        (0, 1, 2, 3),
        (0.5, 1.5, 2.5, 3.5, 4.5),
        (0, 0.667, 1, 1.667, 2, 2.667),
        (0, 0.25, 0.5, 0.75, 2, 2.25, 2.5, 2.75),
        [beat / 2 + random.Random(beat).gauss(0, 0.04) for beat in range(1, 16)],
    ],
)
def test_notes_on_quarters_eighths_triplets_and_sixteenths_lie_on_the_beat_as_a_hand_has_them(
    beats: Sequence[float],
) -> None:
    assert is_led(file(beats), AUTO)


@pytest.mark.parametrize("bpm", [97.3, 112.9, 131])
@pytest.mark.parametrize("count", [6, 12, 24])
def test_what_was_played_without_a_click_has_its_beat_found_in_the_notes(
    bpm: float, count: int
) -> None:
    chance = random.Random(count)
    seconds = [0.7 + (beat + chance.gauss(0, 0.05)) * 60 / bpm for beat in range(count)]
    assert not is_led(file([second * 2 for second in seconds]), AUTO)


def test_no_file_leads_that_has_no_known_metre_or_where_the_settings_have_another_source() -> None:
    assert not is_led(file(WALTZ, metre=(0, 4)), AUTO)
    assert is_led(file(WALTZ), settings({"sync": "clock"}))
    assert not any(is_led(file(WALTZ), settings({"sync": it})) for it in ("free", "internal"))


def test_a_metre_that_somebody_told_stays() -> None:
    call = file((0, 1, 2, 3, 4, 5), metre=(4, 4))
    told = Engine(EchoModel(), seed=1, settings=settings({"metre": "3/4"}))
    assert enters(answer(call, told)) == pytest.approx(6, abs=0.02)
