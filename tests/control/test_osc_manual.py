"""docs/OSC.md names every address: `python -m tests.control.test_osc_manual` writes its tables anew."""

import re
import sys
from pathlib import Path

from livegen.control.osc.addresses import ROOT, WORDED, AddressKind, addresses, request
from livegen.control.osc.udp import DEFAULT_PORT
from livegen.jam.controls.controls import CONTROLS, Control, expected
from livegen.jam.controls.mapping import COMMANDS, LABELS

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "OSC.md"
TABLE = re.compile(r"(<!-- table of (\w+): [^\n]+ -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def paths(control: Control) -> str:
    """The addresses of a control, as a cell of the table."""
    own = [one for one in addresses({}).values() if one.name == control.name]
    return " ".join(f"`{one.path}`" for one in own if one.kind is not AddressKind.DO)


def takes(control: Control) -> str:
    text = "text" if control.kind == "text" else expected(control).replace('"', "`")
    ratio = ", a ratio" if control.ratio else ""
    return f"{text}{ratio}"


def rows(name: str) -> str:
    """The table as it should be."""
    if name == "commands":
        given = addresses(COMMANDS).values()
        lines = ["| command | on the page | what it does |", "|---|---|---|"]
        known = COMMANDS | {
            name: f"{about[0].lower()}{about[1:-1]}" for name, about in WORDED.items()
        }
        lines += [
            f"| `{one.path}{' WORD' * (one.name in WORDED)}` | {LABELS.get(one.name, '')} | {known[one.name]} |"
            for one in given
            if one.kind is AddressKind.DO
        ]
    else:
        lines = ["| addresses | takes | when livegen starts |", "|---|---|---|"]
        lines += [f"| {paths(one)} | {takes(one)} | {one.default} |" for one in CONTROLS.values()]
    return "".join(f"{line}\n" for line in lines)


def written(text: str) -> str:
    return TABLE.sub(lambda match: match[1] + rows(match[2]) + match[4], text)


def test_the_manual_names_every_address_there_is() -> None:
    text = MANUAL.read_text()

    assert text == written(text), "python -m tests.control.test_osc_manual mends it"
    for path in addresses(COMMANDS):
        assert any(f"`{path}{more}`" in text for more in ("", " [port]", " WORD")), path


def test_every_address_of_ours_in_the_manual_exists() -> None:
    known = addresses(COMMANDS)
    named = re.findall(r"(/livegen/[a-z_/]*[a-z_])(?:\s|`|'|$)", MANUAL.read_text())
    states = (
        "turn",
        "learning",
        "cue",
        "stop_time",
        "key",
        "key_sure",
        "second_key",
        "second_key_sure",
        "remembers",
        "remembered",
        "model",
        "model_file",
        "song/title",
        "song/section",
        "song/bar",
        "why/who",
        "reply/line",
        "line",
    )
    sent_only = {f"{ROOT}/state/{name}" for name in states} | {f"{ROOT}/error"}

    assert named and [path for path in named if path not in known and path not in sent_only] == []


def test_what_the_manual_gives_as_an_example_is_taken() -> None:
    known = addresses(COMMANDS)
    for path, value in (("temperature", 0.8), ("scale", "D dorian"), ("do/capture", 8)):
        assert request(known[f"{ROOT}/{path}"], (value,)) is not None
    assert f"port {DEFAULT_PORT} of" in MANUAL.read_text()


if __name__ == "__main__":
    sys.exit(MANUAL.write_text(written(MANUAL.read_text())) == 0)
