"""A band beside chords: the bass has the root where they change, and foresees them once the song comes back."""

from itertools import pairwise

import pytest

from livegen.jam.timing.agenda import ROUTES
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, DRUM_CHANNEL
from livegen.testing import SECOND, Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, command, notes, onsets, rehearsal

LATE = BEAT // 8  # the longest that a bass is behind a chord that it could not foresee
ON_TIME = 1_000
C, G, A_MINOR, F = (48, 52, 55, 60), (43, 50, 55, 59), (45, 52, 57, 60), (41, 53, 57, 60)
LOOP = (C, G, A_MINOR, F)
TWELVE_BARS = tuple(
    tuple(root + step for step in (0, 4, 7, 10))
    for root in (43, 43, 43, 43, 48, 48, 43, 43, 50, 48, 43, 50)
)
BASS_CHANNEL = ROUTES[BASS].channel


def chord(jam: Rehearsal, keys: tuple[int, ...], at: int, length: int = BAR * 9 // 10) -> None:
    for key in keys:
        jam.play(at, NoteOn(key, 80))
    for key in keys:
        jam.play(at + length, NoteOff(key))


def bass(jam: Rehearsal, since: int, until: int) -> list[tuple[int, int]]:
    """Onsets of the bass, with their pitch classes."""
    found = onsets(jam, since, until)
    return [(at, note.pitch % 12) for at, note in found if note.channel == BASS_CHANNEL]


def has_root(jam: Rehearsal, keys: tuple[int, ...], at: int, early: int, late: int) -> bool:
    return keys[0] % 12 in [pitch for _, pitch in bass(jam, at - early, at + late + 1)]


def band() -> Rehearsal:
    return rehearsal(UniformModel(12), mode="accompany", sync="internal")


@pytest.mark.parametrize("keys", [(48, 52, 55), (52, 55, 60), (55, 60, 64), (36, 60, 64, 67)])
def test_the_bass_strikes_the_root_of_a_chord_as_soon_as_it_is_struck(
    keys: tuple[int, ...],
) -> None:
    """However its notes lie under the hand."""
    jam = band()
    chord(jam, F, 0)
    chord(jam, keys, BAR)
    jam.until(2 * BAR)

    struck = bass(jam, BAR, BAR + LATE)
    assert 0 in [pitch for _, pitch in struck]


def test_a_bass_note_that_stands_apart_below_a_chord_is_meant() -> None:
    jam = band()
    chord(jam, F, 0)
    chord(jam, (40, 60, 64, 67), BAR)  # C over E

    assert 4 in [pitch for _, pitch in bass(jam, BAR, BAR + LATE)]


@pytest.mark.parametrize("song", [LOOP, TWELVE_BARS])
def test_the_second_time_round_two_changes_suffice_and_then_the_root_comes_with_the_chord(
    song: tuple[tuple[int, ...], ...],
) -> None:
    jam, bars = band(), song * 3
    for bar, keys in enumerate(bars):
        chord(jam, keys, bar * BAR)
    again = [bar for bar in range(len(song), len(bars)) if bars[bar] != bars[bar - 1]]

    for bar in again[2:]:
        assert has_root(jam, bars[bar], bar * BAR, ON_TIME, ON_TIME), bar


def test_a_band_plays_into_a_chord_that_the_player_strikes_late() -> None:
    jam = band()
    for bar, keys in enumerate(LOOP * 3):
        late = BEAT // 3 if bar >= 8 else 0
        chord(jam, keys, bar * BAR + late, BAR * 9 // 10 - late)

    for bar, keys in list(enumerate(LOOP * 3))[9:]:
        assert has_root(jam, keys, bar * BAR, ON_TIME, ON_TIME), "it does not wait"
        struck_again = bass(jam, bar * BAR + ON_TIME, bar * BAR + BEAT // 3 + LATE)
        assert keys[0] % 12 not in [pitch for _, pitch in struck_again], "nor begin once more"


def test_a_chord_that_is_held_over_the_change_that_was_foreseen_is_followed() -> None:
    jam = band()
    for bar, keys in enumerate(LOOP * 2):
        chord(jam, keys, bar * BAR)
    chord(jam, C, 8 * BAR, 3 * BAR)
    jam.until(11 * BAR)

    assert has_root(jam, G, 9 * BAR, ON_TIME, ON_TIME)
    assert has_root(jam, C, 9 * BAR + 2 * BEAT, BEAT, BEAT), "as soon as it is looked at again"


def test_a_chord_that_is_foreseen_only_just_before_it_comes_is_struck_all_the_same() -> None:
    """A key that is let go of just before the bar line, and one that is struck on it, have all planned anew."""
    jam = rehearsal(UniformModel(12), mode="accompany", sync="internal", tempo=72)
    beat = 60 * SECOND // 72
    g, e_minor, d = (43, 47, 50), (40, 43, 47), (38, 42, 45)
    song = (g, e_minor, C, d, g, e_minor, C, d, e_minor, e_minor, C)  # where a G was expected
    for bar, keys in enumerate(song):
        line, next_line = bar * 4 * beat, (bar + 1) * 4 * beat
        events: list[tuple[int, NoteOn | NoteOff]] = [
            (line + 2 * ON_TIME, NoteOn(76, 80)),
            (next_line - beat // 5, NoteOff(76)),
        ]
        events += [(line + beat // 14, NoteOn(key, 80)) for key in keys]
        events += [(next_line - beat // 24, NoteOff(key)) for key in keys]
        for at, message in sorted(events, key=lambda event: event[0]):
            jam.play(at, message)
    jam.until(len(song) * 4 * beat)

    for bar in (2, 3, 4, 5, 6, 7, 10):
        assert has_root(jam, song[bar], bar * 4 * beat, ON_TIME, beat // 14 + LATE), bar


def test_where_nobody_foresees_the_chord_no_note_of_the_one_before_begins_with_it() -> None:
    jam = band()
    song = (C, F, G, F, A_MINOR, C, F, A_MINOR, G, C, A_MINOR, F)  # nothing comes back
    for bar, keys in enumerate(song):
        chord(jam, keys, bar * BAR)
    for bar, keys in enumerate(song[1:6], 1):
        struck = bass(jam, bar * BAR - ON_TIME, bar * BAR + LATE)
        assert [pitch for _, pitch in struck] == [keys[0] % 12], bar


def test_a_band_grows_louder_and_softer_with_the_player_in_the_middle_of_the_song() -> None:
    jam = band()
    for bar, keys in enumerate(LOOP * 5):
        loud = 8 <= bar < 12
        for key in keys:
            jam.play(bar * BAR, NoteOn(key, 110 if loud else 40))
        for key in keys:
            jam.play((bar + 1) * BAR - BEAT // 10, NoteOff(key))

    def loudness(first: int, last: int) -> float:
        found = [it.velocity for _, it in onsets(jam, first * BAR, last * BAR)]
        return sum(found) / len(found)

    assert loudness(10, 12) > loudness(6, 8) + 15, "within two bars"
    assert loudness(18, 20) < loudness(10, 12) - 15, "and no longer than the player is"


def keeps_beat(jam: Rehearsal, since: int, first: int = 0) -> None:
    """Quarters in chords from a time on, of which the first comes so late."""
    for beat in range(16):
        at = since + beat * BEAT + (0 if beat else first)
        chord(jam, C, at, BEAT // 2)


def off_ticks(jam: Rehearsal, since: int) -> float:
    """The furthest that the drums, after a bar, are from the ticks of a beat that begins at a time, micros."""
    struck = [at - since for at, it in onsets(jam, since + BAR) if it.channel == DRUM_CHANNEL]
    assert len(struck) > 16
    return max(abs(at - round(at * 24 / BEAT) * BEAT / 24) for at in struck)


@pytest.mark.parametrize("first", [50_000, -50_000])
def test_at_a_tempo_that_is_told_the_band_is_with_the_player_and_not_with_his_first_key(
    first: int,
) -> None:
    jam = rehearsal(UniformModel(12), mode="accompany")
    keeps_beat(jam, SECOND, first)
    assert off_ticks(jam, SECOND) <= 1


def test_who_was_counted_in_and_begins_anew_at_another_phase_has_the_band_with_him() -> None:
    jam = rehearsal(UniformModel(12), mode="accompany")
    command(jam, "count_in")
    keeps_beat(jam, 2 * BAR)
    command(jam, "stop", at=7 * BAR)
    anew = 8 * BAR + BEAT // 2 + 30_000
    keeps_beat(jam, anew)
    assert off_ticks(jam, anew) <= 1


OFF = (
    2 * BAR + BEAT + BEAT // 3
)  # where in the bars of its own time, that nobody hears, a player begins


def one_of(jam: Rehearsal, at: int) -> float:
    """How far behind its last bar line a time is by the engine's time, beats."""
    timeline = jam.engine.timeline
    return timeline.metre.place(timeline.tick(at)).position / 24


def test_in_its_own_time_a_bar_begins_with_the_first_note_of_who_has_heard_no_beat() -> None:
    jam = band()
    jam.until(OFF)
    for bar, keys in enumerate(LOOP * 2):
        chord(jam, keys, OFF + bar * BAR)

    assert one_of(jam, OFF) == 0
    assert all(has_root(jam, LOOP[bar % 4], OFF + bar * BAR, ON_TIME, LATE) for bar in range(8))
    assert off_ticks(jam, OFF) <= 1
    stopped = jam.now
    command(jam, "stop")
    jam.until(stopped + 20 * SECOND)
    chord(jam, C, stopped + 20 * SECOND + 100_000)
    assert one_of(jam, stopped + 20 * SECOND + 100_000) == 0, "nor is it remembered for ever"


def test_in_its_own_time_a_bar_goes_on_through_a_short_rest() -> None:
    jam = band()
    chord(jam, C, OFF)
    command(jam, "stop", at=OFF + BAR)
    chord(jam, G, OFF + 2 * BAR + BEAT)
    assert one_of(jam, OFF + 2 * BAR + BEAT) == 1


@pytest.mark.parametrize("heard", ["clock_out", "tap", "count_in"])
def test_in_its_own_time_who_was_told_where_the_beat_is_joins_it(heard: str) -> None:
    jam = rehearsal(
        UniformModel(12),
        mode="accompany",
        sync="internal",
        clock_out="on" if heard == "clock_out" else "off",
    )
    jam.until(0)
    for at in range(0, 2 * BAR, BEAT) if heard == "tap" else ():
        command(jam, "tap", at=at)
    if heard == "count_in":
        command(jam, "count_in", at=BAR)
    begun = 2 * BAR + BEAT // 4
    one = one_of(jam, begun)
    chord(jam, C, begun)
    assert one_of(jam, begun) == one != 0


@pytest.mark.parametrize(("tempo", "waits"), [("auto", True), (90, False)])
def test_drums_come_in_when_the_beat_is_known_and_keep_none_that_is_a_guess(
    tempo: str | int, waits: bool
) -> None:
    """Quarters at 90, of a hand that strikes chords."""
    jam = rehearsal(UniformModel(12), mode="accompany", sync="auto", tempo=tempo)
    beat = 667_000
    for number in range(24):
        for pitch in (48, 52, 55):
            jam.play(number * beat, NoteOn(pitch, 80))
        for pitch in (48, 52, 55):
            jam.play(number * beat + beat // 2, NoteOff(pitch))
    drums = [at for at, it in onsets(jam, 0, 24 * beat) if it.channel == DRUM_CHANNEL]

    assert len(drums) > 20
    assert (min(drums) > 3 * beat) is waits
    assert min(drums) < 8 * beat


@pytest.mark.parametrize("step", [0, 3, 7])
def test_until_the_beat_is_known_bass_and_comp_strike_with_the_player_and_hold_on(
    step: int,
) -> None:
    jam = rehearsal(UniformModel(6), mode="accompany", parts="comp bass drums", tempo="auto")
    struck = [round(at * SECOND) for at in (0, 2.1, 5.3, 7.2)]  # no tempo has all of them
    for keys, (at, until) in zip(LOOP, pairwise(struck), strict=False):
        chord(jam, tuple(key + step for key in keys), at, until - at - BEAT // 8)
    assert not jam.engine.snapshot()["tempo_sure"]

    chord(jam, tuple(key + step for key in LOOP[3]), struck[3])
    for (at, until), keys in zip(pairwise(struck), LOOP, strict=False):
        bass, comp = (
            [it for it in notes(jam, {ROUTES[part].channel}) if at <= it[0] < until]
            for part in (BASS, COMP)
        )
        assert [(pitch - step) % 12 for *_, pitch in bass] == [keys[0] % 12]
        assert {(pitch - step) % 12 for *_, pitch in comp} == {key % 12 for key in keys}
        assert len(comp) == 3
        assert all(since < at + LATE and ended > until - LATE for since, ended, _ in (*bass, *comp))
