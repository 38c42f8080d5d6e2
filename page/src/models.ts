// Which model plays: those that came with livegen and one's own.  One that is chosen is loaded beside the music, and
// takes over at a bar line; one that cannot be used is said among the lines, and the old one is shown again.

import { el, say } from "./dom";
import { choose, list } from "./pickers/picker";
import type { Store } from "./store";
import type { EngineState, Hello, ToServer } from "./types";

const PATIENCE_MS = 10_000; // for a model to be loaded

export class ModelList {
  #models = list([], { "aria-labelledby": "model-name", "aria-describedby": "model-state" });
  #note = el("output", { class: "value", id: "model-state" });
  #timer = 0;
  #built = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly store: Store,
    private readonly send: (message: ToServer) => void,
  ) {
    const name = el("span", { class: "name", id: "model-name" }, "Model");
    root.append(el("div", { class: "head" }, name, this.#note), el("div", { class: "picker" }, this.#models));
    this.#models.addEventListener("change", () => this.#ask(this.#models.value));
    store.onHello((hello) => this.#build(hello));
    store.onState(["model", "model_file"], () => this.#show());
  }

  #build(hello: Hello): void {
    const models = hello.models ?? [];
    if (models.join("/") === this.#built) return; // greeted again: the list stays open
    this.#built = models.join("/");
    this.root.hidden = models.length === 0;
    this.#models.replaceChildren(...models.map((name) => el("option", { value: name }, name)));
    this.#show();
  }

  #ask(name: string): void {
    say(this.#note, "is being loaded …");
    this.send({ t: "do", name: "model", value: name });
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#show(), PATIENCE_MS);
  }

  /** The one that plays, whatever was asked for. */
  #show(): void {
    window.clearTimeout(this.#timer);
    say(this.#note, "");
    const name = loaded(this.store.state, this.store.hello?.models ?? []);
    if (name !== undefined) choose(this.#models, name);
  }
}

/** The model that was loaded last: by its folder, as livegen names models, or else by what it calls itself. */
export function loaded(state: EngineState, models: readonly string[]): string | undefined {
  const folder = state.model_file?.split(/[\\/]/).at(-2) ?? "";
  return models.includes(folder) ? folder : state.model;
}
