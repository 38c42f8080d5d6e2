"""Why a note was played: every note has a reason, the arcs are true, and nobody waits for an answer."""

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
import pytest

from livegen.codec.layout import FIELDS, Event
from livegen.inference.contract import (
    Logits,
    Looks,
    Model,
    Query,
    Sounding,
    State,
    Summary,
    Weights,
)
from livegen.jam.band.harmonies import Welcome
from livegen.jam.band.theme import Point, Theme
from livegen.jam.controls.controls import settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.jam.harmony.outline import ChordFrom
from livegen.jam.planning.strikes import LAST_HITS
from livegen.jam.reports.explaining import CANNOT_TELL, KEPT, NOT_KEPT
from livegen.jam.reports.reasons import Cause, Drawn, Mixed, Reason, explained
from livegen.music.chords.chord import Chord
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.parts import COMP, DRUM_CHANNEL
from livegen.music.time.metre import COMMON_TIME
from livegen.testing import SECOND, EchoModel, FaultyModel, Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, command, onsets, play, rehearsal, reply

PLACES = 16


class Copier(EchoModel):
    """An echo that takes up the note begun before the last one: a leap back and forth.  It can say what it looks at."""

    def __init__(self) -> None:
        super().__init__()
        looks = Looks(first=8, numbers=1, places=PLACES)
        self.facts = replace(EchoModel.facts, state_shape=(8 + PLACES,), looks=looks)
        self.runs = 0

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Push the pitch that begins, 0 for none, into the window."""
        self.runs += 1
        heard, _ = super().advance(event, style, sounding, state)
        heard[8:] = [*state[9:], event.pitch if event.on and event.time < 192 else 0]
        return heard, heard

    def looked(self, event: Event, style: int, sounding: Sounding, state: State) -> Weights | None:
        """All at the last note but one."""
        window = self.advance(event, style, sounding, state)[0][8:]
        begun = np.flatnonzero(window)
        weights = np.full((1, PLACES), 0.01 / PLACES, np.float32)
        if len(begun) > 1:
            weights[0, begun[-2]] += 0.99
        return weights

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """That pitch, if it is still in the window; any where it is not."""
        if field != "pitch":
            return super().logits(field, summary, query)
        begun = [pitch for pitch in summary[8:].astype(int).tolist() if pitch]
        logits = np.zeros(FIELDS["pitch"], np.float32)
        if len(begun) > 1:
            logits[begun[-2]] = 6.0
        return logits


def why(jam: Rehearsal, note: Sequence[int] | float | None = None) -> dict[str, Any]:
    """Ask, let the answer be worked out, and give it; empty where there is none."""
    command(jam, "why", note)
    runs = 0
    while jam.engine.ponder():
        runs += 1
        assert runs < 50
    if not reply(jam)["done"]:
        return {}
    told = jam.engine.snapshot()["why"]
    assert isinstance(told, dict)
    return told


def taken_up(told: dict[str, Any]) -> list[tuple[int, ...]]:
    """Who, when, channel and pitch of the notes that were taken up."""
    flat = told["took_up"]
    return [tuple(flat[at : at + 4]) for at in range(0, len(flat), 5)]


def watched(model: Model | None = None, seed: int = 1, **controls: object) -> Rehearsal:
    jam = rehearsal(model, seed, **controls)
    jam.engine.watch(True)
    return jam


# --- every note -------------------------------------------------------------------------------------------------------

WAYS: tuple[tuple[Model, dict[str, object]], ...] = (
    (EchoModel(), {"mode": "respond"}),
    (UniformModel(4), {"mode": "respond", "theme": 1.0}),
    (UniformModel(4), {"mode": "continue"}),
    (UniformModel(4), {"mode": "accompany", "parts": "comp bass drums"}),
    (UniformModel(4), {"mode": "respond", "parts": "lead drums"}),
    (UniformModel(4), {"mode": "harmonise"}),
)


@pytest.mark.parametrize(("model", "controls"), WAYS)
def test_every_note_that_sounds_has_a_reason(model: Model, controls: dict[str, object]) -> None:
    jam = watched(model, 1, **controls)
    play(jam, (60, 64, 67, 72, 71, 67, 64, 62))
    jam.until(jam.now + 2 * BAR)
    notes = [(at, it.channel, it.pitch) for at, it in onsets(jam)][-KEPT:]

    assert len(notes) >= 3
    for note in notes:
        told = why(jam, note)
        assert (told["at"], told["channel"], told["pitch"]) == note
        assert told["who"] in {source.word for source in Cause}
        assert 0 <= told["chance"] <= 1 and len(told["others"]) <= 6
        assert reply(jam)["line"].startswith(told["note"])


def test_without_a_word_the_last_note_is_meant_and_with_a_pitch_the_last_of_that() -> None:
    jam = watched()
    play(jam, (60, 62, 64, 65))
    jam.until(jam.now + 2 * BAR)
    (last_at, last), *_ = reversed(onsets(jam))

    assert why(jam)["at"] == why(jam, last.pitch)["at"] == last_at
    assert why(jam, float(last.pitch))["at"] == last_at  # some surfaces only know such numbers


def test_what_is_not_known_is_told_in_one_line() -> None:
    jam = watched()
    assert not why(jam)
    assert reply(jam)["line"] == "The model has not played yet: there is nothing to explain."

    play(jam)
    jam.until(jam.now + 2 * BAR)
    at, note = onsets(jam)[0]
    unknown: tuple[Any, ...] = (
        (at + BEAT // 3, note.channel, note.pitch),
        (at, note.channel + 1, note.pitch),
        note.pitch + 1,
        "E4",
        [1, 2],
        {"at": at},
    )
    for value in unknown:
        assert not why(jam, value)
        assert "no longer known" in reply(jam)["line"]


# --- arcs -------------------------------------------------------------------------------------------------------------


def test_arcs_point_at_notes_that_were_heard_before() -> None:
    jam = watched(Copier(), theme=0)
    play(jam, (60, 67, 60, 67))
    jam.until(jam.now + 2 * BAR)
    sounded = {(1, at, it.channel, it.pitch) for at, it in onsets(jam)}
    sounded |= {(0, beat * BEAT, 0, pitch) for beat, pitch in enumerate((60, 67, 60, 67))}

    arcs = 0
    for at, note in onsets(jam):
        told = why(jam, (at, note.channel, note.pitch))
        assert {*taken_up(told)} <= sounded
        assert all(since < at for _, since, _, _ in taken_up(told))
        arcs += len(taken_up(told))
    assert arcs >= len(onsets(jam)) >= 3


def test_an_arc_leads_to_the_very_note_that_was_taken_up() -> None:
    jam = watched(Copier(), theme=0, adherence=0)
    play(jam, (60, 67, 60, 67))
    jam.until(jam.now + 2 * BAR)
    (at, first), *_ = onsets(jam)

    told = why(jam, (at, first.channel, first.pitch))

    assert first.pitch == 60 and told["who"] == "network"
    assert taken_up(told) == [(0, 2 * BEAT, 0, 60)]
    assert told["without"] > 20
    assert "takes up a note that was heard" in told["seen"]


def test_where_nothing_that_was_heard_mattered_it_is_habit() -> None:
    class Stubborn(Copier):
        def logits(self, field: str, summary: Summary, query: Query) -> Logits:
            logits = super().logits(field, summary, query)
            if field == "pitch":
                logits = np.where(np.arange(128) == 64, 9.0, 0.0).astype(np.float32)
            return logits

    jam = watched(Stubborn(), theme=0)
    play(jam, (60, 64, 60, 64))
    jam.until(jam.now + 2 * BAR)

    told = why(jam)
    assert (told["note"], told["who"]) == ("E4", "habit") and not taken_up(told)


def test_a_model_that_cannot_say_what_it_looked_at_says_so() -> None:
    jam = watched(EchoModel(), theme=0)
    play(jam)
    jam.until(jam.now + 2 * BAR)

    assert why(jam)["seen"] == CANNOT_TELL


def test_steps_of_the_network_are_kept_once_somebody_asks_and_not_before() -> None:
    jam = rehearsal(Copier(), theme=0)
    play(jam, (60, 67, 60, 67))
    jam.until(jam.now + 2 * BAR)
    assert why(jam)["seen"] == NOT_KEPT

    play(jam, (60, 67, 60, 67), at=jam.now + BAR)
    jam.until(jam.now + 2 * BAR)
    assert taken_up(why(jam))


# --- who decided ------------------------------------------------------------------------------------------------------


def test_a_chord_that_is_struck_decides_its_notes() -> None:
    jam = watched(UniformModel(6), mode="accompany", parts="comp")
    for pitch in (48, 52, 55):
        jam.play(0, NoteOn(pitch, 80))
    jam.play(BEAT // 2, NoteOn(76, 80))
    jam.until(BAR)

    (at, struck), *_ = onsets(jam)
    told = why(jam, (at, struck.channel, struck.pitch))
    assert struck.pitch % 12 in (0, 4, 7)
    assert told["who"] == "chord" and told["because"].endswith(" C")


def test_a_figure_of_the_call_decides_as_the_theme_and_the_arc_leads_to_it() -> None:
    jam = watched(UniformModel(12), theme=1.0, seed=8)
    call = (60, 64, 62, 69, 60, 64, 62, 69)
    play(jam, call)
    jam.until(jam.now + 3 * BAR)
    told = [why(jam, (at, it.channel, it.pitch)) for at, it in onsets(jam)]

    by_theme = [one for one in told if one["who"] == "theme"]
    assert by_theme
    heard = {(beat * BEAT, pitch) for beat, pitch in enumerate(call)}
    for one in by_theme:
        arcs = taken_up(one)
        assert one["without"] >= 2 and one["seen"].startswith("It repeats a note that was heard;")
        assert arcs and {(at, pitch) for who, at, _, pitch in arcs if who == 0} <= heard


def test_a_repetition_is_one_and_a_companion_goes_with_your_note() -> None:
    jam = watched()
    play(jam)
    jam.until(jam.now + 2 * BAR)
    command(jam, "freeze")
    jam.until(jam.now + 5 * BAR)
    assert why(jam)["who"] == "repeat"

    jam = watched(mode="harmonise")
    play(jam, (60, 64, 67, 72, 67, 64))
    assert why(jam)["who"] == "companion"


def test_a_note_of_a_variation_and_of_a_phrase_between_two_is_one_that_was_made_of_yours() -> None:
    jam = rehearsal(mode="listen", distance=0.5)
    play(jam)
    for gesture in ("keep_a", "vary", "keep_b", "between"):
        command(jam, gesture)
        jam.until(jam.now + 5 * BAR)
        if gesture in ("vary", "between"):
            told = why(jam)
            assert told["who"] == "phrase" and told["pitch"] == onsets(jam)[-1][1].pitch
            assert told["odds"] == told["seen"] == ""


def test_what_a_cue_asked_for_is_the_cues() -> None:
    jam = watched(UniformModel(6), mode="accompany", parts="comp bass drums")
    for beat in range(8):
        if not beat % 4:
            for pitch in (48, 52, 55):
                jam.play(beat * BEAT, NoteOn(pitch, 80))
        jam.play(beat * BEAT, NoteOn(76, 80))
        jam.play(beat * BEAT + BEAT // 2, NoteOff(76))
        if beat % 4 == 3:
            for pitch in (48, 52, 55):
                jam.play(beat * BEAT + BEAT // 2, NoteOff(pitch))
    command(jam, "ending")
    jam.until(jam.now + 2 * BAR)
    last = max(at for at, _ in onsets(jam))
    struck = [(at, it) for at, it in onsets(jam) if at > last - BEAT // 8]
    # A drum that the model adds to the last hit was asked for by nobody.
    struck = [row for row in struck if row[1].channel != DRUM_CHANNEL or row[1].pitch in LAST_HITS]

    assert len(struck) > 2
    assert {why(jam, (at, it.channel, it.pitch))["who"] for at, it in struck} == {"cue"}


# --- nobody waits -----------------------------------------------------------------------------------------------------


class Curious(Rehearsal):
    """One in which somebody asks all the time, of whatever note, and the answer is worked out now and then."""

    asked = 0

    def _feed(self, event: object, now: int) -> None:
        super()._feed(event, now)  # type: ignore[arg-type]
        self.asked += 1
        super()._feed(_question(self.asked), now)
        self.engine.ponder()
        self.engine.snapshot()


def _question(number: int) -> Command:
    return Command("why", (None, 60, [0, 0, 60])[number % 3])


@pytest.mark.parametrize("mode", ["respond", "continue", "accompany", "harmonise"])
def test_asking_changes_no_note_and_delays_none(mode: str) -> None:
    sent: list[list[tuple[int, Message]]] = []
    for kind in (Rehearsal, Curious):
        jam = kind(Engine(Copier(), seed=7, settings=settings({"mode": mode, "tempo": 120})))
        jam.engine.watch(isinstance(jam, Curious))
        play(jam, (60, 64, 67, 72, 67, 64))
        jam.until(12 * SECOND)
        sent.append(jam.sent)

    assert sent[0] == sent[1] and len(sent[0]) > 1


def test_a_slice_of_an_answer_is_one_run_of_the_network_at_most() -> None:
    model = Copier()
    jam = watched(model, theme=0)
    play(jam, (60, 67, 60, 67))
    jam.until(jam.now + 2 * BAR)
    command(jam, "why")
    before, slices = model.runs, 0
    while jam.engine.ponder():
        assert model.runs - before <= 1
        before, slices = model.runs, slices + 1

    assert 2 < slices < 10


def test_a_model_that_fails_while_it_is_asked_costs_the_answer_something_and_nothing_else() -> None:
    model = Copier()
    jam = watched(model, theme=0)
    play(jam, (60, 67, 60, 67))
    jam.until(jam.now + 2 * BAR)
    failing = FaultyModel(model, every=1)
    model.looked = failing.looked  # type: ignore[method-assign]

    assert why(jam)["who"] == "network"


# --- the sums ---------------------------------------------------------------------------------------------------------

ALL = np.ones(128, np.bool_)


def reason(pitch: int, logits: dict[int, float], **facts: Any) -> tuple[Reason, Drawn]:
    """A reason of made-up odds: nats over all other pitches."""
    given = np.array([logits.get(at, 0.0) for at in range(128)], np.float32)
    favour = facts.pop("favour", None)
    allowed = facts.pop("allowed", ALL)
    drawn = Drawn(pitch, Query(), given, given, allowed, favour, 1.0, facts.pop("cut", 1.0), None)
    return Reason(0, facts.pop("free", ALL), **facts), drawn


def test_who_made_a_note_likelier_by_most_decided_it() -> None:
    white = np.where(np.isin(np.arange(128) % 12, (1, 3, 6, 8, 10)), -4.0, 0.0)
    major = Chord(0, "maj")
    at_home = Welcome(COMP, white, COMMON_TIME, (ChordFrom(0, major),))
    scale = Welcome(COMP, white, COMMON_TIME)
    figure = at_home.at(0) + np.where(np.arange(128) == 64, 7.0, 0.0)

    by_scale = explained(*reason(62, {}, favour=scale.at(0), welcome=scale))
    by_chord = explained(*reason(64, {62: 3.0}, favour=at_home.at(0), welcome=at_home))
    by_figure = explained(*reason(64, {}, favour=figure, welcome=at_home, favoured_by=Cause.FIGURE))

    assert by_scale.added.keys() == {Cause.SCALE}
    assert by_scale.added[Cause.SCALE] == pytest.approx(log(by_scale.chance * 128), abs=1e-3)
    assert (by_chord.source, by_figure.source) == (Cause.CHORD, Cause.FIGURE)
    assert by_chord.added[Cause.CHORD] > by_chord.added[Cause.SCALE] > 0


def test_what_the_network_wanted_anyway_nobody_else_decided() -> None:
    favour = np.where(np.arange(128) == 64, 5.0, 0.0)
    found = explained(*reason(64, {64: 12.0}, favour=favour))
    assert found.source is Cause.NETWORK and found.network > 0.99


def test_what_is_left_when_all_else_is_forbidden_was_decided_by_who_forbade_it() -> None:
    only = np.arange(128) == 64
    assert explained(*reason(64, {}, free=only, allowed=only)).source is Cause.RANGE
    assert explained(*reason(64, {}, allowed=only)).source is Cause.CHORD
    by_cue = explained(*reason(64, {}, allowed=only, struck_by=Cause.CUE))
    assert by_cue.source is Cause.CUE and by_cue.chance == 1 and by_cue.others == ()


def test_the_theme_is_told_with_the_notes_of_the_call_that_it_repeats() -> None:
    call = tuple(Point(12 * at, pitch) for at, pitch in enumerate((60, 62, 64, 65, 60, 62, 64, 65)))
    past = (Point(108, 65), Point(120, 67), Point(132, 69))
    mixes = (Mixed(Cause.THEME, 0.5, (70, 70)),)
    found = explained(*reason(70, {}, mixes=mixes, theme=Theme(call, 1.0), past=past))
    assert found.source is Cause.THEME
    assert found.originals == (Point(36, 65), Point(84, 65))


def test_others_are_told_with_their_odds_the_likeliest_first() -> None:
    found = explained(*reason(60, {60: 3.0, 62: 6.0, 64: 5.0, 65: 4.0, 67: 2.0}, cut=0.95))
    assert [pitch for pitch, _ in found.others] == [62, 64, 65]
    assert [odds for _, odds in found.others] == sorted(
        (it for _, it in found.others), reverse=True
    )


def test_a_place_that_is_in_no_state_is_refused_and_nothing_else_is_overwritten() -> None:
    looks = Looks(first=0, numbers=1, places=4)

    assert looks.without(np.ones(4, np.float32), [0, 2]).tolist() == [1, 0, 1, 0]
    for place in (-1, 3):
        with pytest.raises(IndexError):
            looks.without(np.ones(4, np.float32), [place])
