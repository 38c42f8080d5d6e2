"""Runs a model file with ONNX Runtime: one thread, fixed buffers, nothing kept between calls.

The file is cut into six small models (`advance`, and one head per field), because drawing an event
asks the heads one after the other.  Each has its own session, bound once to buffers that live as
long as the model: inputs are copied in, results are copied out, so a state that was handed out is
never written again.

Threads: one at a time.  Knows no engine and no training.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from livegen.codec.layout import FIELDS, MAX_BAR_CLASS, NO_GRID, SOUNDING, Event
from livegen.errors import ModelError
from livegen.inference import onnx_file
from livegen.inference.contract import Logits, ModelFacts, Query, Sounding, State, Summary
from livegen.inference.onnx_file import ADVANCED, EVENT_WIDTH, QUERY_WIDTH, ModelFile, logits_name

ort.disable_telemetry_events()  # nothing leaves this machine

Buffer = np.ndarray[Any, Any]

# The largest classes: with the smallest, which are zeros, they show that every table is long
# enough.
_LAST_FIELDS = {field: size - 1 for field, size in FIELDS.items()}
_LAST_EVENT = Event(**_LAST_FIELDS, position=NO_GRID, bar=MAX_BAR_CLASS)  # its interval is NOWHERE


class OnnxModel:
    """A model file at work; see `livegen.inference.contract.Model`.  `load` makes one."""

    def __init__(self, file: ModelFile) -> None:
        self.facts: ModelFacts = file.facts
        self._buffers: dict[str, Buffer] = {
            "event": np.zeros((1, EVENT_WIDTH), np.int64),
            "sounding": np.zeros((1, SOUNDING), np.float32),
            "state": np.zeros(file.facts.state_shape, np.float32),
            "next_state": np.zeros(file.facts.state_shape, np.float32),
            "summary": np.zeros((1, file.summary_size), np.float32),
            "given_summary": np.zeros((1, file.summary_size), np.float32),
            "query": np.zeros((1, QUERY_WIDTH), np.int64),
        }
        for field, size in FIELDS.items():
            self._buffers[logits_name(field)] = np.zeros((1, size), np.float32)
        self._values = {name: _alias(buffer) for name, buffer in self._buffers.items()}
        self._advance = self._bind(file, ADVANCED)
        self._heads = {field: self._bind(file, [logits_name(field)]) for field in FIELDS}

    def _bind(self, file: ModelFile, outputs: Sequence[str]) -> Callable[[], None]:
        """A session for a piece of the file, bound to the buffers: calling what this gives runs
        it.
        """
        piece = file.piece(*outputs)
        session = ort.InferenceSession(piece.data, _options(), providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        for name in piece.inputs:
            binding.bind_ortvalue_input(name, self._values[name])
        for name in outputs:
            binding.bind_ortvalue_output(name, self._values[name])
        return lambda: session.run_with_iobinding(binding)

    def initial_state(self) -> State:
        """Zeros: the state before anything was heard."""
        return np.zeros(self.facts.state_shape, np.float32)

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Hear one event.  Results are copies and the caller's to keep."""
        buffers = self._buffers
        buffers["event"][0] = (*event[:-1], event.interval, style)
        buffers["sounding"][0] = sounding
        buffers["state"][...] = state
        self._advance()
        return buffers["next_state"].copy(), buffers["summary"].copy()

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Logits of one field, float32 (classes,), a copy.  What is not drawn yet may be anything
        in range.
        """
        buffers = self._buffers
        buffers["given_summary"][...] = summary
        buffers["query"][0] = query
        self._heads[field]()
        out: Logits = buffers[logits_name(field)][0].copy()
        return out

    def keep_warm(self) -> None:
        """Run a whole step on what lies in the buffers; nobody looks at the result.

        With events 20 ms apart the weights have left the caches and a step takes several times as
        long.
        """
        self._advance()
        for head in self._heads.values():
            head()


def load(path: Path) -> OnnxModel:
    """Load a model file and try it once.  Raises ModelError with one line for anything that is not
    ours.
    """
    return start(onnx_file.read(path), str(path))


def start(file: ModelFile, where: str = "the model file") -> OnnxModel:
    """Hand a checked file to the runtime and take two dry steps; `where` begins the line of a
    ModelError.
    """
    try:
        model = OnnxModel(file)
        finite = _dry_steps(model)
    except Exception as error:  # the runtime raises a dozen types of its own
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(
            f"{where} cannot be run ({reason}); export it again or choose another"
        ) from None
    if not finite:
        raise ModelError(f"{where} computes numbers that are not finite; train or export it again")
    return model


def _dry_steps(model: OnnxModel) -> bool:
    """One step with the smallest and one with the largest classes; whether all that came out is
    finite.
    """
    silence = np.zeros(SOUNDING, np.float32)
    results: list[Buffer] = []
    for event, style, sounding, query in (
        (Event(0, 0, 0, 0, 0, 0, 0), 0, silence, Query()),
        (_LAST_EVENT, len(model.facts.styles) - 1, silence + 1, Query.of(_LAST_EVENT)),
    ):
        state, summary = model.advance(event, style, sounding, model.initial_state())
        results += [state, summary]
        results += [model.logits(field, summary, query) for field in FIELDS]
    return all(bool(np.isfinite(result).all()) for result in results)


def _alias(buffer: Buffer) -> Any:
    """The runtime's view of a buffer: on a CPU it shares the memory, so writing to one writes to
    both.
    """
    return ort.OrtValue.ortvalue_from_numpy(buffer)


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # a second thread wins little at p50 and ruins p99
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what goes wrong is raised, and said once
    for key in ("session.intra_op.allow_spinning", "session.inter_op.allow_spinning"):
        options.add_session_config_entry(key, "0")
    return options
