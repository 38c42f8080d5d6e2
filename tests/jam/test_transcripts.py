"""Every transcript in tests/transcripts is what the engine still plays."""

from pathlib import Path

import pytest

from tests.jam import transcripts


@pytest.mark.parametrize("path", transcripts.paths(), ids=lambda path: path.stem)
def test_the_transcript_is_still_what_is_played(path: Path) -> None:
    assert transcripts.played_again(path.read_text()) == path.read_text()
