"""What a player is promised, on virtual time."""

from statistics import fmean
from typing import Any

import numpy as np
import pytest

from livegen.codec.layout import Event
from livegen.inference.contract import Model, Sounding, State, Summary
from livegen.jam.controls.controls import settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine, Wake
from livegen.jam.interplay.performer import LEAST_US
from livegen.jam.timing.agenda import Route, Timed
from livegen.music.messages import ControlChange, Cut, NoteOff, NoteOn, Other
from livegen.music.parts import LEAD
from livegen.testing import SECOND, EchoModel, FaultyModel, Rehearsal, ScriptedModel, UniformModel

BEAT = SECOND // 2
PHRASE = (60, 62, 64, 65)


class ListeningModel(UniformModel):
    """Knows which events lie behind each state that it gave: the last number of a state is that of its events."""

    def __init__(self) -> None:
        super().__init__(6)
        self._events: list[tuple[Event, ...]] = [()]

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        after, summary = super().advance(event, style, sounding, state)
        after[-1] = len(self._events)
        self._events.append((*self._events[int(state[-1])], event))
        return after, summary

    def heard(self, jam: Rehearsal) -> tuple[Event, ...]:
        """All that the live state has heard."""
        return self._events[int(jam.engine._listener.live.state[-1])]


def rehearsal(model: Model | None = None, seed: int = 1, **controls: object) -> Rehearsal:
    given = settings({"tempo": 120, **controls})
    return Rehearsal(Engine(model or UniformModel(6), seed=seed, settings=given))


