// The first run: three sentences and a picture of the wires for the DAW at hand, and one of the turns.  Shown once, then
// on demand.

import turns from "./turns.svg?raw";
import { button, el, svg } from "./dom";
import { type Daw, DAWS, LOOP_WARNING } from "./routing";
import { Tabs } from "./tabs";

const KEPT = "livegen-guide-seen";

export class Guide {
  constructor(private readonly dialog: HTMLDialogElement) {
    const list = el("div", { class: "tabs", role: "tablist", "aria-label": "Your DAW" });
    const panels = DAWS.map((daw) => panel(daw));
    const start = button("Start playing", () => dialog.close(), { class: "strong" });
    start.autofocus = true;
    dialog.append(
      el("h2", { id: "guide-title" }, "Play a phrase, and the model answers"),
      list,
      ...panels,
      el("details", { class: "turns" }, el("summary", {}, "When the model answers"), turnsPicture()),
      el(
        "div",
        { class: "guide-end" },
        el("p", { class: "hint" }, "You find this again under “How to connect”."),
        start,
      ),
    );
    new Tabs(
      list,
      DAWS.map((daw, place) => ({
        id: `daw-${daw.id}`,
        label: daw.name,
        panel: panels[place] as HTMLElement,
      })),
    );
    dialog.addEventListener("close", () => localStorage.setItem(KEPT, "yes"));
  }

  openOnce(): void {
    if (localStorage.getItem(KEPT) === null) this.open();
  }

  open(): void {
    if (!this.dialog.open) this.dialog.showModal();
  }
}

function panel(daw: Daw): HTMLElement {
  return el(
    "section",
    { id: `daw-${daw.id}`, role: "tabpanel", class: "daw", tabindex: "0" },
    picture(daw),
    el("ol", {}, ...daw.steps.map((step) => el("li", {}, step))),
    el("p", { class: "see" }, el("strong", {}, "You should now see "), daw.see),
    daw.id === "here" ? null : el("p", { class: "hint" }, LOOP_WARNING),
  );
}

/** The states of turn-taking, drawn by docs/draw_turns.py. */
function turnsPicture(): Element {
  return document.adoptNode(new DOMParser().parseFromString(turns, "image/svg+xml").documentElement);
}

/** You, what carries your playing, livegen, what plays the model: boxes from left to right with arrows between. */
function picture(daw: Daw): SVGElement {
  const title = `${daw.yours} goes to livegen's Model In; livegen's Model Out goes to ${daw.models}.`;
  return svg(
    "svg",
    { viewBox: "0 26 720 122", class: "picture", role: "img", "aria-label": title },
    box(10, "you", daw.id === "here" ? "You" : "Your track", daw.yours),
    arrow(235, "you", "Model In"),
    box(290, "own", "livegen", "listens and answers"),
    arrow(475, "model", "Model Out"),
    box(530, "model", daw.id === "here" ? "You hear it" : "Model's track", daw.models),
  );
}

function box(x: number, kind: string, title: string, detail: string): SVGElement {
  const width = kind === "own" ? 140 : 180;
  const middle = x + width / 2;
  return svg(
    "g",
    { class: `box ${kind}` },
    svg("rect", { x, y: 45, width, height: 84, rx: kind === "you" ? 18 : 3 }),
    svg("text", { x: middle, y: 74, class: "box-title" }, title),
    ...lines(detail, kind === "own" ? 14 : 24).map((line, place) =>
      svg("text", { x: middle, y: 97 + 18 * place, class: "box-detail" }, line),
    ),
  );
}

function arrow(x: number, kind: string, label: string): SVGElement {
  const from = x - 42;
  const to = x + 50;
  return svg(
    "g",
    { class: `arrow ${kind}` },
    svg("path", { d: `M${from} 87 H${to - 10}`, class: "shaft" }),
    svg("path", { d: `M${to} 87 l-13 -7 v14 z`, class: "tip" }),
    svg("text", { x: (from + to) / 2 - 2, y: 72 }, label),
  );
}

/** Two lines at most, broken near the middle where it is longer than `most`. */
function lines(text: string, most: number): string[] {
  if (text.length <= most) return [text];
  const spaces = [...text.matchAll(/ /g)].map((match) => match.index);
  const middle = spaces.reduce(
    (best, at) => (Math.abs(at - text.length / 2) < Math.abs(best - text.length / 2) ? at : best),
    0,
  );
  return middle === 0 ? [text] : [text.slice(0, middle), text.slice(middle + 1)];
}
