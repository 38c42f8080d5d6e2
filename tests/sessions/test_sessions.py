"""Sessions that the real daemon recorded are played again to the note.

What is compared is what the engine hands out, with its times, with the settings of then and a model that every
processor computes alike.  At each event the deadline that the engine remembers is compared with one found anew.
A change that is meant to alter what is played, and only such a change, is followed by

    python -m tests.sessions.record --anew

The journals then hold what is handed out now to the same playing.
"""

from pathlib import Path
from typing import cast

import pytest

from livegen.app.replaying import engine_again, meaning
from livegen.jam.engine import Engine
from livegen.jam.reports.journal import read
from livegen.jam.reports.rows import Header
from livegen.replay import Outcome, reproduce
from tests.jam.deadlines import Looked
from tests.sessions.record import HERE, lines_of, write_models
from tests.sessions.scripts import SCRIPTS

JOURNALS = sorted(HERE.glob("*.jsonl.gz"))


def played_again(journal: Path) -> Outcome:
    session = read(lines_of(journal))
    return reproduce(session, engine_that_is_looked_at, meaning)


def engine_that_is_looked_at(header: Header) -> Engine:
    return cast(Engine, Looked(engine_again(header, None)))


def name(journal: Path) -> str:
    return journal.name.removesuffix(".jsonl.gz")


def test_every_session_is_recorded() -> None:
    assert {name(journal) for journal in JOURNALS} == SCRIPTS.keys()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models of all sessions."""
    folder = tmp_path_factory.mktemp("models")
    write_models(folder)
    return folder


@pytest.mark.parametrize("journal", JOURNALS, ids=name)
def test_a_recorded_session_is_played_again_to_the_note(
    journal: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models)
    outcome = played_again(journal)
    assert outcome.is_same, outcome
    assert not outcome.faults  # of these is a deadline that was remembered wrongly, too
