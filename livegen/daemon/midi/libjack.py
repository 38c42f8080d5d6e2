"""The library through which this process speaks to a JACK server: jack2's, or PipeWire's.

The wheel of python-rtmidi brings one of jack2's, which cannot reach PipeWire.  What is loaded with its names for all
(RTLD_GLOBAL) takes its place, as long as python-rtmidi has not called it.  So python-rtmidi is imported such that it
looks for a function when it first calls it, and a library is taken when a server has answered by it.  A process keeps
to the first that it took.

Rules of this file.  Nothing here asks a server (`jack_probe` does).  On other systems than Linux nothing is chosen.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

# As all other programs find it: jack2's, PipeWire's where that has its place, or what `pw-jack` names.
OF_THE_SYSTEM = "libjack.so.0"
_PIPEWIRE = ("lib/*/pipewire-0.3", "lib64/pipewire-0.3", "lib/pipewire-0.3")  # Debian, Fedora, Arch
_taken: list[str] = []


def of_pipewire() -> list[str]:
    """PipeWire's libraries in folders of their own, the way of systems on which jack2's may be installed as well."""
    folders = (folder for pattern in _PIPEWIRE for folder in Path("/usr").glob(pattern))
    return [str(found) for folder in folders if (found := folder / "jack" / OF_THE_SYSTEM).exists()]


def of_rtmidi() -> list[str]:
    """The library that the wheel of python-rtmidi brings; none where it was built on this machine."""
    spec = find_spec("rtmidi")
    if spec is None or spec.origin is None:
        return []
    return sorted(map(str, Path(spec.origin).parents[1].glob("python_rtmidi.*/libjack*")))


def libraries() -> list[str]:
    """Those to ask by, in this order; the one that was taken where one was."""
    return _taken or [OF_THE_SYSTEM, *of_pipewire(), *of_rtmidi()]


def take(library: str) -> None:
    """Let python-rtmidi in this process speak through this library, unless another was taken before."""
    if not _taken:
        with contextlib.suppress(OSError):  # gone since it was asked by: python-rtmidi's own serves
            ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
        _taken.append(library)


def taken() -> str:
    """The library that was taken; "" before."""
    return next(iter(_taken), "")


def environment() -> dict[str, str]:
    """Variables for a program of JACK's, such as jack_lsp, so that it reaches the same server."""
    folder = os.path.dirname(taken())  # noqa: PTH120 (a name without a folder has none)
    paths = [folder, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    return {"LD_LIBRARY_PATH": os.pathsep.join(paths)} if folder in _folders() else {}


def _folders() -> set[str]:
    return {str(Path(library).parent) for library in of_pipewire()}


def pipewire_runs() -> bool:
    """True if PipeWire has its socket where it puts it."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return bool(folder) and Path(folder or "", "pipewire-0").exists()


def is_pipewires() -> bool:
    """True if the library that was taken is PipeWire's, under whatever name: then its client library is here too."""
    if not _taken:
        return False
    with contextlib.suppress(OSError):
        return "/libpipewire-" in Path("/proc/self/maps").read_text()
    return False


def refusal() -> tuple[str, str]:
    """Why no server has answered by any library, and what to do about it."""
    if pipewire_runs() and not of_pipewire():
        return "PipeWire runs, but without its JACK library", "sudo apt-get install pipewire-jack"
    if pipewire_runs():
        return (
            "PipeWire runs and lets no JACK client in",
            "start it anew: `systemctl --user restart pipewire`",
        )
    return (
        "no JACK server runs",
        "start one: in qjackctl, in Ardour, or `jackd -d alsa`; on PipeWire nothing needs to be started",
    )


@contextlib.contextmanager
def names_found_late() -> Iterator[None]:
    """Let what is imported meanwhile look for a function of another library when it first calls it."""
    if sys.platform != "linux":
        yield
        return
    before = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        yield
    finally:
        sys.setdlopenflags(before)
