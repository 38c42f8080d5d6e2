"""From a network to the file that is served: the same numbers, in plain form, and the tools that
prove it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from click.testing import CliRunner

from export import looking, parity, quantise, to_onnx
from export.graph import to_bytes
from export.material import MAX_PIECE, gather
from livegen.codec.layout import FIELDS, Event, codec_hash
from livegen.errors import ConfigError, ModelError
from livegen.inference import model
from livegen.inference.contract import ModelFacts
from livegen.inference.model import SLOW, TRIES, OnnxModel, _options, start
from livegen.inference.model_metadata import METADATA_KEY, metadata
from livegen.inference.onnx_file import ModelFile, parse
from livegen.inference.onnx_operators import OPERATORS
from livegen.music.files.smf import Score, Track, write
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.training.model_weights import read_network, written
from livegen.training.network import Network
from tests.export.networks import FACTS, KINDS, exported


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest) -> tuple[Network, bytes]:
    """A network and its file."""
    return exported(request.param)


@pytest.fixture
def gru() -> tuple[Network, bytes]:
    return exported("gru")


@pytest.fixture(scope="module")
def tune(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two hands, about 1,200 events, with rests longer than an ADVANCE."""
    chance = np.random.default_rng(5)
    hands = []
    for name, low, count in (("Melody", 60, 400), ("Bass", 36, 200)):
        tick = 0
        messages: list[tuple[int, Message]] = []
        for _ in range(count):
            tick += int(chance.choice([6, 12, 24, 48, 300], p=[0.3, 0.4, 0.2, 0.09, 0.01]))
            pitch = low + int(chance.integers(0, 20))
            messages += [
                (tick, NoteOn(pitch, int(chance.integers(30, 120)))),
                (tick + 5, NoteOff(pitch)),
            ]
        hands.append(Track(name, tuple(messages)))
    path = tmp_path_factory.mktemp("tune") / "tune.mid"
    write(path, Score(24, tuple(hands), metres=((0, 3, 4),)))
    return path


@pytest.fixture
def run_folder(gru: tuple[Network, bytes], tmp_path: Path) -> Path:
    """A folder as training leaves it."""
    network, _ = gru
    kept = {
        "codec": codec_hash(),
        "network": network.config.facts(),
        "styles": ["any", "waltz"],
        "recipe": {"name": "tiny", "sets": {"tunes": 1.0, "songs": 2.0}},
        "weights": network.state_dict(),
    }
    torch.save(kept, tmp_path / "best.pt")
    return tmp_path


