"""The phrase encoder and decoder: a phrase becomes a code a beat, and a code becomes a phrase.

Two stacks of residual convolutions over beats.  The encoder gives each beat a mean and a spread of a few numbers, which
know of their neighbours; the decoder makes of the codes of all beats, all lines at once, the class on each line.  With
beta = 0 it is an autoencoder (the deep information encoder), with beta > 0 a variational one (Kingma and Welling 2014,
beta as Higgins et al. 2017).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from livegen.codec.phrases import CLASSES, FIRST_PITCH, LINES, REACH
from livegen.music.melody.phrase_steps import LINES_PER_BEAT, MOST_BEATS

CLOSEST, WIDEST = -6.0, 2.0  # logarithms of the spread of a code


class PhraseConfig(NamedTuple):
    """Sizes: numbers of a beat's code, channels, and the distances of the neighbours that each block sees."""

    code: int = 8
    width: int = 128
    encoder: tuple[int, ...] = (1, 2)
    decoder: tuple[int, ...] = (1, 2, 4)


class Block(nn.Module):
    """Adds to each beat what it makes of itself and two neighbours, each so many beats away."""

    def __init__(self, width: int, apart: int) -> None:
        """Draw the weights from torch's generator; the neighbours are `apart` beats away."""
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.around = nn.Linear(3 * width, width)
        self.mixed = nn.Linear(width, width)
        self.apart = apart

    def forward(self, beats: Tensor) -> Tensor:
        """(B, MOST_BEATS, W) -> the same."""
        normed = self.norm(beats)
        edge = normed.new_zeros(len(normed), self.apart, normed.shape[-1])
        before = torch.cat([edge, normed[:, : -self.apart]], dim=1)
        after = torch.cat([normed[:, self.apart :], edge], dim=1)
        hidden = torch.relu(self.around(torch.cat([before, normed, after], dim=-1)))
        added: Tensor = self.mixed(hidden)
        return beats + added


class PhraseNetwork(nn.Module):
    """Encoder and decoder."""

    places: Tensor  # (LINES,): added to the class of each line, so that each line of a beat has weights of its own

    def __init__(self, config: PhraseConfig) -> None:
        """Draw the weights from torch's generator."""
        super().__init__()
        self.config = config
        width = config.width
        self.seen = nn.Embedding(LINES_PER_BEAT * CLASSES, width)
        self.first_seen, self.first_told = (
            nn.Parameter(torch.zeros(width)),
            nn.Parameter(torch.zeros(width)),
        )
        self.encoder = nn.ModuleList(Block(width, apart) for apart in config.encoder)
        self.coded = nn.Linear(width, 2 * config.code)
        self.told = nn.Linear(config.code, width)
        self.decoder = nn.ModuleList(Block(width, apart) for apart in config.decoder)
        self.norm = nn.LayerNorm(width)
        self.said = nn.Linear(width, LINES_PER_BEAT * CLASSES)
        places = torch.arange(LINES) % LINES_PER_BEAT * CLASSES
        self.register_buffer("places", places, persistent=False)
        nn.init.normal_(self.seen.weight, std=0.4)

    def encode(self, classes: Tensor, firsts: Tensor) -> tuple[Tensor, Tensor]:
        """Classes int (B, LINES), firsts (B, MOST_BEATS) -> mean and logarithm of the spread (B, MOST_BEATS, code)."""
        rows = self.seen(classes + self.places)
        beats = rows.view(len(classes), MOST_BEATS, LINES_PER_BEAT, -1).sum(2)
        beats = beats + firsts[:, :, None] * self.first_seen
        for block in self.encoder:
            beats = block(beats)
        mean, spread = self.coded(beats).chunk(2, dim=-1)
        return mean, spread.clamp(CLOSEST, WIDEST)

    def decode(self, codes: Tensor, firsts: Tensor) -> Tensor:
        """Codes (B, MOST_BEATS, code), firsts (B, MOST_BEATS) -> logits (B, LINES, CLASSES)."""
        beats = self.told(codes) + firsts[:, :, None] * self.first_told
        for block in self.decoder:
            beats = block(beats)
        logits: Tensor = self.said(self.norm(beats))
        return logits.view(len(codes), LINES, CLASSES)


def transposed(classes: Tensor, semitones: Tensor) -> Tensor:
    """Classes (B, LINES), each phrase so many semitones (B,) higher; what would leave the range is an octave nearer."""
    pitches = classes + semitones[:, None]
    pitches = torch.where(pitches < FIRST_PITCH, pitches + 12, pitches)
    pitches = torch.where(pitches >= FIRST_PITCH + 2 * REACH + 1, pitches - 12, pitches)
    return torch.where(classes >= FIRST_PITCH, pitches, classes)


class Loss(NamedTuple):
    """Nats of the classes of a phrase, nats that its codes tell beyond what is common to all, and both as learned."""

    told: Tensor
    coded: Tensor
    learned: Tensor


def loss_of(network: PhraseNetwork, classes: Tensor, firsts: Tensor, beta: float) -> Loss:
    """Mean over the phrases of a batch; with `beta` 0 codes are their means."""
    mean, spread = network.encode(classes, firsts)
    codes = mean + spread.exp() * torch.randn_like(mean) if beta else mean
    logits = network.decode(codes, firsts)
    told = nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), classes.flatten(), reduction="sum"
    ) / len(classes)
    mean, spread = mean.float(), spread.float()
    coded = (0.5 * (mean.square() + (2 * spread).exp() - 1) - spread).sum() / len(classes)
    # Without beta a little weight keeps the codes of an autoencoder near zero, where they can be moved.
    learned = told + beta * coded if beta else told + 1e-3 * mean.square().sum() / len(classes)
    return Loss(told, coded, learned)
