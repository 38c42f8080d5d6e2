// Plays a recording through the preview: the player's track and the model's, each part by its own sound.

import { Midi } from "@tonejs/midi";
import type { Part } from "./instruments";
import type { Sound } from "./sound";

const AHEAD_S = 0.3;
const EVERY_MS = 60;

export interface Stroke {
  at: number; // seconds
  part: Part;
  pitch: number;
  velocity: number; // 0 lets go
}

export class Playback {
  #timer = 0;
  #ended: (() => void) | null = null;

  constructor(private readonly sound: Sound) {}

  /** From second `from` to `until`; `ended` is called once, when it has come to its end or was stopped. */
  play(file: ArrayBuffer, ended: () => void, from = 0, until = Infinity): void {
    this.stop();
    if (!this.sound.isOn) this.sound.wish(true);
    const strokes = excerpt(strokesOf(new Midi(file)), from, until);
    const began = performance.now() / 1000 - (strokes[0]?.at ?? 0) + 0.1;
    let next = 0;
    const step = (): void => {
      const now = performance.now() / 1000 - began;
      for (; next < strokes.length; next += 1) {
        const { at, part, pitch, velocity } = strokes[next] as Stroke;
        if (at > now + AHEAD_S) return;
        this.sound.strike(part, pitch, velocity, Math.max(0, at - now));
      }
      this.#end();
    };
    this.#ended = ended;
    this.#timer = window.setInterval(step, EVERY_MS);
    step();
  }

  /** Also what was struck ahead is heard no more. */
  stop(): void {
    if (this.#ended !== null) this.sound.silence();
    this.#end();
  }

  /** The last notes, struck a little ahead, ring out. */
  #end(): void {
    window.clearInterval(this.#timer);
    const ended = this.#ended;
    this.#ended = null;
    ended?.();
  }
}

/** What is struck in a stretch of time, and when that is let go. */
export function excerpt(strokes: readonly Stroke[], from: number, until: number): Stroke[] {
  return strokes.filter(({ at, velocity }) => at >= from && (at < until || velocity === 0));
}

const BY_CHANNEL: Record<number, Part> = { 0: "lead", 1: "comp", 2: "bass", 9: "drums" };

/** Everything that is struck and let go, in its order.
 *
 * A track of several channels is read as several, of which only the first has its name: the others are the same player's.
 */
export function strokesOf(midi: Midi): Stroke[] {
  let player = "";
  const strokes = midi.tracks.flatMap((track) => {
    player = track.name || player;
    const isModel = player.toLowerCase().startsWith("model");
    const part = track.channel === 9 ? "drums" : isModel ? (BY_CHANNEL[track.channel] ?? "lead") : "you";
    return track.notes.flatMap(({ time, duration, midi: pitch, velocity }) => [
      { at: time, part, pitch, velocity: Math.max(1, Math.round(velocity * 127)) },
      { at: time + duration, part, pitch, velocity: 0 },
    ]);
  });
  return strokes.sort((one, other) => one.at - other.at || one.velocity - other.velocity);
}
