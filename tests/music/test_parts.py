"""Parts: who plays what."""

import pytest

from livegen.music.parts import (
    BASS,
    COMP,
    DRUMS,
    LEAD,
    RULES,
    PartSource,
    general_midi_drum,
    rule_of_track,
)

PIANO, FINGERED_BASS = 0, 33


@pytest.mark.parametrize(
    ("name", "channel", "program", "position", "tracks", "rule"),
    [
        ("MELODY", 0, PIANO, 0, 3, "lead"),
        ("BRIDGE", 0, PIANO, 1, 3, "lead"),
        ("PIANO", 0, PIANO, 2, 3, "comp"),
        ("Violin I", 0, 40, 0, 4, "lead"),
        ("Violin II", 0, 40, 1, 4, "comp"),
        ("Violoncello", 0, 42, 3, 4, "bass"),
        ("", 9, PIANO, 0, 2, "drums"),
        ("Percussion", 3, PIANO, 0, 2, "drums"),
        ("", 0, FINGERED_BASS, 0, 2, "bass"),
        ("", 0, PIANO, 0, 2, "lead"),
        ("", 0, PIANO, 1, 2, "comp"),
        ("Piano", 0, PIANO, 0, 1, "keys"),
        ("", 0, PIANO, 0, 1, "keys"),
        ("", 0, FINGERED_BASS, 0, 1, "bass"),
        ("Solo", 0, PIANO, 0, 1, "lead"),
        ("bassoon", 0, 70, 1, 2, "comp"),  # no bass
        ("Fingered Bass 2", 0, PIANO, 1, 3, "bass"),
        ("Lead Vocal", 0, PIANO, 1, 3, "lead"),
        ("staffTwo:pianoUpper", 0, PIANO, 0, 3, "comp"),
        ("Little Drummer Boy", 0, PIANO, 0, 1, "keys"),  # titles
        ("All About That Bass", 0, PIANO, 0, 3, "lead"),
        ("Drums Along the Mohawk", 0, PIANO, 1, 3, "comp"),
    ],
)
def test_a_track_is_heard_as_it_calls_itself(
    name: str, channel: int, program: int, position: int, tracks: int, rule: str
) -> None:
    assert rule_of_track(name, channel, program, position, tracks) == rule
    assert rule in RULES


def test_a_source_of_one_part_is_always_that_part() -> None:
    assert [PartSource(rule).part(True, 40) for rule in ("lead", "comp", "bass", "drums")] == [
        LEAD,
        COMP,
        BASS,
        DRUMS,
    ]


def test_on_keys_a_low_key_that_joins_others_accompanies() -> None:
    keys = PartSource("keys")

    assert [keys.part(True, pitch) for pitch in (48, 52, 72)] == [LEAD, COMP, LEAD]


def test_a_key_comes_up_in_the_part_in_which_it_went_down() -> None:
    keys = PartSource("keys")
    for pitch in (72, 48):
        keys.part(True, pitch)

    assert [keys.part(False, pitch) for pitch in (72, 48)] == [LEAD, COMP]


def test_a_key_that_never_went_down_comes_up_in_no_part() -> None:
    assert PartSource("keys").part(False, 60) is None


def test_a_key_struck_twice_stays_in_its_part() -> None:
    keys = PartSource("keys")

    assert [keys.part(True, 48), keys.part(True, 72), keys.part(True, 48)] == [LEAD, LEAD, LEAD]


def test_the_hi_hats_of_an_electronic_kit_are_those_of_general_midi() -> None:
    assert [general_midi_drum(pitch) for pitch in (22, 26, 36)] == [42, 46, 36]
