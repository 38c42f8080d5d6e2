// Tabs as the ARIA practices describe them: arrows walk, the chosen one is in the order of Tab, panels are labelled.

import { el } from "./dom";

export interface Tab {
  id: string;
  label: string;
  panel: HTMLElement;
}

export class Tabs {
  #buttons: HTMLButtonElement[] = [];

  constructor(
    list: HTMLElement,
    private readonly tabs: readonly Tab[],
    private readonly shown: (id: string) => void = () => undefined,
  ) {
    tabs.forEach((tab, place) => {
      const id = `tab-${tab.id}`;
      const button = el(
        "button",
        { type: "button", role: "tab", id, "aria-controls": tab.panel.id },
        tab.label,
      );
      button.addEventListener("click", () => this.show(place));
      button.addEventListener("keydown", (event) => this.#walk(event, place));
      tab.panel.setAttribute("aria-labelledby", id);
      this.#buttons.push(button);
      list.append(button);
    });
    this.show(0);
  }

  show(place: number): void {
    this.tabs.forEach((tab, at) => {
      tab.panel.hidden = at !== place;
      this.#buttons[at]?.setAttribute("aria-selected", String(at === place));
      this.#buttons[at]?.setAttribute("tabindex", at === place ? "0" : "-1");
    });
    this.shown(this.tabs[place]?.id ?? "");
  }

  #walk(event: KeyboardEvent, place: number): void {
    const last = this.tabs.length - 1;
    const to = {
      ArrowRight: place === last ? 0 : place + 1,
      ArrowLeft: place === 0 ? last : place - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.show(to);
    this.#buttons[to]?.focus();
  }
}
