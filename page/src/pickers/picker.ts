// What a picker is, and the two things that pickers are made of: a list to choose from, and a row of chips.

import { el } from "../dom";
import type { Control, Value } from "../types";

/** Something that turns a control without its words having to be known.  `show` takes the value in force. */
export interface Picker {
  elements: HTMLElement[];
  show(value: Value): void;
}

/** What a picker is made for: `id` begins the ids of its elements, `labels` say what it is, `set` takes a value. */
export interface Occasion {
  control: Control;
  id: string;
  labels: Record<string, string>;
  set: (value: Value) => void;
}

export type Option = readonly [value: string, label: string];
export interface Group {
  label: string; // "" for options that stand alone
  options: readonly Option[];
}

export function list(groups: readonly Group[], attributes: Record<string, string>): HTMLSelectElement {
  const options = (group: Group): HTMLElement[] =>
    group.options.map(([value, label]) => el("option", { value }, label));
  return el(
    "select",
    attributes,
    ...groups.flatMap((group) =>
      group.label === "" ? options(group) : [el("optgroup", { label: group.label }, ...options(group))],
    ),
  );
}

/** Chooses a value in a list, which gets it for as long as it is in force if it has not got it. */
export function choose(select: HTMLSelectElement, value: string): void {
  const there = [...select.options];
  for (const option of there) if (option.dataset["strange"] && option.value !== value) option.remove();
  if (!there.some((option) => option.value === value))
    select.append(el("option", { value, "data-strange": "yes" }, value));
  select.value = value;
}

/** A row of words of which one is chosen. */
export class Chips {
  readonly element: HTMLElement;
  #radios: HTMLInputElement[] = [];

  constructor(options: readonly Option[], { id, labels }: Occasion, chosen: (value: string) => void) {
    this.element = el("div", { class: "chips", role: "radiogroup", ...labels });
    for (const [value, label] of options) {
      const radio = el("input", { type: "radio", name: id, value });
      radio.addEventListener("change", () => chosen(value));
      this.#radios.push(radio);
      this.element.append(el("label", { class: "chip" }, radio, el("span", {}, label)));
    }
  }

  show(value: string): void {
    for (const radio of this.#radios) radio.checked = radio.value === value;
  }
}
