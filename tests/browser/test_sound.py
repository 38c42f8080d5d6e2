"""The page's preview: costs little however long it plays, rests when it is silent, and sounds as it should."""

import json
import re

import numpy as np
import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from livegen.sound.fonts import font_for_a_page
from tests.browser.conftest import Look
from tests.browser.pages import CONTROL, MODEL, NOTE_ON, PLAYER, Jam
from tests.browser.sound import (
    BASS,
    COMP,
    DRUMS,
    KICK,
    LEAD,
    RATE,
    RIM,
    SNARE,
    TAP,
    Costs,
    audio_seconds,
    band,
    begins,
    computes,
    hands,
    hertz,
    note,
    peak_db,
    rendered,
    strength,
)
from tests.browser.test_playing import LISTEN
from tests.e2e.harness import wait_for

MINUTES = 3
PART_S = 55  # measured after each
LOW_RATE = 8000  # hertz: a sixth of the work

# --- what it costs ------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)  # minutes of music, computed on a machine that may be busy
def test_minutes_of_accompanying_leave_nodes_heap_and_load_flat(echoing: Jam, look: Look) -> None:
    seen = look(reduced_motion="reduce")  # the roll has its own tests
    costs = Costs(seen.page)
    computes(seen, echoing, MINUTES * 60, LOW_RATE, PART_S)
    music = sorted(hands(60 * MINUTES) + band(60 * MINUTES), key=lambda one: one[1])
    seen.page.evaluate("notes => void render(JSON.parse(notes))", json.dumps(music))

    taken = []
    before = audio_seconds()

    def has_paused() -> bool:
        seen.page.wait_for_timeout(100)
        return bool(seen.page.evaluate("Boolean(window.goOn)"))

    for _ in range(3):
        wait_for(has_paused, timeout_s=90)
        spent, before = audio_seconds() - before, audio_seconds()
        taken.append((*costs.collected(), spent))
        print("nodes, heap in MB, seconds of the audio thread:", taken[-1], flush=True)
        seen.page.evaluate("goOn()")

    (nodes, heap, load), (last_nodes, last_heap, last_load) = taken[0], taken[2]
    assert nodes > 40, "nothing was played"
    assert load > 0
    assert last_nodes < 1.5 * nodes
    assert last_heap < heap + 1.5
    assert last_load < 1.5 * load + 0.5
    assert seen.complaints == []


def test_sound_off_stops_the_audio_and_the_first_note_after_it_is_heard(
    echoing: Jam, look: Look
) -> None:
    seen = look()
    page = seen.page
    costs = Costs(page)
    page.add_init_script(f"{TAP} window.isDeaf = true;")  # hears only its own keys
    begins(seen, echoing)
    seen.until(lambda: costs.is_running)
    page.keyboard.down("a")

    page.locator("#sound").click()
    expect(page.locator("#sound")).to_have_text("Sound off")
    seen.until(lambda: not costs.is_running)
    page.keyboard.up("a")

    page.locator("#sound").click()
    page.evaluate(LISTEN)
    page.keyboard.press("g")  # pressed and let go before the audio runs again
    seen.until(lambda: page.evaluate("loudest") > 0.05)
    assert costs.is_running
    expect(page.locator("#delay")).to_have_text(re.compile(r"^\d+ ms$"))


def test_the_audio_rests_when_nothing_sounds_and_wakes_with_the_first_note(
    echoing: Jam, look: Look
) -> None:
    seen = look()
    page = seen.page
    costs = Costs(page)
    page.add_init_script(f"{TAP} window.isDeaf = true;")
    begins(seen, echoing)
    seen.until(lambda: costs.is_running)

    page.evaluate("later(14_000)")
    seen.until(lambda: not costs.is_running)
    expect(page.locator("#sound")).to_have_text("Sound on")

    page.evaluate(LISTEN)
    page.evaluate(f"send([[{MODEL}, 0, {NOTE_ON}, 60, 80]], 0)")  # nobody touched the page
    seen.until(lambda: page.evaluate("loudest") > 0.05)


def test_the_metronome_clicks_where_beats_are_counted(echoing: Jam, look: Look) -> None:
    seen = look()
    page = seen.page
    page.add_init_script(f"{TAP} window.isDeaf = true;")
    begins(seen, echoing)
    page.evaluate(LISTEN)
    page.evaluate(
        "hear({ t: 'state', now: performance.now() * 1000,"
        " state: { leader: 'internal', timeline: [250000, 0, 96] } })"
    )
    page.locator("#metronome").click()
    seen.until(lambda: page.evaluate("loudest") > 0.05)
    expect(page.locator("#metronome")).to_have_attribute("aria-pressed", "true")


# --- what it sounds like ------------------------------------------------------------------------------------------


def test_notes_sound_at_their_time(echoing: Jam, look: Look) -> None:
    times = [0.1 + 0.117 * count for count in range(16)]
    strokes = [one for at in times for one in note(MODEL, at, DRUMS, RIM, 100)]

    heard = np.abs(rendered(look(), echoing, strokes, 3)).max(axis=0)

    loud = np.flatnonzero(heard > 0.02) / RATE
    begun = [at for at, before in zip(loud, [-1.0, *loud], strict=False) if at - before > 0.05]
    assert len(begun) == len(times)
    late = np.array(begun) - times
    assert np.ptp(late) < 0.002
    assert 0 <= late.mean() < 0.015  # the limiter looks ahead


