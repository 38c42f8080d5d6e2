"""Makes the README's twenty seconds, docs/jam.gif and docs/jam.mp3: `python -m tests.browser.clip [SOUNDFONT]`.

The real daemon hears two calls from a file and answers them; Chromium shows its page meanwhile, and what both played is
rendered afterwards.  Needs ffmpeg and fluidsynth.  Look at it and listen to it before it is committed.
"""

import base64
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.sync_api import ViewportSize, sync_playwright

from livegen.music.files.smf import Score, Track, read, write
from livegen.music.messages import Message, NoteOff, NoteOn
from tests.browser.conftest import FLAGS, chromium_path

Frame = tuple[float, bytes]  # second of the clip, PNG
DOCS = Path(__file__).parents[2] / "docs"
SOUNDFONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
PORT, TOKEN = 9741, "for-the-clip-of-the-README"
SIZE = ViewportSize(width=1000, height=640)
PPQN, BPM = 24, 104
LEAD_S, LENGTH_S, EARLY_S = (
    8,
    20,
    0.5,
)  # until the first note; of the clip; its beginning before that note
RATE = 6  # pictures a second
SEED = 1
# Two calls of a bar and a half in A minor, so that an answer can begin on the bar line: pitches and lengths in eighths.
CALLS = (
    "64:1 67:1 69:2 72:1 69:1 67:2 64:1 62:1 60:2",
    "76:2 74:1 72:1 74:2 72:1 69:1 72:1 71:1 69:2",
)
BARS_APART = 4
PROGRAMS = {"Player": 0, "Model": 4}  # a piano, an electric piano
SETTINGS = (f"jam.tempo={BPM}", "jam.sync=free", "jam.start=bar", "osc.enabled=false")


def main() -> None:
    """Make both."""
    soundfont = sys.argv[1] if len(sys.argv) > 1 else SOUNDFONT
    with tempfile.TemporaryDirectory() as folder:
        frames, jam = played(Path(folder))
        picture(frames, Path(folder))
        sound(jam, soundfont, Path(folder))


def calls() -> Score:
    """Both calls as a file, after so much silence that the page is open."""
    eighth, lead = PPQN // 2, LEAD_S * BPM * PPQN // 60
    timed: list[tuple[int, Message]] = []
    for place, call in enumerate(CALLS):
        at = lead + place * BARS_APART * 8 * eighth
        for pitch, length in (map(int, note.split(":")) for note in call.split()):
            timed.append((at, NoteOn(pitch, 84 if length > 1 else 74, 0)))
            timed.append((at + length * eighth - 2, NoteOff(pitch, 64, 0)))
            at += length * eighth
    return Score(PPQN, (Track("Player", tuple(timed)),), ((0, 60_000_000 // BPM),), ((0, 4, 4),))


def played(folder: Path) -> tuple[list[Frame], Path]:
    """The pictures of the page while both play, and the MIDI file of what they played."""
    call, jam = folder / "calls.mid", folder / "jam.mid"
    write(call, calls())
    files = ["--player", str(call), "--record", str(jam), "--seed", str(SEED)]
    page = [f"page.port={PORT}", f"page.token={TOKEN}"]
    options = [word for setting in (*SETTINGS, *page) for word in ("--set", setting)]
    command = [sys.executable, "-m", "livegen", "serve", "--api", "none", *files, *options]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert daemon.stdout is not None
        while not daemon.stdout.readline().startswith("ready"):
            pass
        frames = filmed(time.time() + LEAD_S - EARLY_S)
    finally:
        daemon.terminate()
        daemon.wait()
    return frames, jam


def filmed(since: float) -> list[Frame]:
    """The page's pictures from this time of the clock on, as often as the browser draws it anew."""
    frames: list[Frame] = []
    chromium = chromium_path()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=FLAGS, chromium_sandbox=False
        )
        page = browser.new_page(viewport=SIZE, color_scheme="dark")
        page.add_init_script("localStorage.setItem('livegen-guide-seen', 'yes')")
        page.goto(f"http://127.0.0.1:{PORT}/#{TOKEN}")
        devtools = page.context.new_cdp_session(page)

        def take(told: dict[str, Any]) -> None:
            at = told["metadata"]["timestamp"] - since
            if 0 <= at <= LENGTH_S:
                frames.append((at, base64.b64decode(told["data"])))
            devtools.send("Page.screencastFrameAck", {"sessionId": told["sessionId"]})

        devtools.on("Page.screencastFrame", take)
        devtools.send("Page.startScreencast", {"format": "png", "everyNthFrame": 3})
        page.wait_for_timeout((since + LENGTH_S + 1 - time.time()) * 1000)
        devtools.send("Page.stopScreencast")
        page.wait_for_timeout(500)
        browser.close()
    return frames


def picture(frames: list[Frame], folder: Path) -> None:
    """docs/jam.gif: so many pictures a second, in the colours that they have most."""
    for number in range(LENGTH_S * RATE):
        _, drawn = max((one for one in frames if one[0] <= number / RATE), default=frames[0])
        (folder / f"{number:04}.png").write_bytes(drawn)
    small = "scale=720:-1:flags=lanczos"
    colours = (
        "split[a][b];[a]palettegen=max_colors=48:stats_mode=diff[p];[b][p]paletteuse=dither=none"
    )
    shown = ["-framerate", str(RATE), "-i", str(folder / "%04d.png")]
    run("ffmpeg", "-y", *shown, "-vf", f"{small},{colours}", str(DOCS / "jam.gif"))


def sound(jam: Path, soundfont: str, folder: Path) -> None:
    """docs/jam.mp3: what both played, by a synthesizer."""
    score, voiced, wave = read(jam), folder / "voiced.mid", folder / "jam.wav"
    write(voiced, replace(score, tracks=tuple(map(with_program, score.tracks))))
    run("fluidsynth", "-ni", "-g", "0.9", "-F", str(wave), soundfont, str(voiced))
    first = min(track.messages[0][0] for track in score.tracks)
    late = score.tempo_map.micros(first) / 1e6 - EARLY_S  # it may begin with its first note
    cut = f"adelay={max(0, -late) * 1000:.0f}:all=1,atrim={max(0, late):.3f}:{max(0, late) + LENGTH_S:.3f}"
    loud = "loudnorm=I=-16:TP=-1.5"
    run(
        "ffmpeg",
        "-y",
        "-i",
        str(wave),
        "-af",
        f"{cut},{loud}",
        "-b:a",
        "96k",
        str(DOCS / "jam.mp3"),
    )


def with_program(track: Track) -> Track:
    """A track's notes, on an instrument and a channel of its own."""
    channel = list(PROGRAMS).index(track.name)
    notes = [(tick, m) for tick, m in track.messages if isinstance(m, NoteOn | NoteOff)]
    moved = tuple((tick, type(m)(m.pitch, m.velocity, channel)) for tick, m in notes)
    return Track(track.name, moved, PROGRAMS[track.name])


def run(*command: str) -> None:
    """Run a program quietly; what it complains of is shown when it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]}: {done.stderr[-800:]}")


if __name__ == "__main__":
    main()
