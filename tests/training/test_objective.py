"""The objective: what is scored, and among what."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from livegen.codec.layout import ADVANCE, FIELDS, SOUNDING
from livegen.inference.contract import Query
from livegen.music.parts import DRUMS
from livegen.training.network import INPUTS, Network, NetworkConfig
from livegen.training.objective import COLUMN, Objective, legal_pitches, scored

STEPS, BATCH = 6, 4


def network() -> Network:
    torch.manual_seed(1)
    return Network(NetworkConfig(3, hidden=16, embed=12, head=8, dropout=0.0))


def batch(seed: int) -> list[Tensor]:
    """Rows, targets, style, sounding and keep; anything goes, so that truths are often illegal."""
    chance = torch.Generator().manual_seed(seed)

    def classes(size: int, *shape: int) -> Tensor:
        return torch.randint(size, shape, generator=chance)

    rows, targets = (
        torch.stack([classes(size, STEPS, BATCH) for size in INPUTS.values()], -1) for _ in "ab"
    )
    targets[..., COLUMN["before"]] = classes(128, STEPS, BATCH)
    targets[0, 0, COLUMN["time"]] = ADVANCE
    sounding = classes(2, STEPS, BATCH, SOUNDING).bool()
    return [rows, targets, classes(3, STEPS, BATCH), sounding, torch.ones(STEPS, BATCH, 1)]


def judge(seed: int, masked: bool) -> tuple[dict[str, Tensor], dict[str, Tensor], list[Tensor]]:
    objective, inputs = Objective(network()), batch(seed)
    everyone = torch.full((BATCH,), masked)
    with torch.no_grad():
        nats, hits, _ = objective(*inputs, objective.network.initial_state(BATCH), everyone)
    return nats, hits, inputs


def test_an_end_may_have_what_sounds_and_an_onset_what_does_not() -> None:
    sounding = torch.zeros(SOUNDING, dtype=torch.bool)
    sounding[1 * 128 + 60] = sounding[2 * 128 + 40] = True
    for part in range(4):
        sounds = {1: {60}, 2: {40}}.get(part, set())  # drums never do
        for on, expected in ((0, sounds), (1, set(range(128)) - sounds)):
            found = legal_pitches(sounding, torch.tensor(part), torch.tensor(on))
            assert set(found.nonzero().flatten().tolist()) == expected


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_the_truth_is_never_called_impossible(seed: int) -> None:
    nats, _, _ = judge(seed, masked=True)

    assert all(torch.isfinite(lost).all() for lost in nats.values())
    assert all((lost >= 0).all() for lost in nats.values())


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_each_field_is_scored_where_it_means_something(seed: int) -> None:
    nats, hits, (_, targets, *_) = judge(seed, masked=False)
    where = scored(targets)
    for t in range(STEPS):
        for b in range(BATCH):
            time, _, on, *_ = targets[t, b].tolist()
            means = {"time"} if time == ADVANCE else {"time", "part", "on", "pitch"}
            means |= {"velocity"} if on and time != ADVANCE else set()
            assert {name for name, flags in where.items() if flags[t, b]} == means
            assert {name for name, lost in nats.items() if lost[t, b]} == means
            assert {name for name, hit in hits.items() if hit[t, b]} <= means


def test_without_masks_the_loss_is_plain_cross_entropy_of_the_heads() -> None:
    nats, hits, (rows, targets, style, sounding, keep) = judge(3, masked=False)
    own = network()
    state = own.initial_state(BATCH)
    summary, _ = own(rows, style, sounding.float(), keep, state)
    query = {name: targets[..., COLUMN[name]] for name in Query._fields}
    for field, where in scored(targets).items():
        logits, target = own.head(field, summary, query), targets[..., COLUMN[field]]
        expected = functional.cross_entropy(logits.movedim(-1, 1), target, reduction="none")

        torch.testing.assert_close(nats[field], (expected * where).detach())
        assert torch.equal(hits[field], (logits.argmax(-1) == target) & where)


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_masks_touch_only_on_and_pitch_and_never_make_a_truth_less_likely(seed: int) -> None:
    free, _, _ = judge(seed, masked=False)
    masked, _, _ = judge(seed, masked=True)
    for field in FIELDS:
        if field in ("on", "pitch"):
            assert (masked[field] <= free[field] + 1e-5).all()
        else:
            assert torch.equal(masked[field], free[field])


def test_where_nothing_sounds_an_onset_is_certain() -> None:
    objective, inputs = Objective(network()), batch(5)
    inputs[3][:] = False
    inputs[1][..., COLUMN["on"]] = 1
    everyone = torch.ones(BATCH, dtype=torch.bool)
    nats, _, _ = objective(*inputs, objective.network.initial_state(BATCH), everyone)

    assert nats["on"].abs().max().item() == 0


def test_drums_never_end() -> None:
    """Drum pitches start whatever sounds, so on/off tells nothing of them."""
    objective, inputs = Objective(network()), batch(6)
    inputs[1][..., COLUMN["part"]], inputs[1][..., COLUMN["on"]] = DRUMS, 1
    everyone = torch.ones(BATCH, dtype=torch.bool)
    nats, _, _ = objective(*inputs, objective.network.initial_state(BATCH), everyone)
    uniform = nats["pitch"][inputs[1][..., COLUMN["time"]] != ADVANCE].mean().item()

    assert nats["on"].abs().max().item() == 0
    assert abs(uniform - math.log(128)) < 1  # all 128 are open to it
