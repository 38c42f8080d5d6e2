"""A chart that is played: the band has its chords where they are written, in every mode, and nowhere else."""

from itertools import pairwise

import pytest

from livegen.jam.controls.mapping import Command
from livegen.jam.timing.agenda import ROUTES
from livegen.music.charts import Chart, chart_of
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, COMP
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, START, clocks, command, onsets, play, rehearsal, reply

ON_TIME = 1_000
BLUES = """title: Blues
metre: 4/4
key: C

[A]
| C7 | F7 | C7 | C7 |
| F7 | F7 | C7 | C7 |
| G7 | F7 | C7 | G7 |
"""
BREAKS = "title: Breaks\nmetre: 4/4\n\n| C | C! | N.C. | F |\n"
CHANNELS = {part: ROUTES[part].channel for part in (COMP, BASS)}


def band(text: str = BLUES, **controls: object) -> Rehearsal:
    given: dict[str, object] = {"mode": "accompany", "sync": "internal", "chart": text}
    return rehearsal(UniformModel(12), **(given | controls))  # type: ignore[arg-type]


def began(jam: Rehearsal, part: int, since: int, until: int) -> list[int]:
    """Pitch classes that a part begins."""
    found = onsets(jam, since, until)
    return [note.pitch % 12 for _, note in found if note.channel == CHANNELS[part]]


