// Puts the page together: which part hears of what.

import "./styles/page.css";
import { Library } from "./charts/library";
import { ChartPanel } from "./charts/panel";
import { Song } from "./charts/song";
import { ClipPlayer } from "./clip";
import { LeadSheet } from "./charts/leadsheet";
import { Macros, Presets, commandButtons, panicButton } from "./buttons";
import { Desk } from "./desk";
import { el, find, say } from "./dom";
import { Finds } from "./finds";
import { Guide } from "./guide";
import { isTyping } from "./focus";
import { Keys } from "./keys";
import { isBound, LearnMode } from "./learn";
import { Lyrics } from "./lyrics";
import { Meters } from "./meters";
import { Seated } from "./seat";
import { NoteTape } from "./notes";
import type { Bytes } from "./pace";
import { PhraseMap } from "./phrases";
import { Playback } from "./playback";
import { WhoPlays } from "./player";
import { Readouts } from "./readouts";
import { LastStrokes } from "./rejoin";
import { Metronome } from "./metronome";
import { PageMicrophone } from "./microphone";
import { ModelList } from "./models";
import { Replies } from "./replies";
import { SavePreset } from "./saving";
import { Schedule } from "./schedule";
import { Shelf } from "./shelf";
import { StageMode } from "./show";
import { listenToShortcuts } from "./shortcuts";
import { LAG_US, PEDAL, Sound } from "./sound";
import { Stage } from "./stage";
import { Store } from "./store";
import { fit } from "./fit";
import { Tabs } from "./tabs";
import { Takes } from "./takes";
import { Theme } from "./theme";
import { keepToken, keptToken, takeToken } from "./token";
import type { FromServer, HeardNote, ToServer } from "./types";
import { WebMidi } from "./webmidi";
import { Why } from "./why";
import { Wish } from "./wish";
import { type Status, Wire, localMicros } from "./wire";

const socket = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
const room = new URLSearchParams(location.search).get("room") ?? "";
const wire = new Wire(socket, takeToken() || keptToken(), room);
const store = new Store();
const tape = new NoteTape();
const now = (): number => wire.now();
const link = (): Status => wire.status;
const replies = new Replies(store, link, now);
const send = (message: ToServer): void => {
  replies.asked(message);
  wire.send(message);
};

const takes = new Takes(() => wire.token);
const sound = new Sound(now, (name) => takes.font(name, store.hello?.version ?? ""));
const playback = new Playback(sound);
const readouts = new Readouts(store, tape, link);

const last = new LastStrokes();
const schedule = new Schedule((note) => {
  last.take(note, now(), localMicros());
  tape.take(note);
  sound.take(note, 0);
});
const isRoom = (): boolean => (store.hello?.room ?? null) !== null;

/** Whether a key of the player's ends what the model plays, before a studio far away can say so. */
const yields = (): boolean => isRoom() && store.hello?.modes[store.state.mode ?? ""]?.yields === true;

const seat = new Seated(wire, isRoom, store);

/** Plays it into livegen; a note that is no pad is heard here at once. */
function play(data: Bytes): void {
  if (seat.listens) return;
  const [status, pitch, velocity = 0] = data;
  const channel = seat.channel ?? status & 15;
  const kind = status & 0xf0;
  const isStruck = kind === 0x90 && velocity > 0;
  if (isStruck && yields()) schedule.silence(now());
  if (isStruck && !isBound(store.state, data)) sound.press(pitch, velocity, channel);
  else if (kind === 0x80 || kind === 0x90) sound.press(pitch, 0, channel);
  else if (kind === 0xb0 && pitch === PEDAL) sound.pedal(channel, velocity);
  send(isRoom() ? { t: "play", data, at: Math.round(now()) } : { t: "play", data });
}

const keys = new Keys(
  (pitch, velocity, channel) =>
    play([(velocity > 0 ? 0x90 : 0x80) | channel, pitch, velocity > 0 ? velocity : 64]),
  tape,
);

const clip = new ClipPlayer(play, () => store.state, now);

