"""Nats per frame, as the published figures count them.  Knows nothing of training.

Of every piece the frames 1 .. n-1 are predicted, each from those before it; frame 0 is not.  The nats of all frames of
all pieces are summed and divided by the number of predicted frames, so a long piece weighs more than a short one.
Source: music_test.py of locuslab/TCN, whose loss is -sum_88 [y log p + (1 - y) log(1 - p)]; for a joint model the same
sum over keys is -log p(frame | past), which for independent keys is that very expression.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from bench.polyphony.batches import Steps, whole
from bench.polyphony.rolls import Roll


class Predictor(Protocol):
    """A model that can be scored."""

    def initial_state(self, streams: int) -> Tensor:
        """The state before the first frame."""

    def __call__(self, steps: Steps, state: Tensor) -> tuple[Tensor, Tensor]:
        """Nats of the scored frames, and the state."""


@torch.no_grad()
def nats_and_frames(network: Predictor, pieces: Sequence[Roll]) -> tuple[float, int]:
    """The sum over all predicted frames, and how many they are; whole pieces, in float32."""
    total, frames = 0.0, 0
    for steps in whole(pieces):
        nats, _ = network(steps, network.initial_state(steps.now.shape[1]))
        total += float(nats.double().sum())
        frames += len(nats)
    return total, frames


def nats_per_frame(network: Predictor, pieces: Sequence[Roll]) -> float:
    """The figure."""
    total, frames = nats_and_frames(network, pieces)
    return total / frames