@pytest.fixture
def exports_quickly(gru: tuple[Network, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """The exporter's file of the same weights without the exporter, where that is not what is tried."""
    data, told = gru[1], parse(gru[1]).facts

    def quickly(network: Network, facts: ModelFacts) -> bytes:
        kept = {name: getattr(told, name) for name in ("state_shape", "network")}
        return written(data, network, replace(facts, **kept))

    monkeypatch.setattr(to_onnx, "to_bytes", quickly)


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command() -> Command:
    """Runs a command and gives its exit code and what it said on both streams."""

    def run(main: Any, *arguments: object) -> tuple[int, str, str]:
        outcome = CliRunner().invoke(main, list(map(str, arguments)))
        assert outcome.exception is None or isinstance(outcome.exception, SystemExit)
        return outcome.exit_code, outcome.stdout, outcome.stderr

    return run


# --- the file -------------------------------------------------------------------------------------


def test_the_file_computes_what_the_network_computes(
    pair: tuple[Network, bytes], tune: Path
) -> None:
    network, data = pair
    pieces = gather([tune], FACTS.styles, 10_000)
    model = start(parse(data))

    first, second = parity.compare(network, model, pieces)

    assert first.excesses(parity.WHOLE) == second.excesses(parity.FLOAT32) == []
    assert first.steps == second.steps == len(pieces[0].rows) - 1
    assert {*FIELDS, "summary", "final state"} < second.worst.keys()


def test_the_state_has_the_shape_of_the_network(pair: tuple[Network, bytes]) -> None:
    network, data = pair

    facts, ring = parse(data).facts, network.attention
    shape = ring.shape if ring else tuple(network.initial_state(1).shape)

    assert facts == replace(
        FACTS,
        state_shape=shape,
        has_ring=ring is not None,
        network=facts.network,
        looks=facts.looks,
    )
    assert (facts.looks is not None) == (network.recall is not None)


@contextmanager
def seen_softmax() -> Iterator[list[torch.Tensor]]:
    """What softmax gives while this lasts."""
    given: list[torch.Tensor] = []
    whole = torch.softmax

    def watched(x: torch.Tensor, dim: int) -> torch.Tensor:
        given.append(whole(x, dim))
        return given[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch, "softmax", watched)
        yield given


def test_a_file_tells_what_its_network_looked_at(tune: Path) -> None:
    network, data = exported("gru, looking back")
    assert network.recall
    model = start(parse(data))
    (piece,) = gather([tune], FACTS.styles, 10_000)
    state, seen = model.initial_state(), 0
    for row, sounding in zip(piece.rows[:100], piece.sounding, strict=False):
        event = Event(*map(int, row))
        looked = model.looked(event, 0, sounding, state)
        fields = torch.tensor([[*event[:-1], event.interval, 0]])
        with torch.inference_mode(), seen_softmax() as softmax:
            network.step(fields, torch.from_numpy(sounding)[None], torch.from_numpy(state))
        assert looked is not None and np.allclose(looked, softmax[0].numpy(), atol=1e-5)
        assert np.allclose(looked.sum(1), 1, atol=1e-5)
        state, _ = model.advance(event, 0, sounding, state)
        seen += 1
    assert seen == 100


def test_without_a_place_is_as_if_nothing_had_been_heard_there(tune: Path) -> None:
    network, data = exported("gru, looking back")
    model = start(parse(data))
    looks = model.facts.looks
    assert network.recall and looks
    (piece,) = gather([tune], FACTS.styles, 10_000)
    state = model.initial_state()
    for row, sounding in zip(piece.rows[:60], piece.sounding, strict=False):
        before, state = state, model.advance(Event(*map(int, row)), 0, sounding, state)[0]

    bare = looks.without(before, [7])
    after = model.advance(Event(*map(int, piece.rows[59])), 0, piece.sounding[59], bare)[0]
    gone = slice(looks.first + 7 * looks.numbers, looks.first + 8 * looks.numbers)
    assert (after[0, gone] == 0).all() and (state[0, gone] != 0).any()
    kept = np.ones(state.shape[1], np.bool_)
    kept[gone] = False
    assert (
        after[0, kept] == state[0, kept]
    ).all()  # of what was heard and of the layers nothing else is lost


def test_a_file_of_before_is_extended_and_computes_the_same(tune: Path) -> None:
    _, data = exported("gru, looking back")
    old = onnx.load_model_from_string(quantise.int8(data))
    del old.graph.output[-1]
    facts = replace(parse(data).facts, looks=None, quantised=True)
    onnx.helper.set_model_props(old, {METADATA_KEY: metadata(facts)})
    before = old.SerializeToString(deterministic=True)

    after = looking.extended(before)

    new = onnx.load_model_from_string(after)
    assert [t.SerializeToString() for t in new.graph.initializer] == [
        t.SerializeToString() for t in old.graph.initializer
    ]
    assert len(after) - len(before) < 200
    (piece,) = gather([tune], FACTS.styles, 10_000)
    one, other = (parity.served(start(parse(it)), piece) for it in (before, after))
    assert all((one.steps[name] == other.steps[name]).all() for name in one.steps)
    assert looking.extended(after) == after
    with pytest.raises(ConfigError, match="looks back at nothing"):
        looking.extended(exported("gru")[1])


def test_the_file_is_the_same_each_time(gru: tuple[Network, bytes]) -> None:
    network, data = gru

    assert to_bytes(network, FACTS) == data


def test_only_known_operators_are_written(pair: tuple[Network, bytes]) -> None:
    _, data = pair

    for form in (data, quantise.int8(data)):
        graph = onnx.load_model_from_string(form).graph
        assert {node.op_type for node in graph.node} <= OPERATORS.keys()


# --- int8 -----------------------------------------------------------------------------------------


def test_int8_is_smaller_and_nearly_the_same(pair: tuple[Network, bytes], tune: Path) -> None:
    network, data = pair
    small = quantise.int8(data)
    pieces = gather([tune], FACTS.styles, 10_000)

    _, difference = parity.compare(network, start(parse(small)), pieces)

    assert len(small) < len(data)
    assert difference.excesses(parity.INT8) == []
    assert difference.excesses(parity.FLOAT32) != []


def test_int8_says_that_it_is(gru: tuple[Network, bytes]) -> None:
    _, data = gru

    assert parse(quantise.int8(data)).facts == replace(parse(data).facts, quantised=True)


def products_by_weights(data: bytes) -> dict[str, str]:
    """Where the matrix of each product with weights comes from, by the product: the file, or DequantizeLinear."""
    graph = onnx.load_model_from_string(data).graph
    source = {tensor.name: "file" for tensor in graph.initializer}
    source |= {n.output[0]: n.op_type for n in graph.node if n.op_type == "DequantizeLinear"}
    products = [node for node in graph.node if node.op_type == "MatMul"]
    return {n.output[0]: source[n.input[1]] for n in products if n.input[1] in source}


def test_every_matrix_becomes_int8_but_the_last_of_each_head_and_what_is_added(
    pair: tuple[Network, bytes],
) -> None:
    network, data = pair
    before, after = products_by_weights(data), products_by_weights(quantise.int8(data))

    assert before.keys() == after.keys() and set(before.values()) == {"file"}
    last = len(FIELDS) + 1  # of pitch there are two, of pitches and of intervals
    added = 1 if network.recall else 0  # what is found looking back
    assert list(after.values()).count("file") == last + added
    assert list(after.values()).count("DequantizeLinear") == len(after) - last - added > 0


def test_the_runtime_multiplies_int8_weights_as_they_are(
    pair: tuple[Network, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "optimised.onnx"
    small = quantise.int8(pair[1])
    options = _options(unpacked=False)
    options.optimized_model_filepath = str(path)

    ort.InferenceSession(small, options, providers=["CPUExecutionProvider"])

    written = [node.op_type for node in onnx.load(path).graph.node]
    assert "DequantizeLinear" not in written
    products = list(products_by_weights(small).values())
    assert written.count("MatMulNBits") == products.count("DequantizeLinear")


def test_where_the_runtime_has_no_such_products_weights_are_unpacked_once(
    gru: tuple[Network, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock by which the steps of each form that is tried take so long."""
    file = parse(quantise.int8(gru[1]))
    made: list[bool] = []

    class Noted(OnnxModel):
        def __init__(self, file: ModelFile, unpacked: bool = False, **others: Any) -> None:
            super().__init__(file, unpacked, **others)
            made.append(unpacked)
            self.unpacked = unpacked

    def clock_of(*steps: float) -> Callable[[], float]:
        took = (seconds for step in steps for _ in range(TRIES) for seconds in (0.0, step))
        return lambda: next(took)

    def busy() -> Callable[[], float]:
        steps = [15 * SLOW] * 20 + [SLOW / 2]
        took = (seconds for step in steps for seconds in (0.0, step))
        return lambda: next(took)

    monkeypatch.setattr(model, "OnnxModel", Noted)
    found = {}
    for name, clock in {
        "quick": clock_of(SLOW / 2),
        "slow": clock_of(15 * SLOW, 2 * SLOW),
        "large": clock_of(2 * SLOW, 4 * SLOW),
        "quick and busy": busy(),
    }.items():
        made.clear()
        started = start(file, clock=clock)
        assert isinstance(started, Noted)
        found[name] = (started.unpacked, made.copy())

    assert found == {
        "quick": (False, [False]),
        "slow": (True, [False, True]),
        "large": (False, [False, True]),
        "quick and busy": (False, [False]),
    }


def test_int8_is_shipped_if_it_costs_little_and_is_faster() -> None:
    def form(nats: float, micros: float, size: int) -> quantise.Measured:
        return quantise.Measured("x", size, nats, {"p50": micros})

    full = form(3.0, 400, 9_000_000)

    assert quantise.verdict(full, form(3.001, 200, 3_000_000)).startswith("ship int8: ")
    assert quantise.verdict(full, form(3.1, 200, 3_000_000)).startswith("ship float32: ")
    assert quantise.verdict(full, form(3.0, 500, 3_000_000)).startswith("ship float32: ")


def test_the_loss_of_uniform_answers_is_the_logarithm_of_the_classes(
    gru: tuple[Network, bytes], tune: Path
) -> None:
    network, data = gru
    flat = Network(network.config)
    for parameter in flat.parameters():
        torch.nn.init.zeros_(parameter)
    pieces = gather([tune], FACTS.styles, 10_000)
    events = [Event(*map(int, row)) for row in pieces[0].rows[1:]]
    expected = np.mean([sum(np.log(FIELDS[f]) for f in quantise.scored(event)) for event in events])

    found = quantise.nats_per_event(start(parse(written(data, flat, parse(data).facts))), pieces)

    assert found == pytest.approx(expected)


# --- the commands ---------------------------------------------------------------------------------


def test_a_run_folder_becomes_a_model_folder(
    run_folder: Path, tmp_path: Path, command: Command
) -> None:
    manifest = tmp_path / "MANIFEST.yaml"
    manifest.write_text(
        "datasets:\n- {name: tunes, licence: 'CC0\n    1.0'}\n- {name: other, licence: MIT}\n"
    )

    code, said, _ = command(
        to_onnx.main, run_folder, "--out", tmp_path / "model", "--manifest", manifest
    )

    facts = parse((tmp_path / "model" / "model.onnx").read_bytes()).facts
    assert (code, facts.name, facts.quantised) == (0, "tiny", False)
    assert facts.data == (("songs", "not stated"), ("tunes", "CC0 1.0"))
    assert facts.commit and "float32" in said


def test_a_run_folder_without_best_weights_is_told_so(tmp_path: Path, command: Command) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"")

    code, _, said = command(to_onnx.main, tmp_path, "--out", tmp_path / "model")

    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith(f"livegen: {tmp_path} holds no best.pt")


@pytest.mark.usefixtures("exports_quickly")
def test_int8_is_a_word(run_folder: Path, tmp_path: Path, command: Command) -> None:
    code, said, _ = command(
        to_onnx.main, run_folder / "best.pt", "--out", tmp_path / "m.onnx", "--int8"
    )

    assert code == 0 and "int8" in said
    assert parse((tmp_path / "m.onnx").read_bytes()).facts.quantised


def test_a_checkpoint_that_runs_code_does_not_run_it(tmp_path: Path, command: Command) -> None:
    class Gadget:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "was here",)

    torch.save({"codec": codec_hash(), "weights": Gadget()}, tmp_path / "best.pt")

    code, _, said = command(to_onnx.main, tmp_path, "--out", tmp_path / "model")

    assert (code, said.count("\n")) == (2, 1)
    assert not (tmp_path / "was here").exists()


@pytest.mark.usefixtures("exports_quickly")
def test_a_model_that_is_not_finite_is_not_written(
    run_folder: Path, tmp_path: Path, command: Command
) -> None:
    kept = torch.load(run_folder / "best.pt", weights_only=True)
    kept["weights"]["summary.bias"][0] = float("nan")
    torch.save(kept, run_folder / "best.pt")

    code, _, said = command(to_onnx.main, run_folder, "--out", tmp_path / "model")

    assert code == 2 and "not finite" in said
    assert not (tmp_path / "model").exists()


def test_a_model_too_large_to_ship_is_not_written(
    tmp_path: Path, gru: tuple[Network, bytes]
) -> None:
    _, data = gru
    before = to_onnx.MAX_SHIPPED
    assert len(data) < before

    with pytest.raises(ModelError, match="longer than 64 MB"):
        to_onnx.write_model(data + bytes(65 << 20), tmp_path / "m.onnx")


@pytest.mark.usefixtures("exports_quickly")
def test_a_model_that_is_there_is_replaced_only_when_that_is_asked_for(
    run_folder: Path, tmp_path: Path, gru: tuple[Network, bytes], command: Command
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"mine")

    code, _, said = command(to_onnx.main, run_folder, "--out", tmp_path)
    assert code == 2 and "model.onnx is there already; choose another place" in said
    with pytest.raises(ConfigError, match="is there already"):
        to_onnx.write_model(gru[1], tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == b"mine"
    assert command(to_onnx.main, run_folder, "--out", tmp_path, "--force")[0] == 0
    assert len((tmp_path / "model.onnx").read_bytes()) > 1000


def test_parity_of_a_good_file_is_shown(
    run_folder: Path, tmp_path: Path, tune: Path, gru: tuple[Network, bytes], command: Command
) -> None:
    (tmp_path / "model.onnx").write_bytes(gru[1])

    code, said, _ = command(
        parity.main, run_folder, tmp_path, "--data", tune, "--data", tune, "--events", 500
    )

    assert code == 0, said
    assert said.endswith("parity holds\n")


def test_a_file_of_other_weights_fails_loudly_and_says_where(
    run_folder: Path, tmp_path: Path, tune: Path, gru: tuple[Network, bytes], command: Command
) -> None:
    _, data = gru
    other, facts = read_network(data)
    with torch.no_grad():
        other.state_dict()["out.pitch.bias"][60] += 0.01
    (tmp_path / "m.onnx").write_bytes(written(data, other, facts))

    code, _, said = command(
        parity.main, run_folder, tmp_path / "m.onnx", "--data", tune, "--events", 200
    )

    assert code == 1
    assert said.startswith("NO PARITY, model file against streamed: pitch differs by 0.01 ")
    assert "in piece 0, step" in said


def test_parity_on_too_few_events_proves_nothing(
    run_folder: Path, tmp_path: Path, tune: Path, gru: tuple[Network, bytes], command: Command
) -> None:
    (tmp_path / "model.onnx").write_bytes(gru[1])

    code, _, said = command(parity.main, run_folder, tmp_path, "--data", tune, "--events", 100_000)

    assert (code, said) == (2, f"livegen: only {MAX_PIECE} events in the data, 100000 are needed\n")


def test_the_forms_are_measured_and_one_is_chosen(
    gru: tuple[Network, bytes],
    tmp_path: Path,
    tune: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quantise, "APART", 5)
    (tmp_path / "model.onnx").write_bytes(gru[1])

    code, said, _ = command(quantise.main, tmp_path, "--data", tune, "--events", 50)

    assert code == 0
    assert [line.split("  ")[0] for line in said.splitlines()[1:-1]] == [
        "float32",
        *quantise.VARIANTS,
    ]
    assert said.splitlines()[-1].startswith("ship ")


def test_data_without_events_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "silence.mid", Score(24, ()))

    for path in (tmp_path / "silence.mid", tmp_path / "best.pt"):
        with pytest.raises(ConfigError):
            gather([path], FACTS.styles, 10)
