"""A network as the one graph a model file holds: hearing an event, and predicting the next.

The two halves share no node: `summary` goes out of the first and comes back in as `given_summary`,
so the file can be cut into `advance` and one small model per field.  Exporting is torch's; the
plain form is `export.lean`'s.  Knows nothing of checkpoints and files.
"""

import logging
import warnings
from collections.abc import Iterable
from dataclasses import replace

import torch
from onnx import ModelProto
from torch import Tensor, nn
from torch.nn import functional

from export.lean import lean
from export.looking import telling
from livegen.codec.layout import FIELDS, SOUNDING
from livegen.inference.contract import ModelFacts, Query
from livegen.inference.model_metadata import MAX_STATE
from livegen.inference.onnx_file import (
    ADVANCED,
    ENTRY,
    EVENT_WIDTH,
    GIVEN_SUMMARY,
    OPSET,
    POSITION,
    QUERY_WIDTH,
    SUMMARY,
    logits_name,
)
from livegen.training.network import HEADS, QUERY, Network


class Joined(nn.Module):
    """The sum of one row from each of several tables, from one table in which they lie end to end.

    One look-up and one product stand for a dozen nodes, and below a tenth of a millisecond it is
    the number of nodes that counts.
    """

    rows: Tensor
    starts: Tensor
    ones: Tensor

    def __init__(self, embeddings: Iterable[nn.Module]) -> None:
        super().__init__()
        tables: list[Tensor] = [t for embedding in embeddings for t in embedding.parameters()]
        self.tables = tables
        sizes = torch.tensor([len(table) for table in tables])
        self.register_buffer("rows", torch.cat(tables))
        self.register_buffer("starts", sizes.cumsum(0) - sizes)
        self.register_buffer("ones", torch.ones(1, len(tables)))

    def forward(self, index: Tensor, first: int) -> Tensor:
        """index int (1, n), of which the `first` so many tables are asked -> (1, E)."""
        places = index[0, :first] + self.starts[:first]
        return self.ones[:, :first] @ functional.embedding(places, self.rows)


class Graph(nn.Module):
    """`forward` is the whole model file of a network whose state each step gives back whole."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.heard = Joined([*network.embed.values(), network.style])
        self.known = Joined(network.known[name] for name in QUERY)

    def forward(
        self, event: Tensor, sounding: Tensor, state: Tensor, given_summary: Tensor, query: Tensor
    ) -> tuple[Tensor, ...]:
        """event int (1, 9), sounding (1, 384), state, summary (1, K), query int (1, 7) -> all
        outputs.
        """
        next_state, summary = self.network.advance(self.entered(event, sounding), state)
        return (next_state, summary, *self.answers(given_summary, query))

    def entered(self, event: Tensor, sounding: Tensor) -> Tensor:
        """The sum of all that goes in for an event."""
        entered: Tensor = self.heard(event, EVENT_WIDTH) + self.network.sounding(sounding)
        return entered

    def answers(self, given_summary: Tensor, query: Tensor) -> list[Tensor]:
        """Logits of all fields."""
        logits = []
        for field, asked in HEADS.items():
            known = self.known(query, len(asked)) if asked else None
            logits.append(self.network.answer(field, given_summary, known, query[:, -1]))
        return logits


class RingGraph(Graph):
    """The same of a transformer, whose state is a ring of which each step gives one entry."""

    def forward(  # type: ignore[override]
        self,
        event: Tensor,
        sounding: Tensor,
        state: Tensor,
        position: Tensor,
        given_summary: Tensor,
        query: Tensor,
    ) -> tuple[Tensor, ...]:
        """Step as `Graph` does, with position int (1), the number of entries ever written to the ring."""
        x = self.entered(event, sounding)
        entry, summary = self.network.advance_ring(x, state, position)
        return (entry, summary, *self.answers(given_summary, query))


# One table serves all heads, because each asks for a beginning of what is known.
assert (*QUERY, "before") == Query._fields and all(
    asked == QUERY[: len(asked)] for asked in HEADS.values()
)


def to_bytes(network: Network, facts: ModelFacts) -> bytes:
    """The float32 model file of a network; its state shape is taken from the network."""
    network = network.eval().float().cpu()
    has_ring = network.attention is not None
    state = torch.zeros(network.attention.shape) if network.attention else network.initial_state(1)
    assert state.numel() <= MAX_STATE
    heard = {
        "event": torch.zeros(1, EVENT_WIDTH, dtype=torch.int64),
        "sounding": torch.zeros(1, SOUNDING),
        "state": state,
        **({POSITION: torch.zeros(1, dtype=torch.int64)} if has_ring else {}),
    }
    asked = {
        GIVEN_SUMMARY: torch.zeros(1, network.summary.out_features),
        "query": torch.zeros(1, QUERY_WIDTH, dtype=torch.int64),
    }
    graph = (RingGraph if has_ring else Graph)(network).eval()
    program = _exported(graph, heard | asked, ENTRY if has_ring else ADVANCED[0])
    trainable = {"config": network.config.facts(), "joined": _joined(graph)}
    facts = replace(
        facts,
        state_shape=tuple(state.shape),
        has_ring=has_ring,
        quantised=False,
        network=trainable,
    )
    return lean(*telling(program, facts))


def _joined(graph: Graph) -> dict[str, list[str]]:
    """Names of the parameters in each joined table, so that training can read them back.

    All other initialisers bear the name of their parameter (livegen/training/model_weights.py).
    """
    names = {id(parameter): name for name, parameter in graph.network.named_parameters()}
    return {
        f"{name}.rows": [names[id(table)] for table in module.tables]
        for name, module in graph.named_modules()
        if isinstance(module, Joined)
    }


def _exported(graph: Graph, arguments: dict[str, Tensor], advanced: str) -> ModelProto:
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)  # it misses torchvision, which we do not use
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations within the exporter itself
            program = torch.onnx.export(
                graph,
                tuple(arguments.values()),
                dynamo=True,
                external_data=False,
                opset_version=OPSET,
                input_names=list(arguments),
                output_names=[advanced, SUMMARY, *map(logits_name, FIELDS)],
                verbose=False,
            )
    finally:
        log.setLevel(before)
    assert program is not None
    return program.model_proto