def test_a_chord_has_all_its_notes_and_a_drum_is_heard_beside_it(echoing: Jam, look: Look) -> None:
    chord = (60, 64, 67)
    music = [one for pitch in chord for one in note(PLAYER, 0.1, LEAD, pitch, 88, 0.8)]
    music += note(MODEL, 1.5, DRUMS, SNARE) + note(MODEL, 2.0, BASS, 36, 88, 0.4)
    music += note(MODEL, 2.5, COMP, 60, 75, 0.4)

    heard = rendered(look(), echoing, music, 3)

    held = heard[:, int(0.2 * RATE) : int(0.8 * RATE)]
    between = strength(held, hertz(62))
    assert all(strength(held, hertz(pitch)) > 20 * between for pitch in chord)
    assert peak_db(heard[:, int(1.2 * RATE) : int(1.45 * RATE)]) < -45
    for second in (1.5, 2.0, 2.5):
        # A snare is noise, another each time.
        assert -24 < peak_db(heard[:, int(second * RATE) : int((second + 0.4) * RATE)]) < -5


def test_a_note_too_many_takes_the_place_of_the_oldest(echoing: Jam, look: Look) -> None:
    first, last = 48, 48 + 16  # as many voices as the player has, and one
    music = [
        one
        for pitch in range(first, last + 1)
        for one in note(PLAYER, 0.1 + 0.02 * (pitch - first), LEAD, pitch, 80, 2.5)
    ]

    heard = rendered(look(), echoing, music, 3)

    after = heard[:, int(0.6 * RATE) : int(1.6 * RATE)]
    second = strength(after, hertz(first + 1))
    assert strength(after, hertz(last)) > second / 3
    assert strength(after, hertz(first)) < second / 20


def test_silence_ends_what_sounds_and_what_has_not_begun(echoing: Jam, look: Look) -> None:
    # What comes within a quarter of a second is told at its beginning, in its order.
    off = [[MODEL, 0.48, CONTROL | channel, 120, 0] for channel in (LEAD, COMP, BASS, DRUMS)]
    music = [
        *note(MODEL, 0.05, LEAD, 72, 88, 5),
        *note(MODEL, 0.05, BASS, 36, 88, 5),
        *note(MODEL, 0.46, DRUMS, KICK, 100, 5),
        *note(MODEL, 0.47, COMP, 60, 88, 5),
    ]

    heard = rendered(look(), echoing, music + off, 2)

    assert peak_db(heard[:, : int(0.25 * RATE)]) > -14
    assert peak_db(heard[:, int(0.36 * RATE) :]) < -60


def test_on_a_sound_font_notes_sound_at_their_time_in_tune_and_end_with_key_and_pedal(
    echoing: Jam, look: Look
) -> None:
    off = [[MODEL, 2.2, CONTROL | channel, 120, 0] for channel in (LEAD, COMP, BASS, DRUMS)]
    music = [
        [PLAYER, 0.25, CONTROL | LEAD, 64, 127],
        *note(PLAYER, 0.3, LEAD, 69, 100, 0.05),  # a piano, whose pedal
        [PLAYER, 0.7, CONTROL | LEAD, 64, 0],  # keeps it
        *note(MODEL, 1.0, DRUMS, SNARE, 100),
        *note(MODEL, 1.5, LEAD, 76, 100, 5),
        *note(MODEL, 1.5, BASS, 45, 100, 5),
    ]
    font = font_for_a_page()
    assert font is not None

    heard = rendered(look(), echoing, music + off, 3, font)

    loud = np.flatnonzero(np.abs(heard).max(axis=0) > 0.02) / RATE
    for at in (0.3, 1.0, 1.5):
        assert 0 <= loud[loud > at - 0.05][0] - at < 0.015
    held = heard[:, int(0.4 * RATE) : int(0.7 * RATE)]
    assert strength(held, 440) > 10 * max(strength(held, hertz(68)), strength(held, hertz(70)))
    late = heard[:, int(0.6 * RATE) : int(0.7 * RATE)]
    assert peak_db(late) > peak_db(heard[:, : int(0.5 * RATE)]) - 15
    let_go = heard[:, int(0.9 * RATE) : int(RATE)]
    assert peak_db(let_go) < peak_db(held) - 20
    assert peak_db(heard[:, int(2.3 * RATE) :]) < -60  # nothing hangs


# --- how loud it is -----------------------------------------------------------------------------------------------


def test_a_key_is_heard_clearly_and_a_lively_band_fills_what_there_is(
    echoing: Jam, look: Look
) -> None:
    alone = note(PLAYER, 0.1, LEAD, 60, 88, 0.8)
    music = [[who, at + 2, *data] for who, at, *data in hands(9) + band(9)]

    heard = rendered(look(), echoing, alone + music, 11)

    assert -12 < peak_db(heard[:, : 2 * RATE]) < -9
    assert -3 < peak_db(heard[:, 2 * RATE :]) < -0.9


@pytest.mark.parametrize(("slider", "quietest", "loudest"), [(0, -200, -150), (100, -3, -0.9)])
def test_the_slider_goes_down_to_silence_and_up_without_clipping(
    echoing: Jam, look: Look, slider: int, quietest: float, loudest: float
) -> None:
    seen = look()
    seen.page.add_init_script(f"localStorage.setItem('livegen-volume', '{slider}')")
    music = hands(5) + band(5)
    hard = [[*one[:4], 127] if int(one[2]) & 0xF0 == NOTE_ON else one for one in music]

    heard = rendered(seen, echoing, hard, 5)

    assert quietest <= peak_db(heard) < loudest
