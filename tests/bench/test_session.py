"""A person by a script, and how a band is judged that plays with one."""

from itertools import pairwise
from random import Random

import pytest

from bench.following import is_right
from bench.person import LATEST_US, LOWEST, in_beats, perform, voiced
from bench.session import Trial, figures, found_again, session
from livegen import shipped
from livegen.music.charts import read_chart
from livegen.music.chords.chord import Chord
from livegen.music.messages import NoteOff, NoteOn
from livegen.testing import UniformModel

BLUES = read_chart(shipped.charts()["12-bar-blues"])
FORM = BLUES.form
BAR = FORM.bar_at(0).ticks


def test_a_person_leaves_a_bar_out_and_plays_one_twice() -> None:
    played = perform(FORM, 110.0, 2.0, Random(1), slips=("left out", "twice"))
    steps = [(after.place - bar.place) % FORM.ticks for bar, after in pairwise(played.bars)]

    assert [at for at, step in enumerate(steps) if step == 2 * BAR] == [played.slips[0][0] - 1]
    assert [at for at, step in enumerate(steps) if step == 0] == [played.slips[1][0] - 1]
    assert set(steps) == {0, BAR, 2 * BAR}


def test_a_person_is_a_little_late_and_every_key_that_goes_down_comes_up() -> None:
    played = perform(FORM, 110.0, 1.0, Random(2), wanders=False, wrong=False)
    down = [(at, m) for at, m in played.messages if isinstance(m, NoteOn)]
    up = [m for _, m in played.messages if isinstance(m, NoteOff)]
    bars = [bar.at for bar in played.bars]

    assert sorted(m.pitch for _, m in down) == sorted(m.pitch for m in up)
    late = [min((at - bar for bar in bars), key=abs) for at, _ in down]
    assert 5_000 < sum(late) / len(late) < 30_000 and max(late) <= LATEST_US + 8_000
    pitches = {m.pitch % 12 for at, m in down if at < bars[1] - 50_000}
    assert pitches == Chord(0, "7").pitch_classes


def test_the_same_seed_plays_the_same_and_another_does_not() -> None:
    one, same, other = (perform(FORM, 110.0, 0.5, Random(seed)) for seed in (3, 3, 4))

    assert one == same != other


def test_a_hand_stays_where_it_is() -> None:
    before = voiced(Chord(0, "maj"), ())
    after = voiced(Chord(5, "maj"), before)

    assert all(abs(a - b) <= 5 for a, b in zip(before, after, strict=True))
    assert min(*before, *after) >= LOWEST


def test_what_went_out_is_told_in_beats_of_the_performance() -> None:
    played = perform(FORM, 120.0, 0.5, Random(5), wanders=False)
    [note] = in_beats([(500_000, NoteOn(40, 80)), (1_250_000, NoteOff(40, 64))], played)

    assert [note.onset, note.end] == pytest.approx([1.0, 2.5])


def test_a_place_is_found_again_where_it_is_right_for_four_bars() -> None:
    places = [True, True, False, True, False, True, True, True, True, False, False]

    assert found_again(places, [2, 9]) == [3, None]


def test_a_bar_later_in_a_blues_is_another_place() -> None:
    assert is_right(FORM, 0, FORM.ticks) and not is_right(FORM, 0, 4 * BAR)


def test_a_band_with_the_chart_and_the_tempo_keeps_the_form_and_has_the_roots() -> None:
    trial = Trial("12-bar-blues", has_chart=True, is_told=True)
    found = figures(session(UniformModel(12), trial, BLUES, 2.0, 1), FORM)

    assert found["bars"] > 50 and found["bar_lines"] == 1.0
    assert found["place"] > 0.7 and found["found_again"][0] is not None
    assert found["root"] > 0.8
