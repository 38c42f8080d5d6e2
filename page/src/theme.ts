// Light or dark: as the system has it, or as the person chose, which is remembered.

import { find } from "./dom";

const KEPT = "livegen-theme";
const CHOICES = ["system", "light", "dark"] as const;
type Choice = (typeof CHOICES)[number];

const WORDS: Record<Choice, string> = { system: "as the system", light: "light", dark: "dark" };

const PREFERS_LIGHT = matchMedia("(prefers-color-scheme: light)");

function paint(isLight: boolean): void {
  document.documentElement.dataset["theme"] = isLight ? "light" : "dark";
}

/** The system's colours, on a page that has no choice of its own. */
export const paintAsSystem = (): void => paint(PREFERS_LIGHT.matches);

export class Theme {
  #button = find<HTMLButtonElement>("theme");
  #choice: Choice = CHOICES.find((one) => one === localStorage.getItem(KEPT)) ?? "system";

  /** `changed` is called when there are other colours. */
  constructor(private readonly changed: () => void) {
    this.#button.addEventListener("click", () => this.#next());
    PREFERS_LIGHT.addEventListener("change", () => this.#show());
    matchMedia("(forced-colors: active)").addEventListener("change", () => this.#show());
    this.#show();
  }

  #next(): void {
    this.#choice = CHOICES[(CHOICES.indexOf(this.#choice) + 1) % CHOICES.length] ?? "system";
    localStorage.setItem(KEPT, this.#choice);
    this.#show();
  }

  #show(): void {
    const isLight = this.#choice === "system" ? PREFERS_LIGHT.matches : this.#choice === "light";
    paint(isLight);
    const text = `Colours: ${WORDS[this.#choice]}`;
    this.#button.setAttribute("aria-label", text);
    this.#button.title = `${text}. Press for another.`;
    this.#button.dataset["choice"] = this.#choice;
    this.changed();
  }
}
