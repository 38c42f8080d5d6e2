// The parts the model plays: by itself, or those that are pressed.

import { button, el } from "../dom";
import type { Occasion, Picker } from "./picker";

const AUTO = "auto";
const NAMES: Record<string, string> = { lead: "Lead", comp: "Chords", bass: "Bass", drums: "Drums" };

/** What livegen is told of these parts, in their own order; of none it chooses by itself. */
export const written = (all: readonly string[], chosen: ReadonlySet<string>): string =>
  all.filter((part) => chosen.has(part)).join(" ") || AUTO;

export function partsPicker({ control, labels, set }: Occasion): Picker {
  let chosen = new Set<string>();
  const toggles = new Map([AUTO, ...control.choices].map((part) => [part, toggle(part)]));
  function toggle(part: string): HTMLButtonElement {
    return button(part === AUTO ? "Auto" : (NAMES[part] ?? part), () => press(part), {
      class: "chip-button",
      "data-part": part,
    });
  }
  function press(part: string): void {
    const next = new Set(part === AUTO ? [] : chosen);
    if (part !== AUTO && !next.delete(part)) next.add(part);
    set(written(control.choices, next));
  }
  const show = (value: string): void => {
    chosen = new Set(value === AUTO ? [] : value.split(/\s+/).filter(Boolean));
    for (const [part, one] of toggles)
      one.setAttribute("aria-pressed", String(part === AUTO ? chosen.size === 0 : chosen.has(part)));
  };
  const group = el("div", { class: "chips", role: "group", ...labels }, ...toggles.values());
  return { elements: [group], show: (value) => show(String(value)) };
}
