"""Lyrics as syllables: English and German by rules and a list of exceptions, Chinese a character each.

Where a word is divided is a singer's matter more than a printer's: each syllable holds one vowel that is sung.  A word
that comes with hyphens is divided there too.  How strongly a syllable is stressed is told in three degrees.  Knows
letters and no notes.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from functools import cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from livegen.errors import ConfigError

MOST_SYLLABLES = 400
LONGEST_TEXT = 10_000  # characters
LONGEST_WORD = 100
LONGEST_LINE = 16  # syllables; of a longer line the parts between commas are lines
_ENDS = re.compile(r"(?<=[.!?;:])\s+|[\n\r/]+|(?<=[。！？；])")
_PARTS = re.compile(r"(?<=[,–—])\s+|(?<=[，、])")
_WORDS = re.compile(r"[^\W\d_]+(?:['’\-‐][^\W\d_]+)*['’]?", re.UNICODE)
_SIGNS = re.compile(r"[\"”»)\]]*([,.;:!?…，。！？；：、]+)")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WEAK_CHINESE = frozenset("的了着吗吧呢啊得地们")


class Stress(IntEnum):
    """The stress of a syllable."""

    WEAK = 0
    EITHER = 1  # as the verse has it
    STRONG = 2


class Syllable(NamedTuple):
    """A syllable; `goes_on` says that its word does, and `signs` are the commas and stops that stand behind it."""

    text: str
    stress: Stress
    goes_on: bool = False
    signs: str = ""

    @property
    def written(self) -> str:
        """The syllable as it stands under a note."""
        return self.text + self.signs


Line = tuple[Syllable, ...]


def lines_of(text: str) -> tuple[Line, ...]:
    """The lines of a text: as they are written, or sentence by sentence.

    Raises ConfigError for a text without a word, and for one that is too long.
    """
    if len(text) > LONGEST_TEXT:
        raise ConfigError(f"lyrics: at most {LONGEST_TEXT:,} characters, got {len(text):,}")
    is_german = _is_german(text)
    lines = [line for one in _ENDS.split(text) for line in _divided(one, is_german)]
    count = sum(map(len, lines))
    if not count:
        raise ConfigError(
            "lyrics: there is no word in them; give a line of a song, or a file of them"
        )
    if count > MOST_SYLLABLES:
        raise ConfigError(f"lyrics: at most {MOST_SYLLABLES} syllables, got {count}; give a verse")
    return tuple(lines)


def _divided(line: str, is_german: bool) -> Iterator[Line]:
    """A line, or the parts between its commas where it is long; none without a word."""
    whole = _line(line, is_german)
    parts = [part for text in _PARTS.split(line) if (part := _line(text, is_german))]
    if len(whole) <= LONGEST_LINE or len(parts) < 2:
        parts = [whole]
    yield from (part for part in parts if part)


def _line(text: str, is_german: bool) -> Line:
    found: list[Syllable] = []
    for match in _WORDS.finditer(text):
        word = match[0].replace("’", "'").replace("‐", "-")
        if len(word) > LONGEST_WORD and not _CHINESE.search(word):
            raise ConfigError(
                f"lyrics: a word has {len(word):,} letters; expected words with spaces between them, of at most "
                f"{LONGEST_WORD} letters"
            )
        if _CHINESE.search(word):
            found += _characters(word)
        else:
            found += _of_word(word, is_german)
        if found and (signs := _SIGNS.match(text, match.end())):
            found[-1] = found[-1]._replace(signs=signs[1])
    return tuple(found)


def _characters(word: str) -> Iterator[Syllable]:
    for letter in word:
        if _CHINESE.match(letter):
            yield Syllable(letter, Stress.WEAK if letter in _WEAK_CHINESE else Stress.EITHER)


def _of_word(word: str, is_german: bool) -> list[Syllable]:
    pieces, stresses = [], []
    parts = [part for part in word.split("-") if part]
    for part in parts:
        divide = _german if is_german else _english
        texts, strong = divide(part.lower())
        at = 0
        for number, text in enumerate(texts):
            pieces.append(part[at : at + len(text)])
            stresses.append(_stress(number, strong, len(texts)))
            at += len(text)
    last = len(pieces) - 1
    return [
        Syllable(*both, goes_on=place < last)
        for place, both in enumerate(zip(pieces, stresses, strict=True))
    ]


def _stress(place: int, strong: int | None, count: int) -> Stress:
    """Of a word: the syllable `strong` is, and each other one before or behind it may be; None: the word is weak."""
    if strong is None:
        return Stress.WEAK if count == 1 else Stress.EITHER
    if strong < 0:
        return Stress.EITHER
    if place == strong:
        return Stress.STRONG
    return Stress.WEAK if (place - strong) % 2 else Stress.EITHER


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- English ------------------------------------------------------------------------------------------------------

# Words of which a verse stresses none but for the metre; of the second kind it may.
_WEAK = _words("""
    a an the and or nor but of to in on at by for from with as if than so is was are were be been am had has
    have do does did will would shall should can could may might must i i'm i'll i've my your his her its our
    their he he's she it it's we they you you're that that's this these those there them him us me which who
    whose o oh into upon unto 'tis tis 'twas twas through till ere where when while