const microphone = new PageMicrophone(
  (piece) => wire.sendBytes(piece),
  now,
  (on) => (sound.isPlayerHeard = on),
);

new WebMidi(play, () => [store.hello?.ports.in ?? "Model In", store.hello?.ports.out ?? "Model Out"]);

const why = new Why(store, now, send);
const roll = find<HTMLCanvasElement>("roll");
const stage = new Stage(
  roll,
  tape,
  () => store.state,
  now,
  (at) => {
    readouts.tick(at);
    keys.light();
  },
  why.shown,
);
why.listenTo(roll, stage);

new Theme(() => stage.recolour());
fit();

const lag = (): number => (isRoom() ? 0 : LAG_US); // of the model's notes, with which it clicks
const metronome = new Metronome(
  () => store.state,
  tape,
  (isOne, inSeconds) => sound.click(isOne, inSeconds + lag() / 1e6),
);
find("metronome").addEventListener("click", ({ currentTarget: pressed }) => {
  metronome.isOn = !metronome.isOn;
  if (metronome.isOn && !sound.isOn) sound.wish(true);
  (pressed as HTMLElement).setAttribute("aria-pressed", String(metronome.isOn));
});

const controls = find("panel-controls");
const learnTools = el("div", { class: "learn-tools" });
const presets = el("div", { class: "presets", hidden: true });
const macros = el("div", { class: "presets", hidden: true });
const phrases = el("div", { class: "phrases" });
const ofPhrases = el("div", { class: "of-phrases" });
const desk = el("div", { class: "desk" });
const models = el("div", { class: "control model", hidden: true });
const saving = el("div", { class: "saving at-home" });
const wish = el("div", { class: "wish at-home" });
const lyrics = el("div", { class: "wish" });
const player = el("div", { class: "wish at-home" });
controls.append(wish, lyrics, player, learnTools, presets, macros, saving, models, desk);
new Presets(presets, store, send);
new Macros(macros, store, send);
new PhraseMap(phrases, store, ofPhrases, send);
new Wish(wish, () => wire.token);
new Lyrics(lyrics, send);
new WhoPlays(player, store, send);
new SavePreset(saving, store, () => wire.token);
new ModelList(models, store, send);
new Desk(desk, store, send, phrases, ofPhrases);
commandButtons(find("commands"), store, send);
new LearnMode(learnTools, find("learn"), store, send);
listenToShortcuts();
panicButton(send, () => {
  keys.letGo();
  clip.stop();
  playback.stop();
  schedule.silence(now());
  sound.silence();
});
const meters = new Meters(
  find("panel-meters"),
  store,
  () => stage.framesPerSecond,
  () => sound.delay,
);
const finds = el("div", { class: "finds" });
find("panel-takes").append(finds);
const shelf = new Shelf(find("panel-takes"), store, takes, playback, send);
new Finds(
  finds,
  takes,
  playback,
  () => wire.token,
  () => void shelf.refresh(),
);
const library = new Library(() => wire.token);
const song = new Song(store, library);
new ChartPanel(find("panel-chart"), store, song, library, send);
new LeadSheet(store, song);
new Tabs(
  find("tabs"),
  [
    { id: "controls", label: "Controls", panel: controls },
    { id: "chart", label: "Chart", panel: find("panel-chart") },
    { id: "meters", label: "Meters", panel: find("panel-meters") },
    { id: "takes", label: "Recordings", panel: find("panel-takes") },
  ],
  (id) => id === "meters" && meters.refresh(),
);

const guide = new Guide(find<HTMLDialogElement>("guide"));
find("guide-open").addEventListener("click", () => guide.open());

// --- stage mode -------------------------------------------------------------------------------------------------------

const stageMode = new StageMode();
window.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
  // F alone is a key of the piano, unless the letters do not play.
  if (event.code === "KeyF" && plain && !isTyping(event.target) && (event.shiftKey || !keys.lettersPlay))
    stageMode.toggle();
});

// --- what livegen says, and whether it is there -----------------------------------------------------------------------

