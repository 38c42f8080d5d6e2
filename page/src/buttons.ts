// What a performer asks for at any moment: commands, presets and the set, panic.  Made from what livegen sends.

import { button, el, find, words } from "./dom";
import type { Store } from "./store";
import type { Hello, ToServer } from "./types";

type Send = (message: ToServer) => void;

const PANIC = "panic";

export function commandButtons(root: HTMLElement, store: Store, send: Send): void {
  store.onHello((hello) => {
    if (root.childElementCount === hello.commands.length - 1) return; // greeted again: the focus stays where it is
    const commands = hello.commands.filter((command) => command.name !== PANIC);
    const made = commands.map(({ name, help }) =>
      button(words(name), () => send({ t: "do", name, value: null }), { title: help, "data-command": name }),
    );
    root.replaceChildren(...made);
  });
}

/** Panic is a button and Escape, wherever the focus is; `silence` stops what sounds on this page. */
export function panicButton(send: Send, silence: () => void): void {
  const press = (): void => {
    send({ t: "do", name: PANIC, value: null });
    silence();
  };
  find("panic").addEventListener("click", press);
  window.addEventListener("keydown", (event) => event.key === "Escape" && !event.repeat && press(), {
    capture: true,
  });
}

/** Presets, and the set in its order with the next one at hand. */
export class Presets {
  #current = -1;
  #set: string[] = [];

  constructor(
    private readonly root: HTMLElement,
    store: Store,
    private readonly send: Send,
  ) {
    store.onHello((hello) => this.#build(hello));
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
    list.append(...this.#set.map((name, place) => el("li", {}, this.#preset(name, place))));
    const next = button("Next of the set", () => this.#choose((this.#current + 1) % this.#set.length), {
      class: "next",
    });
    return [el("h2", {}, "Set-list"), list, next];
  }

  #others(names: string[]): HTMLElement[] {
    if (names.length === 0) return [];
    return [
      el("h2", {}, "Presets"),
      el("div", { class: "chips" }, ...names.map((name) => this.#preset(name, -1))),
    ];
  }

  #preset(name: string, place: number): HTMLButtonElement {
    const choose = (): void => (place < 0 ? this.#send(name) : this.#choose(place));
    const element = button(name, choose, { "aria-pressed": "false" });
    if (place >= 0 && place === this.#current) element.setAttribute("aria-pressed", "true");
    return element;
  }

  #choose(place: number): void {
    this.#current = place;
    const name = this.#set[place];
    if (name !== undefined) this.#send(name);
    this.root
      .querySelectorAll("ol button")
      .forEach((element, at) => element.setAttribute("aria-pressed", String(at === place)));
  }

  #send(name: string): void {
    this.send({ t: "do", name: "preset", value: name });
  }
}
