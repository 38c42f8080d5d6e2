"""Makes the phrase model that is served from a training checkpoint.

    python -m export.phrases CHECKPOINT DATA --out models/jam-phrases/phrases.npz

From the phrases of the train splits in DATA it also learns how people's codes lie: their middle, how they scatter, and
the two axes of a map on which they differ most.
"""

from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from export.command import guarded
from livegen.inference.phrase_model import PhraseFacts, save
from livegen.training.phrase_corpus import melodies, phrases
from livegen.training.phrase_loop import Phrases, gathered, read_phrase_checkpoint
from livegen.training.phrase_network import PhraseConfig, PhraseNetwork
from livegen.training.phrase_recipe import PhraseRecipe

SCATTERED = 8000  # phrases by which it is told how codes lie
_ROUND = 1e-3  # added to the variances, so that the scatter has a root

LICENCES = {
    "trad_abc": "public domain tunes",
    "wjd_jazz": "ODbL 1.0, Weimar Jazz Database (Pfleiderer et al. 2017)",
    "pop909_aligned": "MIT, POP909 (Wang et al. 2020)",
    "openscore_lieder": "CC0, OpenScore Lieder",
    "rs200_rock": "CC BY 4.0, RS 200 (de Clercq and Temperley)",
    "openewld_leadsheets": "MIT, OpenEWLD",
}


def network_of(checkpoint: Path) -> tuple[PhraseNetwork, PhraseRecipe]:
    """The network of a checkpoint with its weights, and its recipe.  Raises ConfigError for another file."""
    kept = read_phrase_checkpoint(checkpoint)
    recipe = PhraseRecipe.model_validate(kept["recipe"])
    network = PhraseNetwork(PhraseConfig(**recipe.network.model_dump()))
    network.load_state_dict(kept["network"])
    return network.eval(), recipe


def halved(network: PhraseNetwork) -> PhraseNetwork:
    """The same with each weight rounded to a half float, as a file holds it."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    return network


def lie(network: PhraseNetwork, some: Phrases, seed: int) -> dict[str, NDArray[np.float32]]:
    """Measure how the codes of phrases lie: `middle`, `scatter` and `axes` of a file."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(
        len(some.bars), min(SCATTERED, len(some.bars)), replace=False, p=some.shares
    )
    with torch.no_grad():
        codes = network.encode(*some.tensors(chosen))[0].flatten(1).numpy().astype(np.float64)
    middle = codes.mean(0)
    covariance = np.cov(codes.T) + _ROUND * np.eye(codes.shape[1])
    values, vectors = np.linalg.eigh(covariance)
    axes = (vectors[:, -2:] / np.sqrt(values[-2:])).T[::-1]
    axes *= np.sign(axes[:, [0]])  # an axis has no end of its own
    found = {"middle": middle, "scatter": np.linalg.cholesky(covariance), "axes": axes}
    return {name: value.astype(np.float32) for name, value in found.items()}


def export(network: PhraseNetwork, recipe: PhraseRecipe, some: Phrases, out: Path) -> PhraseFacts:
    """Write a file from a network, its recipe and the phrases that it learned from."""
    data = tuple((name, LICENCES.get(name, "see the manifest of the data")) for name in recipe.sets)
    sizes = recipe.network
    facts = PhraseFacts(
        recipe.name, sizes.code, sizes.width, sizes.encoder, sizes.decoder, recipe.beta, data
    )
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    save(out, facts, weights | lie(halved(network), some, recipe.seed))
    return facts


@click.command()
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@guarded
def main(checkpoint: Path, data: Path, out: Path) -> None:
    """Write the phrase model of CHECKPOINT to --out."""
    network, recipe = network_of(checkpoint)
    learned = list(melodies(data, "train", list(recipe.sets)))
    some = gathered(learned, recipe.sets, phrases, recipe.seed)
    facts = export(network, recipe, some, out)
    click.echo(f"{out}: {out.stat().st_size} bytes, {facts.name}, beta {facts.beta}")


if __name__ == "__main__":
    main()
