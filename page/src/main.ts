// Puts the page together: which part hears of what.

import "./styles/page.css";
import { commandButtons, panicButton, Presets } from "./buttons";
import { Desk } from "./desk";
import { el, find, say } from "./dom";
import { Guide } from "./guide";
import { isTyping } from "./focus";
import { Keys } from "./keys";
import { Meters } from "./meters";
import { NoteTape } from "./notes";
import { Playback } from "./playback";
import { Readouts } from "./readouts";
import { Replies } from "./replies";
import { Shelf } from "./shelf";
import { Sound } from "./sound";
import { Stage } from "./stage";
import { Store } from "./store";
import { Tabs } from "./tabs";
import { Takes } from "./takes";
import { takeToken } from "./token";
import type { FromServer, ToServer } from "./types";
import { WebMidi } from "./webmidi";
import { type Status, Wire } from "./wire";

const token = takeToken();
const wire = new Wire(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, token);
const store = new Store();
const tape = new NoteTape();
const now = (): number => wire.now();
const link = (): Status => wire.status;
const replies = new Replies(store, link, now);
const send = (message: ToServer): void => {
  replies.asked(message);
  wire.send(message);
};

const sound = new Sound(now);
const playback = new Playback(sound);
const readouts = new Readouts(store, link);

const keys = new Keys((pitch, velocity, channel) => {
  sound.press(pitch, velocity, channel);
  send({ t: "play", data: [(velocity > 0 ? 0x90 : 0x80) | channel, pitch, velocity > 0 ? velocity : 64] });
}, tape);

new WebMidi(
  (data) => {
    const kind = data[0] & 0xf0;
    if (kind === 0x90 || kind === 0x80)
      sound.press(data[1], kind === 0x90 ? (data[2] ?? 0) : 0, data[0] & 15);
    send({ t: "play", data });
  },
  () => [store.hello?.ports.in ?? "Model In", store.hello?.ports.out ?? "Model Out"],
);

const stage = new Stage(
  find<HTMLCanvasElement>("roll"),
  tape,
  () => store.state,
  now,
  (at) => {
    readouts.tick(at);
    keys.light();
  },
);

const controls = find("panel-controls");
const presets = el("div", { class: "presets", hidden: true });
const desk = el("div", { class: "desk" });
controls.append(presets, desk);
new Presets(presets, store, send);
new Desk(desk, store, send);
commandButtons(find("commands"), store, send);
panicButton(send, () => {
  keys.letGo();
  playback.stop();
  sound.silence();
});
const meters = new Meters(find("panel-meters"), store, () => stage.framesPerSecond);
new Shelf(find("panel-takes"), store, new Takes(token), playback, send);
new Tabs(
  find("tabs"),
  [
    { id: "controls", label: "Controls", panel: controls },
    { id: "meters", label: "Meters", panel: find("panel-meters") },
    { id: "takes", label: "Recordings", panel: find("panel-takes") },
  ],
  (id) => id === "meters" && meters.refresh(),
);

const guide = new Guide(find<HTMLDialogElement>("guide"));
find("guide-open").addEventListener("click", () => guide.open());

// --- stage mode -------------------------------------------------------------------------------------------------------

const stageMode = find("stage-mode");
function toggleStage(): void {
  const on = document.body.classList.toggle("on-stage");
  stageMode.setAttribute("aria-pressed", String(on));
}
stageMode.addEventListener("click", toggleStage);
window.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
  // F alone is a key of the piano, unless the letters do not play.
  if (event.code === "KeyF" && plain && !isTyping(event.target) && (event.shiftKey || !keys.lettersPlay))
    toggleStage();
});

// --- what livegen says, and whether it is there -----------------------------------------------------------------------

const CONNECTION: Record<Status, [string, string]> = {
  connecting: ["connecting …", ""],
  open: ["connected", ""],
  lost: [
    "connection lost",
    "The connection to livegen is lost. This page tries again by itself; if livegen has ended, start it again and open the address it prints.",
  ],
  full: [
    "too many pages",
    "As many pages are open as livegen takes. Close one; this page tries again by itself.",
  ],
  refused: [
    "not let in",
    "livegen does not know this page. Open the address that livegen printed when it started: it is new at each start.",
  ],
  keyless: [
    "not let in",
    "Open the address that livegen printed when it started, with all that stands after the #.",
  ],
};

const ENGINE: Record<string, string> = {
  dead: "The model's process has ended. Everything it played was let go, and it is being started again; panic still works.",
  starting: "The model is being loaded: it will hear you in a moment.",
};

let loop = "";

function showHealth(): void {
  const [link, trouble] = CONNECTION[wire.status];
  const about = wire.status === "open" ? [store.state.model, store.hello?.version].filter(Boolean) : [];
  say(find("link"), [link, ...about].join(" · "));
  document.body.dataset["link"] = wire.status;
  const notice = find("notice");
  const text = trouble || ENGINE[store.state.engine ?? ""] || loop;
  notice.hidden = text === "";
  say(notice, text);
}

function log(line: string, kind: string): void {
  const lines = find("lines");
  lines.prepend(el("span", { class: kind }, line));
  while (lines.childElementCount > 4) lines.lastElementChild?.remove();
}

function take(message: FromServer): void {
  store.take(message);
  if (message.t === "notes") {
    for (const note of message.notes) {
      tape.take(note);
      sound.take(note);
    }
  } else if (message.t === "gap") {
    tape.endAll(now());
    sound.silence();
  }
}

store.onHello((hello) => {
  sound.welcome(hello);
  showHealth();
  guide.openOnce();
});
store.onState(["engine", "model"], showHealth);
store.onFigures((figures) => {
  loop = figures.loop ?? "";
  showHealth();
});
store.onState(["plan"], (state) => sound.learn(state.plan ?? []));
store.onLine(({ line, kind }) => log(line, kind ?? "note"));
wire.onMessage(take);
wire.onStatus((status) => {
  if (status !== "open") {
    keys.letGo();
    tape.endAll(now());
    sound.silence();
  }
  showHealth();
});

showHealth();
wire.connect();
stage.run();
