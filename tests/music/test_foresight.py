"""The chords to come and the form of a song, learned while it is played."""

from collections.abc import Iterable, Iterator

import pytest

from livegen.music.chord import Chord
from livegen.music.foresight import Expected, Foresight, Form
from livegen.music.metre import TICKS_PER_BEAT

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


def played(song: Iterable[Chord | None], foresight: Foresight | None = None) -> Foresight:
    """Hears a chord a beat from tick 0 on."""
    foresight = foresight or Foresight()
    for beat, one in enumerate(song):
        foresight.hear(beat * TICKS_PER_BEAT, one)
    return foresight


def foreseen(song: list[Chord], ahead: int = 2) -> Iterator[tuple[int, Expected]]:
    """Each beat, with what was expected so many beats ahead."""
    foresight = Foresight()
    for beat, one in enumerate(song):
        foresight.hear(beat * TICKS_PER_BEAT, one)
        tick = (beat + ahead) * TICKS_PER_BEAT
        if beat + ahead < len(song):
            yield beat + ahead, foresight.expected(tick, tick + TICKS_PER_BEAT)[0]


def test_after_one_chorus_of_the_blues_it_foresees_the_four_in_bar_five_of_the_second() -> None:
    chorus = bars(BLUES)
    foresight = played(beats(chorus, chorus[:4])[:-1])  # the last beat of bar four is still to come
    tick = 16 * BAR

    [expected] = foresight.expected(tick, tick + TICKS_PER_BEAT)

    assert expected.chord == chord("Bb7")
    assert expected.source == "memory"
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


def test_a_loop_by_hand_goes_round_whatever_is_heard() -> None:
    foresight = played(beats(bars(POP)))

    foresight.loop(0, 4 * BAR)
    for beat in range(16, 32):
        foresight.hear(beat * TICKS_PER_BEAT, chord("Ebm"))

    assert foresight.form() == Form(4, 4 * BAR, 1.0)
    expected = foresight.expected(8 * BAR, 12 * BAR)
    assert [one.chord for one in expected] == beats(bars(POP))
    assert {(one.sure, one.source) for one in expected} == {(1.0, "memory")}


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
