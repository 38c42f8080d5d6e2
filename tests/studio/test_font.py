"""The sound font of a studio, on which the pages of its players sound."""

from pathlib import Path

from starlette.testclient import TestClient

from livegen.studio.application import application
from livegen.studio.invitations import Invitations, Seat
from tests.sound.small_font import sound_font
from tests.studio.test_room import CHARTS
from tests.studio.test_rooms import Studio

TEACHER, PLAYERS = "t" * 22, "p" * 22


def test_who_may_play_may_fetch_it(tmp_path: Path) -> None:
    font = tmp_path / "band.sf2"
    font.write_bytes(sound_font((0, 0)))
    settings = {
        "host": "127.0.0.1", "port": 80, "names": ["testserver"], "public": ["testserver"],
        "token": PLAYERS, "teacher": TEACHER, "font": str(font),
    }  # fmt: skip
    served = application(settings, Studio().rooms, CHARTS, print)

    def status(given: str) -> int:
        browser = TestClient(served, headers={"authorization": f"Bearer {given}"})
        answer = browser.get("/font/band.sf2")
        browser.close()
        return answer.status_code

    seat = Seat("blues", "Ana")
    assert [status(given) for given in (PLAYERS, Invitations(TEACHER).write(seat, 5))] == [200, 200]
    for given in (Invitations("x" * 22).write(seat, 5), TEACHER, ""):
        assert status(given) == 401
