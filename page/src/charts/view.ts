// A chart as it is seen: rows of bars, the one that is played lit and in sight.  Moves nothing but its own window.

import { el } from "../dom";
import { rowsOf, wordsOf } from "./layout";
import type { Bar, Sheet } from "./library";

export class SheetView {
  #bars: HTMLElement[] = [];
  #lit: HTMLElement | undefined;

  /** `window` is what scrolls. */
  constructor(private readonly window: HTMLElement) {}

  show(sheet: Sheet | null): void {
    const bars = sheet?.bars ?? [];
    this.#lit = undefined;
    this.#bars = bars.map(barElement);
    const rows = rowsOf(bars).map(({ section, bars }) =>
      el(
        "div",
        { class: "row" },
        section === "" ? null : el("p", { class: "section" }, section),
        el("ol", { class: "bars" }, ...bars.map((index) => this.#bars[index] as HTMLElement)),
      ),
    );
    this.window.replaceChildren(...rows);
    this.window.scrollTop = 0;
  }

  /** The bar that is played, from 0; none where it is undefined. */
  light(bar: number | undefined): void {
    const lit = bar === undefined ? undefined : this.#bars[bar];
    if (lit === this.#lit) return;
    this.#lit?.removeAttribute("aria-current");
    lit?.setAttribute("aria-current", "true");
    const row = lit?.closest<HTMLElement>(".row");
    if (row && row !== this.#lit?.closest(".row")) this.#bringIntoSight(row);
    this.#lit = lit;
  }

  /** The row of now stands at the top, so that what comes is seen. */
  #bringIntoSight(row: HTMLElement): void {
    const first = this.window.firstElementChild as HTMLElement;
    this.window.scrollTop = row.offsetTop - first.offsetTop;
  }
}

function barElement(bar: Bar): HTMLElement {
  const inside = wordsOf(bar).map(({ kind, text }) => el("span", { class: kind }, text));
  const unseen = (text: string): HTMLElement => el("span", { class: "hidden" }, text);
  if (bar.opens) inside.unshift(unseen("repeat from here"));
  if (bar.times !== undefined) inside.push(unseen("repeat to here"));
  const kinds = ["bar", bar.opens ? "opens" : "", bar.times === undefined ? "" : "closes"];
  return el("li", { class: kinds.filter(Boolean).join(" ") }, ...inside.flatMap((word) => [word, " "]));
}
