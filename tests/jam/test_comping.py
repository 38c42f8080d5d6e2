"""A comp strikes whole chords in the rhythm of a style: a Charleston, a bossa nova's, and the next chord on a push."""

from itertools import pairwise

import pytest

from livegen.jam.band.comping import PHRASE, PHRASES, of_comp
from livegen.jam.band.figures import Role
from livegen.music.parts import COMP
from livegen.music.time.metre import COMMON_TIME, parse_metre
from tests.jam.stage import BAR, BEAT, notes, onsets
from tests.jam.test_chart import CHANNELS, band, held

EIGHTH = BEAT // 2
TOGETHER = BEAT // 8


def struck(text: str, bars: int, **controls: object) -> dict[int, list[int]]:
    """The strikes of a comp in so many bars of a chart: pitches by eighth of the song."""
    jam = band(text, parts="comp", **controls)
    held(jam, bars)
    found: dict[int, list[int]] = {}
    for at, note in onsets(jam, 0, bars * BAR - TOGETHER):
        if note.channel == CHANNELS[COMP]:
            found.setdefault(round(at / EIGHTH), []).append(note.pitch)
    return found


def bars_of(style: str, seed: str = "") -> list[tuple[int, ...]]:
    """The eighths of each bar of a style's figure."""
    figure = of_comp(style, COMMON_TIME, 0, 1.0, seed)
    assert figure
    bars = [tuple(b.tick % 96 // 12 for b in figure.beats if b.tick // 96 == n) for n in range(32)]
    assert figure.period == 96 * len(bars) == 96 * PHRASE * PHRASES
    return bars


@pytest.mark.parametrize("style", ["jazz_swing", "leadsheet_latin", "pop", "any"])
def test_a_style_has_several_bars_that_come_back_and_are_seldom_twice_the_same(style: str) -> None:
    bars = bars_of(style)
    again = sum(one == other for one, other in zip(bars, bars[2:], strict=False)) / 30
    assert 3 <= len({*bars}) <= 12 and 0.25 < again < 0.8
    assert bars_of(style, "1") != bars == bars_of(style)


def test_a_swing_comp_leaves_room_and_a_bossa_nova_is_about_its_clave() -> None:
    assert all(1 <= len(bar) <= 3 for bar in bars_of("jazz_swing"))
    assert bars_of("leadsheet_latin")[:2] in (
        [(0, 3, 6), (2, 5)],
        [(0, 3, 7), (3, 6)],
        [(2, 5), (1, 3, 6)],
    )


def test_marches_and_waltzes_comp_behind_the_bass() -> None:
    march, waltz = of_comp("march", COMMON_TIME, 0), of_comp("any", parse_metre("3/4"), 0)
    assert march and waltz
    assert [beat.tick for beat in march.beats] == [24, 72]
    assert [beat.tick for beat in waltz.beats] == [24, 48]


@pytest.mark.parametrize("style", ["folk", "folk_march", "folk_hornpipe"])
def test_a_folk_band_strikes_off_the_beats_of_the_bass(style: str) -> None:
    figure = of_comp(style, COMMON_TIME, 0)
    assert figure
    assert [beat.tick % 96 for beat in figure.beats] == [24, 72]


def test_the_last_eighth_of_a_bar_is_the_next_bars_and_is_not_struck_again_on_its_one() -> None:
    figure = of_comp("jazz_swing", COMMON_TIME, 0)
    assert figure
    pushes = [beat for beat in figure.beats if beat.role is Role.PUSH]
    assert pushes and all(beat.tick % 96 == 84 for beat in pushes)
    for before, after in pairwise(figure.beats):
        assert before.role is not Role.PUSH or after.tick > before.tick + 12
        assert before.role is not Role.PUSH or figure.ties(before.tick, before.tick + 12)


def test_a_push_strikes_the_chord_of_the_next_bar_and_holds_it_over_the_bar_line() -> None:
    found = struck("| C | F |\n", 24, style="jazz_swing")
    pushes = [at for at in found if at % 8 == 7]
    assert pushes
    for at in pushes:
        chord = {5, 9, 0} if at // 8 % 2 == 0 else {0, 4, 7}
        assert {pitch % 12 for pitch in found[at]} <= chord
        assert at + 1 not in found  # the chord sounds already


def test_what_is_struck_is_the_whole_chord_and_the_same_voices_while_it_goes_on() -> None:
    found = struck("| C | C | C | C |\n", 8, style="jazz_swing")
    chords = [sorted(pitches) for at, pitches in found.items() if at >= 8]
    assert len(chords) > 8
    assert all({pitch % 12 for pitch in chord} == {0, 4, 7} for chord in chords)
    same = sum(one == other for one, other in pairwise(chords))
    assert same >= 0.8 * (len(chords) - 1)


def test_a_comp_does_not_sink_into_the_octave_of_the_bass() -> None:
    text = "| Dm7 | Bm7b5 | E7 | Am7 | D7 | Gm7 | C7 | Fmaj7 |\n"
    found = struck(text, 24, style="leadsheet_latin")
    middles = [sum(pitches) / len(pitches) for at, pitches in found.items() if len(pitches) > 2]
    late = middles[len(middles) // 2 :]
    assert 56 < sum(late) / len(late) < 66
    assert sum(min(p) < 53 for p in found.values() if len(p) > 2) < 0.25 * len(middles)


def test_nothing_is_pushed_into_a_bar_without_a_chord() -> None:
    found = struck("| C | N.C. |\n", 16, style="jazz_swing")
    assert {at // 8 % 2 for at in found} == {0}
    assert not [at for at in found if at % 16 == 7]


def test_a_pop_comp_strikes_chords_on_strong_beats_and_breaks_them_while_they_ring() -> None:
    jam = band("| C | F |\n", parts="comp", style="pop")
    held(jam, 8)
    notes_ = [row for row in notes(jam, {CHANNELS[COMP]}) if 2 * BAR <= row[0] < 7 * BAR - TOGETHER]
    by_eighth: dict[int, list[tuple[int, int, int]]] = {}
    for row in notes_:
        by_eighth.setdefault(round(row[0] / EIGHTH), []).append(row)
    strong = [rows for at, rows in by_eighth.items() if at % 8 == 4]  # on one common tones are held
    between = [rows for at, rows in by_eighth.items() if at % 4]
    assert len(between) > 15 and all(len(rows) == 1 for rows in between)
    assert len(strong) == 5 and all(len(rows) == 3 for rows in strong)
    rings = [
        sum(
            begun < rows[0][0] - TOGETHER and ended > rows[0][0] + TOGETHER
            for begun, ended, _ in notes_
        )
        for rows in between
    ]
    assert sum(count >= 1 for count in rings) > 0.7 * len(rings)
