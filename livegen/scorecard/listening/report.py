"""A listening test in sentences that a musician understands, and as figures."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from livegen.scorecard import estimates
from livegen.scorecard.estimates import Estimate
from livegen.scorecard.listening.preferences import (
    SURE,
    Duel,
    Judgement,
    alpha,
    duels,
    needed,
    strengths,
    toss,
)
from livegen.scorecard.listening.results import PERSON, Listening
from livegen.scorecard.listening.trials import PEOPLE

MARGINS = (0.6, 0.7, 0.8)  # for which it is said how many judgements they need
FEW_JUDGES = 3  # fewer say of other people next to nothing
# Landis and Koch 1977: names for how much judges agree, from this much on.
AGREEMENT = ((0.6, "much"), (0.4, "moderately"), (0.2, "a little"), (-1.0, "hardly or not at all"))


def figures(test: Listening, seed: int = 0) -> dict[str, Any]:
    """Everything that is reported, fit for JSON; None for what cannot be said."""
    judgements = test.judgements()
    first, second = test.heard_first()
    persons = test.judgements(PERSON)
    return {
        "judges": [judge.name for judge in test.judges],
        "judgements": len(judgements),
        "pairs": [_pair(duel) for duel in duels(judgements)],
        "strengths": {name: _estimate(one) for name, one in strengths(judgements, seed).items()},
        "agreement": _agreed(test, judgements),
        "first_heard": {"first": first, "second": second, "chance": toss(first, first + second)},
        "person": _person(persons) if persons else None,
        "needed": {f"{margin:.0%}": needed(margin) for margin in MARGINS},
    }


def _pair(duel: Duel) -> dict[str, Any]:
    return asdict(duel) | {"share": _estimate(duel.share), "winner": duel.winner}


def _estimate(one: Estimate | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return asdict(one)


def _person(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Count how often the person was told from the model: right, wrong, and neither."""
    right = sum(one.said == PEOPLE for one in judgements)
    neither = sum(not one.said for one in judgements)
    wrong = len(judgements) - right - neither
    return {
        "right": right,
        "wrong": wrong,
        "neither": neither,
        "share": _estimate(estimates.share(right, right + wrong)),
        "chance": toss(right, right + wrong),
    }


def lines(test: Listening) -> Iterator[str]:
    """The report for people, line by line."""
    judgements = test.judgements()
    judges = sorted({one.judge for one in judgements})
    if not judgements:
        yield (
            f"Nobody has judged yet: {len(test.trials)} pairs of {', '.join(test.sources)} are waiting."
        )
        return
    yield (
        f"{_count(len(judges), 'judge')}, {_count(len(judgements), 'judgement')} of {len(test.trials)} pairs: "
        f"{', '.join(test.sources)}."
    )
    if len(judges) < FEW_JUDGES:
        yield "With so few judges, nothing can be said about other listeners."
    yield ""
    yield "Which is preferred?"
    found = duels(judgements)
    for duel in found:
        yield f"* {_told(duel)}"
    if len(found) > 1:
        yield "  (Chances are corrected for so many questions at once: Holm 1979.)"
    yield from _strengths(judgements, len(judges))
    if persons := test.judgements(PERSON):
        yield ""
        yield "Which is the person?"
        yield f"* {_recognised(_person(persons))}"
    yield ""
    yield "Can it be trusted?"
    yield f"* {_agreement(_agreed(test, judgements))}"
    yield f"* {_order(*test.heard_first())}"
    yield f"* {_enough(found)}"


def _told(duel: Duel) -> str:
    (one, other), (more, fewer) = duel.pair, duel.wins
    share = duel.share
    if share is None:
        return f"{one} or {other}: {_count(duel.ties, 'judgement')}, each without a difference. {UNTOLD}"
    counted = (
        f"{one} or {other}: {more} for {one}, {fewer} for {other}, {duel.ties} without a difference. "
        f"Of those with a preference {share.value:.0%} are for {one} "
        f"(95 % interval {share.low:.0%} to {share.high:.0%}); "
        f"chance alone gives such a result {_odds(duel.corrected)}."
    )
    return f"{counted} {f'{duel.winner} is preferred.' if duel.winner else UNTOLD}"


UNTOLD = "No difference was found."


def _odds(chance: float) -> str:
    """Say how often something happens by chance, in words."""
    if chance > 0.5:
        return "more often than not"
    if chance < 1e-6:
        return "less than once in a million tests"
    return f"once in {round(1 / chance):,} tests"


def _strengths(judgements: Sequence[Judgement], judges: int) -> Iterator[str]:
    yield ""
    yield "How strong is each (Bradley and Terry 1952)? On average it would be preferred to another"
    ranked = sorted(strengths(judgements).items(), key=lambda row: -row[1].value)
    for name, one in ranked:
        yield f"* {name}: {one.value:.0%} of the time (95 % interval {one.low:.0%} to {one.high:.0%})"
    if judges < FEW_JUDGES:
        yield "  (The intervals hold for these judges alone.)"


def _recognised(person: dict[str, Any]) -> str:
    right, wrong, neither = person["right"], person["wrong"], person["neither"]
    if person["share"] is None:
        return f"{_count(neither, 'time')} nobody could tell. {UNTOLD}"
    share = person["share"]
    verdict = UNTOLD
    if person["chance"] < SURE:
        verdict = (
            "The person is recognised." if right > wrong else "The model is taken for the person."
        )
    return (
        f"Right {_count(right, 'time')}, wrong {_count(wrong, 'time')}, could not tell {_count(neither, 'time')}: "
        f"{share['value']:.0%} right (95 % interval {share['low']:.0%} to {share['high']:.0%}), where guessing "
        f"gives 50 %; chance alone gives such a result {_odds(person['chance'])}. {verdict}"
    )


def _agreed(test: Listening, judgements: Sequence[Judgement]) -> float | None:
    """Krippendorff's alpha of which of a trial's two answers was meant, whichever source that is.

    By sources, a source that all prefer would be what chance agrees on.
    """
    orders = [test.trials[one.item].order for one in judgements]
    return alpha(
        one._replace(said=f"{order.index(one.said)}" if one.said else "")
        for one, order in zip(judgements, orders, strict=True)
    )


def _agreement(found: float | None) -> str:
    if found is None:
        return "Whether judges agree cannot be said: no pair has two judges who differ from others."
    word = next(word for least, word in AGREEMENT if found >= least or least == -1.0)
    return (
        f"Judges agree {word} (Krippendorff's alpha {found:.2f}: 1 is one opinion, 0 is chance). "
        "Where they do not, tastes differ or there is little to hear."
    )


def _order(first: int, second: int) -> str:
    chance = toss(first, first + second)
    leans = (
        "That is more than chance: judges favour one place. As each source is heard first half of the time, "
        "that hides differences and makes none."
        if chance < SURE
        else "That is within chance."
    )
    return f"What was heard first was preferred {_count(first, 'time')}, what was heard second {second}. {leans}"


def _enough(found: Sequence[Duel]) -> str:
    margins = ", ".join(
        f"{needed(m)} to find {round(100 * m)} : {round(100 * (1 - m))}" for m in MARGINS
    )
    fewest = min(duel.told for duel in found)
    return (
        f"Of judgements with a preference it takes about {margins} (4 of 5 such tests find it, "
        f"1 of 20 finds what is not there); the least judged two sources have {fewest}."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
