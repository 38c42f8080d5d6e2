// A recording as musicians read it: laid out by livegen, shown here, to be kept as MusicXML or PDF.  Knows no music.

import { button, el, say } from "./dom";
import { type Takes, withoutExtension } from "./takes";

export class ScoreView {
  #dialog = el("dialog", { class: "guide score", "aria-labelledby": "score-title" });
  #title = el("h2", { id: "score-title" });
  #state = el("p", { class: "hint", role: "status" });
  #sheet = el("img", { class: "sheet", alt: "" });
  #name = "";

  constructor(private readonly takes: Takes) {
    const close = button("Close", () => this.#dialog.close(), { class: "strong" });
    const end = el("div", { class: "guide-end" });
    for (const [label, ending] of [
      ["MusicXML", "musicxml"],
      ["PDF", "pdf"],
    ] as const) {
      end.append(button(label, () => void this.#keep(ending), { "aria-label": `Download as ${label}` }));
    }
    end.append(close);
    this.#dialog.append(this.#title, this.#state, this.#sheet, end);
    document.body.append(this.#dialog);
  }

  async show(name: string): Promise<void> {
    this.#name = name;
    say(this.#title, withoutExtension(name));
    say(this.#state, "Writing the score …");
    this.#sheet.hidden = true;
    if (!this.#dialog.open) this.#dialog.showModal();
    try {
      const svg = await this.takes.score(name, "svg");
      if (name !== this.#name) return;
      this.#sheet.src = await asAddress(svg);
      this.#sheet.alt = `The score of ${withoutExtension(name)}`;
      this.#sheet.hidden = false;
      say(this.#state, "");
    } catch (error) {
      if (name === this.#name) say(this.#state, reason(error));
    }
  }

  async #keep(ending: string): Promise<void> {
    const name = this.#name;
    say(this.#state, "Writing the score …");
    try {
      const file = URL.createObjectURL(await this.takes.score(name, ending));
      el("a", { href: file, download: `${withoutExtension(name)}.${ending}` }).click();
      window.setTimeout(() => URL.revokeObjectURL(file), 10_000);
      say(this.#state, "");
    } catch (error) {
      say(this.#state, reason(error));
    }
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The page's policy lets a picture come from here or be written out in its address. */
function asAddress(picture: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error("the score cannot be shown"));
    reader.readAsDataURL(picture);
  });
}
