// A wish in words: a line to type in, the controls that it set, and the words that were not understood.

import { asking, el, say, words } from "./dom";

/** What livegen understood of a wish. */
export interface Understood {
  sets: Record<string, string | number>;
  unknown: string[];
  /** Words that the table lacks, each with the phrase that it was taken for. */
  taken: [string, string][];
}

const LONGEST = 400;

export class Wish {
  #text = el("input", {
    type: "text",
    maxlength: LONGEST,
    placeholder: "slow minor waltz, sparse · etwas schneller · 不要鼓",
    "aria-label": "What you want, in words",
    autocomplete: "off",
    spellcheck: "false",
  });
  #sets = el("ul", { class: "chips wish-sets", "aria-label": "Set by these words" });
  #said = el("p", { class: "hint", role: "status" });

  constructor(
    root: HTMLElement,
    private readonly token: () => string,
  ) {
    root.append(
      asking(this.#text, "Set", () => void this.#wish()),
      this.#sets,
      this.#said,
    );
  }

  async #wish(): Promise<void> {
    const answer = await fetch("/words", {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token()}`, "Content-Type": "application/json" },
      body: JSON.stringify({ text: this.#text.value }),
    }).catch(() => null);
    if (!answer?.ok) return say(this.#said, "Nothing was set: livegen does not answer.");
    const understood = (await answer.json()) as Understood;
    this.#sets.replaceChildren(...shown(understood).map((text) => el("li", {}, text)));
    say(this.#said, remark(understood));
    this.#text.select();
  }
}

/** The controls that were set, each with its value; of a chart, which is long, only that there is one. */
export function shown({ sets }: Understood): string[] {
  return Object.entries(sets).map(([name, value]) =>
    name === "chart" ? "chart" : `${words(name)} ${typeof value === "string" ? words(value) : round(value)}`,
  );
}

/** What is to be said besides. */
export function remark({ sets, unknown, taken }: Understood): string {
  const said = taken.map(([word, phrase]) => `“${word}” was taken for “${phrase}”.`);
  if (unknown.length > 0) said.push(`Not understood: ${unknown.join(", ")}`);
  else if (Object.keys(sets).length === 0) said.push("No control can be set by these words.");
  return said.join(" ");
}

const round = (value: number): string => String(Math.round(value * 100) / 100);
