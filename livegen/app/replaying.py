"""A journal is played again: its engines are made as they were, and its rows become what they were fed."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from livegen import shipped
from livegen.app.engines import build_engine, load_fitted, load_model
from livegen.app.outputs import expect_apart, expect_free, write_out
from livegen.errors import ModelError

if TYPE_CHECKING:
    from livegen.jam.engine import Engine, Event
    from livegen.jam.reports.journal import Session
    from livegen.jam.reports.rows import Header, Told


def replay(
    journal: Path,
    out: Path | None,
    model: str | None,
    replaces: bool = False,
    explains: bool = False,
) -> bool:
    """Play a journal again and say on standard output how far it came out the same; whether it did.

    With `out` the session is written there first, as it was played; a file that is there is left alone unless
    `replaces`.  With `explains` it says before why each note of the model's was played.  Raises LivegenError.
    """
    from livegen.daemon.recording.recordings import midi_name
    from livegen.jam.reports.journal import read, salvage
    from livegen.jam.reports.rows import JournalError
    from livegen.replay import explained, reproduce

    if out is not None:
        expect_apart([journal], [midi_name(out)])
        if not replaces:
            expect_free([out])
    try:
        lines = journal.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise JournalError(f"{journal}: cannot be read ({error.strerror})") from None
    try:
        if out is not None:
            _write_session(salvage(lines), out, replaces)
        session = read(lines)
    except JournalError as error:
        raise JournalError(f"{journal}: {error}") from None
    build = partial(engine_again, model=model)
    for line in explained(session, build, meaning) if explains else ():
        print(line)
    outcome = reproduce(session, build, meaning)
    print(outcome)
    return outcome.is_same


def _write_session(session: "Session", out: Path, replaces: bool) -> None:
    from livegen.daemon.recording.takes import session_score
    from livegen.music.files import smf

    score = session_score(session)
    if score is None:
        print(
            "livegen: nothing was played in this session, so no file was written", file=sys.stderr
        )
        return
    write_out(out, partial(smf.write, score=score), replaces)


def engine_again(header: "Header", model: str | None) -> "Engine":
    """The engine of a header, with the model that it names, or another."""
    from livegen.jam.reports.rows import JournalError

    remedy = f"the session was played with {header.model}; name that one with --model"
    try:
        path = shipped.model(model or header.settings.get("model") or "default")
    except ModelError as error:
        raise ModelError(f"{error}; {remedy}") from None
    _compare(path, header.sha256, remedy)
    if isinstance(remembered := header.settings.get("remember"), str):
        sha256 = str(header.settings.get("remember_sha256", ""))  # not in journals that are older
        rest = "this memory has changed since the session, so other notes may come out"
        _compare(Path(remembered), sha256, rest, "file to remember")
    try:
        return build_engine({**header.settings, "model": str(path)}, 0)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JournalError(f"the first line of the journal lacks a setting ({error!r})") from None


def meaning(told: "Told") -> "Event":
    """Make the event of a row of the journal: a command, another model, or another player.  Raises LivegenError."""
    from livegen.daemon.engine.loader import FIT, RECALL, SWAP
    from livegen.inference.kept import memory_from
    from livegen.jam.engine import Fitted, Recall, Swap
    from livegen.replay import command

    if told.name == RECALL and isinstance(told.value, dict):
        return Recall(memory_from(str(told.value.get("notes"))))
    if told.name not in (SWAP, FIT) or not isinstance(told.value, dict):
        return command(told)
    name = str(told.value.get("model"))
    event: Event
    if told.name == SWAP:
        path, model = load_model(name)
        event = Swap(model)
    else:
        path, fittable, layers = load_fitted(name, str(told.value.get("lesson")))
        event = Fitted(fittable, layers)
    _compare(
        path,
        str(told.value.get("sha256", "")),
        "the model was changed to another one there, or fitted to the player",
    )
    return event


def _compare(path: Path, sha256: str, rest: str, what: str = "model file") -> None:
    """Say when a file is not the one of the session; `rest` says which one that was."""
    from livegen.daemon.recording.recordings import fingerprint

    if sha256 and fingerprint(path) != sha256:
        print(f"livegen: {path} is not the {what} of this session: {rest}", file=sys.stderr)
