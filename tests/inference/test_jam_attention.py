"""The transformer that comes with livegen: what its file says, computes, keeps, and how it takes over in a jam."""

from pathlib import Path

import numpy as np

from export import parity
from export.material import Piece
from livegen import shipped
from livegen.codec.layout import SOUNDING, Event
from livegen.inference.model import load
from livegen.inference.onnx_file import read_bytes
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Swap
from livegen.music.messages import NoteOn
from livegen.testing import SECOND, UniformModel
from livegen.training.model_weights import read_network
from livegen.training.recipe import MAX_RING_BYTES, read_recipe
from livegen.training.reference import FILE, read_reference
from livegen.training.streams import sounding_steps
from tests.jam.stage import BAR, play, rehearsal

NAME = "jam-attention"
ROOT = Path(__file__).parents[2]
MOST_SHIPPED = 25_000_000  # bytes of all files of all models


def test_it_is_found_by_name_and_is_not_the_default() -> None:
    assert shipped.model(NAME).parent.name == NAME
    assert next(iter(shipped.models())) == shipped.DEFAULT_MODEL != NAME


def test_its_state_is_a_ring_of_at_most_half_a_megabyte() -> None:
    facts = load(shipped.model(NAME)).facts

    assert facts.has_ring and facts.quantised
    assert 4 * np.prod(facts.state_shape) <= MAX_RING_BYTES


def test_it_is_the_network_of_its_recipe() -> None:
    path = shipped.model(NAME)
    network, facts = read_network(read_bytes(path))
    wanted = read_recipe(path.parent / "recipe.yaml").network.model_dump()

    assert network.config.facts() == wanted | {"styles": len(facts.styles)}


def test_all_models_that_are_shipped_fit_into_a_package() -> None:
    folders = {path.parent for path in shipped.models().values() if path.is_relative_to(ROOT)}
    sizes = [file.stat().st_size for folder in folders for file in folder.iterdir()]

    assert sum(sizes) <= MOST_SHIPPED


def test_the_file_computes_what_its_network_computes() -> None:
    """Its weights read back, over whole pieces and step by step in a ring, and the file as it is served.

    A piece of each set beside the model: its beginning, of the longest of all until it is longer than the window.
    """
    path = shipped.model(NAME)
    network, facts = read_network(read_bytes(path))
    window, found, pieces = facts.state_shape[0], [], list[Piece]()
    for corpus in read_reference(path.parent / FILE, facts.styles).values():
        longest = max(corpus.pieces, key=lambda piece: piece.end - piece.start)
        found.append(corpus.events[longest.start : longest.end])
    for rows in sorted(found, key=len, reverse=True):
        rows = rows[: window // 4 if pieces else window + 64]
        pieces.append(Piece(rows, sounding_steps(rows).astype(np.float32), 0))

    first, second = parity.compare(network.eval(), load(path), pieces)

    assert len(pieces) > 1 and len(pieces[0].rows) > window
    assert first.excesses(parity.WHOLE) == second.excesses(parity.INT8) == []


def test_after_more_events_than_its_window_only_those_of_the_window_count() -> None:
    """In each block: what four blocks before could reach is long gone."""
    model = load(shipped.model(NAME))
    length, blocks = model.facts.state_shape[:2]
    silence = np.zeros(SOUNDING, np.float32)

    def heard(first: int) -> np.ndarray:
        state = model.initial_state()
        for number in range(first, blocks * length + length):
            pitch = 40 + number % 30 if number >= length else 50
            state, summary = model.advance(
                Event(number % 24, 0, 1, pitch, 5, number % 24, 0), 0, silence, state
            )
        return summary

    np.testing.assert_allclose(heard(0), heard(length // 2), atol=0.2)


def test_in_the_middle_of_an_answer_it_takes_over_at_the_bar_line_and_answers() -> None:
    jam = rehearsal(UniformModel(6))
    play(jam)
    jam.until(jam.now + BAR + BAR // 3)
    assert jam.engine.snapshot()["turn"] == "responding"
    jam.play(jam.now, Swap(load(shipped.model(NAME))))
    while jam.engine.snapshot()["model"] != NAME:
        before = jam.now
        jam.until(jam.now + 5_000)
        assert jam.now < 4 * BAR
    line = round(jam.now / BAR) * BAR
    assert line - BAR // 8 < before < jam.now < line + 5_000, "an answer breathes before the line"
    jam.play(jam.now + BAR, Command("stop"))
    sent = len(jam.sent)
    play(jam, at=jam.now + BAR)
    jam.until(jam.now + 10 * SECOND)

    assert sum(isinstance(message, NoteOn) for _, message in jam.sent[sent:]) > 2
    assert jam.engine.snapshot()["faults"] == 0
