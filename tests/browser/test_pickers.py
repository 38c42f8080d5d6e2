"""Controls by names that a musician has: what is picked is what the engine gets, and what it has is what is shown."""

import re
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Locator, expect

from livegen.jam.controls.controls import checked
from tests.browser.conftest import Look, Serve
from tests.browser.pages import TOKEN, Jam, Seen


def control(seen: Seen, name: str) -> Locator:
    return seen.page.locator(f'[data-control="{name}"]')


def is_set(seen: Seen, name: str, value: object) -> None:
    """Wait until the engine says so."""
    seen.until(lambda: (seen.state().get("controls") or {}).get(name) == value)
    assert checked(name, value) == value


def test_what_is_picked_by_name_is_set(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    seen.page.locator(".more summary").click()

    style, second_style = control(seen, "style").locator("select").all()
    style.select_option(label="Swing")
    is_set(seen, "style", "jazz_swing")
    second_style.select_option("folk_reel")
    is_set(seen, "style", "jazz_swing+folk_reel")
    second_style.select_option("")
    is_set(seen, "style", "jazz_swing")

    root, kind = control(seen, "scale").get_by_role("combobox"), seen.page.locator(".kind")
    expect(kind).to_be_hidden()
    root.first.select_option(label="E♭ / D♯")
    is_set(seen, "scale", "Eb major")
    kind.select_option(label="Dorian")
    is_set(seen, "scale", "Eb dorian")
    root.first.select_option(label="No scale: all notes")
    is_set(seen, "scale", "off")

    metre = control(seen, "metre")
    metre.get_by_role("combobox").select_option("6/8")
    is_set(seen, "metre", "6/8")
    metre.get_by_role("combobox").select_option("other")
    metre.get_by_role("textbox").fill("11/8")
    metre.get_by_role("textbox").press("Enter")
    is_set(seen, "metre", "11/8")

    parts = control(seen, "parts")
    parts.get_by_role("button", name="Drums").click()
    parts.get_by_role("button", name="Lead").click()
    is_set(seen, "parts", "lead drums")
    parts.get_by_role("button", name="Auto", exact=True).click()
    is_set(seen, "parts", "auto")

    register = control(seen, "register")
    register.get_by_role("radio", name="An octave lower").check()
    is_set(seen, "register", "-12")
    register.get_by_role("radio", name="Low", exact=True).check()
    is_set(seen, "register", "28-52")
    register.get_by_role("radio", name="From").check()
    register.get_by_role("combobox", name="Lowest").select_option("C4")
    register.get_by_role("combobox", name="Highest").select_option("G5")
    is_set(seen, "register", "60-79")
    register.get_by_role("combobox", name="Lowest").select_option("C6")
    is_set(seen, "register", "84-84")
    assert seen.complaints == []


def test_every_style_of_the_model_is_there_by_a_name_of_its_own(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    styles = control(seen, "style").locator("select").first.locator("option")

    seen.until(lambda: styles.count() > 1)

    told = next(frame["styles"] for frame in reversed(seen.frames) if "styles" in frame)
    assert sorted(styles.evaluate_all("all => all.map(one => one.value)")) == sorted(told)
    names: list[str] = styles.evaluate_all(
        "all => all.map(one => `${one.parentElement.label ?? ''} ${one.label}`)"
    )
    assert len(set(names)) == len(told) and not [name for name in names if "_" in name]


def test_what_another_surface_set_is_shown_by_its_name(jamming: Jam, look: Look) -> None:
    jam = jamming
    hand, eye = look(jam), look(jam)
    for name, value in {"scale": "f# minor", "register": "C3-C5", "metre": "13/8"}.items():
        say(hand, {"t": "set", "name": name, "value": value})

    root, kind = control(eye, "scale").locator("select").all()
    expect(root).to_have_value("F#")
    expect(kind).to_have_value("minor")
    eye.page.locator(".more summary").click()
    expect(control(eye, "register").get_by_role("radio", name="Middle")).to_be_checked()
    expect(control(eye, "metre").get_by_role("textbox")).to_have_value("13/8")


def say(seen: Seen, message: dict[str, Any]) -> None:
    """Say something as another surface would, over a socket of its own."""
    seen.page.evaluate(
        """([message, token]) => new Promise((done) => {
          const socket = new WebSocket(`ws://${location.host}/ws`);
          socket.onopen = () => socket.send(JSON.stringify({ token }));
          socket.onmessage = () => {
            socket.send(JSON.stringify(message));
            setTimeout(() => { socket.close(); done(); }, 300);
          };
        })""",
        [message, TOKEN],
    )


def test_a_model_that_is_chosen_is_loaded_and_one_that_is_gone_is_not_shown_as_playing(
    serve: Serve, look: Look
) -> None:
    seen = look(serve(models=["jam-gru", "gone"]))
    models = seen.page.get_by_role("combobox", name="Model")
    expect(models).to_have_value("jam-gru")

    models.select_option("gone")

    expect(seen.page.locator("#lines")).to_contain_text("'gone' is neither a model")
    expect(models).to_have_value("jam-gru")
    models.select_option("jam-gru")
    expect(seen.page.locator("#lines")).to_contain_text("takes over at the next bar line")


def test_the_controls_are_saved_as_a_preset_of_any_name_which_brings_them_back(
    serve: Serve, look: Look
) -> None:
    jam = serve(presets=["Quiet"])
    seen = look(jam)
    page = seen.page
    energy = control(seen, "energy").locator("input")
    energy.fill("900")
    is_set(seen, "energy", 0.9)

    save(seen, "Für abends")
    preset = page.locator(".presets").get_by_role("button", name="Für abends")
    expect(preset).to_be_visible()
    kept = (jam.folder.parent / "presets" / "Für abends.yaml").read_text()
    assert re.search(r"^energy: 0.9$", kept, re.M) and "mode: respond" in kept

    energy.fill("100")
    is_set(seen, "energy", 0.1)
    preset.click()
    is_set(seen, "energy", 0.9)
    expect(preset).to_have_attribute("aria-pressed", "true")


def test_a_preset_is_replaced_only_by_a_second_word(serve: Serve, look: Look) -> None:
    jam = serve()
    seen = look(jam)
    path = jam.folder.parent / "presets" / "Ballad.yaml"
    save(seen, "Ballad")
    seen.until(path.is_file)
    before = path.read_text()
    control(seen, "energy").locator("input").fill("200")
    is_set(seen, "energy", 0.2)

    save(seen, "Ballad")
    said = seen.page.locator(".saving [role=status]")
    expect(said).to_have_text("there is a preset Ballad already")
    assert path.read_text() == before
    seen.page.get_by_role("button", name="Replace it").click()
    expect(said).to_contain_text("Saved: Ballad")
    assert "energy: 0.2" in path.read_text()


def test_a_name_that_no_file_can_have_is_refused_in_words(serve: Serve, look: Look) -> None:
    jam = serve()
    seen = look(jam)

    save(seen, "a/b")

    expect(seen.page.locator(".saving [role=status]")).to_contain_text("is no name for a preset")
    assert not (jam.folder.parent / "presets").exists()
    assert [one for one in seen.complaints if "422" not in one] == []


def save(seen: Seen, name: str) -> None:
    seen.page.get_by_role("button", name="Save as preset").click()
    seen.page.get_by_role("textbox", name="Name of the preset").fill(name)
    seen.page.keyboard.press("Enter")
