"""The port process's end of its watchdog (`watchdog_process`), and the program that sends the last note-offs.

python -m livegen.daemon.midi.watchdog API LIBJACK {"to": [ports], "messages": [hex]}
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from itertools import product
from typing import Any

from livegen.daemon.midi import libjack
from livegen.daemon.midi.ports import API_CONSTANTS, leave, loaded, opened, silenced
from livegen.daemon.midi.watchdog_process import STAND_DOWN
from livegen.daemon.processes.exit_timer import leaving_within
from livegen.own_processes import spawn_command

PROCESS = "livegen.daemon.midi.watchdog_process"
CLIENT = "livegen-last"
# A new connection counts from the next period on, and on a busy machine later: what is sent before is lost.  So all is
# sent thrice, after pauses of so long; a second note-off ends nothing more.
PAUSES_S = (0.03, 0.2, 0.4)
DELIVERY_S = 0.1
AGAIN_S = 0.2
MOST_S = 60  # for all of it


class Watchdog:
    """A process that ends what sounds when this one is killed.  Threads: loop only.

    It never delays anything: what its pipe does not take is not told to it.
    """

    def __init__(self, api: str, out_name: str) -> None:
        """Start it; where it cannot know who hears (all but JACK and ALSA), there is none."""
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        library = libjack.taken() if api == "jack" else ""
        if api == "alsa" or library:
            read, self._pipe = os.pipe()
            os.set_blocking(self._pipe, False)
            sender = spawn_command("livegen.daemon.midi.watchdog", api, library)
            self._child = subprocess.Popen(
                spawn_command(PROCESS, api, out_name, library, *sender, is_small=True),
                stdin=read,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-Z and Ctrl-C are for the port process
            )
            os.close(read)

    @property
    def pid(self) -> int | None:
        """The number of the watchdog's process, while there is one."""
        return self._child.pid if self._child is not None else None

    def tell(self, data: bytes) -> None:
        """A message has left."""
        if self._pipe >= 0 and len(data) == 3:
            with contextlib.suppress(OSError):
                os.write(self._pipe, data)

    def dismiss(self) -> None:
        """All is silent: it may go, in its own time."""
        if self._pipe >= 0:
            self.tell(STAND_DOWN)
            os.close(self._pipe)
            self._pipe = -1

    def end(self) -> None:
        """Dismiss it, and see that it is gone."""
        self.dismiss()
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(DELIVERY_S)
            self._child.kill()
            self._child.wait()
            self._child = None


def send(api: str, to: list[str], messages: list[bytes]) -> None:
    """Send all messages to each of these ports that is still there, thrice."""
    targets: list[Any] = []
    with silenced():
        for name in to:
            targets.append(out := _client(api))
            opened(out, name, CLIENT)
    there = [target for target in targets if target.is_port_open()]
    for pause_s in PAUSES_S:
        time.sleep(pause_s)
        for target, data in product(there, messages):
            target.send_message(data)
    time.sleep(DELIVERY_S)
    leave(*targets)


def _client(api: str) -> Any:
    """A client, once the server takes one: a synchronous one stands still for seconds after a client was killed."""
    library = loaded()
    while True:
        try:
            return library.MidiOut(getattr(library, API_CONSTANTS[api]), name=CLIENT)
        except library.RtMidiError:
            time.sleep(AGAIN_S)


if __name__ == "__main__":
    if sys.argv[2]:
        libjack.take(sys.argv[2])
    told = json.loads(sys.argv[3])
    with leaving_within(MOST_S * 1_000_000):
        send(sys.argv[1], told["to"], [bytes.fromhex(text) for text in told["messages"]])
