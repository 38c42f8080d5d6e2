"""Names that a person gives to files: what any system can hold, in any script.

Sans-IO; knows no folders.  Standard library only.
"""

import unicodedata

# Of the whole name in UTF-8; file systems hold 255, and a number or an ending may be added.
MOST_BYTES = 200
RULE = "letters, digits, spaces and - _ . , ' ! & ( ), not with a space or a dot at either end, at most 200 bytes"

_MARKS = frozenset(" -_.,'!&()")
_EDGES = ". "
# Names that Windows keeps for devices, whatever follows a dot; the same in the wide and raised letters that it folds.
_RESERVED = {"CON", "PRN", "AUX", "NUL"} | {
    f"{port}{n}" for port in ("COM", "LPT") for n in range(10)
}
# Letters and marks that show nothing, Unicode's Default_Ignorable_Code_Point: two names would look alike.
_UNSEEN = frozenset(
    map(
        chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0)
    )
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))


def composed(name: str) -> str:
    """The name with each letter and its accents as one character (NFC): what looks the same is the same."""
    return unicodedata.normalize("NFC", name)


def is_safe(name: str) -> bool:
    """True if a file of any system may have this name, with its ending."""
    is_plain = bool(name) and all(_is_taken(character) for character in name)
    if not is_plain or len(name.encode()) > MOST_BYTES:
        return False
    if name[0] in _EDGES or name[-1] in _EDGES or unicodedata.combining(name[0]):
        return False
    device = unicodedata.normalize("NFKC", name.partition(".")[0]).rstrip().upper()
    return device not in _RESERVED


def cut(name: str, size: int) -> str:
    """Cut a name to so many bytes of UTF-8, without an end that no name may have."""
    whole = name.encode()[: max(0, size)].decode("utf-8", "ignore")
    return whole.rstrip(_EDGES)


def _is_taken(character: str) -> bool:
    """Letters, what is set upon letters, and digits, of every script; no controls, separators, signs or symbols."""
    if character in _UNSEEN:
        return False
    return character in _MARKS or unicodedata.category(character)[0] in "LMN"
