"""Waits for a MIDI system that is not there yet, or no more, without ever waiting itself.

A child asks for JACK, for a frozen server never answers; others are told by their device, or tried.
"""

import os
import subprocess
from collections.abc import Callable, Sequence

from livegen.daemon.clock import SECOND
from livegen.daemon.midi.ports import answered, start_probe

SOON_US, GENTLY_US = SECOND // 2, 2 * SECOND  # for one that was lost; for one that may never come
PROBE_US = 3 * SECOND
DEVICES = {"alsa": "/dev/snd/seq"}


class Awaited:
    """MIDI systems that are waited for, in the order in which they are preferred.  Threads: loop only."""

    def __init__(
        self,
        apis: Sequence[str],
        every_us: int,
        probe: Callable[[], "subprocess.Popen[bytes]"] = start_probe,
    ) -> None:
        self._apis, self._every_us, self._start_probe = tuple(apis), every_us, probe
        self._probe: subprocess.Popen[bytes] | None = None
        self._asked_at = self._ask_at = 0

    def look(self, now: int) -> str | None:
        """The system whose ports may be opened now; None while none is there.  Call ten times a second."""
        if self._probe is not None:
            return self._answer(self._probe, now)
        if now < self._ask_at:
            return None
        self._ask_at = now + self._every_us
        for api in self._apis:
            if api == "jack":
                self._probe, self._asked_at = self._start_probe(), now
                return None
            if api not in DEVICES or os.access(DEVICES[api], os.R_OK | os.W_OK):
                return api
        return None

    def close(self) -> None:
        """Ask no more."""
        if self._probe is not None:
            self._probe.kill()
            self._probe.wait()
            self._probe = None

    def _answer(self, probe: "subprocess.Popen[bytes]", now: int) -> str | None:
        status = probe.poll()
        if status is None and now - self._asked_at < PROBE_US:
            return None
        self.close()
        self._ask_at = now + self._every_us
        return "jack" if answered(status) else None
