"""The network: what trains on whole sequences is what plays step by step."""

import pytest
import torch
from torch import Tensor

from livegen.codec.layout import FIELDS, SOUNDING
from livegen.training.attention import ROUND
from livegen.training.network import HEADS, INPUTS, QUERY, Dropout, Network, NetworkConfig

STEPS, BATCH, STYLES = 7, 3, 4
# Kind, layers, and how many events it looks back over: none, fewer than there are, more.
SIZES = [
    ("gru", 1, 0), ("gru", 2, 0), ("lstm", 1, 0), ("lstm", 2, 0), ("gru", 1, 3), ("gru", 2, 9), ("lstm", 2, 9),
    ("delta", 1, 0), ("delta", 2, 0), ("delta", 2, 9), ("attention", 1, 2), ("attention", 2, 32),
]  # fmt: skip


def tiny(kind: str = "gru", layers: int = 1, window: int = 0, dropout: float = 0.0) -> Network:
    torch.manual_seed(1)
    hidden, embed = (128, 128) if kind in ("delta", "attention") else (16, 12)
    network = Network(
        NetworkConfig(STYLES, kind, hidden, layers, embed, head=8, window=window, dropout=dropout)
    )
    if network.recall:
        torch.nn.init.normal_(network.recall.near)
    return network


def random_state(network: Network) -> Tensor:
    """As if something had been heard."""
    state = torch.randn_like(network.initial_state(BATCH))
    if network.attention:
        # 1, 5 and 900 events of the piece; the window holds fewer.
        state[:, -2:] = torch.tensor([[0.0, 1.0], [0.0, 5.0], [3.0, 132.0]])
    return state


def sequence() -> tuple[Tensor, Tensor, Tensor]:
    """Rows, styles, and what sounds."""
    torch.manual_seed(2)
    rows = torch.stack([torch.randint(size, (STEPS, BATCH)) for size in INPUTS.values()], -1)
    return rows, torch.randint(STYLES, (STEPS, BATCH)), torch.randint(2, (STEPS, BATCH, SOUNDING))


