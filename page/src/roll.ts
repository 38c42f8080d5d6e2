// Where things lie on the piano roll.  Pure: times in micros, pitches, and pixels.

import type { Timeline } from "./types";

export const TICKS_PER_BEAT = 24;
export const BEHIND_US = 8_000_000; // seen of what was
export const AHEAD_US = 4_000_000; // and of what is planned
export const NOW_AT = BEHIND_US / (BEHIND_US + AHEAD_US);

export interface View {
  from: number; // micros at the left edge
  to: number; // and at the right one
  low: number; // pitch at the bottom, and at the top: fractions while it moves
  high: number;
  width: number;
  height: number; // of the pitches, without the drums below
}

/** The times seen at `now`.  Still: the picture stands for its whole width, and the line of now moves over it. */
export function seenAt(now: number, still: boolean): { from: number; to: number } {
  if (!still) return { from: now - BEHIND_US, to: now + AHEAD_US };
  const from = Math.floor(now / BEHIND_US) * BEHIND_US;
  return { from, to: from + BEHIND_US + AHEAD_US };
}

export const xOf = (view: View, micros: number): number =>
  ((micros - view.from) / (view.to - view.from)) * view.width;

export const rowHeight = (view: View): number => view.height / (view.high - view.low + 1);

/** The upper edge of a pitch's row. */
export const yOf = (view: View, pitch: number): number => (view.high - pitch) * rowHeight(view);

/** Bars are counted from where somebody began; before that they count from nothing that means anything. */
export const isCounted = (bar: number): boolean => bar > 0 && bar < 1000;

export interface GridLine {
  micros: number;
  bar: number | null; // its number from 1 where a bar begins
}

/** Lines of beats and bars within these micros, at most `most`. */
export function gridLines(timeline: Timeline, from: number, to: number, most = 96): GridLine[] {
  const [tempo, origin, barTicks] = timeline;
  if (!(tempo > 0) || !(barTicks > 0)) return [];
  const barUs = (tempo * barTicks) / TICKS_PER_BEAT;
  const beats = Math.max(1, Math.round(barTicks / TICKS_PER_BEAT));
  const lines: GridLine[] = [];
  for (let bar = Math.floor((from - origin) / barUs); lines.length < most; bar += 1) {
    const start = origin + bar * barUs;
    if (start > to) break;
    if (start >= from) lines.push({ micros: start, bar: bar + 1 });
    for (let beat = 1; beat < beats; beat += 1) {
      const at = start + beat * tempo;
      if (at >= from && at <= to && at < start + barUs) lines.push({ micros: at, bar: null });
    }
  }
  return lines;
}

/** Bar and beat at a time, from 1; how many beats a bar has. */
export function place(timeline: Timeline, now: number): { bar: number; beat: number; beats: number } {
  const [tempo, origin, barTicks] = timeline;
  const barUs = (tempo * barTicks) / TICKS_PER_BEAT;
  const bar = Math.floor((now - origin) / barUs);
  const beats = Math.max(1, Math.ceil(barTicks / TICKS_PER_BEAT));
  return { bar: bar + 1, beat: Math.min(beats, Math.floor((now - origin - bar * barUs) / tempo) + 1), beats };
}

const NARROWEST = 30; // pitches
const HOME: readonly [number, number] = [45, 81];

/** The range that shows these pitches with some air, never narrower than two octaves and a half. */
export function fitted(pitches: readonly number[]): [number, number] {
  if (pitches.length === 0) return [...HOME];
  let low = Math.min(...pitches) - 3;
  let high = Math.max(...pitches) + 3;
  if (low >= HOME[0] && high <= HOME[1]) return [...HOME];
  const lack = Math.max(0, NARROWEST - (high - low));
  low = Math.max(0, low - lack / 2);
  high = Math.min(127, high + lack / 2);
  return [Math.floor(low), Math.ceil(high)];
}

/** A step of the way to where it shall be; `share` of it, and there at once when it is near. */
export const eased = (from: number, to: number, share: number): number =>
  Math.abs(to - from) < 0.02 ? to : from + (to - from) * share;

const DRUM_ROWS: readonly (readonly [string, readonly number[]])[] = [
  ["cymbals", [49, 51, 52, 53, 55, 57, 59]],
  ["hi-hat", [42, 44, 46]],
  ["toms", [41, 43, 45, 47, 48, 50]],
  ["snare", [37, 38, 39, 40]],
  ["kick", [35, 36]],
];
const ROW_OF = new Map(
  DRUM_ROWS.flatMap(([, pitches], row) => pitches.map((pitch) => [pitch, row] as const)),
);

export const DRUMS = 9; // channel 10
export const DRUM_NAMES = DRUM_ROWS.map(([name]) => name);

/** The row of a drum, 0 on top. */
export const drumRow = (pitch: number): number => ROW_OF.get(pitch) ?? 2;
