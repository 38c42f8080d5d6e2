"""The singing of lyrics, as a person would sing them: syllables counted, stresses on strong beats, line ends.

    python -m bench.lyrics

Lines of songs and poems in the public domain, divided and stressed by hand; none of them was looked at while the rules
were written.  *Even* is the simpler way, a quarter for each syllable from the bar line on, in 4/4.  Intervals are of
resampled lines (bootstrap, 95 %), of lines counted and lines that end long Wilson's.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from bench.tables import keep, kept, table, told
from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT, Metre
from livegen.music.words.syllables import lines_of
from livegen.music.words.word_rhythm import LAST, SungNote, rhythm_for, strength
from livegen.scorecard.estimates import ratio, share

# A line as it is written, and as it is sung: syllables apart, stressed ones in capitals.
ENGLISH = (
    ("Hark! the herald angels sing", "HARK the HER ald AN gels SING"),
    ("Abide with me, fast falls the eventide", "a BIDE with ME fast FALLS the E ven TIDE"),
    ("Drink to me only with thine eyes", "DRINK to me ON ly WITH thine EYES"),
    (
        "Flow gently, sweet Afton, among thy green braes",
        "flow GENT ly sweet AF ton a MONG thy green BRAES",
    ),
    ("The boy stood on the burning deck", "the BOY stood ON the BURN ing DECK"),
    ("I met a traveller from an antique land", "i MET a TRAV el ler FROM an AN tique LAND"),
    (
        "Half a league, half a league, half a league onward",
        "HALF a league HALF a league HALF a league ON ward",
    ),
    ("She walks in beauty, like the night", "she WALKS in BEAU ty LIKE the NIGHT"),
    ("Tell me not, in mournful numbers", "TELL me NOT in MOURN ful NUM bers"),
    ("Listen, my children, and you shall hear", "LIS ten my CHIL dren and YOU shall HEAR"),
    ("Hope is the thing with feathers", "HOPE is the THING with FEATH ers"),
    ("The sun was shining on the sea", "the SUN was SHIN ing ON the SEA"),
    (
        "O Captain! my Captain! our fearful trip is done",
        "o CAP tain my CAP tain our FEAR ful TRIP is DONE",
    ),
    (
        "Oh Danny boy, the pipes, the pipes are calling",
        "oh DAN ny BOY the PIPES the PIPES are CALL ing",
    ),
    ("Deck the halls with boughs of holly", "DECK the HALLS with BOUGHS of HOL ly"),
    ("Are you going to Scarborough Fair", "ARE you GO ing to SCAR bor ough FAIR"),
    ("Rock of ages, cleft for me", "ROCK of A ges CLEFT for ME"),
    (
        "Mine eyes have seen the glory of the coming of the Lord",
        "mine EYES have SEEN the GLO ry OF the COM ing OF the LORD",
    ),
    (
        "The Assyrian came down like the wolf on the fold",
        "the as SYR i an came DOWN like the WOLF on the FOLD",
    ),
    ("Beautiful dreamer, wake unto me", "BEAU ti ful DREAM er WAKE un to ME"),
)
GERMAN = (
    ("Guten Abend, gut Nacht, mit Rosen bedacht", "GU ten A bend gut NACHT mit RO sen be DACHT"),
    (
        "O Tannenbaum, o Tannenbaum, wie treu sind deine Blätter",
        "o TAN nen BAUM o TAN nen BAUM wie TREU sind DEI ne BLÄT ter",
    ),
    ("Ich weiß nicht, was soll es bedeuten", "ich WEISS nicht was SOLL es be DEU ten"),
    ("Sah ein Knab ein Röslein stehn", "SAH ein KNAB ein RÖS lein STEHN"),
    ("Kommt ein Vogel geflogen", "KOMMT ein VO gel ge FLO gen"),
)


SHARES = ("counted", "stressed", "stressed_even", "others", "others_even", "ends_long")


class Told(NamedTuple):
    """Of a line: syllables that were found and by hand; of both ways, stressed and other ones on strong beats."""

    found: int
    by_hand: int
    stressed: int
    ours: tuple[int, int]
    even: tuple[int, int]
    ends_long: bool


def heard_of(written: str, sung: str) -> Told:
    """Divide a line, give it a rhythm, and compare both with what a person says.

    A line whose syllables were miscounted has no stresses to compare, and none on strong beats.
    """
    lines = lines_of(written)
    syllables = sung.split()
    stressed = [text.isupper() for text in syllables]
    found = sum(map(len, lines))
    rhythm, metre = rhythm_for([tuple(one for line in lines for one in line)])
    starts = [note.start for note in rhythm.notes]
    even = [place * TICKS_PER_BEAT for place in range(len(syllables))]
    ours = _on_strong(starts, stressed, metre) if found == len(syllables) else (0, 0)
    return Told(
        found,
        len(syllables),
        sum(stressed),
        ours,
        _on_strong(even, stressed, COMMON_TIME),
        _ends_long(rhythm.notes),
    )


def _on_strong(starts: Sequence[int], stressed: Sequence[bool], metre: Metre) -> tuple[int, int]:
    """Count the stressed syllables that begin on a strong beat, and the others that do."""
    strong = [strength(start, metre) >= 2 for start in starts]
    both = list(zip(strong, stressed, strict=True))
    return both.count((True, True)), both.count((True, False))


def _ends_long(notes: Sequence[SungNote]) -> bool:
    longest = max(note.end - note.start for note in notes)
    last = notes[-1].end - notes[-1].start
    return last >= LAST and last == longest


def figures(lines: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The shares of a language."""
    rows = [heard_of(*line) for line in lines]
    stressed = [row.stressed for row in rows]
    others = [row.by_hand - row.stressed for row in rows]
    return {
        "lines": len(rows),
        "syllables": sum(row.by_hand for row in rows),
        "counted": share(sum(row.found == row.by_hand for row in rows), len(rows)),
        "stressed": ratio([row.ours[0] for row in rows], stressed),
        "stressed_even": ratio([row.even[0] for row in rows], stressed),
        "others": ratio([row.ours[1] for row in rows], others),
        "others_even": ratio([row.even[1] for row in rows], others),
        "ends_long": share(sum(row.ends_long for row in rows), len(rows)),
        "missed": [
            line[0] for line, row in zip(lines, rows, strict=True) if row.found != row.by_hand
        ],
    }


def page(facts: dict[str, dict[str, Any]]) -> str:
    """The figures with what they are."""
    rows = [
        [
            language,
            f"{it['lines']}, {it['syllables']}",
            *(told(it[name]) for name in SHARES),
        ]
        for language, it in facts.items()
    ]
    head = [
        "language",
        "lines, syllables",
        "lines counted right",
        "stressed syllables on strong beats",
        "the same, even",
        "others on strong beats",
        "the same, even",
        "lines that end on a long note",
    ]
    missed = "; ".join(line for it in facts.values() for line in it["missed"]) or "none"
    return f"{table(head, rows)}\n\nMiscounted: {missed}."


@click.command()
@click.option("--dry", is_flag=True, help="Print only.")
def main(dry: bool) -> None:
    """Divide the lines and give them rhythms, into lyrics.json and lyrics.md."""
    facts = {"English": figures(ENGLISH), "German": figures(GERMAN)}
    numbers = {
        language: about | {name: kept(about[name]) for name in SHARES}
        for language, about in facts.items()
    }
    keep("lyrics", numbers, page(facts), dry)


if __name__ == "__main__":
    main()
