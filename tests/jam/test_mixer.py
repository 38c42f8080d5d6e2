"""Each part under the hand: what falls silent does so at once, plays on unheard, and comes back in time."""

from typing import Any

import numpy as np
import pytest

from livegen.jam.controls.controls import settings
from livegen.jam.controls.mixer import gains
from livegen.jam.planning.brief import brief_for
from livegen.jam.planning.registers import pitches
from livegen.jam.timing.agenda import ROUTES
from livegen.music.melody.phrase import Phrase
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, LEAD
from livegen.music.time.timeline import Timeline
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, began, command, onsets, play, rehearsal, turn

ANSWER = 2 * BAR  # by then the answer to a bar plays
HAND_MS = 1000
BAND = "lead comp bass"
Sent = list[tuple[int, Message]]


def answered(
    moves: dict[int, tuple[str, object]], model: UniformModel | None = None, **controls: object
) -> Rehearsal:
    """A bar, four bars of answer to it, and controls that are moved at these times."""
    jam = rehearsal(model, 1, length=4, **controls)
    play(jam)
    for at, (name, value) in sorted(moves.items()):
        command(jam, name, value, at=at)
    jam.until(8 * BAR)
    assert jam.wire.sounding == {}
    return jam


def notes(sent: Sent, *parts: int) -> list[tuple[int, Any]]:
    return [(at, it) for at, it in sent if getattr(it, "channel", None) in parts]


def test_what_sounds_of_a_muted_part_ends_at_once_and_nothing_of_it_follows() -> None:
    moment = ANSWER + 30_000
    before = answered({})
    jam = answered({moment: ("lead_mute", "on")})

    assert [at for at, _ in onsets(before, moment)]
    assert notes(jam.sent, LEAD)[-1] == (moment, NoteOff(65, 64, 0))
    assert onsets(jam, until=moment) == onsets(before, until=moment)
    assert onsets(jam, moment) == []


@pytest.mark.parametrize("early_ms", [1, 10, 29])
def test_a_note_that_was_handed_out_and_is_not_due_yet_is_taken_back(early_ms: int) -> None:
    first = onsets(answered({}), ANSWER)[0][0]
    jam = answered({first - early_ms * HAND_MS: ("lead_mute", "on")})

    assert onsets(jam, first - early_ms * HAND_MS) == []


def test_a_part_comes_back_with_the_notes_that_it_would_have_played() -> None:
    silent, heard = ANSWER + 40_000, ANSWER + BAR + 40_000
    before = answered({})
    jam = answered({silent: ("lead_mute", "on"), heard: ("lead_mute", "off")})

    assert onsets(jam, silent, heard) == []
    assert onsets(jam, heard) == onsets(before, heard) != []


@pytest.mark.parametrize("seed", range(3))
def test_muting_a_part_changes_nothing_that_the_others_play(seed: int) -> None:
    def run(**moves: object) -> Sent:
        jam = rehearsal(UniformModel(6), seed, length=4, parts=BAND, nucleus=1.0)
        play(jam)
        for name, value in moves.items():
            command(jam, name, value, at=ANSWER + BEAT)
        jam.until(8 * BAR)
        return jam.sent

    plain, muted = run(), run(bass_mute="on")
    assert notes(plain, LEAD, COMP) == notes(muted, LEAD, COMP) != []
    after = [at for at, it in notes(plain, BASS) if at > ANSWER + BEAT and isinstance(it, NoteOn)]
    assert after
    assert [at for at, _ in notes(muted, BASS) if at > ANSWER + BEAT] == []


def test_the_network_does_not_hear_what_is_silent() -> None:
    jam = answered({}, lead_mute="on")

    assert onsets(jam) == []
    # Four beats of the player's, each with its end, and the time between them.
    assert jam.engine.snapshot()["heard"] == rehearsed_alone()


def rehearsed_alone() -> object:
    jam = rehearsal()
    play(jam)
    return jam.engine.snapshot()["heard"]


def test_whose_turn_it_is_does_not_depend_on_the_mixer() -> None:
    jam = rehearsal(length=4, lead_mute="on")
    play(jam)
    jam.until(ANSWER + BEAT)
    assert turn(jam) == "responding"


def test_a_loop_that_was_muted_comes_back_where_it_would_be_by_then() -> None:
    def looped(*moves: tuple[int, str]) -> Rehearsal:
        jam = rehearsal(length=1)
        play(jam)
        began(jam)
        command(jam, "freeze", at=jam.now + BEAT)
        for at, value in moves:
            command(jam, "lead_mute", value, at=at)
        jam.until(8 * BAR)
        return jam

    silent, heard = 4 * BAR + BEAT + 40_000, 6 * BAR + BEAT + 40_000
    plain, jam = looped(), looped((silent, "on"), (heard, "off"))
    assert onsets(jam, silent, heard) == []
    assert onsets(jam, heard) == onsets(plain, heard) != []


def test_who_is_solo_is_heard_alone_and_mute_is_stronger() -> None:
    assert gains(settings()) == (1, 1, 1, 1)
    assert gains(settings({"bass_solo": "on", "drums_solo": "on"})) == (0, 0, 1, 1)
    assert gains(settings({"bass_solo": "on", "bass_mute": "on"})) == (0, 0, 0, 0)
    assert gains(settings({"comp_level": 0.5, "lead_mute": "on"})) == (0, 0.5, 1, 1)


