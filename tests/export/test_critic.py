"""The critic is taught what it is asked on stage, and asked as it was taught."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import torch

from export.critic import (
    BATCH,
    Batch,
    Case,
    Network,
    closing,
    material,
    packed,
    seen,
    spoiled,
    trained,
)
from livegen.errors import ConfigError
from livegen.music.melody.critic import CriticWeights, ReplyBars, on_lines, score

BAR, STRONG = 96, 48


def melody(chance: Random, begin: int, steps: tuple[int, ...]) -> list[tuple[int, int]]:
    pitches = [60 + 12 * chance.randrange(2)]
    for _ in range(14):
        pitches.append(pitches[-1] + chance.choice(steps))
    return [(begin + 24 * at, pitch) for at, pitch in enumerate(pitches)]


def case(number: int) -> Case:
    """A call to which people reply by steps, and a model by leaps."""
    chance = Random(number)
    replies = [melody(chance, 0, (-2, 2)), *(melody(chance, 0, (-7, 7)) for _ in range(3))]
    return Case(
        f"set/{number}",
        melody(chance, -384, (-2, 2)),
        replies,
        [0.0] * 3,
        336,
        ReplyBars(BAR, STRONG),
    )


@pytest.fixture(scope="module")
def network() -> Network:
    return trained([seen(case(number)) for number in range(BATCH)], seed=1, epochs=8)


def test_the_network_learns_to_tell_people(network: Network) -> None:
    with torch.no_grad():
        told = [network(Batch.of([seen(case(number))])) for number in range(1000, 1030)]

    assert sum(int(scores.argmax()) == 0 for scores in told) >= 25


def test_served_it_says_what_it_was_taught(network: Network) -> None:
    networks = [network, Network().eval()]
    weights, some = CriticWeights(**packed(networks)), seen(case(5))
    with torch.no_grad():
        told = torch.stack([one(Batch.of([some])) for one in networks]).mean(0)

    assert [score(*reply, weights) for reply in some] == pytest.approx(told.tolist(), abs=1e-4)


def test_a_reply_is_judged_alike_beside_longer_ones(network: Network) -> None:
    some, short = seen(case(5)), seen(case(6)._replace(replies=[case(6).replies[0][:3]]))
    with torch.no_grad():
        alone, together = network(Batch.of([short])), network(Batch.of([some, short]))

    assert float(alone[0]) == pytest.approx(float(together[-1]), abs=1e-5)


def test_spoiled_replies_begin_and_close_where_the_others_do() -> None:
    one = case(3)
    found = spoiled(one)

    assert all(reply[0][0] == 0 and reply[-1][0] == one.until for reply in found)
    assert all(reply == on_lines(reply, one.until) for reply in found)
    assert all(reply not in one.replies for reply in found)
    assert found == spoiled(one)


@pytest.mark.parametrize(
    ("metre", "bars", "until"), [("4/4", 4, 336), ("3/4", 2, 72), ("2/2", 2, 144), ("6/8", 4, 216)]
)
def test_replies_are_looked_at_up_to_their_last_strong_beat(
    metre: str, bars: int, until: int
) -> None:
    assert closing(metre, bars)[1] == until


def test_material_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    file, made = tmp_path / "runs" / "critic.jsonl", list[int]()

    def make() -> Iterator[Case | None]:
        for number in range(4):
            made.append(number)
            yield case(number) if number != 1 else None

    first = material(file, make, 4)
    assert [one.piece for one in first] == ["set/0", "set/2", "set/3"]
    assert material(file, lambda: iter(()), 4) == first
    assert made == [0, 1, 2, 3]


def test_material_that_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "critic.jsonl"
    whole = material(file, lambda: iter([case(0), case(1), case(2)]), 3)
    file.write_text("\n".join(file.read_text().splitlines()[:2]) + "\n")

    assert material(file, lambda: iter([case(0), case(1), case(2)]), 3) == whole


@pytest.mark.parametrize("text", ["no material", json.dumps({"piece": "x"}), "[1, 2]"])
def test_a_file_of_something_else_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(text + "\n")

    with pytest.raises(ConfigError, match=r"notes\.txt holds no material of the critic; ") as error:
        material(file, lambda: iter(()), 1)
    assert "\n" not in str(error.value)
    assert file.read_text() == text + "\n"
