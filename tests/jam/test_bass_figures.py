"""A bass keeps to what basses play in a style: it walks in swing, has the bossa's rhythm, and is with the kick."""

from itertools import pairwise

import pytest

from livegen.jam.bass_figures import Role, figure_for
from livegen.jam.drummer import Drummer
from livegen.music.drum_bars import KICK, SNARE, DrumHit
from livegen.music.metre import COMMON_TIME, parse_metre
from livegen.music.parts import BASS, DRUM_CHANNEL
from tests.jam.stage import BAR, BEAT, onsets
from tests.jam.test_chart import CHANNELS, band, held

KICKS = Drummer(0, 96, ((DrumHit(0, KICK, 90), DrumHit(24, SNARE, 90), DrumHit(60, KICK, 80)),), ())


def test_who_swings_walks_in_four_and_in_three() -> None:
    for style, metre, beats in (("jazz_swing", "4/4", 4), ("jazz_cool", "3/4", 3)):
        figure = figure_for(style, parse_metre(metre), 0, KICKS)
        assert figure and figure.others == 0
        assert [beat.tick for beat in figure.beats] == [24 * at for at in range(beats)]


@pytest.mark.parametrize("metre", ["4/4", "3/4", "5/4", "7/8"])
def test_in_other_styles_the_bass_goes_with_the_kicks_of_the_drums_if_there_are_any(
    metre: str,
) -> None:
    assert figure_for("pop", parse_metre(metre), 0, None) is None
    figure = figure_for("pop", COMMON_TIME, 0, KICKS)
    assert figure and figure.others > 0
    assert [figure.coming(tick).tick for tick in (0, 1, 60, 61, 96)] == [0, 60, 60, 96, 96]


def test_a_figure_comes_again_before_its_origin_too() -> None:
    figure = figure_for("leadsheet_latin", COMMON_TIME, 960, None)
    assert figure and figure.origin == 960
    assert figure.coming(960 - 95) == (960 - 96 + 36, Role.FIFTH)


def bass(style: str, bars: int = 8) -> list[tuple[int, int]]:
    """Times within their bars, and pitches, of a bass under a melody with a chart; from the second bar on."""
    jam = band("| C7 | F7 | C7 | G7 |\n", style=style)
    held(jam, bars)
    found = onsets(jam, BAR - BEAT // 8, bars * BAR - BEAT // 8)
    return [(at, note.pitch) for at, note in found if note.channel == CHANNELS[BASS]]


def test_a_walking_bass_has_a_note_on_each_beat_and_seldom_the_same_twice() -> None:
    notes = bass("jazz_swing")
    on_beats = [pitch for at, pitch in notes if min(at % BEAT, -at % BEAT) < BEAT // 20]
    assert len(on_beats) == len(notes)
    assert len(notes) >= 0.85 * 7 * 4
    assert sum(one == other for one, other in pairwise(on_beats)) <= len(on_beats) // 4


def test_a_bossa_has_roots_and_fifths_on_one_and_the_and_of_two_and_three_and_the_and_of_four() -> (
    None
):
    notes = bass("leadsheet_latin")
    places = {round(at % BAR / BEAT, 1) % 4 for at, _ in notes}
    assert places <= {0.0, 1.5, 2.0, 3.5}
    assert len(notes) >= 0.85 * 7 * 4
    roots = (0, 5, 0, 7)
    for at, pitch in notes:
        root = roots[round(at / BEAT * 2) // 8 % 4]
        assert (pitch - root) % 12 in (0, 7)


def test_bass_and_kick_are_struck_together() -> None:
    jam = band("| C7 | F7 | C7 | G7 |\n")
    held(jam, 8)
    found = onsets(jam, BAR, 8 * BAR)
    kicks = [at for at, note in found if note.channel == DRUM_CHANNEL and note.pitch == KICK]
    basses = [at for at, note in found if note.channel == CHANNELS[BASS]]
    near = [min((at - kick for kick in kicks), key=abs) for at in basses]
    locked = [apart for apart in near if abs(apart) < BEAT // 8]
    assert len(locked) >= 8
    assert max(map(abs, locked)) <= 10_000
