// Which model plays: those that came with livegen and one's own, and what is being loaded.

import { el, say } from "./dom";
import { choose, list } from "./pickers/picker";
import type { Store } from "./store";
import type { Hello, ToServer } from "./types";

const PATIENCE_MS = 30_000; // for a model to be loaded and the next bar line to come

export class ModelList {
  #models = list([], { "aria-labelledby": "model-name", "aria-describedby": "model-state" });
  #note = el("output", { class: "value", id: "model-state" });
  #asked = "";
  #timer = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly store: Store,
    private readonly send: (message: ToServer) => void,
  ) {
    const name = el("span", { class: "name", id: "model-name" }, "Model");
    root.append(el("div", { class: "head" }, name, this.#note), el("div", { class: "picker" }, this.#models));
    this.#models.addEventListener("change", () => this.#ask(this.#models.value));
    store.onHello((hello) => this.#build(hello));
    store.onState(["model"], () => this.#show());
    store.onLine((line) => line.kind === "bad" && this.#asked !== "" && this.#show());
  }

  #build(hello: Hello): void {
    const models = hello.models ?? [];
    this.root.hidden = models.length === 0;
    this.#models.replaceChildren(...models.map((name) => el("option", { value: name }, name)));
    this.#show();
  }

  #ask(name: string): void {
    if (name === this.store.state.model) return;
    this.#asked = name;
    say(this.#note, "takes over at a bar line …");
    this.send({ t: "do", name: "model", value: name });
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#show(), PATIENCE_MS);
  }

  /** The one that plays, whatever was asked for. */
  #show(): void {
    this.#asked = "";
    window.clearTimeout(this.#timer);
    say(this.#note, "");
    if (this.store.state.model !== undefined) choose(this.#models, this.store.state.model);
  }
}
