"""Which sound font is used."""

from pathlib import Path

from livegen.sound.fonts import font, font_for_a_page


def test_a_page_gets_a_font_of_plain_samples_that_is_not_too_large(tmp_path: Path) -> None:
    packed, large, small = (tmp_path / name for name in ("a.sf3", "b.sf2", "c.sf2"))
    packed.write_bytes(b"RIFF")
    with large.open("wb") as file:
        file.truncate(200 << 20)
    small.write_bytes(b"RIFF")

    assert font_for_a_page(places=map(str, (packed, large, small))) == small
    assert font(places=map(str, (packed, large, small))) == packed
    assert font_for_a_page(str(packed)) is None
    assert font_for_a_page(str(tmp_path / "gone.sf2")) is None
