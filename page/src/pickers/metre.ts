// The metre: one of the common ones, or another that is typed.

import { el } from "../dom";
import { list, type Occasion, type Option, type Picker } from "./picker";

export const COMMON = ["4/4", "3/4", "6/8", "2/4", "2/2", "5/4", "7/8", "9/8", "12/8"];
const OTHER = "other";
const AUTO = "auto";

export function metrePicker({ labels, set }: Occasion): Picker {
  const options: Option[] = [
    [AUTO, "as you play"],
    ...COMMON.map((one): Option => [one, one]),
    [OTHER, "Other …"],
  ];
  const common = list([{ label: "", options }], labels);
  const typed = el("input", {
    type: "text",
    maxlength: 8,
    size: 6,
    spellcheck: "false",
    autocomplete: "off",
    inputmode: "text",
    "aria-label": "Other metre, such as 11/8",
    placeholder: "11/8",
    hidden: true,
  });
  let sent: string | null = null;
  const show = (value: string): void => {
    const isBusy = document.activeElement === typed;
    if (!isBusy || typed.value === sent) typed.value = value;
    if (!isBusy) common.value = value === AUTO || COMMON.includes(value) ? value : OTHER;
    typed.hidden = common.value !== OTHER;
  };
  common.addEventListener("change", () => {
    if (common.value !== OTHER) return set(common.value);
    typed.hidden = false;
    typed.focus();
    typed.select();
  });
  typed.addEventListener("change", () => {
    sent = typed.value;
    if (typed.value.trim() !== "") set(typed.value.trim());
  });
  return { elements: [common, typed], show: (value) => show(String(value)) };
}