""")
_EITHER = _words("""
    all not no how what why thy thee thou ye mine thine one some more most such now then here up down out over
    off too like yet just let let's once don't won't can't we'll they'll he'll she'll you'll i'd you'd he'd
    she'd we'd
""")
# Words that the rules get wrong, divided, the stressed syllable in capitals.
_KNOWN = """
    a-BOUT a-BOVE a-CROSS a-FAR a-GAIN a-GO a-LONE a-LONG a-MEN AN-y AN-y-thing AN-gel AP-ple A-pril A-re-a
    be-CAUSE be-LOV-ed BLESS-ed BUS-iness BUS-y BEAU-ti-ful BEAU-ty BREATH CAP-tain CHIL-dren cre-ATE cre-A-tion
    cre-A-tor CRU-el DE-i-ty DES-ert DI-a-mond DI-et DU-et EI-ther EL-e-ment EVE-ning EV-er EV-ery EV-ery-bod-y
    EV-ery-one EV-ery-thing EV-ery-where fare-WELL FA-ther FI-er-y FLU-ent for-EV-er for-GET for-GIVE for-GOT
    FOR-tune FOR-ward GO-ing DO-ing BE-ing SEE-ing HA-tred he-RO-ic HE-ro HOL-y HUN-dred i-DE-a in-STEAD IN-to
    JE-sus KIN-dred LI-on MAN-y ma-CHINE mu-SE-um MU-sic NA-ked NEI-ther NO-bod-y no-EL O-cean O-pen O-ver o'er
    e'er ne'er pi-AN-o PEO-ple PO-em PO-et PRES-ent PROM-ise QUI-et RE-al re-AL-i-ty RI-ot RU-in SA-cred
    SCI-ence so-CI-e-ty SOME-bod-y SOME-how SOME-one SOME-thing SOME-times SOME-where sur-PRISE to-DAY
    to-GETH-er to-MOR-row to-NIGHT THERE-fore un-TIL up-ON va-RI-e-ty VI-o-let vi-o-LIN VI-o-lence VOY-age
    WICK-ed WRETCH-ed a-WAKE a-WAY A-ble A-ged be-LIEVE be-FORE be-HIND be-HOLD be-LONG be-LOW be-NEATH be-SIDE
    be-TWEEN be-YOND ho-TEL gui-TAR CAL-cu-late al-READ-y al-THOUGH AL-most AL-so AL-ways al-RIGHT with-IN
    with-OUT my-SELF your-SELF him-SELF her-SELF it-SELF our-SELVES them-SELVES good-BYE hel-LO per-HAPS a-DIEU
    de-SIRE a-DORE de-LIGHT di-VINE e-NOUGH al-LE-gro MIN-ute COM-fort CON-quer CON-stant CON-cert PER-fect
    PRO-gress REC-ord IM-age IN-stant IN-fant IN-no-cent DIS-tant DIS-tance MIS-tress RE-cent PRE-cious PROPH-et
    EX-ile EM-pire EN-gine E-ven E-vil E-qual A-corn re-DEEM-er res-ur-REC-tion hal-le-LU-jah al-le-LU-ia
    ho-SAN-na e-TER-nal e-TER-ni-ty im-MOR-tal ma-JES-tic SAV-iour SAV-ior Chris-TI-na VAL-ley JOUR-ney DAN-ger
    STRAN-ger FOL-low HAL-low re-MEM-ber Sep-TEM-ber No-VEM-ber De-CEM-ber Oc-TO-ber RO-ses ho-RI-zon u-NIT-ed
    re-LI-gion ex-PE-ri-ence A-sia po-LICE o-BEY
