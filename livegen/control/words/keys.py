"""Keys in words: "in F# minor", "fis-Moll", "降E大调", "la mineur".  Knows the vocabulary; knows no controls."""

from collections.abc import Sequence
from typing import NamedTuple

from livegen.control.words.vocabulary import Vocabulary, Word

_LETTERS = "cdefgab"
_NOT_AFTER_ARTICLE = ("key", "mode", "mood", "scale", "feel", "tonality")


class NamedKey(NamedTuple):
    """A key that was named: so many words, its tonic such as F#, and the kind of scale; "" where none was said."""

    length: int
    tonic: str
    kind: str = ""


def named(words: Sequence[Word], at: int, known: Vocabulary) -> NamedKey | None:
    """The key that is named from a word on; None where none is.

    A letter alone is a key behind "in" or where nothing else stands in its clause, and then it is a capital.
    """
    found = _tonic(words, at, known)
    if found is None:
        return None
    tonic, end, is_letter = found
    length, kind = _kind(words, end, known)
    if not length and not is_letter:
        return None  # si, la, es: words of languages
    written = words[at].written
    if not length and not (written[0].isupper() and _stands_alone(words, at, end, known)):
        return None
    if (
        written == "a"
        and end == at + 1
        and length
        and not _is_tonic(words, at, end + length, known)
    ):
        return None
    return NamedKey(end + length - at, tonic, kind)


def _tonic(words: Sequence[Word], at: int, known: Vocabulary) -> tuple[str, int, bool] | None:
    """A tonic, the word behind it, and whether it is a letter."""
    before, at = _sign(words, at, known)
    if at >= len(words):
        return None
    plain = words[at].plain
    tonic, is_letter = known.tonics.get(plain, ""), False
    letter, sign = plain[:1], plain[1:]
    if letter in _LETTERS and sign in ("", "#", "b") and plain != "":
        german = (
            plain == "b"
            and _kind(words, at + 1, known)[0]
            and words[at + 1].plain in ("dur", "moll")
        )
        tonic, is_letter = ("Bb" if german else letter.upper() + sign), True
    if not tonic:
        return None
    after, end = _sign(words, at + 1, known)
    return tonic + (before or after), end, is_letter


def _sign(words: Sequence[Word], at: int, known: Vocabulary) -> tuple[str, int]:
    """A word such as sharp or 降 as the sign that it stands for."""
    if at < len(words):
        if words[at].plain == "#":
            return "#", at + 1
        kinds = {meaning.kind for meaning in known.meanings.get((words[at].plain,), ())}
        for kind, sign in (("sharp", "#"), ("flat", "b")):
            if kind in kinds:
                return sign, at + 1
    return "", at


def _kind(words: Sequence[Word], at: int, known: Vocabulary) -> tuple[int, str]:
    length, meanings = known.at(words, at)
    kinds = [meaning.row["kind"] for meaning in meanings if meaning.kind == "kinds"]
    return (length, kinds[0]) if kinds else (0, "")


def _stands_alone(words: Sequence[Word], at: int, end: int, known: Vocabulary) -> bool:
    is_last = end == len(words) or words[end].is_break
    is_called_so = end < len(words) and words[end].plain == "调"
    return (
        is_called_so
        or _is_behind_in(words, at, known)
        or (is_last and (at == 0 or words[at - 1].is_break))
    )


def _is_behind_in(words: Sequence[Word], at: int, known: Vocabulary) -> bool:
    before = [word.plain for word in words[max(0, at - 4) : at]]
    phrases = [tuple(before[-length:]) for length in range(1, len(before) + 1)]
    return any(
        meaning.kind == "into_key"
        for phrase in phrases
        for meaning in known.meanings.get(phrase, ())
    )


def _is_tonic(words: Sequence[Word], at: int, end: int, known: Vocabulary) -> bool:
    """True if the small a of "a minor" is a key and no article."""
    if end < len(words) and words[end].plain in _NOT_AFTER_ARTICLE:
        return False
    is_last = end == len(words) or words[end].is_break
    return is_last or _is_behind_in(words, at, known) or words[at + 1].plain in ("dur", "moll")
