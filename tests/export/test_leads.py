"""Lines of people's music are counted into a table by style."""

import numpy as np

from export.beat_material import Piece, Voice
from export.leads import FEWEST, counted, table_of
from livegen.music.melody.leads import LINES, WIDEST
from livegen.music.note import Note


def eighths(late: float) -> list[Note]:
    return [Note(at / 2 + late * (at % 2), at / 2 + 0.5, 60 + at % 3, 80) for at in range(16)]


def piece(style: str, metre: tuple[int, int] = (4, 4)) -> Piece:
    rows = np.array([note[:4] for note in eighths(0)], np.float32)
    return Piece("trad_abc", style, (Voice(rows, False),), ((0, *metre),), ())


def test_places_intervals_and_onsets_a_beat_of_a_line_are_counted() -> None:
    places, steps, onsets = counted(eighths(0), False)
    assert dict(zip(LINES, places.tolist(), strict=True)) == {
        0: 0.5,
        3: 0,
        4: 0,
        6: 0.5,
        8: 0,
        9: 0,
    }
    assert steps.sum() == 1 and steps[WIDEST + 1] == 10 / 15 and steps[WIDEST - 2] == 5 / 15
    assert onsets == 2


def test_where_a_style_swings_a_late_off_beat_is_an_off_beat() -> None:
    swung, straight = (counted(eighths(1 / 6), swings)[0] for swings in (True, False))
    assert swung[LINES.index(6)] == 0.5 and straight[LINES.index(8)] == 0.5


def test_styles_with_few_pieces_and_pieces_in_other_metres_are_left_out() -> None:
    found = table_of(
        [
            *[piece("reel")] * FEWEST,
            *[piece("jig", (6, 8))] * FEWEST,
            *[piece("air")] * (FEWEST - 1),
        ]
    )
    assert list(found["styles"]) == ["reel"]  # type: ignore[call-overload]
