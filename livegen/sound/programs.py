"""The instruments of parts, by style.  General MIDI programs count from 0."""

from livegen.music.parts import BASS, COMP, LEAD

# Lead, comp, bass.  The first whose word is in the name of the style; a vibraphone is told from a player's piano.
_USUAL = (11, 4, 32)
_BY_WORD: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("jazz", (11, 4, 32)),
    ("blues", (11, 16, 33)),
    ("rock", (27, 16, 34)),
    ("metal", (29, 30, 34)),
    ("funk", (11, 4, 36)),
    ("latin", (73, 24, 32)),
    ("folk", (73, 25, 32)),
    ("hymn", (19, 19, 19)),
    ("string", (40, 48, 42)),
    ("orchestra", (73, 48, 43)),
    ("lied", (71, 0, 42)),
    ("baroque", (73, 6, 42)),
    ("classic", (71, 0, 42)),
    ("romantic", (71, 0, 42)),
)


# What a page may need, as (bank, program): these, a piano for the player, and the drums.
PRESETS = frozenset(
    {(0, 0), (128, 0)}
    | {(0, one) for row in (_USUAL, *(row for _, row in _BY_WORD)) for one in row}
)


def programs(style: str) -> dict[int, int]:
    """The program of each pitched part in a style."""
    found = next((row for word, row in _BY_WORD if word in style), _USUAL)
    return dict(zip((LEAD, COMP, BASS), found, strict=True))
