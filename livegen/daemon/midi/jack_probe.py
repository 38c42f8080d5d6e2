"""The probe: a process that asks for a JACK server through each of these libraries, in turn.

    python -I -S jack_probe.py LIBRARY…

Its status is FOUND and the place of the first library through which a server answered; NOBODY without one.  A process
of its own: a frozen server never answers, and who asks it waits for ever.  Imports next to nothing, not even livegen.
"""

import ctypes
import sys

FOUND, NOBODY = 10, 3  # neither is a status with which Python itself ends
JACK_NO_START_SERVER = 1


def answers(library: str) -> bool:
    """True if a server lets a client in, by this library; False where it cannot be loaded."""
    try:
        jack = ctypes.CDLL(library)
    except OSError:
        return False
    jack.jack_client_open.restype = ctypes.c_void_p
    client = jack.jack_client_open(b"livegen-probe", JACK_NO_START_SERVER, None)
    if client:
        jack.jack_client_close(ctypes.c_void_p(client))
    return bool(client)


def main(*libraries: str) -> int:
    """Ask through one library after the other; the exit status."""
    found = (FOUND + place for place, library in enumerate(libraries) if answers(library))
    return next(found, NOBODY)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
