"""Two styles at once: what is drawn lies between them, and one style alone costs what it did."""

from dataclasses import replace

import numpy as np
import pytest

from livegen.codec.encoder import Stroke
from livegen.codec.layout import Event
from livegen.control.words import is_wish
from livegen.errors import ConfigError
from livegen.inference.contract import Logits, Query, Sounding, State, Summary
from livegen.inference.sampling import blended, probabilities
from livegen.jam.controls.controls import settings
from livegen.jam.controls.style_mix import Blend, StyleMix, mix_of
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.music.parts import LEAD
from livegen.music.time.timeline import Timeline
from livegen.testing import EchoModel
from tests.jam.stage import BAR, BEAT, command, onsets, play, rehearsal

LOW, HIGH = 60, 72


class TwoWays(EchoModel):
    """Plays eighths: in the style `low` the pitch LOW, in `high` HIGH, of which each has a little of the other."""

    grid = 6
    facts = replace(EchoModel.facts, styles=("any", "low", "high", "jazz_swing"))

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        self.steps += 1
        heard, _ = super().advance(event, style, sounding, state)
        return heard, np.append(heard, np.float32(style))

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        logits = super().logits(field, summary, query)
        if field == "pitch":
            logits = np.full_like(logits, -50)
            logits[LOW], logits[HIGH] = {1: (0, -4), 2: (-4, 0)}.get(int(summary[-1]), (0, 0))
        return logits


def share_high(place: float) -> float:
    """The share of HIGH in what is played."""
    jam = rehearsal(
        TwoWays(), seed=0, style="low+high", style_mix=place, length=8, theme=0, nucleus=1, adherence=0,
        register="all", scale="off",
    )  # fmt: skip
    ends = play(jam)
    jam.until(ends + 10 * BAR)
    pitches = [note.pitch for at, note in onsets(jam) if at > ends]
    assert len(pitches) > 50
    return pitches.count(HIGH) / len(pitches)


def test_the_knob_goes_from_the_first_style_to_the_second_with_both_in_the_middle() -> None:
    shares = [share_high(place) for place in (0, 0.25, 0.5, 0.75, 1)]

    assert shares == sorted(shares)
    assert shares[0] < 0.2 < shares[2] < 0.8 < shares[4]


def test_at_the_ends_of_the_knob_all_is_played_as_in_one_style_alone() -> None:
    def sent(style: str, style_mix: float = 0.5) -> list[object]:
        jam = rehearsal(TwoWays(), style=style, style_mix=style_mix)
        play(jam)
        jam.until(8 * BAR)
        return list(jam.sent)

    for place, alone in ((0, "low"), (1, "high")):
        assert sent(style="low+high", style_mix=place) == sent(style=alone)


def test_one_style_costs_one_step_an_event_whatever_the_knob_says_and_two_cost_two() -> None:
    steps = []
    for blend in (Blend(1), Blend(1, 2, 0.0), Blend(1, 2, 0.3)):
        model = TwoWays()
        hearing = Hearing.fresh(GuardedModel(model), Timeline(BEAT), blend)
        for number in range(10):
            hearing.feed(Stroke(6 * number, LEAD, 60, 80 * (number % 2 == 0)))
        steps.append(model.steps)

    assert steps == [10, 10, 20]


def test_a_branch_goes_on_in_both_styles_and_leaves_what_it_came_from_alone() -> None:
    hearing = Hearing.fresh(GuardedModel(TwoWays()), Timeline(BEAT), Blend(1, 2, 0.5))
    hearing.feed(Stroke(0, LEAD, 60, 80))
    before = hearing.plain("pitch", Query())
    branch = hearing.copy()
    branch.style = Blend(1, 2, 0.1)
    branch.feed(Stroke(12, LEAD, 60, 0))

    assert (hearing.plain("pitch", Query()) == before).all()
    assert branch.plain("pitch", Query())[LOW] > before[LOW]


def test_what_is_mixed_is_the_weighted_sum_of_the_logarithms_of_the_odds() -> None:
    near, far = np.log(np.array([[0.8, 0.1, 0.1], [0.2, 0.2, 0.6]], np.float32))
    mixed = probabilities(blended(near + 5, far - 3, 0.25))
    expected = np.exp(0.75 * near + 0.25 * far)

    assert mixed == pytest.approx(expected / expected.sum(), abs=1e-6)
    assert np.isfinite(blended(np.full(3, np.nan, np.float32), far, 0.5)).all()


@pytest.mark.parametrize(
    ("place", "mix"),
    [
        (0, StyleMix("low", "high", 0)),
        (0.25, StyleMix("low", "high", 0.25)),
        (0.5, StyleMix("high", "low", 0.5)),
        (0.75, StyleMix("high", "low", 0.25)),
        (1, StyleMix("high", "low", 0)),
    ],
)
def test_what_goes_by_one_style_goes_by_the_nearer(place: float, mix: StyleMix) -> None:
    assert mix_of("low + high", place) == mix


def test_one_style_twice_is_one_style() -> None:
    assert mix_of("low+low", 0.5) == mix_of("low", 0.3) == StyleMix("low")


def test_a_straight_and_a_swinging_style_swing_half_as_much_together() -> None:
    late = {}
    for style in ("any", "jazz_swing", "low+jazz_swing"):
        jam = rehearsal(TwoWays(), style=style)
        play(jam)
        jam.until(6 * BAR)
        off_beats = [at % BEAT for at, _ in onsets(jam) if abs(at % BEAT - BEAT / 2) < BEAT / 4]
        late[style] = sum(off_beats) / len(off_beats) - BEAT / 2

    assert late["low+jazz_swing"] == pytest.approx(
        late["jazz_swing"] / 2, abs=BEAT / 40
    )  # to the tick


def test_an_unknown_style_of_two_is_refused_by_name_and_what_was_set_stays() -> None:
    jam = rehearsal(TwoWays(), style="low")
    command(jam, "style", "low+hihg")

    assert "knows no style 'hihg'; did you mean high?" in str(jam.engine.snapshot()["reply"])
    assert jam.engine.settings.style == "low"


def test_spaces_around_the_plus_are_allowed_and_make_no_wish_of_it() -> None:
    assert settings({"style": "low  + high"}).style == "low+high"
    assert not is_wish("low + high")
    assert is_wish("slow waltz + sparse")


@pytest.mark.parametrize("style", ["low+high+any", "low+", "+high", "+"])
def test_anything_but_two_styles_around_the_plus_is_refused(style: str) -> None:
    with pytest.raises(ConfigError, match="expected one style or two joined by"):
        settings({"style": style})
