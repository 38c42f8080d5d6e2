"""Loading a configuration: the person's file, presets, learned bindings and options, laid over one another and checked.

All mistakes are reported at once, each with its place.  What livegen learned and wrote itself never keeps it from
starting.
"""

import logging
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from livegen import shipped
from livegen.config.document import Assignment, Document, Trail, assignment, listed, read_document
from livegen.config.mistakes import mistakes
from livegen.config.own_files import learned_file, possible_files, preset_files
from livegen.config.settings import Config
from livegen.errors import ConfigError, ModelError
from livegen.jam.controls.controls import CONTROLS, LONGEST_WISH
from livegen.jam.controls.mapping import parse_target
from livegen.jam.controls.sources import parse_source
from livegen.jam.controls.style_mix import is_mix

log = logging.getLogger(__name__)

ANY = str(CONTROLS["style"].default)
Styles = Callable[[], Collection[str]]  # of the model, once its file has to be read


def load(
    path: Path | None = None,
    sets: Sequence[str] = (),
    options: Sequence[tuple[Trail, object, str]] = (),
    again: bool = False,
) -> Config:
    """Read a configuration, then lay `sets` ("jam.rest=400") over it, then `options`, the last one winning.

    An option is a trail, a value, and how the person said it.  Without a path: the person's own file if
    there is one (`own_file`), else the defaults.  What was learned and is wrong is left out, and said in the log
    unless it is read `again`.
    Raises ConfigError, one line for each mistake.
    """
    own = [] if path else possible_files()
    for unread in () if again else own[1:]:
        log.warning("%s is ignored: %s is used", unread, own[0])
    path = path or next(iter(own), None)
    document = _filled(read_document(path)) if path else Document({}, {}, "")
    document = _with_preset_files(document, preset_files())
    document = _with_learned(
        document, _learned(learned_file(), log.debug if again else log.warning)
    )
    together = (list(map(assignment, sets)), list(options))
    models = [document.value.get("model")]
    models += [value for said in together for trail_, value, _ in said if trail_ == ("model",)]
    styles = cache(lambda: _styles(models[-1]))
    document = _with_wishes(document, styles, again)
    for said_together in together:
        for trail_, value, said in _spelled_out(said_together, styles, again):
            document = document.with_value(trail_, value, said)
    try:
        return Config.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError(listed([*mistakes(error, document)])) from None


def _filled(document: Document) -> Document:
    """The same without sections that hold nothing, as where each of their lines is a comment."""
    value = {name: section for name, section in document.value.items() if section is not None}
    return replace(document, value=value)


