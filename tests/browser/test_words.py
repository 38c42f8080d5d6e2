"""What the page says and to whom the keys belong: headlines, replies, fields, Escape; over the real daemon."""

import os
import signal

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Look, Serve
from tests.browser.pages import NOTE_ON, PLAYER, Jam, Seen


def headline(seen: Seen) -> Locator:
    return seen.page.locator("#turn-words")


def reply(seen: Seen) -> Locator:
    return seen.page.locator("#reply")


def press(seen: Seen, name: str) -> None:
    """Press a command's button."""
    seen.page.locator(f'[data-command="{name}"]').click()


def choose(seen: Seen, mode: str) -> None:
    """Choose a mode as any page does, and wait until the engine has it."""
    seen.page.locator('[data-control="mode"]').get_by_role("radio", name=mode).check()
    expect(seen.page.locator("#fact-mode")).to_have_text(mode)
    seen.page.locator("#piano").focus()


def pitches(seen: Seen) -> list[int]:
    """What was played on the page."""
    return [note[2] for note in seen.notes(PLAYER) if note[1] & 0xF0 == NOTE_ON and note[3]]


def replies(seen: Seen) -> int:
    """How many commands the engine has replied to, by whomever they were given."""
    return int(seen.state().get("reply", {}).get("number", 0))


# --- whose turn it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "during", "after"),
    [("harmonise", "Together", "Your move"), ("listen", "You play", "Model listens")],
)
def test_where_nobody_answers_the_headline_ends_with_the_playing(
    jamming: Jam, look: Look, mode: str, during: str, after: str
) -> None:
    seen = look(jamming)
    choose(seen, mode)

    seen.page.keyboard.down("a")
    expect(headline(seen)).to_have_text(during)
    seen.page.keyboard.up("a")

    expect(headline(seen)).to_have_text(after)


# A model that is back at once is away for less time than lies between two looks from outside.
LISTS_HEADLINES = """
window.headlines = [];
const words = document.querySelector("#turn-words");
const list = () => headlines.push(words.textContent);
new MutationObserver(list).observe(words, { childList: true, characterData: true, subtree: true });
"""


def test_the_headline_says_that_the_connection_or_the_model_is_gone(
    serve: Serve, look: Look
) -> None:
    jam = serve()
    seen = look(jam)
    expect(headline(seen)).to_have_text("Your move")

    seen.page.evaluate(LISTS_HEADLINES)
    os.kill(jam.daemon.engine_pid(), signal.SIGKILL)
    seen.until(
        lambda: {"Model restarts", "Model is loading"} & set(seen.page.evaluate("headlines"))
    )
    expect(headline(seen)).to_have_text("Your move")
    assert jam.daemon.end()[0] == 0

    expect(headline(seen)).to_have_text("Not connected")
    press(seen, "again")
    expect(reply(seen)).to_contain_text("no connection")


def test_commands_are_named_from_the_player_s_side(echoing: Jam, look: Look) -> None:
    from livegen.jam.controls.mapping import LABELS

    page = look(echoing).page

    for name, label in LABELS.items():
        if name == "forget":  # beside the name of who plays
            expect(page.locator(".rename").get_by_text(label, exact=True)).to_have_count(1)
        elif name != "panic":
            expect(page.locator(f'[data-command="{name}"]')).to_contain_text(label)


def test_cues_for_a_band_are_seen_where_there_is_a_band_and_while_bindings_are_learned(
    jamming: Jam, look: Look
) -> None:
    seen = look(jamming)
    fill = seen.page.locator('[data-command="fill"]')
    expect(fill).to_be_hidden()

    choose(seen, "accompany")
    expect(fill).to_be_visible()

    choose(seen, "respond")
    expect(fill).to_be_hidden()
    seen.page.get_by_role("button", name="Learn mode").click()
    expect(fill).to_be_visible()


# --- what comes of it ---------------------------------------------------------------------------------------------


def test_a_command_with_nothing_to_act_on_says_why(serve: Serve, look: Look) -> None:
    seen = look(serve())

    for name, said in (
        ("again", "Nothing was answered yet"),
        ("undo", "no turn to undo"),
        ("keep", "nothing to keep"),
        ("freeze", "nothing to repeat"),
        ("your_turn", "play one first"),
        ("my_turn", "your turn already"),
        ("stop", "Nothing was playing"),
        ("capture", "not saved: nothing was played yet"),
    ):
        press(seen, name)
        expect(reply(seen)).to_contain_text(said)
        expect(reply(seen)).to_have_attribute("data-done", "false")