"""
_UNITS = ("tch", "sch", "ch", "sh", "th", "ph", "wh", "gh", "ck", "qu", "dg", "ng")
_CLUSTERS = _words("""
    bl br cl cr dr fl fr gl gr pl pr tr thr shr chr phr
""")
_BEFORE_SUFFIX = re.compile(
    r"(?:tion|sion|cian|cion|gion|tions|sions|cial|tial|cious|tious|cient|tient|ic|ics|ical|ity|ify|ial|ian|ious|ium)$"
)
_LAST = re.compile(r"(?:ee|eer|ese|ette|ique|oon|ade)$")
_PREFIXES = _words("""
    a be re de con com ex en em in im un for to dis mis per pre pro sur sub ac ad af al ap ar as at col cor ob
    op sup sus trans e
""")
_WEAK_ENDS = re.compile(
    r"^(?:[^aeiouy]*(?:er|ers|en|ens|le|les|led|ing|ings|y|ies|ied|or|ors|on|ons|ed|es|et|el|ow|ows|age|ish|ful|ly|ness|ment"
    r"|om|um|us|il|al|an|ar|est|ent|ence|ance|ant|ure|ice|it|ain|ey|ie|in|ip|id|ue|ern|ard|o))$"
)
# Between which letters two vowels are sung apart: what stands before, and what behind.
_APART = (
    (r"^[^aeiouy]*i", r"[aou]"),  # li-on
    (r"[^aeoctsgxl]i", r"a(?!ge)|o(?!ns?$)|u"),  # ra-di-o
    (r"[^aeoctsgxln]i", r"on"),  # cham-pi-on
    (r"[^aeiou_]y", r"[aeiou]"),  # cry-ing
    (r"[^aeiouct]i", r"e(?:n[ct]|ts?$|ty)"),  # qui-et
    (r"[aeiouy].*[^aeiou]i", r"e(?:rs?|st)$"),  # hap-pi-er
    (r"[io]", r"e(?:th|st)$"),  # go-eth
    (r"i", "i"),
    (r"a", "o"),
    (r"[^gp]e", "o"),
    (r"[aeiouy]", "ing"),  # see-ing
    (r"u", r"a|e[ltn]"),  # u-su-al, cru-el
    (r"(?:r|th)e", r"a(?:ct|tr)"),  # re-act
    (r"cre", "at"),
)
_MUTE_BEFORE = re.compile(
    r"(?<=[aeiouy])([^aeiouy]{1,2})e(ly|less|ful|ness|ment|ments|some|thing|times|time|self|selves|fore|where|more|like"
    r"|land|side|way|yard)$"
)


@cache
def _apart() -> tuple[tuple[Callable[[str], object], Callable[[str], object]], ...]:
    """The rules of `_APART`, compiled when the first word is divided: most jams have none."""
    return tuple(
        (re.compile(before + "$").search, re.compile(behind).match) for before, behind in _APART
    )


@cache
def _known_words() -> dict[str, tuple[tuple[str, ...], int | None]]:
    found: dict[str, tuple[tuple[str, ...], int | None]] = {}
    for entry in _KNOWN.split():
        divided = entry.split("-")
        strong = next((place for place, text in enumerate(divided) if text.isupper()), 0)
        texts = tuple(text.lower() for text in divided)
        found["".join(texts)] = texts, strong
    return found


def _english(word: str) -> tuple[Sequence[str], int | None]:
    """The syllables of a word in small letters, and which is stressed: None for none, -1 for either."""
    for ending in ("'s", "s'", "'"):
        if word.endswith(ending) and (stem := word.removesuffix(ending)) in _known_words():
            texts, strong = _known_words()[stem]
            return (*texts[:-1], texts[-1] + ending), strong
    if word in _known_words():
        return _known_words()[word]
    if (
        word.endswith("s")
        and word[:-1] in _known_words()
        and not word.endswith(("ses", "ces", "ges"))
    ):
        texts, strong = _known_words()[word[:-1]]
        return (*texts[:-1], texts[-1] + "s"), strong
    texts = _cut(word, _nuclei(word))
    if len(texts) == 1:
        return texts, None if word in _WEAK else -1 if word in _EITHER else 0
    return texts, _strong(word, texts)


def _nuclei(word: str) -> list[tuple[int, int]]:
    """Find the vowels that are sung: from letter to letter, in order; at least one."""
    bare = re.sub(r"(?<=q)u|(?<=g)u(?=[eia])", "_", word)
    bare = re.sub(r"^y(?=[aeiou])|(?<=[aeiou])y(?=[aeiou])", "_", bare)
    match = _MUTE_BEFORE.search(bare)
    if match and not (match[2].startswith("ment") and match[1][-1] in "ln"):
        bare = bare[: match.end(1)] + "_" + bare[match.end(1) + 1 :]
    runs = re.finditer(r"[aeiouyáéíóúâêîôûàèëïäöü]+", bare)
    found = [part for run in runs for part in _hiatus(bare, *run.span())]
    if len(found) > 1 and _is_mute(bare, *found[-1]):
        found.pop()
    if re.search(r"[ds]n't$", word):
        found.append((len(word) - 3, len(word) - 2))
    return found or [(0, len(word))]


def _is_mute(word: str, start: int, end: int) -> bool:
    """True of the e at the end of a word, with its s or d, that is not sung."""
    letters, before = word[start:], word[:start]
    if letters not in ("e", "es", "ed") or not before:
        return False
    if re.search(r"[^aeiouylr_]l$", before) or (
        letters != "ed" and re.search(r"[bcdgkpt]r$", before)
    ):
        return False
    if letters == "es":
        return not re.search(r"(?:[sxzcg]|ch|sh)$", before)
    return letters == "e" or before[-1] not in "td"


def _hiatus(word: str, start: int, end: int) -> list[tuple[int, int]]:
    """The vowels from letter to letter that are sung one by one."""
    cuts = [
        at
        for at in range(start + 1, end)
        if any(here(word[:at]) and there(word[at:]) for here, there in _apart())
    ]
    return list(pairwise([start, *cuts, end]))


def _cut(word: str, nuclei: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Divide a word between its vowels: as many consonants as can begin a syllable go with the next one."""
    cuts = [0]
    for (_, end), (start, _) in pairwise(nuclei):
        units, at = [], end
        while at < start:
            unit = next(
                (it for it in _UNITS if word.startswith(it, at) and at + len(it) <= start), word[at]
            )
            units.append((at, unit))
            at += len(unit)
        cuts.append(_begins(word, units, start))
    cuts.append(len(word))
    return tuple(word[here:there] for here, there in pairwise(cuts))


