// The page's own metronome: a click on the one and softer ones on the other beats, where bar and beat are counted.
// Only who has this page open hears it: it is no note, and neither model nor DAW knows of it.

import { barsBefore } from "./bars";
import type { NoteTape } from "./notes";
import { gridLines } from "./roll";
import type { EngineState } from "./types";

const AHEAD_US = 120_000; // so much before its time a click goes to the sound, which keeps it until then
const EVERY_MS = 40;
const SURE = 0.5; // of a tempo that is less probable nobody gets a click, as of the engine's own

export type Click = (isOne: boolean, inSeconds: number) => void;

export class Metronome {
  isOn = false;
  #told = 0; // micros up to which the clicks were told
  #last = 0; // micros of the last one

  constructor(
    private readonly state: () => EngineState,
    private readonly tape: NoteTape,
    private readonly click: Click,
  ) {}

  /** Steps for ever, by this clock; null: it is not known. */
  run(now: () => number | null): void {
    window.setInterval(() => {
      const at = now();
      if (at !== null) this.step(at);
    }, EVERY_MS);
  }

  /** Tells what is to be clicked soon. */
  step(now: number): void {
    const from = Math.max(this.#told, now);
    const until = now + AHEAD_US;
    this.#told = until;
    if (!this.isOn || !this.#isCounted(now)) return;
    const { timeline } = this.state();
    if (timeline === undefined) return;
    for (const { micros, bar } of gridLines(timeline, from, until)) {
      if (Math.abs(micros - this.#last) < timeline[0] / 2) continue; // the beat moved a little: it was told
      this.#last = micros;
      this.click(bar !== null, (micros - now) / 1e6);
    }
  }

  /** The engine's clicks are enough where they are on. */
  #isCounted(now: number): boolean {
    const state = this.state();
    const isSure = state.leader !== "free" || (state.tempo_sure ?? 0) >= SURE;
    return isSure && state.controls?.["click"] !== "on" && barsBefore(state, this.tape, now) !== null;
  }
}
