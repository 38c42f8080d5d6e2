"""A style that is chosen is heard in the answer of a lead: where notes begin, how dense it is, how far it moves."""

from dataclasses import replace

import numpy as np

from livegen.codec.encoder import Stroke
from livegen.jam.controls.controls import settings
from livegen.jam.planning.brief import Brief, brief_for
from livegen.jam.planning.planner import Rollout
from livegen.music.melody.leads import WIDEST, StyleLines, lines_of
from livegen.music.melody.phrase import Phrase
from livegen.music.parts import COMP, LEAD
from livegen.music.time.timeline import Timeline
from livegen.testing import UniformModel
from tests.jam.test_planner import hearing, onsets

BEAT_US = 500_000


def told(lines: StyleLines | None, part: int = LEAD, **values: object) -> Brief:
    """What is planned by after eight quarters of a part."""
    phrase = Phrase()
    for at in range(8):
        phrase.strike(at * BEAT_US, part, 60 + at % 5, 80)
        phrase.release(at * BEAT_US + 400_000, part, 60 + at % 5)
    return brief_for(phrase, settings(values), Timeline(BEAT_US), 192, lines=lines)


def answered(brief: Brief, ticks: float = 12, seed: int = 1) -> list[Stroke]:
    rollout = Rollout(hearing(UniformModel(ticks)), brief, np.random.default_rng(seed))
    while not rollout.is_done:
        rollout.step()
    return onsets(rollout.planned)


def test_an_answer_is_nearly_as_dense_as_the_style_and_not_only_as_the_call() -> None:
    plain, reel, lied = (told(lines_of(name)).pace for name in ("any", "folk_reel", "lied"))
    assert plain and reel and lied
    assert lied < reel and plain < reel < 1.98


def test_an_answer_begins_notes_where_the_style_does() -> None:
    only_beats = np.full(24, -9.0)
    only_beats[0] = 0
    styled = answered(
        told(StyleLines(only_beats, np.zeros(2 * WIDEST + 1), 1.0), length=8, theme=0, groove=0)
    )
    plain = answered(told(None, length=8, theme=0, groove=0))
    on_beats = [np.mean([it.tick % 24 == 0 for it in some]) for some in (styled, plain)]
    assert on_beats[0] > 0.8 > 0.4 > on_beats[1]


def test_that_a_note_comes_within_a_beat_is_as_likely_in_every_style() -> None:
    likely = np.random.default_rng(0).random(24)
    for style in ("jazz_bebop", "folk_march", "lied"):
        lines = lines_of(style)
        assert lines is not None
        placed = lines.placed(5, likely)
        assert np.isclose(placed.sum(), likely.sum()) and (placed != likely).any()
    assert lines_of("lied").placed(0, np.zeros(24)).tolist() == [0] * 24  # type: ignore[union-attr]


def test_an_answer_moves_by_the_intervals_of_the_style() -> None:
    only_steps = np.full(2 * WIDEST + 1, -9.0)
    only_steps[[WIDEST - 2, WIDEST - 1, WIDEST + 1, WIDEST + 2]] = 0
    lines = StyleLines(np.zeros(24), only_steps, 1.0)
    moves = np.abs(
        np.diff([it.pitch for it in answered(told(lines, length=8, theme=0, scale="off"))])
    )
    assert np.mean(moves <= 2) > 0.8


def test_an_answer_in_a_style_goes_on_soon_after_its_first_note() -> None:
    """A network that goes on seldom left half of every twentieth answer empty."""
    values = {"length": 8, "follow": 0, "theme": 0, "groove": 0}
    # Of the call's own waits, which limit these too, nothing is said.
    styled, plain = (
        replace(told(lines, **values), gap=None) for lines in (lines_of("jazz_swing"), None)
    )
    rests = [
        [np.diff([it.tick for it in answered(brief, 1e9, seed)][:2])[0] for seed in range(8)]
        for brief in (styled, plain)
    ]
    assert styled.pace
    assert max(rests[0]) <= round(4 / styled.pace) * 24 < 4 * 24 < max(rests[1]) <= 8 * 24


def test_a_band_beside_a_player_and_an_answer_of_chords_are_left_as_they_are() -> None:
    lines = lines_of("folk_march")
    for values in ({"mode": "accompany"}, {"parts": "comp"}):
        assert told(lines, COMP, **values).lines is None
        assert told(lines, COMP, **values).pace == told(None, COMP, **values).pace
