// The panel of the chart: which one is in force, its bars, and the editor.

import { button, el, say } from "../dom";
import { choose, list } from "../pickers/picker";
import type { Store } from "../store";
import type { ToServer } from "../types";
import { Editor } from "./editor";
import { factsOf } from "./layout";
import type { Library, Listed, Sheet } from "./library";
import { OFF, type Song } from "./song";
import { SheetView } from "./view";

const UNNAMED = "—"; // the value of a chart in force that has no name

export class ChartPanel {
  #picker = list([], { "aria-labelledby": "chart-name", "aria-describedby": "chart-problem" });
  #off: HTMLButtonElement;
  #title = el("h2", { class: "song-title" });
  #facts = el("p", { class: "hint" });
  #problem = el("p", { class: "problem", id: "chart-problem", hidden: true });
  #sheet = el("div", { class: "sheet", "aria-label": "Bars of the chart", tabindex: 0, hidden: true });
  #view = new SheetView(this.#sheet);
  #listed = "";

  constructor(
    root: HTMLElement,
    private readonly store: Store,
    private readonly song: Song,
    private readonly library: Library,
    private readonly send: (message: ToServer) => void,
  ) {
    const name = el("span", { class: "name", id: "chart-name" }, "Chart");
    this.#off = button("Off", () => this.#use(OFF), { "aria-label": "Off: play without a chart" });
    root.append(
      el("div", { class: "picker chart-picker" }, name, this.#picker, this.#off),
      this.#problem,
      this.#title,
      this.#facts,
      this.#sheet,
    );
    new Editor(
      root,
      song,
      library,
      (text) => this.#use(text),
      () => void this.refresh(),
    );
    this.#picker.addEventListener("change", () => this.#use(this.#picker.value));
    song.onSheet((sheet) => this.#show(sheet));
    store.onHello(() => void this.refresh());
    store.onState(["song"], ({ song }) => this.#view.light(song?.bar));
    store.onRefused(({ name, line }) => name === "chart" && this.#refuse(line));
    store.onReply(({ to, done, line }) => to === "chart" && !done && this.#refuse(line));
    this.#show(null);
  }

  /** Asks what charts there are, and which of them is in force. */
  async refresh(): Promise<void> {
    const charts = await this.library.list().catch((): Listed[] => []);
    const table = JSON.stringify(charts);
    if (table !== this.#listed) {
      this.#listed = table;
      this.#fill(charts);
    }
    await this.song.refresh();
  }

  #fill(charts: Listed[]): void {
    const groups = list(groupsOf(charts), {});
    this.#picker.replaceChildren(...groups.children);
    for (const { name, error } of charts) {
      const option = [...this.#picker.options].find((one) => one.value === name);
      if (option !== undefined && error !== undefined) option.disabled = true;
    }
    this.#choose(this.song.sheet);
  }

  #use(value: string): void {
    if (value === UNNAMED) return;
    this.#problem.hidden = true;
    this.send({ t: "set", name: "chart", value });
  }

  #refuse(line: string): void {
    say(this.#problem, line);
    this.#problem.hidden = false;
    this.#choose(this.song.sheet);
  }

  #show(sheet: Sheet | null): void {
    this.#choose(sheet);
    this.#off.disabled = sheet === null;
    say(this.#title, sheet === null ? "" : sheet.title || "Without a title");
    say(this.#facts, sheet === null ? "" : factsOf(sheet));
    this.#title.hidden = this.#facts.hidden = this.#sheet.hidden = sheet === null;
    this.#view.show(sheet);
    this.#view.light(this.store.state.song?.bar);
  }

  #choose(sheet: Sheet | null): void {
    choose(this.#picker, sheet === null ? OFF : (sheet.name ?? UNNAMED));
    const strange = this.#picker.selectedOptions[0];
    if (strange?.value === UNNAMED) strange.textContent = `${sheet?.title || "A chart"} (not saved)`;
  }
}

/** The list to choose from: none, one's own, those that came with livegen; one that cannot be read says why. */
export function groupsOf(charts: readonly Listed[]) {
  const options = (own: boolean) =>
    charts
      .filter((chart) => chart.own === own)
      .map(({ name, title, error }) => [name, error === undefined ? title || name : error] as const);
  return [
    { label: "", options: [[OFF, "No chart"] as const] },
    { label: "Your own", options: options(true) },
    { label: "Came with livegen", options: options(false) },
  ].filter(({ options }) => options.length > 0);
}
