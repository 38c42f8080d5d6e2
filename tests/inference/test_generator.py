"""The generator of phrases as it is served: of a style, a length and a chance; strict about its file."""

from pathlib import Path

import numpy as np
import pytest

from livegen import shipped
from livegen.codec.phrases import FIRST_PITCH, firsts_of
from livegen.errors import ModelError
from livegen.inference import phrase_model
from livegen.inference.generator import ANY, WAYS, Generator, GeneratorFacts, load, save, shapes
from livegen.music.melody.phrase_steps import MOST_BEATS
from tests.inference.tiny_phrases import tiny_encoder

OURS = tiny_encoder(2)
SMALL = GeneratorFacts(("folk_reel", "folk", "pop"), 2, OURS.fingerprint)


def written(path: Path, **changed: object) -> Path:
    rng = np.random.default_rng(1)
    weights = {name: rng.normal(0, 0.1, shape) for name, shape in shapes(SMALL).items()}
    save(path, SMALL, weights | changed)
    return path


@pytest.fixture(scope="module")
def served() -> Generator:
    return load(shipped.generator(), phrase_model.load(shipped.phrase_model()))


def test_a_style_is_known_by_the_longest_beginning_of_its_name(tmp_path: Path) -> None:
    small = load(written(tmp_path / "it.npz"), OURS)
    styles = ("folk_reel", "folk_jig", "pop", "drums_rock", "any")
    assert [small.number(style) for style in styles] == [1, 2, 3, ANY, ANY]


@pytest.mark.parametrize("way", WAYS)
def test_the_same_chance_draws_the_same_codes_and_another_style_others(
    served: Generator, way: str
) -> None:
    def drawn(style: str) -> bytes:
        rng = np.random.default_rng(7)
        return served.drawn(way, served.number(style), 4, 8, 3, rng).tobytes()

    assert drawn("pop") == drawn("pop") != drawn("jazz_bebop")


@pytest.mark.parametrize("way", WAYS)
def test_what_is_drawn_decodes_into_notes_as_long_as_was_asked_for(
    served: Generator, way: str
) -> None:
    model = phrase_model.load(shipped.phrase_model())
    for style in ("pop", "folk_reel", "jazz_bebop", "any"):
        codes = served.drawn(way, served.number(style), 4, 8, 40, np.random.default_rng(1))
        assert codes.shape == (40, MOST_BEATS, model.facts.code)
        begun = (model.decode(codes, firsts_of(4)) >= FIRST_PITCH).reshape(40, MOST_BEATS, -1)
        assert begun[:, :8].sum((1, 2)).mean() > 4
        assert begun[:, 8:].sum() < 0.25 * begun.sum()


def test_the_network_corrects_what_was_scattered(tmp_path: Path) -> None:
    still = {"made.weight": 0, "made.bias": 0}
    quiet = load(
        written(
            tmp_path / "it.npz",
            **{name: np.zeros(shapes(SMALL)[name]) for name in still},
        ),
        OURS,
    )
    both = [quiet.drawn(way, 1, 3, 6, 5, np.random.default_rng(1)) for way in WAYS]
    assert np.array_equal(both[0], both[1])
    loud = load(written(tmp_path / "other.npz"), OURS)
    assert not np.array_equal(loud.drawn("gan", 1, 3, 6, 5, np.random.default_rng(1)), both[0])


def test_the_file_is_at_most_a_megabyte() -> None:
    assert shipped.generator().stat().st_size <= 1 << 20


def test_a_file_that_ours_is_not_is_refused_in_one_line(tmp_path: Path) -> None:
    path = written(tmp_path / "it.npz")
    with pytest.raises(ModelError, match="for codes of 3 numbers"):
        load(path, tiny_encoder(3))
    with pytest.raises(ModelError, match="holds no generator"):
        load(shipped.phrase_model(), tiny_encoder(8))
    data = path.read_bytes()
    for cut in (0, 10, len(data) // 2):
        path.write_bytes(data[:cut])
        with pytest.raises(ModelError, match=r"holds no generator[^\n]*$"):
            load(path, OURS)
    with pytest.raises(ModelError, match="cannot be read"):
        load(tmp_path / "none.npz", OURS)
    lost = np.full(shapes(SMALL)["made.bias"], np.nan)
    with pytest.raises(ModelError, match="holds no generator"):
        load(written(path, **{"made.bias": lost}), OURS)


def test_a_file_that_was_made_for_other_weights_of_the_encoder_is_refused_by_their_names(
    tmp_path: Path,
) -> None:
    other = tiny_encoder(2, seed=2)
    line = f"made for the phrase encoder {OURS.fingerprint}, this one is {other.fingerprint}"
    with pytest.raises(ModelError, match=rf"{line}; make it anew[^\n]*$"):
        load(written(tmp_path / "it.npz"), other)
