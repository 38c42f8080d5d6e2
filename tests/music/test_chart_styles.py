"""A chart's word for its style is one of the model's styles, or none."""

import pytest

from livegen.music.charts import nearest_style

STYLES = {
    "jazz_swing",
    "jazz_bebop",
    "leadsheet_latin",
    "pop",
    "leadsheet_blues",
    "leadsheet_funk_soul",
    "jazz_cool",
    "band_rock",
    "leadsheet_rock",
}


@pytest.mark.parametrize(
    ("word", "style"),
    [
        ("jazz_swing", "jazz_swing"),
        ("Jazz Swing", "jazz_swing"),
        ("Medium Up Swing", "jazz_swing"),
        ("Up Tempo Swing", "jazz_bebop"),
        ("Bossa Nova", "leadsheet_latin"),
        ("Samba Funk", "leadsheet_latin"),
        ("Pop Ballad", "pop"),
        ("Ballad", "jazz_cool"),
        ("Slow Blues", "leadsheet_blues"),
        ("RnB", "leadsheet_funk_soul"),
        ("Slow Rock Ballad", "leadsheet_rock"),
        ("Baião", "leadsheet_latin"),
        ("Up-Tempo", "jazz_bebop"),
        ("Waltz", "jazz_swing"),
        ("Reggae", None),
        ("like a river", None),
        ("", None),
        (None, None),
    ],
)
def test_a_word_means_a_style(word: str | None, style: str | None) -> None:
    assert nearest_style(word, STYLES) == style
