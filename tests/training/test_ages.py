"""A checkpoint of an earlier version is read, and its network answers as the model file that was made of it."""

from pathlib import Path

from livegen.training.loop import load_network

AGES = Path(__file__).parents[1] / "ages"


def test_a_checkpoint_of_0_1_0_is_a_network_of_this_version() -> None:
    network, kept = load_network(AGES / "0.1.0" / "checkpoint.pt")

    assert kept["step"] == 12 and kept["styles"] == ["any", "waltz"]
    assert network.config.hidden == 8
