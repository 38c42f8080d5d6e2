// Plays a call and its answer: the call by the player's sound, the answer by the lead's, whoever it is by.

import type { Part } from "../instruments";
import { type Timed, Sequence, inOrder } from "../sequence";
import type { Synth } from "../synth";
import type { Heard, Side, Trial } from "./types";

const REST_S = 15;

/** Everything that is struck and let go, in its order. */
export function strokesOf(trial: Trial, side: Side): Timed[] {
  const of = (part: Part, notes: Heard[]): Timed[] =>
    notes.flatMap(([at, lasts, pitch, velocity]) => [
      { at, part, pitch, velocity },
      { at: at + lasts, part, pitch, velocity: 0 },
    ]);
  return inOrder([...of("you", trial.call), ...of("lead", trial[side])]);
}

export class Excerpt {
  readonly #sequence: Sequence;

  constructor(synth: Synth) {
    this.#sequence = new Sequence(
      ({ part, pitch, velocity }, inSeconds) => synth.strike({ part, pitch, velocity }, inSeconds),
      () => synth.silence(),
    );
    window.setInterval(() => synth.tick(REST_S), 1000);
  }

  /** `passed` is told the seconds that have passed, `ended` is called once: it is over, or another was begun. */
  play(trial: Trial, side: Side, passed: (seconds: number) => void, ended: () => void): void {
    const isOver = (seconds: number): boolean => {
      passed(Math.max(0, seconds));
      return seconds >= trial.lasts;
    };
    this.#sequence.play(strokesOf(trial, side), 0, isOver, ended);
  }

  stop(): void {
    this.#sequence.stop();
  }
}
