"""Which MIDI system answers, and whose ports are whose."""

import time

from livegen.doctor.patchbay import Wire
from livegen.doctor.system import MidiSystem, answer, midi_system

JACK = MidiSystem(
    "jack",
    ("livegen-out:Model Out", "livegen-out-01:Model Out (2)", "synth:Model Out"),
    ("livegen-in:Model In", "organ:in"),
    (Wire("livegen-out:Model Out", "organ:in"), Wire("synth:Model Out", "livegen-in:Model In")),
)


def test_livegens_that_run_are_known_by_their_ports() -> None:
    assert JACK.pairs("Model In", "Model Out") == [
        ("livegen-in:Model In", "livegen-out:Model Out"),
        ("", "livegen-out-01:Model Out (2)"),
    ]
    assert JACK.pairs("Ein", "Aus") == []


def test_ports_of_alsa_and_core_midi_are_known_too() -> None:
    alsa = MidiSystem("alsa", ("livegen-out:Model Out 129:0",), ("livegen-in:Model In 128:0",))
    core = MidiSystem("coremidi", ("Model Out",), ("Model In",))

    assert alsa.pairs("Model In", "Model Out") == [
        ("livegen-in:Model In 128:0", "livegen-out:Model Out 129:0")
    ]
    assert core.pairs("Model In", "Model Out") == [("Model In", "Model Out")]


def test_on_windows_ports_say_nothing_of_who_runs() -> None:
    windows = MidiSystem("winmm", ("Model Out 1",), ("Model In 1",))
    assert windows.pairs("Model In", "Model Out") == []


def test_both_ends_of_a_wire_are_told() -> None:
    assert JACK.sent_to("livegen-in:Model In") == ["synth:Model Out"]
    assert JACK.heard_from("livegen-out:Model Out") == ["organ:in"]
    assert MidiSystem("coremidi", (), ()).sent_to("Model In") == []


def test_no_system_is_looked_for_when_none_is_wanted() -> None:
    assert midi_system("none") == (None, [])


def test_a_system_of_another_platform_is_refused_in_a_line() -> None:
    found, refusals = midi_system("winmm")

    assert found is None
    assert "built without it" in refusals[0].why


def test_a_tool_that_hangs_or_fails_or_is_not_there_answers_nothing() -> None:
    began = time.monotonic()

    assert answer("sleep", "60") is None
    assert answer("false") is None
    assert answer("livegen-no-such-tool") is None
    assert answer("echo", "128") == "128\n"
    assert time.monotonic() - began < 30
