// The preview: both players heard without a DAW.  Off until the first gesture, and where a DAW plays it.

import { Limiter } from "tone/build/esm/component/dynamics/Limiter.js";
import { Analyser } from "tone/build/esm/component/analysis/Analyser.js";
import { Volume } from "tone/build/esm/component/channel/Volume.js";
import { Context } from "tone/build/esm/core/context/Context.js";
import { setContext } from "tone/build/esm/core/Global.js";
import { find } from "./dom";
import { instruments, type Instrument, type Part } from "./instruments";
import type { HeardNote, Hello, Planned } from "./types";

const KEPT = "livegen-sound";
const EMBEDDED = "none"; // the API livegen has where there is no MIDI system, and so no DAW
const LAG_US = 60_000; // the model's notes sound so much after their time, all alike: news of them comes in batches
const ECHO_US = 2_000_000; // what is played here comes back as heard within this time
const PARTS: readonly Part[] = ["lead", "comp", "bass", "drums"];

export class Sound {
  #context: Context | null = null;
  #parts: Record<Part, Instrument> | null = null;
  #out: Volume | null = null;
  #analyser: Analyser | null = null;
  #wanted: boolean | null = readWish();
  #hasDaw = false;
  #partOf = new Map<number, Part>([
    [0, "lead"],
    [1, "comp"],
    [2, "bass"],
    [9, "drums"],
  ]);
  #echoes = new Map<string, number[]>();
  #early: (() => void)[] = []; // struck while the audio was on its way: the very first note
  #button = find<HTMLButtonElement>("sound");
  #volume = find<HTMLInputElement>("volume");
  #level = find<HTMLMeterElement>("level");

  constructor(private readonly now: () => number) {
    this.#volume.value = localStorage.getItem(`${KEPT}-volume`) ?? "-8";
    this.#volume.addEventListener("input", () => this.#setVolume());
    this.#button.addEventListener("click", () => this.wish(!this.isOn));
    for (const kind of ["pointerdown", "keydown"] as const) {
      window.addEventListener(kind, (event) => event.target !== this.#button && this.#gesture(), {
        capture: true,
      });
    }
    window.setInterval(() => this.#measure(), 100);
    this.#show();
  }

  get isOn(): boolean {
    return this.#context !== null && (this.#wanted ?? !this.#hasDaw);
  }

  welcome(hello: Hello): void {
    this.#hasDaw = (hello.ports.api ?? EMBEDDED) !== EMBEDDED;
    this.#show();
  }

  /** Which part a channel carries shows in the plan. */
  learn(plan: readonly Planned[]): void {
    for (const [, , part, channel] of plan) {
      const name = PARTS[part];
      if (name !== undefined) this.#partOf.set(channel, name);
    }
  }

  /** A key pressed here sounds at once, not when it comes back. */
  press(pitch: number, velocity: number, channel: number): void {
    if (!this.isOn) return;
    this.strike(channel === 9 ? "drums" : "you", pitch, velocity, 0);
    const key = `${channel} ${pitch} ${velocity > 0}`;
    this.#echoes.set(key, [...(this.#echoes.get(key) ?? []), this.now() + ECHO_US].slice(-16));
  }

  take([who, micros, status, pitch, velocity = 0]: HeardNote): void {
    const kind = status & 0xf0;
    if (!this.isOn) return;
    if (kind === 0xb0 && (pitch === 120 || pitch === 123)) return this.#silenceOf(who, status & 15);
    if (kind !== 0x90 && kind !== 0x80) return;
    const channel = status & 15;
    const strength = kind === 0x90 ? velocity : 0;
    if (who === 0 && this.#isEcho(`${channel} ${pitch} ${strength > 0}`)) return;
    const part = who === 1 ? (this.#partOf.get(channel) ?? "lead") : channel === 9 ? "drums" : "you";
    this.strike(part, pitch, strength, Math.max(0, (micros + LAG_US - this.now()) / 1e6));
  }

  /** Sounds in so many seconds; velocity 0 lets go. */
  strike(part: Part, pitch: number, velocity: number, inSeconds: number): void {
    if (this.#parts === null || this.#context === null || !this.isOn) return;
    if (this.#context.state !== "running")
      return void this.#early.push(() => this.strike(part, pitch, velocity, inSeconds));
    const at = this.#context.currentTime + inSeconds;
    if (velocity > 0) this.#parts[part].on(pitch, velocity, at);
    else this.#parts[part].off(pitch, at);
  }

  silence(): void {
    for (const instrument of Object.values(this.#parts ?? {})) instrument.silence();
  }

  #silenceOf(who: 0 | 1, channel: number): void {
    this.#parts?.[who === 0 ? "you" : (this.#partOf.get(channel) ?? "lead")].silence();
  }

  #isEcho(key: string): boolean {
    const waiting = (this.#echoes.get(key) ?? []).filter((until) => until > this.now());
    const isEcho = waiting.shift() !== undefined;
    this.#echoes.set(key, waiting);
    return isEcho;
  }

  /** Browsers make no sound before a person did something: the first thing done begins it. */
  #gesture(): void {
    if (this.#wanted ?? !this.#hasDaw) this.#begin();
  }

  #begin(): void {
    if (this.#context === null) {
      this.#context = new Context({
        latencyHint: "interactive",
        lookAhead: 0,
        clockSource: "timeout",
        updateInterval: 0.02,
      });
      setContext(this.#context);
      this.#out = new Volume(Number(this.#volume.value));
      this.#analyser = new Analyser("waveform", 1024);
      this.#out.chain(new Limiter(-2), this.#analyser, this.#context.destination);
      this.#parts = instruments(this.#out);
    }
    void this.#context.resume().then(() => {
      for (const strike of this.#early.splice(0)) strike();
    });
    this.#show();
  }

  /** On or off by the person's own wish, which is remembered. */
  wish(on: boolean): void {
    this.#wanted = on;
    localStorage.setItem(KEPT, on ? "on" : "off");
    if (on) this.#begin();
    else this.silence();
    this.#show();
  }

  #setVolume(): void {
    localStorage.setItem(`${KEPT}-volume`, this.#volume.value);
    this.#out?.volume.rampTo(Number(this.#volume.value), 0.05);
  }

  #show(): void {
    const on = this.isOn;
    this.#button.setAttribute("aria-pressed", String(on));
    this.#button.textContent = on ? "Sound on" : "Sound off";
    this.#button.title =
      this.#wanted === null && this.#hasDaw
        ? "Off, because your DAW plays it. Press to hear it here too."
        : "A simple sound for each part, so that you hear both players without a DAW.";
  }

  #measure(): void {
    const wave = this.#analyser?.getValue();
    if (!(wave instanceof Float32Array)) return;
    const peak = wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    this.#level.value = Math.min(1, Math.sqrt(peak)); // closer to what ears say
  }
}

function readWish(): boolean | null {
  const kept = localStorage.getItem(KEPT);
  return kept === null ? null : kept === "on";
}
