"""Whether a phrase is over at a bar line to come."""

import pytest

from livegen.music.melody.phrase_end import Ending, counted

# Two bars of eighths that end with a half note on the tonic, as they stand at the third bar line.
WHOLE = Ending(gap=2, held=1.8, usual=0.5, longest=1, bar=4, bars=2, is_tonic=True, is_strong=True)


def test_two_bars_that_end_with_a_long_note_on_the_tonic_are_over() -> None:
    assert WHOLE.odds > 0


def test_what_speaks_for_a_phrase_to_go_on_lowers_the_odds_each_by_itself() -> None:
    for change in (
        {"bars": 1},
        {"bars": 3},
        {"is_tonic": False},
        {"is_strong": False},
        {"longest": 3.0},
        {"usual": 2.0},
        {"gap": 0.5, "held": 0.4},
        {"longer": 2},
    ):
        assert WHOLE._replace(**change).odds < WHOLE.odds, change


def test_a_rest_of_two_beats_after_a_single_bar_is_a_breath() -> None:
    breath = Ending(
        gap=2, held=1, usual=0.5, longest=0.5, bar=4, bars=1, is_tonic=False, is_strong=True
    )
    assert breath.odds < 0


def test_chords_in_whole_notes_are_no_rests() -> None:
    chords = Ending(
        gap=4, held=3.8, usual=4, longest=4, bar=4, bars=2, is_tonic=True, is_strong=True
    )
    assert chords.odds < 0


def test_after_two_silent_bars_any_phrase_of_two_bars_and_more_is_over() -> None:
    for bars in range(2, 12):
        silence = Ending(
            gap=9, held=1, usual=1, longest=4, bar=4, bars=bars, is_tonic=False, is_strong=False
        )
        assert silence.odds > 0, bars


def test_a_riff_that_ends_as_it_went_on_is_over_once_two_before_it_were_as_long() -> None:
    riff = Ending(
        gap=1, held=0.9, usual=1, longest=1, bar=4, bars=2, is_tonic=True, is_strong=False
    )
    assert riff.odds == riff._replace(alike=1).odds < 0 < riff._replace(alike=2).odds
    running = riff._replace(gap=0.5, held=0.4, usual=0.5)
    assert running._replace(alike=9).odds < 0, "who plays on is not cut"


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(
            Ending(1.5, 1.35, 0.5, 1, 4, bars=2, is_tonic=False, is_strong=False),
            id="off the beat, half as long again as any before",
        ),
        pytest.param(
            Ending(1.5, 1.35, 0.5, 1.5, 3, bars=4, is_tonic=True, is_strong=False),
            id="a jig that comes home after four bars",
        ),
        pytest.param(
            Ending(2, 1.8, 1, 3, 4, bars=4, is_tonic=True, is_strong=True),
            id="home after four bars with breaths between",
        ),
    ],
)
def test_phrases_that_are_over_though_they_end_off_the_beat_or_have_breathed(
    ending: Ending,
) -> None:
    assert ending.odds > 0


def test_fewer_than_four_short_bars_are_one() -> None:
    assert [counted(bars, 1_000_000) for bars in (1, 2, 3, 4, 6)] == [1, 1, 1, 4, 6]
    assert counted(3, 2_000_000) == 3


def test_four_short_bars_that_leave_it_open_are_the_first_half_of_eight() -> None:
    assert counted(4, 1_000_000, is_open=True) == 1
    assert counted(4, 1_000_000) == counted(4, 2_000_000, is_open=True) == 4
