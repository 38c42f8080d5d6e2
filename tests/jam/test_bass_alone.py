"""A left hand that plays single low notes after a chord: the band goes with them."""

from collections.abc import Sequence

import pytest

from livegen.jam.harmony.harmony import Harmony
from livegen.jam.struck import Struck
from livegen.jam.timing.agenda import ROUTES
from livegen.jam.turns import Chords
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, LEAD
from livegen.music.time.timeline import Timeline
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, notes, onsets, rehearsal

TIMELINE = Timeline(BEAT)
C, F, G, A = (48, 52, 55), 41, 43, 45
MELODY = (76, 79, 76, 72, 77, 81, 77, 81, 74, 71, 74, 79, 76, 72, 76, 81)

Key = tuple[float, float, int, int]  # beats from when until when, part, pitch
Turns = tuple[tuple[int, tuple[int, ...]], ...]  # a bass and a chord for each bar


def held(at: float, lasts: float, *pitches: int, part: int = COMP) -> list[Key]:
    return [(at, at + lasts, part, pitch) for pitch in pitches]


def sung(pitches: Sequence[int] = MELODY) -> list[Key]:
    return [(at, at + 0.9, LEAD, pitch) for at, pitch in enumerate(pitches)]


def told(keys: Sequence[Key], at: Sequence[float]) -> list[str]:
    """The chord that is gone by at some beats, by a band that looks at each key and where keys have settled."""
    harmony, found = Harmony(), list[str]()
    strokes = sorted(
        [(begin, 1, part, pitch) for begin, _, part, pitch in keys]
        + [(end, 0, part, pitch) for _, end, part, pitch in keys]
    )
    asked = list(at)

    def wait(until: int) -> None:
        while asked and asked[0] * BEAT < until:
            beat_us = round(asked[0] * BEAT)
            settle(beat_us)
            asked.pop(0)
            tick = TIMELINE.tick(beat_us)
            outline = harmony.outline(Chords.NOW, tick, beat_us, TIMELINE, beat_us)
            chord = dict(outline.chords)[tick]
            found.append(chord.name if chord else "")
        settle(until)

    def settle(until: int) -> None:
        while True:
            due = [us for us in (harmony.lands_us, harmony.settles_us) if us and us <= until]
            if not due:
                return
            harmony.follow(TIMELINE, min(due), has_song=False)
            if harmony.settle(TIMELINE, min(due)):
                harmony.ahead(TIMELINE.tick(min(due)) + 1, TIMELINE, min(due))

    for beat, on, part, pitch in strokes:
        now = round(beat * BEAT)
        wait(now - 1)
        harmony.follow(TIMELINE, now, has_song=False)
        harmony.hear(Struck(now, part, pitch, 80 * on))
        if on:
            harmony.ahead(TIMELINE.tick(now) + 1, TIMELINE, now)
    wait(round((at[-1] + 1) * BEAT))
    return found


LINES = (*held(4, 3.5, F), *held(8, 3.5, G), *held(12, 3.5, A))


@pytest.mark.parametrize("part", [COMP, BASS])
@pytest.mark.parametrize("melody", [(), MELODY])
def test_a_single_low_note_on_a_bar_line_takes_the_place_of_the_chord_before(
    part: int, melody: tuple[int, ...]
) -> None:
    keys = [*held(0, 1.8, *C), *((*row[:2], part, row[3]) for row in LINES), *sung(melody)]
    heard = told(keys, (2.5, 4.2, 8.2))
    assert heard == ["C", "F", "G"]


def test_over_the_same_bass_the_melody_says_which_chord_it_is() -> None:
    keys = [*held(0, 1.8, *C), *LINES, *sung()]
    assert told(keys, (12.2, 14.5))[1] == "Am"


def test_one_keyboard_is_understood_like_two() -> None:
    keys = [*held(0, 1.8, *C, part=LEAD), *((*row[:2], LEAD, row[3]) for row in LINES), *sung()]
    assert told(keys, (2.5, 4.2, 8.2)) == ["C", "F", "G"]


