"""Cues to the band that goes along, on virtual time: each takes effect on the bar line."""

from types import SimpleNamespace
from typing import Any

import pytest

from livegen.jam.commands.cues import VARYING
from livegen.jam.commands.ritard import Ritard, bends, is_wanted
from livegen.jam.controls.mapping import CUES
from livegen.jam.harmony.lead_sheet import LeadSheet
from livegen.jam.harmony.outline import ChordFrom, Finale
from livegen.jam.harmony.song_memory import SongMemory
from livegen.jam.timing.agenda import ROUTES
from livegen.jam.timing.conductor import Leader
from livegen.music.charts import chart_of
from livegen.music.chords.chord import Chord
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, DRUM_CHANNEL
from livegen.music.time.timeline import Timeline
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, CLOCK, START, command, line, onsets, play, rehearsal, turn

ON_TIME = 25_000  # a chord is struck a tick late where a note is too short to end
DRUMS, CRASH = 9, 49
FILLING = {38, 40, 41, 43, 45, 47, 48, 50}  # snares and toms
SONG = """title: Two parts
metre: 4/4

[A]
| C | F | C | F |
[B]
| Ab | Db | Ab | Db |
"""
ROOTS = {"C": 0, "F": 5, "Ab": 8, "Db": 1}
BASS_CHANNEL, COMP_CHANNEL = ROUTES[BASS].channel, ROUTES[COMP].channel


def band(seed: int = 1, **controls: object) -> Rehearsal:
    given: dict[str, object] = {"mode": "accompany", "sync": "internal", "chart": SONG}
    return rehearsal(UniformModel(12), seed, **(given | controls))


