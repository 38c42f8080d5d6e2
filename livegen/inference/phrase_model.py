"""The phrase encoder and decoder as it is served: an .npz of half floats, checked, and run with numpy.

A phrase is asked for now and then, and a few products of matrices make it: no runtime is needed.  A file says its role,
and one of another role is refused by its name.  What it computes is what `livegen.training.phrase_network` learned;
`tests/inference/test_phrases.py` holds both together.
"""

import hashlib
import json
import zipfile
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.codec.phrases import CLASSES, LINES, Classes, Firsts
from livegen.errors import ModelError
from livegen.music.melody.phrase_steps import LINES_PER_BEAT, MOST_BEATS

ROLE, FORMAT = "phrases", 1
FACTS = "facts"
MAX_BYTES = 4 << 20
MAX_WIDTH, MAX_CODE, MAX_BLOCKS = 512, 64, 8
_TINY = 1e-5  # added to a variance, as torch does
_ITEM = 2  # bytes of a half float

Floats = NDArray[np.float32]
Codes = NDArray[np.float32]  # (MOST_BEATS, code)


class PhraseFacts(NamedTuple):
    """The facts that a file tells of itself: its name, its sizes, the sets it learned from and their licences."""

    name: str
    code: int
    width: int
    encoder: tuple[int, ...]
    decoder: tuple[int, ...]
    beta: float
    data: tuple[tuple[str, str], ...] = ()


def shapes(facts: PhraseFacts) -> dict[str, tuple[int, ...]]:
    """The arrays of a file, all of half floats, by name."""
    code, width = facts.code, facts.width
    blocks = {
        f"{side}.{number}.{name}": shape
        for side, apart in (("encoder", facts.encoder), ("decoder", facts.decoder))
        for number in range(len(apart))
        for name, shape in (
            ("norm.weight", (width,)),
            ("norm.bias", (width,)),
            ("around.weight", (width, 3 * width)),
            ("around.bias", (width,)),
            ("mixed.weight", (width, width)),
            ("mixed.bias", (width,)),
        )
    }
    return {
        "seen.weight": (LINES_PER_BEAT * CLASSES, width),
        "first_seen": (width,),
        "first_told": (width,),
        **blocks,
        "coded.weight": (2 * code, width),
        "coded.bias": (2 * code,),
        "told.weight": (width, code),
        "told.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
        "said.weight": (LINES_PER_BEAT * CLASSES, width),
        "said.bias": (LINES_PER_BEAT * CLASSES,),
        # How the codes of people's phrases lie: their middle, how they scatter (a lower triangle), two axes of a map.
        "middle": (MOST_BEATS * code,),
        "scatter": (MOST_BEATS * code, MOST_BEATS * code),
        "axes": (2, MOST_BEATS * code),
    }


def bytes_of(facts: PhraseFacts) -> int:
    """The number of bytes that all arrays of a file take."""
    return _ITEM * sum(prod(shape) for shape in shapes(facts).values())


class PhraseModel:
    """Encoder and decoder; `load` makes one.  Threads: any."""

    def __init__(self, facts: PhraseFacts, weights: dict[str, Floats]) -> None:
        self.facts, self._weights = facts, weights
        self._places = np.arange(LINES) % LINES_PER_BEAT * CLASSES

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the weights, by which another file says that it belongs to them."""
        told = hashlib.sha256()
        for name in shapes(self.facts):
            told.update(self._weights[name].astype("<f2").tobytes())
        return told.hexdigest()[:16]

    def encode(self, classes: Classes, firsts: Firsts) -> Codes:
        """The code of a phrase."""
        weights = self._weights
        rows = weights["seen.weight"][classes + self._places]
        beats = rows.reshape(1, MOST_BEATS, LINES_PER_BEAT, -1).sum(2)
        beats = beats + firsts[:, None] * weights["first_seen"]
        beats = self._through("encoder", self.facts.encoder, beats)
        found: Codes = _linear(beats, weights, "coded")[0, :, : self.facts.code]
        return found

    def logits(self, codes: Floats, firsts: Firsts) -> Floats:
        """The odds of each line: codes (N, MOST_BEATS, code) -> (N, LINES, CLASSES), unnormalised."""
        beats = (
            _linear(codes, self._weights, "told") + firsts[:, None] * self._weights["first_told"]
        )
        beats = self._through("decoder", self.facts.decoder, beats)
        said = _linear(_normed(beats, self._weights, "norm"), self._weights, "said")
        result: Floats = said.reshape(len(codes), LINES, CLASSES)
        return result

    def decode(self, codes: Floats, firsts: Firsts) -> NDArray[np.int64]:
        """The likeliest phrases: codes (N, MOST_BEATS, code) -> classes (N, LINES)."""
        result: NDArray[np.int64] = self.logits(codes, firsts).argmax(-1)
        return result

    def scattered(self, noise: Floats) -> Floats:
        """Codes as people's phrases have them, of normal noise (N, MOST_BEATS * code) -> (N, MOST_BEATS, code)."""
        some = noise @ self._weights["scatter"].T + self._weights["middle"]
        result: Floats = some.reshape(len(noise), MOST_BEATS, self.facts.code)
        return result

    @property
    def middle(self) -> Codes:
        """The mean code of people's phrases."""
        result: Codes = self._weights["middle"].reshape(MOST_BEATS, self.facts.code)
        return result

    def place(self, codes: Codes) -> tuple[float, float]:
        """The place of a phrase on the map: most phrases between -2 and 2."""
        x, y = self._weights["axes"] @ (codes.reshape(-1) - self._weights["middle"])
        return float(x), float(y)

    def _through(self, side: str, apart: tuple[int, ...], beats: Floats) -> Floats:
        for number, by in enumerate(apart):
            name = f"{side}.{number}"
            normed = _normed(beats, self._weights, f"{name}.norm")
            edge = np.zeros((len(beats), by, beats.shape[-1]), np.float32)
            before = np.concatenate([edge, normed[:, :-by]], axis=1)
            after = np.concatenate([normed[:, by:], edge], axis=1)
            around = np.concatenate([before, normed, after], axis=-1)
            hidden = np.maximum(_linear(around, self._weights, f"{name}.around"), 0)
            beats = beats + _linear(hidden, self._weights, f"{name}.mixed")
        return beats


