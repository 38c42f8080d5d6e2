"""Playing on the page, over the real daemon: keys, answer, sound, controls, panic."""

import os
import re
import signal
import socket
from contextlib import ExitStack
from threading import Thread
from urllib.parse import urlsplit

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import Look, Serve
from tests.browser.pages import (
    CONTROL,
    MIDI_INPUTS,
    MODEL,
    NOTE_OFF,
    NOTE_ON,
    PHRASE,
    PLAYER,
    Jam,
    Seen,
    client_of,
)

# The loudest of the preview, as an analyser in the browser hears it, for as long as something is waited for.
LISTEN = """() => {
  const level = document.getElementById("level");
  window.loudest = 0;
  window.listening = setInterval(() => { window.loudest = Math.max(window.loudest, level.value); }, 30);
}"""

# The keys of the model that are lit and can be seen, at every change: a look now and then misses short notes.
WATCH = """() => {
  window.lit = 0;
  const look = () => {
    window.lit += [...document.querySelectorAll(".key.model")].filter((key) => key.checkVisibility()).length;
  };
  const changes = { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] };
  new MutationObserver(look).observe(document.getElementById("piano"), changes);
}"""


def test_a_phrase_on_the_keys_is_answered_and_both_are_seen_and_heard(
    jamming: Jam, look: Look
) -> None:
    seen = look(jamming)
    page = seen.page
    page.evaluate(WATCH)

    seen.plays(PHRASE)

    expect(page.locator("#turn-words")).to_have_text("Model plays")
    seen.until(lambda: page.evaluate("window.lit") > 0)
    # The sounds of the last key have long died away when this listens.
    page.wait_for_timeout(1000)
    page.evaluate(LISTEN)
    seen.until(lambda: page.evaluate("window.loudest") > 0.05)
    played = [note for note in seen.notes(PLAYER) if note[1] & 0xF0 == NOTE_ON]
    assert len(played) == len(PHRASE)
    expect(page.locator("#turn-words")).to_have_text("Your move")
    heard = seen.notes(MODEL)
    begun = sum(note[1] & 0xF0 == NOTE_ON and note[3] > 0 for note in heard)
    ended = sum(note[1] & 0xF0 in (NOTE_OFF, NOTE_ON) for note in heard) - begun
    assert begun == ended > 0
    assert seen.complaints == []


def test_the_key_that_is_heard_is_shown_with_how_sure_it_is(serve: Serve, look: Look) -> None:
    seen = look(serve())
    expect(seen.page.locator("#fact-key")).to_have_text("—")
    expect(seen.page.locator("#fact-key-sure")).to_have_text("")

    for _ in range(3):
        seen.plays(PHRASE)

    expect(seen.page.locator("#fact-key")).to_have_text(re.compile(r"^[A-G][b#]? (major|minor)$"))
    shown = re.compile(r"^ ?\d+ %(, or [A-G][b#]? (major|minor) \d+ %)?$")
    expect(seen.page.locator("#fact-key-sure")).to_have_text(shown)
    assert seen.complaints == []


def test_the_page_is_silent_until_something_is_played_on_it(echoing: Jam, look: Look) -> None:
    jam = echoing
    player, listener = look(jam), look(jam)

    listener.page.evaluate(LISTEN)
    player.plays("adg")
    player.is_answered()
    listener.until(lambda: listener.notes(MODEL))

    assert listener.page.evaluate("window.loudest") == 0
    listener.page.locator("#sound").click()
    player.plays("adg")
    listener.until(lambda: listener.page.evaluate("window.loudest") > 0.02)


