"""The two MIDI ports, over whichever MIDI system there is, or none.

Everything is polled.  No callbacks: on JACK they run in the server's real-time thread and take the GIL there.
Knows no music, no ledger, no rate; it only sees to it that a MIDI server that dies or freezes does not take
this process with it (`server_watch`).
"""

import contextlib
import ctypes
import errno
import logging
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from livegen.daemon import clock
from livegen.daemon.midi import jack_probe, libjack
from livegen.daemon.midi.server_watch import STALL_US, Health, ServerWatch, hang_up
from livegen.daemon.processes.exit_timer import leaving_within
from livegen.errors import PortError
from livegen.own_processes import spawn_command

try:
    with libjack.names_found_late():
        import rtmidi
except ImportError as error:  # on Linux it loads the system's ALSA library, which may not be there
    rtmidi, _not_loaded = None, str(error)

log = logging.getLogger(__name__)

# One JACK client per port; equal names would become livegen-01.
CLIENT_IN, CLIENT_OUT = "livegen-in", "livegen-out"
QUEUE_LIMIT = 4096
PER_POLL = 1024  # messages taken in per receive(), so that a flood cannot hold the loop
# Signs of life after which what was sent before has been taken: of a period that had begun by then, of the one that
# takes it, and one that may be no period at all, where the thread lost the processor in the middle of one.
TAKEN = 3
OPENING_TRIES = 5  # to connect to a port while the list of ports moves
CLOSING_US = 100_000  # kept for closing both ports, which takes five periods: 14 ms of 128 frames, 107 ms of 1024

NONE = "none"
API_CONSTANTS = {
    "alsa": "API_LINUX_ALSA",
    "jack": "API_UNIX_JACK",
    "coremidi": "API_MACOSX_CORE",
    "winmm": "API_WINDOWS_MM",
}
API_NAMES = ("auto", *API_CONSTANTS, NONE)
_AUTO = {"linux": ("alsa", "jack"), "darwin": ("coremidi",), "win32": ("winmm",)}
_REMEDIES = {
    "alsa": "load the sequencer (`modprobe snd-seq`) and see that /dev/snd/seq is readable",
    "coremidi": "restart the MIDI server (`killall -9 MIDIServer`) or the machine",
    "winmm": "restart the Windows MIDI service",
}
_LOOPBACKS = (
    "No program can create a MIDI port on Windows: make a loopback first.  With Windows MIDI Services, use"
    ' "Default App Loopback (A)" and "(B)": --in "Loopback (A)" --port "Loopback (B)".  Without, install loopMIDI'
    " and add two ports named"
)


class Ports(Protocol):
    """An input and an output.  Threads: loop only."""

    api: str
    in_name: str
    out_name: str

    def receive(self) -> list[bytes]:
        """Take in what has come, one message each, without waiting."""

    def send(self, data: bytes) -> bool:
        """Send one message; False if it could not be sent."""

    def was_full(self) -> bool:
        """True once, if so much lay at the input that what came after it may be lost."""

    def health(self, now: int) -> Health:
        """Look after the MIDI system; cheap enough for every 100 ms."""

    def let_out(self, by: int) -> None:
        """Wait until the MIDI system has taken what was sent, until `by` (micros) at most."""

    def close(self) -> None:
        """Close both ports; never waits for a MIDI system that is not well."""


class EmbeddedPorts:
    """Ports inside this process, for a machine without a MIDI system: `incoming` is heard, what is sent is not kept."""

    def __init__(self, in_name: str = "Model In", out_name: str = "Model Out") -> None:
        self.api, self.in_name, self.out_name = NONE, in_name, out_name
        self.incoming: deque[bytes] = deque()

    def receive(self) -> list[bytes]:
        """Take in what was put into `incoming`."""
        messages = list(self.incoming)
        self.incoming.clear()
        return messages

    def send(self, data: bytes) -> bool:
        """Succeed: the recorder is told of everything sent, and nobody else listens here."""
        return True

    def was_full(self) -> bool:
        """Give False: there is no limit."""
        return False

    def health(self, now: int) -> Health:
        """Never fail."""
        return Health.WELL

    def let_out(self, by: int) -> None:
        """Do nothing: nobody else listens here."""

    def close(self) -> None:
        """Do nothing."""


