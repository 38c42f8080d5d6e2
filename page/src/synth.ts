// The preview's audio: its instruments and its way out.  It rests while there is nothing to hear, and wakes at a stroke.
// Its own instruments sound at once; those of a sound font take their places when they have come.

import { type Instrument, instruments, type Part } from "./instruments";
import { Kit } from "./kit";
import { LOOK_AHEAD_S, Output } from "./output";
import type { Fonts } from "./sampled";

const ONE = { pitch: 76, velocity: 105 }; // wood blocks of the page's own kit, as the engine's clicks are
const BEAT = { pitch: 77, velocity: 55 };
const LATE_MS = 1000; // what waited longer for the audio to wake is no longer begun

export interface Stroke {
  part: Part;
  pitch: number;
  velocity: number; // 0 lets go
}

export class Synth {
  readonly #context = new AudioContext({ latencyHint: "interactive" });
  readonly #output: Output;
  readonly #clicks: Kit;
  #parts: Record<Part, Instrument>;
  #sampled: Fonts | null = null;
  #programs: Record<string, number> = {};
  #isAwake = false;
  #waiting: [due: number, stroke: Stroke][] = []; // struck while the audio was on its way: the very first note
  #heard = 0; // when something sounded last, in milliseconds of the page

  constructor(volume: number) {
    this.#output = new Output(this.#context, volume);
    this.#parts = instruments(this.#context, this.#output.input);
    this.#clicks = new Kit(this.#context, this.#output.input);
  }

  /** Sounds in so many seconds. */
  strike(stroke: Stroke, inSeconds: number): void {
    if (this.#isAwake && this.#context.state === "running") return this.#play(stroke, inSeconds);
    this.#waiting.push([performance.now() + 1000 * inSeconds, stroke]);
    this.wake();
  }

  /** From now on each part is played on the samples of a sound font.  Throws an Error for a file that is none. */
  async sample(file: ArrayBuffer): Promise<void> {
    const { sampled } = await import("./sampled");
    const made = sampled(this.#context, this.#output.input, file);
    this.silence();
    this.#parts = this.#sampled = made;
    this.programs = this.#programs;
  }

  /** General MIDI's, from 0, by part. */
  set programs(programs: Record<string, number>) {
    this.#programs = programs;
    for (const part of Object.keys(programs) as Part[])
      if (this.#sampled !== null) this.#sampled[part].program = programs[part] ?? 0;
  }

  /** A click of the metronome, in so many seconds; it does not wait for the audio to wake. */
  click(isOne: boolean, inSeconds: number): void {
    if (!this.#isAwake) return this.wake();
    const { pitch, velocity } = isOne ? ONE : BEAT;
    this.#clicks.on(pitch, velocity, this.#context.currentTime + inSeconds);
  }

  silence(): void {
    this.#clicks.silence();
    this.#waiting = [];
    for (const part of Object.keys(this.#parts) as Part[]) this.silencePart(part);
  }

  silencePart(part: Part): void {
    this.#parts[part].silence();
  }

  wake(): void {
    void this.#context.resume().then(() => {
      this.#isAwake = true;
      this.#heard = performance.now();
      for (const [due, stroke] of this.#waiting.splice(0)) {
        const late = performance.now() - due;
        if (late < LATE_MS || stroke.velocity === 0) this.#play(stroke, Math.max(0, -late / 1000));
      }
    });
  }

  /** To be called often: lets the audio rest when nothing has sounded for so many seconds. */
  tick(patience: number): void {
    const now = performance.now();
    if ([...Object.values(this.#parts), this.#clicks].some((part) => part.isSounding)) this.#heard = now;
    if (!this.#isAwake || now - this.#heard < 1000 * patience) return;
    this.#isAwake = false;
    void this.#context.suspend();
  }

  set volume(volume: number) {
    this.#output.volume = volume;
  }

  /** From a stroke to the loudspeaker, in seconds, as far as the browser knows; null while the audio rests. */
  get latency(): number | null {
    const { baseLatency, outputLatency } = this.#context;
    return this.#isAwake ? LOOK_AHEAD_S + baseLatency + (outputLatency || 0) : null;
  }

  get peak(): number {
    return this.#isAwake ? this.#output.peak : 0;
  }

  #play({ part, pitch, velocity }: Stroke, inSeconds: number): void {
    const at = this.#context.currentTime + inSeconds;
    if (velocity > 0) this.#parts[part].on(pitch, velocity, at);
    else this.#parts[part].off(pitch, at);
  }
}