def test_where_a_daw_plays_it_the_page_is_silent_until_it_is_wished(
    echoing: Jam, look: Look
) -> None:
    jam, seen = echoing, look()

    def with_ports(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(
            lambda text: socket.send(str(text).replace('"api":"none"', '"api":"jack"'))
        )

    seen.page.route_web_socket(jam.socket, with_ports)
    seen.page.add_init_script("localStorage.setItem('livegen-guide-seen', 'yes')")
    seen.page.goto(jam.url)
    expect(seen.page.locator("#link")).to_contain_text("echo")
    seen.page.evaluate(LISTEN)

    seen.plays()
    expect(seen.page.locator("#sound")).to_have_text("Sound off")
    assert seen.page.evaluate("window.loudest") == 0

    seen.page.locator("#sound").click()
    seen.plays()
    seen.until(lambda: seen.page.evaluate("window.loudest") > 0.05)


def test_a_midi_input_of_the_browser_plays_and_livegen_s_own_is_not_offered(
    echoing: Jam, look: Look
) -> None:
    jam, seen = echoing, look()
    seen.page.add_init_script(MIDI_INPUTS)
    seen.connects(jam)

    seen.page.get_by_role("button", name="MIDI inputs").click()
    offered = seen.page.locator(".midi-inputs label")
    expect(offered).to_have_text(["<b>Keys</b>"])
    offered.locator("input").check()
    played = [
        [0x90, 60, 80],
        [0xC0, 5],
        [0xB0, 7, 3],
        [0xB1, 1, 64],
        [0xE0, 0, 70],
        [0xD0, 9],
        [0x80, 60, 0],
    ]
    for data in ([0xF8], [0xFE], [0xF0, 1, 0xF7], *played):
        seen.page.evaluate("turn", data)

    seen.until(lambda: len(seen.notes(PLAYER)) == len(played))
    assert [note[1:] for note in seen.notes(PLAYER)] == played


def test_the_piano_on_the_screen_plays_and_follows_the_finger(echoing: Jam, look: Look) -> None:
    seen = look(echoing)
    page = seen.page
    first = page.locator('[data-pitch="60"]').bounding_box()
    second = page.locator('[data-pitch="64"]').bounding_box()
    assert first and second

    page.mouse.move(first["x"] + 8, first["y"] + first["height"] - 5)
    page.mouse.down()
    page.mouse.move(second["x"] + 8, second["y"] + second["height"] - 5)
    page.mouse.up()
    page.keyboard.press("x")
    page.keyboard.press("a", delay=50)

    seen.until(lambda: len(seen.notes(PLAYER)) >= 6)
    kinds = [(note[1] & 0xF0, note[2]) for note in seen.notes(PLAYER)]
    keys = [60, 64, 72]
    assert kinds == [(kind, key) for key in keys for kind in (NOTE_ON, NOTE_OFF)]


def test_a_key_is_let_go_when_the_page_loses_the_focus(echoing: Jam, look: Look) -> None:
    seen = look(echoing)

    seen.page.keyboard.down("a")
    seen.until(lambda: seen.notes(PLAYER))
    seen.page.evaluate("window.dispatchEvent(new Event('blur'))")

    seen.until(lambda: [note[1] for note in seen.notes(PLAYER)] == [NOTE_ON, NOTE_OFF])


def test_a_knob_that_is_moved_turns_the_engine_s_control(jamming: Jam, look: Look) -> None:
    jam = jamming
    hand, eye = look(jam), look(jam)
    slider = hand.page.locator('[data-control="density"] input[type=range]')

    slider.focus()
    for _ in range(10):
        hand.page.keyboard.press("ArrowRight")

    # The other page knows of it only from the engine.
    shown = eye.page.locator('[data-control="density"] .value')
    expect(shown).to_have_text("1.32")
    assert eye.state()["controls"]["density"] == 1.32
    slider.dblclick()
    expect(shown).to_have_text("1")


def test_words_and_texts_are_controls_too(jamming: Jam, look: Look) -> None:
    jam = jamming
    hand, eye = look(jam), look(jam)

    hand.page.locator('[data-control="mode"]').get_by_role("radio", name="trade").check()
    hand.page.locator('[data-control="parts"]').get_by_role("button", name="Bass").click()

    expect(eye.page.locator("#fact-mode")).to_have_text("trade")
    bass = eye.page.locator('[data-control="parts"]').get_by_role("button", name="Bass")
    expect(bass).to_have_attribute("aria-pressed", "true")


def test_a_word_that_is_not_taken_does_not_stay_on_the_page(serve: Serve, look: Look) -> None:
    seen = look(serve())
    seen.page.locator(".more summary").click()
    seen.page.locator('[data-control="metre"] select').select_option("other")
    metre = seen.page.locator('[data-control="metre"] input')

    metre.fill("junk")
    metre.press("Enter")

    expect(seen.page.locator("#lines")).to_contain_text("metre")
    problem = seen.page.locator('[data-control="metre"] .problem')
    expect(problem).to_contain_text("expected")
    common = seen.page.locator('[data-control="metre"] select')
    expect(common).to_have_attribute("aria-invalid", "true")
    expect(common).to_have_value("auto")
    common.select_option("other")
    metre.fill("11/8")
    metre.press("Enter")
    seen.until(lambda: seen.state()["controls"]["metre"] == "11/8")
    expect(metre).to_have_value("11/8")
    expect(problem).to_be_hidden()


def test_letters_play_after_a_channel_was_chosen(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    channel = seen.page.locator("#play-channel")

    channel.focus()
    channel.select_option(label="3")
    seen.plays("a")

    seen.until(lambda: [NOTE_ON | 2, 60] in [note[1:3] for note in seen.notes(PLAYER)])
    expect(channel).to_have_value("2")


def test_every_control_and_command_that_there_is_appears(echoing: Jam, look: Look) -> None:
    from livegen.jam.controls.controls import CONTROLS
    from livegen.jam.controls.mapping import COMMANDS

    page = look(echoing).page

    controls = page.locator("[data-control]")
    shown = controls.evaluate_all("all => all.map(one => one.dataset.control)")
    assert shown[:4] == ["mode", "style", "tempo", "sync"]  # what one reaches for comes first
    assert sorted(shown) == sorted(set(CONTROLS) - {"chart"})
    expect(page.locator("#panel-chart")).to_be_attached()  # which has a panel of its own
    commands = page.locator("[data-command]").evaluate_all(
        "all => all.map(one => one.dataset.command)"
    )
    assert set(commands) == set(COMMANDS) - {"panic", "forget"}  # which have buttons of their own
    expect(page.locator("#panic")).to_be_visible()
    expect(page.locator("#forget")).to_be_attached()  # hidden while nothing is remembered


def test_the_preset_in_force_is_marked_wherever_it_was_chosen(serve: Serve, look: Look) -> None:
    jam = serve(presets=["Ballad", "Late set"])
    hand, eye = look(jam), look(jam)

    hand.page.get_by_role("button", name="Late set").click()

    expect(eye.page.get_by_role("button", name="Late set")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(eye.page.get_by_role("button", name="Ballad")).to_have_attribute("aria-pressed", "false")


def test_a_control_learns_the_knob_that_is_turned(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    control = seen.page.locator('[data-control="energy"]')

    control.get_by_role("button", name="Learn").click()
    expect(control.get_by_text("Move it …")).to_be_visible()
    seen.page.keyboard.press("a")  # a key of the piano counts as a pad

    expect(control.get_by_role("button", name="Unbind")).to_be_visible()
    control.get_by_role("button", name="Unbind").click()
    expect(control.get_by_role("button", name="Unbind")).to_have_count(0)


def test_panic_silences_all_while_the_engine_is_dead(serve: Serve, look: Look) -> None:
    jam = serve()
    seen = look(jam)
    seen.plays(PHRASE)
    seen.is_answered()

    os.kill(jam.daemon.engine_pid(), signal.SIGKILL)
    seen.until(lambda: silences(seen))  # what the port process does by itself
    before = silences(seen)
    seen.page.keyboard.press("Escape")

    seen.until(lambda: silences(seen) > before)
    assert seen.state()["engine"] != "alive"
    expect(seen.page.locator(".key.model")).to_have_count(0)
    expect(seen.page.locator("#notice")).to_be_visible()
    # It comes back by itself, and answers again.
    expect(seen.page.locator("#notice")).to_be_hidden()
    expect(seen.page.locator("#turn-words")).to_have_text("Your move")
    before = len(seen.notes(MODEL))
    seen.plays()
    seen.until(lambda: any(note[1] & 0xF0 == NOTE_ON for note in seen.notes(MODEL)[before:]))


def silences(seen: Seen) -> int:
    """How often "all sound off" or "all notes off" left the output."""
    return sum(
        status & 0xF0 == CONTROL and data[0] in (120, 123) for _, status, *data in seen.notes(MODEL)
    )


def test_a_lost_connection_is_said_in_words_and_mends_itself(serve: Serve, look: Look) -> None:
    jam = serve("engines:echo")
    seen = look(jam)
    port = int(jam.origin.rpartition(":")[2])

    assert jam.daemon.end()[0] == 0
    expect(seen.page.locator("#notice")).to_contain_text("connection to livegen is lost")
    seen.plays("a")

    serve("engines:echo", port=port)
    expect(seen.page.locator("#notice")).to_be_hidden()
    seen.plays("a")
    seen.is_answered()


def test_without_the_token_the_page_says_what_to_do(echoing: Jam, look: Look) -> None:
    jam = echoing
    without, wrong = look(), look()

    without.page.goto(jam.origin)
    wrong.page.goto(f"{jam.origin}/#not-the-token-of-this-run")

    for seen in (without, wrong):
        expect(seen.page.locator("#notice")).to_contain_text("address that livegen printed")
        assert "#" not in seen.page.url


def test_names_from_outside_are_only_ever_text(serve: Serve, look: Look) -> None:
    name = "<img src=x onerror=document.title='owned'>"
    seen = look(serve("engines:echo", presets=[name]))

    expect(seen.page.locator("#panel-controls").get_by_role("button", name=name)).to_be_visible()
    assert seen.page.locator(".presets img").count() == 0
    assert seen.page.title() == "livegen"


def test_one_page_that_does_not_read_holds_up_nobody(
    serve: Serve, look: Look, stack: ExitStack
) -> None:
    jam = serve()
    for _ in range(6):
        client = stack.enter_context(client_of(jam))
        Thread(target=lambda one=client: list(one), daemon=True).start()
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    stalled.connect(("127.0.0.1", urlsplit(jam.url).port))
    stack.enter_context(client_of(jam, stalled))  # which says its token, and reads no more
    seen, ninth = look(jam), look()

    ninth.page.goto(jam.url)
    expect(ninth.page.locator("#notice")).to_contain_text("livegen takes no more open pages")
    seen.plays()
    seen.is_answered()

    expect(seen.page.locator("#turn-words")).to_have_text("Model plays")
