"""Sessions that the real daemon recorded are played again to the note.

What is compared is what the engine hands out, with its times, with the settings of then and a model that every
processor computes alike.  A change that is meant to alter what is played, and only such a change, is followed by

    python -m tests.sessions.record --anew

The journals then hold what is handed out now to the same playing.
"""

from pathlib import Path

import pytest

from livegen.app.replaying import engine_again, meaning
from livegen.jam.reports.journal import read
from livegen.replay import Outcome, reproduce
from tests.sessions.record import HERE, lines_of, write_models
from tests.sessions.scripts import SCRIPTS

JOURNALS = sorted(HERE.glob("*.jsonl.gz"))


def played_again(journal: Path) -> Outcome:
    session = read(lines_of(journal))
    return reproduce(session, lambda header: engine_again(header, None), meaning)


def name(journal: Path) -> str:
    return journal.name.removesuffix(".jsonl.gz")


def test_every_session_is_recorded() -> None:
    assert {name(journal) for journal in JOURNALS} == SCRIPTS.keys()


@pytest.mark.parametrize("journal", JOURNALS, ids=name)
def test_a_recorded_session_is_played_again_to_the_note(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_models(tmp_path)
    monkeypatch.chdir(tmp_path)
    outcome = played_again(journal)
    assert outcome.is_same, outcome
