"""How comps are counted."""

from bench.comps import Shares, bars_of, counted, mean
from livegen.music.note import Note


def test_bars_strikes_voices_and_intervals_of_comps_are_counted() -> None:
    eighths = [Note(at / 2, at / 2 + 0.4, 40 + up, 80) for at in range(8) for up in (0, 7)]
    line = [Note(4 + at / 2, 4.5 + at / 2, 60 + at, 80) for at in range(8)]
    found = counted([bars_of(eighths), bars_of(line)])
    assert found["places"] == dict.fromkeys(range(0, 16, 2), 1.0)
    assert (
        found["voices"] == {2: 1.0} and found["apart"] == {7: 1.0} and found["pitches"] == {8: 1.0}
    )
    assert found["bars"] == {tuple(range(0, 16, 2)): 1.0}


def test_pieces_weigh_the_same_and_those_without_a_count_nothing() -> None:
    pieces: list[dict[str, Shares]] = [
        {"apart": {7: 1.0}},
        {"apart": {7: 0.5, 12: 0.5}},
        {"apart": {}},
    ]
    assert mean(pieces, "apart") == {7: 0.75, 12: 0.25}
