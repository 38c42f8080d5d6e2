"""Writes the manual page of the command line from what the commands say of themselves: `python -m docs.man_page`.

One page holds all commands, in the language of man(7).  Knows no command and no option by name.
"""

import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from livegen import __version__
from livegen.cli import cli

PAGE = Path(__file__).parent / "livegen.1"
FIRST = '.\\" Written by `python -m docs.man_page`, never by hand.'
AS_IT_STANDS = "\b\n"  # before lines whose breaks click keeps


def page() -> str:
    """The page, line by line as troff takes it."""
    lines = [FIRST, f'.TH LIVEGEN 1 "" "livegen {__version__}"', ".SH NAME"]
    about, *more = _paragraphs(cli)
    lines += [f"livegen \\- {_plain(about.rstrip('.'))}", ".SH SYNOPSIS"]
    lines += [f".B livegen\n{_plain(_usage(cli, 'livegen'))}", ".SH DESCRIPTION", _plain(about)]
    lines += [line for text in more for line in _paragraph(text, ".SH")]
    lines += [".SH COMMANDS"]
    for name, command in cli.commands.items():
        lines += [f'.SS "livegen {name} {_plain(_usage(command, name))}"']
        lines += [line for text in _paragraphs(command) for line in _paragraph(text, ".PP\n.B")]
        lines += _options(command)
    return "\n".join(lines) + "\n"


def _paragraphs(command: click.Command) -> list[str]:
    return cleandoc(command.help or "").split("\n\n")


def _paragraph(text: str, heading: str) -> Iterator[str]:
    """One paragraph; lines that are kept may begin with one that ends in a colon, which becomes their heading."""
    if not text.startswith(AS_IT_STANDS):
        yield from (".PP", _plain(" ".join(text.split())))
        return
    kept = text.removeprefix(AS_IT_STANDS).splitlines()
    if kept[0].endswith(":"):
        title = _plain(kept.pop(0).rstrip(":"))
        yield f'{heading} "{title.upper() if heading == ".SH" else title}"'
    yield from (".PP", ".nf", *map(_plain, kept), ".fi")


def _options(command: click.Command) -> Iterator[str]:
    with click.Context(command) as context:
        for option in command.params:
            if record := option.get_help_record(context):
                names, says = record
                yield from (".TP", f".B {_plain(names)}", _plain(" ".join(says.split())))


def _usage(command: click.Command, name: str) -> str:
    with click.Context(command, info_name=name) as context:
        return " ".join(command.collect_usage_pieces(context))


def _plain(text: str) -> str:
    """The text as troff prints it unchanged: it reads backslashes, hyphens, quotes and a first full stop otherwise."""
    for sign, instead in (
        ("\\", "\\e"),
        ("-", "\\-"),
        ('"', "\\(dq"),
        ("'", "\\(aq"),
        ("`", "\\(ga"),
    ):
        text = text.replace(sign, instead)
    return re.sub(r"^\.", r"\\&.", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
