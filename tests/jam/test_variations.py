"""Variations A to D: each is more of a band than the one before, and comes on the bar line with a fill."""

from itertools import pairwise
from statistics import mean

import pytest

from livegen import shipped
from livegen.inference.contract import Model
from livegen.inference.model import load
from livegen.jam.band.variations import VARIATIONS
from livegen.jam.commands.cues import VARYING
from livegen.music.messages import NoteOn
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, command, line, onsets, rehearsal
from tests.jam.test_cues import BASS_CHANNEL, COMP_CHANNEL, DRUMS, ON_TIME, crashed, sing

CHANNELS = (COMP_CHANNEL, BASS_CHANNEL, DRUMS)
HATS, RIDES, SIDE_STICK, SNARE = {42, 44, 46}, {51, 53, 59}, 37, 38
CHORDS = "metre: 4/4\n\n| C | Am | Dm | G |\n"
FIRST, LAST = 2, 6  # bars that are looked at


def band(model: Model | None = None, seed: int = 1, **controls: object) -> Rehearsal:
    given: dict[str, object] = {"mode": "accompany", "sync": "internal", "chart": CHORDS}
    return rehearsal(model or UniformModel(12), seed, **(given | controls))


def of_channel(jam: Rehearsal, channel: int, since: int, until: int) -> list[NoteOn]:
    found = onsets(jam, since * BAR - ON_TIME, until * BAR - ON_TIME)
    return [note for _, note in found if note.channel == channel]


@pytest.fixture(scope="module")
def played() -> dict[str, list[Rehearsal]]:
    """The shipped model beside the same melody, in each variation."""
    model = load(shipped.model("default"))
    jams = {name: [band(model, seed, variation=name) for seed in (3, 4)] for name in VARIATIONS}
    for each in jams.values():
        for jam in each:
            sing(jam, LAST)
    return jams


@pytest.mark.parametrize("channel", CHANNELS)
def test_each_variation_plays_more_notes_and_louder_than_the_one_before(
    played: dict[str, list[Rehearsal]], channel: int
) -> None:
    by_variation = [
        [note for jam in jams for note in of_channel(jam, channel, FIRST, LAST)]
        for jams in played.values()
    ]
    for less, more in pairwise(by_variation):
        assert len(less) < len(more)
        assert mean(note.velocity for note in less) + 2 < mean(note.velocity for note in more)


def test_the_drummer_goes_from_the_side_stick_to_the_ride(
    played: dict[str, list[Rehearsal]],
) -> None:
    drums = {
        name: [note.pitch for jam in jams for note in of_channel(jam, DRUMS, FIRST, LAST)]
        for name, jams in played.items()
    }
    assert drums["A"].count(SIDE_STICK) > 4 * drums["A"].count(SNARE)
    assert drums["B"].count(SNARE) > 4 * drums["B"].count(SIDE_STICK)
    for name in ("C", "D"):
        assert not {42, 46} & set(drums[name]), "but the left foot"
        assert sum(drum in RIDES for drum in drums[name]) > 20


def test_the_bass_goes_from_halves_and_wholes_to_eighths_and_walks_where_the_style_swings() -> None:
    for variation, swing, ticks in (("A", 50, 1), ("C", 50, 4), ("D", 50, 8), ("D", 62, 4)):
        jam = band(variation=variation, swing=swing)
        sing(jam, LAST)
        for bar in range(FIRST, LAST):
            begun = [
                (at - bar * BAR) / BEAT
                for at, note in onsets(jam, bar * BAR - ON_TIME, (bar + 1) * BAR - ON_TIME)
                if note.channel == BASS_CHANNEL
            ]
            pulse = [4 * at / ticks for at in range(ticks)]
            for beat in pulse:
                assert any(abs(at - beat) < 0.15 for at in begun), (variation, swing, beat)
            lines = 2 if variation == "A" else 8
            assert len(begun) <= lines
            if swing == 50:
                assert all(abs(at * lines / 4 - round(at * lines / 4)) < 0.1 for at in begun)


def test_a_variation_comes_on_the_bar_line_with_a_fill_and_a_crash() -> None:
    jam = band(seed=2)
    sing(jam, 2)
    command(jam, "variation_d", at=2 * BAR + BEAT)
    assert line(jam) == "Variation D comes with the next bar."
    assert jam.engine.snapshot()["cue"] == "variation_d"
    sing(jam, 5)
    assert jam.engine.snapshot()["cue"] == ""
    assert jam.engine.snapshot()["controls"]["variation"] == "D"  # type: ignore[index]
    assert crashed(jam, 3)
    assert len(of_channel(jam, BASS_CHANNEL, 2, 3)) < 8
    assert [len(of_channel(jam, BASS_CHANNEL, bar, bar + 1)) for bar in (3, 4)] == [8, 8]


def test_a_knob_a_page_and_osc_bring_a_variation_on_the_bar_line_as_well() -> None:
    jam = band()
    sing(jam, 2)
    command(jam, "next", "variation", at=2 * BAR + BEAT)
    assert line(jam) == "Variation C comes with the next bar."
    command(jam, "variation", "A")
    assert line(jam) == "Variation A comes with the next bar."
    sing(jam, 4)
    assert jam.engine.snapshot()["controls"]["variation"] == "A"  # type: ignore[index]


def test_while_nobody_plays_a_variation_is_chosen_at_once() -> None:
    jam = band()
    for name, variation in VARYING.items():
        command(jam, name, at=BEAT)
        assert line(jam) == f"Variation {variation}."
        assert jam.engine.snapshot()["controls"]["variation"] == variation  # type: ignore[index]


def test_a_variation_that_does_not_exist_is_refused() -> None:
    jam = band()
    command(jam, "variation", "E", at=BEAT)
    assert line(jam) == """variation: expected "A" or "B" or "C" or "D", got 'E'"""


def test_the_same_variation_again_is_a_fill() -> None:
    jam = band()
    sing(jam, 2)
    command(jam, "variation_b", at=2 * BAR + BEAT)
    sing(jam, 4)
    assert crashed(jam, 3)
