"""Runs a model file with ONNX Runtime: one thread, fixed buffers, nothing kept between calls.

The file is cut into small models (`advance`, and one head per field), because drawing an event asks
the heads one after the other.  The first field is always asked, and first, so `advance` answers it in
the same run.  Each piece has its own session, bound to buffers that live as long as the model: results
are copied out, so a state that was handed out is never written again.

Between two events the caches go cold, and then it is the code run through that costs, not the numbers:
hence plain packing of bytes, and nothing done twice (docs/LOG.md).

Threads: one at a time.  Knows no engine and no training.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from struct import Struct
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime as ort

from livegen.codec.layout import FIELDS, MAX_BAR_CLASS, NO_GRID, SOUNDING, Event
from livegen.errors import ModelError
from livegen.inference import onnx_file
from livegen.inference.contract import (
    Logits,
    ModelFacts,
    Query,
    Sounding,
    State,
    Summary,
    Weights,
    is_finite,
)
from livegen.inference.graph_pieces import piece_of
from livegen.inference.onnx_file import (
    ENTRY,
    EVENT_WIDTH,
    GIVEN_SUMMARY,
    LOOKED,
    POSITION,
    QUERY_WIDTH,
    SUMMARY,
    ModelFile,
    logits_name,
)
from livegen.inference.ring import Ring, RingMemory

ort.disable_telemetry_events()  # nothing leaves this machine

Buffer = np.ndarray[Any, Any]

_FIRST = next(iter(FIELDS))
_pack_event = Struct(f"{EVENT_WIDTH}q").pack_into  # a third of what numpy takes for it
_pack_query = Struct(f"{QUERY_WIDTH}q").pack_into

# A step that takes longer, in seconds, may be one of int8 on a processor for which the runtime has no such products
# (x86 without AVX2, ARM without dot products): it then unpacks all weights at each step, and float32 is quicker.
SLOW = 1e-3
# Entries that a ring has been given, more than in any night: a place in it must not be looked up by it.
LATE = 1 << 31
TRIES = 50  # a busy machine must not be taken for a slow one: the two forms do not round alike

# The largest classes: with the smallest, which are zeros, they show that every table is long
# enough.
_LAST_FIELDS = {field: size - 1 for field, size in FIELDS.items()}
_LAST_EVENT = Event(**_LAST_FIELDS, position=NO_GRID, bar=MAX_BAR_CLASS)  # its interval is NOWHERE


class OnnxModel:
    """A model file at work; see `livegen.inference.contract.Model`.  `load` makes one."""

    def __init__(
        self, file: ModelFile, unpacked: bool = False, weights: Mapping[str, Buffer] | None = None
    ) -> None:
        """With `unpacked` int8 weights are made float32 now, instead of being multiplied as they are.

        `weights`, by their names in the file, can be others later (`say`); these are those that it begins with.
        """
        self.facts: ModelFacts = file.facts
        self._event = np.zeros((1, EVENT_WIDTH), np.int64)
        self._sounding = np.zeros((1, SOUNDING), np.float32)
        self._memory = _Growing(file) if file.facts.has_ring else _Whole(file)
        self._summary = np.zeros(file.shape_of(SUMMARY), np.float32)
        self._query = np.zeros((1, QUERY_WIDTH), np.int64)
        # Of a field that the model does not foretell, everything is as likely as everything else.
        self._logits = {field: np.zeros((1, size), np.float32) for field, size in FIELDS.items()}
        looks = file.facts.looks
        self._looked = np.zeros(file.shape_of(LOOKED), np.float32) if looks else None
        # What lies in `_summary`, as it was given out or in, and whether its first field is answered.
        self._heard: Summary | None = None
        self._answered = False
        buffers: dict[str, Buffer] = {
            "event": self._event,
            "sounding": self._sounding,
            **self._memory.buffers,
            SUMMARY: self._summary,
            GIVEN_SUMMARY: self._summary,
            "query": self._query,
        }
        if self._looked is not None:
            buffers[LOOKED] = self._looked
        self._shipped = dict(weights or {})
        self._weights = {name: array.copy() for name, array in self._shipped.items()}
        buffers |= self._weights
        buffers |= {logits_name(field): logits for field, logits in self._logits.items()}
        options = _options(unpacked)
        self._advance = _bound(file, [*file.advanced, logits_name(_FIRST)], buffers, options)
        self._heads = {f: _bound(file, [logits_name(f)], buffers, options) for f in file.fields}

    def initial_state(self) -> State:
        """The state before anything was heard: zeros, or no entry."""
        return self._memory.initial()

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Hear one event.  Results are copies and the caller's to keep."""
        _pack_event(self._event.data, 0, *event[:-1], event.interval, style)
        self._sounding[0] = sounding
        self._memory.hold(state)
        self._heard = None
        self._advance()
        self._heard, self._answered = self._summary.copy(), True
        return self._memory.next(state), self._heard

    def looked(self, event: Event, style: int, sounding: Sounding, state: State) -> Weights | None:
        """The places that the network looks at on that event, (heads, places), a copy; None without them."""
        if self._looked is None:
            return None
        self.advance(event, style, sounding, state)
        return self._looked.copy()

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Logits of one field, float32 (classes,), a copy.  What is not drawn yet may be anything
        in range.
        """
        if summary is not self._heard:
            self._summary[...] = summary
            self._heard, self._answered = summary, False
        if field in self._heads and not (self._answered and field == _FIRST):
            _pack_query(self._query.data, 0, *query)
            self._heads[field]()
        out: Logits = self._logits[field][0].copy()
        return out

    def say(self, weights: Mapping[str, Buffer]) -> None:
        """Answer with these weights from now on, and with those of the beginning where there are no others."""
        self._answered = False
        for name, array in self._weights.items():
            array[...] = weights.get(name, self._shipped[name])

    def keep_warm(self) -> None:
        """Run a whole step on what lies in the buffers; nobody looks at the result.

        With events 20 ms apart the weights have left the caches and a step takes several times as
        long.
        """
        self._heard = None  # the run writes a summary of its own
        self._advance()
        for field, head in self._heads.items():
            if field != _FIRST:
                head()


class _Whole:
    """A state that each step gives back whole; results are copies."""

    def __init__(self, file: ModelFile) -> None:
        self._state, self._next = self.initial_of(file), self.initial_of(file)
        self._initial = self.initial_of(file)
        self.buffers: dict[str, Buffer] = {"state": self._state, "next_state": self._next}

    @staticmethod
    def initial_of(file: ModelFile) -> Buffer:
        return np.zeros(file.facts.state_shape, np.float32)

    def initial(self) -> State:
        return self._initial.copy()

    def hold(self, state: State) -> None:
        self._state[...] = state

    def next(self, state: State) -> State:
        return self._next.copy()


class _Growing:
    """A state that grows by an entry at each step, in a ring."""

    def __init__(self, file: ModelFile) -> None:
        self._ring = RingMemory(file.facts.state_shape)
        self._entry = np.zeros(file.facts.state_shape[1:], np.float32)
        self._position = np.zeros(1, np.int64)
        self.buffers: dict[str, Buffer] = {
            "state": self._ring.array,
            POSITION: self._position,
            ENTRY: self._entry,
        }

    def initial(self) -> State:
        return Ring()

    def hold(self, state: State) -> None:
        self._ring.hold(state)
        self._position[0] = state.count

    def next(self, state: State) -> State:
        return self._ring.next(state, self._entry)


def load(path: Path) -> OnnxModel:
    """Load a model file and try it once.  Raises ModelError with one line for anything that is not
    ours.
    """
    return start(onnx_file.read(path), str(path))


def start(
    file: ModelFile,
    where: str = "the model file",
    clock: Callable[[], float] = perf_counter,
    weights: Mapping[str, Buffer] | None = None,
) -> OnnxModel:
    """Hand a checked file to the runtime and take two dry steps; `where` begins the line of a
    ModelError, `clock` gives seconds, `weights` are as in `OnnxModel`.  Of int8 weights that are slow
    as they are, floats are made.
    """
    try:
        model = OnnxModel(file, weights=weights)
        if file.facts.quantised and (quickest := _quickest_step(model, clock)) > SLOW:
            other = OnnxModel(file, unpacked=True, weights=weights)
            model = other if _quickest_step(other, clock) < quickest else model
        finite = _dry_steps(model)
    except Exception as error:  # the runtime raises a dozen types of its own
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(
            f"{where} cannot be run ({reason}); export it again or choose another"
        ) from None
    if not finite:
        raise ModelError(f"{where} computes numbers that are not finite; train or export it again")
    return model


def _quickest_step(model: OnnxModel, clock: Callable[[], float]) -> float:
    """Seconds of the quickest of some steps, or of the first that is not slow."""
    quickest = float("inf")
    for _ in range(TRIES):
        before = clock()
        model.keep_warm()
        quickest = min(quickest, clock() - before)
        if quickest <= SLOW:
            break
    return quickest


def _dry_steps(model: OnnxModel) -> bool:
    """Make a step with the smallest classes and one with the largest; True if all that came out is
    finite.
    """
    silence = np.zeros(SOUNDING, np.float32)
    results: list[Buffer] = []
    finite = True
    first = model.initial_state()
    late = Ring(LATE) if model.facts.has_ring else first
    for event, style, sounding, query, before in (
        (Event(0, 0, 0, 0, 0, 0, 0), 0, silence, Query(), first),
        (_LAST_EVENT, len(model.facts.styles) - 1, silence + 1, Query.of(_LAST_EVENT), late),
    ):
        state, summary = model.advance(event, style, sounding, before)
        results += [summary]
        finite = finite and is_finite(state)
        results += [model.logits(field, summary, query) for field in FIELDS]
    return finite and all(bool(np.isfinite(result).all()) for result in results)


def _bound(
    file: ModelFile,
    outputs: Sequence[str],
    buffers: Mapping[str, Buffer],
    options: ort.SessionOptions,
) -> Callable[[], None]:
    """A session for a piece of the file, bound to the buffers of the same names: calling what this
    gives runs it.
    """
    piece = piece_of(file, *outputs, given=buffers)
    session = ort.InferenceSession(piece.data, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for name in piece.inputs:
        binding.bind_ortvalue_input(name, _alias(buffers[name]))
    for name in outputs:
        binding.bind_ortvalue_output(name, _alias(buffers[name]))
    return lambda: session.run_with_iobinding(binding)


def _alias(buffer: Buffer) -> Any:
    """The runtime's view of a buffer: on a CPU it shares the memory, so writing to one writes to
    both.
    """
    return ort.OrtValue.ortvalue_from_numpy(buffer)


def _options(unpacked: bool) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # a second thread wins little at p50 and ruins p99
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what goes wrong is raised, and said once
    for key in ("session.intra_op.allow_spinning", "session.inter_op.allow_spinning"):
        options.add_session_config_entry(key, "0")
    # What is multiplied by int8 weights becomes int8 as well; left to itself the runtime unpacks the weights each time.
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "4")
    options.add_session_config_entry("session.disable_quant_qdq", str(int(unpacked)))
    return options
