"""The errors a person can cause, each carrying one line that says what to do.

    LivegenError
    ├── ChartError    a file is not a chart, or holds what no chart has
    ├── ConfigError   a setting, an option or a recipe does not fit
    ├── MidiFileError a file is not a usable Standard MIDI File
    ├── ModelError    a model file is not what our exporter writes, or not for this codec
    └── PortError     a MIDI port or a MIDI system is not to be had

The command line prints that line and exits with 2; anything else that escapes is our mistake and
exits with 1.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

# Of how much two words have in common, 0 to 1: a typing error leaves more, another word less.
_ALIKE = 0.75


def closest(word: str, *known: Collection[str]) -> str | None:
    """The word that was likely meant, of the first of these collections that has one; None where none is close."""
    found = (get_close_matches(word, words, n=1, cutoff=_ALIKE) for words in known)
    return next((close[0] for close in found if close), None)


# The words for a value that does not fit, by the name of pydantic's error; braces hold its details.
EXPECTED = {
    "string_type": "text",
    "string_too_short": "text",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list, such as [a, b]",
    "tuple_type": "a list, such as [a, b]",
    "too_long": "at most {max_length} of them",
    "dict_type": "settings below it",
    "model_type": "settings below it",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}


def in_words(mistake: Mapping[str, Any]) -> str:
    """A mistake that pydantic found in a value, one of its `errors()`: what was expected, and what was found."""
    kind, message, found = mistake["type"], mistake["msg"], mistake["input"]
    if kind in ("extra_forbidden", "invalid_key"):
        return "there is no such setting"
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(message.removeprefix("Value error, "))
    if kind in EXPECTED:
        message = EXPECTED[kind].format(**mistake.get("ctx", {}))
    return f"expected {message.removeprefix('Input should be ')}, got {_as_written(found)}"


def _as_written(found: object) -> str:
    """A value as a file has it, and no longer than fits into a line."""
    if found is None:
        return "nothing"
    return str(found).lower() if isinstance(found, bool) else f"{found!r:.60}"


class LivegenError(Exception):
    """A mistake of the person's: the message says what was found, what was expected, what to do."""


class ChartError(LivegenError):
    """A file is not a chart that can be read, or what stands in it is no chord.

    `line` is where in the file, from 1, or 0 where no line is to blame; `said` is the message without file and line,
    "" where it names neither.
    """

    line: int = 0
    said: str = ""


class ConfigError(LivegenError):
    """A setting, an option or a recipe does not fit."""


class MidiFileError(LivegenError):
    """A file is not a Standard MIDI File that can be read safely."""


class ModelError(LivegenError):
    """A model file is refused."""


class PortError(LivegenError):
    """A MIDI port or a MIDI system is not to be had."""
