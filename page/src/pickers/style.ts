// The style, from a list in groups.

import { choose, list, type Occasion, type Picker } from "./picker";
import { groupsOf } from "./styles";

export function stylePicker({ control, labels, set }: Occasion): Picker {
  const styles = list(groupsOf(control.choices), labels);
  styles.addEventListener("change", () => set(styles.value));
  return {
    elements: [styles],
    show: (value) => {
      choose(styles, String(value));
      styles.title = `In files and over OSC: ${value}`;
    },
  };
}
