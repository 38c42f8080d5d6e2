"""The network: what trains on whole sequences is what plays step by step."""

import pytest
import torch
from torch import Tensor

from livegen.codec.layout import FIELDS, SOUNDING
from livegen.training.network import HEADS, INPUTS, QUERY, Dropout, Network, NetworkConfig

STEPS, BATCH, STYLES = 7, 3, 4
SIZES = [("gru", 1), ("gru", 2), ("lstm", 1), ("lstm", 2)]


def tiny(kind: str = "gru", layers: int = 1, dropout: float = 0.0) -> Network:
    torch.manual_seed(1)
    config = NetworkConfig(
        STYLES, kind, hidden=16, layers=layers, embed=12, head=8, dropout=dropout
    )
    return Network(config)


def sequence() -> tuple[Tensor, Tensor, Tensor]:
    """Rows, styles, and what sounds."""
    torch.manual_seed(2)
    rows = torch.stack([torch.randint(size, (STEPS, BATCH)) for size in INPUTS.values()], -1)
    return rows, torch.randint(STYLES, (STEPS, BATCH)), torch.randint(2, (STEPS, BATCH, SOUNDING))


@pytest.mark.parametrize(("kind", "layers"), SIZES)
def test_a_sequence_at_once_is_the_sequence_step_by_step(kind: str, layers: int) -> None:
    network = tiny(kind, layers)
    rows, style, sounding = sequence()
    state = torch.randn_like(network.initial_state(BATCH))
    keep = torch.ones(STEPS, BATCH, 1)
    keep[3, 1] = 0
    whole, end = network(rows, style, sounding.float(), keep, state)
    summaries = []
    for t in range(STEPS):
        event = torch.cat((rows[t], style[t, :, None]), -1)
        state, summary = network.step(event, sounding[t].float(), state * keep[t])
        summaries.append(summary)

    torch.testing.assert_close(torch.stack(summaries), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(state, end, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("kind", "layers"), SIZES)
def test_a_sequence_in_two_pieces_is_the_sequence(kind: str, layers: int) -> None:
    network = tiny(kind, layers)
    rows, style, sounding = sequence()
    inputs = (rows, style, sounding.float(), torch.ones(STEPS, BATCH, 1))
    whole, end = network(*inputs, network.initial_state(BATCH))
    first, state = network(*(value[:4] for value in inputs), network.initial_state(BATCH))
    second, state = network(*(value[4:] for value in inputs), state)

    torch.testing.assert_close(torch.cat((first, second)), whole)
    torch.testing.assert_close(state, end)


def test_every_weight_learns() -> None:
    for kind, layers in SIZES:
        network = tiny(kind, layers)
        rows, style, sounding = sequence()
        summary, _ = network(
            rows, style, sounding.float(), torch.ones(STEPS, BATCH, 1), network.initial_state(BATCH)
        )
        query = {name: torch.randint(INPUTS[name], (STEPS, BATCH)) for name in QUERY}
        sum(network.head(field, summary, query).square().sum() for field in HEADS).backward()  # type: ignore[union-attr]

        assert all(weight.grad is not None for weight in network.parameters())


def test_a_head_gives_logits_for_its_field_and_looks_at_nothing_that_comes_later() -> None:
    network = tiny()
    summary = torch.randn(BATCH, len(HEADS) * 8)
    order = list(HEADS)
    for field in HEADS:
        known = {name: torch.zeros(BATCH, dtype=torch.long) for name in HEADS[field]}

        assert network.head(field, summary, known).shape == (BATCH, FIELDS[field])
        assert not set(order[order.index(field) :]) & set(HEADS[field])


def test_dropout_leaves_out_the_same_units_at_every_step_and_none_when_playing() -> None:
    torch.manual_seed(3)
    drop = Dropout(0.5)
    found = drop(torch.ones(STEPS, BATCH, 50))

    assert (found == found[:1]).all()
    assert set(found.unique().tolist()) == {0.0, 2.0}
    assert (drop.eval()(torch.ones(STEPS, BATCH, 50)) == 1).all()
