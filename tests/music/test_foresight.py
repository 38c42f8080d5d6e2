"""The chords to come and the form of a song, learned while it is played."""

from collections.abc import Iterable
from itertools import pairwise
from random import Random

import pytest

from livegen.music.chords.chord import KINDS, Chord
from livegen.music.chords.progressions import class_of, shipped
from livegen.music.songs.foresight import AHEAD, Expected, Foresight, SongForm
from livegen.music.songs.recall import MOST, facts_of
from livegen.music.songs.song_past import CELLS, CHORDS, LAGS, alike
from livegen.music.time.metre import TICKS_PER_BEAT, Metre, parse_metre

BAR = 4 * TICKS_PER_BEAT
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

BLUES = "F7 | Bb7 | F7 | F7 | Bb7 | Bb7 | F7 | F7 | Gm7 | C7 | F7 | C7"
POP = "C | G | Am | F"
A = "Bb Gm7 | Cm7 F7 | Bb Gm7 | Cm7 F7 | Bb Bb7 | Eb Ebm | Bb F7 | Bb"
AABA = " | ".join([A, A, "D7 | D7 | G7 | G7 | C7 | C7 | F7 | F7", A])
VAMP = "Dm7 | Dm7 | G7 | G7"


def chord(name: str) -> Chord:
    """Of a name such as "Bbm7"."""
    flat = name[1:2] == "b"
    kind = name[2:] if flat else name[1:]
    return Chord((LETTERS[name[0]] - flat) % 12, {"": "maj", "m": "min"}.get(kind, kind))


