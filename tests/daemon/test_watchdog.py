import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from livegen.daemon.midi import watchdog, watchdog_process
from livegen.daemon.midi.watchdog import Watchdog
from livegen.daemon.midi.watchdog_process import (
    STAND_DOWN,
    AlsaWires,
    Ledger,
    hearers_in,
    main,
    watch,
)
from livegen.music.messages import NoteOff, NoteOn, encode
from tests.e2e.harness import wait_for

CHORD = [encode(NoteOn(pitch, 80, channel=2)) for pitch in (40, 44)]
ALSA = """\
Client info
  cur  clients : 4
  peak clients : 5
  max  clients : 192

Client   0 : "System" [Kernel Legacy]
  Port   0 : "Timer" (Rwe-) [In/Out]
  Port   1 : "Announce" (R-e-) [In]
Client 128 : "livegen-in" [User Legacy]
  Port   0 : "Model In" (-We-) [In/Out]
Client 129 : "livegen-out" [User Legacy]
  Port   0 : "Model Out" (R-e-) [In/Out]
    A line of a kernel to come: "in words"
    Connecting To: 130:0, 131:2[real:0]
  Port   1 : "Model Out (2)" (R-e-) [In/Out]
    Connecting To: 128:0
Client 130 : "A "strange" synth" [User Legacy]
  Port   0 : "in: left" (-We-) [In/Out]
    Connected From: 129:0
"""


def ledger(*messages: bytes) -> Ledger:
    entered = Ledger()
    for message in messages:
        entered.enter(message)
    return entered


def test_what_sounds_is_ended_pedals_and_bends_first() -> None:
    pedal, bend = b"\xb2\x40\x7f", b"\xe1\x00\x50"

    ends = ledger(*CHORD, pedal, bend).ends()

    assert ends == [
        b"\xe1\x00\x40", b"\xb2\x40\x00", encode(NoteOff(40, channel=2)), encode(NoteOff(44, channel=2)),
        b"\xb1\x7b\x00", b"\xb2\x7b\x00",
    ]  # fmt: skip


def test_where_nothing_sounds_nothing_is_sent() -> None:
    offs = [encode(NoteOff(40, channel=2)), b"\x92\x2c\x00"]  # one as a note-on without velocity

    assert ledger(*CHORD, *offs).ends() == []
    assert ledger(b"\xb2\x07\x7f", b"\xe1\x00\x40", b"\xb0\x40\x00").ends() == []
    assert ledger(*CHORD, STAND_DOWN).ends() == []


def test_the_softest_note_and_a_half_pedal_are_held_and_a_bend_is_anything_but_its_centre() -> None:
    held = [b"\x92\x28\x01", b"\xb2\x40\x40", b"\xe2\x01\x40"]
    let_go = [b"\xb2\x40\x3f", b"\xe2\x00\x40", b"\xb2\x07\x7f"]

    assert ledger(*held).ends() == [
        b"\xb2\x40\x00", b"\xe2\x00\x40", encode(NoteOff(40, channel=2)), b"\xb2\x7b\x00"
    ]  # fmt: skip
    assert ledger(*let_go).ends() == []
    assert ledger(*held, *let_go).ends() == [encode(NoteOff(40, channel=2)), b"\xb2\x7b\x00"]


def test_who_hears_us_on_alsa_is_named_as_rtmidi_does() -> None:
    assert hearers_in(ALSA, "Model Out") == ['A "strange" synth:in: left 130:0', "131:2"]
    assert hearers_in(ALSA, "Model Out (2)") == ["livegen-in:Model In 128:0"]
    assert hearers_in(ALSA, "Model") == hearers_in("", "Model Out") == []


