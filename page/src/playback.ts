// Plays a recording through the preview: the player's track and the model's, each part by its own sound.

import { Midi } from "@tonejs/midi";
import type { Part } from "./instruments";
import { type Timed, Sequence, inOrder } from "./sequence";
import type { Sound } from "./sound";

export class Playback {
  readonly #sequence: Sequence;

  constructor(private readonly sound: Sound) {
    this.#sequence = new Sequence(
      ({ part, pitch, velocity }, inSeconds) => sound.strike(part, pitch, velocity, inSeconds),
      () => sound.silence(),
    );
  }

  /** From second `from` to `until`; `ended` is called once, when it has come to its end or was stopped.
   *
   * The last notes, struck a little ahead, ring out.
   */
  play(file: ArrayBuffer, ended: () => void, from = 0, until = Infinity): void {
    this.stop();
    if (!this.sound.isOn) this.sound.wish(true);
    const timed = excerpt(strokesOf(new Midi(file)), from, until);
    this.#sequence.play(timed, timed[0]?.at ?? 0, (_, isAllStruck) => isAllStruck, ended);
  }

  /** Also what was struck ahead is heard no more. */
  stop(): void {
    this.#sequence.stop();
  }
}

/** What is struck in a stretch of time, and when that is let go. */
export function excerpt(strokes: readonly Timed[], from: number, until: number): Timed[] {
  return strokes.filter(({ at, velocity }) => at >= from && (at < until || velocity === 0));
}

const BY_CHANNEL: Record<number, Part> = { 0: "lead", 1: "comp", 2: "bass", 9: "drums" };

/** Everything that is struck and let go, in its order.
 *
 * A track of several channels is read as several, of which only the first has its name: the others are the same player's.
 */
export function strokesOf(midi: Midi): Timed[] {
  let player = "";
  const strokes = midi.tracks.flatMap((track) => {
    player = track.name || player;
    const [, model, named] = /^(model)(?: (lead|comp|bass|drums)$)?/i.exec(player) ?? [];
    const ofModel = (named?.toLowerCase() as Part | undefined) ?? BY_CHANNEL[track.channel] ?? "lead";
    const part = track.channel === 9 ? "drums" : model === undefined ? "you" : ofModel;
    return track.notes.flatMap(({ time, duration, midi: pitch, velocity }) => [
      { at: time, part, pitch, velocity: Math.max(1, Math.round(velocity * 127)) },
      { at: time + duration, part, pitch, velocity: 0 },
    ]);
  });
  return inOrder(strokes);
}
