"""The page's preview, measured: what it costs the browser while it plays, and what it sounds like, sample by sample.

Music comes over the page's own socket, put into what the daemon sends: [who, second, status, data, data].
"""

import base64
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from livegen.sound.font_cut import cut
from livegen.sound.programs import PRESETS
from tests.browser.pages import MODEL, NOTE_OFF, NOTE_ON, PLAYER, Jam, Seen

Notes = list[list[float]]
RATE = 48_000

# --- music --------------------------------------------------------------------------------------------------------

LEAD, COMP, BASS, DRUMS = 0, 1, 2, 9  # channels
KICK, SNARE, RIM, HAT, CRASH = 36, 38, 37, 42, 49
QUARTER_S = 60 / 110
CHORDS = ((48, 60, 64, 67), (45, 60, 64, 69), (41, 57, 60, 65), (43, 59, 62, 67))
MELODY = (72, 76, 79, 76, 74, 72, 71, 72)


def note(
    who: int, at: float, channel: int, pitch: int, velocity: int = 88, lasts: float = 0.1
) -> Notes:
    """One note, times in seconds."""
    on, off = NOTE_ON | channel, NOTE_OFF | channel
    return [[who, at, on, pitch, velocity], [who, at + lasts, off, pitch, 64]]


def hands(seconds: float) -> Notes:
    """The player: a chord a bar, and eighths over it."""
    notes: Notes = []
    for bar, chord in zip(range(int(seconds / (4 * QUARTER_S))), cycle(CHORDS), strict=False):
        at = bar * 4 * QUARTER_S
        for pitch in chord:
            notes += note(PLAYER, at, LEAD, pitch, 84, 3.6 * QUARTER_S)
        for eighth, pitch in enumerate(MELODY):
            notes += note(PLAYER, at + eighth * QUARTER_S / 2, LEAD, pitch, 88, 0.4 * QUARTER_S)
    return notes


def band(seconds: float) -> Notes:
    """The model: drums, bass, chords and a second voice."""
    notes: Notes = []
    for bar, chord in zip(range(int(seconds / (4 * QUARTER_S))), cycle(CHORDS), strict=False):
        quarters = [(bar * 4 + quarter) * QUARTER_S for quarter in range(4)]
        for quarter, at in enumerate(quarters):
            off_beat = at + QUARTER_S / 2
            notes += note(MODEL, at, DRUMS, (KICK, SNARE)[quarter % 2], 98)
            notes += note(MODEL, at, DRUMS, HAT, 70) + note(MODEL, off_beat, DRUMS, HAT, 85)
            for when in (at, off_beat):
                notes += note(MODEL, when, BASS, chord[0] - 12, 88, 0.4 * QUARTER_S)
            for pitch in chord[1:] if quarter % 2 else ():
                notes += note(MODEL, at, COMP, pitch, 75, 0.6 * QUARTER_S)
            notes += note(MODEL, off_beat, LEAD, MELODY[quarter * 2] + 5, 85, 0.4 * QUARTER_S)
        notes += note(MODEL, quarters[0], DRUMS, CRASH, 90) if bar % 4 == 0 else []
    return notes


# --- a page into which music is put -------------------------------------------------------------------------------

# The socket's clock is made the page's own, so that a note is due to the microsecond when the music says.
TAP = """
window.WebSocket = class extends WebSocket {
  set onmessage(take) {
    window.hear = message => take({ data: JSON.stringify(message) });
    super.onmessage = ({ data }) => {
      stopped = running();
      const message = JSON.parse(data), now = performance.now() * 1000;
      if (message.t === "pong") message.now = (message.at + now) / 2;
      else if (message.now) message.now = now;
      if (!window.isDeaf || message.t !== "notes") window.hear(message);
      stopped = null;
    };
  }
};
const LAG_US = 60000;
let skipped = 0;
const native = performance.now.bind(performance);
const running = () => native() + skipped;
window.later = milliseconds => { skipped += milliseconds; };  // that much time has passed, for which nobody waits
let stopped = null;  // a machine that is busy with something else must not make notes late
performance.now = () => stopped ?? running();
window.send = (notes, from) => {
  stopped = running();
  const base = performance.now() * 1000 - LAG_US;
  const due = at => Math.round(base + (at - from) * 1e6);
  hear({ t: "notes", now: base, notes: notes.map(([who, at, ...data]) => [who, due(at), ...data]) });
  stopped = null;
};
"""

# The page's sound is computed and not played: in steps, at each of which the music of the next step is put in.
OFFLINE = """
window.AudioContext = class extends OfflineAudioContext {
  constructor() { super(2, RATE * SECONDS, RATE); window.audio = this; }
  get state() { return "running"; }
  async resume() {}
  async suspend() {}
};
window.render = async notes => {
  const native = OfflineAudioContext.prototype;
  const step = at => {
    const from = audio.currentTime;
    const due = notes.filter(([, when]) => when >= at && when < at + 0.25);
    if (due.length) send(due, from);
    if (at + 0.25 >= SECONDS) return;
    native.suspend.call(audio, at + 0.25).then(async () => {
      if ((at + 0.25) % PAUSE === 0) {
        await new Promise(done => { window.goOn = () => { window.goOn = null; done(); }; });
      }
      step(at + 0.25);
      native.resume.call(audio);
    });
  };
  step(0);
  const played = await audio.startRendering();
  window.isOver = true;
  if (PAUSE < SECONDS) return [];
  const text = samples => {
    const bytes = new Uint8Array(samples.buffer);
    let letters = "";
    for (let at = 0; at < bytes.length; at += 32768) letters += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(letters);
  };
  return [0, 1].map(channel => text(played.getChannelData(channel)));
};
"""


