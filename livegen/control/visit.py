"""Finds the page of a livegen that runs, for whoever wants to open it.

Those that say they run are asked whether they do.  The program that opens a browser says the address on its command
line, where every person on this machine can read it: so the address to open holds a key that lets one page in, once.

Knows no browser.
"""

import http.client
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from livegen.daemon import page_files
from livegen.daemon.page_files import Running

ANSWER_S = 3.0
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is there: its address as it was printed, and one that lets one page in, once."""

    url: str
    once: str


def running_page(folder: Path | None = None) -> Page | None:
    """The page of the livegen that was started last; None where none answers."""
    for running in page_files.announced(folder or page_files.folder()):
        if _is_alive(running.pid) and (key := _key(running)):
            address, _, _ = running.url.partition("#")
            return Page(running.url, f"{address}#{key}")
    return None


def _is_alive(pid: int) -> bool:
    """True if there is such a process.  Where asking would end it (Windows), the page alone is asked."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return False  # somebody else's, or none: ours would let us
    return True


def _key(running: Running) -> str | None:
    """Ask a livegen for a key with its token; None where no livegen answers."""
    place = urlsplit(running.url)
    headers = {"Authorization": f"Bearer {place.fragment}", "Content-Type": "application/json"}
    # Straight there: a proxy of the system's has no business with this.
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=ANSWER_S)
    try:
        connection.request("POST", "/keys", b"{}", headers)
        answer = connection.getresponse()
        with suppress(ValueError, RecursionError):
            match json.loads(answer.read(MOST_BYTES)):
                case {"key": str(key)} if answer.status == 200 and page_files.is_token(key):
                    return key
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
    return None
