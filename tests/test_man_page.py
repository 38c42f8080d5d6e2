"""The manual page says what the commands say, in marks that man reads."""

import re

from docs.man_page import PAGE, page
from livegen.cli import cli

MACROS = {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".nf", ".fi", '.\\"'}


def test_the_manual_page_is_that_of_the_commands() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m docs.man_page mends it"


def test_the_manual_page_has_every_command_and_every_option() -> None:
    text = page().replace("\\-", "-")
    for name, command in cli.commands.items():
        part = text.partition(f'.SS "livegen {name} ')[2].partition(".SS")[0]
        said = {option for option in re.findall(r"--[a-z][\w-]*", part)}
        assert {o for p in command.params for o in p.opts if o.startswith("--")} <= said, name


def test_no_word_of_a_help_text_is_read_as_a_mark() -> None:
    lines = page().splitlines()

    assert {line.split()[0] for line in lines if line.startswith(".")} <= MACROS
    assert not [line for line in lines if line.startswith("'")]
    assert not re.findall(r"\\(?![-e&]|\((?:dq|aq|ga)|\")", "".join(lines))
