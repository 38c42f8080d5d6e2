// Plays a call and its answer: the call by the player's sound, the answer by the lead's, whoever it is by.

import type { Part } from "../instruments";
import type { Synth } from "../synth";
import type { Heard, Side, Trial } from "./types";

const AHEAD_S = 0.3;
const EVERY_MS = 60;
const FIRST_S = 0.1; // the first note waits so long, for the audio to wake
const REST_S = 15;

export interface Stroke {
  at: number; // seconds
  part: Part;
  pitch: number;
  velocity: number; // 0 lets go
}

/** Everything that is struck and let go, in its order. */
export function strokesOf(trial: Trial, side: Side): Stroke[] {
  const of = (part: Part, notes: Heard[]): Stroke[] =>
    notes.flatMap(([at, lasts, pitch, velocity]) => [
      { at, part, pitch, velocity },
      { at: at + lasts, part, pitch, velocity: 0 },
    ]);
  const all = [...of("you", trial.call), ...of("lead", trial[side])];
  return all.sort((one, other) => one.at - other.at || one.velocity - other.velocity);
}

export class Excerpt {
  #timer = 0;
  #ended: (() => void) | null = null;

  constructor(private readonly synth: Synth) {
    window.setInterval(() => this.synth.tick(REST_S), 1000);
  }

  /** `passed` is told the seconds that have passed, `ended` is called once: it is over, or another was begun. */
  play(trial: Trial, side: Side, passed: (seconds: number) => void, ended: () => void): void {
    this.stop();
    const strokes = strokesOf(trial, side);
    const began = performance.now() / 1000 + FIRST_S;
    let next = 0;
    const step = (): void => {
      const now = performance.now() / 1000 - began;
      for (; next < strokes.length; next += 1) {
        const { at, part, pitch, velocity } = strokes[next] as Stroke;
        if (at > now + AHEAD_S) break;
        this.synth.strike({ part, pitch, velocity }, Math.max(0, at - now));
      }
      passed(Math.max(0, now));
      if (now >= trial.lasts) this.#end();
    };
    this.#ended = ended;
    this.#timer = window.setInterval(step, EVERY_MS);
    step();
  }

  /** Also what was struck ahead is heard no more. */
  stop(): void {
    if (this.#ended !== null) this.synth.silence();
    this.#end();
  }

  #end(): void {
    window.clearInterval(this.#timer);
    const ended = this.#ended;
    this.#ended = null;
    ended?.();
  }
}