@pytest.mark.parametrize(("kind", "layers", "window"), SIZES)
def test_a_sequence_at_once_is_the_sequence_step_by_step(
    kind: str, layers: int, window: int
) -> None:
    network = tiny(kind, layers, window)
    rows, style, sounding = sequence()
    state = random_state(network)
    keep = torch.ones(STEPS, BATCH, 1)
    keep[3, 1] = 0
    whole, end = network(rows, style, sounding.float(), keep, state)
    for b in range(BATCH):
        own, summaries = state[b : b + 1], []
        for t in range(STEPS):
            event = torch.cat((rows[t, b], style[t, b, None]))[None]
            own, summary = network.step(event, sounding[t, b, None].float(), own * keep[t, b])
            summaries.append(summary[0])

        torch.testing.assert_close(torch.stack(summaries), whole[:, b], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(own[0], end[b], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("kind", "layers", "window"), SIZES)
def test_a_sequence_in_two_pieces_is_the_sequence(kind: str, layers: int, window: int) -> None:
    network = tiny(kind, layers, window)
    rows, style, sounding = sequence()
    inputs = (rows, style, sounding.float(), torch.ones(STEPS, BATCH, 1))
    whole, end = network(*inputs, network.initial_state(BATCH))
    first, state = network(*(value[:4] for value in inputs), network.initial_state(BATCH))
    second, state = network(*(value[4:] for value in inputs), state)

    torch.testing.assert_close(torch.cat((first, second)), whole)
    torch.testing.assert_close(state, end)


@pytest.mark.parametrize(("kind", "layers", "window"), SIZES)
def test_a_piece_that_begins_within_a_sequence_looks_back_at_nothing_before_it(
    kind: str, layers: int, window: int
) -> None:
    network = tiny(kind, layers, window)
    rows, style, sounding = sequence()
    keep = torch.ones(STEPS, BATCH, 1)
    keep[3] = 0
    inputs = (rows, style, sounding.float(), keep)
    whole, end = network(*inputs, random_state(network))
    alone, end_alone = network(*(value[3:] for value in inputs), network.initial_state(BATCH))

    torch.testing.assert_close(whole[3:], alone)
    torch.testing.assert_close(end, end_alone)


def test_looking_back_reaches_as_far_as_its_window_and_no_farther() -> None:
    network, far = tiny(window=3), tiny(window=9)
    for one, reaches in ((network, False), (far, True)):
        assert one.recall is not None
        x, h = torch.randn(STEPS, 1, 12), torch.randn(STEPS, 1, 16)
        keep, memory = torch.ones(STEPS, 1, 1), torch.zeros(1, one.recall.size)
        found, _ = one.recall(x, h, keep, memory)
        changed, _ = one.recall(torch.cat((torch.randn(1, 1, 12), x[1:])), h, keep, memory)

        assert not torch.equal(found[0], changed[0])
        assert torch.equal(found[-1], changed[-1]) != reaches


def test_attention_reaches_as_far_as_its_window_in_each_block_and_no_farther() -> None:
    for window, reaches in ((3, False), (6, True)):
        attention = tiny("attention", 1, window).attention
        assert attention is not None
        x, keep = torch.randn(STEPS, 1, 128), torch.ones(STEPS, 1, 1)
        found, _ = attention(x, keep, torch.zeros(1, attention.size))
        x[0] += 1
        changed, _ = attention(x, keep, torch.zeros(1, attention.size))

        assert not torch.equal(found[0], changed[0])
        assert torch.equal(found[-1], changed[-1]) != reaches


@pytest.mark.parametrize("heard", [0, 3, 4095, 16_777_215, 300_000_001])
def test_attention_plays_in_a_ring_what_it_learned_in_sequences_however_long_the_night(
    heard: int,
) -> None:
    """As many events were heard before; of a float of 32 bits the last number is no whole one any more."""
    network = tiny("attention", 1, 4)
    assert network.attention
    rows, style, sounding = sequence()
    whole, _ = network(
        rows, style, sounding.float(), torch.ones(STEPS, BATCH, 1), network.initial_state(BATCH)
    )
    for b in range(BATCH):
        ring, summaries = torch.zeros(network.attention.shape), []
        for t in range(STEPS):
            event, position = torch.cat((rows[t, b], style[t, b, None]))[None], heard + t
            entry, summary = network.step_ring(
                event, sounding[t, b, None].float(), ring, torch.tensor([position])
            )
            ring[position % 4] = entry
            summaries.append(summary[0])
        first = (
            4 if heard else 0
        )  # rows that nobody wrote are taken for heard, until they are written

        torch.testing.assert_close(
            torch.stack(summaries)[first:], whole[first:, b], rtol=1e-4, atol=1e-4
        )


def test_attention_knows_its_place_where_training_rounds_its_state() -> None:
    network = tiny("attention", 1, 32)
    rows, style, sounding = sequence()
    keep, state = torch.ones(STEPS, BATCH, 1), network.initial_state(BATCH)
    for _ in range(90):
        _, state = network(rows, style, sounding.float(), keep, state.bfloat16().float())

    assert (state[:, -2] * ROUND + state[:, -1]).tolist() == [90 * STEPS] * BATCH


def test_every_weight_learns() -> None:
    for kind, layers, window in SIZES:
        network = tiny(kind, layers, window)
        rows, style, sounding = sequence()
        summary, _ = network(
            rows, style, sounding.float(), torch.ones(STEPS, BATCH, 1), network.initial_state(BATCH)
        )
        query = {name: torch.randint(INPUTS[name], (STEPS, BATCH)) for name in QUERY}
        query["before"] = torch.randint(128, (STEPS, BATCH))
        sum(network.head(field, summary, query).square().sum() for field in HEADS).backward()  # type: ignore[union-attr]

        assert all(weight.grad is not None for weight in network.parameters())


def test_a_head_gives_logits_for_its_field_and_looks_at_nothing_that_comes_later() -> None:
    network = tiny()
    summary = torch.randn(BATCH, len(HEADS) * 8)
    order = list(HEADS)
    for field in HEADS:
        known = {name: torch.zeros(BATCH, dtype=torch.long) for name in (*HEADS[field], "before")}

        assert network.head(field, summary, known).shape == (BATCH, FIELDS[field])
        assert not set(order[order.index(field) :]) & set(HEADS[field])


def test_dropout_leaves_out_the_same_units_at_every_step_and_none_when_playing() -> None:
    torch.manual_seed(3)
    drop = Dropout(0.5)
    found = drop(torch.ones(STEPS, BATCH, 50))

    assert (found == found[:1]).all()
    assert set(found.unique().tolist()) == {0.0, 2.0}
    assert (drop.eval()(torch.ones(STEPS, BATCH, 50)) == 1).all()
