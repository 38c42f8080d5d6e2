"""The process that sounds: `python -m livegen.daemon.sounder FD`.

The first frame holds the settings: {"font": path or "", "driver": name or "auto", "frames", "gain", "programs": {side:
{channel: program}}}.  Plays what it is told of both sides as it comes, on FluidSynth, whose own thread feeds the
device; says over which driver, or in one line why there is no sound.  Ends when its link closes.
"""

import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from livegen.daemon import clock
from livegen.daemon.processes.frames import FailedFrame, HeardFrame, LogFrame, ReadyFrame, SentFrame
from livegen.daemon.processes.link import Link, begun
from livegen.errors import LivegenError
from livegen.sound.fonts import font
from livegen.sound.synth import MODEL, PLAYER, Synth, check

AUTO = "auto"
# The audio drivers of FluidSynth on each system, the quickest first.
DRIVERS = {
    "linux": ("jack", "pipewire", "pulseaudio", "alsa"),
    "darwin": ("coreaudio", "jack"),
    "win32": ("wasapi", "dsound"),
}
PERIODS = 2
WAIT_US = clock.SECOND


def sound(link: Link, settings: Mapping[str, Any]) -> None:
    """Sound until the link closes.  Raises LivegenError where that cannot be."""
    check()
    instruments = font(str(settings["font"]))
    frames = int(settings["frames"])
    programs = {
        int(side): {int(channel): int(program) for channel, program in of_side.items()}
        for side, of_side in settings["programs"].items()
    }
    asked = str(settings["driver"])
    drivers = DRIVERS.get(sys.platform, ("alsa",)) if asked == AUTO else (asked,)
    device: dict[str, str | int] = {
        "audio.period-size": frames,
        "audio.periods": PERIODS,
        "audio.jack.id": "livegen",
        "audio.jack.autoconnect": 1,
    }
    synth = Synth(instruments, programs, float(settings["gain"]), **device)
    try:
        driver = synth.listen(drivers)
        link.send(ReadyFrame.of(clock.now(), {"driver": driver, "font": str(instruments)}))
        link.send(LogFrame.of(clock.now(), f"sound over {driver}, by {instruments.name}"))
        while not link.closed:
            for frame in link.wait(WAIT_US):
                match frame:
                    case HeardFrame():
                        synth.play(PLAYER, frame.payload)
                    case SentFrame():
                        synth.play(MODEL, frame.payload)
                    case _:
                        pass
    finally:
        synth.close()


def main() -> int:
    """Sound as the settings say, and give the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    link, settings, _ = begun(sys.argv[1])
    try:
        sound(link, settings.values)
    except LivegenError as error:
        line = f"sound: {error}; livegen serves on without sound of its own"
        link.send(FailedFrame.of(clock.now(), line))
        link.drain(clock.SECOND)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