def play(jam: Rehearsal, pitches: tuple[int, ...] = PHRASE, at: int = 0, velocity: int = 80) -> int:
    """A note on every beat, four fifths of it long; gives the time of the last release."""
    for beat, pitch in enumerate(pitches):
        jam.play(at + beat * BEAT, NoteOn(pitch, velocity))
        jam.play(at + beat * BEAT + BEAT * 4 // 5, NoteOff(pitch))
    return jam.now


def onsets(jam: Rehearsal) -> list[tuple[int, NoteOn]]:
    return [(at, message) for at, message in jam.sent if isinstance(message, NoteOn)]


def test_a_chord_that_the_melody_implies_is_struck_even_out_of_the_key_that_was_heard() -> None:
    """By the second note of G flat major the key is still C major, in which a G flat chord has no tones but one."""
    jam = rehearsal(mode="accompany", parts="comp", adherence=1, rest=2000)
    jam.play(0, NoteOn(72, 80))
    for at, pitch in enumerate((72, 74, 76, 77, 79, 81, 83, 84, 84, 79, 76, 72)):
        jam.play(at * BEAT // 2 + 1_000, NoteOff(72))
        jam.play(at * BEAT // 2 + 2_000, NoteOn(pitch, 80))
        jam.play(at * BEAT // 2 + BEAT // 2, NoteOff(pitch))
    began = jam.now
    for at, pitch in enumerate((78, 82, 85, 90)):
        jam.play(began + at * BEAT + 1_000, NoteOn(pitch, 80))
        jam.play(began + at * BEAT + BEAT, NoteOff(pitch))

    assert any(it.pitch % 12 in (6, 10, 1) for at, it in onsets(jam) if at > began)


# --- turns ----------------------------------------------------------------------------------------------------


def test_a_call_is_answered_on_the_one_and_at_about_its_length() -> None:
    jam = rehearsal(EchoModel())
    last = play(jam)
    jam.until(20 * SECOND)
    first, end = onsets(jam)[0][0], jam.sent[-1][0]
    assert first % (4 * BEAT) == 0
    assert last < first <= last + 5 * BEAT
    assert end - first <= 4 * BEAT
    assert jam.engine.snapshot()["turn"] == "waiting"
    assert jam.engine.deadline() is None


@pytest.mark.parametrize("notes", [2, 3, 4, 5])
@pytest.mark.parametrize("metre", ["6/8", "9/8", "12/8"])
def test_in_compound_time_an_answer_begins_on_a_dotted_beat_and_lasts_whole_ones(
    metre: str, notes: int
) -> None:
    jam = rehearsal(EchoModel(), metre=metre, start="beat")
    play(jam, PHRASE[:1] * notes)
    jam.until(20 * SECOND)
    first, end = onsets(jam)[0][0], jam.sent[-1][0]
    assert first % (BEAT * 3 // 2) == 0
    assert end - first <= 6 * BEAT


def test_playing_over_a_response_silences_it_at_once() -> None:
    jam = rehearsal(EchoModel())
    play(jam)
    jam.until(onsets_began(jam) + LEAST_US)
    assert jam.wire.sounding
    out = jam.engine.feed(NoteOn(72, 80), jam.now)
    assert out == [Timed(jam.now, Cut())]
    assert jam.engine.snapshot()["planned"] == 0
    assert jam.engine.snapshot()["turn"] == "listening"


def test_an_interruption_is_itself_answered() -> None:
    jam = rehearsal(EchoModel())
    play(jam)
    interrupted = onsets_began(jam) + 10_000
    play(jam, (72, 74), at=interrupted)
    jam.until(20 * SECOND)
    assert next(m.pitch for at, m in onsets(jam) if at > interrupted) == 74


def test_a_response_may_begin_at_once_or_on_the_bar_line() -> None:
    begins = {}
    for start in ("now", "beat", "bar"):
        jam = rehearsal(start=start, rest=300)
        last = play(jam, PHRASE[:3])
        jam.until(20 * SECOND)
        begins[start] = onsets(jam)[0][0]
        planned_from = {"now": last + 300_000, "beat": 3 * BEAT, "bar": 4 * BEAT}[start]
        assert planned_from - 21_000 <= begins[start] <= planned_from + 2 * BEAT


def test_a_key_that_is_held_keeps_the_call_open() -> None:
    jam = rehearsal()
    jam.play(0, NoteOn(60, 80))
    jam.until(29 * SECOND)
    assert not jam.sent


def test_a_lost_note_off_is_made_up_for_after_half_a_minute() -> None:
    jam = rehearsal()
    jam.play(0, NoteOn(60, 80))
    jam.until(40 * SECOND)
    assert onsets(jam)
    assert jam.engine.snapshot()["held"] == 0


def test_the_sustain_pedal_holds_no_call_open() -> None:
    jam = rehearsal()
    jam.play(0, ControlChange(64, 127))
    play(jam)
    jam.until(5 * SECOND)
    assert onsets(jam)


def test_a_continuation_goes_on_until_the_player_plays() -> None:
    jam = rehearsal(mode="continue")
    play(jam)
    jam.until(60 * SECOND)
    assert onsets(jam)[-1][0] > 50 * SECOND
    jam.play(61 * SECOND, NoteOn(60, 80))
    jam.until(70 * SECOND)
    assert jam.sent[-1][0] <= 61 * SECOND


@pytest.mark.parametrize("control", [120, 123])
def test_all_notes_off_stops_and_is_no_music(control: int) -> None:
    jam = rehearsal(EchoModel())
    play(jam)
    jam.until(onsets_began(jam) + 1)
    jam.play(jam.now, ControlChange(control, 0, 5))
    heard = jam.engine.snapshot()["heard"]
    sent = len(jam.sent)
    jam.until(30 * SECOND)
    assert not jam.wire.sounding
    assert len(jam.sent) == sent
    assert jam.engine.snapshot()["heard"] == heard


def test_all_notes_off_releases_keys_that_are_held() -> None:
    jam = rehearsal()
    jam.play(0, NoteOn(60, 80))
    jam.play(BEAT, ControlChange(123, 0))
    assert jam.engine.snapshot()["held"] == 0
    assert jam.engine.deadline() is None


def test_panic_always_cuts() -> None:
    jam = rehearsal()
    assert jam.engine.feed(Command("panic"), 5) == [Timed(5, Cut())]


def test_clock_and_other_messages_are_no_music() -> None:
    jam = rehearsal()
    for data in (b"\xf8", b"\xfa", b"\xe0\x00\x40", b"\xd0\x05", b"\xf0\x01\xf7"):
        assert jam.engine.feed(Other(data), 0) == []
    jam.until(20 * SECOND)
    assert jam.sent == []
    assert jam.engine.snapshot()["heard"] == 0


# --- time -----------------------------------------------------------------------------------------------------


def test_the_first_note_is_handed_out_before_it_is_due() -> None:
    for seed in range(20):
        jam = rehearsal(seed=seed)
        play(jam)
        while (deadline := jam.engine.deadline()) is not None and not jam.engine.snapshot()[
            "planned"
        ]:
            out = jam.engine.feed(Wake(), deadline)
            if out:
                assert out[0].due - deadline <= 30_000
                assert out[0].due >= deadline


def test_a_reply_that_is_due_at_once_comes_with_the_release() -> None:
    eager = ScriptedModel((1, LEAD, 1, 62, 16))
    jam = rehearsal(eager, rest=0, start="now", follow=0)
    jam.play(0, NoteOn(60, 80))
    jam.until(495_000)
    out = jam.engine.feed(NoteOff(60), 495_000)
    assert out == [Timed(495_000, NoteOn(62, 66))]


def test_planning_comes_in_slices_that_a_key_can_come_between() -> None:
    calls = [0]

    class CountingModel(UniformModel):
        def advance(
            self, event: Event, style: int, sounding: Sounding, state: State
        ) -> tuple[State, Summary]:
            calls[0] += 1
            return super().advance(event, style, sounding, state)

    jam = rehearsal(CountingModel(1), length=4)
    play(jam)
    most = 0
    while (deadline := jam.engine.deadline()) is not None and deadline < 5 * SECOND:
        before = calls[0]
        jam.engine.feed(Wake(), deadline)
        most = max(most, calls[0] - before)
    assert 0 < most <= 8


def test_what_comes_too_late_is_not_played() -> None:
    jam = rehearsal(EchoModel())
    play(jam)
    while not jam.engine.snapshot()["planned"]:
        jam.until(jam.engine.deadline() or 0)
    now = jam.now + 900_000  # the engine was held up
    out = jam.engine.feed(Wake(), now)
    assert jam.engine.snapshot()["late"] == 1
    assert all(timed.due >= now for timed in out)


def test_the_tempo_of_the_player_is_answered_in() -> None:
    jam = rehearsal(EchoModel(), tempo="auto")
    for beat in range(8):
        jam.play(beat * 300_000 + (beat % 3) * 5_000, NoteOn(60 + beat, 80))
        jam.play(beat * 300_000 + 200_000, NoteOff(60 + beat))
    jam.until(12 * SECOND)
    assert jam.engine.snapshot()["tempo_bpm"] == pytest.approx(100, abs=2)
    for at, _ in onsets(jam):
        assert min(at % 300_000, 300_000 - at % 300_000) < 25_000


def test_a_call_heard_again_on_a_better_grid_is_heard_whole() -> None:
    """However the tempo was found, the state is that of a player who kept it from the start."""
    found, known = ListeningModel(), ListeningModel()
    jams = rehearsal(found, tempo="auto"), rehearsal(known, tempo=96)
    for jam in jams:
        for beat in range(6):
            jam.play(beat * 625_000, NoteOn(60 + beat, 80))
            jam.play(beat * 625_000 + 312_500, NoteOff(60 + beat))
        jam.until(jam.now + 600_000)
    assert len(found.heard(jams[0])) >= 12 and found.heard(jams[0]) == known.heard(jams[1])


# --- what is heard ----------------------------------------------------------------------------------------------


def test_the_state_hears_each_note_as_it_comes() -> None:
    jam = rehearsal()
    jam.play(0, NoteOn(60, 80))
    assert jam.engine.snapshot()["heard"] == 1
    jam.play(1000, NoteOff(60))
    assert jam.engine.snapshot()["heard"] == 2


def test_what_is_played_before_another_answer_has_begun_is_heard_in_its_own_rhythm() -> None:
    """That answer was to begin on the next beat, and the call is heard as if it had ended just before it."""
    model = ListeningModel()
    jam = rehearsal(model, start="now", rest=150, tempo=40)
    play(jam)
    first = onsets_began(jam)
    jam.play(first + 10_000, Command("again"))
    for at in range(4):
        jam.play(first + 20_000 + at * BEAT // 2, NoteOn(100 + at, 80))
        jam.play(first + 20_000 + at * BEAT // 2 + BEAT // 4, NoteOff(100 + at))

    later = range(101, 104)
    times = [e.time for e in model.heard(jam) if e.on and e.velocity == 20 and e.pitch in later]
    assert times == [2, 2, 2]  # since the key before came up, an eighth of a second ago


def test_the_models_own_notes_are_heard_when_they_sound_and_not_if_they_never_do() -> None:
    jam = rehearsal(EchoModel())
    play(jam)
    first = onsets_began(jam)
    assert jam.engine.snapshot()["heard"] == 9
    jam.play(first + LEAST_US, NoteOn(50, 80))
    assert jam.engine.snapshot()["heard"] == 11  # the end of the echo, and the key


def test_a_channel_without_a_rule_is_not_heard() -> None:
    jam = Rehearsal(Engine(UniformModel(), rules={0: "lead"}))
    jam.play(0, NoteOn(60, 80, 3))
    jam.play(5, NoteOff(60, 64, 3))
    assert jam.engine.snapshot()["heard"] == 0
    assert jam.engine.deadline() is None


def test_parts_are_sent_on_their_channels() -> None:
    rules = {0: "lead", 1: "comp", 2: "bass", 9: "drums"}
    routes = {"lead": Route(4), "comp": Route(5), "bass": Route(6), "drums": Route(9)}
    given = settings({"length": 8})
    engine = Engine(UniformModel(2), settings=given, routes=routes, rules=rules)
    jam = Rehearsal(engine)
    for beat in range(4):
        for channel, pitch in ((0, 72), (1, 60), (2, 40), (9, 36)):
            jam.play(beat * BEAT, NoteOn(pitch, 80, channel))
            jam.play(beat * BEAT, NoteOff(pitch, 64, channel))
    jam.until(30 * SECOND)
    assert {message.channel for _, message in onsets(jam)} == {4, 5, 6, 9}


def test_only_parts_that_were_heard_answer() -> None:
    jam = Rehearsal(Engine(UniformModel(2), settings=settings({"length": 8})))
    jam.play(0, NoteOn(36, 80, 9))
    jam.until(30 * SECOND)
    assert {message.channel for _, message in onsets(jam)} == {9}


# --- controls ---------------------------------------------------------------------------------------------------


def pitches(**controls: object) -> set[int]:
    jam = rehearsal(None, 1, length=32, **controls)
    play(jam, (60, 64, 67, 71, 72))
    jam.until(120 * SECOND)
    found = {message.pitch for _, message in onsets(jam)}
    assert len(found) > 4
    return found


def test_a_locked_scale_is_kept() -> None:
    assert {pitch % 12 for pitch in pitches(scale="F# blues")} <= {6, 9, 11, 0, 1, 4}


def test_the_scale_that_was_played_is_kept() -> None:
    assert {pitch % 12 for pitch in pitches(scale="played")} <= {0, 2, 4, 5, 6, 7, 9, 11}


def test_without_a_scale_all_pitches_come() -> None:
    assert len({pitch % 12 for pitch in pitches(scale="off")}) == 12


@pytest.mark.parametrize(
    ("register", "low", "high"), [("call", 53, 79), ("48-55", 48, 55), ("all", 21, 108)]
)
def test_the_register_is_kept(register: str, low: int, high: int) -> None:
    found = pitches(register=register, scale="off")
    assert low <= min(found) < max(found) <= high


def test_more_density_is_more_notes() -> None:
    counts = []
    for density in (0.5, 1, 2):
        jam = rehearsal(UniformModel(3), density=density, length=32)
        play(jam)
        jam.until(120 * SECOND)
        counts.append(len(onsets(jam)))
    assert counts[0] * 1.4 < counts[1] < counts[2] / 1.4


def on_lines(jam: Rehearsal) -> float:
    """Share of onsets on eighths, sixteenths and triplets of the beat."""
    timeline = jam.engine.timeline
    ticks = [timeline.tick(at) % 24 for at, _ in onsets(jam)]
    return sum(tick in (0, 6, 8, 12, 16, 18) for tick in ticks) / len(ticks)


def test_a_call_on_the_grid_is_answered_on_the_grid_as_closely_as_told() -> None:
    shares = []
    for groove in (0, 0.5, 1):
        jams = [rehearsal(groove=groove, length=32, seed=seed) for seed in (1, 2, 3)]
        for jam in jams:
            play(jam)
            jam.until(120 * SECOND)
        shares.append(fmean(on_lines(jam) for jam in jams))
    assert shares[0] < 0.3
    assert 0.5 < shares[1] < 0.8
    assert shares[2] > 0.85


def test_loose_playing_is_answered_loosely() -> None:
    jam = rehearsal(groove=1, length=32, rest=1000)
    for note in range(20):
        jam.play(note * 287_000, NoteOn(60, 80))
        jam.play(note * 287_000 + 200_000, NoteOff(60))
    jam.until(120 * SECOND)
    assert on_lines(jam) < 0.7


def test_a_response_is_about_as_loud_as_its_call() -> None:
    means = []
    for velocity in (30, 110):
        jam = rehearsal(follow=1, length=8)
        play(jam, velocity=velocity)
        jam.until(60 * SECOND)
        means.append(np.mean([message.velocity for _, message in onsets(jam)]))
    assert means[0] < 50
    assert means[1] > 90


def test_length_in_bars() -> None:
    jam = rehearsal(EchoModel(), length=2)
    play(jam)
    jam.until(30 * SECOND)
    assert 7 * BEAT < jam.sent[-1][0] - jam.sent[0][0] <= 8 * BEAT


def test_a_control_turned_during_a_response_acts_within_the_lookahead() -> None:
    jam = rehearsal(UniformModel(2), mode="continue", scale="off")
    play(jam)
    jam.until(10 * SECOND)
    jam.play(10 * SECOND, Command("scale", "C major pentatonic"))
    jam.until(30 * SECOND)
    late = {message.pitch % 12 for at, message in onsets(jam) if at > 11 * SECOND}
    assert late <= {0, 2, 4, 7, 9}


@pytest.mark.parametrize(
    "command", [Command("rest", -5), Command("fly", 1), Command("style", "polka"), Command("mode")]
)
def test_a_command_that_makes_no_sense_changes_nothing(command: Command) -> None:
    jam = rehearsal()
    jam.play(0, command)
    play(jam, at=1000)
    jam.until(5 * SECOND)
    assert onsets(jam)


# --- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("every", [1, 2, 13])
def test_a_model_that_fails_leaves_nothing_sounding(every: int, nan: bool) -> None:
    jam = rehearsal(FaultyModel(UniformModel(6), every, nan))
    for call in range(4):
        play(jam, at=call * 8 * SECOND)
    jam.until(60 * SECOND)
    assert not jam.wire.sounding
    assert jam.engine.deadline() is None
    assert jam.engine.snapshot()["faults"]


@pytest.mark.parametrize(
    ("controls", "is_hasty"),
    [
        ({}, False),
        ({"start": "now"}, True),
        ({"mode": "accompany"}, True),
        ({"mode": "harmonise"}, True),
        ({"mode": "trade"}, False),
    ],
)
def test_an_answer_at_once_is_told_from_one_on_a_bar_line(
    controls: dict[str, Any], is_hasty: bool
) -> None:
    assert rehearsal(UniformModel(), **controls).engine.is_hasty is is_hasty


def test_keeping_warm_reaches_the_model() -> None:
    warm: list[bool] = []

    class WarmModel(UniformModel):
        def keep_warm(self) -> None:
            warm.append(True)

    rehearsal(WarmModel()).engine.keep_warm()
    assert warm


def onsets_began(jam: Rehearsal) -> int:
    """Let time pass until the response has begun; when."""
    while not onsets(jam):
        deadline = jam.engine.deadline()
        assert deadline is not None
        jam.until(deadline)
    return onsets(jam)[0][0]
