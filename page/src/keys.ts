// Play it here: the piano on the screen and the computer's keys.  Knows nothing of sockets and sounds: `play` does.

import { button, el, find } from "./dom";
import { isTyping } from "./focus";
import {
  HIGHEST_BASE,
  isBlack,
  KEY_OFFSETS,
  letterOf,
  LOUDER,
  LOWEST_BASE,
  nameOf,
  OCTAVE_DOWN,
  OCTAVE_UP,
  pitchOf,
  SOFTER,
} from "./keymap";
import type { NoteTape } from "./notes";

export type Play = (pitch: number, velocity: number, channel: number) => void; // velocity 0 lets go

const MOST_WHITES = 15; // two octaves and the next C
const FEWEST_WHITES = 7;
const NARROWEST = 44; // pixels of a white key: a thumb hits it and no other
const DRUMS = 9;
const VELOCITY_STEP = 16;

export class Keys {
  #base = 60;
  #whites = MOST_WHITES;
  #velocity = 88;
  #channel = 0;
  #lettersPlay = true;
  #down = new Map<string, [pitch: number, channel: number]>(); // by finger: a computer key, a pointer, or "focus"
  #elements = new Map<number, HTMLElement>();
  #cursor = 0; // of the keyboard's user, from the lowest key
  #piano = find("piano");
  #shown = el("output", { class: "octave", "aria-live": "polite" });
  #switch = button("Computer keys", () => this.#setLetters(!this.#lettersPlay), { "aria-pressed": "true" });

  constructor(
    private readonly play: Play,
    private readonly tape: NoteTape,
  ) {
    this.#tools();
    this.#build();
    this.#listen();
    new ResizeObserver(() => this.#fit()).observe(this.#piano);
  }

  get lettersPlay(): boolean {
    return this.#lettersPlay;
  }

  /** Lights the keys that sound. */
  light(): void {
    for (const [pitch, key] of this.#elements) {
      key.classList.toggle("you", this.tape.isHeld(0, pitch));
      key.classList.toggle("model", this.tape.isHeld(1, pitch));
    }
  }

  letGo(): void {
    for (const finger of [...this.#down.keys()]) this.#up(finger);
  }

  #tools(): void {
    const channel = el("select", { id: "play-channel" });
    for (let number = 1; number <= 16; number += 1) {
      channel.append(el("option", { value: number - 1 }, number === 10 ? "10 · drums" : `${number}`));
    }
    channel.addEventListener("change", () => {
      this.letGo();
      this.#channel = Number(channel.value);
    });
    find("keys-tools").append(
      this.#switch,
      el("span", { class: "hint letters" }, "A W S E … · Z X octave · C V loudness"),
      button("−", () => this.#shift(-12), { "aria-label": "Octave down", "aria-keyshortcuts": "Z" }),
      this.#shown,
      button("+", () => this.#shift(12), { "aria-label": "Octave up", "aria-keyshortcuts": "X" }),
      el("label", { for: "play-channel" }, "Channel"),
      channel,
    );
  }

  /** As many keys as a thumb can tell apart on this screen. */
  #fit(): void {
    const room = Math.floor(this.#piano.clientWidth / NARROWEST);
    const whites = Math.min(MOST_WHITES, Math.max(FEWEST_WHITES, room));
    if (whites === this.#whites || this.#piano.clientWidth === 0) return;
    this.letGo();
    this.#whites = whites;
    this.#build();
  }

  #setLetters(play: boolean): void {
    this.#lettersPlay = play;
    this.letGo();
    this.#switch.setAttribute("aria-pressed", String(play));
    this.#build();
  }

  #shift(semitones: number): void {
    this.letGo();
    this.#base = Math.min(HIGHEST_BASE - 6, Math.max(LOWEST_BASE, this.#base + semitones));
    this.#base -= this.#base % 12;
    this.#build();
  }

  #louder(step: number): void {
    this.#velocity = Math.min(127, Math.max(8, this.#velocity + step));
    this.#showSettings();
  }

  #showSettings(): void {
    const velocity = el("span", { class: "wide" }, ` · velocity ${this.#velocity}`);
    this.#shown.replaceChildren(nameOf(this.#base), velocity);
  }

  #build(): void {
    this.#elements.clear();
    this.#piano.replaceChildren();
    let whites = 0;
    let top = this.#base;
    for (let pitch = this.#base; pitch <= 127 && whites < this.#whites; pitch += 1) {
      top = pitch;
      const letter = this.#lettersPlay ? letterOf(pitch - this.#base) : "";
      const kind = isBlack(pitch) ? "black" : "white";
      const key = el("div", { class: `key ${kind}`, "data-pitch": pitch, "aria-hidden": "true" });
      key.append(el("span", { class: "letter" }, letter || (pitch % 12 === 0 ? nameOf(pitch) : "")));
      key.style.setProperty("--at", String(whites));
      if (kind === "white") whites += 1;
      this.#elements.set(pitch, key);
      this.#piano.append(key);
    }
    this.#piano.style.setProperty("--whites", String(whites));
    this.#cursor = Math.min(this.#cursor, top - this.#base);
    this.#showCursor();
    this.#showSettings();
  }

