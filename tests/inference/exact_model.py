"""A model file whose numbers are the same on every processor.

A chain of the first order: where the next note falls depends on the place in the bar and on the time before, its pitch
on that of the part before it, its loudness on the last one.  All its weights are multiples of 1/64 and small, and no
function bends their sums; so they are exact, in whatever order a processor adds.  The shipped network rounds otherwise
on other processors, and then a draw falls the other way.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.lean import lean
from livegen.codec.layout import FIELDS, NO_GRID, NO_PITCH, SOUNDING
from livegen.inference.onnx_file import EVENT_WIDTH, OPSET, QUERY_WIDTH
from livegen.music.parts import BASS, COMP, DRUMS, LEAD, PARTS
from tests.inference.tiny_model import FACTS as TINY_FACTS

TIMES, VELOCITIES = FIELDS["time"], FIELDS["velocity"]
# The places in `summary`: a row of times, notes that sound in each pitched part, the last part, a row of loudness.
WIDTH = TIMES + 3 + len(PARTS) + VELOCITIES
TIME, COUNT, PART, VELOCITY = np.split(np.arange(WIDTH), np.cumsum([TIMES, 3, len(PARTS)]))
EVENT = {"time": 0, "part": 1, "velocity": 4, "position": 5}  # columns of the input `event`
QUERY = {"part": 3, "before": 6}  # and of `query`
STEPS = {0: -1.5, 1: -0.5, 2: 0.0, 3: -0.75, 4: -1.0, 5: -1.0, 7: -1.5, 12: -3.0}  # by semitones
KIT = {36: 1.0, 38: 0.5, 42: 1.5, 46: -1.0, 51: -0.5}
REGISTERS = {LEAD: 72, COMP: 60, BASS: 41}
STYLES = ("any", "ragtime_jazz", "folk_reel")


def _times(grid: int) -> np.ndarray[Any, Any]:
    """By position: times that lead to a line of the grid are likely, near ones most."""
    positions, times = np.ogrid[: NO_GRID + 1, :TIMES]
    is_on_line = (positions + times) % grid == 0
    far = times / 16 + np.where(times == TIMES - 1, 4, 0)
    return np.asarray(np.where(is_on_line | (times == 0), -far, -8 - far))


def _pitches() -> np.ndarray[Any, Any]:
    """By the pitch before: steps are likelier than leaps."""
    before, pitches = np.ogrid[: NO_PITCH + 1, :128]
    distance = np.abs(before - pitches)
    likely = np.vectorize(lambda by: STEPS.get(by, -3.0 - by / 8))(distance)
    return np.asarray(np.where(before == NO_PITCH, 0.0, likely))


def _registers() -> np.ndarray[Any, Any]:
    """By part: the middle of its register is likely."""
    rows = np.full((len(PARTS), 128), -16.0)
    for part, middle in REGISTERS.items():
        rows[part] = -np.abs(np.arange(128) - middle) / 4
    for pitch, likely in KIT.items():
        rows[DRUMS, pitch] = likely
    return rows


def _onsets() -> tuple[np.ndarray[Any, Any], ...]:
    """By part: what of the summary tells of it, weights of that, and what holds without: no note, so a note begins."""
    seen, weights = np.zeros((len(PARTS), WIDTH)), np.zeros((WIDTH, 2))
    for part in REGISTERS:
        seen[part, COUNT[part]] = 1
    weights[COUNT, 1] = -4
    return seen, weights, np.array([[0.0, 2.0]] * 3 + [[0.0, 8.0]])


def graph(grid: int) -> onnx.ModelProto:
    """The network; its notes begin and end on lines of a grid of so many ticks."""
    weights: list[TensorProto] = []
    nodes: list[onnx.NodeProto] = []

    def tensor(name: str, numbers: object, kind: type = np.float32) -> str:
        weights.append(numpy_helper.from_array(np.array(numbers, kind), name))
        return name

    def node(op: str, *inputs: str, to: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(op, list(inputs), [to], **attributes))
        return to

    def looked_up(table: str, column: str) -> str:
        return node("Gather", table, column, to=f"{table}_row")

    def chosen(
        places: np.ndarray[Any, Any], size: int, factor: float = 1.0
    ) -> np.ndarray[Any, Any]:
        matrix = np.zeros((WIDTH, size))
        matrix[places, np.arange(size)] = factor
        return matrix

    for given, columns in (("event", EVENT), ("query", QUERY)):
        for name, at in columns.items():
            index = tensor(f"at_{given}_{name}", at, np.int64)
            node("Gather", given, index, to=f"{given}_{name}", axis=1)
    # advance: the state is the time before, as a row in which one place is not 0
    first = tensor("first", 0, np.int64)
    node("Gather", "state", first, to="time_before")
    row = looked_up(tensor("one_time", np.eye(TIMES) * 1.5), "event_time")
    node("Unsqueeze", row, tensor("axes", [0], np.int64), to="next_state")
    lines = looked_up(tensor("lines", _times(grid)), "event_position")
    likely = node("Add", lines, "time_before", to="likely_times")
    counts = node("MatMul", "sounding", tensor("parts", np.repeat(np.eye(3), 128, 0)), to="counts")
    part = looked_up(tensor("same_part", np.eye(len(PARTS)) * 3), "event_part")
    by = np.abs(np.subtract.outer(np.arange(VELOCITIES), np.arange(VELOCITIES)))
    loudness = looked_up(tensor("near_velocities", -by / 2), "event_velocity")
    node("Concat", likely, counts, part, loudness, to="summary", axis=1)
    # the heads
    for field, places in (("time", TIME), ("part", PART), ("velocity", VELOCITY)):
        matrix = tensor(f"{field}_of", chosen(places, FIELDS[field]))
        node("MatMul", "given_summary", matrix, to=f"logits_{field}")
    seen, of_counts, without = _onsets()
    asked = looked_up(tensor("part_seen", seen), "query_part")
    mine = node("Mul", "given_summary", asked, to="of_this_part")
    product = node("MatMul", mine, tensor("on_of", of_counts), to="counted")
    node("Add", product, looked_up(tensor("without", without), "query_part"), to="logits_on")
    steps = looked_up(tensor("steps", _pitches()), "query_before")
    register = looked_up(tensor("registers", _registers()), "query_part")
    node("Add", steps, register, to="logits_pitch")
    info, number, whole = helper.make_tensor_value_info, TensorProto.FLOAT, TensorProto.INT64
    state = (1, 1, TIMES)
    inputs = [
        info("event", whole, (1, EVENT_WIDTH)),
        info("sounding", number, (1, SOUNDING)),
        info("state", number, state),
        info("given_summary", number, (1, WIDTH)),
        info("query", whole, (1, QUERY_WIDTH)),
    ]
    outputs = [
        info("next_state", number, state),
        info("summary", number, (1, WIDTH)),
        *(info(f"logits_{field}", number, (1, size)) for field, size in FIELDS.items()),
    ]
    return helper.make_model(
        helper.make_graph(nodes, "exact", inputs, outputs, weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )


def exact_bytes(grid: int = 12) -> bytes:
    """A model file that is accepted."""
    facts = replace(TINY_FACTS, name="exact", styles=STYLES, state_shape=(1, 1, TIMES))
    return lean(graph(grid), facts)
