"""The sources of bindings as they are written: "cc 74", "nrpn 1:20 on 2", "program 5 bank 2".

One table of kinds drives how sources are read, written, checked and described.  Knows no messages and no values.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from livegen.errors import ConfigError

CC, NOTE, PROGRAM, NRPN, RPN = "cc", "note", "program", "nrpn", "rpn"
# The forms in which a control sends what it says; "" is seven bits, or as many as come.
FINE, LOW, TURNS, OFFSET_TURNS = "14-bit", "7-bit", "relative", "relative offset"
MOST_BANK = (1 << 14) - 1


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source: numbers below `limit`, and how it may send, with a word on each.

    `is_pair` says that its number is two, 0 to 127 each, written 1:20; `has_bank` that a bank may follow.
    """

    name: str
    example: str
    help: str
    forms: tuple[str, ...] = ()
    limit: int = 128
    is_pair: bool = False
    has_bank: bool = False


_KINDS = (
    SourceKind(CC, "cc 74", "a controller: knob, fader, pedal", (FINE, TURNS, OFFSET_TURNS)),
    SourceKind(NOTE, "note 36", "a key or a pad"),
    SourceKind(PROGRAM, "program 5", "a program change", has_bank=True),
    SourceKind(
        NRPN, "nrpn 1:20", "a parameter by CC 99, 98 and 6", (LOW, TURNS), 1 << 14, is_pair=True
    ),
    SourceKind(
        RPN, "rpn 0:1", "a parameter by CC 101, 100 and 6", (LOW, TURNS), 1 << 14, is_pair=True
    ),
)
KINDS = {kind.name: kind for kind in _KINDS}
FORMS = {
    FINE: "two controllers, this one and that 32 higher, make one fine value",
    LOW: "all of the value is in the low seven bits",
    TURNS: "an encoder without ends: 1, 2 … up, 127, 126 … or 65, 66 … down",
    OFFSET_TURNS: "an encoder without ends: 65, 66 … up, 63, 62 … down",
}
_FINE_LIMIT = 32  # controllers 32 to 63 are the low bits of 0 to 31 (MIDI 1.0, table III)
_FORM = "|".join(sorted(FORMS, key=len, reverse=True))
_WRITTEN = re.compile(
    rf"(?P<kind>cc14|{'|'.join(KINDS)})\s+(?P<number>\d+(?::\d+)?)(?:\s+(?P<form>{_FORM}))?"
    r"(?:\s+bank\s+(?P<bank>\d+))?(?:\s+on\s+(?P<channel>\d+))?"
)


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


_PLAIN = [kind for kind in _KINDS if not kind.is_pair]
_PAIRS = [kind for kind in _KINDS if kind.is_pair]
EXPECTED = (
    f"expected {_either([kind.name for kind in _PLAIN])} and a number from 0 to 127, "
    f"or {_either([kind.name for kind in _PAIRS])} and two, "
    f'such as "{_PLAIN[0].example}" or "{_PAIRS[0].example}"; then, where that is needed, how it sends '
    f'("cc 16 {TURNS}", "cc 7 {FINE}"), the bank ("program 5 bank 2") and the channel ("note 36 on 10")'
)


class Source(NamedTuple):
    """The source of a binding: `channel` 0..15 or None for all; `bank` 0..16383 or None for any.

    A pair is one number: the first times 128, and the second.
    """

    kind: str
    number: int
    channel: int | None = None
    form: str = ""
    bank: int | None = None

    def __str__(self) -> str:
        pair = f"{self.number >> 7}:{self.number & 127}"
        words = [self.kind, pair if KINDS[self.kind].is_pair else str(self.number), self.form]
        words += [] if self.bank is None else ["bank", str(self.bank)]
        words += [] if self.channel is None else ["on", str(self.channel + 1)]
        return " ".join(word for word in words if word)


def parse_source(text: str) -> Source:
    """A source from its text; channels are 1 to 16 there.  Raises ConfigError."""
    words = " ".join(text.lower().split())
    match = _WRITTEN.fullmatch(words)
    found = _source(**match.groupdict()) if match else None
    if found is None:
        raise ConfigError(f"map: {EXPECTED}; got {text!r}")
    return found


def _source(
    kind: str, number: str, form: str | None, bank: str | None, channel: str | None
) -> Source | None:
    """Read a source as it is written, if there is such a source."""
    if kind == "cc14":
        kind, form = (CC, FINE) if form is None else ("", form)
    given = KINDS.get(kind)
    numbers = [int(one) for one in number.split(":")]
    if given is None or max(numbers) > 127 or (len(numbers) == 2) is not given.is_pair:
        return None
    whole = numbers[0] if len(numbers) == 1 else numbers[0] << 7 | numbers[1]
    is_form = form is None or (form in given.forms and (form != FINE or whole < _FINE_LIMIT))
    is_bank = bank is None or (given.has_bank and int(bank) <= MOST_BANK)
    if not (is_form and is_bank and (channel is None or 1 <= int(channel) <= 16)):
        return None
    return Source(
        kind,
        whole,
        int(channel) - 1 if channel else None,
        form or "",
        None if bank is None else int(bank),
    )
