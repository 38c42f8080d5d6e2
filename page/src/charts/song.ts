// The chart in force as it sounds, read from the controls: the one place that asks livegen what its bars are.

import type { Store } from "../store";
import type { Library, Sheet } from "./library";

export const OFF = "off";

export class Song {
  sheet: Sheet | null = null;
  #text = OFF;
  #transpose = 0;
  #watchers: ((sheet: Sheet | null) => void)[] = [];

  constructor(
    store: Store,
    private readonly library: Library,
  ) {
    store.onState(["controls"], ({ controls }) => {
      void this.#take(String(controls?.["chart"] ?? OFF), Number(controls?.["transpose"] ?? 0));
    });
  }

  onSheet(watcher: (sheet: Sheet | null) => void): void {
    this.#watchers.push(watcher);
  }

  /** Tell again which of the charts it is: one was saved. */
  async refresh(): Promise<void> {
    await this.#read(this.#text, this.#transpose);
  }

  async #take(text: string, transpose: number): Promise<void> {
    if (text === this.#text && transpose === this.#transpose) return;
    this.#text = text;
    this.#transpose = transpose;
    await this.#read(text, transpose);
  }

  async #read(text: string, transpose: number): Promise<void> {
    const sheet = text === OFF ? null : await this.library.read(text, transpose).catch(() => null);
    if (text !== this.#text || transpose !== this.#transpose) return; // another one came meanwhile
    if (JSON.stringify(sheet) === JSON.stringify(this.sheet)) return; // nobody loses their place for nothing
    this.sheet = sheet;
    for (const watcher of this.#watchers) watcher(sheet);
  }
}
