// What a performer asks for at any moment: commands, presets and the set, panic.  Made from what livegen sends.

import { button, el, find } from "./dom";
import { giveBackFocus } from "./focus";
import { withShortcut } from "./shortcuts";
import type { Store } from "./store";
import type { EngineState, Hello, ToServer } from "./types";

type Send = (message: ToServer) => void;

const PANIC = "panic";
const APART = new Set([PANIC, "forget"]); // have their own places

export function commandButtons(root: HTMLElement, store: Store, send: Send): void {
  store.onHello((hello) => {
    const commands = hello.commands.filter((command) => !APART.has(command.name));
    if (root.childElementCount === commands.length) return; // greeted again: the focus stays where it is
    const made = commands.map(({ name, label, help, is_cue }) => {
      const ask = button(label, () => send({ t: "do", name, value: null }), {
        title: help,
        "data-command": name,
      });
      ask.toggleAttribute("data-cue", is_cue);
      return withShortcut(ask, name);
    });
    root.replaceChildren(...made);
    showHeld(root, store.state);
  });
  // Cues are seen where there is a band to take them.
  store.onState(["mode"], ({ mode }) =>
    root.toggleAttribute("data-band", store.hello?.modes[mode ?? ""]?.is_beside === true),
  );
  store.onState(["turn", "goes_round", "stop_time", "cue", "controls"], (state) => showHeld(root, state));
}

/** Some commands are switches, and down for as long as an answer repeats, bars go round, or all stop; of the variations
 *  the one in force is. What waits for the bar line is marked. */
function showHeld(root: HTMLElement, { turn, goes_round, stop_time, cue, controls }: EngineState): void {
  const round = goes_round === true;
  const down: Record<string, boolean> = {
    freeze: turn === "looping",
    vamp: round,
    loop_chords: round,
    stop_time: stop_time === true,
  };
  const variation = String(controls?.["variation"] ?? "").toLowerCase();
  for (const element of root.querySelectorAll<HTMLElement>("[data-command]")) {
    const name = element.dataset["command"] ?? "";
    const isDown = name.startsWith("variation_") ? name === `variation_${variation}` : down[name];
    if (isDown !== undefined) element.setAttribute("aria-pressed", String(isDown));
    element.toggleAttribute("data-waits", name === cue);
  }
}

/** Panic is a button, and Escape where nothing is open that it closes; `silence` stops what sounds on this page. */
export function panicButton(send: Send, silence: () => void): void {
  const press = (): void => {
    send({ t: "do", name: PANIC, value: null });
    silence();
  };
  find("panic").addEventListener("click", press);
  giveBackFocus(press);
}

/** Presets, and the set in its order with the next one at hand.  The one in force is whichever the engine says. */
export class Presets {
  #current = "";
  #set: string[] = [];

  constructor(
    private readonly root: HTMLElement,
    store: Store,
    private readonly send: Send,
  ) {
    store.onHello((hello) => this.#build(hello));
    store.onState(["preset"], (state) => this.#show(state.preset ?? ""));
  }

  #build(hello: Hello): void {
    this.#set = hello.setlist;
    const others = hello.presets.filter((name) => !hello.setlist.includes(name));
    this.root.hidden = hello.presets.length === 0;
    this.root.replaceChildren(...this.#setlist(), ...this.#others(others));
  }

  #setlist(): HTMLElement[] {
    if (this.#set.length === 0) return [];
    const list = el("ol", { class: "setlist", "aria-label": "Set-list" });
    list.append(...this.#set.map((name) => el("li", {}, this.#preset(name))));
    const next = button("Next of the set", () => this.#next(), { class: "next" });
    return [el("h2", {}, "Set-list"), list, next];
  }

  #others(names: string[]): HTMLElement[] {
    if (names.length === 0) return [];
    return [
      el("h2", {}, "Presets"),
      el("div", { class: "chips" }, ...names.map((name) => this.#preset(name))),
    ];
  }

  #preset(name: string): HTMLButtonElement {
    const pressed = String(name === this.#current);
    return button(name, () => this.#send(name), { "aria-pressed": pressed, "data-preset": name });
  }

  #next(): void {
    const name = this.#set[(this.#set.indexOf(this.#current) + 1) % this.#set.length];
    if (name !== undefined) this.#send(name);
  }

  #show(current: string): void {
    this.#current = current;
    for (const element of this.root.querySelectorAll<HTMLElement>("[data-preset]"))
      element.setAttribute("aria-pressed", String(element.dataset["preset"] === current));
  }

  #send(name: string): void {
    this.send({ t: "do", name: "preset", value: name });
  }
}

/** Macros: a button each, down while it moves its controls. */
export class Macros {
  #names = "";

  constructor(
    private readonly root: HTMLElement,
    store: Store,
    private readonly send: Send,
  ) {
    store.onState(["macros"], (state) => this.#show(state.macros ?? {}));
  }

  #show(macros: Record<string, boolean>): void {
    const names = Object.keys(macros);
    if (names.join("\n") !== this.#names) this.#build(names);
    for (const element of this.root.querySelectorAll<HTMLElement>("[data-macro]"))
      element.setAttribute("aria-pressed", String(macros[element.dataset["macro"] ?? ""] === true));
  }

  #build(names: string[]): void {
    this.#names = names.join("\n");
    this.root.hidden = names.length === 0;
    const made = names.map((name) =>
      button(name, () => this.send({ t: "do", name: "macro", value: name }), { "data-macro": name }),
    );
    this.root.replaceChildren(el("h2", {}, "Macros"), el("div", { class: "chips" }, ...made));
  }
}