def test_freeze_is_down_while_the_answer_repeats(serve: Serve, look: Look) -> None:
    seen = look(serve())
    freeze = seen.page.locator('[data-command="freeze"]')
    expect(freeze).to_have_attribute("aria-pressed", "false")
    for _ in ("on", "off"):  # this one is not about sound, which takes its time
        seen.page.locator("#sound").click()
    seen.plays()
    seen.is_answered()

    press(seen, "freeze")  # the page knows of it only from the engine

    expect(freeze).to_have_attribute("aria-pressed", "true")
    expect(reply(seen)).to_contain_text("repeats")
    expect(headline(seen)).to_have_text("Loop")
    press(seen, "freeze")
    expect(freeze).to_have_attribute("aria-pressed", "false")
    expect(reply(seen)).to_contain_text("The loop ends")


def test_taps_in_the_player_s_own_time_set_the_tempo_and_say_so(serve: Serve, look: Look) -> None:
    seen = look(serve())

    for _ in range(6):
        press(seen, "tap")
        seen.page.wait_for_timeout(400)

    expect(reply(seen)).to_contain_text("BPM: your next phrase begins on the downbeat")
    assert isinstance(seen.state()["controls"]["tempo"], float)
    shown = seen.page.locator("#fact-tempo")
    # It is drawn a moment later, and each tap before the last had a reply, and a tempo, of its own; it is rounded to
    # tenths when it is told, and once more when it is drawn.
    seen.until(lambda: abs(float(shown.inner_text()) - seen.state()["controls"]["tempo"]) <= 0.56)


# --- to whom the keys belong --------------------------------------------------------------------------------------


def test_enter_leaves_a_field_and_the_next_key_plays(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    page = seen.page
    page.get_by_role("tab", name="Recordings").click()
    bars = page.locator("#capture-bars")

    bars.fill("12")
    bars.press("Enter")
    page.keyboard.press("a", delay=50)

    seen.until(lambda: pitches(seen) == [60])
    expect(bars).to_have_value("12")
    expect(bars).not_to_be_focused()


def test_escape_gives_a_field_what_it_held_and_is_no_panic(serve: Serve, look: Look) -> None:
    seen = look(serve())
    page = seen.page
    page.get_by_role("tab", name="Recordings").click()
    bars = page.locator("#capture-bars")

    bars.fill("99")
    bars.press("Escape")
    page.keyboard.press("s", delay=50)

    seen.until(lambda: pitches(seen) == [62])
    expect(bars).to_have_value("8")
    press(seen, "undo")
    expect(reply(seen)).to_contain_text("The last turn is undone")
    assert replies(seen) == 1  # a panic would have been the first


def test_escape_closes_what_is_open_and_is_panic_only_then(serve: Serve, look: Look) -> None:
    seen = look(serve())
    page = seen.page

    page.locator("#stage-mode").click()
    page.keyboard.press("Escape")
    expect(page.locator("#stage-mode")).to_have_attribute("aria-pressed", "false")
    page.locator("#guide-open").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("a", delay=50)
    seen.until(lambda: pitches(seen) == [60])
    page.keyboard.press("Escape")
    expect(reply(seen)).to_have_text("Everything is silent.")
    assert replies(seen) == 1


def test_lists_and_sliders_leave_the_letters_to_the_piano(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    page = seen.page
    page.evaluate("""() => {
      const list = document.createElement("select");
      list.id = "named";
      for (const name of ["none", "avant-garde", "swing", "calypso"]) list.add(new Option(name));
      document.querySelector("main").append(list);
    }""")

    for place in ("#named", "#play-channel", '[data-control="density"] input[type=range]'):
        page.locator(place).focus()
        before = page.locator(place).input_value()
        page.keyboard.press("a", delay=50)
        page.keyboard.press("c")  # softer
        page.keyboard.press("s", delay=50)
        assert page.locator(place).input_value() == before
    seen.until(lambda: pitches(seen) == [60, 62] * 3)
    page.locator("#named").press("ArrowDown")  # which chooses there
    expect(page.locator("#named")).to_have_value("avant-garde")
