// The preview: both players heard without a DAW.  Off until the first gesture, and where a DAW plays it.

import { find } from "./dom";
import type { Part } from "./instruments";
import { Pedals } from "./pedals";
import { Synth } from "./synth";
import type { HeardNote, Hello, Planned } from "./types";

const KEPT = "livegen-sound";
const VOLUME = "livegen-volume";
const EMBEDDED = "none"; // the API livegen has where there is no MIDI system, and so no DAW
export const LAG_US = 60_000; // the model's notes sound so much after their time, all alike: news of them comes in batches
export const PEDAL = 64; // controller
const ECHO_US = 2_000_000; // what is played here comes back as heard within this time
const REST_S = 15; // so long after the last sound the audio rests, and costs nothing
const OFF_S = 0.1; // and so long after it was switched off
const PARTS: readonly Part[] = ["lead", "comp", "bass", "drums"];

export class Sound {
  #synth: Synth | null = null;
  #font: string | null = null; // that is to be had
  #fetched: string | null = null;
  #programs: Record<string, number> = {};
  /** Whether the player sounds by himself: his notes, heard in his own voice, would come after it, and be heard again. */
  isPlayerHeard = false;
  #wanted: boolean | null = readWish();
  #hasDaw = false;
  #partOf = new Map<number, Part>([
    [0, "lead"],
    [1, "comp"],
    [2, "bass"],
    [9, "drums"],
  ]);
  #roles = new Map<number, Part>(); // of players, by channel
  #echoes = new Map<string, number[]>();
  #button = find<HTMLButtonElement>("sound");
  #pedals = new Pedals();
  #volume = find<HTMLInputElement>("volume");
  #level = find<HTMLMeterElement>("level");

  constructor(
    private readonly now: () => number,
    private readonly fetchFont: (name: string) => Promise<ArrayBuffer>,
  ) {
    this.#volume.value = localStorage.getItem(VOLUME) ?? this.#volume.defaultValue;
    this.#volume.addEventListener("input", () => this.#setVolume());
    this.#button.addEventListener("click", () => this.wish(!this.isOn));
    for (const kind of ["pointerdown", "keydown"] as const) {
      window.addEventListener(kind, (event) => event.target !== this.#button && this.#gesture(), {
        capture: true,
      });
    }
    window.setInterval(() => this.#tick(), 100);
    this.#show();
  }

  get isOn(): boolean {
    return this.#synth !== null && (this.#wanted ?? !this.#hasDaw);
  }

  welcome(hello: Hello): void {
    const heard = (hello.players ?? []).flatMap(({ channel, role }): [number, Part][] =>
      channel !== null && (role === "bass" || role === "drums") ? [[channel, role]] : [],
    );
    this.#roles = new Map(heard);
    // Who comes before the ports are known is told "": the page sounds until it hears of a DAW.
    this.#hasDaw = (hello.ports.api || EMBEDDED) !== EMBEDDED || hello.ports.sounds === true;
    this.#font = hello.font ?? null;
    if (this.isOn) this.#sample();
    this.#show();
  }

  /** General MIDI's, from 0, by part: instruments of a sound font. */
  set programs(programs: Record<string, number>) {
    this.#programs = programs;
    if (this.#synth !== null) this.#synth.programs = programs;
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
    this.#strikeOf(channel, pitch, velocity, 0);
    this.#awaitEcho(`${channel} ${pitch} ${velocity > 0}`);
  }

  /** So does the pedal. */
  pedal(channel: number, value: number): void {
    if (!this.isOn) return;
    this.#turn(channel, value, 0);
    this.#awaitEcho(`${channel} pedal ${value}`);
  }

  /** `lag`: how many micros after its time a note sounds. */
  take([who, micros, status, first, second = 0]: HeardNote, lag = LAG_US): void {
    if (!this.isOn) return;
    const [kind, channel] = [status & 0xf0, status & 15];
    const inSeconds = Math.max(0, (micros + lag - this.now()) / 1e6);
    if (kind === 0xb0) return this.#control(who, channel, first, second, inSeconds);
    if (kind !== 0x90 && kind !== 0x80) return;
    const velocity = kind === 0x90 ? second : 0;
    if (who === 0) return this.#hear(channel, first, velocity, inSeconds);
    this.strike(this.#partOf.get(channel) ?? "lead", first, velocity, inSeconds);
  }

  #control(who: 0 | 1, channel: number, number: number, value: number, inSeconds: number): void {
    if (number === 120 || number === 123) this.#silenceOf(who, channel);
    if (number !== PEDAL || who === 1 || this.#isEcho(`${channel} pedal ${value}`)) return;
    this.#turn(channel, value, inSeconds);
  }

  #hear(channel: number, pitch: number, velocity: number, inSeconds: number): void {
    if (this.#isEcho(`${channel} ${pitch} ${velocity > 0}`) || (this.isPlayerHeard && velocity > 0)) return;
    this.#strikeOf(channel, pitch, velocity, inSeconds);
  }

  /** Sounds in so many seconds; velocity 0 lets go. */
  strike(part: Part, pitch: number, velocity: number, inSeconds: number): void {
    if (this.isOn) this.#synth?.strike({ part, pitch, velocity }, inSeconds);
  }

  /** A click of the page's metronome, in so many seconds. */
  click(isOne: boolean, inSeconds: number): void {
    if (this.isOn) this.#synth?.click(isOne, inSeconds);
  }

  silence(): void {
    this.#pedals.forget();
    this.#synth?.silence();
  }

  #strikeOf(channel: number, pitch: number, velocity: number, inSeconds: number): void {
    if (!this.#pedals.keeps(channel, pitch, velocity))
      this.strike(this.#ofPlayer(channel), pitch, velocity, inSeconds);
  }

  #turn(channel: number, value: number, inSeconds: number): void {
    for (const pitch of this.#pedals.turn(channel, value))
      this.strike(this.#ofPlayer(channel), pitch, 0, inSeconds);
  }

  /** From a key of this page to the loudspeaker, in words; "" while nothing sounds. */
  get delay(): string {
    const latency = this.isOn ? (this.#synth?.latency ?? null) : null;
    return latency === null ? "" : `${Math.round(1000 * latency)} ms`;
  }

  #silenceOf(who: 0 | 1, channel: number): void {
    if (who === 0) this.#pedals.turn(channel, 0);
    this.#synth?.silencePart(who === 0 ? "you" : (this.#partOf.get(channel) ?? "lead"));
  }

  #ofPlayer(channel: number): Part {
    return this.#roles.get(channel) ?? (channel === 9 ? "drums" : "you");
  }

  #awaitEcho(key: string): void {
    this.#echoes.set(key, [...(this.#echoes.get(key) ?? []), this.now() + ECHO_US].slice(-16));
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
    this.#synth ??= new Synth(Number(this.#volume.value));
    this.#synth.wake();
    this.#sample();
    this.#show();
  }

  /** Fetches the sound font once.  Where it cannot be had, or read, the page's own instruments stay. */
  #sample(): void {
    const [synth, font] = [this.#synth, this.#font];
    if (synth === null || font === null || font === this.#fetched) return;
    this.#fetched = font;
    synth.programs = this.#programs;
    this.fetchFont(font)
      .then((file) => synth.sample(file))
      .then(() => {
        this.#button.dataset["font"] = font;
        this.#show();
      })
      .catch((error: unknown) => {
        console.warn(`the sound font ${font} is not used: ${String(error)}`);
      });
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
    localStorage.setItem(VOLUME, this.#volume.value);
    if (this.#synth !== null) this.#synth.volume = Number(this.#volume.value);
  }

  #show(): void {
    const on = this.isOn;
    this.#button.setAttribute("aria-pressed", String(on));
    this.#button.textContent = on ? "Sound on" : "Sound off";
    this.#button.title =
      this.#wanted === null && this.#hasDaw
        ? "Off, because your DAW has the sound. Press to hear it here too."
        : `Both players without a DAW, on ${this.#button.dataset["font"] ?? "simple sounds of the page's own"}.`;
  }

  #tick(): void {
    this.#synth?.tick(this.isOn ? REST_S : OFF_S);
    this.#level.value = Math.min(1, Math.sqrt(this.#synth?.peak ?? 0)); // closer to what ears say
  }
}

function readWish(): boolean | null {
  const kept = localStorage.getItem(KEPT);
  return kept === null ? null : kept === "on";
}