def sing(jam: Rehearsal, until_bar: int, pitch: int = 79) -> None:
    """A melody in quarters, up to a bar."""
    beat = -(-jam.now // BEAT)
    for at in range(beat * BEAT, until_bar * BAR, BEAT):
        jam.play(at, NoteOn(pitch, 80))
        jam.play(at + BEAT * 4 // 5, NoteOff(pitch))


def chords(jam: Rehearsal, roots: tuple[int, ...], bar: int = 0) -> None:
    """Major chords in the left hand, a bar each."""
    for number, root in enumerate(roots, bar):
        for step in (0, 4, 7):
            jam.play(number * BAR, NoteOn(48 + root + step, 80))
        for step in (0, 4, 7):
            jam.play(number * BAR + BAR * 9 // 10, NoteOff(48 + root + step))


def bass_at(jam: Rehearsal, bar: int) -> set[int]:
    """The pitch classes that the bass begins with a bar."""
    found = onsets(jam, bar * BAR - ON_TIME, bar * BAR + ON_TIME)
    return {note.pitch % 12 for _, note in found if note.channel == BASS_CHANNEL}


def drums(jam: Rehearsal, since: int, until: int) -> list[int]:
    return [note.pitch for _, note in onsets(jam, since, until) if note.channel == DRUMS]


# --- fill -------------------------------------------------------------------------------------------------------------


def filled(jam: Rehearsal, bar: int) -> int:
    """Snares and toms in the last two beats before a bar."""
    return sum(drum in FILLING for drum in drums(jam, bar * BAR - 2 * BEAT, bar * BAR - ON_TIME))


def crashed(jam: Rehearsal, bar: int) -> bool:
    return CRASH in drums(jam, bar * BAR - ON_TIME, bar * BAR + ON_TIME)


def test_the_drums_fill_into_the_next_bar_line_with_a_crash_behind_it() -> None:
    fills, crashes, before = [], 0, []
    for seed in range(4):
        jam = band(seed)
        sing(jam, 2)
        command(jam, "fill", at=2 * BAR + BEAT)
        sing(jam, 4)
        assert line(jam) == "The drums play a fill into the next bar."
        fills.append(filled(jam, 3))
        before.append(filled(jam, 2))
        crashes += crashed(jam, 3)
        assert not crashed(jam, 2)
    assert crashes >= 3
    assert sum(fills) > sum(before) + 4


def test_a_fill_that_is_asked_for_in_the_last_beat_leads_to_the_bar_line_after_the_next() -> None:
    crashes = [0, 0]
    for seed in range(4):
        jam = band(seed)
        sing(jam, 2)
        command(jam, "fill", at=3 * BAR - BEAT // 2)
        sing(jam, 5)
        for number, bar in enumerate((3, 4)):
            crashes[number] += crashed(jam, bar)
    assert crashes[0] == 0
    assert crashes[1] >= 3


def test_a_player_who_has_the_drums_is_told_that_the_band_has_none() -> None:
    jam = band()
    jam.play(0, NoteOn(36, 90, DRUMS))
    jam.play(BEAT, NoteOff(36, 64, DRUMS))
    command(jam, "fill")
    assert line(jam) == "The band has no drums to play a fill."


def test_cues_are_for_a_band_that_plays() -> None:
    for name in CUES - VARYING.keys() - {"intro"}:
        jam = band()
        command(jam, name, at=BEAT)
        assert line(jam).startswith("No band plays"), name
        jam = band(mode="respond")
        play(jam)
        command(jam, name)
        assert line(jam).startswith("No band plays"), name


# --- where on the chart -----------------------------------------------------------------------------------------------


def test_the_chart_begins_anew_at_the_next_bar_line() -> None:
    jam = band()
    sing(jam, 5)
    command(jam, "top", at=5 * BAR + BEAT)
    sing(jam, 9)
    assert bass_at(jam, 4) == {ROOTS["Ab"]}
    assert bass_at(jam, 5) == {ROOTS["Db"]}
    assert bass_at(jam, 6) == {ROOTS["C"]}
    assert bass_at(jam, 7) == {ROOTS["F"]}
    assert line(jam) == "From the top with the next bar."
    assert jam.engine.snapshot()["song"] == {"title": "Two parts", "section": "A", "bar": 2}


def test_the_introduction_is_not_played_again() -> None:
    jam = band(chart="metre: 4/4\n\n[intro]\n| Ab | Ab |\n[A]\n| C | F |\n")
    sing(jam, 3)
    command(jam, "top", at=3 * BAR + BEAT)
    sing(jam, 6)
    assert bass_at(jam, 4) == {ROOTS["C"]}
    assert bass_at(jam, 5) == {ROOTS["F"]}


def test_the_next_section_begins_at_the_next_bar_line_and_the_drums_fill_into_it() -> None:
    crashes = 0
    for seed in range(4):
        jam = band(seed)
        sing(jam, 1)
        command(jam, "section", at=BAR + BEAT)
        sing(jam, 7)
        assert bass_at(jam, 1) == {ROOTS["F"]}
        assert bass_at(jam, 2) == {ROOTS["Ab"]}
        assert bass_at(jam, 3) == {ROOTS["Db"]}
        assert bass_at(jam, 6) == {ROOTS["C"]}, "after a section comes the one that is written"
        crashes += crashed(jam, 2)
        assert line(jam) == "The next section begins with the next bar."
    assert crashes >= 3


def test_two_presses_skip_a_section() -> None:
    jam = band(chart=SONG + "[C]\n| G | C |\n")
    sing(jam, 1)
    command(jam, "section", at=BAR + BEAT)
    command(jam, "section", at=BAR + BEAT)
    sing(jam, 4)
    assert bass_at(jam, 2) == {7}
    assert bass_at(jam, 3) == {ROOTS["C"]}


def test_less_than_an_eighth_before_a_bar_line_a_cue_is_for_the_one_after_it() -> None:
    jam = band()
    sing(jam, 1)
    command(jam, "section", at=2 * BAR - BEAT // 4)
    sing(jam, 5)
    assert bass_at(jam, 2) == {ROOTS["C"]}
    assert bass_at(jam, 3) == {ROOTS["Ab"]}


def test_without_a_chart_there_are_no_sections_and_before_a_chord_there_is_no_top() -> None:
    jam = band(chart="off")
    sing(jam, 2)
    command(jam, "section")
    assert line(jam).startswith("There is no chart")
    command(jam, "top")
    assert line(jam).startswith("There is no top yet")


def test_a_song_that_was_heard_begins_anew_at_the_next_bar_line() -> None:
    jam = band(chart="off")
    chords(jam, (0, 5, 8, 1) * 2 + (0,))
    command(jam, "top", at=9 * BAR + BEAT)
    sing(jam, 10)
    sing(jam, 13)
    assert bass_at(jam, 9) == {5}
    assert bass_at(jam, 10) == {0}, "not the third chord, which would come"
    assert [bass_at(jam, bar) for bar in (11, 12)] == [{5}, {8}]


def test_after_a_silence_the_chart_begins_at_its_top_whatever_cues_there_were() -> None:
    jam = band()
    sing(jam, 1)
    command(jam, "section", at=BAR + BEAT)
    sing(jam, 3)
    jam.until(jam.now + 20 * BAR)
    at = -(-jam.now // BAR)
    sing(jam, at + 2)
    assert bass_at(jam, at + 1) == {ROOTS["F"]}


def test_stop_ends_the_band_after_any_cue() -> None:
    for name in sorted(CUES - VARYING.keys()):
        jam = band()
        sing(jam, 2)
        command(jam, name)
        command(jam, "stop", at=jam.now + BEAT)
        jam.until(jam.now + 8 * BAR)
        assert turn(jam) == "waiting"
        assert not jam.wire.sounding


# --- what goes round --------------------------------------------------------------------------------------------------


def test_a_section_goes_round_until_the_cue_is_given_again_and_is_then_played_to_its_end() -> None:
    jam = band()
    sing(jam, 1)
    command(jam, "vamp", at=BAR + BEAT)
    assert line(jam) == "This section repeats until you press Vamp again."
    sing(jam, 9)
    assert jam.engine.snapshot()["goes_round"] is True
    command(jam, "vamp", at=9 * BAR + BEAT)
    assert line(jam) == "The music goes on after this round."
    sing(jam, 14)
    ours = [bass_at(jam, bar) for bar in range(1, 14)]
    assert ours == [{root} for root in (5, 0, 5, 0, 5, 0, 5, 0, 5, 0, 5, 8, 1)]
    assert jam.engine.snapshot()["goes_round"] is False


def test_the_next_section_ends_a_vamp_and_may_go_round_itself() -> None:
    jam = band()
    command(jam, "vamp")
    sing(jam, 1)
    command(jam, "vamp", at=BAR + BEAT)
    command(jam, "section", at=BAR + BEAT)
    command(jam, "vamp", at=BAR + BEAT)
    sing(jam, 8)
    ours = [bass_at(jam, bar) for bar in range(2, 8)]
    assert ours == [{root} for root in (8, 1, 8, 1, 8, 1)]


def test_chords_that_were_played_once_go_round_whatever_is_played_then() -> None:
    jam = band(chart="off")
    chords(jam, (0, 8, 5, 10))
    command(jam, "loop_chords", at=4 * BAR - BEAT // 4)
    assert line(jam) == "The chords of the last bars repeat until you press it again (bars: 4)."
    sing(jam, 13)
    for bar, root in enumerate((0, 8, 5, 10) * 2 + (0,), 4):
        assert root in bass_at(jam, bar), bar
    assert jam.engine.snapshot()["chord_source"] == "loop"
    assert jam.engine.snapshot()["form"] == {"bars": 4, "bar": 1}
    command(jam, "loop_chords")
    assert line(jam) == "The music goes on after this round."
    chords(jam, (3, 3), 13)
    assert bass_at(jam, 14) <= {3}
    assert jam.engine.snapshot()["chord"] == "Eb"


def test_a_loop_that_is_asked_for_after_its_bar_line_goes_round_from_there() -> None:
    jam = band(chart="off")
    chords(jam, (0, 8))
    command(jam, "loop_chords", at=2 * BAR + BEAT // 2)
    assert line(jam).endswith("(bars: 2).")
    sing(jam, 6)
    for bar, root in enumerate((8, 0, 8), 3):
        assert root in bass_at(jam, bar), bar


def test_the_last_four_bars_go_round_without_a_chart() -> None:
    jam = band(chart="off")
    chords(jam, (3, 10, 0, 8, 5, 7))
    command(jam, "vamp", at=6 * BAR - BEAT // 4)
    assert line(jam).endswith("(bars: 4).")
    sing(jam, 11)
    for bar, root in enumerate((0, 8, 5, 7, 0), 6):
        assert root in bass_at(jam, bar), bar


def test_why_nothing_goes_round_is_said() -> None:
    jam = band(chart="off")
    sing(jam, 2)
    for name in ("vamp", "loop_chords"):
        command(jam, name)
        assert line(jam).startswith("There is nothing to repeat yet")
    jam = band()
    sing(jam, 2)
    command(jam, "loop_chords")
    assert line(jam).startswith("The chart sets the chords")


def test_stop_lets_go_of_what_goes_round() -> None:
    jam = band(chart="off")
    chords(jam, (0, 8))
    command(jam, "vamp", at=2 * BAR - BEAT // 4)
    assert jam.engine.snapshot()["goes_round"] is True
    command(jam, "stop", at=3 * BAR)
    assert jam.engine.snapshot()["goes_round"] is False


# --- where the beat is found elsewhere --------------------------------------------------------------------------------

BEFORE, AFTER = Timeline(BEAT, 0), Timeline(BEAT, 9 * BEAT + BEAT // 10)  # bars begin a beat later


def test_what_a_cue_told_about_a_chart_stays_at_its_time_when_the_beat_is_found_elsewhere() -> None:
    sheet = LeadSheet(chart_of(SONG.encode(), "the chart"))
    sheet.begin(0)
    sheet.follow(BEFORE, 0, True, False)
    sheet.to_next_section(100, 192)
    sheet.follow(AFTER, 100 * BEAT // 24, False, False)
    place = sheet.snapshot(AFTER.tick(BEFORE.micros(192 + 48 + 12)))
    assert (place["section"], place["bar"]) == ("B", 4)


def test_a_loop_goes_on_when_the_beat_is_found_elsewhere() -> None:
    memory, roots = SongMemory(), (0, 8, 5, 10)
    for bar, root in enumerate(roots):
        memory.sounds(Chord(root, "maj"), bar * BAR)
        for beat in range(4):
            memory.follow(BEFORE, bar * BAR + (beat + 1) * BEAT - 1, lambda tick: False)
    assert memory.loop(4 * BAR, 8) == 4
    for timeline in (BEFORE, AFTER):
        memory.follow(timeline, 4 * BAR + BEAT, lambda tick: False)
        for beat in range(5, 40):
            looped = memory.looped(timeline.tick(4 * BAR + beat * BEAT + BEAT // 2))
            assert looped and looped.root == roots[beat // 4 % 4], beat
    memory.unloop()
    assert memory.looped(400) is None


# --- the ending -------------------------------------------------------------------------------------------------------


def struck_at(jam: Rehearsal, at: int) -> set[tuple[int, int]]:
    """Channel and pitch class, of drums the drum, of what begins at a time."""
    found = onsets(jam, at - ON_TIME, at + ON_TIME)
    return {(it.channel, it.pitch if it.channel == DRUMS else it.pitch % 12) for _, it in found}


def ends_of(jam: Rehearsal, channel: int, since: int) -> list[int]:
    return [
        at
        for at, it in jam.sent
        if isinstance(it, NoteOff) and it.channel == channel and at > since
    ]


def test_the_band_strikes_a_last_chord_holds_it_for_a_bar_and_is_silent() -> None:
    for seed in range(3):
        jam = band(seed, chart="key: C\n" + SONG)
        sing(jam, 2)
        command(jam, "ending", at=2 * BAR + BEAT)
        assert line(jam) == "The last chord comes with the next bar."
        assert jam.engine.snapshot()["ends"] is True
        sing(jam, 3)
        jam.until(8 * BAR)
        last = struck_at(jam, 3 * BAR)
        assert {(DRUMS, 36), (DRUMS, CRASH), (BASS_CHANNEL, 0), (COMP_CHANNEL, 4)} <= last
        assert not onsets(jam, 3 * BAR + ON_TIME)
        assert abs(ends_of(jam, BASS_CHANNEL, 3 * BAR + ON_TIME)[0] - 4 * BAR) < ON_TIME
        assert len(ends_of(jam, COMP_CHANNEL, 3 * BAR + ON_TIME)) >= 2
        assert all(
            abs(at - 4 * BAR) < ON_TIME for at in ends_of(jam, COMP_CHANNEL, 3 * BAR + ON_TIME)
        )
        assert not jam.wire.sounding
        assert jam.engine.snapshot()["ends"] is False


def test_who_plays_on_is_not_answered_until_he_has_rested_and_then_the_chart_begins_anew() -> None:
    jam = band(chart="key: C\n" + SONG)
    sing(jam, 2)
    command(jam, "ending", at=2 * BAR + BEAT)
    sing(jam, 8)
    assert not onsets(jam, 3 * BAR + ON_TIME)
    assert not jam.wire.sounding
    jam.until(11 * BAR)
    sing(jam, 14)
    assert bass_at(jam, 12) == {ROOTS["F"]}
    assert bass_at(jam, 13) == {ROOTS["C"]}


def test_the_ending_of_a_chart_is_played_and_its_last_chord_is_held() -> None:
    jam = band(chart=SONG + "[ending]\n| G | Db G | Ab |\n")
    sing(jam, 1)
    command(jam, "ending", at=BAR + BEAT)
    assert line(jam) == "The ending of the chart begins with the next bar."
    sing(jam, 4)
    jam.until(8 * BAR)
    assert [bass_at(jam, bar) for bar in (2, 3, 4)] == [{7}, {1}, {8}]
    assert (DRUMS, CRASH) in struck_at(jam, 4 * BAR)
    assert not onsets(jam, 4 * BAR + ON_TIME)
    assert abs(ends_of(jam, BASS_CHANNEL, 4 * BAR + ON_TIME)[0] - 5 * BAR) < ON_TIME
    assert not jam.wire.sounding


def test_without_a_chart_the_last_chord_is_the_tonic_of_what_was_played() -> None:
    jam = band(chart="off")
    chords(jam, (0, 5, 7, 0, 5))
    command(jam, "ending", at=5 * BAR + BEAT // 3)
    jam.until(10 * BAR)
    assert 0 in bass_at(jam, 6)
    assert not onsets(jam, 6 * BAR + ON_TIME)
    assert not jam.wire.sounding


def test_a_song_that_began_at_home_ends_there_and_not_on_the_chord_of_the_relative_key() -> None:
    jam = band(chart="off")
    for bar, chord in enumerate(((55, 59, 62), (50, 54, 57), (52, 55, 59), (48, 52, 55)) * 3):
        notes = [*chord, *(pitch for pitch in (76, 79, 71) for _ in range(1 if bar % 4 else 0)), 76]
        for pitch in notes:
            jam.play(bar * BAR, NoteOn(pitch, 80))
        for pitch in notes:
            jam.play(bar * BAR + BAR * 9 // 10, NoteOff(pitch))
    assert jam.engine.snapshot()["key"] == "E minor", "what is played there leans to it"
    command(jam, "ending", at=12 * BAR + BEAT // 3)
    jam.until(16 * BAR)
    assert 7 in bass_at(jam, 13)


def test_an_ending_is_taken_back_by_another_cue_and_by_itself() -> None:
    for name in ("ending", "section"):
        jam = band()
        sing(jam, 2)
        command(jam, "ending", at=2 * BAR + BEAT)
        command(jam, name)
        sing(jam, 6)
        assert onsets(jam, 5 * BAR)
        assert jam.engine.snapshot()["ends"] is False


def test_in_the_last_bar_the_band_takes_no_cue() -> None:
    jam = band()
    sing(jam, 2)
    command(jam, "ending", at=2 * BAR + BEAT)
    for name in sorted(CUES - VARYING.keys()):
        command(jam, name, at=3 * BAR + BEAT)
        assert line(jam) == "The band is ending already.", name
    jam.until(6 * BAR)
    assert not onsets(jam, 3 * BAR + ON_TIME)


def test_stop_and_another_mode_leave_no_ending_behind() -> None:
    for name, value in (("stop", None), ("mode", "respond"), ("my_turn", None)):
        jam = band()
        sing(jam, 2)
        command(jam, "ending", at=2 * BAR + BEAT)
        command(jam, name, value)
        jam.until(6 * BAR)
        assert jam.engine.snapshot()["ends"] is False, name
        assert not jam.wire.sounding


# --- break and stop-time ----------------------------------------------------------------------------------------------


def silent(jam: Rehearsal, since: int, until: int) -> bool:
    return not onsets(jam, since, until)


def test_in_a_break_all_strike_and_are_silent_for_a_bar() -> None:
    for seed in range(3):
        jam = band(seed)
        sing(jam, 1)
        command(jam, "break", at=BAR + BEAT)
        assert line(jam) == "A break of one bar begins with the next bar."
        sing(jam, 5)
        assert {(DRUMS, 36), (DRUMS, CRASH), (BASS_CHANNEL, 0), (COMP_CHANNEL, 4)} <= struck_at(
            jam, 2 * BAR
        )
        assert silent(jam, 2 * BAR + ON_TIME, 3 * BAR - ON_TIME)
        for channel in (BASS_CHANNEL, COMP_CHANNEL):
            assert ends_of(jam, channel, 2 * BAR + ON_TIME)[0] < 2 * BAR + BEAT, channel
        assert {(DRUMS, 36), (DRUMS, CRASH), (BASS_CHANNEL, 5), (COMP_CHANNEL, 9)} <= struck_at(
            jam, 3 * BAR
        )
        assert len(onsets(jam, 3 * BAR + ON_TIME, 4 * BAR - ON_TIME)) > 4


def test_in_stop_time_all_strike_once_in_a_bar_until_it_is_pressed_again() -> None:
    for seed in range(3):
        jam = band(seed, chart="metre: 4/4\n\n| C | C | F | G Ab |\n")
        sing(jam, 1)
        command(jam, "stop_time", at=BAR + BEAT)
        assert line(jam) == "Stop-time begins with the next bar, until you press it again."
        sing(jam, 6)
        assert jam.engine.snapshot()["stop_time"] is True
        command(jam, "stop_time", at=6 * BAR + BEAT)
        assert line(jam) == "Stop-time ends with the next bar."
        assert jam.engine.snapshot()["stop_time"] is False
        sing(jam, 9)
        for bar, root in ((2, 5), (3, 7), (4, 0), (5, 0), (6, 5)):
            hit = struck_at(jam, bar * BAR)
            assert {(DRUMS, 36), (DRUMS, 38), (BASS_CHANNEL, root)} <= hit, (seed, bar)
        for bar in (2, 4, 5, 6):
            assert silent(jam, bar * BAR + ON_TIME, (bar + 1) * BAR - ON_TIME), (seed, bar)
        assert (BASS_CHANNEL, 8) in struck_at(jam, 3 * BAR + 2 * BEAT), "where the chord changes"
        assert silent(jam, 3 * BAR + ON_TIME, 3 * BAR + 2 * BEAT - ON_TIME)
        assert (BASS_CHANNEL, 7) in struck_at(jam, 7 * BAR)
        assert len(onsets(jam, 7 * BAR + ON_TIME, 8 * BAR - ON_TIME)) > 4


def test_stop_time_goes_with_the_left_hand_without_a_chart() -> None:
    jam = band(chart="off")
    chords(jam, (0, 5))
    command(jam, "stop_time")
    chords(jam, (0, 7, 5), 2)
    for bar, root in ((3, 7), (4, 5)):
        begun = {
            (it.channel, it.pitch % 12) for _, it in onsets(jam, bar * BAR, bar * BAR + BEAT // 4)
        }
        assert (BASS_CHANNEL, root) in begun, bar
        assert silent(jam, bar * BAR + BEAT // 2, (bar + 1) * BAR - ON_TIME), bar


def test_stop_time_that_is_pressed_twice_before_the_bar_line_is_none() -> None:
    jam = band()
    sing(jam, 1)
    command(jam, "stop_time", at=BAR + BEAT)
    command(jam, "stop_time")
    sing(jam, 4)
    assert not silent(jam, 2 * BAR + ON_TIME, 3 * BAR - ON_TIME)


def test_stop_and_the_ending_leave_no_stop_time_behind() -> None:
    for name in ("stop", "ending"):
        jam = band()
        sing(jam, 2)
        command(jam, "stop_time", at=2 * BAR + BEAT)
        command(jam, name)
        jam.until(12 * BAR)
        assert jam.engine.snapshot()["stop_time"] is False, name


# --- the introduction -------------------------------------------------------------------------------------------------


def sections(jam: Rehearsal, bar: int) -> object:
    jam.until(bar * BAR + BEAT)
    song = jam.engine.snapshot()["song"]
    assert isinstance(song, dict)
    return song["section"], song["bar"]


def test_a_written_introduction_is_counted_in_and_leads_to_the_top() -> None:
    jam = band(chart="metre: 4/4\n\n[intro]\n| Ab | Db |\n[A]\n| C | F |\n")
    command(jam, "intro", at=0)
    assert line(jam) == "Count-in: the introduction begins on the one."
    assert [sections(jam, bar) for bar in (1, 2, 3)] == [("intro", 0), ("intro", 1), ("A", 2)]
    jam.until(5 * BAR)
    assert [bass_at(jam, bar) for bar in (1, 2, 3, 4)] == [{8}, {1}, {0}, {5}]
    assert len(drums(jam, 0, BAR - ON_TIME)) == 4, "the count-in"


def test_without_a_written_one_the_last_four_bars_are_the_introduction() -> None:
    jam = band()
    command(jam, "intro", at=0)
    jam.until(7 * BAR)
    assert [bass_at(jam, bar) for bar in range(1, 7)] == [{8}, {1}, {8}, {1}, {0}, {5}]


def test_a_band_that_plays_goes_to_the_introduction_on_the_bar_line_with_a_fill() -> None:
    jam = band()
    sing(jam, 2)
    command(jam, "intro", at=2 * BAR + BEAT)
    assert line(jam) == "The introduction begins with the next bar."
    sing(jam, 9)
    assert [bass_at(jam, bar) for bar in (2, 3, 6, 7)] == [{0}, {8}, {1}, {0}]
    assert crashed(jam, 3)


def test_without_a_chart_the_introduction_is_a_turnaround_in_the_key_that_was_heard() -> None:
    jam = band(chart="off")
    command(jam, "intro", at=0)
    assert line(jam).startswith("There is neither a chart nor a key")
    chords(jam, (0, 5, 7, 0, 5, 0), 1)
    command(jam, "stop", at=7 * BAR)
    command(jam, "intro", at=9 * BAR)
    assert line(jam) == "Count-in: the introduction begins on the one."
    jam.until(14 * BAR)
    assert [bass_at(jam, bar) for bar in range(10, 14)] == [{0}, {9}, {2}, {7}]
    chords(jam, (0, 5), 14)
    assert (BASS_CHANNEL, 0) in struck_at(jam, 14 * BAR) | struck_at(jam, 14 * BAR + BEAT // 8)


def test_an_introduction_that_was_asked_for_is_taken_back_by_the_next_cue() -> None:
    jam = band(chart="off")
    chords(jam, (0, 5, 7, 0))
    command(jam, "intro", at=4 * BAR + BEAT)
    command(jam, "top")
    chords(jam, (0, 5), 5)
    assert jam.engine.snapshot()["chord_source"] in ("hand", "memory")


def test_while_it_is_counted_in_a_cue_is_for_the_one() -> None:
    jam = band(count_in_bars=2)
    command(jam, "intro", at=0)
    command(jam, "intro", at=BEAT)
    jam.until(7 * BAR)
    assert not [it for _, it in onsets(jam, 0, 2 * BAR - ON_TIME) if it.channel != DRUMS]
    assert [bass_at(jam, bar) for bar in range(2, 7)] == [{8}, {1}, {8}, {1}, {0}]


# --- the ritard -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("free", [False, True])
def test_an_ending_may_slow_down_and_all_strike_the_last_chord_together_and_hold_it(
    free: bool,
) -> None:
    jam = band(ritard="on", tempo=120, sync="free" if free else "internal")
    sing(jam, 2)
    command(jam, "ending", at=2 * BAR + BEAT // 4)
    assert line(jam) == "The band slows down to its last chord."
    tempi = list[float]()
    while jam.engine.snapshot()["turn"] == "together" and jam.now < 9 * BAR:
        jam.until(jam.now + BEAT // 2)
        tempi.append(float(str(jam.engine.snapshot()["tempo_bpm"])))
    assert 70 <= min(tempi) <= 75  # .6 of 120

    struck = [at for at, note in onsets(jam) if note.channel == BASS_CHANNEL][-1]
    assert 3.1 * BAR < struck < 3.6 * BAR  # a bar that is a quarter slower on the whole
    together = {note.channel for at, note in onsets(jam, struck - 3_000, struck + 3_000)}
    assert {BASS_CHANNEL, DRUM_CHANNEL} <= together
    assert not onsets(jam, struck + 3_000)
    jam.until(20 * BAR)
    assert not jam.wire.sounding
    assert jam.engine.snapshot()["tempo_bpm"] == 120


def test_a_ritard_in_its_bar_slows_down_evenly() -> None:
    timeline = Timeline(500_000, 7)
    found = list(bends(timeline, 96, 192))
    tempi = [bent.tempo_us for _, bent in found]
    assert tempi == sorted(tempi) and tempi[0] == 500_000 and tempi[-1] == round(500_000 / 0.6)
    for (at, bent), (_, before) in zip(found[1:], found, strict=False):
        assert abs(bent.micros(bent.tick(at)) - at) <= 1
        assert bent.tick(at) == before.tick(at)


def test_a_ritard_that_passed_while_a_daw_led_wakes_nobody_when_the_time_is_ours_again() -> None:
    timeline = Timeline(500_000, 7)
    ending = Finale(ChordFrom(192, None), 288, slows=96)
    listener: Any = SimpleNamespace(
        live=SimpleNamespace(timeline=timeline), harmony=SimpleNamespace(ending=ending)
    )
    conductor: Any = SimpleNamespace(leader=Leader.CLOCK)
    desk: Any = None  # not asked
    ritard = Ritard(listener, conductor, desk)
    assert ritard.deadline() is None
    conductor.leader = Leader.INTERNAL
    assert ritard.deadline() == timeline.micros(96)

    assert ritard.bent(timeline, timeline.micros(200)) == timeline
    assert ritard.deadline() is None


@pytest.mark.parametrize(
    "style, bpm, told, slows",
    [
        ("pop", 66, "auto", True),
        ("pop", 120, "auto", False),
        ("jazz_swing", 126, "auto", False),
        ("gospel", 100, "auto", True),
        ("hymn", 90, "auto", True),
        ("gospel", 100, "off", False),
        ("jazz_swing", 200, "on", True),
    ],
)
def test_ballads_gospel_and_hymns_slow_down_at_the_end_and_swing_and_pop_do_not(
    style: str, bpm: float, told: str, slows: bool
) -> None:
    assert is_wanted(told, style, bpm) == slows


def test_with_a_daw_s_clock_there_is_no_ritard_and_the_reply_says_so() -> None:
    jam = band(ritard="on", sync="clock")
    jam.play(0, START)
    for tick in range(24 * 4 * 6):
        at = tick * BEAT // 24
        jam.play(at, CLOCK)
        if tick % 48 == 0:
            jam.play(at + 1, NoteOn(76, 80))
        if tick % 48 == 24:
            jam.play(at + 1, NoteOff(76))
        if tick == 24 * 4 * 2 + 6:
            command(jam, "ending")
            said = line(jam)
    assert said == "The DAW's clock leads: the last chord comes in time, without a ritard."
    basses = [at for at, note in onsets(jam) if note.channel == BASS_CHANNEL]
    assert abs(basses[-1] - 3 * BAR) < BEAT // 4
