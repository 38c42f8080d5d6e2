// How it goes: latency over the last minute, what arrives on which channel, how the model is surprised.

import { el, say } from "./dom";
import type { Store } from "./store";
import type { Figures, Spread, Surprise } from "./types";

const ROWS = [
  ["in_to_state", "Your note → heard by the model"],
  ["in_to_first", "Your last note → the model's first"],
  ["lateness", "Late at the port"],
] as const;

const COUNTS = [
  ["missed", "missed deadlines"],
  ["late", "late notes"],
  ["dropped", "dropped here"],
  ["restarts", "engine restarts"],
] as const;

const DELAYS =
  "As the browser tells it, to the loudspeaker; Bluetooth may add more. The model's notes sound 60 ms after their time besides, all alike.";

const MOST_NATS = 12;

export class Meters {
  #cells = new Map<string, HTMLElement>();
  #lamps = new Map<string, HTMLElement>();
  #curve = el("canvas", { class: "curve", role: "img" });
  #surprised = el("p", { class: "hint" });
  #fps = el("dd", { id: "fps" }, "—");
  #delay = el("dd", { id: "delay" }, "—");
  #urgency = el("dd", { id: "urgency" }, "—");
  #ports = el("p", { class: "hint" });
  #channels = el("p", { class: "hint", id: "channels-heard" });