def _begins(word: str, units: Sequence[tuple[int, str]], start: int) -> int:
    """Give the letter at which a syllable begins whose vowel begins at `start`, behind these consonants."""
    heard = [unit for unit in units if unit[1] != "'"]
    if not heard:
        return start
    last = heard[-1]
    if (
        word.endswith(("le", "les", "led"))
        and last[1] == "l"
        and len(heard) > 1
        and start > len(word) - 4
    ):
        return start - 1 if heard[-2][1] == "ck" else heard[-2][0]
    if last[1] in ("ck", "x", "ng", "e"):
        return start
    if len(heard) > 1 and heard[-2][1] + last[1] in _CLUSTERS and heard[-2][1] != last[1]:
        return heard[-2][0]
    return last[0]


def _strong(word: str, texts: Sequence[str]) -> int:
    """The syllable that is stressed in a word of several."""
    if match := _BEFORE_SUFFIX.search(word):
        ends = accumulate(map(len, texts))
        return max(0, next(place for place, end in enumerate(ends) if end > match.start()) - 1)
    if _LAST.search(word):
        return len(texts) - 1
    if texts[0] in _PREFIXES and not (len(texts) == 2 and _WEAK_ENDS.match(texts[1])):
        return 1
    return max(0, len(texts) - 3)