def held(jam: Rehearsal, bars: int, pitch: int = 79) -> None:
    """Hold a note of a melody for some bars, struck again on every beat."""
    for beat in range(bars * 4):
        jam.play(jam.now if beat == 0 else beat * BEAT, NoteOn(pitch, 80))
        jam.play(beat * BEAT + BEAT * 4 // 5, NoteOff(pitch))


def chart(text: str) -> Chart:
    return chart_of(text.encode(), "the chart")


def roots(text: str, bars: int) -> list[int]:
    form = chart(text).form
    found = [form.chord_at(bar * 96) for bar in range(bars)]
    return [chord.root if chord else -1 for chord in found]


def test_the_bass_has_the_root_of_the_chart_with_each_change_from_the_first_chorus_on() -> None:
    jam = band()
    held(jam, 14)
    written = roots(BLUES, 14)
    for bar in range(1, 14):
        if written[bar] != written[bar - 1]:
            at = bar * BAR
            assert written[bar] in began(jam, BASS, at - ON_TIME, at + ON_TIME), bar


def test_what_the_left_hand_plays_does_not_change_the_chart() -> None:
    jam = band()
    for bar in range(4):
        for pitch in (50, 54, 57):
            jam.play(bar * BAR, NoteOn(pitch, 80))
        for pitch in (50, 54, 57):
            jam.play(bar * BAR + 3 * BEAT, NoteOff(pitch))

    assert 5 in began(jam, BASS, BAR - ON_TIME, BAR + ON_TIME)
    assert jam.engine.snapshot()["chord_source"] == "chart"


def test_a_chart_is_transposed() -> None:
    jam = band(transpose=2)
    held(jam, 3)

    assert 7 in began(jam, BASS, BAR - ON_TIME, BAR + ON_TIME)
    assert jam.engine.snapshot()["chord"] == "D7"


def test_no_chord_is_silence_and_after_a_hit_nobody_plays() -> None:
    jam = band(BREAKS)
    held(jam, 4)
    for part in (COMP, BASS):
        assert not began(jam, part, BAR + BEAT // 2, 3 * BAR - ON_TIME)
    assert 5 in began(jam, BASS, 3 * BAR - ON_TIME, 3 * BAR + ON_TIME)


def test_an_answer_is_in_the_chords_of_its_own_bars() -> None:
    answered: list[int] = []
    for seed in range(8):
        given = {"sync": "internal", "chart": "| C | C | Ab | Ab |\n", "theme": 0}
        jam = rehearsal(UniformModel(6), seed, **given)
        play(jam, (60, 64, 67, 64, 60, 64, 67, 60))
        jam.until(4 * BAR)
        answered += [note.pitch % 12 for _, note in onsets(jam, 2 * BAR, 4 * BAR)]

    assert sum(pitch in (8, 0, 3) for pitch in answered) > len(answered) * 0.6
    assert {8, 3} <= set(answered), "A flat and E flat are at home there"


def test_with_a_daws_clock_the_chart_is_where_the_song_is() -> None:
    jam = band(BLUES, sync="auto", tempo="auto")
    jam.play(0, START)
    clocks(jam, 16, 1_000)
    jam.play(jam.now, NoteOn(79, 80))
    clocks(jam, 4, jam.now + BEAT // 24)

    song = jam.engine.snapshot()["song"]
    assert isinstance(song, dict) and song["bar"] in (4, 5)


def test_after_a_long_silence_the_chart_begins_again() -> None:
    jam = band()
    held(jam, 2)
    jam.until(jam.now + 20 * BAR)
    at = -(-jam.now // BAR) * BAR
    jam.play(at, NoteOn(79, 80))
    jam.until(at + BEAT)

    assert jam.engine.snapshot()["song"] == {"title": "Blues", "section": "A", "bar": 0}


def test_a_chart_begins_after_the_count_in_and_the_band_with_it() -> None:
    jam = band()
    jam.play(0, Command("count_in"))
    jam.until(4 * BAR)

    assert 0 in began(jam, BASS, BAR - ON_TIME, BAR + BEAT // 4)
    assert 5 in began(jam, BASS, 2 * BAR - ON_TIME, 2 * BAR + ON_TIME)


def test_a_chart_goes_on_through_a_trade_though_the_player_is_silent_for_long() -> None:
    jam = rehearsal(UniformModel(6), mode="trade", trade=4, sync="internal", tempo=60, chart=BLUES)
    play(jam, (60, 64, 67, 60) * 2)
    bar = 2 * BAR  # at half the tempo
    jam.until(8 * bar - BEAT)
    jam.play(8 * bar, NoteOn(60, 80))
    jam.until(8 * bar + BEAT)

    song = jam.engine.snapshot()["song"]
    assert isinstance(song, dict) and song["bar"] == 8


def test_tempo_and_metre_are_the_charts_where_nothing_else_is_told() -> None:
    waltz = "metre: 3/4\ntempo: 90\n\n| C | G |\n"
    jam = band(waltz, tempo="auto")
    jam.until(1_000)
    shown = jam.engine.snapshot()
    assert (shown["metre"], shown["tempo_bpm"]) == ("3/4", 90.0)

    told = band(waltz, tempo=150, metre="4/4")
    told.until(1_000)
    shown = told.engine.snapshot()
    assert (shown["metre"], shown["tempo_bpm"]) == ("4/4", 150.0)


@pytest.mark.parametrize("follow", ["on", "off"])
def test_who_leaves_out_a_bar_of_the_chart_is_followed_if_that_is_wanted(follow: str) -> None:
    text = "| C | F | G | Am | Dm | E7 | Bb | Eb |\n"
    jam, written = band(text, chart_follow=follow), chart(text).form
    for bar in range(20):
        skipped = bar + (bar >= 3)
        found = written.chord_at(skipped * 96)
        keys = sorted(48 + pitch for pitch in found.pitch_classes) if found else []
        for key in keys:
            jam.play(bar * BAR, NoteOn(key, 80))
        for key in keys:
            jam.play(bar * BAR + 3 * BEAT, NoteOff(key))

    song = jam.engine.snapshot()["song"]
    assert isinstance(song, dict)
    assert song["bar"] == (20 if follow == "on" else 19) % 8


def test_another_chart_while_playing_is_gone_by_and_none_leaves_the_chords_to_the_hands() -> None:
    jam = band()
    held(jam, 2)
    command(jam, "chart", "title: Two\n\n| A | A |\n")
    jam.play(jam.now + BEAT, NoteOn(81, 80))
    jam.until(jam.now + BEAT)
    assert jam.engine.snapshot()["chord"] == "A"
    command(jam, "chart", "off")
    assert jam.engine.snapshot()["song"] == {}


@pytest.mark.parametrize("sync", ["auto", "internal"])
def test_a_waltz_that_is_chosen_while_the_band_plays_has_bars_of_three_from_a_bar_line_on(
    sync: str,
) -> None:
    waltz = "metre: 3/4\n\n| C | G7 | Am | E7 |\n"
    jam = band(sync=sync)
    held(jam, 2)
    command(jam, "chart", waltz, at=2 * BAR)
    for beat in range(8, 20):
        jam.play(beat * BEAT, NoteOn(79, 80))
        jam.play(beat * BEAT + BEAT * 4 // 5, NoteOff(79))

    assert jam.engine.snapshot()["metre"] == "3/4"
    jam.until(20 * BEAT)
    written, since = (0, 7, 9, 4), 2 * BAR if sync == "auto" else 9 * BEAT
    for bar in (1, 2, 3):
        line = since + bar * 3 * BEAT
        assert written[bar] in began(jam, BASS, line - ON_TIME, line + ON_TIME), bar


@pytest.mark.parametrize("text", ["| H |", "nonsense", "|\n"])
def test_a_chart_that_cannot_be_read_is_refused_and_the_music_goes_on(text: str) -> None:
    jam = band()
    held(jam, 1)
    jam.play(jam.now, Command("chart", text))
    held_bars = onsets(jam)
    assert "chart" in str(reply(jam))
    jam.play(jam.now + BEAT, NoteOn(79, 80))
    jam.until(jam.now + 2 * BAR)
    assert len(onsets(jam)) > len(held_bars)


def test_a_knob_that_is_turned_right_before_a_change_costs_the_band_no_root() -> None:
    missed = []
    for before in (20_000, 100_000, 400_000):
        jam, written = band(), roots(BLUES, 10)
        for beat in range(10 * 4):
            if beat % 4 == 0 and beat:
                command(jam, "energy", 0.3 + beat % 8 / 10, at=beat * BEAT - before)
            jam.play(beat * BEAT if beat else jam.now, NoteOn(79, 80))
            jam.play(beat * BEAT + BEAT // 8, NoteOff(79))
        for bar in range(1, 10):
            at = bar * BAR
            if written[bar] != written[bar - 1] and written[bar] not in began(
                jam, BASS, at - ON_TIME, at + ON_TIME
            ):
                missed.append((before, bar))

    assert missed == []


def test_a_comp_strikes_its_notes_together_or_a_sixteenth_apart() -> None:
    jam = band("| C |\n", density=2)
    held(jam, 12)

    at = [at for at, note in onsets(jam, BAR, 12 * BAR) if note.channel == CHANNELS[COMP]]
    ticks = [round((late - early) * 24 / BEAT) for early, late in pairwise(at)]
    assert len(ticks) > 24
    assert not {3, 4} & set(ticks)