class RtMidiPorts:
    """Ports of a MIDI system, through python-rtmidi."""

    def __init__(self, api: str, in_name: str, out_name: str) -> None:
        """Open both.  Raises PortError when the system is not to be had, or (WinMM) a port is missing."""
        self.api, self.in_name, self.out_name = api, in_name, out_name
        self._watch: ServerWatch | None = None
        self._midi_in: Any = None
        self._midi_out: Any = None
        self._state = Health.WELL
        self._in_a_row = 0  # messages taken in since the input was last found empty
        self._was_full = False
        try:
            with silenced():
                self._open()
        except PortError:
            self.close()
            raise
        except (rtmidi.RtMidiError, OSError) as error:
            self.close()
            raise PortError(
                f"{api}: no ports could be opened ({_plain(error)}); {_remedy(api)}"
            ) from None

    def _open(self) -> None:
        self._midi_in = rtmidi.MidiIn(
            getattr(rtmidi, API_CONSTANTS[self.api]), name=CLIENT_IN, queue_size_limit=QUEUE_LIMIT
        )
        # Sysex, clock and active sensing are wanted: rtmidi would drop them.
        self._midi_in.ignore_types(sysex=False, timing=False, active_sense=False)
        watch = ServerWatch() if self.api == "jack" else None
        self._midi_out = rtmidi.MidiOut(getattr(rtmidi, API_CONSTANTS[self.api]), name=CLIENT_OUT)
        sources, sinks = self._midi_in.get_ports(), self._midi_out.get_ports()
        if self.api == "winmm":
            self.in_name = choose_existing(self.in_name, sources)
            self.out_name = choose_existing(self.out_name, sinks)
            self._midi_in.open_port(sources.index(self.in_name))
            self._midi_out.open_port(sinks.index(self.out_name))
        else:
            # What we open for input is a place to send to, so others see it among the sinks; and the reverse.
            self.in_name, self.out_name = (
                free_name(self.in_name, sinks),
                free_name(self.out_name, sources),
            )
            self._midi_in.open_virtual_port(self.in_name)
            self._midi_out.open_virtual_port(self.out_name)
        if watch is not None:
            watch.attach()
            self._watch = watch

    def receive(self) -> list[bytes]:
        """Take in what has come, at most 1,024 messages."""
        if self._state is Health.LOST:
            return []
        messages: list[bytes] = []
        while len(messages) < PER_POLL and (item := self._midi_in.get_message()) is not None:
            messages.append(bytes(item[0]))
        self._in_a_row += len(messages)
        self._was_full |= self._in_a_row >= QUEUE_LIMIT - 1
        if len(messages) < PER_POLL:
            self._in_a_row = 0
        return messages

    def was_full(self) -> bool:
        """True once, if so much lay at the input that rtmidi may have dropped what came after it."""
        was_full, self._was_full = self._was_full, False
        return was_full

    def send(self, data: bytes) -> bool:
        """Send one message, unless that could hang: the server lost, or too much in flight without a sign of life."""
        if self._state is Health.LOST or (
            self._watch is not None and not self._watch.may_send(len(data))
        ):
            return False
        try:
            self._midi_out.send_message(data)
        except (rtmidi.RtMidiError, ValueError, OverflowError) as error:
            log.debug("not sent: %s", error)
            return False
        return True

    def health(self, now: int) -> Health:
        """See whether the JACK server lives and runs; other systems do not die (ALSA is the kernel)."""
        if self._watch is not None and self._state is not Health.LOST:
            self._state = self._watch.look(now)
        return self._state

    def let_out(self, by: int) -> None:
        """Wait until a JACK server has taken what was sent; all other systems take it at once.

        libjack's thread hands it over once a period, and a server that is short of the processor stands still for
        longer.
        """
        if self._watch is not None:
            self._watch.runs(by, TAKEN)

    def close(self) -> None:
        """Close both.

        On a JACK server that is there the line is cut (`hang_up`).  Closed by rtmidi they are elsewhere, the input
        first: it waits for a period before it takes an output off.  On a lost JACK server that takes a second; on a
        frozen one it never returns, so those are abandoned.
        """
        if not self._hung_up(clock.now() + STALL_US):
            if self._is_stalled():
                self._abandon()
            else:
                clients = [port for port in (self._midi_in, self._midi_out) if port is not None]
                close_clients(*clients)
        self._forget()

    def leave(self, by: int, dies_of: int = 0) -> None:
        """Close at the end of the process, by `by` (micros) whatever the server does.

        Where no line can be cut, the server must show anew that it runs; else the ports are abandoned.
        Should it freeze while they are closed, or need longer (periods of 4096 frames), the process ends then and
        there, with status 0, or of the signal `dies_of`.
        """
        if self._hung_up(by - CLOSING_US):
            return self._forget()
        proof_by = min(by - CLOSING_US, clock.now() + STALL_US)
        if self._watch is not None and not self._watch.runs(proof_by):
            self._abandon()
            return self._forget()
        with leaving_within(max(by - clock.now(), CLOSING_US // 2), dies_of):
            return self.close()

    def _hung_up(self, by: int) -> bool:
        if self.api == "jack" and _hung_up(by, self._midi_in, self._midi_out):
            self._midi_in = self._midi_out = None
            return True
        return False

    def _is_stalled(self) -> bool:
        """True if the server is there and gives no sign of life within a second."""
        if self._watch is None or (state := self._watch.look_again()) is Health.LOST:
            return False
        return state is Health.STALLED or not self._watch.runs(clock.now() + STALL_US)

    def _abandon(self) -> None:
        """Leave the ports to the end of the process."""
        _abandon(self._midi_in, self._midi_out)

    def _forget(self) -> None:
        if self._watch is not None:
            self._watch.close()
        self._midi_in = self._midi_out = self._watch = None
        self._state = Health.LOST


def _abandon(*ports: Any) -> None:
    """Make objects immortal, so that their destructors, which would wait for the server, never run."""
    for port in ports:
        if port is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(port))


def _hung_up(by: int, *clients: Any) -> bool:
    """Cut the lines of all of this process's JACK clients, by `by` (micros); False where there is none to cut."""
    with silenced():
        if not hang_up(by):
            return False
    _abandon(*clients)
    return True


def leave(*clients: Any) -> None:
    """Let go of clients of rtmidi, the last that this process has: on JACK the line is cut, else they are closed."""
    if not _hung_up(clock.now() + STALL_US, *clients):
        close_clients(*clients)


def close_clients(*clients: Any) -> None:
    """Close and delete each, in turn: a client that just ends stalls a synchronous JACK server for five seconds.

    On JACK only for clients without ports: libjack could crash (`leave`).
    """
    with silenced():
        for client in clients:
            client.close_port()
            client.delete()


def opened(port: Any, name: str, client: str) -> bool:
    """Connect an rtmidi port to the port of this name; True if it is connected to that one.

    rtmidi takes a place in a list that it asks for anew, and the list moves when other programs come and go: where it
    did, the connection is undone and tried again.  Raises RtMidiError where the system refuses.
    """
    for _ in range(OPENING_TRIES):
        there = list(port.get_ports())
        if name not in there:
            return False
        with contextlib.suppress(rtmidi.InvalidPortError):  # the list has become shorter
            port.open_port(there.index(name), client)
            if list(port.get_ports()) == there:
                return True
            port.close_port()
    return False


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Keep the C libraries' own complaints off descriptor 2; we say it in one line ourselves."""
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


# --- names ----------------------------------------------------------------------------------------------------


def free_name(wanted: str, existing: Sequence[str]) -> str:
    """The name, or with a number behind it when another livegen has it: "Model In (2)"."""
    taken = {name for display in existing if (name := _own_name(display)) is not None}
    candidates = [wanted, *(f"{wanted} ({number})" for number in range(2, 100))]
    return next((name for name in candidates if name not in taken), wanted)


def _own_name(display: str) -> str | None:
    """The port's name if the client is a livegen.

    ALSA shows "client:port 128:0", JACK "client:port", CoreMIDI "port".
    """
    client, colon, port = re.sub(r" \d+:\d+$", "", display).partition(":")
    if not colon:
        return client
    return port if client.startswith("livegen") else None


def choose_existing(wanted: str, existing: Sequence[str]) -> str:
    """The first port whose name contains `wanted`, upper or lower case.  Raises PortError, saying what to create."""
    for name in existing:
        if wanted.casefold() in name.casefold():
            return name
    there = ", ".join(f'"{name}"' for name in existing) or "none"
    raise PortError(
        f'no MIDI port named "{wanted}" (there are: {there}).  {_LOOPBACKS} "Model In" and "Model Out".'
    )


def loaded() -> Any:
    """python-rtmidi.  Raises PortError, saying what to install, where it cannot be loaded."""
    if rtmidi is None:
        raise PortError(
            f"python-rtmidi cannot be loaded ({_not_loaded}); on Debian and Ubuntu: sudo apt-get install libasound2"
        )
    return rtmidi


# --- the choice -------------------------------------------------------------------------------------------------


def candidates(api: str, platform: str = sys.platform) -> tuple[str, ...]:
    """The MIDI systems to try, in order.  Raises PortError for one that this build of python-rtmidi has not."""
    library = loaded()
    if api == "auto":
        return _AUTO.get(platform, ())
    if api not in API_CONSTANTS:
        raise PortError(f"--api {api}: expected one of auto, {', '.join(API_CONSTANTS)}")
    if getattr(library, API_CONSTANTS[api]) not in library.get_compiled_api():
        raise PortError(
            f"--api {api}: this python-rtmidi was built without it; use --api auto or none"
        )
    return (api,)


def open_ports(
    api: str, in_name: str, out_name: str, say: Callable[[str], object] = log.warning
) -> Ports:
    """Open the ports over `api`; `auto` takes what is there, and the embedded port when there is nothing.

    `say` takes the line that tells why there is nothing.
    Raises PortError when a MIDI system was asked for by name and cannot be had.
    """
    if api not in API_NAMES:
        raise PortError(f"--api {api}: expected one of {', '.join(API_NAMES)}")
    if api == NONE:
        return EmbeddedPorts(in_name, out_name)
    failures: list[str] = []
    try:
        names = candidates(api)
    except PortError as error:
        if api != "auto":
            raise
        say(f"no MIDI ports: {error}")
        return EmbeddedPorts(in_name, out_name)
    for name in names:
        try:
            return _open_one(name, in_name, out_name)
        except PortError as error:
            if api != "auto" or name == "winmm":
                raise
            failures.append(name)
            log.debug("%s", error)
    remedy = (
        "; or ".join(map(_remedy, failures))
        or "python-rtmidi supports no MIDI system of this machine"
    )
    tried = ", ".join(failures) or "none"
    say(f"no MIDI system yet (tried {tried}): the ports will open when one starts; {remedy}")
    return EmbeddedPorts(in_name, out_name)


def _remedy(api: str) -> str:
    return libjack.refusal()[1] if api == "jack" else _REMEDIES[api]


def _open_one(api: str, in_name: str, out_name: str) -> Ports:
    if api == "jack" and not probe_succeeds(start_probe()):
        why, remedy = libjack.refusal()
        raise PortError(f"jack: {why}; {remedy}")
    ports = RtMidiPorts(api, in_name, out_name)
    for wanted, got in ((in_name, ports.in_name), (out_name, ports.out_name)):
        if wanted != got and api != "winmm":
            log.warning('another livegen serves "%s" already: this one is "%s"', wanted, got)
    return ports


# A frozen JACK server never answers, and whoever asks waits with the GIL held.  So a child asks first.
_PROBE = "livegen.daemon.midi.jack_probe"
PROBE_S = 3.0


def start_probe() -> "subprocess.Popen[bytes]":
    """Ask for a JACK server in a child process; `answered` understands its exit status."""
    return subprocess.Popen(
        spawn_command(_PROBE, *libjack.libraries(), is_small=True),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"JACK_NO_START_SERVER": "1"},
    )


def answered(status: int | None) -> bool:
    """True if a probe with this exit status was answered; the library by which it was is then this process's."""
    libraries = libjack.libraries()
    place = -1 if status is None else status - jack_probe.FOUND
    if is_found := 0 <= place < len(libraries):
        libjack.take(libraries[place])
    return is_found


def probe_succeeds(probe: "subprocess.Popen[bytes]", timeout_s: float = PROBE_S) -> bool:
    """Wait for a probe; one that hangs is killed and has failed."""
    try:
        return answered(probe.wait(timeout_s))
    except subprocess.TimeoutExpired:
        probe.kill()
        probe.wait()
        return False


def _plain(error: Exception) -> str:
    """Give the text of a library's error, without the names of its own functions."""
    text = str(error).rpartition("::")[2].partition(": ")[2] or str(error)
    return text.strip() or errno.errorcode.get(
        getattr(error, "errno", 0) or 0, type(error).__name__
    )
