// Plays what is struck and let go at its time, a little ahead; knows no file and no sound.

import type { Part } from "./instruments";

const AHEAD_S = 0.3;
const EVERY_MS = 60;
const FIRST_S = 0.1; // the first note waits so long, for the audio to wake

export interface Timed {
  at: number; // seconds
  part: Part;
  pitch: number;
  velocity: number; // 0 lets go
}

/** In order of time; where two meet, a key is let go before it is struck again. */
export const inOrder = (timed: Timed[]): Timed[] =>
  timed.sort((one, other) => one.at - other.at || one.velocity - other.velocity);

export class Sequence {
  #timer = 0;
  #ended: (() => void) | null = null;

  constructor(
    private readonly strike: (timed: Timed, inSeconds: number) => void,
    private readonly silence: () => void,
  ) {}

  /** From second `from` on.  Each round `isOver` is asked, with the seconds that have passed and whether all was struck;
   *  `ended` is called once: it is over, was stopped, or another was begun. */
  play(
    timed: readonly Timed[],
    from: number,
    isOver: (seconds: number, isAllStruck: boolean) => boolean,
    ended: () => void,
  ): void {
    this.stop();
    const began = performance.now() / 1000 - from + FIRST_S;
    let next = 0;
    const step = (): void => {
      const now = performance.now() / 1000 - began;
      for (; next < timed.length; next += 1) {
        const stroke = timed[next] as Timed;
        if (stroke.at > now + AHEAD_S) break;
        this.strike(stroke, Math.max(0, stroke.at - now));
      }
      if (isOver(now, next === timed.length)) this.#end();
    };
    this.#ended = ended;
    this.#timer = window.setInterval(step, EVERY_MS);
    step();
  }

  /** Also what was struck ahead is heard no more. */
  stop(): void {
    if (this.#ended !== null) this.silence();
    this.#end();
  }

  #end(): void {
    window.clearInterval(this.#timer);
    const ended = this.#ended;
    this.#ended = null;
    ended?.();
  }
}