def test_between_its_notes_a_bass_keeps_its_chord_and_the_next_chord_is_there_at_once() -> None:
    keys = [*held(0, 1.8, *C), *held(4, 0.5, F), *held(8, 3.0, 43, 47, 50), *sung()]
    assert told(keys, (4.2, 5.0, 7.0, 8.3)) == ["F", "F", "F", "G"]


def test_the_bass_of_a_stride_left_hand_changes_no_chord() -> None:
    stride = [
        key
        for bar in range(4)
        for beat, pitch in ((0, 36), (2, 43))
        for key in (
            *held(4 * bar + beat, 0.9, pitch),
            *held(4 * bar + beat + 1, 0.9, *C),
        )
    ]
    beats = [beat + 0.5 for beat in range(2, 16)]
    assert set(told([*stride, *sung()], beats)) == {"C"}


def test_a_low_note_between_strong_beats_changes_no_chord() -> None:
    keys = [*held(0, 1.8, *C), *held(4, 0.9, 36), *held(5, 0.9, 42), *held(7, 0.9, 42)]
    assert set(told([*keys, *sung(MELODY[:4] * 2)], (4.2, 5.2, 5.8, 7.2, 7.8))) == {"C"}


def test_the_first_keys_of_a_rolled_chord_are_no_bass() -> None:
    rolled = [(8 + late, 11.0, COMP, pitch) for late, pitch in ((0, 41), (0.05, 48), (0.09, 53))]
    rolled.append((8.12, 11.0, COMP, 57))
    assert told([*held(0, 1.8, *C), *rolled, *sung(MELODY[:8])], (7.5, 8.06, 8.4)) == [
        "C",
        "C",
        "F",
    ]


def test_a_melody_that_goes_below_middle_c_is_no_bass() -> None:
    low = sung((60, 64, 62, 59, 57, 60, 59, 57, 55, 59, 57, 55))
    assert told([*held(0, 1.8, *C, part=LEAD), *low], (4.5, 6.5, 8.5)) == ["C"] * 3


