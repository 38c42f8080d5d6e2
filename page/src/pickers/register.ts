// The register: by name, by semitones (the slider beside it), or a range from one note to another.

import { el } from "../dom";
import { nameOf } from "../keymap";
import { Chips, choose, list, type Occasion, type Option, type Picker } from "./picker";
import { HIGHEST, LOWEST, OWN, rangeOf, REGISTERS, registerOf } from "./registers";

export function registerPicker(occasion: Occasion): Picker {
  const { set } = occasion;
  const [low, high] = [notes("Lowest note", "48"), notes("Highest note", "84")];
  const own = el("div", { class: "range", hidden: true }, low, el("span", {}, "to"), high);
  let wantsOwn = false; // a range is shown by its ends, although it may have a name
  const chips = new Chips([...REGISTERS, [OWN, "From … to …"]], occasion, (value) => {
    wantsOwn = value === OWN;
    set(value === OWN ? written(low, high) : value);
  });
  for (const one of [low, high])
    one.addEventListener("change", () => {
      keepOrder(low, high, one);
      set(written(low, high));
    });
  return {
    elements: [chips.element, own],
    show: (value) => {
      const range = rangeOf(String(value));
      const register = wantsOwn && range !== null ? OWN : registerOf(String(value));
      chips.show(register);
      own.hidden = register !== OWN;
      if (range !== null) [low, high].forEach((one, at) => choose(one, String(range[at])));
    },
  };
}

function notes(label: string, value: string): HTMLSelectElement {
  const options: Option[] = [];
  for (let pitch = LOWEST; pitch <= HIGHEST; pitch += 1) options.push([String(pitch), nameOf(pitch)]);
  const select = list([{ label: "", options }], { "aria-label": label });
  select.value = value;
  return select;
}

const written = (low: HTMLSelectElement, high: HTMLSelectElement): string => `${low.value}-${high.value}`;

/** The other end goes along where one passes it. */
function keepOrder(low: HTMLSelectElement, high: HTMLSelectElement, moved: HTMLSelectElement): void {
  if (Number(low.value) <= Number(high.value)) return;
  choose(moved === low ? high : low, moved.value);
}