def run(tmp_path: Path, told: bytes, is_expected: bool = True) -> str:
    """What the watchdog gives to the sender when its input ends after these messages."""
    alsa, said = tmp_path / "clients", tmp_path / "said"
    alsa.write_text(ALSA)
    code = (
        Path(watchdog_process.__file__)
        .read_text()
        .replace('"/proc/asound/seq/clients"', repr(str(alsa)))
    )
    sender = [sys.executable, "-c", f"import sys; open({str(said)!r}, 'w').write(sys.argv[1])"]
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, "alsa", "Model Out", "", *sender],
        input=told,
        check=True,
        timeout=60,
    )
    if not is_expected:
        return said.read_text() if said.exists() else ""
    wait_for(lambda: said.exists() and said.read_text() != "")
    return said.read_text()


def test_on_alsa_the_kernels_list_is_read_and_without_one_nobody_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog_process, "ALSA_CLIENTS", str(tmp_path / "clients"))
    wires = AlsaWires("Model Out")
    assert wires.hearers() == []

    (tmp_path / "clients").write_text(ALSA)

    assert wires.hearers() == hearers_in(ALSA, "Model Out") != []


def test_at_the_end_of_its_input_the_sender_is_told_what_sounds_and_who_heard_it(
    tmp_path: Path,
) -> None:
    assert run(tmp_path, b"".join(CHORD)) == (
        '{"to": ["A \\"strange\\" synth:in: left 130:0", "131:2"], '
        '"messages": ["822840", "822c40", "b27b00"]}'
    )


def test_an_orderly_end_sends_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, b"".join(CHORD) + STAND_DOWN, is_expected=False) == ""


class Heard(AlsaWires):
    """Wires of a port that somebody hears until it is killed: as soon as it was looked at."""

    def __init__(self, kill: Callable[[], object]) -> None:
        super().__init__("Model Out")
        self._kill: Callable[[], object] | None = kill

    def hearers(self) -> list[str]:
        if self._kill is None:
            return []
        self._kill()
        self._kill = None
        return ["synth"]


def test_who_hears_is_known_before_the_first_note_for_afterwards_it_may_be_too_late() -> None:
    read, write = os.pipe()

    def is_killed_while_it_plays() -> None:
        os.write(write, b"".join(CHORD))
        os.close(write)

    try:
        ledger, hearers = watch(Heard(is_killed_while_it_plays), read)
    finally:
        os.close(read)

    assert hearers == ["synth"] and len(ledger.holds) == len(CHORD)


class Late(AlsaWires):
    """Wires of a port that somebody hears from its first note on."""

    def __init__(self, plays: Callable[[], object]) -> None:
        super().__init__("Model Out")
        self._plays: Callable[[], object] | None = plays

    def hearers(self) -> list[str]:
        if self._plays is None:
            return ["synth"]
        self._plays()
        self._plays = None
        return []


def test_who_connects_just_before_the_first_note_is_known_at_once() -> None:
    read, write = os.pipe()
    killed = threading.Timer(0.1, os.close, (write,))

    def plays() -> None:
        os.write(write, CHORD[0])
        killed.start()

    try:
        _, hearers = watch(Late(plays), read)
    finally:
        killed.join()
        os.close(read)

    assert hearers == ["synth"]


class Moments:
    """Input on virtual time: messages by the seconds at which they come, and the end; in the places of three modules.

    Whoever waits goes on a millisecond late, as the system does it.
    """

    def __init__(self, *messages: tuple[float, bytes]) -> None:
        self._coming = list(messages)
        self.now = 0.0

    def monotonic(self) -> float:
        return 1000 + self.now

    def select(
        self, sources: list[int], _: object, __: object, wait_s: float
    ) -> tuple[list[int], list[int], list[int]]:
        at = self._coming[0][0]
        is_there = at <= self.now + wait_s
        self.now = at if is_there else self.now + wait_s + 0.001
        return sources if is_there else [], [], []

    def read(self, _: int, __: int) -> bytes:
        at, data = self._coming.pop(0)
        assert at <= self.now, "it would wait for ever"
        return data


class Looked(AlsaWires):
    """Wires of a port that one synth hears; `at` is when somebody looked, seconds."""

    def __init__(self, moments: Moments) -> None:
        super().__init__("Model Out")
        self._moments = moments
        self.at: list[float] = []

    def hearers(self) -> list[str]:
        self.at.append(round(self._moments.now, 1))
        return ["synth"]


