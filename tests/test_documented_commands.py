"""What the documentation tells a person to type can be typed.

Every block of commands (```sh) of the pages at the top and below docs runs as printed, one line after the other, in a
copy of this checkout with a home folder of its own.  The few that cannot run here say why, in a comment above:

    <!-- not run: it needs four machines -->

Every command of a message runs too, with something that is there in its gaps, or stands in a table with the reason why
not.  Of commands inside the sentences of pages and in help texts the options are looked up.
"""

import ast
import gc
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import pytest

from livegen.cli import cli
from livegen.music.files.smf import write
from tests.training.synthetic import tune

ROOT = Path(__file__).resolve().parent.parent
TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
FORMS = tuple((ROOT / ".github").rglob("*.md"))
PAGES = (*(ROOT / name for name in TOP), *sorted((ROOT / "docs").rglob("*.md")), *FORMS)
BLOCK = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.M)
LEFT_OUT = re.compile(r"<!-- not run: (.+) -->\s*$")
LANGUAGES = ("json", "sh", "text", "yaml")
SERVES = re.compile(
    r"(livegen|make) serve\b|livegen studio|livegen listen-test --models"
)  # goes on until it is told to stop
INSTALLS = re.compile(r"make (serve|install)\b")
READY = "ready"
PATIENCE_S = 600
# Built by what installs livegen; tests/test_hatch_build.py and .ci/run build it from nothing.
BUILT = ("page/node_modules", "livegen/control/web/built")
# What learns less in the newcomer's copy, for the commands are what is tried: file, what stands there, what instead.
ADAPT = "livegen/training/adapt.py"
LESS = (
    ("docs/recipe.yaml", "events: 200_000", "events: 6_000"),
    ("docs/recipe.yaml", "warmup: 20 ", "warmup: 2 "),
    (ADAPT, "FEWEST_UPDATES = 60", "FEWEST_UPDATES = 8"),
    (ADAPT, "BATCH, STEPS = 16, 128", "BATCH, STEPS = 4, 32"),
    (ADAPT, "EVENTS = 1_500_000", "EVENTS = 1_000"),
    (ADAPT, "hold(corpus, styles, 1.0) for", "hold(corpus, styles, 1.0, 1) for"),
    (ADAPT, "    0.25,\n    0.5,\n    0.75,\n    1.0,\n", "    0.5,\n    1.0,\n"),
    (ADAPT, "    16,\n    64,\n    256,\n", "    2,\n    32,\n    32,\n"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page; `left_out` says why it is not run, "" if it is."""

    page: str
    line: int
    language: str
    text: str
    left_out: str

    def commands(self) -> list[str]:
        """Its commands: a line each, but where a line ends in a backslash."""
        joined = self.text.replace("\\\n", " ")
        found = (line.partition("  #")[0].strip() for line in joined.splitlines())
        return [line for line in found if line and not line.startswith("#")]


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text()
        for found in BLOCK.finditer(text):
            reason = LEFT_OUT.search(text[: found.start()])
            line = text.count("\n", 0, found.start()) + 1
            name = str(page.relative_to(ROOT))
            yield Block(name, line, found[2], found[3], reason[1] if reason else "")


BLOCKS = list(blocks())
RUN = [block for block in BLOCKS if block.language == "sh" and not block.left_out]


# --- a newcomer's machine -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A copy of this checkout, and the environment of a person who has some MIDI files and nothing of livegen's.

    The packages that livegen needs are those that these tests run with, so that nothing large is fetched.
    """
    base = tmp_path_factory.mktemp("newcomer")
    clone, home = base / "livegen", base / "home"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, os.fsdecode(names).split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    for folder in BUILT:
        shutil.copytree(ROOT / folder, clone / folder, symlinks=True)
    venv.create(clone / ".venv")  # with the pip that these tests run with
    inside = next((clone / ".venv").glob("lib/python*/site-packages"))
    (inside / "zz_of_the_tests.pth").write_text(sysconfig.get_path("purelib"))
    for name, there, instead in LESS:
        text = (clone / name).read_text()
        assert text.count(there) == 1, name
        (clone / name).write_text(text.replace(there, instead))
    for seed in range(6):
        (home / "my-midi").mkdir(parents=True, exist_ok=True)
        write(home / "my-midi" / f"tune {seed}.mid", tune(seed, beats=24))
    tools = [str(home / ".local" / "bin"), *_path_without(Path(sys.executable).parent)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "PYTHON", "VIRTUAL"))}
    # Nor is what builds livegen fetched each time it is installed; .ci/run and tests/test_package.py do without that.
    here = {"HOME": str(home), "PATH": os.pathsep.join(tools), "PIP_NO_BUILD_ISOLATION": "off"}
    return clone, kept | here


