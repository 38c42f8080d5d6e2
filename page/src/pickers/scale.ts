// The scale: what it follows, or its root, and then its kind.

import { choose, list, type Occasion, type Picker } from "./picker";
import { kindGroups, OFF, PLAYED, scaleOf, SOURCES } from "./scales";

export function scalePicker({ control, labels, set }: Occasion): Picker {
  const source = list(SOURCES, labels);
  const kind = list(kindGroups(control.choices), { "aria-label": "Kind of scale", class: "kind" });
  const told = (): string =>
    [PLAYED, OFF].includes(source.value) ? source.value : `${source.value} ${kind.value}`;
  for (const one of [source, kind]) one.addEventListener("change", () => set(told()));
  return {
    elements: [source, kind],
    show: (value) => {
      const scale = scaleOf(String(value));
      choose(source, scale?.root ?? String(value));
      if (scale !== null) choose(kind, scale.kind);
      kind.hidden = scale === null;
    },
  };
}