const CONNECTION: Record<Status, [string, string]> = {
  connecting: ["connecting …", ""],
  open: ["connected", ""],
  lost: [
    "connection lost",
    "The connection to livegen is lost. This page tries again by itself, also when livegen was started again. If it stays so, open the address that livegen prints.",
  ],
  full: ["too many pages", "livegen takes no more open pages. Close one; this page tries again by itself."],
  refused: [
    "no access",
    "livegen does not know this page. Open the address that livegen printed when it started, also in this tab, or type: livegen open",
  ],
  keyless: [
    "no access",
    "Open the address that livegen printed when it started, with everything after the #, or type: livegen open",
  ],
};

const ENGINE: Record<string, string> = {
  dead: "The model's process has ended. Its notes were released, and it is being started again; Panic still works.",
  starting: "The model is being loaded: it will hear you in a moment.",
};

let loop = "";

function showHealth(): void {
  const [link, trouble] = CONNECTION[wire.status];
  const where = [room === "" ? "" : `room ${room}`, store.hello?.is_recorded ? "● recorded" : ""]
    .filter(Boolean)
    .join(" ");
  const here = (store.hello?.players ?? [])
    .map(({ name, role }) => (role === "" ? name : `${name} (${role})`))
    .join(", ");
  const about =
    wire.status === "open" ? [where, here, store.state.model, store.hello?.version].filter(Boolean) : [];
  say(find("link"), [link, ...about].join(" · "));
  document.body.dataset["link"] = wire.status;
  document.body.toggleAttribute("data-recorded", store.hello?.is_recorded === true);
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

/** Whether it is a stroke of the player's that is bound to something, and no music. */
function isPad([who, , status, pitch, velocity = 0]: HeardNote): boolean {
  const isStruck = who === 0 && (status & 0xf0) === 0x90 && velocity > 0;
  return isStruck && isBound(store.state, [status, pitch, velocity]);
}

function take(message: FromServer): void {
  store.take(message);
  if (message.t === "token") keepToken(message.token);
  if (message.t === "notes") {
    for (const note of message.notes) {
      last.take(note, now(), localMicros());
      tape.take(note);
      if (!isPad(note)) sound.take(note);
    }
  } else if (message.t === "music") schedule.take(message.music, now());
  else if (message.t === "beat") schedule.beat(now());
  else if (message.t === "gap") {
    tape.endAll(now());
    sound.silence();
  }
}

/** A room whose engine is new is told what was played before, and does not end what the old one began. */
function comeBack(room: string, began: number): void {
  const before = last.greeted(room, began, store.state, localMicros());
  if (before === null) return;
  schedule.silence(now());
  send(before);
}

store.onHello((hello) => {
  if (typeof hello.room === "string") comeBack(hello.room, hello.began ?? 0);
  sound.welcome(hello);
  microphone.isOffered = hello.listens === true;
  showHealth();
  // A studio keeps nothing, and has its own words for who comes in.
  if (isRoom()) document.body.dataset["room"] = hello.room ?? "";
  else guide.openOnce();
});
store.onState(["engine", "model"], showHealth);
store.onFigures((figures) => {
  loop = figures.loop ?? "";
  showHealth();
});
store.onState(["programs"], ({ programs = {} }) => (sound.programs = programs));
store.onState(["plan"], (state) => sound.learn(state.plan ?? []));
store.onLine(({ line, kind }) => log(line, kind ?? "note"));
wire.onMessage(take);
wire.onStatus((status) => {
  if (status !== "open") {
    keys.letGo();
    microphone.stop();
    // A studio's notes that came ahead are still played; they end when it has not been heard of for a while.
    if (!isRoom()) {
      tape.endAll(now());
      sound.silence();
    }
  }
  showHealth();
});

// Another address in the same tab, of which only the fragment is new, loads nothing.
window.addEventListener("hashchange", () => {
  const given = takeToken();
  if (given !== "") wire.renew(given);
});

showHealth();
wire.connect();
stage.run();
schedule.run(now);
metronome.run(() => (wire.status === "open" ? now() : null));
