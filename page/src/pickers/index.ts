// Which control has a picker: the one table that knows them by name.

import { metrePicker } from "./metre";
import { partsPicker } from "./parts";
import type { Occasion, Picker } from "./picker";
import { registerPicker } from "./register";
import { scalePicker } from "./scale";
import { stylePicker } from "./style";

export const PICKERS: Record<string, (occasion: Occasion) => Picker> = {
  metre: metrePicker,
  parts: partsPicker,
  register: registerPicker,
  scale: scalePicker,
  style: stylePicker,
};
