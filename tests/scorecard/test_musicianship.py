"""What a bandmate hears of an answer, on calls whose figures can be counted by hand."""

import random

import pytest

from livegen.music.keys.scale import parse_pitch
from livegen.music.note import Note
from livegen.scorecard.feels import FEELS, HAND_US, Lick, all_calls, call_of, looped
from livegen.scorecard.held_out_calls import LeadCall
from livegen.scorecard.musicianship import beat, chain, echo, figures, last_key, next_bar, shapes

PLAIN = Lick("plain", "4/4", 4, (120,), "C4:.5 D4 E4:1 G4 E4 | D4 E4 C4:2")


def call() -> LeadCall:
    return call_of(PLAIN, 120)


def test_a_notation_says_pitches_lengths_chords_and_rests() -> None:
    feel = Lick("x", "3/4", 3, (100,), "G3:1 || [C4 E4]:1.5 r:.5 Bb3:1 | F#5:1/2")
    assert [(note.pitch, note.onset) for note in feel.notes] == [
        (55, -1.0),
        (60, 0.0),
        (64, 0.0),
        (58, 2.0),
        (78, 3.0),
    ]
    assert feel.pickup == 1.0
    assert (parse_pitch("C4"), parse_pitch("Bb3"), parse_pitch("F#-1")) == (60, 58, 6)


def test_swing_moves_the_off_beats_and_nothing_else() -> None:
    swung = Lick("x", "4/4", 4, (100,), "C4:.5 C4 C4:1 C4:.5 C4", swing=66)
    assert [round(note.onset, 2) for note in swung.notes] == [0, 0.66, 1, 2, 2.66]


def test_there_are_more_than_eighty_calls_of_at_least_twelve_feels_and_four_metres() -> None:
    calls = [call for _, call in all_calls()]
    assert len(calls) >= 80 and len(FEELS) >= 12
    assert len({call.name for call in calls}) == len(calls)
    assert len({call.metre for call in calls}) >= 4


@pytest.mark.parametrize("feel", FEELS, ids=lambda feel: feel.name)
def test_every_phrase_fills_whole_bars_and_a_hand_moves_no_onset_far(feel: Lick) -> None:
    plain = call_of(feel, feel.tempi[0])
    by_hand = call_of(feel, feel.tempi[0], random.Random(1))
    assert plain.ends <= plain.bars * plain.bar + 1e-6
    moved = zip(plain.onsets, by_hand.onsets, strict=True)
    assert all(abs(a - b) * plain.tempo_us <= HAND_US + 1 for a, b in moved)


def test_an_answer_on_the_next_bar_line_that_ends_on_its_tonic_has_all_figures() -> None:
    answer = [note._replace(onset=note.onset + 8, end=note.end + 8) for note in call().notes]
    found = figures(call(), answer)
    assert found["on_next_bar"] == found["exactly"] == found["ends_strong"] == 1.0
    assert found["joint"] == found["rhythm"] == found["in_key"] == found["ends_home"] == 1.0
    assert found["cut"] == 0.0 and found["wait"] == 2.0


def test_an_answer_beside_the_bar_line_in_another_key_and_rhythm_has_none() -> None:
    answer = [Note(9.25 + at * 1.3, 9.5 + at * 1.3, 66 + at, 80) for at in range(4)]
    found = figures(call(), answer)
    assert found["on_next_bar"] == found["on_a_bar"] == found["joint"] == found["ends_home"] == 0.0


def test_who_begins_before_the_last_note_has_cut_the_call_and_who_is_silent_has_not_answered() -> (
    None
):
    assert figures(call(), [Note(3, 4, 60, 80), Note(8, 9, 60, 80)]) == {"answered": 1, "cut": 1}
    assert figures(call(), []) == {"answered": 0.0, "cut": 0.0}


def test_the_key_of_a_call_is_that_of_its_end() -> None:
    modulates = next(feel for feel in FEELS if feel.name == "modulates")
    assert last_key(call_of(modulates, 120)).name == "E major"


def test_figures_are_intervals_with_their_rhythm() -> None:
    assert shapes(call().notes)[:2] == [((2, 2), (3, 3)), ((2, 3), (3, 6))]


@pytest.mark.parametrize("partner", [echo, chain])
def test_the_simple_partners_come_in_on_the_one(partner: object) -> None:
    assert callable(partner)
    notes = partner(call(), random.Random(1))
    assert min(note.onset for note in notes) == next_bar(call()) == 8.0


def test_a_plain_beat_has_its_kick_its_backbeat_and_every_bar_like_the_one_before() -> None:
    bar = [Note(0, 0.1, 36, 90), Note(1, 1.1, 38, 90), Note(2, 2.1, 36, 90), Note(3, 3.1, 38, 90)]
    song = [note._replace(onset=note.onset + 4 * at) for at in range(4) for note in bar]
    assert beat(song, 4) == {"kick_on_one": 1, "backbeat": 1, "bar_identity": 1, "hits": 4}
    assert beat([note for note in song if note.pitch == 36 and note.onset < 8], 4) == {
        "kick_on_one": 1 / 3,
        "backbeat": 0,
        "bar_identity": 0,
        "hits": 2 / 3,
    }


def test_a_call_is_looped_to_so_many_bars() -> None:
    song = looped(call(), 5)
    assert song.bars == 5 and max(song.onsets) < 20
    assert song.onsets[: len(call().onsets)] == call().onsets