  #showCursor(): void {
    const pitch = this.#base + this.#cursor;
    for (const [one, key] of this.#elements) key.classList.toggle("cursor", one === pitch);
    const how = "Arrow keys choose a key, space plays it.";
    this.#piano.setAttribute("aria-label", `Piano, ${nameOf(pitch)}. ${how}`);
  }

  #listen(): void {
    window.addEventListener("keydown", (event) => this.#keyDown(event));
    window.addEventListener("keyup", (event) => this.#up(event.code));
    window.addEventListener("blur", () => this.letGo());
    document.addEventListener("visibilitychange", () => document.hidden && this.letGo());
    this.#piano.addEventListener("keydown", (event) => this.#walk(event));
    this.#piano.addEventListener("keyup", (event) => event.code === "Space" && this.#up("focus"));
    this.#piano.addEventListener("pointerdown", (event) => this.#touch(event));
    this.#piano.addEventListener("pointermove", (event) => this.#slide(event));
    for (const kind of ["pointerup", "pointercancel"] as const) {
      window.addEventListener(kind, (event) => this.#up(`pointer ${event.pointerId}`));
    }
  }

  #keyDown(event: KeyboardEvent): void {
    if (
      !this.#lettersPlay ||
      event.repeat ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.shiftKey
    )
      return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const act = this.#meaning(event.code);
    if (act === null) return;
    event.preventDefault(); // some browsers search the page for what is typed, and a list its words
    act();
  }

  /** What a key of the computer does; null for one that is none of ours. */
  #meaning(code: string): (() => void) | null {
    switch (code) {
      case OCTAVE_DOWN:
        return () => this.#shift(-12);
      case OCTAVE_UP:
        return () => this.#shift(12);
      case SOFTER:
        return () => this.#louder(-VELOCITY_STEP);
      case LOUDER:
        return () => this.#louder(VELOCITY_STEP);
    }
    const pitch = pitchOf(code, this.#base);
    if (pitch === null || !(code in KEY_OFFSETS)) return null;
    return () => this.#press(code, pitch, this.#velocity);
  }

  #walk(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1 }[event.code];
    if (step !== undefined) {
      this.#cursor = Math.min(this.#elements.size - 1, Math.max(0, this.#cursor + step));
      this.#showCursor();
    } else if (event.code === "Space" && !event.repeat) {
      this.#press("focus", this.#base + this.#cursor, this.#velocity);
    } else return;
    event.preventDefault();
  }

  #touch(event: PointerEvent): void {
    const key = keyAt(event);
    if (key === null) return;
    event.preventDefault();
    this.#press(`pointer ${event.pointerId}`, key.pitch, key.velocity);
  }

  #slide(event: PointerEvent): void {
    const finger = `pointer ${event.pointerId}`;
    const held = this.#down.get(finger);
    const key = held && keyAt(event);
    if (!held || !key || key.pitch === held[0]) return;
    this.#up(finger);
    this.#press(finger, key.pitch, key.velocity);
  }

  #press(finger: string, pitch: number, velocity: number): void {
    if (this.#down.has(finger)) return;
    this.#down.set(finger, [pitch, this.#channel]);
    this.play(pitch, velocity, this.#channel);
    this.#elements.get(pitch)?.classList.add("pressed");
  }

  #up(finger: string): void {
    const held = this.#down.get(finger);
    if (held === undefined) return;
    this.#down.delete(finger);
    if ([...this.#down.values()].some(([pitch, channel]) => pitch === held[0] && channel === held[1])) return;
    this.play(held[0], 0, held[1]);
    this.#elements.get(held[0])?.classList.remove("pressed");
  }
}

export const isDrums = (channel: number): boolean => channel === DRUMS;

/** The key under a pointer; the further down it is struck, the louder. */
function keyAt(event: PointerEvent): { pitch: number; velocity: number } | null {
  const key = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-pitch]");
  if (!key) return null;
  const box = key.getBoundingClientRect();
  const depth = (event.clientY - box.top) / box.height;
  return {
    pitch: Number(key.dataset["pitch"]),
    velocity: Math.round(48 + 72 * Math.min(1, Math.max(0, depth))),
  };
}
