"""Many turns, and how many of them have what must never be heard."""

from collections import Counter
from collections.abc import Sequence

from livegen.scorecard import degeneracy, estimates
from livegen.scorecard.band import Band, take_turn
from livegen.scorecard.card import MODEL, PEOPLE, Card
from livegen.scorecard.held_out_calls import LeadCall, Pair
from livegen.scorecard.playing import PlayedCall


def measure(
    card: Card, band: Band, calls: Sequence[LeadCall], pairs: Sequence[Pair], turns: int
) -> None:
    """Faults by kind, in so many turns over the calls."""
    some = [calls[at % len(calls)] for at in range(turns)]
    found = band.map("turns", take_turn, some, range(turns), chunk=16)
    counted = Counter(kind for faults in found for kind in faults)
    # The answers of people to longer calls are judged alike: a fiddler may well play a figure five times.
    theirs = [degeneracy.faults(PlayedCall(p.call, p.people, p.call.beats)) for p in pairs]
    by_people = Counter(kind for faults in theirs for kind in faults)
    for kind in degeneracy.KINDS:
        columns = {MODEL: estimates.share(counted[kind], turns)}
        if kind != "hanging":
            columns[PEOPLE] = estimates.share(by_people[kind], len(theirs))
        card.add("degeneracies", kind, f"turns with: {kind}", "less", columns)
    columns = {
        MODEL: estimates.share(sum(map(bool, found)), turns),
        PEOPLE: estimates.share(sum(map(bool, theirs)), len(theirs)),
    }
    card.add("degeneracies", "any", "turns with any of these", "less", columns)
    card.facts["degenerate_turns"] = {kind: counted[kind] for kind in degeneracy.KINDS}
