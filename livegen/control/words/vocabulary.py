"""The table of words, and the words of a text: what is said, in order, whatever its language and its spelling.

Genres stand in `livegen.music.words.genres`, all other words in words.yaml.  Knows no controls: a meaning is its kind
and its row.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from livegen.music.words.genres import ENDINGS, GENRES, plain

TABLE = Path(__file__).with_name("words.yaml")
_MARKS = {
    "♯": "#",
    "♭": "b",
    "’": "'",
    "，": ",",
    "。": ".",
    "、": ",",
    "；": ";",
    "！": "!",
    "？": "?",
}
_CJK = r"\u3400-\u9fff"
_WORD = re.compile(rf"\d+(?:\.\d+)?|[{_CJK}]|[^\W\d_{_CJK}]+(?:&[a-z])?#?|#|/|[,.;:!?()\n|+]")
_BREAKS = set(",.;:!?()\n|")
_SPLIT_FROM = 4  # letters: of a compound, each half has so many


class Word(NamedTuple):
    """A word: as it is compared, as it was written, and whether a clause ends with it."""

    plain: str
    written: str

    @property
    def is_break(self) -> bool:
        """True if it is a mark that ends a clause."""
        return self.plain in _BREAKS


class Meaning(NamedTuple):
    """The meaning of a phrase: `kind` is the section of the table, or more for comparatives; `row` its row."""

    kind: str
    row: Mapping[str, Any]


Phrase = tuple[str, ...]  # plain words
Near = Callable[[Sequence[Phrase]], tuple[int, Phrase] | None]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Phrases with their meanings.  `near`, where there is one, finds one for some that are not known, and says
    for which.
    """

    meanings: dict[Phrase, tuple[Meaning, ...]]
    longest: int
    axes: Mapping[str, Mapping[str, Any]]
    tonics: Mapping[str, str] = field(default_factory=dict)  # of plain words
    units: Mapping[str, frozenset[Phrase]] = field(default_factory=dict)
    near: Near | None = None

    def at(self, words: Sequence[Word], index: int) -> tuple[int, tuple[Meaning, ...]]:
        """The number of words from `index` on that make the longest known phrase, and its meanings; 0 and none."""
        for length in range(min(self.longest, len(words) - index), 0, -1):
            phrase = tuple(word.plain for word in words[index : index + length])
            if found := self.meanings.get(phrase):
                return length, found
        if index >= len(words):
            return 0, ()
        adverb = words[index].plain.removesuffix("ly")
        found = self.meanings.get((adverb,), ()) if adverb != words[index].plain else ()
        return len(found[:1]), found

    def halves(self, word: str) -> tuple[str, str] | None:
        """A compound such as jazzballade as the two words that it is made of; None where it is none."""
        for cut in range(_SPLIT_FROM, len(word) - _SPLIT_FROM + 1):
            first, second = word[:cut], word[cut:]
            if (first,) in self.meanings and (second,) in self.meanings:
                return first, second
        return None

    @property
    def styles(self) -> Iterator[str]:
        """The styles of all genres."""
        for meaning, *_ in self.meanings.values():
            yield from meaning.row.get("style", ())


def words_of(text: str) -> list[Word]:
    """The words of a text.  Accents go, signs of music stay; of Chinese each character is a word."""
    text = "".join(_MARKS.get(one, one) for one in unicodedata.normalize("NFKC", text))
    text = text.replace("'", "").replace("-", " ").replace("ß", "ss")
    return [Word(plain(found), found) for found in _WORD.findall(text)]


def joined(words: Sequence[str]) -> str:
    """Words in a row as they are written; between Chinese characters stand no spaces."""
    return re.sub(rf"(?<=[{_CJK}]) (?=[{_CJK}])", "", " ".join(words))


