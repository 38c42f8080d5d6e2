"""One keyboard, its hands told apart, whichever key lands first."""

from itertools import permutations

import pytest

from livegen.jam.hearing.hands import Hands
from livegen.music.parts import BASS, COMP, LEAD

BEAT = 500_000


def played(*onsets: tuple[int, ...], hands: Hands | None = None) -> list[list[int | None]]:
    """The parts of keys that are struck at once, a beat apart, each held for most of it."""
    hands, found = hands or Hands(), []
    for beat, keys in enumerate(onsets):
        at = beat * BEAT
        found.append([hands.part(True, key, at + number) for number, key in enumerate(keys)])
        for key in keys:
            hands.part(False, key, at + BEAT * 9 // 10)
    return found


def test_a_melody_is_the_leads_wherever_it_begins() -> None:
    """It may cross middle C."""
    assert played((64,), (59,), (57,), (55,), (64,)) == [[LEAD]] * 5
    assert played((50,), (52,), (53,), (57,), (60,)) == [[LEAD]] * 5


def test_a_line_of_low_keys_alone_is_a_bass() -> None:
    assert played((40,), (43,), (45,), (40,)) == [[BASS]] * 4


def test_low_keys_far_below_a_melody_are_the_accompanying_hands() -> None:
    assert played((72,), (74,), (48,), (76,)) == [[LEAD], [LEAD], [COMP], [LEAD]]


@pytest.mark.parametrize("order", list(permutations((48, 64, 67, 72))))
def test_from_the_second_chord_on_all_its_notes_are_the_accompanying_hands_in_any_order(
    order: tuple[int, ...],
) -> None:
    _, *later = played(*[order] * 4)
    assert later == [[COMP] * 4] * 3


def test_of_who_plays_chords_a_single_key_above_them_is_a_melody() -> None:
    chords = ((48, 64, 67), (43, 62, 67), (45, 64, 69))
    assert played(*chords, (76,), (60,))[-2:] == [[LEAD], [COMP]]


def test_power_chords_are_chords() -> None:
    riff = ((40, 47), (40, 47), (43, 50), (45, 52), (40,), (40, 47))
    assert played(*riff)[4] == [COMP] * 1
    assert played(*riff)[5] == [COMP, COMP]


def test_after_half_a_minute_the_hands_are_found_anew() -> None:
    hands = Hands()
    played((48, 64, 67), (43, 62, 67), (45, 64, 69), hands=hands)
    assert hands.part(True, 60, 60_000_000) == LEAD
