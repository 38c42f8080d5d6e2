"""Inputs with which a fuzzer begins, and words of each language that chance alone would not find.

Most are files that livegen ships; what it ships none of is written here, small.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
Seeds = Callable[[], Iterator[bytes]]


def files(*patterns: str) -> Seeds:
    """The files of the repository that some patterns name."""

    def found() -> Iterator[bytes]:
        for pattern in patterns:
            yield from (path.read_bytes() for path in sorted(ROOT.glob(pattern)))

    return found


def texts(*written: str) -> Seeds:
    """Some texts."""
    return lambda: (text.encode() for text in written)


def datas(*written: bytes) -> Seeds:
    """Some bytes."""
    return lambda: iter(written)


def values(*written: object) -> Seeds:
    """Some values as JSON."""
    return texts(*map(json.dumps, written))


TUNE = (
    b"MThd\0\0\0\6\0\1\0\2\0\x60MTrk\0\0\0\x13\0\xff\x51\3\7\xa1\x20\0\xff\x58\4\4\2\x18\x08\0\xff\x2f\0MTrk\0\0\0\x20"
    + (
        b"\0\xff\3\4lead\0\xc0\5\0\x90\x3c\x40\x60\x3c\0\0\xb0\x40\x7f\x30\x91\x40\x50\x60\x81\x40\0\0\xff\x2f\0"
    )
)

CHORDPRO = """{title: A tune}
{key: G}
{time: 3/4}
{tempo: 90}
{start_of_chorus}
[G]Some words [D/F#]of a song [Em7]here
{end_of_chorus}
{start_of_grid}
| G . . | C . D7 | G . . |
{end_of_grid}
{comment: twice}
{chorus}
"""
ABOVE_WORDS = """Verse

G       D/F#     Em
Some    words of a song
C             D7
and some more
"""
IREAL = (
    "irealbook://Tune=Nobody=Medium Swing=F=n="
    "{*AT44F7   |Bb7   |N1F7   |D7#9   }[*BG-7   |C7b9   |SF7 D7 |QG-7,C7,Z"
)
SCRAMBLED = "irealb://Tune=Nobody Ann==Medium Swing=F==1r34LbKcu7T44F7XyQ|Bb7XyQ|F7LZxlcKB7LZ G-7XyC7b9 ==0=3"
MANIFEST = b'<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'
MUSICXML = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise><work><work-title>A tune</work-title></work>
<part id="P1"><measure number="1"><attributes><divisions>2</divisions><key><fifths>-3</fifths><mode>major</mode></key>
<time><beats>4</beats><beat-type>4</beat-type></time></attributes><direction><sound tempo="90"/></direction>
<harmony><root><root-step>C</root-step><root-alter>1</root-alter></root><kind>minor-seventh</kind>
<bass><bass-step>G</bass-step></bass><degree><degree-value>9</degree-value><degree-alter>1</degree-alter>
<degree-type>add</degree-type></degree></harmony><note><rest/><duration>8</duration></note>
<barline location="right"><repeat direction="backward"/><ending number="1" type="stop"/></barline></measure></part>
</score-partwise>
"""
ENTITIES = """<?xml version="1.0"?><!DOCTYPE score-partwise [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
<score-partwise><part id="P1">&b;</part></score-partwise>"""

SURFACE = """ports: [A pad]
begin: "F0 7E 7F 09 01 F7"
map: {note 36: fill, cc 1: density}
lights: {on: 127, fill: {off: 0, on: 3}}
"""
SETTINGS = """jam: {mode: accompany, style: swing, density: 0.5, rest: 400}
ports: {in: Model In, out: Model Out}
map: {cc 1: density, note 36: panic}
presets: {quiet: {density: 0.5}}
macros: {calm: {density: [0.5, 1]}}
osc: {enabled: true, allow: [192.168.1.2]}
recording: {keep: true}
"""
YAML_WORDS = (
    "jam:",
    "presets:",
    "map:",
    "ports:",
    "style:",
    "chart:",
    "key:",
    "!!python/name:",
    "&a",
    "*a",
    "<<:",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "|\\x0a",
    "2001-01-01",
    "0x1F",
    ".inf",
    ".nan",
    "1e309",
    "~",
    "null",
)

JOURNAL = "\n".join(
    (
        '{"livegen_journal":2,"started":"2026-11-21T06:30:12+01:00","at":0}',
        '{"at":1,"engine":{"mode":"respond","seed":1},"since":0,"model":"jam-gru","sha256":"","livegen":"0.1.0"}',
        '{"at":2,"tempo_us":500000,"origin_us":0,"bar_ticks":96,"since":0}',
        '{"at":10,"in":"903c50"}',
        '{"at":20,"clock":[20833,20833]}',
        '{"at":30,"sent":"904850"}',
        '{"at":40,"fed":[0,-2,[5,"panic",null]],"out":[[30000,"904850"],[0,"cut 0924"]]}',
        '{"at":50,"fault":"x"}',
        '{"at":60,"lost":3}',
    )
)
JOURNAL_WORDS = (
    '"at":',
    '"in":"',
    '"sent":"',
    '"fed":[',
    '"out":[',
    '"cut"',
    '"engine":{',
    '"clock":[',
    '"lost":',
    '"tempo_us":',
    '"bar_ticks":',
    "1e999",
    "-1",
    "null",
    "[[",
    "{}",
    "NaN",
    "Infinity",
)
JSON_WORDS = (
    '"t":',
    '"name":',
    '"value":',
    '"at":',
    '"data":[',
    '"set"',
    '"do"',
    '"play"',
    '"ping"',
    '"rejoin"',
    '"role"',
    "true",
    "null",
    "NaN",
    "Infinity",
    "1e999",
    "\\\\ud800",
    "9007199254740993",
    "[[[[",
    "{}",
)

SAID = values(
    {"t": "set", "name": "density", "value": 0.5},
    {"t": "set", "name": "style", "value": "a slow blues, not too loud"},
    {"t": "set", "name": "chart", "value": "| C | F | G7 | C |"},
    {"t": "do", "name": "panic"},
    {"t": "do", "name": "sing", "value": "Some words of a song"},
    {"t": "do", "name": "why", "value": [1000, 0, 60]},
    {"t": "do", "name": "learn", "value": "density"},
    {"t": "do", "name": "path", "value": [1, 2]},
    {"t": "play", "data": [144, 60, 90], "at": 1000.5},
    {"t": "ping", "at": 12},
    {"t": "name", "name": "Ana"},
    {"t": "role", "role": "bass"},
    {
        "t": "rejoin",
        "at": 5,
        "strokes": [[10, 0, 144, 60, 90]],
        "timeline": [500000, 0, 96],
        "controls": {"density": 0.5},
    },
)
PLUGGED = texts(
    """{"t":"hello","protocol":1,"part":"lead","role":"keys","seed":7,"controls":{"density":2},"model":"jam"}
{"t":"transport","at":1000000,"playing":true,"bpm":120.0,"beat":12.25,"metre":"3/4"}
{"t":"play","data":[144,60,80],"at":1010000}
{"t":"set","name":"mode","value":"trade"}
{"t":"block","at":0,"until":10667}
{"t":"play","data":[144,60,80],"at":100}
{"t":"live"}
{"t":"ping","at":1000}"""
)
STUDIO_SAID = values(
    {
        "t": "hello",
        "now": 1,
        "modes": {"respond": {"yields": True}},
        "room": "blues",
        "began": 3,
        "players": [{"name": "Ana", "role": "bass", "channel": 2}],
    },
    {"t": "pong", "at": 1, "now": 2},
    {"t": "music", "music": [[1000, [144, 60, 90]], [2000, "cut", []]]},
    {
        "t": "state",
        "now": 1,
        "state": {"controls": {"mode": "respond"}, "timeline": [500000, 0, 96], "players": []},
    },
    {"t": "line", "line": "hear", "at": 5},
    {"t": "you", "role": "listen", "channel": 1},
    {"t": "room", "room": "x"},
    {"t": "refused", "line": "no"},
    {"t": "beat", "now": 1},
)


def played(most: int = 3000) -> bytes:
    """The first lines of a session that was recorded."""
    session = gzip.decompress((ROOT / "tests" / "sessions" / "accompany.jsonl.gz").read_bytes())
    return session[: session.rindex(b"\n", 0, most)]


def head_of_session() -> bytes:
    """The first two lines of one: its time, and an engine with all its settings."""
    first, engine, *_ = played().split(b"\n")
    made = json.loads(engine) | {"model": "", "sha256": ""}
    return first + b"\n" + json.dumps(made).encode() + b"\n"


def array() -> Iterator[bytes]:
    """An array as a file of arrays holds it."""
    import numpy as np

    out = BytesIO()
    np.save(out, np.frombuffer(b'{"role": "phrases"}', np.uint8))
    yield bytes((0, 0)) + out.getvalue()
