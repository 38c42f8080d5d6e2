"""The place on a chart is found again when the player leaves out a bar or plays one twice, and is kept otherwise."""

from collections.abc import Iterable, Iterator
from random import Random

import pytest

from livegen.music.charts import Form, chart_of
from livegen.music.charts.following import MOST_CELLS, Follower, likeness
from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import chord_named

BEAT, BAR = 24, 96

BLUES = "| F7 | Bb7 | F7 | F7 | Bb7 | Bdim7 | F7 | D7 | Gm7 | C7 | F7 D7 | Gm7 C7 |"
SONG = """
[Intro]
| C | G |
[Verse]
| Am | F | C | G | Am | F | Dm | E7 |
[Chorus]
| F | G | C | Am | F | G | Am | A7 |
[Bridge]
| Dm | Bb | Gm | C7 | Dm | Bb | G7 | E7 |
"""
VAMP = "[A] | Dm7 | Dm7 | Dm7 | Dm7 | Dm7 | Dm7 | Dm7 | Dm7 | [B] | Ebm7 | Ebm7 | Ebm7 | Ebm7 |"
INTRO_BARS = 2


def form_of(text: str) -> Form:
    return chart_of(text.encode(), "tune.txt").form


def chord(name: str) -> Chord:
    found = chord_named(name)
    assert found is not None
    return found


def beats(form: Form, bars: Iterable[int]) -> Iterator[tuple[int, Chord | None]]:
    """The true place and chord of each beat of bars by number, in bars of 4/4."""
    for bar in bars:
        for tick in range(bar * BAR, bar * BAR + BAR, BEAT):
            yield tick, form.chord_at(tick)


