"""A studio's application under a server of somebody else's: rooms play for as long as it lives."""

import json

import pytest
from starlette.testclient import TestClient

from livegen import config
from livegen.app.studios import studio_settings
from livegen.errors import LivegenError
from livegen.studio.replica import Replica

TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def replica() -> Replica:
    sets = ("model=learner", "page.teacher=another-one-of-them")
    own = {"host": "127.0.0.1", "port": 8000, "public": [], "token": TOKEN, "rooms": 4}
    return Replica(studio_settings(config.load(sets=sets)) | own)


def test_rooms_play_from_the_beginning_of_the_lifespan_to_its_end(replica: Replica) -> None:
    with pytest.raises(LivegenError, match="do not play"):
        replica.check()
    with TestClient(replica, base_url="http://127.0.0.1:8000") as browser:
        replica.check()
        assert browser.get("/health").json()["rooms"] == 0
        with browser.websocket_connect(
            "ws://127.0.0.1:8000/ws?room=blues", headers={"origin": "http://127.0.0.1:8000"}
        ) as page:
            page.send_text(json.dumps({"token": TOKEN, "room": "blues"}))
            assert page.receive_json()["room"] == "blues"
            assert browser.get("/health").json()["rooms"] == 1
    with pytest.raises(LivegenError, match="do not play"):
        replica.check()
