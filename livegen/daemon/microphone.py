"""The process that hears notes in audio, of an input, a page or a file: `python -m livegen.daemon.microphone FD`.

The first frame holds the settings: {"source": "mic", "page", the name or number of an audio input, or a WAV file}.
Says which input it hears, then sends each note of the one voice in it with the time at which the engine is to hear it:
`delay_us` after it was struck.  Ends when its link closes; a file is heard once, in real time.
"""

import queue
import signal
import sys
import wave
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.frames import (
    CommandFrame,
    DoneFrame,
    DueFrame,
    FailedFrame,
    LogFrame,
    ReadyFrame,
)
from livegen.daemon.processes.link import Link, begun, start_time
from livegen.errors import ConfigError, LivegenError
from livegen.music.messages import NOTE_OFF, NOTE_ON
from livegen.sound.notes_heard import DELAY_US, HOP_US, LATE_US, PAGE, Found, NoteFinder, delay_us
from livegen.sound.pitches import RATE, PitchTracker, Samples, check

DEFAULT = "mic"
PIECE_US = 8_000  # of a file
DRIFT = 0.01  # how much of what a piece says of the sample clock is believed,
JUMP_US = 50_000  # unless it lies so far off: then samples were lost
TURN_S = 1e-4  # the audio system's thread waits no longer for Python
PAUSE_US = SECOND // 4  # without a piece of a page it hears no more
QUIET_US = SECOND  # without a piece the device has gone
WIDTHS: dict[int, Any] = {2: np.int16, 4: np.int32}  # bytes a sample


class Piece(NamedTuple):
    """Samples of one channel, and the time at which the first came in, micros."""

    at: int
    samples: Samples


class WavFile:
    """A WAV file, heard in real time."""

    def __init__(self, path: Path) -> None:
        try:
            with wave.open(str(path)) as opened:
                width, channels, self.rate = (
                    opened.getsampwidth(),
                    opened.getnchannels(),
                    opened.getframerate(),
                )
                data = opened.readframes(opened.getnframes())
        except (OSError, EOFError, wave.Error) as error:
            raise ConfigError(
                f"{path}: found {error}, expected a WAV file of PCM samples"
            ) from error
        if width not in WIDTHS:
            raise ConfigError(f"{path}: found {8 * width} bits a sample, expected 16 or 32")
        whole = np.frombuffer(data, WIDTHS[width]).reshape(-1, channels)
        self._samples: Samples = (whole.mean(1) / 2.0 ** (8 * width - 1)).astype(np.float32)
        self.name = path.name

    def pieces(self, link: Link) -> Iterator[Piece]:
        """Give the file piece by piece, each when its last sample has come; from the time on that is told."""
        began, step = start_time(link), self.rate * PIECE_US // SECOND
        for first in range(0, len(self._samples), step):
            at = began + first * SECOND // self.rate
            while not link.closed and (left := at + PIECE_US - clock.now()) > 0:
                link.wait(left)
            if link.closed:
                return
            yield Piece(at, self._samples[first : first + step])