def bars(text: str, beats: int = 4) -> list[list[Chord]]:
    """Bars of a chord a beat: those of a bar share it evenly."""
    found = []
    for bar in text.split("|"):
        names = bar.split()
        found.append([chord(names[beat * len(names) // beats]) for beat in range(beats)])
    return found


def beats(*choruses: Iterable[list[Chord]]) -> list[Chord]:
    return [one for chorus in choruses for bar in chorus for one in bar]


def played(
    song: Iterable[Chord | None], foresight: Foresight | None = None, since: int = 0
) -> Foresight:
    """Hears a chord a beat from a tick on."""
    foresight = foresight or Foresight()
    for beat, one in enumerate(song):
        foresight.hear(since + beat * TICKS_PER_BEAT, one)
    return foresight


def test_after_one_chorus_of_the_blues_it_foresees_the_four_in_bar_five_of_the_second() -> None:
    chorus = bars(BLUES)
    foresight = played(beats(chorus, chorus[:4])[:-1])  # the last beat of bar four is still to come
    tick = 16 * BAR

    [expected] = foresight.expected(tick, tick + TICKS_PER_BEAT)

    assert expected.chord == chord("Bb7")
    assert expected.sure > 0.5


@pytest.mark.parametrize(("text", "length"), [(BLUES, 12), (POP, 4), (AABA, 32), (VAMP, 4)])
def test_the_length_of_the_form_is_known_within_two_choruses_and_where_it_began(
    text: str, length: int
) -> None:
    chorus = bars(text)
    foresight = played(beats(*[chorus] * (6 if length == 4 else 2), chorus[:2]))

    form = foresight.form()

    assert form is not None
    assert (form.length_bars, form.start) == (length, (6 if length == 4 else 2) * length * BAR)
    assert form.sure > 0.8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_bar_that_is_left_out_soon_is_a_slip_and_no_other_form(seed: int) -> None:
    chance, some = Random(seed), bars(BLUES) * 6
    del some[28]
    foresight, lengths = Foresight(), list[int]()
    for number, bar in enumerate(some):
        wrong = [Chord(chance.randrange(12), "7")] * 4
        played(beats([wrong if chance.random() < 0.08 else bar]), foresight, number * BAR)
        form = foresight.form()
        lengths.append(form.length_bars if form else 0)
    assert set(lengths[30:]) == {12}


def test_a_loop_by_hand_goes_round_whatever_is_heard() -> None:
    foresight = played(beats(bars(POP)))

    foresight.loop(0, 4 * BAR)
    for beat in range(16, 32):
        foresight.hear(beat * TICKS_PER_BEAT, chord("Ebm"))

    assert foresight.form() == SongForm(4, 4 * BAR, 1.0)
    expected = foresight.expected(8 * BAR, 12 * BAR)
    assert [one.chord for one in expected] == beats(bars(POP))
    assert {one.sure for one in expected} == {1.0}


def test_a_loop_begins_anew_at_a_cue_and_not_before() -> None:
    foresight = played(beats(bars(POP)))
    foresight.loop(0, 4 * BAR)

    foresight.restart(7 * BAR)
    expected = foresight.expected(6 * BAR, 10 * BAR)

    assert [one.chord for one in expected] == beats(bars("Am | C | G | Am"))


@pytest.mark.parametrize(("start", "end"), [(BAR, BAR), (BAR, 0), (0, 10**7)])
def test_a_loop_of_nothing_or_of_hours_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="a loop from tick"):
        played(beats(bars(POP))).loop(start, end)


def test_a_loop_goes_round_through_an_hour_of_silence() -> None:
    foresight = played(beats(bars(POP)))
    foresight.loop(0, 4 * BAR)

    foresight.hear(4 * 10**4 * BAR, None)

    assert expected_on_bar(foresight, 4 * 10**4 + 1).chord == chord("G")


def test_when_the_loop_is_let_go_the_song_is_known_as_it_was() -> None:
    chorus = beats(bars(BLUES))
    foresight, straight = played(chorus * 2), played(chorus * 2)

    foresight.loop(0, 4 * BAR)
    foresight.unloop()

    assert foresight.expected(24 * BAR, 26 * BAR) == straight.expected(24 * BAR, 26 * BAR)


def test_a_cue_to_the_top_is_expected_before_it_comes_and_followed_after_it() -> None:
    chorus = bars(BLUES)
    foresight = played(beats(chorus, chorus, chorus[:6]))

    foresight.restart(31 * BAR)  # a bar too early
    [cued] = foresight.expected(31 * BAR, 31 * BAR + 1)
    for beat, one in enumerate(beats(chorus[6:7], chorus[:4]), 30 * 4):
        foresight.hear(beat * TICKS_PER_BEAT, one)
    [then] = foresight.expected(35 * BAR, 35 * BAR + 1)

    assert cued.chord == chord("F7")
    assert cued.sure > 0.8
    form = foresight.form()
    assert form is not None
    assert (form.length_bars, form.start) == (12, 31 * BAR)
    assert then.chord == chord("Bb7")
    assert then.sure > 0.8


def expected_on_bar(foresight: Foresight, bar: int) -> Expected:
    [expected] = foresight.expected(bar * BAR, bar * BAR + 1)
    return expected


@pytest.mark.parametrize("slip", ["left out", "played twice"])
def test_a_bar_left_out_or_played_twice_is_noticed_within_four_bars(slip: str) -> None:
    chorus = bars(BLUES)
    third = chorus[:2] + chorus[3:] if slip == "left out" else chorus[:3] + chorus[2:]
    long = len(third)
    heard = (
        7 if slip == "left out" else 9
    )  # bars of the third chorus; bar nine of the form, Gm7, is next
    foresight = played(beats(chorus, chorus, third[:heard]))

    assert expected_on_bar(foresight, 24 + heard).chord == chord("Gm7")
    foresight = played(beats(chorus, chorus, third, chorus[:8]))
    form = foresight.form()
    assert form is not None
    assert (form.length_bars, form.start) == (12, (24 + long) * BAR)


def test_after_a_slip_it_says_that_it_is_less_sure() -> None:
    chorus = bars(BLUES)
    straight = played(beats(chorus, chorus, chorus[:5]))
    astray = played(beats(chorus, chorus, chorus[:2], chorus[8:11]))

    assert expected_on_bar(straight, 29).sure > 0.9
    assert expected_on_bar(astray, 29).sure < 0.8


def test_one_wrong_chord_leaves_the_place_as_it_is() -> None:
    chorus = bars(BLUES)
    song = beats(chorus, chorus, chorus[:4])
    song[-5] = chord("Ebm")

    expected = expected_on_bar(played(song), 28)

    assert expected.chord == chord("Bb7")
    assert expected.sure > 0.6


def test_chords_that_come_a_beat_late_are_foreseen_all_the_same() -> None:
    chorus = beats(bars(BLUES))
    late = Random(1)
    song = chorus * 4
    for beat in range(1, len(song)):
        if song[beat] != song[beat - 1] and late.random() < 0.3:
            song[beat] = song[beat - 1]

    expected = expected_on_bar(played([*song, *chorus[:16]]), 52)

    assert expected.chord == chord("Bb7")


def test_a_first_chorus_that_is_different_is_forgotten() -> None:
    chorus = bars(BLUES)
    first = bars("F | F | F | F | Eb | Eb | F | F | Db | C | F | F")

    expected = expected_on_bar(played(beats(first, chorus, chorus, chorus[:8])), 44)

    assert expected.chord == chord("Gm7")
    assert expected.sure > 0.7


def test_a_chord_may_be_simplified_the_next_time() -> None:
    plain = bars("F | Bb | F | F | Bb | Bb | F | F | Gm | C | F | C")
    foresight = played(beats(bars(BLUES), plain, bars(BLUES)[:8]))

    assert expected_on_bar(foresight, 32).chord in (chord("Gm7"), chord("Gm"))
    form = foresight.form()
    assert form is not None
    assert form.length_bars == 12


@pytest.mark.parametrize("seed", range(5))
def test_in_a_free_improvisation_no_form_is_claimed_and_hardly_a_change_foretold(seed: int) -> None:
    chance = Random(seed)
    song = list[Chord]()
    while len(song) < 400:
        one = Chord(chance.randrange(12), chance.choice(("maj", "min", "7", "m7", "maj7")))
        song += [one] * chance.randrange(1, 9)
    foresight, claims, cells, forms = Foresight(), 0, 0, 0
    for beat, one in enumerate(song):
        foresight.hear(beat * TICKS_PER_BEAT, one)
        tick = (beat + 1) * TICKS_PER_BEAT
        told = foresight.expected(tick, tick + 2 * BAR)
        cells += len(told)
        for expected in told:
            is_change = expected.chord is None or class_of(expected.chord) != class_of(one)
            claims += is_change and expected.sure > 0.6
        forms += foresight.form() is not None

    assert forms == 0
    assert claims < 0.03 * cells


@pytest.mark.parametrize(
    ("metre", "cells"), [("4/4", 4), ("3/4", 3), ("6/8", 2), ("7/8", 7), ("12/8", 4), ("5/8", 5)]
)
def test_bars_of_all_metres_are_cut_into_beats(metre: str, cells: int) -> None:
    foresight = Foresight(parse_metre(metre))
    bar = foresight.metre.place(0).bar
    for number in range(24):
        foresight.hear(number * bar, chord("CGAF"[number % 4]))

    expected = foresight.expected(24 * bar, 26 * bar)

    assert [one.tick for one in expected] == [
        24 * bar + at * bar // cells for at in range(2 * cells)
    ]


def test_a_metre_that_changes_keeps_its_bar_lines() -> None:
    """Seven bars of four and one of two, over and over."""
    ticks = [0]
    for bar in [*[BAR] * 7, BAR // 2] * 3:
        ticks.append(ticks[-1] + bar)
    lengths = [(tick, after - tick) for tick, after in pairwise(ticks)]
    names = ["C", "F", "G", "C", "Am", "Dm", "G", "G"] * 3
    song = [
        chord(name)
        for name, (_, length) in zip(names, lengths, strict=True)
        for _ in range(length // 24)
    ]
    foresight = played(song[:-12], Foresight(Metre(tuple(lengths))))

    expected = foresight.expected(len(song[:-12]) * 24, len(song) * 24)

    assert [one.chord for one in expected[:6]] == song[-12:-6]


@pytest.mark.parametrize("bars_long", [12, 24, 600])
def test_through_a_silence_the_form_goes_on(bars_long: int) -> None:
    chorus = beats(bars(BLUES))
    foresight = played(chorus * 3)
    again = 36 + bars_long

    for beat, one in enumerate(chorus[:20], again * 4):
        foresight.hear(beat * TICKS_PER_BEAT, one)

    form = foresight.form()
    assert form is not None
    assert (form.length_bars, form.start) == (12, again * BAR)
    assert expected_on_bar(foresight, again + 5).chord == chord("Bb7")


def test_after_an_hour_of_silence_another_song_begins() -> None:
    foresight = played(beats(bars(BLUES)) * 3)

    foresight.hear(10**6, chord("C"))

    assert foresight.form() is None
    assert expected_on_bar(foresight, 10**6 // BAR + 1).sure < 0.5


@pytest.mark.parametrize("tick", [-(10**6), -BAR, 0, 10**6])
def test_a_cue_for_any_time_is_survived(tick: int) -> None:
    chorus = beats(bars(BLUES))
    foresight = played(chorus * 2)

    foresight.restart(tick)

    assert expected_on_bar(played(chorus, foresight), 24).sure >= 0


def test_a_cue_in_the_first_bars_of_a_chorus_knows_the_whole_of_it() -> None:
    chorus = bars(BLUES)
    foresight = played(beats(chorus, chorus, chorus[:2]))

    foresight.restart(27 * BAR)

    assert [one.chord for one in foresight.expected(27 * BAR, 39 * BAR)] == beats(chorus)


def test_what_is_said_again_counts_instead() -> None:
    chorus = beats(bars(BLUES))
    corrected, straight = Foresight(), played(chorus * 2)
    for beat, one in enumerate(chorus * 2):
        corrected.hear(beat * TICKS_PER_BEAT, chord("Ebm"))
        corrected.hear(beat * TICKS_PER_BEAT + 11, one)

    assert corrected.expected(24 * BAR, 26 * BAR) == straight.expected(24 * BAR, 26 * BAR)


def test_on_another_timeline_the_song_goes_on() -> None:
    chorus = bars(BLUES)
    foresight, straight = (played(beats(chorus, chorus, chorus[:3])) for _ in range(2))

    foresight.retime(Metre(((TICKS_PER_BEAT, BAR),)), TICKS_PER_BEAT + 5 * BAR)

    moved = TICKS_PER_BEAT + 5 * BAR - 27 * BAR
    expected = foresight.expected(TICKS_PER_BEAT + 5 * BAR, TICKS_PER_BEAT + 7 * BAR)
    assert [one._replace(tick=one.tick - moved) for one in expected] == list(
        straight.expected(27 * BAR, 29 * BAR)
    )
    form, before = foresight.form(), straight.form()
    assert form is not None
    assert before is not None
    assert form == before._replace(start=before.start + moved)


def test_before_a_chord_was_heard_nothing_is_expected() -> None:
    silent = played([None] * 8)

    for foresight in (Foresight(), silent):
        expected = foresight.expected(2 * BAR, 3 * BAR)
        assert [(one.chord, one.sure) for one in expected] == [(None, 0.0)] * 4
        assert foresight.form() is None


def test_ten_minutes_of_chords_by_chance_cost_no_more_at_the_end_than_the_bounds_say() -> None:
    """At 240 bpm these are 2400 beats, and here are more than are remembered."""
    chance, foresight = Random(0), Foresight()
    kinds = tuple(KINDS)
    for beat in range(CELLS + 400):
        foresight.hear(
            24 * beat, Chord(chance.randrange(12), chance.choice(kinds), chance.randrange(12))
        )
    past = foresight._past

    lags, facts = facts_of(past, 4)
    assert past.count <= CELLS
    assert past.dropped
    assert past.count + past.dropped == CELLS + 400
    assert len(past.chords) <= CHORDS
    assert {len(kept) for kept in (past.in_chords, past.in_cells, past.right, past.known)} == {LAGS}
    assert len(lags) == len(facts) <= MOST
    assert len(foresight.expected(0, 10**9)) == AHEAD


def test_a_song_goes_on_after_the_oldest_is_forgotten() -> None:
    chorus = beats(bars(BLUES))
    count = CELLS // len(chorus) + 2
    foresight = played(chorus * count)

    form = foresight.form()
    assert form is not None
    assert (form.length_bars, form.start) == (12, (count - 1) * 12 * BAR)
    assert [
        one.chord for one in foresight.expected(count * 12 * BAR, (count * 12 + 2) * BAR)
    ] == chorus[:8]


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        ("C", "C7", True),
        ("C", "C5", True),
        ("C", "Cmaj7", True),
        ("C6", "Am7", True),
        ("C", "Csus4", True),
        ("C", "Cm", False),
        ("C", "G", False),
        ("C7", "Cm7", False),
        ("Dm7b5", "Fm", True),
    ],
)
def test_chords_are_alike_by_root_third_and_tones(one: str, other: str, are: bool) -> None:
    assert alike(chord(one), chord(other)) == alike(chord(other), chord(one)) == are


def test_after_two_and_five_the_table_has_the_one() -> None:
    two, five, one = (class_of(chord(name)) for name in ("Dm", "G", "C"))

    shares = shipped().following([two, five])

    assert shares.argmax() == one
    assert shares.sum() == pytest.approx(1)
    assert shares[five] == 0


def test_the_chord_changes_on_bar_lines_rather_than_off_them() -> None:
    changes = shipped().changes

    assert changes(0, 4, 4) > changes(2, 4, 2) > changes(1, 4, 1) / 3
    assert changes(1, 4, 5) < 0.05


def test_a_chord_that_goes_on_keeps_its_bass() -> None:
    song = Foresight()
    inverted = Chord(7, "maj", 11)
    for beat in range(3):
        song.hear(beat * TICKS_PER_BEAT, inverted)
    (coming,) = song.expected(3 * TICKS_PER_BEAT, 4 * TICKS_PER_BEAT)
    assert coming.chord == inverted