  constructor(
    root: HTMLElement,
    private readonly store: Store,
    private readonly framesPerSecond: () => number,
    private readonly delay: () => string,
  ) {
    root.append(
      el("h2", {}, "Surprise"),
      this.#curve,
      this.#surprised,
      el("h2", {}, "Milliseconds, last minute"),
      this.#table(),
      el("h2", {}, "Counts"),
      this.#counts(),
      el("h2", {}, "Activity by channel"),
      this.#ports,
      this.#channels,
      this.#activity("in", "in"),
      this.#activity("out", "out"),
    );
    store.onFigures((figures) => this.#show(figures));
    store.onState(["surprise"], (state) => this.#draw(state.surprise ?? []));
    store.onState(["channels"], (state) => say(this.#channels, channelsInWords(state.channels ?? {})));
    store.onHello(({ ports }) => say(this.#ports, portsInWords(ports)));
    window.setInterval(() => {
      say(this.#fps, String(this.framesPerSecond()));
      say(this.#delay, this.delay() || "—");
    }, 500);
  }

  /** Drawn anew when it becomes visible: a hidden canvas has no size. */
  refresh(): void {
    this.#draw(this.store.state.surprise ?? []);
  }

  #table(): HTMLElement {
    const head = ["", "p50", "p99", "max"].map((text) =>
      el("th", { scope: "col" }, text || el("span", { class: "hidden" }, "what")),
    );
    const rows = ROWS.map(([name, label]) => {
      const cells = ["p50", "p99", "max"].map((which) => this.#cell(`${name} ${which}`, el("td", {}, "—")));
      return el("tr", {}, el("th", { scope: "row" }, label), ...cells);
    });
    return el(
      "table",
      {},
      el("caption", { class: "hidden" }, "Milliseconds"),
      el("thead", {}, el("tr", {}, ...head)),
      el("tbody", {}, ...rows),
    );
  }

  #counts(): HTMLElement {
    const counts = COUNTS.map(([name, label]) =>
      el("div", {}, el("dt", {}, label), this.#cell(name, el("dd", {}, "0"))),
    );
    return el(
      "dl",
      { class: "counts" },
      ...counts,
      el("div", {}, el("dt", {}, "engine's priority"), this.#urgency),
      el("div", {}, el("dt", {}, "frames a second"), this.#fps),
      el("div", { title: DELAYS }, el("dt", {}, "a key of this page → its sound"), this.#delay),
    );
  }

  #cell(name: string, element: HTMLElement): HTMLElement {
    this.#cells.set(name, element);
    return element;
  }

  #activity(side: "in" | "out", label: string): HTMLElement {
    const lamps = Array.from({ length: 16 }, (_, channel) => {
      const lamp = el("li", { class: `lamp ${side}` }, `${channel + 1}`);
      this.#lamps.set(`${side} ${channel}`, lamp);
      return lamp;
    });
    return el(
      "div",
      { class: "activity" },
      el("span", {}, label),
      el("ul", { "aria-label": `Channels, ${label}` }, ...lamps),
    );
  }

  #show(figures: Figures): void {
    for (const [name] of ROWS) this.#showSpread(name, figures[name]);
    say(this.#urgency, figures.urgency ?? "—");
    for (const [name] of COUNTS) say(this.#cells.get(name) as HTMLElement, String(figures[name] ?? 0));
    for (const side of ["in", "out"] as const) {
      for (let channel = 0; channel < 16; channel += 1) {
        const count = figures[side]?.[channel] ?? 0;
        const lamp = this.#lamps.get(`${side} ${channel}`);
        lamp?.classList.toggle("lit", count > 0);
        lamp?.setAttribute("title", `${count} in the last second`);
      }
    }
  }

  #showSpread(name: string, spread: Spread | undefined): void {
    for (const which of ["p50", "p99", "max"] as const) {
      const micros = spread?.count === 0 ? null : spread?.[`${which}_us`];
      const text = micros === null || micros === undefined ? "—" : milliseconds(micros);
      say(this.#cells.get(`${name} ${which}`) as HTMLElement, text);
    }
  }

  #draw(curve: readonly Surprise[]): void {
    const { clientWidth: width, clientHeight: height } = this.#curve;
    say(this.#surprised, surpriseInWords(curve));
    this.#surprised.title = surpriseInFigures(curve);
    this.#curve.setAttribute(
      "aria-label",
      `Surprise of your last ${curve.length} notes. ${surpriseInWords(curve)}`,
    );
    if (width === 0) return;
    [this.#curve.width, this.#curve.height] = [width * devicePixelRatio, height * devicePixelRatio];
    const context = this.#curve.getContext("2d");
    if (context === null) return;
    context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(this.#curve);
    const x = (at: number): number => 6 + (at / 31) * (width - 12);
    const y = (nats: number): number => height - 6 - (Math.min(nats, MOST_NATS) / MOST_NATS) * (height - 12);
    context.strokeStyle = style.getPropertyValue("--line");
    for (const nats of [0, 4, 8, 12]) context.strokeRect(0, Math.round(y(nats)) + 0.5, width, 0);
    context.strokeStyle = context.fillStyle = style.getPropertyValue("--you");
    context.lineWidth = 2;
    context.beginPath();
    curve.forEach(([, nats], at) => context.lineTo(x(at + 32 - curve.length), y(nats)));
    context.stroke();
    curve.forEach(([, nats], at) => context.fillRect(x(at + 32 - curve.length) - 2, y(nats) - 2, 4, 4));
  }
}

const milliseconds = (micros: number): string =>
  (micros / 1000).toFixed(micros < 9950 ? 2 : micros < 99_500 ? 1 : 0);

function portsInWords({ in: in_, out, api }: { in?: string; out?: string; api?: string }): string {
  return [
    in_ && `in: ${in_}`,
    out && `out: ${out}`,
    api === "none" ? "no MIDI system: only this page plays it" : api && `over ${api}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

// How a note came to the model, up to so many nats.
const EXPECTED: readonly [number, string][] = [
  [2, "what the model expected"],
  [4.5, "not quite what the model expected"],
  [7, "a surprise to the model"],
  [Infinity, "a great surprise to the model"],
];

/** How expected the last note was, for a musician. */
export function surpriseInWords(curve: readonly Surprise[]): string {
  const nats = curve.at(-1)?.[1];
  if (nats === undefined) return "Play, and see how expected your notes are to the model.";
  return `Your last note was ${EXPECTED.find(([most]) => nats < most)?.[1]}.`;
}

/** The same as a figure: a note of so many nats is one that the model held for one in e to the power of them. */
export function surpriseInFigures(curve: readonly Surprise[]): string {
  const nats = curve.at(-1)?.[1];
  return nats === undefined
    ? ""
    : `${nats.toFixed(1)} nats, one in ${Math.max(1, Math.round(Math.exp(nats)))}`;
}

/** "Notes came on channel 1 (keys), 10 (drums)." */
export function channelsInWords(channels: Record<string, string>): string {
  const heard = Object.entries(channels).map(([channel, how]) => `${channel} (${how})`);
  return heard.length === 0 ? "No note came yet." : `Notes came on channel ${heard.join(", ")}.`;
}
