// The computer's keys of the commands, as a table.  A key presses the button, so that both do and show the same.

import { el } from "./dom";
import { isTyping } from "./focus";

// Digits: no key of the piano, and none that presses whatever has the focus, as space and Enter do.  0 stops, as on
// the number pads of sequencers.  By place, so that they are the top row of every keyboard.  Cues have them with shift.
export const SHORTCUTS: Record<string, string> = {
  your_turn: "1",
  my_turn: "2",
  again: "3",
  undo: "4",
  freeze: "5",
  keep: "6",
  capture: "7",
  tap: "8",
  count_in: "9",
  fill: "Shift+1",
  top: "Shift+2",
  section: "Shift+3",
  vamp: "Shift+4",
  loop_chords: "Shift+5",
  ending: "Shift+6",
  intro: "Shift+7",
  break: "Shift+8",
  stop_time: "Shift+9",
  variation_a: "B",
  variation_b: "N",
  variation_c: "M",
  variation_d: ",",
  vary: ".",
  why: "/",
  keep_a: "[",
  keep_b: "]",
  restyle: "-",
  between: "=",
  stop: "0",
};

// Right of the piano's rows: four in a row for the variations, and beside them what varies a phrase.
const LETTERS: Record<string, string> = {
  KeyB: "B",
  KeyN: "N",
  KeyM: "M",
  Comma: ",",
  Period: ".",
  Slash: "/",
  BracketLeft: "[",
  BracketRight: "]",
  Minus: "-",
  Equal: "=",
};

/** The same button, saying its key and with room for what is bound to it. */
export function withShortcut(button: HTMLButtonElement, name: string): HTMLButtonElement {
  const key = SHORTCUTS[name];
  if (key !== undefined) {
    button.setAttribute("aria-keyshortcuts", key);
    button.append(" ", el("kbd", { "aria-hidden": "true" }, key.replace("Shift+", "⇧")));
  }
  button.append(el("span", { class: "bound", hidden: true }));
  return button;
}

/** The command of a key; "" where it has none, with control, alt or the like, and while held. */
export function commandOf(event: KeyboardEvent): string {
  if (event.repeat || event.isComposing) return "";
  if (event.ctrlKey || event.metaKey || event.altKey) return "";
  const digit = /^Digit(\d)$/.exec(event.code)?.[1] ?? padDigit(event) ?? LETTERS[event.code];
  const key = event.shiftKey ? `Shift+${digit}` : digit;
  return Object.keys(SHORTCUTS).find((name) => SHORTCUTS[name] === key) ?? "";
}

/** Of the number pad, where it gives numbers and not arrows. */
const padDigit = ({ code, key }: KeyboardEvent): string | undefined =>
  code === `Numpad${key}` ? key : undefined;

/** Listens to the keys, but in a field, in a list that digits choose from, and under a dialog. */
export function listenToShortcuts(): void {
  window.addEventListener("keydown", (event) => {
    const name = commandOf(event);
    if (name === "" || isTyping(event.target) || event.target instanceof HTMLSelectElement) return;
    if (document.querySelector("dialog[open]")) return;
    const pressed = document.querySelector<HTMLButtonElement>(`[data-command="${name}"]`);
    if (pressed === null) return;
    event.preventDefault();
    pressed.click();
  });
}
