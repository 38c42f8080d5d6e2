"""Basses and comps keep to what is played in a style: a bass walks in swing, or is with the kick; metal has eighths."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from livegen.jam.band.comping import MOST, of_comp
from livegen.jam.band.drummer import LOOSE, Drummer, drummer_for
from livegen.jam.band.figures import Role, of_bass, of_variation
from livegen.jam.band.harmonies import Welcome
from livegen.jam.band.variations import BRUSHES, VARIATIONS
from livegen.jam.harmony.outline import ChordFrom
from livegen.jam.planning.brief import Brief, in_style
from livegen.jam.timing.agenda import ROUTES
from livegen.music.chords.chord import Chord
from livegen.music.drums.drum_bars import CRASH, KICK, SNARE, DrumHit
from livegen.music.parts import BASS, COMP, DRUM_CHANNEL
from livegen.music.time.metre import COMMON_TIME, parse_metre
from tests.jam.stage import BAR, BEAT, notes, onsets
from tests.jam.test_chart import CHANNELS, band, held

KICKS = Drummer(0, 96, ((DrumHit(0, KICK, 90), DrumHit(24, SNARE, 90), DrumHit(60, KICK, 80)),), ())


def test_who_swings_walks_in_four_and_in_three() -> None:
    for style, metre, beats in (("jazz_swing", "4/4", 4), ("jazz_cool", "3/4", 3)):
        figure = of_bass(style, parse_metre(metre), 0, KICKS)
        assert figure and figure.others == 0
        assert [beat.tick for beat in figure.beats] == [24 * at for at in range(beats)]


@pytest.mark.parametrize("metre", ["4/4", "3/4", "5/4", "7/8"])
def test_in_other_styles_the_bass_goes_with_the_kicks_of_the_drums_if_there_are_any(
    metre: str,
) -> None:
    assert of_bass("pop", parse_metre(metre), 0, None) is None
    figure = of_bass("pop", COMMON_TIME, 0, KICKS)
    assert figure and figure.others > 0
    assert [figure.coming(tick).tick for tick in (0, 1, 60, 61, 96)] == [0, 60, 60, 96, 96]
    assert [tick for tick in range(24) if figure.takes(tick, COMMON_TIME)] == [0, 6, 12, 18], (
        "what it plays beside them lies on sixteenths"
    )


@pytest.mark.parametrize(
    ("style", "sixteenths"),
    [
        ("band_rock", (0, 3, 6, 8, 10, 14)),
        ("band_metal", range(0, 16, 2)),
        ("band_electronic", (0, 2, 3, 6, 7, 8, 10, 11, 12, 14)),
        ("hymn", range(0, 16, 4)),
    ],
)
def test_the_bass_of_a_style_has_its_rhythm_whatever_the_kicks_are(
    style: str, sixteenths: Sequence[int]
) -> None:
    figure = of_bass(style, COMMON_TIME, 0, KICKS)
    assert figure and figure.others == 0
    assert [beat.tick for beat in figure.beats] == [6 * at for at in sixteenths]


@pytest.mark.parametrize(
    ("style", "sixteenths", "voices"),
    [
        ("band_rock", (0, 4, 6, 10, 12, 14), 2),
        ("band_metal", range(0, 16, 2), 2),
        ("band_pop", range(0, 16, 2), 1),
        ("band_electronic", range(16), 1),
        ("hymn", range(0, 16, 4), 2),
    ],
)
def test_the_comp_of_a_style_has_its_rhythm_and_so_many_voices(
    style: str, sixteenths: Sequence[int], voices: int
) -> None:
    figure = of_comp(style, COMMON_TIME, 0)
    assert figure and figure.voices == voices
    assert [beat.tick for beat in figure.beats] == [6 * at for at in sixteenths]


@pytest.mark.parametrize("style", ["lied", "orchestra", "drums_funk", "band"])
def test_a_comp_of_other_styles_and_of_other_metres_has_no_figure(style: str) -> None:
    assert of_comp(style, COMMON_TIME, 0) is None
    assert of_comp("hymn", parse_metre("3/4"), 0) is None


def test_less_density_leaves_a_comp_the_beats_that_people_strike_most_often() -> None:
    found = [of_comp("band_metal", COMMON_TIME, 0, density) for density in (0.5, 0.01, 4.0)]
    ticks = [[beat.tick for beat in figure.beats] for figure in found if figure]
    assert ticks == [[0, 24, 48, 72], [0], list(range(0, 96, 12))]


def test_a_power_chord_is_root_and_fifth_and_a_broken_one_goes_up_and_falls_from_its_top() -> None:
    welcome = Welcome(COMP, np.zeros(128), COMMON_TIME, (ChordFrom(0, Chord(0, "maj")),))
    power = welcome.at(12) + welcome.in_figure(Role.POWER, 12, (60,))
    assert power[60] == power[55] == power.max() > power[64] > power[62]
    broken = welcome.at(12) + welcome.in_figure(Role.BROKEN, 12, (60,))
    assert broken[64] == broken[67] == broken.max() > broken[52] > broken[55] > broken[60]


def comp(style: str, text: str = "| C | F | C |\n", **controls: object) -> dict[int, list[int]]:
    """What a comp strikes in bars two and three of a chart, but with a change: pitches by sixteenth of the bar."""
    jam = band(text, style=style, parts="comp", **controls)
    held(jam, 3)
    struck: dict[int, list[int]] = {}
    for at, note in onsets(jam, BAR + BEAT // 8, 3 * BAR - BEAT // 8):
        if note.channel == CHANNELS[COMP] and (place := round(at * 4 / BEAT) % 16):
            struck.setdefault(place, []).append(note.pitch)
    return struck


def test_the_comp_of_metal_strikes_root_and_fifth_on_each_eighth_between_the_changes() -> None:
    struck = comp("band_metal")
    assert sorted(struck) == list(range(2, 16, 2))
    assert all(len(pitches) == 4 for pitches in struck.values())
    found = [pitch % 12 for pitches in struck.values() for pitch in pitches]
    assert sum(it in (5, 0, 7) for it in found) > 0.8 * len(found)


def test_an_electronic_comp_breaks_its_chords_in_sixteenths_and_repeats_no_tone() -> None:
    struck = comp("band_electronic")
    assert [len(struck[place]) for place in range(1, 16)] == [2] * 15
    line = [struck[place][0] for place in range(1, 16)]
    assert sum(one == other for one, other in pairwise(line)) <= 1
    assert len({*line}) >= 3


def test_stop_time_silences_the_comp_of_a_style_too() -> None:
    assert not comp("band_metal", "| C | C! | C! |\n")


BRIEF = Brief(0, None, (True,) * 4, (), (1, 4, 1, 8), tuple(route.channel for route in ROUTES))


def test_the_style_of_a_comp_says_how_many_notes_it_holds_but_fewer_voices_count_for_more() -> None:
    told = [in_style(BRIEF, style, COMMON_TIME, KICKS) for style in ("band_metal", "lied")]
    assert [it.voices for it in told] == [(1, 2, 1, 8), BRIEF.voices]
    assert told[1].figures[COMP] is None
    fewer = replace(BRIEF, voices=(1, 1, 1, 8))
    assert in_style(fewer, "band_metal", COMMON_TIME, KICKS).voices == fewer.voices


def varied(variation: str, style: str) -> Brief:
    """The brief of a variation in a style that swings."""
    given = VARIATIONS[variation]
    figures = of_variation(given, 62, (), COMMON_TIME, 0)
    brief = replace(BRIEF, figures=figures, densities=given.densities)
    return in_style(brief, style, COMMON_TIME, KICKS)


@pytest.mark.parametrize("variation", ["C", "D"])
def test_however_much_is_asked_for_a_bass_walks_and_a_comp_keeps_to_its_style(
    variation: str,
) -> None:
    bass, comp = (varied(variation, "jazz_swing").figures[part] for part in (BASS, COMP))
    assert bass and comp and bass.is_firm
    assert {beat.role for beat in bass.beats} == {Role.WALKS}
    assert all(beat.tick % 12 == 0 for beat in comp.beats) and comp.others == 0
    assert 3 < len(comp.beats) * 96 / comp.period <= MOST


def test_a_variation_of_fewer_beats_counts_for_more_than_the_style() -> None:
    brief = varied("A", "jazz_swing")
    bass, comp = brief.figures[BASS], brief.figures[COMP]
    assert bass and comp
    assert [beat.tick for beat in bass.beats] == [0]
    assert len(comp.beats) * 96 / comp.period < 1.5


def test_a_variation_has_its_pulse_where_a_style_has_but_the_kick() -> None:
    bass = varied("D", "pop").figures[BASS]
    assert bass and len(bass.beats) == 4 and bass.others == 1


def test_a_bass_that_stays_would_rather_have_its_note_again_than_another_and_its_octave_least() -> (
    None
):
    chord = Welcome(BASS, np.zeros(128), COMMON_TIME, (ChordFrom(0, Chord(0, "maj")),))
    favour = chord.at(36) + chord.in_figure(Role.STAYS, 36, (36,))
    assert favour[36] == favour.max() > favour[40] > favour[48]


def test_a_figure_comes_again_before_its_origin_too() -> None:
    figure = of_bass("leadsheet_latin", COMMON_TIME, 960, None)
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
        eighth = round(at / BEAT * 2)
        is_pick_up = eighth % 8 == 7
        root = roots[(eighth // 8 + is_pick_up) % 4]
        assert (pitch - root) % 12 in ((0,) if is_pick_up else (0, 7))


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


def test_a_tumbao_is_on_the_and_of_two_and_on_four_which_is_the_next_chord_s_and_is_held_over_the_bar_line() -> (
    None
):
    jam = band("| C7 | F7 | C7 | G7 |\n", style="drums_afrocuban")
    held(jam, 8)
    played = [note for note in notes(jam, [CHANNELS[BASS]]) if BAR <= note[0] < 7 * BAR]
    roots = (0, 5, 0, 7)
    assert {round(at % BAR / BEAT, 1) for at, _, _ in played} <= {1.5, 3.0}
    assert len(played) >= 0.85 * 6 * 2
    for at, end, pitch in played:
        bar, is_on_four = at // BAR, at % BAR > 2 * BEAT
        assert (pitch - roots[(bar + is_on_four) % 4]) % 12 == (0 if is_on_four else 7)
        assert not is_on_four or end >= (bar + 1) * BAR + BEAT


@pytest.mark.parametrize(
    "style, bpm, told, has_snare_shots",
    [
        ("pop", 66, "auto", False),
        ("pop", 110, "auto", True),
        ("leadsheet_reggae", 66, "auto", True),
        ("pop", 66, "sticks", True),
        ("drums_rock", 140, "brushes", False),
    ],
)
def test_ballads_are_played_on_brushes_with_no_shot_and_no_crash_and_who_asks_for_brushes_has_them(
    style: str, bpm: int, told: str, has_snare_shots: bool
) -> None:
    jam = band("| C | F | C | G |\n", style=style, tempo=bpm, kit=told, parts="drums")
    held(jam, 10)
    hits = [note for _, note in onsets(jam, BAR) if note.channel == DRUM_CHANNEL]
    shots = [hit for hit in hits if hit.pitch in (SNARE, 40) and hit.velocity > 70]
    assert bool(shots) == has_snare_shots
    if not has_snare_shots:
        assert not {CRASH, 57, 46} & {hit.pitch for hit in hits}
        assert max(hit.velocity for hit in hits) <= 90
        assert sum(hit.pitch == SNARE for hit in hits) > len(hits) // 3


@pytest.mark.parametrize("metre", ["4/4", "3/4", "6/8", "12/8", "5/4", "2/4", "7/8"])
def test_brushes_have_bars_of_their_own_in_any_metre(metre: str) -> None:
    told = parse_metre(metre)
    bar = told.place(0).bar
    drummer = drummer_for("pop", told, 0, "a", kit=BRUSHES)
    for number in range(9):
        hits = drummer.hits(number)
        is_all_fill = drummer.fill_at(number) == 0
        assert is_all_fill or KICK in {hit.pitch for hit in hits if hit.tick == number * bar}
        assert all(number * bar <= hit.tick < (number + 1) * bar for hit in hits)
        assert max(hit.velocity for hit in hits) <= BRUSHES.loudest + LOOSE
