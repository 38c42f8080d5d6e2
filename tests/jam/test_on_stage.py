"""What a player may do at any moment, and what must never come of it."""

from itertools import pairwise

import pytest

from livegen.jam.controls.controls import settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine, Swap, Wake
from livegen.jam.turns import MODES
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.testing import SECOND, EchoModel, Rehearsal, UniformModel
from tests.jam.stage import (
    BAR,
    BEAT,
    CLOCK,
    START,
    began,
    clocks,
    command,
    onsets,
    play,
    rehearsal,
    turn,
)

# --- controls ---------------------------------------------------------------------------------------------------


def test_other_bars_forget_no_call_and_cut_no_answer() -> None:
    jam = rehearsal(length=2)
    play(jam)
    command(jam, "metre", "3/4")
    first = began(jam)
    command(jam, "metre", "4/4", at=first + 100_000)
    jam.until(20 * SECOND)
    assert len(onsets(jam, first)) >= 6, "two bars of three, as if nothing had been turned"


def test_the_tempo_of_our_own_is_turned_without_a_cut_or_a_burst() -> None:
    jam = rehearsal(sync="internal", length=4, start="beat")
    play(jam)
    first = began(jam)
    for step, bpm in enumerate((110, 100, 90, 180)):
        command(jam, "tempo", bpm, at=first + (step + 1) * 300_000)
    jam.until(20 * SECOND)
    begun = [at for at, _ in onsets(jam)]
    assert len(begun) in (15, 16)  # the last one may close it, on a strong beat
    assert min(b - a for a, b in pairwise(begun)) >= 160_000


def test_internal_time_runs_without_a_tempo_that_was_told() -> None:
    jam = rehearsal(sync="internal", tempo="auto", clock_out="on")
    jam.until(SECOND)
    assert jam.engine.snapshot()["leader"] == "internal"
    assert sum(message == CLOCK for _, message in jam.sent) >= 40


