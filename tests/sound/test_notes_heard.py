"""Notes found in frames of pitch and level."""

from math import pi, sin

import pytest

from livegen.sound.notes_heard import AGREE, SILENT, Found, NoteFinder, PitchFrame, velocity

LOUD = -20.0


def frames(pitch: float, count: int, level: float = LOUD) -> list[PitchFrame]:
    return [PitchFrame(pitch, 0.9, level)] * count


def rest(count: int) -> list[PitchFrame]:
    return [PitchFrame(60, 0.1, -70.0)] * count


def found(*stretches: list[PitchFrame]) -> list[tuple[int, int | None]]:
    finder = NoteFinder()
    heard = [one for stretch in stretches for frame in stretch for one in finder.feed(frame)]
    return [(one.frame, one.pitch) for one in [*heard, *finder.end()]]


def test_a_note_is_told_at_its_first_frame_and_ends_where_the_pitch_ends() -> None:
    assert found(rest(10), frames(60.1, 20), rest(10)) == [(10, 60), (30, None)]


def test_a_note_goes_over_into_the_next_without_a_gap() -> None:
    heard = found(frames(60, 10), frames(62, 10), rest(SILENT))
    assert heard == [(0, 60), (10, None), (10, 62), (20, None)]


def test_a_short_breath_does_not_end_a_note() -> None:
    assert found(frames(60, 10), rest(SILENT - 1), frames(60, 10), rest(SILENT)) == [
        (0, 60),
        (20 + SILENT - 1, None),
    ]


@pytest.mark.parametrize("width", [0.3, 0.5])
def test_a_vibrato_is_one_note(width: float) -> None:
    turns = [60 + width * sin(2 * pi * number / 11) for number in range(44)]  # six a second
    waves = [PitchFrame(pitch, 0.9, LOUD) for pitch in turns]
    assert [pitch for _, pitch in found(waves)] == [60, None]


def test_a_slide_names_only_the_notes_on_which_it_rests() -> None:
    slide = [PitchFrame(60 + step / 2, 0.9, LOUD) for step in range(1, 8)]
    heard = found(frames(60, 10), slide, frames(64, 10))
    assert [pitch for _, pitch in heard] == [60, None, 64, None]


def test_the_same_pitch_struck_again_is_another_note() -> None:
    fading = [PitchFrame(60, 0.9, LOUD - level) for level in range(10)]
    heard = found(frames(60, 5), fading, frames(60, 8))
    assert [pitch for _, pitch in heard] == [60, None, 60, None]
    assert heard[1][0] == heard[2][0]


def test_a_swell_is_no_new_note() -> None:
    swell = [PitchFrame(60, 0.9, LOUD + level) for level in range(12)]
    assert [pitch for _, pitch in found(frames(60, 5), swell)] == [60, None]


def test_noise_has_no_notes() -> None:
    quiet = frames(60, 20, level=-60.0)
    jumps = [PitchFrame(50 + 7 * (number % 3), 0.9, LOUD) for number in range(30)]
    assert found(quiet, jumps) == []


def test_a_note_that_is_shorter_than_what_must_agree_is_none() -> None:
    assert found(frames(60, AGREE - 1), rest(5)) == []


def test_louder_is_faster() -> None:
    levels = [velocity(level) for level in range(-60, 1)]
    assert levels == sorted(levels)
    assert all(1 <= one <= 127 for one in levels)
    assert NoteFinder().feed(PitchFrame(60, 0.9, LOUD)) == []
    assert Found(0, None).velocity == 0