class Device:
    """An audio input of the system, over PortAudio."""

    def __init__(self, name: str) -> None:
        try:
            import sounddevice
        except OSError:
            raise ConfigError(
                "PortAudio's library is not installed: sudo apt-get install libportaudio2"
            ) from None
        self._pieces: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        wanted = None if name == DEFAULT else int(name) if name.isdecimal() else name
        try:
            about = sounddevice.query_devices(wanted, "input")
            self.name, self.rate = str(about["name"]), int(about["default_samplerate"])
            self._stream = sounddevice.InputStream(
                samplerate=self.rate,
                device=wanted,
                channels=1,
                dtype="float32",
                latency="low",
                callback=self._take,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            inputs = [d["name"] for d in sounddevice.query_devices() if d["max_input_channels"]]
            known = ", ".join(inputs) if inputs else "none"
            raise ConfigError(
                f"--listen {name}: {str(error).splitlines()[0]}; audio inputs here: {known}"
            ) from error

    def _take(self, samples: Any, count: int, times: Any, status: object) -> None:
        """Keep what has come, no more: PortAudio calls this in the audio system's thread, which waits for it."""
        age_us = round((times.currentTime - times.inputBufferAdcTime) * SECOND)
        age_us = min(max(age_us, count * SECOND // self.rate), SECOND)
        self._pieces.put(Piece(clock.now() - age_us, samples[:, 0].copy()))

    def pieces(self, link: Link) -> Iterator[Piece]:
        """Give what comes in, until the device goes.  Raises ConfigError then."""
        with self._stream:
            while not link.closed:
                link.wait(0)
                try:
                    yield self._pieces.get(timeout=QUIET_US / SECOND)
                except queue.Empty:
                    raise ConfigError(
                        f"{self.name} has gone: plug it in and start livegen again"
                    ) from None


class PageAudio:
    """What an open page hears: commands `audio` over the link, [micros, base64 of 16-bit samples]."""

    name, rate = "the page", RATE

    def pieces(self, link: Link) -> Iterator[Piece]:
        """Give what comes in; behind the last piece before a pause some silence, so that no note goes on in it."""
        is_silent, ends = True, 0
        while not link.closed:
            pieces = [
                _piece(frame) for frame in link.wait(PAUSE_US) if isinstance(frame, CommandFrame)
            ]
            yield from pieces
            if pieces:
                is_silent, ends = False, pieces[-1].at + len(pieces[-1].samples) * SECOND // RATE
            elif not is_silent and clock.now() >= ends + PAUSE_US:
                is_silent = True
                yield Piece(ends, np.zeros(RATE * PAUSE_US // SECOND, np.float32))


def _piece(audio: CommandFrame) -> Piece:
    at, text = audio.value
    samples: Samples = np.frombuffer(b64decode(text), "<i2").astype(np.float32) / np.float32(2**15)
    return Piece(at, samples)


Source = WavFile | Device | PageAudio


def source_of(name: str) -> Source:
    """Open what the settings name.  Raises ConfigError."""
    if name == PAGE:
        return PageAudio()
    path = Path(name)
    return WavFile(path) if path.suffix.lower() == ".wav" else Device(name)


class SampleClock:
    """The time of samples, from the times at which pieces came; these jitter, samples do not."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._began: float | None = None  # the time of sample 0
        self._count = 0

    def take(self, piece: Piece) -> float:
        """Take the next piece; give the time of sample 0."""
        began = piece.at - self._count * SECOND / self._rate
        if self._began is None or abs(began - self._began) > JUMP_US:
            self._began = began
        self._began += DRIFT * (began - self._began)
        self._count += len(piece.samples)
        return self._began


def listen(link: Link, source: Source, tracker: PitchTracker, delay: int = DELAY_US) -> None:
    """Send the notes of a source, `delay` micros after they were struck, until the link closes or the source is over.

    Raises ConfigError.
    """
    finder, times = NoteFinder(), SampleClock(source.rate)
    sounds = 0  # the pitch that was told last
    began = 0.0
    for piece in source.pieces(link):
        began = times.take(piece)
        for frame in tracker.feed(piece.samples):
            for found in finder.feed(frame):
                sounds = _send(link, began + delay, found, sounds)
    for found in finder.end():
        _send(link, began + delay, found, sounds)
    link.send(DoneFrame(clock.now()))


def _send(link: Link, began: float, found: Found, sounds: int) -> int:
    """Send what was found, frames counted from `began`; give the pitch that sounds."""
    due = round(began) + found.frame * HOP_US - LATE_US
    if found.pitch is None:
        link.send(DueFrame(due, bytes((NOTE_OFF, sounds, 0))))
        return sounds
    link.send(DueFrame(due, bytes((NOTE_ON, found.pitch, found.velocity))))
    return found.pitch


def main() -> int:
    """Listen as the settings say, and give the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link, settings, _ = begun(sys.argv[1])
    sys.setswitchinterval(TURN_S)
    try:
        check()
        name = str(settings.values["source"])
        source, delay = source_of(name), delay_us(name)
        tracker = PitchTracker(source.rate)
        link.send(ReadyFrame.of(clock.now(), {"source": source.name}))
        link.send(
            LogFrame.of(clock.now(), f"listening to {source.name}, {delay // 1000} ms behind it")
        )
        listen(link, source, tracker, delay)
    except LivegenError as error:
        link.send(FailedFrame.of(clock.now(), str(error)))
        link.drain(SECOND)
        return 2
    while not link.closed:
        link.wait(SECOND)
    return 0


if __name__ == "__main__":
    sys.exit(main())
