"""Recipes: what does not fit is said before the first step, all of it at once."""

import time
from pathlib import Path
from typing import get_args

import pytest
from pydantic_core.core_schema import ErrorType

from livegen.errors import EXPECTED, ConfigError
from livegen.training.phrase_recipe import PHRASES, read_phrase_recipe
from livegen.training.recipe import MAX_RING_BYTES, ROW, NetworkRecipe, Recipe, kind_of, read_recipe

SHIPPED = sorted((Path(__file__).parents[2] / "models").glob("*/recipe.yaml"))


def refusal(tmp_path: Path, text: str | bytes) -> str:
    """The message with which a recipe of this text is refused, without its path."""
    path = tmp_path / "recipe.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as error:
        read_recipe(path)
    return str(error.value).replace(f"{path}: ", "")


def test_a_recipe_is_read_and_what_it_leaves_out_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("name: small\nnetwork: {kind: lstm, hidden: 64}\nevents: 2_000_000\n")

    assert read_recipe(path) == Recipe(
        name="small", network=NetworkRecipe(kind="lstm", hidden=64), events=2_000_000
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_the_recipes_of_shipped_models_are_read(path: Path) -> None:
    read = read_phrase_recipe if kind_of(path) == PHRASES else read_recipe
    assert read(path).name == path.parent.name


def test_every_mistake_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    text = (
        "name: ../up\nnetwork: {kind: gnu, hidden: 4, width: 3}\nsets: {jazz: 0}\n"
        "batch: many\nlearning_rate: .nan\nclip: .inf\nseed: 4294967296\n"
        "transpose: [1, 2]\ncolour: red\n"
    )
    lines = refusal(tmp_path, text).splitlines()

    assert [line.partition(":")[0] for line in lines] == [
        "name",
        "seed",
        "network.kind",
        "network.hidden",
        "network.width",
        "sets.jazz",
        "batch",
        "learning_rate",
        "clip",
        "transpose.0",
        "colour",
    ]
    unknown = [line for line in lines if line.endswith(": there is no such setting")]
    assert [line.partition(":")[0] for line in unknown] == ["network.width", "colour"]
    assert all(", got " in line for line in lines if line not in unknown)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\nevents: 100\n", "events is 100, less than one step of batch x steps = 4096"),
        ("name: x\nevents: 409600\n", "warmup is 200 of only 100 steps"),
        ("", "recipe: expected settings below it, got nothing"),
        ("- a\n- b\n", "recipe: expected settings below it, got ['a', 'b']"),
        ("name: [x", "recipe.yaml:1: ends before a bracket"),
        ("name: \0", "not YAML"),
        (b"name: \xff\xfe", "not YAML"),
        ("name: x\nevents: 2020-13-45", "a value that cannot be read (month must be in 1..12"),
        ("name: x\nevents: 0x_", "a value that cannot be read"),
        ("name: !!python/object/apply:os.system [ls]", "recipe.yaml:1: has a tag (!)"),
        ("name: &a x\nevents: *a", "recipe.yaml:1: anchors and aliases (& and *) are not allowed"),
        ("name: " + "[" * 100_000, "recipe.yaml:1: nested deeper than 20 levels"),
        ("name: x\n" + "#" * 300_000, "more than 256 KB; expected settings"),
    ],
)
def test_what_is_no_recipe_is_refused_with_its_reason(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("seed: 1", "name: is missing"),
        ("name: [x]", "name: expected text, got ['x']"),
        ("name: my model", "name: expected text of the form ^[A-Za-z0-9]"),
        ("name: x\nevents: 1e6.5", "events: expected a whole number, got '1e6.5'"),
        ("name: x\nevents: 2_000_000.5", "events: expected a whole number, got 2000000.5"),
        ("name: x\nevents: [1]", "events: expected a whole number, got [1]"),
        ("name: x\nclip: hard", "clip: expected a number, got 'hard'"),
        ("name: x\nclip: 0", "clip: expected more than 0.0, got 0"),
        ("name: x\nseed: 4294967296", "seed: expected less than 4294967296, got 4294967296"),
        ("name: x\nnetwork: gru", "network: expected settings below it, got 'gru'"),
        ("name: x\nsets: [jazz]", "sets: expected settings below it, got ['jazz']"),
        ("name: x\ntranspose: 5", "transpose: expected a list, such as [a, b], got 5"),
        ("name: x\ntranspose: [-5]", "transpose.1: is missing"),
        ("name: x\ntranspose: [-5, 6, 7]", "transpose: expected at most 2 of them, got [-5, 6, 7]"),
        ("name: x\n5: 6", "5: there is no such setting"),
    ],
)
def test_what_a_value_of_a_recipe_may_be_is_said_in_plain_words(
    tmp_path: Path, line: str, said: str
) -> None:
    assert refusal(tmp_path, f"{line}\n").startswith(said)


def test_each_mistake_that_has_words_is_one_of_pydantic() -> None:
    assert set(EXPECTED) <= set(get_args(ErrorType))


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (
            "{kind: attention, hidden: 256, embed: 128, window: 256}",
            "both are the same multiple of 64",
        ),
        ("{kind: delta, hidden: 200, embed: 200}", "both are the same multiple of 64"),
        ("{kind: attention, hidden: 256, embed: 256}", "looks back over a multiple of 32 events"),
        (
            "{kind: attention, hidden: 256, embed: 256, layers: 4, window: 288}",
            "keep 576 kB of what was heard, at most 512 kB are taken; choose a smaller window or fewer layers",
        ),
    ],
)
def test_an_attention_whose_state_or_sizes_do_not_fit_is_refused(
    tmp_path: Path, network: str, said: str
) -> None:
    lines = refusal(tmp_path, f"name: x\nnetwork: {network}\n").splitlines()

    assert len(lines) == 1 and said in lines[0]


def test_an_attention_of_four_layers_and_256_events_fits() -> None:
    network = NetworkRecipe(kind="attention", hidden=256, embed=256, layers=4, window=256)

    assert 4 * 256 * ROW == MAX_RING_BYTES and network.window == 256


def test_a_bomb_of_aliases_is_refused_before_it_is_built(tmp_path: Path) -> None:
    """Nine levels of nine are a billion values in a message that says what was found."""
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    began = time.process_time()
    said = refusal(tmp_path, "\n".join(["a0: &a0 [lol]", *levels]))

    assert said.endswith(
        "recipe.yaml:1: anchors and aliases (& and *) are not allowed; write the value out"
    )
    assert time.process_time() - began < 1


def test_a_recipe_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"recipe\.yaml: cannot be read \(No such file"):
        read_recipe(tmp_path / "recipe.yaml")


def test_the_learning_rate_warms_up_and_then_falls_to_its_share() -> None:
    recipe = Recipe(name="x", events=100 * 4096, warmup=10, learning_rate=0.5, final_rate=0.1)
    rates = [recipe.rate_at(step) for step in range(recipe.total_steps + 1)]

    assert rates[0] == pytest.approx(0.05)
    assert max(rates) == rates[10] == pytest.approx(0.5)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.05)