def test_who_hears_is_looked_at_twice_a_second_while_something_sounds_and_each_five_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off = encode(NoteOff(40, channel=2))
    moments = Moments(
        (6.0, CHORD[0]),
        (6.3, CHORD[1][:2]),  # the rest of it comes later
        (6.4, CHORD[1][2:] + off),
        (7.2, off),
        (7.8, encode(NoteOff(44, channel=2))),
        (14.0, b""),
    )
    for module in ("os", "select", "time"):
        monkeypatch.setattr(watchdog_process, module, moments)
    wires = Looked(moments)

    ledger, hearers = watch(wires)

    assert wires.at == [0, 5, 6, 6.9, 7.7, 12.8] and hearers == ["synth"] and not ledger.holds


def ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: bytes, heard: bool = True
) -> list[object]:
    """What the watchdog asks of the system when its input ends after these messages."""
    asked = list[object]()
    (clients := tmp_path / "clients").write_text(ALSA if heard else "")
    monkeypatch.setattr(watchdog_process, "ALSA_CLIENTS", str(clients))
    monkeypatch.setattr(os, "posix_spawn", lambda *given: asked.append(given[:2]))
    monkeypatch.setattr("signal.alarm", asked.append)
    monkeypatch.setattr(AlsaWires, "close", lambda _: asked.append("closed"))
    kept, (read, write) = os.dup(0), os.pipe()
    os.write(write, told)
    os.close(write)
    os.dup2(read, 0)
    try:
        main("alsa", "Model Out", "", "sender", "-x")
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(read)
    return asked


def test_the_sender_is_started_for_what_sounds_before_a_frozen_server_can_hold_the_watchdog(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    to = '{"to": ["A \\"strange\\" synth:in: left 130:0", "131:2"], "messages": ["822840", "b27b00"]}'

    asked = ended(monkeypatch, tmp_path, CHORD[0])

    assert asked == [("sender", ["sender", "-x", to]), 2, "closed"]


def test_where_nothing_sounds_or_nobody_hears_no_sender_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert ended(monkeypatch, tmp_path, CHORD[0] + STAND_DOWN) == [2, "closed"]
    assert ended(monkeypatch, tmp_path, CHORD[0], heard=False) == [2, "closed"]


class Slow:
    """An output that the server connects late: what is sent before the pause of this number is lost."""

    def __init__(self, connects_at: int) -> None:
        self._lost, self.heard = connects_at, list[bytes]()

    def get_ports(self) -> list[str]:
        return ["synth"]

    def open_port(self, index: int, name: str) -> None: ...

    def is_port_open(self) -> bool:
        return True

    def pause(self, _: float) -> None:
        self._lost -= 1

    def send_message(self, data: bytes) -> None:
        if self._lost <= 0:
            self.heard.append(data)

    def close_port(self) -> None: ...

    def delete(self) -> None: ...


@pytest.mark.parametrize("connects_at", [1, 2, 3])
def test_a_connection_that_counts_late_brings_all_that_is_to_end(
    monkeypatch: pytest.MonkeyPatch, connects_at: int
) -> None:
    out = Slow(connects_at)
    monkeypatch.setattr(watchdog, "_client", lambda api: out)
    monkeypatch.setattr("time.sleep", out.pause)

    watchdog.send("jack", ["synth"], CHORD)

    assert out.heard[: len(CHORD)] == CHORD and set(out.heard) == set(CHORD)


@pytest.mark.parametrize("api", ["none", "coremidi", "winmm"])
def test_where_nobody_can_know_who_hears_there_is_none(api: str) -> None:
    dog = Watchdog(api, "Model Out")
    dog.tell(CHORD[0])
    dog.end()

    assert dog.pid is None


def test_a_watchdog_that_does_not_read_delays_nothing() -> None:
    dog = Watchdog("alsa", "Model Out")
    assert dog.pid is not None
    subprocess.run(["kill", "-STOP", str(dog.pid)], check=True)

    for _ in range(100_000):  # five times what a pipe takes
        dog.tell(CHORD[0])

    dog.end()
