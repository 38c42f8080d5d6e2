"""Makes the README's twenty seconds, docs/jam.gif and docs/jam.mp3: `python -m tests.browser.clip [SOUNDFONT]`.

The real daemon hears two calls from a file and answers them; Chromium shows its page meanwhile, and what both played is
rendered afterwards.  Needs ffmpeg and fluidsynth.  Look at it and listen to it before it is committed.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.smf import Score, Track, read, write
from tests.browser.conftest import FLAGS

DOCS = Path(__file__).parents[2] / "docs"
SOUNDFONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
PORT, TOKEN = 9741, "for-the-clip-of-the-README"
SIZE = ViewportSize(width=1000, height=640)
PPQN, BPM = 24, 104
LEAD_S, LENGTH_S = 8, 20  # until the page is open and settled; of the clip
SEED = 1
# Two calls of two bars in A minor: pitches, each with its length in eighths.
CALLS = (
    "64:1 67:1 69:2 72:1 69:1 67:2 64:1 62:1 60:2 62:1 64:1 57:1",
    "76:2 74:1 72:1 74:2 72:1 69:1 72:2 71:1 67:1 69:1 67:1 69:1",
)
BARS_APART = 4
PROGRAMS = {"Player": 0, "Model": 4}  # a piano, an electric piano
SETTINGS = (f"jam.tempo={BPM}", "jam.sync=free", "jam.start=bar", "osc.enabled=false")


def main() -> None:
    """Make both."""
    soundfont = sys.argv[1] if len(sys.argv) > 1 else SOUNDFONT
    with tempfile.TemporaryDirectory() as folder:
        film, began, jam = played(Path(folder))
        picture(film, began)
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


def played(folder: Path) -> tuple[Path, float, Path]:
    """The film of the page, the second of it at which the clip begins, and the MIDI file of what both played."""
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
        is_ready = time.monotonic()
        film, opened = filmed(folder, is_ready + LEAD_S + LENGTH_S)
    finally:
        daemon.terminate()
        daemon.wait()
    return film, is_ready + LEAD_S - opened - 0.5, jam


def filmed(folder: Path, until: float) -> tuple[Path, float]:
    """A film of the page to this time of the monotonic clock, and when it began."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=FLAGS, chromium_sandbox=False
        )
        context = browser.new_context(
            viewport=SIZE, record_video_dir=folder, record_video_size={**SIZE}
        )
        context.add_init_script("localStorage.setItem('livegen-guide-seen', 'yes')")
        page, opened = context.new_page(), time.monotonic()
        page.goto(f"http://127.0.0.1:{PORT}/#{TOKEN}")
        page.wait_for_timeout(max(0.0, until - time.monotonic()) * 1000)
        assert page.video is not None
        film = page.video.path()
        context.close()
        browser.close()
    return film, opened


def picture(film: Path, began: float) -> None:
    """docs/jam.gif: twelve pictures a second, in the colours that the film has most."""
    small = "fps=12,scale=800:-1:flags=lanczos"
    colours = (
        "split[a][b];[a]palettegen=max_colors=48:stats_mode=diff[p];[b][p]paletteuse=dither=none"
    )
    cut = ["-ss", f"{began:.2f}", "-t", str(LENGTH_S), "-i", str(film)]
    run("ffmpeg", "-y", *cut, "-vf", f"{small},{colours}", str(DOCS / "jam.gif"))


def sound(jam: Path, soundfont: str, folder: Path) -> None:
    """docs/jam.mp3: what both played, by a synthesizer."""
    score, voiced, wave = read(jam), folder / "voiced.mid", folder / "jam.wav"
    write(voiced, replace(score, tracks=tuple(map(with_program, score.tracks))))
    run("fluidsynth", "-ni", "-g", "0.9", "-F", str(wave), soundfont, str(voiced))
    cut = ["-ss", str(LEAD_S - 0.5), "-t", str(LENGTH_S), "-i", str(wave)]
    run("ffmpeg", "-y", *cut, "-af", "loudnorm", "-b:a", "96k", str(DOCS / "jam.mp3"))


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
