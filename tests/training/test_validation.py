"""Validation: pieces count as they are, whatever lies beside them in a batch."""

from dataclasses import replace

import pytest
import torch

from livegen.training.corpora import usable
from livegen.training.network import Network, NetworkConfig
from livegen.training.objective import Objective
from livegen.training.validation import EVENTS, PIECES, Held, hold, style_class, validate
from tests.training.synthetic import corpus

STYLES = ["any", "style 0", "style 1"]
CPU = torch.device("cpu")


def judged(held: dict[str, Held], dropout: float = 0.0) -> dict[str, object]:
    torch.manual_seed(1)
    network = Network(NetworkConfig(3, hidden=16, embed=12, head=8, dropout=dropout))
    return validate(Objective(network), network, held, CPU)


def held(seeds: list[int], share: float = 1.0, beats: int = 8) -> Held:
    found = hold(corpus("a", seeds, "v" * len(seeds), beats), STYLES, share)
    assert found is not None
    return found


def test_padding_is_not_judged() -> None:
    """A short piece beside a long one counts what it counts alone."""
    short, long = corpus("a", [1], "v", beats=8), corpus("b", [2], "v", beats=24)
    together = replace(
        short,
        events=torch.cat([torch.from_numpy(c.events) for c in (short, long)]).numpy(),
        pieces=(
            *short.pieces,
            replace(
                long.pieces[0],
                start=len(short.events),
                end=len(short.events) + len(long.events),
            ),
        ),
    )
    parts, whole = (
        {name: hold(c, STYLES, 1.0) for name, c in found.items()}
        for found in ({"a": short, "b": long}, {"ab": together})
    )
    apart, beside = (judged({k: v for k, v in h.items() if v}) for h in (parts, whole))

    assert beside["nats"] == pytest.approx(apart["nats"], rel=1e-5)
    assert beside["accuracy"] == pytest.approx(apart["accuracy"])


def test_the_whole_is_the_sets_by_their_shares() -> None:
    found = judged({"a": held([1], 0.3), "b": held([2], 0.1)})
    sets = found["sets"]
    assert isinstance(sets, dict)

    assert found["nats_per_note"] == pytest.approx(0.75 * sets["a"] + 0.25 * sets["b"])


def test_dropout_rests_while_judging() -> None:
    assert judged({"a": held([1])}, dropout=0.5) == judged({"a": held([1])})


def test_a_network_that_knows_nothing_needs_about_as_many_nats_as_there_are_choices() -> None:
    per_note = judged({"a": held([1, 2])})["nats_per_note"]

    assert isinstance(per_note, float)
    assert 12 < per_note < 30


def test_no_more_is_held_than_the_start_of_sixteen_pieces() -> None:
    found = held(list(range(40)), beats=4)
    assert found.valid.shape[1] == PIECES
    assert held([3], beats=200).valid.shape == (EVENTS, 1)


def test_a_set_with_nothing_to_judge_by_holds_nothing() -> None:
    """No piece, or one of a single event, which predicts nothing."""
    found = corpus("a", [1], "v")
    lone = replace(found, pieces=(replace(found.pieces[0], end=1),))

    assert hold(corpus("a", [1], "t"), STYLES, 1.0) is None
    assert hold(lone, STYLES, 1.0) is None
    assert usable(lone, "valid") == []


def test_a_piece_without_a_style_is_of_the_unknown_one() -> None:
    piece = corpus("a", [1], "t").pieces[0]

    assert style_class(piece, STYLES) == 2
    assert style_class(replace(piece, style=""), STYLES) == 0
