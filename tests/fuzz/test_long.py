"""What is as long as its limits allow, and made to take time or memory, is read within both or refused in a line.

A fuzzer tries short inputs; here is one for each way in which a long one could cost more than its length.
"""

from collections.abc import Callable

import pytest

from tests.fuzz.judge import LONGEST_S, MOST_BYTES, Judge
from tests.fuzz.targets import TARGETS

# A long input may take this much longer, and this much more memory: it is read once, when somebody chose it.
SLOWER, LARGER = 4, 3

_SCORE = b"<score-partwise><part id='P1'><measure number='1'>"
_LINK = b"irealbook://a=b=c=F=n="
_JOURNAL = b'{"livegen_journal":2,"started":"x","at":0}\n'
_SONG = b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\x7f\xff\xff\xff"


def _numbered(text: bytes, count: int) -> bytes:
    return b"".join(text % number for number in range(count))


LONG: dict[str, dict[str, Callable[[], bytes]]] = {
    "chart-text": {
        "four megabytes of bars": lambda: b"| C | F | G7 | C |\n" * 210_000,
        "brackets that never close": lambda: (b"| " + b"(" * 19_000 + b"\n") * 200,
        "repeats in repeats": lambda: b"|: C | D :|x64\n" * 200,
    },
    "chart-chordpro": {
        "a chorus again and again": lambda: b"{soc}\n[C]a [F]b\n{eoc}\n" + b"{chorus}\n" * 40_000
    },
    "chart-ireal": {
        "brackets that never close": lambda: _LINK + b"(" * 19_900,
        "words that never end": lambda: _LINK + b"<" * 19_900,
        "kinds that never end": lambda: _LINK + b"C*" * 9_900,
        "forty thousand links": lambda: b"irealb://\n" * 40_000,
        "four megabytes of fields": lambda: b"irealb://" + b"=1r34LbKcu7" * 360_000,
    },
    "chart-musicxml": {
        "five million tags": lambda: b"<score-partwise>" * 1_000_000,
        "a text of fifteen megabytes": lambda: _SCORE + b"a" * 15_900_000,
        "a name of fifteen megabytes": lambda: b"<score-partwise a='" + b"b" * 15_900_000 + b"'/>",
        "a comment of fifteen megabytes": lambda: b"<?xml version='1.0'?><!--" + b"a" * 15_900_000,
        "a million attributes": lambda: (
            b"<score-partwise " + _numbered(b"a%d='b' ", 900_000) + b"/>"
        ),
        "attributes below the limit of a tag": lambda: (
            _SCORE + (b"<note " + _numbered(b"a%d='' ", 20_000) + b"/>") * 60
        ),
        "more notes than are read": lambda: _SCORE + b"<note/>" * 320_000,
        "entities that grow": lambda: (
            b"<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><a>&b;</a>"
        ),
    },
    "yaml": {
        "fifty thousand names": lambda: b"a: b\n" * 52_000,
        "a list that never closes": lambda: b"[" + b"a," * 131_000,
        "lists in lists": lambda: b"[" * 260_000,
        "a number of minutes of minutes": lambda: b"1" + b":59" * 80_000,
        "a number of many digits": lambda: b"9" * 260_000,
        "a text of many lines": lambda: b"a: |\n" + b" a\n" * 80_000,
    },
    "settings": {
        "twenty-five thousand settings": lambda: _numbered(b"k%d: 1\n", 25_000),
        "nine thousand presets": lambda: b"presets:\n" + _numbered(b" k%d: {density: 1}\n", 9_000),
    },
    "learner": {
        "lists in lists": lambda: b"[" * 65_000,
        "sixty megabytes of nothing": lambda: b" " * 60_000_000,
    },
    "journal": {
        "twenty thousand lines": lambda: _JOURNAL + b'{"at":1,"in":"903c50"}\n' * 20_000,
        "a line of a hundred thousand clocks": lambda: (
            _JOURNAL + b'{"at":1,"clock":[' + b"1," * 99_000 + b"1]}"
        ),
    },
    "midi-file": {
        "five megabytes of no time": lambda: _SONG + b"\0" * 5_000_000,
        "a million names of tracks": lambda: b"MTrk" * 1_000_000,
    },
    "page-text": {
        "lists in lists": lambda: b"\0\xff\xff" + b"[" * 60_000,
        "a chart of sixty thousand letters": lambda: (
            b'\0\xff\xff{"t":"set","name":"chart","value":"' + b"| C " * 15_000 + b'"}'
        ),
    },
    "studio-text": {
        "lists in lists": lambda: b"[" * 100_000,
        "a time that is infinite": lambda: b'{"t":"pong","at":Infinity,"now":1}',
    },
    "lyrics": {
        "a word of vowels": lambda: "é".encode() * 5_000,
        "a verse of hyphens": lambda: b"a-" * 5_000,
    },
    "wish": {
        "four hundred letters": lambda: b"a-" * 200,
        "a hundred negations": lambda: b"not " * 100,
    },
}


@pytest.mark.parametrize(
    ("name", "what"), [(name, what) for name, made in LONG.items() for what in made]
)
def test_a_long_input_is_taken_or_refused_within_its_limits(name: str, what: str) -> None:
    target, data = TARGETS[name], LONG[name][what]()
    take = target.opens()
    Judge(take, target.refusals)(next(iter(target.seeds())))  # what is loaded once is no part of it
    Judge(take, target.refusals, longest_s=SLOWER * LONGEST_S, most_bytes=LARGER * MOST_BYTES)(data)
