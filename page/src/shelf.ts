// The shelf of recordings: capture, play back, download, drag out, rename, delete and take that back.

import { button, el, find, say } from "./dom";
import type { Playback } from "./playback";
import { ScoreView } from "./score";
import type { Store } from "./store";
import { takeLink } from "./takelink";
import { type Takes, withoutExtension } from "./takes";
import type { Hello, Take, ToServer } from "./types";

const REGRET_MS = 10_000;

export class Shelf {
  #list = el("ul", { class: "takes", "aria-label": "Recordings" });
  #empty = el("p", { class: "hint" }, "No recordings yet. Play, then capture the last bars.");
  #bars = el("input", { type: "number", min: 1, max: 128, value: 8, id: "capture-bars" });
  #toast = find("toast");
  #playing: string | null = null;
  #fresh = "";
  #timer = 0;
  #score: ScoreView;

  constructor(
    root: HTMLElement,
    store: Store,
    private readonly takes: Takes,
    private readonly playback: Playback,
    send: (message: ToServer) => void,
  ) {
    this.#score = new ScoreView(takes);
    const capture = button(
      "Capture",
      () => send({ t: "do", name: "capture", value: this.#bars.valueAsNumber || 8 }),
      { class: "strong" },
    );
    root.append(
      el(
        "div",
        { class: "capture" },
        capture,
        el("label", { for: "capture-bars" }, "the last"),
        this.#bars,
        el("span", {}, "bars"),
      ),
      this.#empty,
      this.#list,
    );
    store.onHello((hello) => this.#welcome(hello));
    store.onLine((line) => {
      if (line.kind !== "saved") return;
      this.#fresh = line.name ?? "";
      void this.refresh();
    });
  }

  #welcome(hello: Hello): void {
    if (hello.recordings !== false) return void this.refresh();
    say(this.#empty, "Nothing is kept: recording.keep is off in the configuration.");
  }

  async refresh(): Promise<void> {
    try {
      this.#show(await this.takes.list());
    } catch (error) {
      this.#complain("The recordings cannot be listed", error);
    }
  }

  #show(takes: Take[]): void {
    this.#empty.hidden = takes.length > 0;
    this.#list.replaceChildren(...takes.map((take) => this.#row(take)));
  }

  #row(take: Take): HTMLElement {
    const { name } = take;
    const link = takeLink(this.takes, name, (what, error) => this.#complain(what, error));
    const verb = this.#playing === name ? "Stop" : "Play";
    const play = button(verb, () => void this.#play(name), {
      class: "small",
      "aria-label": `${verb} ${name}`,
    });
    const score = button("Score", () => void this.#score.show(name), {
      class: "small",
      "aria-label": `Score of ${name}`,
    });
    const row = el(
      "li",
      { class: name === this.#fresh ? "fresh" : "" },
      link,
      el("span", { class: "hint" }, detail(take)),
      play,
      score,
    );
    const rename = button("Rename", () => this.#rename(row, name), {
      class: "small",
      "aria-label": `Rename ${name}`,
    });
    row.append(
      rename,
      button("Delete", () => void this.#delete(name), { class: "small", "aria-label": `Delete ${name}` }),
    );
    return row;
  }

  async #play(name: string): Promise<void> {
    const again = this.#playing === name;
    this.playback.stop();
    if (again) return;
    try {
      const file = await this.takes.bytes(name);
      this.#playing = name;
      this.playback.play(file, () => {
        this.#playing = null;
        void this.refresh();
      });
      void this.refresh();
    } catch (error) {
      this.#complain(`${name} cannot be played`, error);
    }
  }

  #rename(row: HTMLElement, name: string): void {
    const input = el("input", {
      type: "text",
      value: withoutExtension(name),
      maxlength: 190,
      "aria-label": `New name for ${name}`,
    });
    const form = el(
      "form",
      { class: "rename" },
      input,
      el("button", { type: "submit", class: "small strong" }, "Save"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#renameTo(name, input.value.trim());
    });
    form.addEventListener("keydown", (event) => event.key === "Escape" && void this.refresh());
    row.replaceChildren(form);
    form.append(button("Cancel", () => void this.refresh(), { class: "small" }));
    input.focus();
    input.select();
  }

  async #renameTo(name: string, wanted: string): Promise<void> {
    try {
      const plain = withoutExtension(wanted);
      if (plain !== "" && plain !== withoutExtension(name)) await this.takes.rename(name, plain);
    } catch (error) {
      this.#complain(`${name} keeps its name`, error);
    }
    await this.refresh();
  }

  async #delete(name: string): Promise<void> {
    try {
      const trashed = await this.takes.bin(name);
      this.#tell(`Deleted ${name}`, "Undo", () => void this.#restore(name, trashed));
    } catch (error) {
      this.#complain(`${name} is still there`, error);
    }
    await this.refresh();
  }

  async #restore(name: string, trashed: string): Promise<void> {
    try {
      await this.takes.restore(trashed);
      this.#fresh = name;
    } catch (error) {
      this.#complain(`${name} stays deleted`, error);
    }
    await this.refresh();
  }

  #tell(text: string, answer: string, press: () => void): void {
    window.clearTimeout(this.#timer);
    const close = (): void => void (this.#toast.hidden = true);
    const act = button(answer, () => {
      close();
      press();
    });
    this.#toast.replaceChildren(el("span", {}, text), act);
    this.#toast.hidden = false;
    act.focus();
    this.#timer = window.setTimeout(close, REGRET_MS);
  }

  #complain(what: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#tell(`${what}: ${why}`, "Close", () => undefined);
  }
}

function detail(take: Take): string {
  const seconds = take.seconds === null || take.seconds === undefined ? "" : `${minutes(take.seconds)} · `;
  const modified = new Date(take.modified * 1000);
  return `${seconds}${modified.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
}

const minutes = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
