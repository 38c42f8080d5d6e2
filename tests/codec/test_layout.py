"""The layout: what an event is, and the name by which models know it."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from livegen.codec import layout
from livegen.codec.layout import FIELDS, VELOCITY_BINS, codec_hash, velocity_class, velocity_of


def test_the_layout_is_the_one_that_shipped_models_were_trained_for() -> None:
    """Who changes the layout raises VERSION, trains again, and writes the new name here."""
    assert (layout.VERSION, codec_hash()) == (2, "f599777dc79c")


@pytest.mark.parametrize(
    ("fact", "other"),
    [
        ("VERSION", 3),
        ("TICKS_PER_BEAT", 48),
        ("PARTS", ("lead", "comp", "bass", "drums", "pad")),
        ("FIELDS", {**FIELDS, "velocity": 16}),
        ("FIELDS", dict(reversed(FIELDS.items()))),
        ("MAX_ADVANCES", 8),
        ("NO_GRID", 384),
        ("MAX_BAR_CLASS", 24),
        ("SOUNDING", 512),
        ("FARTHEST", 12),
    ],
)
def test_another_layout_has_another_name(
    monkeypatch: pytest.MonkeyPatch, fact: str, other: object
) -> None:
    before = codec_hash()
    monkeypatch.setattr(layout, fact, other)

    assert codec_hash() != before


@given(st.integers(1, 127))
def test_a_velocity_comes_back_in_its_own_class(velocity: int) -> None:
    assert velocity_class(velocity_of(velocity_class(velocity))) == velocity_class(velocity)
    assert abs(velocity_of(velocity_class(velocity)) - velocity) <= 2


def test_every_velocity_class_is_a_velocity_of_midi() -> None:
    velocities = [velocity_of(number) for number in range(VELOCITY_BINS)]

    assert velocities == sorted(set(velocities))
    assert 1 <= velocities[0] <= velocities[-1] <= 127
