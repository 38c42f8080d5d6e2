"""A chart's word for its style, such as iReal's "Medium Up Swing", as a style that a model has.  Knows no model."""

import re
from collections.abc import Collection

# The first row of which a word is found counts; of its styles the first that the model has.
_STYLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"bossa|samba|latin|rumba|bolero|cha.?cha|mont?uno|tango|mambo|salsa|afro|bai[aã]o", ("leadsheet_latin",)),
    (r"reggae|ska\b|one.?drop", ("leadsheet_reggae",)),
    (r"funk|soul|r ?(n|&) ?b\b|motown|disco", ("leadsheet_funk_soul",)),
    (r"gospel|spiritual|worship|hymn", ("gospel", "song")),
    (r"blues|shuffle", ("leadsheet_blues",)),
    (r"gypsy|dixie|trad|new.?orleans|second.?line|manouche|two.?beat", ("jazz_traditional",)),
    (r"\brag", ("ragtime_jazz", "jazz_traditional")),
    (r"bebop|be.bop|up.?tempo", ("jazz_bebop", "jazz_swing")),
    (r"hard.?bop", ("jazz_hardbop", "jazz_swing")),
    (r"fusion|even", ("jazz_fusion",)),
    (r"pop", ("pop", "leadsheet_pop")),
    (r"rock|metal|punk", ("leadsheet_rock",)),
    (r"country|bluegrass|folk", ("leadsheet_folk_world_country", "folk")),
    (r"jazz.?waltz", ("jazz_postbop", "jazz_swing")),
    (r"ballad", ("jazz_cool", "jazz_swing")),
    (r"swing|jazz|bop\b|waltz", ("jazz_swing",)),
    (r"house|techno|electro|dance|edm", ("leadsheet_electronic",)),
    (r"march", ("march",)),
    (r"baroque", ("baroque",)),
    (r"classic", ("classical",)),
)  # fmt: skip


def nearest_style(word: str | None, styles: Collection[str]) -> str | None:
    """The style that a chart's word means, one of `styles`; None where it says none of them."""
    if word is None:
        return None
    name = re.sub(r"[\s-]+", "_", word.strip().lower())
    if name in styles:
        return name
    for pattern, meant in _STYLES:
        if re.search(pattern, word, re.IGNORECASE):
            return next((style for style in meant if style in styles), None)
    return None
