"""Every surface that takes what a stranger made: one table of targets, each a function from bytes.

A target's `opens` imports what it needs and sets it up; what it gives takes one input.  Where bytes alone would be
refused at the door, they are read as choices (`Choices`) of which a structure is built.  Knows no fuzzer.
"""

import asyncio
import atexit
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from livegen.errors import LivegenError
from tests.fuzz import seeds
from tests.fuzz.judge import Take
from tests.sound.small_font import sound_font

T = TypeVar("T")


class Target(NamedTuple):
    """A surface: what takes an input, inputs to begin with, words of its language, and bytes of the longest input."""

    opens: Callable[[], Take]
    seeds: seeds.Seeds
    words: Sequence[str] = ()
    longest: int = 4096
    refusals: tuple[type[Exception], ...] = (LivegenError,)


class Choices:
    """Bytes read as choices; where they end, all is 0."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """The number of bytes that are left."""
        return max(0, len(self._data) - self._at)

    def take(self, size: int) -> bytes:
        """Some bytes, fewer where they end."""
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int = 1) -> int:
        """A whole number of so many bytes, not negative."""
        return int.from_bytes(self.take(size), "big")

    def one(self, of: Sequence[T]) -> T:
        """One of some, at most 65,536 of them."""
        return of[self.number(1 + (len(of) > 256)) % len(of)]

    def text(self) -> str:
        """A text of at most 255 bytes."""
        return self.take(self.number()).decode("utf-8", "surrogateescape")

    def json(self, words: Sequence[str], depth: int = 0) -> Any:
        """A value as JSON has it; some of its texts are `words`."""
        kind = self.number() % (10 if depth < 4 else 8)
        match kind:
            case 0:
                return None
            case 1:
                return bool(self.number() % 2)
            case 2:
                return self.number()
            case 3:
                return int.from_bytes(self.take(9), "big", signed=True)
            case 4:
                return self.one(
                    (0.5, -1.0, 1e308, float("inf"), float("nan"), 5e-324, 2.0**53, 1e17)
                )
            case 5:
                return self.text()
            case 6 | 7:
                return self.one(words) if words else self.text()
            case 8:
                return [self.json(words, depth + 1) for _ in range(self.number() % 6)]
            case _:
                return {
                    self.one(words) if words else self.text(): self.json(words, depth + 1)
                    for _ in range(self.number() % 5)
                }


# --- MIDI ---------------------------------------------------------------------------------------------------------


def _midi_bytes() -> Take:
    from livegen.daemon.midi.inlet import Inlet
    from livegen.music.messages import decode, encode

    def take(data: bytes) -> None:
        choices, inlet, now = Choices(data), Inlet(), 0
        while choices.left:
            now += choices.number() ** 3  # none at all, or up to 16 s
            passed = inlet.due(now) + inlet.feed(choices.take(choices.number() % 8), now)
            for one in passed:
                message = decode(one)
                assert message is not None and len(encode(message)) == len(one)
            assert (inlet.deadline() or now) >= 0
        inlet.release()

    return take


def _midi_file() -> Take:
    from livegen.codec.encoder import strokes
    from livegen.inference.kept import memory_in
    from livegen.music.files import smf

    def take(data: bytes) -> None:
        score = smf.read(data)
        micros = score.tempo_map.micros
        assert all(micros(tick) >= 0 for track in score.tracks for tick, _ in track.messages[-1:])
        assert sum(1 for _ in strokes(score)) >= 0
        memory_in(score)

    return take


def _song() -> Take:
    from livegen.daemon.recording.takes import Band
    from livegen.music.charts import chart_of, write_text
    from livegen.music.files import reaper, smf
    from livegen.song import best, song
    from livegen.testing import UniformModel

    model = UniformModel(4)

    def take(data: bytes) -> None:
        score = Band().tracks(smf.read(data))
        if not score.tracks:
            return
        found = song(score, [0], model)
        chart_of(write_text(found.sheet).encode(), "song.txt")
        assert sum(track.messages != () for track in best(found, 1).score.tracks)
        assert reaper.project(score).count("<TRACK") == len(score.tracks)

    return take


def _rmid_file() -> Take:
    take = _midi_file()

    def wrapped(data: bytes) -> None:
        outer, inner, music = data[:4], data[4:8], data[8:]
        take(b"RIFF" + outer + b"RMIDdata" + inner + music)

    return wrapped


# --- models -------------------------------------------------------------------------------------------------------


def _step_model() -> Take:
    from livegen.inference.graph_pieces import piece_of
    from livegen.inference.onnx_file import parse

    def take(data: bytes) -> None:
        file = parse(data)
        for output in file.outputs:
            piece_of(file, output.name)

    return take


def _step_model_run() -> Take:
    from livegen.inference.model import start
    from livegen.inference.onnx_file import parse

    return lambda data: start(parse(data))


def _tiny_models() -> Iterator[bytes]:
    from tests.inference.tiny_model import tiny_bytes

    yield tiny_bytes()


def _learner() -> Take:
    from livegen.inference.learner import read

    return _as_file(".json", read)


def _phrase_model() -> Take:
    """The facts of a file are the input; its arrays are those of a tiny model."""
    import numpy as np

    from livegen.inference import phrase_model
    from tests.inference.tiny_phrases import tiny_encoder

    whole = io.BytesIO()
    phrase_model.save(whole, (tiny := tiny_encoder(2)).facts, tiny._weights)  # type: ignore[arg-type]
    with zipfile.ZipFile(whole) as file:
        members = {name: file.read(name) for name in file.namelist()}
    load = _as_file(".npz", phrase_model.load)

    def take(data: bytes) -> None:
        facts = io.BytesIO()
        np.save(facts, np.frombuffer(data, np.uint8))
        load(_zipped(members | {"facts.npy": facts.getvalue()}))

    return take


def _arrays() -> Take:
    """A file of arrays, of which one is the input: its header too."""
    from livegen.inference import generator, phrase_model
    from tests.inference.tiny_phrases import tiny_encoder

    encoder = tiny_encoder(2)
    model = _as_file(".npz", phrase_model.load)
    drawing = _as_file(".npz", lambda path: generator.load(path, encoder))

    def take(data: bytes) -> None:
        choices = Choices(data)
        name = choices.one(("facts.npy", "role.npy", "styles.npy", "encoder.npy"))
        one = choices.one((model, drawing))
        one(_zipped({name: choices.take(choices.left)}))

    return take


def _zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def _folder() -> Path:
    """A folder for as long as this process lives."""
    folder = tempfile.mkdtemp(prefix="livegen-fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _as_file(suffix: str, read: Callable[[Path], object]) -> Take:
    """What reads a file of that ending, as a function of its bytes."""
    path = _folder() / f"input{suffix}"

    def take(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    return take


# --- settings -----------------------------------------------------------------------------------------------------


def _yaml() -> Take:
    from livegen import guarded_yaml

    def take(data: bytes) -> None:
        if node := guarded_yaml.parse(data, "input"):
            guarded_yaml.built(node, "input")

    return take


def _sound_font() -> Take:
    from livegen.sound.font_cut import cut
    from livegen.sound.programs import PRESETS

    return _as_file(".sf2", lambda path: cut(path, PRESETS))


def _settings() -> Take:
    from livegen.config.loading import load

    return _as_file(".yaml", load)


def _setting() -> Take:
    """A value for one setting, as `--set` has it."""
    from livegen.config.loading import load
    from livegen.config.settings import every_setting

    names = [name for name, _ in every_setting()]

    def take(data: bytes) -> None:
        choices = Choices(data)
        load(sets=[f"{choices.one(names)}={choices.take(choices.left).decode('utf-8', 'replace')}"])

    return take


def _surface_map() -> Take:
    from livegen.control.devices.surface_map import SurfaceMap, read

    def take(path: Path) -> None:
        found = read(path)
        assert SurfaceMap.from_json(json.loads(json.dumps(found.as_json()))) == found

    return _as_file(".yaml", take)


def _recipe() -> Take:
    from livegen.training.phrase_recipe import read_phrase_recipe
    from livegen.training.recipe import kind_of, read_recipe

    readers = {"events": read_recipe}
    return _as_file(".yaml", lambda path: readers.get(kind_of(path), read_phrase_recipe)(path))


# --- journals -----------------------------------------------------------------------------------------------------


def _journal() -> Take:
    from livegen.daemon.recording.takes import session_score
    from livegen.jam.reports.journal import salvage
    from livegen.jam.reports.rows import line, parse

    def take(data: bytes) -> None:
        session = salvage(data.decode("utf-8", "replace").splitlines())
        for told in session.heard[:9], session.grids[:9], session.faults[:9]:
            assert all(parse(line(row)) == [row] for row in told)
        session_score(session)

    return take


def _session() -> Take:
    from livegen.control.library.sessions import excerpt, played

    def take(path: Path) -> None:
        played(path)
        excerpt(path, 0.0, 10.0)

    return _as_file(".jsonl", take)


def _replayed() -> Take:
    """A journal whose engine is made as it says and fed what it says: by the model that knows only its player.

    A first byte of 0 stands for the head of a journal that was recorded.
    """
    from livegen.app.replaying import engine_again, meaning
    from livegen.jam.reports.journal import read
    from livegen.replay import reproduce

    head = seeds.head_of_session()

    def build(header: Any) -> Any:
        return engine_again(header, model="learner")

    def take(data: bytes) -> None:
        text = head + data[1:] if data[:1] == b"\0" else data
        reproduce(read(text.decode("utf-8", "replace").splitlines()), build, meaning)

    return take


# --- charts -------------------------------------------------------------------------------------------------------


def _chart(name: str, wrap: Callable[[bytes], bytes] = bytes) -> Callable[[], Take]:
    def opens() -> Take:
        from livegen.control.library.charts import laid_out
        from livegen.music.charts import chart_of, write_text

        def take(data: bytes) -> None:
            chart = chart_of(wrap(data), name)
            laid_out(chart)
            assert chart_of(write_text(chart).encode(), "chart.txt").form.ticks == chart.form.ticks

        return take

    return opens


def _as_link(data: bytes) -> bytes:
    """An iReal link with fields that are split at =, so that what is behind % means something."""
    return b"irealbook://" + quote(data.decode("latin-1"), safe="=").encode()


def _archived(data: bytes) -> bytes:
    """A compressed score: the first half of the bytes is its manifest, the rest the score, unless it is damaged."""
    choices = Choices(data)
    how = choices.number()
    manifest = choices.take(choices.number())
    archive = _zipped({"META-INF/container.xml": manifest, "score.xml": choices.take(choices.left)})
    at = how * 7919 % len(archive)
    return archive if how % 4 else archive[:at] + bytes((how,)) + archive[at + 1 :]


# --- the network --------------------------------------------------------------------------------------------------


def _osc(build: Callable[[Choices], bytes]) -> Callable[[], Take]:
    def opens() -> Take:
        from livegen.control.osc.datagrams import Osc
        from livegen.jam.controls.controls import CONTROLS
        from livegen.jam.controls.mapping import COMMANDS

        state = {"controls": {name: control.default for name, control in CONTROLS.items()}}

        def take(data: bytes) -> None:
            choices = Choices(data)
            osc = Osc(COMMANDS, ["192.168.1.20"], ("0.0.0.0", 9700))
            osc.show(state)
            now, sent = 0, 0
            while choices.left:
                now += choices.number() * 1000
                datagram = build(choices)
                osc.receive(datagram, ("127.0.0.1", 54_322), now, 1_800_000_000_000_000)
                sent += sum(len(reply) for _, reply in osc.replies(now))
            osc.report(now)

        return take

    return opens


def _osc_message(choices: Choices) -> bytes:
    """A message at an address of ours, with arguments of any type, perhaps in a bundle."""
    from pythonosc.osc_message_builder import BuildError

    from livegen.control.osc.packets import encode

    values = tuple(choices.json(_words(), depth=4) for _ in range(choices.number() % 4))
    try:
        data = encode(choices.one(_osc_addresses()), values)
    except (BuildError, ValueError, OverflowError, TypeError):  # what no OSC message holds
        return b""
    if choices.number() % 3 == 0:
        data = b"#bundle\0" + choices.take(8).ljust(8, b"\0") + len(data).to_bytes(4, "big") + data
    return data


@cache
def _osc_addresses() -> Sequence[str]:
    from livegen.control.osc.addresses import addresses
    from livegen.jam.controls.mapping import COMMANDS

    return list(addresses(COMMANDS))


@cache
def _words() -> Sequence[str]:
    """Names that a message may well hold."""

    from livegen.control.web.roles import ROLES
    from livegen.jam.controls.controls import CONTROLS
    from livegen.jam.controls.mapping import COMMANDS
    from livegen.jam.turns import MODES
    from livegen.music.parts import PARTS

    said = (
        "t",
        "name",
        "value",
        "at",
        "data",
        "role",
        "strokes",
        "timeline",
        "controls",
        "text",
        "replace",
    )
    kinds = (
        "set",
        "do",
        "play",
        "ping",
        "name",
        "rejoin",
        "role",
        "preset",
        "model",
        "learn",
        "unlearn",
        "capture",
    )
    more = (
        "why",
        "phrase",
        "path",
        "sing",
        "remember",
        "macro",
        "watch",
        "off",
        "any",
        "Ana",
        "../x",
        "\0",
        "x" * 500,
    )
    return [*said, *kinds, *more, *CONTROLS, *COMMANDS, *MODES, *PARTS, *ROLES]


def _page(build: Callable[[Choices], str]) -> Callable[[], Take]:
    """The socket of a page, at home and in a room of a studio."""

    def opens() -> Take:
        from livegen.control.library.charts import Charts
        from livegen.control.web.clients import Clients
        from livegen.control.web.ear import Ear
        from livegen.control.web.page_messages import RefusedMessage, object_in
        from livegen.control.web.stage import Stage

        charts = Charts(seeds.ROOT / "charts", Path("/nowhere"))

        def take(data: bytes) -> None:
            choices, asked = Choices(data), list[object]()
            room = "blues" if choices.number() % 2 else None
            stage = Stage({}, ["Quiet"], ["jam-gru"], meant=charts.meant, room=room)
            clients = Clients(stage, asked.append, None if room else Ear(asked.append))
            one, other = clients.enter(), clients.enter()
            now = 1_000_000
            while choices.left:
                text = build(choices)
                with suppress(RefusedMessage):
                    object_in(text)
                choices.one((one, other)).hear(text, now)
                other.listen(text.encode(), now)
                now += 1000 * choices.number()
            for client in (one, other):
                assert all(json.loads(text) for text in client.mailbox.take(now))
                clients.leave(client)

        return take

    return opens


def _any_text(choices: Choices) -> str:
    return choices.take(choices.left if choices.left < 600 else choices.number(2)).decode(
        "utf-8", "replace"
    )


def _page_message(choices: Choices) -> str:
    """A message of a kind that there is, with values of any type."""
    from livegen.control.web.page_messages import _KINDS

    kind = choices.one(list(_KINDS))
    form, may_have, _ = _KINDS[kind]
    values = {name: choices.json(_words()) for name in sorted(form | may_have)}
    return json.dumps({"t": kind, **values})


def _plug_in() -> Take:
    """The lines of a plug-in: its greeting, and what it says in its seat, live and in a bounce."""
    from livegen.control.web.page_messages import object_in
    from livegen.plugin import words
    from livegen.plugin.band import Bands
    from livegen.studio.room import Room
    from tests.studio.test_room import CHARTS, Noting

    def build(name: str, seed: int | None, way: Any, now: Any, wakes: Any) -> Room:
        return Room(name, Noting(), {}, ["Quiet"], CHARTS, now, wakes, way=way)

    def take(data: bytes) -> None:
        first, *lines = data.decode("utf-8", "replace").split("\n")
        now = 1_000_000
        bands = Bands(build, {"lead": 0}, now=lambda: now)
        seat = bands.enter(words.greeting(object_in(first)))
        room = next(iter(bands.rooms))
        for line in lines:
            seat.hear(line, now)
            now += 5_000
            room.turn()
            assert all(json.loads(told)["t"] for told in seat.take(now))
        bands.leave(seat)
        assert len(bands) == 0

    return take


def _far_jam() -> Take:
    """What a studio says to those who join it."""
    from livegen.studio.far_jam import FarJam

    def take(data: bytes) -> None:
        jam = FarJam(
            "Ana", "bass", "", lambda message: json.dumps(dict(message)), lambda frame: None
        )
        now = 1_000_000
        for line in data.split(b"\n"):
            jam.take(line.decode("utf-8", "replace"), now)
            now += 100_000
            jam.step(now)
            assert jam.deadline() >= 0
        jam.lost(now)

    return take


def _studio_door() -> Take:
    from livegen.studio.front import read_line
    from livegen.studio.invitations import Invitations
    from livegen.studio.room_names import is_name

    invitations = Invitations("secret")

    def take(data: bytes) -> None:
        found = read_line(data)
        text = data.decode("utf-8", "surrogateescape")
        assert found is None or isinstance(is_name(found[1]), bool)
        assert invitations.read(text) is None

    return take


METHODS = ("GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS")
# But not those of scores, each of which is laid out by a process of its own, within a minute.
PATHS = (
    "/",
    "/keys",
    "/recordings",
    "/recordings/one.mid",
    "/recordings/one.mid/doc",
    "/tickets",
    "/presets",
    "/words",
    "/find",
    "/find/save",
    "/charts",
    "/charts/12-bar-blues",
    "/chart",
    "/chart/file",
    "/take/x/one.mid",
    "/recordings/..%2fone.mid",
    "/charts/%00",
    "//",
    "/ws",
    "/teacher/rooms",
)
TOKEN = "0123456789abcdef"


def _http() -> Take:
    """The server of a page: any method, path, headers and body, by one who knows the token and by one who does not."""
    from livegen.control import words
    from livegen.control.library.charts import Charts
    from livegen.control.web.clients import Clients
    from livegen.control.web.door import Door
    from livegen.control.web.guard import Guard, hosts
    from livegen.control.web.routes import app
    from livegen.control.web.shelf import Shelf
    from livegen.control.web.stage import Stage

    folder = _folder()
    (folder / "one.mid").write_bytes(seeds.TUNE)
    faults = list[str]()

    async def find() -> dict[str, Any]:
        return {"finds": []}

    async def save(name: str, at: float, seconds: float) -> str:
        return f"{name} at {at:g} for {seconds:g}"

    served = app(
        Door(TOKEN, lambda words: Clients(Stage({}), lambda request: None)),
        Shelf(folder),
        TOKEN,
        faults.append,
        built=folder,
        save_preset=lambda name, replace: name,
        known_charts=Charts(seeds.ROOT / "charts", folder / "charts"),
        wish=words.read,
        search=(find, save),
    )
    guarded = Guard(served, hosts((), 9701), TOKEN, 1 << 40, 1 << 40)

    def take(data: bytes) -> None:
        choices, statuses = Choices(data), list[int]()
        path = choices.one((*PATHS, f"/{choices.text()}"))
        method = choices.one(METHODS)
        kind, known = (
            choices.one((b"application/json", b"text/plain", choices.take(4))),
            choices.number() % 4,
        )
        body = _body(choices)
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode("utf-8", "replace"),
            "query_string": b"",
            "root_path": "",
            "http_version": "1.1",
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 9701),
            "headers": [(b"host", b"127.0.0.1:9701"), (b"content-type", kind)]
            + ([(b"authorization", f"Bearer {TOKEN}".encode())] if known else []),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

        asyncio.run(guarded(scope, receive, send))
        if not faults and statuses and statuses[0] < 500:
            return
        raise AssertionError(f"{method} {path!r} {body!r}: {statuses} {faults}")

    return take


def _body(choices: Choices) -> bytes:
    """A body of the form that some address expects, or any."""
    words = _words()
    match choices.number() % 8:
        case 0:
            return choices.take(choices.left)
        case 1:
            return json.dumps(choices.json(words)).encode()
        case 2:
            return json.dumps(
                {"name": choices.json(words), "replace": choices.json(words)}
            ).encode()
        case 3:
            return json.dumps(
                {"name": choices.text(), "replace": True, "text": choices.text()}
            ).encode()
        case 4:
            return json.dumps(
                {"text": choices.take(choices.left).decode("utf-8", "surrogateescape")}
            ).encode()
        case 5:
            return json.dumps(
                {"name": choices.text(), "at": choices.json(()), "seconds": choices.json(())}
            ).encode()
        case 6:
            return json.dumps({"rename": choices.text()}).encode()
        case _:
            return json.dumps({"name": choices.text()}).encode()


# --- words --------------------------------------------------------------------------------------------------------


def _wish() -> Take:
    from livegen.control.words import is_wish, read, with_names

    styles = ("any", "swing", "blues", "bossa")

    def take(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        read(
            text, {"tempo_bpm": 120, "key": "C major", "density": 0.5}, styles, ["12-bar-blues"]
        ).line()
        is_wish(text, styles)
        with_names(text, styles)

    return take


def _lyrics() -> Take:
    from livegen.music.words.syllables import lines_of
    from livegen.music.words.word_rhythm import as_rows, of_rows, rhythm_for

    def take(data: bytes) -> None:
        lines = lines_of(data.decode("utf-8", "surrogateescape"))
        rhythm, _ = rhythm_for(lines)
        assert len(of_rows(json.loads(json.dumps(as_rows(rhythm)))).notes) == len(rhythm.notes)

    return take


# --- the table ----------------------------------------------------------------------------------------------------

_MIDI_SEEDS = seeds.datas(seeds.TUNE)
_CHART_WORDS = (
    "irealb://",
    "irealbook://",
    "{title:",
    "{key:",
    "{time:",
    "{tempo:",
    "{start_of_grid}",
    "{end_of_grid}",
    "{soc}",
    "{eoc}",
    "{chorus}",
    "[Verse]",
    "|:",
    ":|",
    "[1.",
    "[2.",
    "|1.",
    "%",
    "N.C.",
    "Cmaj7#11/E",
    "4/4",
    "6/8",
    "D.C. al Fine",
    "D.S. al Coda",
    "To Coda",
    "x4",
    "Kcl",
    "LZ",
    "XyQ",
    "T44",
    "*A",
    "QS",
    "= ",
    "key: ",
    "title: ",
    "style: ",
    "form: ",
    "intro: ",
    "tempo: ",
)
_XML_WORDS = (
    "<measure>",
    "</measure>",
    "<harmony>",
    "<root>",
    "<root-step>",
    "<kind>",
    "<note>",
    "<duration>",
    "<divisions>",
    '<repeat direction=\\"forward\\"/>',
    '<ending number=\\"1,2\\" type=\\"start\\"/>',
    "<segno/>",
    "<coda/>",
    '<sound dacapo=\\"yes\\"/>',
    "<backup>",
    "<forward>",
    "<beats>",
    "<beat-type>",
    "<degree>",
    "<!ENTITY",
    "<!DOCTYPE",
    "&a;",
    "<![CDATA[",
    '<measure-repeat type=\\"start\\">',
    "UTF-16",
    "1e999",
    "999999999",
)
_HTTP_SEEDS = seeds.datas(
    bytes((11, 0, 1, 0, 0, 4)) + b"| C | F |", bytes((7, 0, 1, 0, 0, 4)) + b"a slow blues"
)

TARGETS: dict[str, Target] = {
    "midi-bytes": Target(
        _midi_bytes,
        seeds.datas(b"\0\3\x90\x3c\x40\1\3\x80\x3c\x40\0\1\xfe\x40\3\xb0\x40\x7f"),
        longest=400,
    ),
    "midi-file": Target(
        _midi_file, _MIDI_SEEDS, ("MThd", "MTrk", "\\xff\\x2f\\x00", "\\xff\\x51\\x03")
    ),
    "song": Target(_song, _MIDI_SEEDS, ("MThd", "MTrk", "\\xff\\x58\\x04", "\\xff\\x51\\x03")),
    "rmid-file": Target(
        _rmid_file,
        seeds.datas(b"\x80\0\0\0\x74\0\0\0" + seeds.TUNE),
        ("MThd", "MTrk", "LIST", "RIFF"),
    ),
    "step-model": Target(_step_model, _tiny_models, longest=20_000),
    "step-model-run": Target(_step_model_run, _tiny_models, longest=20_000),
    "learner": Target(_learner, seeds.files("models/learner/model.json"), seeds.JSON_WORDS),
    "phrase-model": Target(
        _phrase_model,
        seeds.values(
            {
                "format": 1,
                "role": "phrases",
                "name": "tiny",
                "code": 2,
                "width": 16,
                "encoder": [1],
                "decoder": [1],
                "beta": 0.5,
                "data": [["a", "b"]],
            }
        ),
        seeds.JSON_WORDS,
        1024,
    ),
    "arrays": Target(
        _arrays,
        seeds.array,
        ("'descr'", "'<f2'", "'|O'", "'<U9'", "'shape'", "(9999999999,)", "\\x93NUMPY\\x02\\x00"),
        1024,
    ),
    "yaml": Target(_yaml, seeds.texts(seeds.SETTINGS, seeds.SURFACE), seeds.YAML_WORDS),
    "settings": Target(_settings, seeds.texts(seeds.SETTINGS), seeds.YAML_WORDS),
    "setting": Target(_setting, seeds.texts("a0.5", "bcalm", "c[1, 2]"), seeds.YAML_WORDS, 512),
    "sound-font": Target(
        _sound_font, seeds.datas(sound_font((0, 0), (0, 4), (128, 0))), ("smpl", "shdr", "LIST")
    ),
    "surface-map": Target(_surface_map, seeds.texts(seeds.SURFACE), seeds.YAML_WORDS, 1024),
    "recipe": Target(_recipe, seeds.files("models/*/recipe.yaml"), seeds.YAML_WORDS),
    "journal": Target(_journal, seeds.texts(seeds.JOURNAL), seeds.JOURNAL_WORDS),
    "session": Target(_session, seeds.texts(seeds.JOURNAL), seeds.JOURNAL_WORDS),
    "replay": Target(
        _replayed,
        lambda: iter((seeds.played(), b"\0" + seeds.played().split(b"\n", 2)[2])),
        seeds.JOURNAL_WORDS,
    ),
    "chart-text": Target(
        _chart("chart.txt"),
        lambda: iter((*seeds.files("charts/*.txt")(), seeds.ABOVE_WORDS.encode())),
        _CHART_WORDS,
    ),
    "chart-chordpro": Target(_chart("chart.cho"), seeds.texts(seeds.CHORDPRO), _CHART_WORDS),
    "chart-ireal": Target(
        _chart("chart.html"), seeds.texts(seeds.IREAL, seeds.SCRAMBLED), _CHART_WORDS
    ),
    "chart-ireal-music": Target(
        _chart("chart.html", _as_link), seeds.texts(seeds.IREAL.partition("://")[2]), _CHART_WORDS
    ),
    "chart-musicxml": Target(
        _chart("chart.musicxml"), seeds.texts(seeds.MUSICXML, seeds.ENTITIES), _XML_WORDS
    ),
    "chart-mxl": Target(
        _chart("chart.mxl", _archived),
        seeds.datas(bytes((1, len(seeds.MANIFEST))) + seeds.MANIFEST + seeds.MUSICXML.encode()),
        _XML_WORDS,
    ),
    "osc-datagram": Target(
        _osc(lambda choices: choices.take(choices.number())),
        seeds.datas(
            b"\0\x18/livegen/density\0,f\0\0?\0\0\0",
            b"\0\x28#bundle\0\0\0\0\0\0\0\0\1\0\0\0\x14/livegen/do/panic\0\0\0\0,\0\0\0",
        ),
        longest=1024,
    ),
    "osc-message": Target(_osc(_osc_message), seeds.datas(bytes(range(64))), longest=512),
    "page-text": Target(_page(_any_text), seeds.SAID, seeds.JSON_WORDS, 2048),
    "page-message": Target(_page(_page_message), seeds.datas(bytes(range(64))), longest=512),
    "plug-in": Target(_plug_in, seeds.PLUGGED, seeds.JSON_WORDS, 2048),
    "studio-text": Target(_far_jam, seeds.STUDIO_SAID, seeds.JSON_WORDS, 2048),
    "studio-door": Target(
        _studio_door,
        seeds.texts("GET /ws?room=blues HTTP/1.1", "WyJibHVlcyJd.aGVsbG8.c2lnbg"),
        longest=1024,
    ),
    "http": Target(_http, _HTTP_SEEDS, seeds.JSON_WORDS, 1024),
    "wish": Target(
        _wish,
        seeds.texts("a slow blues in F minor, not too loud, no drums", "| C | F | swing + bossa"),
        longest=420,
    ),
    "lyrics": Target(
        _lyrics, seeds.texts("Some words of a song\nand some more", "Über den Wolken"), longest=1000
    ),
}
