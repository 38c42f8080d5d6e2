"""The loss: nats of the true next event by field, with or without the legality masks of sampling.

Shapes: T steps, B streams.  The next event's time is always scored; part, on/off and pitch where it
is not an ADVANCE; velocity where a note starts.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from livegen.codec.layout import ADVANCE, FIELDS, SOUNDING, Event
from livegen.music.parts import DRUMS
from livegen.training.network import QUERY, Network
from livegen.training.streams import Batch

COLUMN = {name: index for index, name in enumerate(Event._fields)}


def tensors(batch: Batch, device: torch.device) -> list[Tensor]:
    """The first five arguments of `Objective.forward`; classes become int64."""
    arrays = (batch.rows, batch.targets, batch.style, batch.sounding, batch.keep)
    moved = [torch.from_numpy(array).to(device) for array in arrays]
    return [t.long() if t.dtype == torch.uint8 else t for t in moved]


def legal_pitches(sounding: Tensor, part: Tensor, on: Tensor) -> Tensor:
    """Pitches an event may have, bool (..., 128): an end what sounds, an onset what does not.

    sounding bool (..., 384), part and on int (...).  Drums do not sound: all their pitches may
    start.
    """
    by_part = sounding.view(*sounding.shape[:-1], SOUNDING // 128, 128)
    drums = torch.zeros_like(by_part[..., :1, :])
    index = part[..., None, None].expand(*part.shape, 1, 128)
    own = torch.cat((by_part, drums), -2).gather(-2, index).squeeze(-2)
    return torch.where(on[..., None] == 1, ~own, own)


def scored(targets: Tensor) -> dict[str, Tensor]:
    """Tell which events each field is scored on, bool like `targets` (..., 8) without its last axis."""
    note = targets[..., COLUMN["time"]] != ADVANCE
    starts = note & (targets[..., COLUMN["on"]] == 1)
    every = torch.ones_like(note)
    return {"time": every, "part": note, "on": note, "pitch": note, "velocity": starts}


class Objective(nn.Module):
    """A network with its loss; what the training strategy wraps."""

    def __init__(self, network: Network) -> None:
        """Take the parameters of `network` as its own."""
        super().__init__()
        self.network = network

    def forward(
        self,
        rows: Tensor,
        targets: Tensor,
        style: Tensor,
        sounding: Tensor,
        keep: Tensor,
        state: Tensor,
        masked: Tensor,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
        """Nats by field, (T, B), 0 where a target is not scored; hits likewise; the new state.

        rows and targets int (T, B, 8), style int (T, B), sounding bool (T, B, 384) after each row,
        keep (T, B, 1), masked bool (B): streams whose on/off and pitch are judged among what is
        legal only.
        """
        summary, state = self.network(rows, style, sounding.float(), keep, state)
        query = {name: targets[..., COLUMN[name]] for name in (*QUERY, "before")}
        scores = scored(targets)
        nats, hits = {}, {}
        for field in FIELDS:
            logits = self.network.head(field, summary, query).float()
            target = targets[..., COLUMN[field]]
            if field in ("on", "pitch"):
                logits = self._legal(field, logits, target, query, sounding, masked)
            loss = functional.cross_entropy(
                logits.flatten(0, 1), target.flatten(), reduction="none"
            )
            nats[field] = loss.view_as(target) * scores[field]
            hits[field] = (logits.argmax(-1) == target) & scores[field]
        return nats, hits, state

    @staticmethod
    def _legal(
        field: str,
        logits: Tensor,
        target: Tensor,
        query: dict[str, Tensor],
        sounding: Tensor,
        masked: Tensor,
    ) -> Tensor:
        if field == "pitch":
            legal = legal_pitches(sounding, query["part"], query["on"])
        else:
            ends = legal_pitches(sounding, query["part"], torch.zeros_like(target)).any(-1)
            ends &= query["part"] != DRUMS
            legal = torch.stack((ends, torch.ones_like(ends)), -1)
        free = ~masked[:, None] | ~legal.gather(
            -1, target[..., None]
        )  # never call the truth impossible
        return logits.masked_fill(~(legal | free), float("-inf"))