# --- German -------------------------------------------------------------------------------------------------------

_GERMAN = _words("""
    der die das und ist nicht ich wir ihr ein eine mein dein wie auf mit dem den des zu von sich auch aus nach
    bei
""")
_WEAK_GERMAN = _GERMAN | _words("""
    er sie es du in an im am zum zur vom als wenn dass daß so war hat bin bist sind wird hab mir dir ihm uns
    euch mich dich ihn einen einem einer eines sein seine unser für vor um durch o ach doch nur
""")
_GERMAN_UNITS = ("sch", "ch", "ck", "ph", "th", "qu", "ß")
_DIPHTHONG = re.compile(r"au|ei|ai|eu|äu|ie|aa|ee|oo|ui|ey|ay|[aeiouyäöü]")
_UNSTRESSED = _words("""
    be ge er ver zer ent emp
""")


def _is_german(text: str) -> bool:
    words = [match[0].lower() for match in _WORDS.finditer(text)]
    told = sum(word in _GERMAN for word in words) + sum(
        bool(re.search("[äöüß]", word)) for word in words
    )
    return told > 0 and told >= sum(word in _WEAK and word not in _GERMAN for word in words)


def _german(word: str) -> tuple[Sequence[str], int | None]:
    """The syllables of a word in small letters, and which is stressed; None for none."""
    bare = re.sub(r"(?<=q)u", "_", word)
    nuclei = [match.span() for match in _DIPHTHONG.finditer(bare)] or [(0, len(word))]
    texts = _cut_german(word, nuclei)
    if word in _WEAK_GERMAN:
        return texts, None if len(texts) == 1 else 0
    if len(texts) > 1 and re.search(r"(?:ieren|iert|tät|tion|ei)$", word):
        return texts, len(texts) - (2 if word.endswith("ieren") else 1)
    return texts, int(
        len(texts) > 1 and texts[0] in _UNSTRESSED and not re.match(r"^(?:er|en|e)$", texts[1])
    )


def _cut_german(word: str, nuclei: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Divide a word: the last consonant goes with the next vowel."""
    cuts = [0]
    for (_, end), (start, _) in pairwise(nuclei):
        between = word[end:start]
        unit = next((it for it in _GERMAN_UNITS if between.endswith(it)), between[-1:])
        prefix = next((it for it in _UNSTRESSED if len(cuts) == 1 and word.startswith(it)), "")
        cuts.append(len(prefix) if prefix and end <= len(prefix) <= start else start - len(unit))
    cuts.append(len(word))
    return tuple(word[here:there] for here, there in pairwise(cuts))
