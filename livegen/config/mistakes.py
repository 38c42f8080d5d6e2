"""The mistakes of a document in words: each with its place, what was found and what was expected."""

from collections.abc import Iterator

from pydantic import ValidationError

from livegen.config.document import Document, Trail, dotted
from livegen.config.settings import every_setting
from livegen.errors import closest


def mistakes(error: ValidationError, document: Document) -> Iterator[str]:
    """A line for each mistake that validation found in a document."""
    for mistake in error.errors(include_url=False):
        path = tuple(part for part in mistake["loc"] if part != "[key]")
        yield (
            f"{document.place(path)}: {dotted(path)}: {_said(mistake['type'], mistake['msg'], path)}"
            + (
                ""
                if mistake["type"] in ("extra_forbidden", "value_error")
                else f", got {mistake['input']!r:.60}"
            )
        )


def _said(kind: str, message: str, path: Trail) -> str:
    if kind == "extra_forbidden":
        return f"there is no such setting{_nearest(dotted(path))}"
    if kind in ("model_type", "dict_type"):
        return "expected settings below it"
    message = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return message if kind == "value_error" else f"expected {message}"


def _nearest(path: str) -> str:
    known = [name for name, _ in every_setting()]
    last = path.rpartition(".")[2]
    same = (name for name in known if name.rpartition(".")[2] == last)
    close = next(same, None) or closest(path, known)
    return f"; did you mean {close}?" if close else ""
