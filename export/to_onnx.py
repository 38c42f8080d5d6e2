"""Writes the model that is served: a checkpoint becomes one self-describing ONNX file.

    python -m export.to_onnx runs/NAME --out models/NAME [--int8] [--manifest DATA/MANIFEST.yaml]

The file is read back by the daemon's own loader before it is put in its place.  Whether it computes
what the network computes is shown by `export.parity`; whether int8 is worth it, by
`export.quantise`.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from export.command import guarded
from export.graph import to_bytes
from export.paths import checkpoint_in, model_in
from export.quantise import int8
from livegen import whole_files
from livegen.codec.layout import codec_hash
from livegen.errors import ConfigError
from livegen.inference.contract import ModelFacts
from livegen.inference.model import start
from livegen.inference.model_metadata import MAX_LICENCE
from livegen.inference.onnx_file import parse
from livegen.music.parts import PARTS
from livegen.training.loop import load_network

OTHERWISE = "choose another place with --out, or replace it with --force"
MAX_SHIPPED = 20 << 20  # bytes; what a package may carry


def facts_of(kept: Mapping[str, Any], licences: Mapping[str, str], commit: str) -> ModelFacts:
    """The facts that the file of a checkpoint will hold; its state shape is filled in by the
    exporter.
    """
    sets = kept["recipe"]["sets"] or licences
    return ModelFacts(
        name=kept["recipe"]["name"],
        codec=codec_hash(),
        parts=tuple(PARTS),
        styles=tuple(kept["styles"]),
        state_shape=(1,),
        commit=commit,
        data=tuple((name, licences.get(name, "not stated")) for name in sorted(sets)),
    )


def licences_of(manifest: Path | None) -> dict[str, str]:
    """Licence of each set of a manifest (`datasets`: a list with `name` and `licence`), each on one
    line.
    """
    if manifest is None:
        return {}
    try:
        datasets = yaml.safe_load(manifest.read_text())["datasets"]
        return {one["name"]: _line(one["licence"]) for one in datasets}
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ConfigError(f"{manifest} is not a manifest of corpora ({what})") from None


def _line(text: str) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= MAX_LICENCE else line[: MAX_LICENCE - 1] + "…"


def commit_here() -> str:
    """The commit checked out in this repository, with a + when files differ from it; "unknown"
    outside of one.
    """
    here = Path(__file__).parent
    try:
        run = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"]
        return subprocess.run(
            run, cwd=here, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def write_model(data: bytes, path: Path, replaces: bool = False) -> None:
    """Put a model file in its place, whole or not at all, after the daemon's loader took it.

    Raises ConfigError where there is one, unless `replaces`.
    """
    start(parse(data, str(path)), str(path))
    if len(data) > MAX_SHIPPED:
        raise ConfigError(
            f"{path}: {len(data) >> 20} MB; a model has at most {MAX_SHIPPED >> 20} MB, try --int8"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        whole_files.write(path, lambda draft: draft.write_bytes(data), replaces)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; {OTHERWISE}") from None


@click.command()
@click.argument("checkpoint", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Model folder, or a file .onnx."
)
@click.option(
    "--int8", "small", is_flag=True, help="Quantise the weights of matrix products to 8 bits."
)
@click.option(
    "--manifest",
    type=click.Path(exists=True, path_type=Path),
    help="Names the licence of each set.",
)
@click.option("--force", "replaces", is_flag=True, help="Replace a model that is there already.")
@guarded
def main(checkpoint: Path, out: Path, small: bool, manifest: Path | None, replaces: bool) -> None:
    """Export CHECKPOINT, a file or a run folder (its best.pt), as one ONNX file."""
    if not replaces and os.path.lexists(model_in(out)):
        raise ConfigError(f"{model_in(out)} is there already; {OTHERWISE}")
    network, kept = load_network(checkpoint_in(checkpoint))
    data = to_bytes(network, facts_of(kept, licences_of(manifest), commit_here()))
    if small:
        data = int8(data)
    write_model(data, model_in(out), replaces)
    facts = parse(data).facts
    kind = "int8" if facts.quantised else "float32"
    click.echo(
        f"{model_in(out)}: {facts.name}, {kind}, {len(data) / 1e6:.1f} MB, codec {facts.codec}"
    )


if __name__ == "__main__":
    main()