@cache
def shipped() -> Vocabulary:
    """The table that comes with livegen."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # eight times as fast where it is there
    return vocabulary(yaml.load(TABLE.read_text(encoding="utf-8"), loader))  # noqa: S506


def vocabulary(table: Mapping[str, Any]) -> Vocabulary:
    """Make a vocabulary of what the table holds."""
    found: dict[Phrase, tuple[Meaning, ...]] = {}
    for phrases, meaning in _rows(table):
        for phrase in _phrases(phrases):
            found[phrase] = (*found.get(phrase, ()), meaning)
    tonics = {
        name: tonic for tonic, names in table["tonics"].items() for (name,) in _phrases(names)
    }
    units = {name: frozenset(_phrases(words)) for name, words in table["units"].items()}
    longest = max(map(len, found))
    return Vocabulary(found, longest, table["axes"], tonics, units)


_PLAIN_SECTIONS = (
    "fillers", "and", "or", "not", "not_after", "too", "only", "bit", "bit_after", "much", "more", "less", "with",
    "sharp", "flat", "into_key",
)  # fmt: skip


def _rows(table: Mapping[str, Any]) -> Iterator[tuple[str, Meaning]]:
    for kind in _PLAIN_SECTIONS:
        yield table[kind], Meaning(kind, {})
    for axis, rows in table["degrees"].items():
        for where, phrases in rows.items():
            yield from _degrees(axis, where, phrases)
    for turn, phrases in table["turns"].items():
        axis, _, by = turn.partition(" ")
        yield phrases, Meaning("turns", {"axis": axis, "sign": by[0], "by": float(by[1:])})
    for wish, phrases in table["wishes"].items():
        yield phrases, Meaning("wishes", {"set": _pairs(wish.split())})
    for mood, phrases in table["moods"].items():
        yield phrases, Meaning("moods", {"kind": mood})
    for genre in GENRES:
        implied = _pairs(genre.implied.split())
        kind = implied.pop("kind", "")
        row = {"rank": genre.rank, "style": genre.styles.split(), "set": implied}
        yield genre.words, Meaning("styles", {**row, "kind": kind} if kind else row)
    for named, phrases in table["parts"].items():
        how = {word: True for word in named.split() if word in ("with", "only")}
        parts = [word for word in named.split() if word not in how]
        yield phrases, Meaning("parts", {"parts": parts} | how)
    for at, names in enumerate(table["numbers"]):
        for name in names:
            yield name, Meaning("numbers", {"number": at + 1})
    for kind, phrases in table["kinds"].items():
        yield phrases, Meaning("kinds", {"kind": kind})


def _degrees(axis: str, where: str, phrases: str) -> Iterator[tuple[str, Meaning]]:
    """The rows of one place on an axis, such as "down 66", and of its comparatives, behind the ;."""
    way, *at = where.split()
    row = {"axis": axis, "way": way} | ({"at": float(at[0])} if at else {})
    plain, _, more = phrases.partition(";")
    yield plain, Meaning("degrees", row)
    yield ", ".join([*filter(None, [more]), *_comparatives(plain)]), Meaning("comparatives", row)


def _comparatives(phrases: str) -> Iterator[str]:
    """Regular comparatives of single words: slower, busier, thinner, langsamer."""
    for phrase in map(str.strip, phrases.split(",")):
        stem = phrase.removesuffix("~")
        if not stem.isascii() or not stem.isalpha():
            continue
        yield f"{stem}r" if stem.endswith("e") else f"{stem}er"
        if stem.endswith("y"):
            yield f"{stem[:-1]}ier"
        elif stem[-1] not in "aeiouy" and stem[-2:-1] in ("a", "e", "i", "o", "u"):
            yield f"{stem}{stem[-1]}er"


def _pairs(words: Sequence[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


def _phrases(phrases: str) -> Iterator[Phrase]:
    for phrase in phrases.split(","):
        endings = ENDINGS if phrase.endswith("~") else ("",)
        for ending in endings:
            yield tuple(word.plain for word in words_of(phrase.strip().removesuffix("~") + ending))
