// The controls as they stand, saved as a preset of a name.  One that is there is replaced only by a second word.

import { button, el, say } from "./dom";
import type { Store } from "./store";

const TAKEN = 409;

export class SavePreset {
  #name = el("input", {
    type: "text",
    maxlength: 60,
    placeholder: "Name, such as Ballad",
    "aria-label": "Name of the preset",
    autocomplete: "off",
    spellcheck: "false",
  });
  #said = el("p", { class: "hint", role: "status" });
  #form: HTMLFormElement;
  #open: HTMLButtonElement;
  #replace = button("Replace it", () => void this.#save(true), { class: "small strong", hidden: true });

  constructor(
    root: HTMLElement,
    private readonly store: Store,
    private readonly token: () => string,
  ) {
    const close = button("Cancel", () => this.#close(), { class: "small" });
    const save = el("button", { type: "submit", class: "small strong" }, "Save");
    this.#form = el("form", { class: "rename", hidden: true }, this.#name, save, this.#replace, close);
    this.#open = button("Save as preset …", () => this.#begin(), { class: "small save-preset" });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save(false);
    });
    this.#name.addEventListener("input", () => this.#forget());
    this.#form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#close();
    });
    root.append(this.#open, this.#form, this.#said);
  }

  #begin(): void {
    this.#forget();
    this.#name.value = this.store.state.preset ?? "";
    this.#form.hidden = false;
    this.#open.hidden = true;
    this.#name.focus();
    this.#name.select();
  }

  #close(): void {
    this.#forget();
    this.#form.hidden = true;
    this.#open.hidden = false;
    this.#open.focus();
  }

  #forget(): void {
    say(this.#said, "");
    this.#replace.hidden = true;
  }

  async #save(replace: boolean): Promise<void> {
    const answer = await fetch("/presets", {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token()}`, "Content-Type": "application/json" },
      body: JSON.stringify({ name: this.#name.value, replace }),
    }).catch(() => null);
    const told = ((await answer?.json().catch(() => null)) ?? {}) as { name?: string; error?: string };
    if (answer?.ok) {
      this.#close();
      return say(this.#said, `Saved: ${told.name}. It holds all controls but those under Output.`);
    }
    say(this.#said, told.error ?? "The preset is not saved: livegen does not answer.");
    if (answer?.status !== TAKEN) return;
    this.#replace.hidden = false;
    this.#replace.focus();
  }
}
