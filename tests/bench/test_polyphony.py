"""The published metric, and that what it scores is a distribution over frames that knows only the past."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from bench.polyphony.__main__ import PUBLISHED, TITLES, main, table
from bench.polyphony.batches import Steps, Streams, whole
from bench.polyphony.network import (
    END,
    REACH,
    Config,
    Independent,
    Joint,
    Network,
    events,
    lowest,
    unwound,
    window,
)
from bench.polyphony.rolls import (
    FILES,
    KEYS,
    Roll,
    frames_of,
    recall,
    roll,
    shifts,
    transposed,
)
from bench.polyphony.score import nats_and_frames, nats_per_frame
from bench.polyphony.training import FAMILIES, RECIPES, Recipe, recipe_of, train

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = Config(hidden=12, head=16, layers=2)


def piece(*chords: Sequence[int]) -> Roll:
    """A piece from lists of MIDI pitches."""
    return roll(frames_of(chords))


def by_chance(frames: int, seed: int) -> Roll:
    """A piece of random chords that come back now and then."""
    rng = np.random.default_rng(seed)
    chords = [
        sorted(rng.choice(np.arange(48, 72), rng.integers(0, 5), replace=False)) for _ in range(6)
    ]
    return piece(*(chords[number] for number in rng.integers(0, 6, frames)))


def network(config: Config = SMALL, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return Network(config).eval()


class OneNatANote:
    """Asks as many nats as the frame has notes, so that sums can be done by hand."""

    def initial_state(self, streams: int) -> Tensor:
        return torch.zeros(1, streams, 1)

    def __call__(self, steps: Steps, state: Tensor) -> tuple[Tensor, Tensor]:
        return steps.target[steps.scored].sum(-1).float(), state


# --- the metric ---------------------------------------------------------------------------------------------------


def test_frames_weigh_alike_and_first_frames_are_not_scored() -> None:
    short = piece([60, 64, 67], [60, 64, 67, 72])  # one predicted frame: 4
    long = piece([60], [], [62], [62, 65], [64])  # four: 0 + 1 + 2 + 1
    lone = piece([60, 64])  # none
    assert nats_and_frames(OneNatANote(), [short, long, lone]) == (8.0, 5)
    assert (
        nats_per_frame(OneNatANote(), [short, long, lone]) == 8 / 5
    )  # by pieces it would be (4 + 1) / 2


def test_a_coin_for_each_key_costs_88_times_the_logarithm_of_two() -> None:
    config = replace(SMALL, family="independent", recall=False, relative=False)
    blind = network(config)
    assert isinstance(blind.head, Independent)
    torch.nn.init.zeros_(blind.head.out.weight)
    torch.nn.init.zeros_(blind.head.out.bias)
    assert nats_per_frame(blind, [by_chance(9, 0)]) == pytest.approx(KEYS * math.log(2), rel=1e-6)


def test_independent_keys_cost_what_the_formula_says() -> None:
    config = replace(SMALL, family="independent", hidden=1)
    head = Independent(config)
    torch.nn.init.zeros_(head.out.weight)
    with torch.no_grad():
        head.out.bias.copy_(torch.full((KEYS,), math.log(1 / 3)))  # p = 1/4 for every key
    target = torch.zeros(1, KEYS, dtype=torch.bool)
    target[0, [3, 30]] = True
    nats = head(torch.zeros(1, 1), torch.zeros(1, 2, KEYS), target)
    assert nats.item() == pytest.approx(-2 * math.log(1 / 4) - 86 * math.log(3 / 4), rel=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_pieces_side_by_side_are_scored_as_each_alone(family: str) -> None:
    pieces = [by_chance(length, length) for length in (7, 2, 30, 1, 12)]
    scored = network(replace(SMALL, family=family))
    together = nats_and_frames(scored, pieces)
    alone = [nats_and_frames(scored, [one]) for one in pieces]
    assert together[1] == sum(frames for _, frames in alone) == 6 + 1 + 29 + 0 + 11
    assert together[0] == pytest.approx(sum(nats for nats, _ in alone), rel=1e-5)


# --- a distribution over frames -----------------------------------------------------------------------------------


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("keys", [1, 5, 8])
def test_probabilities_of_all_sets_of_keys_sum_to_one(keys: int, relative: bool) -> None:
    torch.manual_seed(keys)
    head = Joint(replace(SMALL, relative=relative), keys=keys).eval()
    for weight in head.parameters():
        torch.nn.init.normal_(weight, std=0.7)  # far from uniform
    frames = torch.tensor(list(itertools.product((False, True), repeat=keys)))  # (2^K, K)
    summary = torch.randn(1, SMALL.hidden).expand(len(frames), -1)
    context = torch.randint(0, 2, (1, 2, keys)).float().expand(len(frames), -1, -1)
    probabilities = torch.exp(-head(summary, context, frames).double())
    assert probabilities.sum().item() == pytest.approx(1, abs=1e-5)
    assert probabilities.std() > 0


def test_a_frame_is_spelt_upwards_with_an_end_behind_it() -> None:
    frames = torch.tensor([[0, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 1]]).bool()
    spelt = events(frames, 5)
    assert spelt.frame.tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert spelt.target.tolist() == [1, 3, 5, 5, 0, 4, 5]
    assert spelt.last.tolist() == [-1, 1, 3, -1, -1, 0, 4]
    assert spelt.below.int().tolist() == [
        [0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 1, 0, 1, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [1, 0, 0, 0, 1],
    ]


def test_uniform_events_cost_the_number_of_legal_ones() -> None:
    head = Joint(replace(SMALL, relative=False), keys=5).eval()
    for weight in head.parameters():
        torch.nn.init.zeros_(weight)
    frames = torch.tensor([[0, 1, 0, 1, 0], [0, 0, 0, 0, 1]]).bool()
    nats = head(torch.zeros(2, SMALL.hidden), torch.zeros(2, 2, 5), frames)
    # Six are legal at first; above key 1 three keys and the end, above key 3 two; above key 4 the end alone.
    assert nats.tolist() == pytest.approx([math.log(6 * 4 * 2), math.log(6 * 1)], rel=1e-6)


def test_the_lowest_note_is_found_and_silence_has_the_middle() -> None:
    frames = torch.zeros(3, KEYS)
    frames[0, [40, 50]] = frames[1, [0, 87]] = 1
    assert lowest(frames).tolist() == [40, 0, KEYS // 2]


def test_a_window_shows_what_is_so_far_from_its_key() -> None:
    seen = torch.zeros(1, 1, KEYS)
    seen[0, 0, [2, 9]] = 1
    shown = window(seen, torch.tensor([4])).nonzero()
    assert (shown[:, 2] - REACH).tolist() == [-2, 5]


def test_scores_of_distances_come_to_their_keys() -> None:
    steps = torch.arange(-REACH, REACH + 1).float()[None]  # the score of a distance is the distance
    scores = unwound(steps, torch.tensor([40]), KEYS)[0]
    assert scores[40 - REACH : 41 + REACH].tolist() == steps[0].tolist()
    assert not scores[: 40 - REACH].any() and not scores[41 + REACH :].any()
    assert len(scores) == KEYS + 1 and scores[END] == 0


# --- the past alone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("changed", [1, 5, 19])
def test_a_frame_reaches_neither_its_own_prediction_nor_an_earlier_one(
    family: str, changed: int
) -> None:
    before = by_chance(20, 1)
    frames = before.frames.copy()
    frames[changed:] = 1 - frames[changed:]
    after = roll(frames)
    (first,), (second,) = whole([before]), whole([after])
    heard = slice(0, changed)  # what is known when frame `changed` is predicted
    for name in ("now", "recalled", "match", "place", "keep"):
        assert torch.equal(getattr(first, name)[heard], getattr(second, name)[heard])
    scored = network(replace(SMALL, family=family))
    state = scored.initial_state(1)
    summaries = [scored.trunk(steps, state)[0][heard] for steps in (first, second)]
    assert torch.equal(*summaries)
    earlier = slice(0, changed - 1)  # predictions of frames 1 .. changed - 1
    assert torch.equal(scored(first, state)[0][earlier], scored(second, state)[0][earlier])


def test_gradients_of_a_prediction_reach_the_past_alone() -> None:
    (steps,) = whole([by_chance(12, 3)])
    steps = steps._replace(
        now=steps.now.clone().requires_grad_(), recalled=steps.recalled.clone().requires_grad_()
    )
    scored = network()
    nats, _ = scored(steps, scored.initial_state(1))
    nats[5].backward()  # of frame 6, when frame 5 is the last that was heard
    for heard in (steps.now.grad, steps.recalled.grad):
        assert heard is not None
        assert heard[:6].abs().sum() > 0 and not heard[6:].any()


def test_recall_shows_what_followed_the_longest_match() -> None:
    a, b, c, d = [60], [62], [64], [65]
    frames = frames_of([a, b, c, a, b, d, a, b])
    recalled, match = recall(frames)
    # After the second a: once before, followed by b.  After "a b": followed by c.  Of two matches "a b" of the same
    # length the later counts: followed by d.
    nothing = np.zeros(KEYS, np.uint8)
    expected = [nothing, nothing, nothing, *frames_of([b, c])[:2], nothing, *frames_of([b, d])]
    assert recalled.tolist() == np.stack(expected).tolist()
    assert match.tolist() == [0, 0, 0, 1, 2, 0, 1, 2]


def test_recall_takes_a_longer_match_before_a_later_one() -> None:
    a, b, c, d = [60], [62], [64], [65]
    frames = frames_of([a, b, c, d, b, d, a, b])
    recalled, match = recall(frames)
    assert recalled[-1].tolist() == frames_of([c])[0].tolist()
    assert match[-1] == 2


def test_a_held_chord_is_recalled_as_held() -> None:
    recalled, match = recall(frames_of([[60]] * 4))
    assert recalled.tolist() == [[0] * KEYS, *frames_of([[60]] * 3).tolist()]
    assert match.tolist() == [0, 1, 2, 3]


# --- transposition and streams ------------------------------------------------------------------------------------


def test_transpositions_keep_every_note_on_the_keyboard() -> None:
    high = piece([100, 107], [60])
    assert list(shifts(high, 6)) == [-6, -5, -4, -3, -2, -1, 0, 1]
    assert list(shifts(piece([21], [108]), 6)) == [0]
    assert list(shifts(piece([], []), 6)) == [0]


def test_a_transposed_piece_recalls_what_is_recalled_in_it_anew() -> None:
    low = by_chance(40, 2)
    high = transposed(low, 5)
    anew = roll(np.roll(low.frames, 5, axis=1))
    assert np.array_equal(high.recalled, anew.recalled)
    assert np.array_equal(high.match, anew.match)


def test_streams_go_through_whole_pieces_across_cuts() -> None:
    only = by_chance(11, 4)  # ten steps
    streams = Streams([only], streams=2, steps=4, farthest=0, seed=0)
    chunks = [streams.next() for _ in range(5)]  # twenty steps: two passes
    (expected,) = whole([only])
    for name in ("now", "recalled", "match", "place", "target", "scored", "keep"):
        read = torch.cat([getattr(chunk, name) for chunk in chunks])
        once = getattr(expected, name)[:, 0]
        for stream in range(2):
            assert torch.equal(read[:, stream], torch.cat((once, once)))


def test_the_state_goes_on_across_cuts_and_begins_anew_with_a_piece() -> None:
    only = by_chance(11, 4)
    scored = network()
    (steps,) = whole([only])
    expected, _ = scored(steps, scored.initial_state(1))
    streams, state = (
        Streams([only], streams=1, steps=4, farthest=0, seed=0),
        scored.initial_state(1),
    )
    nats = []
    for _ in range(5):
        chunk, state = scored(streams.next(), state)
        nats.append(chunk)
    assert torch.allclose(torch.cat(nats), torch.cat((expected, expected)), atol=1e-5)


# --- training and the table ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_a_short_training_learns_and_repeats_itself(family: str) -> None:
    pieces = {"train": [by_chance(20, n) for n in range(6)], "valid": [by_chance(20, 9)]}
    recipe = Recipe(
        replace(SMALL, family=family), passes=20, streams=2, steps=16, warm_up=5, checks=2
    )
    silent: list[str] = []
    trained, figures = train(pieces, recipe, 3, silent.append)
    again, _ = train(pieces, recipe, 3, silent.append)
    assert len(silent) == 4
    valid = nats_per_frame(trained, pieces["valid"])
    assert valid == pytest.approx(figures["valid"], abs=1e-3)
    assert valid == nats_per_frame(again, pieces["valid"])
    assert valid < 0.8 * nats_per_frame(network(recipe.config), pieces["valid"])


def test_every_set_has_a_recipe_and_a_title() -> None:
    assert set(RECIPES) == {(name, family) for name in FILES for family in FAMILIES}
    assert set(TITLES) == set(FILES)
    assert set(PUBLISHED) == set(FAMILIES)
    assert recipe_of("jsb", "joint", 1.5).minutes == 1.5


def test_a_folder_without_the_sets_is_refused_in_a_line(tmp_path: Path) -> None:
    ran = CliRunner().invoke(main, ["--data", str(tmp_path)])

    assert ran.exit_code == 2 and "JSB_Chorales.json is not there" in ran.output


def test_what_was_not_measured_is_said_so() -> None:
    run = {
        "set": "jsb",
        "family": "joint",
        "parameters": 1000,
        "minutes": 2.0,
        "passes": 3,
        "frames": 4648,
        "load": 2.5,
    }
    runs = [
        run | {"seed": 0, "valid": 5.0, "test": 5.1},
        run | {"seed": 1, "valid": 5.2, "test": 5.3},
    ]
    shown = table(runs)
    assert (
        "**5.20 (5.10 to 5.30)** | **not measured** | **not measured** | **not measured** |"
        in shown
    )
    assert "| 2 | 1,000 | 2.0 | 3 | 5.10 (5.00 to 5.20) | 5.20 (5.10 to 5.30) | 4,648 |" in shown