def test_the_bands_bass_plays_what_the_left_hand_plays() -> None:
    jam = rehearsal(UniformModel(8), sync="internal", mode="accompany", parts="comp bass")
    for pitch in C:
        jam.play(0, NoteOn(pitch, 80))
    for pitch in C:
        jam.play(2 * BEAT, NoteOff(pitch))
    for bar, low in ((1, F), (2, G), (3, A)):
        for beat in range(4):
            at = bar * BAR + beat * BEAT
            if beat == 0:
                jam.play(at, NoteOn(low, 80))
            jam.play(at, NoteOn(MELODY[4 * bar + beat], 80))
            jam.play(at + BEAT // 2, NoteOff(MELODY[4 * bar + beat]))
        jam.play(bar * BAR + 4 * BEAT - 20_000, NoteOff(low))
    played = notes(jam, {2})
    for bar, low in ((1, F), (2, G), (3, A)):
        near = [pitch for since, _, pitch in played if 0 <= since - bar * BAR < BEAT // 4]
        assert [pitch % 12 for pitch in near][:1] == [low % 12]


def test_a_song_led_by_single_low_notes_is_remembered() -> None:
    """Four bars three times over, each bass 40 ms late: the third time the band's bass is there before it."""
    jam = rehearsal(UniformModel(8), sync="internal", mode="accompany", parts="comp bass")
    late = 40_000
    roots = (36, A, F, G) * 3
    for bar, low in enumerate(roots):
        at = bar * BAR
        for beat in range(4):
            tone = (low % 12 + 12 * 6) + (0, 7, 0, 7)[beat]
            jam.play(at + beat * BEAT, NoteOn(tone, 80))
            if beat == 0:
                jam.play(at + late, NoteOn(low, 80))
            jam.play(at + beat * BEAT + BEAT // 2, NoteOff(tone))
        jam.play(at + BAR - 20_000, NoteOff(low))
    jam.until(len(roots) * BAR)
    played = notes(jam, {2})
    early = [
        low % 12 in {pitch % 12 for since, _, pitch in played if abs(since - bar * BAR) < late // 2}
        for bar, low in enumerate(roots)
    ]
    assert not any(early[1:4])
    assert sum(early[8:]) >= 3


def test_the_third_of_a_chord_in_the_bass_is_played_by_the_bands_bass_too() -> None:
    keys = [*held(0, 1.8, *C), *held(4, 3.5, 47), *sung((76, 79, 76, 72, 74, 79, 74, 71))]
    assert told(keys, (2.5, 6.5)) == ["C", "G/B"]


def test_a_comp_has_whole_chords_beside_single_low_notes() -> None:
    jam = rehearsal(UniformModel(8), sync="internal", mode="accompany", parts="comp bass")
    for bar, low in enumerate((36, F, G)):
        for beat in range(4):
            at = bar * BAR + beat * BEAT
            if beat == 0:
                jam.play(at, NoteOn(low, 80))
            jam.play(at, NoteOn(MELODY[4 * bar + beat], 80))
            jam.play(at + BEAT // 2, NoteOff(MELODY[4 * bar + beat]))
        jam.play(bar * BAR + 4 * BEAT - 20_000, NoteOff(low))
    struck = [since for since, _, _ in notes(jam, {1}) if since > BAR]
    assert max(struck.count(at) for at in struck) >= 3


# --- basses and chords by turns -----------------------------------------------------------------------------------

# The bass on the bar line, then the chord on the beats that are left; the third has no root above its bass.
OOM_PAH: Turns = ((48, (52, 55)), (45, (52, 57)), (41, (53, 57)), (43, (53, 59, 62)))
STRIDE: Turns = ((36, (52, 55, 58)), (41, (51, 57, 60)), (36, (52, 55, 58)), (43, (53, 59, 62)))


def by_turns(jam: Rehearsal, bars: Turns, beats: int) -> None:
    """The bass on the line, its fifth half-way through four beats, and chords between; each nearly a beat long."""
    for number, (low, chord) in enumerate(bars):
        at = number * beats * BEAT
        fifth = low - 5 if low > 40 else low + 7
        for beat in range(beats):
            keys = (low,) if beat == 0 else (fifth,) if beat == 2 and beats == 4 else chord
            for key in keys:
                jam.play(at + beat * BEAT, NoteOn(key, 80))
            for key in keys:
                jam.play(at + beat * BEAT + BEAT * 7 // 10, NoteOff(key))


@pytest.mark.parametrize(
    ("bars", "beats", "metre", "least"),
    [(OOM_PAH, 3, "3/4", 11), (OOM_PAH, 4, "4/4", 11), (STRIDE, 4, "4/4", 11)],
)
def test_beside_basses_and_chords_by_turns_the_bass_goes_with_the_player_s_on_the_line(
    bars: Turns, beats: int, metre: str, least: int
) -> None:
    """Of twelve bars, from the second to the fourth time round; 6, 3 and 0 where such a bass says nothing."""
    jam = rehearsal(UniformModel(12), mode="accompany", sync="internal", metre=metre)
    by_turns(jam, bars * 4, beats)

    found = [
        (at, note.pitch % 12) for at, note in onsets(jam) if note.channel == ROUTES[BASS].channel
    ]
    right = 0
    for number, (low, _) in list(enumerate(bars * 4))[4:]:
        line = number * beats * BEAT
        right += any(-BEAT // 8 <= at - line <= BEAT // 4 and it == low % 12 for at, it in found)
    assert right >= least


def test_a_chord_without_its_root_is_named_by_the_bass_on_its_line() -> None:
    jam = rehearsal(mode="accompany", sync="internal")
    by_turns(jam, STRIDE[:1] * 2, 4)

    assert jam.engine.snapshot()["chord"] == "C7"
