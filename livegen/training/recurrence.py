"""GRU and LSTM over whole sequences, with gradients by hand, and one step of each for export.

Why not torch.nn.GRU: pieces of music end inside a batch, and the state must be zeroed at that very
step (`keep`), which the library layers cannot do; and gathering the weight gradient of all steps in
one product in bfloat16 is 2 to 4 times faster on a CPU with matrix units (docs/LOG.md).  Runs on
any device.

Shapes: T steps, B streams, H units, G gates (3 for the GRU, 4 for the LSTM).
GRU: Cho et al. 2014, arXiv 1406.1078, in the variant of torch.nn.GRU (reset after the product).
LSTM: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, as torch.nn.LSTM.
"""

from typing import Any

import torch
from torch import Tensor

GATES = {"gru": 3, "lstm": 4}
MEMORIES = {
    "gru": 1,
    "lstm": 2,
}  # arrays of H that a layer carries: the LSTM has its cell beside its output


def gru_step(gates: Tensor, recurrent: Tensor, h: Tensor) -> Tensor:
    """Input gates (B, 3H), recurrent gates (B, 3H), state (B, H) -> the new state (B, H)."""
    reset_in, update_in, new_in = gates.chunk(3, -1)
    reset_h, update_h, new_h = recurrent.chunk(3, -1)
    reset, update = torch.sigmoid(reset_in + reset_h), torch.sigmoid(update_in + update_h)
    new = torch.tanh(new_in + reset * new_h)
    return new + update * (h - new)