@dataclass(frozen=True, slots=True)
class Origin:
    """The arguments of `load` for a configuration, so that it can be read again."""

    path: Path | None = None
    sets: tuple[str, ...] = ()
    options: tuple[tuple[Trail, object, str], ...] = ()

    def load(self, again: bool = False) -> Config:
        """Read it; see `load`.  Raises ConfigError."""
        return load(self.path, self.sets, self.options, again)

    def as_json(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        options = [[list(trail_), value, said] for trail_, value, said in self.options]
        path = None if self.path is None else str(self.path)
        return {"path": path, "sets": list(self.sets), "options": options}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Origin":
        """Read what `as_json` gave."""
        options = tuple((tuple(trail_), value, said) for trail_, value, said in given["options"])
        return cls(Path(given["path"]) if given["path"] else None, tuple(given["sets"]), options)


def learned() -> dict[str, str]:
    """The bindings of `learned_file`, without those that are wrong: `load` names each of them in the log."""
    document = _learned(learned_file(), log.debug)
    return {source: target for source, target in document.value.items() if isinstance(source, str)}


def _learned(path: Path, say: Callable[..., None]) -> Document:
    """A file that livegen wrote itself, and that must never keep it from starting: what is wrong is said."""
    empty = Document({}, {}, str(path))
    try:
        document = read_document(path) if path.is_file() else empty
    except ConfigError as error:
        for line in str(error).splitlines():
            say("%s; no learned binding is used", line)
        return empty
    return Document(dict(_bound(document, say)), document.places, document.source)


def _bound(document: Document, say: Callable[..., None]) -> Iterator[tuple[str | int, str]]:
    for source, target in document.value.items():
        try:
            yield str(parse_source(str(source))), parse_target(str(target))
        except ConfigError as mistake:
            say("%s: %s; this binding is left out", document.place((source,)), mistake)


def _with_learned(document: Document, learned_: Document) -> Document:
    """The same with the bindings that were learned, where a person has not said another."""
    said = document.value.get("map", {})
    if not isinstance(said, dict):
        return document  # a mistake, told when it is validated
    taken = {_plain_source(source) for source in said}
    for source, target in learned_.value.items():
        if source not in taken:
            document = document.with_value(("map", source), target, learned_.source)
    return document


def _plain_source(text: object) -> str:
    try:
        return str(parse_source(str(text)))
    except ConfigError:
        return str(text)


def _styles(model: object) -> tuple[str, ...]:
    """The styles of a model; only `any` of one that cannot be read, which is told where it is loaded."""
    from livegen.inference.model_files import facts

    try:
        return facts(shipped.model(str(model or "default"))).styles
    except (ModelError, ConfigError):
        return (ANY,)


def _is_wish(style: object, styles: Styles) -> bool:
    """True of a value of the control `style` that is a wish; the table of words is not there at every start."""
    if not isinstance(style, str) or style == ANY:
        return False
    from livegen.control.words import is_name, is_wish

    if len(style) > LONGEST_WISH or is_name(style):
        return False  # without a look into the model's file
    return is_wish(style, styles())


def _is_mix(style: object) -> bool:
    return isinstance(style, str) and is_mix(style)


def _with_wishes(document: Document, styles: Styles, again: bool) -> Document:
    """The same with the controls that a wish in words for a style asks for, where the file says nothing else."""
    presets = document.value.get("presets")
    sections: list[Trail] = [("jam",)]
    sections += [("presets", name) for name in (presets if isinstance(presets, dict) else ())]
    for at in sections:
        inside: Any = document.value
        for key in at:
            inside = inside.get(key) if isinstance(inside, dict) else None
        style = inside.get("style") if isinstance(inside, dict) else None
        if isinstance(inside, dict) and (_is_mix(style) or _is_wish(style, styles)):
            said = document.place((*at, "style"))
            given: list[Assignment] = [((*at, name), value, said) for name, value in inside.items()]
            for path, value, _ in _spelled_out(given, styles, again):
                if path[-1] == "style" or path[-1] not in inside:
                    document = document.with_value(path, value, said)
    return document


def _spelled_out(
    assignments: Sequence[Assignment], styles: Styles, again: bool
) -> list[Assignment]:
    """Assignments, a wish in words for a style spelled out; what is said plainly beside it wins."""
    found: list[Assignment] = []
    for path, value, said in assignments:
        sets: dict[str, object] = {}
        is_style = path[-1:] == ("style",) and path[0] in ("jam", "presets")
        if is_style and _is_mix(value):
            from livegen.control.words import with_names

            value = with_names(str(value), styles())
        elif is_style and _is_wish(value, styles):
            from livegen.control.words import read

            reading = read(str(value), styles=styles()).without(_beside(path, assignments))
            if reading.sets:  # else the model refuses it by name
                sets = {"style": "any", **reading.sets}
        if sets:
            (log.debug if again else log.warning)("%s: %s", said, reading.line())
        found += [((*path[:-1], name), wanted, said) for name, wanted in sets.items()] or [
            (path, value, said)
        ]
    return found


def _beside(path: Trail, assignments: Sequence[Assignment]) -> set[str]:
    """The names of what is assigned in the same section."""
    names = {str(other[-1]) for other, _, _ in assignments if other[:-1] == path[:-1]}
    return names - {str(path[-1])}


def _with_preset_files(document: Document, paths: Sequence[Path]) -> Document:
    """The same with the presets that are files of their own.  Raises ConfigError."""
    if not isinstance(document.value.get("presets") or {}, dict):
        return document  # a mistake, told when it is validated
    for path in paths:
        preset = read_document(path)
        name = unicodedata.normalize("NFC", path.stem)  # a file system may take accents apart
        if name in (document.value.get("presets") or {}):
            place = document.place(("presets", name))
            raise ConfigError(f"{path}: there is a preset {name} already, at {place}; rename one")
        at: Trail = ("presets", name)
        document = document.with_value(at, preset.value, str(path))
        for inside, place in preset.places.items():
            document.places[(*at, *inside)] = place
    return document