def _linear(values: Floats, weights: dict[str, Floats], name: str) -> Floats:
    flat = (
        values.reshape(-1, values.shape[-1]) @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    )
    result: Floats = flat.reshape(*values.shape[:-1], -1)
    return result


def _normed(values: Floats, weights: dict[str, Floats], name: str) -> Floats:
    centred = values - values.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + _TINY)
    result: Floats = centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return result


# --- files --------------------------------------------------------------------------------------------------------


def save(path: Path, facts: PhraseFacts, weights: dict[str, NDArray[Any]]) -> None:
    """Write a file: the facts as JSON, the weights as half floats."""
    said = {"format": FORMAT, "role": ROLE, **facts._asdict()}
    text = np.frombuffer(json.dumps(said).encode(), np.uint8)
    halves = {name: np.ascontiguousarray(weights[name], np.float16) for name in shapes(facts)}
    arrays: dict[str, Any] = {FACTS: text, **halves}
    np.savez(path, **arrays)


def load(path: Path) -> PhraseModel:
    """Read and check a file.  Raises ModelError with one line for what our exporter does not write."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _Refused(f"is longer than {MAX_BYTES >> 20} MB")
        with zipfile.ZipFile(path) as file:
            if sum(info.file_size for info in file.infolist()) > 2 * MAX_BYTES:
                raise _Refused(f"holds more than {2 * MAX_BYTES >> 20} MB")
            facts = _facts_of(file)
            return PhraseModel(
                facts, {name: _array(file, name, shape) for name, shape in shapes(facts).items()}
            )
    except OSError as error:
        raise ModelError(f"{path}: the phrase model cannot be read ({error.strerror})") from None
    except _Refused as refusal:
        reason = str(refusal)
    except Exception as error:  # zipfile and numpy raise a dozen types for damage
        reason = f"is damaged ({type(error).__name__})"
    raise ModelError(
        f"{path} {reason}; export it with `python -m export.phrases`, or choose another"
    )


class _Refused(Exception):
    """A file is not one that our exporter writes; the message completes "the file ..."."""


def _facts_of(file: zipfile.ZipFile) -> PhraseFacts:
    if f"{FACTS}.npy" not in file.namelist():
        raise _Refused("is no model of livegen's: it does not say its role")
    with file.open(f"{FACTS}.npy") as member:
        shape, _, dtype = _header(member)
        if dtype != np.uint8 or len(shape) != 1:
            raise _Refused("does not say its role in a way livegen reads")
        said = json.loads(member.read(shape[0]))
    role = said.pop("role", "model without a role") if isinstance(said, dict) else "list"
    if role != ROLE:
        raise _Refused(f"is a {role!s:.64}, expected one of the role {ROLE}")
    if said.pop("format", None) != FORMAT or said.keys() != set(PhraseFacts._fields):
        raise _Refused("says other things of itself than this livegen reads")
    blocks = (tuple(said["encoder"]), tuple(said["decoder"]))
    sizes = [said["code"], said["width"], *blocks[0], *blocks[1]]
    most = [MAX_CODE, MAX_WIDTH] + [MOST_BEATS // 2] * (len(sizes) - 2)
    fits = all(type(size) is int and 0 < size <= top for size, top in zip(sizes, most, strict=True))
    if not fits or max(map(len, blocks)) > MAX_BLOCKS:
        raise _Refused("has sizes that no phrase model of livegen's has")
    data = tuple((str(name), str(licence)) for name, licence in said["data"])
    return PhraseFacts(
        str(said["name"]), said["code"], said["width"], *blocks, float(said["beta"]), data
    )


def _header(member: Any) -> tuple[tuple[int, ...], bool, Any]:
    np.lib.format.read_magic(member)
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(member)
    return shape, is_fortran, dtype


def _array(file: zipfile.ZipFile, name: str, expected: tuple[int, ...]) -> Floats:
    if f"{name}.npy" not in file.namelist():
        raise _Refused(f"has no {name}")
    with file.open(f"{name}.npy") as member:
        shape, is_fortran, dtype = _header(member)
        if shape != expected or is_fortran or dtype != np.float16:
            raise _Refused(
                f"has {name} of shape {shape} and type {dtype}, expected {expected} of float16"
            )
        found = (
            np.frombuffer(member.read(_ITEM * prod(shape)), np.float16)
            .reshape(shape)
            .astype(np.float32)
        )
    if not np.isfinite(found).all():
        raise _Refused(f"has numbers in {name} that are not finite")
    return found
