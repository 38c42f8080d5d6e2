"""Count-ins on virtual time: who counts is not answered, and who goes along enters on the one."""

from collections.abc import Sequence

import pytest

from livegen.jam.controls.controls import settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.music.messages import NoteOff, NoteOn, Other
from livegen.music.time.metre import written
from livegen.testing import SECOND, EchoModel, Rehearsal, UniformModel
from tests.jam.stage import (
    BAR,
    BEAT,
    START,
    STOP,
    clocks,
    command,
    line,
    onsets,
    play,
    rehearsal,
    turn,
)

STICK, HAT, KICK, SNARE = 37, 42, 36, 38
ACCENT, CLICK = 76, 77  # wood blocks
DRUMS = 9


def jam_of(model: EchoModel | UniformModel | None = None, **controls: object) -> Rehearsal:
    """An engine in free time, by default with the model that repeats the last note."""
    return Rehearsal(Engine(model or EchoModel(), seed=1, settings=settings(controls)))


def strike(jam: Rehearsal, drum: int, at: int) -> None:
    """A pad is struck."""
    jam.play(at, NoteOn(drum, 90, DRUMS))
    jam.play(at, NoteOff(drum, 64, DRUMS))


def count(jam: Rehearsal, beat: int, at: int = SECOND, clicks: int = 4, drum: int = STICK) -> int:
    """Clicks so many micros apart; gives when the next beat is."""
    for click in range(clicks):
        strike(jam, drum, at + click * beat)
    return at + clicks * beat


