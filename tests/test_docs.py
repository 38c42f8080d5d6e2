"""The manual is complete: config.yaml, the help of every command, the changelog.

`python -m tests.test_docs` writes the section `jam` of config.yaml anew from the table of controls.
"""

import re
import sys
import textwrap
from pathlib import Path

import click.testing
import yaml

import livegen
from livegen import config
from livegen.cli import cli
from livegen.cli.options import SETTING_OF
from livegen.jam.controls.controls import CONTROLS, expected
from livegen.jam.controls.mapping import LABELS
from livegen.jam.reports.reasons import Cause

ROOT = Path(__file__).resolve().parent.parent
MANUAL = ROOT / "config.yaml"


def comments(text: str) -> dict[str, str]:
    """Dotted key to the comment that stands right above it."""
    found, section, above = {}, "", []
    for line in text.splitlines():
        key = re.match(r"( *)(\w+):", line)
        if line.lstrip().startswith("#"):
            above.append(line.strip("# "))
        elif key:
            section = section if key[1] else key[2]
            found[f"{section}.{key[2]}" if key[1] else key[2]] = " ".join(above)
            above = []
        else:
            above = []
    return found


def jam_section() -> str:
    lines = ["jam:"]
    for control in CONTROLS.values():
        takes = "" if control.kind == "text" else f" Takes {expected(control)}."
        about = re.sub(r"  +", " ", control.help) + takes
        lines += textwrap.wrap(about, 100, initial_indent="  # ", subsequent_indent="  # ")
        lines.append(f"  {control.name}: {yaml.safe_dump(control.default).splitlines()[0]}")
    return "\n".join(lines) + "\n"


def current_jam_section() -> str:
    return MANUAL.read_text().partition("\njam:\n")[2].partition("\n\n")[0]


def test_every_setting_stands_in_the_manual_with_its_default() -> None:
    manual = yaml.safe_load(MANUAL.read_text())
    for path, default in config.every_setting():
        value = manual
        for key in path.split("."):
            assert key in value, path
            value = value[key]
        assert value == default, path


def test_the_manual_holds_nothing_that_cannot_be_set() -> None:
    config.load(MANUAL)


def test_every_setting_has_its_comment_in_the_manual() -> None:
    explained = comments(MANUAL.read_text())
    assert [path for path, _ in config.every_setting() if len(explained[path]) < 12] == []


def test_the_controls_stand_in_the_manual_as_in_their_table() -> None:
    assert f"jam:\n{current_jam_section()}\n" == jam_section(), "python -m tests.test_docs mends it"


def test_every_command_and_every_option_is_documented() -> None:
    for command in cli.commands.values():
        assert command.help and len(command.help) > 40, command.name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{command.name} {parameter.name}"


def test_what_each_command_does_is_told_whole_in_eighty_columns() -> None:
    told = click.testing.CliRunner().invoke(cli, ["--help"]).output
    commands = told.partition("Commands:")[2]
    assert all(name in commands for name in cli.commands) and "..." not in commands


def test_every_option_that_stands_for_a_setting_names_one_that_exists() -> None:
    paths = {path for path, _ in config.every_setting()}
    assert {path for _, path in SETTING_OF.values()} <= paths


def test_the_player_s_manual_has_each_command_as_the_page_names_it() -> None:
    text = (ROOT / "docs" / "PLAYING.md").read_text()
    assert re.findall(r"^\| `(\w+)` \| ([A-Z][^|]+) \| [a-z]", text, re.M) == list(LABELS.items())


def test_the_player_s_manual_has_each_command_of_the_command_line() -> None:
    text = (ROOT / "docs" / "PLAYING.md").read_text()
    table = text.partition("## All commands of the command line")[2]
    assert sorted(re.findall(r"^\| `livegen ([\w-]+)", table, re.M)) == sorted(cli.commands)


def test_the_comment_on_the_map_lists_the_commands_in_their_order() -> None:
    said = " ".join(line.lstrip("# ") for line in MANUAL.read_text().splitlines())
    assert f"({', '.join(LABELS)})" in said


def test_what_can_have_decided_a_note_is_named_on_the_page_and_in_the_osc_manual() -> None:
    table = re.search(r"const WHO[^{]*\{(.*?)\};", (ROOT / "page/src/why.ts").read_text(), re.S)
    listed = re.search(
        r"`/livegen/state/why/who` in a word: ([^.]*)\.", (ROOT / "docs/OSC.md").read_text()
    )
    assert table and listed
    words = {cause.word for cause in Cause}
    assert set(re.findall(r"(\w+): \"", table[1])) == words
    assert set(re.findall(r"\w+", listed[1])) - {"or"} == words


def test_the_readme_has_every_mode() -> None:
    text = (ROOT / "README.md").read_text()
    assert tuple(re.findall(r"^\| `(\w+)` \|", text, re.M)) == CONTROLS["mode"].choices


def test_the_changelog_begins_with_this_version() -> None:
    heads = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert next(head for head in heads if head != "Unreleased") == livegen.__version__


if __name__ == "__main__":
    text = MANUAL.read_text().replace(f"jam:\n{current_jam_section()}\n", jam_section())
    sys.exit(MANUAL.write_text(text) == 0)
