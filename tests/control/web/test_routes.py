"""What lies at which address."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from livegen import shipped
from livegen.control import words
from livegen.control.library.charts import Charts
from livegen.control.library.presets import PresetError, PresetThere
from livegen.control.library.search_process import Failed
from livegen.control.web.clients import Clients
from livegen.control.web.door import Door
from livegen.control.web.routes import MOST_BODY, MOST_CHART, Find, SavePreset, app, giving_font
from livegen.control.web.shelf import Shelf
from livegen.control.web.stage import Stage
from livegen.sound.font_cut import cut
from livegen.sound.programs import PRESETS
from tests.sound.small_font import sound_font

TOKEN = "0123456789abcdef"
AUTHORISED = {"authorization": f"Bearer {TOKEN}"}
PROTECTED = (
    ("GET", "/recordings"),
    ("GET", "/recordings/one.mid"),
    ("GET", "/recordings/one.mid/svg"),
    ("POST", "/recordings/one.mid"),
    ("DELETE", "/recordings/one.mid"),
    ("POST", "/tickets"),
    ("POST", "/keys"),
    ("POST", "/presets"),
    ("POST", "/words"),
    ("POST", "/find"),
    ("POST", "/find/save"),
    ("GET", "/charts"),
    ("POST", "/charts"),
    ("GET", "/charts/12-bar-blues"),
    ("POST", "/chart"),
    ("POST", "/chart/file"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "one.mid").write_bytes(b"MThd one")
    built = tmp_path / "built"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>livegen</title>")
    (built / "assets" / "page.js").write_text("export {};")
    (built / "assets" / "out.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def browser(folder: Path) -> Iterator[TestClient]:
    yield TestClient(served(folder), raise_server_exceptions=False)


async def found_nothing() -> dict[str, Any]:
    return {"finds": [], "files": 3}


async def saved_at(name: str, at: float, seconds: float) -> str:
    return f"{name} at {at:g} for {seconds:g}"


def served(
    folder: Path | None,
    built: Path | None = None,
    save_preset: SavePreset | None = None,
    find: Find | None = None,
    font: Path | None = None,
) -> Any:
    shelf = Shelf(folder) if folder else None
    place = built or (folder.parent / "built" if folder else Path("/nowhere"))
    return app(
        Door(TOKEN, lambda words: Clients(Stage({}), lambda request: None)),
        shelf,
        TOKEN,
        built=place,
        save_preset=save_preset or (lambda name, replace: name),
        known_charts=Charts(shipped.root() / "charts", place.parent / "charts"),
        wish=words.read,
        search=(find or found_nothing, saved_at),
        more=[giving_font(font, TOKEN)] if font else [],
    )


def post(browser: TestClient, path: str, value: object) -> Any:
    return browser.post(
        path, content=json.dumps(value), headers={**AUTHORISED, "content-type": "application/json"}
    )


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize("authorization", [None, "Bearer x", f"Basic {TOKEN}", TOKEN, "Bearer"])
def test_nothing_of_the_recordings_is_told_or_done_without_the_token(
    browser: TestClient, folder: Path, method: str, path: str, authorization: str | None
) -> None:
    headers = {"content-type": "application/json"} | (
        {"authorization": authorization} if authorization else {}
    )

    answer = browser.request(
        method, path, headers=headers, content=b'{"rename":"x"}' if method == "POST" else b""
    )

    assert answer.status_code == 401 and "one" not in answer.text
    assert (folder / "one.mid").is_file()


def test_a_recording_is_given_as_a_score(browser: TestClient, folder: Path) -> None:
    (folder / "call.mid").write_bytes(Path("docs/call.mid").read_bytes())

    answer = browser.get("/recordings/call.mid/musicxml", headers=AUTHORISED)

    assert answer.status_code == 200 and b"<score-partwise" in answer.content
    assert answer.headers["content-type"] == "application/vnd.recordare.musicxml+xml"
    assert answer.headers["content-disposition"] == 'attachment; filename="call.musicxml"'
    assert browser.get("/recordings/call.mid/doc", headers=AUTHORISED).status_code == 404


def test_what_cannot_be_laid_out_says_why(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = browser.get("/recordings/one.mid/svg", headers=AUTHORISED)
    assert answer.status_code == 422 and "these bytes" in answer.json()["error"]
    assert browser.get("/recordings/two.mid/svg", headers=AUTHORISED).status_code == 404
    monkeypatch.setattr("livegen.control.web.scores.LONGEST_S", 0.0)
    answer = browser.get("/recordings/one.mid/svg", headers=AUTHORISED)
    assert answer.status_code == 422 and "longer than 0 s" in answer.json()["error"]


def test_a_token_in_the_address_counts_for_nothing(browser: TestClient) -> None:
    assert browser.get(f"/recordings?token={TOKEN}").status_code == 401


def test_recordings_are_listed_given_renamed_thrown_away_and_taken_back(
    browser: TestClient,
) -> None:
    assert [one["name"] for one in browser.get("/recordings", headers=AUTHORISED).json()] == [
        "one.mid"
    ]
    given_ = browser.get("/recordings/one.mid", headers=AUTHORISED)
    assert given_.content == b"MThd one" and given_.headers["content-type"] == "audio/midi"
    assert given_.headers["content-disposition"] == 'attachment; filename="one.mid"'
    assert post(browser, "/recordings/one.mid", {"rename": "a better name"}).json() == {
        "name": "a better name.mid"
    }
    thrown = browser.delete("/recordings/a better name.mid", headers=AUTHORISED).json()["trashed"]
    assert browser.get("/recordings", headers=AUTHORISED).json() == []
    assert post(browser, f"/recordings/{thrown}", {"restore": True}).json() == {
        "name": "a better name.mid"
    }
    assert browser.get("/recordings/a better name.mid", headers=AUTHORISED).content == b"MThd one"


def test_mistakes_are_told_in_a_line(browser: TestClient, folder: Path) -> None:
    (folder / "two.mid").write_bytes(b"MThd two")

    for answer, status in (
        (browser.get("/recordings/none.mid", headers=AUTHORISED), 404),
        (browser.delete("/recordings/none.mid", headers=AUTHORISED), 404),
        (browser.get("/recordings/one.txt", headers=AUTHORISED), 422),
        (post(browser, "/recordings/one.mid", {"rename": "two"}), 409),
        (post(browser, "/recordings/one.mid", {"rename": "../x"}), 422),
        (post(browser, "/recordings/one.mid", {"rename": "x", "more": 1}), 422),
        (post(browser, "/recordings/one.mid", {"delete": True}), 422),
        (post(browser, "/recordings/one.mid", ["rename"]), 422),
        (post(browser, "/tickets", {"name": "none.mid"}), 404),
        (post(browser, "/tickets", {"name": "../secret.txt"}), 422),
    ):
        assert answer.status_code == status, answer.text
        assert 5 < len(answer.json()["error"]) < 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_is_not_called_json_changes_nothing(
    browser: TestClient, folder: Path, kind: str
) -> None:
    """Such a request another page could send without being asked."""
    headers = AUTHORISED | ({"content-type": kind} if kind else {})

    assert (
        browser.post("/recordings/one.mid", content=b'{"rename":"x"}', headers=headers).status_code
        == 415
    )
    assert (folder / "one.mid").is_file()


def test_a_body_may_not_be_long(browser: TestClient) -> None:
    assert post(browser, "/recordings/one.mid", {"rename": "x" * MOST_BODY}).status_code == 413


def test_a_body_that_is_no_json_is_refused(browser: TestClient) -> None:
    headers = {**AUTHORISED, "content-type": "application/json"}
    for body in (b"{", b"\xff", b"[" * 4000, b""):
        assert browser.post("/tickets", content=body, headers=headers).status_code == 400


def test_a_ticket_is_for_one_download_without_the_token(browser: TestClient) -> None:
    url = post(browser, "/tickets", {"name": "one.mid"}).json()["url"]

    assert browser.get(url.replace("one.mid", "two.mid")).status_code == 404
    assert browser.head(url).status_code == 200
    assert browser.get(url).content == b"MThd one"
    assert browser.get(url).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "OPTIONS", "TRACE"])
def test_the_page_itself_can_only_be_read(browser: TestClient, method: str) -> None:
    assert browser.request(method, "/").status_code in (404, 405)
    assert browser.request(method, "/assets/page.js").status_code in (404, 405)


def test_the_built_page_is_served_with_its_types(browser: TestClient) -> None:
    assert browser.get("/").headers["content-type"].startswith("text/html")
    assert browser.get("/assets/page.js").headers["content-type"].startswith("text/javascript")
    assert browser.get("/assets/other.js").status_code == 404


def test_a_page_that_is_not_built_says_how_to(folder: Path) -> None:
    answer = TestClient(served(folder, built=folder / "nothing")).get("/")

    assert (
        "not built" in answer.text and "<script" not in answer.text and "style" not in answer.text
    )


def test_without_recordings_there_are_none(folder: Path) -> None:
    assert TestClient(served(None)).get("/recordings", headers=AUTHORISED).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/recordings/..%2fsecret.txt",
        "/recordings/%2e%2e/secret.txt",
        "/recordings/..%5csecret.txt",
        "/recordings/%2fetc%2fpasswd",
        "/recordings/one.mid%00.txt",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/out.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/take/x/..%2fsecret.txt",
        "/charts/..%2fsecret",
        "/charts/..%2fsecret.txt",
        "/charts/%2fetc%2fpasswd",
    ],
)
def test_nothing_outside_is_given(browser: TestClient, path: str) -> None:
    answer = browser.get(path, headers=AUTHORISED)

    assert answer.status_code in (400, 404, 422), path
    assert "secret" not in answer.text.replace("secret.txt", "") and "root:" not in answer.text


@given(
    st.sampled_from(["/", "/assets/", "/recordings/", "/take/x/", "/charts/"]),
    st.text(max_size=40),
    st.booleans(),
)
def test_any_address_is_answered_and_nothing_of_the_machine_told(
    start: str, rest: str, is_quoted: bool
) -> None:
    path = start + quote(rest, safe="" if is_quoted else "/.%")
    answer = TestClient(served(Path("/etc"), built=Path("/nowhere"))).get(path, headers=AUTHORISED)

    assert answer.status_code in (200, 400, 404, 405, 422)
    assert "root:" not in answer.text


def test_a_fault_of_ours_is_told_to_the_person_and_not_to_the_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    shelf = Shelf(folder)
    monkeypatch.setattr(shelf, "listed", lambda: 1 / 0)
    door = Door(TOKEN, lambda words: Clients(Stage({}), lambda request: None))
    broken = TestClient(
        app(door, shelf, TOKEN, said.append, Path("/nowhere")), raise_server_exceptions=False
    )

    answer = broken.get("/recordings", headers=AUTHORISED)

    assert answer.status_code == 500 and "division" not in answer.text
    assert len(said) == 1 and "division" in said[0]


# --- presets ------------------------------------------------------------------------------------------------------


def test_a_preset_is_saved_by_its_name_and_told_by_the_one_it_got(folder: Path) -> None:
    asked: list[tuple[str, bool]] = []

    def save(name: str, replace: bool) -> str:
        asked.append((name, replace))
        return name.upper()

    browser = TestClient(served(folder, save_preset=save))
    answer = post(browser, "/presets", {"name": "für abends", "replace": False})

    assert (answer.status_code, answer.json()) == (200, {"name": "FÜR ABENDS"})
    assert asked == [("für abends", False)]


@pytest.mark.parametrize(
    ("error", "status"),
    [(PresetThere("there is one"), 409), (PresetError("no name"), 422), (OSError(28, "full"), 507)],
)
def test_why_a_preset_is_not_saved_is_told(folder: Path, error: Exception, status: int) -> None:
    def save(name: str, replace: bool) -> str:
        raise error

    browser = TestClient(served(folder, save_preset=save))
    answer = post(browser, "/presets", {"name": "x", "replace": False})

    assert answer.status_code == status and answer.json()["error"]


@pytest.mark.parametrize(
    "value", [{}, {"name": "x"}, {"name": 1, "replace": True}, {"name": "x", "replace": 1}, []]
)
def test_what_is_no_preset_to_save_is_refused(browser: TestClient, value: object) -> None:
    assert post(browser, "/presets", value).status_code == 422


def test_a_name_with_accents_is_given_to_every_browser(browser: TestClient, folder: Path) -> None:
    (folder / "für.mid").write_bytes(b"MThd")

    headers = browser.get("/recordings/für.mid", headers=AUTHORISED).headers

    expected = "attachment; filename=\"f_r.mid\"; filename*=UTF-8''f%C3%BCr.mid"
    assert headers["content-disposition"] == expected


# --- charts -------------------------------------------------------------------------------------------------------


def read(browser: TestClient, text: str, semitones: int = 0) -> Any:
    return post(browser, "/chart", {"text": text, "transpose": semitones})


def test_a_chart_is_seen_as_it_sounds_and_told_as_it_is_written(browser: TestClient) -> None:
    blues = shipped.chart("12-bar-blues").read_text()

    told = read(browser, blues, -2).json()

    assert (told["key"], told["bars"][0]["text"], told["bars"][4]["text"]) == (
        "Bb major",
        "Bb7",
        "Eb7",
    )
    assert "| C7 |" in told["text"] and told["name"] == "12-bar-blues"


def test_charts_are_listed_given_looked_at_and_saved(browser: TestClient, folder: Path) -> None:
    listed = browser.get("/charts", headers=AUTHORISED).json()
    assert {"name": "12-bar-blues", "title": "Twelve-bar blues", "own": False} in listed
    given_ = browser.get("/charts/12-bar-blues", headers=AUTHORISED).json()
    assert given_["text"] == shipped.chart("12-bar-blues").read_text()

    seen = read(browser, given_["text"]).json()
    assert (seen["name"], seen["title"], len(seen["bars"])) == (
        "12-bar-blues",
        "Twelve-bar blues",
        12,
    )
    assert seen["bars"][0] == {"text": "C7", "section": "Blues"}

    mine = {"name": "mine", "text": "| C | F |", "replace": False}
    assert post(browser, "/charts", mine).json() == {"name": "mine"}
    assert (folder.parent / "charts" / "mine.txt").read_text() == "| C | F |\n"
    assert read(browser, seen["text"]).json()["name"] == "12-bar-blues"
    assert read(browser, "| C | F |").json()["name"] == "mine"


def test_a_file_that_a_page_hands_over_is_read_in_any_format(browser: TestClient) -> None:
    song = b64encode("{title: Söng}\n[C]One and [G7]two\n".encode()).decode()

    told = post(browser, "/chart/file", {"base64": song}).json()

    assert (told["title"], told["name"]) == ("Söng", None)
    assert told["text"].endswith("| C | G7 |\n")
    for coded in ("*", "Zg", "ü"):
        assert post(browser, "/chart/file", {"base64": coded}).status_code == 422


def test_a_mistake_in_a_chart_is_told_with_its_line(browser: TestClient) -> None:
    wrong = "title: x\n\n| C D E F G |"
    for path, value, status in (
        ("/chart", {"text": wrong, "transpose": 0}, 200),  # it was asked what the text says
        ("/chart/file", {"base64": b64encode(wrong.encode()).decode()}, 200),
        ("/charts", {"name": "x", "text": wrong, "replace": False}, 422),
    ):
        answer = post(browser, path, value)
        assert (answer.status_code, answer.json()["line"]) == (status, 3)
        assert answer.json()["error"].startswith("line 3: 5 chords or dots in a bar of 4 beats")


def test_why_a_chart_is_not_saved_or_given_is_told(browser: TestClient, folder: Path) -> None:
    mine = {"name": "mine", "text": "| C |", "replace": False}
    post(browser, "/charts", mine)

    for answer, status in (
        (post(browser, "/charts", mine), 409),
        (post(browser, "/charts", mine | {"replace": True}), 200),
        (post(browser, "/charts", mine | {"name": "../x"}), 422),
        (post(browser, "/charts", mine | {"name": "12-bar-blues", "replace": True}), 422),
        (post(browser, "/charts", {"name": "x", "text": "| C |"}), 422),
        (post(browser, "/chart", {"text": 1, "transpose": 0}), 422),
        (post(browser, "/chart", {"text": "| C |"}), 422),
        (post(browser, "/chart", {"text": "x" * MOST_CHART}), 413),
        (browser.get("/charts/none", headers=AUTHORISED), 404),
    ):
        assert answer.status_code == status, answer.text
        assert status == 200 or 5 < len(answer.json()["error"]) < 300
    assert [one.name for one in (folder.parent / "charts").iterdir()] == ["mine.txt"]


def test_a_wish_in_words_is_told_what_it_set_and_what_was_not_understood(
    browser: TestClient,
) -> None:
    answer = post(browser, "/words", {"text": "slow waltz, banana"})

    assert answer.json() == {
        "sets": {"tempo": 66.0, "metre": "3/4", "style": "folk_waltz"},
        "unknown": ["banana"],
        "taken": [],
    }


@pytest.mark.parametrize(
    "body", [{}, {"text": 1}, {"text": "slow", "more": 1}, {"text": "a" * 401}]
)
def test_a_wish_that_is_none_is_refused(browser: TestClient, body: dict[str, Any]) -> None:
    assert post(browser, "/words", body).status_code == 422


def test_a_search_is_answered_and_one_that_fails_says_why_in_a_line(
    browser: TestClient, folder: Path
) -> None:
    async def fails() -> dict[str, Any]:
        raise Failed("play a phrase of at least 4 notes first")

    with TestClient(served(folder, find=fails)) as other:
        refused = post(other, "/find", {})

    assert post(browser, "/find", {}).json() == {"finds": [], "files": 3}
    assert (refused.status_code, refused.json()) == (
        422,
        {"error": "play a phrase of at least 4 notes first"},
    )
    assert post(browser, "/find", {"folder": "/etc"}).status_code == 422


def test_a_place_that_was_found_is_saved_by_its_name_and_time(browser: TestClient) -> None:
    place = {"name": "2026-06-03 211500.jsonl", "at": 62.5, "seconds": 8}

    assert post(browser, "/find/save", place).json() == {
        "name": "2026-06-03 211500.jsonl at 62.5 for 8"
    }
    for wrong in ({}, {"at": -1}, {"at": 1e9}, {"seconds": "8"}, {"name": 3}, {"more": 1}):
        assert post(browser, "/find/save", place | wrong if wrong else {}).status_code == 422


def test_a_body_with_half_of_a_surrogate_pair_is_no_text(browser: TestClient) -> None:
    place = {"name": "a\ud800", "at": 1, "seconds": 8}
    assert post(browser, "/find/save", place).status_code == 400


def test_of_the_sound_font_what_pages_play_is_given_to_who_has_the_token(
    folder: Path, tmp_path: Path
) -> None:
    font = tmp_path / "my band.sf2"
    font.write_bytes(sound_font((0, 0), (0, 127)))
    browser = TestClient(served(folder, font=font), raise_server_exceptions=False)

    given_ = browser.get("/font/my%20band.sf2?version=1", headers=AUTHORISED)
    assert given_.content == cut(font, PRESETS) != font.read_bytes()
    assert given_.headers["cache-control"] == "private, max-age=86400"
    assert browser.get("/font/my%20band.sf2").status_code == 401
    assert browser.get("/font/another.sf2", headers=AUTHORISED).status_code == 404
    font.write_bytes(b"RIFF and no more")
    broken = browser.get("/font/my%20band.sf2", headers=AUTHORISED)
    assert (broken.status_code, "expected a sound font" in broken.json()["error"]) == (422, True)
    font.unlink()
    gone = browser.get("/font/my%20band.sf2", headers=AUTHORISED)
    assert (gone.status_code, "not there" in gone.json()["error"]) == (404, True)
