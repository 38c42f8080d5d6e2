"""Reads YAML that a stranger may have written.

Size, nesting, number and aliases are judged on the stream of parser events, which builds nothing: deep nesting
overflows the composer's stack, and aliases grow without bound when they are walked.
"""

from pathlib import Path

import yaml

from livegen.errors import ConfigError

MAX_BYTES = 256 * 1024
MAX_NESTING = 20
MAX_VALUES = 10_000  # names, values and lists; a preset has a hundred
MAX_PLAIN = 2_000  # characters of a value without quotes: 1:59:59:59 is a number of any length

# The words for what the parser says, by a part of that.
_PROBLEMS = {
    r"'\t'": "is indented with a tab; indent with spaces",
    "mapping values": "has a colon where none can be; let names of a section begin in one column, put a space behind "
    "each colon, and text that holds a colon into quotes",
    "block end": "begins in another column than the lines above it, or goes on behind a quotation mark",
    "expected ':'": "has no colon with a space behind it; write `name: value`",
    "stream": "ends before a bracket or a quotation mark is closed",
    "escape": "has a backslash in double quotes; put the text into single quotes",
    "cannot start": "has text that begins with a sign; put the text into quotes",
    "constructor": "has a tag (!), which is not allowed; write the value out",
}


def read(path: Path) -> bytes:
    """Read a file, and no more of it than is needed to refuse it.  Raises ConfigError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None


def parse(data: bytes | str, source: str) -> yaml.Node | None:
    """Compose a document; None when it is empty.  Raises ConfigError, which names `source` and the line."""
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{source}: more than {MAX_BYTES // 1024} KB; expected settings")
    depth, line, count = 0, 1, 0
    try:
        for event in yaml.parse(data, yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else line
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise ConfigError(
                    f"{source}:{line}: anchors and aliases (& and *) are not allowed; write the value out"
                )
            count += isinstance(event, yaml.NodeEvent)
            if count > MAX_VALUES:
                raise ConfigError(
                    f"{source}:{line}: more than {MAX_VALUES:,} names and values; expected settings"
                )
            if (
                isinstance(event, yaml.ScalarEvent)
                and not event.style
                and len(event.value) > MAX_PLAIN
            ):
                raise ConfigError(
                    f"{source}:{line}: more than {MAX_PLAIN:,} characters without quotes; put the text into quotes"
                )
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_NESTING:
                raise ConfigError(f"{source}:{line}: nested deeper than {MAX_NESTING} levels")
        return yaml.compose(data, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(_mistake(error, source)) from None
    except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF" that names no character
        raise ConfigError(f"{source}: is not YAML") from None


def built(node: yaml.Node, source: str) -> object:
    """Build the plain values of a node.  Raises ConfigError."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigError(_mistake(error, source)) from None
    except (ValueError, OverflowError, TypeError, AttributeError, LookupError) as error:
        # Such as a thirteenth month, or an integer of 5,000 digits.
        raise ConfigError(f"{source}: holds a value that cannot be read ({error})") from None
    finally:
        loader.dispose()


def _mistake(error: yaml.YAMLError, source: str) -> str:
    """The words for a mistake, with its line."""
    if not (isinstance(error, yaml.MarkedYAMLError) and error.problem_mark):
        return f"{source}: is not YAML text"
    problem = error.problem or ""
    known = (words for part, words in _PROBLEMS.items() if part in problem)
    return f"{source}:{error.problem_mark.line + 1}: {next(known, f'is not YAML ({problem})')}"
