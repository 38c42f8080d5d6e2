"""Names of styles, by their first words."""

import pytest

from livegen.music.words.style_names import begins_with, nearest


@pytest.mark.parametrize(
    ("style", "begins"),
    [("jazz", True), ("jazz_bebop", True), ("jazzy", False), ("acid_jazz", False)],
)
def test_a_style_begins_with_whole_words(style: str, begins: bool) -> None:
    assert begins_with(style, ("folk", "jazz")) is begins


def test_the_longest_beginning_counts() -> None:
    table = {"jazz": 1, "jazz_fusion": 2}
    assert [nearest(style, table, 0) for style in ("jazz_cool", "jazz_fusion_late", "pop")] == [
        1,
        2,
        0,
    ]