def lstm_step(gates: Tensor, recurrent: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Input and recurrent gates (B, 4H), cell (B, H) -> the new output and cell, (B, H) each."""
    enter, forget, new, leave = (gates + recurrent).chunk(4, -1)
    c = torch.sigmoid(forget) * c + torch.sigmoid(enter) * torch.tanh(new)
    return torch.sigmoid(leave) * torch.tanh(c), c


class GruLayer(torch.autograd.Function):
    """A GRU from its input gates.

    gates (T, B, 3H), h (B, H), keep (T, B, 1) of 0 and 1, weight (3H, H), bias (3H) -> outputs
    (T, B, H).  With `low` the products are in bfloat16.
    """

    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, h: Tensor, keep: Tensor, weight: Tensor, bias: Tensor, low: bool
    ) -> Tensor:
        """Run all steps, keeping what the gradients need."""
        steps, batch, hidden = gates.shape[0], gates.shape[1], h.shape[1]
        kind = torch.bfloat16 if low else gates.dtype
        across = weight.t().to(kind).contiguous()  # (H, 3H)
        before = gates.new_empty(steps, batch, hidden)  # the state each step started from
        kept = gates.new_empty(
            steps, batch, 4 * hidden
        )  # reset, update, new, recurrent part of new
        out = gates.new_empty(steps, batch, hidden)
        for t in range(steps):
            h = torch.mul(h, keep[t], out=before[t])
            recurrent = (h.to(kind) @ across).to(gates.dtype).add_(bias)
            saved = kept[t]
            both = saved[:, : 2 * hidden]
            torch.add(gates[t, :, : 2 * hidden], recurrent[:, : 2 * hidden], out=both).sigmoid_()
            reset, update = both[:, :hidden], both[:, hidden:]
            new = saved[:, 2 * hidden : 3 * hidden]
            saved[:, 3 * hidden :] = recurrent[:, 2 * hidden :]
            torch.addcmul(
                gates[t, :, 2 * hidden :], reset, recurrent[:, 2 * hidden :], out=new
            ).tanh_()
            h = torch.lerp(new, h, update, out=out[t])
        ctx.save_for_backward(before, kept, keep, weight)
        ctx.low = low
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of all steps, from the last to the first."""
        (grad,) = grads
        before, kept, keep, weight = ctx.saved_tensors
        steps, batch, hidden = before.shape
        kind = torch.bfloat16 if ctx.low else grad.dtype
        back = weight.to(kind).contiguous()  # (3H, H)
        d_gates = grad.new_empty(steps, batch, 3 * hidden)
        d_recurrent = grad.new_empty(steps, batch, 3 * hidden)
        dh = torch.zeros_like(before[0])
        # The parts of each gate's slope that need no recurrence, for all steps at once.
        reset, update, new, new_h = kept.split(hidden, -1)
        slope_new = (1 - update) * (1 - new * new)
        slope_update = (before - new) * update * (1 - update)
        slope_reset = new_h * reset * (1 - reset)
        for t in range(steps - 1, -1, -1):
            dh = dh + grad[t]
            d_new = torch.mul(dh, slope_new[t], out=d_gates[t, :, 2 * hidden :])
            torch.mul(dh, slope_update[t], out=d_gates[t, :, hidden : 2 * hidden])
            torch.mul(d_new, slope_reset[t], out=d_gates[t, :, :hidden])
            d_recurrent[t, :, : 2 * hidden] = d_gates[t, :, : 2 * hidden]
            torch.mul(d_new, reset[t], out=d_recurrent[t, :, 2 * hidden :])
            dh = (
                (dh * update[t]).add_((d_recurrent[t].to(kind) @ back).to(grad.dtype)).mul_(keep[t])
            )
        flat = d_recurrent.view(-1, 3 * hidden)
        d_weight = (flat.to(kind).t() @ before.view(-1, hidden).to(kind)).to(grad.dtype)
        return d_gates, dh, None, d_weight, flat.sum(0), None


class LstmLayer(torch.autograd.Function):
    """An LSTM from its input gates.

    gates (T, B, 4H), h and c (B, H), keep (T, B, 1) of 0 and 1, weight (4H, H), bias (4H) ->
    outputs and cells (T, B, H) each.  With `low` the products are in bfloat16.
    """

    @staticmethod
    def forward(
        ctx: Any,
        gates: Tensor,
        h: Tensor,
        c: Tensor,
        keep: Tensor,
        weight: Tensor,
        bias: Tensor,
        low: bool,
    ) -> tuple[Tensor, Tensor]:
        """Run all steps, keeping what the gradients need."""
        steps, batch, hidden = gates.shape[0], gates.shape[1], h.shape[1]
        kind = torch.bfloat16 if low else gates.dtype
        across = weight.t().to(kind).contiguous()  # (H, 4H)
        before = gates.new_empty(steps, batch, 2 * hidden)  # output and cell each step started from
        kept = gates.new_empty(steps, batch, 4 * hidden)  # enter, forget, new, leave
        out, cells = (gates.new_empty(steps, batch, hidden) for _ in range(2))
        for t in range(steps):
            h = torch.mul(h, keep[t], out=before[t, :, :hidden])
            c = torch.mul(c, keep[t], out=before[t, :, hidden:])
            total = torch.add(
                gates[t], (h.to(kind) @ across).to(gates.dtype).add_(bias), out=kept[t]
            )
            total[:, : 2 * hidden].sigmoid_()
            total[:, 2 * hidden : 3 * hidden].tanh_()
            total[:, 3 * hidden :].sigmoid_()
            enter, forget, new, leave = total.chunk(4, -1)
            c = torch.add(forget * c, enter * new, out=cells[t])
            h = torch.mul(leave, torch.tanh(c), out=out[t])
        ctx.save_for_backward(before, kept, cells, keep, weight)
        ctx.low = low
        return out, cells

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of all steps, from the last to the first."""
        grad, grad_cells = grads
        before, kept, cells, keep, weight = ctx.saved_tensors
        steps, batch, hidden = cells.shape
        kind = torch.bfloat16 if ctx.low else grad.dtype
        back = weight.to(kind).contiguous()  # (4H, H)
        d_gates = grad.new_empty(steps, batch, 4 * hidden)
        dh, dc = torch.zeros_like(cells[0]), torch.zeros_like(cells[0])
        for t in range(steps - 1, -1, -1):
            enter, forget, new, leave = kept[t].chunk(4, -1)
            bent = torch.tanh(cells[t])
            dh = dh + grad[t]
            dc = dc + grad_cells[t] + dh * leave * (1 - bent * bent)
            parts = (
                dc * new * enter * (1 - enter),
                dc * before[t, :, hidden:] * forget * (1 - forget),
                dc * enter * (1 - new * new),
                dh * bent * leave * (1 - leave),
            )
            torch.cat(parts, -1, out=d_gates[t])
            dh = (d_gates[t].to(kind) @ back).to(grad.dtype).mul_(keep[t])
            dc = (dc * forget).mul_(keep[t])
        flat = d_gates.view(-1, 4 * hidden)
        outputs = before[..., :hidden].reshape(-1, hidden)
        d_weight = (flat.to(kind).t() @ outputs.to(kind)).to(grad.dtype)
        return d_gates, dh, dc, None, d_weight, flat.sum(0), None
