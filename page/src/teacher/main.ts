// The teacher's page: who plays in which room, how loud; the same mode, tempo and chart for all; start, stop, mute.

import "../styles/teacher.css";
import { button, el, find, say, words } from "../dom";
import { paintAsSystem } from "../theme";
import { meant, mute, same, SILENCE, START, STOP } from "./messages";
import { keptToken } from "../token";
import { takeLink } from "../takelink";
import { Takes } from "../takes";
import { ask, invitation, record, studio } from "./server";
import type { Message, Room, Studio } from "./types";

const LOOK_EVERY_MS = 500;
const TAKES_EVERY_MS = 5000;
const MOST_TAKES = 50;
const HEADS = ["Room", "Players", "Mode", "Tempo", "Key · chord", "Chart", "Players · model", ""];

const notice = find("notice");
const chosen = new Set<string>();
const rows = new Map<string, Row>();
let rooms: Room[] = [];

async function attempt<T>(what: Promise<T>): Promise<T | null> {
  try {
    const told = await what;
    notice.hidden = true;
    return told;
  } catch (mistake) {
    const isAway = mistake instanceof TypeError;
    say(notice, isAway ? "The studio does not answer." : (mistake as Error).message);
    notice.hidden = false;
    return null;
  }
}

const send = (to: string[] | null, messages: Message[]): Promise<unknown> => attempt(ask(to, messages));

// --- for all ----------------------------------------------------------------------------------------------------------

const mode = el("select", { id: "mode" }) as HTMLSelectElement;
const chart = el("select", { id: "chart" }) as HTMLSelectElement;
const tempo = el("input", {
  id: "tempo",
  type: "number",
  min: 30,
  max: 300,
  step: "any",
}) as HTMLInputElement;

const toChosen = (messages: Message[]): Promise<unknown> => send(meant(chosen, rooms), messages);
const wishes = (): Message[] => same({ mode: mode.value, tempo: tempo.value, chart: chart.value });

const together = find<HTMLFormElement>("together");
together.append(
  el("label", {}, "Mode", mode),
  el("label", {}, "Tempo", tempo),
  el("label", {}, "Chart", chart),
  el("button", { type: "submit", class: "strong" }, "Set"),
  button("Start together", () => void toChosen([...wishes(), START]), { id: "start" }),
  button("Stop", () => void toChosen([STOP]), { id: "stop" }),
  button("Mute models", () => void toChosen(mute(true)), { id: "mute" }),
  button("Unmute", () => void toChosen(mute(false)), { id: "unmute" }),
  button("Panic", () => void toChosen([SILENCE]), { id: "panic", class: "panic" }),
);
together.addEventListener("submit", (event) => {
  event.preventDefault();
  if (wishes().length > 0) void toChosen(wishes());
});

/** Offers names beside "as they are", which is chosen until somebody chooses another. */
function offer(select: HTMLSelectElement, names: readonly string[], otherwise = "as it is"): void {
  if (select.childElementCount === names.length + 1) return;
  const kept = select.value;
  select.replaceChildren(
    el("option", { value: "" }, otherwise),
    ...names.map((name) => el("option", { value: name }, words(name))),
  );
  select.value = names.includes(kept) ? kept : "";
}

// --- one player -------------------------------------------------------------------------------------------------------

const room = el("input", {
  id: "invite-room",
  type: "text",
  maxlength: 40,
  required: true,
}) as HTMLInputElement;
const player = el("input", { id: "invite-player", type: "text", maxlength: 40 }) as HTMLInputElement;
const minutes = el("input", { id: "invite-minutes", type: "number", min: 1, value: 60 }) as HTMLInputElement;
const role = el("select", { id: "invite-role" }) as HTMLSelectElement;
const steers = el("input", { id: "invite-steers", type: "checkbox", checked: true }) as HTMLInputElement;

const invite = find<HTMLFormElement>("invite");
invite.append(
  el("label", {}, "Room", room),
  el("label", {}, "Player", player),
  el("label", {}, "Role", role),
  el("label", {}, "Sets controls", steers),
  el("label", {}, "Minutes", minutes),
  el("button", { type: "submit" }, "Invite"),
);
invite.addEventListener("submit", (event) => {
  event.preventDefault();
  const invited = {
    room: room.value,
    player: player.value,
    minutes: Number(minutes.value),
    role: role.value,
    steers: steers.checked,
  };
  void attempt(invitation(invited)).then((text) => {
    if (text !== null)
      say(find("invitation"), `${player.value || "The player"} opens ${location.origin}/#${text}`);
  });
});

