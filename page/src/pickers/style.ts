// The style, from a list in groups, and a second one that is mixed with it.

import { choose, list, type Occasion, type Picker } from "./picker";
import { groupsOf, joined, NO_SECOND, split } from "./styles";

export function stylePicker({ control, labels, set }: Occasion): Picker {
  const groups = groupsOf(control.choices);
  const styles = list(groups, labels);
  const second = list([NO_SECOND, ...groups.slice(1)], { "aria-label": "Second style" });
  for (const one of [styles, second]) {
    one.addEventListener("change", () => set(joined(styles.value, second.value)));
  }
  return {
    elements: [styles, second],
    show: (value) => {
      const [first, other] = split(String(value));
      choose(styles, first);
      choose(second, other);
      styles.title = `In files and over OSC: ${value}`;
    },
  };
}