@pytest.fixture(scope="module")
def settled(newcomer: tuple[Path, dict[str, str]]) -> tuple[Path, dict[str, str]]:
    """The newcomer, who has typed `make install`."""
    status, said = run("make install", *newcomer)
    assert status == 0, said
    return newcomer


@pytest.fixture(scope="module")
def served() -> set[str]:
    """Commands that served when a page told to type them: one that another page repeats would serve the same again."""
    return set()


def _path_without(folder: Path) -> list[str]:
    return [one for one in os.environ["PATH"].split(os.pathsep) if Path(one) != folder]


def run(command: str, clone: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Exit status and output of a line, typed into a shell; of one that serves, after Ctrl-C once it is ready."""
    lines = []
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=clone,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        patience = threading.Timer(PATIENCE_S, os.killpg, (shell.pid, signal.SIGKILL))
        patience.start()
        assert shell.stdout is not None
        for line in shell.stdout:
            lines.append(line)
            if SERVES.match(command) and line.startswith(READY):
                os.killpg(shell.pid, signal.SIGINT)
    patience.cancel()
    return shell.returncode, "".join(lines)


@pytest.mark.package
@pytest.mark.timeout(2 * PATIENCE_S)
@pytest.mark.parametrize("block", RUN, ids=lambda block: f"{block.page}:{block.line}")
def test_each_block_of_commands_runs_as_printed(
    block: Block,
    newcomer: tuple[Path, dict[str, str]],
    served: set[str],
    request: pytest.FixtureRequest,
) -> None:
    if not any(map(INSTALLS.match, block.commands())):  # the page said so before
        request.getfixturevalue("settled")
    for command in block.commands():
        if command in served:
            continue
        status, said = run(command, *newcomer)
        assert status == 0, f"{command}\n{said}"
        if SERVES.match(command):
            served.add(command)


def test_each_block_says_what_it_is_and_each_that_is_not_run_says_why() -> None:
    for block in BLOCKS:
        assert block.language in LANGUAGES, f"{block.page}:{block.line}"
        assert not block.left_out or len(block.left_out) > 20
    left_out = [block for block in BLOCKS if block.left_out]
    assert len(left_out) < len(RUN), "most of what is documented is run"


# --- commands in messages -----------------------------------------------------------------------------------------


PROGRAMS = "livegen|make|python|pip|sudo|jackd|killall|modprobe|systemctl"
IN_MESSAGE = re.compile(
    rf"`((?:{PROGRAMS})\b[^`]*)`|(?:^|: )((?:sudo|killall|livegen serve|livegen train) .*)"
)
SYSTEM = "it changes the system"
# What a message tells to type, {} for what it fills in -> what runs here, and how that may end; or why it does not run.
TOLD: dict[str, tuple[str, tuple[int, ...]] | str] = {
    "livegen doctor": (
        "livegen doctor",
        (0, 1),
    ),  # 1: it found something, as here where no ports are
    "livegen calibrate": ("livegen calibrate", (1, 2)),  # there is no track to measure
    "livegen listen-test --out {}": "it goes on until it is stopped; tests/browser/test_listening.py types it",
    "livegen listen-test --out FILE": "it names the command; a block of docs/LISTENING.md types it",
    "livegen open": ("livegen open", (0, 2)),  # 2: no livegen runs, or no browser is here
    "livegen ports": ("livegen ports", (0, 2)),
    "livegen serve": ("livegen serve", (0,)),
    "livegen serve --model {}": ("livegen serve --model jam-gru", (0,)),
    "livegen train --from default {}": "a block of README.md types it, with a folder in the gap",
    "make -C {} install": ("make -C . install", (0,)),
    "make -C {} install WITH={}": "blocks of README.md and docs/PLAYING.md type it, with four extras in the gap",
    "python -m export.to_onnx": "it names the tool; the tool's own help says what it takes",
    "python -m export.phrases": "it trains a network on corpora; a page of docs says how",
    "python -m export.generator": "it trains a network on corpora; a page of docs says how",
    "jackd -d alsa": "it needs a sound card",
    "modprobe snd-seq": SYSTEM,
    "killall -9 jackd": SYSTEM,
    "killall -9 MIDIServer": SYSTEM,
    "killall -9 MIDIServer, or restart the machine": SYSTEM,
    "sudo apt-get install libasound2": SYSTEM,
    "sudo apt-get install pipewire-jack": SYSTEM,
    "systemctl --user restart pipewire": SYSTEM,
    "sudo apt-get install libfluidsynth3 (macOS: brew install fluid-synth)": SYSTEM,
    "sudo apt-get install libportaudio2": SYSTEM,
    "sudo usermod -a -G audio $USER, then log out and in": SYSTEM,
    "sudo modprobe snd-seq; for every start: echo snd-seq | sudo tee /etc/modules-load.d/midi.conf": SYSTEM,
}


@cache
def code() -> tuple[tuple[Path, ast.Module], ...]:
    """Every file of the program, read; the garbage collector would take twice as long as reading does."""
    files = sorted((ROOT / "livegen").rglob("*.py"))
    gc.disable()
    try:
        return tuple((file, ast.parse(file.read_text())) for file in files)
    finally:
        gc.freeze()
        gc.enable()


def messages() -> Iterator[str]:
    """Every text of the program that is no docstring, {} for what it fills in."""
    for _, tree in code():
        passed_over = set[int]()
        for node in ast.walk(tree):  # what holds another comes before it
            passed_over.update(map(id, _no_messages(node)))
            if id(node) in passed_over:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(
                    str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values
                )


def _no_messages(node: ast.AST) -> Iterator[ast.AST]:
    """The docstring of a node, and the parts of a text that is put together."""
    if isinstance(node, ast.JoinedStr):
        yield from node.values
    elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
        first = node.body[0]
        yield first.value if isinstance(first, ast.Expr) else first


@cache
def told() -> frozenset[str]:
    """The commands of all messages."""
    found = (pair for text in messages() for pair in IN_MESSAGE.findall(text))
    return frozenset(quoted or plain for quoted, plain in found)


def test_every_command_of_a_message_is_run_here_or_says_why_not() -> None:
    assert told() <= TOLD.keys(), sorted(told() - TOLD.keys())
    made = {"make -C {} install", "make -C {} install WITH={}"}  # put together in livegen/extras.py
    assert TOLD.keys() <= told() | made, sorted(TOLD.keys() - told() - made)
    reasons = [how for how in TOLD.values() if isinstance(how, str)]
    assert all(len(reason) > 10 for reason in reasons)


@pytest.mark.package
@pytest.mark.timeout(2 * PATIENCE_S)
@pytest.mark.parametrize(
    "command", [name for name, how in TOLD.items() if not isinstance(how, str)]
)
def test_each_command_of_a_message_runs(command: str, settled: tuple[Path, dict[str, str]]) -> None:
    line, ends = how if not isinstance(how := TOLD[command], str) else ("", ())
    status, said = run(line, *settled)
    assert status in ends, said
    assert "Traceback" not in said


# --- commands inside sentences ------------------------------------------------------------------------------------


INLINE = re.compile(r"`((?:livegen|make)\b[^`\n]*)`")
EXAMPLE = re.compile(r"^ +(livegen .+)$", re.M)  # of a help text


def sentences() -> Iterator[tuple[str, str]]:
    """Where a text stands, and the text: the pages without their blocks, and every text of the program."""
    for page in PAGES:
        yield str(page.relative_to(ROOT)), BLOCK.sub("", page.read_text())
    for file, tree in code():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node.value


def mistakes(command: str) -> list[str]:
    """What is wrong with a command's words: no such command, no such option, no such verb of make."""
    try:
        program, *words = shlex.split(command, comments=True)
    except ValueError:
        return []  # a part of a sentence that is put together when it is said
    if program == "make":
        return _of_make(words)
    return _of_livegen(words)


def _of_make(words: list[str]) -> list[str]:
    makefile = (ROOT / "Makefile").read_text()
    known = set(re.findall(r"^([a-z]+):", makefile, re.M))
    set_there = set(re.findall(r"^([A-Z]+) \?=", makefile, re.M))
    names = [word.partition("=") for word in words if not word.startswith("-")]
    return [w for w, equals, _ in names if w not in (set_there if equals else known)]


def _of_livegen(words: list[str]) -> list[str]:
    if not words or words[0].startswith("-"):
        return []
    command = cli.commands.get(words[0])
    if command is None:
        return [words[0]] if words[0].isalpha() else []
    # Beneath the group, as when it is run: click keeps the names of the option for help from the first time.
    context = click.Context(command, parent=cli.make_context("livegen", [], resilient_parsing=True))
    known = {name for parameter in command.get_params(context) for name in parameter.opts}
    known |= {
        name for parameter in command.get_params(context) for name in parameter.secondary_opts
    }
    given = (word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word))
    return [option for option in given if option not in known]


