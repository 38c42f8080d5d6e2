"""Statistics of pairs, against figures that others have published or that are worked out by hand."""

import numpy as np
import pytest

from livegen.scorecard.listening import preferences
from livegen.scorecard.listening.preferences import Judgement

# Krippendorff 2011, section C: four observers, twelve units, nominal, alpha .743.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def judged(pair: tuple[str, str], said: list[str], judge: str = "Ann") -> list[Judgement]:
    return [Judgement(judge, item, pair, one) for item, one in enumerate(said)]


def evening(
    chances: dict[tuple[str, str], float], judges: int, each: int, ties: float = 0.0
) -> list[Judgement]:
    """Judges with known preferences: how often the first of a pair is preferred."""
    rng, found = np.random.default_rng(7), []
    for judge in range(judges):
        for item in range(each):
            pair = list(chances)[item % len(chances)]
            said = pair[0] if rng.random() < chances[pair] else pair[1]
            found.append(Judgement(f"{judge}", item, pair, "" if rng.random() < ties else said))
    return found


def test_a_coin_comes_down_as_unevenly_as_the_binomial_distribution_says() -> None:
    assert preferences.toss(5, 10) == 1.0
    assert preferences.toss(0, 5) == pytest.approx(2 / 32)
    assert preferences.toss(9, 10) == preferences.toss(1, 10) == pytest.approx(2 * 11 / 1024)
    assert preferences.toss(0, 0) == 1.0


def test_several_tests_at_once_are_corrected() -> None:
    assert preferences.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_ties_are_counted_and_left_out_of_the_test() -> None:
    (duel,) = preferences.duels(judged(("a", "b"), ["a"] * 9 + ["b"] + [""] * 30))

    assert (duel.wins, duel.ties, duel.winner) == ((9, 1), 30, "a")
    assert duel.chance == preferences.toss(1, 10)
    assert duel.share is not None and duel.share.value == 0.9
    assert (round(duel.share.low, 3), round(duel.share.high, 3)) == (0.596, 0.982)  # Wilson's


def test_a_narrow_margin_needs_more_judgements_than_a_wide_one() -> None:
    # By hand: ((.98 + .8416 * .4899) / .1)^2 = 193.8, ((.98 + .8416 * .4) / .3)^2 = 19.3
    assert preferences.needed(0.6) == 194
    assert preferences.needed(0.8) == preferences.needed(0.2) == 20


def test_as_many_judgements_as_are_needed_find_four_of_five_differences() -> None:
    rng, count = np.random.default_rng(1), preferences.needed(0.65)
    found = [preferences.toss(int(k), count) < 0.05 for k in rng.binomial(count, 0.65, 2000)]

    assert 0.72 < np.mean(found) < 0.86


def test_known_preferences_are_found_with_their_strengths() -> None:
    # Strengths 4, 2, 1.
    chances = {("a", "b"): 4 / 6, ("a", "c"): 4 / 5, ("b", "c"): 2 / 3}
    judgements = evening(chances, judges=20, each=60)

    assert [duel.winner for duel in preferences.duels(judgements)] == ["a", "a", "b"]
    found = preferences.strengths(judgements)
    for name, true in {
        "a": (4 / 6 + 4 / 5) / 2,
        "b": (2 / 6 + 2 / 3) / 2,
        "c": (1 / 5 + 1 / 3) / 2,
    }.items():
        assert found[name].value == pytest.approx(true, abs=0.05)
        assert found[name].low < true < found[name].high


def test_of_coins_nothing_is_told() -> None:
    judgements = evening({("a", "b"): 0.5}, judges=6, each=24, ties=0.2)

    (duel,) = preferences.duels(judgements)
    assert duel.winner is None
    found = preferences.strengths(judgements)
    assert all(one.low < 0.5 < one.high for one in found.values())
    agreement = preferences.alpha(judgements)
    assert agreement is not None and abs(agreement) < 0.15


def test_two_sources_are_as_strong_as_their_shares() -> None:
    found = preferences.strengths(judged(("a", "b"), ["a"] * 60 + ["b"] * 20 + [""] * 20))

    assert found["a"].value == pytest.approx(0.7, abs=0.005)  # ties are half a win for each
    assert found["a"].value + found["b"].value == pytest.approx(1.0)


def test_who_never_lost_is_not_infinitely_strong() -> None:
    found = preferences.strengths(judged(("a", "b"), ["a"] * 6))

    assert 0.9 < found["a"].value < 1.0


def test_judges_who_differ_leave_more_open_than_one_who_answers_as_often() -> None:
    one = judged(("a", "b"), (["a"] * 3 + ["b"]) * 20)
    many = [
        judgement
        for judge in range(8)
        for judgement in judged(("a", "b"), ["b" if judge in (3, 6) else "a"] * 10, f"{judge}")
    ]
    alone, differing = (preferences.strengths(some)["a"] for some in (one, many))

    assert alone.value == pytest.approx(differing.value)
    assert differing.high - differing.low > 2 * (alone.high - alone.low)


def test_agreement_is_that_of_the_published_example() -> None:
    judgements = [
        Judgement(f"{who}", item, ("a", "b"), said)
        for who, row in enumerate(OBSERVERS)
        for item, said in enumerate(row.split())
        if said != "."
    ]

    assert preferences.alpha(judgements) == pytest.approx(0.743, abs=5e-4)


def test_one_judge_agrees_with_nobody() -> None:
    assert preferences.alpha(judged(("a", "b"), ["a", "b"])) is None
    assert preferences.alpha([]) is None