def test_a_level_multiplies_velocities_from_the_next_note_on() -> None:
    moment = ANSWER + 40_000
    plain = onsets(answered({}), moment)
    half = onsets(answered({moment: ("lead_level", 0.5)}), moment)
    double = onsets(answered({moment: ("lead_level", 2)}), moment)

    assert [at for at, _ in plain] == [at for at, _ in half] == [at for at, _ in double]
    assert [it.velocity for _, it in half] == [round(it.velocity / 2) for _, it in plain]
    assert {it.velocity for _, it in double} == {127}
    assert onsets(answered({moment: ("lead_level", 0)}), moment) == []


def test_the_network_hears_notes_as_loud_as_they_were_played() -> None:
    plain, soft = answered({}), answered({}, lead_level=0.25)
    struck = [jam.engine._performer.response for jam in (plain, soft)]
    assert struck[0] and struck[1]
    assert struck[0].strokes == struck[1].strokes


def test_clicks_are_heard_while_the_drums_are_muted() -> None:
    jam = rehearsal(click="on", drums_mute="on", length=4)
    play(jam)
    jam.until(ANSWER + BAR)
    assert [it.pitch for at, it in onsets(jam, ANSWER) if it.channel == 9]


def test_what_is_muted_is_not_shown_as_to_come() -> None:
    jam = rehearsal(length=4)
    play(jam)
    jam.until(ANSWER + BEAT)
    assert jam.engine.outlook()["plan"]
    command(jam, "lead_mute", "on")
    assert jam.engine.outlook()["plan"] == []


def test_a_companion_of_a_muted_comp_is_silent_and_ends_with_its_note() -> None:
    jam = rehearsal(mode="harmonise", scale="C major")
    play(jam, (60, 64, 67, 72))
    assert onsets(jam)
    command(jam, "comp_mute", "on", at=jam.now + BEAT)
    before = len(jam.sent)
    jam.play(jam.now + BEAT, NoteOn(64, 80))
    jam.play(jam.now + BEAT, NoteOff(64))
    jam.until(jam.now + BAR)
    assert len(jam.sent) == before
    command(jam, "comp_mute", "off")
    jam.play(jam.now + BEAT, NoteOn(64, 80))
    jam.play(jam.now + BEAT, NoteOff(64))
    jam.until(jam.now + BAR)
    assert len(jam.sent) > before
    assert jam.wire.sounding == {}


@pytest.mark.parametrize("octave", [-2, -1, 1, 2])
def test_an_octave_moves_the_register_of_its_part_and_of_no_other(octave: int) -> None:
    def lowest(**values: object) -> list[int]:
        given = settings({"scale": "off", **values})
        masks = pitches(Phrase(), given, frozenset(range(12)), ROUTES)
        return [int(np.flatnonzero(mask)[0]) for mask in masks]

    for register in ("call", "-5", "C3-C5"):
        plain, moved = lowest(register=register), lowest(register=register, lead_octave=octave)
        assert moved[LEAD] - plain[LEAD] == 12 * octave
        assert moved[COMP:] == plain[COMP:]
    assert lowest(register="all", lead_octave=octave) == lowest(register="all")


def test_the_bass_sounds_an_octave_lower() -> None:
    def mean(**values: object) -> float:
        jam = rehearsal(UniformModel(6), 1, length=4, parts="bass", **values)
        play(jam)
        jam.until(8 * BAR)
        return float(np.mean([it.pitch for _, it in onsets(jam)]))

    assert 10 < mean(bass_octave=1) - mean() < 14


def test_voices_are_limited_and_never_raised() -> None:
    def voices(most: object) -> tuple[int, ...]:
        phrase, given = Phrase(), settings({"voices": most})
        return brief_for(phrase, given, Timeline(BEAT), 0).voices

    assert voices("auto") == (1, 4, 1, 8)
    assert voices(2) == (1, 2, 1, 8)
    assert voices(8) == voices("auto")


def test_a_band_is_quantised_before_it_swings() -> None:
    jam = rehearsal(UniformModel(6), length=4, parts=BAND, quantise="1/8", swing=67)
    play(jam)
    jam.until(8 * BAR)
    # A third of a beat at 120 is 166.7 ms; ticks are 20.8 ms.
    assert {round((at % BEAT) / BEAT * 3) % 3 for at, _ in onsets(jam)} == {0, 2}
    assert all(min(at % BEAT, abs(at % BEAT - BEAT * 2 / 3)) < 2_000 for at, _ in onsets(jam))


def test_an_answer_is_chosen_by_the_density_that_its_parts_are_to_have() -> None:
    def brief(**values: object) -> tuple[float, float]:
        given = settings({"parts": "lead comp", **values})
        made = brief_for(Phrase(), given, Timeline(BEAT), 0)
        return made.densest, made.overall

    assert brief(density=2) == (1, 2)
    assert brief(density=2, lead_density=4, bass_density=0.25) == (4, 5)
    assert brief(lead_density=0.5, comp_density=0.5) == (0.5, 0.5)
