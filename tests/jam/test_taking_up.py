"""Music that another engine played, and that a new one goes on with: a studio's process had ended."""

from typing import Any

import pytest

from livegen.jam.controls.mapping import Command
from livegen.jam.engine import TakeUp
from livegen.jam.harmony.lead_sheet import ChartPlace
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.time.metre import COMMON_TIME, Metre
from livegen.music.time.timeline import Timeline
from livegen.testing import Rehearsal
from tests.jam.stage import BAR, BEAT, onsets, rehearsal

BEGAN = 100 * BAR + 12_345
RUNNING: dict[str, Any] = {"mode": "accompany", "tempo": 120}
LINES = Timeline(BEAT, BEGAN, COMMON_TIME)


def played(bars: int) -> tuple[tuple[int, bool, Message], ...]:
    """Quarters of a player's over a bass of the model's, from the first bar line on."""
    heard: list[tuple[int, bool, Message]] = []
    for beat in range(4 * bars):
        at = BEGAN + beat * BEAT
        for is_ours, channel, pitch in ((True, 2, 36), (False, 0, 60 + 2 * (beat % 4))):
            heard.append((at, is_ours, NoteOn(pitch, 80, channel)))
            heard.append((at + BEAT // 2, is_ours, NoteOff(pitch, channel=channel)))
    return tuple(sorted(heard, key=lambda one: one[0]))


@pytest.fixture
def jam() -> Rehearsal:
    """A new engine that has just been told of four bars."""
    one = rehearsal(**RUNNING)
    one.play(BEGAN + 4 * BAR + BEAT // 3, TakeUp(played(4), LINES))
    return one


def test_it_is_heard_by_and_by_all_of_it_and_learned_from(jam: Rehearsal) -> None:
    jam.until(BEGAN + 6 * BAR)
    alone = rehearsal(**RUNNING)
    alone.until(BEGAN + 6 * BAR)
    heard = jam.engine.snapshot()["heard"]
    assert isinstance(heard, int) and heard >= 4 * 4 * 4 > alone.engine.snapshot()["heard"]  # type: ignore[operator]
    assert jam.engine.snapshot()["remembered"] == 4 * 4


def test_the_bars_stay_where_they_were_whenever_the_player_comes_in(jam: Rehearsal) -> None:
    jam.play(BEGAN + 4 * BAR + 3 * BEAT, NoteOn(60, 80))
    lines = jam.engine.timeline
    assert (lines.tempo_us, (lines.origin_us - BEGAN) % BAR) == (BEAT, 0)


def test_the_band_is_there_again_by_the_next_bar_line(jam: Rehearsal) -> None:
    for beat in range(2, 12):
        at = BEGAN + 4 * BAR + beat * BEAT
        jam.play(at, NoteOn(60 + 2 * (beat % 4), 80))
        jam.play(at + BEAT // 2, NoteOff(60 + 2 * (beat % 4)))
    assert [at for at, _ in onsets(jam, BEGAN) if at <= BEGAN + 6 * BAR]


def test_what_went_on_is_heard_and_learned_also_where_somebody_has_played_already() -> None:
    jam = rehearsal(**RUNNING)
    jam.play(BEGAN + 4 * BAR + BEAT // 4, NoteOn(60, 80))
    jam.play(BEGAN + 4 * BAR + BEAT // 2, TakeUp(played(4), LINES))
    jam.play(BEGAN + 4 * BAR + BEAT, NoteOff(60))
    jam.until(BEGAN + 6 * BAR)
    heard = jam.engine.snapshot()["heard"]
    assert isinstance(heard, int) and heard >= 4 * 4 * 4
    assert jam.engine.snapshot()["remembered"] == 4 * 4 + 1


def test_who_has_music_of_his_own_keeps_its_bars() -> None:
    jam = rehearsal(**RUNNING)
    jam.play(BEGAN + BEAT // 4, NoteOn(60, 80))
    before = jam.engine.snapshot()["timeline"]
    jam.play(BEGAN + BEAT // 2, TakeUp(played(4), LINES))
    assert jam.engine.snapshot()["timeline"] == before


def test_what_was_held_as_the_process_ended_holds_no_chord_up() -> None:
    jam = rehearsal(**RUNNING)
    held = tuple((BEGAN, False, NoteOn(pitch, 80)) for pitch in (48, 52, 55))
    jam.play(BEGAN + BAR, TakeUp(held, LINES))
    at = BEGAN + 2 * BAR
    for pitch in (47, 50, 55):
        jam.play(at, NoteOn(pitch, 80))
    jam.until(at + 2 * BEAT)
    assert str(jam.engine.snapshot()["chord"]).startswith("G")


def bars_and_place(told: dict[str, Any]) -> tuple[Timeline, ChartPlace]:
    """What a page has of an engine: the bars, and the place in the chart."""
    tempo_us, origin_us, bar = told["timeline"]
    return Timeline(tempo_us, origin_us, Metre(((0, bar),))), ChartPlace(*told["memo"]["chart"])


ROUND = "title: Round\n\n[A]\n| C | F | G | Am |\n[B]\n| Dm | E7 | A | Bb |\n"


def quarters(jam: Rehearsal, first: int, over: int) -> list[dict[str, Any]]:
    """A player's quarters from one bar to before another; what the engine says in the middle of each bar."""
    told = list[dict[str, Any]]()
    for beat in range(4 * first, 4 * over):
        at = BEGAN + beat * BEAT
        jam.play(at, NoteOn(60 + 2 * (beat % 4), 80))
        if beat % 4 == 2:
            told.append(jam.engine.snapshot())
        jam.play(at + BEAT // 2, NoteOff(60 + 2 * (beat % 4)))
    return told


@pytest.mark.parametrize("sync", ["auto", "internal"])
@pytest.mark.parametrize("cue", ["", "vamp"])
def test_a_chart_goes_on_at_the_bar_that_the_others_are_at(sync: str, cue: str) -> None:
    before, after = (rehearsal(**RUNNING, sync=sync, chart=ROUND) for _ in range(2))
    quarters(before, 0, 8)
    if cue:
        before.play(before.now, Command(cue))
    quarters(before, 8, 10)
    told = before.engine.snapshot()
    after.play(before.now, TakeUp(played(10), *bars_and_place(told)))
    goes, went = (
        [(it["song"], it["chord"]) for it in quarters(jam, 11, 21)] for jam in (after, before)
    )
    assert goes == went and len({str(it) for it in went}) == (4 if cue else 8)