def test_taps_while_a_clock_leads_change_nothing_that_is_heard() -> None:
    sent = []
    for taps in (False, True):
        jam = rehearsal(length=2)
        jam.play(0, START)
        for beat in range(24):
            if beat < 4:
                jam.play(beat * BEAT, NoteOn(60 + beat, 80))
                jam.play(beat * BEAT, CLOCK)
                for clock in range(1, 24):
                    jam.play(beat * BEAT + clock * BEAT // 24, CLOCK)
                jam.play(jam.now, NoteOff(60 + beat))
            else:
                clocks(jam, 1, beat * BEAT)
            if taps:
                command(jam, "tap")
        sent.append(jam.sent)
    assert sent[0] == sent[1]
    assert sent[0]


def test_two_presets_for_one_bar_line_take_over_in_turn() -> None:
    presets = {"loud": {"energy": 1, "density": 2}, "dense": {"density": 4}}
    given = settings({"tempo": 120, "mode": "continue"})
    jam = Rehearsal(Engine(EchoModel(), settings=given, presets=presets))
    play(jam)
    first = began(jam)
    command(jam, "preset", "loud", at=first + 100_000)
    command(jam, "preset", "dense")
    jam.until(first + 110_000)
    assert jam.engine.settings.density == 1
    jam.until(first + BAR)
    assert (jam.engine.settings.energy, jam.engine.settings.density) == (1, 4)


# --- commands ---------------------------------------------------------------------------------------------------


def test_again_after_an_accompaniment_is_over_does_no_harm() -> None:
    jam = rehearsal(UniformModel(6), mode="accompany")
    play(jam)
    jam.until(20 * SECOND)
    assert turn(jam) == "waiting"
    command(jam, "again")
    jam.until(25 * SECOND)
    command(jam, "stop")
    play(jam, at=26 * SECOND)
    assert turn(jam) == "together"
    assert onsets(jam, 26 * SECOND)


def test_commands_before_anything_was_played_do_nothing() -> None:
    jam = rehearsal()
    for name in ("undo", "again", "freeze", "keep", "your_turn", "my_turn", "undo"):
        command(jam, name)
    jam.until(SECOND)
    assert turn(jam) == "waiting"
    assert not jam.sent
    assert jam.engine.deadline() is None


@pytest.mark.parametrize("mode", ["respond", "continue", "trade", "solo"])
def test_frozen_at_its_first_note_it_repeats_to_the_note(mode: str) -> None:
    jam = rehearsal(UniformModel(6), mode=mode, trade=1)
    play(jam)
    first = began(jam)
    command(jam, "freeze", at=first + 1000)
    jam.until(first + 20 * SECOND)
    rounds = [
        [(at - since, note) for at, note in onsets(jam, since, since + 2 * BAR)]
        for since in (first + 2 * BAR, first + 4 * BAR)
    ]
    assert rounds[0] == rounds[1] != []


def test_a_frozen_answer_loses_no_beat_where_it_comes_again() -> None:
    jam = rehearsal()
    play(jam)
    first = began(jam)
    command(jam, "freeze", at=first + 300_000)
    jam.until(first + 3 * BAR - 1)
    answered = [
        beat for beat in range(4) if onsets(jam, first + beat * BEAT, first + beat * BEAT + 1)
    ]
    assert answered[:3] == [0, 1, 2], "the last note may be held"
    assert [at for at, _ in onsets(jam)] == [
        first + bar * BAR + beat * BEAT for bar in range(3) for beat in answered
    ]


def test_frozen_once_more_in_its_last_repetition_it_goes_on() -> None:
    jam = rehearsal()
    play(jam)
    began(jam)
    for at in (0, 8 * SECOND, 8 * SECOND + 100_000):
        command(jam, "freeze", at=jam.now if not at else 3 * SECOND + at)
    jam.until(30 * SECOND)
    assert onsets(jam, 28 * SECOND)


def test_in_a_trade_who_lingers_into_another_answer_does_not_lose_it() -> None:
    jam = rehearsal(mode="trade", trade=1)
    play(jam)
    jam.until(began(jam) + 600_000)
    command(jam, "again")
    jam.until(jam.now + 60_000)
    jam.play(jam.engine._performer.plan.start_us - 20_000, NoteOn(70, 80))  # type: ignore[union-attr]
    jam.play(jam.now + 100_000, NoteOff(70))
    assert turn(jam) == "responding"


# --- modes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", MODES)
@pytest.mark.parametrize("after", ["respond", "accompany", "harmonise", "listen"])
def test_any_mode_gives_way_to_any_other_in_the_middle_of_a_loop(before: str, after: str) -> None:
    jam = rehearsal(UniformModel(6), mode=before)
    play(jam, (48, 50, 52, 53))
    command(jam, "freeze", at=4 * SECOND)
    command(jam, "mode", after, at=6 * SECOND)
    command(jam, "stop", at=9 * SECOND - 1)
    sent = len(jam.sent)
    play(jam, at=20 * SECOND)
    assert not onsets(jam, 9 * SECOND, 20 * SECOND)
    jam.until(30 * SECOND)
    assert (len(jam.sent) > sent) == (after != "listen")
    jam.play(jam.now, Swap(UniformModel(6)))


def accompanied(player_us: int) -> list[int]:
    """Onsets of an accompaniment beside a player who strikes a key every so often, for eight bars."""
    jam = rehearsal(UniformModel(6), mode="accompany")
    for at in range(0, 8 * BAR, player_us):
        jam.play(at, NoteOn(72, 80))
        jam.play(at + player_us * 4 // 5, NoteOff(72))
    return [at for at, _ in onsets(jam, 0, 8 * BAR)]


def test_an_accompaniment_goes_on_beside_eighths_and_sixteenths() -> None:
    for begun in (accompanied(player_us) for player_us in (BEAT, BEAT // 2, BEAT // 4)):
        assert len(begun) > 8
        assert max(b - a for a, b in pairwise(begun)) <= 2 * BAR


def test_a_chord_that_shows_itself_late_is_gone_by_before_its_bar_is_over() -> None:
    jam = rehearsal(UniformModel(6), mode="accompany", parts="bass", nucleus=0.05)
    for at, chord in ((0, (48, 52, 55)), (BAR, (53, 57))):
        for pitch in chord:
            jam.play(at, NoteOn(pitch, 80))
        for pitch in chord:
            jam.play(at + BAR - 100_000, NoteOff(pitch))
    late = onsets(jam, BAR + 2 * BEAT + BEAT // 2, 2 * BAR)
    assert {note.pitch % 12 for _, note in late} <= {5, 9, 0}


def test_a_long_accompaniment_stays_small() -> None:
    jam = rehearsal(mode="accompany", parts="bass")
    for at in range(270):
        jam.play(at * SECOND, NoteOn(60 + at % 12, 80))
        jam.play(at * SECOND + SECOND // 2, NoteOff(60 + at % 12))
    listener, performer = jam.engine._listener, jam.engine._performer
    call, response = listener.call, performer.response
    assert call is not None
    assert response is not None
    assert len(call.strokes) <= 2048
    assert len(response.strokes) <= 2048
    assert len(listener._history) <= 512
    assert len(call.phrase.onsets_us) <= 256
    assert turn(jam) == "together"
    jam.play(jam.now, Command("stop"))
    assert not jam.wire.sounding


@pytest.mark.parametrize("tempo", [120, "auto"])
def test_internal_time_begins_at_bar_one_however_long_the_machine_has_run(tempo: object) -> None:
    engine = Engine(UniformModel(), settings=settings({"sync": "internal", "tempo": tempo}))
    engine.feed(Wake(), 100_000 * SECOND)
    engine.feed(NoteOn(60, 80), 100_001 * SECOND)
    assert 0 <= engine.timeline.tick(100_001 * SECOND) <= 2 * TICKS_PER_BEAT


@pytest.mark.parametrize("mode", ["respond", "listen"])
def test_a_beat_that_is_found_when_the_call_has_ended_does_not_silence_the_response(
    mode: str,
) -> None:
    jam = rehearsal(UniformModel(6), mode="accompany", tempo="auto")
    for at in (0, 530_000, 730_000, 1_030_000):
        jam.play(at, NoteOn(60, 80))
        jam.play(at + 5_000, NoteOff(60))
    jam.until(jam.now + 5_000)
    command(jam, "mode", mode)
    jam.until(jam.now + 5 * SECOND)
    assert turn(jam) == "waiting"
