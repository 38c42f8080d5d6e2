// Click or touch a note of the model's, and a card says why it was played; the roll draws the arcs.

import { type Explained, explained } from "./arcs";
import { button, el, find } from "./dom";
import { nameOf } from "./keymap";
import { DRUM_NAMES, DRUMS, drumRow } from "./roll";
import type { Stage } from "./stage";
import type { Store } from "./store";
import type { ToServer } from "./types";

const OLD_US = 40_000_000; // a note of so long ago is on no roll any more

// Who decided, for people.
const WHO: Record<string, string> = {
  network: "the network",
  habit: "habit",
  memory: "what you played before",
  theme: "your phrase",
  form: "the form",
  close: "the end of a sentence",
  style: "the style",
  scale: "the scale",
  chord: "the chord",
  figure: "the bass's figure",
  voices: "voice leading",
  voicing: "a chord of yours",
  bar: "the drums' bar",
  rhythm: "your rhythm",
  cue: "a cue",
  range: "its range",
  repeat: "a repetition",
  phrase: "a phrase made of yours",
  words: "your words",
  companion: "your note",
};

export class Why {
  #card = el("section", { class: "why", "aria-label": "Why this note", "aria-live": "polite", hidden: true });
  #shown: Explained | null = null;

  constructor(
    store: Store,
    private readonly now: () => number,
    private readonly send: (message: ToServer) => void,
  ) {
    find("roll").parentElement?.after(this.#card);
    store.onState(["why"], ({ why }) => this.#show(explained(why)));
  }

  /** What is explained at the moment, for the roll. */
  readonly shown = (): Explained | null => {
    if (this.#shown !== null && this.now() - this.#shown.at > OLD_US) this.#show(null);
    return this.#shown;
  };

  /** Notes of this roll can be asked about from now on. */
  listenTo(canvas: HTMLElement, stage: Stage): void {
    canvas.addEventListener("mousedown", (event) => event.preventDefault()); // the keys keep the focus
    canvas.addEventListener("click", ({ clientX, clientY }) => {
      const note = stage.noteAt(clientX, clientY);
      if (note === null) return this.#show(null);
      this.send({ t: "do", name: "why", value: [Math.round(note.on), note.channel, note.pitch] });
    });
  }

  #show(shown: Explained | null): void {
    this.#shown = shown !== null && this.now() - shown.at <= OLD_US ? shown : null;
    this.#card.hidden = this.#shown === null;
    if (this.#shown !== null) this.#card.replaceChildren(...this.#said(this.#shown));
  }

  #said({ told, channel, pitch, others }: Explained): HTMLElement[] {
    const all = [{ pitch, chance: told.chance }, ...others];
    const odds = all.map(({ pitch: at, chance }) => {
      const name = channel === DRUMS ? (DRUM_NAMES[drumRow(at)] ?? "") : nameOf(at);
      const bar = el("meter", { min: 0, max: 1, value: chance, "aria-hidden": "true" });
      return el("li", { class: at === pitch ? "played" : null }, el("span", {}, name), bar, percent(chance));
    });
    const { note, who, because, seen, chance } = told;
    return [
      el(
        "div",
        {},
        el("h2", {}, `${note}: ${WHO[who] ?? who}`),
        el("p", {}, sentence(because)),
        el("p", {}, seen),
      ),
      el("ol", { "aria-label": "What was likely" }, ...(chance > 0 ? odds : [])),
      button("Close", () => this.#show(null), { class: "small" }),
    ];
  }
}

export const percent = (chance: number): string =>
  chance > 0 && chance < 0.005 ? "< 1 %" : `${Math.round(chance * 100)} %`;

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