// --- recordings -------------------------------------------------------------------------------------------------------

const takes = new Takes(keptToken);

/** The newest recordings of rooms; a studio that keeps none has no such address. */
async function lookAtTakes(): Promise<void> {
  const found = (await takes.list().catch(() => [])).slice(0, MOST_TAKES);
  const complain = (what: string, error: unknown): void => {
    say(notice, `${what}: ${(error as Error).message}`);
    notice.hidden = false;
  };
  find("takes").replaceChildren(...found.map(({ name }) => el("li", {}, takeLink(takes, name, complain))));
  find("takes-of-rooms").hidden = found.length === 0;
}

// --- a room -----------------------------------------------------------------------------------------------------------

interface Row {
  element: HTMLElement;
  show(room: Room, token: string | null): void;
}

function row(name: string): Row {
  const choose = el("input", { type: "checkbox", "aria-label": `choose ${name}` }) as HTMLInputElement;
  choose.addEventListener("change", () => {
    if (choose.checked) chosen.add(name);
    else chosen.delete(name);
    showWhom();
  });
  const open = el("a", { target: "_blank" }, name) as HTMLAnchorElement;
  const cells = HEADS.slice(1, 6).map(() => el("td"));
  const levels = (["players", "model"] as const).map((who) => {
    const label = `${who === "players" ? "players" : "model"} of ${name}`;
    return [who, el("meter", { min: 0, max: 1, value: 0, class: who, "aria-label": label })] as const;
  });
  let isMuted = false;
  const silence = button("Mute", () => void send([name], mute(!isMuted)), { class: "small" });
  let isRecorded = false;
  const tape = button("Record", () => void attempt(record([name], !isRecorded)).then(lookAtTakes), {
    class: "small",
  });
  const element = el(
    "tr",
    { "data-room": name },
    el("th", { scope: "row" }, choose, open),
    ...cells,
    el("td", {}, el("div", { class: "levels" }, ...levels.map(([, meter]) => meter))),
    el("td", {}, silence, tape),
  );
  return {
    element,
    show(room, token) {
      if (token !== null) open.href = `/?room=${encodeURIComponent(name)}#${token}`;
      isMuted = room.muted;
      say(silence, isMuted ? "Unmute" : "Mute");
      isRecorded = room.recorded;
      say(tape, isRecorded ? "End recording" : "Record");
      for (const [who, meter] of levels) (meter as HTMLMeterElement).value = room.levels[who];
      const texts = [
        room.players.map(shown).join(", "),
        words(room.mode ?? "—"),
        room.tempo_bpm === null ? "—" : String(Math.round(room.tempo_bpm)),
        [room.key, room.chord].filter(Boolean).join(" · ") || "—",
        room.chart || "—",
      ];
      cells.forEach((cell, at) => say(cell, texts[at] ?? ""));
    },
  };
}

const shown = ({ name, role, plays }: Room["players"][number]): string =>
  `${name}${role === "" ? "" : ` (${role})`}${plays ? " ♪" : ""}`;

function showWhom(): void {
  const names = meant(chosen, rooms);
  say(find("whom"), names === null ? "For all rooms." : `For ${names.join(", ")}.`);
}

function show(told: Studio): void {
  rooms = told.rooms;
  offer(mode, told.modes);
  offer(chart, told.charts);
  offer(role, told.roles, "as the player likes");
  const address = `Players open ${location.origin}/#${told.token}`;
  say(find("players-address"), told.token === null ? "Each player needs an invitation." : address);
  find("nobody").hidden = rooms.length > 0;
  const names = new Set(rooms.map(({ room }) => room));
  for (const [name, { element }] of rows) {
    if (names.has(name)) continue;
    element.remove();
    rows.delete(name);
    chosen.delete(name);
  }
  for (const room of rooms) {
    const found = rows.get(room.room) ?? row(room.room);
    if (!rows.has(room.room)) find("rooms").append(found.element);
    rows.set(room.room, found);
    found.show(room, told.token);
  }
  showWhom();
}

async function look(): Promise<void> {
  const told = await attempt(studio());
  if (told !== null) show(told);
  window.setTimeout(() => void look(), LOOK_EVERY_MS);
}

paintAsSystem();
find("head").append(el("tr", {}, ...HEADS.map((text) => el("th", { scope: "col" }, text))));
void look();
void lookAtTakes();
window.setInterval(() => void lookAtTakes(), TAKES_EVERY_MS);