def test_commands_in_sentences_help_texts_and_messages_exist_with_their_options() -> None:
    wrong = [
        f"{where}: {command}: {', '.join(found)}"
        for where, text in sentences()
        for command in INLINE.findall(text) + (EXAMPLE.findall(text) if ".py:" in where else [])
        if (found := mistakes(command))
    ]
    assert wrong == []


def test_a_command_that_does_not_exist_is_found() -> None:
    assert mistakes("livegen swerve") == ["swerve"]
    assert mistakes("livegen serve --loud") == ["--loud"]
    assert mistakes("make servce") == ["servce"]
    assert mistakes("make serve ARG=--help") == ["ARG"]
    assert mistakes("livegen serve --set jam.rest=0  # a comment") == []


def test_no_text_tells_to_install_livegen_from_an_index_that_has_it_not() -> None:
    assert [where for where, text in sentences() if re.search(r"pip install '?livegen", text)] == []


# --- links --------------------------------------------------------------------------------------------------------


LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in a link, as a repository's web page names them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_link_leads_to_a_file_that_is_there_and_to_a_heading_of_it() -> None:
    for page in PAGES:
        for path, anchor in LINK.findall(page.read_text()):
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{page.name}: {path}"
            assert not anchor or anchor in anchors(target), f"{page.name}: #{anchor}"


