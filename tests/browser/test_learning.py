"""Learn without a DAW: knobs, pads and keys of the browser, bound to controls, commands and presets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Locator, WebSocket, expect

from livegen.jam.controls.controls import CONTROLS
from livegen.jam.controls.mapping import COMMANDS
from tests.browser.conftest import Look, Serve
from tests.browser.pages import MIDI_INPUTS, MODEL, NOTE_ON, PLAYER, Jam, Seen

SIGNS = {
    ",": "Comma",
    ".": "Period",
    "/": "Slash",
    "[": "BracketLeft",
    "]": "BracketRight",
    "=": "Equal",
    "-": "Minus",
}
PAD_DOWN, PAD_UP = [0x99, 36, 100], [0x89, 36, 0]


def with_an_instrument(look: Look, jam: Jam) -> Seen:
    """A page that listens to a MIDI input of the browser."""
    seen = look()
    seen.page.add_init_script(MIDI_INPUTS)
    seen.connects(jam)
    seen.page.get_by_role("button", name="MIDI inputs").click()
    seen.page.locator(".midi-inputs input").check()
    return seen


def moves(seen: Seen, *messages: list[int]) -> None:
    seen.page.evaluate("all => all.forEach(turn)", list(messages))


KEYLESS = {"panic", "forget"}  # Escape is panic, and no slip of a finger forgets a player


def begins_to_learn(seen: Seen, chosen: Locator) -> None:
    seen.page.get_by_role("button", name="Learn mode").click()
    chosen.click()
    expect(seen.page.locator("#learn [role=status]")).to_contain_text("Now move the knob")


def leaves(seen: Seen) -> None:
    seen.page.get_by_role("button", name="Learn mode").click()
    expect(seen.page.locator("#learn")).to_be_hidden()


def bound(seen: Seen) -> dict[str, str]:
    return dict(seen.state().get("map", {}))


@contextmanager
def listening(seen: Seen) -> Iterator[list[str]]:
    """The names of the commands that the page asks for from its next connection on."""
    asked: list[str] = []

    def hears(text: str | bytes) -> None:
        message = json.loads(text)
        if message.get("t") == "do":
            asked.append(message["name"])

    def follow(socket: WebSocket) -> None:
        socket.on("framesent", hears)

    seen.page.on("websocket", follow)
    yield asked


def test_a_knob_of_the_browser_s_midi_learns_a_control_and_turns_it(
    jamming: Jam, look: Look
) -> None:
    jam = jamming
    seen, eye = with_an_instrument(look, jam), look(jam)

    begins_to_learn(seen, seen.page.locator('[data-control="density"] .name'))
    moves(seen, *([0xB0, 74, value] for value in range(60, 90)))
    seen.until(lambda: "density" in bound(seen).values())
    assert bound(seen) == {"cc 74 on 1": "density"}
    leaves(seen)

    moves(seen, *([0xB0, 74, value] for value in range(127, -1, -1)))
    eye.until(lambda: eye.state()["controls"]["density"] == CONTROLS["density"].low)


def test_a_pad_of_the_browser_s_midi_learns_a_command_and_gives_it(
    jamming: Jam, look: Look
) -> None:
    seen = with_an_instrument(look, jamming)
    button = seen.page.locator('[data-command="again"]')

    begins_to_learn(seen, button)
    moves(seen, PAD_DOWN, PAD_UP)
    expect(button.locator(".bound")).to_have_text("note 36 on 10")
    assert bound(seen) == {"note 36 on 10": "again"}
    leaves(seen)

    seen.plays()
    seen.is_answered()
    seen.until(lambda: seen.state()["turn"] == "waiting")
    answered = len(struck(seen, MODEL))
    moves(seen, PAD_DOWN, PAD_UP)
    seen.until(lambda: len(struck(seen, MODEL)) > answered)

    seen.page.get_by_role("button", name="Learn mode").click()
    seen.page.get_by_role("button", name="Unbind again: note 36 on 10").click()
    seen.until(lambda: bound(seen) == {})
    expect(button.locator(".bound")).to_be_hidden()


def struck(seen: Seen, who: int) -> list[list[int]]:
    return [note for note in seen.notes(who) if note[1] & 0xF0 == NOTE_ON and note[3]]


def test_a_program_learns_a_preset_and_the_panic_button_is_learned_beside_itself(
    serve: Serve, look: Look
) -> None:
    seen = with_an_instrument(look, serve(presets=["Late set"]))
    preset = seen.page.get_by_role("button", name="Late set", exact=True)

    begins_to_learn(seen, preset)
    moves(seen, [0xC0, 5])
    seen.until(lambda: bound(seen) == {"program 5 on 1": "preset Late set"})
    seen.page.locator('[data-learn="panic"]').click()
    seen.until(lambda: seen.state()["learning"] == "panic")
    moves(seen, [0xB0, 20, 127])
    seen.until(lambda: bound(seen).get("cc 20 on 1") == "panic")
    leaves(seen)

    moves(seen, [0xC0, 5])
    expect(preset).to_have_attribute("aria-pressed", "true")


def test_every_command_can_be_chosen_and_nothing_is_done_meanwhile(
    jamming: Jam, look: Look
) -> None:
    seen = look()
    with listening(seen) as asked:
        seen.connects(jamming)
        seen.page.get_by_role("button", name="Learn mode").click()
        for name in COMMANDS:
            chosen = "data-learn" if name in KEYLESS else "data-command"
            seen.page.locator(f'[{chosen}="{name}"]').click()
            seen.until(lambda name=name: seen.state().get("learning") == name)
        leaves(seen)
        seen.until(lambda: not seen.state()["learning"])

        assert set(asked) == {"learn"}


def test_escape_leaves_learn_first_and_is_panic_then(jamming: Jam, look: Look) -> None:
    seen = look()
    with listening(seen) as asked:
        seen.connects(jamming)
        begins_to_learn(seen, seen.page.locator('[data-command="tap"]'))

        seen.page.keyboard.press("Escape")
        expect(seen.page.locator("#learn")).to_be_hidden()
        seen.until(lambda: not seen.state()["learning"])
        assert asked == ["learn", "learn"]
        seen.page.keyboard.press("Escape")
        seen.until(lambda: asked == ["learn", "learn", "panic"])


def test_a_flood_from_an_instrument_costs_neither_the_connection_nor_a_note(
    echoing: Jam, look: Look
) -> None:
    seen = with_an_instrument(look, echoing)

    for sweep in range(4):
        moves(seen, *([0xB0, number, value] for value in range(128) for number in range(16, 32)))
        moves(seen, [0x90, 60 + sweep, 80], [0x80, 60 + sweep, 0])

    last = {(0xB0, number, 127) for number in range(16, 32)}
    seen.until(lambda: len(struck(seen, PLAYER)) == 4)
    seen.until(lambda: last <= {tuple(note[1:]) for note in seen.notes(PLAYER)})
    assert [note[2] for note in struck(seen, PLAYER)] == list(range(60, 64))
    expect(seen.page.locator("#link")).to_contain_text("connected")
    assert [frame for frame in seen.frames if frame["t"] == "refused"] == []


def test_an_instrument_that_was_unplugged_plays_again_when_it_is_back(
    echoing: Jam, look: Look
) -> None:
    seen = with_an_instrument(look, echoing)

    seen.page.evaluate("replug()")
    moves(seen, [0x90, 60, 80], [0x80, 60, 0])

    seen.until(lambda: struck(seen, PLAYER))


def test_a_pad_makes_no_sound_on_the_page(jamming: Jam, look: Look) -> None:
    seen = with_an_instrument(look, jamming)
    begins_to_learn(seen, seen.page.locator('[data-command="my_turn"]'))
    moves(seen, PAD_DOWN, PAD_UP)
    seen.until(lambda: bound(seen))
    leaves(seen)
    seen.page.evaluate(
        """() => { const level = document.getElementById("level"); window.loudest = 0;
        setInterval(() => { window.loudest = Math.max(window.loudest, level.value); }, 20); }"""
    )

    before = len(struck(seen, PLAYER))
    for _ in range(4):
        moves(seen, PAD_DOWN, PAD_UP)
        seen.page.wait_for_timeout(100)
    seen.until(lambda: len(struck(seen, PLAYER)) == before + 4)
    assert seen.page.evaluate("window.loudest") == 0
    moves(seen, [0x90, 60, 100])
    seen.until(lambda: seen.page.evaluate("window.loudest") > 0.02)


# --- the computer's keys ------------------------------------------------------------------------------------------


def test_every_command_has_a_key_that_is_shown_and_gives_it(echoing: Jam, look: Look) -> None:
    seen = look()
    with listening(seen) as asked:
        seen.connects(echoing)
        buttons = seen.page.locator("[data-command]")
        keys = buttons.evaluate_all(
            "all => all.map(one => [one.dataset.command, one.getAttribute('aria-keyshortcuts'),"
            " one.querySelector('kbd').textContent])"
        )
        assert {name for name, _, _ in keys} == set(COMMANDS) - KEYLESS
        assert all(key.replace("Shift+", "⇧") == shown for _, key, shown in keys)

        for _, key, _ in keys:
            shift, _, digit = key.rpartition("+")
            code = f"Key{digit}" if digit in "BNM" else SIGNS.get(digit, f"Digit{digit}")
            seen.page.keyboard.press(f"{shift}+{code}" if shift else code)

        seen.until(lambda: asked == [name for name, _, _ in keys])


def test_a_key_gives_no_command_in_a_field_in_a_list_under_a_dialog_and_with_control(
    echoing: Jam, look: Look
) -> None:
    seen = look()
    with listening(seen) as asked:
        seen.connects(echoing)
        page = seen.page
        page.get_by_role("button", name="Save as preset").click()
        page.keyboard.type("34")
        page.locator("#play-channel").focus()
        page.keyboard.press("5")
        page.locator("#guide-open").click()
        page.keyboard.press("3")
        page.get_by_role("button", name="Start playing").click()
        page.keyboard.press("Control+3")
        page.locator("#stage-mode").focus()
        page.keyboard.press("0")

        seen.until(lambda: asked)
        assert asked == ["stop"]
