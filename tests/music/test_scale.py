"""Scales and registers by name, and keys by ear."""

import pytest

from livegen.errors import ConfigError
from livegen.music.keys.scale import key_of, parse_pitch, parse_register, parse_scale

C_MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})


def weights(*pitches: int) -> list[float]:
    return [float(sum(pitch % 12 == pc for pitch in pitches)) for pc in range(12)]


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("C major", C_MAJOR),
        ("a minor", C_MAJOR),
        ("D dorian", C_MAJOR),
        ("  F#  blues ", {6, 9, 11, 0, 1, 4}),
        ("Bb major pentatonic", {10, 0, 2, 5, 7}),
        ("C chromatic", set(range(12))),
    ],
)
def test_a_scale_is_known_by_name(name: str, classes: set[int]) -> None:
    assert parse_scale(name) == classes


@pytest.mark.parametrize("name", ["", "C", "H major", "C majr", "major C", "C major!"])
def test_an_unknown_scale_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match="dorian"):
        parse_scale(name)


@pytest.mark.parametrize(
    ("text", "register"),
    [("48-84", (48, 84)), ("C3-C6", (48, 84)), ("Bb2 - F#4", (46, 66)), ("C-1-G9", (0, 127))],
)
def test_a_register_is_numbers_or_names(text: str, register: tuple[int, int]) -> None:
    assert parse_register(text) == register


@pytest.mark.parametrize("text", ["", "48", "84-48", "0-128", "C-C", "48-84-90", "-1-4", "H3-C4"])
def test_a_register_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a range"):
        parse_register(text)


def test_middle_c_is_c4() -> None:
    assert (parse_pitch("C4"), parse_pitch("A4"), parse_pitch("60")) == (60, 69, 60)


@pytest.mark.parametrize(
    ("tune", "key"),
    [
        ((60, 62, 64, 65, 67, 69, 71, 72), C_MAJOR),
        ((60, 64, 67, 60), C_MAJOR),
        ((67, 71, 74, 72, 69, 66, 67), frozenset((pc + 7) % 12 for pc in C_MAJOR)),
        ((69, 72, 76, 68, 71, 69), C_MAJOR | {8}),
    ],
)
def test_a_tune_suggests_its_key(tune: tuple[int, ...], key: frozenset[int]) -> None:
    assert key_of(weights(*tune)) == key


def test_all_twelve_suggest_no_key_and_neither_does_silence() -> None:
    assert key_of([1.0] * 12) is None
    assert key_of([0.0] * 12) is None
