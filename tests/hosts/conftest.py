"""What the tests of all hosts share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.peer import Peer
from tests.plugin.test_protocol import validated


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    one = Peer(tmp_path)
    yield one
    one.close()
    for line in one.said:
        validated("from_plugin", line)