def begins(seen: Seen, jam: Jam) -> None:
    """Connect, and do something, which is what begins the sound."""
    seen.connects(jam)
    seen.page.locator("#piano").focus()
    seen.page.keyboard.press("ArrowRight")


# livegen has a sound font, which the page can fetch.
FONT = """
window.WebSocket = class extends window.WebSocket {
  set onmessage(take) {
    super.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.t === "hello") message.font = "band.sf2";
      take({ data: JSON.stringify(message) });
    };
  }
};
"""


def computes(
    seen: Seen,
    jam: Jam,
    seconds: int,
    rate: int = RATE,
    pause_s: float = float("inf"),
    font: Path | None = None,
) -> None:
    """Open the page so that its sound is computed and not played, with a pause every so many seconds.

    `font` is the sound font that it plays on; None: its own instruments.
    """
    offline = OFFLINE.replace("SECONDS", str(seconds)).replace("RATE", str(rate))
    pause = "Infinity" if pause_s == float("inf") else str(pause_s)
    seen.page.add_init_script(TAP + offline.replace("PAUSE", pause))
    if font is not None:
        data = cut(font, PRESETS)
        seen.page.route("**/font/band.sf2?*", lambda route: route.fulfill(body=data))
        seen.page.add_init_script(FONT)
    begins(seen, jam)
    if font is not None:
        expect(seen.page.locator("#sound")).to_have_attribute("data-font", "band.sf2")


def rendered(
    seen: Seen, jam: Jam, notes: Notes, seconds: int, font: Path | None = None
) -> NDArray[np.float32]:
    """What the page makes of this music, float32 (2, samples)."""
    computes(seen, jam, seconds, font=font)
    channels = seen.page.evaluate(
        "notes => render(JSON.parse(notes))", json.dumps(sorted(notes, key=lambda one: one[1]))
    )
    assert seen.complaints == []
    return np.stack([np.frombuffer(base64.b64decode(one), np.float32) for one in channels])


def peak_db(samples: NDArray[np.float32]) -> float:
    """The loudest sample, in dB below full scale."""
    return float(20 * np.log10(max(1e-9, np.abs(samples).max())))


def strength(samples: NDArray[np.float32], hertz: float) -> float:
    """How strong one frequency is in these samples."""
    mono = samples.mean(axis=0)
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(mono)) / RATE)
    return float(abs(np.mean(mono * np.hanning(len(mono)) * turns)))


def hertz(pitch: int) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


# --- what it costs ------------------------------------------------------------------------------------------------


def thread_seconds() -> Counter[str]:
    """Processor time of the threads of all browsers below this process, by the threads' names."""
    spent: Counter[str] = Counter()
    for process in below(os.getpid()):
        try:
            if b"chrom" in (process / "cmdline").read_bytes():
                for thread in (process / "task").iterdir():
                    spent += spent_by(thread)
        except OSError:
            continue  # it has ended
    return spent


def below(ancestor: int) -> Iterator[Path]:
    """The processes that one has begun, and those that they have; a child's number may be the smaller one."""
    children: dict[int, list[Path]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(path)
    found = list(children.get(ancestor, ()))
    for path in found:
        found += children.get(int(path.name), ())
        yield path


def spent_by(thread: Path) -> Counter[str]:
    name, _, rest = (thread / "stat").read_text().partition("(")[2].rpartition(")")
    user, system = rest.split()[11:13]
    return Counter({name: (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")})


def audio_seconds() -> float:
    """Processor time that making sound took so far, played or computed."""
    names = (
        "AudioOutputDev",
        "OfflineAudio",
    )  # of the browser's threads, which have fifteen letters
    return sum(spent for name, spent in thread_seconds().items() if name.startswith(names))


# The browser's own tools tell of every node and parameter, which is more work than the sound: the page counts.
COUNT = """
window.contexts = [];
window.nodes = 0;
const freed = new FinalizationRegistry(() => { window.nodes -= 1; });
for (const name of Object.getOwnPropertyNames(BaseAudioContext.prototype).filter(one => one.startsWith("create"))) {
  const create = BaseAudioContext.prototype[name];
  BaseAudioContext.prototype[name] = function (...options) {
    const made = create.apply(this, options);
    if (made instanceof AudioNode) { window.nodes += 1; freed.register(made); }
    return made;
  };
}
window.AudioContext = class extends AudioContext {
  constructor(...options) { super(...options); window.contexts.push(this); }
};
"""


class Costs:
    """What the sound of one page costs: audio nodes that live, heap, and whether the audio runs."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.add_init_script(COUNT)
        self.session = page.context.new_cdp_session(page)
        for domain in ("Performance", "HeapProfiler"):
            self.session.send(f"{domain}.enable")

    @property
    def is_running(self) -> bool:
        return bool(self.page.evaluate("contexts.some(one => one.state === 'running')"))

    @property
    def nodes(self) -> int:
        return int(self.page.evaluate("nodes"))

    def collected(self) -> tuple[int, float]:
        """Audio nodes and megabytes of heap that are left when all that is unused was collected."""
        for _ in range(2):  # what is freed by the first is told of, and then can go itself
            self.session.send("HeapProfiler.collectGarbage")
            self.page.wait_for_timeout(300)
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        heap = next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")
        return self.nodes, heap / 1e6
