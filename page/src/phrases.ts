// The map of phrases that were varied or kept: those that are alike lie near each other.  A click plays one; with Shift, or
// while a path is laid, it goes on a path that is walked.

import { button, el, say } from "./dom";
import type { Store } from "./store";
import type { Dot, ToServer } from "./types";

type Send = (message: ToServer) => void;

export const LONGEST_PATH = 5;
const MARGIN = 8; // percent
const LEAST = 0.5; // how far two phrases are apart at least for all of the map to be between them

/** Where each dot lies, in percent of the map's width and height, the whole map filled. */
export function places(dots: readonly Dot[]): [left: number, top: number][] {
  const along = (values: readonly number[]): ((value: number) => number) => {
    const middle = (Math.max(...values) + Math.min(...values)) / 2;
    const reach = Math.max(LEAST, Math.max(...values) - Math.min(...values));
    return (value) => 50 + ((100 - 2 * MARGIN) * (value - middle)) / reach;
  };
  const [x, y] = [along(dots.map((dot) => dot[1])), along(dots.map((dot) => dot[2]))];
  return dots.map((dot) => [x(dot[1]), 100 - y(dot[2])]);
}

/** The path with one more phrase; the one it ends with is taken off again. */
export function stepped(path: readonly number[], number: number): number[] {
  if (path.at(-1) === number) return path.slice(0, -1);
  return [...path, number].slice(-LONGEST_PATH);
}

/** What a phrase is called: by its number, or by what it is kept as, which may be both. */
export const named = (number: number, name: string): string =>
  name === "" ? String(number) : [...name].join(" = ");

export class PhraseMap {
  #dots: readonly Dot[] = [];
  #path: number[] = [];
  readonly #field = el("div", { class: "phrase-map", role: "group", "aria-label": "Map of your phrases" });
  readonly #lay = button("Lay a path", () => this.#toggle(), { "aria-pressed": "false" });
  readonly #walk = button("Walk it", () => this.#go(), { disabled: true });

  constructor(
    root: HTMLElement,
    store: Store,
    controls: HTMLElement,
    private readonly send: Send,
  ) {
    const paths = el("div", { class: "chips" }, this.#lay, this.#walk);
    root.append(el("h2", {}, "Your phrases"), controls, this.#field, paths);
    store.onState(["phrases"], (state) => {
      this.#dots = state.phrases ?? [];
      this.#field.hidden = paths.hidden = this.#dots.length === 0;
      const there = new Set(this.#dots.map(([number]) => number));
      this.#path = this.#path.filter((number) => there.has(number));
      this.#build();
    });
  }

  #build(): void {
    const at = places(this.#dots);
    this.#field.replaceChildren(
      ...this.#dots.map(([number, , , name], index) => {
        const [left, top] = at[index] ?? [50, 50];
        const label = named(number, name);
        const dot = button(label, () => undefined, {
          class: name === "" ? "dot" : "dot kept",
          "aria-label": `Play phrase ${label}`,
        });
        dot.style.left = `${left.toFixed(1)}%`;
        dot.style.top = `${top.toFixed(1)}%`;
        dot.addEventListener("click", (event) => this.#press(number, event.shiftKey));
        return dot;
      }),
    );
    this.#show();
  }

  #press(number: number, isShifted: boolean): void {
    if (!isShifted && this.#lay.getAttribute("aria-pressed") !== "true")
      return this.send({ t: "do", name: "phrase", value: number });
    this.#path = stepped(this.#path, number);
    this.#show();
  }

  #toggle(): void {
    const lays = this.#lay.getAttribute("aria-pressed") !== "true";
    this.#lay.setAttribute("aria-pressed", String(lays));
    if (!lays) this.#path = [];
    this.#show();
  }

  #go(): void {
    this.send({ t: "do", name: "path", value: this.#path });
  }

  #show(): void {
    const names = this.#path.map((number) =>
      named(number, this.#dots.find(([other]) => other === number)?.[3] ?? ""),
    );
    say(this.#walk, names.length > 1 ? `Walk ${names.join(" → ")}` : "Walk it");
    this.#walk.disabled = this.#path.length < 2;
  }
}