class Band:
    """Goes on where it believes to be, and moves when it is told."""

    def __init__(self, form: Form, tick: int = 0) -> None:
        self.follower, self.tick, self.moves = Follower(form), tick, list[int]()

    def hear(self, chord: Chord | None) -> None:
        """A beat."""
        self.follower.hear(self.tick, chord)
        if by := self.follower.shift():
            self.moves.append(by // BAR)
            self.tick += by
        self.tick += BEAT

    def play(self, form: Form, *bars: int) -> "Band":
        for _, heard in beats(form, bars):
            self.hear(heard)
        return self


def test_who_plays_the_chart_is_never_moved() -> None:
    for text in (BLUES, SONG, VAMP):
        form = form_of(text)

        band = Band(form).play(form, *range(100))

        assert band.moves == []


@pytest.mark.parametrize("left_out", range(12))
def test_a_bar_left_out_is_found_within_a_chorus(left_out: int) -> None:
    form = form_of(BLUES)
    after = range(12 + left_out + 1, 12 + left_out + 13)

    band = Band(form).play(form, *range(12 + left_out), *after)

    assert band.moves == [1]
    assert form.folded(band.tick) == form.folded(after[-1] * BAR + BAR)


@pytest.mark.parametrize("twice", range(12))
def test_a_bar_played_twice_is_found_within_a_chorus(twice: int) -> None:
    form = form_of(BLUES)
    after = range(12 + twice, 12 + twice + 12)

    band = Band(form).play(form, *range(12 + twice + 1), *after)

    assert band.moves == [-1]


@pytest.mark.parametrize(
    ("bars", "then"),
    [
        (range(10), range(18, 26)),  # the chorus is left out
        (range(18), range(10, 18)),  # it comes again
        (range(14), range(26, 34)),  # from the middle of the chorus back to the top
        (range(2), range(10, 18)),  # from the introduction to the chorus
        (range(2), range(8)),  # the introduction comes again
    ],
)
def test_a_section_left_out_or_repeated_is_found_within_eight_bars(
    bars: range, then: range
) -> None:
    form = form_of(SONG)

    band = Band(form).play(form, *bars, *then)

    assert len(band.moves) == 1
    assert form.folded(band.tick) == form.folded(then[-1] * BAR + BAR)


def test_a_wrong_chord_in_any_bar_moves_nothing() -> None:
    form, chance = form_of(SONG), Random(7)
    band = Band(form)
    for bar in range(200):
        wrong = chance.randrange(4)
        for beat, (_, heard) in enumerate(beats(form, [bar])):
            band.hear(Chord(chance.randrange(12), "7") if beat == wrong else heard)

    assert band.moves == []


def test_who_plays_another_chord_all_through_a_bar_of_each_chorus_is_not_moved() -> None:
    form = form_of(BLUES)
    band = Band(form)
    for _ in range(20):
        band.play(form, 0).play(form, 0)  # F7 where the chart has Bb7
        band.play(form, *range(2, 12))

    assert band.moves == []


@pytest.mark.parametrize(
    ("written", "instead"), [("C7", "F#7"), ("Bb7", "E7"), ("F7", "Am7"), ("F7", "Dm7")]
)
def test_substitutes_move_nothing(written: str, instead: str) -> None:
    form = form_of(BLUES)
    band = Band(form)
    for _, heard in beats(form, range(60)):
        band.hear(chord(instead) if heard == chord(written) else heard)

    assert band.moves == []


def test_who_is_a_beat_late_everywhere_is_not_moved() -> None:
    form = form_of(BLUES)
    band, late = Band(form), chord("F7")
    for _, heard in beats(form, range(60)):
        band.hear(late)
        late = heard or late

    assert band.moves == []


def test_bars_alike_tell_nothing_and_the_change_after_them_does() -> None:
    form = form_of(VAMP)

    band = Band(form).play(form, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7)
    at_vamp = list(band.moves)
    band.play(form, *range(8, 16))

    assert at_vamp == []  # anybody may vamp
    assert sum(band.moves) == -3


def test_silence_moves_nothing() -> None:
    form = form_of(SONG)
    band = Band(form).play(form, *range(8))
    for _ in range(400):
        band.hear(None)

    assert band.moves == []


def test_a_shift_stays_wanted_until_the_place_is_moved() -> None:
    form = form_of(BLUES)
    follower, tick = Follower(form), 0
    wanted = list[int]()
    for _, heard in beats(form, [*range(5), *range(6, 24)]):
        follower.hear(tick, heard)
        wanted.append(follower.shift())
        tick += BEAT

    first = next(at for at, by in enumerate(wanted) if by)
    assert wanted[first : first + 8] == [BAR] * 8


def test_a_place_that_somebody_else_moved_is_taken_for_right() -> None:
    form = form_of(SONG)
    band = Band(form).play(form, *range(16))

    band.tick = 2 * BAR  # the player gave a cue for the top
    band.play(form, *range(2, 34))

    assert band.moves == []


def test_of_a_beat_the_last_word_counts() -> None:
    form = form_of(BLUES)
    once, often = Follower(form), Follower(form)
    shifts = []
    for beat, (_, heard) in enumerate(beats(form, [*range(5), *range(6, 12)])):
        once.hear(beat * BEAT, heard)
        often.hear(beat * BEAT, chord("Ab7"))
        often.hear(beat * BEAT + 5, heard)
        shifts.append((once.shift(), often.shift()))

    assert all(one == other for one, other in shifts)
    assert shifts[-1] == (BAR, BAR)


def test_bars_of_several_lengths_are_followed() -> None:
    form = form_of("| C | (3/4) F | G7 | (4/4) Am | Dm7 | (6/8) E7 | (4/4) Bb | A7 |")
    follower, moved, moves = Follower(form), 0, list[int]()
    tick = 0
    while tick < 3 * form.ticks:
        if tick == form.ticks:
            tick, moved = tick + BAR, -BAR  # the first bar is left out
        follower.hear(tick + moved, form.chord_at(tick))
        if by := follower.shift():
            moves.append(by)
            moved += by
        tick += min(form.bar_at(tick).beat, form.bar_stretch(tick).end - tick)

    assert moves == [BAR]


def test_a_chart_that_is_too_long_is_not_followed() -> None:
    bars = MOST_CELLS // 4 + 1
    form = form_of("\n".join("| C |" for _ in range(bars)))
    follower = Follower(form)

    follower.hear(0, chord("C"))

    assert follower.shift() == 0


@pytest.mark.parametrize(
    ("heard", "written", "other"),
    [
        ("C", "Cmaj9", "Em7"),
        ("Am7", "C6", "C7"),
        ("F#7", "C7", "D7"),
        ("Am", "C", "Bb"),
        ("C", "Cm", "Db"),
    ],
)
def test_a_chord_is_likelier_where_one_like_it_is_written(
    heard: str, written: str, other: str
) -> None:
    assert likeness(chord(heard), chord(written)) > likeness(chord(heard), chord(other))