def groove(jam: Rehearsal, at: int, beat: int, beats: int = 8) -> int:
    """Kick and snare with hats in eighths; gives when the next beat is."""
    for each in range(beats):
        strike(jam, SNARE if each % 2 else KICK, at + each * beat)
        strike(jam, HAT, at + each * beat)
        strike(jam, HAT, at + each * beat + beat // 2)
    return at + beats * beat


def chord(jam: Rehearsal, pitches: Sequence[int], at: int, lasts: int) -> None:
    """Keys that go down together and come up together."""
    for pitch in pitches:
        jam.play(at, NoteOn(pitch, 80))
    for pitch in pitches:
        jam.play(at + lasts, NoteOff(pitch))


def clicked(jam: Rehearsal) -> list[tuple[int, int]]:
    """The clicks that were sent: when, and which."""
    drums = [(at, note.pitch) for at, note in onsets(jam) if note.channel == DRUMS]
    return [(at, pitch) for at, pitch in drums if pitch in (ACCENT, CLICK)]


def bar_line(jam: Rehearsal, at: int, within: int = 2_000) -> bool:
    """True if a bar begins there, to so many micros."""
    timeline = jam.engine.timeline
    line = timeline.micros(timeline.bar_from(timeline.tick(at) - 12))
    return abs(line - at) < within


def call_notes(jam: Rehearsal) -> int:
    """How many notes the open call has."""
    call = jam.engine._listener.call
    return call.phrase.notes if call else 0


@pytest.mark.parametrize("mode", ["respond", "accompany", "trade", "harmonise", "listen"])
@pytest.mark.parametrize("bpm", [90, 120, 180])
def test_four_sticks_tell_the_tempo_and_the_groove_after_them_begins_a_bar(
    mode: str, bpm: int
) -> None:
    jam, beat = jam_of(mode=mode), round(60e6 / bpm)
    one = count(jam, beat)
    groove(jam, one, beat)
    assert jam.engine.timeline.bpm == pytest.approx(bpm, rel=0.01)
    assert jam.engine.snapshot()["tempo_sure"] == 1
    assert bar_line(jam, one)
    assert call_notes(jam) == 8 * 3


@pytest.mark.parametrize("bpm", [90, 120, 180])
def test_beside_drums_the_band_enters_on_the_one_after_the_count(bpm: int) -> None:
    jam, beat = jam_of(mode="accompany"), round(60e6 / bpm)
    one = count(jam, beat)
    groove(jam, one, beat)
    first, note = onsets(jam)[0]
    assert abs(first - one) < 2_000
    assert note.channel != DRUMS  # the player has the drums


def test_the_band_is_with_a_drummer_who_comes_in_early_or_late() -> None:
    for off in (-40_000, 40_000):
        jam = jam_of(mode="accompany")
        one = count(jam, BEAT)
        groove(jam, one + off, BEAT)
        assert abs(onsets(jam)[0][0] - one) < 2_000
        assert bar_line(jam, one, within=45_000)


def test_an_answer_to_what_was_counted_in_is_to_the_groove_alone() -> None:
    heard = []
    for counts in (True, False):
        jam = jam_of(mode="respond", tempo="auto" if counts else 120)
        one = SECOND + 4 * BEAT
        if counts:
            count(jam, BEAT)
        over = groove(jam, one, BEAT)
        jam.until(over + 4 * BAR)
        heard.append([(at, note.pitch) for at, note in onsets(jam)])
    assert heard[0] == heard[1] != []


def test_nobody_answers_a_count() -> None:
    jam = jam_of(mode="respond")
    one = count(jam, BEAT)
    jam.until(one + 50_000)
    assert onsets(jam) == []
    assert turn(jam) == "listening"


def test_three_clicks_and_a_waltz() -> None:
    jam, beat = jam_of(), 400_000
    one = count(jam, beat, clicks=3)
    for bar in range(4):
        strike(jam, KICK, one + 3 * bar * beat)
        strike(jam, HAT, one + (3 * bar + 1) * beat)
        strike(jam, HAT, one + (3 * bar + 2) * beat)
    assert written(jam.engine.timeline.metre) == "3/4"
    assert jam.engine.timeline.bpm == pytest.approx(150, rel=0.01)
    assert bar_line(jam, one)


def test_a_pianist_counts_with_a_muted_key() -> None:
    for mode in ("respond", "accompany"):
        jam, beat = jam_of(mode=mode), 600_000
        for click in range(4):
            jam.play(SECOND + click * beat, NoteOn(60, 60))
            jam.play(SECOND + click * beat + 90_000, NoteOff(60))
        one = SECOND + 4 * beat
        chord(jam, (48, 52, 55), one, 2 * beat)
        assert jam.engine.timeline.bpm == pytest.approx(100, rel=0.01)
        assert bar_line(jam, one)
        assert call_notes(jam) == 3
        assert not [at for at, _ in onsets(jam) if one - beat < at < one - 2_000]


def test_eighths_of_a_punk_song_are_its_music() -> None:
    jam, eighth = jam_of(), 260_000
    for each in range(16):
        jam.play(SECOND + each * eighth, NoteOn(40 if each < 8 else 45, 100))
        jam.play(SECOND + each * eighth + 60_000, NoteOff(40 if each < 8 else 45))
    assert call_notes(jam) == 16


def test_clicks_that_go_on_are_a_groove_and_its_tempo_is_found_as_ever() -> None:
    jam = jam_of(mode="accompany")
    at = SECOND
    for each in range(4):
        strike(jam, HAT, at + each * 300_000)
    assert jam.engine._listener._counted_us is not None
    for each in range(4, 8):
        strike(jam, HAT, at + each * 300_000)
    assert jam.engine._listener._counted_us is None


def test_after_a_count_the_tempo_is_held_and_followed() -> None:
    jam, beat = jam_of(), 500_000
    at = count(jam, beat)
    for each in range(64):
        strike(jam, SNARE if each % 2 else KICK, at)
        strike(jam, HAT, at)
        strike(jam, HAT, at + beat // 2)
        at += beat
        beat -= 1_000
        assert jam.engine.timeline.tempo_us == pytest.approx(beat, rel=0.06)
    assert jam.engine.timeline.bpm > 130


def test_a_tempo_that_is_told_is_not_counted_otherwise() -> None:
    jam = jam_of(tempo=120)
    groove(jam, count(jam, 400_000), 400_000, 2)
    assert jam.engine.timeline.bpm == 120
    assert call_notes(jam) == 4 + 6
    jam = jam_of(tempo=120)
    groove(jam, count(jam, 510_000), 510_000, 2)
    assert call_notes(jam) == 6


def test_taps_count_in_too() -> None:
    jam = jam_of(mode="accompany")
    for tap in range(4):
        command(jam, "tap", at=SECOND + tap * 600_000)
    one = SECOND + 4 * 600_000
    chord(jam, (48, 52, 55), one, 600_000)
    assert jam.engine.timeline.bpm == 100
    assert bar_line(jam, one)


# --- given ------------------------------------------------------------------------------------------------------------


def test_a_bar_of_clicks_comes_before_the_music_with_an_accent_on_the_one() -> None:
    jam = jam_of(tempo=120)
    command(jam, "count_in", at=SECOND)
    jam.until(20 * SECOND)
    assert clicked(jam) == [
        (SECOND + beat * BEAT, ACCENT if beat == 0 else CLICK) for beat in range(4)
    ]
    assert not jam.wire.sounding


def test_so_many_bars_of_the_metre_are_counted() -> None:
    jam = jam_of(tempo=120, metre="6/8", count_in_bars=2)
    command(jam, "count_in", at=SECOND)
    jam.until(20 * SECOND)
    dotted = BEAT * 3 // 2
    assert clicked(jam) == [
        (SECOND + beat * dotted, CLICK if beat % 2 else ACCENT) for beat in range(4)
    ]
    jam = jam_of(tempo=120, metre="7/8")
    command(jam, "count_in", at=SECOND)
    jam.until(20 * SECOND)
    assert [at for at, _ in clicked(jam)] == [SECOND + beat * BEAT for beat in range(4)]


def test_the_band_enters_on_the_one_and_plays_until_it_is_told_to_stop() -> None:
    jam = jam_of(mode="accompany", tempo=120)
    command(jam, "count_in", at=SECOND)
    assert turn(jam) == "together"
    jam.until(SECOND + 8 * BAR + BEAT // 2)
    one = SECOND + BAR
    played = [at for at, note in onsets(jam) if note.pitch not in (ACCENT, CLICK)]
    assert played[0] == one
    assert played[-1] > one + 6 * BAR
    command(jam, "stop")
    jam.until(jam.now + 20 * SECOND)
    assert not jam.wire.sounding
    assert onsets(jam)[-1][0] <= SECOND + 8 * BAR + BEAT // 2


def test_the_band_that_was_counted_in_leaves_with_who_played_with_it() -> None:
    jam = jam_of(mode="accompany", tempo=120)
    command(jam, "count_in", at=SECOND)
    one = SECOND + BAR
    jam.until(one + 4 * BAR)
    over = play(jam, at=one + 4 * BAR)
    jam.until(over + 6 * BAR)
    assert onsets(jam)[-1][0] < over + 3 * BAR
    assert turn(jam) == "waiting"


def test_who_plays_while_it_counts_does_not_bring_the_band_in_early() -> None:
    jam = jam_of(mode="accompany", tempo=120)
    command(jam, "count_in", at=SECOND)
    one = SECOND + BAR
    for at in (one - BEAT, one - BEAT // 2):
        jam.play(at, NoteOn(62, 80))
        jam.play(at + 100_000, NoteOff(62))
    play(jam, at=one)
    band = [at for at, note in onsets(jam) if note.pitch not in (ACCENT, CLICK)]
    assert band[0] == one
    assert bar_line(jam, one)
    assert len(clicked(jam)) == 4


@pytest.mark.parametrize("mode", ["continue", "solo"])
def test_a_model_that_goes_on_begins_on_the_one(mode: str) -> None:
    jam = jam_of(mode=mode, tempo=120)
    command(jam, "stop", at=play(jam) + 8 * BAR)
    at = jam.now + SECOND // 7
    command(jam, "count_in", at=at)
    jam.until(at + 2 * BAR)
    assert next(when for when, note in onsets(jam, since=at) if note.channel != DRUMS) == at + BAR


def test_where_nothing_was_played_the_player_begins_and_hears_so() -> None:
    jam = jam_of(mode="continue", tempo=120)
    command(jam, "count_in", at=SECOND)
    assert line(jam) == "Count-in: you begin on the one."
    jam.until(SECOND + 2 * BAR)
    assert len(onsets(jam)) == 4
    assert turn(jam) == "waiting"


@pytest.mark.parametrize("off", [-BEAT, -60_000, 60_000, BEAT])
def test_the_call_after_it_is_on_its_beat_wherever_it_begins(off: int) -> None:
    jam = jam_of()  # no tempo was told or found
    command(jam, "count_in", at=SECOND)
    tempo = jam.engine.timeline.tempo_us
    one = SECOND + 4 * tempo
    jam.play(one + off, NoteOn(60, 80))
    jam.play(one + off + 100_000, NoteOff(60))
    assert jam.engine.timeline.tempo_us == tempo
    assert bar_line(jam, one)


def test_with_a_clock_it_begins_on_the_bar_line() -> None:
    jam = jam_of(mode="accompany")
    jam.play(0, START)
    clocks(jam, 5, at=0)
    command(jam, "count_in")
    clocks(jam, 24, at=5 * BEAT)
    counted = [at for at, _ in clicked(jam) if at < 3 * BAR]  # later a drummer may have wood blocks
    assert counted == pytest.approx([2 * BAR + beat * BEAT for beat in range(4)], abs=2_000)
    band = [at for at, note in onsets(jam) if note.pitch not in (ACCENT, CLICK)]
    assert band[0] == pytest.approx(3 * BAR, abs=2_000)


def test_a_clock_that_stops_ends_it_and_one_that_does_not_run_has_none() -> None:
    jam = jam_of(mode="accompany", sync="clock")
    command(jam, "count_in", at=0)
    assert line(jam) == "The DAW's clock does not run: start it first."
    jam.play(SECOND, START)
    clocks(jam, 5, at=SECOND)
    command(jam, "count_in")
    clocks(jam, 4.5, at=SECOND + 5 * BEAT)
    clicks = len(clicked(jam))
    assert clicks == 2
    jam.play(jam.now, STOP)
    jam.until(jam.now + 10 * SECOND)
    assert len(clicked(jam)) == clicks
    assert not jam.wire.sounding


@pytest.mark.parametrize("name", ["stop", "panic", "my_turn"])
@pytest.mark.parametrize("mode", ["respond", "accompany"])
def test_a_count_in_can_be_stopped(name: str, mode: str) -> None:
    jam = jam_of(mode=mode, tempo=120)
    command(jam, "count_in", at=SECOND)
    command(jam, name, at=SECOND + BEAT + 10_000)
    assert not jam.wire.sounding
    jam.until(20 * SECOND)
    assert len(onsets(jam)) == 2


def test_pressed_again_it_begins_again() -> None:
    jam = jam_of(mode="accompany", tempo=120)
    command(jam, "count_in", at=SECOND)
    command(jam, "count_in", at=SECOND + 2 * BEAT + 100_000)
    jam.until(SECOND + 2 * BAR)
    again = SECOND + 2 * BEAT + 100_000
    assert clicked(jam)[-4:] == [
        (again + beat * BEAT, ACCENT if beat == 0 else CLICK) for beat in range(4)
    ]
    assert next(at for at, note in onsets(jam) if note.pitch not in (ACCENT, CLICK)) == again + BAR


def test_a_click_that_a_cut_takes_back_is_given_again() -> None:
    jam = jam_of(mode="continue", sync="internal", tempo=120, click="on")
    play(jam)
    beat = 6 * BAR
    jam.play(beat - 10_000, NoteOn(60, 80))  # the model falls silent, with a click on its way
    jam.until(beat + BEAT // 2)
    assert [at for at, _ in clicked(jam) if abs(at - beat) < BEAT // 2] == [beat]


# --- the click --------------------------------------------------------------------------------------------------------


def test_the_click_goes_with_the_music_and_ends_with_it() -> None:
    jam = jam_of(tempo=120, click="on")
    play(jam, at=SECOND)
    jam.until(20 * SECOND)
    clicks = clicked(jam)
    notes = [(at, it) for at, it in jam.sent if isinstance(it, NoteOn | NoteOff)]
    music = [at for at, note in notes if note.pitch not in (ACCENT, CLICK)]
    assert [(at - SECOND) % BEAT for at, _ in clicks] == [0] * len(clicks)
    assert {at for at, pitch in clicks if pitch == ACCENT} == {
        at for at, _ in clicks if (at - SECOND) % BAR == 0
    }
    assert music[-1] - BEAT < clicks[-1][0] <= music[-1] + BEAT
    assert not jam.wire.sounding


def test_by_default_nothing_clicks() -> None:
    jam = jam_of(tempo=120)
    play(jam)
    jam.until(20 * SECOND)
    assert clicked(jam) == []


def test_in_free_time_it_is_silent_until_a_tempo_is_found() -> None:
    jam = jam_of(click="on")
    play(jam, [60, 62, 64, 65, 67, 65, 64, 62] * 4)
    jam.until(20 * SECOND)
    sure_from = clicked(jam)[0][0]
    assert sure_from >= 3 * BEAT
    assert max((at % BEAT + BEAT // 2) % BEAT - BEAT // 2 for at, _ in clicked(jam)) < 20_000


def test_the_model_hears_no_click() -> None:
    heard = []
    for click in ("off", "on"):
        jam = jam_of(UniformModel(6), tempo=120, click=click)
        play(jam)
        jam.until(20 * SECOND)
        state = jam.engine._listener.live.state
        heard.append((state.tolist(), jam.engine.snapshot()["heard"]))
    assert heard[0] == heard[1]


def test_offset_and_route_are_those_of_the_drums() -> None:
    jam = jam_of(tempo=120, offset=-100)
    command(jam, "count_in", at=SECOND)
    jam.until(20 * SECOND)
    assert [at for at, _ in clicked(jam)] == [SECOND + beat * BEAT for beat in range(4)]
    assert bar_line(jam, SECOND + 100_000)  # it is heard so much later
    assert {note.channel for _, note in onsets(jam)} == {DRUMS}


def test_clicks_never_hang_whoever_else_plays_wood_blocks() -> None:
    jam = jam_of(UniformModel(3), mode="accompany", tempo=120, click="on", parts="drums")
    command(jam, "count_in", at=SECOND)
    jam.until(30 * SECOND)
    jam.play(30 * SECOND, Command("panic"))
    sounding: set[tuple[int, int]] = set()
    for _, message in jam.sent:
        match message:
            case NoteOn(pitch, _, channel):
                assert (channel, pitch) not in sounding
                sounding.add((channel, pitch))
            case NoteOff(pitch, _, channel):
                sounding.remove((channel, pitch))
            case Other():
                pass
            case _:
                raise AssertionError(message)
    assert not sounding


def test_muting_a_part_takes_no_click_and_no_end_of_one() -> None:
    jam = rehearsal(
        UniformModel(6), mode="accompany", sync="internal", click="on", parts="bass comp"
    )
    for beat in range(16):
        for part in ("bass", "comp") if beat else ():
            jam.play(beat * BEAT + 5_000, Command(f"{part}_mute", "on" if beat % 2 else "off"))
        jam.play(beat * BEAT + BEAT // 4, NoteOn(60 + beat % 5, 80))
        jam.play(beat * BEAT + BEAT // 2, NoteOff(60 + beat % 5))
    found = clicked(jam)
    jam.play(jam.now, Command("my_turn"))
    jam.until(jam.now + BEAT)

    clicks = [(at - BEAT // 4) / BEAT for at, _ in found]  # from the player's first note on
    assert clicks == pytest.approx(range(16), abs=0.01)
    assert not jam.wire.sounding
