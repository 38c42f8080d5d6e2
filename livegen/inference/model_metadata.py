"""The metadata of a model file: one JSON object.

It has the keys of `METADATA` and no other, each as it must be, or the file is refused.  The role says which contract
its graph keeps: today only that of a step model is served.  Knows no graph.
"""

import json
from collections.abc import Callable
from math import prod
from typing import Any

from livegen.codec.layout import codec_hash
from livegen.inference.contract import Looks, ModelFacts
from livegen.inference.onnx_operators import MAX_RANK
from livegen.inference.protobuf import MAX_NAME, Message, RefusedFile, Wire, expect
from livegen.inference.ring import BLOCK
from livegen.music.parts import PARTS
from livegen.music.time.metre import TICKS_PER_BEAT

FORMAT = 1
METADATA_KEY = "livegen"
MAX_LICENCE = 400
MAX_METADATA = 64 << 10
MAX_STATE = 1 << 20  # numbers in a state
STEP = "step model"
LEARNER = "learner"  # it has no network: its file is the metadata alone
# The roles that metadata may say; who wants another refuses a file by it.  The phrase model has a file of another kind
# (inference/phrase_model.py).  No network of the last two is served yet.
ROLES = (STEP, LEARNER, "listener", "critic")
VECTOR, RING = "vector", "ring"  # a state that each step gives anew, or that grows by an entry


def _short(value: Any, longest: int = MAX_NAME) -> bool:
    return isinstance(value, str) and len(value) <= longest and value.isprintable()


def _texts(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 256 and all(map(_short, value))


def _keys(value: Any, *keys: str) -> bool:
    return isinstance(value, dict) and value.keys() == set(keys)


def _set(value: Any) -> bool:
    is_pair = _keys(value, "set", "licence")
    return is_pair and _short(value["set"]) and _short(value["licence"], MAX_LICENCE)


def _sizes(value: Any) -> bool:
    fits = isinstance(value, list) and 0 < len(value) <= MAX_RANK
    return fits and all(type(n) is int and n > 0 for n in value) and prod(value) <= MAX_STATE


def _network(value: Any) -> bool:
    """Numbers and words that a network is built from; whoever builds it checks them."""
    if not _keys(value, "config", "joined") or not all(isinstance(v, dict) for v in value.values()):
        return False
    is_plain = all(isinstance(v, int | float) or _short(v) for v in value["config"].values())
    return is_plain and all(map(_texts, value["joined"].values()))


def _looks(value: Any) -> bool:
    is_whole = _keys(value, *Looks._fields)
    return is_whole and all(type(n) is int and 0 <= n <= MAX_STATE for n in value.values())


# Every key with what its value must be.
METADATA: dict[str, tuple[Callable[[Any], bool], str]] = {
    "format": (lambda v: v == FORMAT and type(v) is int, f"{FORMAT}"),
    "codec": (_short, "a short text"),
    "ticks_per_beat": (lambda v: v == TICKS_PER_BEAT and type(v) is int, f"{TICKS_PER_BEAT}"),
    "parts": (lambda v: v == list(PARTS), f"{list(PARTS)}"),
    "styles": (lambda v: _texts(v) and len(set(v)) == len(v), "a list of different names"),
    "state_shape": (_sizes, f"one to {MAX_RANK} sizes"),
    "name": (_short, "a short text"),
    "commit": (_short, "a short text"),
    "data": (
        lambda v: isinstance(v, list) and len(v) <= 256 and all(map(_set, v)),
        "a list of {set, licence}",
    ),
    "quantised": (lambda v: isinstance(v, bool), "true or false"),
    "network": (_network, "a config and the names of joined parameters"),
    "role": (lambda v: v in ROLES, f"one of {', '.join(ROLES)}"),
    "state": (lambda v: v in (VECTOR, RING), f"{VECTOR} or {RING}"),
    "looks": (_looks, f"whole numbers {', '.join(Looks._fields)}"),
}
# Keys whose values are facts of the same name; a list is a tuple there.
AS_THEY_ARE = (
    "name", "codec", "ticks_per_beat", "parts", "styles", "state_shape", "commit", "quantised", "network"
)  # fmt: skip
# A model without a network is served, but cannot be trained further; the others have a usual value.
MAY_BE_ABSENT = {"network", "role", "state", "looks"}


def metadata(facts: ModelFacts) -> str:
    """Write facts as JSON text for the metadata of a file."""
    said = {
        "format": FORMAT,
        "role": STEP,
        **{key: getattr(facts, key) for key in AS_THEY_ARE},
        "data": [{"set": name, "licence": licence} for name, licence in facts.data],
        **({"state": RING} if facts.has_ring else {}),
        **({"looks": facts.looks._asdict()} if facts.looks else {}),
    }
    return json.dumps({key: said[key] for key in said if said[key] or key != "network"})


def facts_of(pairs: list[Message]) -> ModelFacts:
    """Read the facts in the metadata of a file, its pairs of key and value.  Raises RefusedFile."""
    for pair in pairs:
        is_known = pair["key"] == METADATA_KEY
        expect(is_known, f"has metadata that livegen does not know: {pair['key']!r}")
    expect(len(pairs) == 1, "has livegen metadata twice" if pairs else "has no livegen metadata")
    return facts_in(pairs[0]["value"], STEP)


def facts_in(text: Wire | bytes, wanted: str) -> ModelFacts:
    """Read and check the text of metadata of a file that is to be of a role.  Raises RefusedFile."""
    said = _parsed(text)
    expect(said.keys() >= {"codec"} and _short(said["codec"]), "does not name its codec")
    ours = codec_hash()
    expect(said["codec"] == ours, f"was made for codec {said['codec']}, this livegen uses {ours}")
    for key in said.keys() | METADATA.keys():
        expect(key in METADATA, f"has an unknown metadata key {key[:MAX_NAME]!r}")
        if key in MAY_BE_ABSENT - said.keys():
            continue
        expect(key in said, f"has no {key!r} in its metadata")
        is_right, expected = METADATA[key]
        expect(is_right(said[key]), f"has a wrong {key!r} in its metadata (expected {expected})")
    role, shape = said.get("role", STEP), said["state_shape"]
    expect(role == wanted, f"is a {role}, expected a {wanted}")
    has_ring = said.get("state") == RING
    fits = not has_ring or (len(shape) > 1 and shape[0] % BLOCK == 0)
    wrong = f"(a ring is a multiple of {BLOCK} long)"
    expect(fits, f"has a wrong 'state_shape' in its metadata {wrong}")
    looks = Looks(**said["looks"]) if "looks" in said else None
    if looks:
        end = looks.first + looks.places * looks.numbers
        lies_inside = not has_ring and looks.places > 1 and end <= prod(shape)
        expect(lies_inside, "has a 'looks' in its metadata that lies outside its state")
    data = tuple((entry["set"], entry["licence"]) for entry in said["data"])
    facts = {key: said[key] for key in AS_THEY_ARE if key in said}
    facts |= {key: tuple(value) for key, value in facts.items() if isinstance(value, list)}
    return ModelFacts(**facts, has_ring=has_ring, looks=looks, data=data)


def _parsed(text: Wire | bytes) -> dict[str, Any]:
    expect(len(text) <= MAX_METADATA, f"has more than {MAX_METADATA >> 10} kB of metadata")
    try:
        said: dict[str, Any] = json.loads(bytes(text), object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError):
        raise RefusedFile("has metadata that is not JSON") from None
    expect(isinstance(said, dict), "has metadata that is not a JSON object")
    return said


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)
