"""Which sound font is used."""

import struct
from pathlib import Path

import numpy as np
import pytest

from livegen.errors import ConfigError
from livegen.sound.font_cut import cut
from livegen.sound.fonts import MOST_FAR, font, font_for_a_page
from livegen.sound.synth import MODEL, Samples, Synth
from tests.sound.small_font import SAMPLES, sound_font


def test_a_page_gets_a_font_of_plain_samples_that_is_not_too_large(tmp_path: Path) -> None:
    packed, large, small = (tmp_path / name for name in ("a.sf3", "b.sf2", "c.sf2"))
    packed.write_bytes(b"RIFF")
    with large.open("wb") as file:
        file.truncate(100 << 20)
    small.write_bytes(b"RIFF")

    assert font_for_a_page("", MOST_FAR, map(str, (packed, large, small))) == small
    assert font_for_a_page(places=map(str, (packed, large, small))) == large
    assert font(places=map(str, (packed, large, small))) == packed
    assert font_for_a_page(str(packed)) is None
    assert font_for_a_page(str(tmp_path / "gone.sf2")) is None


def test_a_font_is_cut_down_to_the_samples_of_some_presets(tmp_path: Path) -> None:
    whole = tmp_path / "whole.sf2"
    whole.write_bytes(sound_font((0, 0), (0, 5), (128, 0)))
    both = cut(whole, {(0, 0), (128, 0), (0, 99)})
    alone = cut(whole, {(0, 5)})

    assert struct.pack("<h", 1) * SAMPLES in both
    assert struct.pack("<h", 2) * 9 not in both
    assert struct.pack("<h", 3) * SAMPLES in both
    assert struct.pack("<h", 2) * SAMPLES in alone
    assert len(alone) < len(both) < whole.stat().st_size
    every = cut(whole, {(0, 99)})  # which it does not have
    assert all(struct.pack("<h", number) * SAMPLES in every for number in (1, 2, 3))
    whole.write_bytes(both)
    assert cut(whole, {(0, 0), (128, 0)}) == both


def test_a_sample_whose_loop_lies_elsewhere_is_kept(tmp_path: Path) -> None:
    """Fonts have that, of drums, which do not loop."""
    path = tmp_path / "band.sf2"
    loop = struct.pack("<2I", 246 + 8, 246 + SAMPLES - 8)
    path.write_bytes(sound_font((0, 0), (128, 0)).replace(loop, bytes(8)))
    assert struct.pack("<h", 2) * SAMPLES in cut(path, {(128, 0)})


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"no sound font at all" * 9, sound_font((0, 0))[:600]]
)
def test_what_is_no_font_is_named_in_a_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "band.sf2"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"band\.sf2: expected a sound font"):
        cut(path, {(0, 0)})


def test_a_cut_font_sounds_as_the_whole_one(tmp_path: Path) -> None:
    pytest.importorskip("fluidsynth", reason="the extra sound is not installed")
    whole, small = font(places=()), tmp_path / "cut.sf2"
    small.write_bytes(cut(whole, {(0, 4), (128, 0)}))
    assert small.stat().st_size < whole.stat().st_size / 5

    def rendered(path: Path) -> Samples:
        synth = Synth(path, {MODEL: {0: 4}})
        for channel, pitch in ((0, 60), (9, 38)):
            synth.play(MODEL, bytes((0x90 | channel, pitch, 90)))
        heard = synth.samples(20_000)
        synth.close()
        return heard

    assert np.array_equal(rendered(small), rendered(whole))
    assert np.abs(rendered(small)).max() > 1000
