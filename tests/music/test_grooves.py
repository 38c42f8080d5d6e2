"""Grooves of people, and which of them go with a rhythm."""

import numpy as np
import pytest

from livegen.music.drums.drum_bars import COMMON, KICK, SIDE_STICK, SNARE
from livegen.music.drums.grooves import (
    BAR,
    KIT,
    STEPS,
    Clap,
    Rhythm,
    drum_number,
    nearest,
    rhythm_of,
    shipped,
    unswung,
)

TRESILLO = (0, 18, 36, 48, 66, 84)  # 3-3-2 in eighths of half a bar, ticks
ROCK = "drums_rock"


def claps(ticks: tuple[int, ...], bars: int, velocity: int = 90) -> list[Clap]:
    return [Clap(bar * COMMON + tick, velocity) for bar in range(bars) for tick in ticks]


def rhythm(ticks: tuple[int, ...]) -> Rhythm:
    found = rhythm_of(claps(ticks, 2), 0, 0, 2 * COMMON, 50)
    assert found is not None
    return found


def test_a_rhythm_is_where_and_how_hard_something_is_struck_in_the_last_two_bars() -> None:
    given = [*claps((0, 24, 48, 72), 2, 30), Clap(193, 127), Clap(193, 20), Clap(202, 64)]
    found = rhythm_of(given, 0, 0, 192 + 24, 50)

    assert found is not None
    assert np.flatnonzero(found.accents).tolist() == [0, 2, 4, 8, 12, 16, 20, 24, 28]
    assert found.accents[[0, 2, 4]] == pytest.approx([1.0, 64 / 127, 30 / 127])
    assert found.lates[[0, 2, 4]] == pytest.approx([1 / 6, -1 / 3, 0])


def test_of_a_bar_that_was_not_heard_the_other_is_supposed() -> None:
    one = rhythm_of(claps(TRESILLO, 1), 0, 0, COMMON, 50)
    two = rhythm(TRESILLO)

    assert one is not None
    assert one.accents.tolist() == two.accents.tolist()


def test_neither_silence_nor_a_chord_a_bar_is_a_rhythm() -> None:
    assert rhythm_of(claps((0,), 2), 0, 0, 2 * COMMON, 50) is None
    assert rhythm_of(claps(TRESILLO, 1), 0, 0, 4 * COMMON, 50) is None
    assert rhythm_of([], 0, 0, COMMON, 50) is None


def test_swing_is_taken_out_of_a_rhythm() -> None:
    swung = [Clap(tick, 90) for beat in range(0, 192, 24) for tick in (beat, beat + 16)]
    found = rhythm_of(swung, 0, 0, 192, 200 / 3)

    assert found is not None
    assert np.flatnonzero(found.accents).tolist() == list(range(0, STEPS, 2))
    assert np.abs(found.lates).max() < 0.01
    assert unswung(3 + 2 / 3, 200 / 3) == pytest.approx(3.5)


def test_every_groove_has_kick_and_snare_in_each_bar_and_hits_that_a_hand_can_play() -> None:
    hits = shipped().hits
    bars = hits.reshape(len(hits), 2, BAR, len(KIT)) > 0
    snares = [KIT.index(SNARE), KIT.index(SIDE_STICK)]

    assert len(hits) > 4000
    assert bars[..., drum_number(KICK)].any(-1).all()
    assert bars[..., snares].any((-1, -2)).all()
    assert hits.max() <= 127
    assert (hits > 0).sum((1, 2)).max() <= 2 * BAR * 4


def test_a_groove_is_nearest_to_its_own_rhythm_whether_all_of_it_is_played_or_what_people_clap() -> (
    None
):
    bank = shipped()
    silent = np.zeros(STEPS, np.float32)
    for number in range(0, len(bank.hits), 97):
        style, bpm = bank.styles[bank.style[number]], float(bank.bpm[number])
        swing = float(bank.swing[number])
        for own in (bank.whole, bank.clapped):
            found = nearest(Rhythm(own[number], silent), style, bpm, swing)
            same = (found.hits > 0) & (bank.hits[number] > 0)
            assert found.number == number or same.sum() >= 0.3 * (found.hits > 0).sum()


def test_kick_and_snare_go_with_who_claps_three_three_two_and_the_snare_with_who_claps_a_backbeat() -> (
    None
):
    tresillo = nearest(rhythm(TRESILLO), "any", 120, 50)
    backbeat = nearest(rhythm((24, 72)), ROCK, 120, 50).hits

    loud = set(np.flatnonzero(shipped().clapped[tresillo.number]).tolist())
    assert len(loud & {half + step for half in range(0, STEPS, 8) for step in (0, 3, 6)}) >= 10
    snares = np.flatnonzero(backbeat[:, drum_number(SNARE)] >= 50).tolist()
    assert len({4, 12, 20, 28} & set(snares)) >= 3
    assert len(snares) <= 5


@pytest.mark.parametrize(
    ("style", "drums"), [("drums_jazz", "drums_jazz"), ("leadsheet_latin", "drums_latin")]
)
def test_where_a_style_is_told_no_groove_of_another_is_played(style: str, drums: str) -> None:
    for given in (TRESILLO, (24, 72), (0, 12, 24, 36, 48, 60, 72, 84)):
        assert nearest(rhythm(given), style, 120, 50).style == drums
