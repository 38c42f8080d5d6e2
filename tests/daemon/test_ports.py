"""Names of ports, and which MIDI system is tried."""

import os
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from livegen.daemon import clock
from livegen.daemon.midi.device_process import Device
from livegen.daemon.midi.ports import (
    EmbeddedPorts,
    RtMidiPorts,
    candidates,
    choose_existing,
    free_name,
    open_ports,
    silenced,
)
from livegen.daemon.midi.server_watch import Health
from livegen.errors import PortError


def test_a_name_is_taken_only_by_another_livegen() -> None:
    jack = ["system:playback_1", "daw:Model In", "livegen-in:Other"]
    assert free_name("Model In", jack) == "Model In"
    assert free_name("Model In", [*jack, "livegen-in:Model In"]) == "Model In (2)"
    assert (
        free_name("Model In", ["livegen-in:Model In", "livegen-in-01:Model In (2)"])
        == "Model In (3)"
    )


def test_the_numbers_alsa_puts_behind_a_name_are_not_part_of_it() -> None:
    assert free_name("Model In", ["livegen-in:Model In 128:0"]) == "Model In (2)"


def test_coremidi_shows_ports_without_clients() -> None:
    assert free_name("Model Out", ["Model Out", "IAC Driver Bus 1"]) == "Model Out (2)"


def test_on_windows_an_existing_port_is_found_by_a_part_of_its_name() -> None:
    there = [
        "Microsoft GS Wavetable Synth 0",
        "Default App Loopback (A) 1",
        "Default App Loopback (B) 2",
    ]

    assert choose_existing("loopback (a)", there) == "Default App Loopback (A) 1"


def test_on_windows_a_missing_port_is_answered_by_what_to_create() -> None:
    with pytest.raises(PortError, match=r'"Model In" .*Default App Loopback.*loopMIDI'):
        choose_existing("Model In", ["Microsoft GS Wavetable Synth 0"])


def test_auto_tries_what_the_system_has() -> None:
    assert candidates("auto", "linux") == ("alsa", "jack")
    assert candidates("auto", "darwin") == ("coremidi",)
    assert candidates("auto", "win32") == ("winmm",)
    assert candidates("auto", "plan9") == ()


def test_an_unknown_api_is_refused_with_those_there_are() -> None:
    with pytest.raises(PortError, match="auto, alsa, jack, coremidi, winmm, none"):
        open_ports("jak", "Model In", "Model Out")


def test_an_unknown_api_has_no_candidates() -> None:
    for api in ("jak", "none"):
        with pytest.raises(PortError, match="expected one of auto, alsa, jack, coremidi, winmm"):
            candidates(api)


@pytest.mark.skipif(sys.platform != "linux", reason="CoreMIDI is missing only elsewhere")
def test_an_api_that_was_not_built_in_is_refused() -> None:
    with pytest.raises(PortError, match="built without it"):
        open_ports("coremidi", "Model In", "Model Out")


def test_the_embedded_port_hears_what_is_put_into_it_and_never_fails() -> None:
    ports = open_ports("none", "Model In", "Model Out")
    assert isinstance(ports, EmbeddedPorts)
    ports.incoming.append(b"\x90\x3c\x50")

    assert ports.receive() == [b"\x90\x3c\x50"] and ports.receive() == []
    assert ports.send(b"\x90\x3c\x50") and ports.health(0) is Health.WELL


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An rtmidi whose `calls` are kept."""
    calls: list[str] = []

    def port(kind: str) -> SimpleNamespace:
        def called(name: str) -> Callable[..., None]:
            return lambda *_, **__: calls.append(f"{kind} {name}")

        names = ("ignore_types", "open_port", "open_virtual_port", "close_port", "delete")
        return SimpleNamespace(
            get_ports=lambda: list(there), **{name: called(name) for name in names}
        )

    there: list[str] = []
    made = SimpleNamespace(
        API_LINUX_ALSA=2,
        API_UNIX_JACK=3,
        RtMidiError=OSError,
        InvalidPortError=IndexError,
        MidiIn=lambda *_, **__: port("in"),
        MidiOut=lambda *_, **__: port("out"),
        calls=calls,
        there=there,
    )
    monkeypatch.setattr("livegen.daemon.midi.ports.rtmidi", made)
    return made


def test_on_other_systems_than_jack_the_input_is_closed_before_the_output(
    library: SimpleNamespace,
) -> None:
    RtMidiPorts("alsa", "Model In", "Model Out").close()

    assert library.calls[-4:] == ["in close_port", "in delete", "out close_port", "out delete"]


@pytest.mark.parametrize("ends", [RtMidiPorts.close, lambda ports: ports.leave(clock.now())])
def test_no_port_of_a_jack_server_is_closed_or_libjack_could_crash_but_the_line_is_cut(
    library: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    ends: Callable[[RtMidiPorts], None],
) -> None:
    monkeypatch.setattr(
        "livegen.daemon.midi.ports.hang_up", lambda by: library.calls.append("cut") or True
    )

    ends(RtMidiPorts("jack", "Model In", "Model Out"))

    assert library.calls[-2:] == ["out open_virtual_port", "cut"]


def test_a_surface_that_comes_and_goes_on_jack_closes_no_port_either(
    library: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "livegen.daemon.midi.ports.hang_up", lambda by: library.calls.append("cut") or True
    )
    library.there[:] = ["Pads"]
    device = Device("jack", ["pads"])
    looks = [device.look(), device.look()]
    library.there.clear()
    looks.append(device.look())  # it has gone
    library.there[:] = ["Pads"]
    looks.append(device.look())

    assert looks == [True, False, False, True]
    opened = ["in close_port", "out close_port", "in open_port", "out open_port"]
    assert library.calls == [*opened, "cut", *opened]  # rtmidi closes nothing where nothing is open


def test_what_c_libraries_complain_about_is_kept_off_standard_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with silenced():
        os.write(2, b"Cannot connect to server socket\n")
    os.write(2, b"ours\n")

    assert capfd.readouterr().err == "ours\n"


WITHOUT_THE_LIBRARY = """
import logging, sys
sys.modules["rtmidi"] = None  # what an import meets where libasound.so.2 is missing
from livegen.daemon.midi.ports import EmbeddedPorts, open_ports
from livegen.errors import PortError
logging.basicConfig(format="%(message)s")
assert isinstance(open_ports("auto", "Model In", "Model Out"), EmbeddedPorts)
try:
    open_ports("jack", "Model In", "Model Out")
except PortError as error:
    print(error)
"""


def test_without_the_systems_midi_library_the_embedded_port_is_served_and_the_remedy_said() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_LIBRARY], capture_output=True, text=True, check=True
    )

    assert "no MIDI ports" in ran.stderr and "libasound2" in ran.stderr
    assert "libasound2" in ran.stdout
