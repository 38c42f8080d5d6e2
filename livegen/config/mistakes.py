"""The mistakes of a document in words: each with its place, what was found and what was expected."""

from collections.abc import Iterator

from pydantic import ValidationError

from livegen.config.document import Document, dotted
from livegen.config.settings import every_setting
from livegen.errors import closest, in_words


def mistakes(error: ValidationError, document: Document) -> Iterator[str]:
    """A line for each mistake that validation found in a document."""
    for mistake in error.errors(include_url=False):
        path = tuple(part for part in mistake["loc"] if part != "[key]")
        meant = _nearest(dotted(path)) if mistake["type"] == "extra_forbidden" else ""
        yield f"{document.place(path)}: {dotted(path)}: {in_words(mistake)}{meant}"


def _nearest(path: str) -> str:
    known = [name for name, _ in every_setting()]
    last = path.rpartition(".")[2]
    same = (name for name in known if name.rpartition(".")[2] == last)
    close = next(same, None) or closest(path, known)
    return f"; did you mean {close}?" if close else ""
