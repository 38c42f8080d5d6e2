// What was played last, for a studio whose process ended: the room's new engine is told, and goes on.  Knows no socket.

import type { EngineState, HeardNote, Rejoin } from "./types";

const MOST = 256; // strokes
const LONGEST_US = 120_000_000; // ago; older strokes are another piece
const TICKS_PER_BEAT = 24;

export class LastStrokes {
  #began: number | null = null; // tells the engines of a room apart
  #room: string | null = null;
  #strokes: HeardNote[] = [];

  #ahead = 0; // micros, of the server's clock before this page's own

  /** A note that sounded when the server's clock stood at `now` and this page's own at `local`. */
  take(note: HeardNote, now: number, local: number): void {
    const kind = note[2] & 0xf0;
    if (kind !== 0x80 && kind !== 0x90) return;
    this.#ahead = now - local;
    this.#strokes.push(note);
    if (this.#strokes.length > 2 * MOST) this.#strokes = this.#strokes.slice(-MOST);
  }

  /** What to tell a room that greets; null where its engine is the one of before, or no bars are known. */
  greeted(room: string, began: number, state: EngineState, local: number): Rejoin | null {
    const isOther = this.#room === room && this.#began !== null && this.#began !== began;
    if (this.#room !== room) this.#strokes = [];
    [this.#room, this.#began] = [room, began];
    if (!isOther || state.timeline === undefined) return null;
    const at = Math.round(local + this.#ahead);
    const strokes = this.#strokes
      .map(([who, when, status, pitch, velocity = 0]) => {
        const ago = Math.max(0, Math.round(at - when));
        return [ago, who, status, pitch, velocity] as const;
      })
      .filter(([ago]) => ago < LONGEST_US)
      .sort(([one], [other]) => other - one)
      .slice(-MOST);
    const { timeline, controls = {}, memo = {} } = state;
    return { t: "rejoin", at, strokes, timeline: lastBar(timeline, at), controls, memo };
  }
}

/** The tempo, how long ago a bar began, and how long bars are. */
export function lastBar(
  [tempo, origin, ticks]: readonly [number, number, number],
  now: number,
): Rejoin["timeline"] {
  const bar = (tempo * ticks) / TICKS_PER_BEAT;
  const ago = (((now - origin) % bar) + bar) % bar;
  return [tempo, Math.round(ago), ticks];
}
