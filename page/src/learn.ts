// Learn: a command, a control or a preset is chosen on the page, then the knob, pad or pedal for it is moved.
// What is bound is shown at the commands, and undone here.  Knows no control and no command by name but panic.

import { button, el, say, words } from "./dom";
import type { Bytes } from "./pace";
import type { Store } from "./store";
import type { EngineState, ToServer } from "./types";

type Send = (message: ToServer) => void;

const CHOOSE = "Choose a command, a control or a preset on this page.";
const MOVE = "Now move the knob, or press the pad or the pedal, for";
const TARGETS = "[data-command], [data-preset], [data-macro], [data-control], [data-learn]";

export class LearnMode {
  #isOn = false;
  #learning = "";
  #switch = button("Learn mode", () => this.set(!this.#isOn), {
    "aria-pressed": "false",
    title: "Bind a knob, a pad or a pedal to a command, a control or a preset",
  });
  #hint = el("span", { class: "hint", role: "status" });
  // The button at the top always silences; this one stands for it here.
  #panic = el("button", { type: "button", class: "small", "data-learn": "panic" }, "Panic");
  #bound = el("span", { class: "bindings" });

  /** The switch goes to `tools`; `root` is seen while it is on. */
  constructor(
    tools: HTMLElement,
    private readonly root: HTMLElement,
    store: Store,
    private readonly send: Send,
  ) {
    tools.append(this.#switch);
    root.append(this.#hint, this.#panic, this.#bound);
    store.onState(["learning", "map"], (state) => this.#show(state));
    store.onHello(() => this.#show(store.state));
    document.addEventListener("click", (event) => this.#choose(event), { capture: true });
    window.addEventListener("keydown", (event) => this.#leave(event), { capture: true });
  }

  /** Begin, or leave it; what was chosen and not yet moved is given up. */
  set(on: boolean): void {
    if (!on && this.#learning !== "") this.send({ t: "do", name: "learn", value: "" });
    this.#isOn = on;
    this.#switch.setAttribute("aria-pressed", String(on));
    this.root.hidden = !on;
    document.body.classList.toggle("learn-mode", on);
    say(this.#hint, CHOOSE);
  }

  /** While it is on, a click chooses and does nothing else. */
  #choose(event: Event): void {
    const target = this.#isOn && event.target instanceof Element ? targetOf(event.target) : "";
    if (target === "") return;
    event.preventDefault();
    event.stopPropagation();
    this.send({ t: "do", name: "learn", value: target === this.#learning ? "" : target });
  }

  /** Escape leaves it first; only the next one is panic. */
  #leave(event: KeyboardEvent): void {
    if (!this.#isOn || event.key !== "Escape") return;
    event.stopImmediatePropagation();
    this.set(false);
  }

  #show(state: EngineState): void {
    const before = this.#learning;
    this.#learning = state.learning ?? "";
    const bound = sourcesByTarget(state.map ?? {});
    if (this.#isOn) say(this.#hint, this.#said(before, bound));
    for (const element of document.querySelectorAll<HTMLElement>(TARGETS)) this.#mark(element, bound);
    this.#bound.replaceChildren(...[...bound].map(([target, sources]) => this.#binding(target, sources)));
  }

  #said(before: string, bound: Map<string, string[]>): string {
    if (this.#learning !== "") return `${MOVE} “${words(this.#learning)}” …`;
    const sources = bound.get(before);
    return before !== "" && sources ? `“${words(before)}” is now ${sources.join(", ")}. ${CHOOSE}` : CHOOSE;
  }

  /** That it is being learned, and what is bound to it, where it has room for that. */
  #mark(element: HTMLElement, bound: Map<string, string[]>): void {
    const target = nameOf(element);
    element.classList.toggle("learning", target === this.#learning);
    const shown = element.querySelector<HTMLElement>(":scope > .bound");
    if (shown === null) return;
    const sources = bound.get(target) ?? [];
    shown.hidden = sources.length === 0;
    say(shown, sources.join(", "));
  }

  #binding(target: string, sources: string[]): HTMLElement {
    const undo = (): void => this.send({ t: "do", name: "unlearn", value: target });
    const made = button(`${words(target)}: ${sources.join(", ")} ×`, undo, { class: "small" });
    made.prepend(el("span", { class: "hidden" }, "Unbind "));
    return made;
  }
}

/** What an element stands for, as livegen calls it; "" for none. */
function targetOf(element: Element): string {
  const found = element.closest<HTMLElement>(TARGETS);
  if (found === null) return "";
  // A control's own buttons (help, default, Learn) go on doing what they do.
  return found.dataset["control"] !== undefined && element.closest("button") ? "" : nameOf(found);
}

function nameOf({ dataset }: HTMLElement): string {
  const { command, control, learn, preset, macro } = dataset;
  if (macro !== undefined) return `macro ${macro}`;
  return command ?? control ?? learn ?? (preset === undefined ? "" : `preset ${preset}`);
}

export function sourcesByTarget(map: Record<string, string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [source, target] of Object.entries(map))
    found.set(target, [...(found.get(target) ?? []), source]);
  return found;
}

/** Whether a note that is struck is no music, because it is bound, or is being bound at this moment. */
export function isBound(state: EngineState, [status, pitch]: Bytes): boolean {
  const note = `note ${pitch}`;
  const map = state.map ?? {};
  return Boolean(state.learning) || note in map || `${note} on ${(status & 15) + 1}` in map;
}