# --- what the pages say of the code -------------------------------------------------------------------------------


FOLDERS = "bench|docs|export|livegen|models|page|tests"
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
FUNCTION = re.compile(rf"`(?:\w+\.)?(\w+)` in `((?:{FOLDERS})/[\w./-]*\.py)`")
CLASS = re.compile(r"`([A-Z][a-z]\w+)`")
MANUALS = tuple(
    page for page in PAGES if (ROOT / "docs" / "log") not in page.parents
)  # a log tells of what was


def test_every_file_that_a_page_names_is_there() -> None:
    named = [(page.name, path) for page in MANUALS for path in PATH.findall(page.read_text())]
    assert len(named) > 100
    assert [
        (page, path) for page, path in named if not (ROOT / path).exists() and "/NAME" not in path
    ] == []


def test_every_function_of_which_the_architecture_names_the_file_is_there() -> None:
    named = FUNCTION.findall((ROOT / "docs" / "ARCHITECTURE.md").read_text())
    assert len(named) > 15
    assert [
        (name, path)
        for name, path in named
        if not re.search(rf"(?:def|class) {name}\b|^{name}\b", (ROOT / path).read_text(), re.M)
    ] == []


def test_every_class_of_the_glossary_is_one_of_the_code() -> None:
    there = {
        node.name for _, tree in code() for node in tree.body if isinstance(node, ast.ClassDef)
    }
    named = CLASS.findall((ROOT / "docs" / "GLOSSARY.md").read_text())
    assert len(named) > 60
    assert [name for name in named if name not in there] == []


def test_no_code_sends_the_reader_to_a_page_that_the_project_does_not_have() -> None:
    known = {page.name for page in PAGES} | {"CHANGELOG.md", "CARD.md", "RESULTS.md"}
    known |= {"NAME.md", "PART.md"}  # stand for others
    code = [file for folder in FOLDERS.split("|") for file in (ROOT / folder).rglob("*.py")]
    assert [
        (str(file.relative_to(ROOT)), name)
        for file in code
        if "node_modules" not in file.parts
        for name in re.findall(r"\b[A-Z]{3,}\.md\b", file.read_text())
        if name not in known
    ] == []


def test_the_index_of_the_log_names_every_entry_of_it() -> None:
    index = (ROOT / "docs" / "LOG.md").read_text()
    entries = [
        (page.name, head)
        for page in sorted((ROOT / "docs" / "log").glob("*.md"))
        for head in re.findall(r"^## \S+ · (.+)$", page.read_text(), re.M)
    ]
    assert len(entries) > 50
    assert [(page, head) for page, head in entries if f"[{head}](log/{page}#" not in index] == []
