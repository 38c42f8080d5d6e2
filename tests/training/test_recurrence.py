"""The layers: gradients by hand are those of autograd, and the maths is that of torch's own."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from livegen.training.recurrence import GruLayer, LstmLayer, gru_step, lstm_step

STEPS, BATCH, HIDDEN = 5, 3, 4


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """Float64 with gradients: exact enough to tell a slope from a slip."""
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=chance, dtype=torch.float64).requires_grad_()


def resets() -> Tensor:
    """Segments that begin at the first step, in the middle, at the last, and not at all."""
    keep = torch.ones(STEPS, BATCH, 1, dtype=torch.float64)
    keep[0, 0] = keep[2, 1] = keep[STEPS - 1, 1] = 0
    return keep


def gru(gates: Tensor, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    out: Tensor = GruLayer.apply(gates, h, resets(), weight, bias, False)  # type: ignore[no-untyped-call]
    return out


def lstm(
    gates: Tensor, h: Tensor, c: Tensor, weight: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    out: tuple[Tensor, Tensor] = LstmLayer.apply(gates, h, c, resets(), weight, bias, False)  # type: ignore[no-untyped-call]
    return out


def gru_by_steps(gates: Tensor, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same, one step after another, for autograd to differentiate."""
    out = []
    for gate, keep in zip(gates, resets(), strict=True):
        h = h * keep
        h = gru_step(gate, h @ weight.t() + bias, h)
        out.append(h)
    return torch.stack(out)


def lstm_by_steps(
    gates: Tensor, h: Tensor, c: Tensor, weight: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    """The same, one step after another, for autograd to differentiate."""
    out, cells = [], []
    for gate, keep in zip(gates, resets(), strict=True):
        h, c = h * keep, c * keep
        h, c = lstm_step(gate, h @ weight.t() + bias, c)
        out.append(h)
        cells.append(c)
    return torch.stack(out), torch.stack(cells)


def gru_inputs() -> tuple[Tensor, ...]:
    g = 3 * HIDDEN
    shapes = ((STEPS, BATCH, g), (BATCH, HIDDEN), (g, HIDDEN), (g,))
    return tuple(numbers(*shape, seed=i) for i, shape in enumerate(shapes))


def lstm_inputs() -> tuple[Tensor, ...]:
    g = 4 * HIDDEN
    shapes = ((STEPS, BATCH, g), (BATCH, HIDDEN), (BATCH, HIDDEN), (g, HIDDEN), (g,))
    return tuple(numbers(*shape, seed=i) for i, shape in enumerate(shapes))


@pytest.mark.parametrize(
    ("layer", "by_steps", "inputs"),
    [(gru, gru_by_steps, gru_inputs()), (lstm, lstm_by_steps, lstm_inputs())],
)
def test_outputs_and_gradients_are_those_of_autograd_through_the_steps(
    layer: Callable[..., Any], by_steps: Callable[..., Any], inputs: tuple[Tensor, ...]
) -> None:
    def gradients(run: Callable[..., Any]) -> list[Tensor]:
        found = run(*inputs)
        outs = found if isinstance(found, tuple) else (found,)
        loss = sum((out * numbers(*out.shape, seed=9 + i)).sum() for i, out in enumerate(outs))
        assert isinstance(loss, Tensor)
        return [*outs, *torch.autograd.grad(loss, inputs)]

    for own, autograd in zip(gradients(layer), gradients(by_steps), strict=True):
        torch.testing.assert_close(own, autograd, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("layer", "inputs"), [(gru, gru_inputs()), (lstm, lstm_inputs())])
def test_gradients_are_the_slopes_that_differences_show(
    layer: Callable[..., Any], inputs: tuple[Tensor, ...]
) -> None:
    assert torch.autograd.gradcheck(layer, inputs)


def test_without_resets_the_layers_are_those_of_torch() -> None:
    x = numbers(STEPS, BATCH, 6)
    keep = torch.ones(STEPS, BATCH, 1, dtype=torch.float64)
    zero = torch.zeros(BATCH, HIDDEN, dtype=torch.float64)
    for kind, own in ((nn.GRU, GruLayer), (nn.LSTM, LstmLayer)):
        theirs: Any = kind(6, HIDDEN).double()
        gates = x @ theirs.weight_ih_l0.t() + theirs.bias_ih_l0
        states = (zero,) if own is GruLayer else (zero, zero)
        across = (theirs.weight_hh_l0, theirs.bias_hh_l0, False)
        found = own.apply(gates, *states, keep, *across)  # type: ignore[no-untyped-call]

        torch.testing.assert_close(found if own is GruLayer else found[0], theirs(x)[0])


def test_products_in_bfloat16_come_close() -> None:
    for layer, inputs in ((GruLayer, gru_inputs()), (LstmLayer, lstm_inputs())):
        *start, weight, bias = (value.detach().float() for value in inputs)
        keep = resets().float()
        exact, low = (
            layer.apply(*start, keep, weight, bias, flag)  # type: ignore[no-untyped-call]
            for flag in (False, True)
        )

        torch.testing.assert_close(low, exact, rtol=0, atol=0.05)
